"""A window that moves over JSON text of any size and decodes one value at a time.

JSON as in RFC 8259, and the NaN and Infinity of Python. Of a key that is there twice the last
counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from index.errors import SourceError
from index.formats.file import LARGEST_TEXT

DECODER = json.JSONDecoder()
_WINDOW = 65_536  # characters that are read at once
_QUOTE = 200  # characters of a record that are kept for messages
_BETWEEN = re.compile(r"[\s,\ufeff]*")
_MORE = re.compile(r"\n\s*\S")
_NEXT_LINE = re.compile(r"\n(?=[{\[])")
_NEXT_INDENTED = re.compile(r"\n(?=[ \t]*[{\[])")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?+|[\[\]{}]', re.DOTALL)
# Lists and objects inside of each other that the decoder takes in any case, however deep the
# program itself is.
_TAKEN = 200
_TRIED = 8  # of those that a broken value leaves open, each of which is tried by itself


@dataclass(frozen=True, slots=True)
class Found:
    """One record, or what stands where a record should."""

    line: int  # 1-based
    line_end: int
    value: object
    quote: str  # how it begins in the file


@dataclass(frozen=True, slots=True)
class Span:
    """A value and its place in a text, in characters."""

    start: int
    end: int
    value: object


class BrokenError(Exception):
    """What stands at the place of the window is no JSON. `line` is where that shows."""

    def __init__(self, why: str, line: int, *, known: bool = False) -> None:
        super().__init__(why)
        self.line = line
        self.known = known  # from a value around it


def between(text: str, place: int) -> int:
    """The place after the white space and commas that begin at a place."""
    found = _BETWEEN.match(text, place)
    return found.end() if found else place


class Window:
    """The part of the text that is being read, always of whole lines, and the place in it."""

    def __init__(self, lines: Iterable[str], name: str) -> None:
        self._lines = iter(lines)
        self._name = name  # of the file, for messages
        self.text = ""
        self.place = 0
        self.line = 1  # at the place
        self._dropped = 0  # characters before the text
        self._open: frozenset[int] = frozenset()  # places in the whole file, see `_note_open`
        self._known = 0  # the place in the whole file up to which it holds

    def next(self) -> str:
        """The character that begins the next value, or ends an array; "" at the end of the text."""
        while True:
            self.go(between(self.text, self.place))
            if self.place < len(self.text):
                return self.text[self.place]
            if not self._fill(_WINDOW):
                return ""

    def go(self, place: int) -> None:
        """Move forward to a place."""
        self.line += self.text.count("\n", self.place, place)
        self.place = place

    def decode(self) -> Span:
        """The value at the place, which stays. Raises BrokenError."""
        if self._dropped + self.place in self._open:
            raise BrokenError("inside of a value that is broken", self.line, known=True)
        wanted = _WINDOW
        while True:
            try:
                value, end = DECODER.raw_decode(self.text, self.place)
                return Span(self.place, end, value)
            except RecursionError:
                self._note_open(len(self.text), _TAKEN)
                raise BrokenError("nested too deeply", self.line) from None
            except json.JSONDecodeError as error:
                # Nothing but white space goes over the end of a line, so that text which merely
                # ends too early is wrong in the last line of the window, and nowhere else.
                if _MORE.search(self.text, error.pos) or not self._fill(wanted):
                    self._note_open(error.pos, len(self.text))
                    line = self.line + self.text.count("\n", self.place, error.pos)
                    raise BrokenError(error.msg, line) from None
                wanted *= 2
            except ValueError as error:  # a number of thousands of digits
                raise BrokenError(str(error), self.line) from None

    def quote(self) -> str:
        """How the text at the place begins."""
        return self.text[self.place : self.place + _QUOTE]

    def skip(self, indented: bool) -> tuple[int, str]:
        """Move to the next line that begins a record; the last line and the begin of what was
        passed over. What began inside of the broken value and is as broken counts to it.
        """
        pattern = _NEXT_INDENTED if indented else _NEXT_LINE
        quote = pattern.split(self.quote(), maxsplit=1)[0]
        while True:
            while not (found := pattern.search(self.text, self.place)):
                self.go(max(self.place, len(self.text) - 1))  # its line end may be before a record
                if not self._fill(_WINDOW):
                    last = self.line
                    self.go(len(self.text))
                    return last, quote
            self.go(found.end())
            if self._dropped + between(self.text, self.place) not in self._open:
                break
        last = self.line - 1
        if self.place > len(self.text) // 2:  # a message about the rest counts its lines
            self._drop()
        return last, quote

    def found(self, span: Span) -> Found:
        """A value of the window, to which this goes, as what was found at its lines."""
        self.go(span.start)
        line_end = self.line + self.text.count("\n", span.start, span.end)
        quote = self.text[span.start : min(span.end, span.start + _QUOTE)]
        return Found(self.line, line_end, span.value, quote)

    def _note_open(self, end: int, most: int) -> None:
        """Keep the places of lists and objects from here on that are open at `end`, where this
        value breaks, or at the place where so many are: none of them can be decoded. To try each
        would be to decode the same text as often as it is nested.
        """
        if self._dropped + self.place < self._known:
            return
        opened: list[int] = []
        for token in _TOKEN.finditer(self.text, self.place, end):
            if token[0] in "[{":
                opened.append(self._dropped + token.start())
            elif token[0] in "]}" and opened:
                opened.pop()
            if len(opened) >= most:
                end = token.end()
                break
        self._open = frozenset(opened[_TRIED:])
        self._known = self._dropped + end

    def _drop(self) -> None:
        """Forget what is read."""
        self._dropped += self.place
        self.text, self.place = self.text[self.place :], 0

    def _fill(self, wanted: int) -> bool:
        """Drop what is read and take in lines of `wanted` characters; false at the end."""
        self._drop()
        parts, size = [self.text], 0
        while size < wanted and (line := next(self._lines, "")):
            parts.append(line)
            size += len(line)
        self.text = "".join(parts)
        if len(self.text) > LARGEST_TEXT:
            why = f"one record of more than {LARGEST_TEXT:,} characters; write one record a line"
            raise SourceError(self._name, why, self.line)
        return size > 0
