"""A text page, and what its lines look like. Shared by the readers of page layouts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from index.names import NameModel
from index.records import Mention, Skip
from index.text import fold_space

# What a site prints where it folds a long abstract; it may stand inside a word.
SPLICE = re.compile(r"…\s*\((?:voir plus|see more)\)")
# Abstracts longer than this are always spliced on pages that splice.
SPLICE_AT = 140

_CUT_OFF = re.compile(r"[.!?。．…][\"'”’»)\]}$*]*$|\S+://\S+$")
_ENDING = 500  # characters; each letter of a longer word would be tried as the start of an address
_ISO_DATE = re.compile(r"(?P<year>(?:18|19|20)\d{2})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?$")
# What repositories print where an abstract should be.
_STUB = re.compile(
    r"(?:inter)?national audience\.?|(?:no )?abstract(?: is)?(?: not)? available\.?|n/?a|null|none",
    re.IGNORECASE,
)
_BOILERPLATE = re.compile(
    r"\b(?:cookies?|témoins pour|privacy policy|vie privée|terms of (?:use|service)"
    r"|conditions d.utilisation|newsletter|infolettre|multimedia player|lecteur multimédia)\b",
    re.IGNORECASE,
)
# What only a site says of itself or to its visitor.
_ADDRESS = re.compile(
    r"\b(?:you|your|our (?:web)?sites?|our privacy|we use|of the site|vous|votre|vos|notre (?:site"
    r"|politique)|nos sites|nous utilisons|du site)\b",
    re.IGNORECASE,
)
_FOOTER = re.compile(
    r"©|(?:all rights reserved|tous droits réservés|log in|sign in|sign up|se connecter)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Page:
    """The decoded lines of one source. Line n of the file is `lines[n - 1]`."""

    source: str
    lines: tuple[str, ...]

    def first_words(self, limit: int = 3) -> str:
        """The first non-blank lines, shortened, to show what a page looks like."""
        shown = [line.strip() for line in self.lines if line.strip()][:limit]
        return " / ".join(repr(s if len(s) <= 60 else s[:57] + "...") for s in shown)


class Layout(Protocol):
    """A reader of one page layout."""

    name: str

    def marks(self, page: Page) -> int:
        """How many mentions the page seems to hold in this layout; 0 if it is another one."""
        ...

    def read(self, page: Page, names: NameModel) -> Iterator[Mention | Skip]:
        """The mentions of the page in order, and the stretches that could not be understood."""
        ...


def clean_abstract(line: str) -> str:
    """The abstract of a line: the splice gone without trace, white space folded."""
    return fold_space(SPLICE.sub("", line))


def is_cut_off(abstract: str) -> bool:
    """True when the text does not end as a sentence does.

    >>> is_cut_off("We measure effective rank (RankMe) and eigenspectrum decay (")
    True
    >>> is_cut_off("Code: https://example.org/x")
    False
    """
    return _CUT_OFF.search(abstract, max(0, len(abstract) - _ENDING)) is None


def iso_date(line: str) -> tuple[str, int] | None:
    """(date, year) of a line that is an ISO date or a year alone, else None."""
    match = _ISO_DATE.match(line)
    if match is None:
        return None
    month, day = match["month"], match["day"]
    if (month and not 1 <= int(month) <= 12) or (day and not 1 <= int(day) <= 31):
        return None
    return line, int(match["year"])


def is_boilerplate(line: str) -> bool:
    """True for the cookie notices, log-in prompts and footers that every site has.

    A title or an abstract about cookies does not speak to the visitor.
    """
    if _FOOTER.match(line.strip()):
        return True
    if _BOILERPLATE.search(line) is None:
        return False
    return len(line.split()) <= 4 or _ADDRESS.search(line) is not None


def is_stub(line: str) -> bool:
    """True for the words that stand in for an abstract: "International audience"."""
    return _STUB.fullmatch(line) is not None


def is_prose(line: str) -> bool:
    """True for a line that reads as one or more full sentences."""
    return len(line.split()) >= 8 and not is_cut_off(line)
