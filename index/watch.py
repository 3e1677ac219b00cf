"""Build, and build again whenever the files of the sources change.

Signs of change come from the operating system (`watchfiles`), or from looking again and again,
which network drives need. A sign only says when to look: what counts is what the files hold.
"""

from __future__ import annotations

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from pathlib import Path

import watchfiles

from index.build import (
    BuildReport,
    Editions,
    PathLike,
    build,
    data_folder,
)
from index.decisions import FILE_NAME as DECISIONS_FILE
from index.decisions import decision_folders
from index.disk import sha256_of
from index.embedding import Progress
from index.encoder import DEFAULT_MODEL, Encoder, load_encoder
from index.errors import BusyError, SnapshotError, SourceError
from index.formats.columns import Columns
from index.sources.files import identity, is_hidden, is_leftover, list_files

SETTLE = 2.0  # seconds without a change after which a folder counts as quiet
RETRY = 5.0  # seconds after which a build is tried again that failed for no fault of the sources
_LONGEST_RETRY = 300.0  # the time doubles up to here
_TICK = 0.2  # seconds between two looks at the clock and at single files
_GATHER = 50  # milliseconds that `watchfiles` waits for further signs before it tells of any

Stamp = tuple[int, int, int]  # time of change in ns, bytes, inode
_log = logging.getLogger(__name__)


def watch(
    sources: Sequence[PathLike],
    data: PathLike | None = None,
    *,
    model: str = DEFAULT_MODEL,
    encoder: Encoder | None = None,
    strict: bool = False,
    columns: Columns = (),
    editions: Editions = "together",
    settle: float = SETTLE,
    poll: bool = False,
    progress: Progress | None = None,
    on_build: Callable[[BuildReport], None] | None = None,
    on_failure: Callable[[Exception], None] | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Build, then build again after each change of the sources, until `stop` is set.

    Changes are gathered until there was none for `settle` seconds. Nothing is built when the
    files hold what they held before. `poll` looks at all files every now and then in place of
    asking the operating system. `on_build` gets the report of each build; `on_failure`, in place
    of the log, the error of one that failed: the index before stays live and the watch goes on.
    What failed for other reasons than the sources is tried again by itself. `stop` lets a build
    that is running come to its end. The other arguments are those of `build`.

    Raises SourceError when a source is missing at the start, is the folder of the index, or cannot
    be watched, ValueError for a `settle` below 0, and EncoderError when there is no such model.
    """
    if not (math.isfinite(settle) and settle >= 0):
        raise ValueError(f"settle is {settle}; it is a number of seconds, 0 or more")
    paths, folder = [Path(source) for source in sources], data_folder(data)
    for path in paths:
        if path.is_dir() and identity(path) == identity(folder):
            raise SourceError(
                str(path), "is the folder of the index, which each build changes; use another one"
            )
    list_files(paths, folder)
    encoder = encoder or load_encoder(model)  # once, for all builds
    run = partial(
        build,
        paths,
        folder,
        encoder=encoder,
        strict=strict,
        columns=columns,
        editions=editions,
        progress=progress,
    )
    builds = _Builds(paths, folder, run, on_build, on_failure or _log_failure)
    due: float | None = time.monotonic()
    first = True
    for changed in _signs(paths, folder, poll, stop or threading.Event()):
        if changed and not first:
            due = time.monotonic() + settle
        first = False
        if due is not None and time.monotonic() >= due:
            pause = builds.next()
            due = None if pause is None else time.monotonic() + pause


class _Builds:
    """Builds what the sources hold, unless that was built or has failed already."""

    def __init__(
        self,
        sources: Sequence[Path],
        folder: Path,
        run: Callable[[], BuildReport],
        on_build: Callable[[BuildReport], None] | None,
        on_failure: Callable[[Exception], None],
    ) -> None:
        self._sources, self._folder, self._run = sources, folder, run
        self._on_build, self._on_failure = on_build, on_failure
        self._digests: dict[Path, tuple[Stamp, str]] = {}
        self._built: dict[Path, str] | None = None  # file -> digest
        self._failed: dict[Path, str] | None = None
        self._pause, self._told = RETRY, ""

    def next(self) -> float | None:
        """Build if there is something to build. Gives the seconds after which to try again, None
        when a change of the sources is to be waited for.
        """
        try:
            contents = self._contents()
            if contents in (self._built, self._failed):
                return None
            self._failed = contents
            report = self._run()
        except (BusyError, SnapshotError) as error:  # the lock, the disk: nothing tells when it is
            self._failed = None  # free again
            if str(error) != self._told:
                self._told = str(error)
                self._on_failure(error)
            pause, self._pause = self._pause, min(2 * self._pause, _LONGEST_RETRY)
            return pause
        except Exception as error:  # a bug too is told, and does not end the watch
            self._on_failure(error)
            return None
        self._built, self._failed = contents, None
        self._pause, self._told = RETRY, ""
        if self._on_build:
            self._on_build(report)
        return None

    def _contents(self) -> dict[Path, str]:
        """Each file that a build takes in, decisions too, and the digest of its bytes.

        Taken before the build, so that a change during the build counts as one after it. Only
        files whose stamp has changed are read. Raises SourceError for a missing source.
        """
        files = [path for path, _ in list_files(self._sources, self._folder)]
        fresh: dict[Path, tuple[Stamp, str]] = {}
        for path in (*files, *_decision_files(self._sources)):
            stamp = _stamp(path)
            if stamp is None:
                continue
            known = self._digests.get(path)
            fresh[path] = known if known and known[0] == stamp else (stamp, _digest(path))
        self._digests = fresh
        return {path: digest for path, (_, digest) in fresh.items()}


def _signs(
    sources: Sequence[Path], data: Path, poll: bool, stop: threading.Event
) -> Iterator[bool]:
    """Whether something may have changed since the last time, every _TICK seconds or so.

    The first is True: it comes when changes are sure to be noticed. Folders that vanish and come
    back, also under another inode, are watched again.
    """
    while not stop.is_set():
        folders = {path: identity(path) for path in sources if path.is_dir()}
        singles = _singles(sources)
        started = True
        with contextlib.closing(_changes(list(folders), data, poll, stop)) as changes:
            for changed in changes:
                now = {path: identity(path) for path in sources if path.is_dir()}
                before, singles = singles, _singles(sources)
                yield started or changed or now != folders or singles != before
                started = False
                if now != folders:
                    break


def _changes(
    folders: Sequence[Path], data: Path, poll: bool, stop: threading.Event
) -> Generator[bool, None, None]:
    """Whether a sign of change has come from inside of the folders, every _TICK seconds or so.

    Ends when `stop` is set, or when a folder has just gone. Raises SourceError when the folders
    cannot be watched.
    """
    if not folders:
        while not stop.wait(_TICK):
            yield False
        return
    roots = [folder.resolve() for folder in folders]
    try:
        # A file that is being copied gives the same sign over and over, for which `watchfiles`
        # does not wait. So signs are taken as they come, and `watch` keeps the time.
        for signs in watchfiles.watch(
            *roots,
            watch_filter=partial(_matters, roots, data.resolve()),
            debounce=2 * _GATHER,
            step=_GATHER,
            rust_timeout=int(1000 * _TICK),
            yield_on_timeout=True,
            stop_event=stop,
            force_polling=poll or None,  # None: where the system has nothing better
            ignore_permission_denied=True,
        ):
            yield bool(signs)
    except FileNotFoundError:
        stop.wait(_TICK)
    except (OSError, RuntimeError) as error:  # the latter where the system has no watch left
        listed = ", ".join(map(str, folders))
        why = f"cannot be watched: {error}; watch fewer folders, or look at them with --poll"
        raise SourceError(listed, why) from error


def _matters(roots: Sequence[Path], data: Path, change: watchfiles.Change, changed: str) -> bool:
    """Whether a sign may be about a file that a build reads.

    Signs about others would put a build off for as long as they come. When in doubt, it may.
    """
    path = Path(changed)
    inside = [path.relative_to(root) for root in roots if path.is_relative_to(root)]
    if inside and all(map(is_hidden, inside)):
        return False
    if path.is_relative_to(data) and not any(root.is_relative_to(data) for root in roots):
        return False
    # What was deleted may have been a folder, for which the names of files do not count.
    return change is watchfiles.Change.deleted or not is_leftover(path) or path.is_dir()


def _decision_files(sources: Sequence[Path]) -> list[Path]:
    return [folder / DECISIONS_FILE for folder in decision_folders(sources)]


def _singles(sources: Sequence[Path]) -> dict[Path, Stamp | None]:
    """Stamps of the files that are looked at one by one: those named, and the decisions.

    To watch the folder around a named file could mean to watch a whole home.
    """
    named = (path for path in sources if not path.is_dir())
    return {path: _stamp(path) for path in (*named, *_decision_files(sources))}


def _stamp(path: Path) -> Stamp | None:
    """What changes when a file does; None when it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal; of what cannot be read, the reason."""
    if not path.is_file():  # to read a pipe would take for ever
        return "not a regular file"
    try:
        return sha256_of(path)
    except OSError as error:
        return str(error)


def _log_failure(error: Exception) -> None:
    _log.error("the build failed, the index before stays live: %s", error, exc_info=error)
