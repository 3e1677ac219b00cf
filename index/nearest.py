"""What every way to search vectors shares: the form of an answer, one thread a query, writing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import faiss
import numpy as np

Found = tuple[np.ndarray, np.ndarray]  # scores float32, rows int64, both (m,), best first


def nothing() -> Found:
    """The answer without rows."""
    return np.empty(0, np.float32), np.empty(0, np.int64)


def best(scores: np.ndarray, rows: np.ndarray, k: int) -> Found:
    """The k best of scored rows, equal scores by row."""
    if 0 < k < len(scores):
        # All that equal the last one stay, so that the cut is by row as well.
        least = np.partition(scores, len(scores) - k)[len(scores) - k]
        keep = scores >= least
        scores, rows = scores[keep], rows[keep]
    order = np.lexsort((rows, -scores))[:k]
    return scores[order], rows[order]


def query_row(query: np.ndarray) -> np.ndarray:
    """One query vector as FAISS takes it: (1, dimension) float32."""
    return np.ascontiguousarray(query, dtype=np.float32).reshape(1, -1)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let FAISS compute in the calling thread alone.

    One query is too little work to share out: on two idle cores, among 100,000 papers, it took
    5.4 ms in one thread and 11.1 in two. On busy cores two wait for each other besides.
    """
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def write_index(index: faiss.Index, path: Path) -> None:
    """Write a FAISS index to disk. Raises OSError or RuntimeError.

    Through a file of Python: FAISS itself only prints it when closing finds no space.
    """
    with path.open("wb") as file:
        faiss.write_index(index, faiss.PyCallbackIOWriter(file.write))  # type: ignore[attr-defined]
