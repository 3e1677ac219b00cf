"""Does a fault ever cost anything? Hundreds of them, at random points of builds.

    python -m benchmarks.faults [--count 200] [--seed 1] [--kind KIND] [--json FILE]

A small index is built, or built over (with files added and removed), in a process of its own, and
at a random call that touches the disk something happens: the process is killed, there or some
milliseconds on; the power is cut and what was not synced is lost, in whole or in part; the disk is
full, gives an error or permits nothing, once or from then on; or no file may grow beyond a size, so
that writes fail in the midst of SQLite, FAISS and Tantivy. Points are drawn from four stages:
"build" (the first one), "update", "swap" (from the rename of the finished folder on) and "cleanup".

After each fault the live index must open, verify and answer as before or as the complete new one
(after a first build also: there is none yet); a build that lived on must have said which; and the
next build must give the papers, ids and answers of an undisturbed one and leave two generations at
most and no other file. Everything else is a loss. Needs Linux.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import random
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.fault_shims import (
    Action,
    Calls,
    Disk,
    after_power_cut,
    broken,
    forbidden,
    full,
    killed,
    killed_soon,
    needs_space,
)
from index.build import build
from index.disk import CURRENT, GENERATIONS, data_files
from index.errors import AbstractsError, NoIndexError
from index.names import NameModel
from index.snapshot import Snapshot
from search.engine import Searcher
from tests.fakes import FakeEncoder

NOW = datetime(2025, 1, 1, tzinfo=UTC)
KINDS = (
    "killed", "killed soon", "power cut", "disk full", "disk full for good", "no permission",
    "no permission for good", "I/O error", "size limit",
)  # fmt: skip
STAGES = ("build", "update", "swap", "cleanup")
PATIENCE = 60.0  # seconds that anything may take; longer is a hang, which is a loss
WORDS = ("cat", "sail", "bread", "river", "graph", "neuron", "kernel", "plasma", "orbit", "glacier")


def main() -> None:
    """Run the faults and print what they did, as a table and as a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=200, help="faults (default 200)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=KINDS, action="append", help="only this (or these)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the JSON there as well")
    options = parser.parse_args()
    names = NameModel.load()  # read once, for all processes
    NameModel.load = classmethod(lambda _: names)  # type: ignore[method-assign, assignment]
    with tempfile.TemporaryDirectory() as folder:
        report = Bench(Path(folder), random.Random(options.seed)).run(
            options.count, options.kind or KINDS
        )
    print_table(report)
    text = json.dumps(report | {"seed": options.seed})
    print(text)
    if options.json:
        options.json.write_text(text + "\n")
    raise SystemExit(bool(report["losses"]))


# --- What runs in a process of its own --------------------------------------------------------


def forked(work: Callable[[], Any]) -> Any:
    """What `work` returns in a forked process; None when that process was killed.

    Raises TimeoutError when it takes longer than PATIENCE, RuntimeError when it raised.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answer = {"done": work()}
        except BaseException:  # told to the parent, which raises
            answer = {"raised": traceback.format_exc()}
        with contextlib.suppress(BaseException), os.fdopen(writing, "w") as pipe:
            pipe.write(json.dumps(answer))
        os.kill(os.getpid(), signal.SIGKILL)  # nothing is tidied up behind the answer
    os.close(writing)
    parts = []
    with os.fdopen(reading, "rb") as pipe:
        until = time.monotonic() + PATIENCE
        while True:
            if not select.select([pipe], [], [], max(0, until - time.monotonic()))[0]:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                raise TimeoutError(f"nothing for {PATIENCE} s")
            if not (part := os.read(pipe.fileno(), 65536)):
                break
            parts.append(part)
    os.waitpid(child, 0)
    if not parts:
        return None
    answer = json.loads(b"".join(parts))
    if "raised" in answer:
        raise RuntimeError(answer["raised"])
    return answer["done"]


def run_build(sources: Path, data: Path) -> dict[str, str]:
    """Build; gives how it ended."""
    try:
        build([sources], data, encoder=FakeEncoder(), now=NOW)
    except AbstractsError as error:
        return {"error": str(error)}
    return {"error": ""}


def state_of(data: Path) -> str:
    """A digest of all that the live index says, after `verify`; "none" where there is no index."""
    try:
        snapshot = Snapshot.open(data)
    except NoIndexError:
        return "none"
    with snapshot:
        snapshot.verify()
        searcher = Searcher(snapshot, FakeEncoder())
        said: list[object] = [list(snapshot.papers()), list(snapshot.mentions())]
        said += [list(snapshot.merges()), snapshot.topics.topics, snapshot.skipped()]
        for word in WORDS:
            hits = searcher.search(word, k=100)
            said.append([(hit.paper.paper_id, hit.score, hit.sentence) for hit in hits])
    return hashlib.sha256(repr(said).encode()).hexdigest()


# --- Faults -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """One thing that happens to one build."""

    kind: str
    stage: str
    at: int  # the call, from 1
    delay: float  # seconds, of what comes later
    size: int  # bytes, of what limits files

    def __str__(self) -> str:
        return f"{self.kind} at call {self.at} ({self.stage})"


def faulty_build(fault: Fault, sources: Path, place: Path, store: Path) -> dict[str, str]:
    """Build below `place` with the fault."""
    actions: dict[str, Action] = {
        "killed": killed,
        "killed soon": killed_soon(fault.delay),
        "disk full": full,
        "disk full for good": full,
        "no permission": forbidden,
        "no permission for good": forbidden,
        "I/O error": broken,
    }
    temporary = store / "temporary"
    if fault.kind == "power cut":
        actions["power cut"] = Disk(place, store).cut
    elif fault.kind == "size limit":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        actions["size limit"] = lambda _: resource.setrlimit(
            resource.RLIMIT_FSIZE, (fault.size, resource.RLIM_INFINITY)
        )
    temporary.mkdir(parents=True)
    tempfile.tempdir = str(temporary)
    lasting = fault.kind.endswith("for good")
    Calls(place, fault.at, actions[fault.kind], lasting).wrap_all()
    ended = run_build(sources, place / "data")
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return ended


class Bench:
    """The sources, the index before, and what undisturbed builds make of them."""

    def __init__(self, folder: Path, dice: random.Random) -> None:
        self._folder, self._dice = folder, dice
        self._old, self._new = folder / "old", folder / "new"
        write_sources(self._old, range(6))
        write_sources(self._new, range(3, 9))
        base = self._base = folder / "base"
        base.mkdir()
        for sources in (self._old, self._new, self._old):  # so that there is one to clean away
            forked(lambda s=sources: run_build(s, base / "data"))
        self.old = forked(lambda: state_of(base / "data"))
        self._calls: dict[bool, list[str]] = {}
        self._states: dict[bool, str] = {}
        for first in (True, False):
            place = self._fresh("undisturbed", first)

            def work(place: Path = place) -> list[str]:
                calls = Calls(place)
                calls.wrap_all()
                run_build(self._new, place / "data")
                return calls.made

            self._calls[first] = forked(work)
            self._states[first] = forked(lambda p=place: state_of(p / "data"))
        if self._states[True] == self.old or "none" in self._states.values():
            raise RuntimeError("the builds that are to be disturbed do nothing")

    def _fresh(self, name: str, first: bool) -> Path:
        place = self._folder / name
        shutil.rmtree(place, ignore_errors=True)
        if first:
            place.mkdir()
        else:
            shutil.copytree(self._base, place)
        return place

    def _draw(self, number: int, kinds: Sequence[str]) -> Fault:
        stage, kind = STAGES[number % len(STAGES)], kinds[number // len(STAGES) % len(kinds)]
        calls = self._calls[stage == "build"]
        renamed = next(i for i, call in enumerate(calls, 1) if call.startswith("rename"))
        replaced = next(i for i, call in enumerate(calls, 1) if call.startswith("replace"))
        ranges = {"swap": (renamed, replaced + 2), "cleanup": (replaced + 1, len(calls))}
        at = self._dice.randint(*ranges.get(stage, (1, len(calls))))
        if kind.startswith("disk full"):
            low, high = ranges.get(stage, (1, len(calls)))
            at = self._dice.choice([i for i in range(low, high + 1) if needs_space(calls[i - 1])]
                                   or [at])  # fmt: skip
        size = self._dice.choice([1, 1000, 5000, 30_000, 100_000])
        if kind == "size limit":
            at = self._dice.randint(1, max(1, renamed // 2))
        return Fault(kind, stage, at, self._dice.uniform(0, 0.05), size)

    def run(self, count: int, kinds: Sequence[str] = KINDS) -> dict[str, Any]:
        """Inject `count` faults of those kinds. Gives counts by kind and stage, and the losses."""
        began = time.perf_counter()
        states: Counter[tuple[str, str, str]] = Counter()
        losses = []
        for number in range(count):
            fault = self._draw(number, kinds)
            try:
                state, wrong = self._inject(fault)
            except (RuntimeError, TimeoutError, OSError) as error:
                state, wrong = "lost", [str(error)]
            states[fault.kind, fault.stage, state] += 1
            losses += [f"{fault}: {words}" for words in wrong]
            if wrong:
                print(losses[-1], file=sys.stderr, flush=True)
        counts = [{"kind": k, "stage": s, "state": t, "faults": n} for (k, s, t), n in
                  sorted(states.items())]  # fmt: skip
        seconds = round(time.perf_counter() - began, 1)
        return {"faults": count, "losses": len(losses), "seconds": seconds, "counts": counts,
                "lost": losses}  # fmt: skip

    def _inject(self, fault: Fault) -> tuple[str, list[str]]:
        """(state of the index after the fault, what is wrong) of one fault."""
        first = fault.stage == "build"
        place, store = self._fresh("place", first), self._folder / "store"
        shutil.rmtree(store, ignore_errors=True)
        before, after = "none" if first else self.old, self._states[first]
        ended = forked(lambda: faulty_build(fault, self._new, place, store))
        wrong = []
        if ended is None and (store / "known.json").exists():
            after_power_cut(place, store, self._dice)
        elif ended is not None and any((store / "temporary").iterdir()):
            wrong.append(f"left {[*(store / 'temporary').iterdir()]}")
        data = place / "data"
        found = forked(lambda: state_of(data))
        state = {before: "before", after: "after"}.get(found, "mixed")
        if state == "mixed":
            wrong.append("the index answers neither as before nor as the new one")
        if ended is not None:
            wrong += told_wrongly(ended["error"], state, first)
        again = forked(lambda: run_build(self._new, data))
        if again["error"]:
            return state, [*wrong, f"the next build failed: {again['error']}"]
        if forked(lambda: state_of(data)) != after:
            wrong.append("the next build differs from an undisturbed one")
        return state, wrong + left_over(data)


def told_wrongly(error: str, state: str, first: bool) -> list[str]:
    """What the message of a build that lived on says against the state of the index."""
    if not error:
        return [] if state == "after" else ["the build said that it was done, and was not"]
    claims = {
        "the new index answers": "after",
        "the old index still answers": "before",
        "there is no index yet": "before",
    }
    claimed = [claim for claim in claims if claim in error]
    wrong = [f"{error!r}, but the index is as {state}" for c in claimed if claims[c] != state]
    if first and "old index" in error:
        wrong.append(f"{error!r}, but there was none")
    if state == "after" and "the new index answers" not in error:
        wrong.append(f"{error!r}, but the new index is live")
    return wrong


def left_over(data: Path) -> list[str]:
    """What is in the data folder that should not be."""
    extra = {p.name for p in data.iterdir()} - {CURRENT, GENERATIONS, ".build.lock"}
    folders = [*(data / GENERATIONS).iterdir()]
    wrong = [f"left {sorted(extra)}"] if extra else []
    if len(folders) > 2 or not all(folder.name.isdecimal() for folder in folders):
        wrong.append(f"left the folders {sorted(folder.name for folder in folders)}")
    live = data / GENERATIONS / (data / CURRENT).read_text().strip()
    known = json.loads((live / "manifest.json").read_text())["files"]
    if set(known) != {*data_files(live)}:
        wrong.append(f"files that the manifest does not know: {set(data_files(live)) - set(known)}")
    return wrong


def write_sources(folder: Path, numbers: range) -> None:
    """Files 0, 1, 2 … of BibTeX, RIS and plain pages by turns; each is always the same."""
    folder.mkdir()
    for number in numbers:
        dice = random.Random(number)
        works = []
        for k in range(3):
            words = dice.choices(WORDS, k=12)
            works.append((f"On {words[0]} and {words[1]} {number} {k}", " ".join(words), 2000 + k))
        if number % 3 == 0:
            text = "\n".join(
                f"@article{{k{number}{i}, title={{{t}}}, abstract={{{a}.}}, year={y}}}"
                for i, (t, a, y) in enumerate(works)
            )
        elif number % 3 == 1:
            text = "".join(f"TY  - JOUR\nTI  - {t}\nAB  - {a}.\nPY  - {y}\nER  - \n"
                           for t, a, y in works)  # fmt: skip
        else:
            text = "\n\n".join(f"article{y}Journal\n\n{t}\n\nThe {a}." for t, a, y in works)
        (folder / f"{number}.txt").write_text(text + "\n", encoding="utf-8")


def print_table(report: dict[str, Any]) -> None:
    """Faults by kind and stage: how many left the index as before / as the new one / lost it."""
    cells: dict[tuple[str, str], Counter[str]] = {}
    for row in report["counts"]:
        cells.setdefault((row["kind"], row["stage"]), Counter())[row["state"]] += row["faults"]
    print(f"{'before / new (/ lost)':24}" + "".join(f"{stage:>12}" for stage in STAGES))
    for kind in KINDS:
        shown = []
        for stage in STAGES:
            found = cells.get((kind, stage), Counter())
            lost = found["mixed"] + found["lost"]
            cell = f"{found['before']} / {found['after']}" + (f" / {lost}" if lost else "")
            shown.append(f"{cell:>12}" if found else f"{'-':>12}")
        print(f"{kind:24}" + "".join(shown))
    print(f"{report['faults']} faults, {report['losses']} losses, {report['seconds']} s")


if __name__ == "__main__":
    main()
