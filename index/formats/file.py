"""A text file of any size and encoding, packed or not, as readers of formats see it.

Lines come one by one, so that a file larger than the memory can be read. Each is decoded by itself:
files that were put together by hand hold more than one encoding.
"""

from __future__ import annotations

import bz2
import codecs
import contextlib
import gzip
import hashlib
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import IO, Any, BinaryIO, Protocol

from index.errors import SourceError
from index.formats.entries import Entry, Unreadable

HEAD = 65_536  # characters by which a format is recognised
LONGEST_LINE = 64_000_000  # bytes
LARGEST_TEXT = 500_000_000  # characters, for formats that cannot be read line by line
# Text packs to a tenth, very uniform text to a thirtieth. What unpacks to more than PACKED times
# its size is made to fill memory and time ("bomb"), unless it stays below HARMLESS bytes.
PACKED, HARMLESS = 100, 10_000_000
_BUFFER = 1 << 17  # bytes
_NOT_TEXT = b"\0"
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# How each begins, and what opens it.
_PACKINGS: tuple[tuple[bytes, Callable[[BinaryIO], Any]], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"\xfd7zXZ\0", lzma.open),
    (b"BZh", bz2.open),
)
# What a damaged file raises, a packed one or one in an archive among them.
BROKEN = (
    OSError,
    EOFError,
    NotImplementedError,  # a way of packing that Python does not know
    lzma.LZMAError,
    zlib.error,
    zipfile.BadZipFile,
)


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
        """How the file begins: the first HEAD characters, and their last line up to as many."""
        parts, size = [], 0
        with contextlib.closing(self.lines()) as lines:
            for line in lines:
                parts.append(line)
                size += len(line)
                if size >= HEAD:
                    break
        return "".join(parts)[: 2 * HEAD]

    def lines(self) -> Generator[str, None, None]:
        """Each line with its end, which is a line feed whatever it was.

        Raises SourceError, with the line, for a file that cannot be read or unpacked, is no text,
        or has a line of more than LONGEST_LINE bytes.
        """
        number = 0
        try:
            with (
                self.open() as packed,
                unpacked(packed) as file,
                contextlib.closing(_split(file)) as parts,
            ):
                for number, raw in enumerate(parts, 1):
                    if len(raw) > LONGEST_LINE:
                        why = f"the line is longer than {LONGEST_LINE:,} bytes"
                        raise SourceError(self.name, f"{why} and begins {raw[:40]!r}", number)
                    if _NOT_TEXT in raw:
                        raise SourceError(
                            self.name, "binary file (a NUL byte); not a text page", number
                        )
                    yield decoded(raw)
        except BROKEN as error:
            where = f" after line {number}" if number else ""
            why = f"cannot be read{where}: {reason(error)}"
            raise SourceError(self.name, why, number or None) from error

    def sha256(self) -> str:
        """Digest of the bytes as they are, packed or not, in hexadecimal.

        Raises SourceError for a file that cannot be read.
        """
        try:
            with self.open() as file:
                return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
        except BROKEN as error:
            raise SourceError(self.name, f"cannot be read: {reason(error)}") from error

    def content(self, largest: int) -> bytes:
        """All bytes at once, unpacked. Raises SourceError, also for more than `largest` of them."""
        try:
            with self.open() as packed, unpacked(packed) as file:
                content = file.read(largest + 1)
        except BROKEN as error:
            raise SourceError(self.name, f"cannot be read: {reason(error)}") from error
        if len(content) > largest:
            why = f"more than {largest:,} bytes, which must be read at once"
            raise SourceError(self.name, f"{why}; save less in one file")
        return content

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


def reason(error: Exception) -> str:
    """Why a file cannot be read, in few words."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def unpacked(file: BinaryIO) -> IO[bytes]:
    """The bytes inside of a gzip, xz or bzip2 file, or those of the file itself.

    Reading raises OSError for a bomb, see PACKED.
    """
    begin = file.read(6)
    file.seek(0)
    opened = next((opened for sign, opened in _PACKINGS if begin.startswith(sign)), None)
    return io.BufferedReader(_Measured(file, opened(file)), _BUFFER) if opened else file


def is_bomb(packed: int, size: int) -> bool:
    """Whether that many bytes unpack to more than any text does; see PACKED."""
    return size > max(HARMLESS, PACKED * packed)


class _Measured(io.RawIOBase):
    """What is read out of a packed file, as long as it keeps in proportion to it."""

    def __init__(self, packed: BinaryIO, content: BinaryIO) -> None:
        self._packed, self._content = packed, content
        self._size = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Raises OSError for a bomb, and what the library that unpacks raises."""
        part = self._content.read(len(buffer))
        buffer[: len(part)] = part
        self._size += len(part)
        if is_bomb(self._packed.tell(), self._size):
            raise OSError(
                f"unpacks to more than {PACKED} times its size, as no text does; unpack it yourself"
            )
        return len(part)

    def seekable(self) -> bool:
        """Yes, at the price of unpacking again."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place of what is unpacked."""
        self._size = self._content.seek(offset, whence)
        return self._size

    def tell(self) -> int:
        """The place in what is unpacked."""
        return self._size

    def close(self) -> None:
        """Close what unpacks; who opened the packed file closes that."""
        self._content.close()
        super().close()


def _split(file: IO[bytes]) -> Generator[bytes, None, None]:
    """Lines as bytes of UTF-8 or of an encoding of one byte a character, without byte order mark.

    UTF-16 has a mark that tells it, and is brought into UTF-8.
    """
    begin = file.read(len(_WIDE[0]))
    file.seek(0)
    if begin in _WIDE:
        wide = io.TextIOWrapper(file, encoding="utf-16", errors="replace", newline="\n")
        try:
            while text := wide.readline(LONGEST_LINE):
                yield text.encode("utf-8", "replace")
        finally:
            wide.detach()  # who opened the file closes it
        return
    with contextlib.closing(raw_lines(file, LONGEST_LINE)) as lines:
        if line := next(lines, b"").removeprefix(codecs.BOM_UTF8):
            yield line
        yield from lines


def raw_lines(file: IO[bytes], longest: int) -> Generator[bytes, None, None]:
    """Each line with its end; of a longer one the first `longest` + 1 bytes.

    A line ends by a line feed, in a file that begins without one, as old Macs write, by a carriage
    return.
    """
    first = file.readline(longest + 1)
    if b"\r" in first.rstrip(b"\r\n") and (len(first) >= HEAD or not file.read(1)):
        file.seek(0)
        # A character a byte, so that each is what it was; an empty newline takes any end.
        ends = io.TextIOWrapper(file, encoding="latin-1", newline="")
        try:
            while text := ends.readline(longest + 1):
                yield text.encode("latin-1")
        finally:
            ends.detach()
        return
    file.seek(0)
    while line := file.readline(longest + 1):
        yield line


def decoded(raw: bytes) -> str:
    """A line as text: UTF-8, or Windows-1252, which any other bytes of the West are mostly in."""
    end = "\n" if raw.endswith((b"\n", b"\r")) else ""
    raw = raw.rstrip(b"\r\n")
    try:
        return raw.decode("utf-8") + end
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace") + end
