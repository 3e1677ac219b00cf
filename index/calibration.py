"""What scores mean on this corpus with this model.

A cosine of 0.3 is a fine match for one model and corpus and noise for another, and one cosine
hides whether a paper shares the theme or answers the question. So the evidence for a hit weighs
the cosine and the words found, and every build measures two distributions of it: the best that
everyday text gets, which no collection of abstracts answers, and what a sentence gets from the rest
of the very paper it was taken from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

import numpy as np

from index.analysis import Stemmer
from index.encoder import Encoder
from index.papers import document_text
from index.records import Paper
from index.text import fold_space, sentence_spans

if TYPE_CHECKING:
    from index.ann import VectorIndex

_COVERAGE_WEIGHT = 0.3  # of the share of the query's words that stand in the paper
_NEAREST = 3  # papers looked at for each everyday text
_SAMPLE = 60  # papers of which a sentence is taken
_WEAK_SHARE = 0.5  # of the way from everyday text to the median of sentences
_SEED = 11
_FOREIGN = (
    "Preheat the oven and whisk the eggs with the sugar until the mixture is pale.",
    "This website uses cookies to improve your experience and to show you relevant offers.",
    "The bus to the airport leaves every half hour from the stop outside the station.",
    "Our holiday flat has two bedrooms, a balcony and a view of the harbour.",
    "She scored twice in the second half and the home side won the match.",
    "Please water the tomatoes twice a week and cut back the side shoots.",
    "The landlord shall return the deposit within thirty days of the end of the lease.",
    "Add a pinch of salt, stir in the flour and let the dough rest overnight.",
    "Buy two pairs of running shoes and get the third one at half price.",
    "It will rain in the north this afternoon, with sunny spells near the coast.",
    "Grandfather repaired the old clock and hung it above the fireplace.",
    "The mayor opened the new swimming pool on Saturday morning.",
    "Turn left at the church, and the bakery is on your right.",
    "My cat refuses to eat anything but chicken and sleeps on the radiator.",
    "The band will play songs from their new album in Manchester next month.",
    "Parking is free on Sundays and public holidays.",
    "The soup of the day is pumpkin with ginger, served with bread.",
    "He wore a grey coat and carried an umbrella though the sky was clear.",
    "Sign up for our newsletter and never miss a sale again.",
    "Knit two rows in blue wool, then change to the larger needles.",
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Bounds on the evidence for a hit."""

    weak_below: float
    strong_from: float  # half of all sentences score higher with the rest of their own paper

    def strength(self, evidence: float) -> str:
        """`strong`, `fair` or `weak`."""
        if evidence < self.weak_below:
            return "weak"
        return "strong" if evidence >= self.strong_from else "fair"


def evidence(cosine: float, coverage: float | None) -> float:
    """How much speaks for a hit.

    `cosine` is that of query and paper, `coverage` the share of the query's words found in the
    paper (None when the question is a paper and not a text; half is assumed).
    """
    return cosine + _COVERAGE_WEIGHT * (0.5 if coverage is None else coverage)


def calibrate(encoder: Encoder, index: VectorIndex, papers: Sequence[Paper]) -> Calibration:
    """Measure the bounds; `papers` in the order of the index's rows."""
    stemmer = Stemmer()
    foreign = _foreign(encoder, index, papers, stemmer)
    own = _own(encoder, papers, stemmer)
    noise = float(foreign.mean()) if len(foreign) else 0.0
    middle = float(np.median(own)) if len(own) else noise
    highest = float(foreign.max(initial=0.0))
    # A tiny or one-sided corpus can turn the bounds round; weak is the safer word.
    weak = max(noise + _WEAK_SHARE * (middle - noise), highest)
    return Calibration(round(weak, 4), round(max(middle, weak), 4))


def _foreign(
    encoder: Encoder, index: VectorIndex, papers: Sequence[Paper], stemmer: Stemmer
) -> np.ndarray:
    """The best evidence that each everyday text gets."""
    best = []
    for text, query in zip(_FOREIGN, encoder.encode_query(_FOREIGN), strict=True):
        cosines, rows = index.search(query, _NEAREST)
        weighed = [
            evidence(float(cosine), stemmer.coverage(text, document_text(paper)))
            for cosine, paper in zip(cosines, map(papers.__getitem__, rows.tolist()), strict=True)
        ]
        best.append(max(weighed, default=0.0))
    return np.array(best)


def _own(encoder: Encoder, papers: Sequence[Paper], stemmer: Stemmer) -> np.ndarray:
    """Evidence for the own paper of one sentence each, that sentence taken out, for a sample."""
    random = Random(_SEED)  # noqa: S311  a sample, not a secret
    rows = [row for row, paper in enumerate(papers) if paper.abstract]
    asked: list[str] = []  # sentences …
    rests: list[str] = []  # … and the rest of the paper of each
    for row in sorted(random.sample(rows, min(_SAMPLE, len(rows)))):
        paper = papers[row]
        abstract = paper.abstract or ""
        spans = sentence_spans(abstract)
        if len(spans) < 2:
            continue
        asked.append(abstract[slice(*random.choice(spans))])
        rest = fold_space(abstract.replace(asked[-1], " "))
        rests.append(document_text(replace(paper, abstract=rest)))
    if not asked:
        return np.empty(0)
    cosines = (encoder.encode_query(asked) * encoder.encode_document(rests)).sum(axis=1)
    each = zip(cosines, asked, rests, strict=True)
    return np.array([evidence(float(c), stemmer.coverage(text, rest)) for c, text, rest in each])
