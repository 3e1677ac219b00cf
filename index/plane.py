"""The map: a place in the plane for every paper, so that papers about the same thing lie together.

Without more, it is a linear map along which the topics lie furthest apart: the principal
components of the topic centres, each counted as often as it has papers (the numerator of Fisher's
discriminant). Where `umap` is installed and there are papers enough for it to show more than a
line drawing does, that map is where UMAP (McInnes, Healy and Melville, 2018, arXiv:1802.03426)
begins: what is far apart in it stays so (Kobak and Linderman, 2021, "Initialization is critical
for preserving global data structure in both t-SNE and UMAP").
"""

from __future__ import annotations

import importlib.util
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from index.topics import Topics

if TYPE_CHECKING:
    import faiss

Method = Literal["pca", "umap"]

_WITHIN = 1e-3  # weight of what sets papers apart inside topics: it decides where topics do not
_FLAT = 1e-3  # an extent below this is rounding: float16 unit vectors are not exact
_BATCH = 65_536  # rows at a time
# On 20,000 abstracts and random samples of them: from 100 papers on, a paper's neighbours in
# UMAP's map are more often of its topic than in the linear one (0.69 against 0.60 of the five
# nearest; 0.56 against 0.75 with 50 papers), and the more papers, the wider the gap.
_FEWEST = 100
_SAMPLE = 30_000  # rows that UMAP arranges; the others are placed among them
_NEIGHBOURS = 15  # that UMAP keeps together; its own default
_ANCHORS = 3  # arranged rows among which another one is placed; with 5 or 10 topics blur more
_SEED = 20


@dataclass(frozen=True)
class Plane:
    """Where the papers lie."""

    method: Method
    points: np.ndarray  # (papers, 2) float32 in [-1, 1]; one scale for both axes


def find_plane(vectors: np.ndarray, topics: Topics, method: Method | None = None) -> Plane:
    """Arrange the rows of `vectors`, (n, dimension) unit rows of any float type.

    By `method`, or by the best that is installed and fits. The same rows and topics give the same
    points. Raises ModuleNotFoundError when UMAP is asked for and not installed.
    """
    if method is None:
        method = "umap" if len(vectors) >= _FEWEST and umap_is_installed() else "pca"
    points = _linear(vectors, topics)
    if method == "umap" and np.ptp(points, axis=0).max(initial=0.0) > _FLAT:
        points = _arranged(vectors, points)
    return Plane(method, _fitted(points))


def umap_is_installed() -> bool:
    """True when the extra `map` is there. Importing it takes seconds, so it is only looked for."""
    return importlib.util.find_spec("umap") is not None


def _fitted(points: np.ndarray) -> np.ndarray:
    """The points moved and scaled, alike in both directions, to fill [-1, 1]; float32."""
    if not len(points):
        return np.empty((0, 2), np.float32)
    low, high = points.min(axis=0), points.max(axis=0)
    reach = float((high - low).max()) / 2
    centred = points - (low + high) / 2
    fitted = centred / reach if reach > _FLAT / 2 else np.zeros_like(centred)
    return np.asarray(fitted, dtype=np.float32)


def _linear(vectors: np.ndarray, topics: Topics) -> np.ndarray:
    """(n, 2) float64: the projection on the two directions that most set the topics apart."""
    n, dimension = vectors.shape
    if not n:
        return np.empty((0, 2))
    between, within = _scatter(vectors, topics)
    _, directions = np.linalg.eigh(between + _WITHIN * within)
    chosen = directions[:, ::-1][:, :2]  # eigh gives the weakest first
    chosen = np.pad(chosen, ((0, 0), (0, 2 - min(dimension, 2))))
    # A direction may come with either sign; its heaviest component is made positive.
    heaviest = np.abs(chosen).argmax(axis=0)
    chosen = chosen * np.where(chosen[heaviest, [0, 1]] < 0, -1.0, 1.0)
    points = np.empty((n, 2))
    for start in range(0, n, _BATCH):
        points[start : start + _BATCH] = vectors[start : start + _BATCH].astype(np.float64) @ chosen
    return points


def _scatter(vectors: np.ndarray, topics: Topics) -> tuple[np.ndarray, np.ndarray]:
    """Covariance of the topic centres, weighted by size, and of the rows around their centres.

    Both (dimension, dimension) float64. Without topics all rows are one topic.
    """
    n, dimension = vectors.shape
    groups = max(1, len(topics.topics))
    assignment = topics.assignment if topics.topics else np.zeros(n, np.int32)
    sums, squares = np.zeros((groups, dimension)), np.zeros((dimension, dimension))
    for start in range(0, n, _BATCH):
        part = vectors[start : start + _BATCH].astype(np.float64)
        np.add.at(sums, assignment[start : start + _BATCH], part)
        squares += part.T @ part
    sizes = np.maximum(np.bincount(assignment, minlength=groups), 1)
    centres = sums / sizes[:, None]
    mean = sums.sum(axis=0) / n
    between = (centres - mean).T @ ((centres - mean) * sizes[:, None]) / n
    total = squares / n - np.outer(mean, mean)
    return between, total - between


def _arranged(vectors: np.ndarray, start: np.ndarray) -> np.ndarray:
    """(n, 2): UMAP's arrangement of a sample of the rows, and the other rows placed in it."""
    import faiss  # noqa: PLC0415  as of `index.topics`

    n = len(vectors)
    random = np.random.default_rng(_SEED)
    sample = np.sort(random.permutation(n)[:_SAMPLE])
    rows = np.ascontiguousarray(vectors[sample], dtype=np.float32)
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    points = np.empty((n, 2))
    points[sample] = _umap(index, rows, start[sample], random)
    others = np.setdiff1d(np.arange(n), sample, assume_unique=True)
    for first in range(0, len(others), _BATCH):
        part = others[first : first + _BATCH]
        cosine, near = index.search(np.ascontiguousarray(vectors[part], np.float32), _ANCHORS)
        weight = 1 / np.maximum(1 - cosine, 1e-3)  # the nearer, the more
        weight /= weight.sum(axis=1, keepdims=True)
        points[part] = (points[sample][near] * weight[:, :, None]).sum(axis=1)
    return points


def _umap(
    index: faiss.Index, rows: np.ndarray, start: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """(m, 2): the rows in the plane. Their neighbours are found exactly, by `index`."""
    k = min(_NEIGHBOURS, len(rows))
    cosine, near = index.search(rows, k)
    distance = np.clip(1 - cosine, 0, None).astype(np.float32)
    # UMAP scales each axis of the start by its extent, which must not be nothing.
    start = start + random.normal(scale=1e-4 * np.ptp(start, axis=0).max(), size=start.shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # that its TensorFlow part is not there
        warnings.filterwarnings("ignore", "precomputed_knn", UserWarning)  # nor can it place more
        from umap import UMAP  # noqa: PLC0415  (an extra, and seconds to import)

        reducer = UMAP(
            n_neighbors=k,
            metric="cosine",
            init=start.astype(np.float32),
            precomputed_knn=(near.astype(np.int32), distance, None),
            force_approximation_algorithm=True,  # else few rows would not take the neighbours
            random_state=_SEED,
            n_jobs=1,  # several threads would not always give the same
        )
        return np.asarray(reducer.fit_transform(rows), dtype=np.float64)
