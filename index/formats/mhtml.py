"""Reading web archives: a page that a browser saved whole into one file (.mhtml, .mht).

Format: RFC 2557, a MIME message whose first part of HTML is the page; pictures, styles and frames
are other parts, which are not read. Lines are those of the page when it is unpacked, which the
file has in another encoding, with lines of its own.
"""

from __future__ import annotations

import email
import email.policy
import re
from email.errors import MessageError
from email.message import Message

from index.formats.entries import Unreadable
from index.formats.file import TextFile, decoded
from index.formats.html_page import HtmlPage

_HEADER = re.compile(r"[\w-]+:[ \t]?.*\n(?:(?:[\w-]+:|[ \t]+\S).*\n)*")
_MIME = re.compile(r"^MIME-Version:", re.IGNORECASE | re.MULTILINE)
_PAGE = re.compile(r"^Content-Type:\s*(?:multipart/|text/html\b)", re.IGNORECASE | re.MULTILINE)
_LARGEST = 200_000_000  # bytes, pictures included
_SHOWN = 8  # kinds of parts that a message lists


class WebArchive(HtmlPage):
    """Reads the page of a web archive like one that was saved by itself."""

    name = "MHTML page"

    def fits(self, head: str) -> bool:
        """Whether it begins with the header of a MIME message of HTML or of several parts."""
        header = _HEADER.match(head.lstrip())
        return header is not None and bool(_MIME.search(header[0]) and _PAGE.search(header[0]))

    def html(self, file: TextFile) -> str | Unreadable:
        """The first part that is HTML, or why there is none. Raises SourceError."""
        content = file.content(_LARGEST)
        begin = content[:200].decode("utf-8", "replace")
        try:
            message = email.message_from_bytes(content, policy=email.policy.compat32)
            parts = [part for part in message.walk() if not part.is_multipart()]
            page = next((part for part in parts if part.get_content_type() == "text/html"), None)
            text = _text(page) if page else ""
        except (MessageError, ValueError, RecursionError) as error:
            why = f"not a web archive that can be taken apart: {error}; save the page as HTML"
            return Unreadable.of(1, begin, why)
        if page is None:
            kinds = ", ".join([*dict.fromkeys(part.get_content_type() for part in parts)][:_SHOWN])
            why = f"a web archive without a page: its parts are {kinds or 'none'}, not text/html"
            return Unreadable.of(1, begin, f"{why}; save the page as HTML")
        if not text.strip() or "\0" in text:
            what = "empty" if not text.strip() else "binary (a NUL byte)"
            return Unreadable.of(1, begin, f"the page in it is {what}; save it as HTML")
        return text


def _text(page: Message) -> str:
    """The page in the encoding that it declares, else as lines of a file are decoded."""
    content = page.get_payload(decode=True)
    if not isinstance(content, bytes):
        raise MessageError("the part that is HTML has parts of its own")
    content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        return content.decode(page.get_content_charset() or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return "".join(map(decoded, content.splitlines(keepends=True)))
