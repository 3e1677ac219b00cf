"""Maximal marginal relevance, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from search.spread import spread

QUERY = np.array([1.0, 0.0], dtype=np.float32)
# The second is nearly the first; the third is less relevant and unlike both.
VECTORS = np.array([[0.96, 0.28], [0.936, 0.352], [0.6, -0.8]], dtype=np.float32)


def test_a_near_copy_comes_after_something_new() -> None:
    """First the most relevant; then 0.4 * relevance - 0.6 * likeness decides for the third."""
    places, gains = spread(QUERY, VECTORS, k=3)
    assert places.tolist() == [0, 2, 1]
    copy = 0.96 * 0.936 + 0.28 * 0.352
    third = 0.96 * 0.6 - 0.28 * 0.8
    expected = [0.4 * 0.96, 0.4 * 0.6 - 0.6 * third, 0.4 * 0.936 - 0.6 * copy]
    assert gains.tolist() == pytest.approx(expected, abs=1e-6)


def test_what_points_away_is_not_rewarded() -> None:
    """Being the opposite of what was chosen counts as no likeness, not as a gain."""
    places, gains = spread(QUERY, np.array([[1.0, 0.0], [-1.0, 0.0]], dtype=np.float32), k=2)
    assert places.tolist() == [0, 1]
    assert gains.tolist() == pytest.approx([0.4, -0.4])


def test_no_more_than_there_are() -> None:
    """Asked for more than there are, or of none, it gives what there is."""
    assert sorted(spread(QUERY, VECTORS, k=9)[0].tolist()) == [0, 1, 2]
    assert spread(QUERY, VECTORS[:0], k=3)[0].tolist() == []
