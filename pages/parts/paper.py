"""The look of a paper: as a hit with what speaks for it, and as a line among others."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from pages.parts import actions, saving
from pages.parts.nav import link
from pages.parts.place import Place
from pages.parts.text import cut, facts, shown, title
from search import Hit, Paper, Searcher, plain

_AROUND = 220  # characters shown on either side of the best sentence
_WHOLE = 600  # a shorter abstract is shown whole
_LABEL = 40  # characters of a topic


def hits(at: Place, searcher: Searcher, found: Sequence[Hit], *, judged: bool = True) -> None:
    """Hits one below the other; `judged` when their strength says something about an answer."""
    each_hit(at, searcher, found, saving.lists_of([hit.paper for hit in found]), judged=judged)


def each_hit(
    at: Place, searcher: Searcher, found: Sequence[Hit], lists: saving.Lists,
    *, judged: bool, dated: bool = False,
) -> None:  # fmt: skip
    """Hits of which `lists` may hold some already. `dated` tells since when the index has each."""
    for hit in found:
        with st.container(key=f"hit-{hit.rank}", gap="xsmall"):
            st.html(article(hit.paper, hit, judged=judged, dated=dated))
            _row_of_actions(at, searcher, hit.paper, lists)


def lines(at: Place, found: Sequence[Hit], key: str) -> None:
    """Hits as short lines, each a link to the page of the paper."""
    for hit in found:
        paper = hit.paper
        with st.container(key=f"{key}-{hit.rank}", gap=None):
            to = at.then("paper", id=paper.paper_id)
            link(at, to, paper.display_title, f"{key}-to-{paper.paper_id}")
            st.html(f"<p class='aside'>{facts(paper)}</p>")


def _row_of_actions(at: Place, searcher: Searcher, paper: Paper, lists: saving.Lists) -> None:
    paper_id, topic = paper.paper_id, searcher.topic_of(paper.paper_id)
    details = at.then("paper", id=paper_id)
    with st.container(horizontal=True, gap="small"):
        link(at, details, "Details", f"open-{paper_id}", icon=":material/article:")
        actions.examples(at, paper)
        saving.save(paper, lists)
        actions.cite(paper)
        to, name = at.then("topics", topic=topic.topic_id), cut(topic.label, _LABEL)
        told = f"Topic: {topic.label}"
        link(at, to, name, f"on-{paper_id}", icon=":material/tag:", told=told)


def article(
    paper: Paper, hit: Hit | None = None, *, judged: bool = False, dated: bool = False
) -> str:
    """A paper as HTML, with the match and the best sentence of a hit; `dated` tells since when the
    index has it.
    """
    match = f"<span class='match {hit.strength}'>{hit.strength} match</span> " if hit else ""
    number = f"<span class='rank'>{hit.rank}.</span> " if hit else ""
    also = ", ".join(map(shown, paper.other_titles))
    since = f"added {paper.added[:10]}" if dated and paper.added else ""
    stated = " · ".join(filter(None, (facts(paper), since)))
    rows = [
        f"<h3>{number}{title(paper)}</h3>",
        f"<p class='aside'>{match if judged else ''}{stated}</p>",
        abstract(paper, hit.span if hit else None),
        f"<p class='aside'>Also known as: {also}</p>" if also else "",
    ]
    # Focus is moved here by the keys j and k.
    return f"<article tabindex='-1'>{''.join(rows)}</article>"


def abstract(paper: Paper, span: tuple[int, int] | None) -> str:
    """The best sentence, marked, in its surroundings, and the whole abstract to unfold."""
    text = paper.abstract
    if text is None:
        return "<p class='aside'>No abstract known</p>"
    start, end = span or (0, 0)
    cut_off = "<span class='aside'>(cut off in the source)</span>" * paper.abstract_truncated
    whole = f"<p>{_marked(text, start, end)} {cut_off}</p>"
    if len(text) <= _WHOLE:
        return whole
    first, last = _surroundings(text, start, end)
    before, after = "… " * (first > 0), " …" * (last < len(text))
    part = _marked(text[first:last], start - first, end - first)
    unfolding = f"<details><summary>Whole abstract</summary>{whole}</details>"
    return f"<p class='part'>{before}{part}{after}</p>{unfolding}"


def _surroundings(text: str, start: int, end: int) -> tuple[int, int]:
    """From the sentence, some words on either side."""
    first = start - _AROUND
    first = 0 if first <= 0 else text.find(" ", first, start) + 1 or start
    last = end + _AROUND
    last = len(text) if last >= len(text) else max(text.rfind(" ", end, last), end)
    return first, last


def _marked(text: str, start: int, end: int) -> str:
    parts = text[:start], text[start:end], text[end:]
    before, best, after = (html.escape(plain(part)) for part in parts)
    return f"<bdi>{before}{best and f'<mark>{best}</mark>'}{after}</bdi>"
