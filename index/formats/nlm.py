"""What the two formats of PubMed share: how the National Library of Medicine writes its fields."""

from __future__ import annotations

import re
from dataclasses import replace

from index.formats.dates import iso_date
from index.formats.entries import Entry, Unreadable, make_entry

_CUT = re.compile(r"\s*\(ABSTRACT TRUNCATED(?: AT \d+ WORDS)?\)\s*$", re.IGNORECASE)
_ABSENT = {"[not available]", "[in process citation]", "not available"}
_OTHERS = re.compile(r"(?:et al|others)\.?", re.IGNORECASE)
_ENDS_IN_SHORT = re.compile(r"(?:\.\.|\b\w)\.$")  # "...", "in the U.S."


def title_of(text: str) -> str:
    """A title without the full stop that is set behind each and the brackets of a translation.

    >>> title_of("[Bread and its crust].")
    'Bread and its crust'
    """
    text = text.strip()
    text = text if _ENDS_IN_SHORT.search(text) else text.removesuffix(".")
    if text.lower() in _ABSENT:
        return ""
    if text.startswith("[") and text.endswith("]") and _closing(text) == len(text) - 1:
        text = text[1:-1].strip()
        text = text if _ENDS_IN_SHORT.search(text) else text.removesuffix(".")
    return text


def _closing(text: str) -> int:
    """Where the bracket that is the first character is closed."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "[") - (character == "]")
        if not depth:
            return place
    return -1


def is_others(name: str) -> bool:
    """Whether an entry of a list of authors says that there are more."""
    return bool(_OTHERS.fullmatch(name.strip()))


def pubmed_url(pmid: str) -> str:
    """The page of a record; empty without a number."""
    return f"https://pubmed.ncbi.nlm.nih.gov/{pmid.strip()}/" if pmid.strip().isdecimal() else ""


def nlm_entry(
    line: int,
    line_end: int,
    *,
    pmid: str,
    title: str,
    vernacular: str,
    authors: list[str],
    is_cut: bool,
    date: str,
    venue: str,
    categories: list[str],
    abstract: str,
    doi: str,
    arxiv: str,
) -> Entry | Unreadable:
    """The entry of a record; `is_cut` says that authors are missing."""
    title = title_of(title) or title_of(vernacular)
    if not (title or abstract or doi):
        why = "a record without title, abstract and DOI"
        return Unreadable.of(line, f"PMID {pmid}", why)
    named = [name for name in authors if not is_others(name)]
    shown, cuts = _CUT.subn("", abstract)
    entry = make_entry(
        line,
        line_end=line_end,
        title=title,
        authors=named,
        authors_truncated=is_cut or len(named) < len(authors),
        date=iso_date(date),
        venue=venue,
        categories=categories,
        abstract=shown,
        doi=doi,
        arxiv=arxiv,
        pmid=pmid,
        url=pubmed_url(pmid),
    )
    return replace(entry, paper=replace(entry.paper, abstract_truncated=bool(cuts)))
