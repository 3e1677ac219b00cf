"""The new papers as a visitor uses them: a period, a list to be like, a bookmark, a file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from index.build import build
from index.encoder import Encoder
from search.engine import Searcher
from search.library import Library
from tests.browser.conftest import (
    QUERY,
    OpenTab,
    expect_papers,
    is_still,
    papers_of,
    served,
    visit,
)
from tests.conftest import SEEDS

pytestmark = [pytest.mark.browser, pytest.mark.model]

LIST = "To read <img src=x onerror=window.__pwned=1> [a](javascript:alert(1)) $\\a$ :red[x]"
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def own_data(tmp_path_factory: pytest.TempPathFactory, real_encoder: Encoder) -> Path:
    """An index of one seed, to which another came 10 days ago; a list has two of the first."""
    folder = tmp_path_factory.mktemp("new")
    sources, data = folder / "sources", folder / "data"
    sources.mkdir()
    for page, days in zip(sorted(SEEDS.glob("*.txt"))[:2], (90, 10), strict=True):
        shutil.copy(page, sources)
        build([sources], data, encoder=real_encoder, now=NOW - timedelta(days=days))
    return data


@pytest.fixture(scope="module")
def listed(own_data: Path, real_encoder: Encoder) -> Iterator[Searcher]:
    """Asks that index; two papers that came first are in the list."""
    searcher = Searcher.open(own_data, encoder=real_encoder)
    new = {hit.paper.paper_id for hit in searcher.new(k=99)}
    found = papers_of(searcher.search(QUERY, 20))
    old = [paper for paper in found if paper.paper_id not in new]
    Library(own_data).save_all(LIST, [(paper, "") for paper in old[:2]])
    yield searcher
    searcher.snapshot.close()


@pytest.fixture(scope="module")
def address(own_data: Path) -> Iterator[str]:
    """The app over that index."""
    with served(own_data, own_data.parent / "streamlit.log") as found:
        yield found


def test_from_the_header_to_a_bookmark(open_tab: OpenTab, address: str, listed: Searcher) -> None:
    """A period and a list are chosen; the address shows the same papers in another tab."""
    page = open_tab()
    visit(page, address)
    page.get_by_role("link", name="New", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New papers")
    expect_papers(page, papers_of(listed.new(k=10)))
    page.get_by_text("30 days ago").click()
    expect(page.get_by_role("heading", level=2)).to_contain_text("in the last 30 days")
    page.get_by_role("combobox", name="Order").click()
    page.get_by_role("option", name="the most like").click()
    page.wait_for_url("**/new?since=30d&list=**")
    like = [one.paper.paper_id for one in Library(listed.snapshot.folder.parents[1]).saved(LIST)]
    ranked = papers_of(listed.new(like=like, k=10))
    assert ranked != papers_of(listed.new(k=10))
    expect_papers(page, ranked)
    other = open_tab()
    visit(other, page.url)
    expect_papers(other, ranked)


def test_the_file_is_what_is_listed(page: Page, address: str, listed: Searcher) -> None:
    """Export takes away all that came in, not the first ten alone."""
    new = listed.new(k=99)
    assert len(new) > 10
    visit(page, f"{address}/new")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON lines").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["paper_id"] for line in lines] == [h.paper.paper_id for h in new]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hostile_names_and_no_barrier(
    open_tab: OpenTab, address: str, listed: Searcher, scheme: str
) -> None:
    """The name of a list is text in the choice and above the papers; axe finds nothing, and at the
    width of a phone nothing can be moved sideways.
    """
    page = open_tab(color_scheme=scheme)
    visit(page, f"{address}/new?since=2020-01-01")
    page.get_by_role("combobox", name="Order").click()
    page.get_by_role("option", name="the most like").click()
    expect(page.get_by_text(f"The most like “{LIST}” come first")).to_be_visible()
    is_still(page)
    assert page.locator("img[src=x], [onerror], a[href^=javascript], .katex").count() == 0
    found = Axe().run(page).response["violations"]
    assert [(v["id"], [n["html"][:200] for n in v["nodes"][:3]]) for v in found] == []
    page.set_viewport_size({"width": 390, "height": 844})
    is_still(page)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth") is True
