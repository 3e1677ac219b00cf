"""The search: a box, the papers that answer, and ways to go on from them."""

from __future__ import annotations

import streamlit as st

from pages.parts import saving, shared
from pages.parts.narrow import narrow, side
from pages.parts.nav import go, here, link
from pages.parts.paper import each_hit
from pages.parts.place import FIRST, MOST, Place
from pages.parts.text import count, note, shown
from pages.parts.tray import chips, tray
from search import Answer, Searcher, Sort, make_filters

_EXAMPLES = 3
_SCREEN = 3  # hits that are seen before one scrolls

_LANGUAGE = """<p>Plain words are enough. Among them you can write:</p><dl>
<dt><code>author:leo</code> <code>author:"leo gagnon"</code></dt><dd>an author of that name</dd>
<dt><code>title:attention</code></dt><dd>words of the title</dd>
<dt><code>venue:neurips</code> <code>category:LG</code></dt>
<dd>the venue or category; of several, one is enough</dd>
<dt><code>year:2021</code> <code>year:2019..2022</code> <code>year:2019..</code></dt>
<dd>the years</dd>
<dt><code>"exact words"</code></dt><dd>words side by side in title or abstract</dd>
<dt><code>-survey</code> <code>-"few shot"</code> <code>-author:leo</code></dt><dd>not so</dd></dl>
<p>A pasted abstract is plain text, whatever signs are in it.</p>"""


def main() -> None:
    """Draw the page that the address asks for."""
    at, searcher = here("search"), shared.open_index()
    _box(at)
    # Each part has its place, also while it is empty, so that nothing else moves into it.
    question, results = st.container(), st.container()
    with question:
        tray(at, searcher)
        chips(at, searcher)
    with results:
        if at.asked.is_empty:
            _start(at, searcher)
        else:
            _results(at, searcher)


def _results(at: Place, searcher: Searcher) -> None:
    """The hits, a screen full of them first, and what to narrow them by."""
    facets = side()
    answer = _answer(at, searcher)
    judged = _above(at, answer)
    lists = saving.lists_of([hit.paper for hit in answer.hits])
    each_hit(at, searcher, answer.hits[:_SCREEN], lists, judged=judged)
    with facets:
        narrow(at, searcher, searcher.facets(answer), len(answer.ranking.rows))
    each_hit(at, searcher, answer.hits[_SCREEN:], lists, judged=judged)
    if len(answer.hits) == at.hits < min(len(answer.ranking.rows), MOST):
        longer = Place(at.page, at.asked, at.own, at.hits + FIRST, at.trail)
        link(at, longer, "Show more", "more", kind="secondary")


def _box(at: Place) -> None:
    """The line to type into; it shows the query of the address."""
    st.session_state["query"] = at.asked.query
    with st.form("search", border=False), st.container(horizontal=True):
        asked = "What should the papers be about? Words, a question, a whole abstract"
        st.text_input("Search", key="query", placeholder=asked, label_visibility="collapsed")
        st.form_submit_button("Search", type="primary", on_click=_submit, args=(at,))
    with st.expander("How to say it exactly"):
        st.html(_LANGUAGE)


def _submit(at: Place) -> None:
    typed = st.session_state["query"].strip()
    if typed != at.asked.query:
        go(at.asking(query=typed, as_typed=False))


def _start(at: Place, searcher: Searcher) -> None:
    st.html(
        "<p>Finds papers by what their abstracts say, asked in your own words."
        f" {count(len(searcher), 'paper')} can be searched.</p><p class='aside'>For example:</p>"
    )
    with st.container(key="examples", horizontal=True):
        for topic in searcher.topics()[:_EXAMPLES]:
            to = at.asking(query=topic.label)
            link(at, to, topic.label, f"try-{topic.topic_id}", kind="secondary")


def _answer(at: Place, searcher: Searcher) -> Answer:
    """The answer to what is asked."""
    asked, k = at.asked, at.hits
    filters = make_filters(
        asked.years,
        authors=asked.authors,
        venues=asked.venues,
        categories=asked.categories,
        topics=asked.topics,
    )
    sort: Sort = "year" if asked.by_year else "relevance"
    if asked.like:
        return searcher.ask_like(
            asked.like, asked.unlike, k, filters,
            text=asked.query, sort=sort, as_typed=asked.as_typed,
        )  # fmt: skip
    return searcher.ask(
        asked.query, k, filters,
        unlike=asked.unlike, sort=sort, as_typed=asked.as_typed,
    )  # fmt: skip


def _above(at: Place, answer: Answer) -> bool:
    """How the question was understood. True when papers can fit it more or less."""
    judged = answer.text != "" or bool(at.asked.like)
    _understood(at, answer)
    if answer.best is None:
        note("No paper meets all the conditions", "Leave one out, or widen the years.")
    elif judged:
        if not answer.fits:
            _nothing_fits(at)
        _order(at, answer)
    else:
        _heading(answer)
    return judged


def _understood(at: Place, answer: Answer) -> None:
    """What was understood otherwise than typed."""
    notes = [f"<p class='aside'>{shown(str(slip))}</p>" for slip in answer.slips]
    fixes = "; ".join(
        f"<b>{shown(fix.meant)}</b> instead of {shown(fix.typed)}" for fix in answer.corrections
    )
    if fixes:
        notes.append(f"<p>Searched for {fixes}.</p>")
    if not notes:
        return
    with st.container(key="understood", gap="small"):
        st.html(f"<div role='status'>{''.join(notes)}</div>")
        if fixes:
            link(at, at.narrowed(as_typed=True), "Search for it as typed", "typed")


def _nothing_fits(at: Place) -> None:
    advice = (
        "What follows is the nearest there is, and probably about something else. Say it in other"
        " words, name the method or the phenomenon, or look at what there is."
    )
    note("Nothing here fits well", advice)
    with st.container(horizontal=True):
        if at.asked.has_conditions:
            bare = Place(asked=at.asked.without_conditions(), trail=at.trail)
            link(at, bare, "Search without the conditions", "wider", kind="secondary")
        link(at, at.then("topics"), "Look through the topics", "to-topics", icon=":material/tag:")


def _heading(answer: Answer) -> None:
    """How many papers there are to show."""
    meeting = "" if answer.filters.is_empty else " that meet the conditions"
    st.html(f"<h2 class='aside'>{count(answer.among, 'paper')}{meeting}</h2>")


def _order(at: Place, answer: Answer) -> None:
    """By relevance or by year."""
    st.session_state["order"] = "year" if at.asked.by_year else "relevance"
    with st.container(key="order-row", horizontal=True, vertical_alignment="center"):
        _heading(answer)
        st.radio(
            "Sort by",
            ["relevance", "year"],
            key="order",
            horizontal=True,
            on_change=_reorder,
            args=(at,),
        )


def _reorder(at: Place) -> None:
    go(at.narrowed(by_year=st.session_state["order"] == "year"))


main()
