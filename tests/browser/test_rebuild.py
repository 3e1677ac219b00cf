"""Deciding and rebuilding in one tab, while another one searches."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from index.build import build
from index.encoder import Encoder
from search.engine import Searcher
from tests.browser.conftest import (
    QUERY,
    OpenTab,
    ask,
    expect_papers,
    is_still,
    papers_of,
    served,
    visit,
)
from tests.conftest import SEEDS

pytestmark = [pytest.mark.browser, pytest.mark.model]


@pytest.fixture
def own_data(tmp_path: Path, real_encoder: Encoder) -> Path:
    """An index of two seeds, to do anything with."""
    folder = tmp_path / "sources"
    folder.mkdir()
    for page in sorted(SEEDS.glob("*.txt"))[:2]:
        shutil.copy(page, folder)
    build([folder], tmp_path / "data", encoder=real_encoder)
    return tmp_path / "data"


@pytest.fixture
def own_app(own_data: Path, tmp_path: Path) -> Iterator[str]:
    """The app over `own_data`."""
    with served(own_data, tmp_path / "streamlit.log") as address:
        yield address


def test_a_split_takes_effect_while_others_search(
    open_tab: OpenTab, own_app: str, own_data: Path, real_encoder: Encoder
) -> None:
    """A split waits for the rebuild; while it runs, another tab goes on searching the old
    index; when it stands, both see the new one, in which there is one paper more.
    """
    searcher = Searcher.open(own_data, encoder=real_encoder)
    merged = next(p for p in searcher.snapshot.papers() if len(p.mention_ids) > 1)
    before, papers = papers_of(searcher.search(QUERY)), len(searcher)
    page, other = open_tab(), open_tab()
    visit(other, f"{own_app}/?q={quote(QUERY)}")
    expect_papers(other, before)
    visit(page, f"{own_app}/paper?id={merged.paper_id}")
    page.get_by_role("button", name="Not the same work").first.click()
    page.get_by_role("button", name="It is another work").click()
    expect(page.get_by_role("button", name="Take this back")).to_be_visible()
    visit(page, f"{own_app}/index")
    page.get_by_role("button", name="Rebuild now").click()
    expect(page.get_by_role("button", name="Cancel the rebuild")).to_be_visible()
    ask(other, f"{QUERY} in recurrent networks")
    expect(other.locator("article")).to_have_count(10)
    assert (own_data / "CURRENT").read_text().strip() == "1"
    expect(page.get_by_text("Generation 2 stands")).to_be_visible()
    expect(page.get_by_text(f"{papers + 1} papers").first).to_be_visible()
    visit(other, f"{own_app}/")
    expect(other.get_by_text(f"{papers + 1} papers can be searched")).to_be_visible()
    is_still(page)
    searcher.snapshot.close()
