"""Are two mentions the same work? Every rule, in the order in which they are asked.

Several kinds of evidence decide together. A title, an abstract or an identifier proposes; numerals
in the titles, complete author lists without a common name, and different identifiers veto. All
figures come from the two mentions and a fixed background (`words.json.gz`, how common words are
in scientific abstracts), so a decision never changes because other papers were added.

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

from index.records import Evidence, Mention
from index.text import title_key, words

# Thresholds, chosen on pairs of preprints and camera-ready papers against each one's nearest
# different paper (see docs/same-work.md); all are shares in [0, 1].
SAME_ABSTRACT = 0.90  # edit similarity, with a common author
SAME_ABSTRACT_ALONE = 0.95  # the same under two titles and without a common author
SAME_STUDY = 0.58  # mean of edit similarity and TF-IDF cosine, for a mention without title
NEAR_TITLE = 0.90  # edit similarity of titles, with a common author or a likewise abstract
UNRELATED_ABSTRACT = 0.15  # TF-IDF cosine below which one title names two works
NEAR_ABSTRACT = 0.75  # edit similarity or cosine, for a title with and without subtitle
BOILERPLATE = 40  # words; a shorter abstract may stand under many titles ("Provides an abstract …")
SHORTEST_ABSTRACT = 15  # words; below, an abstract ("No abstract available") proves nothing

_COUNTS = Path(__file__).with_name("words.json.gz")
_GENERIC_TITLE = re.compile(
    r"(?:guest)?(?:editorial|editorsnote|editorsintroduction|introduction|preface|foreword|forward"
    r"|erratum|errata|corrigendum|correction|bookreview|reviews?|news|index|contents|abstracts?"
    r"|letter|letters|lettertotheeditor|reply|response|comment|comments|commentary|discussion"
    r"|conclusion|conclusions|summary|overview|acknowledge?ments?|reports?|inmemoriam|obituary"
    r"|inthisissue|frontmatter|backmatter|titlepage|programcommittee|keynote|invitedtalk"
    r"|introductiontothespecialissue|specialissue|untitled|notitle)$"
)
_FEWEST_TITLE_LETTERS = 12  # of a title that is specific enough to identify a work alone
_NUMBER = re.compile(r"\d+")
_ROMAN = re.compile(r"\b(?:i{1,3}|iv|vi{0,3}|ix)\b")
_ROMAN_VALUE = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9}
_PART_WORD = re.compile(r"\b(?:part|volume|vol|chapter)\s+(one|two|three|four|five|six|a|b|c|d)\b")
_WORD_VALUE = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6"}


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
        return math.log(self.documents / self.counts.get(word, self.rarest))


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
    def is_generic(self) -> bool:
        """True for a title that many works have ("Editorial") or that says too little."""
        key = self.title_key
        return len(key) < _FEWEST_TITLE_LETTERS or _GENERIC_TITLE.match(key) is not None

    @cached_property
    def abstract_words(self) -> list[str]:
        """The abstract's words in order."""
        return words(self.mention.abstract or "")

    @cached_property
    def abstract_text(self) -> str:
        """The abstract's words, one blank between them."""
        return " ".join(self.abstract_words)

    @cached_property
    def has_abstract(self) -> bool:
        """True when there is an abstract that is long enough to be evidence."""
        return len(self.abstract_words) >= SHORTEST_ABSTRACT

    @cached_property
    def weights(self) -> Mapping[str, float]:
        """Word weights of the abstract, (1 + ln tf) * idf, of unit length."""
        raw = {
            word: (1 + math.log(n)) * self.background.weight(word)
            for word, n in Counter(self.abstract_words).items()
        }
        norm = math.sqrt(sum(w * w for w in raw.values())) or 1.0
        return {word: w / norm for word, w in raw.items()}

    @cached_property
    def surnames(self) -> frozenset[str]:
        """Last words of the authors' names; of "Lajoie, Guillaume" the part before the comma."""
        last = (words(a.split(",")[0])[-1:] for a in self.mention.authors)
        return frozenset(w[0] for w in last if w)

    @cached_property
    def numerals(self) -> frozenset[str]:
        """Numbers, Roman numerals and part words of the title: "Part II" gives 2."""
        text = self.title_text
        found = set(_NUMBER.findall(text))
        roman = (r for r in _ROMAN.findall(text) if r != "i" or text.endswith(" i"))
        found.update(str(_ROMAN_VALUE[r]) for r in roman)  # "i" inside a title is a pronoun
        found.update(_WORD_VALUE.get(m, f"part {m}") for m in _PART_WORD.findall(text))
        return frozenset(n.lstrip("0") or "0" for n in found)


def compare(a: Features, b: Features) -> Evidence | None:
    """The strongest rule by which two mentions are the same work, or None. Symmetric."""
    for rule in (_same_identifier, _same_title, _same_abstract, _near_title, _same_study):
        evidence = rule(a, b)
        if evidence is not None:
            return None if veto(a, b, evidence) else evidence
    return None


def veto(a: Features, b: Features, evidence: Evidence | None = None) -> str | None:
    """Why the two cannot be the same work whatever else agrees, in words, or None."""
    m, n = a.mention, b.mention
    if evidence is not None and evidence.rule == "same-identifier":
        return None
    near = title_similarity(a, b) >= 0.75
    if near and a.numerals != b.numerals and ((a.numerals and b.numerals) or _is_series(a, b)):
        return f"numerals differ in the titles {m.title!r} and {n.title!r}"
    both = a.has_abstract and b.has_abstract
    likeness = abstract_similarity(a, b)["edit"] if both else 0.0
    shared = _share_author(a, b)
    two_ids = m.arxiv and n.arxiv and m.arxiv != n.arxiv and a.title_key != b.title_key
    if two_ids and not (shared and likeness >= SAME_ABSTRACT_ALONE):
        return f"different arXiv ids ({m.arxiv}, {n.arxiv}) and titles"
    complete = not m.authors_truncated and not n.authors_truncated
    if complete and a.surnames and b.surnames and not shared:
        agree = a.title_key == b.title_key and not a.is_generic and likeness >= 0.6
        if not agree and likeness < SAME_ABSTRACT_ALONE:
            return "complete author lists without a common name"
    return None


def conflict(a: Features, b: Features) -> bool:
    """True when titles and abstracts are both stated, both differ and speak of other things."""
    if not (a.title_key and b.title_key and a.has_abstract and b.has_abstract):
        return False
    return title_similarity(a, b) < 0.75 and abstract_similarity(a, b)["cosine"] < SAME_STUDY


def title_similarity(a: Features, b: Features) -> float:
    """Edit similarity of the titles' words in [0, 1]; 0 when one is missing."""
    if not (a.title_text and b.title_text):
        return 0.0
    return fuzz.ratio(a.title_text, b.title_text) / 100


def abstract_similarity(a: Features, b: Features) -> dict[str, float]:
    """{"edit", "cosine"} of the abstracts, each in [0, 1].

    An abstract that its source cuts off is compared with as much of the other.
    """
    short, long = sorted((a, b), key=lambda f: len(f.abstract_text))
    one, other = short.abstract_text, long.abstract_text
    if short.mention.abstract_truncated:
        other = other[: len(one)]
    few, many = sorted((a.weights, b.weights), key=len)
    cosine = sum(w * many.get(word, 0.0) for word, w in few.items())
    return {"edit": fuzz.ratio(one, other) / 100, "cosine": min(cosine, 1.0)}


def _is_series(a: Features, b: Features) -> bool:
    """One title is the other with a part number: "Planning" and "Planning, Part II"."""
    short, long = sorted((a.title_text, b.title_text), key=len)
    return re.fullmatch(r"(?:(?:part|volume|vol) )?\w{1,5}", long[len(short) :].strip()) is not None


def _share_author(a: Features, b: Features) -> bool:
    return bool(a.surnames & b.surnames)


def _same_identifier(a: Features, b: Features) -> Evidence | None:
    m, n = a.mention, b.mention
    dois = ((m.doi or "").lower(), (n.doi or "").lower())  # DOIs do not tell case (ISO 26324)
    for name, x, y in (("DOI", *dois), ("arXiv id", m.arxiv, n.arxiv)):
        if x and x == y:
            similar = title_similarity(a, b)
            both = a.has_abstract and b.has_abstract
            same_text = both and abstract_similarity(a, b)["edit"] >= SAME_ABSTRACT
            if a.title_key and b.title_key and similar < 0.4 and not same_text:
                return None  # an identifier mistyped, or of the whole volume
            return Evidence("same-identifier", 1.0, f"the same {name} {x}", {"title": similar})
    return None


def _same_title(a: Features, b: Features) -> Evidence | None:
    if not a.title_key or a.title_key != b.title_key:
        return None
    scores = {"title": 1.0}
    both = a.has_abstract and b.has_abstract
    if both:
        scores |= abstract_similarity(a, b)
    likeness = max(scores.get("edit", 0.0), scores.get("cosine", 0.0))
    if a.is_generic or b.is_generic:
        if both and likeness >= SAME_ABSTRACT:
            return Evidence("same-title", 0.96, "the same short title and abstract", scores)
        agree = _share_author(a, b) and a.mention.year == b.mention.year and not both
        if not (agree and a.mention.venue == b.mention.venue):
            return None
        return Evidence("same-title", 0.9, "the same short title, author, year and venue", scores)
    if (
        both
        and not _share_author(a, b)
        and likeness < 0.6
        and scores["cosine"] < UNRELATED_ABSTRACT
    ):
        return None
    why = f"the same title {min(a.mention.title or '', b.mention.title or '')!r}"
    if both:
        why += f"; abstracts {likeness:.0%} alike"
    return Evidence("same-title", 0.97, why, scores)


def _same_abstract(a: Features, b: Features) -> Evidence | None:
    if not (a.has_abstract and b.has_abstract):
        return None
    scores = abstract_similarity(a, b) | {"title": title_similarity(a, b)}
    titles = bool(a.title_key and b.title_key)
    enough = SAME_ABSTRACT
    if titles and scores["title"] < 0.75 and not _share_author(a, b):
        enough = SAME_ABSTRACT_ALONE
        if min(len(a.abstract_words), len(b.abstract_words)) < BOILERPLATE:
            return None
    if scores["edit"] < enough:
        return None
    cut = _cut(a) or _cut(b)
    under = " under two titles" if titles and a.title_key != b.title_key else ""
    why = (
        f"{'cut-off abstract agrees' if cut else 'abstracts agree'} to {scores['edit']:.0%}{under}"
    )
    return Evidence("same-abstract", 0.93 if cut else 0.95, why, scores)


def _near_title(a: Features, b: Features) -> Evidence | None:
    similar = title_similarity(a, b)
    if a.is_generic or b.is_generic or not (similar >= NEAR_TITLE or _is_subtitled(a, b)):
        return None
    scores = {"title": similar}
    alike = 0.0
    if a.has_abstract and b.has_abstract:
        scores |= abstract_similarity(a, b)
        alike = max(scores["edit"], scores["cosine"])
        if alike < (0.45 if similar >= NEAR_TITLE else NEAR_ABSTRACT):
            return None
    if not _share_author(a, b) and (
        (a.surnames and b.surnames) or (alike < SAME_STUDY and similar < 0.95)
    ):
        return None
    why = f"titles {similar:.0%} alike"
    if alike:
        why += f", abstracts {alike:.0%}"
    return Evidence("near-title", 0.9 * max(similar, 0.9), why, scores)


def _is_subtitled(a: Features, b: Features) -> bool:
    """One title is the other with a subtitle: "Celo" is too short, four words are not."""
    short, long = sorted((a.title_text, b.title_text), key=len)
    if len(short.split()) < 4 or not long.startswith(short + " "):
        return False
    whole = a if a.title_text == long else b
    rest = (whole.mention.title or "")[len(short) - 2 :]
    return any(mark in rest for mark in ":-–—(?.")


def _same_study(a: Features, b: Features) -> Evidence | None:
    """A mention without title states the same problem, method and findings."""
    if (a.title_key and b.title_key) or not (a.has_abstract and b.has_abstract):
        return None
    scores = abstract_similarity(a, b)
    mean = (scores["edit"] + scores["cosine"]) / 2
    if mean < SAME_STUDY:
        return None
    why = f"an untitled abstract {mean:.0%} like the other in words and wording"
    return Evidence("same-study", 0.9 * mean, why, scores)


def _cut(f: Features) -> bool:
    return f.mention.abstract_truncated
