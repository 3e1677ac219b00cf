"""Answering questions from a snapshot: free text, papers like these, papers on a topic."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from index.build import data_folder
from index.encoder import Encoder, load_encoder
from index.errors import QueryError
from index.records import Paper
from index.snapshot import Snapshot
from index.topics import Topic
from search.browse import TopicBrowser
from search.filters import Filters
from search.sentences import SentenceVectors

# Rocchio (1971), "Relevance feedback in information retrieval": weight of what to stay away from.
_UNLIKE = 0.5
# Maximal marginal relevance (Carbonell and Goldstein, 1998): share of relevance against novelty.
_RELEVANCE = 0.6
_POOL = 50  # candidates among which topic-similar papers are spread


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer."""

    rank: int  # from 1
    paper: Paper
    score: float  # what the ranking is by; comparable within one answer only
    dense: float | None  # cosine of query and paper, in [-1, 1]
    lexical: float | None  # BM25 score, when a lexical leg took part
    strength: str  # "strong", "fair" or "weak", against what unrelated text scores here
    sentence: str | None  # the sentence of the abstract that is nearest to the query
    span: tuple[int, int] | None  # where it stands: abstract[span[0]:span[1]] == sentence

    def to_dict(self) -> dict[str, Any]:
        """Plain values with the keys of the command line's JSON."""
        return {
            "rank": self.rank,
            "paper_id": self.paper.paper_id,
            "title": self.paper.title,
            "authors": list(self.paper.authors),
            "year": self.paper.year,
            "venue": self.paper.venue,
            "score": self.score,
            "dense": self.dense,
            "lexical": self.lexical,
            "strength": self.strength,
            "sentence": self.sentence,
            "span": list(self.span) if self.span else None,
        }


class Searcher:
    """Serves one generation of an index. Safe to share between threads."""

    def __init__(self, snapshot: Snapshot, encoder: Encoder) -> None:
        """Raises SnapshotError when the index was filled by another model than `encoder`."""
        snapshot.check_encoder(encoder)
        self.snapshot = snapshot
        self._encoder = encoder
        self._browser = TopicBrowser(snapshot)
        self._sentences = SentenceVectors(encoder)

    @classmethod
    def open(
        cls, data: str | os.PathLike[str] | None = None, *, encoder: Encoder | None = None
    ) -> Searcher:
        """Open the live index of a data folder, with the model that it was built with.

        Raises SnapshotError for an index that cannot be answered from, EncoderError when its
        model is not to be had.
        """
        snapshot = Snapshot.open(data_folder(data))
        return cls(snapshot, encoder or load_encoder(snapshot.manifest.model.name))

    def __len__(self) -> int:
        return len(self.snapshot)

    def search(self, query: str, k: int = 10, filters: Filters | None = None) -> list[Hit]:
        """The k papers that are most about the query, best first.

        Raises QueryError for an empty query or k below 1.
        """
        # Bytes of a command line that are not UTF-8 come as lone surrogates; no model takes them.
        query = query.encode("utf-8", "replace").decode("utf-8")
        if not query.strip():
            raise QueryError("the query is empty; write what the papers should be about")
        return self._nearest(self._encoder.encode_query([query])[0], k, filters)

    def search_many(
        self, queries: Sequence[str], k: int = 10, filters: Filters | None = None
    ) -> list[list[Hit]]:
        """`search` for each query."""
        return [self.search(query, k, filters) for query in queries]

    def similar(
        self,
        like: Sequence[str],
        unlike: Sequence[str] = (),
        k: int = 10,
        filters: Filters | None = None,
    ) -> list[Hit]:
        """The k papers most like the papers `like` and least like the papers `unlike`.

        Ids may be any that a paper ever had. None of the given papers comes back. Raises
        UnknownPaperError, and QueryError when `like` is empty or shares a paper with `unlike`.
        """
        if not like:
            raise QueryError("name at least one paper that the results should be like")
        seeds = [self.snapshot.row(paper_id) for paper_id in like]
        against = [self.snapshot.row(paper_id) for paper_id in unlike]
        both = set(seeds) & set(against)
        if both:
            names = ", ".join(p.display_title for p in self.snapshot.papers_at(sorted(both)))
            raise QueryError(f"asked for both like and unlike: {names}")
        vector = self._mean(seeds)
        if against:
            vector = _unit(vector - _UNLIKE * self._mean(against))
        return self._nearest(vector, k, filters, without={*seeds, *against})

    def topics(self) -> tuple[Topic, ...]:
        """All topics, largest first."""
        return self._browser.topics()

    def topic(self, topic_id: str) -> Topic:
        """The topic of that id. Raises UnknownTopicError."""
        return self._browser.topic(topic_id)

    def topic_of(self, paper_id: str) -> Topic:
        """The topic that a paper belongs to. Raises UnknownPaperError."""
        return self._browser.topic_of(paper_id)

    def topic_papers(self, topic_id: str, limit: int | None = None) -> list[str]:
        """Ids of the papers on a topic, the most central first. Raises UnknownTopicError."""
        return self._browser.papers(topic_id, limit)

    def on_topic(self, topic_id: str, k: int = 10) -> list[Hit]:
        """The k most central papers of a topic. Raises UnknownTopicError."""
        rows = self._browser.rows(topic_id)[:k]
        return self._hits(rows, _unit(self._browser.centre(topic_id)))

    def topic_similar(self, paper_id: str, k: int = 10) -> list[Hit]:
        """Papers that share the theme of a paper, spread over the theme rather than its wording.

        From the papers nearest to the middle between the paper and its topic's centre, each next
        one is chosen by maximal marginal relevance. Raises UnknownPaperError.
        """
        row = self.snapshot.row(paper_id)
        centre = self._browser.centre(self._browser.topic_of(paper_id).topic_id)
        theme = _unit(self._mean([row]) + _unit(centre))
        _, rows = self.snapshot.index.search(theme, _POOL + 1)
        pool = [int(r) for r in rows if r != row]
        return self._hits(self._spread(theme, pool, k), theme)

    def paper(self, paper_id: str) -> Paper:
        """The paper with this id, now or in an earlier build. Raises UnknownPaperError."""
        return self.snapshot.paper(paper_id)

    def _nearest(
        self,
        vector: np.ndarray,
        k: int,
        filters: Filters | None,
        without: set[int] | None = None,
    ) -> list[Hit]:
        if k < 1:
            raise QueryError(f"k is {k}; ask for at least one hit")
        without = without or set()
        allowed = None if filters is None or filters.is_empty else filters.rows(self.snapshot)
        _, rows = self.snapshot.index.search(vector, k + len(without), allowed)
        return self._hits([int(r) for r in rows if int(r) not in without][:k], vector)

    def _hits(self, rows: Sequence[int], vector: np.ndarray) -> list[Hit]:
        """Hits for rows in the given order, scored by the cosine with `vector`."""
        papers = self.snapshot.papers_at(rows)
        sentences = self._best_sentences(papers, vector)
        calibration = self.snapshot.manifest.calibration
        hits = []
        for rank, (row, paper, span) in enumerate(zip(rows, papers, sentences, strict=True), 1):
            score = round(float(self.snapshot.index.vector(row) @ vector), 4)
            sentence = paper.abstract[slice(*span)] if paper.abstract and span else None
            strength = calibration.strength(score)
            hits.append(Hit(rank, paper, score, score, None, strength, sentence, span))
        return hits

    def _best_sentences(
        self, papers: Sequence[Paper], vector: np.ndarray
    ) -> list[tuple[int, int] | None]:
        """For each paper the span of the sentence nearest to `vector`."""
        best: list[tuple[int, int] | None] = []
        for spans, vectors in self._sentences.of(papers):
            best.append(spans[int(np.argmax(vectors @ vector))] if spans else None)
        return best

    def _mean(self, rows: Sequence[int]) -> np.ndarray:
        vectors = np.stack([self.snapshot.index.vector(row) for row in rows])
        return _unit(vectors.mean(axis=0))

    def _spread(self, theme: np.ndarray, pool: Sequence[int], k: int) -> list[int]:
        """Maximal marginal relevance: relevant to the theme, unlike what is already chosen."""
        if not pool:
            return []
        vectors = np.stack([self.snapshot.index.vector(row) for row in pool])
        relevance = vectors @ theme
        likeness = np.full(len(pool), -1.0)
        chosen: list[int] = []
        while len(chosen) < min(k, len(pool)):
            gain = _RELEVANCE * relevance - (1 - _RELEVANCE) * np.maximum(likeness, 0)
            gain[chosen] = -np.inf
            best = int(np.argmax(gain))
            chosen.append(best)
            likeness = np.maximum(likeness, vectors @ vectors[best])
        return [pool[i] for i in chosen]


def _unit(vector: np.ndarray) -> np.ndarray:
    norm = float(np.linalg.norm(vector))
    return vector / norm if norm else vector
