"""Which papers may be among the hits: by year, author, title, venue, category, topic, and words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from index.conditions import Condition, Restriction, Rows, Words, Years
from index.errors import QueryError
from index.lexical import Selection
from index.snapshot import Snapshot
from search.browse import TopicBrowser

_YEARS = re.compile(r"(?P<first>[0-9]{4})?(?P<dots>\.\.)?(?P<last>[0-9]{4})?$")

Bounds = tuple[int | None, int | None]  # first and last year, inclusive; None is open


class FilterError(QueryError):
    """A filter that cannot be understood."""


@dataclass(frozen=True, slots=True)
class Filters:
    """All conditions must hold; of several venues, categories or topics one is enough.

    A paper that does not state a field fails a condition on it. Words are compared whole, without
    accents and case: the author "leo gagnon" is "Léo Gagnon", "Lea" is not "Léo", and "l gagnon"
    is any Gagnon with a name that begins with L. Several authors must all be on the paper.
    """

    years: Bounds = (None, None)
    authors: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()  # each is words side by side in a title
    venues: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()  # ids
    phrases: tuple[str, ...] = ()  # words side by side in title or abstract
    without: tuple[Condition, ...] = ()  # none of these may hold

    @property
    def is_empty(self) -> bool:
        """True when every paper passes."""
        return self == Filters()

    def __and__(self, other: Filters) -> Filters:
        """The conditions of both. Years are narrowed to those in both ranges."""
        joined = {
            field.name: getattr(self, field.name) + getattr(other, field.name)
            for field in fields(self)
            if field.name != "years"
        }
        return Filters(years=_both(self.years, other.years), **joined)

    def select(self, snapshot: Snapshot) -> Selection:
        """The papers that pass. Raises UnknownTopicError."""
        all_of: list[tuple[Condition, ...]] = [(Words("author", a),) for a in self.authors]
        all_of += [(Words("title", t, phrase=True),) for t in self.titles]
        all_of += [(Words("text", p, phrase=True),) for p in self.phrases]
        all_of += [tuple(Words("venue", v) for v in self.venues)] if self.venues else []
        all_of += [tuple(Words("category", c) for c in self.categories)] if self.categories else []
        all_of += [(self._on_topics(snapshot),)] if self.topics else []
        all_of += [(Years(*self.years),)] if self.years != (None, None) else []
        return snapshot.select(Restriction(tuple(all_of), self.without))

    def _on_topics(self, snapshot: Snapshot) -> Rows:
        places = [*map(TopicBrowser(snapshot).position, self.topics)]
        on_them = np.isin(snapshot.topics.assignment, places)
        return Rows(tuple(np.flatnonzero(on_them).tolist()))

    def rows(self, snapshot: Snapshot) -> np.ndarray:
        """Rows of the papers that pass, ascending, int64."""
        return self.select(snapshot).rows


def parse_years(text: str) -> Bounds:
    """Years as typed: "2020..2024", "2020..", "..2019" or "2021". Raises FilterError."""
    match = _YEARS.match(text.strip())
    if match is None or not (match["first"] or match["last"]):
        raise FilterError(f"years {text!r}: write 2020..2024, 2020.., ..2019 or 2021")
    first = int(match["first"]) if match["first"] else None
    last = int(match["last"]) if match["last"] else None
    if not match["dots"]:
        if first is None or last is not None:
            raise FilterError(f"years {text!r}: write 2020..2024, 2020.., ..2019 or 2021")
        last = first
    if first is not None and last is not None and first > last:
        raise FilterError(f"years {text!r}: the first is after the last")
    return first, last


def make_filters(
    years: str | None = None,
    *,
    authors: Sequence[str] = (),
    venues: Sequence[str] = (),
    categories: Sequence[str] = (),
    titles: Sequence[str] = (),
    topics: Sequence[str] = (),
) -> Filters:
    """Filters from text as typed on a command line or in a form. Raises FilterError."""
    return Filters(
        years=parse_years(years) if years else (None, None),
        authors=_stated(authors),
        titles=_stated(titles),
        venues=_stated(venues),
        categories=_stated(categories),
        topics=_stated(topics),
    )


def _stated(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(value for value in values if value.strip())


def _both(a: Bounds, b: Bounds) -> Bounds:
    firsts = [first for first in (a[0], b[0]) if first is not None]
    lasts = [last for last in (a[1], b[1]) if last is not None]
    return max(firsts, default=None), min(lasts, default=None)
