"""Telling names from titles by the characters that they are made of.

Two character models, one of personal names and one of titles, each say how probable a string is.
A line in which title and authors run together is cut where title and names are together most
probable, over every possible cut, so no rule about capitals has to hold ("…in RNNsYuhan Helena
Liu", "…Deep LearningMohammadReza Davari"). The same two models say whether a line is a name or
a title.

The models are n-gram models of order 4 with Witten-Bell interpolation (Witten and Bell, 1991,
"The zero-frequency problem", equation for method C). Their counts lie in `names.json.gz`, made by
`training/names.py`.
"""

from __future__ import annotations

import gzip
import json
import math
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from index.text import words

_COUNTS = Path(__file__).with_name("names.json.gz")
START, END, ORDER = "\x02", "\x03", 4
_UNSEEN = 1 / 3000  # probability of a character under no context at all: a wide alphabet
_LONGEST_NAME = 60
_LONGEST_LINE = 50_000  # characters, of thousands of authors; each costs some microseconds
_MOST_AUTHORS = 40  # in one run-together line

# Log-odds of what the character models cannot see; set on the lines held out by training/names.py.
_NO_AUTHOR = -12.0  # a listing without any author
_STARTS_LOWER = -6.0  # a name rarely starts with a small letter …
_INSIDE_WORD = -8.0  # … and hardly ever between two small letters
_STARTS_SIGN = -8.0  # a name does not start with a quote or bracket …
_ENDS_OPEN = -8.0  # … and a title does not end in a hyphen or an opening bracket
_TWO_CAPITALS = -8.0  # "DSahil": the first capital belongs to the title
_ONE_WORD = -4.0  # a single word as first author
_MANY_WORDS = -4.0  # for each word of a name beyond the fourth
_INNER_CAPITAL = -4.0  # "PartnerJohn": part of the title's last word
_DIGIT = -6.0  # no name has one
_LETTER = -10.0  # one letter is not a name
_GROUP = 120.0  # "The MEG II collaboration" signs as an author, though it is made of title words
_SHORT_TITLE = -6.0  # under four characters
_HAN_NAME = 8.0  # two or three Han characters that start with a surname
_KNOWN_NAME = 6.0  # the same name stands elsewhere on the page
_KNOWN_WORD = 6.0  # the title's last word stands in the abstract or elsewhere on the page
# Log-odds of a name against a title of one, two … and six or more words, counted on the same data.
_WORD_COUNT = (1.0, 5.5, 2.8, 0.3, -2.0, -6.0)

_CAPITALS = re.compile(r"[A-Z]{2,}[a-z]")
_GROUP_NAME = re.compile(
    r"(?:[Tt]he [\w.'’-]+|[A-Z]{2,}[\w.-]*)(?: [\w.'’-]+){0,5}"
    r" (?:[Cc]ollaboration|Consortium|Initiative|Investigators|Group|Team)$"
)
_INNER = re.compile(r"(?!Mac|De|La|Le|Van|Von|Di|Du)[A-Z][a-z]{2,}[A-Z]")
# The hundred most frequent Chinese surnames (Ministry of Public Security, 2020 name report).
_HAN_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)


def fold(text: str) -> str:
    """One base letter for each character: accents off, so that the string keeps its length."""
    return "".join(normalize("NFKD", c)[0] if not c.isascii() else c for c in text)


class CharacterModel:
    """An n-gram model over the characters of short strings."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = counts
        self._total: Counter[str] = Counter()  # per context: how often seen …
        self._kinds: Counter[str] = Counter()  # … and before how many different characters
        for gram, n in counts.items():
            self._total[gram[:-1]] += n
            self._kinds[gram[:-1]] += 1

    def log_next(self, before: str, char: str) -> float:
        """Log probability of `char` after `before` (which begins with START)."""
        p = _UNSEEN
        for length in range(min(ORDER, len(before) + 1)):
            context = before[len(before) - length :]
            total = self._total.get(context, 0)
            if not total:
                break
            kinds = self._kinds[context]
            p = (self._counts.get(context + char, 0) + kinds * p) / (total + kinds)
        return math.log(p)

    def log_prefixes(self, text: str) -> list[float]:
        """Entry i is the log probability of the first i characters of `text`, without an end."""
        padded, sums = START + text, [0.0]
        for i in range(1, len(padded)):
            sums.append(sums[-1] + self.log_next(padded[max(0, i - ORDER + 1) : i], padded[i]))
        return sums

    def log_end(self, text: str) -> float:
        """Log probability that the string ends after `text`."""
        return self.log_next((START + text)[-ORDER + 1 :], END)

    def log_probability(self, text: str) -> float:
        """Log probability of the whole string, its end included."""
        return self.log_prefixes(text)[-1] + self.log_end(text)


@dataclass(frozen=True)
class NameModel:
    """The two character models, and the decisions made with them."""

    names: CharacterModel
    titles: CharacterModel

    @classmethod
    def load(cls, path: Path = _COUNTS) -> NameModel:
        """Read the counts that ship with the package (half a megabyte, a fifth of a second)."""
        tables = json.loads(gzip.decompress(path.read_bytes()))
        return cls(CharacterModel(tables["names"]), CharacterModel(tables["titles"]))

    def name_odds(self, line: str) -> float:
        """Log-odds that `line` is a personal name and not a title; 0 is undecided."""
        if len(line) > _LONGEST_LINE:
            return -math.inf
        folded = fold(line.title() if line.isupper() else line)
        characters = self.names.log_probability(folded) - self.titles.log_probability(folded)
        count = _WORD_COUNT[min(len(line.split()), len(_WORD_COUNT)) - 1]
        return characters + count + _special_odds(line)

    def split_title(
        self,
        line: str,
        known_names: Collection[str] = (),
        known_words: Collection[str] = (),
    ) -> tuple[str, tuple[str, ...]]:
        """Cut "titleFirst Author, Second Author" into the title and the names.

        Every cut is weighed: P(title) * P(first name) * P(the names after the next commas),
        with what the page itself knows as further evidence: `known_names` (whole names printed
        elsewhere) and `known_words` (case-folded words of its abstracts). A line without any
        author comes back whole, and so does one longer than any title with its authors.
        """
        if len(line) > _LONGEST_LINE:
            return line, ()
        folded = fold(line)
        title = self.titles.log_prefixes(folded)
        commas = [i for i in range(len(line) - 1) if line[i : i + 2] == ", "]
        ends = [*commas, len(line)]
        best = title[-1] + self.titles.log_end(folded) + _NO_AUTHOR
        best_cut = len(line)
        following = 0.0  # log probability of the names after the chunk that is being cut
        for chunk in range(len(ends) - 1, max(-1, len(ends) - 1 - _MOST_AUTHORS), -1):
            start, end = (ends[chunk - 1] + 2 if chunk else 0), ends[chunk]
            for cut in range(max(start, end - _LONGEST_NAME, 1), end):
                if line[cut].isspace() or line[cut - 1].isspace():
                    continue
                first = line[cut:end]
                score = (
                    title[cut]
                    + self.titles.log_end(folded[max(0, cut - ORDER) : cut])
                    + self.names.log_probability(folded[cut:end])
                    + following
                    + _cut_odds(line, cut, first, known_names, known_words)
                )
                if score > best:
                    best, best_cut = score, cut
            following += self.names.log_probability(folded[start:end])
            following += _shape_odds(line[start:end])
        authors = line[best_cut:].split(", ") if best_cut < len(line) else []
        return line[:best_cut], tuple(a.strip() for a in authors)


def _cut_odds(
    line: str, cut: int, first: str, known_names: Collection[str], known_words: Collection[str]
) -> float:
    """Log-odds of a cut beyond what the characters say."""
    odds, before = 0.0, line[cut - 1]
    if first[0].islower():
        odds += _INSIDE_WORD if before.islower() else _STARTS_LOWER
    elif not first[0].isalnum():
        odds += _STARTS_SIGN
    elif _CAPITALS.match(first):
        odds += _TWO_CAPITALS
    if before in "-–([“‘" or (before in "'\"" and line[:cut].count(before) % 2):
        odds += _ENDS_OPEN
    if cut < 4:
        odds += _SHORT_TITLE
    odds += _shape_odds(first)
    if first in known_names:
        odds += _KNOWN_NAME
    last = words(line[:cut].rsplit(" ", 1)[-1])
    if last and last[-1] in known_words:
        odds += _KNOWN_WORD
    return odds


def _shape_odds(name: str) -> float:
    """Log-odds that a string of this shape is a name."""
    odds, name_words = _special_odds(name), name.count(" ") + 1
    if name_words == 1 and name.isascii():
        odds += _ONE_WORD
    odds += _MANY_WORDS * max(0, name_words - 4)
    if _INNER.search(name):
        odds += _INNER_CAPITAL
    if any(c.isdigit() for c in name):
        odds += _DIGIT
    if len(name) == 1:
        odds += _LETTER
    return odds


def _special_odds(name: str) -> float:
    """Log-odds of names that are not made like most: Han characters, groups."""
    if name[:1] in _HAN_SURNAMES and len(name) in (2, 3):
        return _HAN_NAME
    return _GROUP if _GROUP_NAME.match(name) else 0.0
