"""What is said about the last thing that was done: how it went, and the way to undo it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from pages.parts.text import shown
from search import LibraryError

_KEY = "remark"


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence, foreign text as it is, and what the button Undo does."""

    text: str
    undo: Action | None = None
    is_error: bool = False


Action = Callable[[], Remark | None]


def attempt(action: Action) -> None:
    """Do something that may fail, from a callback; `said` shows what is to be said about it."""
    try:
        remark = action()
    except LibraryError as error:
        remark = Remark(str(error), is_error=True)
    st.session_state[_KEY] = remark


def said() -> None:
    """Show the remark at the lower edge of the screen; with the next click it has had its time."""
    remark: Remark | None = st.session_state.pop(_KEY, None)
    if remark is None:
        return
    role, told = "status", shown(remark.text)
    if remark.is_error:
        role, told = "alert", f"<b>This could not be done:</b> {told}"
    with st.container(key="remark", horizontal=True, vertical_alignment="center"):
        st.html(f"<p role='{role}'>{told}</p>", width="content")
        if remark.undo:
            st.button(
                "Undo", key="undo", icon=":material/undo:", on_click=attempt, args=(remark.undo,)
            )
        st.button("Dismiss", key="dismiss-remark", type="tertiary", icon=":material/close:")
