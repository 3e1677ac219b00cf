"""A real browser before the real app, served by Streamlit, over an index made by the real model.

One source beside the seeds is hostile: whatever its text would do if it were obeyed, it sets
`window.__pwned`, opens a dialog or calls a foreign address. Each test ends by seeing that nothing
of the kind happened, on any page.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Dialog,
    Page,
    Request,
    ViewportSize,
    expect,
    sync_playwright,
)

from index.build import build
from index.encoder import Encoder
from index.records import Paper
from index.text import plain
from search.engine import Searcher
from search.hits import Hit
from tests.conftest import SEEDS, works_page

ROOT = Path(__file__).resolve().parents[2]
QUERY = "how could the brain learn without backpropagation"
SECONDS = 60  # to wait for the server or for the page; the first answer loads the model
SIZE = ViewportSize(width=1200, height=900)
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
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
# What a formula that never ends costs, if a page reads it as a formula.
BOMB = "$" + "\\def\\a{\\a\\a}\\a" + "$ " + "{" * 200


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seeds and a hostile page, in one folder."""
    folder = tmp_path_factory.mktemp("browser") / "sources"
    shutil.copytree(SEEDS, folder)
    page = works_page(
        ("preprint2023<i>arXiv</i>", HOSTILE_TITLE, HOSTILE_ABSTRACT),
        ("article2024=cmd()", f"Bombs {BOMB}", f"A bomb in a formula goes off never. {BOMB} End."),
    )
    (folder / HOSTILE_FILE).write_text(page, encoding="utf-8")
    (folder / "letter.txt").write_text(HOSTILE_LETTER, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def data(sources: Path, real_encoder: Encoder) -> Path:
    """The index of the sources. To be read only."""
    folder = sources.parent / "data"
    build([sources], folder, encoder=real_encoder)
    return folder


@pytest.fixture(scope="session")
def searcher(data: Path, real_encoder: Encoder) -> Iterator[Searcher]:
    """Asks the same index as the pages do."""
    searcher = Searcher.open(data, encoder=real_encoder)
    yield searcher
    searcher.snapshot.close()


@contextlib.contextmanager
def served(data: Path, log: Path) -> Iterator[str]:
    """The app, serving an index; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--server.headless=true", f"--server.port={port}", "--server.fileWatcherType=none"]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", *options]
    environment = os.environ | {"ABSTRACTS_DATA": str(data)}
    with log.open("wb") as out:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_until_served(f"{address}/_stcore/health", server, log)
            yield address
        finally:
            server.terminate()
            server.wait(timeout=SECONDS)
    assert "Traceback" not in log.read_text()


def _wait_until_served(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + SECONDS
    while server.poll() is None and time.monotonic() < end:
        try:
            with urlopen(address, timeout=1):
                return
        except (URLError, TimeoutError):
            time.sleep(0.2)
    pytest.fail(f"the app did not start: {log.read_text()}")


@pytest.fixture(scope="session")
def app(data: Path) -> Iterator[str]:
    """The app over `data`; its address. Nothing may be saved or rebuilt in it."""
    with served(data, data.parent / "streamlit.log") as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        missing = f"none of {', '.join(CHROMIUM)} is on the PATH"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def window(browser: Browser) -> Iterator[BrowserContext]:
    """The window of all tabs that ask for nothing special; Streamlit's scripts are read once."""
    with browser.new_context(viewport=SIZE) as window:
        yield window


OpenTab = Callable[..., Page]


@pytest.fixture
def open_tab(browser: Browser, window: BrowserContext) -> Iterator[OpenTab]:
    """Opens browser tabs. Afterwards nothing hostile has run and nothing has failed in any."""
    mishaps: list[str] = []
    tabs: list[Page] = []

    def note_dialog(dialog: Dialog) -> None:
        mishaps.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def note_request(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            mishaps.append(f"request to {request.url}")

    def open_one(**options: object) -> Page:
        page = browser.new_page(**{"viewport": SIZE, **options}) if options else window.new_page()
        page.set_default_timeout(SECONDS * 1000)
        page.on("dialog", note_dialog)
        page.on("pageerror", lambda error: mishaps.append(f"error: {error}"))
        page.on("request", note_request)
        tabs.append(page)
        return page

    yield open_one
    for page in tabs:
        assert page.evaluate("window.__pwned") is None
        page.close()
    assert mishaps == []


@pytest.fixture
def page(open_tab: OpenTab) -> Page:
    """A fresh browser tab."""
    return open_tab()


def expect_papers(page: Page, papers: Sequence[Paper]) -> None:
    """The articles on the page come to be these papers in this order."""
    wanted = [f"{i}. {plain(paper.display_title)}" for i, paper in enumerate(papers, 1)]
    expect(page.locator("article h3")).to_have_text(wanted)


def papers_of(hits: Sequence[Hit]) -> list[Paper]:
    return [hit.paper for hit in hits]


def visit(page: Page, address: str) -> None:
    """Go to an address and wait until the page stands: a click then meets what it is meant for."""
    page.goto(address)
    is_still(page)


def ask(page: Page, query: str) -> None:
    """Type a query and press Enter."""
    box = page.get_by_role("textbox", name="Search")
    box.fill(query)
    box.press("Enter")


def scrolled(page: Page) -> int:
    """How far down the page is scrolled, in pixels."""
    return int(page.get_by_test_id("stMain").evaluate("main => main.scrollTop"))


def is_still(page: Page) -> None:
    """Wait until the page is drawn to its end, and nothing more is coming."""
    expect(page.locator(".st-key-help button")).to_have_count(1)  # on a phone it is hidden
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    page.wait_for_function("() => window.__place !== undefined")  # it listens to keys


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser that shares two cores with the server may miss a moment, so each test has a second
    try, of which pytest tells; what fails twice is wrong.
    """
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))
