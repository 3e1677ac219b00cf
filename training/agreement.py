"""Fit the weights of `index/agreement.py` on labelled pairs of records.

    python -m training.agreement PAIRS.jsonl [PAIRS.jsonl:odd ...] [--report PAIRS.jsonl:even ...]

Prints START and WEIGHTS as Python, and for each file of --report precision, recall and F1 of the
whole decision with the weights that ship. `training/pairs.py` says what PAIRS are; `:odd` and
`:even` take every second line.

Logistic regression over the levels, one indicator each, the baseline level of each field left out:
the coefficients are then what a level adds to the logarithm of the odds in comparison with it. Only
pairs that `agree` compares at all are learnt from.

The weights that ship were fitted on the training part of DBLP-ACM and every second line (:odd) of
the validation part of DBLP-Scholar. "words few, equal" alone was set by hand: fitted, it is -2.6,
as short titles there are mostly of columns; -1.6 lets a bare title of few words, without author or
year, still find its record.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression

from index.agreement import WEIGHTS, agree
from index.errors import SourceError
from index.evidence import compare
from index.features import Background, Features
from training.pairs import Pair, Quality, read_pairs

# Levels that say the least of their field; the weights of the others are relative to them.
BASELINE = frozenset(
    {"title 0.60", "words most", "words equal", "authors unknown", "year unknown", "venue unknown"}
)
_FEW = 20  # pairs on a level, under which its weight is a guess


def levels(pairs: Sequence[Pair]) -> list[tuple[frozenset[str], bool]]:
    """({"title equal", "year same", …}, of one work) of each pair that is compared at all."""
    background = Background.load()
    found = []
    for pair in pairs:
        agreement = agree(Features(pair.left, background), Features(pair.right, background))
        if agreement is not None:
            named = frozenset(f"{field} {level}" for field, level in agreement.levels.items())
            found.append((named, pair.same))
    return found


def fit(examples: Sequence[tuple[frozenset[str], bool]]) -> tuple[float, dict[str, float]]:
    """(start, weight of each level that is not a baseline), natural logarithms of odds.

    Levels come in the order of `WEIGHTS`. Raises ValueError when all examples have one label.
    """
    seen = {level for named, _ in examples for level in named} - BASELINE
    known = [level for level in WEIGHTS if level in seen]
    names = known + sorted(seen - set(known))
    same = np.array([label for _, label in examples])
    if len(set(same.tolist())) < 2:
        raise ValueError("pairs of one work and pairs of two are needed, with similar titles")
    stated = np.array([[name in named for name in names] for named, _ in examples], dtype=float)
    model = LogisticRegression(C=1.0, max_iter=5000).fit(stated, same)
    weights = dict(zip(names, model.coef_[0].tolist(), strict=True))
    return float(model.intercept_[0]), weights


def as_python(start: float, weights: Mapping[str, float]) -> str:
    """The two assignments, lines for each field, rounded to a tenth."""
    by_field: dict[str, list[str]] = {}
    for name, weight in weights.items():
        by_field.setdefault(name.split()[0], []).append(f'"{name}": {round(weight, 1)},')
    lines = [
        f"    {' '.join(entries[i : i + 4])}\n"
        for entries in by_field.values()
        for i in range(0, len(entries), 4)
    ]
    table = f"WEIGHTS: Mapping[str, float] = {{\n{''.join(lines)}}}  # fmt: skip"
    return f"START = {round(start, 1)}\n{table}"


def quality(pairs: Sequence[Pair]) -> Quality:
    """How `compare` decides about each pair by itself."""
    background = Background.load()
    decided = (
        (compare(Features(p.left, background), Features(p.right, background)) is not None, p.same)
        for p in pairs
    )
    return Quality.of(decided)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pairs", nargs="+", metavar="PAIRS.jsonl[:odd|:even]")
    parser.add_argument("--report", nargs="+", default=[], metavar="PAIRS.jsonl[:odd|:even]")
    arguments = parser.parse_args()
    try:
        examples = [e for file in arguments.pairs for e in levels(read_pairs(file))]
        print(as_python(*fit(examples)))
        counts = Counter(level for named, _ in examples for level in named)
        rare = [f"{level} ({n})" for level, n in sorted(counts.items()) if n < _FEW]
        print(f"# {len(examples)} pairs; on few: {', '.join(rare) or 'none'}")
        for file in arguments.report:
            print(f"{file}: {quality(read_pairs(file)).figures()}")
    except (OSError, SourceError, ValueError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
