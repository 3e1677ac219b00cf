"""What the name of a venue tells: its kind, and whether two names mean the same venue.

Sources write one venue in many ways: "VLDB", "Very Large Data Bases", "Proc. 24th Int. Conf. on
Very Large Data Bases"; "ACM Trans. Database Syst.", "ACM Transactions on Database Systems (TODS)".
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from rapidfuzz import fuzz

from index.text import words

Kind = Literal["journal", "conference", "preprint", ""]
Agreement = Literal["same", "other", "unknown"]

_PREPRINT = re.compile(
    r"\b(?:arxiv|biorxiv|medrxiv|psyarxiv|corr|ssrn|openreview|preprints?|techrxiv|hal)\b",
    re.IGNORECASE,
)
_JOURNAL = re.compile(
    r"\b(?:journal|j|jnl|trans|transactions|record|rec|letters?|lett|review|reviews|rev|magazine"
    r"|mag|bulletin|bull|annals|ann|acta|archives?|arch|communications|commun|newsletter|surveys?"
    r"|quarterly|(?<!lecture )notes|advances(?! in neural information)|studies"
    r"|tods|tois|tkde|jacm|cacm|jair|jmlr|tmlr|tacl|tpami)\b"
)
_CONFERENCE = re.compile(
    r"\b(?:conferences?|conf|proceedings|proc|inproceedings|symposium|symp|workshops?|congress"
    r"|meeting|colloquium|international joint)\b"
)
# Series that are mostly known by letters that their names do not begin with, or in both forms.
_SERIES = {
    "sigmod": "management of data",
    "vldb": "very large data ?bases?",
    "pods": "principles of database systems",
    "icde": "(?:international|int) conf\\w* on data eng\\w*",
    "edbt": "extending data ?base technology",
    "kdd": "knowledge discovery and data mining",
    "cikm": "information and knowledge management",
    "sigir": "research and development in information retrieval",
    "www": "world wide web",
    "nips": "neurips|neural information processing systems",
    "icml": "international conference on machine learning",
    "iclr": "learning representations",
    "aaai": "national conference on artificial intelligence|aaai conference",
    "ijcai": "international joint conferences? on artificial intelligence",
    "cvpr": "computer vision and pattern recognition",
    "iccv": "international conference on computer vision",
    "eccv": "european conference on computer vision",
    "emnlp": "empirical methods in natural language processing",
    "naacl": "north american chapter",
    "acl": "annual meeting of the association for computational linguistics",
    "coling": "international conference on computational linguistics",
    "lrec": "language resources and evaluation",
    "icra": "international conference on robotics and automation",
    "iros": "intelligent robots and systems",
    "chi": "human factors in computing systems",
    "colt": "computational learning theory|conference on learning theory",
    "stoc": "theory of computing",
    "focs": "foundations of computer science",
    "soda": "symposium on discrete algorithms",
}
_IN_SERIES = {
    short: re.compile(rf"\b(?:{short}(?:\d\d)?|{name})\b") for short, name in _SERIES.items()
}
_SAYS_NOTHING = re.compile(
    r"of|the|on|and|in|for|an?|de|der|la|int(?:ernational)?|acm|ieee|usenix|annual|proc(?:eedings)?"
    r"|conf(?:erence)?|symposium|workshop|inproceedings|st|nd|rd|th|\d+"
)
_ALIKE = 85  # rapidfuzz token_set_ratio of the telling words, from which on names agree


def is_preprint_venue(venue: str) -> bool:
    """True for arXiv and its like."""
    return _PREPRINT.search(venue) is not None


@lru_cache(maxsize=20_000)
def kind(venue: str) -> Kind:
    """What a venue is by its name; "" where the name does not tell."""
    if is_preprint_venue(venue):
        return "preprint"
    text = " ".join(words(venue))
    if _JOURNAL.search(text):
        return "journal"
    return "conference" if _CONFERENCE.search(text) or _series(venue) else ""


@lru_cache(maxsize=20_000)
def agreement(one: str, other: str) -> Agreement:
    """Whether two names mean one venue. "unknown" where either is a preprint server."""
    kinds = {kind(one), kind(other)}
    if "preprint" in kinds:
        return "unknown"
    if kinds == {"journal", "conference"}:
        return "other"
    series = {_series(one), _series(other)}
    if None not in series:
        return "same" if len(series) == 1 else "other"
    if _alike(one, other):
        return "same"
    return "other" if kinds == {"journal"} else "unknown"


@lru_cache(maxsize=20_000)
def _series(venue: str) -> str | None:
    text = " ".join(words(venue))
    return next((short for short, name in _IN_SERIES.items() if name.search(text)), None)


def _alike(one: str, other: str) -> bool:
    """The telling words agree, or one name shortens the other, by words or to first letters."""
    a, b = _telling(one), _telling(other)
    if not a or not b:
        return False
    if fuzz.token_set_ratio(" ".join(a), " ".join(b)) >= _ALIKE:
        return True
    return _shortens(a, b, other) or _shortens(b, a, one)


def _shortens(short: list[str], long: list[str], name: str) -> bool:
    """Each word of `short` begins one of `long`, in order: "trans database syst"; or one is made
    of first letters of `name`, of which `long` are the telling words.
    """
    if len(short) > len(long):
        return False
    rest = iter(long)
    if all(any(word.startswith(part[:5]) for word in rest) for part in short):
        return True
    initials = "".join(word[0] for word in words(name))
    return any(len(word) >= 3 and word in initials for word in short)


def _telling(venue: str) -> list[str]:
    return [w for w in words(venue) if not _SAYS_NOTHING.fullmatch(w)]
