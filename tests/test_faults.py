"""Crashes, full disks and failing calls: at every instant a whole index is live."""

from __future__ import annotations

import errno
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from index.build import build
from index.disk import CURRENT, GENERATIONS, STAGING
from index.errors import AbstractsError, SnapshotError
from index.snapshot import Snapshot
from index.staging import Staging
from index.writer import Contents, write_generation
from tests.conftest import (
    FILES,
    SEEDS,
    SHORT,
    CommandLine,
    answers_of,
    contents_of,
    live,
    make_paper,
    works_page,
)
from tests.fakes import FakeEncoder

Answers = list[tuple[str, float]]


def tree(data: Path) -> set[str]:
    """Every path in the data folder, but for the lock."""
    found = {path.relative_to(data).as_posix() for path in data.rglob("*")}
    return found - {".build.lock"}


def no_space(*_: object, **__: object) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# --- Killed -----------------------------------------------------------------------------------

# Imports once, then for each line of input (a list of arguments, JSON) forks a process that runs
# `python -m index` with them. Its id, the stages it reaches and its end are printed. It is waited
# for when the next line says so; until then its id is its own and may safely be killed.
_RUNNER = """
import importlib, json, os, sys
import index.__main__
from tests.fakes import FakeEncoder

module = importlib.import_module("index.build")
encoder = FakeEncoder()
module.load_encoder = lambda *_: encoder

class Stages:
    last = ""
    def __call__(self, stage, done, total):
        if stage != self.last:
            self.last = stage
            os.write(1, f"stage {stage}\\n".encode())
    def close(self):
        pass

index.build_command.ProgressBar = Stages
os.write(1, b"ready\\n")
for line in iter(sys.stdin.readline, ""):
    child = os.fork()
    if child == 0:
        os.write(1, f"pid {os.getpid()}\\n".encode())
        status = 9
        try:
            status = index.__main__.main(json.loads(line))
        finally:
            os.write(1, b"done\\n")
            os._exit(status)
    sys.stdin.readline()
    os.waitpid(child, 0)
    os.write(1, b"end\\n")
"""


class Runner:
    """Runs builds as processes of their own and kills them when asked."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.span = self.writing = 0.0  # seconds that the last whole build took, and its last stage
        assert self._read() == "ready"

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        print(line, file=self._process.stdin, flush=True)

    def build(self, source: Path, data: Path, after: str = "", delay: float | None = None) -> str:
        """Build; kill -9 `delay` seconds after the stage `after` began. Gives the last stage."""
        self._write(json.dumps(["build", str(source), "--data", str(data)]))
        pid = int(self._read().split()[1])
        stage = ""
        started = began = time.perf_counter()
        while (delay is None or stage != after) and (line := self._read()) != "done":
            if line.startswith("stage "):
                stage = line.removeprefix("stage ")
                began = time.perf_counter()
        ended = time.perf_counter()
        if delay is not None:
            time.sleep(delay)
            os.kill(pid, signal.SIGKILL)
        else:
            self.span, self.writing = ended - started, ended - began
        self._write("wait")
        while (line := self._read()) != "end":
            if line.startswith("stage "):
                stage = line.removeprefix("stage ")
        return stage


@pytest.fixture
def runner() -> Iterator[Runner]:
    with subprocess.Popen(
        [sys.executable, "-c", _RUNNER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=SEEDS.parent,
        env=os.environ | {"OMP_NUM_THREADS": "1"},  # faster for so little, and safe to fork
    ) as process:
        yield Runner(process)
        assert process.stdin is not None
        process.stdin.close()


def test_a_killed_build_harms_nothing(runner: Runner, seeds_copy: Path, tmp_path: Path) -> None:
    """After kill -9 at any of 26 instants the index is whole: the one before or the new one."""
    data = tmp_path / "data"
    (seeds_copy / "002_9b3e7de964567dd3.txt").unlink()  # the long one: without it builds are fast
    other = Path(shutil.copytree(seeds_copy, tmp_path / "other"))
    (other / "004_e64bbdca305995fc.txt").unlink()
    expected: list[Answers] = []
    for source in (other, seeds_copy):
        runner.build(source, data)
        expected.append(answers_of(data))
    assert expected[0] != expected[1]

    dice = random.Random(20)
    # Half of the instants lie anywhere in the build, half in its last stage, which is short.
    instants = [("", dice.uniform(0, runner.span)) for _ in range(13)]
    instants += [("writing", dice.uniform(0, 1.4 * runner.writing)) for _ in range(13)]
    reached: list[str] = []
    swapped, now = 0, 1
    for number, (after, delay) in enumerate(instants):
        before = (data / CURRENT).read_text()
        stage = runner.build((seeds_copy, other)[now], data, after, delay)
        reached.append(stage)
        changed = (data / CURRENT).read_text() != before
        now = 1 - now if changed else now
        assert answers_of(data) == expected[now], f"kill {number}, {delay} s into {after!r}"
        swapped += changed
    print(f"killed while {reached}; {swapped} of them after the swap")
    assert "writing" in reached
    assert len(set(reached)) > 1

    runner.build(seeds_copy, data)
    assert answers_of(data) == expected[1]
    assert not (data / GENERATIONS / ".building").exists()
    assert len(list((data / GENERATIONS).iterdir())) == 2
    assert {p.name for p in data.iterdir()} == {CURRENT, GENERATIONS, ".build.lock"}


def test_a_first_build_that_is_killed_leaves_no_index(
    runner: Runner, seeds_copy: Path, tmp_path: Path
) -> None:
    """Killed before it was done, a first build leaves nothing that passes for an index."""
    data = tmp_path / "data"
    for delay in (0.0, 0.02):
        runner.build(seeds_copy, data, "writing", delay)
        if (data / CURRENT).exists():  # the build was faster than the kill
            assert answers_of(data)
            shutil.rmtree(data)
        else:
            with pytest.raises(SnapshotError, match="no index here yet"):
                Snapshot.open(data)
    runner.build(seeds_copy, data)
    with Snapshot.open(data) as snapshot:
        assert snapshot.verify()["papers"] == 65


# --- A full or read-only disk -----------------------------------------------------------------


def mount(folder: Path, options: str) -> None:
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("a file system of its own cannot be mounted here")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if not shutil.which("mount"):
        pytest.skip("there is no mount")
    mount(folder, "size=8m")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk(small_disk: Path, index_cli: CommandLine) -> None:
    """However little space is left: a clear error, exit 2, the old index serving, no debris."""
    data = small_disk / "data"
    assert index_cli("build", *SHORT, "--data", data).status == 0
    before, files = answers_of(data), tree(data)
    folder = live(data)
    sizes = [(folder / name).stat().st_size for name in FILES]
    block = 4096
    # Room for all files up to each one, and half of that one.
    rooms = [0, block, 2 * block]
    rooms += [sum(sizes[:i]) + sizes[i] // 2 for i in range(len(sizes))]
    rooms += [sum(sizes) + block * i for i in (2, 6, 10)]
    filler = small_disk / "filler"
    failed = 0
    for room in rooms:
        free = shutil.disk_usage(small_disk).free
        filler.write_bytes(b"\0" * (free // block - room // block) * block)
        outcome = index_cli("build", *SHORT, "--data", data)
        filler.unlink()
        if outcome.status == 0:  # it did fit
            before, files = answers_of(data), tree(data)
            continue
        failed += 1
        assert outcome.status == 2, room
        assert outcome.out == "", room
        assert outcome.err.startswith(f"error: {data}: "), (room, outcome.err)
        assert outcome.err.count("\n") == 1, (room, outcome.err)
        assert "free some space and build again" in outcome.err, (room, outcome.err)
        assert answers_of(data) == before, room
        assert tree(data) == files, room
    assert failed >= 8
    assert index_cli("build", *SHORT, "--data", data).status == 0


def test_no_room_for_the_vectors(small_disk: Path) -> None:
    """It is an error before any vector is computed, and does not end the process later."""
    with Staging(small_disk / "data" / STAGING) as staging:
        staging.keep([make_paper(), make_paper(paper_id="p2")])
        vectors = staging.vectors(1000)
        vectors[:] = 1
        room = shutil.disk_usage(small_disk).free
        with pytest.raises(
            SnapshotError, match=r"data: .*\.staging: .*; free some space and build"
        ):
            staging.vectors(room)


def test_a_read_only_disk(small_disk: Path, index_cli: CommandLine) -> None:
    """On a disk that became read-only a build is refused with the reason; reading goes on."""
    data = small_disk / "data"
    assert index_cli("build", *SHORT, "--data", data).status == 0
    before, files = answers_of(data), tree(data)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for folder in (data, small_disk / "fresh"):
        outcome = index_cli("build", *SHORT, "--data", folder)
        assert (outcome.status, outcome.out) == (2, "")
        assert outcome.err == f"error: {folder}: cannot be written: Read-only file system\n"
    assert answers_of(data) == before
    assert tree(data) == files
    assert index_cli("verify", "--data", data).status == 0


def test_a_file_in_the_place_of_the_data_folder(tmp_path: Path, index_cli: CommandLine) -> None:
    """A data folder that is a file is refused with its name."""
    (tmp_path / "data").write_text("I am a file")
    outcome = index_cli("build", *SHORT, "--data", tmp_path / "data")
    assert outcome.status == 2
    assert outcome.err == f"error: {tmp_path / 'data'}: cannot be written: File exists\n"


@pytest.mark.parametrize("owner", [os, Path], ids=["fsync", "mkdir"])
def test_no_space_wherever_it_shows(
    index_copy: Path, index_cli: CommandLine, monkeypatch: pytest.MonkeyPatch, owner: Any
) -> None:
    """A call that finds no space ends in exit 2, advice, the old index and no debris."""
    before, files = answers_of(index_copy), tree(index_copy)
    if owner is os:
        monkeypatch.setattr(os, "fsync", no_space)
    else:
        make = Path.mkdir
        monkeypatch.setattr(
            Path,
            "mkdir",
            lambda self, *a, **k: no_space() if "generations" in str(self) else make(self, *a, **k),
        )
    outcome = index_cli("build", *SHORT, "--data", index_copy)
    monkeypatch.undo()
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err == (
        f"error: {index_copy}: the index cannot be written: [Errno 28] No space left on device; "
        "free some space and build again (the old index still answers)\n"
    )
    assert answers_of(index_copy) == before
    assert tree(index_copy) == files


# --- A failing call ---------------------------------------------------------------------------


class Failing:
    """Calls a function, and fails at the n-th call instead."""

    def __init__(self, function: Callable[..., Any], at: int) -> None:
        self._function, self._at = function, at
        self.calls = 0

    def __get__(self, instance: object, _: type | None = None) -> Callable[..., Any]:
        return lambda *a, **k: self(instance, *a, **k)

    def __call__(self, *arguments: object, **named: object) -> Any:
        self.calls += 1
        if self.calls == self._at:
            no_space()
        return self._function(*arguments, **named)


@pytest.fixture
def other_contents(tmp_path: Path) -> Contents:
    """What a build of one small page hands to the writer."""
    (tmp_path / "page.txt").write_text(works_page(("article2020", "Cats in winter", "Felines.")))
    return contents_of([tmp_path / "page.txt"], tmp_path / "unused")


@pytest.mark.parametrize(
    ("owner", "name", "calls"),
    [
        (os, "fsync", 11),
        (os, "open", 11),
        (Path, "rename", 1),
        (Path, "replace", 1),
        (Path, "write_text", 3),
    ],
)
def test_any_failing_call_leaves_the_old_index(
    index_copy: Path,
    other_contents: Contents,
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
    calls: int,
) -> None:
    """Whichever sync, rename or write fails, the index is whole and no debris is left.

    The last sync comes after the swap: then, and only then, the new generation may be live, and
    the error says which one is.
    """
    with Snapshot.open(index_copy) as snapshot:
        expected = list(snapshot.papers())
    for at in itertools.count(1):
        files = tree(index_copy)
        failing = Failing(getattr(owner, name), at)
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, failing)
            try:
                write_generation(index_copy, other_contents)
            except SnapshotError as error:
                message = str(error)
                assert "No space left on device" in message
            else:
                break
        with Snapshot.open(index_copy) as snapshot:
            snapshot.verify()
            assert ("the old index still answers" in message) == (len(snapshot) != 1)
            assert ("the new index answers" in message) == (len(snapshot) == 1)
            if len(snapshot) != 1:
                assert list(snapshot.papers()) == expected, f"call {at}"
                assert tree(index_copy) == files, f"call {at}"
    # Clearing away an old generation opens folders too; there alone a failure is no error.
    assert name == "open" or failing.calls == at - 1
    assert at > calls
    with Snapshot.open(index_copy) as snapshot:
        assert snapshot.verify()["papers"] == 1


class Steps:
    """Counts the lines of index/writer.py as they are run, and raises at the n-th if told so."""

    def __init__(self, fail_at: int | None = None) -> None:
        self._fail_at = fail_at
        self.places: list[str] = []

    def __call__(self, frame: FrameType, event: str, _: object) -> Any:
        if not frame.f_code.co_filename.endswith("index/writer.py"):
            return None
        if event == "line":
            self.places.append(f"{frame.f_code.co_name}:{frame.f_lineno}")
            if len(self.places) == self._fail_at:
                no_space()
        return self

    def write(self, data: Path, contents: Contents) -> bool:
        """Write a generation under this eye; False when it failed."""
        tracer = sys.gettrace()
        sys.settrace(self)
        try:
            write_generation(data, contents)
        except (AbstractsError, OSError):
            return False
        finally:
            sys.settrace(tracer)
        return True


def test_a_fault_at_any_line_of_the_writer(
    index_copy: Path, other_contents: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception at any line of the writer leaves one whole index live, old or new.

    Each line fails when it is run for the first and for the last time. The next build then works
    and leaves two generations and nothing else.
    """
    # Reading the versions of libraries is slow when traced.
    monkeypatch.setattr("index.writer.version", lambda name: f"{name} 1", raising=False)
    backup = index_copy.with_name("backup")
    shutil.copytree(index_copy, backup)
    clean = {path.name for path in index_copy.iterdir()}
    steps = Steps()
    assert steps.write(index_copy, other_contents)
    first = {place: at for at, place in reversed(list(enumerate(steps.places, 1)))}
    last = {place: at for at, place in enumerate(steps.places, 1)}
    assert len(first) > 60
    live_after: set[int] = set()
    for at in sorted({*first.values(), *last.values()}):
        shutil.rmtree(index_copy)
        shutil.copytree(backup, index_copy)
        fault = Steps(at)
        done = fault.write(index_copy, other_contents)
        with Snapshot.open(index_copy) as snapshot:
            live_after.add(papers := snapshot.verify()["papers"])
        assert papers == 1 or not done, fault.places[-1]
        write_generation(index_copy, other_contents)  # works, whatever is left lying about
        assert len(list((index_copy / GENERATIONS).iterdir())) == 2, fault.places[-1]
        assert {path.name for path in index_copy.iterdir()} == clean, fault.places[-1]
    assert live_after == {32, 1}


def test_a_generation_that_does_not_read_back_is_not_made_live(
    index_copy: Path, other_contents: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written is read again before the swap; a wrong byte then ends the build."""
    before, files = answers_of(index_copy), tree(index_copy)
    honest = Snapshot.__init__

    def spoilt(self: Snapshot, folder: Path) -> None:
        with (folder / "vectors.npy").open("r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(b"\x13")
        honest(self, folder)

    with monkeypatch.context() as patch:
        patch.setattr(Snapshot, "__init__", spoilt)
        with pytest.raises(SnapshotError, match=r"vectors\.npy: sha256 is"):
            write_generation(index_copy, other_contents)
    assert answers_of(index_copy) == before
    assert tree(index_copy) == files


def test_an_interrupted_build_leaves_the_old_index(
    index_copy: Path, index_cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while writing: exit 1, one line on stderr, the old index, and the next build works."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = answers_of(index_copy)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", interrupt)
        outcome = index_cli("build", *SHORT, "--data", index_copy)
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err == "interrupted; the index is as it was before\n"
    assert answers_of(index_copy) == before
    assert build(SHORT, index_copy, encoder=FakeEncoder()).generation == 2
    assert not (index_copy / GENERATIONS / ".building").exists()
