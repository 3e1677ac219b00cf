"""Nearest neighbours among unit vectors, by FAISS.

The inner product of unit vectors is their cosine. Few vectors are searched exactly, many by codes
with exact scores for the best (`index.quantized`); nothing outside knows which it is.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from index import quantized
from index.flat import KIND as FLAT
from index.flat import Flat
from index.nearest import Found
from index.quantized import Depth, Quantized
from index.recall import Truth

# Vectors up to which the search is exact. Hybrid ranking asks for a thousand, and there both ways
# take as long among 50,000: 3.0 ms exactly, 2.5 by codes; for ten it is 3.0 ms against 0.2.
# See docs/performance.md.
EXACT_UP_TO = 50_000
LEAST_RECALL = 0.99  # at every depth, else more candidates are taken, and in the end all
_DEEPER = (1, 2, 4)  # times the candidates
_CHECKED = 1000  # rows that are compared with their vectors

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Method:
    """How an index searches, and what was measured when it was built."""

    kind: str  # "flat", or the name that FAISS has for the codes
    depth: Depth | None = None  # of the candidates; None for an exact search
    queries: int = 0  # that recall was measured with
    recall: Mapping[str, float] = field(default_factory=dict)  # {"recall@10": …}

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for the manifest."""
        if self.depth is None:
            return {"kind": self.kind}
        return {
            "kind": self.kind,
            "candidates": self.depth.least,
            "candidates_per_neighbour": self.depth.factor,
            "queries": self.queries,
            **self.recall,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Method:
        """What `to_dict` gave. Raises KeyError for anything else."""
        if values["kind"] == FLAT:
            return cls(FLAT)
        depth = Depth(values["candidates"], values["candidates_per_neighbour"])
        recall = {name: value for name, value in values.items() if name.startswith("recall@")}
        return cls(values["kind"], depth, values["queries"], recall)


class VectorIndex:
    """Rows of unit vectors that can be searched. Safe to share between threads."""

    def __init__(self, engine: Flat | Quantized, method: Method) -> None:
        self._engine = engine
        self.method = method

    @classmethod
    def build(cls, vectors: np.ndarray, exact_up_to: int = EXACT_UP_TO) -> VectorIndex:
        """An index of the rows of `vectors`, (n, dimension) of any float type.

        More than `exact_up_to` are coded, unless they find less than LEAST_RECALL of the true
        neighbours even with many candidates; then they too are searched exactly.
        """
        if len(vectors) > exact_up_to and quantized.fits(vectors.shape):
            coded = _coded(Quantized.build(vectors), Truth.of(vectors))
            if coded is not None:
                return coded
        return cls(Flat.build(vectors), Method(FLAT))

    @classmethod
    def load(cls, path: Path, vectors: np.ndarray, method: Mapping[str, Any]) -> VectorIndex:
        """Read an index from disk.

        `vectors` are the float16 rows that it was built from, which may be mapped into memory;
        `method` is what `Method.to_dict` gave. Raises RuntimeError when the file is no such index,
        KeyError when `method` lacks something.
        """
        used = Method.from_dict(method)
        # Codes are read, a flat index is mapped into memory.
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        if used.depth is None and isinstance(index, faiss.IndexFlatIP):
            return cls(Flat(index), used)
        if used.depth is not None and isinstance(index, faiss.IndexPQFastScan):
            return cls(Quantized(index, vectors, used.depth), used)
        raise RuntimeError(f"{path}: a {type(index).__name__}, not the index {used.kind!r}")

    def save(self, path: Path) -> None:
        """Write the index to disk."""
        self._engine.save(path)

    @property
    def kind(self) -> str:
        """What the index is, for people."""
        exact = self.method.depth is None
        return "flat, exact" if exact else f"{self.method.kind}, candidates scored exactly"

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, dimension)."""
        return self._engine.shape

    def vector(self, row: int) -> np.ndarray:
        """The vector of a row, (dimension,) float32."""
        return self._engine.vector(row)

    def differing(self, vectors: np.ndarray) -> int | None:
        """The first row, of a sample, that is not what it should be for `vectors`; None if none."""
        rows = np.arange(0, len(vectors), max(1, len(vectors) // _CHECKED))
        return self._engine.differing(vectors, rows)

    def search(self, query: np.ndarray, k: int, rows: np.ndarray | None = None) -> Found:
        """The k rows nearest to one query vector, among `rows`, all different, if given.

        Returns (scores float32, rows int64), both (m,) with m <= k, best first; scores are exact,
        and equal ones are ordered by row.
        """
        return self._engine.search(query, k, rows)

    def scores(self, query: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The scores of these rows, (len(rows),) float32, but for rounding those of `search`."""
        return self._engine.scores(query, rows)


def _coded(engine: Quantized, truth: Truth) -> VectorIndex | None:
    """The index with as many candidates as recall takes; None when none are enough."""
    recall: dict[str, float] = {}
    for times in _DEEPER:
        deeper = engine.deeper(times)
        recall = truth.recalls(deeper)
        if min(recall.values()) >= LEAST_RECALL:
            name = quantized.kind(engine.shape[1])
            return VectorIndex(deeper, Method(name, deeper.depth, len(truth.asked), recall))
    _log.warning("codes find too few of the neighbours (%s): searching exactly", recall)
    return None
