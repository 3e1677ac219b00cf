"""The map: a click on a paper, a lasso around some, the papers between two topics."""

from __future__ import annotations

import math
import re

import pytest
from playwright.sync_api import Page, expect

from search.engine import Searcher
from tests.browser.conftest import is_still, visit

pytestmark = [pytest.mark.browser, pytest.mark.model]

CHART = ".js-plotly-plot .plot-container"
# Where the first point of a trace is on the screen.
PIXEL = """trace => {
  const chart = document.querySelector('.js-plotly-plot'), layout = chart._fullLayout;
  const data = chart._fullData[trace], box = chart.getBoundingClientRect();
  return [box.left + layout.xaxis._offset + layout.xaxis.d2p(data.x[0]),
          box.top + layout.yaxis._offset + layout.yaxis.d2p(data.y[0])];
}"""


def open_map(page: Page, app: str) -> None:
    visit(page, f"{app}/topics")
    expect(page.locator(CHART)).to_be_visible()
    is_still(page)


def titles(page: Page) -> list[str]:
    return page.locator("article h3").all_inner_texts()


def test_a_click_shows_the_paper_and_a_link_to_it_too(
    page: Page, app: str, searcher: Searcher
) -> None:
    """The paper under the pointer is named, a click lists it, and the address shows the same."""
    open_map(page, app)
    x, y = page.evaluate(PIXEL, 0)
    page.mouse.move(x + 1, y + 1)
    expect(page.locator(".hoverlayer text").first).to_be_visible()
    named = "".join(page.locator(".hoverlayer text").all_text_contents())
    page.mouse.click(x + 1, y + 1)
    page.wait_for_url(re.compile("at=p"))
    expect(page.locator("article h3")).to_have_count(1)
    paper = searcher.paper(re.findall("at=(p[0-9a-f]+)", page.url)[0])
    assert paper.display_title[:20] in named
    expect(page.locator("article h3")).to_contain_text(paper.display_title)
    page.reload()
    expect(page.locator("article h3")).to_contain_text(paper.display_title)


def test_a_lasso_lists_what_is_inside(page: Page, app: str) -> None:
    """Drawing around some papers lists them, and a reload lists the same ones."""
    open_map(page, app)
    page.locator("[data-title='Lasso Select']").click()
    x, y = page.evaluate(PIXEL, 0)
    page.mouse.move(x + 60, y)
    page.mouse.down()
    for step in range(1, 25):
        turn = 2 * math.pi * step / 24
        page.mouse.move(x + 60 * math.cos(turn), y + 60 * math.sin(turn))
    page.mouse.up()
    page.wait_for_url(re.compile("area="))
    expect(page.locator("article h3").first).to_be_visible()
    is_still(page)
    listed = titles(page)
    page.reload()
    expect(page.locator("article h3")).to_have_text(listed)


def test_between_two_topics(page: Page, app: str, searcher: Searcher) -> None:
    """The address of two topics lists the papers that belong to both."""
    first, second = (topic.topic_id for topic in searcher.topics()[:2])
    visit(page, f"{app}/topics?a={first}&b={second}")
    wanted = [hit.paper.display_title for hit in searcher.between(first, second, 10)]
    expect(page.locator("article h3")).to_have_text(
        [f"{i}. {title}" for i, title in enumerate(wanted, 1)]
    )
