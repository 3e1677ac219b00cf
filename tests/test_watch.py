"""The watch: what makes it build, what does not, and what it outlives."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import index.__main__
import index.watch
from index.build import BuildReport, build
from index.decisions import Decision, add_decision
from index.disk import current_generation
from index.errors import AbstractsError, BusyError, SourceError
from index.names import NameModel
from index.snapshot import Snapshot
from index.sources import list_files
from index.watch import watch
from index.writer import build_lock
from tests.conftest import BREAD, CAT, SAIL, CommandLine, papers_of, works_page
from tests.fakes import FakeEncoder

CATS = works_page(("article2020", "Cats at rest in winter", CAT))
SAILS = works_page(("article2021", "Boats that cross the harbour", SAIL))
BREADS = works_page(("article2022", "Bread that rises in an oven", BREAD))
ALL = ["Boats that cross the harbour", "Bread that rises in an oven", "Cats at rest in winter"]
SETTLE = 0.15  # seconds
SOON = 20.0  # seconds after which a test gives up


def until(holds: Callable[[], Any]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + SOON
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.01)


def titles(data: Path) -> list[str]:
    return sorted(paper.display_title for paper in papers_of(data))


class Watched:
    """A watch in a thread of its own, and what it has told."""

    def __init__(self, *sources: Path, data: Path, **options: Any) -> None:
        self.reports: list[BuildReport] = []
        self.errors: list[Exception] = []
        self.ended_by: Exception | None = None
        self.encoder = FakeEncoder()
        self.stop = threading.Event()
        self._options = {"settle": SETTLE, "encoder": self.encoder} | options
        self._thread = threading.Thread(target=self._run, args=(sources, data))
        self._thread.start()

    def _run(self, sources: tuple[Path, ...], data: Path) -> None:
        try:
            watch(
                sources,
                data,
                on_build=self.reports.append,
                on_failure=self.errors.append,
                stop=self.stop,
                **self._options,
            )
        except AbstractsError as error:
            self.ended_by = error

    def built(self, times: int) -> BuildReport:
        """The report of that build, counted from 1, once it is there."""
        until(lambda: len(self.reports) >= times or self.ended_by)
        return self.reports[times - 1]

    def failed(self, times: int) -> Exception:
        """That failure, counted from 1, once it is there."""
        until(lambda: len(self.errors) >= times or self.ended_by)
        return self.errors[times - 1]

    def end(self) -> None:
        self.stop.set()
        self._thread.join(SOON)
        assert not self._thread.is_alive()


Start = Callable[..., Watched]


@pytest.fixture(scope="module")
def names() -> NameModel:
    return NameModel.load()


@pytest.fixture(autouse=True)
def _names_read_once(names: NameModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """To read the table of names is most of the time that so small a build takes."""
    monkeypatch.setattr(NameModel, "load", lambda: names)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A folder of one file with one paper."""
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "cats.txt").write_text(CATS)
    return folder


@pytest.fixture
def start(data: Path) -> Iterator[Start]:
    """Starts a watch and waits for its first build; all end with the test."""
    running: list[Watched] = []

    def begin(*folders: Path, **options: Any) -> Watched:
        running.append(Watched(*folders, **{"data": data, **options}))
        running[-1].built(1)
        return running[-1]

    yield begin
    for watched in running:
        watched.end()


def looked(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The times at which a watch has looked at what the files hold, from now on."""
    times: list[float] = []
    look = index.watch._Builds.next

    def counted(self: index.watch._Builds) -> float | None:
        pause = look(self)
        times.append(time.monotonic())
        return pause

    monkeypatch.setattr(index.watch._Builds, "next", counted)
    return times


# --- What makes it build ----------------------------------------------------------------------


def test_files_that_come_and_go_bring_and_take_their_papers(
    start: Start, sources: Path, data: Path
) -> None:
    """A new file adds its papers, a changed one exchanges them, a removed one takes with it only
    what no other says; vectors are reused.
    """
    watched = start(sources)
    assert titles(data) == ["Cats at rest in winter"]
    (sources / "more.txt").write_text(SAILS + "\n" + CATS)
    report = watched.built(2)
    assert (report.generation, report.papers, report.added, report.removed) == (2, 2, 1, 0)
    assert (report.embedded, report.reused) == (1, 1)
    (sources / "cats.txt").unlink()
    report = watched.built(3)
    assert (report.mentions, report.papers, report.added, report.removed) == (2, 2, 0, 0)
    (sources / "more.txt").write_text(BREADS)
    report = watched.built(4)
    assert (report.papers, report.added, report.removed) == (1, 1, 2)
    assert titles(data) == ["Bread that rises in an oven"]
    assert watched.errors == []


def test_polling_sees_the_same(start: Start, sources: Path, data: Path) -> None:
    """With `poll`, files that come and go are found without the operating system's help."""
    watched = start(sources, poll=True)
    (sources / "sails.txt").write_text(SAILS)
    assert watched.built(2).papers == 2
    (sources / "cats.txt").unlink()
    assert (watched.built(3).papers, titles(data)) == (1, ["Boats that cross the harbour"])


def test_a_source_may_be_a_link_and_polling_follows_links(
    start: Start, sources: Path, tmp_path: Path
) -> None:
    """A folder given by a link is watched; with `poll`, so are files that links in it lead to."""
    outside = tmp_path / "outside.txt"
    outside.write_text(CATS)
    os.utime(outside, (1, 1))  # polling compares whole seconds, and all here may be one
    (sources / "linked.txt").symlink_to(outside)
    (tmp_path / "link").symlink_to(sources)
    watched = start(tmp_path / "link")
    (sources / "sails.txt").write_text(SAILS)
    assert watched.built(2).papers == 2
    watched.end()
    polled = start(sources, poll=True)
    outside.write_text(BREADS)
    assert polled.built(2).papers == 3


def test_files_in_folders_that_come_later_are_seen(
    start: Start, sources: Path, tmp_path: Path
) -> None:
    """A folder that is made, or moved in with its files, is watched like the rest."""
    watched = start(sources)
    made = sources / "made" / "deeper"
    made.mkdir(parents=True)
    (made / "sails.txt").write_text(SAILS)
    assert watched.built(2).papers == 2
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "breads.txt").write_text(BREADS)
    outside.rename(sources / "moved.bak")  # the rule of backups is about files
    assert watched.built(3).papers == 3
    shutil.rmtree(sources / "moved.bak")
    assert watched.built(4).papers == 2


def test_a_named_file_is_watched_when_editors_replace_it(
    start: Start, sources: Path, tmp_path: Path
) -> None:
    """A file given as a source counts after it was written, and after it was exchanged for
    another one; its neighbours do not.
    """
    named = sources / "cats.txt"
    watched = start(named)
    (sources / "neighbour.txt").write_text(BREADS)
    named.write_text(CATS + "\n" + SAILS)
    assert watched.built(2).papers == 2
    fresh = tmp_path / "fresh.txt"
    fresh.write_text(SAILS)
    os.replace(fresh, named)  # noqa: PTH105
    assert watched.built(3).papers == 1


@pytest.mark.parametrize("source", [".", "cats.txt"])
def test_a_decision_counts_as_a_change(
    start: Start, sources: Path, data: Path, source: str
) -> None:
    """A decision written beside the sources takes effect by itself."""
    (sources / "cats.txt").write_text(CATS + "\n" + SAILS)
    watched = start(sources / source)
    assert watched.built(1).papers == 2
    mentions = [m for p in papers_of(data) for m in p.mention_ids]
    add_decision(sources, Decision(tuple(mentions)))
    report = watched.built(2)
    assert (report.papers, report.added, report.removed) == (1, 0, 1)


# --- What does not ----------------------------------------------------------------------------


def test_what_holds_the_same_is_not_built_again(
    start: Start, sources: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that are touched, or written with what they held, are looked at and not built."""
    looks = looked(monkeypatch)
    watched = start(sources)
    before = len(looks)
    os.utime(sources / "cats.txt", (1, 1))
    until(lambda: len(looks) == before + 1)
    (sources / "cats.txt").write_text(CATS)
    until(lambda: len(looks) == before + 2)
    assert current_generation(data) == 1
    (sources / "sails.txt").write_text(SAILS)
    assert watched.built(2).generation == 2


def test_files_that_no_build_reads_are_not_even_looked_at(
    start: Start, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hidden files, those in hidden folders, and what editors and downloads leave behind give no
    reason to look.
    """
    (sources / ".git").mkdir()
    looks = looked(monkeypatch)
    watched = start(sources)
    before = len(looks)
    for name in (".a.txt", ".git/b.txt", "c.txt~", "#d.txt#", ".e.swp", "f.swp", "~$g.docx",
                 "h.bib.bak", "i.tmp", "j.bib.part", "k.crdownload"):  # fmt: skip
        (sources / name).write_text(BREADS)
        (sources / name).write_text(SAILS)
    time.sleep(SETTLE + 0.6)  # for as long as it would take
    assert (len(looks), len(watched.reports)) == (before, 1)
    (sources / "sails.txt").write_text(SAILS)
    assert {Path(file.source).name for file in watched.built(2).read} == {"cats.txt", "sails.txt"}


def test_the_index_inside_of_the_sources_does_not_set_it_off(
    start: Start, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A data folder within a watched one is neither read nor a reason to look."""
    looks = looked(monkeypatch)
    watched = start(sources, data=sources / "data")
    until(lambda: looks)
    time.sleep(SETTLE + 0.6)  # for as long as it would take
    assert (len(looks), len(watched.reports)) == (1, 1)
    (sources / "sails.txt").write_text(SAILS)
    report = watched.built(2)
    assert (report.files, report.papers, report.skipped) == (2, 2, ())


def test_the_index_itself_is_no_source(sources: Path) -> None:
    """To watch the very folder of the index is refused."""
    with pytest.raises(SourceError, match="is the folder of the index"):
        watch([sources], sources / "." / "", encoder=FakeEncoder())
    assert [path.name for path in sources.iterdir()] == ["cats.txt"]


# --- Quiet ------------------------------------------------------------------------------------


def test_many_changes_are_one_build(start: Start, sources: Path) -> None:
    """Files that come one upon the other are built together, once there was quiet."""
    watched = start(sources, settle=0.5)
    for n in range(30):
        page = works_page((f"article{1990 + n}", f"{SAIL.split()[n % 11]} paper {n}", ""))
        (sources / f"{n}.txt").write_text(page)
        time.sleep(0.01)
    report = watched.built(2)
    assert (report.generation, report.files) == (2, 31)


def test_a_file_that_is_still_written_is_waited_for(start: Start, sources: Path) -> None:
    """A file that grows for longer than `settle` is read once, whole."""
    watched = start(sources, settle=0.5)
    started = time.monotonic()
    with (sources / "slow.txt").open("w") as file:
        while time.monotonic() < started + 1.1:
            file.write("\n")
            file.flush()
            time.sleep(0.05)
        file.write(SAILS)
    assert (watched.built(2).papers, len(watched.reports)) == (2, 2)


def test_a_change_during_a_build_is_not_lost(
    start: Start, sources: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written after the sources were read, and before the build stands, is built next."""
    watched = start(sources)
    encode = watched.encoder.encode_document

    def slow(texts: Any, advance: Any = None) -> Any:
        (sources / "breads.txt").write_text(BREADS)
        return encode(texts, advance)

    monkeypatch.setattr(watched.encoder, "encode_document", slow)
    (sources / "sails.txt").write_text(SAILS)
    assert watched.built(2).papers == 2
    assert watched.built(3).papers == 3
    assert titles(data) == ALL


# --- What it outlives -------------------------------------------------------------------------


def test_a_build_that_fails_leaves_the_index_and_the_watch(
    start: Start, sources: Path, data: Path
) -> None:
    """A bad file under `strict` is told once; the index stays, and mending the file builds."""
    watched = start(sources, strict=True)
    (sources / "bad.txt").write_bytes(b"\0")
    assert str(watched.failed(1)).startswith(f"{sources / 'bad.txt'}:1: binary file")
    assert (current_generation(data), titles(data)) == (1, ["Cats at rest in winter"])
    (sources / "bad.txt").write_text(SAILS)
    assert watched.built(2).papers == 2
    assert len(watched.errors) == 1


def test_going_back_to_what_is_live_builds_nothing(
    start: Start, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failure, a return to the files that were built last needs no build."""
    looks = looked(monkeypatch)
    watched = start(sources, strict=True)
    (sources / "bad.txt").write_bytes(b"\0")
    watched.failed(1)
    before = len(looks)
    (sources / "bad.txt").unlink()
    until(lambda: len(looks) > before)
    assert (len(watched.reports), len(watched.errors)) == (1, 1)


def test_a_source_that_vanishes_and_comes_back(start: Start, sources: Path, data: Path) -> None:
    """A folder that was moved away is told; once one of its name is there, it is watched again."""
    watched = start(sources)
    away = sources.rename(sources.with_name("away"))
    assert str(watched.failed(1)) == f"{sources}: no such file or folder; check the spelling"
    assert titles(data) == ["Cats at rest in winter"]
    away.rename(sources)
    (sources / "sails.txt").write_text(SAILS)
    assert watched.built(2).papers == 2
    shutil.rmtree(sources)
    watched.failed(2)
    sources.mkdir()
    assert "no paper found" in str(watched.failed(3))
    (sources / "breads.txt").write_text(BREADS)
    assert (watched.built(3).papers, titles(data)) == (1, ["Bread that rises in an oven"])


def test_another_build_is_waited_for(
    start: Start, sources: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another build holds the index this is told once, and tried again without a change."""
    monkeypatch.setattr(index.watch, "RETRY", 0.1)
    looks = looked(monkeypatch)
    watched = start(sources)
    with build_lock(data):
        (sources / "sails.txt").write_text(SAILS)
        assert isinstance(watched.failed(1), BusyError)
        before = len(looks)
        until(lambda: len(looks) > before + 1)
    assert watched.built(2).papers == 2
    assert len(watched.errors) == 1


def test_a_bug_is_told_and_does_not_end_the_watch(
    start: Start, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that nobody foresaw reaches `on_failure` as it is, and the next change builds."""
    watched = start(sources)

    def broken(*_: Any) -> Any:
        raise RuntimeError("odd")

    with monkeypatch.context() as patch:
        patch.setattr(watched.encoder, "encode_document", broken)
        (sources / "sails.txt").write_text(SAILS)
        assert repr(watched.failed(1)) == "RuntimeError('odd')"
    (sources / "breads.txt").write_text(BREADS)
    assert watched.built(2).papers == 3


def test_an_empty_folder_is_waited_for(sources: Path, data: Path) -> None:
    """A watch may begin before there is a file."""
    (sources / "cats.txt").unlink()
    watched = Watched(sources, data=data)
    try:
        assert "no paper found" in str(watched.failed(1))
        (sources / "sails.txt").write_text(SAILS)
        assert watched.built(1).papers == 1
    finally:
        watched.end()


def test_a_missing_source_at_the_start_is_an_error(tmp_path: Path, data: Path) -> None:
    """A slip in the command line is told at once, and nothing is made."""
    with pytest.raises(SourceError, match="no such file or folder"):
        watch([tmp_path / "nowhere"], data, encoder=FakeEncoder())
    with pytest.raises(ValueError, match="settle is -1"):
        watch([tmp_path], data, settle=-1, encoder=FakeEncoder())
    assert not data.exists()


# --- What it shares with the build ------------------------------------------------------------


def test_leftovers_are_no_sources_unless_named(tmp_path: Path) -> None:
    """Backups of editors and unfinished downloads in a folder are not read; named, they are."""
    for name in ("a.txt", "a.txt~", "#a.txt#", "~$a.txt", "a.txt.swp", "a.bak", "a.TMP",
                 "a.part", "a.crdownload", "bak", "part.txt", "a~b.txt"):  # fmt: skip
        (tmp_path / name).write_text(CATS)
    assert [path.name for path, _ in list_files([tmp_path])] == [
        "a.txt",
        "a~b.txt",
        "bak",
        "part.txt",
    ]
    assert list_files([tmp_path / "a.bak"]) == [(tmp_path / "a.bak", True)]


def test_the_index_is_read_only_when_it_is_named(sources: Path) -> None:
    """A folder above the index leaves it out, by whatever path; a folder inside of it does not."""
    (sources / "data" / "mine").mkdir(parents=True)
    (sources / "data" / "mine" / "a.txt").write_text(CATS)
    inner = sources / "data" / "mine"
    assert list_files([sources], inner / "..") == [(sources / "cats.txt", False)]
    assert list_files([inner], sources / "data") == [(inner / "a.txt", False)]


def test_papers_that_only_change_their_id_are_neither_added_nor_removed(
    tmp_path: Path, data: Path
) -> None:
    """Added less removed is the growth; a paper that is found under its old id is the same one."""
    entry = "@article{{a, title={{Cats at rest in winter}}, abstract={{{}}}{}}}\n"
    source = tmp_path / "a.bib"
    source.write_text(entry.format(CAT, ""))
    report = build([source], data, encoder=FakeEncoder())
    assert (report.added, report.removed) == (1, 0)
    with Snapshot.open(data) as snapshot:
        (old,) = snapshot.carried.ids()
    source.write_text(entry.format(CAT, ", doi={10.1/abc}"))
    report = build([source], data, encoder=FakeEncoder())
    with Snapshot.open(data) as snapshot:
        assert (snapshot.carried.ids() == {old}, snapshot.paper(old).doi) == (False, "10.1/abc")
    assert (report.added, report.removed) == (0, 0)


# --- The command ------------------------------------------------------------------------------


@pytest.fixture
def short_watch(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Makes the watch of the command call something after its first build, and end by Ctrl-C once
    it has heard of something again.
    """

    def prepare(then: Callable[[], None]) -> None:
        def ended(*sources: Any, on_build: Any, on_failure: Any, **options: Any) -> None:
            stop = threading.Event()
            times: list[object] = []

            def heard(tell: Callable[[Any], None], what: object) -> None:
                tell(what)
                times.append(what)
                if len(times) == 1:
                    then()
                else:
                    stop.set()

            watch(
                *sources,
                on_build=lambda report: heard(on_build, report),
                on_failure=lambda error: heard(on_failure, error),
                stop=stop,
                **options,
            )
            raise KeyboardInterrupt

        monkeypatch.setattr(index.build_command, "watch", ended)

    return prepare


def test_the_command_prints_a_line_a_build(
    index_cli: CommandLine, sources: Path, data: Path, short_watch: Any
) -> None:
    """Each build is one line on stdout, or with --json one document; Ctrl-C ends it with 0."""
    short_watch(lambda: (sources / "sails.txt").write_text(SAILS))
    arguments = ("watch", sources, "--data", data, "--settle", SETTLE)
    outcome = index_cli(*arguments)
    first, second = outcome.out.splitlines()
    assert outcome.status == 0
    assert first.startswith("generation 1: 1 papers (+1 -0), 1 embedded, 0 reused, 0 skipped, ")
    assert second.startswith("generation 2: 2 papers (+1 -0), 1 embedded, 1 reused, 0 skipped, ")
    assert outcome.err.splitlines()[-1] == (
        "watching has ended; the index is as the last build left it"
    )
    short_watch((sources / "sails.txt").unlink)
    reports = [json.loads(line) for line in index_cli(*arguments, "--json").out.splitlines()]
    keys = ("generation", "papers", "added", "removed")
    assert [[r[key] for key in keys] for r in reports] == [[3, 2, 0, 0], [4, 1, 0, 1]]


def test_the_command_tells_failures_on_stderr(
    index_cli: CommandLine, sources: Path, data: Path, short_watch: Any
) -> None:
    """A failed build is one error line on stderr and no line on stdout."""
    short_watch(lambda: (sources / "bad.txt").write_bytes(b"\0"))
    outcome = index_cli("watch", sources, "--data", data, "--settle", SETTLE, "--strict")
    assert (outcome.status, len(outcome.out.splitlines())) == (0, 1)
    assert f"error: {sources / 'bad.txt'}:1: binary file (a NUL byte)" in outcome.err


def test_an_interrupt_during_a_build_leaves_the_index(
    index_cli: CommandLine,
    fake_model: FakeEncoder,
    sources: Path,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ctrl-C in the middle of a build ends the command with 0 and the old index live."""

    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    build([sources], data, encoder=fake_model)
    (sources / "sails.txt").write_text(SAILS)
    monkeypatch.setattr(fake_model, "encode_document", interrupted)
    outcome = index_cli("watch", sources, "--data", data)
    assert (outcome.status, outcome.out) == (0, "")
    assert (current_generation(data), titles(data)) == (1, ["Cats at rest in winter"])
    with build_lock(data):  # it was given back
        pass


@pytest.mark.parametrize("settle", ["-1", "nan", "soon"])
def test_the_command_refuses_a_time_that_is_none(
    index_cli: CommandLine, sources: Path, settle: str
) -> None:
    """--settle takes seconds, 0 or more."""
    outcome = index_cli("watch", sources, f"--settle={settle}")
    assert outcome.status == 2
    assert f"'{settle}' is no number of seconds, 0 or more" in outcome.err


def test_the_command_refuses_a_missing_source(index_cli: CommandLine, tmp_path: Path) -> None:
    """A source that is not there ends the command with status 2."""
    outcome = index_cli("watch", tmp_path / "nowhere", "--data", tmp_path / "data")
    assert (outcome.status, outcome.out) == (2, "")
    assert f"error: {tmp_path / 'nowhere'}: no such file or folder" in outcome.err
