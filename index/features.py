"""A mention in the forms in which it is compared with others.

Figures come from the mention and a fixed background (`words.json.gz`, how common words are in
scientific abstracts), so they never change because other papers were added.

Strings are compared with rapidfuzz: `fuzz.ratio` is 100 * (1 - d / (|a| + |b|)), d the number of
insertions and deletions between them.
"""

from __future__ import annotations

import gzip
import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rapidfuzz import fuzz

from index.records import Mention
from index.text import fold_space, title_key, words

_ROUNDING = 0.01  # percent; no figure that is wanted falls to its rounding
SHORTEST_ABSTRACT = 15  # words; below, an abstract ("No abstract available") proves nothing

_COUNTS = Path(__file__).with_name("words.json.gz")
_GENERIC_TITLE = re.compile(
    r"(?:guest)?(?:editorial|editors?notes?|editors?introduction|editors?foreword|introduction"
    r"|preface|foreword|forward|erratum|errata|corrigendum|correction|bookreviews?(?:column)?"
    r"|reviews?|news|index|contents|abstracts?|letter|letters|letterfromthe\w+|lettertotheeditor"
    r"|reply|response|comment|comments|commentary|discussion|conclusion|conclusions|summary"
    r"|overview|acknowledge?ments?|reports?|inmemoriam|obituary|inthisissue|frontmatter|backmatter"
    r"|titlepage|programcommittee|keynote|invitedtalk|introductiontothespecialissue|specialissue"
    r"|untitled|notitle|reminiscences[io]ninfluentialpapers|calls?forpapers|messagefromthe\w+"
    r"|(?:editor|chair|treasurer|president|secretary)s?(?:message|letter|report|column|corner))$"
)
_FEWEST_TITLE_LETTERS = 12  # of a title that is specific enough to identify a work alone
_NUMBER = re.compile(r"\d+")
_ROMAN = re.compile(r"\b(?:i{1,3}|iv|vi{0,3}|ix)\b")
_ROMAN_VALUE = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9}
_PART_WORD = re.compile(r"\b(?:part|volume|vol|chapter)\s+(one|two|three|four|five|six|a|b|c|d)\b")
_WORD_VALUE = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6"}
# Numbers in words, wherever they stand; "one" and "a" mostly are none.
_IN_WORDS = {
    word: str(value)
    for value, names in enumerate(
        ("first", "two second", "three third", "four fourth", "five fifth", "six sixth",
         "seven seventh", "eight eighth", "nine ninth", "ten tenth"), 1,
    )
    for word in names.split()
}  # fmt: skip
# What kind of paper it is, as some sources add to its title and others do not.
_FORM = (
    r"abstract|panel|tutorial|demo|demonstration|poster|session|talk|keynote|invited|industrial"
    r"|short|full|paper|version|preliminary|draft|report|review|ed|edition|summary|slides|software"
)
_REMARK = re.compile(
    rf"[(\[][^()\[\]]*\b(?:{_FORM})\b[^()\[\]]*[)\]]"
    r"|\s[-–—]+\s*(?:book review|panel|tutorial|demo|poster|abstract|extended abstract|invited talk"
    r"|(?:guest )?editor\W*s\W* \w+)\s*$",
    re.IGNORECASE,
)
# Papers about a paper, which bear its title: "Reply to: X", "X (erratum)". Most of these words
# begin other titles as well ("Response surfaces of X"), so what follows them counts.
_ABOUT = re.compile(
    r"\W*(?:(?:author|publisher)s?\W+)?(?:"
    r"(errat(?:um|a)|corrigend(?:um|a)|addend(?:um|a)|rejoinder|retraction|correction|comments?"
    r"|reply|response|discussion)(?:\s*[:—]|\.\s|\s+[-–]\s)"
    r"|(errat(?:um|a)|corrigend(?:um|a)|addend(?:um|a)|rejoinder)(?:\s*[-–]| (?:to|on|of|for)\b)"
    r"|(correction|reply|response) to\b|(comments?|discussion) on\b|(discussion|retraction) of\b)"
    r"|.*\b(errat(?:um|a)|corrigend(?:um|a))\W*$",
    re.IGNORECASE,
)
_SINGULAR = {
    "errata": "erratum", "corrigenda": "corrigendum", "addenda": "addendum", "comments": "comment"
}  # fmt: skip
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii"})


@dataclass(frozen=True)
class Background:
    """In how many of `documents` abstracts each common word stands."""

    documents: int
    rarest: int
    counts: Mapping[str, int]

    @classmethod
    def load(cls, path: Path = _COUNTS) -> Background:
        """Read the counts that ship with the package."""
        return cls(**json.loads(gzip.decompress(path.read_bytes())))

    def weight(self, word: str) -> float:
        """Inverse document frequency: ln(N / n), the same for all words under the rarest count."""
        return self.weights.get(word, self.most)

    @cached_property
    def weights(self) -> Mapping[str, float]:
        """The weight of each word that has a count."""
        return {word: math.log(self.documents / n) for word, n in self.counts.items()}

    @cached_property
    def most(self) -> float:
        """The weight of every other word."""
        return math.log(self.documents / self.rarest)


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name as it is compared."""

    family: str  # see `family_name`
    words: frozenset[str]  # all of it


@dataclass(frozen=True)
class Features:
    """A mention in the forms in which it is compared, each worked out once."""

    mention: Mention
    background: Background

    @cached_property
    def title_key(self) -> str:
        """Empty when there is no title."""
        return title_key(self.mention.title) if self.mention.title else ""

    @cached_property
    def title_text(self) -> str:
        """The title's words, one blank between them."""
        return " ".join(words(self.mention.title or ""))

    @cached_property
    def core_title(self) -> str:
        """The title's words without remarks like "(extended abstract)" or "- book review"."""
        return " ".join(words(_REMARK.sub(" ", self.mention.title or ""))) or self.title_text

    @cached_property
    def about(self) -> str:
        """What the paper is to the one whose title it bears: "erratum", "reply"; mostly ""."""
        found = _ABOUT.match(fold_space(self.mention.title or ""))
        kind = next(filter(None, found.groups()), "").lower() if found else ""
        return _SINGULAR.get(kind, kind)

    @cached_property
    def is_generic(self) -> bool:
        """True for a title that many works have ("Editorial") or that says too little."""
        key = self.title_key
        return len(key) < _FEWEST_TITLE_LETTERS or _GENERIC_TITLE.match(key) is not None

    @cached_property
    def abstract_text(self) -> str:
        """The abstract's words, one blank between them."""
        return " ".join(words(self.mention.abstract or ""))

    @property
    def abstract_words(self) -> list[str]:
        """The abstract's words in order; not kept, as they take ten times the memory."""
        return self.abstract_text.split()

    @cached_property
    def has_abstract(self) -> bool:
        """True when there is an abstract that is long enough to be evidence."""
        return len(self.abstract_words) >= SHORTEST_ABSTRACT

    @cached_property
    def weights(self) -> Mapping[str, float]:
        """Word weights of the abstract, (1 + ln tf) * idf, of unit length."""
        known, most = self.background.weights, self.background.most
        raw = {
            word: known.get(word, most) if n == 1 else (1 + math.log(n)) * known.get(word, most)
            for word, n in Counter(self.abstract_words).items()
        }
        norm = math.sqrt(sum(w * w for w in raw.values())) or 1.0
        return {word: w / norm for word, w in raw.items()}

    @cached_property
    def names(self) -> tuple[Name, ...]:
        """The authors' names, in order."""
        named = ((family_name(a), frozenset(words(a))) for a in self.mention.authors)
        return tuple(Name(family, parts) for family, parts in named if family)

    @cached_property
    def surnames(self) -> frozenset[str]:
        """The family names."""
        return frozenset(name.family for name in self.names)

    @cached_property
    def numerals(self) -> frozenset[str]:
        """Numbers, also Roman and in words, and part words of the title: "Part II" gives 2."""
        text = self.title_text
        found = set(_NUMBER.findall(text))
        roman = (r for r in _ROMAN.findall(text) if r != "i" or text.endswith(" i"))
        found.update(str(_ROMAN_VALUE[r]) for r in roman)  # "i" inside a title is a pronoun
        found.update(_WORD_VALUE.get(m, f"part {m}") for m in _PART_WORD.findall(text))
        found.update(_IN_WORDS[word] for word in text.split() if word in _IN_WORDS)
        return frozenset(n.lstrip("0") or "0" for n in found)


def family_name(name: str) -> str:
    """The word by which a name is compared, "" for a name without one.

    The last word, or the last before the comma, without accents; "Jr." and initials that follow
    a name, as in MEDLINE, are passed over.

    >>> [family_name(n) for n in ("Guillaume Lajoie", "Lajoie, G.", "Lajoie GJ", "J. Dent Jr.")]
    ['lajoie', 'lajoie', 'lajoie', 'dent']
    """
    parts = name.split(",", maxsplit=1)[0].split()
    while len(parts) > 1:
        last = words(parts[-1])
        if last and not (last[-1] in _SUFFIXES or _is_initials(parts)):
            break
        parts.pop()
    return (words(" ".join(parts)) or [""])[-1]


def _is_initials(parts: list[str]) -> bool:
    """The last part is one to three capitals after a name in small letters: "Smith JA"."""
    last = parts[-1].replace(".", "")
    return last.isascii() and last.isupper() and len(last) <= 3 and parts[-2][1:].islower()


def title_similarity(a: Features, b: Features) -> float:
    """Edit similarity of the titles' words in [0, 1]; 0 when one is missing."""
    if not (a.title_text and b.title_text):
        return 0.0
    return fuzz.ratio(a.title_text, b.title_text) / 100


def abstract_similarity(a: Features, b: Features) -> dict[str, float]:
    """{"edit", "cosine"} of the abstracts, each in [0, 1]."""
    return {"edit": abstract_edit(a, b), "cosine": abstract_cosine(a, b)}


def abstract_edit(a: Features, b: Features, least: float = 0.0) -> float:
    """Edit similarity of the abstracts in [0, 1]; may be 0 where it is under `least`.

    An abstract that its source cuts off is compared with as much of the other.
    """
    short, long = sorted((a, b), key=lambda f: len(f.abstract_text))
    one, other = short.abstract_text, long.abstract_text
    if short.mention.abstract_truncated:
        other = other[: len(one)]
    cutoff = max(100 * least - _ROUNDING, 0.0)
    return fuzz.ratio(one, other, score_cutoff=cutoff) / 100


def abstract_cosine(a: Features, b: Features) -> float:
    """Cosine of the word weights of the abstracts, in [0, 1]."""
    few, many = sorted((a.weights, b.weights), key=len)
    return min(sum(w * many.get(word, 0.0) for word, w in few.items()), 1.0)
