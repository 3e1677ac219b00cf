"""Vectors that are computed are kept: what is broken off goes on, and machines share the work."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import index.embedding
from index.build import build, plan
from index.disk import JOURNAL, STAGING, VECTORS
from index.encoder import Advance, Vectors
from index.errors import QueryError, SnapshotError
from index.journal import Journal, read_computed
from index.shard import Shard, embed_shard
from tests.conftest import BUILD_MODULE, CommandLine, live
from tests.fakes import FakeEncoder

MODEL = FakeEncoder(dimension=4).info
RECORD = 32 + 2 * 4 + 4  # bytes


def digest(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def vectors_of(numbers: Sequence[int]) -> np.ndarray:
    return np.array([[n, 1, -n, 0.5] for n in numbers], dtype=np.float16).reshape(-1, 4)


def write(path: Path, *batches: Sequence[int]) -> None:
    for numbers in batches:
        with Journal(path, MODEL) as journal:
            journal.add([digest(n) for n in numbers], vectors_of(numbers))


def numbers_in(path: Path) -> dict[int, list[float]]:
    computed = read_computed(path, MODEL)
    numbers = {digest(n): n for n in range(100)}
    return {numbers[d]: computed.vectors[row].tolist() for d, row in computed.rows.items()}


def expected(numbers: Sequence[int]) -> dict[int, list[float]]:
    return dict(zip(numbers, vectors_of(numbers).tolist(), strict=True))


class Breaks(FakeEncoder):
    """Computes so many texts and is then interrupted."""

    def __init__(self, texts: int) -> None:
        super().__init__()
        self._left = texts

    def encode_document(self, texts: Sequence[str], advance: Advance | None = None) -> Vectors:
        self._left -= len(texts)
        if self._left < 0:
            raise KeyboardInterrupt
        return super().encode_document(texts, advance)


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """Thirty papers."""
    lines = (
        json.dumps(
            {"title": f"Paper of subject {n}", "abstract": f"We study subject {n} in depth."}
        )
        for n in range(30)
    )
    (tmp_path / "papers.jsonl").write_text("\n".join(lines))
    return tmp_path / "papers.jsonl"


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vectors are written after every four texts."""
    monkeypatch.setattr(index.embedding, "_AT_ONCE", 4)


# The file ---------------------------------------------------------------------------------------


def test_vectors_come_back(tmp_path: Path) -> None:
    """What several runs have added is there, each under the digest of its text."""
    write(tmp_path / "j", [1, 2], [3], [])
    assert numbers_in(tmp_path / "j") == expected([1, 2, 3])


@settings(deadline=None, max_examples=60)
@given(cut=st.integers(0, 3 * RECORD))
def test_a_file_that_was_cut_off(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    """Whatever a power cut leaves of the last records, whole ones count and more follow them."""
    path = tmp_path_factory.mktemp("journal") / "j"
    write(path, [1, 2, 3])
    content = path.read_bytes()
    path.write_bytes(content[: len(content) - cut])
    whole = [1, 2, 3][: 3 - -(-cut // RECORD)]
    assert numbers_in(path) == expected(whole)
    write(path, [4])
    assert numbers_in(path) == expected([*whole, 4])


@settings(deadline=None, max_examples=60)
@given(place=st.integers(0, 3 * RECORD - 1), flipped=st.integers(1, 255))
def test_a_damaged_record_does_not_count(
    tmp_path_factory: pytest.TempPathFactory, place: int, flipped: int
) -> None:
    """Any other byte takes away its own record, and no other."""
    path = tmp_path_factory.mktemp("journal") / "j"
    write(path, [1, 2, 3])
    content = bytearray(path.read_bytes())
    content[len(content) - 3 * RECORD + place] ^= flipped
    path.write_bytes(content)
    left = [n for n in (1, 2, 3) if n != 1 + place // RECORD]
    assert numbers_in(path) == expected(left)


@pytest.mark.parametrize("content", [b"", b"abstract-search vec", b"title,year\n", b"\xff" * 99])
def test_what_is_no_journal_is_begun_anew(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """A header that was cut off, or another file: the log says that it is thrown away."""
    (tmp_path / "j").write_bytes(content)
    write(tmp_path / "j", [5])
    assert numbers_in(tmp_path / "j") == expected([5])
    assert "is no file of computed vectors; what was embedded there is thrown away" in caplog.text


def test_another_model_begins_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Vectors of one model never pass for those of another."""
    write(tmp_path / "j", [5])
    with Journal(tmp_path / "j", replace(MODEL, name="other", sha256="0")) as journal:
        assert journal.computed.rows == {}
        journal.add([digest(6)], vectors_of([6]))
    assert "computed by the model 'fake', and not 'other'" in caplog.text
    with pytest.raises(SnapshotError, match=r"by the model 'other', and not 'fake'.*index embed"):
        read_computed(tmp_path / "j", MODEL)


def test_files_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    """The error names the file and says what is wrong and what to do."""
    with pytest.raises(SnapshotError, match="no: cannot be read: No such file"):
        read_computed(tmp_path / "no", MODEL)
    with pytest.raises(SnapshotError, match=r"vectors cannot be kept there: .*; build again once"):
        write(tmp_path / "no" / "j", [1])
    (tmp_path / "table.csv").write_text("title,year\n")
    with pytest.raises(SnapshotError, match=r"table\.csv: is no file of computed vectors; make it"):
        read_computed(tmp_path / "table.csv", MODEL)


# Builds -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("few_at_once")
@pytest.mark.parametrize("texts", [0, 4, 12, 29])
def test_a_build_goes_on_where_it_stopped(pages: Path, tmp_path: Path, texts: int) -> None:
    """What was embedded before the end is not embedded again, and the vectors are the same."""
    with pytest.raises(KeyboardInterrupt):
        build([pages], tmp_path / "data", encoder=Breaks(texts))
    report = build([pages], tmp_path / "data", encoder=FakeEncoder())
    assert (report.embedded, report.reused) == (30 - texts // 4 * 4, texts // 4 * 4)
    build([pages], tmp_path / "whole", encoder=FakeEncoder())
    assert np.array_equal(
        np.load(live(tmp_path / "data") / VECTORS), np.load(live(tmp_path / "whole") / VECTORS)
    )


@pytest.mark.usefixtures("few_at_once")
def test_a_dry_run_knows_what_is_embedded(pages: Path, tmp_path: Path) -> None:
    """By a build that was broken off, and in files of parts; another model's count for nothing."""
    embed_shard(tmp_path / "part", [pages], shard=Shard(1, 2), encoder=FakeEncoder())
    part = len(read_computed(tmp_path / "part", FakeEncoder().info).rows)
    files = {"embedded": [tmp_path / "part"], "model": "fake"}
    assert plan([pages], tmp_path / "data", **files).reused == part
    with pytest.raises(KeyboardInterrupt):
        build([pages], tmp_path / "data", encoder=Breaks(8))
    assert plan([pages], tmp_path / "data", model="fake").reused == 8
    assert part < plan([pages], tmp_path / "data", **files).reused <= part + 8
    assert plan([pages], tmp_path / "data", model="other").reused == 0
    with pytest.raises(SnapshotError, match="by the model 'fake', and not 'other'; make it with"):
        plan([pages], tmp_path / "data", embedded=[tmp_path / "part"], model="other")
    with pytest.raises(SnapshotError, match=r"papers\.jsonl: is no file of computed vectors"):
        plan([pages], tmp_path / "data", embedded=[pages])
    with pytest.raises(SnapshotError, match="no: cannot be read: No such file"):
        plan([pages], tmp_path / "data", embedded=[tmp_path / "no"])


@pytest.mark.usefixtures("few_at_once")
def test_nothing_is_left_of_a_build_that_stands(pages: Path, tmp_path: Path) -> None:
    """Neither the journal nor the staging; of one that was broken off, the journal alone."""
    with pytest.raises(KeyboardInterrupt):
        build([pages], tmp_path / "data", encoder=Breaks(10))
    assert (tmp_path / "data" / JOURNAL).exists()
    assert not (tmp_path / "data" / STAGING).exists()
    build([pages], tmp_path / "data", encoder=FakeEncoder())
    names = {path.name for path in (tmp_path / "data").iterdir()}
    assert names == {"CURRENT", "generations", ".build.lock"}


@pytest.mark.usefixtures("few_at_once")
def test_full_embeds_everything_anew(pages: Path, tmp_path: Path) -> None:
    """Not from the index before; but what a full build has embedded itself it does go on from."""
    build([pages], tmp_path / "data", encoder=FakeEncoder())
    with pytest.raises(KeyboardInterrupt):
        build([pages], tmp_path / "data", encoder=Breaks(8), full=True)
    report = build([pages], tmp_path / "data", encoder=FakeEncoder(), full=True)
    assert (report.embedded, report.reused) == (22, 8)


# Parts ------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(of=st.integers(1, 20), number=st.integers(0, 10**6))
def test_every_text_is_of_one_part(of: int, number: int) -> None:
    """However many parts there are."""
    parts = [Shard.parse(f"{n}/{of}") for n in range(1, of + 1)]
    assert sum(part.has(digest(number)) for part in parts) == 1


def test_parts_are_alike_in_size() -> None:
    """Ten thousand texts, four parts: each has a quarter, give or take."""
    sizes = [sum(Shard(n, 4).has(digest(i)) for i in range(10_000)) for n in range(1, 5)]
    assert sum(sizes) == 10_000
    assert min(sizes) > 2300


@pytest.mark.parametrize("text", ["", "3", "0/4", "5/4", "-1/4", "1/0", "a/b", "1/4/2", "²/4"])
def test_what_is_no_part(text: str) -> None:
    """The error quotes it and shows what one looks like."""
    with pytest.raises(QueryError, match="is no part of the papers; 3/16 is the third of sixteen"):
        Shard.parse(text)


def test_machines_share_the_work(pages: Path, tmp_path: Path) -> None:
    """Parts are embedded apart and put together: nothing twice, nothing left, the same vectors."""
    done = []
    for n in (1, 2, 3):
        encoder = FakeEncoder()
        report = embed_shard(tmp_path / f"{n}", [pages], shard=Shard(n, 3), encoder=encoder)
        assert (report.papers, report.texts, report.reused) == (30, encoder.texts_encoded, 0)
        done.append(report.embedded)
    assert sum(done) == 30
    encoder = FakeEncoder()
    files = [tmp_path / str(n) for n in (1, 2, 3)]
    report = build([pages], tmp_path / "data", encoder=encoder, embedded=files)
    assert (report.embedded, report.reused) == (0, 30)
    texts = {f"Paper of subject {n}. We study subject {n} here." for n in range(30)}
    assert not texts & set(encoder.last_documents)
    build([pages], tmp_path / "whole", encoder=FakeEncoder())
    assert np.array_equal(
        np.load(live(tmp_path / "data") / VECTORS), np.load(live(tmp_path / "whole") / VECTORS)
    )


def test_a_part_without_a_text_is_a_file_too(pages: Path, tmp_path: Path) -> None:
    """Where papers are fewer than parts, builds take over what there is."""
    pages.write_text(pages.read_text().splitlines()[0])
    files = [tmp_path / str(n) for n in (1, 2, 3)]
    texts = [
        embed_shard(file, [pages], shard=Shard(n, 3), encoder=FakeEncoder()).texts
        for n, file in enumerate(files, 1)
    ]
    assert sorted(texts) == [0, 0, 1]
    report = build([pages], tmp_path / "data", encoder=FakeEncoder(), embedded=files)
    assert (report.embedded, report.reused) == (0, 1)


@pytest.mark.usefixtures("few_at_once")
def test_the_command(index_cli: CommandLine, pages: Path, tmp_path: Path) -> None:
    """`embed` says what it did, goes on where it stopped, and `build --embedded` takes it over."""
    with pytest.raises(KeyboardInterrupt):
        embed_shard(tmp_path / "v", [pages], encoder=Breaks(8))
    outcome = index_cli("embed", pages, "--out", tmp_path / "v", "--json")
    assert outcome.status == 0
    assert {key: outcome.json()[key] for key in ("papers", "texts", "embedded", "reused")} == {
        "papers": 30, "texts": 30, "embedded": 22, "reused": 8,
    }  # fmt: skip
    outcome = index_cli("embed", pages, "--out", tmp_path / "v")
    assert (
        "30 papers, of which 30 are part 1 of 1\n0 embedded, 30 were there already" in outcome.out
    )
    data = ("--data", tmp_path / "data")
    outcome = index_cli("build", pages, "--embedded", tmp_path / "v", "--json", *data)
    assert (outcome.json()["embedded"], outcome.json()["reused"]) == (0, 30)
    outcome = index_cli("build", pages, "--embedded", pages, *data)
    assert (outcome.status, "is no file of computed vectors" in outcome.err) == (2, True)
    assert index_cli("embed", pages, "--shard", "9/3", "--out", tmp_path / "w").status == 2


@pytest.mark.usefixtures("few_at_once")
def test_an_interrupted_command_says_that_nothing_is_lost(
    index_cli: CommandLine, pages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while embedding: what is embedded is kept."""
    monkeypatch.setattr(BUILD_MODULE, "load_encoder", lambda _: Breaks(8))
    outcome = index_cli("build", pages, "--data", tmp_path / "data")
    assert outcome.status == 1
    assert "what is embedded so far is kept: the next build goes on there" in outcome.err
