"""Long lists in pages. The number of the page stands in the address, under the list's own name."""

from __future__ import annotations

import re

import streamlit as st

from pages.parts.nav import link
from pages.parts.place import Place

# Parameters that choose what is seen of a list further down: the page stays where it is scrolled.
WITHIN = frozenset(
    {"files", "skipped", "merges", "find", "order", "mentions", "colour", "at", "area"}
)


def first_of(at: Place, name: str, total: int, size: int) -> int:
    """Offset of the first item on the page of that list; beyond the end it is the last page."""
    number = at.value(name)
    wanted = int(number) if re.fullmatch("[0-9]{1,9}", number) else 1
    last = max(1, -(-total // size))
    return (min(max(wanted, 1), last) - 1) * size


def pager(at: Place, name: str, total: int, size: int) -> None:
    """Which items are shown, and the ways to those before and after."""
    if total <= size:
        return
    first = first_of(at, name, total, size)
    page = first // size + 1
    with st.container(key=f"pager-{name}", horizontal=True, vertical_alignment="center"):
        shown = f"{first + 1:,} to {min(first + size, total):,} of {total:,}"
        st.html(f"<p class='aside'>{shown}</p>", width="content")
        if first:
            _turn(at, name, page - 1, "Previous", ":material/chevron_left:")
        if first + size < total:
            _turn(at, name, page + 1, "Next", ":material/chevron_right:")


def changed(at: Place, **own: str) -> Place:
    """The same page with some of its own parameters changed."""
    return at.with_own(**{**dict(at.own), **own})


def _turn(at: Place, name: str, page: int, word: str, icon: str) -> None:
    to = changed(at, **{name: str(page) if page > 1 else ""})
    told = f"{word} page of the {name}"
    link(at, to, word, f"{word.lower()}-{name}", icon=icon, told=told)
