"""Measure how well and how fast versions of one work are recognised.

    python -m benchmarks.same_work near NEAR_DUPLICATES.jsonl
    python -m benchmarks.same_work scale PAPERS.jsonl[.gz] [--sizes 10000 20000 40000]
    python -m benchmarks.same_work pairs PAIRS.jsonl
    python -m benchmarks.same_work tables PAIRS.jsonl [PAIRS.jsonl ...]

`near` takes pairs {"kept": record, "dup": record} of one work out of real dumps and reports the
share that is joined. `scale` takes distinct papers (and mixtures of them, where there are too few),
adds a copy with a cut-off abstract of one in ten, groups all of them, and reports processor
seconds, false joins and copies found.

`pairs` takes labelled pairs of records without abstracts (`training/pairs.py`) and decides about
each by itself. `tables` puts all their records, each once, into one library, as a user who imports
both bibliographies would, groups it, and looks whether the records of each pair are in one group.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from index.dedupe import group
from index.evidence import compare
from index.features import Background, Features
from index.identity import by_id, with_ids
from index.records import Mention
from index.text import fold_space, sentence_spans
from training.agreement import quality
from training.names import records
from training.pairs import Pair, Quality, read_pairs


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
    for line, record in enumerate(_papers(path, size), 1):
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
    started = time.process_time()
    grouping = group(by_id(named))
    seconds = time.process_time() - started
    lines = [[line_of[m] for m in g] for g in grouping.groups if len(g) > 1]
    right = sum(len(set(g)) == 1 for g in lines)
    joined = [sorted(set(g)) for g in lines if len(set(g)) > 1]
    return {
        "mentions": len(named),
        "cpu_seconds": round(seconds, 1),
        "copies": copies,
        "copies_alone_with_theirs": right,
        "groups_of_several_records": len(joined),
        "examples": joined[:5],
    }


def _papers(path: Path, size: int) -> Iterator[dict[str, Any]]:
    """The records of the file; where there are too few, mixtures of them follow.

    A mixture has the beginning of one title and the end of another, six sentences of six abstracts,
    and the authors, year and venue of a ninth paper. So each sentence is in several papers, which
    asks more of the grouping than real papers do.
    """
    real = list(islice(records(path), size))
    yield from real
    rng = random.Random(1)
    sentences = [
        text[start:end]
        for record in real
        for text in [fold_space(record.get("abstract") or "")]
        for start, end in sentence_spans(text)
    ]
    for _ in range(size - len(real)):
        one, other, signed = rng.sample(real, 3)
        begins, ends = one["title"].split(), other["title"].split()
        title = " ".join([*begins[: len(begins) // 2 + 1], *ends[len(ends) // 2 :]])
        abstract = " ".join(rng.sample(sentences, 6))
        yield {
            "title": title,
            "abstract": abstract,
            **{field: signed.get(field) for field in ("authors", "year", "venue")},
        }


def tables(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Group the records of all pairs at once, and look where those of each pair are."""
    sides = [(_record(pair.left), _record(pair.right)) for pair in pairs]
    named = with_ids({record for side in sides for record in side})
    identifier = {replace(m, mention_id=""): m.mention_id for m in named}
    started = time.perf_counter()
    grouping = group(by_id(named))
    seconds = time.perf_counter() - started
    home = {m: number for number, members in enumerate(grouping.groups) for m in members}
    places = [(home[identifier[left]], home[identifier[right]]) for left, right in sides]
    quality_of_groups = Quality.of(
        (one == other, pair.same) for (one, other), pair in zip(places, pairs, strict=True)
    )
    return {
        "records": len(named),
        "groups": len(grouping.groups),
        "pairs": len(pairs),
        "seconds": round(seconds, 1),
        **quality_of_groups.figures(),
    }


def _record(mention: Mention) -> Mention:
    """Without its line, so that a record of several pairs is one."""
    return replace(mention, line_start=1, line_end=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=("near", "scale", "pairs", "tables"))
    parser.add_argument("files", metavar="FILE", nargs="+")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 20_000, 40_000])
    arguments = parser.parse_args()
    if arguments.what == "tables":
        pairs = [pair for file in arguments.files for pair in read_pairs(file)]
        print(json.dumps(tables(pairs), indent=2))
        return
    for file in arguments.files:
        if arguments.what == "near":
            print(json.dumps(near(Path(file)), indent=2))
        elif arguments.what == "pairs":
            print(json.dumps({"file": file, **quality(read_pairs(file)).figures()}), flush=True)
        else:
            for size in arguments.sizes:
                print(json.dumps(scale(Path(file), size)), flush=True)


if __name__ == "__main__":
    main()
