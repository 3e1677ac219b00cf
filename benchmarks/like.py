"""Papers like some examples, against the cosine with their centre, on systematic reviews.

    python -m benchmarks.like COLLECTION ... [--draws 20] [--model M]

COLLECTION is a folder in BEIR layout whose queries are documents: the papers that a review
included, each with the others as its answers. Some of the included papers, drawn by a fixed seed,
are given as examples, and the others looked for; with "unlike", three papers are given too that
stand among the first 20 and do not belong there. nDCG@20 and MAP come from ir-measures.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ir_measures
import numpy as np
from ir_measures import AP, nDCG

from index.encoder import DEFAULT_MODEL, Encoder, load_encoder
from index.snapshot import Snapshot
from search.evaluate import collection_index, read_collection
from search.example import ExampleRanker, Examples
from search.fusion import unit

COUNTS = (1, 3, 10, 20)
DEPTH = 1000
Found = dict[str, float]


class Review:
    """A collection, its index, and the rows of the papers that the review included."""

    def __init__(self, folder: Path, data: Path, encoder: Encoder) -> None:
        collection = read_collection(folder)
        self.name = collection.name
        self.snapshot: Snapshot = collection_index(collection, data, encoder)
        self.ids = [paper.paper_id for paper in self.snapshot.papers()]
        included = set(collection.qrels).union(*map(set, collection.qrels.values()))
        self.included = [row for row, name in enumerate(self.ids) if name in included]
        self.ranker = ExampleRanker(self.snapshot, encoder)

    def ours(self, like: Sequence[int], unlike: Sequence[int] = ()) -> Found:
        """What the engine finds, by row."""
        ranking = self.ranker.rank(Examples(like, unlike), DEPTH)
        return {str(r): -float(place) for place, r in enumerate(ranking.rows)}

    def by_centre(self, like: Sequence[int], unlike: Sequence[int] = ()) -> Found:
        """What the cosine with the mean of the examples finds, by row."""
        vectors = self.snapshot.vectors[:].astype(np.float32)
        cosine = vectors @ unit(vectors[list(like)].mean(axis=0))
        given = {*like, *unlike}
        order = [int(row) for row in np.argsort(-cosine, kind="stable") if row not in given]
        return {str(row): -float(place) for place, row in enumerate(order[:DEPTH])}

    def wrong(self, like: Sequence[int], rng: random.Random) -> list[int]:
        """Three of the first 20 that were not included."""
        first = [int(row) for row in list(self.ours(like))[:20]]
        return rng.sample([row for row in first if row not in self.included], 3)

    def judged(self, draws: Sequence[Sequence[int]]) -> dict[str, dict[str, int]]:
        """The papers to be found for each draw: all that were included but are not given."""
        return {
            str(n): {str(row): 1 for row in self.included if row not in like}
            for n, like in enumerate(draws)
        }


def means(judged: dict[str, dict[str, int]], run: dict[str, Found]) -> dict[str, float]:
    found = ir_measures.calc_aggregate([nDCG @ 20, AP], judged, run)
    return {str(measure): round(float(value), 4) for measure, value in found.items()}


def measure(review: Review, draws: int) -> dict[str, Any]:
    report: dict[str, Any] = {"collection": review.name, "included": len(review.included)}
    for count in COUNTS:
        if count + 3 > len(review.included):
            continue
        rng = random.Random(count)
        chosen = [rng.sample(review.included, count) for _ in range(draws)]
        judged = review.judged(chosen)
        report[f"{count} examples"] = {
            "centre": means(judged, {str(n): review.by_centre(c) for n, c in enumerate(chosen)}),
            "ours": means(judged, {str(n): review.ours(c) for n, c in enumerate(chosen)}),
        }
    rng = random.Random(5)
    chosen = [rng.sample(review.included, 3) for _ in range(draws)]
    unlike = [review.wrong(like, rng) for like in chosen]
    pairs = list(enumerate(zip(chosen, unlike, strict=True)))
    kept = {str(n): review.ours(like) for n, (like, _) in pairs}
    for n, (_, wrong) in pairs:
        for row in wrong:
            kept[str(n)].pop(str(row), None)
    moved = {str(n): review.ours(like, wrong) for n, (like, wrong) in pairs}
    judged = review.judged(chosen)
    report["3 examples, 3 unlike"] = {
        "without": means(judged, kept) | {"cosine of the first 10": nearness(review, kept, unlike)},
        "ours": means(judged, moved) | {"cosine of the first 10": nearness(review, moved, unlike)},
    }
    return report


def nearness(review: Review, run: dict[str, Found], unlike: Sequence[Sequence[int]]) -> float:
    """Mean cosine of the first ten with the centre of the papers to stay away from."""
    vectors = review.snapshot.vectors[:].astype(np.float32)
    values = [
        vectors[[int(row) for row in list(found)[:10]]] @ unit(vectors[list(wrong)].mean(axis=0))
        for found, wrong in zip(run.values(), unlike, strict=True)
    ]
    return round(float(np.mean(values)), 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--data", type=Path, default=Path("data"), help="for the indexes")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--draws", type=int, default=40)
    arguments = parser.parse_args()
    encoder = load_encoder(arguments.model)
    reviews = (Review(folder, arguments.data, encoder) for folder in arguments.folders)
    print(json.dumps([measure(review, arguments.draws) for review in reviews], indent=2))


if __name__ == "__main__":
    main()
