"""A work as one part of an HTML page states it, before the parts are joined."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from index.formats.entries import Entry, make_entry
from index.formats.markup import readable
from index.text import title_key

_CUT_OFF = ("...", "…")


@dataclass(frozen=True, slots=True)
class Work:
    """What one part of a page says of one work; empty where it says nothing."""

    line: int
    line_end: int
    title: str
    authors: tuple[str, ...] = ()
    authors_truncated: bool = False
    date: str = ""
    venue: str = ""
    abstract: str = ""
    doi: str = ""
    arxiv: str = ""
    pmid: str = ""
    acl: str = ""
    url: str = ""

    def with_rest(self, other: Work) -> Work:
        """The work, with what it does not say taken from the other."""
        names = [field.name for field in fields(self)]
        stated: dict[str, Any] = {n: getattr(self, n) or getattr(other, n) for n in names}
        if self.authors:
            stated["authors_truncated"] = self.authors_truncated
        stated["line"] = min(self.line, other.line)
        stated["line_end"] = max(self.line_end, other.line_end)
        return Work(**stated)

    def entry(self) -> Entry:
        """The entry, with its texts cleaned."""
        abstract = readable(self.abstract)
        entry = make_entry(
            self.line,
            line_end=self.line_end,
            title=readable(self.title),
            authors=map(readable, self.authors),
            authors_truncated=self.authors_truncated,
            date=self.date,
            venue=readable(self.venue),
            abstract=abstract,
            doi=self.doi,
            arxiv=self.arxiv,
            pmid=self.pmid,
            acl=self.acl,
            url=self.url,
        )
        if not abstract.endswith(_CUT_OFF):
            return entry
        return replace(entry, paper=replace(entry.paper, abstract_truncated=True))


def join_works(works: Iterable[Work]) -> list[Work]:
    """One work for each title, in the order of the page; what is first said counts."""
    found: dict[str, Work] = {}
    for work in works:
        key = title_key(readable(work.title))
        found[key] = found[key].with_rest(work) if key in found else work
    return sorted(found.values(), key=lambda work: work.line)
