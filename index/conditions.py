"""What a paper must state to be among the hits, in a form that any store could answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Field = Literal["author", "title", "venue", "category", "text"]


@dataclass(frozen=True, slots=True)
class Words:
    """All the words stand in the field, whole, accents and case aside.

    Of an author or category they stand together in one. "text" is title and abstract.
    """

    field: Field
    words: str
    phrase: bool = False  # side by side, in this order; of "title" and "text" only


@dataclass(frozen=True, slots=True)
class Years:
    """The paper states a year in the range, both ends included; None leaves an end open."""

    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class Rows:
    """The paper is one of these rows."""

    rows: tuple[int, ...]


Condition = Words | Years | Rows


@dataclass(frozen=True, slots=True)
class Restriction:
    """Of each group in `all_of` one condition holds, and none of `none_of`."""

    all_of: tuple[tuple[Condition, ...], ...] = ()
    none_of: tuple[Condition, ...] = ()
