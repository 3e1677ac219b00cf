"""Reading bibliographies back: files of any format that is known into a list of the library.

    report = import_file(Library("data"), "To read", Path("refs.bib"), snapshot)
    print(len(report.saved), "saved,", len(report.kept), "are not in the index")

Nothing that a file states is lost without a word: a paper that the index has not is kept as the
file states it, and what cannot be read as a paper is told with its line.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from index.errors import QueryError, SourceError
from index.formats import FORMATS as ALL_FORMATS
from index.formats import recognised
from index.formats.bibtex import BibTeX
from index.formats.columns import Columns, Named, check_found, of_file, parse_columns
from index.formats.entries import Entry, Unreadable
from index.formats.file import BROKEN, Format, TextFile, reason, unpacked
from index.formats.json_lines import Json
from index.formats.ris import Ris
from index.formats.tabular import Table
from index.identity import identifier_ids
from index.records import Paper
from index.snapshot import Snapshot
from index.sources.files import texts_in_zip
from search.export import FORMATS
from search.library import Library
from search.library_rows import LONGEST_NOTE, tidy
from search.matching import match, may_be, on_its_own

LARGEST_FILE = 50_000_000  # bytes; some 50,000 records with abstracts
_READERS: dict[str, Format] = {"bibtex": BibTeX(), "ris": Ris(), "csv": Table(), "jsonl": Json()}
_KINDS = {reader.name: kind for kind, reader in _READERS.items()}
_SUFFIXES = {
    ".bib": "bibtex", ".bibtex": "bibtex", ".ris": "ris", ".csv": "csv", ".tsv": "csv",
    ".json": "jsonl", ".jsonl": "jsonl", ".ndjson": "jsonl",
}  # fmt: skip
_PACKED = {".gz", ".xz", ".bz2"}
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # the second is one without files
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


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
    format: str  # one of FORMATS, or the name of another that can be read alone
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
    columns: Columns = (),
) -> ImportReport:
    """Save what a file holds to a list; see `import_bytes`."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise _too_large(str(path), f"{path.stat().st_size:,} bytes")
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(str(path), f"cannot be read: {error.strerror}") from error
    return import_bytes(
        library, list_name, str(path), content, snapshot, format=format, columns=columns
    )


def import_bytes(
    library: Library,
    list_name: str,
    name: str,
    content: bytes,
    snapshot: Snapshot | None,
    *,
    format: str | None = None,  # noqa: A002
    columns: Columns = (),
) -> ImportReport:
    """Save what a file called `name` holds to a list, which is made if need be, all at once.

    It may be packed, as gzip, xz, bzip2 or the only file of a zip archive. Without a `format` the
    suffix of the name or else how the content begins tells it; the content where they differ.
    `columns` says what the columns of a table are that are not known by their headings; see
    `index.formats.columns`. Raises SourceError when the file is too large, no text or of no known
    format, or has no such column, QueryError for columns that make no sense, LibraryError when
    the library cannot be written.
    """
    if format and format not in _READERS:
        raise QueryError(f"unknown format {format!r}; choose one of {', '.join(FORMATS)}")
    inside, plain = _unpacked(name, content)
    encoding = _encoding(name, plain)
    file = TextFile.of(inside, plain)
    named = parse_columns(columns)
    reader = _READERS[format] if format else _reader(name, file, named)
    if isinstance(reader, Table):
        reader = Table(of_file(named, inside))
    cells = reader.layout(file.head).cells if isinstance(reader, Table) else None
    check_found(named, [] if cells is None else [(inside, cells)])
    kind = _KINDS.get(reader.name, reader.name)
    entries = _sorted(reader.read(file), snapshot)
    if not entries.found and not entries.unreadable:
        raise SourceError(name, f"holds no {kind} record; it begins {file.head.strip()[:60]!r}", 1)
    papers = [imported.paper for imported, _ in entries.found]
    new = library.save_all(list_name, zip(papers, entries.notes, strict=True)) if papers else []
    outcome = list(zip(entries.found, new, strict=True))
    return ImportReport(
        name=name,
        list_name=list_name,
        format=kind,
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


def _unpacked(name: str, content: bytes) -> tuple[str, bytes]:
    """(name, bytes) of the file inside of a packed one, or of the file itself.

    Raises SourceError for a file that is too large, empty, damaged, or an archive of several.
    """
    if len(content) > LARGEST_FILE:
        raise _too_large(name, f"{len(content):,} bytes")
    if content.startswith(_ZIP):
        texts = texts_in_zip(name, io.BytesIO(content))
        files = [(file.name, _read(file)) for file, _ in zip(texts, range(2), strict=False)]
        if len(files) != 1:
            held = "several files" if files else "no file"
            raise SourceError(name, f"an archive that holds {held}; unpack it and import each")
        name, content = files[0]
    else:
        content = _read(TextFile.of(name, content))
    if not content.strip():
        raise SourceError(name, "the file is empty")
    if b"\0" in content and not content.startswith(_WIDE):
        raise SourceError(name, "binary file (a NUL byte); not a bibliography", 1)
    return name, content


def _read(file: TextFile) -> bytes:
    try:
        with file.open() as packed, unpacked(packed) as content:
            plain = content.read(LARGEST_FILE + 1)
    except BROKEN as error:
        raise SourceError(file.name, f"cannot be unpacked: {reason(error)}") from error
    if len(plain) > LARGEST_FILE:
        raise _too_large(file.name, f"more than {LARGEST_FILE:,} bytes when unpacked")
    return plain


def _encoding(name: str, content: bytes) -> str:
    """The encoding in words. Raises SourceError, with the line, for what is no text."""
    if content.startswith(_WIDE):
        _refuse_unless(name, 1, content, "utf-16", "UTF-16")
        return "UTF-16"
    if _is_utf8(content):
        return "UTF-8"
    # As in `index.formats.file`, each line has its own: files are put together by hand.
    for number, line in enumerate(content.split(b"\n"), 1):
        if not _is_utf8(line):
            _refuse_unless(name, number, line, "cp1252", "UTF-8 nor Windows-1252")
    return "Windows-1252"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _refuse_unless(name: str, number: int, content: bytes, codec: str, shown: str) -> None:
    """Raises SourceError for bytes that the codec does not know, with the line of the first."""
    try:
        content.decode(codec)
    except UnicodeDecodeError as error:
        why = f"neither {shown}: byte 0x{content[error.start]:02x}; save it as UTF-8"
        raise SourceError(name, why, number + content.count(b"\n", 0, error.start)) from error


def _too_large(name: str, size: str) -> SourceError:
    why = f"{size}, and at most {LARGEST_FILE:,} are read at once; split the file"
    return SourceError(name, why)


def _reader(name: str, file: TextFile, columns: Sequence[Named]) -> Format:
    """The reader of a file. Raises SourceError when it is in no format that is known."""
    suffixes = [s.lower() for s in PurePath(file.name).suffixes if s.lower() not in _PACKED]
    named = _READERS.get(_SUFFIXES.get(suffixes[-1], "")) if suffixes else None
    if isinstance(named, Table):
        named = Table(of_file(columns, file.name))
    if named and named.fits(file.head):
        return named
    if reader := recognised(file, columns) or named:
        return reader
    known = ", ".join(reader.name for reader in ALL_FORMATS)
    raise SourceError(name, f"no known format ({known}); it begins {file.head.strip()[:60]!r}", 1)
