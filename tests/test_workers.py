"""Embedding by several processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from index.encoder import Encoder, Vectors
from index.errors import EncoderError, QueryError
from index.snapshot import Snapshot
from index.workers import Workers
from tests.conftest import SEEDS
from tests.fakes import FakeEncoder

TEXTS = [f"{'word ' * (n % 9)}text number {n}" for n in range(150)]


class Doomed(FakeEncoder):
    """Ends its process at the first text, as a system without memory does."""

    def encode_document(self, texts: object, advance: object = None) -> Vectors:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


class Proud(FakeEncoder):
    """Fails where it is asked for a certain text."""

    def encode_document(self, texts: list[str], advance: object = None) -> Vectors:
        if TEXTS[7] in texts:
            raise EncoderError("not this one")
        return super().encode_document(texts)


@pytest.fixture(autouse=True)
def _plain_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fresh processes run the main module anew; other tests leave that of the app in its place."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


def fake(name: str) -> Encoder:
    return FakeEncoder(name)


def doomed(name: str) -> Encoder:
    return Doomed(name)


def proud(name: str) -> Encoder:
    return Proud(name)


def test_vectors_are_those_of_one_process() -> None:
    """Each text has its own vector, in its own place, and all are told as they are done."""
    told: list[int] = []
    with Workers("fake", 2, fake) as workers:
        vectors = workers.encode_document(TEXTS, told.append)
        again = workers.encode_document(TEXTS[:40])
    alone = FakeEncoder("fake")
    assert np.array_equal(vectors, alone.encode_document(TEXTS))
    assert np.array_equal(again, vectors[:40])
    assert sum(told) == len(TEXTS)
    assert workers.info == alone.info


def test_queries_and_a_few_texts_start_no_process() -> None:
    """What one batch holds is computed here."""
    with Workers("fake", 2, fake) as workers:
        few, query = workers.encode_document(TEXTS[:32]), workers.encode_query(["text number 3"])
        assert workers._pool is None
    assert np.array_equal(few, FakeEncoder("fake").encode_document(TEXTS[:32]))
    assert np.array_equal(query, FakeEncoder("fake").encode_query(["text number 3"]))


def test_a_process_that_is_killed_is_an_error_that_says_what_to_do() -> None:
    """Nothing waits for it for ever."""
    with (
        Workers("fake", 1, doomed) as workers,
        pytest.raises(EncoderError, match="fewer --workers"),
    ):
        workers.encode_document(TEXTS)


def test_an_error_in_a_process_comes_out_as_it_is() -> None:
    """The words of the model's own error reach the one who builds."""
    with Workers("fake", 1, proud) as workers, pytest.raises(EncoderError, match="not this one"):
        workers.encode_document(TEXTS)


@pytest.mark.parametrize("count", [0, -1, 257])
def test_a_number_that_makes_no_sense_is_refused(count: int) -> None:
    """No process is none that embeds, and thousands are a slip."""
    with pytest.raises(QueryError, match=f"{count} workers; choose a number from 1 to 256"):
        Workers("fake", count, fake)


KILLED = """
import time
from index.workers import Workers
from tests.test_workers import TEXTS, fake

if __name__ == "__main__":
    with Workers("fake", 2, fake) as workers:
        workers.encode_document(TEXTS)
        print(*workers._pool._processes, flush=True)
        time.sleep(60)
"""


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
def test_processes_end_with_the_one_that_began_them(tmp_path: Path) -> None:
    """Also where that was killed and could tell them nothing."""
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    root = Path(__file__).parent.parent
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(root)},
    ) as process:
        assert process.stdout is not None
        begun = [int(pid) for pid in process.stdout.readline().split()]
        process.kill()
    assert begun
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}/status").exists() for pid in begun):
        assert time.monotonic() < deadline, "they are still there"
        time.sleep(0.1)


@pytest.mark.model
def test_a_build_by_two_processes_is_the_same(real_index: Path, tmp_path: Path) -> None:
    """The same papers, and the same vectors but for rounding."""
    command = [sys.executable, "-m", "index", "build", str(SEEDS), "--workers", "2"]
    subprocess.run([*command, "--data", str(tmp_path)], check=True, capture_output=True)
    with Snapshot.open(real_index) as one, Snapshot.open(tmp_path) as other:
        assert [p.paper_id for p in other.papers()] == [p.paper_id for p in one.papers()]
        cosines = (np.float32(one.vectors[:]) * np.float32(other.vectors[:])).sum(axis=1)
        assert cosines.min() > 0.999
        assert other.manifest.model == one.manifest.model
