"""The fusion of the legs, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from search.fusion import Leg, feedback, fuse, smooth

QUERY = np.array([1.0, 0.0], dtype=np.float32)
VECTORS = np.array([[0.8, 0.6], [0.6, 0.8], [0.0, 1.0], [-0.6, 0.8]], dtype=np.float32)


def leg(*pairs: tuple[float, int]) -> Leg:
    scores, rows = zip(*pairs, strict=True) if pairs else ((), ())
    return np.array(scores, dtype=np.float32), np.array(rows, dtype=np.int64)


def cosines(query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return VECTORS[rows] @ query


def test_scores_are_shares_of_each_legs_best_added_by_weight() -> None:
    """Row 0 has all of the cosine and half of BM25, row 1 three quarters and all."""
    fused = fuse(QUERY, leg((0.8, 0), (0.6, 1)), leg((4.0, 1), (2.0, 0)), cosines)
    assert fused.rows.tolist() == [1, 0]
    assert fused.scores.tolist() == pytest.approx(
        [0.6 * 0.6 / 0.8 + 0.4 * 4 / 4, 0.6 * 0.8 / 0.8 + 0.4 * 2 / 4]
    )
    assert fused.lexical.tolist() == [4.0, 2.0]


def test_a_row_of_one_leg_alone_keeps_its_true_cosine() -> None:
    """Row 1 was found by words only; its cosine with the query is worked out, not guessed."""
    fused = fuse(QUERY, leg((0.8, 0)), leg((5.0, 1)), cosines)
    assert dict(zip(fused.rows.tolist(), fused.dense.tolist(), strict=True)) == pytest.approx(
        {0: 0.8, 1: 0.6}
    )
    assert fused.scores.tolist() == pytest.approx([0.6 * 0.6 / 0.8 + 0.4, 0.6])


def test_a_negative_cosine_counts_as_nothing_in_common() -> None:
    """Row 3 points away from the query; it does not lose what its words earn."""
    fused = fuse(QUERY, leg((0.8, 0), (-0.6, 3)), leg((5.0, 3)), cosines)
    assert dict(zip(fused.rows.tolist(), fused.scores.tolist(), strict=True)) == pytest.approx(
        {0: 0.6, 3: 0.4}
    )


def test_equal_scores_are_ordered_by_row() -> None:
    """Ties break by row whatever the order of the legs."""
    fused = fuse(QUERY, leg((0.5, 3), (0.5, 1)), leg(), cosines)
    assert fused.rows.tolist() == [1, 3]


def test_empty_legs_give_an_empty_answer() -> None:
    """Nothing found by either leg is no error."""
    assert fuse(QUERY, leg(), leg(), cosines).rows.tolist() == []


def test_feedback_moves_a_tenth_towards_the_best_and_keeps_length_one() -> None:
    """0.9 * (1, 0) + 0.1 * mean of (0.8, 0.6) and (0.6, 0.8), divided by its length."""
    moved = feedback(QUERY, VECTORS[:2])
    expected = np.array([0.9 + 0.1 * 0.7, 0.1 * 0.7])
    assert moved.tolist() == pytest.approx((expected / np.linalg.norm(expected)).tolist())
    assert feedback(QUERY, VECTORS[:0]).tolist() == QUERY.tolist()


def test_smoothing_mixes_in_the_mean_of_the_three_nearest() -> None:
    """Of five papers the last is near none: the first takes from the three beside it alone."""
    near = np.array([[1.0, 0.0], [0.96, 0.28], [0.8, 0.6], [0.6, 0.8], [-1.0, 0.0]], np.float32)
    scores = np.array([0.9, 0.6, 0.3, 0.0, 0.9], dtype=np.float32)
    smoothed = smooth(scores, near)
    assert float(smoothed[0]) == pytest.approx(0.7 * 0.9 + 0.3 * (0.6 + 0.3 + 0.0) / 3)
    assert float(smoothed[4]) == pytest.approx(0.7 * 0.9 + 0.3 * (0.0 + 0.3 + 0.6) / 3)


@pytest.mark.parametrize(("count", "second"), [(1, []), (2, [0.7 * 0.5 + 0.3 * 1.0])])
def test_few_papers_are_smoothed_by_those_there_are(count: int, second: list[float]) -> None:
    """One paper keeps its score; of two, each takes from the other."""
    smoothed = smooth(np.array([1.0, 0.5], dtype=np.float32)[:count], VECTORS[:count])
    assert smoothed[1:].tolist() == pytest.approx(second)
