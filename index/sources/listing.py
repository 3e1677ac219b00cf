"""A listing: three lines a paper.

79.2NEMay 29                    optional score, category, date, optional year, optional flag
A titleAda Lovelace, Alan M. Turing et al. · mila
The abstract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from index.names import NameModel
from index.records import Mention, Skip
from index.sources.page import Page, is_boilerplate, is_cut_off, is_prose
from index.text import fold_space, words

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HEADER = re.compile(
    r"(?P<score>\d{1,4}(?:\.\d+)?)?\s?"
    r"(?P<category>(?:[a-z]+-[a-z]+|[A-Z]{2,3}|[a-z]{2,8}(?:-[A-Za-z]+)?)(?:\.[A-Za-z-]+)?)"
    r"(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s"
    r"(?P<day>0?[1-9]|[12]\d|3[01])(?:,\s(?P<year>(?:19|20)\d{2}))?"
    r"(?P<flag>\s?[A-Z][A-Za-z ]{0,20})?$"
)
_ET_AL = re.compile(r",?\s+et al\.?$")
_TAIL = 2000  # characters in which the affiliations are; each sign of more would be tried
_AFFILIATION = re.compile(r"(?: · [^·]{1,60})+$")


@dataclass(frozen=True)
class _Entry:
    """One header with the lines that belong to it; line numbers count from 1."""

    line: int
    header: re.Match[str]
    title_line: str
    title_at: int
    abstract: str | None
    abstract_at: int
    left_over: tuple[int, ...]  # lines of prose after the abstract


class Listing:
    """Reads pages of header, run-together title and authors, and abstract."""

    name = "listing"

    def marks(self, page: Page) -> int:
        """Header lines with text under them."""
        pairs = zip(page.lines, page.lines[1:], strict=False)
        return sum(bool(_HEADER.match(a.strip()) and b.strip()) for a, b in pairs)

    def read(self, page: Page, names: NameModel) -> Iterator[Mention | Skip]:
        """Two passes: names and words of the whole page first, then the cuts they help with."""
        entries = list(_entries(page))
        known_names = _plain_names(entries)
        for entry in entries:
            if not entry.title_line:
                yield Skip(page.source, entry.line, f"header {entry.header[0]!r} without a title")
                continue
            yield _mention(page, entry, names, known_names)
            for line in entry.left_over:
                quote = page.lines[line - 1].strip()[:60]
                yield Skip(page.source, line, f"text after an abstract not understood: {quote!r}")


def _entries(page: Page) -> Iterator[_Entry]:
    headers = [(i, m) for i, line in enumerate(page.lines) if (m := _HEADER.match(line.strip()))]
    ends = [i for i, _ in headers[1:]] + [len(page.lines)]
    for (start, header), end in zip(headers, ends, strict=True):
        filled = [i for i in range(start + 1, end) if page.lines[i].strip()]
        if end == len(page.lines):  # the page's own last words follow the last work
            own = takewhile(lambda i: not is_boilerplate(page.lines[i]), filled[1:])
            filled = [*filled[:1], *own]
        title_at = filled[0] if filled else start
        title_line = page.lines[title_at] if filled else ""
        abstract_at = filled[1] if len(filled) > 1 else title_at
        abstract = fold_space(page.lines[abstract_at]) if len(filled) > 1 else None
        rest = tuple(i + 1 for i in filled[2:] if is_prose(page.lines[i]))
        yield _Entry(
            start + 1, header, fold_space(title_line), title_at + 1, abstract, abstract_at + 1, rest
        )


def _without_tail(title_line: str) -> tuple[str, bool]:
    """The line without affiliation and "et al.", and whether authors were left out."""
    tail = max(0, len(title_line) - _TAIL)
    line = title_line[:tail] + _AFFILIATION.sub("", title_line[tail:])
    short = _ET_AL.sub("", line)
    return short, short != line


def _plain_names(entries: list[_Entry]) -> frozenset[str]:
    """Names that follow a comma: all but the first of each line, so they stand free."""
    names: set[str] = set()
    for entry in entries:
        chunks = _without_tail(entry.title_line)[0].split(", ")
        names.update(c for c in chunks[-2:] if len(chunks) > 1 and 2 <= len(c.split()) <= 4)
    return frozenset(names)


def _mention(page: Page, entry: _Entry, names: NameModel, known_names: frozenset[str]) -> Mention:
    line, truncated = _without_tail(entry.title_line)
    known_words = frozenset(words(entry.abstract or ""))
    title, authors = names.split_title(line, known_names, known_words)
    header, abstract = entry.header, entry.abstract
    month_day = f"{_MONTHS.index(header['month']) + 1:02}-{int(header['day']):02}"
    return Mention(
        source=page.source,
        line_start=entry.line,
        line_end=entry.abstract_at,
        title=title.strip(),
        authors=authors,
        authors_truncated=truncated,
        year=int(header["year"]) if header["year"] else None,
        date=f"{header['year'] or '-'}-{month_day}",
        categories=(header["category"],),
        abstract=abstract,
        abstract_truncated=abstract is not None and is_cut_off(abstract),
    )
