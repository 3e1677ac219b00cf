"""How far two records agree: the levels of each field, the points, and what is joined by them."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.agreement import START, WEIGHTS, Agreement, agree, share_author
from index.errors import SourceError
from index.evidence import compare
from index.features import Background, Features
from index.records import Mention
from training.agreement import BASELINE, as_python, fit, levels
from training.pairs import Pair, Quality, read_pairs

BACKGROUND = Background.load()
# "of" and "the" weigh nothing, "models" one unit, any other word three.
TINY = Background(documents=8, rarest=1, counts={"of": 8, "the": 8, "models": 4})
TITLE = "Adaptive Joins over Streams of Sensor Data"
AUTHORS = ("Ada Lovelace", "Grace Hopper", "Alan Turing", "Edsger Dijkstra")


def record(
    title: str | None = TITLE,
    authors: tuple[str, ...] = (),
    venue: str | None = None,
    year: int | None = None,
    background: Background = BACKGROUND,
    **values: Any,
) -> Features:
    mention = Mention("a.txt", 1, 1, title=title, authors=authors, venue=venue, year=year, **values)
    return Features(mention, background)


def found(a: Features, b: Features) -> Agreement:
    """The agreement, which must not depend on which record comes first."""
    agreement = agree(a, b)
    assert agreement is not None
    assert agreement == agree(b, a)
    return agreement


def joined(a: Features, b: Features) -> bool:
    one, other = compare(a, b), compare(b, a)
    assert one == other
    return one is not None


# Levels -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "level"),
    [
        ("abcdefghijklmnopqrst", "equal"),
        ("ABCDEFGHIJ-klmnopqrst", "equal"),
        ("abcdefghijklmnopqrs", "0.95"),  # 1 - 1/39
        ("abcdefghijklmnopqrsxx", "0.90"),  # 1 - 3/41
        ("abcdefghijklmnopqr123", "0.85"),  # 1 - 5/41
        ("abcdefghijklmno12345", "0.75"),  # 1 - 10/40
        ("abcdefghijklm1234567", "0.60"),  # 1 - 14/40
    ],
)
def test_levels_of_the_title(other: str, level: str):
    """Each level begins at its share of letters that need neither insertion nor deletion."""
    assert found(record("abcdefghijklmnopqrst"), record(other)).levels["title"] == level


def test_titles_with_too_little_in_common():
    """Under a similarity of .6, or without a title, records are not compared."""
    assert agree(record("abcdefghijklmnopqrst"), record("abcdefghijk123456789")) is None
    assert agree(record(None), record()) is None
    assert agree(record(None), record(None)) is None


def test_titles_in_another_order_of_words():
    """Sorted words count as well, and remarks are no part of a title."""
    turned = found(record("sensor data over adaptive joins streams of"), record())
    assert turned.levels["title"] == "equal"
    remark = found(record(TITLE + " (extended abstract)"), record())
    assert (remark.title, remark.levels["title"]) == (1.0, "equal")


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("Online Aggregation", "Online Aggregation", "few, equal"),
        ("Online Aggregation", "Online Aggregations", "few"),
        ("Online Aggregation", "On Online Aggregation of Streams", "few"),
        ("a b c d e f g", "a b c d e f g", "equal"),
        ("abc def ghi jkl", "abc def ghi jkl of the", "contained"),
        ("abc def ghi jkl mno", "abc def ghi jkl xyz", "most"),  # 12 of 15
        ("abcdef ghijkl mnopqr stuvwx", "abcdef ghijkl mnopqs stuvwy", "differ"),  # 6 of 12
    ],
)
def test_levels_of_the_words(one: str, other: str, level: str):
    """By the shared weight of the words: all of the lighter title's, most, or less than .6."""
    a, b = record(one, background=TINY), record(other, background=TINY)
    assert found(a, b).levels["words"] == level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        (AUTHORS, AUTHORS, "all"),
        (AUTHORS, AUTHORS[::-1], "all"),
        (AUTHORS, ("Lovelace, A.", "Hopper GM", "A. Turing", "E. W. Dijkstra"), "all"),
        (AUTHORS, ("Ada Lovelance", "Grace Hoper", "Alan Touring", "Edsger Dykstra"), "all"),
        (("Wei Zhang", "Min Li"), ("Zhang Wei", "Li Min"), "all"),
        (AUTHORS, AUTHORS[:1], "within"),
        (AUTHORS, (*AUTHORS[:2], "Donald Knuth"), "half"),
        (AUTHORS, (AUTHORS[0], "Donald Knuth"), "some"),
        (AUTHORS, ("Donald Knuth",), "none"),
        (("Min Li",), ("Min Lu",), "none"),  # too short to be a misspelling
        (("Ada Smith", "Bea Smith"), ("Ada Smith", "Donald Knuth"), "half"),  # each name once
        (AUTHORS, (), "unknown"),
        ((), (), "unknown"),
    ],
)
def test_levels_of_the_authors(one: tuple[str, ...], other: tuple[str, ...], level: str):
    """By how many family names pair up, misspelt or turned round as they may be."""
    a, b = record(authors=one), record(authors=other)
    assert found(a, b).levels["authors"] == level
    assert share_author(a, b) == share_author(b, a) == (level not in ("none", "unknown"))


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ((2001, "VLDB"), (2001, "SIGMOD Conference"), "same"),
        ((2001, None), (2001, None), "same"),
        ((2001, "VLDB"), (2002, "VLDB"), "other"),
        ((2000, "arXiv"), (2002, "VLDB"), "near"),
        ((2000, None), (2001, None), "near"),
        ((2000, "arXiv"), (2003, "VLDB"), "other"),
        ((None, "VLDB"), (2002, "VLDB"), "unknown"),
    ],
)
def test_levels_of_the_year(one: tuple[Any, ...], other: tuple[Any, ...], level: str):
    """What is published has one year; what may be a preprint is up to two years apart."""
    a, b = (record(year=year, venue=venue) for year, venue in (one, other))
    assert found(a, b).levels["year"] == level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("VLDB", "Very Large Data Bases", "same"),
        ("VLDB", "SIGMOD Conference", "other"),
        ("VLDB", "arXiv", "unknown"),
        ("VLDB", None, "unknown"),
        (None, None, "unknown"),
    ],
)
def test_levels_of_the_venue(one: str | None, other: str | None, level: str):
    """As `venues.agreement` has it; unknown where one is missing."""
    assert found(record(venue=one), record(venue=other)).levels["venue"] == level


# Points -----------------------------------------------------------------------------------------


NAMES = st.sampled_from(
    ["Ada Berg", "Berg Ada", "A. Bergs", "Bea Bers", "Bers Berg", "Wei Li", "?"]
)
TITLES = st.lists(
    st.sampled_from(["joins", "over", "data", "streams", "stream", "the", "of"]), max_size=6
)
RECORDS = st.builds(
    record,
    title=TITLES.map(" ".join),
    authors=st.lists(NAMES, max_size=4).map(tuple),
    year=st.sampled_from([None, 2000, 2001, 2004]),
    venue=st.sampled_from([None, "VLDB", "VLDB J.", "arXiv", "Data Eng.", "Database Engineering"]),
)


@given(RECORDS, RECORDS)
def test_agreement_is_symmetric(a: Features, b: Features):
    """Which record comes first does not matter."""
    assert agree(a, b) == agree(b, a)


@given(RECORDS, RECORDS)
def test_points_are_the_sum_of_the_weights(a: Features, b: Features):
    """The start, and for each field the weight of its level; the baseline levels have none."""
    agreement = agree(a, b)
    if agreement is None:
        return
    named = {f"{field} {level}" for field, level in agreement.levels.items()}
    assert set(agreement.levels) == {"title", "words", "authors", "year", "venue"}
    assert named <= set(WEIGHTS) | BASELINE
    assert agreement.points == pytest.approx(START + sum(WEIGHTS.get(name, 0) for name in named))
    assert agreement.probability == pytest.approx(1 / (1 + math.exp(-agreement.points)))


def test_the_weights():
    """Each weight by value, so that none changes unseen: they are measured, not chosen."""
    bare = found(record(), record())
    assert bare.levels["words"] == bare.levels["title"] == "equal"
    assert bare.points == pytest.approx(-2.6 + 4.3)
    full = {"authors": AUTHORS, "venue": "VLDB", "year": 2001}
    assert found(record(**full), record(**full)).points == pytest.approx(1.7 + 2.3 - 0.2 + 0.8)
    assert bare.probability == pytest.approx(0.8455, abs=1e-4)


# Better agreement of a field is worth more, whatever else agrees.
ORDERS = [
    ["title equal", "title 0.95", "title 0.90", "title 0.85", "title 0.75", "title 0.60"],
    ["words contained", "words most", "words differ"],
    ["words equal", "words few", "words few, equal"],  # a short title says less
    ["authors all", "authors half", "authors within", "authors unknown"],
    ["authors unknown", "authors some", "authors none"],
    ["year unknown", "year same", "year near", "year other"],
    ["venue same", "venue unknown", "venue other"],
]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order[0])
def test_weights_fall_with_agreement(order: list[str]):
    """Levels in the order of what they say for one work have falling weights.

    The same year says no more than an unknown one: most pairs that are compared share it.
    """
    weights = [WEIGHTS.get(level, 0.0) for level in order]
    assert all(a > b for a, b in pairwise(weights))


def test_every_level_has_its_place():
    """No weight is left that no test speaks of."""
    assert set(WEIGHTS) | BASELINE == {level for order in ORDERS for level in order}


# What comes of it -------------------------------------------------------------------------------


FULL: dict[str, Any] = {"authors": AUTHORS, "venue": "VLDB", "year": 2001}
COLUMN = {"title": "Industry Perspectives", "authors": AUTHORS[:1], "year": 2001, "venue": "TODS"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {}),
        ({}, FULL),
        ({"title": "Online Aggregation"}, {"title": "Online Aggregation"} | FULL),
        (FULL, FULL | {"venue": "Proc. Int. Conf. on Very Large Data Bases"}),
        (FULL, FULL | {"venue": "arXiv", "year": 2000}),
        (FULL, FULL | {"authors": AUTHORS[:1], "year": None}),
        (FULL, FULL | {"title": "Adaptive Join over Stream of Sensors Data"}),
        (FULL, FULL | {"title": TITLE + " (extended abstract)"}),
        (FULL, FULL | {"title": TITLE + ": A Report", "year": None, "venue": None}),
    ],
    ids=[
        "bare titles", "a bare title and a record", "a bare title of two words and a record",
        "two names of a venue", "preprint and published a year apart", "some of the authors",
        "a title misspelt", "a remark", "a longer title of the same authors",
    ],
)  # fmt: skip
def test_one_work(one: dict[str, Any], other: dict[str, Any]):
    """Records that agree far enough are joined."""
    assert joined(record(**one), record(**other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (FULL, FULL | {"year": 2004, "authors": AUTHORS[:2]}),
        (COLUMN, COLUMN | {"year": 2002}),
        (FULL, FULL | {"venue": "VLDB J.", "year": 2003}),
        (FULL, FULL | {"title": "Response to " + TITLE}),
        (FULL, FULL | {"title": "Erratum: " + TITLE}),
        (FULL, FULL | {"authors": ("Donald Knuth",), "venue": "VLDB J."}),
        (FULL, FULL | {"title": "Adaptive Sorting over Graphs of Image Data"}),
        ({}, {"title": "Adaptive Joins over Streams of Image Data"}),
        ({"title": "Treasurer's Message"}, FULL | {"title": "Treasurer's Message"}),
        (
            {"title": "Treasurer's Message", "authors": ("Joe Hammer",), "year": 2000},
            {"title": "Treasurer's Message", "authors": ("Joe Hammer",), "year": 2001},
        ),
    ],
    ids=[
        "two years of a conference", "two years of a column", "conference, later journal",
        "a response", "an erratum", "other authors", "another title of the same authors",
        "other bare titles", "a common title", "a common title in two years",
    ],
)  # fmt: skip
def test_two_works(one: dict[str, Any], other: dict[str, Any]):
    """Records that differ too far are not joined."""
    assert not joined(record(**one), record(**other))


def test_response_surfaces_are_no_response():
    """A misspelling of a title that begins like a reply's is still the same title."""
    title = "Response Surfaces of Enzymes in Warm Water"
    assert joined(record(title, **FULL), record(title.replace("nse", "sne"), **FULL))


# Labelled pairs and the fit ---------------------------------------------------------------------


def line(title: str, other: str, label: Any = 1, **values: Any) -> str:
    sides = [{"title": t, "authors": "", "venue": "", "year": ""} | values for t in (title, other)]
    return json.dumps({"left": sides[0], "right": sides[1], "label": label}) + "\n"


def test_reading_labelled_pairs(tmp_path: Path):
    """Entities that were cut into tokens are put together; what states nothing is left out."""
    path = tmp_path / "pairs.jsonl"
    values = {"authors": "r g &#252; ting , ? , m schneider", "venue": "vldb j. ,"}
    path.write_text(line("a &amp; b", "", **values, year="1995.0") + line("c", "d", 0, year="?"))
    one, other = read_pairs(str(path))
    assert one.same
    assert not other.same
    stated = (one.left.title, one.left.authors, one.left.venue, one.left.year)
    assert stated == ("a&b", ("r güting", "m schneider"), "vldb j.", 1995)
    assert (one.right.title, other.left.authors, other.left.year) == (None, (), None)


def test_every_second_line(tmp_path: Path):
    """:odd takes lines 1, 3 …, :even takes 2, 4 …, with their numbers in the file."""
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(line(str(n), "x") for n in range(1, 6)))
    taken = {
        part: [p.left.title for p in read_pairs(f"{path}{part}")] for part in (":odd", ":even")
    }
    assert taken == {":odd": ["1", "3", "5"], ":even": ["2", "4"]}
    assert [p.left.line_start for p in read_pairs(f"{path}:even")] == [2, 4]


@pytest.mark.parametrize("bad", ["nonsense", "[]", '{"left": {}}', line("a", "b", 2)])
def test_lines_that_are_no_pairs(tmp_path: Path, bad: str):
    """The error names the file and the line and quotes it."""
    path = tmp_path / "pairs.jsonl"
    path.write_text(line("a", "b") + bad)
    with pytest.raises(SourceError, match=r"pairs\.jsonl:2: not a pair .*") as error:
        read_pairs(str(path))
    assert bad.strip()[:20] in str(error.value)


def test_quality():
    """Precision and recall by the counts; nothing joined is 0, not an error."""
    quality = Quality.of([(True, True), (True, False), (True, True), (False, True)])
    assert quality == Quality(right=2, joined=3, same=3)
    assert quality.figures() == {"precision": 0.6667, "recall": 0.6667, "F1": 0.6667}
    assert Quality.of([]).figures() == {"precision": 0.0, "recall": 0.0, "F1": 0.0}


def test_only_pairs_that_are_compared_are_learnt_from():
    """A pair of unlike titles has no levels."""
    a, b, c = (Mention("a", 1, 1, title=t) for t in (TITLE, TITLE, "Nothing at all of this"))
    expected = {"title equal", "words equal", "authors unknown", "year unknown", "venue unknown"}
    assert levels([Pair(a, b, True), Pair(a, c, False)]) == [(expected, True)]


def test_the_fit():
    """A level that only comes with one work weighs for it, and the baseline has no weight."""
    equal, unlike = {"title equal", "year same"}, {"title 0.60", "year other"}
    start, weights = fit(
        [(frozenset(equal), True)] * 30
        + [(frozenset(unlike), False)] * 30
        + [(frozenset({"title 0.60", "year same"}), False)] * 30
    )
    assert list(weights) == ["title equal", "year same", "year other"]
    assert weights["title equal"] > 3
    assert start + weights["title equal"] + weights["year same"] > 1
    assert start + weights["year same"] < -1
    with pytest.raises(ValueError, match="pairs of one work and pairs of two"):
        fit([(frozenset(equal), True)])


def test_weights_as_python():
    """What is printed can be pasted: the same figures, to a tenth."""
    printed = as_python(-2.61, {"title equal": 4.29, "title 0.95": -0.04, "year same": 1.0})
    names: dict[str, Any] = {}
    exec("from collections.abc import Mapping\n" + printed, names)
    assert names["START"] == -2.6
    assert names["WEIGHTS"] == {"title equal": 4.3, "title 0.95": 0.0, "year same": 1.0}
