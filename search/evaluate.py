"""Measure how well search works on a collection with judged queries.

A collection is a folder in the layout of BEIR (Thakur et al., 2021): `corpus.jsonl` with
{"_id", "title", "text"} a line, `queries.jsonl` with {"_id", "text"}, and `qrels.tsv` (or
`qrels/test.tsv`) with query, document and grade. It is indexed once and kept beside the index.
Measures come from ir-measures, which computes them as trec_eval does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ir_measures
import numpy as np
from ir_measures import AP, R, nDCG
from scipy.stats import ttest_rel

from index.ann import VectorIndex
from index.build import Progress, embed
from index.calibration import Calibration
from index.encoder import Encoder
from index.errors import SnapshotError, SourceError
from index.papers import document_text
from index.records import Paper
from index.snapshot import Snapshot
from index.text import fold_space
from index.topics import Topics
from index.writer import Contents, build_lock, write_generation
from search.ranking import MODES, Ranker

MEASURES = {"ndcg@10": nDCG @ 10, "recall@10": R @ 10, "recall@100": R @ 100, "map": AP}
_DEPTH = 1000  # documents ranked for each query

Run = dict[str, dict[str, float]]  # query -> document -> score
Qrels = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Collection:
    """A judged collection. Only queries with a judgement are kept."""

    name: str
    documents: dict[str, tuple[str, str]]  # id -> (title, text)
    queries: dict[str, str]
    qrels: Qrels
    digest: str  # of the corpus file


def read_collection(folder: Path) -> Collection:
    """Read a folder in BEIR layout. Raises SourceError with file and line."""
    documents = {
        str(r["_id"]): (fold_space(r.get("title") or ""), fold_space(r["text"]))
        for r in _json_lines(folder / "corpus.jsonl", "_id", "text")
    }
    qrels = _read_qrels(folder)
    queries = {
        str(r["_id"]): r["text"] for r in _json_lines(folder / "queries.jsonl", "_id", "text")
    }
    judged = {q: text for q, text in queries.items() if q in qrels}
    if not documents or not judged:
        raise SourceError(str(folder), "no documents, or no query with a judgement")
    digest = hashlib.sha256((folder / "corpus.jsonl").read_bytes()).hexdigest()
    return Collection(folder.resolve().name, documents, judged, qrels, digest)


def evaluate(
    folder: Path, data: Path, encoder: Encoder, progress: Progress | None = None
) -> dict[str, Any]:
    """Measures of each mode, means over the queries, and paired significance against hybrid.

    The index of the collection is kept in `data/evaluate`. A document that is the query itself
    (same id, text included) does not count.
    """
    collection = read_collection(folder)
    place = data / "evaluate" / f"{collection.name}-{collection.digest[:12]}"
    with _index(collection, place, encoder, progress) as snapshot:
        ids = [paper.paper_id for paper in snapshot.papers()]
        ranker = Ranker(snapshot, encoder)
        by_query = {}
        for mode in MODES:
            run: Run = {}
            for query, text in collection.queries.items():
                ranking = ranker.text(text, _DEPTH, mode=mode)
                found = {
                    ids[row]: float(s) for row, s in zip(ranking.rows, ranking.scores, strict=True)
                }
                if _is_query(collection, query):
                    found.pop(query, None)
                run[query] = found
            by_query[mode] = measure(collection.qrels, run, list(collection.queries))
    return {
        "collection": collection.name,
        "documents": len(collection.documents),
        "queries": len(collection.queries),
        "model": encoder.info.name,
        "modes": {
            mode: {name: round(float(v.mean()), 4) for name, v in values.items()}
            for mode, values in by_query.items()
        },
        "p_values": {
            mode: {name: _p_value(by_query["hybrid"][name], values[name]) for name in MEASURES}
            for mode, values in by_query.items()
            if mode != "hybrid"
        },
    }


def measure(qrels: Qrels, run: Run, queries: list[str]) -> dict[str, np.ndarray]:
    """Each measure's value for each query, (queries,); 0 where nothing was found."""
    place = {query: i for i, query in enumerate(queries)}
    values = {name: np.zeros(len(queries)) for name in MEASURES}
    names = {str(m): name for name, m in MEASURES.items()}
    judged = {q: qrels[q] for q in queries}
    for value in ir_measures.iter_calc(list(MEASURES.values()), judged, run):
        values[names[str(value.measure)]][place[value.query_id]] = value.value
    return values


def _p_value(a: np.ndarray, b: np.ndarray) -> float:
    """Two-sided paired t-test; 1 when the two never differ."""
    if len(a) < 2 or np.array_equal(a, b):
        return 1.0
    return round(float(ttest_rel(a, b).pvalue), 4)


def _index(
    collection: Collection, place: Path, encoder: Encoder, progress: Progress | None
) -> Snapshot:
    """The index of the collection, made now if it is not there for this model."""
    try:
        snapshot = Snapshot.open(place)
        if snapshot.manifest.model == encoder.info:
            return snapshot
        snapshot.close()
    except SnapshotError:  # none yet, or one of an older format: made anew below
        place.parent.mkdir(parents=True, exist_ok=True)
    papers = [_paper(i, *document) for i, document in sorted(collection.documents.items())]
    texts = [document_text(paper) for paper in papers]
    vectors = embed(encoder, texts, {}, progress)
    index = VectorIndex.build(vectors)
    contents = Contents(
        papers=papers,
        texts=texts,
        text_digests=[hashlib.sha256(text.encode()).hexdigest() for text in texts],
        mentions=[],
        merges=[],
        files=[],
        skipped=[],
        vectors=vectors,
        index=index,
        topics=Topics(
            (),
            np.empty((0, encoder.info.dimension), np.float32),
            np.zeros(len(papers), np.int32),
        ),
        model=encoder.info,
        calibration=Calibration(0.0, 0.0),  # nothing here is shown to anybody
        sources=[collection.name],
        settings={"collection": collection.digest},
    )
    with build_lock(place):
        write_generation(place, contents)
    return Snapshot.open(place)


def _paper(document_id: str, title: str, text: str) -> Paper:
    return Paper(
        paper_id=document_id,
        title=title or None,
        other_titles=(),
        authors=(),
        authors_truncated=False,
        year=None,
        date=None,
        venue=None,
        categories=(),
        abstract=text or None,
        abstract_truncated=False,
        doi=None,
        arxiv=None,
        url=None,
        mention_ids=(),
        fields_from={},
    )


def _is_query(collection: Collection, query: str) -> bool:
    """True when the document of the query's id is the paper that the query was made from."""
    title, text = collection.documents.get(query, ("", ""))
    asked = fold_space(collection.queries[query])
    return bool(title or text) and (text in asked or asked in f"{title} {text}")


def _json_lines(path: Path, *keys: str) -> Iterator[dict[str, Any]]:
    for number, line in _lines(path):
        try:
            record: dict[str, Any] = json.loads(line)
            missing = [key for key in keys if key not in record]
        except (ValueError, TypeError) as error:
            raise SourceError(
                str(path), f"not a JSON object: {line[:60]!r} ({error})", number
            ) from error
        if missing:
            raise SourceError(str(path), f"no {missing[0]!r} in {line[:60]!r}", number)
        yield record


def _read_qrels(folder: Path) -> Qrels:
    """Grades by query. Any grade but 0 counts; a negative one (Cranfield's -1) counts as 1."""
    path = folder / "qrels.tsv"
    path = path if path.exists() else folder / "qrels" / "test.tsv"
    qrels: Qrels = {}
    for number, line in _lines(path):
        parts = line.split("\t")
        if number == 1 and not parts[-1].strip().lstrip("-").isdigit():
            continue  # the header
        try:
            query, document, grade = parts
            value = int(grade)
        except ValueError as error:
            why = f"not query, document and grade: {line[:60]!r}"
            raise SourceError(str(path), why, number) from error
        if value:
            qrels.setdefault(query, {})[document] = max(value, 1)
    return qrels


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line.rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(str(path), f"cannot be read: {error}") from error
