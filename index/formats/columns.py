"""Columns of tables: what headings mean by themselves, and what a user says that they mean.

    title=Titel,authors=Autoren     of every table that has these columns
    eth*.csv:title=#3               of the files called so, by number, from 1
    title=Titel,title=Title         whichever of the two a table has, the first one first

A table of which no column is named, only numbered, needs no line of headings.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from itertools import islice

from index.errors import QueryError, SourceError
from index.text import fold_space

Columns = Mapping[str, str] | Iterable[str]  # {"title": "Titel"}, or texts as of --columns

_NAMES = {
    "paper_id": ("paper id",),
    "title": ("title", "article title", "document title", "paper title", "display name", "ti"),
    "authors": ("authors", "author", "author full names", "author names", "creators", "au"),
    "date": ("date", "publication date", "date published", "published", "issued"),
    "year": ("year", "publication year", "pub year", "py"),
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
FIELDS = tuple(field for field in _NAMES if field != "paper_id")  # those that can be named
TEXTS = {"title", "abstract"}  # without one of these columns there is nothing to search
TELLING = {*TEXTS, "doi"}  # without one of these a table tells of no paper
HOW = "say which is which by --columns title=HEADING,abstract=HEADING (or #1 for the first column)"

_DELIMITERS = ",;\t|"
# What spreadsheets write before all else to say by which sign cells are parted.
_SEPARATOR = re.compile(r'"?sep=(?P<sign>[^\w\n])"?[,;\t ]*\n', re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')
_FIRST = 20  # rows by which a table is told from a text
_SHOWN = 40  # columns that a message lists
_PAIR = re.compile(r"\s*(?P<field>\w+)\s*=\s*(?P<column>.*?)\s*", re.DOTALL)
_FILES = re.compile(r"(?P<files>[^=]+?):(?=\s*\w+\s*=)")
_NEXT = re.compile(r",\s*(?=[^\W\d]\w*\s*=)")  # a heading may hold commas
_NUMBER = re.compile(r"#([1-9]\d{0,5})")


@dataclass(frozen=True, slots=True)
class Named:
    """A column that a user has named."""

    field: str  # one of FIELDS
    column: str  # its heading as printed, or "#" and its number, from 1
    files: str = ""  # the names of the files that it is of, with wildcards; "" for all

    def __str__(self) -> str:
        return f"{self.files}:{self._pair}" if self.files else self._pair

    @property
    def _pair(self) -> str:
        return f"{self.field}={self.column}"

    @property
    def number(self) -> int | None:
        """The number of the column, from 1; None for one that has a heading."""
        found = _NUMBER.fullmatch(self.column)
        return int(found[1]) if found else None

    def place(self, cells: Sequence[str]) -> int | None:
        """Where the column is in a table that begins with these cells, from 0."""
        if self.number:
            return self.number - 1 if self.number <= len(cells) else None
        wanted = _folded(self.column)
        return next((i for i, cell in enumerate(cells) if _folded(cell) == wanted), None)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table is laid out, as far as its beginning tells."""

    delimiter: str
    cells: tuple[str, ...]  # of the first line
    has_heading: bool  # whether that line names the columns
    fields: tuple[tuple[int, str], ...]  # (column from 0, field) of those that are known
    before: int = 0  # lines before the first, which name the delimiter

    @property
    def known(self) -> set[str]:
        """The fields that have a column."""
        return {field for _, field in self.fields}


def parse_columns(given: Columns) -> tuple[Named, ...]:
    """What a user says of columns: {"title": "Titel"}, or texts like those of `--columns`.

    Raises QueryError, which quotes the offender.
    """
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, Mapping):
        return tuple(dict.fromkeys(named for text in given for named in _parsed(text)))
    for column in given.values():
        if _NEXT.search(column):
            raise QueryError(f"the heading {column!r} reads as two; give its number, as in #1")
    return parse_columns([f"{field}={column}" for field, column in given.items()])


def of_file(columns: Iterable[Named], name: str) -> tuple[Named, ...]:
    """Those that a file of this name may have, those that were named for it first."""
    last = name.rsplit("/", 1)[-1]
    mine = [named for named in columns if not named.files or fnmatch(last, named.files)]
    return tuple(sorted(mine, key=lambda named: not named.files))


def find_layout(head: str, columns: Sequence[Named] = ()) -> Layout:
    """The layout of a table that begins so. What a user says of a column wins."""
    if named := _SEPARATOR.match(head):
        return replace(_layout(head[named.end() :], columns, named["sign"]), before=1)
    return _layout(head, columns, _DELIMITERS)


def _layout(head: str, columns: Sequence[Named], delimiters: str) -> Layout:
    first = head.split("\n", 1)[0]
    delimiter = max(delimiters, key=_QUOTED.sub("", first).count)
    cells = next(iter(_rows(head, delimiter, 1)), ())
    headed = any(named.number is None and named.place(cells) is not None for named in columns)
    numbered = any(named.number for named in columns)
    if numbered and not headed and len({*map(_field, cells)} - {None}) < 2:
        delimiter = max(delimiters, key=lambda sign: _agreement(head, sign))
        cells = next(iter(_rows(head, delimiter, 1)), ())
        return Layout(delimiter, cells, False, _named(cells, columns))
    named = _named(cells, columns)
    taken = {field for _, field in named} | {place for place, _ in named}
    known = ((place, _field(cell)) for place, cell in enumerate(cells))
    rest = [(i, field) for i, field in known if field and not taken & {i, field}]
    return Layout(delimiter, cells, True, (*named, *rest))


def looks_like_table(head: str) -> bool:
    """Whether the first rows have the same number of cells, two or more."""
    named = _SEPARATOR.match(head)
    signs, head = (named["sign"], head[named.end() :]) if named else (_DELIMITERS, head)
    return max(_agreement(head, sign)[0] for sign in signs) > 1


def list_columns(cells: Sequence[str]) -> str:
    """The headings of a table, for a message."""
    more = f" and {len(cells) - _SHOWN} more" if len(cells) > _SHOWN else ""
    return ", ".join(repr(fold_space(cell)) for cell in cells[:_SHOWN]) + more


def nothing_known(cells: Sequence[str], columns: Sequence[Named] = ()) -> str:
    """Why a table cannot be searched of which no column is known that holds a text."""
    why = "no column is known as title or abstract"
    if missing := [repr(named.column) for named in columns if named.place(cells) is None]:
        why += f", and {', '.join(missing)}, named by --columns, is not there"
    return f"{why}; the columns are {list_columns(cells)}; {HOW}"


def check_found(columns: Iterable[Named], tables: Sequence[tuple[str, tuple[str, ...]]]) -> None:
    """Raises SourceError for a column that none of the tables has: (file, cells of first line)."""
    for named in columns:
        mine = [(name, cells) for name, cells in tables if of_file([named], name)]
        if any(named.place(cells) is not None for _, cells in mine):
            continue
        there = {cells: name for name, cells in reversed(mine)}
        shown = "; ".join(f"{name} has {list_columns(cells)}" for cells, name in there.items())
        where = f"called {named.files!r} " if named.files else ""
        what = f"has the column {named.column!r}, which is named for {named.field}"
        why = f"no table {where}{what}; {shown or 'there is no such table'}"
        raise SourceError("--columns", why)


def _parsed(text: str) -> list[Named]:
    found = None if _PAIR.match(text) else _FILES.match(text)
    files, rest = (found["files"].strip(), text[found.end() :]) if found else ("", text)
    out = []
    for part in _NEXT.split(rest):
        pair = _PAIR.fullmatch(part)
        if not pair or not pair["column"]:
            how = "write FIELD=HEADING or FILES:FIELD=HEADING, as in title=Titel"
            raise QueryError(f"--columns {text!r}: {part!r} names no column; {how}")
        field = pair["field"].lower()
        if field not in FIELDS:
            why = f"there is no field {pair['field']!r}; choose one of {', '.join(FIELDS)}"
            raise QueryError(f"--columns {text!r}: {why}")
        out.append(Named(field, pair["column"], files))
    return out


def _named(cells: Sequence[str], columns: Sequence[Named]) -> tuple[tuple[int, str], ...]:
    """(place, field) of each field that a user has named a column of this table for."""
    found: dict[str, int] = {}
    for named in columns:
        place = named.place(cells)
        if place is not None:
            found.setdefault(named.field, place)
    return tuple((place, field) for field, place in found.items())


def _field(cell: str) -> str | None:
    return _FIELDS.get(_folded(cell).replace("_", " "))


def _folded(heading: str) -> str:
    return fold_space(heading).casefold()


def _agreement(head: str, delimiter: str) -> tuple[int, int]:
    """(first rows that have as many cells, how many); (0, 0) when they do not agree.

    The last row may be cut off, as the head is.
    """
    rows = [row for row in _rows(head, delimiter, _FIRST + 1) if row]
    whole = rows[:-1] if len(rows) > 2 and not head.endswith("\n") else rows
    counts = [len(row) for row in whole[:_FIRST]]
    if not counts or counts[0] < 2 or counts.count(counts[0]) < 0.8 * len(counts):
        return 0, 0
    return counts.count(counts[0]), counts[0]


def _rows(head: str, delimiter: str, most: int) -> list[tuple[str, ...]]:
    lines = io.StringIO(head, newline="")
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    try:
        return [tuple(row) for row in islice(reader, most)]
    except csv.Error:
        return []
