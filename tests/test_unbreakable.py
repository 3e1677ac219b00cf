"""Damage, many readers and many swaps: an index gives right answers or an error that names it."""

from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import index.disk
import index.writer
from index.build import build
from index.disk import GENERATIONS, MANIFEST, VECTORS
from index.errors import SnapshotError
from index.snapshot import Snapshot
from index.writer import Contents, write_generation
from search.engine import Searcher
from tests.conftest import SEEDS, SHORT, contents_of, live, overwrite
from tests.fakes import FakeEncoder

QUERIES = ("learning in recurrent networks", "synaptic plasticity", "language models", "causality")
Said = tuple[tuple[str, float, str], ...]


def said_by(searcher: Searcher) -> Said:
    """What a searcher answers to each of the queries."""
    hits = [hit for query in QUERIES for hit in searcher.search(query, k=10)]
    return tuple((hit.paper.paper_id, hit.score, hit.paper.title or "") for hit in hits)


def said_of(data: Path) -> Said:
    """What a searcher opened now answers."""
    with Snapshot.open(data) as snapshot:
        return said_by(Searcher(snapshot, FakeEncoder()))


def flips(data: Path, count: int, seed: int) -> Iterator[tuple[str, int]]:
    """Flip a bit of a random byte of each file of the live generation by turns, `count` times.

    Gives the file and the place; the file is put back afterwards.
    """
    dice, folder = random.Random(seed), live(data)
    names = [*index.disk.data_files(folder), MANIFEST]
    for number in range(count):
        path = folder / names[number % len(names)]
        good = path.read_bytes()
        place = dice.randrange(len(good))
        bad = bytearray(good)
        bad[place] ^= 1 << dice.randrange(8)
        overwrite(path, bytes(bad))
        yield path.name, place
        overwrite(path, good)


# --- Damage -----------------------------------------------------------------------------------


def test_a_flipped_bit_anywhere_is_noticed_when_a_searcher_is_opened(index_copy: Path) -> None:
    """Of 100 flipped bits in files that are read whole, none is answered from: each is named."""
    for name, place in flips(index_copy, 100, seed=20):
        with pytest.raises(SnapshotError) as caught:
            Searcher.open(index_copy, encoder=FakeEncoder())
        assert name in str(caught.value), (name, place)
        assert "run `python -m index build`" in str(caught.value), (name, place)
    assert said_of(index_copy)


def test_verify_finds_a_flipped_bit_in_files_too_large_to_read_at_open(
    index_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 100 flipped bits in files beyond what opening reads, verify or opening finds each."""
    monkeypatch.setattr(index.disk, "CHECKED", -1)
    opened = 0
    for name, place in flips(index_copy, 100, seed=21):
        try:
            snapshot = Snapshot.open(index_copy)
        except SnapshotError as error:
            assert str(live(index_copy)) in str(error)
            continue
        opened += 1
        with snapshot, pytest.raises(SnapshotError) as caught:
            snapshot.verify()
        assert name in str(caught.value), (name, place)
    assert opened > 20  # so verify had something to find


def test_an_index_that_may_not_be_read_is_not_built_over(
    index_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No permission to read the old index ends a build: it alone knows ids and dates of papers."""
    honest = index.disk.sha256_of

    def refused(path: Path) -> str:
        if path.name == VECTORS and GENERATIONS in path.parts:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return honest(path)

    with monkeypatch.context() as patch:
        patch.setattr(index.disk, "sha256_of", refused)
        with pytest.raises(SnapshotError) as caught:
            build(SHORT, index_copy, encoder=FakeEncoder())
    assert "Permission denied" in str(caught.value)
    assert f"or move {index_copy / GENERATIONS} away to begin anew" in str(caught.value)
    with Snapshot.open(index_copy) as snapshot:
        assert snapshot.verify()["papers"] == 32
        assert snapshot.manifest.generation == 1


def test_a_damaged_index_is_built_anew(index_copy: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A damaged old index is told of and not taken over; the new one verifies."""
    path = live(index_copy) / VECTORS
    overwrite(path, path.read_bytes()[:-1] + b"\x13")
    report = build(SHORT, index_copy, encoder=FakeEncoder())
    assert (report.generation, report.reused, report.embedded) == (2, 0, 32)
    assert "cannot be reused, building anew" in caplog.text
    with Snapshot.open(index_copy) as snapshot:
        assert snapshot.verify()["papers"] == 32


# --- Cleaning up ------------------------------------------------------------------------------


def test_an_old_generation_that_cannot_be_removed_is_no_failure(
    contents: Contents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """The new index is live, the log names what stays, and a later build removes it."""
    for _ in range(2):
        write_generation(tmp_path, contents)
    honest = index.writer.shutil.rmtree

    def refused(path: Path, *arguments: object, **named: object) -> None:
        if path.name == "1":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        honest(path, *arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(index.writer.shutil, "rmtree", refused)
        assert write_generation(tmp_path, contents) == 3
    assert "cannot be removed: [Errno 13] Permission denied" in caplog.text
    assert live(tmp_path).name == "3"
    write_generation(tmp_path, contents)
    assert {folder.name for folder in (tmp_path / GENERATIONS).iterdir()} == {"3", "4"}


def test_what_cannot_be_cleared_away_hides_no_error(
    index_copy: Path, contents: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where neither writing nor removing works, the error is that of the writing."""

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    def no_space(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", no_space)
    for name in ("unlink", "iterdir"):
        monkeypatch.setattr(Path, name, refused)
    with pytest.raises(SnapshotError, match=r"cannot be written: \[Errno (28|13)\]") as caught:
        write_generation(index_copy, contents)
    assert "(the old index still answers)" in str(caught.value)


# --- Many readers -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> tuple[Contents, Contents]:
    """What builds of one seed and of two hand to the writer."""
    one, two = (contents_of(SHORT[:count], tmp_path_factory.mktemp("unused")) for count in (1, 2))
    return one, two


def test_readers_through_twenty_swaps(few: tuple[Contents, Contents], tmp_path: Path) -> None:
    """Threads that open again and again see the one or the other index, never an error.

    A reader from before the first swap answers all the while from files that have no name any
    more; two generations are left.
    """
    expected = []
    for contents in few:
        write_generation(tmp_path, contents)
        expected.append(said_of(tmp_path))
    assert expected[0] != expected[1]
    done = threading.Event()

    def read() -> list[Said]:
        seen = []
        while not done.wait(0.05):
            seen.append(said_of(tmp_path))
        return seen

    with Snapshot.open(tmp_path) as held, ThreadPoolExecutor(2) as pool:
        before = Searcher(held, FakeEncoder())
        readers = [pool.submit(read) for _ in range(2)]
        try:
            for number in range(20):
                write_generation(tmp_path, few[number % 2])
                assert said_by(before) == expected[1]
        finally:
            done.set()
        seen = [said for reader in readers for said in reader.result()]
        assert not held.folder.exists()
    assert set(seen) == set(expected)
    assert len(list((tmp_path / GENERATIONS).iterdir())) == 2


# Opens the index and asks it, each time anew, in two processes, until its input ends.
_READERS = """
import os, sys, threading
from pathlib import Path
from tests.test_unbreakable import said_of

data, turns = Path(sys.argv[1]), 8
children = []
os.write(1, b"ready\\n")
for _ in range(2):
    if (child := os.fork()) == 0:
        status = 9
        try:
            found = {said_of(data) for _ in range(turns)}
            os.write(1, ("; ".join(map(repr, found)) + "\\n").encode())
            status = 0
        finally:
            os._exit(status)
    children.append(child)
sys.exit(any(os.waitpid(child, 0)[1] for child in children))
"""


def test_threads_and_processes_read_while_it_is_rebuilt(
    few: tuple[Contents, Contents], tmp_path: Path
) -> None:
    """Eight threads and two processes get, while the index is rebuilt, what one gets alone."""
    write_generation(tmp_path, few[1])
    alone = said_of(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", _READERS, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=SEEDS.parent,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    ) as processes:
        assert processes.stdout is not None
        assert processes.stdout.readline() == "ready\n"
        with Snapshot.open(tmp_path) as snapshot, ThreadPoolExecutor(8) as pool:
            shared = Searcher(snapshot, FakeEncoder())
            reading = [pool.submit(said_by, shared) for _ in range(24)]
            for _ in range(4):
                write_generation(tmp_path, few[1])
            assert {future.result() for future in reading} == {alone}
        told = processes.stdout.read().splitlines()
    assert processes.returncode == 0
    assert told == [repr(alone)] * 2
