"""Reading CSV tables: records of ours and of other programs.

A table is read by the headings of its columns, which go by the names that this program, Zotero,
Scopus and others give to the same thing; `index.formats.columns` knows them, and what a user says
of others.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from index.formats.columns import (
    TELLING,
    Layout,
    Named,
    find_layout,
    list_columns,
    looks_like_table,
)
from index.formats.entries import Entry, Unreadable, make_entry, split_names
from index.formats.file import TextFile
from index.formats.written import unguarded

_MOST_LINES = 20  # of one heading
_OPEN = (
    "a quotation mark is left open in the line of headings, so no row can be told; close it, or "
    "save the table again"
)
_TOO_LONG = "field larger than field limit"  # what csv says, after 131,072 characters
_AHEAD = 1_000_000  # characters in which the end of a cell is looked for that is too long
_OUR_LIST = re.compile(";")  # the blanks around go later; of a run each would be tried
_LIST = re.compile(r"[;|\n]")
_COMMAS = re.compile(",")


class Table:
    """CSV and TSV, mostly with a first line that names the columns."""

    name = "CSV table"

    def __init__(self, columns: Sequence[Named] = ()) -> None:
        """`columns` are those that the user has named for the file, the first first."""
        self._columns = columns

    def layout(self, head: str) -> Layout:
        """How a table that begins so is laid out."""
        return find_layout(head, self._columns)

    def fits(self, head: str) -> bool:
        """Two columns or more are known, or one that the user has named, and they tell a paper."""
        layout = self.layout(head)
        if not layout.known & TELLING:
            return False
        if not layout.has_heading:
            return looks_like_table(head)
        named = any(column.place(layout.cells) is not None for column in self._columns)
        return named or len(layout.known) > 1

    def read(self, file: TextFile) -> Iterator[Entry | Unreadable]:
        """The rows, in order, one after the other."""
        layout = self.layout(file.head)
        if not layout.known & TELLING:
            why = "no column is named title, abstract or doi; the first line must name the columns"
            there = f"; they are {list_columns(layout.cells)}" if layout.cells else ""
            yield Unreadable.of(1, file.head.split("\n", 1)[0], why + there)
            return
        heading = file.head.split("\n", layout.before + 1)[layout.before]
        if layout.has_heading and any(map(_is_open, layout.cells)):
            yield Unreadable.of(1 + layout.before, heading, _OPEN)
            return
        ours, told = "paper_id" in layout.known, False
        for lines, row in _rows(file.lines(), layout):
            told = told or not layout.has_heading or bool(row)
            if isinstance(row, Unreadable):
                yield row
            elif any(cell.strip() for cell in row):
                yield _entry(lines, row, layout, ours)
        if not told and file.head.count('"') % 2:  # the rows, if any, are in the heading
            yield Unreadable.of(1 + layout.before, heading, _OPEN)


def _is_open(heading: str) -> bool:
    """True for a heading that goes on to the end of the file, or over more lines than any does."""
    return heading.endswith("\n") or heading.count("\n") > _MOST_LINES


class _Feed:
    """The lines of a table as they are read, of which some can be put back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._back: list[str] = []  # the next one last
        self.number = 0  # of the line that was read last
        self.begun = ""  # the first line of the row that is being read

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._back.pop() if self._back else next(self._lines)
        self.number += 1
        self.begun = self.begun or line
        return line

    def pass_over(self, ends: re.Pattern[str]) -> bool:
        """Go behind the next line with such an end; stay where there is none in what is near."""
        read, size = [], 0
        for line in self:
            read.append(line)
            size += len(line)
            if ends.search(line):
                return True
            if size > _AHEAD:
                break
        self._back.extend(reversed(read))
        self.number -= len(read)
        return False


def _rows(
    lines: Iterable[str], layout: Layout
) -> Iterator[tuple[tuple[int, int], list[str] | Unreadable]]:
    """(first and last line, cells) of each row after the heading; blank ones have no cells."""
    feed = _Feed(lines)
    for _ in zip(range(layout.before), feed, strict=False):
        pass
    rows = csv.reader(feed, delimiter=layout.delimiter, skipinitialspace=True)
    sign = re.escape(layout.delimiter)
    closes = re.compile(rf'(?:^|[^"])(?:"")*"[ \t]*(?:{sign}|$)')
    is_heading = layout.has_heading
    while True:
        start, feed.begun = feed.number + 1, ""
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            why = f"not a row of the table: {error}"
            if _TOO_LONG in why and (feed.number > start or feed.begun.count('"') % 2):
                passed = feed.pass_over(closes)
                why += f"; lines {start} to {feed.number} were not read"
                why += "" if passed else ": a quotation mark may be left open, close it"
            done = max(feed.number, start)
            yield (start, done), Unreadable.of(start, feed.begun, why)
            continue
        if not is_heading:
            yield (start, feed.number), row
        is_heading = False


def _entry(
    lines: tuple[int, int], row: Sequence[str], layout: Layout, ours: bool
) -> Entry | Unreadable:
    columns = len(layout.cells)
    # Spreadsheets write cells that were once filled.
    if len(row) < columns or any(cell.strip() for cell in row[columns:]):
        names = "names" if layout.has_heading else "has"
        why = f"{len(row)} cells where the first line {names} {columns} columns"
        return Unreadable.of(lines[0], " ".join(row), why)
    fields: dict[str, Any] = {}
    for place, name in layout.fields:
        if row[place].strip():
            fields.setdefault(name, unguarded(row[place]) if ours else row[place])
    date = " ".join(filter(None, (fields.pop("date", ""), fields.pop("year", ""))))
    authors, categories = fields.pop("authors", ""), fields.pop("categories", "")
    return make_entry(
        lines[0],
        line_end=lines[1],
        authors=_OUR_LIST.split(authors) if ours else split_names(authors),
        categories=_OUR_LIST.split(categories) if ours else _several(categories),
        date=date,
        **fields,
    )


def _several(text: str) -> list[str]:
    """The parts of a list, between the signs of which the first kind that is there counts."""
    text = text.strip()
    return (_LIST if _LIST.search(text) else _COMMAS).split(text)
