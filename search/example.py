"""Ranking by example: papers like some papers, unlike others.

From the papers given as examples, after Rocchio (1971), "Relevance feedback in information
retrieval", the query is

    q = unit(unit(mean of like) + text - UNLIKE_WEIGHT * unit(mean of unlike))

where `text` is the vector of words that go with the examples, if any. A centre blurs examples that
are about several things, so half of a paper's dense score is its cosine with q, and half the mean
of its cosines with the three examples nearest to it. BM25 over the words of the examples, each
weighing 1 + ln(times), adds a little, less UNLIKE_WEIGHT of that over the words of the unlike; all
these are shares of the best, as in search.fusion.
docs/ranking.md has the figures, also those of the linear classifiers that this was tried against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.encoder import Encoder
from index.errors import QueryError
from index.lexical import Selection
from index.papers import document_text
from index.snapshot import Snapshot
from search.fusion import Leg, aligned, share, unit
from search.ranking import POOL, UNLIKE_WEIGHT, Ranking, check_k

LEXICAL_WEIGHT = 0.15
NEAREST_EXAMPLES = 3
_SEARCHED = 20  # examples whose own neighbours are looked at, beside those of q …
_NEIGHBOURS = 200  # … and how many of each


@dataclass(frozen=True, slots=True)
class Examples:
    """Rows of papers to be like and to be unlike, and words that go with them."""

    like: Sequence[int]
    unlike: Sequence[int] = ()
    text: str = ""


class ExampleRanker:
    """Ranks the rows of one snapshot by examples. Safe to share between threads."""

    def __init__(self, snapshot: Snapshot, encoder: Encoder) -> None:
        self._snapshot = snapshot
        self._encoder = encoder

    def rank(self, examples: Examples, k: int, among: Selection | None = None) -> Ranking:
        """The k best rows, of a selection if given; none of the examples comes up.

        Raises QueryError when there is no example to be like, one is in both lists, or k is
        below 1.
        """
        check_k(k)
        self._check(examples)
        query = self._query(examples)
        given = np.union1d(examples.like, examples.unlike).astype(np.int64)
        pool = max(POOL, k) + len(given)
        words_of = self._words(examples.like, examples.text), self._words(examples.unlike)
        lexical, against = (
            _without(self._snapshot.lexical.search(text, pool, among), given) for text in words_of
        )
        near = self._near(query, examples, pool, None if among is None else among.rows)
        rows = np.setdiff1d(np.union1d(near, lexical[1]), given)
        cosine, bm25 = self._snapshot.index.scores(query, rows), aligned(rows, lexical)
        dense = (cosine + self._nearest(examples, rows)) / 2
        words = share(bm25) - UNLIKE_WEIGHT * share(aligned(rows, against))
        scores = (1 - LEXICAL_WEIGHT) * share(dense) + LEXICAL_WEIGHT * np.maximum(words, 0)
        best = np.lexsort((rows, -dense))[:POOL]
        return Ranking(
            rows=rows,
            scores=scores,
            dense=cosine,
            lexical=bm25,
            dense_leg=(dense[best], rows[best]),
            lexical_leg=lexical,
            query=query,
            about=words_of[0],
        ).at(np.lexsort((rows, -scores))[:k])

    def _check(self, examples: Examples) -> None:
        if not examples.like:
            raise QueryError("name at least one paper that the results should be like")
        both = sorted(set(examples.like) & set(examples.unlike))
        if both:
            names = ", ".join(p.display_title for p in self._snapshot.papers_at(both))
            raise QueryError(f"asked for both like and unlike: {names}")

    def _query(self, examples: Examples) -> np.ndarray:
        query = unit(self._vectors(examples.like).mean(axis=0))
        if examples.text:
            query = query + self._encoder.encode_query([examples.text])[0]
        if examples.unlike:
            query = query - UNLIKE_WEIGHT * unit(self._vectors(examples.unlike).mean(axis=0))
        return unit(query)

    def _words(self, rows: Sequence[int], text: str = "") -> str:
        return " ".join([text, *map(document_text, self._snapshot.papers_at(rows))])

    def _near(
        self, query: np.ndarray, examples: Examples, pool: int, allowed: np.ndarray | None
    ) -> np.ndarray:
        """Rows near the query, or near one of many examples, ascending."""
        index = self._snapshot.index
        found = [index.search(query, pool, allowed)[1]]
        if len(examples.like) > NEAREST_EXAMPLES:  # else the centre is near enough to each
            for vector in self._vectors(examples.like[:_SEARCHED]):
                found.append(index.search(vector, _NEIGHBOURS + len(examples.like), allowed)[1])
        return np.unique(np.concatenate(found))

    def _nearest(self, examples: Examples, rows: np.ndarray) -> np.ndarray:
        """The mean cosine of each row with the examples nearest to it, (len(rows),)."""
        cosines = np.sort(self._vectors(rows) @ self._vectors(examples.like).T, axis=1)
        mean: np.ndarray = cosines[:, -NEAREST_EXAMPLES:].mean(axis=1)
        return mean

    def _vectors(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """(len(rows), dimension) float32."""
        return np.asarray(self._snapshot.vectors[np.asarray(rows)], dtype=np.float32)


def _without(leg: Leg, rows: np.ndarray) -> Leg:
    keep = ~np.isin(leg[1], rows)
    return leg[0][keep], leg[1][keep]
