"""Files of sources: which there are, and what is inside of the packed ones."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path, PurePath
from typing import BinaryIO, cast

from index.decisions import FILE_NAME as DECISIONS_FILE
from index.errors import SourceError
from index.formats.file import TextFile, is_bomb

# Backups, locks and swap files of editors, and downloads that are under way. An older copy of a
# list or half of one would state papers that the list itself does not.
_LEFTOVER = re.compile(
    r"~$|^~\$|^#.*#$|\.(?:sw[a-p]|bak|te?mp|part|partial|crdownload)$", re.IGNORECASE
)
_ENCRYPTED = 0x1  # flag of a file inside of a zip archive
Sources = Iterable[str | os.PathLike[str]] | str | os.PathLike[str]


def list_files(
    sources: Sources, data: str | os.PathLike[str] | None = None
) -> list[tuple[Path, bool]]:
    """(file, named) for each file of the sources, sorted within a folder, none twice.

    `named` is true for a file that the user named, false for one found in a folder. Of folders
    are left out: what `is_hidden` or `is_leftover`, the decisions file, and the folder `data` of
    the index itself; links to folders are not followed. Raises SourceError for a path that is not
    there.
    """
    own = identity(Path(data)) if data else None
    found: dict[Path, tuple[Path, bool]] = {}  # by real path, so that no file is read twice
    if isinstance(sources, str | os.PathLike):
        sources = [sources]
    for source in map(Path, sources):
        if source.is_dir():
            for folder, folders, names in os.walk(source, onerror=_unreadable):
                inside = (Path(folder) / f for f in sorted(folders) if not is_hidden(Path(f)))
                folders[:] = [f.name for f in inside if own is None or identity(f) != own]
                for name in sorted(names):
                    path = Path(folder) / name
                    if not (is_hidden(Path(name)) or is_leftover(path) or name == DECISIONS_FILE):
                        found.setdefault(_real(path), (path, False))
        elif source.exists():
            found[_real(source)] = (source, True)
        else:
            raise SourceError(str(source), "no such file or folder; check the spelling")
    return list(found.values())


def is_hidden(inside: PurePath) -> bool:
    """Whether a path relative to a source is hidden, or in a hidden folder."""
    return any(part.startswith(".") for part in inside.parts)


def is_leftover(file: PurePath) -> bool:
    """Whether a file is by its name a backup, lock or swap file, or a download under way."""
    return bool(_LEFTOVER.search(file.name))


def identity(path: Path) -> tuple[int, int] | None:
    """What tells a file or folder from all others, whatever its name; None when it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


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
    cannot be read, or is made to fill memory and time.
    """
    try:
        with zipfile.ZipFile(content) as archive:
            _check_size(name, archive)
            # Of files of one name the last counts, as for programs that unpack.
            for inside in {inside.filename: inside for inside in archive.infolist()}.values():
                parts = [p for p in inside.filename.split("/") if p not in (".", "..")]
                if inside.is_dir() or any(p.startswith((".", "__MACOSX")) for p in parts):
                    continue
                label = f"{name}/{display_name(PurePath(inside.filename))}"
                yield TextFile(label, partial(_opened, archive, inside, label))
    except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
        raise SourceError(name, f"cannot be unpacked: {error}") from error


def _check_size(name: str, archive: zipfile.ZipFile) -> None:
    """Raise SourceError for an archive that unpacks to more than any texts do, in all or in one.

    No file gives more bytes than the archive states of it. Files may share what they are packed
    in, so the whole is measured against the archive.
    """
    inside = archive.infolist()
    file = cast("BinaryIO", archive.fp)
    sizes = [(i.compress_size, i.file_size) for i in inside]
    sizes.append((file.seek(0, os.SEEK_END), sum(size for _, size in sizes)))
    worst = next(((packed, size) for packed, size in sizes if is_bomb(packed, size)), None)
    if worst:
        why = f"{worst[0]:,} bytes unpack to {worst[1]:,}, as no text does; unpack it yourself"
        raise SourceError(name, why)


def _opened(archive: zipfile.ZipFile, inside: zipfile.ZipInfo, name: str) -> BinaryIO:
    if inside.flag_bits & _ENCRYPTED:
        raise SourceError(name, "encrypted; unpack it first")
    return cast("BinaryIO", archive.open(inside))


def display_name(path: PurePath) -> str:
    """The path as text that can be stored and shown on a line.

    Bytes that are not UTF-8 are escaped, and so are line ends, other control characters and what
    turns the direction of writing, which a hostile name holds.
    """
    text = path.as_posix().encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(c if c.isprintable() or c == "\u3000" else ascii(c)[1:-1] for c in text)


def _real(path: Path) -> Path:
    """The path with links followed, or as it is when they lead in a circle."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.absolute()


def _unreadable(error: OSError) -> None:
    raise SourceError(str(error.filename), f"cannot be listed: {error.strerror}") from error
