"""Take the pictures of the pages for the documentation: `python docs/screenshot.py`.

Needs Chromium. Builds an index of seeds/ in a folder that is thrown away; one seed comes in later
than the others, so that there is something new.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

from playwright.sync_api import Browser, sync_playwright

from search import Library, Searcher

_ROOT = Path(__file__).resolve().parent.parent
_QUERY = "how could the brain learn without backpropagation"
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_SECONDS = 120  # to wait for the page; the first search loads the model
_NOTES = ("For the reading group", "", "Compare with figure 2 of ours")
_DARK = {"paper", "topics"}


def main(folder: Path) -> None:
    """Save a picture of each page to `folder`."""
    with tempfile.TemporaryDirectory() as data:
        environment = os.environ | {"ABSTRACTS_DATA": data}
        pages = sorted(str(page.relative_to(_ROOT)) for page in (_ROOT / "seeds").glob("*.txt"))
        for sources in (pages[1:], ["seeds"]):
            build = [sys.executable, "-m", "index", "build", *sources]
            subprocess.run(build, cwd=_ROOT, env=environment, check=True)  # noqa: S603
        addresses = _addresses(Searcher.open(data), Library(data))
        with _served(environment) as address, _browser() as browser:
            for name, rest in addresses.items():
                _take(browser, f"{address}/{rest}", folder / f"{name}.png", dark=name in _DARK)


def _addresses(searcher: Searcher, library: Library) -> dict[str, str]:
    """Picture -> address of what it shows. A few papers are saved, so that there is a library."""
    ids = [hit.paper.paper_id for hit in searcher.search(_QUERY)]
    for paper_id, note in zip(ids[1:], _NOTES, strict=False):
        library.save("Credit assignment", searcher.paper(paper_id), note)
    library.save("To read", searcher.paper(ids[5]))
    came = f"search?{urlencode({'q': _QUERY})}"
    tray = [("q", _QUERY), ("like", ids[1]), ("like", ids[2]), ("unlike", ids[0]), ("trail", came)]
    return {
        "search": "?" + urlencode({"q": _QUERY}),
        "like": "?" + urlencode(tray),
        "paper": "paper?" + urlencode({"id": ids[4], "trail": came}),
        "topics": "topics",
        "new": "new?" + urlencode({"list": "Credit assignment"}),
        "library": "library?" + urlencode({"list": "Credit assignment"}),
        "index": "index",
    }


@contextlib.contextmanager
def _served(environment: dict[str, str]) -> Iterator[str]:
    """The app over the index that the environment names; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--server.headless=true", f"--server.port={port}", "--server.fileWatcherType=none"]
    serve = [sys.executable, "-m", "streamlit", "run", "app.py", *options]
    with subprocess.Popen(serve, cwd=_ROOT, env=environment) as server:  # noqa: S603
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(f"{address}/_stcore/health")
            yield address
        finally:
            server.terminate()


def _wait_for(address: str) -> None:
    for _ in range(_SECONDS):
        with contextlib.suppress(OSError), urlopen(address, timeout=1):  # noqa: S310
            return
        time.sleep(1)
    raise TimeoutError(f"nothing answers at {address}")


@contextlib.contextmanager
def _browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if path is None:
        raise FileNotFoundError(f"none of {', '.join(_CHROMIUM)} is installed")
    flags = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


def _take(browser: Browser, address: str, picture: Path, *, dark: bool) -> None:
    scheme = "dark" if dark else "light"
    page = browser.new_page(viewport={"width": 1300, "height": 1000}, color_scheme=scheme)
    page.set_default_timeout(_SECONDS * 1000)
    page.goto(address)
    page.get_by_role("button", name="Keys").wait_for()  # it is drawn last
    page.locator("[data-test-script-state=notRunning]").wait_for()
    page.mouse.move(0, 0)
    page.wait_for_timeout(1500)  # for fonts, the map and fading
    page.screenshot(path=picture)
    page.close()


if __name__ == "__main__":
    main(Path(__file__).parent)
