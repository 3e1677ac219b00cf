"""The text of an XML file in blocks that a parser can take, with what XML does not know mended.

A reference to any but the characters of XML and HTML stays the text that it is.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from html.entities import html5

from index.formats.file import TextFile

_BLOCK = 65_536  # characters that are parsed at once, or a few times as many
_ILLEGAL = r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]"
_MENDED = re.compile(
    rf"&(?:#x(?P<hex>[0-9a-fA-F]{{1,6}});|#(?P<dec>\d{{1,7}});|(?P<name>[A-Za-z]\w*);)?|{_ILLEGAL}"
)
_XML_NAMES = {"amp", "lt", "gt", "quot", "apos"}


def blocks(file: TextFile) -> Iterator[bytes]:
    """Stretches of about _BLOCK bytes, as UTF-8 in which XML has its letters.

    They end with a line, or before a tag where a line is longer.
    """
    held: list[str] = []
    size = 0
    for line in file.lines():
        held.append(line)
        size += len(line)
        if size >= _BLOCK:
            yield from _pieces(_MENDED.sub(_mended, "".join(held)).encode())
            held, size = [], 0
    yield from _pieces(_MENDED.sub(_mended, "".join(held)).encode())


def _pieces(text: bytes) -> Iterator[bytes]:
    begin = 0
    while len(text) - begin > 4 * _BLOCK:
        tag = text.rfind(b"<", begin + 1, begin + _BLOCK)
        end = tag if tag > 0 else begin + _BLOCK
        yield text[begin:end]
        begin = end
    yield text[begin:]


def _mended(found: re.Match[str]) -> str:
    """A reference that XML knows instead of one of HTML; text instead of one that nobody knows."""
    whole, name = found[0], found["name"]
    if not whole.startswith("&"):
        return " "  # a control character, which no XML may hold
    if number := found["hex"] or found["dec"]:
        code = int(number, 16 if found["hex"] else 10)
        is_legal = code <= 0x10FFFF and (code in (9, 10, 13) or not re.match(_ILLEGAL, chr(code)))
        return whole if is_legal else " "
    if name in _XML_NAMES:
        return whole
    known = html5.get(f"{name};") if name else None
    return html.escape(known) if known else f"&amp;{whole[1:]}"
