"""Count the character n-grams of personal names and of titles for `index/names.py`.

    python training/names.py PAPERS.jsonl[.gz] --out index/names.json.gz

PAPERS has one JSON object a line with "title" and "authors" (a list of names). One record in
twenty (by a hash of its id) is held out; the command ends with the error rate of splitting
"title + first authors" run together without a separator on the held-out records.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from index.names import END, ORDER, START, NameModel, fold

# Rarer n-grams are left to the shorter ones: measured, the error does not rise, the file is small.
MIN_COUNT = {"names": 4, "titles": 6}


def records(path: Path) -> Iterator[dict]:
    """The records of a JSON-lines file, packed with gzip or not."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        yield from map(json.loads, lines)


def held_out(record: dict) -> bool:
    """True for the twentieth of the records that the counts never see."""
    return hashlib.sha256(record["id"].encode()).digest()[0] % 20 == 0


def is_clean(name: str) -> bool:
    """False for several names in one string and other slips of the data."""
    return not any(mark in name for mark in (";", ",", " and ")) and 2 < len(name) < 60


def count(texts: Iterable[str], minimum: int) -> dict[str, int]:
    """Counts of all n-grams up to `ORDER`, those below `minimum` dropped beyond bigrams."""
    counts: Counter[str] = Counter()
    for text in texts:
        padded = START + fold(text) + END
        for end in range(2, len(padded) + 1):
            for start in range(max(0, end - ORDER), end):
                counts[padded[start:end]] += 1
    return {g: n for g, n in sorted(counts.items()) if n >= minimum or len(g) <= 2}


def error_rate(model: NameModel, papers: list[dict], seed: int = 7) -> tuple[int, int]:
    """(wrong, tried) when the first three authors follow the title without a separator."""
    wrong = 0
    random.Random(seed).shuffle(papers)
    for paper in papers:
        title, authors = " ".join(paper["title"].split()), paper["authors"][:3]
        found = model.split_title(title + ", ".join(authors))
        wrong += found != (title, tuple(authors))
    return wrong, len(papers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("papers", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    learn: list[dict] = []
    test: list[dict] = []
    for record in records(arguments.papers):
        if record.get("title") and record.get("authors"):
            (test if held_out(record) else learn).append(record)
    names = sorted({a for r in learn for a in r["authors"] if is_clean(a)})
    tables = {
        "names": count(names, MIN_COUNT["names"]),
        "titles": count((r["title"] for r in learn), MIN_COUNT["titles"]),
    }
    packed = json.dumps(tables, ensure_ascii=False, separators=(",", ":")).encode()
    arguments.out.write_bytes(gzip.compress(packed, mtime=0))
    clean = [r for r in test if all(map(is_clean, r["authors"]))][:2000]
    wrong, tried = error_rate(NameModel.load(arguments.out), clean)
    print(f"{wrong} of {tried} held-out lines split wrongly ({wrong / tried:.2%})")


if __name__ == "__main__":
    main()
