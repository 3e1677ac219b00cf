"""The library: the papers that a reader keeps, in lists, with notes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from pages.parts import actions, exchange, lists, saving, shared
from pages.parts.nav import go, here, link
from pages.parts.notes import note_of
from pages.parts.pager import first_of, pager
from pages.parts.paper import article
from pages.parts.place import Place
from pages.parts.remark import Remark, attempt, said
from pages.parts.text import count, note, shown
from search import DEFAULT_LIST, LibraryError, ListInfo, Paper, Saved, Searcher, find_saved, plain

_PAGE = 20  # papers at a time
_PAGES = "papers"  # which of them, in the address


def main() -> None:
    """Draw the library, or say why it cannot be."""
    at, searcher = here("library"), shared.open_index()
    st.html("<h1>Library</h1>")
    said()
    try:
        _library(at, searcher)
    except LibraryError as error:
        note("The library cannot be read", str(error))


def _library(at: Place, searcher: Searcher) -> None:
    """The list that the address names, or the first one."""
    library = saving.library()
    infos = library.lists()
    chosen = _chosen(at, infos)
    if infos:
        lists.row(at, infos, chosen)
    if chosen:
        st.set_page_config(page_title=f"{plain(chosen.name)} – Library")
        saved = library.saved(chosen.name, searcher.snapshot)
        _head(at, searcher, chosen, saved)
        _papers(at, searcher, chosen, saved)
    elif infos:
        told = "It may have been renamed or deleted; choose one of those above."
        note(f"There is no list “{at.value('list')}”", told)
    else:
        _nothing_yet(at, searcher)
    lists.deleted(at)


def _chosen(at: Place, infos: Sequence[ListInfo]) -> ListInfo | None:
    """The list of the address, in any letter case; without one the first."""
    name = at.value("list").casefold()
    return next((info for info in infos if not name or info.name.casefold() == name), None)


def _nothing_yet(at: Place, searcher: Searcher) -> None:
    st.html(
        "<p>Here is where papers are kept: press <b>Save</b> at a paper that you find, or bring"
        " the ones that you have.</p><p class='aside'>Each can have a note, and stand in several"
        " lists; what you keep outlasts every rebuild of the index.</p>"
    )
    link(at, at.to("search"), "Find papers", "to-search", icon=":material/search:")
    exchange.imports(DEFAULT_LIST, searcher.snapshot)


def _head(at: Place, searcher: Searcher, info: ListInfo, saved: Sequence[Saved]) -> None:
    """The name of the list and what can be done with it as a whole."""
    changed = info.changed[:16].replace("T", " at ")
    st.html(
        f"<h2>{shown(info.name)}</h2>"
        f"<p class='aside'>{count(len(saved), 'paper')}, changed on {changed} UTC</p>"
    )
    with st.container(key="list-tools", horizontal=True, gap="small"):
        lists.tools(at, info)
        if saved:
            exchange.downloads(info.name, saved)
    exchange.imports(info.name, searcher.snapshot)


def _papers(at: Place, searcher: Searcher, info: ListInfo, saved: Sequence[Saved]) -> None:
    """Some of the papers, the first saved first, and the way to the others."""
    if not saved:
        st.html(
            "<p>Nothing is in this list yet. Press <b>Save</b> at a paper that you find, and"
            " choose the list; or import a file.</p>"
        )
        link(at, at.to("search"), "Find papers", "to-search", icon=":material/search:")
        return
    words = at.value("find")
    if len(saved) > _PAGE or words:
        _find_box(at, info, words)
    found = find_saved(saved, words)
    if words:
        st.html(f"<p role='status'>{count(len(found), 'paper')} with {shown(words)}</p>")
    first = first_of(at, _PAGES, len(found), _PAGE)
    for number, one in enumerate(found[first : first + _PAGE], first + 1):
        with st.container(key=f"hit-{number}", gap="xsmall"):
            _paper(at, info, one)
    pager(at, _PAGES, len(found), _PAGE)


def _find_box(at: Place, info: ListInfo, words: str) -> None:
    st.session_state["find"] = words
    with st.form("find-in-list", border=False), st.container(horizontal=True):
        told = "Find in this list: words of titles, authors and notes"
        st.text_input(
            "Find in this list", key="find", placeholder=told, label_visibility="collapsed"
        )
        st.form_submit_button("Find", on_click=_find, args=(at, info))


def _find(at: Place, info: ListInfo) -> None:
    go(at.with_own(list=info.name, find=st.session_state["find"].strip()))


def _paper(at: Place, info: ListInfo, one: Saved) -> None:
    """A paper with its note and what can be done with it."""
    st.html(article(one.paper))
    if not one.in_index:
        st.html("<span class='sign unlike'>Not in the index</span>")
    note_of(info, one)
    paper = one.paper
    with st.container(horizontal=True, gap="small"):
        if one.in_index:
            to = at.then("paper", id=paper.paper_id)
            link(at, to, "Details", f"open-{paper.paper_id}", icon=":material/article:")
            actions.examples(at, paper)
        actions.cite(paper)
        key = f"move-{paper.paper_id}"
        if st.button("Move", key=key, type="tertiary", icon=":material/drive_file_move:"):
            _move_to(info, one)
        st.button(
            "Remove", key=f"remove-{paper.paper_id}", type="tertiary",
            icon=":material/bookmark_remove:",
            on_click=attempt, args=(partial(_remove, paper, info.name),),
        )  # fmt: skip


def _remove(paper: Paper, name: str) -> Remark:
    saving.library().remove(name, paper)
    return Remark(f"Removed “{paper.display_title}” from “{name}”", partial(_put_back, paper, name))


def _put_back(paper: Paper, name: str) -> Remark:
    saving.library().put_back(name, paper)
    return Remark(f"“{paper.display_title}” is back in “{name}”")


@st.dialog("Move to another list")
def _move_to(info: ListInfo, one: Saved) -> None:
    """Another list to choose or to name, to be in instead or as well."""
    st.html(f"<p>{shown(one.paper.display_title)}</p>")
    others = [other.name for other in saving.library().lists() if other.name != info.name]
    key = f"to-{one.paper.paper_id}"
    to = st.selectbox(
        "List", others, index=0 if others else None, accept_new_options=True, key=key,
        placeholder="Choose a list, or type the name of a new one",
    )  # fmt: skip
    with st.container(horizontal=True):
        for told, leave in (("Move there", True), ("Keep in both", False)):
            if st.button(
                told, key=f"carry-{leave}", disabled=not to,
                on_click=_carry_to, args=(one, info.name, key, leave),
            ):  # fmt: skip
                st.rerun()  # closes this


def _carry_to(one: Saved, name: str, key: str, leave: bool) -> None:
    attempt(partial(_carry, one, name, st.session_state[key], leave))


def _carry(one: Saved, name: str, to: str, leave: bool) -> Remark:
    library, title = saving.library(), one.paper.display_title
    if not leave:
        library.copy(name, one.paper, to)
        return Remark(f"“{title}” is in “{to}” as well")
    is_new = library.move(name, one.paper, to)
    return Remark(f"Moved “{title}” to “{to}”", partial(_carry_back, one, name, to, is_new))


def _carry_back(one: Saved, name: str, to: str, was_new: bool) -> Remark:
    """Undo a move: to its place in the list, and out of the other unless it was there before."""
    remark = _put_back(one.paper, name)
    if was_new:
        saving.library().remove(to, one.paper)
    return remark


main()
