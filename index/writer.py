"""How a generation comes to stand: built aside, synced, reopened and checked, then swapped in.

The swap is one atomic rename of CURRENT. A crash before it leaves the old generation live and a
folder that the next build clears away; a crash after it leaves the new one live. All that CURRENT
leads to is on the disk before the rename, and nothing older goes before the rename itself is on the
disk, so a power cut leaves one of the two as well.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock, Timeout

from index import disk, tables
from index.calibration import Calibration
from index.dedupe import Known
from index.disk import sha256_of
from index.encoder import ModelInfo
from index.errors import AbstractsError, BusyError, NoIndexError, SnapshotError
from index.lexical import LexicalIndex
from index.manifest import FORMAT, Manifest
from index.plane import Plane
from index.records import Mention, Merge, Paper, Skip
from index.snapshot import Snapshot
from index.topics import Topics

if TYPE_CHECKING:
    from index.ann import VectorIndex

_LOCK = ".build.lock"
_ASIDE = ".building"
_KEPT = 2  # generations: the live one, and one that a reader may be about to open
_log = logging.getLogger(__name__)
_LIBRARIES = ("faiss-cpu", "numpy", "rapidfuzz", "sentence-transformers", "tantivy", "torch")


@dataclass(frozen=True)
class Contents:
    """All that goes into a generation. Row n of `vectors` belongs to `papers[n]`."""

    papers: Sequence[Paper]
    texts: Sequence[str]  # what is embedded and searched by words
    text_digests: Sequence[str]
    mentions: Collection[Mention]
    merges: Sequence[Merge]
    known: Known  # for the next build
    files: Sequence[tuple[str, str | None, str | None, int]]  # source, layout, sha256, mentions
    skipped: Sequence[Skip]
    vectors: np.ndarray
    index: VectorIndex
    topics: Topics
    plane: Plane
    model: ModelInfo
    calibration: Calibration
    sources: Sequence[str]
    settings: dict[str, Any]
    added: int = 0  # papers that the generation before had not


@contextlib.contextmanager
def build_lock(data: Path) -> Iterator[None]:
    """Hold the data folder against other builds. The lock of a dead process is no lock.

    Raises BusyError when another build is running, SnapshotError when the folder cannot be made.
    """
    try:
        _make(data)
        lock = FileLock(data / _LOCK)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise BusyError(f"{data}: another build is running here; wait for it to end") from error
    except OSError as error:
        raise SnapshotError(f"{data}: cannot be written: {error.strerror or error}") from error
    try:
        yield
    finally:
        lock.release()


def _make(data: Path) -> None:
    """Make the data folder and those above it, and bring the names of new ones to the disk."""
    missing = [folder for folder in (data, *data.parents) if not folder.exists()]
    data.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        _sync(folder.parent)


def write_generation(data: Path, contents: Contents) -> int:
    """Write, check and swap in a new generation; gives its number. Needs `build_lock`.

    Raises SnapshotError when it cannot be written (no space, no permission) or does not read back
    as written; the old generation then stays live. Where only the last step failed, bringing the
    swap to the disk, the new one is live already; the error says so, and the old one is kept for
    the case of a power cut.
    """
    generations = data / disk.GENERATIONS
    aside = generations / _ASIDE
    number = 0
    try:
        generations.mkdir(exist_ok=True)
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        number = 1 + max(_numbers(generations), default=0)
        _write_files(aside, contents)
        _write_manifest(aside, contents, number)
        with Snapshot(aside) as written:
            written.verify()
        final = generations / str(number)
        aside.rename(final)
        _sync(generations)
        _swap(data, number)
    except (OSError, RuntimeError, sqlite3.Error, ValueError) as error:
        _discard(data)
        raise SnapshotError(f"{data}: {_what_failed(data, number, error)}") from error
    except AbstractsError:
        _discard(data)
        raise
    remove_old(data, number)
    return number


def _live(data: Path) -> int | None:
    """The number of the live generation, 0 when there is none, None when it cannot be read."""
    try:
        return disk.current_generation(data)
    except NoIndexError:
        return 0
    except SnapshotError:
        return None


def _discard(data: Path) -> None:
    """Clear away what a failed write has left: everything newer than the live generation.

    What cannot be removed now is removed by the next build.
    """
    generations = data / disk.GENERATIONS
    shutil.rmtree(generations / _ASIDE, ignore_errors=True)
    with contextlib.suppress(OSError):
        (data / f"{disk.CURRENT}.new").unlink(missing_ok=True)
    live = _live(data)
    if live is None:
        return  # better to leave something behind than to delete the live one
    with contextlib.suppress(OSError):
        for number in _numbers(generations):
            if number > live:
                shutil.rmtree(generations / str(number), ignore_errors=True)


def remove_old(data: Path, live: int) -> None:
    """Delete generations that are neither live nor the one before.

    A reader keeps the files that it has open: on Linux and macOS they stay until it closes them,
    whatever becomes of their names. Windows removes no file that is open. What cannot be removed
    is told in the log and tried again after the next build.
    """
    generations = data / disk.GENERATIONS
    try:
        older = sorted((n for n in _numbers(generations) if n < live), reverse=True)
        for number in older[_KEPT - 1 :]:
            shutil.rmtree(generations / str(number))
    except OSError as error:
        _log.warning("an old generation in %s cannot be removed: %s", generations, error)


def _numbers(generations: Path) -> list[int]:
    """The numbers of the generations that are there. Raises OSError."""
    return [int(path.name) for path in generations.iterdir() if path.name.isdecimal()]


def _write_files(folder: Path, contents: Contents) -> None:
    db = tables.create(folder / disk.PAPERS)
    with contextlib.closing(db):
        papers = zip(contents.papers, contents.text_digests, strict=True)
        home = tables.insert_papers(db, papers)
        tables.insert_mentions(db, contents.mentions, home)
        tables.insert_merges(db, contents.merges, home)
        tables.insert_known(db, contents.known)
        tables.insert_reading(db, contents.files, contents.skipped)
        db.commit()
        tables.create_indexes(db)
    np.save(folder / disk.VECTORS, contents.vectors, allow_pickle=False)
    contents.index.save(folder / disk.FAISS)
    texts = zip(contents.papers, contents.texts, strict=True)
    LexicalIndex.build(folder / disk.LEXICAL, texts)
    _write_topics(folder, contents.topics)
    np.save(folder / disk.PLANE, contents.plane.points, allow_pickle=False)


def _write_topics(folder: Path, topics: Topics) -> None:
    listed = [asdict(topic) for topic in topics.topics]
    text = json.dumps(listed, ensure_ascii=False, indent=1)
    (folder / disk.TOPICS).write_text(text + "\n", encoding="utf-8")
    np.save(folder / disk.ASSIGNMENT, topics.assignment, allow_pickle=False)
    np.save(folder / disk.CENTROIDS, topics.centroids, allow_pickle=False)


def _write_manifest(folder: Path, contents: Contents, number: int) -> None:
    manifest = Manifest(
        format=FORMAT,
        generation=number,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        model=contents.model,
        metric="cosine",
        ann=contents.index.kind,
        vector_search=contents.index.method.to_dict(),
        counts={
            "papers": len(contents.papers),
            "mentions": len(contents.mentions),
            "merges": len(contents.merges),
            "files": len(contents.files),
            "skipped": len(contents.skipped),
            "topics": len(contents.topics.topics),
            "added": contents.added,
        },
        files={},
        sources=list(contents.sources),
        settings=contents.settings,
        calibration=contents.calibration,
        versions={name: version(name) for name in _LIBRARIES},
    )
    files = {}
    for name in disk.data_files(folder):
        path = folder / name
        _sync(path)
        files[name] = {"size": path.stat().st_size, "sha256": sha256_of(path)}
    path = folder / disk.MANIFEST
    path.write_text(replace(manifest, files=files).to_json(), encoding="utf-8")
    _sync(path)
    _sync(folder / disk.LEXICAL)
    _sync(folder)


def _swap(data: Path, number: int) -> None:
    """Make a generation, all of which is on the disk, the live one."""
    _sync(data)  # the name of the folder of generations, which may be new
    fresh = data / f"{disk.CURRENT}.new"
    fresh.write_text(f"{number}\n", encoding="ascii")
    _sync(fresh)
    fresh.replace(data / disk.CURRENT)
    _sync(data)


def _sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    if path.is_dir() and os.name == "nt":  # Windows cannot sync a folder and need not
        return
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _what_failed(data: Path, number: int, error: Exception) -> str:
    """What a failed write of a generation means for who asks the index, and what to do."""
    live, advice = _live(data), disk.advice(error)
    if live and live == number:
        return (
            f"the new index answers, but a power cut may bring the one before back: {error}; "
            f"{advice}"
        )
    stands = {None: "whatever was there is untouched", 0: "there is no index yet"}
    answers = stands.get(live, "the old index still answers")
    return f"the index cannot be written: {error}; {advice} ({answers})"
