"""Reading the answers of arXiv's query interface: Atom feeds of entries.

Elements: https://info.arxiv.org/help/api/user-manual.html
"""

from __future__ import annotations

from collections.abc import Iterator

from index.formats.entries import Entry, Unreadable, make_entry
from index.formats.file import TextFile
from index.formats.xml_stream import Record, records, root_name
from index.formats.xml_text import text_of


class ArxivAtom:
    """The entries of feeds from arXiv."""

    name = "arXiv Atom feed"

    def fits(self, head: str) -> bool:
        """By the first element, and a namespace or address of arXiv."""
        return root_name(head) == "feed" and "arxiv.org/" in head

    def read(self, file: TextFile) -> Iterator[Entry | Unreadable]:
        """The entries in order. Raises SourceError as `file.lines`."""
        for record in records(file, ("entry",), ("feed",)):
            yield record if isinstance(record, Unreadable) else _entry(record)


def _entry(record: Record) -> Entry | Unreadable:
    entry = record.element
    url, title, summary = (text_of(entry.find(name)) for name in ("id", "title", "summary"))
    if "/api/errors" in url:
        return Unreadable.of(record.line, summary, "an error that arXiv answered with")
    if not title and not summary:
        return Unreadable.of(record.line, url or "<entry>", "an entry without title and summary")
    terms = [
        e.get("term", "") for e in (*entry.iterfind("primary_category"), *entry.iter("category"))
    ]
    return make_entry(
        record.line,
        line_end=record.line_end,
        title=title,
        authors=map(text_of, entry.iterfind("author/name")),
        date=text_of(entry.find("published")),
        categories=dict.fromkeys(terms),
        abstract=summary,
        doi=text_of(entry.find("doi")),
        url=url,
    )
