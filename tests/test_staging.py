"""What a build keeps on the disk while it works is what it was given."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import SnapshotError
from index.identity import by_id, with_ids
from index.papers import document_text
from index.records import Mention
from index.staging import Staging
from tests.conftest import make_paper

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
STATED = st.builds(
    Mention,
    source=st.sampled_from(["a", "b", "é"]),
    line_start=st.integers(1, 3),
    line_end=st.just(3),
    title=st.none() | TEXT,
    authors=st.lists(TEXT, max_size=2).map(tuple),
    authors_truncated=st.booleans(),
    year=st.none() | st.integers(1, 2030),
    abstract=st.sampled_from([None, "Cats.", "Boats."]),
    doi=st.none() | TEXT,
)


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[Staging]:
    with Staging(tmp_path / "staging") as staging:
        yield staging


# Mentions ---------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(stated=st.lists(STATED, max_size=12))
def test_mentions_come_back_under_their_ids(stated: list[Mention]) -> None:
    """Letter for letter, under the ids they would have in memory, repetitions numbered alike."""
    with TemporaryDirectory() as folder, Staging(Path(folder)) as staging:
        for mention in stated:
            staging.stated.append(mention)
        assert len(staging.stated) == len(stated)
        found = staging.stated.named()
        assert dict(found) == by_id(with_ids(stated))
        assert list(found) == sorted(found)
        assert list(found.items()) == sorted(by_id(with_ids(stated)).items())
        assert all(name in found for name in found)
        assert "m0" not in found


def test_a_mention_that_is_not_there(staging: Staging) -> None:
    """An id that no mention has is a KeyError, as of any mapping."""
    with pytest.raises(KeyError, match="m0"):
        staging.stated.named()["m0"]


def test_thousands_of_mentions(staging: Staging) -> None:
    """More than are written at once come back in the order of their ids, each once."""
    stated = [Mention("a", n, n, title=f"Title {n}") for n in range(1, 2502)]
    for mention in stated:
        staging.stated.append(mention)
    found = staging.stated.named()
    assert [m.title for m in found.values()] == [
        m.title for _, m in sorted(by_id(with_ids(stated)).items())
    ]


# Papers -----------------------------------------------------------------------------------------


def test_papers_and_texts_come_back_by_row(staging: Staging) -> None:
    """By number, by slice in steps of any size and direction, and one after the other."""
    papers = [
        make_paper(paper_id=f"p{n}", title=f"Title {n}", aliases=(f"q{n}",), added="2026-01-01")
        for n in range(2300)
    ]
    staging.keep(iter(papers))
    texts = [document_text(paper) for paper in papers]
    assert (list(staging.papers), list(staging.texts)) == (papers, texts)
    assert (staging.papers[7], staging.papers[-1], staging.texts[2299]) == (
        papers[7],
        papers[2299],
        texts[2299],
    )
    for rows in (
        slice(5, 9),
        slice(2, 20, 3),
        slice(20, 2, -3),
        slice(None, None, -700),
        slice(9, 5),
    ):
        assert staging.papers[rows] == papers[rows]
    with pytest.raises(IndexError):
        staging.texts[2300]


def test_without_a_paper(staging: Staging) -> None:
    """Nothing kept is nothing found."""
    staging.keep([])
    assert (list(staging.papers), len(staging.texts)) == ([], 0)


def test_vectors_are_room_on_the_disk(staging: Staging, tmp_path: Path) -> None:
    """One of half precision for each paper, in a file."""
    staging.keep([make_paper(), replace(make_paper(), paper_id="p2")])
    vectors = staging.vectors(3)
    vectors[1] = (0.5, 0, 1)
    assert (vectors.shape, vectors.dtype.str) == ((2, 3), "<f2")
    assert (tmp_path / "staging" / "vectors.npy").stat().st_size > 12


# The folder -------------------------------------------------------------------------------------


def test_nothing_is_left_and_nothing_is_found(tmp_path: Path) -> None:
    """What a build that was killed has left is thrown away, and a build leaves nothing."""
    folder = tmp_path / "staging"
    folder.mkdir()
    (folder / "staging.sqlite").write_text("half a file")
    with Staging(folder) as staging:
        assert len(staging.stated.named()) == 0
    assert not folder.exists()


def test_a_disk_that_takes_no_more(staging: Staging, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the file and says what to do, and that the index answers."""

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("index.tables.insert", full)
    with pytest.raises(SnapshotError, match=r"kept in staging: .* disk is full; free some space"):
        staging.keep([make_paper()])
    staging.stated.append(Mention("a", 1, 1, title="T"))
    with pytest.raises(SnapshotError, match="whatever index there was still answers"):
        staging.stated.named()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A file in its place is told, not overwritten silently."""
    (tmp_path / "file").touch()
    with pytest.raises(SnapshotError, match=r"cannot be kept in staging: .*; build again once"):
        Staging(tmp_path / "file" / "staging")
