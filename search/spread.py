"""Choosing results that are relevant and unlike each other."""

from __future__ import annotations

import numpy as np

_RELEVANCE = 0.4  # share of relevance against novelty


def spread(query: np.ndarray, vectors: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Up to k of the vectors by maximal marginal relevance, in the order of choosing.

    `query` (dimension,) and `vectors` (n, dimension) are of length 1. Returns (places int64,
    gains float32); a gain is RELEVANCE * cosine with the query - (1 - RELEVANCE) * the largest
    cosine with what was chosen before, and gains fall. Carbonell and Goldstein (1998), "The use
    of MMR, diversity-based reranking for reordering documents and producing summaries".
    """
    relevance = vectors @ query
    likeness = np.zeros(len(vectors), np.float32)
    chosen: list[int] = []
    gains: list[float] = []
    while len(chosen) < min(k, len(vectors)):
        gain = _RELEVANCE * relevance - (1 - _RELEVANCE) * likeness
        gain[chosen] = -np.inf
        best = int(np.argmax(gain))
        chosen.append(best)
        gains.append(float(gain[best]))
        likeness = np.maximum(likeness, vectors @ vectors[best])
    return np.array(chosen, dtype=np.int64), np.array(gains, dtype=np.float32)
