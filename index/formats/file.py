"""A text file of any size and encoding, packed or not, as readers of formats see it.

Lines come one by one, so that a file larger than the memory can be read. Each is decoded by itself:
files that were put together by hand hold more than one encoding.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import IO, BinaryIO, Protocol, cast

from index.errors import SourceError
from index.formats.entries import Entry, Unreadable

HEAD = 65_536  # characters by which a format is recognised
LONGEST_LINE = 64_000_000  # bytes
LARGEST_TEXT = 500_000_000  # characters, for formats that cannot be read line by line
_NOT_TEXT = b"\0"
_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_GZIP, _XZ, _BZIP2 = b"\x1f\x8b", b"\xfd7zXZ\0", b"BZh"
_BROKEN = (OSError, EOFError, lzma.LZMAError, zlib.error)


class Format(Protocol):
    """A reader of one format."""

    name: str  # as people call it: "BibTeX"

    def fits(self, head: str) -> bool:
        """Whether a text that begins so is in this format."""
        ...

    def read(self, file: TextFile) -> Iterator[Entry | Unreadable]:
        """What the file states, in its order. One bad entry spoils no other."""
        ...


@dataclass(frozen=True)
class TextFile:
    """The lines of one file."""

    name: str  # for messages
    open: Callable[[], BinaryIO]  # its bytes from the beginning, packed as they may be

    @classmethod
    def of(cls, name: str, content: bytes) -> TextFile:
        """Bytes that are in memory already."""
        return cls(name, lambda: io.BytesIO(content))

    @cached_property
    def head(self) -> str:
        """How the file begins: the first HEAD characters, or a little more."""
        parts: list[str] = []
        for line in self.lines():
            parts.append(line)
            if sum(map(len, parts)) >= HEAD:
                break
        return "".join(parts)

    def lines(self) -> Iterator[str]:
        """Each line with its end, which is a line feed whatever it was.

        Raises SourceError, with the line, for a file that cannot be read or unpacked, is no text,
        or has a line of more than LONGEST_LINE bytes.
        """
        number = 0
        try:
            with self.open() as packed, unpacked(packed) as file:
                for number, raw in enumerate(_split(file), 1):
                    if len(raw) > LONGEST_LINE:
                        why = f"the line is longer than {LONGEST_LINE:,} bytes"
                        raise SourceError(self.name, f"{why} and begins {raw[:40]!r}", number)
                    if _NOT_TEXT in raw:
                        raise SourceError(self.name, "binary file (a NUL byte); not text", number)
                    yield decoded(raw)
        except _BROKEN as error:
            why = f"cannot be read after line {number}: {error}"
            raise SourceError(self.name, why, number or None) from error

    def text(self) -> str:
        """All lines at once. Raises SourceError as `lines`, and for more than LARGEST_TEXT."""
        parts, size = [], 0
        for number, line in enumerate(self.lines(), 1):
            size += len(line)
            if size > LARGEST_TEXT:
                why = f"more than {LARGEST_TEXT:,} characters, which must be read at once; split it"
                raise SourceError(self.name, why, number)
            parts.append(line)
        return "".join(parts)


def unpacked(file: BinaryIO) -> IO[bytes]:
    """The bytes inside of a gzip, xz or bzip2 file, or those of the file itself."""
    begin = file.read(6)
    file.seek(0)
    if begin.startswith(_GZIP):
        return cast("IO[bytes]", gzip.open(file))
    if begin.startswith(_XZ):
        return lzma.open(file)
    return bz2.open(file) if begin.startswith(_BZIP2) else file


def _split(file: IO[bytes]) -> Iterator[bytes]:
    """Lines as bytes of UTF-8 or of an encoding of one byte a character, without byte order mark.

    UTF-16 has a mark that tells it, and is brought into UTF-8.
    """
    begin = file.read(2)
    if begin in _WIDE:
        wide = io.TextIOWrapper(file, encoding=_WIDE[begin], errors="replace", newline="\n")
        while text := wide.readline(LONGEST_LINE):
            yield text.encode("utf-8", "replace")
        return
    *short, begin = begin.split(b"\n")  # a line may be shorter than a mark
    yield from (line + b"\n" for line in short)
    first = begin + file.readline(LONGEST_LINE + 1)
    if first:
        yield first.removeprefix(codecs.BOM_UTF8)
    while line := file.readline(LONGEST_LINE + 1):
        yield line


def decoded(raw: bytes) -> str:
    """A line as text: UTF-8, or Windows-1252, which any other bytes of the West are mostly in."""
    end = "\n" if raw.endswith((b"\n", b"\r")) else ""
    raw = raw.rstrip(b"\r\n")
    try:
        return raw.decode("utf-8") + end
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace") + end
