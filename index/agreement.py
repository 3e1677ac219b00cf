"""How far two bibliographic records agree, field by field, in points.

Probabilistic record linkage after Fellegi and Sunter (1969, "A Theory for Record Linkage"): each
field is put on a level of agreement, each level has a weight, and the sum of the weights is the
logarithm of the odds that both records are of one work. The weights were fitted together, by
logistic regression, since fields do not agree independently:

    python -m training.agreement PAIRS.jsonl ...

docs/same-work.md has what they were fitted on and how well they tell works apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz

from index import venues
from index.features import Features, Name

LEAST_TITLE = 0.6  # similarity of titles under which records are not compared at all
NAME_ALIKE = 75  # rapidfuzz ratio of two family names that may be one, misspelt
_PREPRINT_YEARS = 2
_SHORTEST_NAME = 4  # letters of a family name that may be misspelt
WORD_ALIKE = 60  # rapidfuzz ratio of two words that may be one, misspelt or bent: net, networks
_HEAVY = 3.0  # weight of a word that one abstract in twenty has
_FEW_WORDS = 3  # a title of so few words says less
_EQUAL = 0.995
_TITLE_LEVELS = (0.95, 0.9, 0.85, 0.75, LEAST_TITLE)
_CONTAINED, _DIFFERENT = 0.95, 0.6  # shares of the lighter title's weight

# Weights of the levels, natural logarithms of odds; levels without one are the baseline, 0.
# "words few, equal" was set by hand: fitted, -2.6, a bare title of few words would find no record.
START = -2.6
WEIGHTS: Mapping[str, float] = {
    "title equal": 4.3, "title 0.95": 3.2, "title 0.90": 2.5, "title 0.85": 2.1, "title 0.75": 1.0,
    "words few, equal": -1.6, "words few": -1.1, "words contained": 1.1, "words differ": -1.5,
    "authors all": 2.3, "authors within": 0.8, "authors half": 1.5, "authors some": -0.6,
    "authors none": -1.7,
    "year same": -0.2, "year near": -1.1, "year other": -4.6,
    "venue same": 0.8, "venue other": -0.8,
}  # fmt: skip


@dataclass(frozen=True)
class Agreement:
    """What two records agree in, and the odds that they are of one work."""

    levels: Mapping[str, str]  # of each field
    title: float  # similarity of the titles, in [0, 1]
    points: float  # natural logarithm of the odds

    @property
    def probability(self) -> float:
        """In (0, 1)."""
        return 1 / (1 + math.exp(-self.points))


def agree(a: Features, b: Features) -> Agreement | None:
    """How far the records agree; None when the titles have too little in common."""
    similar = core_similarity(a, b)
    if similar < LEAST_TITLE:
        return None
    levels = {
        "title": title_level(similar),
        "words": words_level(a, b, similar >= _EQUAL),
        "authors": authors_level(a, b),
        "year": year_level(a, b),
        "venue": venue_level(a, b),
    }
    points = START + sum(WEIGHTS.get(f"{field} {level}", 0.0) for field, level in levels.items())
    return Agreement(levels, similar, points)


def core_similarity(a: Features, b: Features) -> float:
    """The higher of two edit similarities of the core titles: run together, and by sorted words."""
    one, other = a.core_title, b.core_title
    if not (one and other):
        return 0.0
    glued = fuzz.ratio(one.replace(" ", ""), other.replace(" ", ""), score_cutoff=60)
    return max(glued, fuzz.token_sort_ratio(one, other, score_cutoff=60)) / 100


def title_level(similar: float) -> str:
    """The lower bound of the similarity's level, or "equal"."""
    if similar >= _EQUAL:
        return "equal"
    return next(f"{least:.2f}" for least in _TITLE_LEVELS if similar >= least)


def words_level(a: Features, b: Features, equal: bool) -> str:
    """What the words of the titles say beside their letters.

    "few" ("few, equal") for titles of up to three; else "equal"; "contained" when all that weighs
    in one title is in the other, "differ" when much of it is not, "most" between these.
    """
    one, other = set(a.core_title.split()), set(b.core_title.split())
    few = min(len(one), len(other)) <= _FEW_WORDS
    if equal or few:
        return "few, equal" if equal and few else "equal" if equal else "few"
    weight = a.background.weight
    least = min(sum(map(weight, one)), sum(map(weight, other)))
    shared = sum(map(weight, one & other))
    if shared >= _CONTAINED * least:
        return "contained"
    return "differ" if shared < _DIFFERENT * least else "most"


def other_words(a: Features, b: Features) -> bool:
    """A heavy word of one title is in the other neither as it is nor spelt or bent otherwise."""
    one, other = set(a.core_title.split()), set(b.core_title.split())
    weight = a.background.weight
    return any(
        weight(word) >= _HEAVY and not any(fuzz.ratio(word, w) >= WORD_ALIKE for w in rest)
        for words, rest in ((one - other, other), (other - one, one))
        for word in words
    )


def authors_level(a: Features, b: Features) -> str:
    """How many of the family names pair up.

    "all", "within" (all of the shorter list), "half", "some" or "none", and "unknown" where a
    list is missing.
    """
    short, long = sorted((a.names, b.names), key=len)
    if not short:
        return "unknown"
    left = list(long)
    shared = 0
    for name in short:
        same = next((other for other in left if same_name(name, other)), None)
        if same is not None:
            left.remove(same)
            shared += 1
    if shared == len(long):
        return "all"
    if shared == len(short):
        return "within"
    return "none" if not shared else "half" if 2 * shared >= len(long) else "some"


def same_name(one: Name, other: Name) -> bool:
    """Two spellings that may be of one person's name: misspelt, or turned round."""
    if one.family == other.family:
        return True
    if one.family in other.words and other.family in one.words:
        return True
    longest = max(len(one.family), len(other.family))
    return longest >= _SHORTEST_NAME and fuzz.ratio(one.family, other.family) >= NAME_ALIKE


def share_author(a: Features, b: Features) -> bool:
    """One family name at least is in both lists."""
    if a.surnames & b.surnames:
        return True
    return any(same_name(one, other) for one in a.names for other in b.names)


def year_level(a: Features, b: Features) -> str:
    """Whether the years agree: "same", "near", "other" or "unknown".

    What is not known to be published may be a preprint, which is up to a few years older than what
    comes of it: "near".
    """
    one, other = a.mention.year, b.mention.year
    if one is None or other is None:
        return "unknown"
    if one == other:
        return "same"
    published = all(f.mention.venue and venues.kind(f.mention.venue) != "preprint" for f in (a, b))
    return "other" if published or abs(one - other) > _PREPRINT_YEARS else "near"


def venue_level(a: Features, b: Features) -> str:
    """Whether the venues agree: "same", "other" or "unknown"."""
    if not (a.mention.venue and b.mention.venue):
        return "unknown"
    one, other = sorted((a.mention.venue, b.mention.venue))
    return venues.agreement(one, other)
