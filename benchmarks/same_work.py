"""Measure how well and how fast versions of one work are recognised.

    python -m benchmarks.same_work near NEAR_DUPLICATES.jsonl
    python -m benchmarks.same_work scale PAPERS.jsonl[.gz] [--sizes 10000 20000 40000]
    python -m benchmarks.same_work pairs PAIRS.jsonl
    python -m benchmarks.same_work tables PAIRS.jsonl [PAIRS.jsonl ...]

`near` takes pairs {"kept": record, "dup": record} of one work out of real dumps and reports the
share that is joined. `scale` takes distinct papers (and mixtures of them, where there are too few),
adds a copy with a cut-off abstract of one in ten, groups all of them as a build does, and reports
processor seconds, false joins, copies found, and the most memory that the process has used so far.

`pairs` takes labelled pairs of records without abstracts (`training/pairs.py`) and decides about
each by itself. `tables` puts all their records, each once, into one library, as a user who imports
both bibliographies would, groups it, and looks whether the records of each pair are in one group.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.mixtures import Dump
from index.dedupe import group
from index.evidence import compare
from index.features import Background, Features
from index.identity import by_id, with_ids
from index.records import Mention
from index.staging import Staging
from index.text import fold_space
from training.agreement import quality
from training.names import records
from training.pairs import Pair, Quality, read_pairs

COPIED = 10  # one in so many papers has a copy


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


def scale(records: Distinct, size: int, scratch: Path) -> dict[str, Any]:
    """Group `size` distinct papers and cut-off copies of one in ten, all kept on the disk."""
    copies = 0
    with Staging(scratch / "staging") as staging:
        for line in range(1, size + 1):
            mention = to_mention(records[line - 1], "dump", line)
            staging.stated.append(mention)
            if line % COPIED == 0 and mention.abstract and len(mention.abstract) > 400:
                cut = mention.abstract[:300].rstrip()
                copy = Mention("copies", line, line, abstract=cut, abstract_truncated=True)
                staging.stated.append(copy)
                copies += 1
        started = time.process_time()
        mentions = staging.stated.named()
        grouping = group(mentions)
        seconds = time.process_time() - started
        several = [g for g in grouping.groups if len(g) > 1]
        lines = [[mentions[m].line_start for m in g] for g in several]
    joined = [sorted(set(g)) for g in lines if len(set(g)) > 1]
    return {
        "papers": size,
        "of_them_real": min(size, len(records)),
        "mentions": len(mentions),
        "cpu_seconds": round(seconds, 1),
        "milliseconds_a_mention": round(1000 * seconds / len(mentions), 3),
        "pairs_compared": grouping.compared,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "copies": copies,
        "copies_alone_with_theirs": sum(len(set(g)) == 1 for g in lines),
        "groups_of_several_records": len(joined),
        "examples": joined[:5],
    }


class Distinct:
    """As many distinct records as wanted: those of a dump, and then records made of very many.

    Each sentence of these has its first words from one sentence, its middle from another and its
    end from a third, each title its halves from two, and each author the first names of one and the
    surname of another; lengths, years and venues are those of real papers. So words and names come
    as often as in real papers, and no sentence or title is anybody else's, as it is in real papers.
    """

    def __init__(self, dump: Dump) -> None:
        self._dump = dump
        records = [dump[number] for number in range(len(dump))]
        self._sentences = [s for record in records for s in record["sentences"]]
        self._names = [n for record in records for n in record.get("authors") or () if n.strip()]
        self._titles = [record["title"] for record in records]

    def __len__(self) -> int:
        """How many are real."""
        return len(self._dump)

    def __getitem__(self, number: int) -> dict[str, Any]:
        if number < len(self._dump):
            return self._dump[number]
        rng = random.Random(number)
        like = self._dump[rng.randrange(len(self._dump))]
        return {
            "title": _spliced(rng.choices(self._titles, k=2)),
            "abstract": " ".join(
                _spliced(rng.choices(self._sentences, k=3)) for _ in like["sentences"]
            ),
            "authors": [
                " ".join([*first.split()[:-1], last.split()[-1]])
                for first, last in (
                    rng.choices(self._names, k=2) for _ in like.get("authors") or ()
                )
            ],
            "year": like.get("year"),
            "venue": like.get("venue"),
        }


def _spliced(texts: Sequence[str]) -> str:
    """The first words of the first text, the next of the second, and so on, in like shares."""
    parts = [text.split() for text in texts]
    n = len(parts)
    return " ".join(
        word
        for k, words in enumerate(parts)
        for word in words[len(words) * k // n : len(words) * (k + 1) // n]
    )


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
    parser.add_argument("--scratch", metavar="DIR", help="of `scale`, where there is room")
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
            with TemporaryDirectory(dir=arguments.scratch) as scratch:
                distinct = Distinct(Dump(Path(file), Path(scratch)))
                for size in arguments.sizes:
                    print(json.dumps(scale(distinct, size, Path(scratch))), flush=True)


if __name__ == "__main__":
    main()
