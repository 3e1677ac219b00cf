"""Tune the embedding model: see training/README.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from training.encoder.settings import Settings, add_flags, from_flags
from training.encoder.train import Places, run


def _say(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty() or done == total or done % 1000 == 0:
        print(f"\r{what} {done}/{total}", end="\n" if done == total else "", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.encoder", description=__doc__)
    parser.add_argument("--queries", type=Path, nargs="+", required=True)
    parser.add_argument("--documents", type=Path, required=True)
    parser.add_argument("--papers", type=Path, help="papers to make pairs from (see --pairs)")
    parser.add_argument("--further", type=Path, help="further pairs, as translated phrases")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--mined", type=Path, help="hard negatives, to share between runs")
    parser.add_argument("--threads", type=int, default=0, help="0: as many as torch chooses")
    add_flags(parser, Settings)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    places = Places(
        tuple(arguments.queries),
        arguments.documents,
        arguments.out,
        papers=arguments.papers,
        further=arguments.further,
        negatives=arguments.mined,
    )
    try:
        settings = from_flags(arguments, Settings)
    except ValueError as error:
        parser.error(str(error))
    print(run(places, settings, _say))


if __name__ == "__main__":
    main()
