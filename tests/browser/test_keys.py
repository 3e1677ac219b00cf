"""The keyboard alone: to the box, through the hits, into a paper, the list of keys."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from search.engine import Searcher
from tests.browser.conftest import QUERY, expect_papers, papers_of, visit

pytestmark = [pytest.mark.browser, pytest.mark.model]


def focused(page: Page) -> str:
    """The title of the paper in focus."""
    return str(page.evaluate("document.activeElement.querySelector('h3')?.innerText ?? ''"))


def test_through_the_hits_and_into_one(page: Page, app: str, searcher: Searcher) -> None:
    """Escape leaves the box for the first hit, j and k walk, Enter opens, back returns."""
    found = papers_of(searcher.search(QUERY))
    visit(page, f"{app}/?q={quote(QUERY)}")
    expect_papers(page, found)
    page.get_by_role("textbox", name="Search").press("Escape")
    titles = [f"{i}. {paper.display_title}" for i, paper in enumerate(found, 1)]
    assert focused(page) == titles[0]
    walked = []
    for key in "kjjjk":
        page.keyboard.press(key)
        walked.append(focused(page))
    assert walked == [titles[0], titles[1], titles[2], titles[3], titles[2]]
    expect(page.locator("article").nth(2)).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/paper?id={found[2].paper_id}&**")
    expect(page.get_by_role("heading", name=found[2].display_title)).to_be_visible()
    page.go_back()
    expect_papers(page, found)


def test_keys_act_on_the_paper_in_focus(page: Page, app: str, searcher: Searcher) -> None:
    """M looks for more like the paper in focus, c cites it."""
    second = searcher.search(QUERY)[1].paper
    visit(page, f"{app}/?q={quote(QUERY)}")
    expect_papers(page, papers_of(searcher.search(QUERY)))
    page.get_by_role("textbox", name="Search").press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("c")
    expect(page.get_by_role("dialog", name="Cite")).to_contain_text(second.display_title)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator("article").nth(1).focus()
    page.keyboard.press("m")
    expect_papers(page, papers_of(searcher.similar([second.paper_id], text=QUERY)))


def test_to_the_box_from_anywhere(page: Page, app: str) -> None:
    """The slash goes to the box, is not typed into it, and in the box it is a letter."""
    visit(page, f"{app}/?q={quote(QUERY)}")
    box = page.get_by_role("textbox", name="Search")
    box.press("Escape")
    expect(box).not_to_be_focused()
    page.keyboard.press("/")
    expect(box).to_be_focused()
    expect(box).to_have_value(QUERY)
    page.keyboard.type("TCP/IP j k ?")
    expect(box).to_have_value("TCP/IP j k ?")
    visit(page, f"{app}/index")
    page.keyboard.press("/")
    expect(page.get_by_role("textbox", name="Search")).to_be_visible()


def test_the_list_of_keys(page: Page, app: str) -> None:
    """The question mark shows every key, and Escape closes the list."""
    visit(page, f"{app}/?q={quote(QUERY)}")
    page.get_by_role("textbox", name="Search").press("Escape")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog.locator("kbd")).to_have_text(
        ["/", "j", "k", "Enter", "m", "l", "s", "c", "Esc", "?"]
    )
    page.keyboard.press("j")  # the page below does not move
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
