"""What scores mean on this corpus with this model.

A cosine of 0.3 is a fine match for one model and corpus and noise for another. So every build
measures two distributions: the best score that everyday text gets, which no collection of
abstracts answers, and the score that a sentence gets from the very paper it was taken from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from index.ann import VectorIndex
from index.encoder import Encoder
from index.text import sentence_spans

_SAMPLE = 200  # papers of which a sentence is taken
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
    """Bounds on the dense score (a cosine)."""

    weak_below: float  # everyday text scores lower than this
    strong_from: float  # nine in ten sentences score higher than this with their own paper

    def strength(self, score: float) -> str:
        """`strong`, `fair` or `weak`."""
        if score < self.weak_below:
            return "weak"
        return "strong" if score >= self.strong_from else "fair"


def calibrate(encoder: Encoder, index: VectorIndex, abstracts: Sequence[str | None]) -> Calibration:
    """Measure the bounds; `abstracts` in the order of the index's rows."""
    foreign = _best_scores(index, encoder.encode_query(_FOREIGN))
    weak = float(foreign.mean() + 2 * foreign.std())
    own = _own_scores(encoder, index, abstracts)
    strong = float(np.quantile(own, 0.1)) if len(own) else weak
    # A tiny or one-sided corpus can turn the bounds round; weak is the safer word.
    return Calibration(round(weak, 4), round(max(strong, weak), 4))


def _best_scores(index: VectorIndex, queries: np.ndarray) -> np.ndarray:
    best = (index.search(query, 1)[0] for query in queries)
    return np.array([scores[0] for scores in best if len(scores)] or [0.0])


def _own_scores(
    encoder: Encoder, index: VectorIndex, abstracts: Sequence[str | None]
) -> np.ndarray:
    """Cosine of one sentence of an abstract with the paper's own vector, for a sample."""
    random = Random(_SEED)  # noqa: S311  a sample, not a secret
    rows = [row for row, abstract in enumerate(abstracts) if abstract]
    rows = sorted(random.sample(rows, min(_SAMPLE, len(rows))))
    sentences = []
    for row in rows:
        abstract = abstracts[row] or ""
        start, end = random.choice(sentence_spans(abstract))
        sentences.append(abstract[start:end])
    if not rows:
        return np.empty(0)
    vectors = encoder.encode_query(sentences)
    return np.array([float(v @ index.vector(row)) for v, row in zip(vectors, rows, strict=True)])
