"""Search by words: ours (Tantivy) against SQLite FTS5 and bm25s, in the same run.

    python -m benchmarks.lexical PAPERS.jsonl[.gz] [--papers N] [--queries 200]

bm25s is no dependency of the project: `pip install bm25s PyStemmer` first; without it that engine
is left out. All index the same texts (title and abstract, no copy of the text kept), score by BM25
with k1 = 1.2 and b = 0.75 over stemmed words, take any document that shares a word, and answer one
query at a time on one thread. FTS5 may hold its whole index in memory, bm25s (NumPy) always does.

The queries are one sentence of each of 200 random abstracts, and three words of each of another
200. All engines are asked for the same words, without the common ones that ours leaves out; a time
runs from the string of the query to the list of rows. Everything is asked once to warm up, which
also gives the overlap; then for each query all engines are timed after one another in random order,
so that what else the machine does falls evenly on all. A build ends with the index on disk, FTS5's
and ours merged; ours also holds what conditions on fields and exact phrases need.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import re
import sqlite3
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np

from index.lexical import LexicalIndex
from index.records import Paper
from index.stop_words import ENGLISH_STOP_WORDS
from index.text import fold_space, sentence_spans
from training.names import records

Search = Callable[[str, int], list[int]]  # (query, k) -> rows, best first
Queries = dict[str, list[str]]  # kind -> queries
Times = dict[tuple[str, str, int], list[float]]  # (engine, kind, k) -> milliseconds

OURS = "ours"
DEPTHS = (10, 1000)
SHORTEST = 4  # letters of a keyword
LEAST_WORDS = 5  # of a sentence, the common ones not counted


def asked(query: str) -> list[str]:
    """The words of a query without the common ones, each once; the list is that of ours."""
    words = (word.lower() for word in re.findall(r"\w+", query))
    return list(dict.fromkeys(word for word in words if word not in ENGLISH_STOP_WORDS))


def build_ours(folder: Path, texts: list[str]) -> Search:
    papers = ((Paper.bare(str(row), None, text), text) for row, text in enumerate(texts))
    lexical = LexicalIndex.build(folder / "index", papers)
    return lambda query, k: lexical.search(query, k)[1].tolist()


def build_fts5(folder: Path, texts: list[str]) -> Search:
    database = sqlite3.connect(folder / "fts5.db")
    database.execute("PRAGMA cache_size = -1000000")  # in KiB, more than it needs
    database.execute(
        "CREATE VIRTUAL TABLE papers USING fts5(text, content='', tokenize='porter unicode61')"
    )
    database.executemany("INSERT INTO papers (rowid, text) VALUES (?, ?)", enumerate(texts))
    database.execute("INSERT INTO papers (papers) VALUES ('optimize')")
    database.commit()
    database.execute("VACUUM")

    # "rank" is bm25(papers); FTS5 sorts by it faster than by the function.
    best = "SELECT rowid FROM papers WHERE papers MATCH ? ORDER BY rank LIMIT ?"

    def search(query: str, k: int) -> list[int]:
        wanted = " OR ".join(f'"{word}"' for word in asked(query))
        return [row for (row,) in database.execute(best, (wanted, k))]

    return search


def build_bm25s(folder: Path, texts: list[str]) -> Search:
    bm25s = import_module("bm25s")
    stemmer = import_module("Stemmer").Stemmer("english")
    quiet = {"show_progress": False}
    index = bm25s.BM25(k1=1.2, b=0.75, backend="numpy")
    index.index(bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, **quiet), **quiet)
    index.save(folder / "bm25s", **quiet)

    def search(query: str, k: int) -> list[int]:
        words = " ".join(asked(query))
        tokens = bm25s.tokenize(words, stopwords="en", stemmer=stemmer, return_ids=False, **quiet)
        rows, scores = index.retrieve(
            tokens, k=min(k, len(texts)), backend_selection="numpy", **quiet
        )
        return rows[0][scores[0] > 0].tolist()

    return search


def engines() -> dict[str, Callable[[Path, list[str]], Search]]:
    """The engines there are, ours first."""
    builders = {OURS: build_ours, "fts5": build_fts5, "bm25s": build_bm25s}
    try:
        import_module("bm25s")
        import_module("Stemmer")
    except ImportError as error:
        print(f"bm25s is left out ({error}): pip install bm25s PyStemmer", file=sys.stderr)
        del builders["bm25s"]
    return builders


def choose_queries(abstracts: list[str], count: int, draw: random.Random) -> Queries:
    """`count` sentences and `count` sets of three words, each of another abstract."""
    sentences: list[str] = []
    keywords: list[str] = []
    for abstract in draw.sample(abstracts, len(abstracts)):
        spans = [abstract[start:end] for start, end in sentence_spans(abstract)]
        long = [sentence for sentence in spans if len(asked(sentence)) >= LEAST_WORDS]
        words = [word for word in asked(abstract) if word.isalpha() and len(word) >= SHORTEST]
        if len(sentences) < count and long:
            sentences.append(draw.choice(long))
        elif len(keywords) < count and len(words) >= 3:
            keywords.append(" ".join(draw.sample(words, 3)))
    return {"sentences": sentences, "keywords": keywords}


def overlaps(searches: dict[str, Search], queries: Queries) -> dict[str, float]:
    """Mean share of our ten best that each engine has among its own; runs all at each depth."""
    shares: dict[str, list[float]] = defaultdict(list)
    for query in itertools.chain.from_iterable(queries.values()):
        ours = set(searches[OURS](query, 10))
        for name, search in searches.items():
            found = {depth: search(query, depth) for depth in DEPTHS}
            shares[name].append(len(ours & set(found[10])) / max(1, len(ours)))
    return {name: round(float(np.mean(values)), 4) for name, values in shares.items()}


def timings(searches: dict[str, Search], queries: Queries, draw: random.Random) -> Times:
    """Milliseconds of every query, the engines after one another in random order for each."""
    times: Times = defaultdict(list)
    asks = [(kind, query) for kind, some in queries.items() for query in some]
    for kind, query in draw.sample(asks, len(asks)):
        for depth in DEPTHS:
            for name in draw.sample(list(searches), len(searches)):
                started = time.perf_counter()
                searches[name](query, depth)
                times[name, kind, depth].append(1000 * (time.perf_counter() - started))
    return times


def summary(times: Times, name: str) -> dict[str, dict[str, float]]:
    """Median and 95th percentile for each kind and depth, and the median as a multiple of ours."""
    report = {}
    for (engine, kind, depth), taken in sorted(times.items()):
        if engine == name:
            median, late = np.percentile(taken, [50, 95])
            report[f"{kind}, k={depth}"] = {
                "median_ms": round(float(median), 2),
                "p95_ms": round(float(late), 2),
                "times_ours": round(float(median / np.median(times[OURS, kind, depth])), 2),
            }
    return report


def measure(texts: list[str], queries: Queries, draw: random.Random) -> dict[str, dict]:
    """Build every engine, ask it, and report."""
    searches: dict[str, Search] = {}
    report: dict[str, dict] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, build in engines().items():
            folder = Path(scratch, name)
            folder.mkdir()
            started = time.perf_counter()
            searches[name] = build(folder, texts)
            seconds = time.perf_counter() - started
            size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
            report[name] = {"build_seconds": round(seconds, 1), "disk_mb": round(size / 1e6, 1)}
        shares = overlaps(searches, queries)
        times = timings(searches, queries, draw)
    for name, entry in report.items():
        entry["overlap_at_10_with_ours"] = shares[name]
        entry.update(summary(times, name))
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("papers_file", type=Path)
    parser.add_argument("--papers", type=int, help="the first so many (default: all)")
    parser.add_argument("--queries", type=int, default=200, help="of each kind")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    papers = list(itertools.islice(records(arguments.papers_file), arguments.papers))
    texts = [fold_space(f"{p['title']}. {p['abstract']}") for p in papers]
    draw = random.Random(arguments.seed)
    queries = choose_queries([fold_space(p["abstract"]) for p in papers], arguments.queries, draw)
    report = {
        "documents": len(texts),
        "queries": {kind: len(some) for kind, some in queries.items()},
        "engines": measure(texts, queries, draw),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
