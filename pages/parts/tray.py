"""What is asked, in pieces that can be taken away: examples, and conditions as chips."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.parts.nav import link
from pages.parts.place import Place
from pages.parts.text import cut, shown
from search import Searcher, UnknownPaperError, UnknownTopicError

_TITLE = 64  # characters


def tray(at: Place, searcher: Searcher) -> None:
    """The papers to be like and unlike, each to turn round or take away."""
    asked = at.asked
    if not (asked.like or asked.unlike):
        return
    with st.container(border=True, key="tray", gap="small"):
        st.html(f"<h2>{_sentence(at)}</h2>")
        for paper_id in asked.like:
            _example(at, searcher, paper_id, liked=True)
        for paper_id in asked.unlike:
            _example(at, searcher, paper_id, liked=False)
        with st.container(horizontal=True):
            bare = at.asking(like=(), unlike=())
            link(at, bare, "Clear the examples", "clear-tray", icon=":material/close:")


def _sentence(at: Place) -> str:
    """What the examples ask for, as a heading."""
    asked = at.asked
    like, unlike = len(asked.like), len(asked.unlike)
    parts = [f"like {'this' if like == 1 else f'these {like}'}"] if like else []
    parts += [f"about “{shown(cut(asked.query, _TITLE))}”"] if asked.query and not like else []
    parts += [f"unlike {unlike}"] if unlike else []
    parts += [f"and the words “{shown(cut(asked.query, _TITLE))}”"] if asked.query and like else []
    return f"Papers {', '.join(parts)}"


def _example(at: Place, searcher: Searcher, paper_id: str, *, liked: bool) -> None:
    asked = at.asked
    like = tuple(i for i in asked.like if i != paper_id)
    unlike = tuple(i for i in asked.unlike if i != paper_id)
    turned = (
        at.asking(like=like, unlike=(*unlike, paper_id))
        if liked
        else at.asking(like=(*like, paper_id), unlike=unlike)
    )
    sign, turn = ("Like", "Unlike instead") if liked else ("Unlike", "Like instead")
    try:
        title = searcher.paper(paper_id).display_title
    except UnknownPaperError:
        title = f"{paper_id} (no paper has this id)"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f"<span class='sign {sign.lower()}'>{sign}</span>", width="content")
        to = at.then("paper", id=paper_id)
        link(at, to, cut(title, _TITLE), f"tray-{paper_id}")
        link(at, turned, turn, f"turn-{paper_id}", icon=":material/swap_vert:")
        gone = at.asking(like=like, unlike=unlike)
        told = f"Remove {title}"
        link(at, gone, "Remove", f"drop-{paper_id}", icon=":material/close:", told=told)


@dataclass(frozen=True, slots=True)
class _Chip:
    """A condition in words, and the place without it."""

    words: str
    without: Place


def chips(at: Place, searcher: Searcher) -> None:
    """The conditions that were clicked, each to take away, and the order."""
    found = _chips(at, searcher)
    if not found:
        return
    with st.container(key="chips", horizontal=True, gap="small"):
        for number, chip in enumerate(found):
            told = f"Remove the condition {chip.words}"
            link(
                at, chip.without, chip.words, f"chip-{number}",
                icon=":material/close:", kind="secondary", told=told,
            )  # fmt: skip
        if len(found) > 1:
            bare = at.asked.without_conditions()
            place = Place(asked=bare, trail=at.trail)
            link(at, place, "Clear all conditions", "clear-chips")


def _chips(at: Place, searcher: Searcher) -> list[_Chip]:
    asked = at.asked
    kinds = (("author", "authors"), ("venue", "venues"), ("category", "categories"))
    found = [
        _Chip(f"{name}: {value}", at.narrowed(**{key: _less(getattr(asked, key), value)}))
        for name, key in kinds
        for value in getattr(asked, key)
    ]
    for topic_id in asked.topics:
        words = f"topic: {topic_label(searcher, topic_id)}"
        found.append(_Chip(words, at.narrowed(topics=_less(asked.topics, topic_id))))
    if asked.years:
        found.append(_Chip(f"years: {asked.years.replace('..', '–')}", at.narrowed(years="")))
    return found


def topic_label(searcher: Searcher, topic_id: str) -> str:
    """The name of a topic; an id that is not there stands for itself."""
    try:
        return searcher.topic(topic_id).label
    except UnknownTopicError:
        return topic_id


def _less(values: tuple[str, ...], value: str) -> tuple[str, ...]:
    return tuple(v for v in values if v != value)
