"""What a run trains on, and what its evaluations search."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import Any

from training.encoder.data import Query
from training.encoder.mine import Found, Key, Mined, negatives
from training.encoder.settings import Settings

_NEIGHBOURS = 10  # documents that each held-out query gives to the distractors, at most
_NOTHING = Mined(None, ())
Columns = dict[str, list[Any]]


def document_rows(
    queries: Sequence[Query],
    mined: dict[Key, Mined],
    documents: dict[str, str],
    settings: Settings,
) -> Columns:
    """A row for each few queries of a document: the queries, the document, hard negatives, label.

    Where a document has too few queries they come again; where the engine gave too few negatives,
    documents drawn by lot fill up. The label is the document's place among
    the sorted ones, as in `original_vectors`.
    """
    rng, names = random.Random(settings.seed), sorted(documents)
    number = {name: n for n, name in enumerate(names)}
    of: dict[str, list[Query]] = {}
    for query in queries:
        of.setdefault(query.document, []).append(query)
    columns: Columns = {f"query_{n}": [] for n in range(1, settings.together + 1)}
    columns |= {"document": []}
    columns |= {f"negative_{n}": [] for n in range(1, settings.negatives + 1)}
    labels: list[int] = []
    for name, asked in of.items():
        for start in range(0, len(asked), settings.together):
            few = asked[start : start + settings.together]
            found = [negatives(mined.get((q.document, q.kind), _NOTHING), settings) for q in few]
            chosen = _in_turn(found, settings.negatives)
            while len(chosen) < settings.negatives:
                drawn = rng.choice(names)
                if drawn != name:
                    chosen.setdefault(drawn)
            texts = itertools.islice(itertools.cycle(q.text for q in few), settings.together)
            row = [*texts, documents[name], *(documents[each] for each in chosen)]
            for column, text in zip(columns.values(), row, strict=True):
                column.append(text)
            labels.append(number[name])
    return columns | {"label": labels}


def _in_turn(found: Sequence[list[Found]], count: int) -> dict[str, None]:
    """Documents of several rankings, the hardest of each first, each once."""
    ranks = itertools.zip_longest(*found)
    names = (each.document for rank in ranks for each in rank if each)
    return dict.fromkeys(itertools.islice(dict.fromkeys(names), count))


def evaluated_on(
    held: Sequence[Query],
    mined: dict[Key, Mined],
    documents: dict[str, str],
    settings: Settings,
) -> dict[str, str]:
    """The right documents of the held-out queries, and distractors.

    Half of these are what the engine finds for the queries, so that there is something to confuse
    them with; the others are drawn by lot.
    """
    right = dict.fromkeys(query.document for query in held)
    near = dict.fromkeys(
        mined[query.document, query.kind].found[rank].document
        for rank in range(_NEIGHBOURS)
        for query in held
        if (query.document, query.kind) in mined
        and rank < len(mined[query.document, query.kind].found)
    )
    half = [name for name in near if name not in right][: settings.distractors // 2]
    others = sorted(set(documents).difference(right, half))
    drawn = random.Random(settings.seed).sample(
        others, min(settings.distractors - len(half), len(others))
    )
    return {name: documents[name] for name in (*right, *half, *drawn)}
