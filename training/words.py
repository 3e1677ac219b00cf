"""Count in how many abstracts each word stands, for `index/evidence.py`.

    python training/words.py PAPERS.jsonl[.gz] --out index/words.json.gz

PAPERS has one JSON object a line with "abstract". The counts are a background: how much a shared
word says about two abstracts must not depend on what else a user happens to index.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from pathlib import Path

from index.text import words
from training.names import records

MIN_COUNT = 30  # a word rarer than this counts as if it stood in this many abstracts


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("papers", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    counts: Counter[str] = Counter()
    documents = 0
    for record in records(arguments.papers):
        if record.get("abstract"):
            counts.update(set(words(record["abstract"])))
            documents += 1
    kept = {w: n for w, n in sorted(counts.items()) if n >= MIN_COUNT}
    table = {"documents": documents, "rarest": MIN_COUNT, "counts": kept}
    packed = json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode()
    arguments.out.write_bytes(gzip.compress(packed, mtime=0))
    print(f"{len(kept)} words of {documents} abstracts")


if __name__ == "__main__":
    main()
