"""Reading CSV tables: records of ours and of other programs.

A table is read by the headings of its columns, which go by the names that this program, Zotero,
Scopus and others give to the same thing.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from index.formats.entries import Entry, Unreadable, make_entry, split_names
from index.formats.file import TextFile
from index.formats.written import unguarded

_NAMES = {
    "paper_id": ("paper id",),
    "title": ("title", "article title", "document title", "paper title", "display name", "ti"),
    "authors": ("authors", "author", "author full names", "author names", "creators", "au"),
    "date": (
        "date", "publication date", "date published", "published", "issued",
        "year", "publication year", "pub year", "py",
    ),
    "venue": (
        "venue", "publication title", "source title", "container-title", "journal", "conference",
        "journal title", "publication name", "publication", "booktitle", "so",
    ),
    "categories": ("categories", "category", "keywords", "author keywords", "subjects"),
    "abstract": ("abstract", "abstract note", "abstract text", "summary", "ab"),
    "doi": ("doi", "di"),
    "arxiv": ("arxiv", "arxiv id"),
    "pmid": ("pmid", "pubmed id", "pubmed", "pm"),
    "acl": ("acl", "acl id", "anthology id"),
    "url": ("url", "link", "urls", "article url"),
    "note": ("note", "notes", "annote"),
}  # fmt: skip
_FIELDS = {name: field for field, names in _NAMES.items() for name in names}
_LISTS = re.compile(r"\s*;\s*")
_TELLING = {"title", "doi"}  # without one of these columns a table tells of no paper
_DELIMITERS = ",;\t|"


class Table:
    """CSV and TSV with a first line that names the columns."""

    name = "CSV table"

    def fits(self, head: str) -> bool:
        """Two columns or more have names that are known, one of them title or DOI."""
        heading = head.split("\n", 1)[0]
        known = [name for name in _columns(heading) if name]
        return len(known) > 1 and bool(_TELLING & {*known})

    def read(self, file: TextFile) -> Iterator[Entry | Unreadable]:
        """The rows, in order, one after the other."""
        return _read(file.lines())


def read_csv(text: str) -> Iterator[Entry | Unreadable]:
    """The rows of a table whose first line names the columns, in order."""
    return _read(io.StringIO(text, newline=""))


def _read(lines: Iterator[str]) -> Iterator[Entry | Unreadable]:
    heading = next(lines, "")
    begun: list[str] = []  # the lines of the row that is being read
    rows = csv.reader(_noted(chain([heading], lines), begun), delimiter=_delimiter(heading))
    columns: list[str | None] | None = None
    ours, done = False, 0
    while True:
        start = done + 1
        begun.clear()
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            done = max(rows.line_num, start)
            quote = begun[0] if begun else ""
            yield Unreadable.of(start, quote, f"not a row of the table: {error}")
            continue
        done = rows.line_num
        if columns is None:
            columns = [_field(cell) for cell in row]
            ours = "paper_id" in columns
            if not _TELLING & {*columns}:
                why = "no column is named title or doi; the first line must name the columns"
                yield Unreadable.of(start, heading, why)
                return
        elif any(cell.strip() for cell in row):
            yield _row((start, done), row, columns, ours)


def _noted(lines: Iterable[str], begun: list[str]) -> Iterator[str]:
    """The lines, each put down in `begun` as it is read."""
    for line in lines:
        begun.append(line)
        yield line


def names_columns(heading: str) -> bool:
    """Whether a line is the first of a table that can be read."""
    return bool(_TELLING & {*_columns(heading)})


def _columns(heading: str) -> list[str | None]:
    """The field of each column; None for one that is not known."""
    return [_field(cell.strip().strip('"')) for cell in heading.split(_delimiter(heading))]


def _field(cell: str) -> str | None:
    return _FIELDS.get(cell.strip().lower().replace("_", " "))


def _delimiter(heading: str) -> str:
    return max(_DELIMITERS, key=heading.count)


def _row(
    lines: tuple[int, int], row: Sequence[str], columns: Sequence[str | None], ours: bool
) -> Entry | Unreadable:
    if len(row) != len(columns):
        why = f"{len(row)} cells where the first line names {len(columns)} columns"
        return Unreadable.of(lines[0], " ".join(row), why)
    fields: dict[str, Any] = {}
    for name, cell in zip(columns, row, strict=True):
        if name and cell.strip():
            fields.setdefault(name, unguarded(cell) if ours else cell)
    split = _LISTS.split if ours else split_names
    authors = split(fields.pop("authors", ""))
    categories = _LISTS.split(fields.pop("categories", ""))
    return make_entry(lines[0], line_end=lines[1], authors=authors, categories=categories, **fields)
