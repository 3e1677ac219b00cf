"""The page of the new papers, run without a browser."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from index.build import build
from pages.parts.since import read_since
from search.export import export
from search.library import Library
from tests.conftest import BREAD, CAT, SAIL, VisitPage, ids_by_title, make_paper, papers_of
from tests.fakes import FakeEncoder
from tests.pages import buttons, links, markup, own, press, readable, text

Open = Callable[..., AppTest]
NOW = datetime.now(UTC).replace(microsecond=0)
OLD, LATE, LAST = NOW - timedelta(days=90), NOW - timedelta(days=10), NOW - timedelta(days=2)
BOATS, CATS, LOAVES = "Boats at sea in spring", "Cats at rest in winter", "Bread at home in autumn"
KITTENS = "Kittens chase whiskers"
WORKS = {
    BOATS: SAIL,
    CATS: CAT,
    LOAVES: BREAD,
    KITTENS: "Kittens chase feline whiskers while the cat sleeps near a boat.",
}


def built(folder: Path, titles: list[str], when: datetime) -> None:
    """The works of these titles made the live index of folder/data at that time."""
    sources = folder / "sources"
    sources.mkdir(exist_ok=True)
    works = [
        {"title": title, "abstract": WORKS.get(title, f"{title} {CAT}"), "year": 2020}
        for title in titles
    ]
    (sources / "a.jsonl").write_text("".join(json.dumps(w) + "\n" for w in works), "utf-8")
    build([sources], folder / "data", encoder=FakeEncoder(), now=when)


@pytest.fixture(scope="module")
def three_builds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with sources and data, to be copied; see `grown`."""
    folder = tmp_path_factory.mktemp("grown")
    built(folder, [BOATS], OLD)
    built(folder, [BOATS, CATS, LOAVES], LATE)
    built(folder, [BOATS, CATS, LOAVES], LAST)
    return folder


@pytest.fixture
def grown(three_builds: Path, tmp_path: Path) -> Path:
    """A data folder: boats 90 days ago, cats and bread 10 days ago, nothing 2 days ago."""
    shutil.copytree(three_builds, tmp_path, dirs_exist_ok=True)
    return tmp_path / "data"


@pytest.fixture
def visit(visit_page: VisitPage, grown: Path) -> Open:
    """A call that opens the page on `grown` at an address, and gives it as drawn."""
    return lambda **address: visit_page("new", grown, **address)


def titles(page: AppTest) -> list[str]:
    """Titles of the papers on the page, from the top."""
    found = re.findall("<h3><span class='rank'>.*?</span>(.*?)</h3>", markup(page))
    return [readable(title) for title in found]


def heading(page: AppTest) -> str:
    (found,) = re.findall("<h2>(.*?)</h2>", markup(page))
    return readable(found)


# --- Since when -------------------------------------------------------------------------------


def test_what_the_last_build_that_added_papers_brought(visit: Open) -> None:
    """Without more in the address; that a later build added none is said."""
    page = visit()
    assert titles(page) == [CATS, LOAVES]
    assert heading(page) == f"2 new papers with the build of {LATE:%Y-%m-%d at %H:%M} UTC"
    assert "No build after it added any." in text(page)
    assert "added 20" not in text(page)  # the heading says it of all
    assert len(page.selectbox) == 0
    assert "Save papers to a list, and what is new can stand in the order of its" in text(page)


def test_a_period_and_a_date(visit: Open) -> None:
    """Both can be chosen and stand in the address; each paper then says when it was added."""
    page = visit()
    page.radio(key="since").set_value("30d").run()
    assert own(page) == {"since": "30d"}
    assert (heading(page), titles(page)) == ("2 new papers in the last 30 days", [CATS, LOAVES])
    assert f"added {LATE:%Y-%m-%d}" in text(page)
    page.radio(key="since").set_value("date").run()
    assert own(page) == {"since": f"{LATE:%Y-%m-%d}"}
    page.date_input(key="since-date").set_value(OLD.date()).run()
    assert own(page) == {"since": f"{OLD:%Y-%m-%d}"}
    assert heading(page) == f"3 new papers since {OLD:%Y-%m-%d}"
    assert titles(page) == [CATS, LOAVES, BOATS]
    assert "That is every paper that the index has." in text(page)
    page = visit(since="45d")
    assert page.radio(key="since").options[2:4] == ["30 days ago", "45 days ago"]
    assert heading(page) == "2 new papers in the last 45 days"


def test_nothing_came_in(visit: Open) -> None:
    """That is said, with when papers last came in and how many, and a way to them."""
    page = visit(since="7d")
    assert heading(page) == "Nothing new in the last 7 days"
    when = f"{LATE:%Y-%m-%d at %H:%M} UTC"
    assert f"The last build that added papers was on {when}; it added 2." in text(page)
    assert titles(page) == []
    press(page, "Show what that build added")
    assert (own(page), titles(page)) == ({}, [CATS, LOAVES])


@pytest.mark.parametrize("wrong", ["<b>soon", "0d", "2026-13-01", "date", "99999d"])
def test_a_date_that_cannot_be_read(visit: Open, wrong: str) -> None:
    """It is quoted as text, and the page can be put right by its controls."""
    page = visit(since=wrong)
    assert f"date {wrong!r}: write 2026-01-31" in text(page)
    assert (titles(page), "<b>soon" in markup(page)) == ([], False)
    page.radio(key="since").set_value("").run()
    assert (own(page), titles(page)) == ({}, [CATS, LOAVES])


@given(when=st.datetimes(min_value=datetime(1, 1, 1), timezones=st.just(UTC)))
def test_any_date_of_an_address(when: datetime) -> None:
    """A date or a time is that instant to the second, and its day is named."""
    found = read_since(when.isoformat(), "", NOW)
    assert found.date == when.replace(microsecond=0).isoformat()
    assert found.words.startswith(f"since {when.date().isoformat()}")


# --- Like a list ------------------------------------------------------------------------------


def test_the_most_like_a_list_come_first(visit: Open, grown: Path, tmp_path: Path) -> None:
    """Chosen by its name, in any letter case in an address; what is in it does not come up."""
    built(tmp_path, [BOATS, LOAVES, CATS, KITTENS], NOW)
    library = Library(grown)
    ids = ids_by_title(papers_of(grown))
    paper = {paper.paper_id: paper for paper in papers_of(grown)}[ids[KITTENS]]
    library.save("To <b>*read*</b>", paper)
    page = visit(since="30d")
    assert titles(page) == [KITTENS, CATS, LOAVES]
    assert "match</span>" not in markup(page)
    page.selectbox(key="likeness").set_value("To <b>*read*</b>").run()
    assert own(page) == {"since": "30d", "list": "To <b>*read*</b>"}
    assert (heading(page), titles(page)) == ("2 new papers in the last 30 days", [CATS, LOAVES])
    assert "The most like “ To <b>*read*</b> ” come first" in text(page)
    assert "match</span>" in markup(page)
    assert titles(visit(since="30d", list="to <B>*READ*</b>")) == [CATS, LOAVES]
    assert "<b>*" not in markup(page)


def test_all_that_came_in_is_in_the_list(visit: Open, grown: Path) -> None:
    """It is said that there was something, and the newest can be shown."""
    library = Library(grown)
    for paper in papers_of(grown):
        library.save("All", paper)
    page = visit(list="All", since="30d")
    assert heading(page) == "2 new papers in the last 30 days, all in “ All ” already"
    press(page, "Show the newest first")
    assert (own(page), titles(page)) == ({"since": "30d"}, [CATS, LOAVES])


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Gone", "There is no list “Gone” with papers."),
        ("Empty", "There is no list “Empty” with papers."),
        ("Elsewhere", "the index has no paper of 'Elsewhere'"),
    ],
)
def test_a_list_that_cannot_be_asked_by(visit: Open, grown: Path, name: str, told: str) -> None:
    """That is told, and the newest stand first."""
    library = Library(grown)
    library.create("Empty")
    library.save("Elsewhere", make_paper(paper_id="p9", title="Elsewhere"))
    page = visit(list=name)
    assert told in text(page)
    assert titles(page) == [CATS, LOAVES]


def test_papers_of_the_list_that_the_index_has_not(visit: Open, grown: Path) -> None:
    """They are counted, and the others are what the new papers should be like."""
    library = Library(grown)
    library.save("L", make_paper(paper_id="p9", title="Elsewhere"))
    library.save("L", next(p for p in papers_of(grown) if p.title == BOATS))
    page = visit(list="L")
    assert "1 paper of the list not in the index, left aside." in text(page)
    assert len(titles(page)) == 2


def test_a_library_that_cannot_be_read(visit: Open, grown: Path) -> None:
    """It is told of; what came in is there all the same."""
    Library(grown).path.write_bytes(b"no database " * 99)
    page = visit(list="L")
    assert "The library cannot be read" in text(page)
    assert titles(page) == [CATS, LOAVES]


# --- What can be done -------------------------------------------------------------------------


def test_the_actions_of_a_hit(visit: Open, grown: Path) -> None:
    """A paper can be saved, opened and asked by; the way back is remembered."""
    page = press(visit(since="30d"), "Save")
    saved = Library(grown).saved("Saved")
    assert [one.paper.display_title for one in saved] == [CATS]
    ids = ids_by_title(papers_of(grown))
    found = dict(reversed(links(page)))
    assert found["Details"].startswith(f"paper?id={ids[CATS]}&trail=new%3Fsince%3D30d")
    assert found["More like this"].startswith(f"search?like={ids[CATS]}&trail=new")
    assert "Cite" in buttons(page)


def test_very_many(visit_page: VisitPage, tmp_path: Path) -> None:
    """Ten are shown, then ten more at each press; the address says how many."""
    built(tmp_path, [f"Cats at rest in winter {number}" for number in range(12)], NOW)
    page = visit_page("new", tmp_path / "data")
    assert (len(titles(page)), heading(page)[:13]) == (10, "12 new papers")
    press(page, "Show more")
    assert (len(titles(page)), own(page)) == (12, {"n": "20"})
    assert "Show more" not in buttons(page)


def test_taking_the_list_away(visit: Open, grown: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four buttons; the file has what is listed, in the order in which it is."""
    taken: dict[str, Callable[[], bytes]] = {}

    def note_button(label: str, data: Callable[[], bytes], name: str, *_: object, **__: object):
        taken[f"{label} {name}"] = data

    monkeypatch.setattr("streamlit.download_button", note_button)
    visit(since=f"{OLD:%Y-%m-%d}")
    name = f"new-since-{OLD:%Y-%m-%d}"
    assert list(taken) == [
        f"BibTeX {name}.bib", f"RIS {name}.ris", f"CSV {name}.csv", f"JSON lines {name}.jsonl"
    ]  # fmt: skip
    by_title = {paper.title: paper for paper in papers_of(grown)}
    papers = [by_title[title] for title in (CATS, LOAVES, BOATS)]
    assert taken[f"JSON lines {name}.jsonl"]().decode() == export(papers, "jsonl")


def test_an_index_without_dates(visit: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is known to have come in, nothing is listed, and it is said why."""
    monkeypatch.setattr("search.last_addition", lambda _: None)
    page = visit()
    assert "Nothing has come in yet." in text(page)
    assert titles(page) == []
