"""One citation of a publication list, split into title, authors, year and venue.

The title is what the page marks as such: by a class, by quotes, as a link, bold or italic; else it
is the sentence beside the names. Names are told from titles by `NameModel`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from index.formats.html_tree import Run, joined, lines_of
from index.formats.html_work import Work
from index.names import NameModel
from index.text import sentence_spans

YEAR = re.compile(r"(?<![\d.:/_-])(?:19|20)\d\d(?![\d/]|\.\d)")
_YEAR_ALONE = re.compile(r"\((?P<y>(?:19|20)\d\d)[a-z]?(?:,[^()]{1,20})?\)")
_NUMBERING = re.compile(
    r"[\s•·*–—-]*(?:\[[\w+:-]{1,12}\]|\(?[A-Z]?\d{1,3}[.)\]](?!\d))?[\s•·*–—-]*"
)
_FIRST_YEAR = re.compile(r"\A[\s.,:]*\(?(?:19|20)\d\d[a-z]?(?:,[^()]{1,20})?\)?[\s.,:–—-]*")
_LABEL = re.compile(
    r"[\s\[\](){}|/,;:·•–-]*(?:(?:pdf|ps|html|code|bib(?:tex)?|abs(?:tract)?|slides?|video|poster"
    r"|project(?: page)?|web(?:site|page)?|doi|arxiv|link|url|supp\w*(?: mat\w*)?|talk|paper|data"
    r"(?:set)?|demo|blog|cite|download|full ?text|preprint|github|news|show|hide|more|oral"
    r"|spotlight|best paper(?: award)?|publisher|journal|open access|toggle|copy|review\w*"
    r"|citations?|cited by \d+)(?!\w)[\s\[\](){}|/,;:·•–-]*)*",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    r"“([^“”]{8,})”|\"([^\"]{8,})\"|«([^«»]{8,})»|(?<!\w)``(.{8,400}?)''|‘([^‘]{12,})’(?!\w)"
)
_VENUE = re.compile(
    r"\W*(?:in:?\s|(?:the\s)?proc\b|proceedings|(?:the\s)?journal|transactions|conference|arxiv"
    r"|international (?:conference|journal)|ieee|acm\b|advances in|lecture notes|workshop|annals"
    r"|neurips|icml|iclr|aaai|cvpr|nature\b|science\b|plos|submitted|to appear|under review)",
    re.IGNORECASE,
)
_NAME_END = re.compile(
    r"[,;:(\[“\"«\n|]|\s(?:and|et|und|with|&)\s|&|(?<!\b[A-Z])\.(?:\s|$)|\.{3}|…"
)
_SEPARATOR = re.compile(
    r"\s*(?:[,;&]|\b(?:and|et(?!\s+al\b)|und)\s)?\s*(?:(?:and|et(?!\s+al\b)|und|&)\s+)?"
)
_OTHERS = re.compile(
    r"\W*(?:et al\b\.?|and (?:\d+ )?(?:others|colleagues)\b|\.{3}|…)[\s.]*", re.IGNORECASE
)
_INITIALS = r"(?:[^\W\d_]\.\s?-?){1,4}"
_INVERTED = re.compile(
    rf"(?P<last>[^\W\d_][\w.'’-]*(?:\s[^\W\d_][\w'’-]+){{0,2}}),\s*(?P<first>{_INITIALS})"
    r"(?=\s*(?:[,;&.:(\n\"“]|and\s|$|\())"
)
# "Turing AM", as medical journals write it.
_SHORT = re.compile(
    r"(?P<last>[^\W\d_][\w'’-]+(?:\s[^\W\d_][\w'’-]+)?)\s(?P<first>[A-Z]{1,3})(?=\s*[,;:(.]|$)"
)
_INITIAL = re.compile(r"(?:[^\W\d_]\.-?)+$|[A-Z]{1,3}$")
_PARTICLES = frozenset((
    "de", "da", "di", "do", "dos", "del", "della", "der", "den", "van", "von", "la", "le", "el",
    "al", "bin", "ibn", "ter", "ten", "y", "e", "zu",
))  # fmt: skip
# Stars and numbers of affiliations, not years.
_MARKS = re.compile(r"\^[\d,a-z*†‡§¶∗]+|[*†‡§¶∗]+\d{0,2}|(?<=[^\W\d_][^\W\d_])\d{1,2}(?=[\s,;.]|$)")
_BY = re.compile(r"[\s.,:;–—|-]*(?:by|with|authors?:|par)?\b[\s:]*", re.IGNORECASE)
_EDGES = " \n\t.,;:|–—-·•[]"
_NUMBERS = re.compile(
    r"[,;:\s(]+(?:vol(?:ume)?\b|pp?\b|pages?\b|no\b|\d+\s*[(:,]|\d+\s*$).*$", re.I | re.S
)
_LONGEST_VENUE = 160
_LONGEST_TITLE = 1000  # characters; what is longer is a whole page in a link left open
_LINK_KINDS = ("doi.org/", "arxiv.org/")
_REGISTERS = re.compile(r"pubmed|europepmc\.org/|aclanthology\.|aclweb\.org/")


@dataclass(frozen=True, slots=True)
class Names:
    """The names at the beginning of a text, and what is left of it."""

    names: tuple[str, ...]
    others: bool  # "et al." follows
    rest: str
    ended: bool  # by more than a comma

    @property
    def is_all(self) -> bool:
        """Whether the text is nothing but names."""
        return bool(self.names) and not self.rest.strip(_EDGES)


class Splitter:
    """Splits citations with one name model."""

    def __init__(self, model: NameModel) -> None:
        self._model = model

    def split(self, runs: Sequence[Run], year: str) -> Work | None:
        """The work of an item, or None when it cannot be split.

        `year` is that of the heading above, for items that state none.
        """
        own = [run for run in runs if run.shown and run.role not in ("abstract", "other")]
        own = [run for run in own if not (run.href and _LABEL.fullmatch(run.text))]
        text = "\n".join(joined(line) for line in lines_of(tuple(own)))
        found = self._marked(own, text) or self._unmarked(text)
        if found is None:
            return None
        title, names, around = found
        authors = _by_role(own, "authors")
        if authors:
            names = self.leading_names(authors) if self.leading_names(authors).names else names
        stated = _year(_by_role(own, "year")) or _year(around) or year or _year(title)
        links = [run.href for run in runs if run.href]
        registered = [link for link in links if _REGISTERS.search(link)]
        return Work(
            line=runs[0].line,
            line_end=runs[-1].line_end,
            title=title.strip(' \n,;:|“”"').removesuffix("."),
            authors=names.names,
            authors_truncated=names.others,
            date=stated,
            venue=_by_role(own, "venue").strip(_EDGES) or self._venue(own, title, around),
            abstract=abstract_of(runs),
            doi=next((x for x in links if _LINK_KINDS[0] in x), "") or _doi(text),
            arxiv=next((x for x in links if _LINK_KINDS[1] in x), "") or _arxiv(text),
            pmid=" ".join(registered),
            acl=" ".join(registered),
            url=next((x for x in links if x.startswith("http")), ""),
        )

    def leading_names(self, text: str) -> Names:
        """The names that a text begins with."""
        text = _MARKS.sub("", text)
        names: list[str] = []
        place, shortened = 0, False
        while place < len(text):
            if others := _OTHERS.match(text, place):
                return Names(tuple(names), bool(names), text[others.end() :], True)
            short = _SHORT.match(text, place)
            # "Alan M." goes on, unless the name before it was "Turing AM".
            if short and text[short.end() : short.end() + 1] == "." and not shortened:
                short = None
            inverted = _INVERTED.match(text, place) or short
            shortened = short is not None
            if inverted and self._is_surname(inverted["last"]):
                names.append(f"{inverted['first'].strip()} {inverted['last']}")
                place = inverted.end()
            else:
                stop = _NAME_END.search(text, place)
                end = stop.start() if stop else len(text)
                if not self.is_name(text[place:end].strip()):
                    break
                names.append(text[place:end].strip())
                place = end
            after = _SEPARATOR.match(text, place)
            if after is None or after.end() == place or text[place : place + 1] == "\n":
                return Names(tuple(names), False, text[place:], True)
            if text[place : place + 100].lstrip()[:1] not in (",", ";", "&", "a", "e", "u"):
                return Names(tuple(names), False, text[place:], True)
            place = after.end()
        return Names(tuple(names), False, text[place:], place >= len(text))

    def is_name(self, text: str) -> bool:
        """Whether a text without commas is the name of a person."""
        parts = text.split()
        if not 2 <= len(parts) <= 5 or len(text) > 60 or any(c.isdigit() for c in text):
            alone = len(parts) == 1 and len(text) <= 20 and not text.isascii()
            return alone and self._model.name_odds(text) > 0
        if any(part[0].islower() and part.lower() not in _PARTICLES for part in parts):
            return False
        whole = [part for part in parts if not _INITIAL.match(part)]
        if 0 < len(whole) < len(parts):
            return all(len(part) > 1 and part[0].isalpha() for part in whole)
        return bool(whole) and self._model.name_odds(text) > 0

    def _is_surname(self, text: str) -> bool:
        words = text.split()
        return all(not w[0].islower() or w.lower() in _PARTICLES for w in words)

    def _marked(self, runs: Sequence[Run], text: str) -> tuple[str, Names, str] | None:
        """(title, names, rest of the text) when the page marks the title."""
        for title, kind in _title_marks(runs, text):
            if len(title) > _LONGEST_TITLE:
                continue
            at = re.search(r"\s+".join(map(re.escape, title.split())), text)
            if at is None or (kind != "role" and not self._is_title(title)):
                continue
            before, after = text[: at.start()], text[at.end() :]
            begin = _FIRST_YEAR.sub("", before[_numbering(before) :], count=1)
            first = self.leading_names(begin)
            beside = _FIRST_YEAR.sub("", first.rest, count=1).split()
            if kind == "italic" and (len(beside) > 3 or _VENUE.match(title)):
                continue
            if not first.names:
                by = _BY.match(after)
                first = self.leading_names(after[by.end() if by else 0 :])
                after = first.rest if first.names else after
            if first.names or kind == "role":
                return (
                    title,
                    first,
                    f"{before}\n{after}" if not first.names else _around(before, after),
                )
        return None

    def _is_title(self, text: str) -> bool:
        words = text.split()
        return (
            (len(words) >= 2 or not text.isascii())
            and len(text) >= (10 if text.isascii() else 6)
            and not _LABEL.fullmatch(text)
            and not _VENUE.match(text)
            and not self.leading_names(text).is_all
        )

    def _unmarked(self, text: str) -> tuple[str, Names, str] | None:
        lines = [
            line for line in text.split("\n") if line.strip(_EDGES) and not YEAR.fullmatch(line)
        ]
        named = [self.leading_names(line) for line in lines]
        for i, names in enumerate(named):
            if names.is_all and len(lines) > 1:
                j = 0 if i else 1
                return lines[j], names, "\n".join(x for k, x in enumerate(lines) if k not in (i, j))
        text = " ".join(text[_numbering(text) :].split())
        first = self.leading_names(text)
        if first.names:
            rest = _FIRST_YEAR.sub("", first.rest, count=1).lstrip(_EDGES)
            dated = text[: len(text) - len(rest)]
            title, after = _first_sentence(rest)
            # After a comma a title may come, or what the person is.
            if not first.ended and (len(first.names) < 2 or len(title.split()) < 4):
                return None
            return (title, first, _around(dated, after)) if len(title.split()) > 1 else None
        title, after = _first_sentence(text)
        names = self.leading_names(after)
        if not names.names or not names.ended or len(title.split()) < 3:
            return None
        return title, names, _around("", names.rest)

    def _venue(self, runs: Sequence[Run], title: str, around: str) -> str:
        """What is set in italics beside the title, else what follows."""
        for italic, group in groupby(runs, key=lambda run: run.italic):
            text = joined(list(group)).strip(_EDGES)
            beside = italic and text not in title and any(c.isalpha() for c in text)
            if beside and not (_LABEL.fullmatch(text) or self.leading_names(text).is_all):
                return text[:_LONGEST_VENUE]
        after = around.rsplit("\n\n", 1)[-1][: 4 * _LONGEST_VENUE]
        rest = _YEAR_ALONE.sub(" ", after).strip(_EDGES + '”"')
        rest = re.sub(r"^in:?\s+", "", rest.split("\n")[0], flags=re.IGNORECASE)
        rest = YEAR.sub("", _NUMBERS.sub("", rest)).strip(_EDGES + '()"”')
        return rest if sum(c.isalpha() for c in rest) > 2 and len(rest) <= _LONGEST_VENUE else ""


def abstract_of(runs: Sequence[Run]) -> str:
    """What stands in elements that are called abstract, also when they are folded away."""
    text = joined([run for run in runs if run.role == "abstract" and not run.href])
    text = re.sub(r"^\W*abstract\b[\s:.–—-]*", "", text, flags=re.IGNORECASE)
    return text if len(text) >= 40 else ""


def _title_marks(runs: Sequence[Run], text: str) -> Iterator[tuple[str, str]]:
    """(text, mark) of each stretch that may be the title, the surest mark first."""
    if title := _by_role(runs, "title"):
        yield title, "role"
    for found in _QUOTED.finditer(text):
        yield next(filter(None, found.groups())).rstrip(",."), "quote"
    for kind in ("href", "bold", "italic"):
        for marked, group in groupby(runs, key=lambda run: getattr(run, kind)):
            if marked and (title := joined(list(group)).strip(_EDGES)):
                yield title, kind


def _by_role(runs: Sequence[Run], role: str) -> str:
    return joined([run for run in runs if run.role == role])


def _around(before: str, after: str) -> str:
    return f"{before}\n\n{after}"


def _numbering(text: str) -> int:
    found = _NUMBERING.match(text)
    return found.end() if found else 0


def _first_sentence(text: str) -> tuple[str, str]:
    """(sentence without its full stop, the rest); cut at a comma where no sentence ends."""
    spans = sentence_spans(text)
    if len(spans) > 1:
        return text[slice(*spans[0])].removesuffix("."), text[spans[1][0] :]
    for comma in re.finditer(r",\s", text):
        if len(text[: comma.start()].split()) >= 4:
            return text[: comma.start()], text[comma.end() :]
    return "", text


def _year(text: str) -> str:
    alone = _YEAR_ALONE.search(text)
    return alone["y"] if alone else next(iter(YEAR.findall(text)[-1:]), "")


def _doi(text: str) -> str:
    found = re.search(r"\b10\.\d{4,9}/\S+", text)
    return found[0] if found else ""


def _arxiv(text: str) -> str:
    found = re.search(r"arxiv[\s:.]*(?:abs/)?(\d{4}\.\d{4,5}|[a-z-]+/\d{7})", text, re.IGNORECASE)
    return found[1] if found else ""
