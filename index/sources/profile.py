"""Profile pages of a site that folds its abstracts: "… (voir plus)" or "… (see more)".

Saved whole, the page has a heading "Publications", then for each work its title, none to several
lines with one author each, the abstract if any, and sometimes a date and a venue. Trimmed to its
longer lines it has no heading, few titles and no authors. Both are read by one grammar,

    work = [title] author* [abstract] [date] [venue]

over lines of which each is told by its shape; on a whole page a work cannot lack its title.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from index.names import NameModel
from index.records import Mention, Skip
from index.sources.page import (
    SPLICE,
    SPLICE_AT,
    Page,
    clean_abstract,
    is_boilerplate,
    is_cut_off,
    is_prose,
    is_stub,
    iso_date,
)
from index.text import fold_space, words

_HEADING = re.compile(
    r"(?:(?:recent|selected|latest|featured) )?publications?"
    r"(?: (?:récentes|choisies|sélectionnées|scientifiques))?\s*:?$",
    re.IGNORECASE,
)
_STATUS = re.compile(
    r"\s*\((?:publi|pre-?print|pré-?publi|pré-?impr|accept|in press|sous presse|submitted|soumis"
    r"|poster|oral|spotlight|workshop|under review|en évaluation|rejected|refus|à paraître"
    r"|to appear|forthcoming)[^()]*(?:\([^()]*\)[^()]*)?\)$",
    re.IGNORECASE,
)
_VENUE_WORD = re.compile(
    r"\b(?:conference|conférence|proceedings|journal|transactions|symposium|workshop|letters"
    r"|annals|advances in|review|reviews|arxiv|biorxiv|medrxiv|nature|science|plos|neurips|icml"
    r"|iclr|openreview|lecture notes|magazine|bulletin|revue|cahiers|actes)\b",
    re.IGNORECASE,
)
_FEWEST_TITLE_WORDS = 4  # of a title on a trimmed page that stands before the first abstract


@dataclass
class _Work:
    """A work while its lines are being gathered; line indices count from 0."""

    first: int
    last: int
    title: str | None = None
    authors: list[str] = field(default_factory=list)
    abstract: str | None = None
    date: tuple[str, int] | None = None
    venue: str | None = None

    @property
    def past_authors(self) -> bool:
        """True once a line has come after which no author can follow."""
        return self.abstract is not None or self.date is not None or self.venue is not None


class Profile:
    """Reads whole and trimmed profile pages with spliced abstracts."""

    name = "profile"

    def marks(self, page: Page) -> int:
        """Spliced lines."""
        return sum(SPLICE.search(line) is not None for line in page.lines)

    def read(self, page: Page, names: NameModel) -> Iterator[Mention | Skip]:
        """The works from the first one on; what comes before it is the page's own text."""
        splices = [i for i, line in enumerate(page.lines) if SPLICE.search(line)]
        headings = [i for i in range(splices[-1]) if _HEADING.match(page.lines[i].strip())]
        whole = bool(headings)
        if whole:  # the last heading before the first abstract under any (a menu has one too)
            first = next(i for i in splices if i > headings[0])
            start = max(i for i in headings if i < first) + 1
        else:
            start = _trimmed_start(page, splices[0])
        for work in _works(page, start, splices[-1], whole, names):
            yield work if isinstance(work, Skip) else _mention(page, work, whole)


def _trimmed_start(page: Page, first_splice: int) -> int:
    """Where the works begin on a page without heading: at the first abstract, or its title."""
    before = first_splice - 1
    while before >= 0 and not page.lines[before].strip():
        before -= 1
    if before < 0:
        return first_splice
    line = page.lines[before].strip()
    title_words = words(line)
    shared = set(title_words) & {w for w in words(page.lines[first_splice]) if len(w) > 4}
    is_title = (
        len(title_words) >= _FEWEST_TITLE_WORDS
        and len(line) <= 2 * SPLICE_AT
        and not is_boilerplate(line)
        and not is_prose(line)
        and bool(shared)
    )
    return before if is_title else first_splice


def _works(
    page: Page, start: int, last_splice: int, whole: bool, names: NameModel
) -> Iterator[_Work | Skip]:
    work: _Work | None = None
    lines = ((i, page.lines[i].strip()) for i in range(start, len(page.lines)))
    filled = [i for i, line in lines if line and not _HEADING.match(line)]
    for i, following in zip(filled, [*filled[1:], None], strict=True):
        line = fold_space(page.lines[i])
        if i > last_splice and is_boilerplate(line):
            break  # the page's own last words
        after = fold_space(page.lines[following]) if following is not None else ""
        kind = _line_kind(line, after, work, whole, names)
        if kind == "paragraph":
            quote = line[:60]
            yield Skip(page.source, i + 1, f"text after an abstract not understood: {quote!r}")
            continue
        if kind == "title" or (kind == "abstract" and (work is None or work.past_authors)):
            if work is not None:
                yield work
            work = _Work(first=i, last=i)
        assert work is not None  # the first line of a stretch is a title or an abstract
        work.last = i
        _add(work, kind, line)
    if work is not None:
        yield work


def _add(work: _Work, kind: str, line: str) -> None:
    """Put a line of a known kind into its place."""
    if kind == "title":
        work.title = line
    elif kind == "author":
        work.authors.append(line)
    elif kind == "abstract":
        work.abstract = clean_abstract(line)
    elif kind == "date":
        work.date = iso_date(line)
    else:
        work.venue = _STATUS.sub("", line) or line


def _line_kind(line: str, after: str, work: _Work | None, whole: bool, names: NameModel) -> str:
    """What a line is, given the work so far and the line that follows."""
    if SPLICE.search(line) or (is_stub(line) and work and not work.past_authors):
        return "abstract"
    if work is None:
        return "title"
    if iso_date(line) and work.date is None:
        return "date"
    if work.venue is None and (work.abstract or work.date) and _is_venue(line, work):
        return "venue"
    return _title_author_or_abstract(line, after, work, whole, names)


def _title_author_or_abstract(
    line: str, after: str, work: _Work, whole: bool, names: NameModel
) -> str:
    prose = is_prose(line) and not line.endswith("?")
    # The site folds what is longer, so long prose unfolded is a further paragraph of an abstract.
    long = len(line) > SPLICE_AT + 10
    if work.past_authors and prose and long and names.name_odds(after) <= 0:
        return "paragraph"
    # A short abstract needs no fold. It is a sentence, and no author follows it.
    is_sentence = prose and not long and not SPLICE.search(after)
    if work.past_authors:
        return "abstract" if is_sentence and not whole else "title"
    if names.name_odds(line) > 0:
        return "author"
    if is_sentence and names.name_odds(after) <= 0:
        return "abstract"
    return "title"


def _is_venue(line: str, work: _Work) -> bool:
    if _STATUS.search(line):
        return True
    return work.date is not None and len(line) <= SPLICE_AT and bool(_VENUE_WORD.search(line))


def _mention(page: Page, work: _Work, whole: bool) -> Mention:
    return Mention(
        source=page.source,
        line_start=work.first + 1,
        line_end=work.last + 1,
        title=work.title,
        authors=tuple(work.authors),
        authors_truncated=whole,  # the site prints only the co-authors that it knows
        year=work.date[1] if work.date else None,
        date=work.date[0] if work.date else None,
        venue=work.venue,
        abstract=work.abstract,
        abstract_truncated=work.abstract is not None and is_cut_off(work.abstract),
    )
