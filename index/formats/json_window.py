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

    def __init__(self, why: str, line: int) -> None:
        super().__init__(why)
        self.line = line


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
        wanted = _WINDOW
        while True:
            try:
                value, end = DECODER.raw_decode(self.text, self.place)
                return Span(self.place, end, value)
            except RecursionError:
                raise BrokenError("nested too deeply", self.line) from None
            except json.JSONDecodeError as error:
                # Nothing but white space goes over the end of a line, so that text which merely
                # ends too early is wrong in the last line of the window, and nowhere else.
                if _MORE.search(self.text, error.pos) or not self._fill(wanted):
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
        passed over.
        """
        pattern = _NEXT_INDENTED if indented else _NEXT_LINE
        quote = pattern.split(self.quote(), maxsplit=1)[0]
        while not (found := pattern.search(self.text, self.place)):
            self.go(max(self.place, len(self.text) - 1))  # its line end may be before a record
            if not self._fill(_WINDOW):
                last = self.line
                self.go(len(self.text))
                return last, quote
        self.go(found.end())
        return self.line - 1, quote

    def found(self, span: Span) -> Found:
        """A value of the window as what was found at its lines."""
        line = self.line + self.text.count("\n", self.place, span.start)
        line_end = line + self.text.count("\n", span.start, span.end)
        quote = self.text[span.start : min(span.end, span.start + _QUOTE)]
        return Found(line, line_end, span.value, quote)

    def _fill(self, wanted: int) -> bool:
        """Drop what is read and take in lines of `wanted` characters; false at the end."""
        parts, size = [self.text[self.place :]], 0
        while size < wanted and (line := next(self._lines, "")):
            parts.append(line)
            size += len(line)
        self.text, self.place = "".join(parts), 0
        if len(self.text) > LARGEST_TEXT:
            why = f"one record of more than {LARGEST_TEXT:,} characters; write one record a line"
            raise SourceError(self._name, why, self.line)
        return size > 0
