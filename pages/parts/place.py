"""Where a visitor is: the page, what is asked, and the way there.

All of it stands in the address, so that reloading, going back and passing on a link work by
themselves. What is asked goes along to every page under the names below; a page's own parameters
(`own`) stay on it.

    q=WORDS like=ID unlike=ID author=A venue=V category=C on=TOPIC year=2019..2022
    sort=year typed=1 n=30 trail=PAGE?PARAMETERS

Each `trail` is an earlier place, the oldest first, written without its own trail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlencode

SEARCH = "search"
FIRST, MOST = 10, 200  # hits at first, and at most on one page
_CHARACTERS = 20_000  # of a query; a pasted abstract has a tenth of that
_VALUES = 50  # of each kind of condition, and examples
_STEPS, _LONGEST = 8, 3000  # places of a trail, and characters of them together

# Field of `Asked` -> its name in the address.
_LISTS = {
    "like": "like", "unlike": "unlike", "authors": "author", "venues": "venue",
    "categories": "category", "topics": "on",
}  # fmt: skip

Parameters = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: words, examples, conditions, an order. All of it as typed or clicked."""

    query: str = ""
    like: tuple[str, ...] = ()  # ids of papers
    unlike: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    years: str = ""  # "2019..2022"
    by_year: bool = False
    as_typed: bool = False

    @property
    def has_conditions(self) -> bool:
        """True when something but words and examples is asked."""
        return bool(self.authors or self.venues or self.categories or self.topics or self.years)

    def without_conditions(self) -> Asked:
        """The same words and examples alone."""
        return Asked(self.query, self.like, self.unlike, by_year=self.by_year)

    @property
    def is_empty(self) -> bool:
        """True when there is nothing to answer. What to stay away from is no question alone."""
        return not (self.query.strip() or self.like or self.has_conditions)


@dataclass(frozen=True, slots=True)
class Place:
    """A page, what is asked, the parameters of the page itself, and the places before it."""

    page: str = SEARCH
    asked: Asked = field(default_factory=Asked)
    own: tuple[tuple[str, str], ...] = ()
    hits: int = FIRST
    trail: tuple[str, ...] = ()

    def value(self, name: str) -> str:
        """One of the page's own parameters; empty when it is not given."""
        return dict(self.own).get(name, "")

    def to(self, page: str, **own: str) -> Place:
        """Another page, with the same question and the same way there."""
        return Place(page, self.asked, _stated(own.items()), trail=self.trail)

    def then(self, page: str, **own: str) -> Place:
        """A step on to another page; this place joins the trail."""
        return self._on_to(self.to(page, **own))

    def asking(self, **changes: object) -> Place:
        """The search with another question; this place joins the trail."""
        asked = replace(self.asked, **changes)  # type: ignore[arg-type]
        return self._on_to(Place(SEARCH, asked))

    def narrowed(self, **changes: object) -> Place:
        """The search with other conditions: no step of the trail."""
        asked = replace(self.asked, **changes)  # type: ignore[arg-type]
        return Place(SEARCH, asked, trail=self.trail)

    def with_own(self, **own: str) -> Place:
        """The same page with other parameters of its own."""
        return replace(self, own=_stated(own.items()), hits=FIRST)

    def parameters(self) -> dict[str, list[str]]:
        """The parameters of the address."""
        return _grouped([*self._own_and_asked(), *(("trail", step) for step in self.trail)])

    def step(self) -> str:
        """The place as a step of a trail. What was asked belongs to the search alone."""
        pairs = self._own_and_asked() if self.page == SEARCH else self.own
        return f"{self.page}?{urlencode(pairs)}"

    def back(self, number: int) -> Place:
        """The place at a step of the trail, with what was before it."""
        page, _, rest = self.trail[number].partition("?")
        found = read(page, _grouped(parse_qsl(rest)))
        asked = found.asked if page == SEARCH else self.asked
        return replace(found, asked=asked, trail=self.trail[:number])

    def _own_and_asked(self) -> list[tuple[str, str]]:
        asked = self.asked
        pairs = [*self.own, ("q", asked.query)]
        pairs += [(name, v) for key, name in _LISTS.items() for v in getattr(asked, key)]
        pairs += [("year", asked.years), ("sort", "year" if asked.by_year else "")]
        pairs += [("typed", "1" if asked.as_typed else "")]
        pairs += [("n", str(self.hits) if self.hits != FIRST else "")]
        return [(name, value) for name, value in pairs if value]

    def _on_to(self, place: Place) -> Place:
        """The place, with this one as the last step of its trail; the oldest steps make room."""
        blank = self.page == SEARCH and self.asked.is_empty
        here = () if blank else (self.step(),)
        # No step leads to where one is, and none stands twice.
        trail = [step for step in self.trail if step not in here]
        trail = [step for step in (*trail, *here) if step != place.step()][-_STEPS:]
        while sum(map(len, trail)) > _LONGEST:
            trail.pop(0)
        return replace(place, trail=tuple(trail))


def read(page: str, parameters: Parameters) -> Place:
    """The place of an address. What makes no sense in it is left out."""

    def first(name: str) -> str:
        return next(iter(parameters.get(name, ())), "")

    def several(name: str) -> tuple[str, ...]:
        stated = (value.strip() for value in parameters.get(name, ()))
        return tuple(dict.fromkeys(filter(None, stated)))[:_VALUES]

    asked = Asked(
        query=first("q").strip()[:_CHARACTERS],
        years=first("year").strip(),
        by_year=first("sort") == "year",
        as_typed=first("typed") == "1",
        **{key: several(name) for key, name in _LISTS.items()},
    )
    shared = {*_LISTS.values(), "q", "year", "sort", "typed", "n", "trail"}
    own = _stated((name, first(name)) for name in parameters if name not in shared)
    steps = [step for step in parameters.get("trail", ()) if _is_step(step)]
    return Place(page, asked, own, _number(first("n")), tuple(steps[-_STEPS:]))


PAGES = ("search", "paper", "topics", "new", "library", "index")


def _is_step(text: str) -> bool:
    return text.partition("?")[0] in PAGES and "?" in text


def _number(text: str) -> int:
    return min(max(int(text), FIRST), MOST) if re.fullmatch("[0-9]{1,6}", text) else FIRST


def _stated(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in pairs if value)


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped
