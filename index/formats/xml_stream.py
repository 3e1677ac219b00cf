"""XML of any size as the records inside of it, each with its lines, in bounded memory.

Only the elements that a format asks for are built, one at a time. A file that is broken somewhere
is read up to there and again from the next record on; several files put one behind the other are
read as one. expat is used directly, for it tells lines exactly and lets declarations be refused.

Nothing that a file declares is acted on. A DOCTYPE that declares entities is refused, and
references to them are text (see `blocks`), so that neither expansions without end ("billion
laughs") nor files or addresses named by a DTD come into play.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat
from xml.parsers.expat import errors

from index.formats.entries import Unreadable
from index.formats.file import TextFile
from index.formats.xml_blocks import blocks

LARGEST_RECORD = 32_000_000  # bytes; thousands of authors with their addresses take 4 million
DEEPEST = 100  # elements inside of each other
_QUOTE = 200  # bytes from which the quote of a break is made
_SKIPPED = (("<?", "?>"), ("<!--", "-->"))
_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)")
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]*(?:\[[^\]]*\]\s*)?>", re.IGNORECASE)
# Where a second document begins behind the first, or behind blank lines.
_ANEW = {
    errors.codes[errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT],
    errors.codes[errors.XML_ERROR_MISPLACED_XML_PI],
}


@dataclass(frozen=True, slots=True)
class Record:
    """One element of those that were asked for. Prefixes of namespaces are taken off all names."""

    line: int  # 1-based
    line_end: int
    element: Element
    within: tuple[tuple[str, dict[str, str]], ...]  # (name, attributes) around it, outermost first


class _RefusedError(Exception):
    """Well-formed, but nothing that is read here; `place` is where, as expat counts bytes."""

    def __init__(self, why: str, place: int) -> None:
        super().__init__(why)
        self.place = place


class _UnendedError(_RefusedError):
    """A record begins inside of one, which therefore has no end."""


def root_name(head: str) -> str:
    """The name of the first element of an XML text, without prefix; empty if there is none."""
    place, head = 0, head.removeprefix("\ufeff")
    while True:
        place = _SPACE.match(head, place).end()  # type: ignore[union-attr]  # matches anything
        ends = next((end for begin, end in _SKIPPED if head.startswith(begin, place)), "")
        if ends:
            found = head.find(ends, place)
            if found < 0:
                return ""
            place = found + len(ends)
        elif doctype := _DOCTYPE.match(head, place):
            place = doctype.end()
        else:
            name = _NAME.match(head, place)
            return name[1] if name else ""


def records(
    file: TextFile, names: Collection[str], around: Collection[str] = ()
) -> Iterator[Record | Unreadable]:
    """The elements of these names, in order, and an Unreadable for each break.

    `around` names elements outside of them, at which reading may go on behind a break too.
    Raises SourceError as `file.lines`.
    """
    parser, line = _Parser(names, 1), 1
    broken: _Break | None = None
    block = b""
    for block in blocks(file):
        place: int | None = 0
        while place is not None and place < len(block):
            if broken:
                place = broken.resumed(block, place, {*names, *around})
                if place is None:
                    break
                resumed = line + block.count(b"\n", 0, place)
                yield broken.told(resumed)
                parser, broken = _Parser(names, resumed, broken.around), None
            failed = parser.fed(block, place, line)
            yield from parser.taken()
            place = failed.place if failed else None
            if failed and failed.is_anew:
                parser = _Parser(names, failed.line)
            else:
                broken = failed
        line += block.count(b"\n")
    broken = broken or parser.ended(block, line - block.endswith(b"\n"))
    if broken:
        yield broken.told(None)


@dataclass
class _Break:
    """Where the parser stopped, and with what open."""

    line: int
    place: int  # in the block, in bytes, where the search for what can be read begins
    why: str
    quote: str
    lost: int | None  # the line where the record begins that was being read
    around: list[tuple[str, dict[str, str]]]  # open around it
    is_anew: bool = False  # a second document begins here: no fault

    def resumed(self, block: bytes, start: int, names: set[str]) -> int | None:
        """Where the next element begins with which reading can go on; `around` is made to fit."""
        wanted = "|".join(map(re.escape, sorted(names)))
        found = re.compile(rf"<((?:[\w.-]+:)?(?:{wanted}))(?=[\s/>])".encode()).search(block, start)
        if not found:
            return None
        name = _local(found[1].decode())
        outer = [name for name, _ in self.around]
        if name in outer:
            del self.around[outer.index(name) :]
        return found.start()

    def told(self, resumed: int | None) -> Unreadable:
        """For who reads the report."""
        parts = [f"broken XML: {self.why}"]
        if self.lost is not None:
            parts.append(f"the record that begins in line {self.lost} was not read")
        if resumed is None:
            parts.append("nothing behind this could be read; is the file complete?")
        elif resumed != self.line:
            parts.append(f"reading goes on in line {resumed}")
        return Unreadable.of(self.line, self.quote, "; ".join(parts))


@dataclass
class _Parser:
    """expat, with the elements that are open and the records that are complete."""

    names: Collection[str]
    line: int  # of the file, where this parser begins
    around: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    _done: list[Record] = field(default_factory=list)
    _builder: TreeBuilder | None = None
    _begin: int = 0  # line of the record that is being built
    _depth: int = 0  # elements open inside of it, itself included
    _size: int = 0  # bytes since the last sign of life: an end of a record, or a tag outside of one
    _fed: int = 0  # bytes before those that are being parsed

    def __post_init__(self) -> None:
        # The lines are decoded already, whatever encoding the file claims to have.
        self._expat: Any = expat.ParserCreate("utf-8")
        self._expat.buffer_text = True
        self._expat.EntityDeclHandler = self._on_entity
        self._expat.StartElementHandler = self._on_start
        self._expat.EndElementHandler = self._on_end
        # Elements that were open before a break are opened again for expat, not for the format.
        opened = "".join(f"<{name}>" for name, _ in self.around).encode()
        before, self.around = self.around, []
        self._expat.Parse(opened)
        self.around, self._fed = before, len(opened)

    def fed(self, block: bytes, start: int, first: int) -> _Break | None:
        """Parses a block, whose first line is `first`, from `start` on; tells where it cannot."""
        text = memoryview(block)[start:]  # no copy: a block may break very often
        self._size += len(text)
        try:
            self._expat.Parse(text)
            if self._size > LARGEST_RECORD:
                self._refuse(f"no end within {LARGEST_RECORD:,} bytes")
        except (expat.ExpatError, _RefusedError) as error:
            # expat goes on for a while behind an exception, and its own line lags behind at times.
            index = getattr(error, "place", self._expat.CurrentByteIndex)
            place = start + index - self._fed
            line = first + block.count(b"\n", 0, place) if place >= start else self._line()
            return self._stopped(error, block, max(place, start), line)
        self._fed += len(text)
        return None

    def ended(self, last: bytes, line: int) -> _Break | None:
        """Tells whether something is still open at the end of the file, which is `last`, `line`."""
        try:
            self._expat.Parse(b"", True)
        except expat.ExpatError as error:
            is_empty = error.code == errors.codes[errors.XML_ERROR_NO_ELEMENTS]
            if not is_empty or self.around or self._builder:
                last = last.rstrip()
                return self._stopped(error, last, len(last), line)
        return None

    def taken(self) -> list[Record]:
        """The records that are complete and were not taken yet."""
        done, self._done = self._done, []
        return done

    def _stopped(self, error: Exception, block: bytes, place: int, line: int) -> _Break:
        is_anew, behind = False, 1  # what cannot be read is not tried again
        if isinstance(error, expat.ExpatError):
            opens = block[place : place + 1] == b"<" and block[place + 1 : place + 2] != b"/"
            outside = not self.around and self._expat.CurrentByteIndex > 0
            is_anew = error.code in _ANEW and opens and outside
            why = errors.messages[error.code]
        else:
            why = str(error)
        if is_anew or isinstance(error, _UnendedError):
            behind = 0
        begin = block.rfind(b"\n", 0, place) + 1
        quote = block[begin : begin + _QUOTE].split(b"\n")[0].decode("utf-8", "ignore")
        lost = self._begin if self._builder else None
        return _Break(line, place + behind, why, quote, lost, self.around, is_anew)

    def _line(self) -> int:
        return self.line + int(self._expat.CurrentLineNumber) - 1

    def _refuse(self, why: str) -> NoReturn:
        raise _RefusedError(why, self._expat.CurrentByteIndex)

    def _on_entity(self, name: str, *_: object) -> None:
        self._refuse(f"the file declares an entity, {name!r}; take the DOCTYPE out")

    def _on_start(self, name: str, attributes: dict[str, str]) -> None:
        name = _local(name)
        if name in self.names:
            if self._builder is not None:
                why = f"<{name}> before the end of the record before it"
                raise _UnendedError(why, self._expat.CurrentByteIndex)
            self._builder = TreeBuilder()
            self._expat.CharacterDataHandler = self._builder.data
            self._begin = self._line()
        if self._builder is None:
            self.around.append((name, attributes))
            self._size = 0
        else:
            self._builder.start(name, attributes)
            self._depth += 1
        if len(self.around) + self._depth > DEEPEST:
            self._refuse(f"more than {DEEPEST} elements inside of each other")

    def _on_end(self, name: str) -> None:
        if self._builder is None:
            self.around.pop()
            return
        self._builder.end(_local(name))
        self._depth -= 1
        if not self._depth:
            element, within = self._builder.close(), tuple(self.around)
            self._done.append(Record(self._begin, self._line(), element, within))
            self._builder = self._expat.CharacterDataHandler = None
            self._size = 0


def _local(name: str) -> str:
    """A name without the prefix of its namespace."""
    return name.rpartition(":")[2] if ":" in name else name
