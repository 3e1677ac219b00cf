"""A process that answers questions from an index, and says what each took.

    python -m benchmarks.asking DATA

For `benchmarks/end_to_end.py`, which starts one afresh for every index so that its memory is that
of searching alone. Questions come as JSON, one a line: {"text"} or {"like": id}, with a "filter"
by the names of `Filters` or none. The first line that it writes is about opening, the last, when
no more questions come, about memory; between them is one for each question.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.steps import Steps, peak_mb, read_mb

WANTED = 10  # hits
Ask = dict[str, Any]
Answered = Callable[[Ask], list[str]]  # ids of papers, best first


def tell(values: dict[str, Any]) -> None:
    print(json.dumps(values), flush=True)


def serve(answer: Answered, steps: Steps) -> None:
    """Answer what comes until nothing more does. Milliseconds, of the clock and of the processor.

    The processor's are those of all threads; with one thread the two are alike on an idle machine.
    """
    for line in sys.stdin:
        ask = json.loads(line)
        steps.take()
        started, worked = time.perf_counter(), time.process_time()
        with steps.step("rest"):
            found = answer(ask)
        tell(
            {
                "ms": 1000 * (time.perf_counter() - started),
                "cpu_ms": 1000 * (time.process_time() - worked),
                "peak_mb": peak_mb(),
                "steps_ms": {name: 1000 * taken for name, taken in steps.take().items()},
                "found": found,
            }
        )
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_majflt
    tell({"peak_mb": peak_mb(), "pages_from_disk": faults})


def watched(stack: ExitStack, steps: Steps, encoder: Any) -> None:
    """Time what the engine is made of. Imported here, so that opening has not happened yet."""
    from index.ann import VectorIndex  # noqa: PLC0415
    from index.lexical import LexicalIndex  # noqa: PLC0415
    from index.snapshot import Snapshot  # noqa: PLC0415
    from search import engine, filters, ranking, spelling  # noqa: PLC0415
    from search.sentences import SentenceFinder  # noqa: PLC0415

    for owner, name, step in (
        (engine, "parse_query", "parsing"),
        (spelling.Speller, "correct", "spelling"),
        (filters.Filters, "select", "filter"),
        (encoder, "encode_query", "embedding"),
        (LexicalIndex, "search", "words"),
        (VectorIndex, "search", "vectors"),
        (ranking, "fuse", "fusion"),
        (ranking, "feedback", "fusion"),
        (ranking, "smooth", "fusion"),
        (Snapshot, "papers_at", "records"),
        (SentenceFinder, "best", "sentences"),
    ):
        steps.watch(stack, owner, name, step)


def timed(steps: list[tuple[str, Callable[[], Any]]]) -> Iterator[tuple[str, float, float, Any]]:
    """(name, seconds, MB read by calls, what came of it) of each step of opening."""
    for name, call in steps:
        started, before = time.perf_counter(), read_mb()
        made = call()
        yield name, time.perf_counter() - started, read_mb() - before, made


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    options = parser.parse_args()
    started = time.perf_counter()
    from search import Filters, Searcher, Snapshot, load_encoder  # noqa: PLC0415  it is timed

    imported = time.perf_counter() - started
    opened = list(
        timed(
            [
                ("model", load_encoder),
                ("index", lambda: Snapshot.open(options.data)),
            ]
        )
    )
    (_, model_s, _, encoder), (_, index_s, index_mb, snapshot) = opened
    searcher = Searcher(snapshot, encoder)
    tell(
        {
            "import_s": imported,
            "model_s": model_s,
            "index_s": index_s,
            "index_read_mb": index_mb,
            "opened_mb": peak_mb(),
        }
    )

    def answer(ask: Ask) -> list[str]:
        filters = Filters(**{n: tuple(values) for n, values in (ask.get("filter") or {}).items()})
        if "like" in ask:
            hits = searcher.similar([ask["like"]], k=WANTED, filters=filters)
        else:
            hits = searcher.search(ask["text"], WANTED, filters)
        return [hit.paper.paper_id for hit in hits]

    steps = Steps()
    with ExitStack() as stack:
        watched(stack, steps, encoder)
        serve(answer, steps)


if __name__ == "__main__":
    main()
