"""Joining the lexical and the dense ranking into one.

Both scores are divided by the best of their leg, so that 1 is the best and 0 means nothing in
common, and added with fixed weights: a convex combination with the theoretical minimum as lower
bound (Bruch, Gai and Ingber, 2023, "An Analysis of Fusion Functions for Hybrid Retrieval"). The
lower bound does not depend on what else was found, so filters do not change how the legs compare.

Then the query vector moves a little towards the best few papers, and the dense leg is asked
again: pseudo relevance feedback after Rocchio (1971), here on vectors. Last, the best papers lend
each other some of their scores: papers about the same thing tend to answer the same questions (van
Rijsbergen's cluster hypothesis; Diaz, 2005, "Regularizing Ad Hoc Retrieval Scores").

docs/ranking.md has the figures behind the constants.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

DENSE_WEIGHT = 0.6
FEEDBACK_PAPERS = 3
FEEDBACK_WEIGHT = 0.1
SMOOTHED = 300  # of the best papers, the ones that lend each other …
NEIGHBOURS = 3  # … to so many nearest …
SMOOTHING = 0.3  # … this share of their scores

Leg = tuple[np.ndarray, np.ndarray]  # (scores, rows), best first
Cosines = Callable[[np.ndarray, np.ndarray], np.ndarray]  # query, rows -> (rows,) float32


@dataclass(frozen=True)
class Fused:
    """Rows in their final order, each array (m,). A lexical score of 0 means no word shared."""

    rows: np.ndarray
    scores: np.ndarray  # in [0, 1]
    dense: np.ndarray  # cosine
    lexical: np.ndarray  # BM25


def fuse(query: np.ndarray, dense: Leg, lexical: Leg, cosines: Cosines) -> Fused:
    """The union of both legs by DENSE_WEIGHT * cosine / best + (1 - DENSE_WEIGHT) * BM25 / best.

    `query` is the vector that `dense` was found with; it gives the cosine of rows that only the
    lexical leg found.
    """
    rows, places = np.unique(np.concatenate([dense[1], lexical[1]]), return_inverse=True)
    in_dense, in_lexical = np.split(places, [len(dense[1])])
    cosine, bm25 = np.zeros((2, len(rows)), dtype=np.float32)
    bm25[in_lexical] = lexical[0]
    alone = np.ones(len(rows), dtype=bool)
    alone[in_dense] = False
    cosine[in_dense], cosine[alone] = dense[0], cosines(query, rows[alone])
    scores = DENSE_WEIGHT * share(cosine) + (1 - DENSE_WEIGHT) * share(bm25)
    order = np.lexsort((rows, -scores))
    return Fused(rows[order], scores[order], cosine[order], bm25[order])


def feedback(query: np.ndarray, best: np.ndarray) -> np.ndarray:
    """The query vector moved towards the mean of the rows of `best`, of length 1 again."""
    if not len(best):
        return query
    moved = (1 - FEEDBACK_WEIGHT) * query + FEEDBACK_WEIGHT * best.mean(axis=0)
    return unit(moved)


def smooth(scores: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """The scores, each partly replaced by the mean of those of its nearest neighbours.

    (1 - SMOOTHING) * score + SMOOTHING * mean over the NEIGHBOURS papers with the highest cosine
    among the given ones. `scores` (n,), `vectors` (n, dimension) of length 1.
    """
    count = min(NEIGHBOURS, len(scores) - 1)
    if count < 1:
        return scores
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -np.inf)
    every, nearest = np.arange(len(scores)), np.empty((len(scores), count), np.int64)
    for place in range(count):  # a few times the highest is much faster than once all sorted
        nearest[:, place] = likeness.argmax(axis=1)
        likeness[every, nearest[:, place]] = -np.inf
    smoothed: np.ndarray = (1 - SMOOTHING) * scores + SMOOTHING * scores[nearest].mean(axis=1)
    return smoothed


def unit(vector: np.ndarray) -> np.ndarray:
    """The vector at length 1; a vector of nothing stays."""
    norm = float(np.linalg.norm(vector))
    return vector / norm if norm else vector


def aligned(rows: np.ndarray, leg: Leg) -> np.ndarray:
    """The leg's scores for `rows` (ascending), 0 where it has none."""
    scores, found = leg
    wanted = np.isin(found, rows)
    values = np.zeros(len(rows), dtype=np.float32)
    values[np.searchsorted(rows, found[wanted])] = scores[wanted]
    return values


def share(scores: np.ndarray) -> np.ndarray:
    """Scores as a share of the best one; all 0 when none is above 0."""
    best = float(scores.max(initial=0.0))
    return np.clip(scores / best, 0.0, 1.0) if best > 0 else np.zeros_like(scores)
