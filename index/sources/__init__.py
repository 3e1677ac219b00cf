"""Reading sources: files and folders in, mentions and skips out.

A file is in one of the formats of other programs (`index.formats`), or it is the text of a page. A
page layout is recognised by its content too. To add a layout, write a class with the methods of
`index.sources.page.Layout` and put an instance into `LAYOUTS`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import IO

from index.errors import SourceError
from index.formats import FORMATS, recognised
from index.formats.columns import (
    TEXTS,
    Named,
    check_found,
    find_layout,
    looks_like_table,
    nothing_known,
    of_file,
)
from index.formats.columns import Layout as TableLayout
from index.formats.entries import Entry, Unreadable
from index.formats.file import BROKEN, TextFile, raw_lines, reason, unpacked
from index.formats.html_page import HtmlPage
from index.formats.tabular import Table
from index.names import NameModel
from index.records import Mention, Skip
from index.sources.files import Sources, display_name, list_files, texts_in
from index.sources.listing import Listing
from index.sources.page import Layout, Page
from index.sources.profile import Profile
from index.sources.works import Works
from index.text import plain

__all__ = ["FileReport", "Reading", "list_files", "load_page", "read_sources", "recognise"]

LAYOUTS: tuple[Layout, ...] = (Listing(), Works(), Profile())
LONGEST_LINE = 2_000_000  # bytes; far above any record, far below what would strain memory
LARGEST_PAGE = 100_000_000  # bytes, and …
MOST_LINES = 500_000  # … lines; a page is held as a whole, and its lines looked at many times


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file."""

    source: str
    layout: str | None  # layout or format; None when nothing was read from it
    sha256: str | None
    mentions: int


@dataclass
class Findings:
    """What was found in a set of sources, beside what they state."""

    files: list[FileReport] = field(default_factory=list)
    skipped: list[Skip] = field(default_factory=list)
    tables: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)  # file, its headings


@dataclass
class Reading(Findings):
    """Everything that a set of sources states."""

    mentions: list[Mention] = field(default_factory=list)


Keep = Callable[[Mention], None]  # takes in one mention after the other


def read_sources(
    sources: Sources,
    data: str | os.PathLike[str] | None = None,
    *,
    strict: bool = False,
    columns: Sequence[Named] = (),
) -> Reading:
    """All that `sources` state, in memory; otherwise as `read_into`."""
    mentions: list[Mention] = []
    found = read_into(mentions.append, sources, data, strict=strict, columns=columns)
    return Reading(found.files, found.skipped, found.tables, mentions)


def read_into(
    keep: Keep,
    sources: Sources,
    data: str | os.PathLike[str] | None = None,
    *,
    strict: bool = False,
    columns: Sequence[Named] = (),
) -> Findings:
    """Read every file of `sources`, tables with what the user says of their `columns`.

    Each mention is given to `keep` as it is read, so that files of any size need little memory.
    What is in `data`, the folder of the index, is left out.

    A file that cannot be read, or a stretch that cannot be understood, becomes a Skip and the
    next one is read. Raises SourceError when a file that the user named cannot be read at all,
    for a column that no table has, and, with `strict`, at the first skip of any kind.
    """
    names = NameModel.load()
    findings = Findings()
    for path, named in list_files(sources, data):
        before = len(findings.files)
        with _passed_over(findings, unless=named or strict):
            for file in texts_in(path):
                whole = file.name == display_name(path)  # and not one of many in an archive
                with _passed_over(findings, unless=strict or (named and whole)):
                    _read_file(file, findings, keep, names, columns, strict=strict)
        if len(findings.files) == before:  # an archive that is none, or empty
            findings.files.append(FileReport(display_name(path), None, None, 0))
    check_found(columns, findings.tables)
    return findings


@contextlib.contextmanager
def _passed_over(findings: Findings, *, unless: bool) -> Iterator[None]:
    """Skip what cannot be read."""
    try:
        yield
    except SourceError as error:
        if unless:
            raise
        findings.skipped.append(Skip(error.source, error.line, error.why))


def _read_file(
    file: TextFile,
    findings: Findings,
    keep: Keep,
    names: NameModel,
    columns: Sequence[Named],
    *,
    strict: bool,
) -> None:
    """Give what one file states to `keep`, and add to `findings` what became of the file.

    Raises SourceError for a file that cannot be read; what was read before stays.
    """
    name, digest, count = None, None, 0
    records: Iterable[Mention | Skip]
    try:
        reader = recognised(file, columns)
        if reader is None:
            with _or_table(file, findings, columns):
                page, digest = load_page(file)
                layout = recognise(page)
            name, records = layout.name, layout.read(page, names)
        elif isinstance(reader, Table):
            _note_table(reader.layout(file.head), file, findings, columns)
            name, records = reader.name, _stated(file, reader.read(file))
        elif isinstance(reader, HtmlPage):
            name, records = _in_html(reader, file, names)
        else:
            name, records = reader.name, _stated(file, reader.read(file))
        for record in records:
            if isinstance(record, Mention):
                keep(record)
                count += 1
                continue
            findings.skipped.append(record)
            if strict:
                raise SourceError(record.source, record.why, record.line)
        digest = digest or file.sha256()
    finally:
        findings.files.append(FileReport(file.name, name, digest, count))


@contextlib.contextmanager
def _or_table(file: TextFile, findings: Findings, columns: Sequence[Named]) -> Iterator[None]:
    """Of what is no page, but looks like a table, say that none of its columns is known."""
    try:
        yield
    except SourceError:
        if looks_like_table(file.head):
            _note_table(find_layout(file.head), file, findings, columns)
        raise


def _note_table(
    layout: TableLayout, file: TextFile, findings: Findings, columns: Sequence[Named]
) -> None:
    """Note the columns of a table. Raises SourceError when none of them can be searched."""
    findings.tables.append((file.name, layout.cells))
    if not layout.known & TEXTS:
        raise SourceError(file.name, nothing_known(layout.cells, of_file(columns, file.name)), 1)


def _stated(file: TextFile, read: Iterable[Entry | Unreadable]) -> Iterator[Mention | Skip]:
    """What a file in a format of another program states, of what its reader found."""
    for found in read:
        if isinstance(found, Unreadable):
            yield Skip(file.name, found.line, f"{found.why}; it begins {found.quote!r}")
        elif not (found.paper.title or found.paper.abstract):
            yield Skip(file.name, found.line, "it states neither a title nor an abstract")
        else:
            yield _mention(file.name, found)


def _in_html(
    reader: HtmlPage, file: TextFile, names: NameModel
) -> tuple[str, Iterable[Mention | Skip]]:
    """(layout, records) of a saved page: by the layout that its visible text is in, if there is
    one of which it shows more marks than papers are found otherwise.
    """
    tree = reader.parsed(file)  # once for both: this is what takes long
    if isinstance(tree, Unreadable):
        return reader.name, _stated(file, [tree])
    found = list(_stated(file, reader.papers(tree)))
    numbered = tree.visible()
    page = Page(file.name, tuple(text for _, text in numbered))
    marks = [layout.marks(page) for layout in LAYOUTS]
    if max(marks) <= sum(isinstance(record, Mention) for record in found):
        return reader.name, found
    layout = LAYOUTS[marks.index(max(marks))]
    lines = [number for number, _ in numbered]
    return f"{reader.name}, {layout.name}", [_at(r, lines) for r in layout.read(page, names)]


def _at(record: Mention | Skip, lines: Sequence[int]) -> Mention | Skip:
    """The record with lines of the file in place of those of the visible text."""
    if isinstance(record, Mention):
        begin, end = lines[record.line_start - 1], lines[record.line_end - 1]
        return replace(record, line_start=begin, line_end=max(begin, end))
    return replace(record, line=record.line and lines[record.line - 1])


def _mention(source: str, entry: Entry) -> Mention:
    paper = entry.paper
    return Mention(
        source=source,
        line_start=entry.line,
        line_end=max(entry.line, entry.line_end),
        title=paper.title,
        authors=paper.authors,
        authors_truncated=paper.authors_truncated,
        year=paper.year,
        date=paper.date,
        venue=paper.venue,
        categories=paper.categories,
        abstract=paper.abstract,
        abstract_truncated=paper.abstract_truncated,
        doi=paper.doi,
        arxiv=paper.arxiv,
        pmid=paper.pmid,
        acl=paper.acl,
        url=paper.url,
    )


def recognise(page: Page) -> Layout:
    """The layout with the most marks on the page. Raises SourceError when there is none."""
    marks = [layout.marks(page) for layout in LAYOUTS]
    if not any(marks):
        layouts = ", ".join(layout.name for layout in LAYOUTS)
        formats = ", ".join(reader.name for reader in FORMATS)
        raise SourceError(
            page.source,
            f"no known layout ({layouts}) or format ({formats}); the page begins"
            f" {page.first_words()}",
            line=1,
        )
    return LAYOUTS[marks.index(max(marks))]


def load_page(file: TextFile) -> tuple[Page, str]:
    """The page of a file and the sha256 of its bytes.

    Raises SourceError for a file that is empty, binary, not UTF-8, endless or has an endless
    line, each with the line where it shows.
    """
    lines: list[str] = []
    try:
        with file.open() as packed, unpacked(packed) as content:
            for number, raw in enumerate(_lines(content, file.name), 1):
                lines.append(_decode(raw, file.name, number))
    except BROKEN as error:
        raise SourceError(file.name, f"cannot be read: {reason(error)}") from error
    if not any(line.strip() for line in lines):
        raise SourceError(file.name, "the file is empty", line=1)
    return Page(file.name, tuple(lines)), file.sha256()


def _lines(file: IO[bytes], name: str) -> Iterator[bytes]:
    size = 0
    for number, raw in enumerate(raw_lines(file, LONGEST_LINE), 1):
        size += len(raw)
        if number > MOST_LINES or size > LARGEST_PAGE:
            raise SourceError(
                name,
                f"more than {MOST_LINES:,} lines or {LARGEST_PAGE:,} bytes, and in no format that "
                "is read record by record; a publication list is shorter",
                line=number,
            )
        if len(raw) > LONGEST_LINE:
            raise SourceError(
                name,
                f"the line is longer than {LONGEST_LINE:,} bytes and begins {raw[:40]!r}; "
                "a publication list has shorter ones",
                line=number,
            )
        yield raw


def _decode(raw: bytes, name: str, number: int) -> str:
    if b"\0" in raw:
        raise SourceError(name, "binary file (a NUL byte); not a text page", number)
    try:
        text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        byte = f"byte {error.start + 1} is 0x{raw[error.start]:02x}"
        raise SourceError(
            name,
            f"not UTF-8: {byte}, after {raw[max(0, error.start - 20) : error.start]!r}; "
            "save the file as UTF-8",
            number,
        ) from error
    return plain(text.rstrip("\r\n"))
