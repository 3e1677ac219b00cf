"""Reading sources: files and folders in, mentions and skips out.

A page layout is recognised by its content. To add a layout, write a class with the methods of
`index.sources.page.Layout` and put an instance into `LAYOUTS`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from index.decisions import FILE_NAME as DECISIONS_FILE
from index.errors import SourceError
from index.names import NameModel
from index.records import Mention, Skip
from index.sources.listing import Listing
from index.sources.page import Layout, Page
from index.sources.profile import Profile
from index.sources.works import Works

LAYOUTS: tuple[Layout, ...] = (Listing(), Works(), Profile())
Sources = Iterable[str | os.PathLike[str]] | str | os.PathLike[str]
LONGEST_LINE = 2_000_000  # bytes; far above any record, far below what would strain memory


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file."""

    source: str
    layout: str | None  # None when nothing was read from it
    sha256: str | None
    mentions: int


@dataclass
class Reading:
    """Everything that a set of sources states."""

    mentions: list[Mention] = field(default_factory=list)
    files: list[FileReport] = field(default_factory=list)
    skipped: list[Skip] = field(default_factory=list)


def list_files(sources: Sources) -> list[tuple[Path, bool]]:
    """(file, named) for each file of the sources, sorted within a folder, none twice.

    `named` is true for a file that the user named, false for one found in a folder. Hidden files
    and the decisions file are left out; links to folders are not followed. Raises SourceError
    for a path that is not there.
    """
    found: dict[Path, tuple[Path, bool]] = {}  # by real path, so that no file is read twice
    if isinstance(sources, str | os.PathLike):
        sources = [sources]
    for source in map(Path, sources):
        if source.is_dir():
            for folder, folders, names in os.walk(source, onerror=_unreadable):
                folders[:] = sorted(f for f in folders if not f.startswith("."))
                for name in sorted(names):
                    if not name.startswith(".") and name != DECISIONS_FILE:
                        path = Path(folder) / name
                        found.setdefault(_real(path), (path, False))
        elif source.exists():
            found[_real(source)] = (source, True)
        else:
            raise SourceError(str(source), "no such file or folder; check the spelling")
    return list(found.values())


def read_sources(sources: Iterable[str | os.PathLike[str]], *, strict: bool = False) -> Reading:
    """Read every file of `sources`.

    A file that cannot be read, or a stretch that cannot be understood, becomes a Skip and the
    next one is read. Raises SourceError when a file that the user named cannot be read at all,
    and, with `strict`, at the first skip of any kind.
    """
    names = NameModel.load()
    reading = Reading()
    for path, named in list_files(sources):
        source = display_name(path)
        digest, layout, count = None, None, 0
        try:
            page, digest = load_page(path)
            layout = recognise(page)
            for record in layout.read(page, names):
                if isinstance(record, Skip):
                    reading.skipped.append(record)
                    if strict:
                        raise SourceError(record.source, record.why, record.line)
                else:
                    reading.mentions.append(record)
                    count += 1
        except SourceError as error:
            if named or strict:
                raise
            reading.skipped.append(Skip(source, error.line, error.why))
        reading.files.append(FileReport(source, layout.name if layout else None, digest, count))
    return reading


def display_name(path: Path) -> str:
    """The path as text that can be stored; bytes of a name that are not UTF-8 are escaped."""
    return path.as_posix().encode("utf-8", "backslashreplace").decode("utf-8")


def recognise(page: Page) -> Layout:
    """The layout with the most marks on the page. Raises SourceError when there is none."""
    marks = [layout.marks(page) for layout in LAYOUTS]
    if not any(marks):
        known = ", ".join(layout.name for layout in LAYOUTS)
        raise SourceError(
            page.source,
            f"no known layout ({known}); the page begins {page.first_words()}",
            line=1,
        )
    return LAYOUTS[marks.index(max(marks))]


def load_page(path: Path) -> tuple[Page, str]:
    """The page of a file and the sha256 of its bytes.

    Raises SourceError for a file that is empty, binary, not UTF-8, or has an endless line, each
    with the line where it shows.
    """
    lines: list[str] = []
    digest = hashlib.sha256()
    if path.exists() and not path.is_file():
        raise SourceError(display_name(path), "not a regular file; only text files are read")
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(_lines(file, path), 1):
                digest.update(raw)
                lines.append(_decode(raw, path, number))
    except OSError as error:
        raise SourceError(display_name(path), f"cannot be read: {error.strerror}") from error
    if not any(line.strip() for line in lines):
        raise SourceError(display_name(path), "the file is empty", line=1)
    return Page(display_name(path), tuple(lines)), digest.hexdigest()


def _lines(file: Iterable[bytes], path: Path) -> Iterator[bytes]:
    readline = file.readline  # type: ignore[attr-defined]
    number = 0
    while raw := readline(LONGEST_LINE + 1):
        number += 1
        if len(raw) > LONGEST_LINE:
            raise SourceError(
                display_name(path),
                f"the line is longer than {LONGEST_LINE:,} bytes and begins {raw[:40]!r}; "
                "a publication list has shorter ones",
                line=number,
            )
        yield raw


def _decode(raw: bytes, path: Path, number: int) -> str:
    if b"\0" in raw:
        raise SourceError(display_name(path), "binary file (a NUL byte); not a text page", number)
    try:
        text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        byte = f"byte {error.start + 1} is 0x{raw[error.start]:02x}"
        raise SourceError(
            display_name(path),
            f"not UTF-8: {byte}, after {raw[max(0, error.start - 20) : error.start]!r}; "
            "save the file as UTF-8",
            number,
        ) from error
    return text.rstrip("\r\n")


def _real(path: Path) -> Path:
    """The path with links followed, or as it is when they lead in a circle."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.absolute()


def _unreadable(error: OSError) -> None:
    raise SourceError(str(error.filename), f"cannot be listed: {error.strerror}") from error
