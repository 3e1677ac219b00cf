"""One generation on disk: it gives back what was put in, and nothing damaged passes for whole."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.build import build
from index.disk import CURRENT, GENERATIONS, MANIFEST, VECTORS
from index.errors import SnapshotError, UnknownPaperError
from index.manifest import FORMAT
from index.papers import document_text
from index.records import Evidence, Merge
from index.snapshot import Snapshot
from index.writer import Contents, write_generation
from search.engine import Searcher
from tests.conftest import (
    BREAD,
    CAT,
    FILES,
    SAIL,
    SEEDS,
    MakeIndex,
    edit_manifest,
    ids_by_title,
    live,
    overwrite,
    papers_of,
    works_page,
)
from tests.fakes import FakeEncoder

BUILD = "run `python -m index build`"


def refused(data: Path) -> str:
    """The message with which an index is refused, at open or by verify."""
    with pytest.raises(SnapshotError) as caught, Snapshot.open(data) as snapshot:
        snapshot.verify()
    return str(caught.value)


def test_a_good_index_verifies(fake_index: Path) -> None:
    """Verify counts what it checked: the files, and the records of the seeds."""
    with Snapshot.open(fake_index) as snapshot:
        assert snapshot.verify() == {
            "files_checked": len(snapshot.manifest.files),
            "papers": 65,
            "mentions": 90,
            "merges": 25,
            "files": 5,
            "skipped": 0,
            "topics": 6,
            "added": 65,
        }
        assert len(snapshot) == 65


def test_the_manifest_says_what_is_there(fake_index: Path) -> None:
    """Format, generation, model, metric, sources and the size of every file are recorded."""
    with Snapshot.open(fake_index) as snapshot:
        manifest = snapshot.manifest
    assert (manifest.format, manifest.generation, manifest.metric) == (FORMAT, 1, "cosine")
    assert manifest.model == FakeEncoder().info
    assert manifest.sources == [str(SEEDS)]
    folder = live(fake_index)
    present = {
        p.relative_to(folder).as_posix(): p.stat().st_size
        for p in folder.rglob("*")
        if p.is_file() and p.name != MANIFEST and p.suffix != ".lock"
    }
    assert set(FILES) < set(present)
    assert {name: file["size"] for name, file in manifest.files.items()} == present


# --- Damage -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_is_found(index_copy: Path, name: str) -> None:
    """One flipped bit, at any of 25 places in any file, is found and the rebuild is advised."""
    path = live(index_copy) / name
    good = path.read_bytes()
    dice = random.Random(name)
    # The first bytes are headers, where a reader may trip in ways of its own.
    places = {0, 8, 9, 10, 11, 60, 66, 67, 69, 70, len(good) - 1}
    places |= {dice.randrange(len(good)) for _ in range(14)}
    for place in sorted(places):
        bad = bytearray(good)
        bad[place] ^= 1
        overwrite(path, bad)
        message = refused(index_copy)
        assert BUILD in message, f"byte {place}"
        assert str(live(index_copy)) in message, f"byte {place}"


def test_a_flipped_bit_in_the_lexical_index_is_found(index_copy: Path) -> None:
    """One flipped bit, at the start, inside or at the end of any of its files, is found."""
    with Snapshot.open(index_copy) as snapshot:
        names = [name for name in snapshot.manifest.files if name not in FILES]
    assert len(names) >= 3
    for name in names:
        path = live(index_copy) / name
        good = path.read_bytes()
        for place in {0, 1, len(good) // 3, len(good) // 2, len(good) - 5, len(good) - 1}:
            bad = bytearray(good)
            bad[place] ^= 1
            overwrite(path, bad)
            assert BUILD in refused(index_copy), (name, place)
        path.unlink()
        assert BUILD in refused(index_copy), name
        overwrite(path, good)
    with Snapshot.open(index_copy) as snapshot:
        assert snapshot.verify()["papers"] == 32


def test_verify_names_the_file_and_both_digests(index_copy: Path) -> None:
    """A file that still opens but is not the one written is named with its digests."""
    path = live(index_copy) / VECTORS
    vectors = np.load(path)
    with Snapshot.open(index_copy) as snapshot:
        recorded = snapshot.manifest.files[VECTORS]["sha256"]
    vectors[3, 0] += np.float16(0.001)
    np.save(path, vectors)
    message = refused(index_copy)
    assert f"{path}: sha256 is " in message
    assert f"the manifest says {recorded}" in message


@pytest.mark.parametrize("key", ["counts", "files", "model", "calibration", "sources"])
def test_a_manifest_with_a_damaged_key_is_refused(index_copy: Path, key: str) -> None:
    """A bit flipped in the name of any part of the manifest is refused, never a traceback."""

    def flip(manifest: dict[str, Any]) -> None:
        manifest[f"_{key[1:]}"] = manifest.pop(key)

    edit_manifest(index_copy, flip)
    assert MANIFEST in (message := refused(index_copy))
    assert BUILD in message


@pytest.mark.parametrize("path", ["counts/papers", "counts/topics", "files/vectors.npy/size"])
def test_a_manifest_with_a_damaged_inner_key_is_refused(index_copy: Path, path: str) -> None:
    """A bit flipped in a name inside the manifest is refused as damage, never a KeyError."""
    *outer, key = path.split("/")

    def flip(manifest: dict[str, Any]) -> None:
        for step in outer:
            manifest = manifest[step]
        manifest[f"_{key[1:]}"] = manifest.pop(key)

    edit_manifest(index_copy, flip)
    assert BUILD in refused(index_copy)


@pytest.mark.parametrize("count", ["papers", "mentions", "merges", "files", "skipped", "topics"])
def test_a_wrong_count_is_found(index_copy: Path, count: str) -> None:
    """A manifest that claims one record more than there is, of any kind, does not verify."""
    edit_manifest(index_copy, lambda m: m["counts"].update({count: m["counts"][count] + 1}))
    assert BUILD in refused(index_copy)


def test_a_changed_calibration_is_found(index_copy: Path) -> None:
    """A changed bound of the strengths in the manifest does not pass for what was measured."""
    edit_manifest(index_copy, lambda m: m["calibration"].update(weak_below=0.9))
    assert BUILD in refused(index_copy)


def test_a_truncated_file_is_refused_at_open_with_both_sizes(index_copy: Path) -> None:
    """Vectors that lost their last byte are refused when opening, with found and stated size."""
    path = live(index_copy) / VECTORS
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(size - 1)
    with pytest.raises(SnapshotError) as caught:
        Snapshot.open(index_copy)
    assert str(caught.value) == f"{path}: {size - 1} bytes, the manifest says {size}; {BUILD}"


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(index_copy: Path, name: str) -> None:
    """An index from which any file is gone is refused by the name of the file."""
    path = live(index_copy) / name
    path.unlink()
    with pytest.raises(SnapshotError) as caught:
        Snapshot.open(index_copy)
    assert str(caught.value) == f"{path}: missing; {BUILD}"


def test_another_format_is_refused(index_copy: Path) -> None:
    """An index of another format is refused with both numbers."""
    edit_manifest(index_copy, lambda m: m.update(format=99))
    message = refused(index_copy)
    assert f"index format 99, this version reads format {FORMAT}; {BUILD}" in message


def test_no_index_yet(tmp_path: Path) -> None:
    """Where there is no index the message is a command that makes one there."""
    with pytest.raises(SnapshotError) as caught:
        Snapshot.open(tmp_path)
    assert f"{tmp_path}: no index here yet" in str(caught.value)
    assert f"`python -m index build --data {tmp_path}`" in str(caught.value)


@pytest.mark.parametrize(
    "garbage", [b"", b"seven\n", b"-1\n", b"1 2\n", b"\xff\xfe", b"../1", b"9" * 5000]
)
def test_garbage_in_current_is_refused(index_copy: Path, garbage: bytes) -> None:
    """A CURRENT that holds anything but a number is refused, whatever it holds."""
    (index_copy / CURRENT).write_bytes(garbage)
    message = refused(index_copy)
    assert message.startswith(str(index_copy))
    assert BUILD in message


def test_current_of_a_missing_generation_is_refused(index_copy: Path) -> None:
    """A CURRENT that names a generation which is not there is refused by that folder."""
    (index_copy / CURRENT).write_text("41\n")
    message = refused(index_copy)
    assert f"{index_copy / GENERATIONS / '41' / MANIFEST}: cannot be read" in message
    assert BUILD in message


@pytest.mark.parametrize(
    ("encoder", "name", "differing"),
    [
        (FakeEncoder("other"), "other", "weights, vocabulary or pooling ('"),
        (FakeEncoder(dimension=32), "fake", "dimensions (64, now 32);"),
    ],
)
def test_another_model_is_refused(
    fake_index: Path, encoder: FakeEncoder, name: str, differing: str
) -> None:
    """An index is not asked with other weights or another dimension; the error says which."""
    with Snapshot.open(fake_index) as snapshot, pytest.raises(SnapshotError) as caught:
        Searcher(snapshot, encoder)
    message = str(caught.value)
    assert "built with the model 'fake'" in message
    assert f"asked with '{name}', of which differ: {differing}" in message
    assert f"`python -m index build --model {name}`" in message


# --- Round trip -------------------------------------------------------------------------------


def test_papers_mentions_and_merges_come_back_exactly(contents: Contents, tmp_path: Path) -> None:
    """Every field of every record, and the order of each kind, is the same after reading."""
    write_generation(tmp_path, contents)
    home = {m: p.paper_id for p in contents.papers for m in p.mention_ids}
    with Snapshot.open(tmp_path) as snapshot:
        assert list(snapshot.papers()) == list(contents.papers)
        stated = sorted(contents.mentions, key=lambda m: (m.source, m.line_start))
        assert list(snapshot.mentions()) == [(m, home[m.mention_id]) for m in stated]
        merges = sorted(contents.merges, key=lambda merge: home[merge.a])  # stable: as joined
        assert list(snapshot.merges()) == [(merge, home[merge.a]) for merge in merges]
        assert snapshot.skipped() == list(contents.skipped)
        assert snapshot.topics.topics == contents.topics.topics
        assert np.array_equal(snapshot.topics.assignment, contents.topics.assignment)
        assert np.array_equal(snapshot.topics.centroids, contents.topics.centroids)
        assert np.array_equal(snapshot.vectors, contents.vectors)
        assert snapshot.manifest.calibration == contents.calibration


def test_odd_characters_come_back_exactly(make_index: MakeIndex) -> None:
    """Quotes, backslashes, letters beyond the basic plane and SQL are kept as they are."""
    title = 'Robert\'); DROP TABLE papers;-- "𝔏 ∀x" 100% \\alpha 漢字 😀'
    data = make_index(works_page(("article2021Zeitschrift für Ümläute", title, CAT)))
    (paper,) = papers_of(data)
    assert (paper.title, paper.venue) == (title, "Zeitschrift für Ümläute")


def test_one_papers_mentions_and_merges(fake_index: Path) -> None:
    """Asked for one paper, the snapshot gives that paper's mentions and merges and no other's."""
    with Snapshot.open(fake_index) as snapshot:
        everything = list(snapshot.mentions())
        for paper in snapshot.papers():
            mentions = [m for m, pid in everything if pid == paper.paper_id]
            assert [m for m, _ in snapshot.mentions(paper.paper_id)] == mentions
            assert sorted(m.mention_id for m in mentions) == sorted(paper.mention_ids)
            merges = [merge for merge, _ in snapshot.merges(paper.paper_id)]
            assert len(merges) == len(paper.mention_ids) - 1
            assert {m for merge in merges for m in (merge.a, merge.b)} <= set(paper.mention_ids)


def test_a_merge_keeps_its_figures(contents: Contents, tmp_path: Path) -> None:
    """The evidence of a merge comes back with rule, score, reason and every figure."""
    merge = contents.merges[0]
    evidence = Evidence("a rule", 0.123456789, "why: “so”", {"title": 1 / 3, "abstract": 1.0})
    changed = Merge(merge.a, merge.b, evidence)
    write_generation(tmp_path, _with(contents, merges=[changed, *contents.merges[1:]]))
    with Snapshot.open(tmp_path) as snapshot:
        assert changed in [found for found, _ in snapshot.merges()]


def _with(contents: Contents, **changes: Any) -> Contents:
    return Contents(**{**vars(contents), **changes})


def test_each_row_holds_the_vector_of_its_paper(fake_index: Path) -> None:
    """Row n of vectors.npy is the embedding of title and abstract of the paper with row n."""
    encoder = FakeEncoder()
    with Snapshot.open(fake_index) as snapshot:
        stored = np.load(live(fake_index) / VECTORS)
        for paper in snapshot.papers():
            row = snapshot.row(paper.paper_id)
            expected = encoder.encode_document([document_text(paper)])[0].astype(np.float16)
            assert np.array_equal(stored[row], expected)
            assert np.array_equal(snapshot.index.vector(row), expected.astype(np.float32))
            assert snapshot.papers_at([row]) == [paper]
        rows = [snapshot.row(paper.paper_id) for paper in snapshot.papers()]
        assert sorted(rows) == list(range(65))


def test_papers_come_in_the_order_asked(fake_index: Path) -> None:
    """Rows asked for out of order, and twice, give their papers in that order."""
    with Snapshot.open(fake_index) as snapshot:
        papers = list(snapshot.papers())
        rows = [40, 3, 3, 64, 0]
        assert snapshot.papers_at(rows) == [papers[row] for row in rows]
        assert [p.paper_id for p in papers] == sorted(p.paper_id for p in papers)


# --- Ids --------------------------------------------------------------------------------------


def test_mention_ids_lead_to_their_paper(fake_index: Path) -> None:
    """Every mention id finds the paper that the mention belongs to."""
    with Snapshot.open(fake_index) as snapshot:
        for paper in snapshot.papers():
            assert {snapshot.paper(m).paper_id for m in paper.mention_ids} == {paper.paper_id}


def test_ids_of_an_earlier_build_still_lead_to_the_paper(tmp_path: Path) -> None:
    """A paper known by its abstract alone keeps that id as an alias once a title is found."""
    data, encoder = tmp_path / "data", FakeEncoder()
    build([SEEDS / "003_a0b858816380f2e4.txt"], data, encoder=encoder)
    before = {p.paper_id: p.mention_ids for p in papers_of(data)}
    build([SEEDS], data, encoder=encoder)
    with Snapshot.open(data) as snapshot:
        moved = 0
        for old, mention_ids in before.items():
            paper = snapshot.paper(old)
            assert set(mention_ids) <= set(paper.mention_ids)
            assert old == paper.paper_id or old in paper.aliases
            moved += old != paper.paper_id
    assert moved == 4


def test_an_id_that_content_no_longer_gives_is_remembered(tmp_path: Path) -> None:
    """An id that told two works of one title apart still finds its work when the other is gone."""
    folder, data, encoder = tmp_path / "sources", tmp_path / "data", FakeEncoder()
    folder.mkdir()
    works = [("article2001Cats", "Editorial", "Ada Lovelace", CAT)]
    works += [("article2010Boats", "Editorial", "Grace Hopper", SAIL)]
    (folder / "page.txt").write_text(works_page(*works))
    build([folder], data, encoder=encoder)
    before = {p.year: p.paper_id for p in papers_of(data)}
    assert set(before) == {2001, 2010}
    (folder / "page.txt").write_text(works_page(works[0]))
    for _ in range(2):  # the alias is handed on from build to build
        build([folder], data, encoder=encoder)
        with Snapshot.open(data) as snapshot:
            paper = snapshot.paper(before[2001])
            assert paper.year == 2001
            assert paper.paper_id != before[2001]
            with pytest.raises(UnknownPaperError):
                snapshot.paper(before[2010])


@pytest.mark.parametrize("unknown", ["p000000000000", "", "' OR 1=1 --", "t1", "0"])
def test_an_unknown_id_is_refused(fake_index: Path, unknown: str) -> None:
    """An id that no paper ever had raises UnknownPaperError, which holds and quotes it."""
    with Snapshot.open(fake_index) as snapshot, pytest.raises(UnknownPaperError) as caught:
        snapshot.paper(unknown)
    assert caught.value.paper_id == unknown
    assert str(caught.value).startswith(f"no paper has the id {unknown!r}; ")


# --- Reading while others build ---------------------------------------------------------------


def test_a_reader_keeps_its_generation(seeds_copy: Path, tmp_path: Path) -> None:
    """A snapshot opened before two more builds answers from its own papers, its folder gone."""
    data, encoder = tmp_path / "data", FakeEncoder()
    build([seeds_copy], data, encoder=encoder)
    with Snapshot.open(data) as reader:
        searcher = Searcher(reader, encoder)
        before = list(reader.papers())
        hits = searcher.search("synaptic plasticity", k=65)
        for name in ("004_e64bbdca305995fc.txt", "003_a0b858816380f2e4.txt"):
            (seeds_copy / name).unlink()
            build([seeds_copy], data, encoder=encoder)
        assert not reader.folder.exists()
        assert list(reader.papers()) == before
        assert np.array_equal(reader.vectors[64], reader.index.vector(64).astype(np.float16))
        assert Searcher(reader, encoder).search("synaptic plasticity", k=65) == hits
        assert len(list(reader.mentions())) == 90
    with Snapshot.open(data) as fresh:
        assert (fresh.manifest.generation, len(list(fresh.mentions()))) == (3, 74)
    assert sorted(p.name for p in (data / GENERATIONS).iterdir()) == ["2", "3"]


def test_eight_threads_read_the_same(fake_index: Path) -> None:
    """Eight threads that share one searcher get the answers that one gets alone."""
    with Snapshot.open(fake_index) as snapshot:
        searcher = Searcher(snapshot, FakeEncoder())
        papers = list(snapshot.papers())

        def work(seed: int) -> list[object]:
            order = random.Random(seed).sample(papers, 20)
            found: list[object] = []
            for paper in order:
                found.append(snapshot.paper(paper.mention_ids[0]) == paper)
                hits = searcher.search(paper.display_title, k=4)
                found.append([(h.paper.paper_id, h.score, h.sentence) for h in hits])
                found.append([h.paper.paper_id for h in searcher.similar([paper.paper_id], k=3)])
            return found

        alone = [work(seed) for seed in range(8)]
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(work, range(8))) == alone


def test_the_newer_generation_is_opened_when_the_older_vanishes(
    index_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A generation removed between reading CURRENT and opening it is passed over for the newer."""
    generations = index_copy / GENERATIONS
    shutil.copytree(generations / "1", generations / "2")

    original: Callable[..., None] = Snapshot.__init__

    def vanish(self: Snapshot, folder: Path) -> None:
        if folder.name == "1" and folder.exists():
            shutil.rmtree(folder)
            (index_copy / CURRENT).write_text("2\n")
        original(self, folder)

    monkeypatch.setattr(Snapshot, "__init__", vanish)
    with Snapshot.open(index_copy) as snapshot:
        assert snapshot.folder == generations / "2"


def test_the_data_folder_may_move(index_copy: Path, tmp_path: Path) -> None:
    """An index copied to a path with blanks and special characters opens and verifies there."""
    moved = Path(shutil.move(index_copy, tmp_path / "my dàta #1 100%?x=1"))
    with Snapshot.open(moved) as snapshot:
        assert snapshot.verify()["papers"] == 32


def test_titles_lead_to_different_papers(make_index: MakeIndex) -> None:
    """Three unlike works are three papers with ids that depend on their content alone."""
    works = [("article2020", "Cats at rest", CAT), ("article2021", "Boats at sea", SAIL)]
    one = make_index(works_page(*works), works_page(("article2022", "Bread", BREAD)), name="one")
    other = make_index(works_page(("article2022", "Bread", BREAD), *works[::-1]), name="other")
    assert len(papers_of(one)) == 3
    assert ids_by_title(papers_of(one)) == ids_by_title(papers_of(other))


def test_nothing_in_the_index_is_a_pickle(fake_index: Path) -> None:
    """Arrays are loadable without pickle and every other file is SQLite, FAISS or JSON.

    The folder of the lexical index is Tantivy's own.
    """
    folder = live(fake_index)
    kinds = {path.suffix for path in folder.iterdir() if path.is_file()}
    assert kinds == {".json", ".sqlite", ".npy", ".faiss"}
    for path in folder.glob("*.npy"):
        np.load(path, allow_pickle=False)
    for path in folder.glob("*.json"):
        json.loads(path.read_text(encoding="utf-8"))
