"""Measure how well search works on a collection with judged queries.

A collection is a folder in the layout of BEIR (Thakur et al., 2021): `corpus.jsonl` with
{"_id", "title", "text"} a line, `queries.jsonl` with {"_id", "text"}, and `qrels.tsv` (or
`qrels/test.tsv`) with query, document and grade. It is indexed once and kept beside the index.
Measures come from ir-measures, which computes them as trec_eval does.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ir_measures
import numpy as np
from ir_measures import AP, Measure, R, nDCG
from scipy.stats import ttest_rel

from index.ann import VectorIndex
from index.calibration import Calibration
from index.dedupe import Known
from index.embedding import Progress, embed
from index.encoder import Encoder, Vectors
from index.errors import SnapshotError, SourceError
from index.papers import document_text, text_digest
from index.plane import Plane
from index.records import Paper
from index.snapshot import Snapshot
from index.text import fold_space
from index.topics import Topics
from index.writer import Contents, build_lock, write_generation
from search.ranking import MODES, Mode, Ranker
from search.spelling import Speller

MEASURES = {"ndcg@10": nDCG @ 10, "recall@10": R @ 10, "recall@100": R @ 100, "map": AP}
_DEPTH = 1000  # documents ranked for each query
_SAME = 1e-9  # differences within this are one difference, rounded

Run = dict[str, dict[str, float]]  # query -> document -> score
Qrels = dict[str, dict[str, int]]
Values = dict[str, np.ndarray]  # measure -> its value for each query, (queries,)


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

    Queries are asked as they are in a search, typing slips put right. The index of the collection
    is kept in `data/evaluate`. A document that is the query itself (same id, text included) does
    not count.
    """
    collection = read_collection(folder)
    with collection_index(collection, data, encoder, progress) as snapshot:
        ids = [paper.paper_id for paper in snapshot.papers()]
        speller = Speller(snapshot.lexical)
        queries = {query: speller.correct(text)[0] for query, text in collection.queries.items()}
        runs = run_modes(snapshot, encoder, queries, _DEPTH, ids.__getitem__)
    for query in collection.queries:
        if _is_query(collection, query):
            for run in runs.values():
                run[query].pop(query, None)
    asked = list(queries)
    return {
        "collection": collection.name,
        "documents": len(collection.documents),
        "queries": len(asked),
        "model": encoder.info.name,
        **summary({m: measure(collection.qrels, run, asked) for m, run in runs.items()}),
    }


@dataclass(frozen=True)
class Documents:
    """What goes into an index that is made only to be measured. Row n of each is document n."""

    papers: Sequence[Paper]
    texts: Sequence[str]
    digests: Sequence[str]  # of the texts
    vectors: np.ndarray


def scratch_index(
    place: Path,
    encoder: Encoder,
    source: str,
    settings: dict[str, Any],
    documents: Callable[[], Documents],
) -> Snapshot:
    """The index in `place`, written now unless it is there for this model and these settings."""
    with contextlib.suppress(SnapshotError):  # none yet, or one of an older format
        snapshot = Snapshot.open(place)
        if (snapshot.manifest.model, snapshot.manifest.settings) == (encoder.info, settings):
            return snapshot
        snapshot.close()
    with build_lock(place):
        found = documents()
        contents = Contents(
            papers=found.papers,
            texts=found.texts,
            text_digests=found.digests,
            mentions=[],
            merges=[],
            known=Known(),
            files=[],
            skipped=[],
            vectors=found.vectors,
            index=VectorIndex.build(found.vectors),
            topics=Topics(
                (),
                np.empty((0, encoder.info.dimension), np.float32),
                np.zeros(len(found.papers), np.int32),
            ),
            plane=Plane("pca", np.zeros((len(found.papers), 2), np.float32)),
            model=encoder.info,
            calibration=Calibration(0.0, 0.0),  # nothing here is shown to anybody
            sources=[source],
            settings=settings,
        )
        write_generation(place, contents)
    return Snapshot.open(place)


def run_modes(
    snapshot: Snapshot,
    encoder: Encoder,
    queries: Mapping[str, str],
    depth: int,
    name: Callable[[int], str],
    *,
    progress: Progress | None = None,
) -> dict[Mode, Run]:
    """What each mode finds for each query (by id), best first; `name` gives a row's document."""
    ranker = Ranker(snapshot, _AskedOnce(encoder))
    runs: dict[Mode, Run] = {mode: {} for mode in MODES}
    for done, (query, text) in enumerate(queries.items(), 1):
        for mode, run in runs.items():
            ranking = ranker.text(text, depth, mode=mode)
            scored = zip(ranking.rows.tolist(), ranking.scores.tolist(), strict=True)
            run[query] = {name(row): score for row, score in scored}
        if progress:
            progress("asking", done, len(queries))
    return runs


class _AskedOnce:
    """An encoder that remembers the last query, since every mode asks the same one in turn."""

    def __init__(self, encoder: Encoder) -> None:
        self.info = encoder.info
        self.encode_document = encoder.encode_document
        self._encoder = encoder
        self._last: tuple[list[str], Vectors] | None = None

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        if self._last is None or self._last[0] != list(texts):
            self._last = list(texts), self._encoder.encode_query(texts)
        return self._last[1]


def collection_index(
    collection: Collection, data: Path, encoder: Encoder, progress: Progress | None = None
) -> Snapshot:
    """The index of a collection in `data/evaluate`, made now unless it is there for this model."""

    def documents() -> Documents:
        papers = [Paper.bare(i, *found) for i, found in sorted(collection.documents.items())]
        texts = [document_text(paper) for paper in papers]
        digests = [text_digest(text) for text in texts]
        return Documents(papers, texts, digests, embed(encoder, texts, {}, progress))

    place = data / "evaluate" / f"{collection.name}-{collection.digest[:12]}"
    settings = {"collection": collection.digest}
    return scratch_index(place, encoder, collection.name, settings, documents)


def measure(
    qrels: Qrels, run: Run, queries: list[str], measures: Mapping[str, Measure] = MEASURES
) -> Values:
    """Each measure's value for each query, (queries,); 0 where nothing was found."""
    place = {query: i for i, query in enumerate(queries)}
    values = {name: np.zeros(len(queries)) for name in measures}
    names = {str(m): name for name, m in measures.items()}
    judged = {q: qrels[q] for q in queries}
    for value in ir_measures.iter_calc(list(measures.values()), judged, run):
        values[names[str(value.measure)]][place[value.query_id]] = value.value
    return values


def summary(by_mode: Mapping[Mode, Values]) -> dict[str, Any]:
    """{"modes", "p_values"}: means over the queries, and p of each other mode against hybrid."""
    hybrid = by_mode["hybrid"]
    return {
        "modes": {
            mode: {name: round(float(v.mean()), 4) for name, v in values.items()}
            for mode, values in by_mode.items()
        },
        "p_values": {
            mode: {name: _p_value(hybrid[name], v) for name, v in values.items()}
            for mode, values in by_mode.items()
            if mode != "hybrid"
        },
    }


def table(report: Mapping[str, Any], heading: str = "", width: int = 8) -> Iterator[str]:
    """The lines that show a summary, the measures in columns."""
    names = list(report["modes"]["hybrid"])
    yield f"{heading:{width}}" + "".join(f"{name:>12}" for name in names)
    for mode, values in report["modes"].items():
        yield f"{mode:{width}}" + "".join(f"{values[name]:12.4f}" for name in names)
    for mode, values in report["p_values"].items():
        shown = "".join(f"{values[name]:12.4f}" for name in names)
        yield f"{'p':{width}}{shown}  hybrid against {mode}, paired t-test"


def _p_value(a: np.ndarray, b: np.ndarray) -> float:
    """Two-sided paired t-test; 1 when the two never differ.

    Differences that are all the same leave a t-test without scale. They are judged by the sign
    test: n coins that all fall on the same side.
    """
    if len(a) < 2 or np.array_equal(a, b):
        return 1.0
    if np.ptp(a - b) < _SAME:
        return round(2 * 0.5 ** len(a), 4)
    return round(float(ttest_rel(a, b).pvalue), 4)


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
