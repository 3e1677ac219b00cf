"""A saved HTML page as runs of text and the blocks that they stand in.

The tree is walked once, without recursion, so that neither depth nor size of a page matters; what
reads papers out of a page works on the runs alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PreformattedString

from index.text import fold_space

_NOT_SHOWN = frozenset((
    "script", "style", "template", "nav", "noscript", "head", "svg", "select", "object",
    "iframe", "canvas", "dialog", "datalist",
))  # fmt: skip
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "br", "button", "center", "dd",
    "details", "dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer",
    "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "legend", "li", "main",
    "menu", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "ul",
))  # fmt: skip
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
# Elements whose end tag may be left out: what ends them, and what holds them together.
_ENDED_BY = {
    "li": ({"li"}, {"ul", "ol", "menu"}),
    "dt": ({"dt", "dd"}, {"dl"}),
    "dd": ({"dt", "dd"}, {"dl"}),
    "tr": ({"tr", "td", "th"}, {"table"}),
    "td": ({"td", "th"}, {"tr", "table"}),
    "th": ({"td", "th"}, {"tr", "table"}),
    "option": ({"option"}, {"select"}),
}
_ENDS_P = _BLOCKS - {"br", "button", "html", "body", "td", "th", "tr", "tbody", "thead", "tfoot"}
_HOLDS_P = {"td", "th", "table", "button", "li", "dd", "div", "body"}
_BEGIN = 200  # characters of the source that are kept for messages
_LOOK_UP = 24  # open elements that are looked at for one whose end was left out
_HIDING = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_HIDING_CLASS = frozenset(("hidden", "d-none", "sr-only", "visually-hidden", "screen-reader-text"))
# What is hidden until it is asked for: the rest of an abstract.
_FOLDED = re.compile(r"more|full|rest|fold|expand|collaps|abstract", re.IGNORECASE)
_ROLES = (
    ("other", re.compile(r"bib-?tex|citation-?export|sub-?title|keyword|metrics|breadcrumb")),
    ("venue", re.compile(r"venue|journal|periodical|container-?title|book-?title|conference")),
    ("abstract", re.compile(r"abstract|(?<![a-z])abs(?![a-z])")),
    ("title", re.compile(r"title(?!s|-?page)|headline")),
    ("authors", re.compile(r"author|creator|byline|(?<![a-z])names(?![a-z])")),
    ("year", re.compile(r"(?<![a-z])(?:year|date)(?![a-z])|pub-?date")),
)
_TELLING_CLASS = re.compile(
    r"publi|(?<![a-z])pubs?(?![a-z])|paper|citation|biblio|bibitem|reference|csl-entry|preprint"
    r"|(?<![a-z])(?:entry|article|work)(?![a-z])"
)
_MARKED_SECTION = re.compile(r"<!\[")
_DATA_URI = re.compile(r"data:[^\"'\s<>()]{200,}")
_DECLARED = re.compile(r"<\?xml(?=\s)", re.IGNORECASE)
_ORDINAL = re.compile(r"(?:st|nd|rd|th|er|e|[*†‡§¶,✉\s]+)$")


class _Soup(BeautifulSoup):
    """Ends elements whose end tag is left out, as HTML allows; html.parser would nest them."""

    def handle_starttag(self, name: str, *args: Any, **kwargs: Any) -> Tag | None:
        """Called by the parser for each start tag."""
        ends, holds = _ENDED_BY.get(name, (set(), set()))
        self._end(ends, holds)
        if name in _ENDS_P:
            self._end({"p"}, _HOLDS_P)
        return super().handle_starttag(name, *args, **kwargs)

    def _end(self, ends: set[str], holds: set[str]) -> None:
        outermost = ""
        for tag in self.tagStack[: -_LOOK_UP - 1 : -1] if ends else ():
            if tag.name in holds:
                break
            outermost = tag.name if tag.name in ends else outermost
        while outermost and (innermost := self.tagStack[-1].name):
            self.handle_endtag(innermost)
            if innermost == outermost:
                break


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one element; what holds of the element holds of the run."""

    text: str  # as the page has it, white space included
    line: int  # 1-based, where it begins
    breaks: bool  # a block begins or ends before it
    shown: bool  # False for what a browser hides
    role: str  # "title", "authors", "venue", "year", "abstract", "other" by its class, or ""
    href: str = ""
    bold: bool = False
    italic: bool = False
    heading: bool = False

    @property
    def line_end(self) -> int:
        """The line of its last letter."""
        return self.line + self.text.strip("\n").count("\n")


@dataclass(frozen=True, slots=True)
class Block:
    """A block element: `runs[start:end]` of its page."""

    name: str
    telling: bool  # its class says that it is a publication
    start: int
    end: int
    parent: int  # a number of the element that it stands in
    path: str  # names and classes of the element and the one around it


@dataclass(frozen=True, slots=True)
class _Around:
    """What holds inside of an element."""

    run: Run
    number: int = 0
    path: str = ""


@dataclass(frozen=True)
class HtmlTree:
    """One parsed page."""

    soup: BeautifulSoup
    runs: tuple[Run, ...]
    blocks: tuple[Block, ...]  # in the order of their ends
    begin: str = ""  # how its source begins

    def visible(self) -> list[tuple[int, str]]:
        r"""(line in the source, text) for each line that a browser would show.

        Blocks begin a line, other elements do not; menus, scripts and what is hidden is left out,
        but for the rest of an abstract that is folded away.

        >>> parse("<p>Of <b>cats</b>\nand dogs</p><nav>Home</nav>By me").visible()
        [(1, 'Of cats and dogs'), (2, 'By me')]
        """
        return [(runs[0].line, joined(runs)) for runs in lines_of(self.runs)]


def parse(html: str) -> HtmlTree:
    """The runs and blocks of a page, however broken.

    Raises bs4.exceptions.ParserRejectedMarkup for what html.parser does not take.
    """
    begin = html[:_BEGIN]
    # Both are what the standard says of them in HTML: comments.
    html = _MARKED_SECTION.sub("<! [", _DECLARED.sub("<!xml", html))
    html = _DATA_URI.sub("data:,", html)
    # html.parser looks for an end that is not there again and again.
    if html.rfind("<!--") > html.rfind("-->"):
        html += "-->"
    elif html.rfind("<") > html.rfind(">"):
        html += ">"
    # The line feed tells bs4 that this is no file name.
    soup = _Soup(html + "\n", "html.parser")
    walk = _Walk(html)
    walk.over(soup)
    return HtmlTree(soup, tuple(walk.runs), tuple(walk.blocks), begin)


class _Walk:
    """Gathers runs and blocks while the tree is walked in the order of the page."""

    def __init__(self, html: str) -> None:
        self.runs: list[Run] = []
        self.blocks: list[Block] = []
        self._html = html
        self._starts = [0, *(m.end() for m in re.finditer("\n", html))]
        self._line, self._breaks, self._count = 1, True, 0

    def over(self, soup: BeautifulSoup) -> None:
        """The whole tree; elements that end are told from those that begin by the third item."""
        stack: list[tuple[Any, _Around, int | None]] = [
            (soup, _Around(Run("", 1, False, True, "")), None)
        ]
        while stack:
            node, around, begun = stack.pop()
            if isinstance(node, Tag):
                if begun is not None:
                    self._end(node, around, begun)
                    continue
                inner = self._begin(node, around)
                stack.append((node, around, len(self.runs)))
                stack.extend((child, inner, None) for child in reversed(node.contents))
            elif isinstance(node, NavigableString):
                self._text(node, around)

    def _begin(self, tag: Tag, around: _Around) -> _Around:
        if tag.sourceline:
            self._line = tag.sourceline + self._lines_of(tag)
        if tag.name in _BLOCKS:
            self._breaks = True
        self._count += 1
        run, classes = around.run, _classes(tag)
        name = tag.name
        run = replace(
            run,
            shown=run.shown and not _is_hidden(tag, classes),
            role=_role(tag, classes) or run.role,
            href=_attribute(tag, "href") if name == "a" else run.href,
            bold=run.bold or name in ("b", "strong"),
            italic=run.italic or name in ("i", "em", "cite"),
            heading=run.heading or name in _HEADINGS,
        )
        if name in ("sub", "sup"):
            run = replace(run, text="_" if name == "sub" else "^")
        parent = around.path.rsplit(" ", 1)[-1]
        return _Around(run, self._count, f"{parent} {name}.{classes.replace(' ', '.')}")

    def _lines_of(self, tag: Tag) -> int:
        """The line feeds inside of the start tag itself."""
        begin = self._starts[(tag.sourceline or 1) - 1] + (tag.sourcepos or 0)
        return self._html.count("\n", begin, max(begin, self._html.find(">", begin)))

    def _end(self, tag: Tag, around: _Around, begun: int) -> None:
        if tag.name in _BLOCKS:
            self._breaks = True
            if len(self.runs) > begun:
                classes = _classes(tag)
                telling = bool(_TELLING_CLASS.search(classes))
                path = f"{around.path} {tag.name}.{classes.replace(' ', '.')}"
                block = Block(tag.name, telling, begun, len(self.runs), around.number, path)
                self.blocks.append(block)

    def _text(self, node: NavigableString, around: _Around) -> None:
        text, line = str(node), self._line
        self._line += text.count("\n")
        if isinstance(node, PreformattedString):  # comments, doctypes
            return
        mark = around.run.text
        if not text.strip() and (self._breaks or mark):
            return
        begins = len(text) - len(text.lstrip())
        line += text.count("\n", 0, begins)
        if mark:
            text = "" if mark == "^" and _ORDINAL.match(text) else mark + text.strip()
        elif begins:
            text = " " + text[begins:]
        self.runs.append(replace(around.run, text=text, line=line, breaks=self._breaks))
        self._breaks = False


def lines_of(runs: tuple[Run, ...]) -> Iterator[list[Run]]:
    """The shown runs of each line that holds more than white space."""
    line: list[Run] = []
    broken = False
    for run in runs:
        broken = broken or run.breaks
        if not run.shown:
            continue
        if broken and joined(line):
            yield line
            line = []
        elif broken:
            line = []
        broken = False
        line.append(run)
    if joined(line):
        yield line


def joined(runs: list[Run]) -> str:
    """The text of runs, with one blank where there is any white space."""
    return fold_space("".join([f" {run.text}" if run.breaks else run.text for run in runs]))


def _attribute(tag: Tag, name: str) -> str:
    value = tag.get(name)
    return " ".join(value) if isinstance(value, list) else (value or "")


def _classes(tag: Tag) -> str:
    return _attribute(tag, "class").lower()


def _is_hidden(tag: Tag, classes: str) -> bool:
    if tag.name in _NOT_SHOWN or _attribute(tag, "role") == "navigation":
        return True
    hidden = (
        tag.get("hidden") is not None
        or _attribute(tag, "aria-hidden") == "true"
        or bool(_HIDING_CLASS & {*classes.split()})
        or bool(_HIDING.search(_attribute(tag, "style")))
    )
    return hidden and not (tag.name == "span" and _FOLDED.search(f"{classes} {tag.get('id')}"))


def _role(tag: Tag, classes: str) -> str:
    """What the class of an element says of its text."""
    if tag.name in ("html", "body", "head", "ul", "ol", "table", "tbody", "main"):
        return ""
    if tag.name in ("summary", "button"):
        return "other"
    marks = f"{classes} {_attribute(tag, 'itemprop').lower()} {_attribute(tag, 'id').lower()}"
    for role, pattern in _ROLES if marks.strip() else ():
        if pattern.search(marks):
            return role
    return "abstract" if tag.name == "details" else ""
