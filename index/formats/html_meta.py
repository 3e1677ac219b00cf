"""What an HTML page of a paper says to programs: citation and Dublin Core tags, JSON-LD.

Tags: https://scholar.google.com/intl/en/scholar/inclusion.html#indexing (Highwire Press),
https://www.dublincore.org/specifications/dublin-core/dcq-html/; JSON-LD: https://schema.org.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from bs4 import BeautifulSoup, Tag

from index.formats.entries import Unreadable, first_name_first
from index.formats.html_work import Work
from index.text import fold_space

_PREFIX = re.compile(r"^(?:bepress_)?citation_", re.IGNORECASE)
_DUBLIN = re.compile(r"^(?:dc|dcterms)\.", re.IGNORECASE)
_LISTED = re.compile(";")
_DOI = re.compile(r"\b10\.\d{4,9}(?:\.\d+)*/\S+")
_SCHOLARLY = {"scholarlyarticle", "medicalscholarlyarticle"}
_TYPES = _SCHOLARLY | {"article", "creativework", "report", "thesis", "chapter"}
_FENCE = re.compile(r"^[\s/*]*(?:<!\s?\[CDATA\[|<!--)[\s/*]*|[\s/*]*(?:\]\]>|-->)[\s/*]*$")
_DEEPEST = 6  # of an issue in a volume in a journal

_DATES = ("publication_date", "date", "online_date", "year", "cover_date")
_VENUES = (
    "journal_title", "conference_title", "conference", "inbook_title", "book_title",
    "dissertation_institution", "technical_report_institution", "journal_abbrev",
)  # fmt: skip
_URLS = ("abstract_html_url", "public_url", "fulltext_html_url", "pdf_url")
Metas = list[tuple[str, str, int]]  # (name in lower case, content, line) in order


def metas_of(soup: BeautifulSoup) -> Metas:
    """The meta tags of a page that name something."""
    found = []
    for tag in soup.find_all("meta"):
        name = _text(tag.get("name")) or _text(tag.get("property"))
        content = fold_space(_text(tag.get("content")))
        if name and content:
            found.append((name.strip().lower(), content, tag.sourceline or 1))
    return found


def highwire(metas: Metas) -> Iterator[Work]:
    """The works of `citation_` tags; a tag of another title begins another work."""
    tags = [(_PREFIX.sub("", n), text, line) for n, text, line in metas if _PREFIX.match(n)]
    titles = [(text, i) for i, (name, text, _) in enumerate(tags) if name == "title"]
    if len({text for text, _ in titles}) > 1:
        starts = [i for _, i in titles]
        groups = [tags[a:b] for a, b in zip(starts, [*starts[1:], len(tags)], strict=True)]
    else:
        groups = [tags] if titles else []
    for group in groups:
        yield _highwire_work(group)


def _highwire_work(tags: Metas) -> Work:
    def first(*names: str) -> str:
        return next((text for name in names for n, text, _ in tags if n == name), "")

    authors = [text for n, text, _ in tags if n == "author"]
    lines = [line for n, _, line in tags if n != "reference"]
    return Work(
        line=min(lines),
        line_end=max(lines),
        title=first("title"),
        authors=names_of(authors or [text for n, text, _ in tags if n == "authors"]),
        date=first(*_DATES),
        venue=first(*_VENUES),
        abstract=first("abstract"),
        doi=first("doi"),
        arxiv=first("arxiv_id"),
        pmid=first("pmid"),
        url=first(*_URLS),
    )


def dublin_core(metas: Metas) -> Iterator[Work]:
    """The work of `DC.` and `DCTERMS.` tags, when they name more of it than its title."""
    tags = [(_DUBLIN.sub("", n), text, line) for n, text, line in metas if _DUBLIN.match(n)]

    def all_of(*names: str) -> list[str]:
        return [text for name in names for n, text, _ in tags if n == name]

    title = next(iter(all_of("title")), "")
    creators = all_of("creator", "creator.personalname", "contributor.author")
    identifiers = all_of("identifier", "identifier.doi", "identifier.uri", "relation")
    doi = _first_doi(identifiers)
    if not title or not (creators or doi):
        return
    lines = [line for _, _, line in tags]
    yield Work(
        line=min(lines),
        line_end=max(lines),
        title=title,
        authors=names_of(dict.fromkeys(creators)),
        date=next(iter(all_of("date", "issued", "date.issued", "date.created", "created")), ""),
        venue=next(
            iter(all_of("source", "ispartof", "relation.ispartof", "bibliographiccitation")), ""
        ),
        abstract=next(iter(all_of("abstract", "description.abstract", "description")), ""),
        doi=doi,
        arxiv=next((i for i in identifiers if "arxiv" in i.lower()), ""),
        url=next((i for i in identifiers if i.startswith("http")), ""),
    )


def shared(metas: Metas) -> tuple[str, str]:
    """(description, url) as the page tells them to those who link to it."""
    known = {name: text for name, text, _ in reversed(metas)}
    return known.get("og:description", known.get("description", "")), known.get("og:url", "")


def json_ld(soup: BeautifulSoup) -> Iterator[tuple[Work, bool] | Unreadable]:
    """(work, whether it is called scholarly) for each work that is told in JSON-LD."""
    for script in soup.find_all("script", type=re.compile(r"^\s*application/ld\+json", re.I)):
        text, line = script.string or "", script.sourceline or 1
        try:
            value = json.loads(_FENCE.sub("", text), strict=False)
            line_end = line + text.count("\n")
            for thing in _things(value):
                types = {t.lower().rsplit("/", 1)[-1] for t in _texts(thing.get("@type"))}
                if types & _TYPES and (work := _ld_work(thing, line, line_end)):
                    yield work, bool(types & _SCHOLARLY)
        except (ValueError, RecursionError) as error:
            yield Unreadable.of(line, text, f"JSON-LD that is not JSON: {error}")


def _things(value: Any) -> Iterator[dict[str, Any]]:
    """The objects in a value, through lists, graphs and lists of items."""
    stack = [value]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack.extend(reversed(value))
        elif isinstance(value, dict):
            yield value
            inner = ("@graph", "mainEntity", "itemListElement", "item", "hasPart", "@reverse")
            stack.extend(value[key] for key in reversed(inner) if key in value)


def _ld_work(thing: dict[str, Any], line: int, line_end: int) -> Work | None:
    def first(*names: str) -> str:
        return next((text for name in names for text in _texts(thing.get(name))), "")

    ids = [t for n in ("identifier", "sameAs", "@id", "url", "doi") for t in _texts(thing.get(n))]
    authors = names_of(_texts(thing.get("author", thing.get("creator"))))
    title, doi = first("headline", "name", "title"), _first_doi(ids)
    arxiv = next((i for i in ids if "arxiv" in i.lower()), "")
    if not title or not (authors or doi or arxiv):
        return None
    return Work(
        line=line,
        line_end=line_end,
        title=title,
        authors=authors,
        date=first("datePublished", "dateCreated"),
        venue=_venue(thing) or first("publication"),
        abstract=first("abstract", "description"),
        doi=doi,
        arxiv=arxiv,
        url=first("url", "@id") if first("url", "@id").startswith("http") else "",
    )


def _venue(thing: dict[str, Any]) -> str:
    """The name of the outermost thing that holds the work: of an issue, the journal."""
    name, inside = "", thing.get("isPartOf")
    for _ in range(_DEEPEST):
        inside = inside[0] if isinstance(inside, list) and inside else inside
        name = next(iter(_texts(inside)), "") or name
        inside = inside.get("isPartOf") if isinstance(inside, dict) else None
    return "" if name.startswith(("http:", "https:", "#")) else name


def _texts(value: Any) -> list[str]:
    """The texts of a value that may be one, several, or objects that have a name or a value."""
    found = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            parts = [item.get("givenName"), item.get("familyName")]
            whole = " ".join(part for part in parts if isinstance(part, str))
            inner = (item.get(key) for key in ("name", "value", "@value", "headline", "@id"))
            item = next((text for text in inner if text), whole)  # noqa: PLW2901  # its text
            item = item[0] if isinstance(item, list) else item  # noqa: PLW2901
        if isinstance(item, str | int | float) and not isinstance(item, bool):
            text = fold_space(str(item))
            found.extend([text] if text else [])
    return found


def names_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Names in the order in which they are said, of texts with one or, with ";", several each."""
    names: list[str] = []
    for text in texts:
        parts = _LISTED.split(text)
        commas = text.split(", ")
        if len(parts) == 1 and len(commas) > 2 and all(" " in c.strip() for c in commas):
            names.extend(commas)
        else:
            names.extend(map(first_name_first, parts))
    return tuple(filter(None, (name.strip() for name in names)))


def _first_doi(texts: Iterable[str]) -> str:
    return next((found[0] for text in texts if (found := _DOI.search(text))), "")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def page_address(soup: BeautifulSoup) -> str:
    """The address that a page gives itself."""
    link = soup.find("link", rel="canonical")
    return _text(link.get("href")) if isinstance(link, Tag) else ""
