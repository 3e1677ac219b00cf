"""Search among many vectors: candidates by short codes, re-scored exactly.

Each vector is cut into parts of four components, and a part is coded by the nearest of 16 centroids
(product quantization: Jégou, Douze and Schmid, 2011, "Product quantization for nearest neighbor
search"). The codes, 48 bytes for 384 components, are compared with a query by table look-ups in
registers (fast scan: André, Kermarrec and Le Scouarnec, 2017, "Accelerated nearest neighbor search
with Quick ADC"). That ranks roughly; several times as many rows as wanted are taken from it and
scored with their vectors, which stay where they are: on disk, mapped into memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from index.nearest import Found, best, nothing, one_thread, query_row, write_index

PART = 4  # components to a code
SMALLEST = 1000  # vectors below which 16 centroids a part cannot be learned well
_TRAINED_ON = 4096  # vectors; with 16,384 recall is the same to three digits
_SEED = 7
_ENCODED = 16384  # rows made float32 at a time
_SCORED = 512  # vectors read and scored at a time; they stay in the processor's cache
# What things cost, measured: to read and score one vector takes as long as to list so many
# candidates, or as to scan so many codes.
_LISTED, _SCANNED = 3, 200


@dataclass(frozen=True, slots=True)
class Depth:
    """How many candidates are re-scored."""

    least: int = 400  # and besides …
    factor: int = 6  # … times the neighbours wanted

    def candidates(self, k: int) -> int:
        """For k neighbours."""
        return self.least + self.factor * k

    def times(self, more: int) -> Depth:
        """So many times deeper."""
        return Depth(self.least * more, self.factor * more)


def kind(dimension: int) -> str:
    """What FAISS calls the index."""
    return f"PQ{dimension // PART}x4fs"


def fits(shape: tuple[int, ...]) -> bool:
    """Whether vectors of this shape can be coded: enough of them, and cut into equal parts."""
    return shape[0] >= SMALLEST and shape[1] % PART == 0


class Quantized:
    """Codes in an `IndexPQFastScan` beside float16 vectors, (n, dimension)."""

    def __init__(
        self, index: faiss.IndexPQFastScan, vectors: np.ndarray, depth: Depth = Depth()
    ) -> None:
        """Raises ValueError when the vectors are not float16, which FAISS reads as they are."""
        if vectors.dtype != np.float16:
            raise ValueError(f"the vectors are {vectors.dtype}, not float16")
        self._index = index
        self._vectors = vectors
        self.depth = depth

    @classmethod
    def build(cls, vectors: np.ndarray) -> Quantized:
        """Learn the centroids from a sample, always the same, and code the rows of `vectors`."""
        vectors = np.asarray(vectors, dtype=np.float16)
        count, dimension = vectors.shape
        index = faiss.IndexPQFastScan(dimension, dimension // PART, 4, faiss.METRIC_INNER_PRODUCT)
        sample = np.random.default_rng(_SEED).choice(count, min(count, _TRAINED_ON), replace=False)
        with one_thread():  # more would add up in another order from run to run
            index.train(vectors[np.sort(sample)].astype(np.float32))
        for start in range(0, count, _ENCODED):
            index.add(vectors[start : start + _ENCODED].astype(np.float32))
        return cls(index, vectors)

    def deeper(self, times: int) -> Quantized:
        """The same codes with so many times the candidates."""
        return Quantized(self._index, self._vectors, self.depth.times(times))

    def save(self, path: Path) -> None:
        """Write the codes to disk; the vectors are kept by others."""
        write_index(self._index, path)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, dimension)."""
        return self._index.ntotal, self._index.d

    def vector(self, row: int) -> np.ndarray:
        """The vector of a row, (dimension,) float32."""
        return np.asarray(self._vectors[row], dtype=np.float32)

    def differing(self, vectors: np.ndarray, rows: np.ndarray) -> int | None:
        """The first of `rows` whose code is not that of its vector; None when all agree."""
        quantizer: Any = self._index.pq  # the type stubs know the signatures of C++
        expected = quantizer.decode(quantizer.compute_codes(vectors[rows].astype(np.float32)))
        for row, decoded in zip(rows.tolist(), expected, strict=True):
            if not np.array_equal(self._index.reconstruct(row), decoded):
                return int(row)
        return None

    def search(self, query: np.ndarray, k: int, rows: np.ndarray | None = None) -> Found:
        """See `VectorIndex.search`."""
        wanted = min(k, self.shape[0] if rows is None else len(rows))
        if wanted <= 0:
            return nothing()
        candidates = self._candidates(query_row(query), self.depth.candidates(wanted), rows)
        return best(self.scores(query, candidates), candidates, wanted)

    def _candidates(self, query: np.ndarray, enough: int, rows: np.ndarray | None) -> np.ndarray:
        """At least `enough` rows that may be the nearest, or all (of `rows`, if given).

        The fast scan takes no filter: so many candidates are listed that enough of them should be
        allowed, and more when the allowed ones lie far from the query. Where that would take longer
        than to score all the allowed ones, these are the candidates.
        """
        total = self.shape[0]
        if rows is None:
            return np.arange(total) if enough >= total else self._scan(query, enough)
        listed = enough * total * 5 // (4 * len(rows))  # a quarter more than on average
        if len(rows) <= enough + listed // _LISTED + total // _SCANNED:
            return rows
        allowed = np.zeros(total, dtype=bool)
        allowed[rows] = True
        while listed < min(total, _LISTED * len(rows)):
            near = self._scan(query, listed)
            found: np.ndarray = near[allowed[near]]
            if len(found) >= enough:
                return found[:enough]
            listed = max(2 * listed, listed * enough // max(1, len(found)))
        return rows

    def _scan(self, query: np.ndarray, count: int) -> np.ndarray:
        """The `count` rows whose codes are nearest, the nearest first."""
        with one_thread():
            found = self._index.search(query, count)[1][0]
        return np.asarray(found[found >= 0], dtype=np.int64)

    def scores(self, query: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """See `VectorIndex.scores`.

        By FAISS, which reads float16 twice as fast as NumPy makes float32 of it, and to whom a
        vector has the same score wherever it stands.
        """
        query, dimension = query_row(query), self.shape[1]
        scores = np.empty(len(rows), dtype=np.float32)
        exact = faiss.IndexScalarQuantizer(
            dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        exact.is_trained = True  # float16 needs none
        for start in range(0, len(rows), _SCORED):
            part = self._vectors.take(rows[start : start + _SCORED], axis=0)
            exact.reset()
            exact.add_sa_codes(part.view(np.uint8))
            with one_thread():
                found, order = exact.search(query, len(part))
            scores[start + order[0]] = found[0]
        return scores
