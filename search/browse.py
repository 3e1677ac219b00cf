"""Looking through the topics of an index. Needs no model."""

from __future__ import annotations

import numpy as np

from index.errors import AbstractsError
from index.snapshot import Snapshot
from index.topics import Topic


class UnknownTopicError(AbstractsError):
    """No topic has the given id."""


class TopicBrowser:
    """The topics of one generation, and the papers on each."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._position = {t.topic_id: i for i, t in enumerate(snapshot.topics.topics)}

    def topics(self) -> tuple[Topic, ...]:
        """All topics, largest first."""
        return self._snapshot.topics.topics

    def topic(self, topic_id: str) -> Topic:
        """The topic of that id. Raises UnknownTopicError."""
        return self.topics()[self.position(topic_id)]

    def topic_of(self, paper_id: str) -> Topic:
        """The topic that a paper belongs to. Raises UnknownPaperError."""
        row = self._snapshot.row(paper_id)
        return self.topics()[int(self._snapshot.topics.assignment[row])]

    def centre(self, topic_id: str) -> np.ndarray:
        """The middle of a topic, (dimension,) float32. Raises UnknownTopicError."""
        centre: np.ndarray = self._snapshot.topics.centroids[self.position(topic_id)]
        return centre

    def rows(self, topic_id: str) -> list[int]:
        """Rows of the papers on a topic, the most central first. Raises UnknownTopicError."""
        rows = np.flatnonzero(self._snapshot.topics.assignment == self.position(topic_id))
        scores = self._snapshot.vectors[rows].astype(np.float32) @ self.centre(topic_id)
        return [int(row) for row in rows[np.lexsort((rows, -scores))]]

    def papers(self, topic_id: str, limit: int | None = None) -> list[str]:
        """Ids of the papers on a topic, the most central first. Raises UnknownTopicError."""
        rows = self.rows(topic_id)[:limit]
        return [paper.paper_id for paper in self._snapshot.papers_at(rows)]

    def position(self, topic_id: str) -> int:
        """Place of a topic among all. Raises UnknownTopicError."""
        if topic_id not in self._position:
            known = f"t1 to t{len(self._position)}" if self._position else "there are none"
            raise UnknownTopicError(f"no topic has the id {topic_id!r} ({known})")
        return self._position[topic_id]
