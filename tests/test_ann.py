"""Nearest neighbours, against NumPy."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import quantized
from index.ann import LEAST_RECALL, Method, VectorIndex
from index.errors import SnapshotError
from index.quantized import Depth, Quantized
from index.recall import Truth
from index.snapshot import Snapshot
from index.writer import Contents, write_generation
from tests.conftest import CommandLine


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
    loaded = VectorIndex.load(tmp_path / "i.faiss", vectors, built.method.to_dict())
    assert loaded.shape == built.shape == (40, 12)
    assert np.array_equal(loaded.vector(39), vectors[39].astype(np.float32))
    for before, after in zip(built.search(query, 9), loaded.search(query, 9), strict=True):
        assert before.tolist() == after.tolist()


def test_a_file_that_is_no_index_is_refused(tmp_path: Path) -> None:
    """Loading anything but an index raises RuntimeError, as promised to the snapshot."""
    (tmp_path / "i.faiss").write_bytes(b"not an index")
    with pytest.raises(RuntimeError):
        VectorIndex.load(tmp_path / "i.faiss", unit_rows(4, 8, 1), {"kind": "flat"})


def clustered(count: int, seed: int = 4, dimension: int = 64) -> np.ndarray:
    """Unit float16 rows around 50 centres, as abstracts lie around themes."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((50, dimension))
    rows = centres[random.integers(50, size=count)] + random.standard_normal((count, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


@pytest.fixture(scope="module")
def many() -> np.ndarray:
    """(5000, 64) vectors."""
    return clustered(5000)


@pytest.fixture(scope="module")
def coded(many: np.ndarray) -> VectorIndex:
    """Their index by codes."""
    return VectorIndex.build(many, exact_up_to=2000)


def found_share(
    index: VectorIndex, vectors: np.ndarray, k: int, rows: np.ndarray | None = None
) -> float:
    """Recall at k of 40 other vectors around the same centres, against NumPy."""
    share = []
    for query in clustered(5040)[5000:].astype(np.float32):
        expected = brute_force(vectors, query, k, rows)[1]
        found = index.search(query, k, rows)[1]
        assert len(found) == len(expected) == len(set(found.tolist()))
        share.append(np.isin(expected, found).mean())
    return float(np.mean(share))


@pytest.mark.parametrize(
    ("count", "exact_up_to", "kind"),
    [(2001, 2000, "PQ16x4fs"), (2000, 2000, "flat"), (999, 0, "flat"), (1000, 0, "PQ16x4fs")],
)
def test_many_vectors_are_coded_and_few_are_not(count: int, exact_up_to: int, kind: str) -> None:
    """Above the limit codes are searched, unless there are too few vectors to learn codes from."""
    assert VectorIndex.build(clustered(count), exact_up_to).method.kind == kind


def test_a_dimension_that_cannot_be_cut_into_parts_is_searched_exactly() -> None:
    """Parts have four components; 66 are no multiple of that."""
    assert VectorIndex.build(clustered(2000, dimension=66), 1000).method.kind == "flat"


@pytest.mark.parametrize("k", [1, 10, 100, 600])
def test_codes_find_the_nearest(coded: VectorIndex, many: np.ndarray, k: int) -> None:
    """At least 99 of 100 true neighbours are found, and not by looking at every vector."""
    assert coded.method.depth is not None
    assert coded.method.depth.candidates(k) < len(many)
    assert found_share(coded, many, k) >= 0.99


def test_scores_of_codes_are_exact_and_in_order(coded: VectorIndex, many: np.ndarray) -> None:
    """A score is the cosine of query and vector, not that of the code; the best comes first."""
    query = many[17].astype(np.float32)
    scores, rows = coded.search(query, 50)
    assert rows[0] == 17
    np.testing.assert_allclose(scores, many[rows].astype(np.float64) @ query, atol=1e-6)
    assert rows.tolist() == brute_force(many, query, 50)[1].tolist()
    assert (scores.dtype, rows.dtype) == (np.float32, np.int64)


@pytest.mark.parametrize("count", [1, 10, 50, 500])
@pytest.mark.parametrize("k", [10, 1000])
def test_few_allowed_rows_are_searched_exactly(
    coded: VectorIndex, many: np.ndarray, count: int, k: int
) -> None:
    """Among a few rows the answer is brute force over these, in any order they are given."""
    rows = np.random.default_rng(3).permutation(5000)[:count]
    query = clustered(5001)[5000].astype(np.float32)
    scores, found = coded.search(query, k, rows)
    expected_scores, expected = brute_force(many, query, k, rows)
    assert found.tolist() == expected.tolist()
    np.testing.assert_allclose(scores, expected_scores, atol=1e-6)


@pytest.mark.parametrize("share", [0.95, 0.75, 0.5])
@pytest.mark.parametrize("k", [10, 100])
def test_many_allowed_rows_are_found_through_the_codes(
    coded: VectorIndex,
    many: np.ndarray,
    share: float,
    k: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At least 99 of 100 true neighbours among the allowed rows are found, and no others."""
    rows = np.flatnonzero(np.random.default_rng(5).random(5000) < share)
    scored: list[int] = []
    scores = Quantized.scores
    monkeypatch.setattr(
        Quantized, "scores", lambda self, q, r: (scored.append(len(r)), scores(self, q, r))[1]
    )
    assert found_share(coded, many, k, rows) >= 0.99
    assert np.isin(coded.search(many[0].astype(np.float32), k, rows)[1], rows).all()
    assert min(scored) < len(rows)  # of some query at least


def test_allowed_rows_far_from_the_query_are_found(coded: VectorIndex, many: np.ndarray) -> None:
    """Where the nearest candidates are not allowed, more are listed, and in the end all scored."""
    query = many[0].astype(np.float32)
    far = np.argsort(many.astype(np.float32) @ query)[:2500]
    found = coded.search(query, 20, far)[1]
    assert found.tolist() == brute_force(many, query, 20, far)[1].tolist()


def test_all_rows_allowed_is_the_same_as_no_filter(coded: VectorIndex, many: np.ndarray) -> None:
    """A filter that leaves out nothing changes nothing."""
    query = many[3].astype(np.float32)
    plain, filtered = coded.search(query, 30), coded.search(query, 30, np.arange(len(many)))
    assert plain[1].tolist() == filtered[1].tolist()
    assert plain[0].tolist() == filtered[0].tolist()


def test_codes_with_k_beyond_the_rows_give_each_row_once(coded: VectorIndex) -> None:
    """Asked for more rows than there are, all come, in the order of brute force."""
    scores, rows = coded.search(np.ones(64), 9999)
    assert sorted(rows.tolist()) == list(range(5000))
    assert (np.diff(scores) <= 0).all()


@pytest.mark.parametrize("count", [0, 1, 1500])
def test_given_rows_are_scored_in_their_order(
    coded: VectorIndex, many: np.ndarray, count: int
) -> None:
    """With codes and without, rows get their inner products: in any order, twice, or none."""
    query = unit_rows(1, many.shape[1], 5)[0].astype(np.float32)
    rows = np.random.default_rng(1).integers(0, len(many), count)
    expected = many[rows].astype(np.float64) @ query.astype(np.float64)
    for index in (coded, VectorIndex.build(many)):
        scores = index.scores(query, rows)
        np.testing.assert_allclose(scores, expected, atol=1e-6)
        assert scores.dtype == np.float32


@pytest.mark.parametrize(("k", "rows"), [(0, None), (-1, None), (5, [])])
def test_codes_with_nothing_to_find(coded: VectorIndex, k: int, rows: list[int] | None) -> None:
    """With k 0 and no allowed rows arrays are empty, of the promised types."""
    allowed = None if rows is None else np.array(rows, dtype=np.int64)
    scores, found = coded.search(np.ones(64), k, allowed)
    assert (scores.shape, scores.dtype) == ((0,), np.float32)
    assert (found.shape, found.dtype) == ((0,), np.int64)


def test_equal_scores_behind_codes_are_ordered_by_row(many: np.ndarray) -> None:
    """Of a hundred copies of one vector, all over the index, the first ones come, in order."""
    vectors = many.copy()
    copies = np.arange(7, 5000, 50)
    vectors[copies] = vectors[7]
    index = VectorIndex.build(vectors, 2000)
    assert index.method.depth is not None
    scores, rows = index.search(vectors[7].astype(np.float32), 60)
    assert rows.tolist() == copies[:60].tolist()
    assert np.ptp(scores) == 0


def test_codes_saved_and_loaded_answer_the_same(
    coded: VectorIndex, many: np.ndarray, tmp_path: Path
) -> None:
    """Codes read back, beside vectors mapped from a file, have the shape and answers of before."""
    coded.save(tmp_path / "i.faiss")
    np.save(tmp_path / "v.npy", many)
    mapped = np.load(tmp_path / "v.npy", mmap_mode="r")
    loaded = VectorIndex.load(tmp_path / "i.faiss", mapped, coded.method.to_dict())
    assert loaded.shape == (5000, 64)
    assert loaded.method == coded.method
    assert np.array_equal(loaded.vector(4999), many[4999].astype(np.float32))
    half = np.arange(0, 5000, 2)
    for rows in (None, half, half[:10]):
        query = many[8].astype(np.float32)
        before, after = coded.search(query, 40, rows), loaded.search(query, 40, rows)
        assert before[0].tolist() == after[0].tolist()
        assert before[1].tolist() == after[1].tolist()


def test_codes_take_a_small_part_of_the_room(coded: VectorIndex, tmp_path: Path) -> None:
    """8 bytes a vector of 64 components, where a flat index has 256."""
    coded.save(tmp_path / "i.faiss")
    assert (tmp_path / "i.faiss").stat().st_size < 5000 * 8 + 20_000


def test_building_twice_gives_the_same_bytes(many: np.ndarray, tmp_path: Path) -> None:
    """Centroids and codes do not depend on chance."""
    for name in ("a", "b"):
        VectorIndex.build(many, 2000).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_damaged_codes_are_refused(coded: VectorIndex, many: np.ndarray, tmp_path: Path) -> None:
    """A file cut short and one of another kind raise RuntimeError, as promised to the snapshot."""
    path = tmp_path / "i.faiss"
    coded.save(path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(RuntimeError):
        VectorIndex.load(path, many, coded.method.to_dict())
    VectorIndex.build(many).save(path)
    with pytest.raises(RuntimeError, match="IndexFlatIP, not the index 'PQ16x4fs'"):
        VectorIndex.load(path, many, coded.method.to_dict())
    coded.save(path)
    with pytest.raises(RuntimeError, match="IndexPQFastScan, not the index 'flat'"):
        VectorIndex.load(path, many, {"kind": "flat"})


@pytest.mark.parametrize("exact_up_to", [2000, 9999])
def test_a_row_that_differs_from_its_vector_is_named(many: np.ndarray, exact_up_to: int) -> None:
    """Codes, and the vectors of a flat index, are compared with the vectors of a sample of rows."""
    index = VectorIndex.build(many, exact_up_to)
    assert index.differing(many) is None
    other = many.copy()
    other[15] = -other[15]  # 5 rows apart are checked
    other[4000] = -other[4000]
    assert index.differing(other) == 15


def test_the_recall_that_was_measured_is_that_of_brute_force(
    coded: VectorIndex, many: np.ndarray
) -> None:
    """What the index says of itself, each sampled row left out of its own neighbours."""
    truth = Truth.of(many)
    right = 0
    for row, scores in zip(truth.asked, truth.scores, strict=True):
        query = many[row].astype(np.float32)
        expected = brute_force(many, query, 10, np.delete(np.arange(5000), row))
        np.testing.assert_allclose(scores[:10], expected[0], atol=1e-6)
        found = coded.search(query, 11)[1]
        right += np.isin(expected[1], found[found != row][:10]).sum()
    assert len(truth.asked) == coded.method.queries == 128
    assert coded.method.recall["recall@10"] == round(right / 1280, 4)
    assert min(coded.method.recall.values()) >= LEAST_RECALL


class Half:
    """Finds every second of the nearest rows."""

    def __init__(self, vectors: np.ndarray) -> None:
        self._vectors = vectors

    def search(
        self, query: np.ndarray, k: int, rows: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        scores, found = brute_force(self._vectors, query, k, rows)
        return scores[::2], found[::2]


def test_recall_counts_what_is_missed(many: np.ndarray) -> None:
    """Of eleven nearest with the paper itself first, every second are itself and 5 of the ten."""
    assert Truth.of(many, queries=20).recall(Half(many), 10) == 0.5


def test_recall_of_one_vector_is_whole() -> None:
    """Where there is no other paper, none is missed."""
    assert Truth.of(clustered(1)).recalls(VectorIndex.build(clustered(1))) == {
        "recall@10": 1.0, "recall@100": 1.0, "recall@1000": 1.0
    }  # fmt: skip


def test_more_candidates_are_taken_when_few_find_too_little(
    many: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A depth that misses neighbours is doubled until it does not, and kept in the manifest."""
    monkeypatch.setattr(quantized.Depth, "candidates", lambda self, k: self.least * (k + 20) // 20)
    monkeypatch.setattr(
        Quantized, "build", lambda v, made=Quantized.build: _shallow(made(v), least=30)
    )
    index = VectorIndex.build(many, 2000)
    assert index.method.depth == Depth(120, 0)
    assert index.method.to_dict()["candidates"] == 120


def _shallow(built: Quantized, least: int) -> Quantized:
    return Quantized(built._index, built._vectors, Depth(least, 0))


def test_codes_that_never_suffice_give_way_to_exact_search(
    many: np.ndarray, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With too few candidates at four times the depth the index is flat, and the log says why."""
    monkeypatch.setattr(
        Quantized, "build", lambda v, made=Quantized.build: _shallow(made(v), least=20)
    )
    index = VectorIndex.build(many, 2000)
    assert (index.kind, index.method.to_dict()) == ("flat, exact", {"kind": "flat"})
    assert "codes find too few of the neighbours ({'recall@10': " in caplog.text


@pytest.fixture
def coded_data(contents: Contents, tmp_path: Path) -> Path:
    """Data folder of the seeds whose vectors are searched by codes."""
    coded = Quantized.build(contents.vectors)
    method = Method(quantized.kind(coded.shape[1]), Depth(5, 1), 65, {"recall@10": 0.99985})
    index = VectorIndex(Quantized(coded._index, contents.vectors, method.depth or Depth()), method)
    write_generation(tmp_path, Contents(**{**vars(contents), "index": index}))
    return tmp_path


def test_a_generation_with_codes_is_opened_with_its_vectors(
    coded_data: Path, contents: Contents
) -> None:
    """The kind, the candidates and the recall stand in the manifest; each paper finds itself."""
    with Snapshot.open(coded_data) as snapshot:
        kind = f"PQ{contents.vectors.shape[1] // 4}x4fs"
        assert snapshot.manifest.ann == f"{kind}, candidates scored exactly"
        assert snapshot.manifest.vector_search == {
            "kind": kind,
            "candidates": 5,
            "candidates_per_neighbour": 1,
            "queries": 65,
            "recall@10": 0.99985,
        }
        assert snapshot.index.method.depth == Depth(5, 1)
        for row, vector in enumerate(contents.vectors.astype(np.float32)):
            assert snapshot.index.search(vector, 1)[1].tolist() == [row]
        assert snapshot.verify()["papers"] == 65


def test_status_tells_the_recall_that_was_measured(
    index_cli: CommandLine, coded_data: Path, fake_index: Path
) -> None:
    """Rounded down, so that it never says more than was found; of an exact index just its kind."""
    lines = index_cli("status", "--data", coded_data).out.splitlines()
    kind = next(line for line in lines if line.startswith("vector index: "))
    assert kind.endswith("x4fs, candidates scored exactly (recall@10 0.999 when built)")
    assert "vector index: flat, exact\n" in index_cli("status", "--data", fake_index).out


def test_verify_measures_recall_anew_when_asked(index_cli: CommandLine, coded_data: Path) -> None:
    """The recall is that of the index as it stands, here with candidates too few for all."""
    with Snapshot.open(coded_data) as snapshot:
        measured = Truth.of(snapshot.vectors).recalls(snapshot.index)
    assert 0.3 < measured["recall@10"] < 1
    told = index_cli("verify", "--data", coded_data, "--recall", "--json").json()
    assert {name: told[name] for name in measured} == measured
    assert "vector index: recall@10 0." in index_cli("verify", "--data", coded_data, "--recall").out
    assert "recall" not in index_cli("verify", "--data", coded_data).out


def test_codes_of_other_vectors_are_not_written(contents: Contents, tmp_path: Path) -> None:
    """A generation whose codes belong to other rows does not go live; the first one is named."""
    turned = np.concatenate([contents.vectors[:3], contents.vectors[:2:-1]])
    method = Method("PQ16x4fs", Depth(), 65, {})
    index = VectorIndex(Quantized.build(turned), method)
    with pytest.raises(
        SnapshotError, match=r"row 3 differs between vectors\.npy and vectors\.faiss"
    ):
        write_generation(tmp_path, Contents(**{**vars(contents), "index": index}))
    with pytest.raises(SnapshotError):
        Snapshot.open(tmp_path)
