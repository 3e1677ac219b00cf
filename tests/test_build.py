"""From sources to a live index: what a build reports, reuses, remembers and refuses."""

from __future__ import annotations

import itertools
import json
import logging
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.build import BuildReport, build, data_folder
from index.decisions import Decision, add_decision
from index.disk import GENERATIONS, VECTORS
from index.errors import BusyError, SourceError, UnknownPaperError
from index.papers import document_text
from index.records import Paper
from index.snapshot import Snapshot
from index.writer import build_lock
from search.engine import Searcher
from tests.conftest import (
    BREAD,
    CAT,
    SAIL,
    SEEDS,
    SHORT,
    answers_of,
    edit_manifest,
    ids_by_title,
    live,
    make_paper,
    overwrite,
    papers_of,
    works_page,
)
from tests.fakes import FakeEncoder

FILES = sorted(SEEDS.iterdir())
WORKS = (
    ("article2020Cat Letters", "Cats at rest in winter", "Ada Lovelace", CAT),
    ("article2021Annals of Sailing", "Boats at sea", "Grace Hopper", SAIL),
    ("article2022", "Bread at home", "Alan Turing", BREAD),
)


def write_page(folder: Path, *works: tuple[str, ...], name: str = "page.txt") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(works_page(*works), encoding="utf-8")
    return folder


def papers_json(data: Path) -> str:
    """All that the papers are, but when they came in."""
    papers = [asdict(p) | {"added": None} for p in papers_of(data)]
    return json.dumps(papers, sort_keys=True)


def figures(report: BuildReport) -> dict[str, Any]:
    """The report without its time and its files."""
    return {k: v for k, v in report.to_dict().items() if k not in ("seconds", "read")}


# --- Reports and reuse ------------------------------------------------------------------------


def test_reports_of_the_seeds(tmp_path: Path) -> None:
    """First all 65 papers of the 90 mentions are embedded, then none, and with `full` all."""
    encoder = FakeEncoder()
    expected: dict[str, Any] = {"files": 5, "mentions": 90, "papers": 65, "merged": 25}
    expected |= {"skipped": (), "added": 0, "removed": 0, "compared": 0}
    first = build([SEEDS], tmp_path, encoder=encoder)
    assert figures(first) == {
        **expected, "generation": 1, "embedded": 65, "reused": 0, "added": 65, "compared": 36
    }  # fmt: skip
    with Snapshot.open(tmp_path) as snapshot:
        documents = {document_text(paper) for paper in snapshot.papers()}
    assert documents <= set(encoder.last_documents)
    encoder.last_documents.clear()
    again = build([SEEDS], tmp_path, encoder=encoder)
    assert figures(again) == expected | {"generation": 2, "embedded": 0, "reused": 65, "added": 0}
    assert not documents & set(encoder.last_documents)  # only sentences, for the calibration
    full = build([SEEDS], tmp_path, encoder=encoder, full=True)
    assert figures(full) == {
        **expected, "generation": 3, "embedded": 65, "reused": 0, "compared": 36
    }  # fmt: skip
    assert 0 < full.seconds < 60


def test_reused_vectors_belong_to_their_papers(seeds_copy: Path, tmp_path: Path) -> None:
    """Vectors that are reused under other rows are those that a full build computes."""
    data, encoder = tmp_path / "data", FakeEncoder()
    (seeds_copy / FILES[2].name).unlink()  # the long one
    build([seeds_copy], data, encoder=encoder)
    (seeds_copy / FILES[4].name).unlink()  # rows move up
    write_page(seeds_copy, *WORKS, name="new.txt")  # and down
    report = build([seeds_copy], data, encoder=encoder)
    assert report.embedded == 3
    incremental = np.load(live(data) / VECTORS)
    build([seeds_copy], data, encoder=encoder, full=True)
    assert np.array_equal(np.load(live(data) / VECTORS), incremental)


def test_one_changed_abstract_is_embedded_alone(seeds_copy: Path, tmp_path: Path) -> None:
    """One word changed in one abstract costs one embedding; the answer follows the new word."""
    data, encoder = tmp_path / "data", FakeEncoder()
    build([seeds_copy], data, encoder=encoder)
    page = seeds_copy / "002_9b3e7de964567dd3.txt"
    text = page.read_text(encoding="utf-8")
    assert text.count("Animal brains flexibly") == 1
    page.write_text(text.replace("Animal brains flexibly", "Zebrafish flexibly"), encoding="utf-8")
    report = build([seeds_copy], data, encoder=encoder)
    assert (report.embedded, report.reused, report.papers) == (1, 64, 65)
    (paper,) = [p for p in papers_of(data) if (p.title or "").startswith("JEDI")]
    assert (paper.abstract or "").startswith("Zebrafish flexibly and efficiently")
    with Snapshot.open(data) as snapshot:
        stored = snapshot.vectors[snapshot.row(paper.paper_id)]
    fresh = encoder.encode_document([document_text(paper)])[0].astype(np.float16)
    assert np.array_equal(stored, fresh)


def test_another_model_reuses_nothing(tmp_path: Path) -> None:
    """Vectors of another model are never reused, though the texts are the same."""
    build(SHORT, tmp_path, encoder=FakeEncoder("one"))
    report = build(SHORT, tmp_path, encoder=FakeEncoder("two"))
    assert (report.embedded, report.reused) == (32, 0)
    with Snapshot.open(tmp_path) as snapshot:
        assert snapshot.manifest.model.name == "two"


@pytest.mark.parametrize(
    ("title", "abstract", "text"),
    [
        ("A title", "An abstract.", "A title. An abstract."),
        ("A question?", "An abstract.", "A question? An abstract."),
        ("A title.", "An abstract.", "A title. An abstract."),
        ("A title", None, "A title"),
        (None, "An abstract.", "An abstract."),
    ],
)
def test_text_that_is_embedded(title: str | None, abstract: str | None, text: str) -> None:
    """Title and abstract are embedded as two sentences, or the one that there is."""
    assert document_text(make_paper(title=title, abstract=abstract)) == text


def test_progress_counts_up_to_the_texts(tmp_path: Path) -> None:
    """Progress names the stages in order and ends embedding at all texts of all."""
    seen: list[tuple[str, int, int]] = []
    build(SHORT, tmp_path, encoder=FakeEncoder(), progress=lambda *step: seen.append(step))
    assert [stage for stage, _ in itertools.groupby(seen, key=lambda step: step[0])] == [
        "reading",
        "recognising the same work",
        "loading the model",
        "embedding",
        "topics and calibration",
        "map",
        "writing",
    ]
    assert [step for step in seen if step[0] == "embedding"][-1] == ("embedding", 32, 32)


# --- Sources ----------------------------------------------------------------------------------


def test_a_removed_file_takes_with_it_what_only_it_said(seeds_copy: Path, tmp_path: Path) -> None:
    """Without a file its mentions are gone, and the papers that no other file mentions."""
    data, encoder = tmp_path / "data", FakeEncoder()
    build([seeds_copy], data, encoder=encoder)
    with Snapshot.open(data) as snapshot:
        sources: dict[str, set[str]] = {}
        for mention, paper_id in snapshot.mentions():
            sources.setdefault(paper_id, set()).add(Path(mention.source).name)
    gone = FILES[4].name
    lost = {pid for pid, of in sources.items() if of == {gone}}
    assert len(lost) == 4
    (seeds_copy / gone).unlink()
    report = build([seeds_copy], data, encoder=encoder)
    assert (report.files, report.mentions, report.papers) == (4, 82, 61)
    with Snapshot.open(data) as snapshot:
        for paper_id in lost:
            with pytest.raises(UnknownPaperError):
                snapshot.paper(paper_id)
        assert {snapshot.paper(pid).paper_id for pid in sources.keys() - lost} == (
            sources.keys() - lost
        )
        assert not [m for m, _ in snapshot.mentions() if m.source.endswith(gone)]


@settings(max_examples=3, deadline=None)
@given(order=st.permutations(FILES))
def test_the_order_of_sources_does_not_matter(fake_index: Path, order: list[Path]) -> None:
    """Files named in any order make the same papers, byte for byte, and the same answers."""
    with tempfile.TemporaryDirectory() as folder:
        build(order, folder, encoder=FakeEncoder())
        assert papers_json(Path(folder)) == papers_json(fake_index)
        assert answers_of(Path(folder)) == answers_of(fake_index)
        assert np.array_equal(
            np.load(live(Path(folder)) / VECTORS), np.load(live(fake_index) / VECTORS)
        )


def test_names_of_files_do_not_matter(seeds_copy: Path, fake_index: Path, tmp_path: Path) -> None:
    """Renamed files in another folder make the same papers with the same ids."""
    for number, path in enumerate(sorted(seeds_copy.iterdir(), reverse=True)):
        path.rename(seeds_copy / f"page {number}.text")
    build([seeds_copy], tmp_path / "data", encoder=FakeEncoder())
    assert papers_json(tmp_path / "data") == papers_json(fake_index)


def test_a_source_named_twice_counts_once(tmp_path: Path) -> None:
    """A folder given twice, and a file given beside its folder, are read once."""
    report = build([SEEDS, SEEDS, FILES[0]], tmp_path, encoder=FakeEncoder())
    assert (report.files, report.mentions) == (5, 90)


def test_what_was_skipped_is_reported_and_kept(tmp_path: Path) -> None:
    """A file in a folder that cannot be read is skipped with file, line and reason."""
    folder = write_page(tmp_path / "sources", *WORKS)
    (folder / "empty.txt").write_text("\n \n")
    (folder / "picture.bin").write_bytes(b"\x89PNG\0\0")
    report = build([folder], tmp_path / "data", encoder=FakeEncoder())
    assert (report.files, report.papers) == (3, 3)
    found = [(Path(skip.source).name, skip.line) for skip in report.skipped]
    assert found == [("empty.txt", 1), ("picture.bin", 1)]
    with Snapshot.open(tmp_path / "data") as snapshot:
        assert tuple(snapshot.skipped()) == report.skipped
        assert snapshot.manifest.counts["skipped"] == 2
        layouts = {Path(f["source"]).name: f["layout"] for f in snapshot.files()}
    assert layouts == {"page.txt": "works", "empty.txt": None, "picture.bin": None}


def test_strict_stops_at_what_would_be_skipped(tmp_path: Path) -> None:
    """With `strict` the first file that would be skipped ends the build, and nothing is live."""
    folder = write_page(tmp_path / "sources", *WORKS)
    (folder / "empty.txt").write_text("")
    with pytest.raises(SourceError, match=r"empty\.txt:1: the file is empty"):
        build([folder], tmp_path / "data", encoder=FakeEncoder(), strict=True)
    assert not (tmp_path / "data" / "CURRENT").exists()


@pytest.mark.parametrize("kind", ["empty folder", "only junk", "missing", "empty file"])
def test_without_a_mention_the_old_index_still_serves(
    index_copy: Path, tmp_path: Path, kind: str
) -> None:
    """Sources in which no paper is found are refused, and the index before answers as before."""
    source = tmp_path / "sources"
    if kind == "empty folder":
        source.mkdir()
    elif kind == "only junk":
        source.mkdir()
        (source / "junk.txt").write_text("nothing\nto see\n")
    elif kind == "empty file":
        source.write_text("")
    before, files = answers_of(index_copy), sorted(index_copy.rglob("[!.]*"))
    with pytest.raises(SourceError) as caught:
        build([source], index_copy, encoder=FakeEncoder())
    assert caught.value.source.startswith(str(source))
    says = {
        "empty folder": "no paper found; the folder holds no files",
        "only junk": f"no paper found; 1 skipped, the first: {source}/junk.txt:1: no known layout",
        "missing": "no such file or folder; check the spelling",
        "empty file": "the file is empty",
    }
    assert says[kind] in str(caught.value)
    assert answers_of(index_copy) == before
    assert sorted(index_copy.rglob("[!.]*")) == files


def test_the_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """The argument goes before $ABSTRACTS_DATA, which goes before ./data; empty ones are passed."""
    assert data_folder() == Path("data")
    monkeypatch.setenv("ABSTRACTS_DATA", "/elsewhere")
    assert data_folder() == Path("/elsewhere")
    assert data_folder("") == Path("/elsewhere")
    assert data_folder("here") == Path("here")
    monkeypatch.setenv("ABSTRACTS_DATA", "")
    assert data_folder() == Path("data")


# --- Decisions --------------------------------------------------------------------------------


def test_decisions_win_at_the_next_build(tmp_path: Path) -> None:
    """A join of unlike papers and a split of equal ones hold, whatever the rules say."""
    folder, data, encoder = tmp_path / "sources", tmp_path / "data", FakeEncoder()
    write_page(folder, *WORKS, name="a.txt")
    write_page(folder, ("preprint2019arXiv", *WORKS[0][1:]), name="b.txt")
    build([folder], data, encoder=encoder)
    before = {p.title: p for p in papers_of(data)}
    assert {title: len(p.mention_ids) for title, p in before.items()} == {
        "Cats at rest in winter": 2,
        "Boats at sea": 1,
        "Bread at home": 1,
    }
    one, other = before["Cats at rest in winter"].mention_ids
    joined = before["Boats at sea"].mention_ids + before["Bread at home"].mention_ids
    add_decision(folder, Decision(joined))
    add_decision(folder, Decision((one,), (other,)))
    for _ in range(2):
        report = build([folder], data, encoder=encoder)
        assert (report.mentions, report.papers, report.files) == (4, 3, 2)
        groups = sorted(p.mention_ids for p in papers_of(data))
        assert groups == sorted([(one,), (other,), tuple(sorted(joined))])
    with Snapshot.open(data) as snapshot:
        (merge,) = [merge for merge, _ in snapshot.merges()]
        assert (merge.evidence.rule, merge.evidence.score) == ("decision", 1.0)
        assert snapshot.paper(before["Boats at sea"].paper_id) == snapshot.paper(
            before["Bread at home"].paper_id
        )
    add_decision(folder, Decision((one, other)))  # the later line holds
    assert build([folder], data, encoder=encoder).papers == 2


# --- The index before -------------------------------------------------------------------------


def test_an_index_of_another_format_is_built_anew(
    index_copy: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An old index of another format is no obstacle: a warning, and everything is embedded."""
    edit_manifest(index_copy, lambda manifest: manifest.update(format=0))
    with caplog.at_level(logging.WARNING):
        report = build(SHORT, index_copy, encoder=FakeEncoder())
    assert (report.generation, report.embedded, report.reused) == (2, 32, 0)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "cannot be reused, building anew" in caplog.text
    assert "index format 0" in caplog.text
    with Snapshot.open(index_copy) as snapshot:
        assert snapshot.verify()["papers"] == 32


def _flip(path: Path, place: int) -> None:
    bad = bytearray(path.read_bytes())
    bad[place] ^= 2
    overwrite(path, bad)


@pytest.mark.parametrize(
    ("name", "place"), [("vectors.npy", -200), ("topics.json", 9), ("vectors.npy", 70)]
)
def test_a_build_mends_a_damaged_index(
    index_copy: Path, short_index: Path, name: str, place: int
) -> None:
    """The build that the errors advise heals a flipped bit; it is never carried over."""
    _flip(live(index_copy) / name, place)
    build(SHORT, index_copy, encoder=FakeEncoder())
    assert answers_of(index_copy) == answers_of(short_index)
    mended, good = (np.load(live(data) / VECTORS) for data in (index_copy, short_index))
    assert np.array_equal(mended, good)


def test_a_build_mends_a_damaged_database(index_copy: Path, short_index: Path) -> None:
    """A database with overwritten pages does not stop the build that would replace it."""
    path = live(index_copy) / "papers.sqlite"
    bad = bytearray(path.read_bytes())
    for page in range(8192, len(bad) - 4096, 8192):
        bad[page : page + 4096] = b"\xa5" * 4096
    overwrite(path, bad)
    build(SHORT, index_copy, encoder=FakeEncoder())
    assert answers_of(index_copy) == answers_of(short_index)


@pytest.mark.parametrize("garbage", ["", "seven", "12"])
def test_garbage_in_current_is_no_obstacle(
    index_copy: Path, short_index: Path, garbage: str
) -> None:
    """With a CURRENT that leads nowhere the build makes a generation and a CURRENT that does."""
    (index_copy / "CURRENT").write_text(garbage)
    build(SHORT, index_copy, encoder=FakeEncoder())
    assert answers_of(index_copy) == answers_of(short_index)


def test_two_generations_are_kept(tmp_path: Path) -> None:
    """After any number of builds the live generation and the one before are there."""
    for _ in range(4):
        build([FILES[3]], tmp_path, encoder=FakeEncoder())
    assert sorted(p.name for p in (tmp_path / GENERATIONS).iterdir()) == ["3", "4"]


# --- The lock ---------------------------------------------------------------------------------

_HOLDER = """
import sys
from pathlib import Path
from index.writer import build_lock
with build_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def lock_held_by_another(data: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=SEEDS.parent,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_build_is_told_to_wait(index_copy: Path) -> None:
    """While another process builds here BusyError comes at once; reading goes on."""
    before = answers_of(index_copy)
    with lock_held_by_another(index_copy):
        with pytest.raises(BusyError) as caught:
            build(SHORT, index_copy, encoder=FakeEncoder())
        assert str(caught.value) == (
            f"{index_copy}: another build is running here; wait for it to end"
        )
        assert answers_of(index_copy) == before


def test_the_lock_of_a_dead_process_does_not_block(index_copy: Path) -> None:
    """After a builder was killed its lock file stays, and the next build works at once."""
    with lock_held_by_another(index_copy) as process:
        process.kill()
        process.wait()
    assert (index_copy / ".build.lock").exists()
    assert build(SHORT, index_copy, encoder=FakeEncoder()).generation == 2


def test_a_failed_build_gives_the_lock_back(tmp_path: Path) -> None:
    """After a build that failed the lock is free."""
    with pytest.raises(SourceError):
        build([tmp_path / "missing"], tmp_path / "data", encoder=FakeEncoder())
    with build_lock(tmp_path / "data"):
        pass


def test_papers_of_two_sources_answer_together(tmp_path: Path) -> None:
    """Papers of all sources of one build are found by one searcher."""
    one = write_page(tmp_path / "one", WORKS[0])
    other = write_page(tmp_path / "other", *WORKS[1:])
    build([one, other], tmp_path / "data", encoder=FakeEncoder())
    papers: list[Paper] = papers_of(tmp_path / "data")
    assert sorted(ids_by_title(papers)) == [
        "Boats at sea",
        "Bread at home",
        "Cats at rest in winter",
    ]
    with Snapshot.open(tmp_path / "data") as snapshot:
        searcher = Searcher(snapshot, FakeEncoder())
        for text, title in ((CAT, "Cats at rest in winter"), (SAIL, "Boats at sea")):
            assert searcher.search(text, k=1)[0].paper.title == title
