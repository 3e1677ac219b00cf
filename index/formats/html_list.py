"""Publication lists of personal and group pages: which elements are citations.

A list counts only when several of its items are citations, so that menus, news and courses give
nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from index.formats.entries import Unreadable
from index.formats.html_citation import YEAR, Splitter, abstract_of
from index.formats.html_tree import Block, HtmlTree, Run, joined, lines_of
from index.formats.html_work import Work

_ITEMS = frozenset(["li", "p", "tr", "dd", "article", "div", "section", "td", "blockquote"])
_WHOLE = frozenset(["li", "tr", "dd", "article"])  # hold one citation with all that belongs to it
_SHORTEST, _LONGEST = 25, 8_000  # characters of an item, abstracts included
_MOST_BLOCKS = 60  # that one citation is made of
_FEWEST = 2  # citations that make a list
_FEWEST_WORDS = 5  # of an item that is told when it cannot be read
_YEAR_HEADING = re.compile(r"\D{0,30}((?:19|20)\d\d)\D{0,12}$")


@dataclass(frozen=True, slots=True)
class _Item:
    """A block that may hold a citation, and the citation if it does."""

    block: Block
    work: Work | None
    blocks: int = 1  # it and those in it


class ListReader:
    """The publication lists of one page."""

    def __init__(self, tree: HtmlTree, splitter: Splitter) -> None:
        self._runs = tree.runs
        self._blocks = tree.blocks
        self._splitter = splitter
        self._sizes = [0]
        for run in tree.runs:
            self._sizes.append(self._sizes[-1] + len(run.text.strip()))
        self._years = list(_headings(tree.runs))

    def read(self) -> Iterator[Work | Unreadable]:
        """The works of all lists in the order of the page, and items that cannot be split."""
        chosen = sorted(self._chosen(), key=lambda item: item.block.start)
        ends = [*(item.block.start for item in chosen), len(self._runs)][1:]
        for item, end in zip(chosen, ends, strict=True):
            runs = self._runs[item.block.start : item.block.end]
            if item.work is None:
                text = joined([run for run in runs if run.shown])
                if len(text.split()) >= _FEWEST_WORDS:
                    why = "in a list of publications, but title and authors cannot be told apart"
                    yield Unreadable.of(runs[0].line, text, why)
                continue
            abstract = item.work.abstract or abstract_of(self._following(item.block.end, end))
            yield replace(item.work, abstract=abstract)

    def _following(self, start: int, end: int) -> list[Run]:
        """The runs after an item that are called an abstract."""
        runs: list[Run] = []
        for run in self._runs[start:end]:
            if run.role not in ("abstract", "other"):
                break
            runs.append(run)
        return runs

    def _chosen(self) -> list[_Item]:
        """The items of the lists in which at least half of what could be a citation is one."""
        units: dict[tuple[int, str] | str, list[_Item]] = defaultdict(list)
        for item in self._items():
            block = item.block
            units[block.path if block.telling else (block.parent, block.name)].append(item)
        # Items each in a box of their own are one list if their boxes are of one kind.
        lists: dict[tuple[int, str] | str, list[_Item]] = defaultdict(list)
        for key, items in units.items():
            lists[items[0].block.path if len(items) == 1 else key].extend(items)
        good = [
            items
            for items in lists.values()
            if 2 * sum(item.work is not None for item in items) >= len(items)
        ]
        if sum(item.work is not None for items in good for item in items) < _FEWEST:
            return []
        return [item for items in good for item in items]

    def _items(self) -> list[_Item]:
        """The blocks that hold one citation or none, none within another.

        Blocks come in the order of their ends, so what is inside of one is known before it.
        """
        done: list[_Item] = []
        seen: set[tuple[int, int]] = set()
        for block in self._blocks:
            size = self._sizes[block.end] - self._sizes[block.start]
            if block.name not in _ITEMS or not _SHORTEST <= size <= _LONGEST:
                continue
            inside = cited = 0
            blocks = 1
            while inside < len(done) and done[-1 - inside].block.start >= block.start:
                cited += done[-1 - inside].work is not None
                blocks += done[-1 - inside].blocks
                inside += 1
            whole = block.telling or block.name in _WHOLE
            if cited > 1 or (cited and not whole) or blocks > _MOST_BLOCKS:
                continue
            if (block.start, block.end) in seen:
                continue
            seen.add((block.start, block.end))
            item = _Item(block, self._citation(block), blocks)
            if item.work is None and cited:
                continue
            del done[len(done) - inside :]
            done.append(item)
        return done

    def _citation(self, block: Block) -> Work | None:
        """The work of a block that has all that a citation has: title, names and a year."""
        runs = self._runs[block.start : block.end]
        shown = [run for run in runs if run.shown]
        if not shown:
            return None
        at = bisect_right(self._years, (block.start, "9")) - 1
        above = self._years[at][1] if at >= 0 else ""
        work = self._splitter.split(_trimmed(runs), above)
        if work is None or not work.title or not work.authors:
            return None
        return work if work.date or work.doi or work.arxiv else None


def _trimmed(runs: Sequence[Run]) -> Sequence[Run]:
    """Without the runs of white space at the end, so that the last line is that of a letter."""
    end = len(runs)
    while end > 1 and not runs[end - 1].text.strip():
        end -= 1
    return runs[:end]


def _headings(runs: tuple[Run, ...]) -> Iterator[tuple[int, str]]:
    """(place of the first run after it, year) for each line that is the heading of a year."""
    place = {id(run): i for i, run in enumerate(runs)}
    for line in lines_of(runs):
        text = joined(line)
        found = _YEAR_HEADING.match(text) if line[0].heading else YEAR.fullmatch(text.strip(" :()"))
        if found:
            yield place[id(line[-1])] + 1, YEAR.findall(text)[0] if YEAR.findall(text) else found[0]
