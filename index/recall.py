"""Recall: how many of the true nearest neighbours a search finds, measured on its own vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from index.nearest import Found

DEPTHS = (10, 100, 1000)
QUERIES = 128
_SEED = 11
_BLOCK = 16384  # vectors compared with the queries at a time
_ROUNDING = 1e-6  # two ways to add up one inner product differ by less


class Searcher(Protocol):
    """What can be measured."""

    def search(self, query: np.ndarray, k: int, rows: np.ndarray | None = None) -> Found:
        """The k nearest rows and their exact scores."""


@dataclass(frozen=True)
class Truth:
    """Rows that are asked for their neighbours, and the exact scores of these."""

    asked: np.ndarray  # (queries,) rows
    queries: np.ndarray  # (queries, dimension) float32
    scores: np.ndarray  # (queries, deepest) float32, the best first; the row itself left out

    @classmethod
    def of(cls, vectors: np.ndarray, queries: int = QUERIES, deepest: int = DEPTHS[-1]) -> Truth:
        """For a sample of the rows of `vectors`, (n, dimension), always the same."""
        count = len(vectors)
        asked = np.random.default_rng(_SEED).choice(count, min(queries, count), replace=False)
        asked.sort()
        among = np.asarray(vectors[asked], dtype=np.float32)
        deepest = max(0, min(deepest, count - 1))
        scores = np.empty((len(asked), 0), dtype=np.float32)
        for start in range(0, count, _BLOCK):
            part = among @ np.asarray(vectors[start : start + _BLOCK], dtype=np.float32).T
            inside = (asked >= start) & (asked < start + part.shape[1])
            part[inside, asked[inside] - start] = -np.inf
            scores = np.concatenate([scores, part], axis=1)
            if scores.shape[1] > deepest:
                scores = -np.partition(-scores, deepest, axis=1)[:, :deepest]
        return cls(asked, among, -np.sort(-scores, axis=1))

    def recall(self, searcher: Searcher, k: int) -> float:
        """The share of the k nearest neighbours that are found; 1.0 where there are none to find.

        A row counts when it scores at least what the k-th true neighbour does, so that of equal
        ones it is all the same which is found.
        """
        k = min(k, self.scores.shape[1])
        if k == 0 or len(self.asked) == 0:
            return 1.0
        right = 0
        for row, query, truth in zip(self.asked, self.queries, self.scores, strict=True):
            scores, rows = searcher.search(query, k + 1)
            scores = scores[rows != row][:k]
            right += int(np.count_nonzero(scores >= truth[k - 1] - _ROUNDING))
        return right / (k * len(self.asked))

    def recalls(self, searcher: Searcher) -> dict[str, float]:
        """Recall by depth, as {"recall@10": …}, to four digits."""
        return {f"recall@{k}": round(self.recall(searcher, k), 4) for k in DEPTHS}
