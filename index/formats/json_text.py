"""Values of JSON as text, whatever they are where text is expected."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from index.formats.bibtex import from_tex
from index.formats.entries import first_name_first, split_names
from index.formats.markup import readable

_DEEPEST = 4  # lists and objects inside of each other in which a text is looked for
_WHOLE = ("literal", "raw", "display_name", "name", "value", "text")
_GIVEN = ("given", "first", "dropping-particle", "non-dropping-particle", "family", "last")
_FORMULA = re.compile(r"((?<!\\)\$[^$]*\$)")
_ACCENT = re.compile(
    r"""\{?\\(?:["'`^~=.]|[cvuHkr](?![A-Za-z]))\s*(?:\{\s*\\?[A-Za-z]\s*\}|\\?[A-Za-z])\}?"""
    r"|\{?\\(?:ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i|j)(?![A-Za-z])(?:\{\}|\s)?\}?"
)
_STYLE = re.compile(r"\\(?:emph|text(?:bf|it|rm|sc|tt|sf)?|mbox|url)\s*\{([^{}]*)\}")
_OLD_STYLE = re.compile(r"\{\\(?:em|it|bf|sc|tt|rm|sl)\s+([^{}]*)\}")
_ESCAPED = re.compile(r"\\([&%$#_])")
_BREAK = re.compile(r"\\\\(?=\s|$)")
_OTHERS = re.compile(r"(?:,?\s*(?:and\s+)?(?:et\s+al\b\.?|others)|\s*(?:\.\.\.|…))\s*$", re.I)
_TAIL = 200  # characters in which it stands
_SPLIT = re.compile(";")  # the blanks around go later; of a run each would be tried
_COMMA = re.compile(",")
_ARXIV_CLASSES = re.compile(r"[a-z-]+(?:\.[A-Za-z-]+)?(?:\s+[a-z-]+(?:\.[A-Za-z-]+)?)*")


Record = dict[str, object]


@dataclass(frozen=True, slots=True)
class Stated:
    """The fields of a record, as `make_entry` takes them."""

    title: str = ""
    abstract: str = ""
    authors: tuple[str, ...] = ()
    authors_truncated: bool = False
    date: str = ""
    venue: str = ""
    categories: tuple[str, ...] = ()
    doi: str = ""
    arxiv: str = ""
    pmid: str = ""
    acl: str = ""
    url: str = ""
    note: str = ""


def at(value: object, *path: str) -> object:
    """What stands under the keys, in capitals or not; None where there is nothing.

    >>> at({"externalIds": {"DOI": "10.1/x"}}, "externalids", "doi")
    '10.1/x'
    """
    for key in path:
        if not isinstance(value, dict):
            return None
        if value.get(key) is None:
            low = key.lower()
            key = next((k for k in value if k.lower() == low and value[k] is not None), key)  # noqa: PLW2901
        value = value.get(key)
    return value


def text_of(value: object, depth: int = _DEEPEST) -> str:
    """A value as text: of several the first that has any; nothing for true, false and NaN."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and (not math.isfinite(value) or value.is_integer()):
        return str(int(value)) if math.isfinite(value) else ""
    if value is None or isinstance(value, bool) or not depth:
        return ""
    if isinstance(value, dict):
        value = [value.get(key) for key in _WHOLE]
    if isinstance(value, list):
        return next(filter(None, (text_of(item, depth - 1) for item in value)), "")
    return str(value)


def first(*values: object) -> str:
    """The first of the values that has a text which is not blank."""
    return next((text for value in values if (text := text_of(value)).strip()), "")


def all_of(value: object) -> list[str]:
    """Each of several values as text, none twice; one that is no list counts as one."""
    values = value if isinstance(value, list) else [value]
    return [*dict.fromkeys(filter(None, map(text_of, values)))]


def items(value: object) -> list[object]:
    """The elements of a list; none of anything else."""
    return value if isinstance(value, list) else []


def clean(text: str) -> str:
    r"""Readable text without tags, entities and simple LaTeX; formulas stay as they are.

    >>> clean(r"Schr\"odinger {\em et al.} &amp; <i>$L_\alpha$</i>")
    'Schrödinger et al. & $L_\\alpha$'
    """
    return readable(without_tex(text))


def without_tex(text: str) -> str:
    """Accents, escaped signs and commands that only set type, taken out outside of formulas."""
    if "\\" not in text:
        return text
    parts = _FORMULA.split(text)
    for i in range(0, len(parts), 2):
        part = _ACCENT.sub(lambda found: _letter(found[0]), parts[i])
        part = _OLD_STYLE.sub(r"\1", _STYLE.sub(r"\1", part))
        parts[i] = _ESCAPED.sub(r"\1", _BREAK.sub(" ", part))
    return "".join(parts)


@lru_cache(maxsize=4096)  # they are few, and a million records write them again and again
def _letter(tex: str) -> str:
    return from_tex(tex)


def name_of(item: object) -> str:
    """A name in the order in which it is said, from its parts or as it is written."""
    if not isinstance(item, dict):
        return first_name_first(text_of(item))
    if isinstance(item.get("author"), dict):
        item = item["author"]
    parts = [text_of(at(item, part)) for part in (*_GIVEN, "suffix")]
    whole = [at(item, key) for key in ("literal", "name", "display_name", "raw_author_name")]
    return " ".join(filter(None, parts)) or first_name_first(first(*whole))


def names_of(value: object) -> tuple[tuple[str, ...], bool]:
    """Names of a list or of one text, and whether it says that there are others."""
    if isinstance(value, str):
        tail = max(0, len(value) - _TAIL)
        whole = value[:tail] + _OTHERS.sub("", value[tail:])
        return tuple(map(clean, split_names(without_tex(whole)))), whole != value
    names = [clean(name_of(item)) for item in items(value)]
    if names and _OTHERS.fullmatch(names[-1]):
        return tuple(names[:-1]), True
    return tuple(names), False


def keywords(*values: object) -> list[str]:
    """Categories of the first value that has any: a list, or a text with blanks, commas or ;."""
    for value in values:
        if isinstance(value, str) and value.strip():
            if "." in value and _ARXIV_CLASSES.fullmatch(value.strip()):
                return value.split()
            return (_SPLIT if ";" in value else _COMMA).split(value.strip())
        if isinstance(value, list) and (found := all_of(value)):
            return [*map(clean, found)]
    return []


def in_order(index: object) -> str:
    """The text of an inverted index, {word: [positions]}, in which positions may be missing.

    What is no position is passed over; words at one position follow each other.

    >>> in_order({"the": [0, 3], "cat": [1], "hat": [9], "in": [2, -1, "x"]})
    'the cat in the hat'
    """
    if isinstance(index, str):  # some dumps have the object as text inside of the JSON
        try:
            index = json.loads(index)
        except (ValueError, RecursionError):
            return ""
    if isinstance(inner := at(index, "InvertedIndex"), dict):
        index = inner
    if not isinstance(index, dict):
        return ""
    placed = chain.from_iterable(_placed(word, places) for word, places in index.items())
    return " ".join(word for _, word in sorted(placed, key=lambda pair: pair[0]))


def _placed(word: str, places: object) -> Iterable[tuple[float, str]]:
    for place in items(places):
        if isinstance(place, int | float) and not isinstance(place, bool) and place >= 0:
            yield place, word
