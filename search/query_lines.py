"""Queries of a file or a pipe: one a line, as text or as `{"_id": "q1", "text": "…"}`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.errors import SourceError

PIPE = Path("-")  # where a file is asked for: standard input
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class QueryLine:
    """One query. Both texts can be printed."""

    name: str  # its `_id`, or the number of its line
    text: str
    error: str = ""  # why the line is no query; only in what comes from a pipe


def read_queries(path: Path) -> list[QueryLine]:
    """The queries of a file; blank lines pass.

    Raises SourceError for a file that cannot be read, and for the first line that is no query.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(str(path), f"cannot be read: {error}") from error
    return [_query(line, number, str(path)) for number, line in enumerate(lines, 1) if line.strip()]


def stream_queries(lines: Iterable[bytes]) -> Iterator[QueryLine]:
    """The queries of a pipe as they come, one for each line.

    What is no query, a blank line among it, has its error: whoever writes line by line waits for
    an answer to each.
    """
    for number, line in enumerate(lines, 1):
        try:
            text = line.removeprefix(_BOM if number == 1 else b"").decode("utf-8")
            yield _query(text.rstrip("\r\n"), number, "standard input")
        except UnicodeDecodeError as error:
            yield QueryLine(str(number), "", f"standard input:{number}: is not UTF-8 ({error})")
        except SourceError as error:
            yield QueryLine(str(number), _printable(text.strip()), str(error))


def _query(line: str, number: int, source: str) -> QueryLine:
    """Raises SourceError for a line that is no query."""
    name, text = str(number), line.strip()
    if text.startswith("{"):
        try:
            record: dict[str, Any] = json.loads(text)
            name, text = str(record.get("_id", number)), record["text"]
        except (ValueError, KeyError, AttributeError) as error:
            why = f'not a query: {line[:60]!r}; a line reads {{"_id": "q1", "text": "…"}}'
            raise SourceError(source, why, number) from error
    if not isinstance(text, str) or not text.strip():
        raise SourceError(source, f"the query is empty: {line[:60]!r}", number)
    return QueryLine(_printable(name), _printable(text))


def _printable(text: str) -> str:
    """The text with a question mark for each lone surrogate, which JSON may hold but UTF-8 not."""
    return text.encode("utf-8", "replace").decode("utf-8")
