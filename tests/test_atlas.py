"""The map asked: areas, nearest papers, labels, timelines, and what lies between two topics."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import QueryError
from index.snapshot import Snapshot
from index.topics import Topic, Topics
from search import atlas as atlas_module
from search.atlas import Atlas
from search.browse import UnknownTopicError
from search.engine import Searcher
from search.polygon import (
    AreaError,
    inside,
    make_polygon,
    parse_polygon,
    polygon_text,
    simplified,
)
from tests.conftest import CommandLine
from tests.fakes import FakeEncoder

PROPERTY = settings(deadline=None, max_examples=200)
SQUARE = make_polygon([(0, 0), (0, 2), (2, 2), (2, 0)])

coordinates = st.integers(-6, 6)
corners = st.lists(st.tuples(coordinates, coordinates), max_size=9)


@pytest.fixture
def searcher(fake_index: Path) -> Iterator[Searcher]:
    with Snapshot.open(fake_index) as snapshot:
        yield Searcher(snapshot, FakeEncoder())


class Drawn:
    """A snapshot of nothing but a map: points, topics, years."""

    def __init__(self, points: Any, assignment: list[int], years: list[int] | None = None) -> None:
        sizes = Counter(assignment)
        topics = tuple(Topic(f"t{i + 1}", f"topic {i}", sizes[i], ()) for i in sorted(sizes))
        self.plane = np.array(points, dtype=np.float32)
        centroids = np.eye(len(topics), 8, dtype=np.float32)
        self.topics = Topics(topics, centroids, np.array(assignment, dtype=np.int32))
        self.years = np.array(years or [0] * len(assignment), dtype=np.int32)


def drawn(points: Any, assignment: list[int], years: list[int] | None = None) -> Atlas:
    return Atlas(Drawn(points, assignment, years))  # type: ignore[arg-type]


# --- Polygons ---------------------------------------------------------------------------------


def crossings(polygon: list[tuple[int, int]], x: int, y: int) -> int:
    """How often a ray from (x, y) to the right meets the outline, in exact fractions."""
    count = 0
    for (x1, y1), (x2, y2) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if min(y1, y2) <= y < max(y1, y2):
            count += x1 + Fraction((y - y1) * (x2 - x1), y2 - y1) > x
    return count


@PROPERTY
@given(polygon=corners, points=st.lists(st.tuples(coordinates, coordinates), max_size=20))
def test_inside_is_by_the_even_odd_rule(
    polygon: list[tuple[int, int]], points: list[tuple[int, int]]
) -> None:
    """Any polygon, also one that crosses itself, holds the points of an odd number of crossings."""
    found = inside(make_polygon(polygon), np.array(points, dtype=np.float32).reshape(-1, 2))
    wanted = [len(polygon) > 2 and crossings(polygon, x, y) % 2 == 1 for x, y in points]
    assert found.tolist() == wanted


@PROPERTY
@given(polygon=corners, points=st.lists(st.tuples(coordinates, coordinates), max_size=20))
def test_where_a_polygon_begins_does_not_matter(
    polygon: list[tuple[int, int]], points: list[tuple[int, int]]
) -> None:
    """The same corners from another one on, or backwards, hold the same points."""
    places = np.array(points, dtype=np.float32).reshape(-1, 2)
    found = inside(make_polygon(polygon), places).tolist()
    assert inside(make_polygon(polygon[3:] + polygon[:3]), places).tolist() == found
    assert inside(make_polygon(polygon[::-1]), places).tolist() == found


def test_a_loop_in_a_loop_is_a_hole() -> None:
    """A star drawn in one line holds its five points but not its middle."""
    angles = np.pi / 2 + np.arange(0, 10, 2) * 2 * np.pi / 5
    star = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert inside(star, np.vstack([0.8 * star, [[0, 0]]])).tolist() == [True] * 5 + [False]


def test_areas_side_by_side_share_no_point() -> None:
    """A point on the side between two squares lies in exactly one of them."""
    points = np.array([[2, 1], [2, 0], [1, 2], [2, 2]], dtype=np.float32)
    tiles = [SQUARE + offset for offset in ([0, 0], [2, 0], [0, 2], [2, 2], [0, -2], [2, -2])]
    assert sum(inside(tile, points).astype(int) for tile in tiles).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("polygon", [[], [(1, 1)], [(0, 0), (2, 2)], [(0, 0), (1, 1), (2, 2)]])
def test_a_degenerate_polygon_is_empty(polygon: list[tuple[int, int]]) -> None:
    """No corner, one, two, or three in a line hold no point, not even their own."""
    points = np.array([[0, 0], [1, 1], [2, 2]], dtype=np.float32)
    assert not inside(make_polygon(polygon), points).any()


@pytest.mark.parametrize("polygon", [[(0, 0), (1, float("nan")), (1, 1)], [(0, 0), (1,)], [1, 2]])
def test_what_is_no_polygon_is_refused(polygon: Any) -> None:
    """A corner at no number, or without its second one, is an AreaError."""
    with pytest.raises(AreaError):
        make_polygon(polygon)


@pytest.mark.parametrize("corners", [100, 2000])
def test_a_circle_stays_a_circle_when_simplified(corners: int) -> None:
    """Of a circle of many corners 24 are left, which hold all but 3% of its area."""
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    simple = simplified(circle)
    assert len(simple) == 24
    assert {tuple(corner) for corner in simple} <= {tuple(corner) for corner in circle}
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 201)] * 2), axis=-1).reshape(-1, 2)
    assert inside(simple, grid).sum() > 0.97 * inside(circle, grid).sum()


def test_corners_that_say_nothing_go_first() -> None:
    """Of a square with corners along its sides the four true corners are left."""
    sides = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)]
    assert simplified(make_polygon(sides), 4).tolist() == SQUARE.tolist()


@PROPERTY
@given(
    polygon=st.lists(
        st.tuples(st.floats(-3, 3, width=32), st.floats(-3, 3, width=32)), min_size=3, max_size=30
    )
)
def test_an_area_comes_back_from_its_text(polygon: list[tuple[float, float]]) -> None:
    """An area read back from its text is the area, to a thousandth."""
    text = polygon_text(make_polygon(polygon))
    np.testing.assert_allclose(parse_polygon(text), make_polygon(polygon), atol=5.01e-4)
    assert set(text) <= set("0123456789-._")


def test_a_small_area_is_written_finely() -> None:
    """An area of a thousandth of the map keeps its shape."""
    small = make_polygon([(0.5, 0.5), (0.5004, 0.5), (0.5, 0.501)])
    text = polygon_text(small)
    np.testing.assert_allclose(parse_polygon(text), small, atol=1e-5)
    assert polygon_text(SQUARE) == "0.000_0.000_0.000_2.000_2.000_2.000_2.000_0.000"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "'' is no number"),
        ("<b>", "'<b>' is no number"),
        ("1_2_3_4_5_nan", "'nan' is no number"),
        ("1_2_3_4_5_1e9", "'1e9' is no number"),
        ("1_2_3_4_5_٣", "'٣' is no number"),
        ("1_2_3_4_5", "5 numbers"),
        ("1_2_3_4", "4 numbers"),
        ("_".join("1" * 2002), "2002 numbers"),
    ],
)
def test_a_text_that_is_no_area_is_refused(text: str, why: str) -> None:
    """A text that holds no area raises AreaError, which quotes its beginning and says why."""
    with pytest.raises(AreaError) as caught:
        parse_polygon(text)
    assert repr(text[:60]) in str(caught.value) and why in str(caught.value)


# --- Places -----------------------------------------------------------------------------------


def test_papers_inside_an_area(searcher: Searcher) -> None:
    """The rows inside the left half of the map are those left of its middle, ascending."""
    left = make_polygon([(-2, -2), (-2, 2), (0, 2), (0, -2)])
    rows = searcher.atlas.inside(left)
    assert rows.tolist() == np.flatnonzero(searcher.snapshot.plane[:, 0] < 0).tolist()
    assert 0 < len(rows) < 65


def test_the_nearest_paper(searcher: Searcher) -> None:
    """Nearest to where a paper lies is that paper, and to a place beside it too."""
    points = searcher.snapshot.plane
    assert [searcher.atlas.nearest(x, y) for x, y in points + 1e-5] == list(range(65))


def test_of_papers_in_one_place_the_first_is_nearest() -> None:
    """Of several papers in one place the first row is the nearest; an empty map has none."""
    assert drawn([(0, 1), (1, 0), (1, 0)], [0, 0, 0]).nearest(2, 0) == 1
    with pytest.raises(QueryError, match="empty"):
        drawn(np.empty((0, 2)), []).nearest(0, 0)


def test_rows_of_a_topic(searcher: Searcher) -> None:
    """The rows of each topic are its papers, ascending, and all topics together are all papers."""
    everything: list[int] = []
    for topic in searcher.topics():
        rows = searcher.atlas.rows(topic.topic_id).tolist()
        ids = [paper.paper_id for paper in searcher.snapshot.papers_at(rows)]
        assert sorted(ids) == sorted(searcher.topic_papers(topic.topic_id))
        assert rows == sorted(rows)
        everything += rows
    assert sorted(everything) == list(range(65))
    with pytest.raises(UnknownTopicError):
        searcher.atlas.rows("t99")


def test_a_timeline_counts_every_year() -> None:
    """Papers are counted by year, with a zero for a year between, and those without one apart."""
    line = drawn(np.zeros((7, 2)), [0] * 6 + [1], [2020, 0, 2018, 2020, 2020, 0, 1999]).timeline
    assert (line("t1").years, line("t1").unknown) == (((2018, 1), (2019, 0), (2020, 3)), 2)
    assert (line("t2").years, line("t2").unknown) == (((1999, 1),), 0)


def test_a_timeline_without_years() -> None:
    """A topic whose papers all lack a year has no years, and their number."""
    line = drawn(np.zeros((2, 2)), [0, 0]).timeline("t1")
    assert (line.years, line.unknown) == ((), 2)


def test_timelines_hold_every_paper(searcher: Searcher) -> None:
    """Over all topics the years and unknowns add up to the papers of the seeds."""
    lines = [searcher.atlas.timeline(topic.topic_id) for topic in searcher.topics()]
    years = Counter(paper.year or 0 for paper in searcher.snapshot.papers())
    counted: Counter[int] = Counter()
    for line in lines:
        counted.update(dict(line.years) | {0: line.unknown})
    assert +counted == years


# --- Labels -----------------------------------------------------------------------------------


def test_a_label_goes_to_the_densest_spot() -> None:
    """Of a heap of 12 papers and 8 far away the label is at the heap and not in the mean."""
    random = np.random.default_rng(0)
    heap = [0.5, 0.5] + 0.01 * random.standard_normal((12, 2))
    far = [-0.8, -0.8] + 0.2 * random.standard_normal((8, 2))
    (region,) = drawn(np.vstack([far, heap]), [0] * 20).regions(lambda _: (0.1, 0.1))
    np.testing.assert_allclose((region.x, region.y), (0.5, 0.5), atol=0.02)


def test_labels_do_not_overlap(searcher: Searcher) -> None:
    """No two labels share room, each lies among its own topic, the largest topics come first."""
    size = (0.5, 0.2)
    regions = searcher.atlas.regions(lambda _: size)
    assert len(regions) > 2
    for i, one in enumerate(regions):
        for other in regions[:i]:
            assert abs(one.x - other.x) >= size[0] or abs(one.y - other.y) >= size[1]
    sizes = [region.topic.size for region in regions]
    assert sizes == sorted(sizes, reverse=True)
    assert regions[0].topic == searcher.topics()[0]


def test_a_label_moves_aside() -> None:
    """Where its densest spot is taken a label goes to another dense one of its topic."""
    heap = [(0.0, 0.001 * i) for i in range(9)]
    other = [(0.0, 0.001 * i) for i in range(9)] + [(0.9, 0.0012 * i) for i in range(9)]
    regions = drawn(heap * 3 + other, [0] * 27 + [1] * 18).regions(lambda _: (0.3, 0.3))
    assert [(r.topic.topic_id, round(r.x, 1)) for r in regions] == [("t1", 0.0), ("t2", 0.9)]


def test_a_label_without_room_is_left_out() -> None:
    """Of two topics in one place only the larger is labelled."""
    regions = drawn([(0, 0)] * 5, [0, 0, 0, 1, 1]).regions(lambda _: (0.1, 0.1))
    assert [region.topic.topic_id for region in regions] == ["t1"]


def test_labels_are_bounded() -> None:
    """No more labels are given than asked for."""
    points = [(x / 10, y / 10) for x in range(-9, 10, 2) for y in range(-9, 10, 2)]
    assert len(drawn(points, list(range(100))).regions(lambda _: (0.1, 0.1), most=7)) == 7


def test_an_empty_map_has_no_labels() -> None:
    """Without topics there is no label."""
    assert drawn(np.empty((0, 2)), []).regions(lambda _: (0.1, 0.1)) == ()


# --- Between two topics -----------------------------------------------------------------------


def by_hand(searcher: Searcher, a: int, b: int) -> list[tuple[float, int]]:
    """All rows by the smaller cosine to the two centres."""
    snapshot = searcher.snapshot
    centres = snapshot.topics.centroids[[a, b]]
    centres = centres / np.linalg.norm(centres, axis=1, keepdims=True)
    scores = (snapshot.vectors.astype(np.float32) @ centres.T).min(axis=1)
    return sorted(zip((-scores).round(4).tolist(), range(65), strict=True))


@pytest.mark.parametrize("pool", [1000, 3])
def test_between_is_by_the_smaller_cosine(
    searcher: Searcher, monkeypatch: pytest.MonkeyPatch, pool: int
) -> None:
    """The papers between two topics are, of all, those whose smaller cosine is largest.

    So it is also when only a few are looked at to begin with.
    """
    monkeypatch.setattr(atlas_module, "_POOL", pool)
    for a, b in ((0, 1), (2, 4), (5, 3)):
        hits = searcher.between(f"t{a + 1}", f"t{b + 1}", k=7)
        rows = [searcher.snapshot.row(hit.paper.paper_id) for hit in hits]
        expected = by_hand(searcher, a, b)[:7]
        assert rows == [row for _, row in expected]
        np.testing.assert_allclose(
            [hit.score for hit in hits], [-s for s, _ in expected], atol=2e-4
        )
        assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5, 6, 7]


def test_between_looks_on_while_a_better_one_may_come(
    searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The paper with the largest smaller cosine is found where many have a larger mean."""
    monkeypatch.setattr(atlas_module, "_POOL", 1)
    topics = searcher.snapshot.topics
    beside = topics.centroids[:1] + topics.centroids[1:2] * 0.2  # nearly the first one's twin
    centroids = np.concatenate([4 * beside, topics.centroids[1:]])
    monkeypatch.setattr(searcher.snapshot, "topics", Topics(topics.topics, centroids, None))
    for a, b in itertools.combinations(range(6), 2):
        _, rows = searcher.atlas.between(f"t{a + 1}", f"t{b + 1}", 1)
        assert rows.tolist() == [by_hand(searcher, a, b)[0][1]]


def test_between_looks_at_few(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the best are found early, not all papers are looked at."""
    monkeypatch.setattr(atlas_module, "_POOL", 4)
    asked: list[int] = []
    search = searcher.snapshot.index.search
    monkeypatch.setattr(
        searcher.snapshot.index, "search", lambda q, k: (asked.append(k), search(q, k))[1]
    )
    scores, _ = searcher.atlas.between("t1", "t2", 1)
    assert -by_hand(searcher, 0, 1)[0][0] == pytest.approx(scores[0], abs=1e-4)
    assert asked[-1] < 65


def test_between_is_the_same_both_ways(searcher: Searcher) -> None:
    """The order in which the two topics are named does not matter."""
    one, other = searcher.between("t1", "t3", k=65), searcher.between("t3", "t1", k=65)
    assert [hit.paper for hit in one] == [hit.paper for hit in other]
    assert len(one) == 65


def test_between_a_topic_and_itself_is_refused(searcher: Searcher) -> None:
    """Twice the same topic, one that is not there, and no hits are refused with the reason."""
    with pytest.raises(QueryError, match="both topics are 't2'"):
        searcher.between("t2", "t2")
    with pytest.raises(UnknownTopicError, match="'t99'"):
        searcher.between("t1", "t99")
    with pytest.raises(QueryError, match="k is 0"):
        searcher.between("t1", "t2", k=0)


def test_between_opposite_topics(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Topics whose centres point in opposite directions have papers between them too."""
    topics = searcher.snapshot.topics
    centroids = np.concatenate([topics.centroids[:1], -topics.centroids[:1], topics.centroids[2:]])
    opposite = Topics(topics.topics, centroids, topics.assignment)
    monkeypatch.setattr(searcher.snapshot, "topics", opposite)
    hits = searcher.between("t1", "t2", k=3)
    assert [searcher.snapshot.row(h.paper.paper_id) for h in hits] == [
        row for _, row in by_hand(searcher, 0, 1)[:3]
    ]


# --- Papers of an area ------------------------------------------------------------------------


def test_typical_papers_of_some_rows(searcher: Searcher) -> None:
    """Of some rows those nearest to their mean come first, and no others come."""
    rows = np.array([3, 9, 12, 40, 41])
    vectors = searcher.snapshot.vectors[rows].astype(np.float32)
    order = rows[np.argsort(-(vectors @ vectors.mean(axis=0)))]
    hits = searcher.typical(rows, k=4)
    assert [searcher.snapshot.row(hit.paper.paper_id) for hit in hits] == order[:4].tolist()
    assert searcher.typical(rows[:0]) == []


def test_typical_papers_of_very_many(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """The middle of very many rows is made of some of them; all of them may come."""
    monkeypatch.setattr("search.engine._SAMPLE", 5)
    hits = searcher.typical(np.arange(65), k=65)
    assert sorted(searcher.snapshot.row(hit.paper.paper_id) for hit in hits) == list(range(65))


# --- The command line -------------------------------------------------------------------------


def test_papers_between_two_topics_are_listed(
    fake_index: Path, search_cli: CommandLine, searcher: Searcher
) -> None:
    """`topics --between A B` gives the hits of Searcher.between, as text and as JSON."""
    hits = searcher.between("t1", "t2", k=3)
    arguments = ("topics", "--between", "t1", "t2", "-k", 3, "--data", fake_index)
    text = search_cli(*arguments)
    assert text.status == 0
    assert [h.paper.display_title in text.out for h in hits] == [True] * 3
    assert search_cli(*arguments, "--json").json() == [hit.to_dict() for hit in hits]


@pytest.mark.parametrize("topics", [("t1", "t1"), ("t1", "t99")])
def test_bad_topics_end_the_command(
    fake_index: Path, search_cli: CommandLine, topics: tuple[str, str]
) -> None:
    """Twice the same topic, and an unknown one, end with status 2, a message and no output."""
    outcome = search_cli("topics", "--between", *topics, "--data", fake_index)
    assert (outcome.status, outcome.out) == (2, "")
    assert repr(topics[1]) in outcome.err
