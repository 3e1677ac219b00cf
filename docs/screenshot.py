"""Take the pictures of the page for the documentation: `python docs/screenshot.py`.

Needs Chromium. Builds an index of seeds/ in a folder that is thrown away.
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
from urllib.request import urlopen

from playwright.sync_api import Page, sync_playwright

_ROOT = Path(__file__).resolve().parent.parent
_QUERY = "how could the brain learn without backpropagation"
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_SECONDS = 120  # to wait for the page; the first search loads the model


def main(folder: Path) -> None:
    """Save search.png and like.png to `folder`."""
    with tempfile.TemporaryDirectory() as data, _served(data) as address, _browser() as page:
        page.goto(f"{address}/?q={_QUERY}")
        page.get_by_text("More like this").first.wait_for(timeout=_SECONDS * 1000)
        _save(page, folder / "search.png")
        page.get_by_text("More like this").nth(1).click()
        page.get_by_role("heading", name="More like this").wait_for()
        _save(page, folder / "like.png")


@contextlib.contextmanager
def _served(data: str) -> Iterator[str]:
    """The app, serving an index of the seeds; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"ABSTRACTS_DATA": data}
    build = [sys.executable, "-m", "index", "build", "seeds"]
    subprocess.run(build, cwd=_ROOT, env=environment, check=True)  # noqa: S603
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
def _browser() -> Iterator[Page]:
    path = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if path is None:
        raise FileNotFoundError(f"none of {', '.join(_CHROMIUM)} is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser.new_page(viewport={"width": 1200, "height": 900}, color_scheme="light")
        browser.close()


def _save(page: Page, path: Path) -> None:
    # The running-man of Streamlit goes when the page is complete.
    page.get_by_test_id("stStatusWidget").wait_for(state="detached")
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)  # for fonts and fading
    page.screenshot(path=path)


if __name__ == "__main__":
    main(Path(__file__).parent)
