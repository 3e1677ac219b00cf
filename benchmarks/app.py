"""A search from the key press to the papers on the screen, in a real browser.

    python -m benchmarks.corpus PAPERS.jsonl[.gz] DATA
    python -m benchmarks.app DATA [--questions 40] [--json FILE]

Serves the app over the index in DATA, opens it in headless Chromium and asks sentences out of the
abstracts, chosen at random, one after the other, after a few to warm up. Times are taken by the
page itself: from the press of Enter to the first hit of the new answer, and to the whole page
standing still. The alternative, in the same run: the same questions asked a second time; and the
answer as a Python call gives it, without any page. Then it opens the map, and clicks on papers.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import numpy as np
from playwright.sync_api import Page, sync_playwright

from index.text import sentence_spans
from search import Searcher

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
CLICKS = 10  # on the map
WARM = 5  # questions before the clock runs
LEAST, MOST = 8, 25  # words of a question

# Starts the clock at the press of Enter, stops it when another first hit is drawn.
CLOCK = """() => {
  const first = () => document.querySelector('.st-key-hit-1 article')?.innerText ?? '';
  const before = first();
  window.__first = new Promise((done) => {
    document.addEventListener('keydown', () => {
      const started = performance.now();
      window.__started = started;
      const watch = new MutationObserver(() => {
        if (first() === before) return;
        watch.disconnect();
        requestAnimationFrame(() => done(performance.now() - started));
      });
      watch.observe(document.body, { subtree: true, childList: true, characterData: true });
    }, { once: true, capture: true });
  });
}"""
STILL = """() => {
  const state = document.querySelector('[data-testid=stApp]').dataset.testScriptState;
  return state === 'notRunning' && document.querySelectorAll('article').length >= 10
    ? performance.now() - window.__started : null;
}"""

DRAWN = """() => {
  const traces = document.querySelector('.js-plotly-plot')?._fullData?.length;
  const state = document.querySelector('[data-testid=stApp]')?.dataset.testScriptState;
  return state === 'notRunning' && traces ? traces : null;
}"""
LISTED = "() => document.querySelector('article h3')?.innerText ?? ''"
# Where the first point of a trace is on the screen.
POINT = """trace => {
  const chart = document.querySelector('.js-plotly-plot'), layout = chart._fullLayout;
  const data = chart._fullData[trace], box = chart.getBoundingClientRect();
  return [box.left + layout.xaxis._offset + layout.xaxis.d2p(data.x[0]),
          box.top + layout.yaxis._offset + layout.yaxis.d2p(data.y[0])];
}"""


@contextlib.contextmanager
def served(data: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--server.headless=true", f"--server.port={port}", "--server.fileWatcherType=none"]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", *options]
    environment = os.environ | {"ABSTRACTS_DATA": str(data)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as server:  # noqa: S603
        try:
            for _ in range(120):
                with (
                    contextlib.suppress(OSError),
                    urlopen(f"http://127.0.0.1:{port}/_stcore/health"),
                ):
                    break
                time.sleep(1)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def questions(searcher: Searcher, number: int) -> list[str]:
    """Sentences of random abstracts, of middling length."""
    chance = random.Random(20)
    found: list[str] = []
    while len(found) < number:
        paper = searcher.snapshot.papers_at([chance.randrange(len(searcher))])[0]
        text = paper.abstract or ""
        spans = [text[a:b] for a, b in sentence_spans(text)]
        found += [chance.choice(spans)] if spans else []
        found = [q for q in found if LEAST <= len(q.split()) <= MOST]
    return found


def asked(page: Page, question: str) -> tuple[float, float]:
    """Milliseconds to the first hit, and to the page standing still."""
    box = page.get_by_role("textbox", name="Search")
    box.fill(question)
    page.evaluate(CLOCK)
    box.press("Enter")
    first = page.evaluate("() => window.__first")
    still = page.wait_for_function(STILL, polling=20).json_value()
    return first, still


def on_the_map(page: Page, address: str) -> tuple[float, list[float]]:
    """Milliseconds until the map stands with all its points, and from each click to its paper."""
    started = time.perf_counter()
    page.goto(f"{address}/topics")
    traces = page.wait_for_function(DRAWN, polling=20).json_value()
    drawn = (time.perf_counter() - started) * 1000
    times = []
    for trace in range(1, min(traces, CLICKS + 1)):
        x, y = page.evaluate(POINT, trace)
        before = page.evaluate(LISTED)
        started = time.perf_counter()
        page.mouse.click(x, y)
        page.wait_for_function(f"before => ({LISTED})() !== before", arg=before, polling=20)
        times.append((time.perf_counter() - started) * 1000)
    return drawn, times


def in_browser(data: Path, asking: list[str]) -> dict[str, list[float]]:
    path = next(filter(None, map(shutil.which, CHROMIUM)))
    with served(data) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1300, "height": 900})
        page.set_default_timeout(120_000)
        page.goto(address)
        for question in asking[:WARM]:
            asked(page, question)
        timed = asking[WARM:]
        rows = {}
        for kind in ("new question", "same question again"):
            times = [asked(page, question) for question in timed]
            rows[f"first hit, {kind}"] = [first for first, _ in times]
            rows[f"whole page, {kind}"] = [still for _, still in times]
        drawn, clicks = on_the_map(page, address)
        browser.close()
    return rows | {"map with all points": [drawn], "click on the map to the paper": clicks}


def as_calls(data: Path, asking: list[str]) -> list[float]:
    """Milliseconds of the Python call for ten hits."""
    searcher = Searcher.open(data)
    times = []
    for question in asking:
        started = time.perf_counter()
        searcher.ask(question)
        times.append((time.perf_counter() - started) * 1000)
    return times[WARM:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    searcher = Searcher.open(options.data)
    asking, papers = questions(searcher, WARM + options.questions), len(searcher)
    del searcher
    calls = as_calls(options.data, asking)
    rows = in_browser(options.data, asking) | {"Python call, new question": calls}
    print(f"{papers:,} papers, {options.questions} questions; milliseconds: median, 95 of 100")
    for name, values in rows.items():
        median, late = np.percentile(values, [50, 95])
        print(f"{name:35} {median:7.0f} {late:7.0f}")
    ratio = np.median(rows["first hit, new question"]) / np.median(calls)
    print(f"first hit in the browser / Python call for ten: {ratio:.2f}")
    if options.json:
        options.json.write_text(json.dumps({"papers": papers, **rows}))


if __name__ == "__main__":
    main()
