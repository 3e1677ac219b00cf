"""Reading RIS: records of ours and of other programs, where one bad record spoils no other.

rispy reads the fields of a record; where records begin is found here, since it passes over one
that has no end and tells no line numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import rispy
from rispy.config import TAG_KEY_MAPPING

from index.formats.entries import Entry, Unreadable, first_name_first, make_entry, our_id
from index.formats.file import TextFile

_BEGIN, _END = "TY  -", "ER  -"
# Some write one blank or a tab where the format asks for two.
_LOOSE = re.compile(rf"({'|'.join(TAG_KEY_MAPPING)})[ \t]+-(?:[ \t]+|$)")
_TYPE = re.compile(r"^TY[ \t]+-[ \t]*\w", re.MULTILINE)
_TITLES = ("title", "primary_title", "short_title")
_AUTHORS = ("authors", "first_authors")
_VENUES = ("secondary_title", "alternate_title3", "journal_name", "alternate_title2")
_DATES = ("date", "year", "publication_year")
_DATABASES = ("name_of_database", "database_provider")
_PUBMED = re.compile(r"pubmed|medline|\bNLM\b", re.IGNORECASE)
_ARXIV = "https://arxiv.org/abs/"
_ABSTRACTS = ("abstract", "notes_abstract")


class _Parser(rispy.RisParser):  # type: ignore[misc]  # rispy states no types
    """Keeps the indents of a note, and an address with a semicolon whole."""

    DEFAULT_DELIMITER_MAPPING: Mapping[str, str] = {}

    def parse_line(self, line: str) -> tuple[str | None, str]:
        """(tag, value) of a line, (None, text) of one that goes on with the value before."""
        tag, content = super().parse_line(line)
        return tag, content if tag else line.removeprefix("  ")


class Ris:
    """RIS as Zotero, EndNote, Scopus, Embase and Web of Science write it."""

    name = "RIS"

    def fits(self, head: str) -> bool:
        """A record begins a line."""
        return _TYPE.search(head) is not None

    def read(self, file: TextFile) -> Iterator[Entry | Unreadable]:
        """The records, in order, one after the other."""
        lines = (line.rstrip("\n") for line in file.lines())
        for start, held in _records(lines):
            body = "\n".join(held)
            if held[0].startswith(_BEGIN):
                (fields,) = rispy.loads(f"{body}\n{_END} ", implementation=_Parser)
                yield _entry(start, start + len(held) - 1, fields)
            elif body.strip():
                why = "not a RIS record: no line TY  - begins it"
                yield Unreadable.of(start, body.strip(), why)


def _records(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """(line, lines) of each record without its last, and of each stretch between records."""
    held: list[str] = []
    start = 1
    for number, raw in enumerate(lines, 1):
        line = _LOOSE.sub(r"\1  - ", raw, count=1) if _LOOSE.match(raw) else raw
        if line.startswith((_BEGIN, _END)) and held:
            yield start, held
            held = []
        if not line.startswith(_END):
            start = start if held else number
            held.append(line)
    if held:
        yield start, held


def _entry(line: int, line_end: int, fields: Mapping[str, Any]) -> Entry:
    def first(names: tuple[str, ...]) -> str:
        return next((fields[name] for name in names if fields.get(name)), "")

    ours = our_id(fields.get("id", ""))
    names: list[str] = next((fields[name] for name in _AUTHORS if name in fields), [])
    urls = fields.get("urls", [])
    joined = " ".join(urls)
    arxiv = next((url for url in urls if "arxiv.org/" in url), "")
    if ours and urls and urls[-1].startswith(_ARXIV):  # written for the number, not as the address
        arxiv, urls = urls[-1], urls[:-1]
    return make_entry(
        line,
        line_end=line_end,
        paper_id=ours,
        title=first(_TITLES),
        authors=names if ours else map(first_name_first, names),
        date=" ".join(fields.get(name, "") for name in _DATES),
        venue=first(_VENUES),
        categories=fields.get("keywords", ()),
        abstract=first(_ABSTRACTS),
        doi=fields.get("doi", ""),
        arxiv=arxiv,
        pmid=_pmid(fields) or joined,
        acl=joined,
        url=next(iter(urls), ""),
        note="\n".join(fields.get("notes", ())),
    )


def _pmid(fields: Mapping[str, Any]) -> str:
    """The accession number, where PubMed or MEDLINE gave it."""
    database = " ".join(str(fields.get(name, "")) for name in _DATABASES)
    return str(fields.get("accession_number", "")) if _PUBMED.search(database) else ""
