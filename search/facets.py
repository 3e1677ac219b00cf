"""What the papers of an answer have in common, counted: the values to narrow it by.

Counted are the best papers of an answer and not all that it ranks: in a corpus of a hundred
thousand, every paper has some rank for every question, and the commonest author of the whole would
head every list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from index.snapshot import Snapshot
from index.text import words

COUNTED = 200  # papers of an answer, the best first


@dataclass(frozen=True, slots=True)
class Count:
    """A value, and how many of the counted papers state it."""

    value: str  # as most of these papers write it; of a topic its id
    papers: int


@dataclass(frozen=True, slots=True)
class Facets:
    """Counts over the best papers of an answer, the commonest value first."""

    papers: int  # that were counted
    years: tuple[tuple[int, int], ...] = ()  # (year, papers), ascending
    authors: tuple[Count, ...] = ()
    venues: tuple[Count, ...] = ()
    categories: tuple[Count, ...] = ()
    topics: tuple[Count, ...] = ()


def count_facets(snapshot: Snapshot, rows: np.ndarray) -> Facets:
    """Count what the first COUNTED of the rows state. Equal counts are in the order of values."""
    counted = rows[:COUNTED]
    papers = snapshot.papers_at(counted.tolist())
    topics = snapshot.topics.topics
    on = Counter(snapshot.topics.assignment[counted].tolist())
    return Facets(
        papers=len(papers),
        years=tuple(sorted(Counter(p.year for p in papers if p.year is not None).items())),
        authors=_commonest(paper.authors for paper in papers),
        venues=_commonest([paper.venue] if paper.venue else [] for paper in papers),
        categories=_commonest(paper.categories for paper in papers),
        topics=tuple(
            Count(topics[i].topic_id, n) for i, n in sorted(on.items(), key=lambda x: (-x[1], x[0]))
        ),
    )


def _commonest(stated: Iterable[Sequence[str]]) -> tuple[Count, ...]:
    """Values with the papers that state them. "Léo Gagnon" and "leo gagnon" are one value."""
    papers: Counter[str] = Counter()
    forms: dict[str, Counter[str]] = {}
    for values in stated:
        keyed = {" ".join(words(value)): value for value in values}
        keyed.pop("", None)  # a value without a letter or digit cannot be asked for
        papers.update(keyed.keys())
        for key, value in keyed.items():
            forms.setdefault(key, Counter())[value] += 1
    order = sorted(papers.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        Count(min(forms[key].items(), key=lambda form: (-form[1], form[0]))[0], number)
        for key, number in order
    )
