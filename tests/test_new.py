"""What came in: since when the index has each paper, and asking for the new ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from index import records
from index.added import build_date, with_dates
from index.build import BuildReport, build
from index.errors import QueryError
from index.snapshot import Snapshot
from search.engine import Searcher
from search.filters import Filters
from search.library import Library
from search.new import last_addition, parse_since
from tests.conftest import BREAD, CAT, SAIL, CommandLine, ids_by_title, make_paper, papers_of
from tests.fakes import FakeEncoder

FIRST, SECOND, THIRD = "2026-01-01", "2026-02-01", "2026-03-01"
Work = dict[str, object]
CATS: Work = {"title": "Cats at rest in winter", "abstract": CAT, "year": 2020}
BOATS: Work = {"title": "Boats at sea in spring", "abstract": SAIL, "year": 2021}
LOAVES: Work = {"title": "Bread at home in autumn", "abstract": BREAD, "year": 2022}
KITTENS: Work = {
    "title": "Kittens chase whiskers",
    "abstract": "Kittens chase feline whiskers while the cat sleeps near a boat.",
    "year": 2019,
}


def day(date: str) -> datetime:
    return datetime.fromisoformat(date).replace(tzinfo=UTC)


def stored(date: str) -> str:
    return f"{date}T00:00:00+00:00"


def built(folder: Path, works: Sequence[Work], date: str) -> BuildReport:
    """The works made the live index of folder/data on that day."""
    sources = folder / "sources"
    sources.mkdir(exist_ok=True)
    (sources / "a.jsonl").write_text("".join(json.dumps(w) + "\n" for w in works), "utf-8")
    return build([sources], folder / "data", encoder=FakeEncoder(), now=day(date))


def dates(folder: Path) -> dict[str | None, str | None]:
    return {paper.title: paper.added for paper in papers_of(folder / "data")}


@pytest.fixture
def grown(tmp_path: Path) -> Path:
    """A data folder: boats on the first day, cats and bread on the second, nothing on the third."""
    built(tmp_path, [BOATS], FIRST)
    built(tmp_path, [BOATS, CATS, LOAVES], SECOND)
    built(tmp_path, [BOATS, CATS, LOAVES], THIRD)
    return tmp_path / "data"


# Dates ------------------------------------------------------------------------------------------


def test_a_paper_keeps_the_date_of_the_build_that_first_had_it(tmp_path: Path) -> None:
    """Of three builds the first adds one paper, the second another, the third none."""
    reports = [
        built(tmp_path, [BOATS], FIRST),
        built(tmp_path, [CATS, BOATS], SECOND),
        built(tmp_path, [CATS, BOATS], THIRD),
    ]
    assert [report.added for report in reports] == [1, 1, 0]
    assert dates(tmp_path) == {BOATS["title"]: stored(FIRST), CATS["title"]: stored(SECOND)}


def test_a_renamed_paper_keeps_its_date(tmp_path: Path) -> None:
    """One that gets a DOI, and with it another id, is not new; nor is one under a new title."""
    built(tmp_path, [BOATS, {**CATS, "doi": "10.1/cats"}], FIRST)
    before = ids_by_title(papers_of(tmp_path / "data"))
    renamed = {**CATS, "doi": "10.1/cats", "title": "Felines asleep"}
    report = built(tmp_path, [{**BOATS, "doi": "10.1/b"}, BOATS, renamed], SECOND)
    after = ids_by_title(papers_of(tmp_path / "data"))
    assert after[BOATS["title"]] != before[BOATS["title"]]  # type: ignore[index]
    assert (report.added, set(dates(tmp_path).values())) == (0, {stored(FIRST)})


def test_merged_and_split_papers_are_not_new() -> None:
    """Of several papers before the first date counts; a part has the date of the whole."""
    earlier = {"p1": stored(SECOND), "m1": stored(SECOND), "p0": stored(FIRST)}
    merged = records.Work("p1", ("p0",), ())
    part = records.Work("p9", (), ("m1",))
    new = records.Work("p2", (), ("m2",))
    found = with_dates([merged, part, new], earlier, stored(THIRD))
    assert [p.added for p in found] == [stored(FIRST), stored(SECOND), stored(THIRD)]


def test_the_date_of_a_build() -> None:
    """The clock's in UTC, without fractions; but later than that of the build before."""
    assert build_date(datetime.fromisoformat("2026-01-01T01:30:00.9+01:00"), None) == (
        "2026-01-01T00:30:00+00:00"
    )
    assert build_date(day(FIRST), stored(SECOND)) == "2026-02-01T00:00:01+00:00"


# Asking -----------------------------------------------------------------------------------------


def titles(searcher: Searcher, *arguments: object, **options: object) -> list[str | None]:
    return [hit.paper.title for hit in searcher.new(*arguments, **options)]  # type: ignore[arg-type]


def test_what_came_in(grown: Path) -> None:
    """What the last build brought that brought any; or since a date; the newest first."""
    searcher = Searcher.open(grown, encoder=FakeEncoder())
    new = [LOAVES["title"], CATS["title"]]
    assert titles(searcher) == titles(searcher, SECOND) == new
    assert titles(searcher, FIRST) == titles(searcher, "2026-01-01T00:00") == [*new, BOATS["title"]]
    assert titles(searcher, "2026-02-01T00:00:01") == []
    assert titles(searcher, FIRST, k=1) == new[:1]
    assert titles(searcher, filters=Filters(years=(None, 2020))) == [CATS["title"]]


def test_what_came_in_like_others(tmp_path: Path) -> None:
    """The likest first, with a score; papers that were there before do not come up."""
    built(tmp_path, [BOATS, KITTENS], FIRST)
    built(tmp_path, [BOATS, KITTENS, LOAVES, CATS], SECOND)
    searcher = Searcher.open(tmp_path / "data", encoder=FakeEncoder())
    seed = ids_by_title(papers_of(tmp_path / "data"))[str(KITTENS["title"])]
    hits = searcher.new(like=[seed])
    assert [hit.paper.title for hit in hits] == [CATS["title"], LOAVES["title"]]
    assert hits[0].score > hits[1].score
    assert titles(searcher, FIRST, [seed], k=9)[0] == CATS["title"]
    assert KITTENS["title"] not in titles(searcher, FIRST, [seed])


def test_out_of_how_many(grown: Path) -> None:
    """The answer says how many came in, of which k are shown; a paper to be like is not counted."""
    searcher = Searcher.open(grown, encoder=FakeEncoder())
    one = searcher.ask_new(FIRST, k=1)
    assert (one.among, [hit.paper.title for hit in one.hits]) == (3, [LOAVES["title"]])
    cats = ids_by_title(papers_of(grown))[str(CATS["title"])]
    like = searcher.ask_new(FIRST, [cats], k=1)
    assert (like.among, len(like.hits)) == (2, 1)
    assert searcher.ask_new("2026-03-01").among == 0


def test_the_last_build_that_added_papers(grown: Path) -> None:
    """Not the last one of all: that added none."""
    with Snapshot.open(grown) as snapshot:
        assert last_addition(snapshot) == (stored(SECOND), 2)


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "2026", ""])
def test_what_is_no_date(text: str) -> None:
    """It is quoted, with how to write one."""
    with pytest.raises(QueryError, match=f"date '{text}': write 2026-01-31 or 2026-01-31T09:30"):
        parse_since(text)


# The command line -------------------------------------------------------------------------------


def test_the_command(grown: Path, search_cli: CommandLine) -> None:
    """JSON has the keys of `like` and the date; a list of the library is what to be like."""
    with Snapshot.open(grown) as snapshot:
        (cats,) = snapshot.titled(str(CATS["title"]))
    Library(grown).save("Reading", cats)
    new = search_cli("new", "--data", grown, "--json").json()
    assert [(hit["title"], hit["added"]) for hit in new] == [
        (LOAVES["title"], stored(SECOND)), (CATS["title"], stored(SECOND))
    ]  # fmt: skip
    like = search_cli("like", cats.paper_id, "--data", grown, "--json").json()
    assert new[0].keys() - like[0].keys() == {"added"}
    by_list = search_cli("new", "--like", "reading", "--data", grown, "--json").json()
    by_id = search_cli("new", "--like", cats.paper_id, "--data", grown, "--json").json()
    assert [hit["title"] for hit in by_list] == [LOAVES["title"]]
    assert by_list == by_id
    assert by_list[0]["dense"] is not None


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--since", "soon"), "date 'soon': write 2026-01-31"),
        (("--like", "Nowhere"), "'Nowhere' is neither a list of the library nor the id of a paper"),
    ],
)
def test_errors(
    grown: Path, search_cli: CommandLine, arguments: tuple[str, ...], told: str
) -> None:
    """A bad date and an unknown list are told, with status 2."""
    outcome = search_cli("new", *arguments, "--data", grown)
    assert (outcome.status, told in outcome.err) == (2, True)


def test_saved_papers_that_the_index_has_not(grown: Path, search_cli: CommandLine) -> None:
    """They are named and left out; a list of nothing else cannot be asked by."""
    Library(grown).save("Reading", make_paper(paper_id="p9", title="Elsewhere"))
    outcome = search_cli("new", "--like", "Reading", "--data", grown)
    assert outcome.status == 2
    assert "the index has no paper of 'Reading'" in outcome.err


def test_status_says_how_many_came_in(grown: Path, index_cli: CommandLine) -> None:
    """The last build of `grown` added none."""
    assert "0 of them added by the last build" in index_cli("status", "--data", grown).out
    assert index_cli("status", "--data", grown, "--json").json()["counts"]["added"] == 0
