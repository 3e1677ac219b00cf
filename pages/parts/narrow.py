"""The side of the results: what to narrow them by, with counts."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.nav import go, link
from pages.parts.place import Place
from pages.parts.tray import topic_label
from search import Count, Facets, FilterError, Searcher, parse_years

_OFFERED = 6  # values of each kind, and more to unfold
_UNFOLDED = 30


def side() -> DeltaGenerator:
    """The side bar, for `narrow` to fill. Opened before the hits, so that these need not move."""
    with st.sidebar:
        st.html("<h2>Narrow down</h2>")
        return st.container()


def narrow(at: Place, searcher: Searcher, facets: Facets, ranked: int) -> None:
    """The facets of so many ranked papers; pressing one adds the condition."""
    if not facets.papers:
        st.html("<p class='aside'>No paper is left. Take a condition away.</p>")
    elif facets.papers < ranked:
        st.html(f"<p class='aside'>Counted in the best {facets.papers} papers</p>")
    _years(at, facets.years)
    asked = at.asked
    for name, key, counts, chosen in (
        ("Topics", "topics", facets.topics, asked.topics),
        ("Authors", "authors", facets.authors, asked.authors),
        ("Venues", "venues", facets.venues, asked.venues),
        ("Categories", "categories", facets.categories, asked.categories),
    ):
        _values(at, searcher, name, key, [c for c in counts if c.value not in chosen])


def _values(at: Place, searcher: Searcher, name: str, key: str, counts: Sequence[Count]) -> None:
    if not counts:
        return
    with st.container(key=f"facet-{key}", gap=None):
        st.html(f"<h3>{name}</h3>")
        for count in counts[:_OFFERED]:
            _value(at, searcher, key, count)
        if len(counts) > _OFFERED:
            with st.expander(f"More {name.lower()}"), st.container(gap=None):
                for count in counts[_OFFERED:_UNFOLDED]:
                    _value(at, searcher, key, count)


def _value(at: Place, searcher: Searcher, key: str, count: Count) -> None:
    words = topic_label(searcher, count.value) if key == "topics" else count.value
    to = at.narrowed(**{key: (*getattr(at.asked, key), count.value)})
    link(at, to, f"{words} ({count.papers})", f"by-{key}-{count.value}")


def _years(at: Place, years: Sequence[tuple[int, int]]) -> None:
    """A histogram, and the two ends of a range to move."""
    chosen = _chosen_years(at.asked.years)
    stated = [year for year, _ in years] + [year for year in chosen or () if year]
    if not stated:
        return
    first, last = min(stated), max(stated)
    st.html(f"<h3>Years</h3>{_histogram(years, first, last)}")
    if first == last:
        return
    begin, end = chosen or (None, None)
    st.session_state["years"] = (begin or first, end or last)
    st.slider(
        "From and to", first, last, key="years", format="%d",
        on_change=_choose_years, args=(at, first, last),
    )  # fmt: skip


def _choose_years(at: Place, first: int, last: int) -> None:
    begin, end = st.session_state["years"]
    whole = (begin, end) == (first, last)
    go(at.narrowed(years="" if whole and not at.asked.years else f"{begin}..{end}"))


def _chosen_years(text: str) -> tuple[int | None, int | None] | None:
    try:
        return parse_years(text) if text else None
    except FilterError:
        return None


def _histogram(years: Sequence[tuple[int, int]], first: int, last: int) -> str:
    """Papers a year as bars, and in words for those who do not see them."""
    if not years:
        return ""
    papers = dict(years)
    most = max(papers.values())
    bars = "".join(
        f"<span title='{year}: {papers.get(year, 0)}'"
        f" style='height:{100 * papers.get(year, 0) / most:.1f}%'></span>"
        for year in range(first, last + 1)
    )
    told = ", ".join(f"{year}: {number}" for year, number in years)
    return (
        f"<div class='bars' role='img' aria-label='Papers a year: {told}'>{bars}</div>"
        f"<p class='aside ends'><span>{first}</span><span>{last}</span></p>"
    )
