"""Measure how well search works on the papers of an index itself, by known items.

Nobody has judged queries for their own papers, but every paper is the one right answer to some
question about it (known-item search, as in Azzopardi et al., 2007, "Building simulated queries for
known-item topics"). A part of a paper is taken out of its document and asked for:

    title     a title should find its abstract; the document is the abstract alone
    sentence  a sentence should find its paper; the document is the paper without that sentence
    version   one version should find the other; the document is the paper without the other
              version's text, the question that version's title, or its abstract where it has
              no other title

A paper serves in one task at most, so all questions are asked of one index, in which every other
paper stands as it is. Only what does not stand word for word in the document is asked.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from ir_measures import RR, Success
from rapidfuzz import fuzz

from index.build import Progress, embed
from index.encoder import Encoder, load_encoder
from index.errors import BusyError, QueryError, SnapshotError
from index.evidence import SAME_ABSTRACT, SHORTEST_ABSTRACT
from index.papers import document_text, merge_mentions
from index.records import Mention, Paper
from index.snapshot import Snapshot
from index.text import sentence_spans, title_key, words
from index.writer import build_lock
from search.evaluate import (
    Documents,
    Lazy,
    Run,
    measure,
    run_modes,
    scratch_index,
    summary,
    table,
    text_digest,
)

Task = Literal["title", "sentence", "version"]
TASKS: dict[Task, str] = {
    "title": "a title finds its abstract",
    "sentence": "a sentence finds its paper",
    "version": "one version finds the other",
}
MEASURES = {"mrr@10": RR @ 10, "success@1": Success @ 1, "success@10": Success @ 10}
PAPERS = 1000  # questions a task, unless told otherwise

_DEPTH = 100  # papers ranked for each question
_SHOWN = 20  # misses in a report
_SENTENCE = range(8, 61)  # words of a sentence that is asked: neither a heading nor a paragraph
_SEED = 20240229
_BATCH = 1000  # papers read at a time
_EMBEDDED = 8192  # texts embedded at a time: enough to sort them by length
_SCRATCH = re.compile(r"self-([0-9a-f]{12})-[0-9a-f]{12}")  # no collection has two digests


@dataclass(frozen=True, slots=True)
class Item:
    """A question, and the paper that is its one right answer."""

    task: Task
    row: int
    query: str
    document: Paper  # the paper without what is asked


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
        known = live.text_rows()
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


def choose(snapshot: Snapshot, limit: int) -> list[Item]:
    """At most `limit` questions a task, a seeded sample; ordered by task, then by row.

    Versions are chosen first, for they are rare; titles and sentences share the other papers.
    """
    rng = np.random.default_rng(_SEED)
    chosen: dict[Task, list[Item]] = {task: [] for task in TASKS}
    merged = snapshot.merged_rows()
    for row, paper in _shuffled(snapshot, merged, rng):
        if len(chosen["version"]) == limit:
            break
        mentions = [mention for mention, _ in snapshot.mentions(paper.paper_id)]
        chosen["version"] += filter(None, [version_item(row, paper, mentions)])
    taken = [item.row for item in chosen["version"]]
    others = np.setdiff1d(np.arange(len(snapshot)), taken)
    for row, paper in _shuffled(snapshot, others, rng):
        open_tasks = [task for task in _MAKERS if len(chosen[task]) < limit]
        if not open_tasks:
            break
        for task in sorted(open_tasks, key=lambda task: len(chosen[task])):
            item = _MAKERS[task](row, paper, rng)
            if item:
                chosen[task].append(item)
                break
    return [i for items in chosen.values() for i in sorted(items, key=lambda i: i.row)]


def title_item(row: int, paper: Paper, _rng: np.random.Generator) -> Item | None:
    """The title asks for the abstract; None without either."""
    if not (paper.title and paper.abstract):
        return None
    return _item("title", row, paper.title, replace(paper, title=None))


def sentence_item(row: int, paper: Paper, rng: np.random.Generator) -> Item | None:
    """A sentence of the abstract asks for the rest of the paper; None when none can."""
    abstract = paper.abstract or ""
    items = []
    for start, end in sentence_spans(abstract):
        sentence = abstract[start:end]
        if len(words(sentence)) in _SENTENCE:
            rest = " ".join(filter(None, (abstract[:start].rstrip(), abstract[end:].lstrip())))
            items.append(_item("sentence", row, sentence, replace(paper, abstract=rest or None)))
    able = [item for item in items if item]
    return able[rng.integers(len(able))] if able else None


_Maker = Callable[[int, Paper, np.random.Generator], Item | None]
_MAKERS: dict[Task, _Maker] = {"title": title_item, "sentence": sentence_item}


def version_item(row: int, paper: Paper, mentions: Sequence[Mention]) -> Item | None:
    """Another version asks for the paper as the rest of its mentions state it.

    None when the mentions are copies of one text: the same title but for its folding, and
    abstracts that are alike or cut off.
    """
    for title in paper.other_titles:
        rest = _without_title(mentions, title_key(title))
        item = _version(row, title, paper, rest)
        if item:
            return item
    for mention in mentions:
        other = mention.abstract or ""
        whole = len(words(other)) >= SHORTEST_ABSTRACT
        if whole and paper.abstract and not _alike(other, paper.abstract):
            rest = [m for m in mentions if not (m.abstract and _alike(m.abstract, other))]
            item = _version(row, other, paper, rest)
            if item:
                return item
    return None


def _without_title(mentions: Sequence[Mention], key: str) -> list[Mention]:
    """The mentions of the versions that do not bear a title.

    An untitled mention belongs to the version whose abstract it repeats.
    """
    gone = [m for m in mentions if m.title and title_key(m.title) == key]
    abstracts = [m.abstract for m in gone if m.abstract]

    def repeats(m: Mention) -> bool:
        return not m.title and any(_alike(m.abstract or "", abstract) for abstract in abstracts)

    return [m for m in mentions if m not in gone and not repeats(m)]


def _version(row: int, query: str, paper: Paper, rest: Sequence[Mention]) -> Item | None:
    if not rest:
        return None
    return _item("version", row, query, replace(merge_mentions(rest), paper_id=paper.paper_id))


def _item(task: Task, row: int, query: str, document: Paper) -> Item | None:
    """None when nothing is left to be found, or when it says word for word what is asked."""
    text = document_text(document)
    asked, there = (f" {' '.join(words(t))} " for t in (query, text))
    if not asked.strip() or not there.strip() or asked in there:
        return None
    return Item(
        task,
        row,
        query,
        Paper.bare(document.paper_id, document.title, document.abstract),
    )


def _alike(a: str, b: str) -> bool:
    """One text but for small changes, or one a part of the other."""
    a, b = (" ".join(words(text)) for text in (a, b))
    least = 100 * SAME_ABSTRACT
    # The second is slow and seldom needed.
    return fuzz.ratio(a, b) >= least or fuzz.partial_ratio(a, b) >= least


def _shuffled(
    snapshot: Snapshot, rows: np.ndarray, rng: np.random.Generator
) -> Iterator[tuple[int, Paper]]:
    """Rows in a random order, each with its paper, read as they are asked for."""
    order = rng.permutation(rows).tolist()
    for start in range(0, len(order), _BATCH):
        part = order[start : start + _BATCH]
        yield from zip(part, snapshot.papers_at(part), strict=True)


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
