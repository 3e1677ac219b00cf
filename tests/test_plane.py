"""The map: papers on one topic lie together, whatever their number and likeness."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from index import plane
from index.build import build
from index.errors import SnapshotError
from index.plane import Method, find_plane, umap_is_installed
from index.snapshot import Snapshot
from index.topics import Topic, Topics
from tests.conftest import BUILD_MODULE, SHORT
from tests.fakes import FakeEncoder

METHODS: list[Method] = ["pca", "umap"] if umap_is_installed() else ["pca"]
needs_umap = pytest.mark.skipif(not umap_is_installed(), reason="umap-learn is not installed")


def grouped(
    sizes: list[int], spread: float = 0.25, dimension: int = 32, seed: int = 4
) -> tuple[np.ndarray, Topics]:
    """Unit rows around one random centre a group, and the groups as topics."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((len(sizes), dimension))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    group = np.repeat(np.arange(len(sizes)), sizes).astype(np.int32)
    noise = spread * random.standard_normal((len(group), dimension)) / np.sqrt(dimension) * 3
    rows = centres[group] + noise
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    named = tuple(Topic(f"t{i + 1}", f"topic {i}", n, ()) for i, n in enumerate(sizes))
    return rows.astype(np.float16), Topics(named, centres.astype(np.float32), group)


def no_topics(papers: int, dimension: int) -> Topics:
    return Topics((), np.empty((0, dimension), np.float32), np.zeros(papers, np.int32))


def one_topic(papers: int, dimension: int) -> Topics:
    topic = Topic("t1", "all", papers, ())
    return Topics((topic,), np.eye(1, dimension, dtype=np.float32), np.zeros(papers, np.int32))


def neighbours_share_a_group(points: np.ndarray, group: np.ndarray) -> float:
    """The share of points whose nearest other point is of their own group."""
    distance = ((points[:, None, :] - points[None, :, :]) ** 2).sum(axis=2)
    np.fill_diagonal(distance, np.inf)
    return float((group[distance.argmin(axis=1)] == group).mean())


@pytest.mark.parametrize("method", METHODS)
def test_three_topics_lie_apart(method: Method) -> None:
    """Of three groups of papers, every paper's nearest one on the map is of its own group."""
    vectors, topics = grouped([60, 50, 40])
    points = find_plane(vectors, topics, method).points
    assert neighbours_share_a_group(points, topics.assignment) == 1.0


def test_topics_are_set_apart_and_not_what_varies_most() -> None:
    """A direction in which all papers vary, whatever their topic, does not spoil the map."""
    rows = np.zeros((90, 8))
    group = np.repeat([0, 1, 2], 30)
    rows[np.arange(90), group] = 1.0
    rows[:, 5] = np.tile([3.0, -3.0], 45)
    rows[:, 6] = np.tile([3.0, 3.0, 0.0, 0.0, -3.0, -3.0], 15)
    named = tuple(Topic(f"t{i}", "", 30, ()) for i in range(3))
    topics = Topics(named, np.eye(3, 8, dtype=np.float32), group.astype(np.int32))
    points = find_plane(rows, topics, "pca").points
    centres = np.array([points[group == g].mean(axis=0) for g in range(3)])
    spread = max(np.linalg.norm(points[group == g] - centres[g], axis=1).max() for g in range(3))
    apart = min(np.linalg.norm(centres[a] - centres[b]) for a, b in ((0, 1), (0, 2), (1, 2)))
    assert apart > spread


@pytest.mark.parametrize("method", METHODS)
def test_the_points_fill_a_square(method: Method) -> None:
    """Points are float32 from -1 to 1 and reach both ends in the longer direction."""
    vectors, topics = grouped([60, 50, 40])
    points = find_plane(vectors, topics, method).points
    assert (points.dtype, points.shape) == (np.float32, (150, 2))
    np.testing.assert_allclose(np.ptp(points, axis=0).max(), 2, atol=1e-6)
    np.testing.assert_allclose(points.max(axis=0), -points.min(axis=0), atol=1e-6)


def test_both_directions_have_one_scale() -> None:
    """Distances keep their proportions: a square of papers beside a far one stays a square."""
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [9, 0]], dtype=float)
    points = find_plane(np.pad(corners, ((0, 0), (0, 3))), no_topics(5, 5), "pca").points
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    true = np.linalg.norm(corners[:, None] - corners[None], axis=2)
    np.testing.assert_allclose(distance / distance[0, 1], true, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_the_same_papers_give_the_same_map(method: Method) -> None:
    """Arranging the same rows twice gives the same points, bit for bit."""
    vectors, topics = grouped([60, 50, 40])
    one, other = (find_plane(vectors, topics, method).points for _ in range(2))
    assert np.array_equal(one, other)


def test_the_map_is_not_mirrored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever sign the directions come with, as another machine may choose, the map is one."""
    vectors, topics = grouped([60, 50, 40])
    points = find_plane(vectors, topics, "pca").points
    eigh = np.linalg.eigh
    monkeypatch.setattr(np.linalg, "eigh", lambda m: (eigh(m)[0], -eigh(m)[1]))
    assert np.array_equal(find_plane(vectors, topics, "pca").points, points)


@pytest.mark.parametrize("topics", [no_topics, one_topic])
def test_few_papers(topics: object) -> None:
    """No paper has no point, one is in the middle, two at the ends, three in a triangle."""
    assert callable(topics)
    assert find_plane(np.empty((0, 8), np.float16), topics(0, 8)).points.shape == (0, 2)
    rows = np.eye(8, dtype=np.float16)
    assert find_plane(rows[:1], topics(1, 8)).points.tolist() == [[0, 0]]
    two = find_plane(rows[:2], topics(2, 8)).points
    np.testing.assert_allclose(sorted(two[:, 0]), [-1, 1], atol=1e-6)
    np.testing.assert_allclose(two[:, 1], 0, atol=1e-6)
    three = find_plane(rows[:3], topics(3, 8)).points
    sides = [np.linalg.norm(three[a] - three[b]) for a, b in ((0, 1), (0, 2), (1, 2))]
    np.testing.assert_allclose(sides, sides[0], rtol=1e-5)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("papers", [1, 2, 40, 200])
def test_copies_of_one_paper_lie_in_one_place(method: Method, papers: int) -> None:
    """Papers with the same vector, any, all lie in the middle; rounding does not scatter them."""
    row = np.random.default_rng(2).standard_normal((1, 384))
    rows = np.tile(row / np.linalg.norm(row), (papers, 1)).astype(np.float16)
    points = find_plane(rows, one_topic(papers, 384), method).points
    assert points.tolist() == [[0, 0]] * papers


@pytest.mark.parametrize("method", METHODS)
def test_many_copies_of_two_papers_lie_in_two_heaps(method: Method) -> None:
    """A hundred copies each of two papers are two heaps that do not mix."""
    vectors, topics = grouped([100, 100], spread=0.0)
    points = find_plane(vectors, topics, method).points
    assert np.isfinite(points).all()
    assert neighbours_share_a_group(points, topics.assignment) == 1.0


@pytest.mark.parametrize("dimension", [1, 2])
def test_vectors_of_one_or_two_dimensions(dimension: int) -> None:
    """Vectors with no more dimensions than the map has get a place too."""
    rows = np.ones((4, dimension))
    rows[:2] *= -1
    points = find_plane(rows, no_topics(4, dimension)).points
    np.testing.assert_allclose(np.abs(points[:, 0]), 1, atol=1e-6)
    assert np.sign(points[0, 0]) == np.sign(points[1, 0]) == -np.sign(points[2, 0])


@needs_umap
def test_umap_is_used_from_a_hundred_papers_on() -> None:
    """Ninety-nine papers get the linear map, a hundred UMAP, where it is installed."""
    vectors, topics = grouped([50, 50])
    assert find_plane(vectors, topics).method == "umap"
    fewer = Topics(topics.topics, topics.centroids, topics.assignment[:99])
    assert find_plane(vectors[:99], fewer).method == "pca"


@needs_umap
def test_rows_beyond_the_sample_are_placed_among_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Papers that UMAP does not arrange itself lie with the group that they belong to."""
    vectors, topics = grouped([200, 160, 140])
    monkeypatch.setattr(plane, "_SAMPLE", 150)
    points = find_plane(vectors, topics, "umap").points
    assert neighbours_share_a_group(points, topics.assignment) == 1.0


def test_without_umap_the_map_is_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where UMAP is not installed the method is PCA, however many papers there are."""
    vectors, topics = grouped([80, 70])
    monkeypatch.setattr(plane, "umap_is_installed", lambda: False)
    assert find_plane(vectors, topics).method == "pca"


# --- In an index ------------------------------------------------------------------------------


def test_an_index_keeps_its_map(fake_index: Path) -> None:
    """The points of an index are those of its vectors and topics, and it says by which method."""
    with Snapshot.open(fake_index) as snapshot:
        expected = find_plane(snapshot.vectors, snapshot.topics)
        np.testing.assert_array_equal(snapshot.plane, expected.points)
        assert snapshot.manifest.settings["map"] == expected.method == "pca"


def test_a_map_of_another_shape_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build whose map has a point too few is not let live: the shape is checked."""
    original = plane.find_plane

    def short(*arguments: object) -> plane.Plane:
        found = original(*arguments)  # type: ignore[arg-type]
        return plane.Plane(found.method, found.points[:-1])

    monkeypatch.setattr(BUILD_MODULE, "find_plane", short)
    with pytest.raises(SnapshotError, match=r"plane\.npy: is \(31, 2\), not \(32, 2\); run"):
        build(SHORT, tmp_path / "data", encoder=FakeEncoder())


def test_years_of_all_papers(fake_index: Path) -> None:
    """The years of all rows are those of the papers, 0 for a paper without one."""
    with Snapshot.open(fake_index) as snapshot:
        expected = [paper.year or 0 for paper in snapshot.papers()]
        assert snapshot.years.tolist() == expected
        assert 0 in expected and max(expected) > 2000


def test_titles_come_in_the_order_asked(fake_index: Path) -> None:
    """Titles of rows, out of order and twice, are the display titles, also without a title."""
    with Snapshot.open(fake_index) as snapshot:
        papers = list(snapshot.papers())
        rows = [64, 3, 3, *range(65)]
        assert list(snapshot.titles(rows)) == [papers[row].display_title for row in rows]
        assert any(paper.title is None for paper in papers)
