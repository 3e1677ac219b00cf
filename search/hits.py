"""Hits: papers of a ranking with what speaks for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from index.analysis import Stemmer
from index.calibration import evidence
from index.papers import document_text
from index.records import Paper
from index.snapshot import Snapshot
from search.fusion import Leg
from search.ranking import Ranking
from search.sentences import SentenceFinder, Span


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
    evidence: float | None  # what the strength is by; None where conditions alone were asked
    strength: str  # "strong", "fair" or "weak", against what unrelated text scores here
    sentence: str | None  # the sentence of the abstract that speaks most of the query
    span: tuple[int, int] | None  # where it stands: abstract[span[0]:span[1]] == sentence

    @property
    def found_by(self) -> tuple[str, ...]:
        """The legs that brought the paper up: "dense", "lexical", both, or none for a list."""
        ranks = {"dense": self.dense_rank, "lexical": self.lexical_rank}
        return tuple(leg for leg, rank in ranks.items() if rank is not None)

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
            "found_by": list(self.found_by),
            "evidence": self.evidence,
            "strength": self.strength,
            "sentence": self.sentence,
            "span": list(self.span) if self.span else None,
        }


class HitMaker:
    """Turns rankings into hits. Safe to share between threads."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._finder = SentenceFinder()
        self._stemmer = Stemmer()

    def hits(self, ranking: Ranking) -> list[Hit]:
        """Hits in the order of the ranking."""
        papers = self._snapshot.papers_at(ranking.rows.tolist())
        if ranking.query is None:
            return [_listed(place, paper) for place, paper in enumerate(papers, 1)]
        spans = self._finder.best(ranking.about or "", [paper.abstract or "" for paper in papers])
        return [
            self._hit(ranking, i, paper, span)
            for i, (paper, span) in enumerate(zip(papers, spans, strict=True))
        ]

    def _hit(self, ranking: Ranking, i: int, paper: Paper, span: Span | None) -> Hit:
        assert ranking.dense is not None
        row, cosine, text = int(ranking.rows[i]), float(ranking.dense[i]), ranking.text
        covered = None if text is None else self._stemmer.coverage(text, document_text(paper))
        found = evidence(cosine, covered)
        bm25 = None if ranking.lexical is None else round(float(ranking.lexical[i]), 3)
        return Hit(
            rank=i + 1,
            paper=paper,
            score=round(float(ranking.scores[i]), 4),
            dense=round(cosine, 4),
            lexical=bm25,
            dense_rank=_place(ranking.dense_leg, row),
            lexical_rank=_place(ranking.lexical_leg, row),
            evidence=round(found, 4),
            strength=self._snapshot.manifest.calibration.strength(found),
            sentence=paper.abstract[slice(*span)] if paper.abstract and span else None,
            span=span,
        )


def _listed(rank: int, paper: Paper) -> Hit:
    """A paper that states what was asked for, where nothing else was asked."""
    return Hit(rank, paper, 0.0, None, None, None, None, None, "strong", None, None)


def _place(leg: Leg, row: int) -> int | None:
    """Rank from 1 of a row in a leg; None when it is not there."""
    found = np.flatnonzero(leg[1] == row)
    return int(found[0]) + 1 if len(found) else None
