"""From 65 papers to a million: opening, asking, memory and disk of indexes of growing size.

    python -m benchmarks.corpus PAPERS.jsonl.gz DATA --papers N       (for each size)
    python -m benchmarks.end_to_end DATA ... [--questions FILE] [--queries 100] [--no-rival]
        [--scratch FOLDER] [--json FILE]

Each index is opened by a process of its own that does nothing else, and asked for ten papers: by
questions (of FILE, or sentences of its own abstracts, drawn by a fixed seed), by a third as many
questions under each of three filters (about half of the papers, one in a hundred, ten; the
conditions are those of the index that come nearest), and by as many papers that others are to be
like. A time goes from the text to the hits with their records and best sentences. Every process has
one thread. One question of each kind is asked before the clock runs.

The rival is the search that one would build by hand (`by_hand.py`), over the same vectors with the
same model, in a process beside: each question goes to both, in random order, one after the other.
What its lists share with ours is a check that both do the same work, not a measure of quality.

Times are of the clock, those of the processor stand in the report of --json; where the two differ,
the machine was busy. Memory is the most that the process ever held, mapped files included, against
1.2 times the float16 vectors and 600 MB. Settings of the memory allocator are not passed on.
The last lines are a table in Markdown with a row for each index.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.asking import WANTED, Ask
from benchmarks.by_hand import make
from benchmarks.sampling import filters_of, questions_in, sample_of, sentences_of
from benchmarks.tables import LIKE, OURS, QUESTION, RIVAL, print_markdown, print_report
from index.snapshot import Snapshot

SEED = 7
LIMIT_TIMES, LIMIT_MB = 1.2, 600  # of the bytes of the vectors, and besides
EMBEDDING = ("embedding",)  # steps that are the model's work, not the index's
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Asked:
    """A process that answers questions, with what it told of itself."""

    def __init__(self, stack: ExitStack, module: str, folder: Path) -> None:
        self._started = time.perf_counter()
        kept = {name: v for name, v in os.environ.items() if not name.startswith("MALLOC_")}
        environment = kept | dict.fromkeys(THREADS, "1") | {"TOKENIZERS_PARALLELISM": "false"}
        self._process = stack.enter_context(
            subprocess.Popen(  # noqa: S603  ourselves
                [sys.executable, "-m", module, str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
            )
        )
        self.opening = self._read()
        self.opening["ready_s"] = time.perf_counter() - self._started
        self.answers: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a process that was asked ended: {self._process.args}")
        told: dict[str, Any] = json.loads(line)
        return told

    def ask(self, ask: Ask) -> dict[str, Any]:
        """The answer, with its times. Raises RuntimeError when the process is no more."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(ask) + "\n")
        self._process.stdin.flush()
        answer = self._read()
        if "first_answer_s" not in self.opening:
            self.opening["first_answer_s"] = time.perf_counter() - self._started
        return answer

    def end(self) -> dict[str, Any]:
        """Close the process; what it tells at last."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return self._read()


def questions_for(
    snapshot: Snapshot, options: argparse.Namespace
) -> tuple[dict[str, list[Ask]], dict[str, np.ndarray]]:
    """What to ask, by kind, and the allowed rows of each filter."""
    papers, third = sample_of(snapshot, SEED), max(3, options.queries // 3)
    filters = filters_of(snapshot, papers)
    if options.questions:
        texts = questions_in(options.questions)
    else:
        texts = sentences_of(papers, options.queries + len(filters) * third, SEED)
    plain, further = texts[: options.queries], texts[options.queries :]
    asks: dict[str, list[Ask]] = {QUESTION: [{"text": text} for text in plain]}
    for number, chosen in enumerate(filters):
        some = further[number * third :][:third]
        if len(some) < third:  # there are no more, so the same again
            some = plain[:third]
        told = {"filter": chosen.conditions, "filter_name": chosen.name}
        asks[chosen.name] = [{"text": text, **told} for text in some]
    chosen_papers = papers[-min(third, len(papers)) :]
    asks[LIKE] = [
        {"like": paper.paper_id, "row": snapshot.row(paper.paper_id)} for paper in chosen_papers
    ]
    return asks, {chosen.name: chosen.rows for chosen in filters}


def ask_all(asks: dict[str, list[Ask]], engines: dict[str, Asked]) -> None:
    """Every question to every engine, after the first of each kind to warm up."""
    draw = random.Random(SEED)
    for some in asks.values():
        for engine in engines.values():
            engine.ask(some[0])
    order = [(kind, ask) for kind, some in asks.items() for ask in some[1:] or some]
    for kind, ask in draw.sample(order, len(order)):
        for name in draw.sample(list(engines), len(engines)):
            engines[name].answers[kind].append(engines[name].ask(ask) | {"asked": ask})


def check(snapshot: Snapshot, ours: Asked, allowed: dict[str, np.ndarray]) -> None:
    """Raise ValueError when an answer is short, or has a paper that its filter does not allow."""
    for kind, answers in ours.answers.items():
        rows = allowed.get(kind, np.arange(len(snapshot)))
        for answer in answers:
            found = [snapshot.row(paper_id) for paper_id in answer["found"]]
            least = min(WANTED, len(rows) - (kind == LIKE))
            if len(found) < least or not np.isin(found, rows).all():
                raise ValueError(f"{snapshot.folder}: {kind}: not what was asked: {answer}")


def summary(answers: list[dict[str, Any]]) -> dict[str, Any]:
    """Times of the answers to one kind of question, in milliseconds, and the mean of each step."""
    clock = [answer["ms"] for answer in answers]
    median, late = np.percentile(clock, [50, 95])
    searching = [
        answer["ms"] - sum(answer["steps_ms"].get(name, 0.0) for name in EMBEDDING)
        for answer in answers
    ]
    names = sorted({name for answer in answers for name in answer["steps_ms"]})
    means = {
        name: round(float(np.mean([a["steps_ms"].get(name, 0.0) for a in answers])), 2)
        for name in names
    }
    return {
        "asked": len(answers),
        "cpu_median_ms": round(float(np.median([a["cpu_ms"] for a in answers])), 2),
        "median_ms": round(float(median), 2),
        "p95_ms": round(float(late), 2),
        "slowest_ms": round(max(clock), 2),
        "without_model_median_ms": round(float(np.median(searching)), 2),
        "steps_mean_ms": means,
    }


def shared(ours: Asked, rival: Asked) -> float:
    """Mean share of our hits for questions that the rival has too."""
    pairs = zip(ours.answers[QUESTION], rival.answers[QUESTION], strict=True)
    shares = [len({*a["found"]} & {*b["found"]}) / max(1, len(a["found"])) for a, b in pairs]
    return round(float(np.mean(shares)), 3)


def disk(snapshot: Snapshot) -> dict[str, int]:
    """Bytes by file; what lies in a folder is counted under its name."""
    sizes: dict[str, int] = defaultdict(int)
    for path in snapshot.folder.rglob("*"):
        if path.is_file():
            sizes[path.relative_to(snapshot.folder).parts[0]] += path.stat().st_size
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))


def measure(data: Path, options: argparse.Namespace) -> dict[str, Any]:
    with ExitStack() as stack:
        snapshot = stack.enter_context(Snapshot.open(data))
        asks, allowed = questions_for(snapshot, options)
        engines = {}
        rival_report: dict[str, Any] = {}
        if options.rival:
            scratch = stack.enter_context(tempfile.TemporaryDirectory(dir=options.scratch))
            started = time.perf_counter()
            make(snapshot, allowed, Path(scratch))
            size = sum(file.stat().st_size for file in Path(scratch).iterdir())
            rival_report = {"made_s": time.perf_counter() - started, "bytes": size}
        engines[OURS] = Asked(stack, "benchmarks.asking", data)
        if options.rival:
            engines[RIVAL] = Asked(stack, "benchmarks.by_hand", Path(scratch))
        ask_all(asks, engines)
        ended = {name: engine.end() for name, engine in engines.items()}
        check(snapshot, engines[OURS], allowed)
        limit = LIMIT_TIMES * 2 * snapshot.vectors.size / 1e6 + LIMIT_MB
        report: dict[str, Any] = {
            "papers": len(snapshot),
            "filters": {
                name: {"conditions": asks[name][0]["filter"], "papers": len(rows)}
                for name, rows in allowed.items()
            },
            "bytes": disk(snapshot),
            "memory_limit_mb": round(limit),
            "engines": {
                name: engine.opening
                | ended[name]
                | {"kinds": {k: summary(answers) for k, answers in engine.answers.items()}}
                for name, engine in engines.items()
            },
        }
        if options.rival:
            report["engines"][RIVAL] |= rival_report
            report["shared_with_rival"] = shared(engines[OURS], engines[RIVAL])
        return report


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--questions", type=Path, metavar="FILE", help="one a line")
    parser.add_argument("--queries", type=int, default=100, help="without a filter")
    parser.add_argument("--no-rival", dest="rival", action="store_false")
    parser.add_argument("--scratch", type=Path, help="where the rival keeps its files")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report there too")
    options = parser.parse_args()
    reports = []
    for data in options.data:
        reports.append(measure(data, options))
        print_report(reports[-1])
        if options.json:  # after each, as the largest takes long
            text = json.dumps({"cores": os.cpu_count(), "indexes": reports}, indent=2)
            options.json.write_text(text + "\n", encoding="utf-8")
    print_markdown(reports)


if __name__ == "__main__":
    main()
