"""Reading saved HTML pages: pages of a paper, and publication lists of people and groups."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from bs4.exceptions import ParserRejectedMarkup

from index.formats.entries import Entry, Unreadable
from index.formats.file import TextFile
from index.formats.html_citation import Splitter, abstract_of
from index.formats.html_list import ListReader
from index.formats.html_meta import dublin_core, highwire, json_ld, metas_of, page_address, shared
from index.formats.html_tree import HtmlTree, parse
from index.formats.html_work import Work, join_works
from index.names import NameModel
from index.text import title_key

_PROLOGUE = re.compile(r"\s+|\ufeff|<!--(?:(?!-->).)*-->|<\?xml\b[^>]*\?>", re.S)
_ROOT = re.compile(r"<(?:!doctype\s+html|html|head|body|meta)(?=[\s>/])", re.IGNORECASE)
_FRAGMENT = re.compile(r"<(?:title|h[1-6]|p|ul|ol|table|div|link|script|style)(?=[\s>])", re.I)
_INSIDE = re.compile(r"<(?:html|head|body|meta)(?=[\s>/])", re.IGNORECASE)
_LARGEST = 50_000_000  # characters; the tree takes some twenty times as much memory
_NOTHING = (
    "no paper found: no citation tags, no JSON-LD of an article, and no list of which several "
    "items have names, a title and a year"
)


class HtmlPage:
    """Reads a saved page."""

    name = "HTML page"

    @cached_property
    def _splitter(self) -> Splitter:
        """Made once for all pages: the name model takes half a second to load."""
        return Splitter(NameModel.load())

    def fits(self, head: str) -> bool:
        """Whether the root is HTML's; other documents in angle brackets are other formats."""
        place = 0
        while found := _PROLOGUE.match(head, place):
            place = found.end()
        if _ROOT.match(head, place):
            return True
        # The outer tags are left out. A paper in JATS has a body too, but begins otherwise.
        return bool(_FRAGMENT.match(head, place) and _INSIDE.search(head, place))

    def read(self, file: TextFile) -> Iterator[Entry | Unreadable]:
        """The papers of the page in its order. Raises SourceError as `file.text`."""
        tree = self.parsed(file)
        yield from [tree] if isinstance(tree, Unreadable) else self.papers(tree)

    def parsed(self, file: TextFile) -> HtmlTree | Unreadable:
        """The page, or why it is not read. Raises SourceError as `file.text`."""
        html = self.html(file)
        if isinstance(html, Unreadable):
            return html
        if len(html) > _LARGEST:
            why = f"more than {_LARGEST:,} characters; save the page without its pictures"
            return Unreadable.of(1, html[:200], why)
        try:
            return parse(html)
        except ParserRejectedMarkup as error:
            return Unreadable.of(1, html[:200], f"not HTML that can be parsed: {error}")

    def html(self, file: TextFile) -> str | Unreadable:
        """The text of the page, or why there is none. Raises SourceError as `file.text`."""
        return file.text()

    def papers(self, tree: HtmlTree) -> Iterator[Entry | Unreadable]:
        """The papers of a page in its order, or that there is none."""
        works, unreadable = _stated(tree, self._splitter)
        found: list[tuple[int, Entry | Unreadable]] = [
            *((w.line, w.entry()) for w in works),
            *((u.line, u) for u in unreadable),
        ]
        for _, item in sorted(found, key=lambda pair: pair[0]):
            yield item
        if not found:
            yield Unreadable.of(1, _title(tree) or tree.begin, _NOTHING)


def _stated(tree: HtmlTree, splitter: Splitter) -> tuple[list[Work], list[Unreadable]]:
    """The works of a page, each once, and what could not be read."""
    metas = metas_of(tree.soup)
    tagged, plain = list(highwire(metas)), list(dublin_core(metas))
    unreadable: list[Unreadable] = []
    scholarly: list[Work] = []
    for found in json_ld(tree.soup):
        if isinstance(found, Unreadable):
            unreadable.append(found)
        else:
            (scholarly if found[1] else plain).append(found[0])
    if tagged:  # the page of a paper; a list on it is what the paper cites
        titles = {title_key(work.title) for work in tagged}
        same = [w for w in [*scholarly, *plain] if title_key(w.title) in titles]
        joined = join_works([*tagged, *same, *scholarly])
        return (_described(joined, tree) if len(tagged) == 1 else joined), unreadable
    listed: list[Work] = []
    for item in ListReader(tree, splitter).read():
        if isinstance(item, Work):
            listed.append(item)
        else:
            unreadable.append(item)
    keys = {title_key(work.title) for work in listed}
    # Some sites call every page an article, or name its webmaster as creator.
    kept = [w for w in plain if not listed or title_key(w.title) in keys]
    works = join_works([*scholarly, *kept, *listed])
    return (_described(works, tree) if len(works) == 1 and not listed else works), unreadable


def _described(works: list[Work], tree: HtmlTree) -> list[Work]:
    """The first work with the abstract that the page prints, else with its description."""
    work = works[0]
    description, url = shared(metas_of(tree.soup))
    address = url or page_address(tree.soup)
    return [
        replace(
            work,
            abstract=work.abstract or abstract_of(tree.runs) or description,
            url=work.url or (address if address.startswith("http") else ""),
        ),
        *works[1:],
    ]


def _title(tree: HtmlTree) -> str:
    title = tree.soup.title
    return title.get_text() if title else ""
