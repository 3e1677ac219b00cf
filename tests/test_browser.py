"""The page in a real browser, served by Streamlit, over an index made by the real model.

One source beside the seeds is hostile: whatever its text would do if it were obeyed, it sets
`window.__pwned`, opens a dialog or calls a foreign address. Each test ends by seeing that nothing
of the kind happened.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Dialog, Page, Request, expect, sync_playwright

from index.build import build
from index.encoder import Encoder
from index.records import Paper
from index.text import plain
from search.engine import Hit, Searcher
from tests.conftest import SEEDS, works_page

pytestmark = [pytest.mark.browser, pytest.mark.model]

ROOT = Path(__file__).resolve().parent.parent
QUERY = "how could the brain learn without backpropagation"
SECONDS = 60  # to wait for the server or for the page; the first answer loads the model
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

HOSTILE_TITLE = (
    "Snares <script>window.__pwned = 1</script> <img src=x onerror='window.__pwned = 1'> in the"
    " [titles](javascript:alert(1)) of :red[reading] **lists** :material/home: :smile: $\\LaTeX$"
)
HOSTILE_ABSTRACT = (
    "Snares in reading lists are set by <b onclick='alert(1)'>markup</b> and by"
    " [links](javascript:alert(1)) to <a href='javascript:alert(1)'>nowhere</a>."
    " The formula $\\alpha_1$ and `code` &lt;stay&gt; as they are, and so does"
    " </bdi></p></article><style>* { display: none }</style>."
    f" An override \u202egnp.exe\u202c is dropped and a {'very' * 60} long word is broken."
)
HOSTILE_FILE = "<img src=x onerror=window.__pwned=1>.txt"
HOSTILE_LETTER = "<script>window.__pwned = 1</script> is no list of papers.\n"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, real_encoder: Encoder) -> Path:
    """The index of the seeds and of a hostile folder."""
    folder = tmp_path_factory.mktemp("browser")
    hostile = folder / "hostile"
    hostile.mkdir()
    page = works_page(("preprint2023<i>arXiv</i>", HOSTILE_TITLE, HOSTILE_ABSTRACT))
    (hostile / HOSTILE_FILE).write_text(page, encoding="utf-8")
    (hostile / "letter.txt").write_text(HOSTILE_LETTER, encoding="utf-8")
    build([SEEDS, hostile], folder / "data", encoder=real_encoder)
    return folder / "data"


@pytest.fixture(scope="module")
def searcher(data: Path, real_encoder: Encoder) -> Iterator[Searcher]:
    """Asks the same index as the page does."""
    searcher = Searcher.open(data, encoder=real_encoder)
    yield searcher
    searcher.snapshot.close()


@pytest.fixture(scope="module")
def app(data: Path) -> Iterator[str]:
    """The app, being served; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--server.headless=true", f"--server.port={port}", "--server.fileWatcherType=none"]
    log = data.parent / "streamlit.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", *options],
            cwd=ROOT, env=os.environ | {"ABSTRACTS_DATA": str(data)}, stdout=out, stderr=out,
        )  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until_served(f"{address}/_stcore/health", server, log)
            yield address
        finally:
            server.kill()
            server.wait()
    assert "Traceback" not in log.read_text()


def wait_until_served(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + SECONDS
    while server.poll() is None and time.monotonic() < end:
        try:
            with urlopen(address, timeout=1):
                return
        except (URLError, TimeoutError):
            time.sleep(0.2)
    pytest.fail(f"the app did not start: {log.read_text()}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        missing = f"none of {', '.join(CHROMIUM)} is on the PATH"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, app: str) -> Iterator[Page]:
    """A fresh browser tab. Afterwards nothing hostile has run and nothing has failed in it."""
    mishaps: list[str] = []

    def note_dialog(dialog: Dialog) -> None:
        mishaps.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def note_request(request: Request) -> None:
        if not request.url.startswith((app, "data:", "blob:")):
            mishaps.append(f"request to {request.url}")

    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.on("dialog", note_dialog)
    page.on("pageerror", lambda error: mishaps.append(f"error: {error}"))
    page.on("request", note_request)
    yield page
    assert page.evaluate("window.__pwned") is None
    assert mishaps == []
    page.close()


def expect_papers(page: Page, papers: Sequence[Paper]) -> None:
    """The articles on the page come to be these papers in this order."""
    wanted = [plain(paper.display_title) for paper in papers]
    expect(page.locator("article h3")).to_have_text(wanted)


def papers_of(hits: Sequence[Hit]) -> list[Paper]:
    return [hit.paper for hit in hits]


def ask(page: Page, query: str) -> None:
    """Type a query and press Enter."""
    box = page.get_by_role("textbox", name="Search")
    box.fill(query)
    box.press("Enter")


def scrolled(page: Page) -> int:
    """How far down the page is scrolled, in pixels."""
    return int(page.get_by_test_id("stMain").evaluate("main => main.scrollTop"))


def test_a_typed_query_shows_hits(page: Page, app: str, searcher: Searcher) -> None:
    """Typing and Enter shows the ten hits in order, with a sentence marked, and a new address."""
    hits = searcher.search(QUERY)
    page.goto(app)
    ask(page, QUERY)
    expect_papers(page, papers_of(hits))
    marked = [hit.sentence for hit in hits if hit.sentence]
    expect(page.locator("article mark")).to_have_text(marked)
    assert re.search(r"\?q=how(\+|%20)could(\+|%20)the", page.url)


def test_more_like_this_and_back(page: Page, app: str, searcher: Searcher) -> None:
    """The button at a hit leads, at the top, to papers like it without it; back returns."""
    found = papers_of(searcher.search(QUERY))
    page.goto(f"{app}/?q={quote(QUERY)}")
    expect_papers(page, found)
    seed = found[7]
    page.get_by_role("button", name="More like this").nth(7).click()
    page.wait_for_url(f"**like={seed.paper_id}")
    similar = papers_of(searcher.similar([seed.paper_id]))
    assert seed not in similar
    expect_papers(page, [seed, *similar])
    assert scrolled(page) == 0
    page.go_back()
    expect_papers(page, found)
    assert "like=" not in page.url
    expect(page.get_by_role("textbox", name="Search")).to_have_value(QUERY)


def test_a_link_to_a_page_shows_the_same(page: Page, app: str, searcher: Searcher) -> None:
    """The address of any page, opened anew or reloaded, shows that page."""
    found = papers_of(searcher.search(QUERY))
    page.goto(f"{app}/?q={quote(QUERY)}&like={found[0].paper_id}")
    expect_papers(page, [found[0], *papers_of(searcher.similar([found[0].paper_id]))])
    page.goto(f"{app}/?q={quote(QUERY)}")
    expect_papers(page, found)
    page.reload()
    expect_papers(page, found)


def test_a_topic_can_be_opened(page: Page, app: str, searcher: Searcher) -> None:
    """A topic in the sidebar leads to its papers; "Show more" adds to them in place."""
    topic = searcher.topics()[0]
    page.goto(app)
    page.get_by_role("button", name=f"{topic.label} ({topic.size})").click()
    expect(page.get_by_role("heading", name=topic.label, exact=True)).to_be_visible()
    expect_papers(page, papers_of(searcher.on_topic(topic.topic_id, k=10)))
    assert f"topic={topic.topic_id}" in page.url
    page.get_by_role("button", name="Show more").click()
    expect_papers(page, papers_of(searcher.on_topic(topic.topic_id, k=20)))
    assert scrolled(page) > 0


def test_hostile_text_is_shown_character_for_character(page: Page, app: str) -> None:
    """Markup of every kind is readable as such, adds no element to the page, and does nothing."""
    page.goto(app)
    ask(page, "snares set by markup in reading lists <script>window.__pwned = 1</script>")
    article = page.locator("article").filter(has_text="Snares")
    expect(article.locator("h3")).to_have_text(HOSTILE_TITLE)
    text = article.inner_text()
    assert plain(HOSTILE_ABSTRACT) in text and "\u202e" not in text
    assert "2023 · <i>arXiv</i>" in text
    inside = article.locator("*").evaluate_all("all => [...new Set(all.map(e => e.localName))]")
    assert sorted(inside) == ["bdi", "h3", "mark", "p", "span"]
    article.locator("p").last.click()
    page.get_by_role("button", name="More like this").first.click()
    expect(page.get_by_role("heading", name="More like this")).to_be_visible()
    expect(page.locator("article h3").first).to_have_text(HOSTILE_TITLE)


def test_hostile_sources_are_shown_character_for_character(page: Page, app: str) -> None:
    """File names and quoted lines on the page about the index are shown and do nothing."""
    page.goto(app)
    page.get_by_role("button", name="What is indexed").click()
    expect(page.get_by_text(f"{HOSTILE_FILE}: 1 mention (works)")).to_be_visible()
    expect(page.get_by_text("<script>window.__pwned = 1</script> is no list")).to_be_visible()
    assert page.locator("li img, li script").count() == 0


def test_a_hostile_address_gives_a_message(page: Page, app: str) -> None:
    """An id in the address that is no id is quoted in a message and does nothing."""
    page.goto(f"{app}/?like={quote('<img src=x onerror=alert(1)>')}")
    expect(page.get_by_role("alert")).to_contain_text("<img src=x onerror=alert(1)>")


def test_off_topic_is_said(page: Page, app: str) -> None:
    """A query on nothing in the index is told that nothing fits well; the weak hits follow."""
    page.goto(app)
    ask(page, "train timetable for Sundays and public holidays")
    expect(page.get_by_role("alert")).to_contain_text("Nothing here fits well")
    expect(page.get_by_text("weak match").first).to_be_visible()


def test_a_phone_shows_all_of_the_width(page: Page, app: str) -> None:
    """At the width of a phone nothing sticks out, not even a word of 240 letters."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{app}/?q={quote('snares set by markup in reading lists')}")
    expect(page.locator("article h3").first).to_have_text(HOSTILE_TITLE)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth") is True
    assert page.locator("article").first.evaluate("a => a.scrollWidth <= a.clientWidth") is True
