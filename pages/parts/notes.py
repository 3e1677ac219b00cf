"""The note on a saved paper: read, written, and never overwritten unseen.

A note that is being written lives in this visitor's own session, with the text that he started
from; so two tabs know nothing of each other's drafts, and the library tells when both save.
"""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.parts.remark import Remark, attempt
from pages.parts.saving import library
from pages.parts.text import label, shown
from search import LONGEST_NOTE, ListInfo, NoteConflictError, Saved

_STARTED = "notes-started-from"  # in the session: key of a note -> the text that it had
_HEIGHT = 140  # pixels


def note_of(info: ListInfo, one: Saved) -> None:
    """The note of a paper in a list, with a button to write it, or the place to write in."""
    key = f"note-{info.list_id}-{one.paper.paper_id}"
    started: dict[str, str] = st.session_state.setdefault(_STARTED, {})
    if key in started:
        _editor(key, info, one, started[key])
        return
    if one.note:
        st.html(f"<p class='mine'>{shown(one.note)}</p>")
    told, icon = ("Edit note", ":material/edit_note:") if one.note else (
        "Add a note", ":material/note_add:"
    )  # fmt: skip
    st.button(
        told, key=f"edit-{key}", type="tertiary", icon=icon, on_click=_begin, args=(key, one.note)
    )


def _editor(key: str, info: ListInfo, one: Saved, started_from: str) -> None:
    # The text goes when its place is not drawn for a while, as on another page of the list.
    st.session_state.setdefault(key, started_from)
    if one.note != started_from:
        st.html(
            "<div class='note' role='alert'><p><b>This note was changed elsewhere.</b> It now"
            f" reads:</p><p class='mine'>{shown(one.note) or '(nothing)'}</p>"
            "<p>Yours below is not saved yet. Put the two together, and save.</p></div>"
        )
    with st.form(f"form-{key}", border=False):
        st.text_area(
            label(f"Note on {one.paper.display_title}"),
            key=key,
            height=_HEIGHT,
            max_chars=LONGEST_NOTE,
        )
        with st.container(horizontal=True):
            st.form_submit_button(
                "Save note", type="primary", on_click=attempt,
                args=(partial(_save, key, info.name, one, one.note),),
            )  # fmt: skip
            st.form_submit_button("Cancel", on_click=_end, args=(key,))


def _begin(key: str, note: str) -> None:
    st.session_state[_STARTED][key] = note
    st.session_state[key] = note


def _end(key: str) -> None:
    st.session_state[_STARTED].pop(key, None)


def _save(key: str, name: str, one: Saved, seen: str) -> Remark | None:
    """Save the draft over what the page showed beside it; else it stays a draft."""
    try:
        library().set_note(name, one.paper, st.session_state[key], was=seen)
    except NoteConflictError:
        return Remark(
            f"The note on “{one.paper.display_title}” was changed elsewhere meanwhile, so yours is"
            " not saved yet; both are below",
            is_error=True,
        )
    _end(key)
    return Remark(f"Saved the note on “{one.paper.display_title}”")
