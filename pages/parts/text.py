"""Foreign text on a page. Titles, abstracts and names come from strangers: they reach the page
through `shown`, `label` and `drawn` alone, which show them character for character. Streamlit's
own elements would read them as markdown, a browser as HTML, a chart as HTML and TeX.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from urllib.parse import quote

import streamlit as st

from search import Paper, plain

_NAMES = 6  # authors before "et al."


def shown(value: str) -> str:
    """Foreign text as HTML that shows it character for character, in its own direction."""
    return f"<bdi>{html.escape(plain(value))}</bdi>"


def label(value: str) -> str:
    """Foreign text as the label of an element: its signs are escaped, as labels are markdown."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", plain(value))


def drawn(value: str) -> str:
    """Foreign text in a chart of Plotly, which reads some HTML, templates and, in dollars, TeX."""
    return re.sub(r"[&<>$%{}#]", lambda sign: f"&#{ord(sign[0])};", plain(value))


def cut(value: str, characters: int) -> str:
    """The text, or its beginning up to the end of a word."""
    if len(value) <= characters:
        return value
    return f"{value[:characters].rsplit(' ', 1)[0].rstrip(' ,;:.')} …"


def count(number: int, noun: str) -> str:
    """'1 paper', '2,000 papers'."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def note(title: str, text: str) -> None:
    """A remark that is read out at once. Parts of the text in `backticks` are commands."""
    told = re.sub("`([^`]*)`", r"<code>\1</code>", html.escape(plain(text)))
    st.html(f"<div class='note' role='alert'><b>{html.escape(title)}.</b> {told}</div>")


def authors(paper: Paper) -> str:
    """The names in the order of the paper, the first six of many."""
    names = ", ".join(paper.authors[:_NAMES])
    more = len(paper.authors) > _NAMES or paper.authors_truncated
    return f"{names} et al." if names and more else names


def facts(paper: Paper) -> str:
    """Authors, year and venue as HTML, what is not known left out."""
    stated = [authors(paper), str(paper.year or ""), paper.venue or ""]
    return " · ".join(shown(fact) for fact in stated if fact)


def title(paper: Paper) -> str:
    """The title as HTML, a link to where the paper is to be had."""
    link = web_address(paper)
    name = shown(paper.display_title)
    if link is None:
        return name
    return web_link(name, link)


def web_address(paper: Paper) -> str | None:
    """Where the paper is to be had: on the web, whatever else a source may name."""
    return next((address for _, address in web_addresses(paper)), None)


def web_addresses(paper: Paper) -> list[tuple[str, str]]:
    """(name, address) of each place where the paper is to be had, the most lasting first."""
    found = []
    if paper.doi:
        found.append((f"DOI {paper.doi}", f"https://doi.org/{quote(paper.doi, safe='/')}"))
    if paper.arxiv:
        address = f"https://arxiv.org/abs/{quote(paper.arxiv, safe='/')}"
        found.append((f"arXiv {paper.arxiv}", address))
    if paper.pmid:
        found.append(
            (f"PMID {paper.pmid}", f"https://pubmed.ncbi.nlm.nih.gov/{quote(paper.pmid)}/")
        )
    if paper.acl:
        found.append((f"ACL {paper.acl}", f"https://aclanthology.org/{quote(paper.acl)}/"))
    known = {address.rstrip("/") for _, address in found}
    web = paper.url and re.match("https?://", paper.url, re.IGNORECASE)
    if paper.url and web and paper.url.rstrip("/") not in known:
        found.append((paper.url, paper.url))
    return found


def web_link(name: str, address: str) -> str:
    """A link to the web as HTML; the name is HTML already."""
    return f'<a href="{html.escape(address)}" target="_blank" rel="noopener noreferrer">{name}</a>'


def bullets(items: Sequence[str]) -> str:
    """A list of HTML items."""
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>" if items else "<p>None.</p>"
