"""A profile whose works each start with a line of kind, year and venue run together.

preprint2023arXiv

The title

The abstract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.names import NameModel
from index.records import Mention, Skip
from index.sources.page import Page, is_boilerplate, is_cut_off
from index.text import fold_space

_KIND = re.compile(r"(?P<kind>[a-z]+(?:[ -][a-z]+){0,3})(?P<year>(?:18|19|20)\d{2})(?P<venue>.*)$")
# Kinds without a year are told from ordinary one-word lines by being one of these.
_YEARLESS = re.compile(
    r"(?P<kind>preprint|article|book-chapter|proceedings-article|conference-paper|dataset"
    r"|dissertation|review|book|report|thesis)(?P<venue>[A-Z].*)?$"
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
                filled = [i for i in filled if not is_boilerplate(page.lines[i])]
            if not filled:
                quote = page.lines[start].strip()
                yield Skip(page.source, start + 1, f"{quote!r} without a title")
                continue
            yield _mention(page, start, filled, names)


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
    parts = [p for p in re.split(r",\s+|;\s+|\s+(?:and|et|&)\s+", line.strip()) if p]
    if all(len(p.split()) <= 5 and names.name_odds(p) > 0 for p in parts):
        return tuple(parts)
    return ()
