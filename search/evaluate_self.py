"""Measure how well search works on the papers of an index itself, by known items."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from ir_measures import RR, Success

from index.embedding import Progress, embed
from index.encoder import Encoder, load_encoder
from index.errors import BusyError, QueryError, SnapshotError
from index.papers import document_text, text_digest
from index.records import Paper
from index.rows import Lazy
from index.snapshot import Snapshot
from index.writer import build_lock
from search.evaluate import (
    Documents,
    Run,
    measure,
    run_modes,
    scratch_index,
    summary,
    table,
)
from search.known_items import TASKS, Item, choose

MEASURES = {"mrr@10": RR @ 10, "success@1": Success @ 1, "success@10": Success @ 10}
PAPERS = 1000  # questions a task, unless told otherwise

_DEPTH = 100  # papers ranked for each question
_SHOWN = 20  # misses in a report
_EMBEDDED = 8192  # texts embedded at a time: enough to sort them by length
_SCRATCH = re.compile(r"self-([0-9a-f]{12})-[0-9a-f]{12}")  # no collection has two digests


def evaluate_self(
    data: Path,
    model: str | None = None,
    papers: int = PAPERS,
    *,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Measures of each mode for each task and for all, and the worst misses of hybrid.

    At most `papers` papers serve in a task, the same ones each time. `model` is the live index's
    own unless given; `encoder` takes its place. Vectors of the live index are used where it has
    them by that model. The index with the altered documents stays in `data/evaluate` for the
    next time; those of earlier states of the corpus are removed. Raises QueryError for `papers`
    below 1 and for a corpus of which fewer than two papers can be asked for.
    """
    if papers < 1:
        raise QueryError(f"papers is {papers}; ask for at least one paper a task")
    with Snapshot.open(data) as live:
        if progress:
            progress("choosing the questions", 0, 0)
        items = choose(live, papers)
        if len(items) < 2:
            raise QueryError(
                f"{data}: too few papers to measure search on; of {len(live)} only {len(items)} "
                "can be asked for (by a title and an abstract, a sentence, or two versions)"
            )
        encoder = encoder or load_encoder(model or live.manifest.model.name)
        known = live.carried.text_rows()
        corpus = _digest(sorted(known.items()))
        place = data / "evaluate" / f"self-{corpus}-{_digest([encoder.info.sha256, papers])}"
        # A mention may bring another version, and so another question, and change no text.
        asked = _digest([item.row, item.query, document_text(item.document)] for item in items)
        settings = {"corpus": corpus, "papers": papers, "questions": asked}
        altered = partial(_altered, live, items, known, encoder, progress)
        _remove_stale(place.parent, corpus)
        with scratch_index(place, encoder, "self", settings, altered) as snapshot:
            queries = {str(n): item.query for n, item in enumerate(items)}
            runs = run_modes(snapshot, encoder, queries, _DEPTH, str, progress=progress)
        return {
            "papers": len(live),
            "model": encoder.info.name,
            "tasks": _tasks(items, runs),
            "missed": _missed(live, items, runs["hybrid"]),
        }


def describe(report: Mapping[str, Any]) -> Iterator[str]:
    """The lines that tell a report of `evaluate_self` to people."""
    yield f"{report['papers']} papers, model {report['model']}"
    width = max(map(len, TASKS.values())) + len(" (1000)") + 2
    for task, what in (*TASKS.items(), ("all", "all together")):
        yield ""
        if task in report["tasks"]:
            values = report["tasks"][task]
            yield from table(values, f"{what} ({values['queries']})", width)
        else:
            yield f"{what}: left out, no paper here can be asked for in this way"
    yield ""
    if not report["missed"]:
        yield "hybrid put every paper first"
        return
    yield "not put first by hybrid, the worst first:"
    for miss in report["missed"]:
        where = f"came {miss['rank']}." if miss["rank"] else f"not among the first {_DEPTH}"
        yield f"  {where}  {_short(miss['title'])}  [{miss['paper_id']}]"
        yield f"      asked by {miss['task']}: {_short(miss['query'])}"


def _altered(
    live: Snapshot,
    items: Sequence[Item],
    known: Mapping[str, int],
    encoder: Encoder,
    progress: Progress | None,
) -> Documents:
    """The papers of the live index with the documents of the items in their places.

    `known` says in which row of the live index the vector of a text stands, by its digest.
    """
    changed = {item.row: item.document for item in items}

    def papers_at(rows: range) -> list[Paper]:
        return [
            changed.get(row) or Paper.bare(paper.paper_id, paper.title, paper.abstract)
            for row, paper in zip(rows, live.papers_at(rows), strict=True)
        ]

    def texts_at(rows: range) -> list[str]:
        return [document_text(paper) for paper in papers_at(rows)]

    def digests_at(rows: range) -> list[str]:
        return [text_digest(text) for text in texts_at(rows)]

    texts = Lazy(len(live), texts_at)
    if live.manifest.model == encoder.info:
        vectors = np.array(live.vectors)
        new = [document_text(document) for document in changed.values()]
        at = {n: known[d] for n, d in enumerate(map(text_digest, new)) if d in known}
        kept = {n: live.vectors[row] for n, row in at.items()}
        vectors[list(changed)] = embed(encoder, new, kept, progress)
    else:
        vectors = _embed_all(encoder, texts, progress)
    return Documents(Lazy(len(live), papers_at), texts, Lazy(len(live), digests_at), vectors)


def _embed_all(encoder: Encoder, texts: Sequence[str], progress: Progress | None) -> np.ndarray:
    """(texts, dimension) float16 unit rows, a part of the texts in memory at a time."""
    vectors = np.empty((len(texts), encoder.info.dimension), dtype=np.float16)
    for start in range(0, len(texts), _EMBEDDED):
        part = texts[start : start + _EMBEDDED]
        told = progress and _offset(progress, start, len(texts))
        vectors[start : start + len(part)] = embed(encoder, part, {}, told)
    return vectors


def _offset(progress: Progress, start: int, total: int) -> Progress:
    return lambda stage, done, _: progress(stage, start + done, total)


def _remove_stale(folder: Path, corpus: str) -> None:
    """Remove the indexes of other states of the corpus; one that is being written stays."""
    for path in folder.glob("self-*"):
        match = _SCRATCH.fullmatch(path.name)
        if match and match[1] != corpus:
            with contextlib.suppress(BusyError, SnapshotError), build_lock(path):
                shutil.rmtree(path, ignore_errors=True)


def _digest(values: Iterable[object]) -> str:
    digest = hashlib.sha256()
    for value in values:
        digest.update(json.dumps(value).encode() + b"\n")
    return digest.hexdigest()[:12]


def _tasks(items: Sequence[Item], runs: Mapping[Any, Run]) -> dict[str, Any]:
    """Of each task with questions, and of all: how many, the measures, their significance."""
    queries = [str(n) for n in range(len(items))]
    qrels = {query: {str(item.row): 1} for query, item in zip(queries, items, strict=True)}
    by_mode = {}
    for mode, run in runs.items():
        # By place, so that of equal scores the one that is shown first counts as first.
        placed = {q: {d: -float(i) for i, d in enumerate(found)} for q, found in run.items()}
        by_mode[mode] = measure(qrels, placed, queries, MEASURES)
    of_task = {task: [i for i, item in enumerate(items) if item.task == task] for task in TASKS}
    parts = (*of_task.items(), ("all", list(range(len(items)))))
    return {
        task: {
            "queries": len(part),
            **summary({m: {n: v[part] for n, v in vs.items()} for m, vs in by_mode.items()}),
        }
        for task, part in parts
        if part
    }


def _missed(live: Snapshot, items: Sequence[Item], run: Run) -> list[dict[str, Any]]:
    """The questions whose paper does not come first, the worst first."""
    ranks = []
    for n, item in enumerate(items):
        found = list(run[str(n)])
        row = str(item.row)
        ranks.append(found.index(row) + 1 if row in found else None)
    missed = [(item, rank) for item, rank in zip(items, ranks, strict=True) if rank != 1]
    worst = sorted(missed, key=lambda pair: -(pair[1] or _DEPTH + 1))[:_SHOWN]
    papers = live.papers_at(item.row for item, _ in worst)
    return [
        {
            "task": item.task,
            "query": item.query,
            "paper_id": paper.paper_id,
            "title": paper.display_title,
            "rank": rank,
        }
        for (item, rank), paper in zip(worst, papers, strict=True)
    ]


def _short(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:100].rsplit(' ', 1)[0]} …"
