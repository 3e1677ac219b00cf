"""A rebuild of the index in a process of its own, to start, watch and cancel.

Searches go on undisturbed: the process writes a new generation aside and swaps it in when it
stands, and may be killed at any instant (see `index.writer`); what it leaves behind is cleared
away by the next build. It never outlives the process that started it: an orderly end kills it,
and after a crash its standard input ends, upon which it stops (`--stop-at-eof`).
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Literal

from index.build import EDITIONS, BuildReport
from index.manifest import Manifest
from index.records import Skip
from index.sources import FileReport

Phase = Literal["idle", "running", "done", "failed", "cancelled"]
GRACE = 10.0  # seconds from the request to end to the kill
_LOG_LINES, _LOG_WIDTH = 40, 1000  # of what the process says beside its progress
_NICE = 10  # the searches go first


@dataclass(frozen=True, slots=True)
class RebuildState:
    """How a rebuild stands."""

    phase: Phase = "idle"
    stage: str = ""  # as in `index.build`
    done: int = 0  # texts of the stage that are done …
    total: int = 0  # … of so many; 0 when that is not known
    seconds: float = 0.0  # since the start, until now or the end
    rate: float | None = None  # texts a second, once there is something to tell it by
    left: float | None = None  # seconds, of the stage
    cancelling: bool = False  # asked to end, and not ended yet
    report: BuildReport | None = None  # of a rebuild that is done
    error: str = ""  # why it failed
    log: tuple[str, ...] = ()  # the last lines of warnings, if there were any


def rebuild_command(data: str | os.PathLike[str], manifest: Manifest) -> tuple[str, ...]:
    """The command line that builds a generation like that of the manifest: of the same sources,
    by the same model, with the same columns of tables and editions, as strict.
    """
    editions = manifest.settings.get("editions", EDITIONS[0])
    columns = [f"--columns={column}" for column in manifest.settings.get("columns", ())]
    strict = ["--strict"] if manifest.settings.get("strict") else []
    return (
        # -P: what lies in the working directory is not imported.
        *(sys.executable, "-P", "-m", "index", "build", f"--data={Path(data).absolute()}"),
        *(f"--model={manifest.model.name}", "--progress=json", "--stop-at-eof", "--json"),
        *strict,
        *([f"--editions={editions}"] if editions != EDITIONS[0] else []),
        *columns,
        *manifest.sources,
    )


class RebuildJob:
    """Runs one rebuild at a time. Threads may share it; several pages may look at it."""

    def __init__(self, *, grace: float = GRACE) -> None:
        """`grace` is the time in seconds that a cancelled process is given before it is killed."""
        self._grace = grace
        self._lock = threading.Lock()
        self._run: _Run | None = None
        self._refused: RebuildState | None = None

    def start(self, command: Sequence[str]) -> RebuildState:
        """Start the command (see `rebuild_command`) unless one is running; gives the state.

        A build that another process runs on the same data folder makes this one fail with the
        message of BusyError.
        """
        with self._lock:
            if self._run is None or self._run.ended.is_set():
                self._run, self._refused = None, None
                try:
                    self._run = _Run(command, self._grace)
                except OSError as error:
                    told = f"{command[0]}: the build cannot be started: {error.strerror or error}"
                    self._refused = RebuildState("failed", error=told)
        return self.state()

    def state(self) -> RebuildState:
        """How the rebuild that runs, or the last one, stands."""
        with self._lock:
            run, refused = self._run, self._refused
        return run.state() if run else refused or RebuildState()

    def cancel(self) -> RebuildState:
        """Ask the rebuild to end; when it is still there after the grace time, kill it."""
        with self._lock:
            run = self._run
        if run:
            run.cancel()
        return self.state()

    def wait(self, timeout: float | None = None) -> RebuildState:
        """The state at the end of the rebuild, or after `timeout` seconds if that is sooner."""
        with self._lock:
            run = self._run
        if run:
            run.ended.wait(timeout)
        return self.state()


class _Run:
    """One process and the thread that reads what it says."""

    def __init__(self, command: Sequence[str], grace: float) -> None:
        """Raises OSError when the process cannot be started."""
        self.ended = threading.Event()
        self._grace = grace
        self._lock = threading.Lock()  # of all that follows
        self._state = RebuildState("running")
        self._log: deque[str] = deque(maxlen=_LOG_LINES)
        self._started = self._stage_started = time.monotonic()
        self._stage_from = 0
        self._killer: threading.Timer | None = None
        # The report comes at the end and may be longer than a pipe holds.
        self._report: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed by _finish
        try:
            self._process = _start(command, self._report)
        except OSError:
            self._report.close()
            raise
        atexit.register(self._kill)
        threading.Thread(target=self._read, name="rebuild", daemon=True).start()

    def state(self) -> RebuildState:
        with self._lock:
            now = self._state
            if now.phase != "running":
                return now
            seconds = time.monotonic() - self._started
            return replace(now, seconds=seconds, log=tuple(self._log))

    def cancel(self) -> None:
        with self._lock:
            if self._state.phase != "running" or self._state.cancelling:
                return
            self._state = replace(self._state, cancelling=True)
            self._killer = threading.Timer(self._grace, self._kill)
            self._killer.daemon = True
            self._killer.start()
        self._signal(signal.SIGTERM)

    def _kill(self) -> None:
        self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))  # Windows has but one

    def _signal(self, number: int) -> None:
        """Send a signal to the process and all that it has started, if it is still there."""
        if self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, number)
            else:
                self._process.send_signal(number)

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._note(line.rstrip())
        self._finish(self._process.wait())

    def _note(self, line: str) -> None:
        """Take in one line: progress, an error, or something for the log."""
        message = _message(line)
        error, stage, done, total = map(message.get, ("error", "stage", "done", "total"))
        with self._lock:
            if isinstance(error, str):
                self._state = replace(self._state, error=error)
            elif isinstance(stage, str) and isinstance(done, int) and isinstance(total, int):
                self._advance(stage, done, total)
            elif line:
                self._log.append(line[:_LOG_WIDTH])

    def _advance(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage != self._state.stage:
            self._stage_started, self._stage_from = now, done
        passed, more = now - self._stage_started, done - self._stage_from
        rate = more / passed if more > 0 and passed > 0 else None
        left = (total - done) / rate if rate and total else None
        self._state = replace(
            self._state, stage=stage, done=done, total=total, rate=rate, left=left
        )

    def _finish(self, status: int) -> None:
        report = _read_report(self._report) if status == 0 else None
        self._report.close()
        for pipe in (self._process.stdin, self._process.stderr):
            if pipe:
                pipe.close()
        with self._lock:
            if self._killer:
                self._killer.cancel()
            now = self._state
            phase: Phase = "done" if report else "cancelled" if now.cancelling else "failed"
            self._state = replace(
                now,
                phase=phase,
                seconds=time.monotonic() - self._started,
                rate=None,
                left=None,
                cancelling=False,
                report=report,
                error=(now.error or _ending(status)) if phase == "failed" else "",
                log=tuple(self._log),
            )
        atexit.unregister(self._kill)
        self.ended.set()


def _start(command: Sequence[str], report: IO[bytes]) -> subprocess.Popen[str]:
    """The process, in a group of its own, importing the `index` that this module does."""
    here = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(  # noqa: S603  the command is made of the manifest
        list(command),
        stdin=subprocess.PIPE,  # never written to; it ends with this process
        stdout=report,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
        start_new_session=True,
    )
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):  # it may have ended, or be another user's by now
            os.setpriority(os.PRIO_PGRP, process.pid, _NICE)
    return process


def _message(line: str) -> dict[str, Any]:
    """The JSON object of a line; empty for any other line."""
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def _read_report(file: IO[bytes]) -> BuildReport | None:
    """What the build printed at its end; None when that is no report."""
    file.seek(0)
    try:
        values = json.loads(file.read().decode("utf-8"))
        skipped = tuple(Skip(**skip) for skip in values.pop("skipped"))
        read = tuple(FileReport(**file) for file in values.pop("read"))
        return BuildReport(**values, read=read, skipped=skipped)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _ending(status: int) -> str:
    """The end of a process that said nothing of it."""
    if status == 0:
        return "the build ended without a report; run `python -m index build` to see what it says"
    if status < 0:
        name = signal.Signals(-status).name if -status in set(signal.Signals) else str(-status)
        return f"the build was ended from outside ({name}), as happens when memory runs out"
    return f"the build ended with status {status}"
