"""The web pages of the search. Start them with `streamlit run app.py`.

This draws what all pages have in common, and makes the first index where there is none; the pages
are in `pages/`, and `pages/parts/` holds what they share. The address holds the whole state (see
`pages.parts.place`); between two drawings of a page nothing is kept but the open index.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts import shared
from pages.parts.keys import arrive, listen
from pages.parts.nav import begin, header, here, page_file, trail
from pages.parts.place import PAGES, SEARCH
from pages.parts.style import STYLE
from pages.parts.text import note
from search import AbstractsError, NoIndexError, build

_SOURCE = "seeds"  # what the first index is made of
_TITLES = {
    "search": "Abstract Search",
    "paper": "Paper",
    "topics": "Topics",
    "new": "New papers",
    "library": "Library",
    "index": "Index",
}


def main() -> None:
    """Draw the page of the address."""
    begin()
    pages = [
        st.Page(
            page_file(page),
            title=_TITLES[page],
            url_path="" if page == SEARCH else page,
            default=page == SEARCH,
        )
        for page in PAGES
    ]
    st.html(STYLE)
    chosen = st.navigation(pages, position="hidden")
    at = here(chosen.url_path or SEARCH)
    header(at)
    listen()
    way = st.container()
    try:
        searcher = shared.open_index()
        with way:
            trail(at, searcher)
        chosen.run()
    except NoIndexError:
        _first_build()
    except AbstractsError as error:
        note("This cannot be shown", str(error))
    arrive(at)


def _first_build() -> None:
    """Make an index where there is none yet, and start over with it."""
    if not Path(_SOURCE).is_dir():
        advice = "Run `python -m index build SOURCE ...` and reload this page."
        note("There is no index yet", f"There is no folder {_SOURCE}/ either. {advice}")
        st.stop()
    with st.status("Building the index for the first time …", expanded=True):
        bar = st.progress(0.0)

        def show(stage: str, done: int, total: int) -> None:
            told = f" {done} of {total}" if total else " …"
            bar.progress(done / total if total else 0.0, text=stage.capitalize() + told)

        build([_SOURCE], shared.folder(), progress=show)
    st.rerun()


main()
