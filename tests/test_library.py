"""The library: lists, notes, what several writers do at once, and a file that is not whole."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.decisions import Decision, add_decision
from index.errors import AbstractsError
from index.records import Paper
from index.snapshot import Snapshot
from search import library_rows
from search.library import Library
from search.library_file import LibraryError
from search.library_rows import (
    DEFAULT_LIST,
    KEPT_DAYS,
    LONGEST_NAME,
    LONGEST_NOTE,
    NoteConflictError,
    NotSavedError,
    UnknownListError,
    together,
)
from tests.conftest import BREAD, CAT, SAIL, MakeIndex, ids_by_title, make_paper, works_page

A = make_paper(paper_id="pa", title="On Ants", authors=("Ada Bell",), year=2001, mention_ids=("m",))
B = make_paper(paper_id="pb", title="On Bees", mention_ids=("m2",))


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


def titles(library: Library, name: str = "L", snapshot: Snapshot | None = None) -> list[str]:
    """Titles of a list, in its order."""
    return [saved.paper.display_title for saved in library.saved(name, snapshot)]


def notes(library: Library, name: str = "L", snapshot: Snapshot | None = None) -> list[str]:
    return [saved.note for saved in library.saved(name, snapshot)]


# --- Lists ------------------------------------------------------------------------------------


def test_nothing_is_made_by_reading(library: Library) -> None:
    """Before the first change there are no lists and there is no file."""
    assert library.lists() == library.deleted_lists() == []
    assert library.lists_of([A]) == {"pa": ()}
    with pytest.raises(UnknownListError, match="no list 'Saved'"):
        library.saved(DEFAULT_LIST)
    assert not library.path.exists()


def test_lists_are_told_by_name_size_and_change(library: Library) -> None:
    """The default list comes first, the others by name; each with what is in it and since when."""
    for name in ("bees", "Ants", DEFAULT_LIST):
        library.create(name)
    before = library.lists()[1].changed
    time.sleep(0.002)
    library.save("ants", A)
    found = library.lists()
    assert [(info.name, info.size) for info in found] == [("Saved", 0), ("Ants", 1), ("bees", 0)]
    assert found[1].changed > before
    assert library.path.name == "library.sqlite"
    assert os.listdir(library.path.parent) == ["library.sqlite"]  # noqa: PTH208


@pytest.mark.parametrize(
    ("given", "kept"),
    [("  To \n read ", "To read"), ("Ünïcode 漢字", "Ünïcode 漢字"), ("a\u202eb", "ab")],
)
def test_names_are_trimmed(library: Library, given: str, kept: str) -> None:
    """A name is kept without blanks at its ends and without what only deceives a reader."""
    assert library.create(given) == kept
    assert [info.name for info in library.lists()] == [kept]


@pytest.mark.parametrize("name", ["", " \n", "\u202e", "x" * (LONGEST_NAME + 1)])
def test_bad_names_are_refused(library: Library, name: str) -> None:
    """A name that is empty or too long is refused everywhere, and nothing is made."""
    library.save("L", A)
    for call in (
        lambda: library.create(name),
        lambda: library.rename("L", name),
        lambda: library.save(name, B),
        lambda: library.move("L", A, name),
    ):
        with pytest.raises(LibraryError, match=r"needs a name|at most 200"):
            call()
    assert [(info.name, info.size) for info in library.lists()] == [("L", 1)]


def test_names_are_unique_but_for_letter_case(library: Library) -> None:
    """Straße, STRASSE and Strasse are one name, and a list is found under each."""
    library.create("Straße")
    with pytest.raises(LibraryError, match="there is a list 'STRASSE' already"):
        library.create("STRASSE")
    library.create("Other")
    with pytest.raises(LibraryError, match="already"):
        library.rename("Other", "strasse")
    library.save("STRASSE", A)
    assert titles(library, "strasse") == ["On Ants"]
    assert library.rename("strasse", "STRASSE") == "STRASSE"
    assert [info.name for info in library.lists()] == ["Other", "STRASSE"]


def test_an_unknown_list_is_named(library: Library) -> None:
    """What asks for a list that is not there quotes its name."""
    library.create("There")
    for call in (
        lambda: library.saved("Gone"),
        lambda: library.rename("Gone", "x"),
        lambda: library.delete("Gone"),
        lambda: library.remove("Gone", A),
        lambda: library.set_note("Gone", A, "x", ""),
        lambda: library.move("Gone", A, "There"),
    ):
        with pytest.raises(UnknownListError, match="no list 'Gone'"):
            call()


def test_a_deleted_list_comes_back_whole(library: Library) -> None:
    """Deleting hides a list with its papers; restoring brings back papers, notes and order."""
    library.save("L", A, "first")
    library.save("L", B, "second")
    deleted = library.delete("l")
    assert (deleted.name, deleted.size) == ("L", 2)
    assert library.lists() == []
    assert library.lists_of([A]) == {"pa": ()}
    assert library.deleted_lists() == [deleted]
    assert library.restore(deleted.list_id) == "L"
    assert (titles(library), notes(library)) == (["On Ants", "On Bees"], ["first", "second"])
    with pytest.raises(UnknownListError):
        library.restore(deleted.list_id)


def test_a_restored_list_takes_no_name_away(library: Library) -> None:
    """A list whose name was given away meanwhile comes back under a numbered one."""
    for _ in range(3):
        library.save("L", A)
        library.delete("L")
    library.create("l")
    names = [library.restore(info.list_id) for info in library.deleted_lists()]
    assert names == ["L (2)", "L (3)", "L (4)"]
    assert titles(library, "l") == []


def test_what_was_deleted_long_ago_goes(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deleted lists and removed papers are kept for 30 days and then leave the file."""
    library.save("Old", A)
    library.delete("Old")
    library.save("L", A)
    library.save("L", B)
    library.remove("L", A)

    def after(days: float) -> tuple[int, int]:
        monkeypatch.setattr(library_rows, "KEPT_DAYS", KEPT_DAYS - days)
        library.save("L", B)
        with sqlite3.connect(library.path) as db:
            counts = [
                db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("items", "lists")
            ]
        db.close()
        return counts[0], counts[1]

    assert after(KEPT_DAYS - 0.01) == (3, 2)
    assert after(KEPT_DAYS + 0.01) == (1, 1)


# --- Papers and notes -------------------------------------------------------------------------


def test_saving_twice_is_saving_once(library: Library) -> None:
    """Saving says whether the paper is new in the list; the order is that of saving."""
    assert [library.save("L", p) for p in (B, A, B)] == [True, True, False]
    assert titles(library) == ["On Bees", "On Ants"]


def test_a_note_is_added_to_the_one_there(library: Library) -> None:
    """Saving again with another note keeps both; with the same note, or none, changes nothing."""
    for note in ("one", "two", "one", "", "two\n\nthree"):
        library.save("L", A, note)
    assert notes(library) == ["one\n\ntwo\n\ntwo\n\nthree"]


@given(st.lists(st.text(alphabet="ab\n", max_size=6).map(library_rows.tidy), max_size=4))
def test_nothing_of_a_note_is_lost_in_joining(given: list[str]) -> None:
    """Every note stands in the joined one, whole and between blank lines; joining again is idle."""
    joined = together(given)
    for note in given:
        assert not note or f"\n\n{note}\n\n" in f"\n\n{joined}\n\n"
    assert together([joined, *given]) == joined


def test_notes_are_tidied(library: Library) -> None:
    """Line ends become line feeds; blanks at the ends and invisible controls go."""
    library.save("L", A, " one \r\ntwo\u2028three\x00\u202e\n\n")
    assert notes(library) == ["one\ntwo\nthree"]


def test_a_note_may_not_be_endless(library: Library) -> None:
    """A note above the limit is refused with its length, and nothing is saved."""
    with pytest.raises(LibraryError, match="100,001 characters; at most 100,000"):
        library.save_all("L", [(B, ""), (A, "x" * (LONGEST_NOTE + 1))])
    assert library.lists() == []


def test_setting_a_note(library: Library) -> None:
    """A note that was read as it still is, is replaced; by nothing as well."""
    library.save("L", A, "old")
    library.set_note("L", A, "new", was="old")
    library.set_note("L", "pa", "", was=" new\r\n")
    assert notes(library) == [""]


def test_two_tabs_lose_no_note(library: Library) -> None:
    """Who started from a note that is another by now is told both, and the file keeps the other."""
    library.save("L", A, "start")
    library.set_note("L", A, "from one tab", was="start")
    with pytest.raises(NoteConflictError, match="changed elsewhere") as error:
        library.set_note("L", A, "from the other", was="start")
    assert (error.value.theirs, error.value.mine) == ("from one tab", "from the other")
    assert isinstance(error.value, AbstractsError)
    assert notes(library) == ["from one tab"]
    library.set_note("L", A, "from one tab", was="start")  # both wrote the same


def test_a_note_to_a_paper_that_is_gone(library: Library) -> None:
    """A note for a paper that another tab removed is refused and names the paper."""
    library.save("L", A, "x")
    library.remove("L", A)
    with pytest.raises(NotSavedError, match="'On Ants' is not in the list"):
        library.set_note("L", A, "y", was="x")


def test_removing_and_putting_back(library: Library) -> None:
    """A removed paper comes back where it stood, with its note."""
    library.save("L", A, "note")
    library.save("L", B)
    library.remove("L", "pa")
    assert (titles(library), library.lists()[0].size) == (["On Bees"], 1)
    assert library.lists_of([A]) == {"pa": ()}
    with pytest.raises(NotSavedError):
        library.remove("L", A)
    library.put_back("L", A)
    assert (titles(library), notes(library)) == (["On Ants", "On Bees"], ["note", ""])
    with pytest.raises(NotSavedError, match="not among those removed"):
        library.put_back("L", A)


def test_saving_anew_what_was_removed(library: Library) -> None:
    """A paper saved again after its removal is the last of the list, and its old note is there."""
    library.save("L", A, "old")
    library.save("L", B)
    library.remove("L", A)
    assert library.save("L", A, "new")
    assert (titles(library), notes(library)) == (["On Bees", "On Ants"], ["", "old\n\nnew"])


def test_copying_and_moving(library: Library) -> None:
    """A copy stays in both lists, a moved paper in the new one alone; notes go with them."""
    library.save("L", A, "note")
    assert library.copy("L", A, "New")
    assert library.lists_of([A, B]) == {"pa": ("L", "New"), "pb": ()}
    library.set_note("New", A, "other", was="note")
    assert not library.move("L", "pa", "new")
    assert library.lists_of([A]) == {"pa": ("New",)}
    assert notes(library, "New") == ["other\n\nnote"]
    assert library.move("New", A, DEFAULT_LIST)
    assert (titles(library, "New"), titles(library, DEFAULT_LIST)) == ([], ["On Ants"])
    with pytest.raises(LibraryError, match="is in 'SAVED' already"):
        library.move(DEFAULT_LIST, A, "SAVED")


def test_many_at_once_or_none(library: Library) -> None:
    """Papers saved together are all saved, in their order, and the new ones told."""
    library.save("L", B)
    papers = [replace(A, paper_id=f"p{n}", title=str(n)) for n in range(50)]
    new = library.save_all("L", [(p, f"n{p.title}") for p in [*papers[:3], B, *papers[3:]]])
    assert new == [True] * 3 + [False] + [True] * 47
    assert titles(library) == ["On Bees", *map(str, range(50))]
    assert notes(library)[1:] == [f"n{n}" for n in range(50)]


@given(st.text(max_size=30), st.text(max_size=30), st.lists(st.text(max_size=5), max_size=3))
def test_records_read_back(title: str, abstract: str, authors: list[str]) -> None:
    """Whatever a paper states, what the file keeps of it is the paper."""
    paper = make_paper(title=title, abstract=abstract, authors=tuple(authors), aliases=("x",))
    row: Any = {"record": library_rows.to_json(paper), "paper_id": "p1"}
    assert library_rows.from_json(row) == paper


def test_records_of_other_versions(library: Library) -> None:
    """A field that this version does not know is left out, one that is missing is empty."""
    library.save("L", A)
    record = json.loads(library_rows.to_json(A)) | {"from_the_future": 1}
    del record["venue"], record["aliases"]
    sql(library.path, "UPDATE items SET record = ?", json.dumps(record))
    assert library.saved("L")[0].paper == A


# --- The index and its rebuilds ---------------------------------------------------------------

PAPERS = [
    works_page(("conference2022ICML", "Cats asleep", CAT)),
    works_page(("conference2022ICML", "Sails aloft", SAIL)),
    works_page(("conference2022ICML", "Bread at dawn", BREAD)),
]


def test_the_index_has_the_newer_word(library: Library, make_index: MakeIndex) -> None:
    """A saved paper is shown as the live index has it."""
    data = make_index(*PAPERS)
    with Snapshot.open(data) as snapshot:
        paper = next(p for p in snapshot.papers() if p.title == "Cats asleep")
        library.save("L", replace(paper, abstract="outdated"), "mine")
        (saved,) = library.saved("L", snapshot)
        assert (saved.paper, saved.in_index, saved.note) == (paper, True, "mine")
        assert library.saved("L")[0].paper.abstract == "outdated"


def test_a_paper_that_a_rebuild_left_out(make_index: MakeIndex) -> None:
    """It stays in its place as it was when saved, flagged; without an index all are as saved."""
    library = Library(make_index(*PAPERS))
    with Snapshot.open(library.path.parent) as snapshot:
        papers = list(snapshot.papers())
    library.save_all("L", [(paper, paper.title or "") for paper in papers])
    make_index(PAPERS[0], works_page(("conference2022ICML", "Sails aloft", SAIL)), "")
    with Snapshot.open(library.path.parent) as snapshot:
        shown = library.saved("L", snapshot)
    gone = next(paper for paper in papers if paper.title == "Bread at dawn")
    assert [s.paper.paper_id for s in shown] == [p.paper_id for p in papers]
    assert [s.note for s in shown] == [p.title for p in papers]
    assert [s.paper for s in shown if not s.in_index] == [gone]
    (library.path.parent / "CURRENT").unlink()
    assert [s.paper for s in library.saved("L")] == papers


def test_every_id_finds_a_saved_paper(make_index: MakeIndex) -> None:
    """A paper saved under an id that is an alias by now is one and the same in every call."""
    data = make_index(*PAPERS)
    library = Library(data)
    with Snapshot.open(data) as snapshot:
        paper = next(snapshot.papers())
    library.save("L", replace(paper, paper_id="pold"), "note")
    renamed = replace(paper, aliases=("pold",))
    assert library.lists_of([renamed]) == {paper.paper_id: ("L",)}
    assert not library.save("L", renamed)
    library.set_note("L", renamed, "changed", was="note")
    assert library.move("L", renamed, "M")
    library.remove("M", renamed)
    library.put_back("M", renamed)
    assert notes(library, "M") == ["changed"]


def test_two_saved_papers_that_become_one(make_index: MakeIndex) -> None:
    """Papers that the user joined are shown as one with both notes, and edited as one."""
    data = make_index(*PAPERS)
    library = Library(data)
    with Snapshot.open(data) as snapshot:
        papers = list(snapshot.papers())
    library.save_all("L", [(p, f"on {p.title}") for p in papers])
    pair = papers[0], papers[2]
    mentions = tuple(m for p in pair for m in p.mention_ids)
    add_decision(data.parent / "data-sources", Decision(mentions))
    make_index(*PAPERS)
    with Snapshot.open(data) as snapshot:
        first, second = library.saved("L", snapshot)
        assert first.paper.paper_id == snapshot.paper(pair[1].paper_id).paper_id
        both = f"on {pair[0].title}\n\non {pair[1].title}"
        assert (first.note, second.note) == (both, f"on {papers[1].title}")
        with pytest.raises(NoteConflictError):
            library.set_note("L", first.paper, "x", was=f"on {pair[0].title}")
        library.set_note("L", first.paper, "one note", was=both)
        assert notes(library, "L", snapshot) == ["one note", f"on {papers[1].title}"]
        library.remove("L", first.paper)
        assert titles(library, "L", snapshot) == [papers[1].title]
        library.put_back("L", first.paper)
        assert len(titles(library, "L", snapshot)) == 2


def test_a_paper_of_no_index_is_found_when_it_comes_in(make_index: MakeIndex) -> None:
    """A paper saved from elsewhere is the index's own as soon as any of its ids leads there."""
    data = make_index(PAPERS[0])
    library = Library(data)
    with Snapshot.open(data) as snapshot:
        (paper,) = snapshot.papers()
        alien = make_paper(paper_id="pelse", title="Typed in", aliases=(paper.paper_id,))
        library.save("L", alien, "note")
        (saved,) = library.saved("L", snapshot)
        assert (saved.paper, saved.in_index, saved.note) == (paper, True, "note")
        assert library.lists_of([paper]) == {paper.paper_id: ("L",)}
        assert not library.save("L", paper)


# --- Several writers --------------------------------------------------------------------------

# Imports once, forks a writer for each name given, and ends with the last of them. A writer saves
# so many papers, each with a note, and a note to one that all save.
_WRITERS = """
import os, sys, time
from search.library import Library
from tests.conftest import make_paper
data, count, *names = sys.argv[1:]
children = []
for name in names:
    child = os.fork()
    if not child:
        library = Library(data)
        for n in range(int(count)):
            paper = make_paper(paper_id=f"{name}{n}", title="t", mention_ids=("m",))
            library.save("L", paper, f"note {name}{n}")
            library.save("L", make_paper(paper_id="shared", title="s"), f"{name}{n}")
            print(name, n, flush=True)
            time.sleep(0.01)  # let others in
        os._exit(0)
    children.append(child)
print("pids", *children, flush=True)
sys.exit(max(os.waitpid(child, 0)[1] for child in children))
"""


@pytest.fixture
def writers(library: Library) -> Iterator[Any]:
    started: list[subprocess.Popen[str]] = []

    def start(count: int, *names: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", _WRITERS, str(library.path.parent), str(count), *names]
        root = Path(__file__).resolve().parent.parent
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


def test_processes_and_threads_lose_nothing_of_each_other(library: Library, writers: Any) -> None:
    """All is there of what two processes and two threads save at once, into one list and note."""
    process = writers(12, "x", "y")

    def save(name: str) -> None:
        for n in range(12):
            library.save("L", replace(A, paper_id=f"{name}{n}"), f"note {name}{n}")
            library.save("L", make_paper(paper_id="shared", title="s"), f"{name}{n}")

    threads = [threading.Thread(target=save, args=(name,)) for name in "vw"]
    assert process.stdout.readline().split()[0] in ("pids", "x", "y")  # imports are done
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    process.stdout.read()
    assert process.wait() == 0
    expected = {f"{name}{n}" for name in "vwxy" for n in range(12)}
    found = {saved.paper.paper_id: saved.note for saved in library.saved("L")}
    assert set(found.pop("shared").split("\n\n")) == expected
    assert found == {paper_id: f"note {paper_id}" for paper_id in expected}


def test_killed_in_the_middle_of_a_write(library: Library, writers: Any) -> None:
    """After a writer was killed at any instant the file is whole: all it had told of is there."""
    told: set[str] = set()
    process = writers(10**6, *"abc")
    line = process.stdout.readline().split()
    while line[0] != "pids":
        told.add("".join(line))
        line = process.stdout.readline().split()
    while len(told) < 6:
        told.add("".join(process.stdout.readline().split()))
    for number, pid in enumerate(map(int, line[1:])):
        time.sleep(0.03 + 0.007 * number)
        os.kill(pid, signal.SIGKILL)
        library.save("L", replace(A, paper_id=f"k{number}"))  # nobody is locked out
    told |= {"".join(words.split()) for words in process.stdout}
    with sqlite3.connect(library.path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    db.close()
    found = {saved.paper.paper_id: saved.note for saved in library.saved("L")}
    assert told | {f"k{n}" for n in range(3)} <= found.keys()
    assert told <= set(found["shared"].split("\n\n"))


def test_a_busy_file_is_told(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that waited in vain for another says so, names the file, and changes nothing."""
    library.save("L", A)
    monkeypatch.setattr("search.library_file._PATIENCE", 0.05)
    other = sqlite3.connect(library.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    for call in (lambda: library.save("L", B), library.lists):
        with pytest.raises(LibraryError, match=r"library\.sqlite: another process holds it"):
            call()
    other.execute("ROLLBACK")
    other.close()
    assert titles(library) == ["On Ants"]


# --- A file that is not whole -----------------------------------------------------------------


def sql(path: Path, statement: str, *values: object) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(statement, values)
    db.close()


def refused(library: Library, why: str) -> None:
    """Reading and writing fail, the message names the file and why; the file stays as it is."""
    before = library.path.read_bytes()
    for call in (library.lists, lambda: library.save("L", B), lambda: library.delete("L")):
        with pytest.raises(LibraryError, match=why) as error:
            call()
        assert str(error.value).startswith(f"{library.path}: ")
    assert library.path.read_bytes() == before


def test_a_file_of_something_else(library: Library) -> None:
    """A file that is no database is refused and not deleted."""
    library.path.write_bytes(b"my precious notes\n" * 100)
    refused(library, "damaged .*it was left as it is")


@pytest.mark.parametrize("place", [0, 100, 4096])  # two headers, a page of the lists
def test_a_damaged_file(library: Library, place: int) -> None:
    """Bytes overwritten in the header or a page are refused, and the file is not deleted."""
    library.save_all("L", [(replace(A, paper_id=f"p{n}"), "x" * 500) for n in range(50)])
    content = bytearray(library.path.read_bytes())
    content[place : place + 60] = b"\xff" * 60
    library.path.write_bytes(content)
    refused(library, "damaged|another kind")


def test_a_file_cut_short(library: Library) -> None:
    """Half a file is refused, and not deleted."""
    library.save_all("L", [(replace(A, paper_id=f"p{n}"), "x" * 500) for n in range(50)])
    content = library.path.read_bytes()
    library.path.write_bytes(content[: len(content) // 2])
    refused(library, "damaged")


def test_a_newer_file(library: Library) -> None:
    """A library of a newer version is refused, with what to use instead."""
    library.save("L", A)
    sql(library.path, "PRAGMA user_version = 7")
    refused(library, "version 7, and this program reads up to 1; use the newer program")


def test_a_foreign_database(library: Library) -> None:
    """A database of another program is refused."""
    sql(library.path, "CREATE TABLE bookmarks (url TEXT)")
    refused(library, "a database of another kind")


def test_a_damaged_record(library: Library) -> None:
    """A saved record that is no paper is quoted with the id to remove, which is possible."""
    library.save("L", A)
    sql(library.path, "UPDATE items SET record = ?", '{"title": "no id"}')
    with pytest.raises(LibraryError, match=r"'pa' is damaged: '\{\"title\": \"no id\"\}'"):
        library.saved("L")
    library.remove("L", "pa")
    assert titles(library) == []


def test_an_empty_file_is_a_new_library(library: Library) -> None:
    """A file without a byte, as a crash before the first change leaves one, is taken as new."""
    library.path.touch()
    assert library.lists() == []
    library.save("L", A)
    assert titles(library) == ["On Ants"]


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    """A data folder that cannot be made, or one in the file's place, is an error with a path."""
    (tmp_path / "file").touch()
    with pytest.raises(LibraryError, match=r"file/library\.sqlite: cannot be written"):
        Library(tmp_path / "file").save("L", A)
    (tmp_path / "library.sqlite").mkdir()
    for call in (Library(tmp_path).lists, lambda: Library(tmp_path).save("L", A)):
        with pytest.raises(LibraryError, match="cannot be read or written"):
            call()


def test_a_full_disk_changes_nothing(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change for which there is no room is undone and told."""
    library.save("L", A)
    connect = sqlite3.connect

    def small(*arguments: Any, **named: Any) -> sqlite3.Connection:
        db = connect(*arguments, **named)
        db.execute("PRAGMA max_page_count = 12")
        return db

    monkeypatch.setattr(sqlite3, "connect", small)
    with pytest.raises(LibraryError, match=r"cannot be read or written .*full"):
        library.save("L", B, "x" * LONGEST_NOTE)
    monkeypatch.undo()
    assert (titles(library), notes(library)) == (["On Ants"], [""])


def test_a_change_that_fails_is_undone_as_a_whole(library: Library) -> None:
    """What breaks a rule of the schema is a bug and no damage, and nothing of its change stays."""
    library.save("L", A)
    bad = replace(B, paper_id=None)  # type: ignore[arg-type]
    with pytest.raises(sqlite3.IntegrityError):
        library.save_all("New", [(B, ""), (bad, "")])
    assert [(info.name, info.size) for info in library.lists()] == [("L", 1)]
    assert library.lists_of([B]) == {"pb": ()}


def test_ids_are_looked_up_in_time(library: Library) -> None:
    """With 3,000 saved papers, looking up which lists hold 20 visits an index, not every row."""
    library.save_all("L", [(replace(A, paper_id=f"p{n}"), "") for n in range(3000)])
    papers: list[Paper] = [replace(A, paper_id=f"p{n}") for n in range(20)]
    assert set(library.lists_of(papers).values()) == {("L",)}
    db = sqlite3.connect(library.path)
    plan = " ".join(
        row[3]
        for row in db.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM item_ids JOIN items USING (item_id) "
            "WHERE item_ids.paper_id IN (SELECT value FROM json_each('[]'))"
        )
    )
    db.close()
    assert "SCAN item" not in plan
    assert ids_by_title([A]) == {"On Ants": "pa"}
