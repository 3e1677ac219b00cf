"""Calibration, worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from index.ann import VectorIndex
from index.calibration import Calibration, calibrate


class PlaneEncoder:
    """Puts sentences that are known at a given angle to the first axis, and others by turns."""

    def __init__(self, own: dict[str, float], foreign: Sequence[float]) -> None:
        self._own, self._foreign = own, foreign

    def encode_query(self, texts: Sequence[str]) -> np.ndarray:
        cosines = [
            self._own.get(text, self._foreign[i % len(self._foreign)])
            for i, text in enumerate(texts)
        ]
        return np.array([[c, np.sqrt(1 - c * c)] for c in cosines], dtype=np.float32)


def index_of(rows: int) -> VectorIndex:
    """An index whose every row is the first axis, so that a score is the cosine of the query."""
    return VectorIndex.build(np.tile(np.array([1.0, 0.0], np.float32), (rows, 1)))


def sentences(cosines: Sequence[float]) -> dict[str, float]:
    return {f"Sentence number {i} is the only one.": c for i, c in enumerate(cosines)}


def test_bounds_are_worked_out_as_said() -> None:
    """Weak: mean and two deviations of foreign scores; strong: the tenth lowest of own ones.

    Foreign scores 0.1 and 0.3 by turns have mean 0.2 and deviation 0.1, so weak is below 0.4.
    Own scores 0.50, 0.55 … 1.00 have their first decile at the second of eleven, 0.55.
    """
    own = sentences([0.5 + 0.05 * i for i in range(11)])
    encoder = PlaneEncoder(own, foreign=[0.1, 0.3])
    assert calibrate(encoder, index_of(11), list(own)) == Calibration(0.4, 0.55)


def test_strong_is_never_below_weak() -> None:
    """Where own sentences score lower than foreign ones the two bounds are one, the weak one."""
    own = sentences([0.2] * 5)
    assert calibrate(PlaneEncoder(own, [0.6]), index_of(5), list(own)) == Calibration(0.6, 0.6)


def test_papers_without_abstract_have_no_say() -> None:
    """Only papers with an abstract count for the strong bound, each against its own row."""
    vectors = np.array([[0, 1], [1, 0], [0, 1]], dtype=np.float32)
    own = {"The only sentence.": 0.8}
    encoder = PlaneEncoder(own, [0.1])
    found = calibrate(encoder, VectorIndex.build(vectors), [None, "The only sentence.", ""])
    # The foreign vectors lie at sqrt(1 - 0.01) to the second axis.
    assert found == Calibration(0.995, 0.995)
    alone = calibrate(encoder, index_of(1), ["The only sentence."])
    assert alone == Calibration(0.1, 0.8)


def test_without_any_abstract_the_bounds_are_one() -> None:
    """An index of titles alone has the weak bound for both."""
    assert calibrate(PlaneEncoder({}, [0.3]), index_of(2), [None, None]) == Calibration(0.3, 0.3)


def test_an_index_of_nothing_calls_nothing_weak() -> None:
    """Without rows the best foreign score is 0."""
    index = VectorIndex.build(np.empty((0, 2), np.float32))
    assert calibrate(PlaneEncoder({}, [0.3]), index, []) == Calibration(0.0, 0.0)


@pytest.mark.parametrize(
    ("score", "strength"),
    [
        (-1.0, "weak"),
        (0.1999, "weak"),
        (0.2, "fair"),
        (0.3999, "fair"),
        (0.4, "strong"),
        (1.0, "strong"),
    ],
)
def test_words_at_the_bounds(score: float, strength: str) -> None:
    """A score on a bound has the better word, one just below it the worse."""
    assert Calibration(weak_below=0.2, strong_from=0.4).strength(score) == strength


def test_equal_bounds_leave_no_fair() -> None:
    """With both bounds equal a score is weak below and strong from there on."""
    both = Calibration(0.3, 0.3)
    assert [both.strength(s) for s in (0.2999, 0.3)] == ["weak", "strong"]
