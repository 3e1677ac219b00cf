"""Dates in words as the ISO form, as far as they state one month."""

from __future__ import annotations

import re

_MONTHS = [
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
]
# "2015", "2015 Nov", "2015 November 3"; not "2015 Nov-Dec", "1998 Dec-1999 Jan" or "2000 Spring".
_DATE = re.compile(r"(\d{4})[\s,]+([A-Za-z]{3,9}|\d{1,2})\.?(?:[\s,]+(\d{1,2}))?", re.ASCII)


def iso_date(text: str) -> str:
    """A date as 2015-11-03 or 2015-11 if it states one month; else as it is.

    >>> iso_date("2015 Nov 3"), iso_date("2015 Nov-Dec")
    ('2015-11-03', '2015 Nov-Dec')
    """
    text = text.strip()
    found = _DATE.fullmatch(text)
    if not found:
        return text
    year, month, day = found.groups()
    names = [number for number, name in enumerate(_MONTHS, 1) if name.startswith(month.lower())]
    number = int(month) if month.isdecimal() else (*names, 0)[0]
    if not 1 <= number <= 12:
        return text
    return f"{year}-{number:02}" + (f"-{int(day):02}" if day else "")
