"""Average the weights of several runs, the original among them or not (model soups).

    python -m training.encoder.average --out FOLDER original=0.4 RUN/model=0.3 OTHER/model=0.3

Shares are divided by their sum. Wortsman et al. (2022): the mean of models tuned from the same
original is often better than each, and with the original in it forgets less.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from training.encoder.weights import State, read_weights, write_model


def average(states: Sequence[State], shares: Sequence[float]) -> State:
    """The weighted mean of states that have the same names."""
    if any(set(state) != set(states[0]) for state in states):
        raise ValueError("the models do not have the same tensors")
    weights = [share / sum(shares) for share in shares]
    return {
        name: sum(
            (w * s[name] for w, s in zip(weights, states, strict=True)),
            torch.zeros_like(states[0][name]),
        )
        for name in states[0]
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="FOLDER=SHARE")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    names, shares = zip(*(each.rsplit("=", 1) for each in arguments.models), strict=True)
    states = [read_weights(name) for name in names]
    write_model(average(states, [float(share) for share in shares]), arguments.out)


if __name__ == "__main__":
    main()
