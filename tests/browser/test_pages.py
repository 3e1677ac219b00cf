"""What holds of every page: no barrier that axe knows of, and hostile text is text."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from search.engine import Searcher
from tests.browser.conftest import BOMB, HOSTILE_TITLE, QUERY, is_still, visit

pytestmark = [pytest.mark.browser, pytest.mark.model]

PAGES: dict[str, Callable[[Searcher], str]] = {
    "start": lambda _: "",
    "search": lambda s: (
        f"?q={quote(QUERY)}&like={s.search(QUERY)[0].paper.paper_id}"
        f"&unlike={s.search(QUERY)[5].paper.paper_id}&year=2015..2025&trail=search%3Fq%3Dbefore"
    ),
    "nothing fits": lambda _: f"?q={quote('train timetable for public holidays')}",
    "paper": lambda s: f"paper?id={hostile(s)}&q=snares",
    "merged paper": lambda s: f"paper?id={s.search('Celo learned optimizers')[0].paper.paper_id}",
    "topics": lambda _: "topics",
    "topic": lambda s: f"topics?topic={s.topics()[0].topic_id}&colour=year",
    "between": lambda s: f"topics?a={s.topics()[0].topic_id}&b={s.topics()[1].topic_id}",
    "new": lambda _: "new?since=2020-01-01",
    "nothing new": lambda _: "new?since=2999-01-01",
    "library": lambda _: "library",
    "index": lambda _: "index",
    "gone": lambda _: "paper?id=gone",
}


def hostile(searcher: Searcher) -> str:
    """Id of the paper whose title is full of markup."""
    return searcher.search("snares in reading lists set by markup")[0].paper.paper_id


@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_use_the_page(page: Page, app: str, searcher: Searcher, name: str) -> None:
    """Names, roles, landmarks, headings and contrast pass all rules of axe-core, in light and in
    dark; there is one first heading; at the width of a phone nothing can be moved sideways.
    """
    grounds = []
    visit(page, f"{app}/{PAGES[name](searcher)}")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        is_still(page)
        found = Axe().run(page).response["violations"]
        assert [(v["id"], [n["html"][:200] for n in v["nodes"][:3]]) for v in found] == []
        ground = "e => getComputedStyle(e).backgroundColor"
        grounds.append(page.get_by_test_id("stApp").evaluate(ground))
    assert grounds[0] != grounds[1]
    assert page.get_by_role("heading", level=1).count() == 1
    page.set_viewport_size({"width": 390, "height": 844})
    is_still(page)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth") is True


def test_a_formula_is_text(page: Page, app: str) -> None:
    """What would keep a reader of formulas busy for ever is shown as it is, wherever it stands."""
    visit(page, f"{app}/?q={quote('a bomb in a formula goes off never')}")
    article = page.locator("article").filter(has_text="Bombs")
    expect(article.locator("h3")).to_contain_text(f"Bombs {BOMB}".strip()[:60])
    assert page.locator(".katex").count() == 0


def test_a_hostile_paper_on_its_page(page: Page, app: str, searcher: Searcher) -> None:
    """Title, abstract, venue and source of a hostile paper are text on its own page."""
    visit(page, f"{app}/paper?id={hostile(searcher)}")
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE_TITLE)
    is_still(page)
    assert page.locator("img[src=x], [onclick], [onerror], a[href^=javascript]").count() == 0
    assert page.locator("main script, .stMain script").count() == 0


def test_the_header_leads_everywhere_and_back(page: Page, app: str) -> None:
    """The question goes along to every page, and is there again on the search."""
    visit(page, f"{app}/?q={quote(QUERY)}")
    for name in ("Topics", "New", "Library", "Index"):
        page.get_by_role("link", name=name, exact=True).click()
        page.wait_for_url(f"**/{name.lower()}?q=how**")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_role("link", name="Search", exact=True).click()
    expect(page.get_by_role("textbox", name="Search")).to_have_value(QUERY)
    expect(page.locator("article").first).to_be_visible()
