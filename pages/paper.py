"""One paper: all that is known of it, what is near it, how to cite it, and where it comes from."""

from __future__ import annotations

import html

import streamlit as st

from pages.parts import actions, saving, shared
from pages.parts.nav import here, link
from pages.parts.paper import lines
from pages.parts.place import Place
from pages.parts.provenance import provenance
from pages.parts.text import cut, facts, note, shown, title, web_addresses, web_link
from search import Hit, Paper, Searcher, UnknownPaperError, plain

_NEAR = 6  # papers on either side
_AUTHORS = 12  # with a link of their own; "et al." of a hit begins earlier
_LABEL = 60  # characters


def main() -> None:
    """Draw the paper that the address names, by any id that it ever had."""
    at, searcher = here("paper"), shared.open_index()
    try:
        told = searcher.history(at.value("id"))
    except UnknownPaperError:
        _unknown(at)
        return
    paper = told.paper
    st.set_page_config(page_title=plain(cut(paper.display_title, _LABEL)))
    _record(at, searcher, paper)
    _related(at, searcher, paper)
    st.html("<h2>Cite</h2>")
    actions.citation(paper)
    provenance(at, searcher, told)


def _unknown(at: Place) -> None:
    st.html("<h1>No such paper</h1>")
    asked = at.value("id")
    told = f"No paper, now or before, has the id {asked!r}." if asked else "No paper is named."
    advice = "Its source may have been taken away, or the address belongs to another index."
    note("This paper is not in the index", f"{told} {advice}")
    link(at, at.to("search"), "Back to the search", "to-search", icon=":material/search:")


def _record(at: Place, searcher: Searcher, paper: Paper) -> None:
    """The record as it is known, with what can be done with it."""
    addresses = " · ".join(web_link(shown(name), to) for name, to in web_addresses(paper))
    also = ", ".join(map(shown, paper.other_titles))
    rows = [
        f"<h1>{title(paper)}</h1>",
        f"<p>{facts(paper)}</p>",
        f"<p class='aside'>Categories: {shown(', '.join(paper.categories))}</p>"
        if paper.categories
        else "",
        f"<p class='aside'>{addresses}</p>" if addresses else "",
        f"<p class='aside'>Also known as: {also}</p>" if also else "",
    ]
    topic = searcher.topic_of(paper.paper_id)
    with st.container(key="hit-0", gap="small"):  # the keys work here as they do on a hit
        st.html(f"<article tabindex='-1'>{''.join(rows)}</article>")
        with st.container(horizontal=True, gap="small"):
            actions.examples(at, paper)
            saving.save(paper, saving.lists_of([paper]))
            to = at.then("topics", topic=topic.topic_id)
            name, told = cut(topic.label, _LABEL), f"Topic: {topic.label}"
            link(at, to, name, "topic", icon=":material/tag:", told=told)
        _people(at, paper)
        st.html(f"<h2>Abstract</h2>{_abstract(paper)}")


def _people(at: Place, paper: Paper) -> None:
    """Each author as a link to their other papers here."""
    if not paper.authors:
        return
    blank = {"query": "", "like": (), "unlike": (), "venues": (), "categories": (), "topics": ()}
    with st.container(key="people", horizontal=True, gap="small", vertical_alignment="center"):
        st.html("<span class='aside'>Papers of</span>", width="content")
        for number, name in enumerate(paper.authors[:_AUTHORS]):
            to = at.asking(**blank, years="", authors=(name,))
            link(at, to, name, f"author-{number}")
    others = paper.authors[_AUTHORS:]
    if others:
        st.html(f"<p class='aside'>and {shown(', '.join(others))}</p>")


def _abstract(paper: Paper) -> str:
    if paper.abstract is None:
        return "<p class='aside'>No abstract known</p>"
    cut_off = " <span class='aside'>(cut off in the source)</span>" * paper.abstract_truncated
    return f"<p><bdi>{html.escape(plain(paper.abstract))}</bdi>{cut_off}</p>"


def _related(at: Place, searcher: Searcher, paper: Paper) -> None:
    """The nearest papers, and those of the same theme, side by side."""
    st.html("<h2>Related papers</h2>")
    sides = (
        ("Nearest", "Most alike in what they say", searcher.similar([paper.paper_id], k=_NEAR)),
        (
            "On the same theme",
            "Spread over the topic, unlike each other",
            searcher.topic_similar(paper.paper_id, k=_NEAR),
        ),
    )
    for side, (column, (name, meaning, found)) in enumerate(zip(st.columns(2), sides, strict=True)):
        with column:
            st.html(f"<h3>{name}</h3><p class='aside'>{meaning}</p>")
            _side(at, found, f"side-{side}")


def _side(at: Place, found: list[Hit], key: str) -> None:
    if found:
        lines(at, found, key)
    else:
        st.html("<p class='aside'>The index holds no other paper.</p>")


main()
