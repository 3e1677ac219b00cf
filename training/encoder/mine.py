"""Hard negatives: what the engine itself, with the original model, takes for the right document.

What it finds is written to a JSON-lines file, unfiltered, once; runs with other settings choose
from the same file. A broken off file is gone on with.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from index.embedding import embed
from index.encoder import Encoder
from index.papers import text_digest
from index.records import Paper
from index.snapshot import Snapshot
from search.evaluate import Documents, scratch_index
from search.ranking import Mode, Ranker
from training.encoder.data import Query
from training.encoder.settings import Settings

DEPTH = 100  # documents kept of each ranking
_POOL = 1000  # documents among which the right one is looked for

Say = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Found:
    """A document that the engine found."""

    document: str
    rank: int  # from 1
    score: float  # as a share of the best one's, in [0, 1]
    cosine: float  # with the right document


@dataclass(frozen=True, slots=True)
class Mined:
    """What the engine found for a query, the right document apart."""

    right: float | None  # the right document's score; None when it was not found
    found: tuple[Found, ...]


Key = tuple[str, str]  # document and kind of a query


def mine(
    path: Path,
    queries: Sequence[Query],
    documents: dict[str, str],
    encoder: Encoder,
    say: Say,
    *,
    asked: Sequence[Query] = (),
) -> dict[Key, Mined]:
    """What the engine finds for each query, from `path` as far as it is there.

    The index of the documents is kept beside it. Questions among `asked` serve the French queries
    for the same document.
    """
    head = {"documents": _digest(documents), "model": encoder.info.sha256, "depth": DEPTH}
    known = _read(path, head)
    missing = [q for q in queries if (q.document, q.kind) not in known]
    if missing:
        questions = {q.document: q.text for q in (*asked, *queries) if q.kind == "question"}
        with _index(path.with_suffix(".index"), documents, encoder, say) as snapshot:
            miner = _Miner(snapshot, encoder)
            with path.open("a", encoding="utf-8") as file:
                for done, query in enumerate(missing, 1):
                    mined = miner.of(query, questions.get(query.document))
                    known[query.document, query.kind] = mined
                    file.write(_line(query, mined))
                    say("mining", done, len(missing))
    return known


def original_vectors(
    path: Path, documents: dict[str, str], encoder: Encoder, say: Say
) -> torch.Tensor:
    """Vectors of the documents, sorted by id, by the model that mined; (documents, dimension)."""
    with _index(path.with_suffix(".index"), documents, encoder, say) as snapshot:
        return torch.from_numpy(snapshot.vectors[:].astype(np.float32))


def negatives(mined: Mined, settings: Settings) -> list[Found]:
    """The negatives to train with, the hardest first; fewer than asked for when there are none.

    Left out are near copies of the right document, and what scores so near to it, or above, that
    it may well be right too.
    """
    most = settings.likely_right * (mined.right or 0.0)
    fit = [
        found
        for found in mined.found
        if settings.first_rank <= found.rank <= settings.last_rank
        and found.cosine <= settings.near_copy
        and found.score <= most
    ]
    return fit[: settings.negatives]


class _Miner:
    def __init__(self, snapshot: Snapshot, encoder: Encoder) -> None:
        self._ids = [paper.paper_id for paper in snapshot.papers()]
        self._rows = {name: row for row, name in enumerate(self._ids)}
        self._vectors = snapshot.vectors
        self._ranker = Ranker(snapshot, encoder)

    def of(self, query: Query, question: str | None) -> Mined:
        # The original model reads no French: what it finds for the same question in English does.
        translated = query.kind == "french" and question
        text, mode = (question, "dense") if translated else (query.text, "hybrid")
        return self._ranked(text or query.text, mode, self._rows[query.document])

    def _ranked(self, text: str, mode: Mode, right: int) -> Mined:
        ranking = self._ranker.text(text, _POOL, mode=mode)
        best = float(ranking.scores.max(initial=0.0)) or 1.0
        scores = np.clip(ranking.scores / best, 0.0, 1.0)
        at = np.flatnonzero(ranking.rows == right)
        rows = ranking.rows[:DEPTH]
        cosines = np.float32(self._vectors[rows]) @ np.float32(self._vectors[right])
        found = tuple(
            Found(self._ids[row], rank, round(float(score), 4), round(float(cosine), 4))
            for rank, (row, score, cosine) in enumerate(
                zip(rows.tolist(), scores[:DEPTH], cosines, strict=True), 1
            )
            if row != right
        )
        return Mined(round(float(scores[at[0]]), 4) if len(at) else None, found)


def _index(place: Path, documents: dict[str, str], encoder: Encoder, say: Say) -> Snapshot:
    def contents() -> Documents:
        papers = [Paper.bare(name, None, text) for name, text in sorted(documents.items())]
        texts = [paper.abstract or "" for paper in papers]
        vectors = embed(encoder, texts, {}, say)
        return Documents(papers, texts, [text_digest(text) for text in texts], vectors)

    return scratch_index(place, encoder, "training", {"documents": _digest(documents)}, contents)


def _digest(documents: dict[str, str]) -> str:
    return text_digest(json.dumps(sorted(documents.items())))


def _read(path: Path, head: dict[str, Any]) -> dict[Key, Mined]:
    """What was mined before, and a file that can be added to: a line cut short is taken off."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(head) + "\n", encoding="utf-8")
        return {}
    whole = [line for line in path.read_text("utf-8").splitlines(keepends=True) if line[-1] == "\n"]
    if not whole or json.loads(whole[0]) != head:
        raise SystemExit(f"{path}: mined from other documents or by another model; remove it first")
    path.write_text("".join(whole), encoding="utf-8")
    return dict(_parsed(whole[1:]))


def _parsed(lines: Sequence[str]) -> Iterator[tuple[Key, Mined]]:
    for record in map(json.loads, lines):
        found = tuple(Found(**each) for each in record["found"])
        yield (record["doc"], record["kind"]), Mined(record["right"], found)


def _line(query: Query, mined: Mined) -> str:
    return json.dumps({"doc": query.document, "kind": query.kind, **asdict(mined)}) + "\n"
