"""Nearest neighbours, against NumPy."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.ann import VectorIndex


def unit_rows(count: int, dimension: int, seed: int) -> np.ndarray:
    """Random unit vectors as they are stored: float16."""
    rows = np.random.default_rng(seed).standard_normal((count, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def brute_force(
    vectors: np.ndarray, query: np.ndarray, k: int, rows: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(scores, rows) of the k best, equal scores by row, in float64."""
    scores = vectors.astype(np.float64) @ query.astype(np.float64)
    among = np.arange(len(vectors)) if rows is None else np.unique(rows)
    order = among[np.lexsort((among, -scores[among]))][:k]
    return scores[order], order


@pytest.mark.parametrize("k", [1, 10, 299, 300])
def test_finds_what_brute_force_finds(k: int) -> None:
    """Rows, their order, and size and sign of the scores are those of NumPy, down to the worst."""
    vectors, query = unit_rows(300, 24, 1), unit_rows(1, 24, 2)[0].astype(np.float32)
    scores, rows = VectorIndex.build(vectors).search(query, k)
    expected_scores, expected_rows = brute_force(vectors, query, k)
    assert rows.tolist() == expected_rows.tolist()
    np.testing.assert_allclose(scores, expected_scores, atol=1e-6)
    assert (scores.dtype, rows.dtype) == (np.float32, np.int64)
    if k == 300:
        assert scores[0] > 0.5
        assert scores[-1] < -0.45


def test_one_query_is_answered_in_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """FAISS gets one thread for a query, and as many as before afterwards."""
    given = [8]
    monkeypatch.setattr(faiss, "omp_get_max_threads", lambda: given[-1])
    monkeypatch.setattr(faiss, "omp_set_num_threads", given.append)
    vectors = unit_rows(30, 8, 1)
    VectorIndex.build(vectors).search(vectors[0].astype(np.float32), 3)
    assert given == [8, 1, 8]


@settings(max_examples=60, deadline=None)
@given(
    allowed=st.lists(st.integers(0, 49), unique=True, max_size=50),
    k=st.integers(1, 60),
    seed=st.integers(0, 5),
)
def test_allowed_rows_are_the_only_ones(allowed: list[int], k: int, seed: int) -> None:
    """Among any allowed rows, in any order, the answer is brute force over just these."""
    vectors, query = unit_rows(50, 8, 3), unit_rows(1, 8, 10 + seed)[0].astype(np.float32)
    rows = np.array(allowed, dtype=np.int64)
    scores, found = VectorIndex.build(vectors).search(query, k, rows)
    expected_scores, expected = brute_force(vectors, query, k, rows)
    assert found.tolist() == expected.tolist()
    np.testing.assert_allclose(scores, expected_scores, atol=1e-6)


def test_the_vector_itself_scores_one_and_its_opposite_minus_one() -> None:
    """The score is the cosine: 1 for the same direction, 0 across, -1 for the opposite."""
    vectors = np.array([[0, 1], [-1, 0], [1, 0]], dtype=np.float16)
    scores, rows = VectorIndex.build(vectors).search(np.array([1.0, 0.0]), 3)
    assert rows.tolist() == [2, 0, 1]
    assert scores.tolist() == [1.0, 0.0, -1.0]


@pytest.mark.parametrize("k", [1, 3, 5])
def test_equal_scores_are_ordered_by_row(k: int) -> None:
    """Of equal rows the first ones come, in order, also when k cuts through them."""
    vectors = np.array([[1, 0], [0.6, 0.8], [1, 0], [0.6, 0.8], [1, 0], [0.6, 0.8]], np.float16)
    index = VectorIndex.build(vectors)
    assert index.search(np.array([1.0, 0.0]), k)[1].tolist() == [0, 2, 4, 1, 3, 5][:k]
    allowed = np.array([5, 4, 3, 2])
    assert index.search(np.array([1.0, 0.0]), k, allowed)[1].tolist() == [2, 4, 3, 5][:k]


def test_equal_scores_beyond_the_margin_are_ordered_by_row() -> None:
    """Of a hundred copies of one vector the first ten are found, in order."""
    vectors = np.tile(unit_rows(1, 16, 7), (100, 1))
    scores, rows = VectorIndex.build(vectors).search(vectors[0].astype(np.float32), 10)
    assert rows.tolist() == list(range(10))
    assert np.ptp(scores) == 0


def test_k_beyond_the_rows_gives_each_row_once() -> None:
    """Asked for more rows than there are, the index gives all there are."""
    index = VectorIndex.build(unit_rows(4, 8, 5))
    assert sorted(index.search(np.ones(8), 1000)[1].tolist()) == [0, 1, 2, 3]
    assert sorted(index.search(np.ones(8), 1000, np.array([3, 1]))[1].tolist()) == [1, 3]


@pytest.mark.parametrize(("count", "k", "rows"), [(0, 5, None), (4, 0, None), (4, 5, [])])
def test_nothing_to_find(count: int, k: int, rows: list[int] | None) -> None:
    """An empty index, k 0 and no allowed rows give empty arrays of the promised types."""
    index = VectorIndex.build(unit_rows(count, 8, 5))
    allowed = None if rows is None else np.array(rows, dtype=np.int64)
    scores, found = index.search(np.ones(8), k, allowed)
    assert (scores.shape, scores.dtype) == ((0,), np.float32)
    assert (found.shape, found.dtype) == ((0,), np.int64)


def test_saved_and_loaded_it_answers_the_same(tmp_path: Path) -> None:
    """An index read back from disk has the shape, the vectors and the answers of the one saved."""
    vectors, query = unit_rows(40, 12, 6), unit_rows(1, 12, 7)[0].astype(np.float32)
    built = VectorIndex.build(vectors)
    built.save(tmp_path / "i.faiss")
    loaded = VectorIndex.load(tmp_path / "i.faiss")
    assert loaded.shape == built.shape == (40, 12)
    assert np.array_equal(loaded.vector(39), vectors[39].astype(np.float32))
    for before, after in zip(built.search(query, 9), loaded.search(query, 9), strict=True):
        assert before.tolist() == after.tolist()


def test_a_file_that_is_no_index_is_refused(tmp_path: Path) -> None:
    """Loading anything but an index raises RuntimeError, as promised to the snapshot."""
    (tmp_path / "i.faiss").write_bytes(b"not an index")
    with pytest.raises(RuntimeError):
        VectorIndex.load(tmp_path / "i.faiss")
