"""Nearest neighbours among unit vectors, by FAISS.

The inner product of unit vectors is their cosine. The index is exact (`IndexFlatIP`); nothing
outside this module knows which index it is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import faiss
import numpy as np

_TIES = 16  # neighbours asked for beyond k, so that equal scores at the edge are ordered too


class VectorIndex:
    """Rows of unit vectors that can be searched."""

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    @classmethod
    def build(cls, vectors: np.ndarray) -> VectorIndex:
        """An index of the rows of `vectors`, (n, dimension) of any float type."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        for start in range(0, len(vectors), 65536):
            index.add(np.ascontiguousarray(vectors[start : start + 65536], dtype=np.float32))
        return cls(index)

    @classmethod
    def load(cls, path: Path) -> VectorIndex:
        """Read an index from disk. Raises RuntimeError when the file is not one."""
        return cls(faiss.read_index(str(path)))

    def save(self, path: Path) -> None:
        """Write the index to disk."""
        faiss.write_index(self._index, str(path))

    @property
    def kind(self) -> str:
        """What the index is, for people."""
        return "flat, exact"

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, dimension)."""
        return self._index.ntotal, self._index.d

    def vector(self, row: int) -> np.ndarray:
        """The vector of a row, (dimension,) float32."""
        return np.asarray(self._index.reconstruct(row), dtype=np.float32)

    def search(
        self, query: np.ndarray, k: int, rows: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k rows nearest to one query vector, among `rows` if given.

        Returns (scores float32, rows int64), both (m,) with m <= k, best first; equal scores are
        ordered by row.
        """
        total = self._index.ntotal if rows is None else len(rows)
        wanted = min(k, total)
        if wanted <= 0:
            return np.empty(0, np.float32), np.empty(0, np.int64)
        parameters = None
        if rows is not None:
            selector = faiss.IDSelectorBatch(np.ascontiguousarray(rows, dtype=np.int64))
            # The type stubs do not know the keyword; the class takes its fields as keywords.
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        query = np.ascontiguousarray(query, dtype=np.float32).reshape(1, -1)
        with _one_thread():
            scores, found = self._index.search(query, min(wanted + _TIES, total), params=parameters)
        valid = found[0] >= 0
        scores, found = scores[0][valid], found[0][valid]
        order = np.lexsort((found, -scores))[:wanted]
        return scores[order], found[order]


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
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
