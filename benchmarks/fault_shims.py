"""Faults put into a running build: calls that fail, the process killed, the power cut.

`Calls` counts the calls by which a build touches the disk and does something at one of them.
`Disk` keeps what would be on the disk after a power cut: of a file what it held when it was last
synced, of a folder the names that were in it then. `after_power_cut` makes that the truth.
"""

from __future__ import annotations

import builtins
import errno
import io
import json
import os
import random
import shutil
import signal
import sqlite3
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from index import tables
from index.ann import VectorIndex
from index.lexical import LexicalIndex

OS_CALLS = ("open", "fsync", "rename", "replace", "unlink", "rmdir", "mkdir", "scandir", "listdir")
_SQL = (
    "create", "insert_papers", "insert_mentions", "insert_merges", "insert_known",
    "insert_reading", "create_indexes",
)  # fmt: skip
_NEED_SPACE = {"fsync", "rename", "replace", "mkdir", "write", *_SQL, "save", "build"}
Action = Callable[[str], None]


@dataclass
class Calls:
    """Wraps what touches the disk below `root`; `act(call)` is done before call `at`.

    With `lasting`, before each later one too. The process is not put back as it was: it is one
    that ends after the build.
    """

    root: Path
    at: int = 0  # from 1; 0 is never
    act: Action | None = None
    lasting: bool = False
    made: list[str] = field(default_factory=list)  # "replace …/CURRENT.new" and so on

    def wrap_all(self) -> None:
        """Begin to count."""
        for name in OS_CALLS:
            setattr(os, name, self._wrapped(name, getattr(os, name)))
        opened = self._wrapped("file", builtins.open)
        builtins.open = io.open = opened  # type: ignore[assignment]
        for name in _SQL:
            setattr(tables, name, self._wrapped(name, getattr(tables, name), always=True))
        VectorIndex.save = self._wrapped("save", VectorIndex.save, always=True)  # type: ignore
        built = self._wrapped("build", LexicalIndex.build, always=True)
        LexicalIndex.build = staticmethod(built)  # type: ignore[method-assign, assignment]

    def _wrapped(
        self, name: str, function: Callable[..., Any], *, always: bool = False
    ) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            first = arguments[0] if arguments else None
            if always or self._concerns(first, named):
                writes = name == "file" and "w" in str([*arguments[1:2], named.get("mode")])
                self._reached("write" if writes else name, first)
            return function(*arguments, **named)

        return call

    def _concerns(self, first: Any, named: dict[str, Any]) -> bool:
        if isinstance(first, int) or named.get("dir_fd") is not None:
            return True
        return isinstance(first, str | Path) and str(first).startswith(str(self.root))

    def _reached(self, name: str, first: Any) -> None:
        place = str(first).removeprefix(str(self.root)) if isinstance(first, str | Path) else ""
        self.made.append(f"{name} {place}")
        at_it = len(self.made) >= self.at if self.lasting else len(self.made) == self.at
        if self.act and self.at and at_it:
            self.act(name)


def full(name: str) -> None:
    """The disk is full: what needs space fails."""
    if name.startswith(("insert", "create")):
        raise sqlite3.OperationalError("database or disk is full")
    if name in _NEED_SPACE:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def needs_space(call: str) -> bool:
    """Whether a call as of `Calls.made` fails on a full disk."""
    return call.split(maxsplit=1)[0] in _NEED_SPACE


def forbidden(_: str) -> None:
    """Nothing is permitted."""
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def broken(_: str) -> None:
    """The disk gives an error."""
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def killed(_: str) -> None:
    """Kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)


def killed_soon(seconds: float) -> Action:
    """Killed by the clock, wherever the process then is, in the midst of a library too."""

    def start(_: str) -> None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # which ends the process at once
        signal.setitimer(signal.ITIMER_REAL, seconds)

    return start


class Disk:
    """What of `root` is safe from a power cut, noted at each fsync. Linux only.

    Files are pinned by a hard link in `store`, folders by a descriptor, so that no inode number is
    used twice.
    """

    def __init__(self, root: Path, store: Path) -> None:
        self._root, self._store = root, store
        self._folders: dict[int, dict[str, int]] = {}
        self._kinds: dict[int, str] = {}
        self._open, self._listdir, self._fsync = os.open, os.listdir, os.fsync
        store.mkdir(parents=True)
        for folder, _, files in os.walk(root):  # all that is there before is on the disk
            self._note(Path(folder))
            for name in files:
                self._note(Path(folder, name))
        os.fsync = self._noted

    def _noted(self, descriptor: int) -> None:
        self._note(Path(f"/proc/self/fd/{descriptor}").readlink())

    def _note(self, path: Path) -> None:
        inode = self._pin(path)
        if self._kinds[inode] == "file":
            shutil.copyfile(path, self._store / f"synced-{inode}")
        else:
            self._folders[inode] = {name: self._pin(path / name) for name in self._listdir(path)}

    def _pin(self, path: Path) -> int:
        found = path.stat()
        if found.st_ino not in self._kinds:
            if stat.S_ISDIR(found.st_mode):
                self._open(path, os.O_RDONLY)
            else:
                os.link(path, self._store / f"pin-{found.st_ino}")
        self._kinds[found.st_ino] = "folder" if stat.S_ISDIR(found.st_mode) else "file"
        return found.st_ino

    def cut(self, _: str) -> None:
        """Write down what is safe, and end the process."""
        known = {"root": self._root.stat().st_ino, "folders": self._folders, "kinds": self._kinds}
        Path(self._store, "known.json").write_text(json.dumps(known))
        killed("")


@dataclass
class _Restored:
    folders: dict[int, dict[str, int]]
    kinds: dict[int, str]
    store: Path
    now: dict[int, Path]  # where each inode is, of those that still have a name
    dice: random.Random
    lossy: float  # how likely a change that was not synced is lost


def after_power_cut(root: Path, store: Path, dice: random.Random) -> None:
    """Put `root` into a state in which a power cut may leave it, after `Disk.cut`.

    In half of all cases every change that was not synced is lost, else each by chance, a file in
    part perhaps.
    """
    known = json.loads((store / "known.json").read_text())
    now = {path.stat().st_ino: path for path in _walk(root)}
    kinds = {int(inode): kind for inode, kind in known["kinds"].items()}
    kinds |= {inode: "folder" if path.is_dir() else "file" for inode, path in now.items()}
    folders = {int(inode): names for inode, names in known["folders"].items()}
    state = _Restored(folders, kinds, store, now, dice, dice.choice([1.0, 0.5]))
    fresh = root.with_name(f"{root.name}.restored")
    _restore_folder(known["root"], fresh, state)
    shutil.rmtree(root)
    fresh.rename(root)


def _walk(root: Path) -> Iterator[Path]:
    yield root
    yield from root.rglob("*")


def _restore_folder(inode: int, to: Path, state: _Restored) -> None:
    to.mkdir()
    safe = state.folders.get(inode, {})
    path = state.now.get(inode)
    current = {p.name: p.stat().st_ino for p in path.iterdir()} if path else {}
    for name in sorted({*safe, *current}):
        lost = state.dice.random() < state.lossy
        found = (safe if lost else current).get(name)
        if found is None:
            continue
        if state.kinds[found] == "folder":
            _restore_folder(found, to / name, state)
        else:
            (to / name).write_bytes(_content(found, state))


def _content(inode: int, state: _Restored) -> bytes:
    synced, pin = state.store / f"synced-{inode}", state.store / f"pin-{inode}"
    safe = synced.read_bytes() if synced.exists() else b""
    place = state.now.get(inode) or pin
    current = place.read_bytes() if place.exists() else safe
    if current == safe or state.dice.random() < state.lossy:
        return safe
    torn = current[: state.dice.randrange(len(current) + 1)]
    return state.dice.choice([current, torn, torn.ljust(len(current), b"\0")])
