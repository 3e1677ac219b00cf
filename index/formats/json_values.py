"""The records of JSON text: lines of JSON, arrays, and objects that wrap a list of records.

Lines of JSON and arrays may be larger than the memory; an object that wraps a list may not. What
is no JSON is told, and reading goes on with the next line that begins a record. An array is given
up where it breaks: what follows could belong to anything.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator

from index.formats.entries import Unreadable
from index.formats.json_window import DECODER, BrokenError, Found, Span, Window, between

# Names under which services answer with a list of records, or with an object around that list.
_LISTS = frozenset(
    {"items", "results", "data", "references", "recommendedPapers", "result", "hits", "hit"}
)
_AROUND = frozenset({"message", "data", "resultList", "result", "hits"})
_OF_A_RECORD = frozenset(
    {"title", "titles", "itemType", "display_name", "abstract", "authors", "author", "authorships"}
    | {"paper_id", "paperId", "_id", "id", "DOI", "doi"}
)
_COLON = re.compile(r"\s*:\s*")
_DEEPEST = 8  # objects around a list of records
_Members = tuple[list[Span], set[str], int]  # see `_members`


def json_values(lines: Iterable[str], name: str) -> Iterator[Found | Unreadable]:
    """The records of the text, in order, and what is no JSON.

    `name` is that of the file, for messages. Raises SourceError for a record that is too large.
    """
    window = Window(lines, name)
    arrays = window.next() == "["
    while char := window.next():
        if not (arrays and char == "["):
            yield from _outermost(window)
        elif not (yield from _array(window)):
            return


def _array(window: Window) -> Generator[Found | Unreadable, None, bool]:
    """The elements of an array; false when it breaks."""
    window.go(window.place + 1)
    while (char := window.next()) != "]":
        if not char:
            why = "the file ends inside of an array; it may have been cut off"
            yield Unreadable.of(window.line, "[", why)
            return False
        try:
            span = window.decode()
        except BrokenError as error:
            why = f"not JSON: {_told(error, window.line)}; what follows it was not read"
            yield Unreadable.of(window.line, window.quote(), why)
            return False
        yield from _unwrapped(window, span)
        window.go(span.end)
    window.go(window.place + 1)
    return True


def _outermost(window: Window) -> Iterator[Found | Unreadable]:
    """What a value of its own holds. Where it is broken, go on with the next line."""
    indented = window.place > 0 and window.text[window.place - 1] != "\n"
    try:
        span = window.decode()
    except BrokenError as error:
        broken: _Members = ([], set(), window.place)
        spans, keys, place = broken if error.known else _members(window.text, window.place)
        why = f"not JSON: {_told(error, window.line)}"
        if spans and not keys & _OF_A_RECORD:  # a list that breaks; what is before it can be read
            yield from map(window.found, spans)
            window.go(place)
            why = f"not JSON: {error}; what is around it was not read"
        line = window.line
        last, quote = window.skip(indented)
        passed = f"; lines {line} to {last} were not read" if last > line else ""
        yield Unreadable.of(line, quote, why + passed)
    else:
        yield from _unwrapped(window, span)
        window.go(span.end)


def _told(error: BrokenError, line: int) -> str:
    return f"{error} in line {error.line}" if error.line != line else str(error)


def _unwrapped(window: Window, span: Span) -> Iterator[Found]:
    """The records inside of an object that wraps them, or the value itself."""
    if _wraps(span.value):
        spans, _, _ = _members(window.text, span.start)
        yield from map(window.found, spans)
    else:
        yield window.found(span)


def _wraps(value: object, depth: int = _DEEPEST) -> bool:
    if not depth or not isinstance(value, dict) or value.keys() & _OF_A_RECORD:
        return False
    return any(isinstance(value.get(name), list) for name in _LISTS) or any(
        isinstance(inner := value.get(name), dict)
        and (inner.keys() & _OF_A_RECORD or _wraps(inner, depth - 1))
        for name in _AROUND
    )


def _members(text: str, start: int, depth: int = _DEEPEST) -> _Members:
    """The records in the lists of an object, its keys, and the place where it ends or breaks."""
    spans: list[Span] = []
    keys: set[str] = set()
    place = start + 1
    try:
        while (place := between(text, place)) < len(text) and text[place] != "}":
            key, after = DECODER.raw_decode(text, place)
            colon = _COLON.match(text, after)
            if not isinstance(key, str) or not colon:
                break
            keys.add(key)
            place = colon.end()
            char = text[place : place + 1]
            if char == "[" and key in _LISTS:
                place = between(text, place + 1)
                while text[place : place + 1] != "]":
                    value, end = DECODER.raw_decode(text, place)
                    spans.append(Span(place, end, value))
                    place = between(text, end)
                place += 1
            elif char == "{" and key in _AROUND and depth:
                inner, inner_keys, end = _members(text, place, depth - 1)
                if inner_keys & _OF_A_RECORD:
                    value, end = DECODER.raw_decode(text, place)
                    inner = [Span(place, end, value)]
                spans += inner
                place = end
            else:
                _, place = DECODER.raw_decode(text, place)
    except (ValueError, RecursionError):  # the place is where it breaks
        return spans, keys, place
    return spans, keys, place + 1
