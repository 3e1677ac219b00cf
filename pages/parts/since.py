"""Since when papers are new: in the address, for the index, and in words.

    since=7d           in the last 7 days
    since=2026-01-31   since that day began, in UTC; a time may follow, as 2026-01-31T09:30

Without it, new is what came with the last build that added papers. A number of days stays true in a
bookmark: it is counted back from the day on which the page is looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pages.parts.text import count
from search import parse_since


@dataclass(frozen=True, slots=True)
class Since:
    """A time from which on papers are new."""

    date: str | None  # ISO 8601, UTC; None for the last build that added papers
    days: int | None  # of a period that ends now
    words: str  # to follow "12 new papers"


def read_since(text: str, last_added: str, now: datetime) -> Since:
    """What the parameter of an address says. `last_added` is the date of the last build that
    added papers. Raises QueryError for what is neither a number of days nor a date.

    >>> read_since("7d", "", datetime(2026, 1, 31, tzinfo=UTC)).words
    'in the last 7 days'
    """
    if not text:
        return Since(None, None, f"with the build of {moment(last_added)}")
    if re.fullmatch("[1-9][0-9]{0,3}d", text):
        days = int(text[:-1])
        date = now.astimezone(UTC) - timedelta(days=days)
        words = f"in the last {count(days, 'day') if days > 1 else 'day'}"
        return Since(date.isoformat(timespec="seconds"), days, words)
    date_text = parse_since(text)
    midnight = date_text[11:19] == "00:00:00"
    return Since(date_text, None, f"since {date_text[:10] if midnight else moment(date_text)}")


def moment(date: str) -> str:
    """'2026-01-31 at 09:30 UTC', of a date as the index keeps it."""
    return f"{date[:10]} at {date[11:16]} UTC"
