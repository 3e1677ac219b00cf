"""Searching, narrowing, going on from papers and coming back, as a visitor does it."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from index.text import plain
from search.engine import Searcher
from search.filters import Filters
from tests.browser.conftest import (
    HOSTILE_ABSTRACT,
    HOSTILE_TITLE,
    QUERY,
    OpenTab,
    ask,
    expect_papers,
    is_still,
    papers_of,
    scrolled,
    visit,
)

pytestmark = [pytest.mark.browser, pytest.mark.model]


def test_a_typed_query_shows_hits(page: Page, app: str, searcher: Searcher) -> None:
    """The box is in focus; typing and Enter shows ten hits, a sentence marked, a new address."""
    hits = searcher.search(QUERY)
    visit(page, app)
    expect(page.get_by_role("textbox", name="Search")).to_be_focused()
    page.keyboard.type(QUERY)
    page.keyboard.press("Enter")
    expect_papers(page, papers_of(hits))
    marked = [hit.sentence for hit in hits if hit.sentence]
    expect(page.locator("article > p mark")).to_have_text(marked)
    assert re.search(r"\?q=how(\+|%20)could(\+|%20)the", page.url)


def test_the_best_sentence_is_marked_by_more_than_colour(page: Page, app: str) -> None:
    """The marked sentence is underlined and bold."""
    visit(page, f"{app}/?q={quote(QUERY)}")
    style = page.locator("article mark").first.evaluate(
        "e => [getComputedStyle(e).textDecorationLine, getComputedStyle(e).fontWeight]"
    )
    assert style == ["underline", "600"]


def test_the_whole_abstract_unfolds(page: Page, app: str, searcher: Searcher) -> None:
    """Of a long abstract the surroundings of the sentence are shown, and all of it on demand."""
    hit = next(h for h in searcher.search(QUERY) if len(h.paper.abstract or "") > 1000)
    visit(page, f"{app}/?q={quote(QUERY)}")
    article = page.locator("article").nth(hit.rank - 1)
    whole = article.locator("details p")
    expect(whole).to_be_hidden()
    article.get_by_text("Whole abstract").click()
    expect(whole).to_be_visible()
    assert whole.inner_text().strip() == hit.paper.abstract


def test_likes_and_dislikes_gather(page: Page, app: str, searcher: Searcher) -> None:
    """More like the eighth, less like the first of what follows; the trail and the browser's back
    button lead through the same places, at the top of each.
    """
    found = papers_of(searcher.search(QUERY))
    visit(page, f"{app}/?q={quote(QUERY)}")
    expect_papers(page, found)
    liked = found[7].paper_id
    page.get_by_role("button", name="More like this").nth(7).click()
    similar = papers_of(searcher.similar([liked], text=QUERY))
    expect_papers(page, similar)
    is_still(page)
    assert scrolled(page) == 0
    unliked = similar[0].paper_id
    page.get_by_role("button", name="Less like this").first.click()
    expect_papers(page, papers_of(searcher.similar([liked], [unliked], text=QUERY)))
    is_still(page)
    expect(page.get_by_role("heading", name="Papers like this, unlike 1")).to_be_visible()
    page.get_by_role("button", name=f"“{QUERY[:20]}").first.click()
    expect_papers(page, found)
    expect(page.get_by_text("You came from")).to_have_count(0)
    page.go_back()
    expect_papers(page, papers_of(searcher.similar([liked], [unliked], text=QUERY)))
    page.go_back()
    expect_papers(page, similar)
    page.go_back()
    expect_papers(page, found)
    expect(page.get_by_role("textbox", name="Search")).to_have_value(QUERY)


def test_a_link_shows_the_same_to_others(
    open_tab: OpenTab, page: Page, app: str, searcher: Searcher
) -> None:
    """Words, examples, conditions and order stand in the address: opened elsewhere, reloaded."""
    found = papers_of(searcher.search(QUERY))
    visit(page, f"{app}/?q={quote(QUERY)}")
    page.get_by_role("button", name="More like this").nth(1).click()
    expect_papers(page, papers_of(searcher.similar([found[1].paper_id], text=QUERY)))
    is_still(page)
    author = page.locator(".st-key-facet-authors button").first
    name = author.inner_text().rsplit(" (", 1)[0]
    author.click()
    expect(page.get_by_role("button", name=f"author: {name}")).to_be_visible()
    is_still(page)
    page.get_by_role("radio", name="year").check(force=True)  # a label covers it
    wanted = searcher.ask_like(
        [found[1].paper_id], text=QUERY, filters=Filters(authors=(name,)), sort="year"
    )
    expect_papers(page, papers_of(wanted.hits))
    other = open_tab()
    for tab in (other, page):
        visit(tab, page.url)
        expect_papers(tab, papers_of(wanted.hits))
        expect(tab.get_by_role("button", name=f"author: {name}")).to_be_visible()
    other.reload()
    expect_papers(other, papers_of(wanted.hits))


def test_years_narrow_by_the_keyboard(page: Page, app: str, searcher: Searcher) -> None:
    """The slider's ends move by arrow keys, and the hits follow."""
    visit(page, f"{app}/?q={quote(QUERY)}")
    first = page.get_by_role("slider").first
    first.focus()
    page.keyboard.press("ArrowRight")
    years = [hit.paper.year for hit in searcher.search(QUERY, 200) if hit.paper.year]
    expect(page.get_by_role("button", name=f"years: {min(years) + 1}–{max(years)}")).to_be_visible()
    narrowed = Filters(years=(min(years) + 1, max(years)))
    expect_papers(page, papers_of(searcher.search(QUERY, filters=narrowed)))


def test_show_more_adds_in_place(page: Page, app: str, searcher: Searcher) -> None:
    """More hits come below those that are there, and the page stays where it is."""
    visit(page, f"{app}/?q={quote(QUERY)}")
    page.get_by_role("button", name="Show more").click()
    expect_papers(page, papers_of(searcher.search(QUERY, k=20)))
    assert scrolled(page) > 0


def test_a_pasted_abstract(page: Page, app: str, searcher: Searcher) -> None:
    """An abstract pasted with its line breaks finds its paper."""
    paper = next(p for p in searcher.snapshot.papers() if len(p.abstract or "") > 1000)
    lines = (paper.abstract or "").replace(". ", ".\n")
    visit(page, app)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("textbox", name="Search").focus()
    page.evaluate("text => navigator.clipboard.writeText(text)", lines)
    page.keyboard.press("Control+V")
    page.keyboard.press("Enter")
    expect(page.locator("article h3").first).to_have_text(f"1. {paper.display_title}")


def test_a_fast_typist_loses_nothing(page: Page, app: str, searcher: Searcher) -> None:
    """A second question asked before the first is answered is the one that is answered."""
    visit(page, app)
    ask(page, "optimizers")
    ask(page, QUERY)
    expect_papers(page, papers_of(searcher.search(QUERY)))


def test_cite_shows_what_to_copy(page: Page, app: str) -> None:
    """The citation opens over the page and closes by Escape."""
    visit(page, f"{app}/?q={quote(QUERY)}")
    page.get_by_role("button", name="Cite").first.click()
    dialog = page.get_by_role("dialog", name="Cite")
    expect(dialog).to_contain_text("@")
    expect(dialog).to_contain_text("TY  -")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_off_topic_is_said(page: Page, app: str) -> None:
    """A query on nothing in the index is told that nothing fits well, and what to try."""
    visit(page, app)
    ask(page, "train timetable for Sundays and public holidays")
    expect(page.get_by_role("alert")).to_contain_text("Nothing here fits well")
    expect(page.get_by_text("weak match").first).to_be_visible()
    page.get_by_role("link", name="Look through the topics").click()
    page.wait_for_url("**/topics?**")


def test_hostile_text_is_shown_character_for_character(page: Page, app: str) -> None:
    """Markup of every kind is readable as such, adds no element to the page, and does nothing."""
    visit(page, app)
    ask(page, "snares set by markup in reading lists <script>window.__pwned = 1</script>")
    article = page.locator("article").filter(has_text="Snares")
    expect(article.locator("h3")).to_have_text(f"1. {HOSTILE_TITLE}")
    text = article.inner_text()
    assert plain(HOSTILE_ABSTRACT) in text and "\u202e" not in text
    assert "2023 · <i>arXiv</i>" in text
    inside = article.locator("*").evaluate_all("all => [...new Set(all.map(e => e.localName))]")
    assert sorted(inside) == ["bdi", "h3", "mark", "p", "span"]
    article.locator("p").last.click()
    page.get_by_role("button", name="More like this").first.click()
    tray = page.get_by_role("heading", name="Papers like this")
    expect(tray).to_contain_text("in reading lists <script>window")
    expect(page.locator(".st-key-tray")).to_contain_text("Snares <script>window.__pwned = 1")
    expect(page.locator(".st-key-trail")).to_contain_text("snares set by markup")
    assert page.locator("article img, .st-key-tray img, .st-key-trail img").count() == 0


def test_a_hostile_address_does_nothing(page: Page, app: str) -> None:
    """What stands in the address is quoted at most."""
    bad = quote("<img src=x onerror=alert(1)>[x](javascript:alert(1))")
    for place in ("like", "on", "q=a&unlike", "q=a&year", "q=a&author", "trail=paper%3Fid"):
        visit(page, f"{app}/?{place}={bad}")
        expect(page.get_by_role("textbox", name="Search")).to_be_visible()
        assert page.locator("img[src=x], a[href^=javascript]").count() == 0


WIDTHS = {
    "phone": {"viewport": {"width": 390, "height": 844}},
    "200 % zoom": {"viewport": {"width": 640, "height": 480}, "device_scale_factor": 2},
}


@pytest.mark.parametrize("options", WIDTHS.values(), ids=WIDTHS)
def test_narrow_screens_show_all_of_the_width(
    open_tab: OpenTab, app: str, options: dict[str, object]
) -> None:
    """On a phone, and at twice the size, nothing sticks out, not even a word of 240 letters."""
    page = open_tab(**options)
    visit(page, f"{app}/?q={quote('snares set by markup in reading lists')}")
    expect(page.locator("article h3").first).to_have_text(f"1. {HOSTILE_TITLE}")
    main = page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth") is True
    assert page.locator("article").first.evaluate("a => a.scrollWidth <= a.clientWidth") is True
