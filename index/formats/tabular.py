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
        if layout.has_heading and any(map(_is_open, layout.cells)):
            why = "a quotation mark is left open in the first line, so no row can be told"
            yield Unreadable.of(1, file.head.split("\n", 1)[0], why)
            return
        ours = "paper_id" in layout.known
        for lines, row in _rows(file.lines(), layout):
            if isinstance(row, Unreadable):
                yield row
            elif any(cell.strip() for cell in row):
                yield _entry(lines, row, layout, ours)


def _is_open(heading: str) -> bool:
    """True for a heading that goes on to the end of the file, or over more lines than any does."""
    return heading.endswith("\n") or heading.count("\n") > _MOST_LINES


def _rows(
    lines: Iterable[str], layout: Layout
) -> Iterator[tuple[tuple[int, int], list[str] | Unreadable]]:
    """(first and last line, cells) of each row after the heading; blank ones have no cells."""
    begun: list[str] = []  # the lines of the row that is being read
    rows = csv.reader(_noted(lines, begun), delimiter=layout.delimiter, skipinitialspace=True)
    is_heading, done = layout.has_heading, 0
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
            why = f"not a row of the table: {error}"
            yield (start, done), Unreadable.of(start, quote, why)
            continue
        done = rows.line_num
        if not is_heading:
            yield (start, done), row
        is_heading = False


def _noted(lines: Iterable[str], begun: list[str]) -> Iterator[str]:
    """The lines, each put down in `begun` as it is read."""
    for line in lines:
        begun.append(line)
        yield line


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
