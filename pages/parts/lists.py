"""The lists of the library: going to one, making, renaming, deleting and restoring them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from pages.parts.nav import go, link
from pages.parts.place import Place
from pages.parts.remark import Remark, attempt
from pages.parts.saving import library
from pages.parts.text import label
from search import LONGEST_NAME, ListInfo


def row(at: Place, infos: Sequence[ListInfo], chosen: ListInfo | None) -> None:
    """A link to each list, with what is in it, and a way to a new one."""
    with st.container(key="lists", horizontal=True, vertical_alignment="center", gap="small"):
        for info in infos:
            current = "here-" if chosen and info.list_id == chosen.list_id else ""
            to, name = at.with_own(list=info.name), f"{info.name} ({info.size})"
            link(at, to, name, f"{current}list-{info.list_id}", icon=":material/bookmarks:")
        with st.popover("New list", type="tertiary", icon=":material/add:", key="new-list"):
            _name_form("new", "Name of the new list", "Make the list", "", _create, at)


def tools(at: Place, info: ListInfo) -> None:
    """What can be done with a list as a whole."""
    with st.popover("Rename", type="tertiary", icon=":material/edit:", key="rename"):
        _name_form(
            f"rename-{info.list_id}", "New name of the list", "Rename", info.name,
            _rename, at, info.name,
        )  # fmt: skip
    st.button(
        "Delete list", key="delete", type="tertiary", icon=":material/delete:",
        on_click=attempt, args=(partial(_delete, at, info.name),),
    )  # fmt: skip


def deleted(at: Place) -> None:
    """The lists that can be had back."""
    infos = library().deleted_lists()
    if not infos:
        return
    with st.expander(f"Deleted lists ({len(infos)})"):
        for info in infos:
            st.button(
                label(f"Restore {info.name} ({info.size})"), key=f"restore-{info.list_id}",
                type="tertiary", icon=":material/restore_from_trash:",
                on_click=attempt, args=(partial(_restore, at, info.list_id),),
            )  # fmt: skip


def _name_form(key: str, asked: str, done: str, value: str, act: object, *about: object) -> None:
    """A line for a name and a button; `act` is called with `about` and the name."""
    with st.form(f"form-{key}", border=False):
        st.text_input(asked, value=value, key=f"name-{key}", max_chars=LONGEST_NAME)
        st.form_submit_button(done, on_click=_named, args=(f"name-{key}", act, *about))


def _named(key: str, act: object, *about: object) -> None:
    assert callable(act)
    attempt(partial(act, *about, st.session_state[key]))


def _create(at: Place, name: str) -> None:
    go(at.with_own(list=library().create(name)))


def _rename(at: Place, name: str, new_name: str) -> Remark:
    kept = library().rename(name, new_name)
    go(at.with_own(list=kept))
    return Remark(f"“{name}” is now called “{kept}”", undo=partial(_rename, at, kept, name))


def _delete(at: Place, name: str) -> Remark:
    info = library().delete(name)
    go(at.with_own())
    return Remark(f"Deleted the list “{info.name}”", undo=partial(_restore, at, info.list_id))


def _restore(at: Place, list_id: int) -> Remark:
    name = library().restore(list_id)
    go(at.with_own(list=name))
    return Remark(f"The list “{name}” is back")
