"""Calibration, worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from index.ann import VectorIndex
from index.calibration import Calibration, calibrate, evidence
from index.papers import merge_mentions
from index.records import Mention, Paper

FIRST, SECOND = "Zebras graze on plains.", "Quokkas smile at dusk."


class PlaneEncoder:
    """Puts known texts at a given cosine to the first axis; any other text at `foreign`."""

    def __init__(self, cosines: Mapping[str, float], foreign: float) -> None:
        self._cosines, self._foreign = cosines, foreign

    def encode_query(self, texts: Sequence[str]) -> np.ndarray:
        cosines = [self._cosines.get(text, self._foreign) for text in texts]
        return np.array([[c, np.sqrt(1 - c * c)] for c in cosines], dtype=np.float32)

    encode_document = encode_query


def paper(number: int, abstract: str | None) -> Paper:
    mention = Mention("a.txt", number, number, abstract=abstract, mention_id=f"m{number}")
    return replace(merge_mentions([mention]), paper_id=f"p{number}")


def index_of(rows: int) -> VectorIndex:
    """An index whose every row is the first axis, so that a score is the cosine of the query."""
    return VectorIndex.build(np.tile(np.array([1.0, 0.0], np.float32), (rows, 1)))


@pytest.mark.parametrize(
    ("cosine", "coverage", "expected"),
    [(0.6, 0.5, 0.6 + 0.3 * 0.5), (0.4, 1.0, 0.4 + 0.3), (0.4, 0.0, 0.4), (0.4, None, 0.55)],
)
def test_evidence_is_the_cosine_and_a_share_of_the_words(
    cosine: float, coverage: float | None, expected: float
) -> None:
    """The cosine plus 0.3 of the coverage; half is assumed where no text was asked."""
    assert evidence(cosine, coverage) == pytest.approx(expected)


def test_weak_ends_half_of_the_way_from_noise_to_own() -> None:
    """Everyday text scores 0.1 here; a sentence has cosine 1 with the paper without it.

    No word of the one sentence stands in the other, so the own evidence is 1 and the bound
    0.1 + 0.5 * (1 - 0.1).
    """
    encoder = PlaneEncoder({FIRST: 1.0, SECOND: 1.0}, foreign=0.1)
    papers = [paper(n, f"{FIRST} {SECOND}") for n in range(3)]
    assert calibrate(encoder, index_of(3), papers) == Calibration(0.55, 1.0)


def test_no_everyday_text_is_above_weak() -> None:
    """Where own sentences score lower than everyday text the bounds are one, the higher one."""
    encoder = PlaneEncoder({FIRST: 0.0, SECOND: 1.0}, foreign=0.8)
    papers = [paper(n, f"{FIRST} {SECOND}") for n in range(3)]
    found = calibrate(encoder, index_of(3), papers)
    assert found.weak_below == found.strong_from
    assert found.weak_below >= 0.8


def test_papers_of_one_sentence_or_none_have_no_say() -> None:
    """Without a sentence to take out there is only the noise to go by."""
    encoder = PlaneEncoder({FIRST: 1.0}, foreign=0.3)
    assert calibrate(encoder, index_of(1), [paper(1, None)]) == Calibration(0.3, 0.3)


def test_an_empty_index_is_calibrated_to_nothing() -> None:
    """No paper, no noise."""
    empty = VectorIndex.build(np.empty((0, 2), np.float32))
    assert calibrate(PlaneEncoder({}, 0.3), empty, []) == Calibration(0.0, 0.0)


@pytest.mark.parametrize(
    ("score", "strength"),
    [(0.1999, "weak"), (0.2, "fair"), (0.3999, "fair"), (0.4, "strong"), (-1.0, "weak")],
)
def test_strength_at_the_bounds(score: float, strength: str) -> None:
    """A bound belongs to the better word."""
    assert Calibration(weak_below=0.2, strong_from=0.4).strength(score) == strength
