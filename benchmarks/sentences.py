"""Which way of choosing the sentence to show agrees best with a choice made by reading.

    python -m benchmarks.sentences [SOURCE ...] [--cases FILE]

Builds an index of the sources (the seeds) and takes the cases of tests/truth/sentences.json: a
query, a paper, and the beginnings of the sentences of its abstract that should be shown. For
each way it is counted how often the sentence chosen is one of them, and how long a choice takes on
one thread, ten abstracts at a time as for an answer.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from index.analysis import Stemmer
from index.build import build
from index.encoder import Encoder, load_encoder
from index.snapshot import Snapshot
from index.text import sentence_spans
from search.sentences import SentenceFinder

CASES = Path("tests/truth/sentences.json")
AT_ONCE = 10  # abstracts


@dataclass(frozen=True, slots=True)
class Case:
    """A question to an abstract."""

    query: str
    sentences: Sequence[str]
    best: frozenset[int]  # places of the sentences that should be shown


Way = Callable[[str, Sequence[Sequence[str]]], list[int]]  # query, abstracts: a sentence of each


def read_cases(path: Path, snapshot: Snapshot) -> list[Case]:
    """The cases whose papers the index has."""
    abstracts = {paper.title: paper.abstract or "" for paper in snapshot.papers()}
    cases = []
    for told in json.loads(path.read_text(encoding="utf-8")):
        abstract = abstracts[told["title"]]
        sentences = [abstract[a:b] for a, b in sentence_spans(abstract)]
        begun = [s.startswith(tuple(told["best"])) for s in sentences]
        best = frozenset(np.flatnonzero(begun).tolist())
        cases.append(Case(told["query"], sentences, best))
    return cases


def ways(encoder: Encoder) -> dict[str, Way]:
    """Each way by its name."""
    stemmer, finder = Stemmer(), SentenceFinder()

    def embedded(query: str, abstracts: Sequence[Sequence[str]]) -> list[int]:
        vector = encoder.encode_query([query])[0]
        cosines = encoder.encode_document([s for each in abstracts for s in each]) @ vector
        ends = np.cumsum([len(each) for each in abstracts])[:-1]
        return [int(np.argmax(part)) for part in np.split(cosines, ends)]

    def shared(query: str, abstracts: Sequence[Sequence[str]]) -> list[int]:
        return [int(np.argmax([stemmer.coverage(query, s) for s in each])) for each in abstracts]

    def ours(query: str, abstracts: Sequence[Sequence[str]]) -> list[int]:
        texts = [" ".join(each) for each in abstracts]
        spans = finder.best(query, texts)
        return [
            sentence_spans(text).index(span) if span else 0
            for text, span in zip(texts, spans, strict=True)
        ]

    return {
        "always the first": lambda _, abstracts: [0] * len(abstracts),
        "most of the query's words": shared,
        "nearest embedding": embedded,
        "words and word vectors (ours)": ours,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sources", nargs="*", default=["seeds"], metavar="SOURCE")
    parser.add_argument("--cases", type=Path, default=CASES)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    encoder = load_encoder()
    with tempfile.TemporaryDirectory() as folder:
        build(arguments.sources, folder, encoder=encoder)
        with Snapshot.open(Path(folder)) as snapshot:
            cases = read_cases(arguments.cases, snapshot)
    chance = sum(len(case.best) / len(case.sentences) for case in cases)
    print(f"{len(cases)} cases; by lot {chance:.0f} would be right\n")
    print(f"{'':32} right   ms for {AT_ONCE} abstracts")
    for name, way in ways(encoder).items():
        right = sum(way(case.query, [case.sentences])[0] in case.best for case in cases)
        taken = []
        for start in range(0, len(cases), AT_ONCE):
            some = cases[start : start + AT_ONCE]
            started = time.thread_time()
            way(some[0].query, [case.sentences for case in some])
            taken.append(1000 * (time.thread_time() - started))
        print(f"{name:32} {right:5}   {statistics.median(taken):8.1f}")


if __name__ == "__main__":
    main()
