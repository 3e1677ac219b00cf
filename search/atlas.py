"""The map of the corpus: what lies where, what the regions are about, what lies between two."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from index.errors import QueryError
from index.snapshot import Snapshot
from index.topics import Topic
from search.browse import TopicBrowser
from search.fusion import Leg, unit
from search.polygon import inside

_SPOTS = 200  # papers of a topic that are looked at for a place for its label
_CROWD = 3  # a spot is as dense as the nearest one in so many of them is near
_SPARSE = (
    2.0  # a label goes nowhere where papers lie so many times as far apart as in the best spot
)
_POOL = 1000  # papers to begin with when looking between two topics

Size = tuple[float, float]  # width and height on the map


@dataclass(frozen=True, slots=True)
class Region:
    """A topic on the map, and where its label goes."""

    topic: Topic
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """Papers a year."""

    years: tuple[tuple[int, int], ...]  # (year, papers), every year from the first to the last
    unknown: int  # papers without a year


class Atlas:
    """The map of one generation. Safe to share between threads."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._browser = TopicBrowser(snapshot)

    @property
    def points(self) -> np.ndarray:
        """Where each paper lies, (papers, 2) float32 in [-1, 1]."""
        return self._snapshot.plane

    @property
    def assignment(self) -> np.ndarray:
        """Position of each paper's topic among all topics, (papers,) int32."""
        return self._snapshot.topics.assignment

    @property
    def years(self) -> np.ndarray:
        """The year of each paper, (papers,) int32; 0 where none is known."""
        return self._snapshot.years

    def titles(self, rows: Iterable[int]) -> Iterator[str]:
        """The titles of the papers of the given rows, in their order."""
        return self._snapshot.titles(rows)

    @property
    def method(self) -> str:
        """How the map was made: "pca" or "umap"."""
        return str(self._snapshot.manifest.settings.get("map", "pca"))

    def rows(self, topic_id: str) -> np.ndarray:
        """Rows of the papers on a topic, ascending, int64. Raises UnknownTopicError."""
        position = self._browser.position(topic_id)
        order, ends = self._grouped
        return order[ends[position] : ends[position + 1]]

    @cached_property
    def _grouped(self) -> tuple[np.ndarray, np.ndarray]:
        """(rows sorted by topic, where each topic begins in them and the last one ends)."""
        topics = len(self._snapshot.topics.topics)
        sizes = np.bincount(self.assignment, minlength=topics)[:topics]
        order = np.argsort(self.assignment, kind="stable")
        return order, np.concatenate([[0], np.cumsum(sizes)])

    def inside(self, polygon: np.ndarray) -> np.ndarray:
        """Rows of the papers inside a polygon (see `search.polygon`), ascending, int64."""
        return np.flatnonzero(inside(polygon, self.points))

    def nearest(self, x: float, y: float) -> int:
        """The row of the paper nearest to a place; of several, the first. Raises QueryError."""
        if not len(self.points):
            raise QueryError("the map is empty")
        distance = ((self.points - np.array([x, y])) ** 2).sum(axis=1)
        return int(distance.argmin())

    def timeline(self, topic_id: str) -> Timeline:
        """The papers of a topic by year. Raises UnknownTopicError."""
        years = self.years[self.rows(topic_id)]
        known = years[years != 0]
        if not len(known):
            return Timeline((), len(years))
        first = int(known.min())
        counts = np.bincount(known - first).tolist()
        return Timeline(tuple(enumerate(counts, first)), len(years) - len(known))

    def regions(self, size: Callable[[Topic], Size], most: int = 24) -> tuple[Region, ...]:
        """The topics with a place for their label, the largest first, so that no two overlap.

        `size` says how much room the label of a topic takes. A label goes to a dense spot of its
        topic: where, after Loftsgaarden and Quesenberry (1965), the nearest third of its papers
        reaches least far. A topic none of whose dense spots is free goes without.
        """
        taken: list[tuple[float, float, float, float]] = []
        found: list[Region] = []
        for topic in self._snapshot.topics.topics:
            width, height = size(topic)
            for x, y in self._spots(topic.topic_id):
                box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
                if not any(_overlap(box, other) for other in taken):
                    taken.append(box)
                    found.append(Region(topic, x, y))
                    break
            if len(found) == most:
                break
        return tuple(found)

    def _spots(self, topic_id: str) -> list[tuple[float, float]]:
        """Dense places of a topic, the densest first."""
        rows = self.rows(topic_id)
        points = self.points[rows[:: -(-len(rows) // _SPOTS)]].astype(np.float64)
        crowd = -(-len(points) // _CROWD)
        distance = np.linalg.norm(points[:, None] - points[None], axis=2)
        nearest = np.argpartition(distance, crowd - 1, axis=1)[:, :crowd]
        reach = np.take_along_axis(distance, nearest, axis=1).max(axis=1)
        order = np.argsort(reach, kind="stable")
        dense = order[reach[order] <= _SPARSE * reach[order[0]]]
        return [(float(x), float(y)) for x, y in points[nearest[dense]].mean(axis=1)]

    def between(self, a: str, b: str, k: int) -> Leg:
        """(scores, rows) of the k papers that most belong to both topics, best first.

        How much a paper belongs to a theme is its cosine with the topic's centre, and to both
        themes the smaller of the two: the intersection of fuzzy sets (Zadeh, 1965). Equal scores
        are ordered by row. Raises UnknownTopicError, and QueryError when both are one topic.
        """
        if self._browser.position(a) == self._browser.position(b):
            raise QueryError(f"both topics are {a!r}; papers lie between two different ones")
        centres = np.stack([unit(self._browser.centre(topic)) for topic in (a, b)])
        return _both(self._snapshot, centres, k)


def _both(snapshot: Snapshot, centres: np.ndarray, k: int) -> Leg:
    """The k rows with the largest smaller cosine to two unit vectors, (2, dimension).

    The smaller of two numbers is at most their mean, and the mean cosine falls along the ranking
    by the middle of the centres: once it is below the k-th score, no later row can be better. So
    not all need be looked at (Fagin, Lotem and Naor, 2003, "Optimal aggregation algorithms for
    middleware").
    """
    middle = centres.mean(axis=0)
    pool = max(_POOL, 4 * k)
    while True:
        means, rows = snapshot.index.search(middle, pool)
        vectors = np.asarray(snapshot.vectors[rows], dtype=np.float32)
        scores = (vectors @ centres.T).min(axis=1)
        best = np.lexsort((rows, -scores))[:k]
        if pool >= len(snapshot) or scores[best[-1]] > means[-1]:
            return scores[best], rows[best]
        pool *= 4


def _overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> bool:
    """Whether two boxes (left, bottom, right, top) share any room."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
