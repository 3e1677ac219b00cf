"""What a line of the arXiv metadata snapshot (Kaggle) states.

Its texts hold no HTML, but formulas with < and >, so that no tags are looked for in them.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime

from index.formats.json_text import Record, Stated, all_of, at, items, text_of, without_tex

ARXIV_ID = re.compile(
    r"(?:(?P<y>\d\d)(?P<m>\d\d)\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/(?P<oy>\d\d)(?P<om>\d\d)\d{3})(?:v\d+)?"
)
_KEYS = {"authors_parsed", "journal-ref", "versions", "update_date"}
_BRACKETS = re.compile(r"\s*\([^()]*\)")
_NAMES = re.compile(r",\s*(?:and\s+)?|\s+and\s+")


def arxiv(record: Record) -> Stated:
    """A line of the arXiv metadata snapshot."""
    number = text_of(record.get("id"))
    parsed = [_arxiv_name(parts) for parts in items(record.get("authors_parsed"))]
    names = _BRACKETS.sub("", text_of(record.get("authors")))
    return Stated(
        title=without_tex(text_of(record.get("title"))),
        abstract=without_tex(text_of(record.get("abstract"))),
        authors=tuple(filter(None, parsed)) or tuple(_NAMES.split(without_tex(names))),
        date=_arxiv_date(record, number),
        venue=without_tex(text_of(record.get("journal-ref"))),
        categories=tuple(" ".join(all_of(record.get("categories"))).split()),
        doi=text_of(record.get("doi")),
        arxiv=number,
    )


def is_arxiv(record: Record) -> bool:
    """Whether a record has the keys of the snapshot."""
    number = record.get("id")
    is_one = isinstance(number, str) and ARXIV_ID.fullmatch(number) is not None
    return "authors_parsed" in record or (is_one and bool(_KEYS & record.keys()))


def _arxiv_name(parts: object) -> str:
    """["Bell", "Ada", "Jr."] as "Ada Bell Jr."; what follows are affiliations."""
    last, given, suffix, *_ = [*map(text_of, items(parts)), "", "", ""]
    return without_tex(" ".join(filter(None, (given, last, suffix))))


def _arxiv_date(record: Record, number: str) -> str:
    """The day of the first version, else the month in the number, else the day of the last."""
    versions = items(record.get("versions"))
    v1 = next((v for v in versions if at(v, "version") == "v1"), versions[0] if versions else None)
    try:
        made = parsedate_to_datetime(text_of(at(v1, "created")))
    except (ValueError, TypeError, IndexError, OverflowError):
        made = None
    if isinstance(made, datetime):
        return made.date().isoformat()
    if found := ARXIV_ID.fullmatch(number):
        year, month = found["y"] or found["oy"], found["m"] or found["om"]
        return f"{'19' if int(year) > 90 else '20'}{year}-{month}"
    return text_of(record.get("update_date"))
