"""The new papers: what the index got since a date, the newest or the likest to a list first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import streamlit as st

from pages.parts import exchange, saving, shared
from pages.parts.nav import go, here, link
from pages.parts.pager import changed
from pages.parts.paper import each_hit
from pages.parts.place import FIRST, MOST, Place
from pages.parts.since import Since, moment, read_since
from pages.parts.text import count, note, shown
from search import (
    AbstractsError,
    Answer,
    LibraryError,
    ListInfo,
    Paper,
    Searcher,
    last_addition,
    like_ids,
    plain,
)

_PERIODS = (7, 30)  # days that are offered
_DATE = "date"  # what is chosen to name a date
_EARLIEST = date(1970, 1, 1)  # that the calendar offers
_EXPORTED = 10_000  # papers of one file


def main() -> None:
    """Draw what the address asks for."""
    at, searcher = here("new"), shared.open_index()
    st.html("<h1>New papers</h1>")
    last = last_addition(searcher.snapshot)
    if last is None:
        note("Nothing has come in yet", "What the next build adds will be listed here.")
        return
    since = _since(at, last[0])
    infos = _lists()
    with st.container(key="new-choice", horizontal=True, vertical_alignment="bottom"):
        _periods(at, since, last[0])
        if infos:
            _likeness(at, infos)
    if not infos:
        told = (
            "Save papers to a list, and what is new can stand in the order of its likeness to them."
        )
        st.html(f"<p class='aside'>{told}</p>")
    if since is not None:
        _new(at, searcher, _Asked(since, *last, _like(at, searcher, infos)))


# --- What is asked ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Like:
    """A list that the papers should be like."""

    name: str
    ids: tuple[str, ...]  # of its papers
    missing: int  # of its papers that the index has not


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which papers, in which order."""

    since: Since
    last_added: str  # date of the last build that added papers
    last_papers: int  # that it added
    like: _Like | None = None  # None for the newest first

    def answer(self, searcher: Searcher, k: int) -> Answer:
        """The first k papers."""
        ids = self.like.ids if self.like else ()
        return searcher.ask_new(self.since.date, ids, k)


def _since(at: Place, last_added: str) -> Since | None:
    """Since when, as the address says; None, and why, when that cannot be read."""
    try:
        return read_since(at.value("since"), last_added, datetime.now(UTC))
    except AbstractsError as error:
        note("Since when cannot be read", f"{error}, or a number of days, as 7d.")
        return None


def _lists() -> list[ListInfo]:
    """The lists of the library that have papers. A library that cannot be read is told of."""
    try:
        return [info for info in saving.library().lists() if info.size]
    except LibraryError as error:
        note("The library cannot be read", str(error))
        return []


def _periods(at: Place, since: Since | None, last_added: str) -> None:
    """Since when, to choose."""
    asked = at.value("since")
    days = sorted({*_PERIODS, *([since.days] if since and since.days else [])})
    told = {
        "": "the last build with new papers",
        **{f"{n}d": _days(n) for n in days},
        _DATE: "a date",
    }
    by_date = asked not in told or asked == _DATE
    st.session_state["since"] = _DATE if by_date else asked
    st.radio(
        "New since", list(told), key="since", format_func=told.__getitem__, horizontal=True,
        on_change=_choose_period, args=(at, last_added),
    )  # fmt: skip
    if by_date:
        stated = since.date if since and since.date else last_added
        given = max(date.fromisoformat(stated[:10]), _EARLIEST)
        st.session_state["since-date"] = given
        st.date_input(
            "Date (UTC)", key="since-date", min_value=_EARLIEST,
            max_value=max(given, datetime.now(UTC).date()),
            format="YYYY-MM-DD", width=160, on_change=_choose_date, args=(at,),
        )  # fmt: skip


def _days(number: int) -> str:
    return f"{number} days ago" if number > 1 else "a day ago"


def _choose_period(at: Place, last_added: str) -> None:
    chosen = st.session_state["since"]
    go(changed(at, since=last_added[:10] if chosen == _DATE else chosen))


def _choose_date(at: Place) -> None:
    chosen: date | None = st.session_state["since-date"]
    if chosen is not None:  # nothing is asked by a date that was cleared
        go(changed(at, since=chosen.isoformat()))


def _likeness(at: Place, infos: Sequence[ListInfo]) -> None:
    """The order, to choose: by date, or by likeness to a list."""
    told = {"": "the newest first"}
    told |= {info.name: f"the most like “{plain(info.name)}” ({info.size:,})" for info in infos}
    chosen = _chosen(at, infos)
    st.session_state["likeness"] = chosen.name if chosen else ""
    st.selectbox(
        "Order", list(told), key="likeness", format_func=told.__getitem__,
        on_change=_choose_likeness, args=(at,),
    )  # fmt: skip


def _choose_likeness(at: Place) -> None:
    go(changed(at, list=st.session_state["likeness"]))


def _chosen(at: Place, infos: Sequence[ListInfo]) -> ListInfo | None:
    """The list of the address, in any letter case."""
    name = at.value("list").casefold()
    return next((info for info in infos if name and info.name.casefold() == name), None)


def _like(at: Place, searcher: Searcher, infos: Sequence[ListInfo]) -> _Like | None:
    """The list of the address. Where there is none of that name, or the index has none of its
    papers, that is said.
    """
    name, chosen = at.value("list"), _chosen(at, infos)
    try:
        if chosen is not None:
            ids, missing = like_ids([chosen.name], saving.library(), searcher.snapshot)
            return _Like(chosen.name, tuple(ids), len(missing))
        if name:
            told = "It may be empty, renamed or deleted. Here are the newest first."
            note(f"There is no list “{name}” with papers", told)
    except AbstractsError as error:
        note("This list cannot be asked by", f"{error}. Here are the newest first.")
    return None


# --- What came in -----------------------------------------------------------------------------


def _new(at: Place, searcher: Searcher, asked: _Asked) -> None:
    """The papers, or that there are none."""
    answer = asked.answer(searcher, at.hits)
    if not len(answer.hits):
        _nothing(at, searcher, asked)
        return
    _head(searcher, asked, answer)
    if asked.like and not answer.fits:
        told = "What follows is the nearest there is, and probably about something else."
        note(f"Nothing new is much like “{asked.like.name}”", told)
    lists = saving.lists_of([hit.paper for hit in answer.hits])
    each_hit(
        at, searcher, answer.hits, lists,
        judged=asked.like is not None, dated=asked.since.date is not None,
    )  # fmt: skip
    if len(answer.hits) == at.hits < min(answer.among, MOST):
        link(at, replace(at, hits=at.hits + FIRST), "Show more", "more", kind="secondary")
    elif len(answer.hits) < answer.among:
        told = "Export has more of them, and a later date leaves fewer."
        st.html(f"<p class='aside'>These are the first {len(answer.hits):,}. {told}</p>")


def _head(searcher: Searcher, asked: _Asked, answer: Answer) -> None:
    """How many came in, in which order they stand, and a way to take them away."""
    told = []
    if asked.since.date is None and not searcher.snapshot.manifest.counts["added"]:
        told.append("No build after it added any.")
    if answer.among == len(searcher):
        told.append("That is every paper that the index has.")
    if asked.like:
        told.append(
            f"The most like “{shown(asked.like.name)}” come first; what is in that list already is"
            " left out."
        )
        if asked.like.missing:
            told.append(
                f"{count(asked.like.missing, 'paper')} of the list not in the index, left aside."
            )
    aside = f"<p class='aside'>{' '.join(told)}</p>" if told else ""
    words = f"{count(answer.among, 'new paper')} {asked.since.words}"
    st.html(f"<div role='status'><h2>{words}</h2>{aside}</div>")
    with st.container(key="list-tools", horizontal=True, gap="small", vertical_alignment="center"):
        name = f"new since {(asked.since.date or asked.last_added)[:10]}"

        def papers() -> list[Paper]:
            return [hit.paper for hit in asked.answer(searcher, _EXPORTED).hits]

        exchange.papers_downloads(name, papers)
        if answer.among > _EXPORTED:
            st.html(f"<p class='aside'>A file takes the first {_EXPORTED:,}.</p>", width="content")


def _nothing(at: Place, searcher: Searcher, asked: _Asked) -> None:
    """That nothing came in, or nothing but what is in the list, and when something last did."""
    like = asked.like
    others = replace(asked, like=None).answer(searcher, 1).among if like else 0
    if like and others:
        words = f"{count(others, 'new paper')} {asked.since.words}"
        st.html(f"<div role='status'><h2>{words}, all in “{shown(like.name)}” already</h2></div>")
        to, text = changed(at, list=""), "Show the newest first"
    else:
        last = f"The last build that added papers was on {moment(asked.last_added)}"
        st.html(
            f"<div role='status'><h2>Nothing new {asked.since.words}</h2>"
            f"<p>{last}; it added {asked.last_papers:,}.</p></div>"
        )
        to, text = changed(at, since=""), "Show what that build added"
    link(at, to, text, "rather", kind="secondary")


main()
