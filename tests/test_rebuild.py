"""The rebuild in a process of its own: watched, cancelled, never left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from index.build import BuildReport, build
from index.disk import CURRENT, GENERATIONS
from index.encoder import Encoder
from index.overrule import split_paper
from index.records import Skip
from index.snapshot import Snapshot
from index.sources import FileReport
from index.writer import build_lock
from search.engine import Searcher
from search.rebuild import RebuildJob, RebuildState, rebuild_command
from tests.conftest import BREAD, CAT, SAIL, SEEDS, MakeIndex, answers_of, papers_of, works_page
from tests.fakes import FakeEncoder

READ = (FileReport("a.txt", "works", "0" * 64, 90),)
REPORT = BuildReport(2, 5, 90, 65, 25, 3, 62, (Skip("a.txt", 7, "odd"),), 1.5, READ)
WORKS = (
    ("article2020Cat Letters", "Cats at rest in winter", CAT),
    ("article2021Annals of Sailing", "Boats that cross the harbour", SAIL),
    ("article2022", "Bread that rises in an oven", BREAD),
)


def script(*lines: str) -> list[str]:
    """The command line of a Python process that runs these lines, `say` and `report` defined."""
    start = (
        "import json, os, signal, subprocess, sys, time",
        "def say(**message): print(json.dumps(message), file=sys.stderr, flush=True)",
        f"def report(): print({json.dumps(REPORT.to_dict())!r})",
    )
    return [sys.executable, "-c", "\n".join([*start, *lines])]


@pytest.fixture
def job() -> Iterator[RebuildJob]:
    job = RebuildJob(grace=0.2)
    yield job
    job.cancel()
    assert job.wait(30).phase != "running"


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end, "it did not come about within 20 s"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Whether there is such a process; a dead one that nobody waited for counts as well."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def is_running(pid: int) -> bool:
    """Whether the process runs; one that is dead and waits for its parent's notice does not."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return bool(state.strip()) and not state.startswith("Z")


def pid_in(path: Path) -> int:
    """The process id that a process has written to a file."""
    wait_until(lambda: path.exists() and path.read_text().endswith("."))
    return int(path.read_text()[:-1])


# --- Watching ---------------------------------------------------------------------------------


def test_before_the_first_rebuild_there_is_nothing(job: RebuildJob) -> None:
    """A job that was never started is idle; cancelling and waiting change nothing."""
    assert job.state() == job.cancel() == job.wait(0) == RebuildState()
    assert RebuildState().phase == "idle"


def test_progress_is_seen_as_it_is_told(
    job: RebuildJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stage, done and total are those of the last line; the end brings the report.

    After 2 s in which 32 texts of 96 were embedded, the rate is 16 a second and 4 s are left.
    """
    now = [100.0]
    monkeypatch.setattr("search.rebuild.time", SimpleNamespace(monotonic=lambda: now[0]))
    more, end = tmp_path / "more", tmp_path / "end"
    state = job.start(
        script(
            "say(stage='reading', done=0, total=0)",
            "say(stage='embedding', done=0, total=96)",
            f"while not os.path.exists({str(more)!r}): time.sleep(0.01)",
            "say(stage='embedding', done=32, total=96)",
            f"while not os.path.exists({str(end)!r}): time.sleep(0.01)",
            "report()",
        )
    )
    assert (state.phase, state.seconds) == ("running", 0)
    wait_until(lambda: job.state().stage == "embedding")
    assert (job.state().rate, job.state().left) == (None, None)
    now[0] = 102.0
    more.touch()
    wait_until(lambda: job.state().done == 32)
    state = job.state()
    assert (state.phase, state.stage, state.done, state.total) == ("running", "embedding", 32, 96)
    assert (state.rate, state.left, state.seconds) == (16.0, 4.0, 2.0)
    now[0] = 107.0
    end.touch()
    state = job.wait(30)
    assert (state.phase, state.report, state.error, state.log) == ("done", REPORT, "", ())
    assert (state.rate, state.left, state.seconds) == (None, None, 7.0)
    now[0] = 200.0
    assert job.state() == state  # the time stands still


def test_a_new_stage_has_a_rate_of_its_own(job: RebuildJob, tmp_path: Path) -> None:
    """Neither a stage without a total nor the first line of one has a rate or a time left."""
    gate = tmp_path / "gate"
    job.start(
        script(
            "say(stage='embedding', done=0, total=9)",
            "say(stage='embedding', done=9, total=9)",
            "say(stage='writing', done=0, total=0)",
            f"while not os.path.exists({str(gate)!r}): time.sleep(0.01)",
            "say(stage='embedding again', done=20, total=30)",
            "time.sleep(600)",
        )
    )
    wait_until(lambda: job.state().stage == "writing")
    assert (job.state().rate, job.state().left, job.state().total) == (None, None, 0)
    gate.touch()
    wait_until(lambda: job.state().done == 20)
    assert (job.state().rate, job.state().left) == (None, None)


def test_what_is_no_progress_is_kept_as_a_log(job: RebuildJob) -> None:
    """Other lines are kept, the last forty, cut to length, and odd JSON does no harm."""
    job.start(
        script(
            "for i in range(50): print('WARNING: number', i, file=sys.stderr)",
            "print('x' * 5000, file=sys.stderr)",
            "say(stage=7, done=0, total=0)",
            "say(stage='reading')",
            "say(error=None)",
            "print('[1, 2]', file=sys.stderr)",
            "print('null', file=sys.stderr)",
            "os.write(2, b'R\\xe9al\\n')",
            "report()",
        )
    )
    state = job.wait(30)
    assert (state.phase, state.stage) == ("done", "")
    assert len(state.log) == 40
    assert state.log[:1] == ("WARNING: number 17",)
    assert state.log[33] == "x" * 1000
    assert state.log[34:] == (
        '{"stage": 7, "done": 0, "total": 0}', '{"stage": "reading"}', '{"error": null}',
        "[1, 2]", "null", "R\ufffdal",
    )  # fmt: skip


def test_a_long_report_does_not_block(job: RebuildJob) -> None:
    """A report of megabytes arrives whole, though no pipe holds so much."""
    skipped = [{"source": "é.txt", "line": None, "why": "no known layout " * 10}] * 10_000
    values = REPORT.to_dict() | {"skipped": "HERE"}
    job.start(
        script(
            f"values = {values!r}",
            f"values['skipped'] = [{skipped[0]!r}] * {len(skipped)}",
            "print(json.dumps(values, ensure_ascii=False))",
        )
    )
    expected = tuple(Skip(**skip) for skip in skipped)
    assert job.wait(30).report == replace(REPORT, skipped=expected)


def test_a_state_is_not_changed_any_more(job: RebuildJob) -> None:
    """A state that was handed out is frozen and stays as it was."""
    before = job.start(script("report()"))
    job.wait(30)
    assert before.phase == "running"
    with pytest.raises(FrozenInstanceError):
        before.phase = "done"  # type: ignore[misc]


def test_one_at_a_time(job: RebuildJob, tmp_path: Path) -> None:
    """Starting while one runs gives its state and starts no other; after it, a new one runs."""
    mark, gate = tmp_path / "mark", tmp_path / "gate"
    command = script(
        f"open({str(mark)!r}, 'a').write('x')",
        f"while not os.path.exists({str(gate)!r}): time.sleep(0.01)",
        "report()",
    )
    states = [job.start(command) for _ in range(3)]
    assert {state.phase for state in states} == {"running"}
    gate.touch()
    assert job.wait(30).phase == "done"
    assert mark.read_text() == "x"
    assert job.start(command).report is None
    assert job.wait(30).phase == "done"
    assert mark.read_text() == "xx"


# --- Failing ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        (("say(error='seeds: no such file')", "sys.exit(2)"), "seeds: no such file"),
        (("sys.exit(3)",), "the build ended with status 3"),
        (
            ("os.kill(os.getpid(), signal.SIGKILL)",),
            "the build was ended from outside (SIGKILL), as happens when memory runs out",
        ),
        (("print('no JSON')",), "the build ended without a report; run `python -m index build`"),
        (("print('[]')",), "the build ended without a report"),
        (("""print('{"generation": 2, "skipped": []}')""",), "the build ended without a report"),
    ],
)
def test_a_failure_says_why(job: RebuildJob, lines: tuple[str, ...], error: str) -> None:
    """The error is the build's own message, or how it ended where it said nothing."""
    job.start(script(*lines))
    state = job.wait(30)
    assert (state.phase, state.report) == ("failed", None)
    assert state.error.startswith(error)


def test_a_crash_leaves_its_traceback(job: RebuildJob) -> None:
    """What Python says of a bug is in the log."""
    job.start(script("1 / 0"))
    state = job.wait(30)
    assert (state.phase, state.error) == ("failed", "the build ended with status 1")
    assert state.log[-1] == "ZeroDivisionError: division by zero"


def test_a_command_that_is_not_there(job: RebuildJob) -> None:
    """A program that cannot be started is a failure with its name, and the next one can be."""
    state = job.start(["/no/such/python", "-m", "index"])
    assert state.phase == "failed"
    assert state.error == (
        "/no/such/python: the build cannot be started: No such file or directory"
    )
    job.start(script("report()"))
    assert job.wait(30).phase == "done"


# --- Cancelling -------------------------------------------------------------------------------


def test_cancel_ends_the_process(job: RebuildJob, tmp_path: Path) -> None:
    """A cancelled rebuild is asked to end, ends, and leaves neither error nor zombie."""
    mark = tmp_path / "pid"
    job.start(script(f"open({str(mark)!r}, 'w').write(f'{{os.getpid()}}.')", "time.sleep(600)"))
    pid = pid_in(mark)
    job.cancel()
    state = job.wait(30)
    assert (state.phase, state.error, state.cancelling) == ("cancelled", "", False)
    assert not is_alive(pid)
    assert job.cancel() == state


def test_a_deaf_process_is_killed(job: RebuildJob, tmp_path: Path) -> None:
    """A process that does not obey is killed after the grace time, its children with it."""
    mark = tmp_path / "pid"
    job.start(
        script(
            "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
            "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])",
            f"open({str(mark)!r}, 'w').write(f'{{child.pid}}.')",
            "time.sleep(600)",
        )
    )
    child = pid_in(mark)
    began = time.perf_counter()
    assert job.cancel().cancelling
    assert job.wait(30).phase == "cancelled"
    assert time.perf_counter() - began >= 0.2
    wait_until(lambda: not is_running(child))


def test_a_cancel_that_comes_too_late(job: RebuildJob) -> None:
    """A rebuild that was done before it noticed is done."""
    job.start(
        script(
            "signal.signal(signal.SIGTERM, lambda *_: (report(), sys.exit(0)))",
            "say(stage='writing', done=0, total=0)",
            "time.sleep(600)",
        )
    )
    wait_until(lambda: job.state().stage == "writing")
    job.cancel()
    assert job.wait(30).phase == "done"


# --- Left behind ------------------------------------------------------------------------------

_APP = """
import os, signal, sys, time
from search.rebuild import RebuildJob
job = RebuildJob()
job.start([sys.executable, "-c", {child!r}])
while not os.path.exists({mark!r}): time.sleep(0.01)
{end}
"""


@pytest.mark.parametrize(
    ("watch", "end"),
    [("", "1 / 0"), ("watch", "os.kill(os.getpid(), signal.SIGKILL)")],
    ids=["error", "kill"],
)
def test_no_build_outlives_the_app(tmp_path: Path, watch: str, end: str) -> None:
    """When the app ends, in whatever way, the build that it has started ends too.

    A killed app can do nothing about it: then the build sees that its standard input ends.
    """
    mark = tmp_path / "pid"
    child = "import os, time\n"
    if watch:
        child += "from index.command import stop_at_eof\nstop_at_eof()\n"
    child += f"open({str(mark)!r}, 'w').write(f'{{os.getpid()}}.')\ntime.sleep(600)\n"
    app = _APP.format(child=child, mark=str(mark), end=end)
    subprocess.run(
        [sys.executable, "-c", app], cwd=SEEDS.parent, check=False, stderr=subprocess.DEVNULL
    )
    pid = pid_in(mark)
    wait_until(lambda: not is_running(pid))


# --- Real builds ------------------------------------------------------------------------------

# The real command line, with FakeEncoder for a model that takes half a second for each text.
_SLOW = """
import importlib, sys, time
import index.__main__
from tests.fakes import FakeEncoder

class Slow(FakeEncoder):
    def encode_document(self, texts, advance=None):
        for _ in texts:
            time.sleep({pause})
            if advance: advance(1)
        return super().encode_document(texts)

importlib.import_module("index.build").load_encoder = lambda name: Slow(name)
sys.exit(index.__main__.main(sys.argv[1:]))
"""


def slow(command: tuple[str, ...], pause: float) -> list[str]:
    """The rebuild's command line with a slow FakeEncoder."""
    arguments = command[command.index("build") :]
    return [sys.executable, "-c", _SLOW.format(pause=pause), *arguments, "--full"]


def rebuild(data: Path) -> tuple[str, ...]:
    with Snapshot.open(data) as snapshot:
        return rebuild_command(data, snapshot.manifest)


def test_the_command_repeats_the_build(make_index: MakeIndex) -> None:
    """Sources, model and strictness are those of the manifest, the folder is the one asked for."""
    data = make_index(works_page(*WORKS), encoder=FakeEncoder("some model"))
    sources = data.with_name("data-sources")
    command = list(rebuild(data))
    assert command[-1] == str(sources)
    assert {f"--data={data}", "--model=some model"} <= set(command)
    assert "--strict" not in command
    build([sources], data, encoder=FakeEncoder(), strict=True)
    assert "--strict" in rebuild(data)


def test_a_cancelled_build_leaves_the_old_index(
    job: RebuildJob, make_index: MakeIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled while it embeds, a build changes nothing; searches go on; the next one succeeds."""
    monkeypatch.chdir(SEEDS.parent)
    data = make_index(works_page(*WORKS[:2]))
    (data.with_name("data-sources") / "1.txt").write_text(works_page(WORKS[2]))
    before, command = answers_of(data), rebuild(data)
    job.start(slow(command, 30))
    wait_until(lambda: job.state().stage == "embedding")
    assert answers_of(data) == before
    assert job.state().total == 3
    job.cancel()
    assert job.wait(30).phase == "cancelled"
    assert answers_of(data) == before
    assert (data / CURRENT).read_text() == "1\n"
    job.start(slow(command, 0))
    report = job.wait(60).report
    assert report is not None
    assert (report.generation, report.papers, report.embedded) == (2, 3, 3)
    assert {folder.name for folder in (data / GENERATIONS).iterdir()} == {"1", "2"}


@pytest.mark.model
def test_the_real_command(
    job: RebuildJob, tmp_path: Path, real_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real command, in any folder: busy, then a new generation with the decision that waited.

    The generation before answers until the new one stands, and a reader keeps it.
    """
    (tmp_path / "index").mkdir()  # a stranger's package of that name in the working directory
    (tmp_path / "index" / "__init__.py").touch()
    (tmp_path / "index" / "__main__.py").write_text("raise SystemExit('the wrong program')")
    monkeypatch.chdir(tmp_path)
    sources, data = [tmp_path / "a.txt", tmp_path / "b b.txt"], tmp_path / "data"
    sources[0].write_text(works_page(*WORKS))
    sources[1].write_text(works_page(("preprint2019arXiv", "Cats at rest in winter", CAT)))
    build(sources, data, encoder=real_encoder)
    searcher = Searcher.open(data, encoder=real_encoder)
    hits = [hit.paper.paper_id for hit in searcher.search("sleeping cats")]
    split_paper(searcher.snapshot, hits[0])
    command = rebuild_command("data", searcher.snapshot.manifest)
    with build_lock(data):
        job.start(command)
        state = job.wait(60)
    assert state.phase == "failed"
    assert state.error == f"{data}: another build is running here; wait for it to end"
    job.start(command)
    state = job.wait(200)
    assert state.report is not None, (state.error, state.log)
    assert (state.report.generation, state.report.papers, state.report.merged) == (2, 4, 0)
    assert (state.report.reused, state.report.embedded) == (4, 0)
    assert len(papers_of(data)) == 4
    assert [hit.paper.paper_id for hit in searcher.search("sleeping cats")] == hits
    searcher.snapshot.close()


def test_sigterm_ends_a_build_with_a_failure(make_index: MakeIndex) -> None:
    """Ended by SIGTERM the build's exit status is a failure and its half-made folder is no index.

    The next build clears it away.
    """
    data = make_index(works_page(*WORKS))
    before = answers_of(data)
    # The folder that a build leaves behind when it is ended while it writes.
    leftover = data / GENERATIONS / ".building"
    leftover.mkdir()
    (leftover / "manifest.json").write_text("{}")
    with subprocess.Popen(
        slow(rebuild(data), 30), cwd=SEEDS.parent, stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        while b"embedding" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == -signal.SIGTERM
    assert answers_of(data) == before
    build([data.with_name("data-sources")], data, encoder=FakeEncoder())
    assert not leftover.exists()
    assert answers_of(data) == before
