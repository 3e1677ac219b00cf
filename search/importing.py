"""Reading bibliographies back: BibTeX, RIS, CSV and JSON files into a list of the library.

    report = import_file(Library("data"), "To read", Path("refs.bib"), snapshot)
    print(len(report.saved), "saved,", len(report.kept), "are not in the index")

Nothing that a file states is lost without a word: a paper that the index has not is kept as the
file states it, and what cannot be read as a paper is told with its line.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from index.errors import QueryError, SourceError
from index.formats.bibtex import read_bibtex
from index.formats.entries import Entry, Unreadable
from index.formats.json_lines import read_json
from index.formats.ris import read_ris
from index.formats.tabular import names_columns, read_csv
from index.identity import identifier_ids
from index.records import Paper
from index.snapshot import Snapshot
from search.export import FORMATS
from search.library import Library
from search.library_rows import LONGEST_NOTE, tidy
from search.matching import match, may_be, on_its_own

LARGEST_FILE = 50_000_000  # bytes; some 50,000 records with abstracts
_READERS: dict[str, Callable[[str], Iterator[Entry | Unreadable]]] = {
    "bibtex": read_bibtex,
    "ris": read_ris,
    "csv": read_csv,
    "jsonl": read_json,
}
_SUFFIXES = {
    ".bib": "bibtex", ".bibtex": "bibtex", ".ris": "ris", ".csv": "csv", ".tsv": "csv",
    ".json": "jsonl", ".jsonl": "jsonl", ".ndjson": "jsonl",
}  # fmt: skip
_NARROW = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252"}
_WIDE = {"utf-16": "UTF-16"}
_BIBTEX = re.compile(r"^\s*@\s*\w+\s*[{(]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Imported:
    """One entry of a file, and the paper that it was taken for."""

    line: int
    paper: Paper
    why: str  # what it was found by, or why it was not found


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of every entry of a file; each is in one of the four."""

    name: str  # of the file
    list_name: str
    format: str  # one of FORMATS
    encoding: str  # "UTF-8", "UTF-16" or "Windows-1252"
    saved: tuple[Imported, ...]  # papers of the index, new in the list
    present: tuple[Imported, ...]  # in the list already, or twice in the file
    kept: tuple[Imported, ...]  # new in the list, and not in the index
    unreadable: tuple[Unreadable, ...]


@dataclass
class _Sorted:
    """Where the entries go, in the order of the file."""

    found: list[tuple[Imported, bool]] = field(default_factory=list)  # and whether in the index
    notes: list[str] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)


def import_file(
    library: Library,
    list_name: str,
    path: Path,
    snapshot: Snapshot | None,
    *,
    format: str | None = None,  # noqa: A002  the flag's own name
) -> ImportReport:
    """Save what a file holds to a list; see `import_bytes`."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise _too_large(str(path), path.stat().st_size)
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(str(path), f"cannot be read: {error.strerror}") from error
    return import_bytes(library, list_name, str(path), content, snapshot, format=format)


def import_bytes(
    library: Library,
    list_name: str,
    name: str,
    content: bytes,
    snapshot: Snapshot | None,
    *,
    format: str | None = None,  # noqa: A002
) -> ImportReport:
    """Save what a file called `name` holds to a list, which is made if need be, all at once.

    Without a `format` the suffix of the name tells it, or else how the content begins. Raises
    SourceError when the file is too large, no text or of no known format, LibraryError when the
    library cannot be written.
    """
    text, encoding = _decode(name, content)
    format = format or _SUFFIXES.get(Path(name).suffix.lower()) or _recognised(name, text)  # noqa: A001
    if format not in _READERS:
        raise QueryError(f"unknown format {format!r}; choose one of {', '.join(FORMATS)}")
    entries = _sorted(_READERS[format](text), snapshot)
    if not entries.found and not entries.unreadable:
        raise SourceError(name, f"holds no {format} record; it begins {text.strip()[:60]!r}", 1)
    papers = [imported.paper for imported, _ in entries.found]
    new = library.save_all(list_name, zip(papers, entries.notes, strict=True)) if papers else []
    outcome = list(zip(entries.found, new, strict=True))
    return ImportReport(
        name=name,
        list_name=list_name,
        format=format,
        encoding=encoding,
        saved=tuple(one for (one, in_index), is_new in outcome if is_new and in_index),
        present=tuple(one for (one, _), is_new in outcome if not is_new),
        kept=tuple(one for (one, in_index), is_new in outcome if is_new and not in_index),
        unreadable=tuple(entries.unreadable),
    )


def _sorted(entries: Iterator[Entry | Unreadable], snapshot: Snapshot | None) -> _Sorted:
    out = _Sorted()
    kept: dict[str, Paper] = {}
    for entry in entries:
        if isinstance(entry, Unreadable):
            out.unreadable.append(entry)
            continue
        stated, note = entry.paper, tidy(entry.note)
        if problem := _problem(stated, note, snapshot):
            numbers = (stated.doi, stated.arxiv, stated.pmid, stated.acl, stated.url)
            shown = stated.display_title or next(filter(None, numbers), note)
            out.unreadable.append(Unreadable.of(entry.line, shown, problem))
            continue
        found = match(stated, snapshot)
        paper = found.paper
        if not found.in_index and not may_be(kept.setdefault(paper.paper_id, paper), paper):
            paper = on_its_own(stated, namesake=True)
        out.found.append((Imported(entry.line, paper, found.why), found.in_index))
        out.notes.append(note)
    return out


def _problem(stated: Paper, note: str, snapshot: Snapshot | None) -> str:
    """Why an entry cannot be saved; nothing when it can."""
    if len(note) > LONGEST_NOTE:
        return f"its note has {len(note):,} characters; at most {LONGEST_NOTE:,} are kept"
    if stated.title or stated.abstract:
        return ""
    if not (stated.paper_id or identifier_ids(stated)):
        return "it states neither a title nor a DOI, arXiv number, PMID or ACL id"
    found = match(stated, snapshot)
    return "" if found.in_index else f"it states no title, and {found.why}"


def _decode(name: str, content: bytes) -> tuple[str, str]:
    """The text, and its encoding in words. Raises SourceError for what is no text."""
    if len(content) > LARGEST_FILE:
        raise _too_large(name, len(content))
    if not content.strip():
        raise SourceError(name, "the file is empty")
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encodings = _WIDE if is_wide else _NARROW
    for codec, shown in encodings.items():
        try:
            text = content.decode(codec)
        except UnicodeDecodeError as error:
            line, byte = content.count(b"\n", 0, error.start) + 1, content[error.start]
            continue
        if "\0" in text:
            raise SourceError(name, "binary file (a NUL byte); not a bibliography", 1)
        return text, shown
    raise SourceError(
        name,
        f"neither {' nor '.join(encodings.values())}: byte 0x{byte:02x}; save it as UTF-8",
        line,
    )


def _too_large(name: str, size: int) -> SourceError:
    return SourceError(
        name, f"{size:,} bytes, and at most {LARGEST_FILE:,} are read at once; split the file"
    )


def _recognised(name: str, text: str) -> str:
    """The format that a text is in by its looks. Raises SourceError when it is none."""
    begin = text.lstrip()
    if begin.startswith("TY"):
        return "ris"
    if begin[0] in "{[":
        return "jsonl"
    if _BIBTEX.search(text):
        return "bibtex"
    if names_columns(begin.split("\n", 1)[0]):
        return "csv"
    known = ", ".join(sorted(_SUFFIXES))
    raise SourceError(name, f"no known format ({known}); it begins {begin[:60]!r}", 1)
