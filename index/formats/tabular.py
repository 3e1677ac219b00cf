"""Reading CSV tables and JSON: records of ours and of other programs.

A table is read by the headings of its columns, an object by its keys; both go by the names that
this program, Zotero, Scopus, CSL and OpenAlex exports give to the same thing.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from index.formats.entries import Entry, Unreadable, first_name_first, make_entry
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
    "url": ("url", "link", "urls", "article url"),
    "note": ("note", "notes", "annote"),
}  # fmt: skip
_FIELDS = {name: field for field, names in _NAMES.items() for name in names}
_LISTS = re.compile(r"\s*;\s*")
_TELLING = {"title", "doi"}  # without one of these columns a table tells of no paper
_DELIMITERS = ",;\t|"
_BLANK = re.compile(r"[\s,]*")


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
    split = _LISTS.split if ours else _names
    authors = split(fields.pop("authors", ""))
    categories = _LISTS.split(fields.pop("categories", ""))
    return make_entry(lines[0], line_end=lines[1], authors=authors, categories=categories, **fields)


def _names(cell: str) -> list[str]:
    """The authors of a cell: "Lovelace, Ada; Bell, A." or "Ada Lovelace, A. Bell"."""
    if ";" not in cell:
        parts = [part.strip() for part in re.split(r",|\sand\s", cell)]
        if all(" " in part for part in parts):
            return parts
    return [first_name_first(name) for name in _LISTS.split(cell)]


def read_json(text: str) -> Iterator[Entry | Unreadable]:
    """The objects of a JSON array, or of lines of JSON, in order."""
    decoder, line, place = json.JSONDecoder(), 1, len(text) - len(text.lstrip())
    line += text.count("\n", 0, place)
    is_array = text.startswith("[", place)
    place += is_array
    while True:
        begin = _BLANK.match(text, place).end()  # type: ignore[union-attr]  # matches anything
        line += text.count("\n", place, begin)
        if begin >= len(text) or (is_array and text[begin] == "]"):
            return
        try:
            value, place = decoder.raw_decode(text, begin)
        except (ValueError, RecursionError) as error:
            end = text.find("\n", begin)
            broken = text[begin:] if is_array or end < 0 else text[begin:end]
            rest = "; what follows it was not read" if is_array else ""
            yield Unreadable.of(line, broken, f"not JSON: {error}{rest}")
            if is_array or end < 0:
                return
            place = end
            continue
        inner = _inner(value)
        for record in [value] if inner is None else inner:
            yield _object(line, record)
        line += text.count("\n", begin, place)


def _inner(value: object) -> list[object] | None:
    """The records inside of an object that is a list of them, as some services answer."""
    if isinstance(value, dict) and not value.keys() & {"title", "paper_id"}:
        for name in ("items", "results", "references"):
            if isinstance(value.get(name), list):
                return list(value[name])
    return None


def _object(line: int, record: object) -> Entry | Unreadable:
    if not isinstance(record, dict):
        return Unreadable.of(line, json.dumps(record), "not an object with a title")
    fields: dict[str, Any] = {}
    for key, value in record.items():
        name = _field(key)
        if name and value:
            fields.setdefault(name, value)
    authors = _listed(fields.pop("authors", ()))
    categories = _listed(fields.pop("categories", ()))
    entry = make_entry(
        line,
        authors=authors,
        categories=categories,
        authors_truncated=record.get("authors_truncated") is True,
        **{name: _text(value) for name, value in fields.items()},  # type: ignore[arg-type]
    )
    if not entry.paper.paper_id:
        return entry
    others, year = record.get("other_titles"), record.get("year")
    paper = replace(
        entry.paper,
        year=year if isinstance(year, int) else entry.paper.year,
        other_titles=tuple(_listed(others if isinstance(others, list) else ())),
        abstract_truncated=record.get("abstract_truncated") is True,
    )
    return replace(entry, paper=paper)


def _text(value: object) -> str:
    """A value as text; of several the first, of a date in parts "2024-10-18"."""
    if isinstance(value, dict):
        parts = value.get("date-parts")
        if isinstance(parts, list) and parts and isinstance(parts[0], list):
            return "-".join(map(str, parts[0]))
        return _text(value.get("raw", value.get("literal")))
    if isinstance(value, list):
        return _text(value[0]) if value else ""
    return "" if value is None or isinstance(value, bool) else str(value)


def _listed(value: object) -> list[str]:
    """Several values: names may be objects with the parts of a name."""
    if isinstance(value, str):
        return _names(value)
    return [_name(item) for item in value] if isinstance(value, list | tuple) else []


def _name(item: object) -> str:
    if isinstance(item, dict):
        parts = [_text(item.get(part)) for part in ("given", "family")]
        whole = next((item[key] for key in ("literal", "name", "display_name") if key in item), "")
        return " ".join(filter(None, parts)) or _text(whole)
    return _text(item)
