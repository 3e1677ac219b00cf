"""Measure how well and how fast versions of one work are recognised.

    python -m benchmarks.same_work near NEAR_DUPLICATES.jsonl
    python -m benchmarks.same_work scale PAPERS.jsonl[.gz] [--sizes 10000 20000 40000]

`near` takes pairs {"kept": record, "dup": record} of one work out of real dumps and reports the
share that is joined. `scale` takes distinct papers, adds a copy with a cut-off abstract of one in
ten, groups all of them, and reports seconds, false joins and copies found.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from index.dedupe import group
from index.evidence import compare
from index.features import Background, Features
from index.identity import with_ids
from index.records import Mention
from index.text import fold_space
from training.names import records


def to_mention(record: dict[str, Any], source: str, line: int) -> Mention:
    """A record of a dump as a mention; an id that starts with "arxiv:" is the arXiv id."""
    identifier = record.get("id", "")
    return Mention(
        source=source,
        line_start=line,
        line_end=line,
        title=fold_space(record["title"]),
        authors=tuple(record.get("authors") or ()),
        year=record.get("year"),
        venue=record.get("venue"),
        abstract=fold_space(record.get("abstract") or "") or None,
        arxiv=identifier[6:] if identifier.startswith("arxiv:") else None,
    )


def near(path: Path) -> dict[str, Any]:
    """Share of labelled pairs that some rule joins."""
    background = Background.load()
    rules: Counter[str] = Counter()
    for number, pair in enumerate(records(path), 1):
        a, b = (Features(to_mention(pair[k], k, number), background) for k in ("kept", "dup"))
        evidence = compare(a, b)
        rules[evidence.rule if evidence else "not joined"] += 1
    total = sum(rules.values())
    return {"pairs": total, "joined": round(1 - rules["not joined"] / total, 4), "rules": rules}


def scale(path: Path, size: int) -> dict[str, Any]:
    """Group `size` distinct papers and cut-off copies of one in ten."""
    mentions: list[Mention] = []
    copies = 0
    for line, record in zip(range(1, size + 1), records(path), strict=False):
        mention = to_mention(record, "dump", line)
        mentions.append(mention)
        if line % 10 == 0 and mention.abstract and len(mention.abstract) > 400:
            copy = {"title": None, "authors": (), "arxiv": None, "year": None, "venue": None}
            cut = mention.abstract[:300].rstrip()
            mentions.append(
                Mention("copies", line, line, abstract=cut, abstract_truncated=True, **copy)
            )
            copies += 1
    named = with_ids(mentions)
    line_of = {m.mention_id: m.line_start for m in named}
    started = time.perf_counter()
    grouping = group(named)
    seconds = time.perf_counter() - started
    lines = [[line_of[m] for m in g] for g in grouping.groups if len(g) > 1]
    right = sum(len(set(g)) == 1 for g in lines)
    joined = [sorted(set(g)) for g in lines if len(set(g)) > 1]
    return {
        "mentions": len(named),
        "seconds": round(seconds, 1),
        "copies": copies,
        "copies_alone_with_theirs": right,
        "groups_of_several_records": len(joined),
        "examples": joined[:5],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=("near", "scale"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 20_000, 40_000])
    arguments = parser.parse_args()
    if arguments.what == "near":
        print(json.dumps(near(arguments.file), indent=2))
        return
    for size in arguments.sizes:
        print(json.dumps(scale(arguments.file, size)), flush=True)


if __name__ == "__main__":
    main()
