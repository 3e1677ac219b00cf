"""Seconds and memory of the steps of something, as seen from outside it.

A step is timed by standing in for a public function of the engine while it runs; where the engine
no longer calls it, the step takes no time. Time inside a step that is inside another counts for the
inner one alone, so the steps add up to the whole. Memory is the most that the process held during a
step, mapped files included, and is looked at for few and long steps only.
"""

from __future__ import annotations

import contextlib
import functools
import resource
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


class Steps:
    """Seconds by step since the last `take`, and the peak of memory by step since the start."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.peaks_mb: dict[str, float] = defaultdict(float)
        self._open: list[str] = []
        self._weighed: list[str] = []  # the open steps of which memory is looked at
        self._since = 0.0

    @contextlib.contextmanager
    def step(self, name: str, *, memory: bool = False) -> Iterator[None]:
        """Count what runs inside for `name`."""
        self._switch(memory=memory)
        self._open.append(name)
        if memory:
            self._weighed.append(name)
        try:
            yield
        finally:
            self._switch(memory=memory)
            self._open.pop()
            if memory:
                self._weighed.pop()

    def _switch(self, *, memory: bool) -> None:
        now = time.perf_counter()
        if self._open:
            self.seconds[self._open[-1]] += now - self._since
        if memory:
            if self._weighed:
                name = self._weighed[-1]
                self.peaks_mb[name] = max(self.peaks_mb[name], peak_since())
            forget_peak()
        self._since = time.perf_counter()

    def watch(
        self,
        stack: contextlib.ExitStack,
        owner: Any,
        name: str,
        step: str,
        *,
        memory: bool = False,
    ) -> None:
        """Count every call of `owner.name` for a step, until the stack is left.

        Raises AttributeError when there is no such function.
        """
        has_own = name in vars(owner)
        before = vars(owner).get(name)
        setattr(owner, name, self._timed(owner, name, before, (step, memory)))
        restore = (setattr, owner, name, before) if has_own else (delattr, owner, name)
        stack.callback(*restore)

    def _timed(self, owner: Any, name: str, before: Any, step: tuple[str, bool]) -> Any:
        original: Callable[..., Any] = before if before is not None else getattr(owner, name)
        called = original.__func__ if isinstance(original, classmethod) else original

        @functools.wraps(called)
        def timed(*args: Any, **named: Any) -> Any:
            with self.step(step[0], memory=step[1]):
                return called(*args, **named)

        return classmethod(timed) if isinstance(before, classmethod) else timed

    def take(self) -> dict[str, float]:
        """Seconds by step; the clock then begins anew."""
        taken, self.seconds = dict(self.seconds), defaultdict(float)
        return taken


def peak_mb() -> float:
    """The most memory this process has held so far, mapped files included."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 * 1.048576


def forget_peak() -> None:
    """Let `peak_since` begin anew. Linux alone can; elsewhere it stays the peak of the process."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_since() -> float:
    """The most memory held since `forget_peak`, in MB, mapped files included."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return peak_mb()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def read_mb() -> float:
    """MB that this process has read by calls so far; mapped files are not among it."""
    try:
        counted = Path("/proc/self/io").read_text()
    except OSError:
        return 0.0
    return int(counted.split()[1]) / 1e6
