"""How many typing slips are put right, and how many words that were meant are changed.

    python -m benchmarks.spelling COLLECTION ... [--seed 4]

COLLECTION is a folder in BEIR layout (`benchmarks.questions` makes some). One slip, drawn by the
seed, is put into one word of each query that the corpus knows: two letters swapped, one left out,
doubled or replaced.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from index.analysis import Stemmer
from index.lexical import LexicalIndex
from index.records import Paper
from search.evaluate import read_collection
from search.spelling import Speller

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def slip(word: str, rng: random.Random) -> str:
    """The word with one slip, not at its ends."""
    at = rng.randrange(1, len(word) - 1)
    kind = rng.choice(("swap", "drop", "replace", "double"))
    match kind:
        case "swap":
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        case "drop":
            return word[:at] + word[at + 1 :]
        case "replace":
            return word[:at] + rng.choice(LETTERS) + word[at + 1 :]
        case _:
            return word[: at + 1] + word[at:]


def measure(folder: Path, seed: int) -> dict[str, Any]:
    collection = read_collection(folder)
    rng, stemmer = random.Random(seed), Stemmer()
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        papers = (
            (Paper.bare(i, *found), " ".join(found)) for i, found in collection.documents.items()
        )
        lexical = LexicalIndex.build(Path(place) / "lexical", papers)
        speller = Speller(lexical)
        speller.correct("warmingup")
        spent = 0.0
        for text in collection.queries.values():
            counts["queries with a word changed that had no slip"] += bool(speller.correct(text)[1])
            able = [w for w in re.finditer("[a-z]{5,}", text) if lexical.papers_with(w.group())]
            if not able:
                continue
            word = rng.choice(able)
            typed = slip(word.group(), rng)
            if typed == word.group():
                continue
            started = time.perf_counter()
            _, fixes = speller.correct(text[: word.start()] + typed + text[word.end() :])
            spent += time.perf_counter() - started
            meant = [fix.meant for fix in fixes if fix.typed == typed]
            same = bool(meant) and stemmer.stems(meant[0]) == stemmer.stems(word.group())
            counts["slips"] += 1
            counts["put right" if same else "changed otherwise" if meant else "left"] += 1
    milliseconds = round(1000 * spent / max(counts["slips"], 1), 2)
    return {"collection": collection.name, "queries": len(collection.queries),
            **counts, "milliseconds a query": milliseconds}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--seed", type=int, default=4)
    arguments = parser.parse_args()
    print(json.dumps([measure(folder, arguments.seed) for folder in arguments.folders], indent=2))


if __name__ == "__main__":
    main()
