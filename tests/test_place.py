"""The address of a page: what stands in it, and the way that led there."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pages.parts.place import FIRST, MOST, PAGES, Asked, Place, read

words = st.text(min_size=1, max_size=20).map(str.strip).filter(bool)
lists = st.lists(words, max_size=4, unique=True).map(tuple)
asked = st.builds(
    Asked,
    query=words | st.just(""),
    like=lists,
    unlike=lists,
    authors=lists,
    venues=lists,
    categories=lists,
    topics=lists,
    years=st.sampled_from(["", "2019..2022", "..2020", "2021"]),
    by_year=st.booleans(),
    as_typed=st.booleans(),
)
own = st.dictionaries(st.sampled_from(["id", "list", "page", "area"]), words, max_size=3)
FIFTY = tuple(f"t{i}" for i in range(50))
places = st.builds(
    Place,
    page=st.sampled_from(PAGES),
    asked=asked,
    own=own.map(lambda pairs: tuple(pairs.items())),
    hits=st.integers(FIRST, MOST),
)


@given(place=places, steps=st.lists(places, max_size=3))
def test_an_address_says_it_all(place: Place, steps: list[Place]) -> None:
    """Whatever is asked on whatever page, read back from its address, is the same place."""
    place = Place(place.page, place.asked, place.own, place.hits, tuple(s.step() for s in steps))
    address = urlencode(place.parameters(), doseq=True)
    back = read(place.page, parse_qs(address, keep_blank_values=True))
    assert back == place


@given(first=places, second=asked)
def test_a_step_can_be_taken_back(first: Place, second: Asked) -> None:
    """The last step of the trail leads to the place before, with what was asked there."""
    there = first.asking(**{name: getattr(second, name) for name in ("query", "like", "unlike")})
    assume(there.step() != first.step())
    if first.page == "search" and first.asked.is_empty:
        assert there.trail == first.trail
        return
    back = there.back(len(there.trail) - 1)
    assert (back.page, back.own, back.trail) == (first.page, first.own, first.trail)
    assert back.asked == (first.asked if first.page == "search" else there.asked)


def test_the_way_there_is_bounded() -> None:
    """A trail keeps the last steps, and drops the oldest when they get long."""
    place = Place()
    for number in range(30):
        place = place.asking(query=f"step {number}")
    assert [place.back(i).asked.query for i in (0, -1)] == ["step 21", "step 28"]
    for number in range(3):
        place = place.asking(query=f"{number} " + "long " * 500)
    assert [place.back(i).asked.query[:6] for i in range(len(place.trail))] == ["1 long"]


def test_a_step_stands_once() -> None:
    """Going to and fro between two questions does not make the trail longer."""
    one = Place(asked=Asked("one"))
    there = one.asking(query="two").asking(query="one").asking(query="two")
    assert [there.back(i).asked.query for i in range(len(there.trail))] == ["one"]


def test_conditions_are_no_step() -> None:
    """Narrowing keeps the trail and starts again at the first hits."""
    place = Place(asked=Asked("one"), hits=50, trail=("search?q=zero",))
    narrowed = place.narrowed(authors=("A",))
    assert (narrowed.trail, narrowed.hits, narrowed.asked.query) == (place.trail, FIRST, "one")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ({"n": ["abc"]}, Place()),
        ({"n": ["-1"]}, Place()),
        ({"n": ["٣"]}, Place()),
        ({"n": ["1e9"]}, Place()),
        ({"n": ["999999"]}, Place(hits=MOST)),
        ({"sort": ["age"]}, Place()),
        ({"like": ["", " a ", "a"]}, Place(asked=Asked(like=("a",)))),
        ({"trail": ["nowhere?q=1", "search", "file:///etc/passwd?x"]}, Place()),
        ({"trail": ["paper?id=p1"]}, Place(trail=("paper?id=p1",))),
        ({"q": ["x" * 30_000]}, Place(asked=Asked("x" * 20_000))),
        ({"on": [f"t{i}" for i in range(99)]}, Place(asked=Asked(topics=FIFTY))),
    ],
)
def test_what_makes_no_sense_is_left_out(address: dict[str, list[str]], expected: Place) -> None:
    """An address that somebody has played with gives a page all the same."""
    assert read("search", address) == expected


def test_what_to_stay_away_from_is_no_question() -> None:
    """Something must be looked for: words, examples or conditions."""
    assert Asked(unlike=("p1",), by_year=True).is_empty
    assert not Asked(years="2020").is_empty
    assert not Asked(like=("p1",)).is_empty
