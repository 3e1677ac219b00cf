"""Typing slips: words that the corpus does not know, matched to its vocabulary.

A word is changed only where one other is clearly meant: it is in no paper and in no list of
English or scholarly words, it looks like an ordinary word (no name, acronym or number), and one
word of the corpus is nearest to it by a clear margin of use.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from index.analysis import PlainWords, Stemmer
from index.encoder import everyday_words
from index.features import Background
from index.lexical import LexicalIndex

_SHORTEST = 5  # letters; in shorter words every letter may be meant
_LONG = 8  # letters from which two slips in one word are believed
_MARGIN = 3  # times as many papers as the next candidate, for one to be clearly meant
_SUSPECT = range(1, 11)  # papers that have a word, for it to be perhaps a slip of its authors
_RARE = 500  # times fewer papers than its neighbour, for a word of the corpus to be a slip itself
_SURE = 4  # first letters that must agree for two slips: "hyper-" is not a mistyped "hypo-"
_END = 2  # letters; of a word of _SHORTEST one slip leaves the first so many alone, or the last
_FOREIGN = 2  # such words in a query, and it is not in English, of which alone slips are known
_STRANGE = 3  # words that no paper knows: if they are most of a query, it is not in English either
_OTHER_LANGUAGES = frozenset(
    re.findall(
        r"\w+",
        "al au auf aux avec che con da das de del dem den der des di die du een ein eine el en es "
        "et für gli het il la las le les los met mit nel oder op ou par para per por pour que qui "
        "sur und une van von zur",
    )
)
_End = tuple[str, int]  # the first or last _END letters of a word, and its length
_CHUNK = re.compile(r"\S+")
_LETTERS = re.compile(r"(?:[^\W\d_][\u0300-\u036f]*)+")  # an accent may be a character of its own
_NO_WORD = re.compile(r"[\d@/\\_=<>{}$^]|:\S")  # of addresses, formulas and numbers


@dataclass(frozen=True, slots=True)
class Correction:
    """A word of a query that was searched for as another."""

    typed: str
    meant: str


class Speller:
    """Corrects queries by the vocabulary of one lexical index. Safe to share between threads."""

    def __init__(self, lexical: LexicalIndex) -> None:
        self._lexical = lexical
        self._plain, self._stemmer = PlainWords(), Stemmer()
        self._common = everyday_words() | Background.load().counts.keys()
        self._lock = threading.Lock()
        self._papers: dict[str, int] = {}  # word -> papers that have it; filled when first needed
        self._starting: dict[_End, list[str]] = {}
        self._ending: dict[_End, list[str]] = {}

    def correct(self, text: str, keep: Iterable[str] = ()) -> tuple[str, tuple[Correction, ...]]:
        """The text with its slips put right, and what was changed; words in `keep` stay."""
        if sum(word in _OTHER_LANGUAGES for word in text.lower().split()) >= _FOREIGN:
            return text, ()
        kept = {word for part in keep for word in self._plain.of(part)}
        candidates = [
            place for place in _ordinary_words(text) if not {*self._plain.of(place.group())} & kept
        ]
        unknown = [place for place in candidates if not self._is_known(place.group())]
        strange = [place for place in unknown if not self._lexical.knows(place.group())]
        if len(strange) >= _STRANGE and 2 * len(strange) > len(candidates):
            return text, ()
        parts, corrections, end = [], [], 0
        for place in unknown:
            meant = self._meant(place.group())
            if meant:
                parts += [text[end : place.start()], meant]
                end = place.end()
                corrections.append(Correction(place.group(), meant))
        return "".join([*parts, text[end:]]), tuple(corrections)

    def _is_known(self, word: str) -> bool:
        """In common use, or in the corpus; but a rare word there may be a slip of its authors."""
        folded = self._fold(word)
        if folded in self._common:
            return True
        return self._lexical.knows(word) and self._lexical.papers_with(folded) not in _SUSPECT

    def _meant(self, word: str) -> str | None:
        """The one word of the corpus that is clearly meant, if there is one."""
        typed = self._fold(word)
        papers = self._vocabulary()
        own, stem = papers.get(typed, 0), "".join(self._stemmer.stems(typed))
        near: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for other in self._nearest(typed):
            near["".join(self._stemmer.stems(other))].append((papers[other], other))
        near.pop(stem, None)  # another form of the word itself says the same
        uses = sorted((sum(n for n, _ in found), form) for form, found in near.items())
        if not uses or (own and uses[-1][0] < _RARE * own):
            return None
        if len(uses) > 1 and uses[-1][0] < _MARGIN * uses[-2][0]:
            return None
        return max(near[uses[-1][1]])[1]

    def _fold(self, word: str) -> str:
        return "".join(self._plain.of(word))

    def _nearest(self, word: str) -> list[str]:
        """The other words at the smallest distance: slips of one letter, or of two in a long word.

        A slip is a letter too many, missing, wrong, or two swapped (optimal string alignment). The
        beginning is seldom mistyped, so with two slips it must agree.
        """
        for slips in (1, 2) if len(word) >= _LONG else (1,):
            lengths = range(len(word) - slips, len(word) + slips + 1)
            choices = [w for n in lengths for w in self._starting.get((word[:_END], n), [])]
            if slips == 1:
                choices += [w for n in lengths for w in self._ending.get((word[-_END:], n), [])]
                choices = list(dict.fromkeys(choices))
            else:
                choices = [other for other in choices if other[:_SURE] == word[:_SURE]]
            found = process.extract(
                word, choices, scorer=OSA.distance, score_cutoff=slips, limit=None
            )
            near = [other for other, distance, _ in found if distance > 0]
            if near:
                return near
        return []

    def _vocabulary(self) -> dict[str, int]:
        """Words of the corpus with the papers that have them."""
        with self._lock:
            if not self._papers:
                for word, papers in self._lexical.vocabulary().items():
                    if word.isalpha() and len(word) >= _SHORTEST:
                        self._papers[word] = papers
                        self._starting.setdefault((word[:_END], len(word)), []).append(word)
                        self._ending.setdefault((word[-_END:], len(word)), []).append(word)
            return self._papers


def _ordinary_words(text: str) -> list[re.Match[str]]:
    """Words that are no name, acronym or number: small letters, or a capital at the very start.

    Letters with accents are typed with care, and mostly in other languages.
    """
    found = []
    start = len(text) - len(text.lstrip())
    for chunk in _CHUNK.finditer(text):
        if _NO_WORD.search(chunk.group()):
            continue
        for word in _LETTERS.finditer(text, chunk.start(), chunk.end()):
            first = word.start() == start
            small = word.group().islower() or (first and word.group()[1:].islower())
            if small and word.group().isascii() and len(word.group()) >= _SHORTEST:
                found.append(word)
    return found
