"""Entries of a bibliography file: what one reader of a format hands on, and how it is cleaned.

A reader gives `Entry` and `Unreadable` in the order of the file. The paper of an entry has the id
that this program wrote into the file, else an empty one; who imports a list finds out which paper
of the index it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from index.formats.markup import readable
from index.formats.written import AND_OTHERS
from index.identifiers import acl_of, pmid_in_note, pmid_of
from index.records import Paper
from index.text import fold_space, plain

_DOI = re.compile(r"10\.\d{1,9}(?:\.\d+)*/\S+")
_ARXIV_NUMBER = r"(?P<id>\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?"
_ARXIV_ALONE = re.compile(rf"(?:arxiv:)?\s*{_ARXIV_NUMBER}(?:\s*\[.*\])?", re.IGNORECASE)
_ARXIV_NAMED = re.compile(rf"arxiv(?:\.org/[a-z]+/|[.:\s]\s*){_ARXIV_NUMBER}\b", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")
_DATE = re.compile(r"(?P<y>\d{4})(?:[-/](?P<m>\d{1,2})(?:[-/](?P<d>\d{1,2}))?)?(?:[T/ ]|$)")
_OUR_ID = re.compile(r"p[0-9a-f]{12}")
_SEPARATORS = (";", "|", "\n")  # of authors, of which the first that is there counts
_AND = re.compile(r"(?:,\s*)?\s(?:and|&)\s+")
_COMMA_OR_AND = re.compile(r"(?:,\s*)?\s(?:and|&)\s+|,")
_INITIALS = re.compile(r"(?:[^\W\d_]\.?[\s-]?){1,4}")
# How a list of authors that is cut off ends.
_AND_OTHERS = re.compile(r"(?:^|[\s,;|&]+)(?:et\.? al\.?|and others|others|…|\.\.\.)$", re.I)
_TIMES = 3  # that a list says of itself that there are others
_LONGEST = 4000  # characters in which a DOI is looked for
_QUOTE = 80  # characters of an unreadable record that are shown


@dataclass(frozen=True, slots=True)
class Entry:
    """One paper as a file states it."""

    line: int  # 1-based, where it begins
    paper: Paper
    note: str = ""
    line_end: int = 0  # the last line; 0 where the reader does not tell


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stretch of a file that could not be read as a paper, and why."""

    line: int
    quote: str  # how it begins
    why: str

    @classmethod
    def of(cls, line: int, text: str, why: str) -> Unreadable:
        """With the quote cut to a length that can be shown."""
        quote = fold_space(plain(text))
        return cls(line, quote if len(quote) <= _QUOTE else f"{quote[:_QUOTE]}…", why)


def make_entry(
    line: int,
    *,
    line_end: int = 0,
    paper_id: str = "",
    title: str = "",
    authors: Iterable[str] = (),
    authors_truncated: bool = False,
    date: str = "",
    venue: str = "",
    categories: Iterable[str] = (),
    abstract: str = "",
    doi: str = "",
    arxiv: str = "",
    pmid: str = "",
    acl: str = "",
    url: str = "",
    note: str = "",
) -> Entry:
    """An entry of texts as the file has them; identifiers are also found where they are hidden.

    `date` may be a year, a date or words with a year in them; `arxiv`, `pmid` and `acl`
    bare numbers or addresses. A last author "et al." says that there are others.
    """
    ours = our_id(paper_id)
    read = _clean if ours else _readable  # of what this program wrote, every letter is meant
    title, abstract = read(title), read(abstract)
    doi, url = _clean(doi), _clean(url)
    found = Paper.bare(ours, title, abstract)
    names = tuple(filter(None, map(read, authors)))
    others = names[-1:] == (AND_OTHERS,)
    paper = replace(
        found,
        authors=names[:-1] if others else names,
        authors_truncated=authors_truncated or others,
        year=_year(date),
        date=_iso_date(date),
        venue=read(venue) or None,
        categories=tuple(filter(None, map(read, categories))),
        doi=_doi(doi) or _doi(url if "doi.org/" in url.lower() else "") or None,
        arxiv=_arxiv(_clean(arxiv), url, doi, _clean(venue)) or None,
        pmid=pmid_of(_clean(pmid), url) or ("" if ours else pmid_in_note(note)) or None,
        acl=acl_of(_clean(acl), url, doi) or None,
        url=url or None,
    )
    return Entry(line, paper, note, line_end)


def our_id(text: str) -> str:
    """The text when it is an id of this program, which has a form of its own; else nothing."""
    return text.strip() if _OUR_ID.fullmatch(text.strip()) else ""


def first_name_first(name: str) -> str:
    """A name in the order in which it is said: "Lovelace, Ada" is "Ada Lovelace"."""
    last, *rest = [part.strip() for part in name.split(",")]
    return " ".join(filter(None, [*rest[:1], last, *rest[1:]]))


def split_names(text: str) -> list[str]:
    """Each of several authors, first name first; a last "et al." stays one of them.

    >>> split_names("Lovelace, Ada; Bell, A.") == split_names("Lovelace, Ada and Bell, A.")
    True
    >>> split_names("Ada Lovelace, A. Bell et al.")
    ['Ada Lovelace', 'A. Bell', 'et al.']
    """
    text, cut = text.strip(), False
    for _ in range(_TIMES):  # "et al., and others"
        if not (others := _AND_OTHERS.search(text, max(0, len(text) - _QUOTE))):
            break
        text, cut = text[: others.start()], True
    names = _split(text.strip())
    return [*filter(None, names), AND_OTHERS] if cut else names


def _split(text: str) -> list[str]:
    for separator in _SEPARATORS:
        if separator in text:
            return [first_name_first(name) for name in text.split(separator)]
    parts = [part.strip() for part in _COMMA_OR_AND.split(text)]
    if all(" " in part for part in parts):
        return parts
    if len(parts) > 2 and len(parts) % 2 == 0 and all(map(_INITIALS.fullmatch, parts[1::2])):
        return [f"{first} {last}" for last, first in zip(parts[::2], parts[1::2], strict=True)]
    return [first_name_first(name) for name in _AND.split(text)]


def _clean(text: str) -> str:
    return fold_space(plain(text))


def _readable(text: str) -> str:
    return _clean(readable(text)) if text else ""


def _year(date: str) -> int | None:
    found = _YEAR.search(date)
    return int(found[0]) if found else None


def _iso_date(date: str) -> str | None:
    """The date if it states more than a year: 2024-10 or 2024-10-18."""
    found = _DATE.match(date.strip())
    if not found or not found["m"] or not 1 <= int(found["m"]) <= 12:
        return None
    day = f"-{int(found['d']):02}" if found["d"] and 1 <= int(found["d"]) <= 31 else ""
    return f"{found['y']}-{int(found['m']):02}{day}"


def _doi(text: str) -> str:
    found = _DOI.search(text[:_LONGEST])
    doi = found[0].rstrip(".,;") if found else ""
    # A closing bracket belongs to the sentence unless one was opened in the DOI.
    return doi[:-1] if doi.endswith(")") and doi.count("(") < doi.count(")") else doi


def _arxiv(number: str, *hiding: str) -> str:
    """The arXiv number without its version, stated alone or named in one of the other texts."""
    found = _ARXIV_ALONE.fullmatch(number)
    for text in (number, *hiding):
        found = found or _ARXIV_NAMED.search(text)
    return found["id"] if found else ""
