"""Getting from place to place: links, the header of every page, the trail."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from pages.parts.place import PAGES, SEARCH, Asked, Place, read
from pages.parts.text import count, cut, label
from search import Searcher, UnknownPaperError, UnknownTopicError

Kind = Literal["primary", "secondary", "tertiary"]

_SHOWN = 48  # characters of a query or title in the trail
_BEGUN = "app-has-begun"


def begin() -> None:
    """Note that app.py draws this page. It calls this before all else."""
    st.session_state[_BEGUN] = True


def here(page: str) -> Place:
    """The place of the address, on that page."""
    if _BEGUN not in st.session_state:
        _through_the_app()
    names = list(st.query_params)
    return read(page, {name: st.query_params.get_all(name) for name in names})


def _through_the_app() -> None:
    """Draw the page again, by app.py.

    Until app.py has run once since the server was started, Streamlit takes the files in pages/
    for an app of the old kind: an address of a page other than the search then draws that file
    alone. Stating the pages ends this.
    """
    st.navigation(
        [
            st.Page(
                page_file(page), url_path="" if page == SEARCH else page, default=page == SEARCH
            )
            for page in PAGES
        ],
        position="hidden",
    )
    st.rerun()


def go(place: Place) -> None:
    """Change the address on the same page. As a callback it runs before the page is drawn again."""
    st.query_params.from_dict(place.parameters())


def link(
    at: Place,
    to: Place,
    text: str,
    key: str,
    *,
    icon: str | None = None,
    kind: Kind = "tertiary",
    told: str | None = None,
) -> None:
    """A link from one place to another. `text` and `told`, a hint, are foreign text.

    On the same page it is a button: following a link to the page that one is on, Streamlit does
    not change the address.
    """
    hint = label(told) if told else None
    if to.page == at.page:
        st.button(label(text), key=key, type=kind, icon=icon, help=hint, on_click=go, args=(to,))
    else:
        with st.container(key=key, width="content"):
            st.page_link(
                page_file(to.page), label=label(text), icon=icon, help=hint,
                query_params=to.parameters(),
            )  # fmt: skip


def page_file(page: str) -> str:
    """The file of a page, as Streamlit names pages."""
    return f"pages/{page}.py"


_NAMES = {
    "search": "Search",
    "topics": "Topics",
    "new": "New",
    "library": "Library",
    "index": "Index",
}


def header(at: Place) -> None:
    """The name of the app and the links to its pages."""
    with st.container(key="header", horizontal=True, vertical_alignment="center"):
        # Other pages have a first heading of their own.
        name = "h1" if at.page == SEARCH else "div"
        link = '<a href="./" target="_self">Abstract Search</a>'
        st.html(f'<{name} class="name">{link}</{name}>', width="content")
        for page in PAGES:
            if page in _NAMES:
                current = "here-" if page == at.page else ""
                with st.container(key=f"{current}nav-{page}", width="content"):
                    st.page_link(
                        page_file(page), label=_NAMES[page], query_params=at.to(page).parameters()
                    )


def trail(at: Place, searcher: Searcher) -> None:
    """The places before this one, to step back on."""
    if not at.trail:
        return
    with st.container(key="trail", horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.html("<span class='aside'>You came from</span>", width="content")
        for number in range(len(at.trail)):
            to = at.back(number)
            link(at, to, described(to, searcher), f"trail-{number}")


def described(place: Place, searcher: Searcher) -> str:
    """A place in a few words."""
    if place.page == "paper":
        try:
            return cut(searcher.paper(place.value("id")).display_title, _SHOWN)
        except UnknownPaperError:
            return "a paper that is gone"
    if place.page == SEARCH:
        return asked_in_words(place.asked, searcher)
    name = _NAMES[place.page]
    if place.page == "topics" and place.value("topic"):
        try:
            return searcher.topic(place.value("topic")).label
        except UnknownTopicError:
            return name
    return f"{name}: {place.value('list')}" if place.value("list") else name


def asked_in_words(asked: Asked, searcher: Searcher) -> str:
    """A question in a few words, such as "like 2 papers, unlike 1, “words”"."""
    parts = [f"like {count(len(asked.like), 'paper')}"] if asked.like else []
    parts += [f"unlike {len(asked.unlike)}"] if asked.unlike else []
    parts += [f"“{cut(asked.query, _SHOWN)}”"] if asked.query else []
    parts += [*asked.authors, *asked.venues, *asked.categories]
    known = {topic.topic_id: topic.label for topic in searcher.topics()}
    parts += [known.get(topic_id, topic_id) for topic_id in asked.topics]
    parts += [asked.years] if asked.years else []
    return ", ".join(parts) or "everything"
