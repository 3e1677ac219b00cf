"""Which rows answer a question, and by what scores. Knows rows, not papers."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from index.encoder import Encoder
from index.errors import EmptyQueryError, QueryError
from index.lexical import Selection
from index.snapshot import Snapshot
from search.fusion import FEEDBACK_PAPERS, SMOOTHED, Leg, feedback, fuse, share, smooth

Mode = Literal["hybrid", "dense", "lexical"]
MODES: tuple[Mode, ...] = get_args(Mode)
POOL = 1000  # rows that each leg hands to the fusion
UNLIKE_WEIGHT = 0.4  # of what lies near papers to stay away from, against the best score of 1

NO_LEG: Leg = (np.empty(0, np.float32), np.empty(0, np.int64))


@dataclass(frozen=True)
class Ranking:
    """Rows, best first, with their scores; all arrays (m,)."""

    rows: np.ndarray
    scores: np.ndarray  # what the order is by
    dense: np.ndarray | None = None  # cosine with `query`
    lexical: np.ndarray | None = None  # BM25
    dense_leg: Leg = NO_LEG  # each leg as it ranked alone, for the ranks in it
    lexical_leg: Leg = NO_LEG
    query: np.ndarray | None = None  # unit vector of the question, (dimension,)
    text: str | None = None  # the question, if it was asked in words alone
    about: str | None = None  # what the sentences that are shown should speak of

    def at(self, places: np.ndarray) -> Ranking:
        """The rows at the given places of this ranking, in that order."""
        return replace(
            self,
            rows=self.rows[places],
            scores=self.scores[places],
            dense=None if self.dense is None else self.dense[places],
            lexical=None if self.lexical is None else self.lexical[places],
        )

    def scored(self, scores: np.ndarray) -> Ranking:
        """The same rows by other scores, the highest first, equal ones by row."""
        order = np.lexsort((self.rows, -scores))
        return replace(self.at(order), scores=scores[order])

    def first(self, k: int, without: Set[int] = frozenset()) -> Ranking:
        """The first k rows that are not in `without`."""
        keep = np.array([row not in without for row in self.rows.tolist()], dtype=bool)
        return self.at(np.flatnonzero(keep)[:k])


NO_RANKING = Ranking(*NO_LEG[::-1])


class Ranker:
    """Ranks the rows of one snapshot. Safe to share between threads."""

    def __init__(self, snapshot: Snapshot, encoder: Encoder) -> None:
        self._snapshot = snapshot
        self._encoder = encoder

    def text(
        self, text: str, k: int, among: Selection | None = None, mode: Mode = "hybrid"
    ) -> Ranking:
        """The k best rows for a text, of a selection if given.

        Raises QueryError for an empty text, k below 1, or an unknown mode.
        """
        text = clean(text)
        if mode not in MODES:
            raise QueryError(f"unknown mode {mode!r}; choose one of {', '.join(MODES)}")
        check_k(k)
        pool = max(POOL, k)
        lexical = NO_LEG if mode == "dense" else self._snapshot.lexical.search(text, pool, among)
        query = self._encoder.encode_query([text])[0]
        allowed = None if among is None else among.rows
        if mode == "lexical":
            scores, rows = lexical
            dense = self._snapshot.index.scores(query, rows)
            ranking = Ranking(rows, scores, dense, scores, NO_LEG, lexical, query)
        elif mode == "dense":
            leg = scores, rows = self._snapshot.index.search(query, pool, allowed)
            ranking = Ranking(rows, scores, scores, None, leg, NO_LEG, query)
        else:
            dense_leg = self._snapshot.index.search(query, pool, allowed)
            ranking = self._hybrid(query, dense_leg, lexical, pool, allowed)
        return replace(ranking, text=text, about=text).first(k)

    def away(self, ranking: Ranking, unlike: Sequence[int]) -> Ranking:
        """The ranking without the rows `unlike`, and with what is near them further down.

        Each score, as a share of the best, less UNLIKE_WEIGHT times the cosine with the nearest
        of these rows.
        """
        rest = ranking.first(len(ranking.rows), set(unlike))
        near = self._vectors(rest.rows) @ self._vectors(np.asarray(unlike)).T
        return rest.scored(share(rest.scores) - UNLIKE_WEIGHT * near.max(axis=1))

    def newest(self, k: int, among: Selection) -> Ranking:
        """The first k rows of a selection by year, the latest first; nothing to score them by."""
        check_k(k)
        rows = self._snapshot.newest(among.rows, k)
        return Ranking(rows, np.zeros(len(rows), np.float32))

    def _hybrid(
        self,
        query: np.ndarray,
        dense: Leg,
        lexical: Leg,
        pool: int,
        allowed: np.ndarray | None,
    ) -> Ranking:
        index = self._snapshot.index
        fused = fuse(query, dense, lexical, index.scores)
        # Without a shared word the dense ranking stands alone, and feedback would only blur it.
        if len(lexical[1]):
            moved = feedback(query, self._vectors(fused.rows[:FEEDBACK_PAPERS]))
            again = index.search(moved, pool, allowed)
            fused = fuse(moved, again, lexical, index.scores)
        cosine = index.scores(query, fused.rows)  # what is shown is about the query as asked
        ranking = Ranking(fused.rows, fused.scores, cosine, fused.lexical, dense, lexical, query)
        return self._smoothed(ranking)

    def _smoothed(self, ranking: Ranking) -> Ranking:
        """The best papers in the order of their smoothed scores; the others follow as before."""
        best, rest = ranking.rows[:SMOOTHED], ranking.scores[SMOOTHED:]
        scores = smooth(ranking.scores[:SMOOTHED], self._vectors(best))
        best_first = np.lexsort((best, -scores))
        # The rest stays below, in its order, whatever the best have lent away.
        rest = np.minimum(rest, scores.min(initial=np.inf))
        places = np.concatenate([best_first, np.arange(len(best), len(ranking.rows))])
        return replace(ranking.at(places), scores=np.concatenate([scores[best_first], rest]))

    def _vectors(self, rows: np.ndarray) -> np.ndarray:
        """(len(rows), dimension) float32."""
        return np.asarray(self._snapshot.vectors[rows], dtype=np.float32)


def clean(text: str) -> str:
    """The text of a query that a model takes. Raises EmptyQueryError when it is empty.

    Bytes of a command line that are not UTF-8 come as lone surrogates; no model takes them.
    """
    text = text.encode("utf-8", "replace").decode("utf-8")
    if not text.strip():
        raise EmptyQueryError("the query is empty; write what the papers should be about")
    return text


def check_k(k: int) -> None:
    """Raise QueryError for less than one hit."""
    if k < 1:
        raise QueryError(f"k is {k}; ask for at least one hit")
