"""Which papers may be among the hits: by year, author, venue and category."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.errors import QueryError
from index.snapshot import Snapshot

_YEARS = re.compile(r"(?P<first>\d{4})?(?P<dots>\.\.)?(?P<last>\d{4})?$")


class FilterError(QueryError):
    """A filter that cannot be understood."""


@dataclass(frozen=True, slots=True)
class Filters:
    """All conditions must hold. A paper that does not state a field fails a condition on it.

    Words are compared whole, without accents and case: the author "leo gagnon" is "Léo Gagnon",
    "Lea" is not "Léo". Several authors must all be on the paper.
    """

    years: tuple[int | None, int | None] = (None, None)  # first and last, inclusive
    authors: tuple[str, ...] = ()
    venue: str | None = None
    category: str | None = None

    @property
    def is_empty(self) -> bool:
        """True when every paper passes."""
        return self == Filters()

    def rows(self, snapshot: Snapshot) -> np.ndarray:
        """Rows of the papers that pass, ascending, int64."""
        conditions = ["1"]
        values: list[object] = []
        first, last = self.years
        if first is not None:
            conditions.append("year >= ?")
            values.append(first)
        if last is not None:
            conditions.append("year <= ?")
            values.append(last)
        by_words = [("authors", author) for author in self.authors]
        by_words += [("json_array(venue)", self.venue)] if self.venue else []
        by_words += [("categories", self.category)] if self.category else []
        for column, wanted in by_words:
            conditions.append(f"has_words({column}, ?)")
            values.append(wanted)
        return snapshot.rows_where(conditions, values)


def parse_years(text: str) -> tuple[int | None, int | None]:
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
    authors: Sequence[str] = (),
    venue: str | None = None,
    category: str | None = None,
) -> Filters:
    """Filters from text as typed on a command line or in a form. Raises FilterError."""
    bounds = parse_years(years) if years else (None, None)
    return Filters(bounds, tuple(a for a in authors if a.strip()), venue or None, category or None)
