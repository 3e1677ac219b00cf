"""Answering questions from a snapshot: free text, papers like these, papers on a topic."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from index.build import data_folder
from index.calibration import evidence
from index.encoder import Encoder, load_encoder
from index.errors import QueryError
from index.lexical import Stemmer
from index.papers import document_text
from index.records import Paper
from index.sentences import Sentences, SentenceVectors
from index.snapshot import Snapshot
from index.topics import Topic
from search.browse import TopicBrowser
from search.filters import Filters
from search.fusion import Leg
from search.ranking import Mode, Ranker, Ranking, check_k

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
    lexical: float | None  # BM25; 0 for no word shared, None when words took no part
    dense_rank: int | None  # rank in each leg alone, None beyond its first thousand
    lexical_rank: int | None
    evidence: float  # what the strength is by; see index.calibration
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
            "dense_rank": self.dense_rank,
            "lexical_rank": self.lexical_rank,
            "evidence": self.evidence,
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
        self._ranker = Ranker(snapshot, encoder)
        self._browser = TopicBrowser(snapshot)
        self._sentences = SentenceVectors(encoder)
        self._stemmer = Stemmer()

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

    def search(
        self,
        query: str,
        k: int = 10,
        filters: Filters | None = None,
        mode: Mode = "hybrid",
    ) -> list[Hit]:
        """The k papers that are most about the query, best first.

        `mode` "dense" or "lexical" ranks by one leg alone. Raises QueryError for an empty query,
        k below 1 or an unknown mode.
        """
        return self._hits(self._ranker.text(query, k, self._allowed(filters), mode), query)

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
        without = {*seeds, *against}
        return self._hits(self._ranker.vector(vector, k, self._allowed(filters), without))

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
        check_k(k)
        rows = self._browser.rows(topic_id)[:k]
        return self._hits(self._in_order(rows, _unit(self._browser.centre(topic_id))))

    def topic_similar(self, paper_id: str, k: int = 10) -> list[Hit]:
        """Papers that share the theme of a paper, spread over the theme rather than its wording.

        From the papers nearest to the middle between the paper and its topic's centre, each next
        one is chosen by maximal marginal relevance. Raises UnknownPaperError.
        """
        check_k(k)
        row = self.snapshot.row(paper_id)
        centre = self._browser.centre(self._browser.topic_of(paper_id).topic_id)
        theme = _unit(self._mean([row]) + _unit(centre))
        _, rows = self.snapshot.index.search(theme, _POOL + 1)
        pool = [int(r) for r in rows if r != row]
        return self._hits(self._in_order(self._spread(theme, pool, k), theme))

    def paper(self, paper_id: str) -> Paper:
        """The paper with this id, now or in an earlier build. Raises UnknownPaperError."""
        return self.snapshot.paper(paper_id)

    def _allowed(self, filters: Filters | None) -> np.ndarray | None:
        return None if filters is None or filters.is_empty else filters.rows(self.snapshot)

    def _in_order(self, rows: Sequence[int], vector: np.ndarray) -> Ranking:
        """A ranking that keeps the order of the rows, with their cosine to `vector`."""
        numbers = np.array(rows, dtype=np.int64)
        cosine = self.snapshot.vectors[numbers].astype(np.float32) @ vector
        leg = (cosine, numbers)
        none = (np.empty(0, np.float32), np.empty(0, np.int64))
        return Ranking(numbers, cosine, cosine, None, leg, none, vector)

    def _hits(self, ranking: Ranking, query: str | None = None) -> list[Hit]:
        """Hits in the order of the ranking, each with its best sentence and strength."""
        papers = self.snapshot.papers_at(ranking.rows.tolist())
        assert ranking.dense is not None and ranking.query is not None  # every ranker sets them
        places = [_places(leg) for leg in (ranking.dense_leg, ranking.lexical_leg)]
        hits = []
        for i, (paper, sentences) in enumerate(
            zip(papers, self._sentences.of(papers), strict=True)
        ):
            row, cosine = int(ranking.rows[i]), float(ranking.dense[i])
            span, nearest = _best_sentence(sentences, ranking.query)
            covered = None if query is None else self._stemmer.coverage(query, document_text(paper))
            found = evidence(cosine, nearest, covered)
            hits.append(
                Hit(
                    rank=i + 1,
                    paper=paper,
                    score=round(float(ranking.scores[i]), 4),
                    dense=round(cosine, 4),
                    lexical=None
                    if ranking.lexical is None
                    else round(float(ranking.lexical[i]), 3),
                    dense_rank=places[0].get(row),
                    lexical_rank=places[1].get(row),
                    evidence=round(found, 4),
                    strength=self.snapshot.manifest.calibration.strength(found),
                    sentence=paper.abstract[slice(*span)] if paper.abstract and span else None,
                    span=span,
                )
            )
        return hits

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


def _best_sentence(
    sentences: Sentences, query: np.ndarray
) -> tuple[tuple[int, int] | None, float | None]:
    """(span, cosine) of the sentence nearest to the query; None for a paper without any."""
    spans, vectors = sentences
    if not spans:
        return None, None
    scores = vectors @ query
    best = int(np.argmax(scores))
    return spans[best], float(scores[best])


def _places(leg: Leg) -> dict[int, int]:
    """Rank from 1 of each row in a leg."""
    return {row: place for place, row in enumerate(leg[1].tolist(), 1)}


def _unit(vector: np.ndarray) -> np.ndarray:
    norm = float(np.linalg.norm(vector))
    return vector / norm if norm else vector
