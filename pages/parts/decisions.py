"""Decisions about the same work that wait for the next rebuild, in words, each to take back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from pages.parts.text import bullets, count, cut, note, shown
from search import AbstractsError, Decision, Origin, Searcher, UnknownPaperError, undo_decision

_MISHAP = "decision-mishap"
_NAMED = 5  # mentions or titles of one decision
_TITLE = 90  # characters


def waiting(searcher: Searcher, decisions: Sequence[Decision]) -> None:
    """What the next rebuild will bring about, with a button to take back each decision."""
    for number, decision in enumerate(decisions):
        with st.container(key=f"waiting-{number}", border=True, gap="small"):
            st.html(f"<div role='status'>{_in_words(searcher, decision)}</div>")
            st.button(
                "Take this back", key=f"undo-{number}", icon=":material/undo:", type="tertiary",
                on_click=decide, args=(undo_decision, searcher.snapshot, decision),
            )  # fmt: skip


def decide(act: Callable[..., object], *values: object) -> None:
    """Carry out a decision, as a callback. What hinders it is told by `mishap`."""
    try:
        act(*values)
    except AbstractsError as error:
        st.session_state[_MISHAP] = str(error)


def mishap() -> None:
    """Say why the decision before this drawing was not carried out, if it was not."""
    told = st.session_state.pop(_MISHAP, None)
    if told:
        note("This was not written down", told)


def place(origin: Origin) -> str:
    """File and lines of a mention as HTML, the file without its folder."""
    mention = origin.mention
    first, last = mention.line_start, mention.line_end
    lines = f"line {first}" if first == last else f"lines {first} to {last}"
    return f"{shown(file_name(mention.source))}, {lines}"


def file_name(source: str) -> str:
    """The last part of a path."""
    return source.rstrip("/").rpartition("/")[2] or source


def _in_words(searcher: Searcher, decision: Decision) -> str:
    """A decision as HTML."""
    titles = [f"“{shown(cut(title, _TITLE))}”" for title in decision.titles[:_NAMED]]
    named = [_mention(searcher, mention_id) for mention_id in decision.mentions[:_NAMED]]
    more = len(decision.mentions) - _NAMED
    named += [f"and {more:,} more"] if more > 0 else []
    when = f" <span class='aside'>Decided on {shown(decision.when)}.</span>" * bool(decision.when)
    if decision.kind == "join":
        told = f"<p>At the next rebuild these become one paper.{when}</p>"
        return told + bullets(titles or named)
    of = f" of {titles[0]}" if titles else ""
    if set(decision.mentions) <= set(decision.apart):
        number = count(len(decision.mentions), "mention")
        return f"<p>At the next rebuild each of the {number}{of} becomes a paper alone.{when}</p>"
    told = "this mention" if len(decision.mentions) == 1 else "these mentions"
    return f"<p>At the next rebuild {told}{of} will be another paper.{when}</p>{bullets(named)}"


def _mention(searcher: Searcher, mention_id: str) -> str:
    """Where a mention stands; its id when the index does not hold it."""
    try:
        return place(searcher.history(mention_id).origin(mention_id))
    except (UnknownPaperError, KeyError):
        return shown(mention_id)
