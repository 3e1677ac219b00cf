"""The topics: a map of the corpus, the papers of what is picked on it, and a table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from pages.parts import shared
from pages.parts.chart import CONFIG, DRAWN, TITLES, Chart, View, chart, picked_area, picked_row
from pages.parts.nav import go, here, link
from pages.parts.pager import changed
from pages.parts.paper import hits
from pages.parts.place import FIRST, MOST, Place
from pages.parts.text import count, note, shown
from pages.parts.topic_table import table
from search import (
    AbstractsError,
    AreaError,
    Hit,
    Searcher,
    UnknownPaperError,
    parse_polygon,
    plain,
    polygon_text,
    simplified,
)

_METHODS = {"pca": "principal components of the topics", "umap": "UMAP"}
_MANY = 2_000  # papers picked at once


def main() -> None:
    """Draw the page that the address asks for."""
    at, searcher = here("topics"), shared.open_index()
    papers, topics = len(searcher), searcher.topics()
    st.html(
        f"<h1>Topics</h1><p>{count(papers, 'paper')} on {count(len(topics), 'topic')}. Papers near"
        " each other are about similar things: click one, or draw around some with the lasso, to"
        " list them. The <a href='#all-topics'>table below</a> says the same in words.</p>"
    )
    _colours(at)
    _map(at, searcher)
    _list(at, searcher)
    _between(at, searcher)
    st.html(f"<h2 id='all-topics'>All topics</h2>{table(at, searcher)}")


def _picked(place: Place, **own: str) -> Place:
    """The page with something else picked. The colours stay."""
    return place.with_own(colour=place.value("colour"), **own)


def _colours(at: Place) -> None:
    st.session_state["colour"] = "year" if at.value("colour") == "year" else "topic"
    st.radio(
        "Colour by", ["topic", "year"], key="colour", horizontal=True,
        on_change=_recolour, args=(at,),
    )  # fmt: skip


def _recolour(at: Place) -> None:
    go(changed(at, colour="year" if st.session_state["colour"] == "year" else ""))


# --- The map ----------------------------------------------------------------------------------


def _map(at: Place, searcher: Searcher) -> None:
    """The chart. It is drawn anew, and so forgets its zoom, when the address asks for something
    that was not picked on it.
    """
    told = (at.value("topic"), at.value("area"), at.value("at"))
    state = st.session_state
    key = f"map-{state.get('map-turn', 0)}"
    if told != state.get("map-told") or (any(told) and key not in state):
        state["map-turn"] = state.get("map-turn", 0) + 1
        state["map-told"] = state["map-drawn"] = told
        key = f"map-{state['map-turn']}"
    topic, area, paper_id = state["map-drawn"]
    view = View(
        by_year=at.value("colour") == "year",
        dark=st.context.theme.type == "dark",
        topic=topic if topic in {t.topic_id for t in searcher.topics()} else "",
        area=_corners(area),
        row=_row(searcher, paper_id),
    )
    manifest = searcher.snapshot.manifest
    drawn = _chart(str(shared.folder()), manifest.generation, manifest.created, view, searcher)
    largest = ", ".join(plain(topic.label) for topic in searcher.topics()[:3])
    st.plotly_chart(
        drawn.figure,
        key=key,
        config=CONFIG,
        on_select=lambda: _pick(at, searcher, drawn, key),
        selection_mode=("points", "box", "lasso"),
        alt=f"Map of {count(len(searcher), 'paper')}; the largest topics are {largest}."
        " The table below lists all of them.",
    )
    _legend(searcher, drawn)


@st.cache_resource(max_entries=8, show_spinner="Drawing the map …")
def _chart(data: str, generation: int, created: str, view: View, _searcher: Searcher) -> Chart:
    """The map of a generation, which the first three tell from all others."""
    return chart(_searcher.atlas, _searcher.topics(), view)


def _legend(searcher: Searcher, drawn: Chart) -> None:
    """How the map was made, and what it needs."""
    method = _METHODS.get(searcher.atlas.method, searcher.atlas.method)
    parts = [f"Places by {method}."]
    if searcher.atlas.method == "pca" and len(searcher) >= 100:
        parts.append("With <code>pip install 'abstract-search[map]'</code> and a rebuild, UMAP")
        parts[-1] += " sets topics further apart."
    if len(searcher) > TITLES:
        parts.append("For so many papers the pointer shows the topic; a click shows the paper.")
    if len(searcher) > DRAWN:
        parts.append(f"About {DRAWN:,} of the papers are drawn; the lists know all.")
    if drawn.is_webgl:
        parts.append("Drawn by WebGL: where it stays empty, the browser has none; use the table.")
    st.html(f"<p class='aside'>{' '.join(parts)}</p>")


def _pick(at: Place, searcher: Searcher, drawn: Chart, key: str) -> None:
    """Make what was picked on the map the address."""
    selection = st.session_state[key]["selection"]
    area, row = picked_area(selection), picked_row(selection, drawn.rows)
    own = {}
    if area is not None:
        own = {"area": polygon_text(simplified(area))}
    elif row is not None:
        own = {"at": searcher.snapshot.papers_at([row])[0].paper_id}
    # Of very many papers the browser would send the list with every click from now on. Drawn anew,
    # the map shows the area but has nothing to send.
    if len(selection["points"]) <= _MANY:
        st.session_state["map-told"] = ("", own.get("area", ""), own.get("at", ""))
    go(_picked(at, **own))


def _corners(area: str) -> tuple[tuple[float, float], ...]:
    try:
        return tuple((x, y) for x, y in parse_polygon(area).tolist()) if area else ()
    except AreaError:
        return ()  # said where its papers should stand


def _row(searcher: Searcher, paper_id: str) -> int | None:
    try:
        return searcher.snapshot.row(paper_id) if paper_id else None
    except UnknownPaperError:
        return None  # likewise


# --- What is picked ---------------------------------------------------------------------------


def _list(at: Place, searcher: Searcher) -> None:
    """The papers that the address asks for."""
    try:
        if at.value("at"):
            _paper(at, searcher)
        elif at.value("area"):
            _area(at, searcher)
        elif at.value("a") and at.value("b"):
            _papers_between(at, searcher)
        elif at.value("topic"):
            _topic(at, searcher)
    except AbstractsError as error:
        note("This cannot be listed", str(error))


def _paper(at: Place, searcher: Searcher) -> None:
    row = searcher.snapshot.row(at.value("at"))
    _head(at, "The paper picked", "")
    hits(at, searcher, searcher.typical(np.array([row])), judged=False)


def _area(at: Place, searcher: Searcher) -> None:
    rows = searcher.atlas.inside(parse_polygon(at.value("area")))
    told = "the most typical first" if len(rows) else "Draw around some, or pick a topic below."
    _head(at, f"{count(len(rows), 'paper')} in the area", told)
    _hits(at, searcher, searcher.typical(rows, at.hits), len(rows))


def _topic(at: Place, searcher: Searcher) -> None:
    topic = searcher.topic(at.value("topic"))
    terms = shown(", ".join(topic.terms))
    _head(at, topic.label, f"{count(topic.size, 'paper')}, the most typical first. Terms: {terms}")
    to = at.narrowed(topics=(topic.topic_id,))
    link(at, to, "Search on this topic", "search-topic", icon=":material/search:")
    _hits(at, searcher, searcher.on_topic(topic.topic_id, at.hits), topic.size)


def _papers_between(at: Place, searcher: Searcher) -> None:
    a, b = (searcher.topic(at.value(name)) for name in ("a", "b"))
    found = searcher.between(a.topic_id, b.topic_id, at.hits)
    told = "The nearer a paper is to both topics, the further up it stands."
    _head(at, f"Between {a.label} and {b.label}", told)
    _hits(at, searcher, found, len(searcher))


def _head(at: Place, title: str, told: str) -> None:
    """What is listed. `title` is foreign text, `told` is HTML."""
    aside = f"<p class='aside'>{told}</p>" if told else ""
    st.html(f"<div role='status'><h2>{shown(title)}</h2>{aside}</div>")
    link(at, _picked(at), "Show nothing", "unpick", icon=":material/close:")


def _hits(at: Place, searcher: Searcher, found: list[Hit], available: int) -> None:
    """How near a paper is to the middle of something says nothing about an answer to a query."""
    hits(at, searcher, found, judged=False)
    if len(found) == at.hits < min(available, MOST):
        longer = replace(at, hits=at.hits + FIRST)
        link(at, longer, "Show more", "more", kind="secondary")


# --- Between two topics -----------------------------------------------------------------------


def _between(at: Place, searcher: Searcher) -> None:
    """Two topics to choose."""
    labels = {
        topic.topic_id: f"{plain(topic.label)} ({topic.size:,})" for topic in searcher.topics()
    }
    if len(labels) < 2:
        return
    st.html("<h2>Papers between two topics</h2>")
    with st.container(horizontal=True):
        for name, asked in (("a", "One topic"), ("b", "Another topic")):
            chosen = at.value(name)
            st.session_state[f"between-{name}"] = chosen if chosen in labels else None
            st.selectbox(
                asked, list(labels), key=f"between-{name}", format_func=labels.__getitem__,
                placeholder="Choose a topic", on_change=_choose, args=(at,),
            )  # fmt: skip


def _choose(at: Place) -> None:
    a, b = (st.session_state[f"between-{name}"] or "" for name in ("a", "b"))
    go(_picked(at, a=a, b=b))


main()
