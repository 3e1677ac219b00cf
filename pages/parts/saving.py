"""Saving a paper: with one press into the list that was used last, or into others by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.parts import shared
from pages.parts.text import label, note
from search import DEFAULT_LIST, AbstractsError, Library, LibraryError, Paper

_LAST = "last-list"  # of this visitor, until the tab is closed

Lists = Mapping[str, Sequence[str]]  # id of a paper -> names of the lists that it is in


def library() -> Library:
    """The library beside the index."""
    return Library(shared.folder())


def lists_of(papers: Sequence[Paper]) -> Lists:
    """The lists of each of the papers. A library that cannot be read is told of."""
    try:
        return library().lists_of(papers)
    except LibraryError as error:
        note("The library cannot be read", str(error))
        return {}


def save(paper: Paper, lists: Lists) -> None:
    """A button that saves the paper, or says that it is saved and in which lists to have it."""
    found = lists.get(paper.paper_id, ())
    if not found:
        st.button(
            "Save", key=f"save-{paper.paper_id}", type="tertiary", icon=":material/bookmark:",
            on_click=_save, args=(paper,),
        )  # fmt: skip
    elif st.button(
        "Saved", key=f"saved-{paper.paper_id}", type="tertiary", icon=":material/bookmark_added:",
        help=label(f"In {', '.join(found)}"),
    ):  # fmt: skip
        _choose(paper)


def _save(paper: Paper) -> None:
    """Save into the list that was used last, as long as it is there."""
    try:
        last = st.session_state.get(_LAST, DEFAULT_LIST)
        known = {info.name for info in library().lists()}
        name = last if last in known else DEFAULT_LIST
        library().save(name, paper)
    except LibraryError as error:
        st.toast(label(str(error)), icon=":material/error:")
    else:
        st.toast(label(f"Saved in the list “{name}”"), icon=":material/bookmark_added:")


@st.dialog("Lists")
def _choose(paper: Paper) -> None:
    """The lists, each to be ticked, and a new one."""
    try:
        held = lists_of([paper]).get(paper.paper_id, ())
        names = [info.name for info in library().lists()]
    except LibraryError as error:
        note("The library cannot be read", str(error))
        return
    with st.form("lists", border=False):
        ticked = {name: st.checkbox(label(name), name in held, key=f"in-{name}") for name in names}
        new = st.text_input("New list", key="new-list")
        wanted = ticked | ({new.strip(): True} if new.strip() else {})
        if st.form_submit_button("Done", type="primary") and _keep(paper, held, wanted):
            st.rerun()


def _keep(paper: Paper, held: Sequence[str], wanted: Mapping[str, bool]) -> bool:
    """Bring the lists to what was ticked. False, and why, when one cannot be."""
    try:
        for name, is_in in wanted.items():
            if is_in and name not in held:
                library().save(name, paper)
                st.session_state[_LAST] = name
            elif not is_in and name in held:
                library().remove(name, paper)
    except AbstractsError as error:
        note("The lists are not as ticked", str(error))
        return False
    return True
