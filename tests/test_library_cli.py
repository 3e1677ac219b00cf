"""`python -m search library`: what each action does, in words and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from index.records import Paper
from search.library import Library
from tests.conftest import CommandLine, Outcome, papers_of

Run = Callable[..., Outcome]


@pytest.fixture
def run(search_cli: CommandLine, index_copy: Path) -> Run:
    """Runs an action on a copy of an index of 32 papers."""
    return lambda *arguments: search_cli("library", *arguments, "--data", index_copy)


@pytest.fixture
def papers(index_copy: Path) -> list[Paper]:
    return papers_of(index_copy)


def data(run: Run, *arguments: object) -> Any:
    """The JSON that an action prints."""
    outcome = run(*arguments, "--json")
    assert (outcome.status, outcome.err) == (0, "")
    return outcome.json()


def fails(outcome: Outcome) -> str:
    """The message of a call that failed as bad input does."""
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("error: ")
    return outcome.err.removeprefix("error: ").strip()


def test_saving_and_showing(run: Run, papers: list[Paper]) -> None:
    """Papers are saved by any of their ids, once, and shown with notes in the order of saving."""
    first, second = papers[:2]
    assert run("list").out == "there is no list yet; `library save ID` begins one\n"
    assert data(run, "save", second.paper_id, first.mention_ids[0], "--note", "mine") == [
        {"paper_id": p.paper_id, "title": p.title, "new": True} for p in (second, first)
    ]
    outcome = run("save", first.paper_id)
    assert outcome.out == f"there already: {first.title}\n"
    shown = data(run, "show")
    assert [(p["paper_id"], p["note"], p["in_index"]) for p in shown] == [
        (second.paper_id, "mine", True),
        (first.paper_id, "mine", True),
    ]
    lines = run("show").out.splitlines()
    assert (lines[0], lines[2]) == (second.title, "  | mine")
    assert first.paper_id in lines[4]
    assert data(run, "list") == [
        {"name": "Saved", "size": 2, "changed": data(run, "list")[0]["changed"]}
    ]
    assert run("list").out == "     2  Saved\n"


def test_notes(run: Run, papers: list[Paper]) -> None:
    """A note is replaced, and what it read before is told."""
    paper_id = papers[0].paper_id
    run("save", paper_id, "--list", "To read", "--note", "one\ntwo")
    outcome = run("note", paper_id, "three", "--list", "to read")
    assert outcome.out == "noted\n  it read: one\n  it read: two\n"
    assert data(run, "note", paper_id, "", "--list", "To read")["was"] == "three"
    why = fails(run("note", papers[1].paper_id, "x", "--list", "To read"))
    assert why == f"'{papers[1].paper_id}' is not in 'To read'; `library show` says what is"


def test_removing_all_or_none(run: Run, papers: list[Paper]) -> None:
    """Of several papers to remove, none is removed when one is not in the list."""
    ids = [paper.paper_id for paper in papers[:3]]
    run("save", *ids[:2])
    assert "is not in 'Saved'" in fails(run("remove", *ids))
    assert data(run, "remove", ids[0]) == {"removed": [ids[0]]}
    assert [p["paper_id"] for p in data(run, "show")] == [ids[1]]


@pytest.mark.parametrize("kind", ["bibtex", "ris", "csv", "jsonl"])
def test_there_and_back(run: Run, papers: list[Paper], tmp_path: Path, kind: str) -> None:
    """A list that was exported to a file is imported into another one with its notes."""
    run("save", papers[4].paper_id, "--note", "häß & {x}\n\ntwo")
    run("save", papers[2].paper_id)
    text = run("export", "--format", kind).out
    assert data(run, "export", "--format", kind)["text"].splitlines() == text.splitlines()
    (tmp_path / "list").write_text(text)
    report = data(run, "import", tmp_path / "list", "--list", "New")
    assert [one["paper_id"] for one in report["saved"]] == [papers[i].paper_id for i in (4, 2)]
    assert (report["format"], report["present"], report["kept"]) == (kind, [], [])
    assert [(p["title"], p["note"]) for p in data(run, "show", "--list", "New")] == [
        (papers[4].title, "häß & {x}\n\ntwo"),
        (papers[2].title, ""),
    ]


def test_what_an_import_tells(run: Run, papers: list[Paper], tmp_path: Path) -> None:
    """In words: how many of each, and line and reason for what was kept or could not be read."""
    file = tmp_path / "x.csv"
    file.write_text(f"title,year\n{papers[0].title},\nOn ants,2001\n\n,2001\n{papers[0].title},\n")
    outcome = run("import", file)
    assert outcome.status == 0
    assert outcome.out.splitlines() == [
        f"{file}, csv in UTF-8: 1 saved, 1 there already, 1 kept that are not in the index, "
        "1 not readable",
        "  line 3: 'On ants': the index has no paper of this title",
        "  line 5: '': it states neither a title nor a DOI, arXiv number, PMID or ACL id",
    ]
    assert "not in the index" in run("show").out
    assert "gone.csv: cannot be read" in fails(run("import", tmp_path / "gone.csv"))


def test_renaming_deleting_and_restoring(run: Run, papers: list[Paper]) -> None:
    """A list is renamed, deleted with how to have it back, and had back."""
    run("save", papers[0].paper_id)
    assert run("rename", "To read").out == "the list is now called 'To read'\n"
    outcome = run("delete", "--list", "to read")
    assert outcome.out == "deleted 'To read' with 1 paper; `library restore 1` brings it back\n"
    assert data(run, "list") == []
    assert "no list 'To read'" in fails(run("show", "--list", "To read"))
    assert data(run, "restore", 1) == {"name": "To read"}
    assert len(data(run, "show", "--list", "To read")) == 1


def test_without_an_index(search_cli: CommandLine, tmp_path: Path) -> None:
    """Where there is no index, what is saved is shown, exported and imported; saving needs one."""
    (tmp_path / "x.ris").write_text("TY  - JOUR\nTI  - Ants\nN1  - mine\nER  - \n")
    for arguments in (("import", tmp_path / "x.ris"), ("show",), ("export", "--format", "ris")):
        outcome = search_cli("library", *arguments, "--data", tmp_path)
        assert (outcome.status, outcome.err) == (0, "")
    assert "N1  - mine" in outcome.out
    assert "no index here yet" in fails(search_cli("library", "save", "p1", "--data", tmp_path))
    (saved,) = Library(tmp_path).saved("Saved")
    removed = search_cli("library", "remove", saved.paper.paper_id, "--data", tmp_path, "--json")
    assert json.loads(removed.out) == {"removed": [saved.paper.paper_id]}


@pytest.mark.parametrize(
    "arguments", [(), ("save",), ("note", "p1"), ("restore", "x"), ("shelve",)]
)
def test_bad_usage(search_cli: CommandLine, arguments: tuple[str, ...]) -> None:
    """An action that is missing, unknown or lacks an argument is bad usage."""
    outcome = search_cli("library", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert "usage: python -m search library" in outcome.err


def test_help(search_cli: CommandLine) -> None:
    """--help names every action, and of each its options."""
    out = search_cli("library", "--help").out
    for action in (
        "list", "show", "save", "remove", "note", "export", "import", "rename", "delete", "restore",
    ):  # fmt: skip
        assert action in out
        assert "--json" in search_cli("library", action, "--help").out


GERMAN = "Titel;Autoren;Jahr;Wert\nKatzen im Garten;Bell, Ada;2019;x\n"


@pytest.mark.parametrize("name", ["a.csv", "a.txt"])
def test_columns_of_a_table_are_named(run: Run, tmp_path: Path, name: str) -> None:
    """As for the index: by their headings or, in a table without any, by their numbers."""
    path = tmp_path / name
    path.write_text(GERMAN)
    told = data(run, "import", path, "--columns", "title=Titel,authors=Autoren", "--columns",
                "year=Jahr")  # fmt: skip
    assert (told["format"], [kept["title"] for kept in told["kept"]]) == (
        "csv",
        ["Katzen im Garten"],
    )
    (saved,) = data(run, "show")
    assert (saved["authors"], saved["year"]) == (["Ada Bell"], 2019)
    path.write_text("1,Hunde im Park\n2,Katzen im Garten\n")
    told = data(run, "import", path, "--columns", f"{name}:title=#2", "--list", "L")
    assert [kept["title"] for kept in told["kept"]] == ["Hunde im Park", "Katzen im Garten"]


def test_columns_with_a_format_that_is_named(run: Run, tmp_path: Path) -> None:
    """They are of the table that the file is said to be."""
    path = tmp_path / "a"
    path.write_text(GERMAN)
    told = data(run, "import", path, "--format", "csv", "--columns", "title=Titel")
    assert len(told["kept"]) == 1


@pytest.mark.parametrize(
    ("text", "columns", "why"),
    [
        (GERMAN, "title=Name", "has the column 'Name', which is named for title; "),
        (GERMAN, "headline=Titel", "there is no field 'headline'; choose one of title, "),
        (GERMAN, "Titel", "'Titel' names no column; write FIELD=HEADING"),
        (GERMAN, "b.csv:title=Titel", "no table called 'b.csv' has the column 'Titel'"),
        ("@misc{a, title={T}}", "title=Titel", "there is no such table"),
    ],
)
def test_columns_that_a_file_has_not(
    run: Run, tmp_path: Path, text: str, columns: str, why: str
) -> None:
    """They are told with what the table has, and nothing is saved."""
    path = tmp_path / "a.csv"
    path.write_text(text)
    assert why in fails(run("import", path, "--columns", columns))
    assert data(run, "list") == []
