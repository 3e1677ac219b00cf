"""Reading JATS: the front matter of articles, as PubMed Central and many publishers give it out.

Elements: https://jats.nlm.nih.gov/archiving/tag-library/
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from index.formats.entries import Entry, Unreadable, make_entry
from index.formats.file import TextFile
from index.formats.nlm import pubmed_url
from index.formats.xml_stream import Record, records, root_name
from index.formats.xml_text import text_of, texts

_SETS = ("article", "pmc-articleset")
_OF_OTHERS = {"sub-article", "response"}  # letters and translations that stand inside of an article
_PMC = "https://pmc.ncbi.nlm.nih.gov/articles/"


class Jats:
    """`article` files, alone or in a `pmc-articleset`. What follows the front is not kept."""

    name = "JATS XML"

    def fits(self, head: str) -> bool:
        """By the first element, and a front matter."""
        return root_name(head) in _SETS and "<front" in head

    def read(self, file: TextFile) -> Iterator[Entry | Unreadable]:
        """The articles in order. Raises SourceError as `file.lines`."""
        for record in records(file, ("front",), _SETS):
            if isinstance(record, Unreadable):
                yield record
            elif not _OF_OTHERS & {name for name, _ in record.within}:
                yield _front(record)


def _front(record: Record) -> Entry | Unreadable:
    meta = record.element.find("article-meta")
    group = None if meta is None else meta.find("title-group")
    title = "" if group is None else _title(group)
    if meta is None or not (title or meta.find("abstract") is not None):
        begin = " ".join("".join(record.element.itertext()).split()) or "<front>"
        return Unreadable.of(record.line, begin, "an article without title and abstract")
    ids = {e.get("pub-id-type", ""): text_of(e) for e in meta.iterfind("article-id")}
    authors, is_cut = _authors(meta)
    return make_entry(
        record.line,
        line_end=record.line_end,
        title=title,
        authors=authors,
        authors_truncated=is_cut,
        date=_date(meta),
        venue=text_of(record.element.find("journal-meta//journal-title")),
        categories=texts(meta.iterfind("kwd-group/kwd")),
        abstract=_abstract(meta),
        doi=ids.get("doi", ""),
        arxiv=ids.get("arxiv", ""),
        pmid=ids.get("pmid", ""),
        url=pubmed_url(ids.get("pmid", "")) or _pmc_url(ids),
    )


def _title(group: Element) -> str:
    parts = (text_of(group.find(part)) for part in ("article-title", "subtitle"))
    return ": ".join(filter(None, parts))


def _pmc_url(ids: dict[str, str]) -> str:
    number = (ids.get("pmcid") or ids.get("pmc", "")).upper().removeprefix("PMC")
    return f"{_PMC}PMC{number}/" if number.isdecimal() else ""


def _authors(meta: Element) -> tuple[list[str], bool]:
    """(names, whether there are more) of those who contributed as authors."""
    names = []
    for one in meta.iterfind("contrib-group/contrib"):
        if one.get("contrib-type", "author") == "author" and (name := _name(one)):
            names.append(name)
    return names, meta.find("contrib-group//etal") is not None


def _name(contributor: Element) -> str:
    name = contributor.find("name")
    name = contributor.find("name-alternatives/name") if name is None else name
    if name is None:
        written = contributor.find("string-name")
        written = contributor.find("collab") if written is None else written
        # Members of a group may be listed inside of its name.
        is_plain = written is not None and written.find("contrib-group") is None
        return text_of(written) if is_plain or written is None else (written.text or "").strip()
    parts = (text_of(name.find(part)) for part in ("given-names", "surname", "suffix"))
    return " ".join(filter(None, parts))


def _abstract(meta: Element) -> str:
    """The abstract itself: those of a kind are for tables of contents, or for laypeople."""
    for abstract in meta.iterfind("abstract"):
        if abstract.get("abstract-type") is None:
            return " ".join(filter(None, map(_section, abstract)))
    return ""


def _section(part: Element) -> str:
    """A paragraph, or a section as "METHODS: ..."; the heading of the whole says nothing."""
    if part.tag == "title":
        return ""
    if part.tag != "sec":
        return text_of(part)
    heading = text_of(part.find("title")).rstrip(":.")
    text = " ".join(filter(None, map(_section, part)))
    return f"{heading}: {text}" if heading and text else text


def _date(meta: Element) -> str:
    """The earliest date of publication; of one year, that which states most."""
    dates = []
    for date in meta.iterfind("pub-date"):
        parts = [text_of(date.find(part)) for part in ("year", "month", "day")]
        stated = [part for part, rest in zip(parts, (True, *parts), strict=False) if rest and part]
        if stated and all(part.isdecimal() for part in stated):
            dates.append((int(stated[0]), -len(stated), "-".join(stated)))
    return min(dates)[2] if dates else ""
