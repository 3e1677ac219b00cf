"""Which rows answer a question, and by what scores. Knows rows, not papers."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from index.encoder import Encoder
from index.errors import QueryError
from index.snapshot import Snapshot
from search.fusion import FEEDBACK_PAPERS, Leg, feedback, fuse

Mode = Literal["hybrid", "dense", "lexical"]
MODES: tuple[Mode, ...] = get_args(Mode)
POOL = 1000  # rows that each leg hands to the fusion

_NO_LEG: Leg = (np.empty(0, np.float32), np.empty(0, np.int64))


@dataclass(frozen=True)
class Ranking:
    """Rows, best first, with their scores; all arrays (m,)."""

    rows: np.ndarray
    scores: np.ndarray  # what the order is by
    dense: np.ndarray | None  # cosine with `query`
    lexical: np.ndarray | None  # BM25
    dense_leg: Leg  # each leg as it ranked alone, for the ranks in it
    lexical_leg: Leg
    query: np.ndarray | None  # unit vector of the question, (dimension,)

    def first(self, k: int, without: Set[int] = frozenset()) -> Ranking:
        """The first k rows that are not in `without`."""
        keep = np.array([row not in without for row in self.rows.tolist()], dtype=bool)
        at = np.flatnonzero(keep)[:k]
        return replace(
            self,
            rows=self.rows[at],
            scores=self.scores[at],
            dense=None if self.dense is None else self.dense[at],
            lexical=None if self.lexical is None else self.lexical[at],
        )


class Ranker:
    """Ranks the rows of one snapshot. Safe to share between threads."""

    def __init__(self, snapshot: Snapshot, encoder: Encoder) -> None:
        self._snapshot = snapshot
        self._encoder = encoder

    def text(
        self, text: str, k: int, allowed: np.ndarray | None = None, mode: Mode = "hybrid"
    ) -> Ranking:
        """The k best rows for a text, among `allowed` (ascending) if given.

        Raises QueryError for an empty text, k below 1, or an unknown mode.
        """
        # Bytes of a command line that are not UTF-8 come as lone surrogates; no model takes them.
        text = text.encode("utf-8", "replace").decode("utf-8")
        if not text.strip():
            raise QueryError("the query is empty; write what the papers should be about")
        if mode not in MODES:
            raise QueryError(f"unknown mode {mode!r}; choose one of {', '.join(MODES)}")
        check_k(k)
        pool = max(POOL, k)
        lexical = _NO_LEG if mode == "dense" else self._snapshot.lexical.search(text, pool, allowed)
        query = self._encoder.encode_query([text])[0]
        if mode == "lexical":
            scores, rows = lexical
            dense = self._vectors(rows) @ query
            return Ranking(rows, scores, dense, scores, _NO_LEG, lexical, query).first(k)
        dense_leg = self._snapshot.index.search(query, pool, allowed)
        if mode == "dense":
            scores, rows = dense_leg
            return Ranking(rows, scores, scores, None, dense_leg, _NO_LEG, query).first(k)
        return self._hybrid(query, dense_leg, lexical, pool, allowed).first(k)

    def vector(
        self,
        query: np.ndarray,
        k: int,
        allowed: np.ndarray | None = None,
        without: Set[int] = frozenset(),
    ) -> Ranking:
        """The k rows nearest to a unit vector, none of `without` among them."""
        check_k(k)
        scores, rows = self._snapshot.index.search(query, k + len(without), allowed)
        return Ranking(rows, scores, scores, None, (scores, rows), _NO_LEG, query).first(k, without)

    def _hybrid(
        self,
        query: np.ndarray,
        dense: Leg,
        lexical: Leg,
        pool: int,
        allowed: np.ndarray | None,
    ) -> Ranking:
        plain = fuse(query, dense, lexical, self._vectors)
        # Without a shared word the dense ranking stands alone, and feedback would only blur it.
        if len(lexical[1]):
            moved = feedback(query, self._vectors(plain.rows[:FEEDBACK_PAPERS]))
            again = self._snapshot.index.search(moved, pool, allowed)
            final = fuse(moved, again, lexical, self._vectors)
        else:
            final = plain
        cosine = self._vectors(final.rows) @ query  # what is shown is about the query as asked
        return Ranking(final.rows, final.scores, cosine, final.lexical, dense, lexical, query)

    def _vectors(self, rows: np.ndarray) -> np.ndarray:
        """(len(rows), dimension) float32."""
        return np.asarray(self._snapshot.vectors[rows], dtype=np.float32)


def check_k(k: int) -> None:
    """Raise QueryError for less than one hit."""
    if k < 1:
        raise QueryError(f"k is {k}; ask for at least one hit")
