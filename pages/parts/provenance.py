"""Where a paper comes from: its mentions, what each one gave to the record, why they are one work,
and a way to say that one of them is not.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts.decisions import decide, mishap, place, waiting
from pages.parts.nav import link
from pages.parts.pager import first_of, pager
from pages.parts.place import Place
from pages.parts.text import bullets, count, cut, note, shown
from search import (
    AbstractsError,
    Decision,
    Evidence,
    History,
    Mention,
    Merge,
    Origin,
    Searcher,
    pending_decisions,
    split_paper,
)

_PAGE = 20  # mentions
_LONG = 300  # characters of a value that is folded away
_FIGURES = {"edit": "edit similarity", "cosine": "TF-IDF cosine"}  # of the abstracts
_FIELDS = {
    "title": "Title",
    "authors": "Authors",
    "year": "Year",
    "date": "Date",
    "venue": "Venue",
    "categories": "Categories",
    "abstract": "Abstract",
    "doi": "DOI",
    "arxiv": "arXiv",
    "pmid": "PMID",
    "acl": "ACL id",
    "url": "Address",
}


def provenance(at: Place, searcher: Searcher, told: History) -> None:
    """Everything that is known about how the record came to be."""
    files = {origin.mention.source for origin in told.origins}
    number = len(told.origins)
    st.html(
        f"<h2>Where this comes from</h2><p>{count(number, 'mention')} in"
        f" {count(len(files), 'file')}{', judged to be one work' * (number > 1)}.</p>"
    )
    mishap()
    decisions = _waiting(searcher, told)
    if decisions:
        waiting(searcher, decisions)
        link(at, at.then("index"), "Go to the rebuild", "to-index", icon=":material/database:")
    if told.merges:
        _reasons(told)
    first = first_of(at, "mentions", number, _PAGE)
    for origin in told.origins[first : first + _PAGE]:
        _origin(searcher, told, origin, decisions)
    pager(at, "mentions", number, _PAGE)


def because(evidence: Evidence) -> str:
    """Why two mentions are one work, as HTML: the reason, the rule and its figures."""
    rule = shown(evidence.rule.replace("-", " "))
    figures = [
        f"{shown(_FIGURES.get(name, name))} {value:.2f}" for name, value in evidence.scores.items()
    ]
    compared = f"; compared: {', '.join(figures)}" if figures else ""
    return (
        f"{shown(evidence.why)} <span class='aside'>(rule: {rule}, certainty"
        f" {evidence.score:.2f}{compared})</span>"
    )


def _waiting(searcher: Searcher, told: History) -> tuple[Decision, ...]:
    """The decisions about this paper that the next rebuild will carry out."""
    own = set(told.paper.mention_ids)
    try:
        found = pending_decisions(searcher.snapshot)
    except AbstractsError as error:
        note("The decisions about the same work cannot be read", str(error))
        return ()
    return tuple(d for d in found if own & {*d.mentions, *d.apart})


def _reasons(told: History) -> None:
    """The merges, in the order of joining; those of a paper of many mentions folded away."""
    listed = bullets([_reason(told, merge) for merge in told.merges])
    if len(told.merges) > _PAGE:
        name = f"{len(told.merges):,} reasons"
        listed = f"<details><summary>{name}</summary>{listed}</details>"
    st.html(f"<h3>Why this is one work</h3>{listed}")


def _reason(told: History, merge: Merge) -> str:
    a, b = (place(told.origin(mention_id)) for mention_id in (merge.a, merge.b))
    return f"<b>{a}</b> and <b>{b}</b>: {because(merge.evidence)}"


def _origin(
    searcher: Searcher, told: History, origin: Origin, decisions: Sequence[Decision]
) -> None:
    """One mention, and the button that says it is another work."""
    mention = origin.mention
    with st.container(key=f"mention-{mention.mention_id}", border=True, gap="small"):
        st.html(_stated(origin))
        leaving = any(d.kind == "split" and mention.mention_id in d.mentions for d in decisions)
        if leaving:
            st.html("<p class='aside'>To be another paper at the next rebuild.</p>")
        elif len(told.origins) > 1:
            _not_the_same(searcher, told, mention)


def _stated(origin: Origin) -> str:
    """What a mention states, as HTML; what the record took from it is marked."""
    mention = origin.mention
    rows = [
        f"<dt>{name}{_mark(origin, field)}</dt><dd>{_value(mention, field)}</dd>"
        for field, name in _FIELDS.items()
        if getattr(mention, field)
    ]
    return (
        f"<h3>{place(origin)}</h3><p class='aside'>{shown(mention.source)} · mention"
        f" {shown(mention.mention_id)}</p><dl class='stated'>{''.join(rows)}</dl>"
    )


def _mark(origin: Origin, field: str) -> str:
    return " <span class='sign like'>in the record</span>" if field in origin.fields else ""


def _value(mention: Mention, field: str) -> str:
    value = getattr(mention, field)
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    body = shown(text)
    cut_off = (field == "abstract" and mention.abstract_truncated) or (
        field == "authors" and mention.authors_truncated
    )
    body += " <span class='aside'>(cut off in the source)</span>" * cut_off
    if len(text) <= _LONG:
        return body
    return f"<details><summary>{shown(cut(text, _LONG // 3))}</summary>{body}</details>"


def _not_the_same(searcher: Searcher, told: History, mention: Mention) -> None:
    """A button, what pressing it means, and the button that does it."""
    paper, mention_id = told.paper, mention.mention_id
    rest = count(len(told.origins) - 1, "mention")
    with st.popover("Not the same work", icon=":material/call_split:", key=f"apart-{mention_id}"):
        st.html(
            f"<p>At the next rebuild this mention becomes a paper of its own, apart from the"
            f" other {rest}, and stays so at every rebuild. Until then nothing changes and it can"
            " be taken back. The decision is written beside the sources.</p>"
        )
        st.button(
            "It is another work", key=f"split-{mention_id}", type="primary",
            on_click=decide, args=(split_paper, searcher.snapshot, paper.paper_id, [mention_id]),
        )  # fmt: skip
