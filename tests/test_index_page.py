"""The page of the index, run without a browser."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from index.build import BuildReport, build
from index.decisions import FILE_NAME
from index.overrule import split_paper
from index.snapshot import Snapshot
from pages.parts.rebuild import _watch, duration
from pages.parts.shared import rebuild_job
from search.history import merge_log
from search.rebuild import RebuildJob
from tests.conftest import BREAD, CAT, SAIL, SEEDS, MakeIndex, VisitPage, papers_of, works_page
from tests.fakes import FakeEncoder
from tests.pages import buttons, links, markup, own, press, text

CATS = "Cats at rest in winter"
PAGES = (
    works_page(("article2021", "Boats at sea", SAIL), ("article2020Cat Letters", CATS, CAT)),
    works_page(("preprint2019arXiv", CATS, CAT), ("article2022", "Bread at home", BREAD)),
)


@pytest.fixture
def library(make_index: MakeIndex) -> Path:
    """Three papers from four mentions in two files."""
    return make_index(*PAGES)


@pytest.fixture
def snapshot(fake_index: Path) -> Iterator[Snapshot]:
    with Snapshot.open(fake_index) as opened:
        yield opened


def sources(data: Path) -> Path:
    return data.with_name(f"{data.name}-sources")


# --- What is indexed --------------------------------------------------------------------------


def test_what_is_indexed(visit_page: VisitPage, fake_index: Path, snapshot: Snapshot) -> None:
    """Counts, generation, date, model, vector index, sources and folder are stated."""
    shown = text(visit_page("index", fake_index))
    assert (
        "65 papers on 6 topics, recognised in 90 mentions from 5 files; 0 records skipped." in shown
    )
    made = snapshot.manifest.created
    assert f"Generation 1, made on {made[:10]} at {made[11:16]} UTC" in shown
    assert "Model fake , 64 dimensions, reads texts of any length" in shown
    assert f"Sources {SEEDS} Kept in {fake_index} ," in shown


def test_files_with_layout_and_mentions(visit_page: VisitPage, fake_index: Path) -> None:
    """Every file is a row with its layout and the number of its mentions."""
    shown = text(visit_page("index", fake_index))
    for start, told in (("000", "profile 12"), ("001", "works 12"), ("002", "listing 50")):
        assert re.search(rf"{start}_\w+\.txt {told}", shown)
    assert "Nothing: every record in the files was understood." in shown


def test_skipped_records(visit_page: VisitPage, make_index: MakeIndex) -> None:
    """What was not taken is a row with file, line and reason; a file not read is called so."""
    data = make_index(
        works_page(("article2020Cats", "About cats", CAT), ("article2021Nothing",)),
        "Just a letter to a friend.\n",
    )
    shown = text(visit_page("index", data))
    assert f"{sources(data)}/0.txt 7 'article2021Nothing' without a title" in shown
    assert f"{sources(data)}/1.txt 1 no known layout" in shown
    assert f"{sources(data)}/1.txt not read 0" in shown


# --- Long lists -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """45 files of which 44 are skipped. To be read only."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(45):
        page = "a letter\n" if number else works_page(("article2020", CATS, CAT))
        (folder / f"{number}.txt").write_text(page)
    data = tmp_path_factory.mktemp("many-data")
    build([folder], data, encoder=FakeEncoder())
    return data


def rows(page: AppTest, heading: str) -> list[str]:
    """The files that a table names, by its first and second heading."""
    (table,) = [element.body for element in page.html if heading in element.body]
    return re.findall(r"<tr><td><bdi>[^<]*?([0-9]+)\.txt</bdi>", table)


def test_files_in_pages(visit_page: VisitPage, many: Path) -> None:
    """Files come twenty at a time, each once; Next and Previous turn, the address says where."""
    page = visit_page("index", many)
    assert "1 to 20 of 45" in text(page)
    seen = rows(page, "<th>Format</th>")
    assert own(press(page, "Next")) == {"files": "2"}
    seen += rows(page, "<th>Format</th>")
    assert own(press(page, "Next")) == {"files": "3"}
    assert "41 to 45 of 45" in text(page)
    seen += rows(page, "<th>Format</th>")
    assert sorted(map(int, seen)) == list(range(45))
    assert own(press(page, "Previous")) == {"files": "2"}
    assert own(press(page, "Previous")) == {}


def test_skipped_in_pages(visit_page: VisitPage, many: Path) -> None:
    """Skipped records have pages of their own, from 1 to 44."""
    page = visit_page("index", many, skipped="3", files="2")
    assert "21 to 40 of 45" in text(page) and "41 to 44 of 44" in text(page)
    assert len(rows(page, "<th>Reason</th>")) == 4


@pytest.mark.parametrize(
    ("number", "told"),
    [("99", "41 to 44 of 44"), ("0", "1 to 20"), ("-2", "1 to 20"), ("x", "1 to 20"),
     ("9" * 40, "1 to 20"), ("٣", "1 to 20")],
)  # fmt: skip
def test_a_senseless_page_number(visit_page: VisitPage, many: Path, number: str, told: str) -> None:
    """A page beyond the end is the last one; what is no number is the first."""
    assert told in text(visit_page("index", many, skipped=number)).partition("Skipped")[2]


# --- The merge log ----------------------------------------------------------------------------


def logged(page: AppTest) -> list[str]:
    """Addresses of the papers of the merges on the page, in order."""
    return [
        parse_qs(to.partition("?")[2])["id"][0] for _, to in links(page) if to.startswith("paper?")
    ]


def test_the_merge_log(visit_page: VisitPage, fake_index: Path, snapshot: Snapshot) -> None:
    """The least certain merges come first, twenty at a time, each with a link to its paper."""
    lines = merge_log(snapshot, doubtful_first=True, limit=99).lines
    page = visit_page("index", fake_index)
    found = logged(page)
    assert "1 to 20 of 25" in text(page)
    press(page, "Next")
    assert found + logged(page) == [line.paper.paper_id for line in lines]
    for line in lines[20:]:
        assert line.merge.evidence.why in text(page)


def test_the_log_by_paper(visit_page: VisitPage, fake_index: Path, snapshot: Snapshot) -> None:
    """The other order is chosen by a click, stands in the address, and starts at the first page."""
    page = visit_page("index", fake_index, merges="2")
    page.radio(key="order-of-merges").set_value("paper").run()
    assert own(page) == {"order": "paper"}
    expected = [line.paper.paper_id for line in merge_log(snapshot, limit=20).lines]
    assert logged(page) == expected
    assert logged(visit_page("index", fake_index, order="paper")) == expected
    page.radio(key="order-of-merges").set_value("doubtful").run()
    assert own(page) == {}


def test_finding_in_the_log(visit_page: VisitPage, fake_index: Path, snapshot: Snapshot) -> None:
    """Words keep the lines that speak of them; they stand in the address and in the box."""
    page = visit_page("index", fake_index, merges="2")
    page.text_input(key="find").input(" celo  same-abstract ")
    press(page, "Find")
    assert own(page) == {"find": "celo  same-abstract"}
    (line,) = merge_log(snapshot, "celo same-abstract").lines
    assert logged(page) == [line.paper.paper_id]
    assert "1 merge with “ celo same-abstract ”" in text(page)
    again = visit_page("index", fake_index, find="celo  same-abstract")
    assert again.text_input(key="find").value == "celo  same-abstract"
    assert logged(again) == logged(page)
    beyond = visit_page("index", fake_index, find="celo same-abstract", merges="2")
    assert logged(beyond) == logged(page)
    assert "0 merges with" in text(visit_page("index", fake_index, find="<b>' OR 1=1"))


def test_nothing_joined(visit_page: VisitPage, make_index: MakeIndex) -> None:
    """An index without merges says so and offers no box to find them."""
    page = visit_page("index", make_index(works_page(("article2020", CATS, CAT))))
    assert "Nothing was joined" in text(page)
    assert [box.key for box in page.text_input] == []


# --- Decisions --------------------------------------------------------------------------------


def test_decisions_that_wait(visit_page: VisitPage, library: Path) -> None:
    """A split of all mentions and what it means are told; taking it back ends it."""
    with Snapshot.open(library) as snapshot:
        (paper,) = [p for p in snapshot.papers() if len(p.mention_ids) == 2]
        assert "Waiting for the rebuild" not in text(visit_page("index", library))
        split_paper(snapshot, paper.paper_id)
    page = visit_page("index", library)
    assert "Waiting for the rebuild 1 decision" in text(page)
    assert f"each of the 2 mentions of “ {CATS} ” becomes a paper alone." in text(page)
    press(page, "Take this back")
    assert "Waiting for the rebuild" not in text(page)
    assert len((sources(library) / FILE_NAME).read_text().splitlines()) == 2


# --- The rebuild ------------------------------------------------------------------------------

REPORT = BuildReport(2, 2, 4, 3, 1, 1, 2, (), 75.0, added=1)


def stand_in(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    """Let the page start a script in the place of a build."""
    start = (
        "import json, os, sys, time",
        "def say(**message): print(json.dumps(message), file=sys.stderr, flush=True)",
        f"def report(): print({json.dumps(REPORT.to_dict())!r})",
    )
    command = (sys.executable, "-c", "\n".join([*start, *lines]))
    monkeypatch.setattr("pages.parts.rebuild.rebuild_command", lambda *_: command)


def wait_for(page: AppTest, words: str) -> AppTest:
    """Draw the page again, as its timer does, until the words are there."""
    for _ in range(200):
        if words in text(page):
            return page
        page.run()
    raise AssertionError(f"{words!r} did not come up in {text(page)!r}")


def test_a_rebuild_from_the_page(
    visit_page: VisitPage, library: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Progress is shown while the old index answers; then the new generation is told and shown.

    A second visitor sees the same rebuild and can start no other.
    """
    gate = tmp_path / "gate"
    stand_in(
        monkeypatch,
        "say(stage='embedding', done=0, total=96)",
        "time.sleep(0.3)",
        "say(stage='embedding', done=32, total=96)",
        f"while not os.path.exists({str(gate)!r}): time.sleep(0.01)",
        "report()",
    )
    page = visit_page("index", library)
    press(page, "Rebuild now")
    assert "Generation 1 goes on answering until the new one stands." in text(page)
    wait_for(page, "Embedding …")
    while rebuild_job().state().done < 32:
        pass
    other = visit_page("index", library)
    assert "Embedding …" in text(other)
    assert "Rebuild now" not in buttons(other)
    (bar,) = other.get("progress")
    assert bar.proto.value == 33
    assert re.fullmatch(r"32 of 96 texts, [\d.,]+ a second, about \d+ s left", bar.proto.text)
    build([sources(library)], library, encoder=FakeEncoder())  # what the script stands for
    gate.touch()
    assert rebuild_job().wait(30).phase == "done"
    for visitor in (page, other):
        visitor.run()
        told = text(visitor)
        assert (
            "Generation 2 stands , built in 1 min: 3 papers from 4 mentions in 2 files, 1 merged,"
            " 1 embedded, 2 reused, 0 skipped." in told
        )
        assert "Generation 2, made on" in told
        assert "Rebuild now" in buttons(visitor)
        assert ("See 1 new paper", "new?trail=index%3F") in links(visitor)


def test_a_rebuild_is_cancelled(
    visit_page: VisitPage, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancel ends the process; the page says that the generation before goes on answering."""
    stand_in(monkeypatch, "say(stage='reading', done=0, total=0)", "time.sleep(60)")
    page = press(visit_page("index", library), "Rebuild now")
    press(page, "Cancel the rebuild")
    assert rebuild_job().wait(30).phase == "cancelled"
    page.run()
    assert "The rebuild was cancelled. Generation 1 goes on answering." in text(page)
    assert "Rebuild now" in buttons(page)


def test_a_rebuild_that_fails(
    visit_page: VisitPage, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error and what the build said are shown as they are, and nothing in them is obeyed."""
    stand_in(
        monkeypatch,
        "print('WARNING: <i>odd</i>', file=sys.stderr)",
        "say(error='/x/<script>alert(1)</script>: no such file or folder; check the spelling')",
        "sys.exit(2)",
    )
    page = press(visit_page("index", library), "Rebuild now")
    rebuild_job().wait(30)
    page.run()
    assert (
        "The rebuild failed. /x/<script>alert(1)</script>: no such file or folder; check the"
        " spelling. Generation 1 goes on answering." in text(page)
    )
    assert "<script>alert" not in markup(page)
    assert [code.value for code in page.code] == ["WARNING: <i>odd</i>"]


def test_what_is_rebuilt_is_what_the_manifest_says(
    visit_page: VisitPage, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the address gets into the command line."""
    commands: list[tuple[str, ...]] = []
    monkeypatch.setattr(
        "search.rebuild.RebuildJob.start", lambda _, command: commands.append(command)
    )
    press(visit_page("index", library, model="evil", sources="/etc", data="/tmp"), "Rebuild now")
    (command,) = commands
    assert [a for a in command if "/" in a or a.startswith("--")] == [
        sys.executable, f"--data={library}", "--model=fake", "--progress=json", "--stop-at-eof",
        "--json", str(sources(library)),
    ]  # fmt: skip


def test_at_its_end_the_whole_page_is_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The part that draws itself asks for the whole page as soon as the rebuild has ended."""
    asked: list[bool] = []

    def rerun() -> None:
        asked.append(True)
        raise RuntimeError("the page is drawn anew")

    monkeypatch.setattr("pages.parts.rebuild.st.rerun", rerun)
    with pytest.raises(RuntimeError, match="drawn anew"):
        _watch.__wrapped__(RebuildJob(), 1)
    assert asked == [True]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (150, "2 min"), (3570, "1 h 0 min"),
     (7500, "2 h 5 min"), (-1, "0 s")],
)  # fmt: skip
def test_durations(seconds: float, told: str) -> None:
    """Seconds below a minute, then minutes, then hours and minutes."""
    assert duration(seconds) == told


# --- Hostile text -----------------------------------------------------------------------------


def test_hostile_sources_are_shown_and_not_obeyed(visit_page: VisitPage, tmp_path: Path) -> None:
    """Markup in file names, reasons, titles and the address is read as text everywhere."""
    folder = tmp_path / "data-sources"
    folder.mkdir()
    title = "Snares <script>alert(1)</script> [x](javascript:alert(1)) $\\LaTeX$ :red[x]"
    (folder / "<img src=x onerror=alert(2)>.txt").write_text(
        works_page(("article2020", title, CAT))
    )
    (folder / "b.txt").write_text(works_page(("preprint2019arXiv", title, CAT)))
    (folder / "letter.txt").write_text("<script>alert(3)</script> \u202eis no list of papers.\n")
    data = tmp_path / "data"
    build([folder], data, encoder=FakeEncoder())
    with Snapshot.open(data) as snapshot:
        split_paper(snapshot, papers_of(data)[0].paper_id)
    page = visit_page("index", data, find="<u>script</u>")
    assert "<script>alert(3)</script>" in text(page)
    assert "with “ <u>script</u> ”" in text(page)
    page = visit_page("index", data)
    assert "/<img src=x onerror=alert(2)>.txt works 1" in text(page)
    (label,) = [element.proto.label for element in page.get("page_link")
                if "Snares" in element.proto.label]  # fmt: skip
    assert "\\<script\\>" in label and "\\[x\\]\\(" in label and "\\$\\\\LaTeX\\$" in label
    for live in ("<script>alert", "<img", "<u>", "\u202e"):
        assert live not in markup(page)
