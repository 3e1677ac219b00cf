"""A profile whose works each start with a line of kind, year and venue run together.

preprint2023arXiv

The title

The abstract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from index.names import NameModel
from index.records import Mention, Skip
from index.sources.page import Page, is_boilerplate, is_cut_off, is_prose
from index.text import fold_space

_KIND = re.compile(r"(?P<kind>[a-z]+(?:[ -][a-z]+){0,3})(?P<year>(?:18|19|20)\d{2})(?P<venue>.*)$")
# A line without a year is a kind when it is one of these, alone or with a venue run on.
_YEARLESS = re.compile(
    r"(?P<kind>preprint|(?:journal-|review-)?article|book-chapter|proceedings-article"
    r"|conference-paper|dataset|dissertation|review|book|report|thesis)"
    r"(?P<venue>(?:[A-Z]|arXiv|bioRxiv|medRxiv|chemRxiv|psyArXiv|eLife).*)?$"
)
_SHORTEST_ABSTRACT = 40  # characters; anything shorter after a title is a caption


class Works:
    """Reads `preprint2023arXiv` profiles."""

    name = "works"

    def marks(self, page: Page) -> int:
        """Lines of kind and year."""
        return sum(_KIND.match(line.strip()) is not None for line in page.lines)

    def read(self, page: Page, names: NameModel) -> Iterator[Mention | Skip]:
        """The filled lines after each kind line: title, then authors or abstract if there are."""
        starts = [i for i, line in enumerate(page.lines) if _kind(line.strip())]
        for start, end in zip(starts, [*starts[1:], len(page.lines)], strict=True):
            filled = [i for i in range(start + 1, end) if page.lines[i].strip()]
            if end == len(page.lines):  # the page's own last words follow the last work
                own = takewhile(lambda i: not is_boilerplate(page.lines[i]), filled[1:])
                filled = [*filled[:1], *own]
            if not filled:
                quote = page.lines[start].strip()
                yield Skip(page.source, start + 1, f"{quote!r} without a title")
                continue
            mention = _mention(page, start, filled, names)
            yield mention
            for i in filled:
                if i >= mention.line_end and is_prose(page.lines[i]):
                    quote = page.lines[i].strip()[:60]
                    why = f"text after an abstract not understood: {quote!r}"
                    yield Skip(page.source, i + 1, why)


def _kind(line: str) -> re.Match[str] | None:
    return _KIND.match(line) or _YEARLESS.match(line)


def _mention(page: Page, start: int, filled: list[int], names: NameModel) -> Mention:
    match = _kind(page.lines[start].strip())
    assert match is not None  # `start` was chosen by it
    rest = filled[1:]
    authors: tuple[str, ...] = ()
    last = filled[0]
    if rest and (authors := _authors(page.lines[rest[0]], names)):
        last = rest.pop(0)
    abstract = None
    if rest and len(page.lines[rest[0]].strip()) >= _SHORTEST_ABSTRACT:
        last = rest[0]
        abstract = fold_space(page.lines[last])
    year = match.groupdict().get("year")
    return Mention(
        source=page.source,
        line_start=start + 1,
        line_end=last + 1,
        title=fold_space(page.lines[filled[0]]),
        authors=authors,
        year=int(year) if year else None,
        venue=fold_space(match["venue"] or "") or None,
        abstract=abstract,
        abstract_truncated=abstract is not None and is_cut_off(abstract),
    )


def _authors(line: str, names: NameModel) -> tuple[str, ...]:
    """The names of a line that holds nothing but names."""
    # Of runs of blanks every one would be tried as the first before "and".
    parts = [p for p in re.split(r",\s|;\s|\s(?:and|et|&)\s", fold_space(line)) if p]
    if all(len(p.split()) <= 5 and names.name_odds(p) > 0 for p in parts):
        return tuple(parts)
    return ()
