"""Seconds from the start of a process to its end: the first answer, and what needs no model.

    python -m benchmarks.start [SOURCE ...] [--rounds 5]

SOURCE (default: seeds) is indexed twice: with the default model, and with the same weights as a
folder that is named by its path, so that they go through sentence-transformers. The commands are
then run in turn, ROUNDS times, so that what else the machine does meets them alike. A table of
medians and least times is printed, and a line of JSON with all of them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from index.build import build
from index.delta import apply
from index.encoder import _DOCUMENTS, DEFAULT_MODEL
from training.encoder.weights import ORIGINAL, read_weights, write_model

QUERY = "successor features learned from pixels"
PIPED = 20  # queries, after the first, that are asked through one pipe


def seconds(command: list[str]) -> float:
    """From the start of a process to its end. Raises CalledProcessError when it fails."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", *command], check=True, capture_output=True)  # noqa: S603
    return time.perf_counter() - started


def piped(data: Path) -> tuple[float, float]:
    """Seconds to the first answer through a pipe, and the median of those to the next ones."""
    command = [sys.executable, "-m", "search", "query", "--file", "-", "--data", str(data)]
    started, taken = time.perf_counter(), []
    with subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(PIPED + 1):
            process.stdin.write(f"{QUERY} {number}\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["hits"]
            taken.append(time.perf_counter() - started)
            started = time.perf_counter()
        process.stdin.close()
    return taken[0], statistics.median(taken[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sources", nargs="*", default=["seeds"], metavar="SOURCE")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bundled, by_path, model = (Path(folder) / name for name in ("bundled", "path", "model"))
        write_model(apply(read_weights(ORIGINAL), _DOCUMENTS), model)
        build(arguments.sources, bundled, model=DEFAULT_MODEL)
        build(arguments.sources, by_path, model=str(model))
        commands = {
            "index --help": ["index", "--help"],
            "search --help": ["search", "--help"],
            "index status": ["index", "status", "--data", str(bundled)],
            "search query": ["search", "query", QUERY, "--data", str(bundled)],
            "search query, by path": ["search", "query", QUERY, "--data", str(by_path)],
        }
        taken: dict[str, list[float]] = {}
        before = os.getloadavg()[0]
        for _ in range(arguments.rounds):
            for name, command in commands.items():
                taken.setdefault(name, []).append(seconds(command))
            first, next_ones = piped(bundled)
            taken.setdefault("pipe, first answer", []).append(first)
            taken.setdefault("pipe, next answers", []).append(next_ones)
    print(f"{'':36} {'median':>7} {'least':>7}  seconds")
    for name, times in taken.items():
        print(f"{name:36} {statistics.median(times):7.2f} {min(times):7.2f}")
    report = {
        "cores": os.cpu_count(),
        "load": [round(before, 1), round(os.getloadavg()[0], 1)],  # before and after
        "seconds": {name: [round(t, 3) for t in times] for name, times in taken.items()},
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
