"""What can be done with a paper: take it as an example, cite it."""

from __future__ import annotations

import streamlit as st

from pages.parts.nav import link
from pages.parts.place import Place
from search import Paper, export


def examples(at: Place, paper: Paper) -> None:
    """Look for more like the paper, or away from it."""
    paper_id, asked = paper.paper_id, at.asked
    like = tuple(i for i in asked.like if i != paper_id)
    unlike = tuple(i for i in asked.unlike if i != paper_id)
    more = at.asking(like=(*like, paper_id), unlike=unlike)
    link(at, more, "More like this", f"like-{paper_id}", icon=":material/add:")
    if not asked.is_empty:  # to stay away from something, there must be something to look for
        less = at.asking(like=like, unlike=(*unlike, paper_id))
        link(at, less, "Less like this", f"unlike-{paper_id}", icon=":material/remove:")


def cite(paper: Paper) -> None:
    """A button that shows the paper as BibTeX and RIS."""
    key = f"cite-{paper.paper_id}"
    if st.button("Cite", key=key, type="tertiary", icon=":material/format_quote:"):
        _cite(paper)


@st.dialog("Cite", width="medium")
def _cite(paper: Paper) -> None:
    citation(paper)


def citation(paper: Paper) -> None:
    """The paper as BibTeX and RIS, each to copy."""
    for name, form in (("BibTeX", "bibtex"), ("RIS", "ris")):
        st.html(f"<h3>{name}</h3>")
        st.code(export([paper], form).strip(), language=None, wrap_lines=True)
