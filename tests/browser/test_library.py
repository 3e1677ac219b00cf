"""The library as a visitor uses it: notes in two tabs, undo, files in and out, hostile text."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from index.records import Paper
from index.snapshot import Snapshot
from search.library import Library
from tests.browser.conftest import HOSTILE_TITLE, QUERY, OpenTab, is_still, served, visit
from tests.conftest import make_paper, papers_of

pytestmark = [pytest.mark.browser, pytest.mark.model]

HOSTILE_NAME = "<img src=x onerror=window.__pwned=1> [a](javascript:alert(1)) $\\a$ :red[x] **l**"


@pytest.fixture(scope="module")
def own_data(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the index, in which papers may be saved."""
    return Path(shutil.copytree(data, tmp_path_factory.mktemp("library") / "data"))


@pytest.fixture(scope="module")
def address(own_data: Path) -> Iterator[str]:
    """The app over that copy."""
    with served(own_data, own_data.parent / "streamlit.log") as found:
        yield found


@pytest.fixture
def library(own_data: Path) -> Library:
    """The library of the copy, empty."""
    library = Library(own_data)
    library.path.unlink(missing_ok=True)
    return library


@pytest.fixture
def papers(own_data: Path) -> list[Paper]:
    return papers_of(own_data)


def box(page: Page) -> str:
    """The text in the place where a note is written."""
    return page.get_by_role("textbox", name="Note on").input_value()


def test_a_hit_is_saved_and_found_in_the_library(
    page: Page, address: str, library: Library
) -> None:
    """Save at a hit; the link of the header leads to it; it is there after a reload."""
    visit(page, f"{address}/?q={quote(QUERY)}")
    title = page.locator("article h3").first.inner_text().removeprefix("1. ")
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_role("button", name="Save", exact=True)).to_have_count(9)
    page.get_by_role("link", name="Library", exact=True).click()
    expect(page.locator("article h3")).to_have_text([title])
    page.reload()
    expect(page.locator("article h3")).to_have_text([title])
    assert [info.size for info in library.lists()] == [1]


def test_two_tabs_write_one_note(
    open_tab: OpenTab, address: str, library: Library, papers: list[Paper]
) -> None:
    """What is typed in one tab is not in the other; who saves second is shown both texts."""
    library.save("L", papers[0], "start")
    one, two = open_tab(), open_tab()
    for tab in (one, two):
        visit(tab, f"{address}/library")
        tab.get_by_role("button", name="Edit note").click()
        expect(tab.get_by_role("textbox", name="Note on")).to_have_value("start")
    one.get_by_role("textbox", name="Note on").fill("one's\nown")
    two.get_by_role("textbox", name="Note on").fill("two")
    two.get_by_role("button", name="Save note").click()
    expect(two.locator(".mine")).to_have_text("two")
    one.get_by_role("button", name="Save note").click()
    expect(one.get_by_text("This note was changed elsewhere.")).to_be_visible()
    expect(one.locator(".note .mine")).to_have_text("two")
    assert box(one) == "one's\nown"
    one.get_by_role("textbox", name="Note on").fill("one's own and two")
    one.get_by_role("button", name="Save note").click()
    expect(one.locator(".mine")).to_have_text("one's own and two")
    assert library.saved("L")[0].note == "one's own and two"


def test_removing_far_down_and_undoing(
    page: Page, address: str, library: Library, papers: list[Paper]
) -> None:
    """The remark with Undo is on the screen wherever one is, and nothing scrolls away."""
    library.save_all("L", [(paper, "kept") for paper in papers[:12]])
    visit(page, f"{address}/library")
    expect(page.locator("article")).to_have_count(12)
    page.get_by_role("button", name="Remove").nth(9).click()
    expect(page.locator("article")).to_have_count(11)
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_in_viewport()
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollTop") > 0
    undo.click()
    expect(page.locator("article")).to_have_count(12)
    assert [saved.note for saved in library.saved("L")] == ["kept"] * 12


def test_a_file_goes_out_and_comes_in(
    page: Page, address: str, library: Library, papers: list[Paper]
) -> None:
    """The downloaded file is the list; uploaded into another, papers and notes are there."""
    library.save_all("First", [(paper, f"=note {i}") for i, paper in enumerate(papers[:3])])
    library.create("Second")
    visit(page, f"{address}/library?list=First")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON lines").click()
    path = Path(download.value.path())
    assert download.value.suggested_filename == "First.jsonl"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [(line["paper_id"], line["note"]) for line in lines] == [
        (paper.paper_id, f"=note {i}") for i, paper in enumerate(papers[:3])
    ]
    visit(page, f"{address}/library?list=Second")
    page.get_by_text("Import from a file").click()
    page.locator("input[type=file]").set_input_files(
        {"name": "x.jsonl", "mimeType": "text/plain", "buffer": path.read_bytes()}
    )
    page.get_by_role("button", name="Import into “Second”").click()
    expect(page.get_by_text("3 papers saved. Read as JSON lines in UTF-8.")).to_be_visible()
    expect(page.locator("article")).to_have_count(3)
    assert [s.note for s in library.saved("Second")] == [s.note for s in library.saved("First")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hostile_text_and_no_barrier(
    open_tab: OpenTab, address: str, own_data: Path, library: Library, scheme: str
) -> None:
    """Names, notes, titles and files full of markup are text everywhere, and axe finds nothing."""
    with Snapshot.open(own_data) as snapshot:
        hostile = next(p for p in snapshot.papers() if (p.title or "").startswith("Snares"))
    library.save(HOSTILE_NAME, hostile, f"{HOSTILE_NAME}\n</p><script>window.__pwned=1</script>")
    alien = make_paper(paper_id="p0123456789ab", title=HOSTILE_NAME, url="javascript:alert(1)")
    library.save(HOSTILE_NAME, alien)
    library.delete(library.create(f"{HOSTILE_NAME} 2"))
    page = open_tab(color_scheme=scheme)
    visit(page, f"{address}/library")
    expect(page.locator("article h3")).to_have_text([HOSTILE_TITLE, HOSTILE_NAME])
    expect(page.get_by_role("heading", level=2)).to_have_text(HOSTILE_NAME)
    page.get_by_role("button", name="Edit note").click()
    expect(page.get_by_role("textbox", name="Note on")).to_be_visible()
    page.get_by_text("Deleted lists (1)").click()
    page.get_by_text("Import from a file").click()
    page.locator("input[type=file]").set_input_files(
        {"name": "<b>x.ris", "mimeType": "text/plain", "buffer": f"<i>{HOSTILE_NAME}".encode()}
    )
    page.get_by_role("button", name="Import into").click()
    expect(page.get_by_text("Not readable (1)")).to_be_visible()
    page.get_by_text("Not readable (1)").click()
    page.get_by_role("button", name="Remove").first.click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    is_still(page)
    assert page.locator("img[src=x], [onerror], a[href^=javascript], .katex").count() == 0
    found = Axe().run(page).response["violations"]
    assert [(v["id"], [n["html"][:200] for n in v["nodes"][:3]]) for v in found] == []


def test_a_phone_shows_all_of_the_width(
    open_tab: OpenTab, address: str, library: Library, papers: list[Paper]
) -> None:
    """At the width of a phone the library cannot be moved sideways, with a remark as well."""
    library.save_all("A name " * 20, [(paper, "word" * 60) for paper in papers[:3]])
    page = open_tab(viewport={"width": 390, "height": 844})
    visit(page, f"{address}/library")
    page.get_by_role("button", name="Remove").first.click()
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_in_viewport(ratio=1)
    is_still(page)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth") is True
