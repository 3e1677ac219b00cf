"""Queries, documents and further pairs, and the tenth that training never sees.

Queries are JSON lines {"doc", "kind", "text"}, documents {"id", "text"}, the text being title,
full stop, abstract. Further pairs are {"query", "passage"}; papers, from which others are made,
{"id", "title", "abstract"}.
"""

from __future__ import annotations

import hashlib
import heapq
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.text import fold_space, sentence_spans, title_key, words
from training.names import records

KINDS = ("question", "claim", "keywords", "french")
_ONE_IN = 10  # documents held out
_SENTENCE = range(8, 61)  # words of a sentence that asks for its paper
_LEAST_REST = 20  # words that must be left to be found


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody might ask, and the one document that answers it."""

    document: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A part of a paper, and the paper without that part."""

    query: str
    passage: str


def read_queries(path: Path) -> list[Query]:
    return [Query(r["doc"], r["kind"], fold_space(r["text"])) for r in records(path)]


def read_all(paths: Iterable[Path]) -> list[Query]:
    """The queries of several files."""
    return [query for path in paths for query in read_queries(path)]


def read_documents(path: Path) -> dict[str, str]:
    """Texts by id."""
    return {r["id"]: fold_space(r["text"]) for r in records(path)}


def read_pairs(path: Path) -> list[Pair]:
    return [Pair(fold_space(r["query"]), fold_space(r["passage"])) for r in records(path)]


def held_out(document: str) -> bool:
    """True for the tenth of the documents whose queries are only ever evaluated on."""
    return _chance(document) % _ONE_IN == 0


def split(queries: Iterable[Query]) -> tuple[list[Query], list[Query]]:
    """(training, held out). All queries of a document are on one side."""
    sides: tuple[list[Query], list[Query]] = ([], [])
    for query in queries:
        sides[held_out(query.document)].append(query)
    return sides


def further_pairs(
    papers: Iterable[dict], count: int, seed: int, excluded: Callable[[dict], bool]
) -> list[Pair]:
    """A sample of `count` pairs, one a paper at most. The order of the papers does not matter."""
    candidates = (p for p in papers if p.get("title") and p.get("abstract") and not excluded(p))
    made = ((_chance(f"{seed}:{p['id']}"), pair) for p in candidates if (pair := _pair(p, seed)))
    return [pair for _, pair in heapq.nsmallest(count, made, key=lambda drawn: drawn[0])]


def of_documents(ids: Iterable[str], documents: dict[str, str]) -> Callable[[dict], bool]:
    """A test whether a paper is one of these documents, by its id or its title."""
    known = set(ids)
    # As many letters as a title is told by; a title may itself hold a full stop.
    texts = sorted(title_key(documents[i]) for i in known)
    return lambda paper: paper["id"] in known or _begins_one(title_key(paper["title"]), texts)


def _begins_one(title: str, texts: Sequence[str]) -> bool:
    """Whether one of the sorted texts begins with the title."""
    at = bisect_left(texts, title)
    return bool(title) and at < len(texts) and texts[at].startswith(title)


def _pair(paper: dict, seed: int) -> Pair | None:
    """By chance: the title asks for the abstract, or a sentence for the rest of the paper."""
    title, abstract = fold_space(paper["title"]), fold_space(paper["abstract"])
    which = _chance(f"{seed}:part:{paper['id']}") % 4
    if which < 2:
        long_enough = len(words(abstract)) >= _LEAST_REST
        return Pair(title, abstract) if long_enough else None
    spans = sentence_spans(abstract)
    start, end = spans[0] if which == 2 else spans[-1]
    sentence = abstract[start:end]
    rest = fold_space(abstract[:start] + abstract[end:])
    if len(words(sentence)) not in _SENTENCE or len(words(rest)) < _LEAST_REST:
        return None
    return Pair(sentence, f"{title}{'' if title[-1] in '.?!' else '.'} {rest}")


def kinds_in(queries: Iterable[Query]) -> Iterator[str]:
    """The kinds that occur, the known ones first."""
    present = {query.kind for query in queries}
    yield from [kind for kind in KINDS if kind in present]
    yield from sorted(present.difference(KINDS))


def _chance(text: str) -> int:
    """A number that looks drawn by lot but is always the same for a text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
