"""Files of sources: which there are, and what is inside of the packed ones."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from index.decisions import FILE_NAME as DECISIONS_FILE
from index.errors import SourceError
from index.formats.file import TextFile

_ENCRYPTED = 0x1  # flag of a file inside of a zip archive
Sources = Iterable[str | os.PathLike[str]] | str | os.PathLike[str]


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


def texts_in(path: Path) -> Iterator[TextFile]:
    """The file, or, of a zip archive, each file inside, named ARCHIVE/FILE.

    Raises SourceError for an archive that cannot be read.
    """
    name = display_name(path)
    if path.exists() and not path.is_file():
        raise SourceError(name, "not a regular file; only text files are read")
    if path.suffix.lower() == ".zip":
        yield from texts_in_zip(name, path)
    else:
        yield TextFile(name, lambda: path.open("rb"))


def texts_in_zip(name: str, content: Path | BinaryIO) -> Iterator[TextFile]:
    """Each file of a zip archive called `name`, to be read before the next is asked for.

    Hidden files and those that macOS adds are left out. Raises SourceError for an archive that
    cannot be read.
    """
    try:
        with zipfile.ZipFile(content) as archive:
            # Of files of one name the last counts, as for programs that unpack.
            for inside in {inside.filename: inside for inside in archive.infolist()}.values():
                parts = inside.filename.split("/")
                if inside.is_dir() or any(p.startswith((".", "__MACOSX")) for p in parts):
                    continue
                label = f"{name}/{inside.filename}"
                yield TextFile(label, partial(_opened, archive, inside, label))
    except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
        raise SourceError(name, f"cannot be unpacked: {error}") from error


def _opened(archive: zipfile.ZipFile, inside: zipfile.ZipInfo, name: str) -> BinaryIO:
    if inside.flag_bits & _ENCRYPTED:
        raise SourceError(name, "encrypted; unpack it first")
    return cast("BinaryIO", archive.open(inside))


def display_name(path: Path) -> str:
    """The path as text that can be stored; bytes of a name that are not UTF-8 are escaped."""
    return path.as_posix().encode("utf-8", "backslashreplace").decode("utf-8")


def _real(path: Path) -> Path:
    """The path with links followed, or as it is when they lead in a circle."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.absolute()


def _unreadable(error: OSError) -> None:
    raise SourceError(str(error.filename), f"cannot be listed: {error.strerror}") from error
