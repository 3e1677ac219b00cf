"""Filters let through exactly the papers that state what is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.errors import AbstractsError
from index.records import Paper
from index.snapshot import Snapshot
from index.text import strip_accents
from search.engine import Searcher
from search.filters import FilterError, Filters, make_filters, parse_years
from tests.conftest import MakeIndex, papers_of, works_page
from tests.fakes import FakeEncoder


@pytest.fixture
def snapshot(fake_index: Path) -> Iterator[Snapshot]:
    """The seeds."""
    with Snapshot.open(fake_index) as snapshot:
        yield snapshot


def holds_words(value: str | None, wanted: str) -> bool:
    """Written anew: each wanted word is a whole word of the value, accents and case aside."""

    def folded(text: str) -> list[str]:
        plain = strip_accents(text).lower()
        return "".join(c if c.isalnum() else " " for c in plain).split()

    return all(word in folded(value or "") for word in folded(wanted))


def year_from(first: int | None, last: int | None) -> Callable[[Paper], bool]:
    return lambda p: p.year is not None and (first or 0) <= p.year <= (last or 9999)


def by_author(name: str) -> Callable[[Paper], bool]:
    return lambda p: any(holds_words(author, name) for author in p.authors)


CASES: list[tuple[Filters, list[Callable[[Paper], bool]], int]] = [
    (Filters(years=(2021, 2022)), [year_from(2021, 2022)], 16),
    (Filters(years=(2025, None)), [year_from(2025, None)], 12),
    (Filters(years=(None, 2020)), [year_from(None, 2020)], 4),
    (Filters(authors=("leo gagnon",)), [by_author("leo gagnon")], 5),
    (Filters(authors=("LÉO",)), [by_author("leo")], 6),
    (Filters(authors=("marton",)), [by_author("márton")], 1),
    (Filters(authors=("mittal", "bengio")), [by_author("mittal"), by_author("bengio")], 2),
    (Filters(venues=("arxiv",)), [lambda p: holds_words(p.venue, "arxiv")], 11),
    (
        Filters(venues=("Learning Representations",)),
        [lambda p: "Representations" in (p.venue or "")],
        1,
    ),
    (Filters(categories=("lg",)), [lambda p: "LG" in p.categories], 32),
    (
        Filters(years=(2022, 2022), venues=("arXiv",), categories=("NE",)),
        [year_from(2022, 2022), lambda p: p.venue == "arXiv", lambda p: "NE" in p.categories],
        2,
    ),
]


@pytest.mark.parametrize(("filters", "conditions", "count"), CASES)
def test_exactly_the_papers_that_pass(
    snapshot: Snapshot, filters: Filters, conditions: list[Callable[[Paper], bool]], count: int
) -> None:
    """The rows are those that a filter written anew lets through, ascending, and that many."""
    papers = snapshot.papers_at(range(len(snapshot)))
    expected = [row for row, p in enumerate(papers) if all(test(p) for test in conditions)]
    assert filters.rows(snapshot).tolist() == expected
    assert len(expected) == count
    hits = Searcher(snapshot, FakeEncoder()).search("learning", k=65, filters=filters)
    assert sorted(snapshot.row(hit.paper.paper_id) for hit in hits) == expected


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("leo", True),
        ("Léo", True),
        ("LEO GAGNON", True),
        ("gagnon, léo", True),
        ("Le\u0301o", True),  # the accent as a character of its own
        ("Lea", False),
        ("Le", False),
        ("Gagnon Tremblay", False),
        ("Leo Marty", False),  # first name of one author, surname of another
        ("Élodie", False),
        ("Müller", True),
        ("muller", True),
        ("mueller", False),
        ("!?", False),
    ],
)
def test_names_are_compared_by_whole_words(make_index: MakeIndex, name: str, found: bool) -> None:
    """Accents and case do not matter, parts of words do not count, nor words of two authors."""
    data = make_index(works_page(("article2020", "Cats", "Léo Gagnon, Tom Marty, Ute Müller")))
    with Snapshot.open(data) as snapshot:
        assert [p.authors for p in snapshot.papers()] == [("Léo Gagnon", "Tom Marty", "Ute Müller")]
        assert Filters(authors=(name,)).rows(snapshot).tolist() == ([0] if found else [])


@pytest.mark.parametrize("venue", ["[Re]Science", "[1] Proceedings of Cats", "[", '["Cats"]'])
def test_a_venue_with_brackets_is_text(make_index: MakeIndex, venue: str) -> None:
    """A venue that begins like a JSON list is compared as the text that it is."""
    data = make_index(
        works_page((f"article2020{venue}", "Cats"), ("article2021Dog Letters", "Dogs"))
    )
    assert venue in {p.venue for p in papers_of(data)}
    with Snapshot.open(data) as snapshot:
        found = Filters(venues=("letters",)).rows(snapshot)
        assert [p.title for p in snapshot.papers_at(found)] == ["Dogs"]
        if "Cats" in venue:
            found = Filters(venues=("cats",)).rows(snapshot)
            assert [p.venue for p in snapshot.papers_at(found)] == [venue]


def test_a_paper_that_does_not_state_a_field_fails(make_index: MakeIndex) -> None:
    """A paper without year, authors, venue or category passes no condition on them."""
    stated = ("article2020Cat Letters", "Dogs of the summer", "Ada Lovelace")
    data = make_index(works_page(stated, ("preprint", "Cats in winter gardens at night")))
    papers = papers_of(data)
    (row,) = [i for i, p in enumerate(papers) if p.title == "Cats in winter gardens at night"]
    paper = papers[row]
    assert (paper.year, paper.authors, paper.venue, paper.categories) == (None, (), None, ())
    with Snapshot.open(data) as snapshot:
        for filters in (
            Filters(years=(1, None)),
            Filters(years=(None, 9999)),
            Filters(authors=("ada",)),
            Filters(venues=("letters",)),
        ):
            assert filters.rows(snapshot).tolist() == [1 - row]
        assert Filters(categories=("letters",)).rows(snapshot).tolist() == []
        assert Filters().rows(snapshot).tolist() == [0, 1]


def test_filters_do_not_take_hits_away(snapshot: Snapshot) -> None:
    """With a filter there are still k hits when k papers pass, the best of those that do."""
    searcher = Searcher(snapshot, FakeEncoder())
    everything = searcher.search("brain", k=65, mode="dense")
    filters = Filters(years=(2022, 2023))
    expected = [h.paper.paper_id for h in everything if h.paper.year in (2022, 2023)]
    hits = searcher.search("brain", k=5, filters=filters, mode="dense")
    assert [h.paper.paper_id for h in hits] == expected[:5]
    assert [h.rank for h in hits] == [1, 2, 3, 4, 5]
    fused = searcher.search("brain", k=65, filters=filters)
    assert sorted(h.paper.paper_id for h in fused) == sorted(expected)


@pytest.mark.parametrize("text", ["' OR 1=1 --", "%", "_", '"', "\\"])
def test_filters_are_no_sql(snapshot: Snapshot, text: str) -> None:
    """Quotes and wildcards of SQL are text like any other, and no word."""
    for filters in (Filters(authors=(text,)), Filters(venues=(text,)), Filters(categories=(text,))):
        assert filters.rows(snapshot).tolist() == []


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("2021", (2021, 2021)),
        ("2020..2024", (2020, 2024)),
        ("2020..2020", (2020, 2020)),
        ("2020..", (2020, None)),
        ("..2019", (None, 2019)),
        (" 2021 ", (2021, 2021)),
    ],
)
def test_years_as_typed(text: str, years: tuple[int | None, int | None]) -> None:
    """One year, a range and open ranges are understood."""
    assert parse_years(text) == years


@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "20",
        "20204",
        "2020-2024",
        "2020...2024",
        "20202021",
        "abcd",
        "2020..abcd",
        "-2020",
    ],
)
def test_years_that_are_none(text: str) -> None:
    """Anything else is refused with the text and the forms that are understood."""
    with pytest.raises(FilterError) as caught:
        parse_years(text)
    assert str(caught.value) == f"years {text!r}: write 2020..2024, 2020.., ..2019 or 2021"
    assert isinstance(caught.value, AbstractsError)


def test_years_the_wrong_way_round() -> None:
    """A range whose first year is after its last is refused."""
    with pytest.raises(FilterError, match=r"^years '2024..2020': the first is after the last$"):
        parse_years("2024..2020")


def test_filters_from_a_form() -> None:
    """Empty fields of a form are no conditions; the others are taken as typed."""
    assert make_filters("", authors=["", "  "], venues=[""], categories=[""], titles=[" "]).is_empty
    assert make_filters(None).is_empty
    filled = make_filters(
        "2020..", authors=["leo", ""], venues=["arXiv"], categories=["LG"], titles=["cats"]
    )
    assert filled == Filters((2020, None), ("leo",), ("cats",), ("arXiv",), ("LG",))
    assert not filled.is_empty
