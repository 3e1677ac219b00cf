"""The query language: `author:leo year:2019..2022 "exact words" -survey` among plain words.

| typed | the paper |
|---|---|
| `author:leo`, `author:"leo gagnon"` | has an author of that name |
| `title:attention`, `title:"neural collapse"` | has these words, side by side, in its title |
| `venue:neurips`, `category:LG` | is of that venue or category; of several, one is enough |
| `year:2021`, `year:2019..2022`, `year:2019..`, `year:..2022` | is of these years |
| `"exact words"` | has these words, side by side, in its title or abstract |
| `-survey`, `-"few shot"`, `-author:leo` | is not so |

Everything else is plain text. A value stands right after its colon, in quotation marks, straight
or curly, if it has several words. A text that reads like prose (a pasted abstract, a claim in full
sentences) is plain text throughout, whatever signs are in it. What looks like a condition but
cannot be understood is a slip: it is told with its place and left out, and the rest is searched
for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from index.conditions import Condition, Words, Years
from index.text import words
from search.filters import FilterError, Filters, parse_years

_FIELDS = {
    "author": "author", "authors": "author", "title": "title", "titles": "title",
    "venue": "venue", "venues": "venue", "journal": "venue", "year": "year", "years": "year",
    "category": "category", "categories": "category",
}  # fmt: skip
_TOKEN = re.compile(
    r"""(?<!\S)                                # at the start, or after white space
    (?P<minus>-(?=[^\W_]|"))?
    (?:(?P<name>[A-Za-z]+):(?=\S))?
    (?:
        (?:"(?P<quoted>[^"]*)"|(?(name)[“”](?P<curly>[^"“”]*)[“”]|(?!)))
        (?=[\s.,;:!?)\]]|$)[.,;:!?)\]]*(?!\S)
    |(?P<bare>\S+))""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"-[\d.,]+%?$")
_TWO_SENTENCES = re.compile(r"""\w[.!?]["')\]]*\s+["'(\[]?[A-Z]""")
_OPERATORS = {"AND", "OR", "NOT"}
_PROSE_WORDS = 40  # nobody types so many …
_SENTENCE_WORDS = 10  # … and of full sentences hardly more than this
_LIKE_A_FIELD = 80  # of 100, for "autor" to be taken for "author"


@dataclass(frozen=True, slots=True)
class Slip:
    """A part of a query that looks like a condition and is not taken as one."""

    position: int  # of its first character, from 1
    text: str  # the part, as typed
    why: str

    def __str__(self) -> str:
        return f"{self.text!r} (character {self.position}): {self.why}"


@dataclass(frozen=True, slots=True)
class Query:
    """What a query asks for."""

    text: str  # what to rank by; empty when there are conditions alone
    filters: Filters = field(default_factory=Filters)
    slips: tuple[Slip, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """One token, read: words to rank by, a condition, a slip, or more than one of these."""

    typed: re.Match[str]
    text: str = ""
    filters: Filters = field(default_factory=Filters)
    slip: str = ""  # why, if there is one


def parse_query(typed: str) -> Query:
    """Understand a query as typed. Every text is a query; none is an error."""
    parts = [_read(token) for token in _TOKEN.finditer(typed)]
    conditions = [part for part in parts if not part.filters.is_empty]
    text = " ".join(part.text for part in parts if part.text)
    fielded = [part for part in conditions if part.typed["name"]]
    if _is_prose(text, bool(fielded)):
        why = "taken as words, as the text reads like prose; set the filter apart from it"
        return Query(typed.strip(), slips=tuple(_slip(part, why) for part in fielded))
    if conditions:
        parts = [_no_operator(part) for part in parts]
        text = " ".join(part.text for part in parts if part.text)
    elif all(part.text for part in parts):
        text = typed.strip()
    filters = Filters()
    for part in parts:
        filters &= part.filters
    return Query(text, filters, tuple(_slip(part, part.slip) for part in parts if part.slip))


def _is_prose(text: str, fielded: bool) -> bool:
    """True for a pasted text, in which signs have their everyday meaning."""
    count = len(text.split())
    if count >= _PROSE_WORDS or (count >= _SENTENCE_WORDS and _TWO_SENTENCES.search(text)):
        return True
    return count >= _SENTENCE_WORDS and not fielded and text.rstrip("\"')]").endswith(".")


def _read(token: re.Match[str]) -> _Part:
    typed, name, bare = token.group(), (token["name"] or "").lower(), token["bare"]
    unfinished = _unfinished(bare or "")
    if unfinished or (name and name not in _FIELDS):
        return _Part(token, typed, slip=unfinished or _meant(name))
    if (bare is not None and not name and not token["minus"]) or _NUMBER.match(typed):
        return _Part(token, typed)
    value = bare or token["quoted"] or token["curly"] or ""
    if not words(value):
        what = "between the quotation marks" if bare is None else "to search for"
        return _Part(token, slip=f"there is no word {what}")
    return _fielded(token, _FIELDS.get(name, "text"), value)


def _unfinished(bare: str) -> str:
    """Why a token breaks off, if it does."""
    if bare.startswith('"') and bare.count('"') == 1:
        return "the quotation mark is never closed"
    if bare.endswith(":") and bare[:-1].lower() in _FIELDS:
        return f"nothing stands right after the colon; write {bare.lower()}word"
    return ""


def _fielded(token: re.Match[str], name: str, value: str) -> _Part:
    """A condition: on a field, on exact words, or on what must not be."""
    years = None
    if name == "year":
        try:
            years = parse_years(re.sub("[-–]", "..", value))
        except FilterError:
            return _Part(token, slip="no year; write year:2020..2024, 2020.., ..2019 or 2021")
    if token["minus"]:
        unwanted: Condition = Years(*years) if years else _words(name, value)
        return _Part(token, filters=Filters(without=(unwanted,)))
    if years:
        return _Part(token, filters=Filters(years=years))
    make, ranked = _CONDITIONS[name]
    return _Part(token, value if ranked else "", make(value))


# Field -> its condition, and whether its words say what the papers should be about.
_CONDITIONS: dict[str, tuple[Callable[[str], Filters], bool]] = {
    "author": (lambda value: Filters(authors=(value,)), False),
    "title": (lambda value: Filters(titles=(value,)), True),
    "venue": (lambda value: Filters(venues=(value,)), False),
    "category": (lambda value: Filters(categories=(value,)), False),
    "text": (lambda value: Filters(phrases=(value,)), True),
}


def _words(name: str, value: str) -> Words:
    match name:
        case "author" | "venue" | "category":
            return Words(name, value)
        case "title":
            return Words("title", value, phrase=True)
        case _:
            return Words("text", value, phrase=True)


def _no_operator(part: _Part) -> _Part:
    """A part of a query with conditions: AND, OR and NOT are no words there, and no operators."""
    if part.typed.group() not in _OPERATORS:
        return part
    return _Part(part.typed, slip="no operator; all conditions must hold, and -word leaves out")


def _meant(name: str) -> str:
    """Why a name before a colon may be a slip; nothing when it is like no field."""
    found = process.extractOne(name, list(_FIELDS), scorer=fuzz.ratio, score_cutoff=_LIKE_A_FIELD)
    if found is None:
        return ""
    return f"there is no field {name!r}, so these are words; write {found[0]}: if you mean that"


def _slip(part: _Part, why: str) -> Slip:
    return Slip(part.typed.start() + 1, part.typed.group(), why)
