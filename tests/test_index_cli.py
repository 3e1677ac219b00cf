"""The command line of the index: one JSON document out, one line for each error, exit statuses."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import index.__main__
from index.build import build
from index.command import JsonProgress
from index.decisions import FILE_NAME
from index.disk import data_files
from index.manifest import FORMAT
from tests.conftest import SEEDS, CommandLine, edit_manifest, live, overwrite, papers_of, works_page
from tests.fakes import FakeEncoder

BUILD_KEYS = [
    "generation", "files", "mentions", "papers", "merged", "embedded", "reused", "skipped",
    "seconds", "read", "compared", "added", "removed",
]  # fmt: skip
READ = [("profile", 12), ("works", 12), ("listing", 50), ("profile", 8), ("profile", 8)]
MENTION_KEYS = {
    "mention_id", "paper_id", "source", "line_start", "line_end", "title", "authors", "year",
    "date", "venue", "categories", "abstract", "abstract_truncated",
}  # fmt: skip
PAPER_KEYS = {
    "paper_id", "title", "other_titles", "authors", "year", "venue", "categories", "abstract",
    "mention_ids", "fields_from",
}  # fmt: skip
MERGE_KEYS = {"paper_id", "mention_ids", "rule", "score", "why"}
READING = ("status", "verify", "mentions", "papers", "merges")
JEDI = "JEDI: Jointly Embedded Inference of Neural Dynamics"
CAT = "Cats in a garden sleep near other cats while kittens chase their feline whiskers at night."
PAGES = {
    "a.txt": works_page(
        ("article2020Cat Letters", "Cats at rest in winter", CAT),
        ("article2021", "Boats that cross the harbour"),
    ),
    "b.txt": works_page(
        ("preprint2019arXiv", "Cats at rest in winter", CAT),
        ("article2022", "Bread that rises in an oven"),
    ),
}


@pytest.fixture
def small(tmp_path: Path) -> tuple[Path, Path]:
    """(sources, data): three papers from four mentions."""
    sources = tmp_path / "sources"
    sources.mkdir()
    for name, text in PAGES.items():
        (sources / name).write_text(text, encoding="utf-8")
    build([sources], tmp_path / "data", encoder=FakeEncoder())
    return sources, tmp_path / "data"


def groups(data: Path) -> dict[str, list[int]]:
    """Number of mentions of each paper, by title."""
    found: dict[str, list[int]] = {}
    for paper in papers_of(data):
        found.setdefault(paper.display_title, []).append(len(paper.mention_ids))
    return {title: sorted(counts) for title, counts in found.items()}


# --- JSON -------------------------------------------------------------------------------------


def test_build_prints_its_report(index_cli: CommandLine, tmp_path: Path) -> None:
    """`build --json` prints the promised keys and figures, and nothing else on stdout."""
    outcome = index_cli("build", SEEDS, "--data", tmp_path, "--json")
    report = outcome.json()
    assert outcome.status == 0
    assert list(report) == BUILD_KEYS
    assert [report[key] for key in BUILD_KEYS[:8]] == [1, 5, 90, 65, 25, 65, 0, []]
    assert [(file["layout"], file["mentions"]) for file in report["read"]] == READ
    again = index_cli("build", SEEDS, "--data", tmp_path, "--json").json()
    assert [again[key] for key in BUILD_KEYS[:8]] == [2, 5, 90, 65, 25, 0, 65, []]
    full = index_cli("build", SEEDS, "--data", tmp_path, "--json", "--full").json()
    assert (full["embedded"], full["reused"]) == (65, 0)


def test_build_reports_what_it_skipped(index_cli: CommandLine, tmp_path: Path) -> None:
    """Skipped records come with source, line and reason."""
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "a.txt").write_text(PAGES["a.txt"])
    (sources / "b.txt").write_bytes(b"\0")
    arguments = ("build", sources, "--data", tmp_path / "data")
    (skip,) = index_cli(*arguments, "--json").json()["skipped"]
    assert skip == {
        "source": f"{sources}/b.txt",
        "line": 1,
        "why": "binary file (a NUL byte); not a text page",
    }
    assert f"skipped {sources}/b.txt:1: binary file" in index_cli(*arguments).out
    assert index_cli(*arguments, "--strict").status == 2


STAGES = [
    "reading", "recognising the same work", "loading the model", "embedding",
    "topics and calibration", "map", "writing",
]  # fmt: skip


def test_progress_as_json(index_cli: CommandLine, tmp_path: Path) -> None:
    """`build --progress json` tells every stage on stderr, one JSON object a line."""
    outcome = index_cli("build", SEEDS, "--data", tmp_path, "--json", "--progress", "json")
    told = [json.loads(line) for line in outcome.err.splitlines()]
    assert {tuple(message) for message in told} == {("stage", "done", "total")}
    assert list(dict.fromkeys(message["stage"] for message in told)) == STAGES
    embedding = [(m["done"], m["total"]) for m in told if m["stage"] == "embedding"]
    assert (embedding[0], embedding[-1]) == ((0, 65), (65, 65))
    assert outcome.json()["generation"] == 1


def test_an_error_as_json(index_cli: CommandLine, tmp_path: Path) -> None:
    """With `--progress json` an error is the last line of stderr, and exit statuses stay."""
    arguments = ("build", tmp_path / "gone", "--data", tmp_path, "--progress", "json")
    outcome = index_cli(*arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert json.loads(outcome.err.splitlines()[-1]) == {
        "error": f"{tmp_path}/gone: no such file or folder; check the spelling"
    }


def test_progress_is_told_five_times_a_second_at_most(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of a thousand steps within a second only some are told, the first and last among them."""
    clock = iter(range(10**6))
    monkeypatch.setattr("index.command.time.monotonic", lambda: next(clock) / 1024)
    progress = JsonProgress()
    for done in range(1025):
        progress("embedding", done, 1024)
    done = [json.loads(line)["done"] for line in capfd.readouterr().err.splitlines()]
    assert done == [0, 205, 410, 615, 820, 1024]


def test_a_build_that_nobody_watches_any_more(
    monkeypatch: pytest.MonkeyPatch, index_cli: CommandLine, tmp_path: Path
) -> None:
    """When the reader of the progress is gone, the build ends as a failure, without an index."""
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="utf-8", buffering=1) as broken:  # noqa: PTH123
        monkeypatch.setattr(sys, "stderr", broken)
        outcome = index_cli("build", SEEDS, "--data", tmp_path, "--progress", "json")
        monkeypatch.undo()
        with contextlib.suppress(BrokenPipeError):
            broken.close()
    assert (outcome.status, outcome.out) == (1, "")
    assert not (tmp_path / "CURRENT").exists()


def test_a_dry_run_does_nothing(index_cli: CommandLine, tmp_path: Path) -> None:
    """`build --dry-run` tells what a build would do, file by file, and writes nothing."""
    outcome = index_cli("build", SEEDS, "--data", tmp_path / "data", "--dry-run")
    lines = outcome.out.splitlines()
    assert lines[2].endswith("002_9b3e7de964567dd3.txt: 50 mentions (listing)")
    assert lines[5:] == [
        "65 papers from 90 mentions in 5 files",
        "25 mentions merged; 65 embedded, 0 reused",
        "nothing was done: this was a dry run",
    ]
    assert not (tmp_path / "data").exists()
    report = index_cli("build", SEEDS, "--data", tmp_path / "data", "--dry-run", "--json").json()
    assert list(report) == BUILD_KEYS
    assert [report[key] for key in BUILD_KEYS[:8]] == [0, 5, 90, 65, 25, 65, 0, []]


def test_status_as_json(index_cli: CommandLine, fake_index: Path) -> None:
    """`status --json` says what is indexed, by which model, from which files."""
    status = index_cli("status", "--data", fake_index, "--json").json()
    assert status["counts"]["papers"] == 65
    assert status["without_abstract"] == 2
    assert status["model"]["name"] == "fake"
    assert (status["format"], status["generation"]) == (FORMAT, 1)
    assert status["data"] == str(fake_index)
    read = [(Path(f["source"]).name[:3], f["layout"], f["mentions"]) for f in status["read"]]
    assert read == [(f"00{i}", *file) for i, file in enumerate(READ)]


def test_verify_as_json(index_cli: CommandLine, fake_index: Path) -> None:
    """`verify --json` says ok and what was checked."""
    assert index_cli("verify", "--data", fake_index, "--json").json() == {
        "ok": True,
        "files_checked": len(data_files(live(fake_index))),
        "papers": 65,
        "mentions": 90,
        "merges": 25,
        "files": 5,
        "skipped": 0,
        "topics": 6,
        "added": 65,
    }


def test_mentions_as_json(index_cli: CommandLine, fake_index: Path) -> None:
    """`mentions --json` is a list with the promised keys, each mention where its source has it."""
    mentions = index_cli("mentions", "--data", fake_index, "--json").json()
    assert len(mentions) == 90
    assert all(set(mention) >= MENTION_KEYS for mention in mentions)
    (jedi,) = [m for m in mentions if m["title"] == JEDI]
    assert Path(jedi["source"]) == SEEDS / "002_9b3e7de964567dd3.txt"
    assert (jedi["line_start"], jedi["line_end"]) == (82, 84)
    assert jedi["authors"][:2] == ["Anirudh Jamkhandi", "Ali Korojy"]
    assert jedi["categories"] == ["NC"]
    assert (jedi["year"], jedi["venue"]) == (None, None)
    assert jedi["abstract_truncated"] is False


def test_papers_as_json(index_cli: CommandLine, fake_index: Path) -> None:
    """`papers --json` is a list with the promised keys; every mention belongs to one paper."""
    papers = index_cli("papers", "--data", fake_index, "--json").json()
    mentions = index_cli("mentions", "--data", fake_index, "--json").json()
    assert len(papers) == 65
    assert all(set(paper) >= PAPER_KEYS for paper in papers)
    home = {m: paper["paper_id"] for paper in papers for m in paper["mention_ids"]}
    assert home == {m["mention_id"]: m["paper_id"] for m in mentions}
    by_id = {m["mention_id"]: m for m in mentions}
    for paper in papers:
        for field, mention_id in paper["fields_from"].items():
            assert paper[field] == by_id[mention_id][field], (paper["paper_id"], field)


def test_merges_as_json(index_cli: CommandLine, fake_index: Path) -> None:
    """`merges --json` lists 25 joins with the promised keys, each of two mentions of the paper."""
    merges = index_cli("merges", "--data", fake_index, "--json").json()
    papers = index_cli("papers", "--data", fake_index, "--json").json()
    mentions_of = {paper["paper_id"]: set(paper["mention_ids"]) for paper in papers}
    assert len(merges) == 25
    for merge in merges:
        assert set(merge) >= MERGE_KEYS
        assert len(merge["mention_ids"]) == 2
        assert set(merge["mention_ids"]) <= mentions_of[merge["paper_id"]]
        assert 0 < merge["score"] <= 1


@pytest.mark.parametrize("command", READING)
def test_without_json_people_can_read_it(
    index_cli: CommandLine, fake_index: Path, command: str
) -> None:
    """Without --json each command prints lines for people, the first one as expected."""
    files = len(data_files(live(fake_index)))
    first = {
        "status": "65 papers (2 without abstract), 6 topics",
        "verify": f"ok: {files} files, 65 papers, all digests and counts",
        "mentions": r"m[0-9a-f]{12}  p[0-9a-f]{12}  .*000_\w+\.txt:79  Learning Versatile Optim.*",
        "papers": r"p[0-9a-f]{12}  2025  In-Context Parametric Inference: Point or Distribution .*",
        "merges": r"p[0-9a-f]{12}  \w.*",
    }
    outcome = index_cli(command, "--data", fake_index)
    line = outcome.out.splitlines()[0]
    assert line == first[command] or re.fullmatch(first[command], line)
    assert (outcome.status, outcome.err) == (0, "")


# --- Where the index lies ---------------------------------------------------------------------


def test_the_data_folder_is_chosen(
    index_cli: CommandLine,
    small: tuple[Path, Path],
    fake_index: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """--data goes before $ABSTRACTS_DATA, which goes before ./data."""
    monkeypatch.chdir(tmp_path)  # where the small index is ./data

    def papers(*arguments: object) -> int:
        return int(index_cli("status", "--json", *arguments).json()["counts"]["papers"])

    assert papers() == 3
    monkeypatch.setenv("ABSTRACTS_DATA", str(fake_index))
    assert papers() == 65
    assert papers("--data", small[1]) == 3


def test_the_default_source_is_seeds(
    index_cli: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`build` alone reads ./seeds and writes ./data."""
    monkeypatch.chdir(tmp_path)
    outcome = index_cli("build")
    assert (outcome.status, outcome.err) == (
        2,
        "error: seeds: no such file or folder; check the spelling\n",
    )
    (tmp_path / "seeds").symlink_to(SEEDS)
    assert index_cli("build", "--json").json()["papers"] == 65
    assert (tmp_path / "data" / "CURRENT").read_text() == "1\n"


def test_rebuild_index_is_build(
    monkeypatch: pytest.MonkeyPatch,
    fake_model: FakeEncoder,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """The console script `rebuild-index` is `python -m index build`."""
    command = ["rebuild-index", str(SEEDS), "--data", str(tmp_path), "--json"]
    monkeypatch.setattr(sys, "argv", command)
    assert index.__main__.build_script() == 0
    assert json.loads(capfd.readouterr().out)["papers"] == 65


# --- Errors -----------------------------------------------------------------------------------


def one_error(outcome: Any) -> str:
    """The message of a command that refused its input: exit 2, one line, nothing on stdout."""
    assert outcome.status == 2
    assert outcome.out == ""
    last = outcome.err.splitlines()[-1]
    assert outcome.err == last + "\n"
    assert last.startswith("error: ")
    return str(last.removeprefix("error: "))


def _long_line(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"a line\n")
        for _ in range(50):
            file.write(b"endless " * 131_072)


BAD_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: None, ": no such file or folder; check the spelling"),
    "empty": (lambda path: path.write_bytes(b""), ":1: the file is empty"),
    "blank": (lambda path: path.write_bytes(b" \n\t\n"), ":1: the file is empty"),
    "binary": (
        lambda path: path.write_bytes(b"some text\nGIF\0\xff"),
        ":2: binary file (a NUL byte); not a text page",
    ),
    "latin-1": (
        lambda path: path.write_bytes("one\nL\xe9o Gagnon".encode("latin-1")),
        ":2: not UTF-8: byte 2 is 0xe9, after b'L'; save the file as UTF-8",
    ),
    "50 MB line": (
        _long_line,
        ":2: the line is longer than 2,000,000 bytes and begins "
        "b'endless endless endless endless endless '; a publication list has shorter ones",
    ),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_bad_file_is_refused(index_cli: CommandLine, tmp_path: Path, kind: str) -> None:
    """A file that is missing, empty, binary, not UTF-8 or endless is refused by file and line."""
    make, message = BAD_FILES[kind]
    make(tmp_path / "page.txt")
    outcome = index_cli("build", tmp_path / "page.txt", "--data", tmp_path / "data")
    assert one_error(outcome) == f"{tmp_path}/page.txt{message}"
    assert not (tmp_path / "data" / "CURRENT").exists()


@pytest.mark.parametrize("kind", [kind for kind in BAD_FILES if kind != "missing"])
def test_a_bad_file_in_a_folder_is_skipped(
    index_cli: CommandLine, tmp_path: Path, kind: str
) -> None:
    """The same file in a folder is passed over and reported, and the rest is indexed."""
    make, message = BAD_FILES[kind]
    sources = tmp_path / "sources"
    sources.mkdir()
    make(sources / "page.txt")
    (sources / "zz.txt").write_text(PAGES["a.txt"])
    report = index_cli("build", sources, "--data", tmp_path / "data", "--json").json()
    assert (report["files"], report["papers"]) == (2, 2)
    (skip,) = report["skipped"]
    assert f"{skip['source']}:{skip['line']}: {skip['why']}" == f"{sources}/page.txt{message}"


@pytest.mark.parametrize(
    "arguments", [*[(c,) for c in READING], ("join", "a", "b"), ("split", "a")]
)
def test_without_an_index_there_is_advice(
    index_cli: CommandLine, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """Where there is no index, every command says so and how to make one."""
    message = one_error(index_cli(*arguments, "--data", tmp_path))
    assert message.startswith(f"{tmp_path}: no index here yet; run `python -m index build")


@pytest.mark.parametrize("command", READING)
def test_a_damaged_index_is_refused(index_cli: CommandLine, index_copy: Path, command: str) -> None:
    """Every command refuses an index with a file cut short, another format or a broken part."""
    folder = live(index_copy)
    vectors = folder / "vectors.npy"
    whole = vectors.read_bytes()
    overwrite(vectors, whole[:-10])
    size = len(whole)
    assert one_error(index_cli(command, "--data", index_copy)).startswith(
        f"{vectors}: {size - 10} bytes, the manifest says {size}; run `python -m index build"
    )
    overwrite(vectors, whole)
    topics = folder / "topics.json"
    good = topics.read_bytes()
    overwrite(topics, good.replace(b'"topic_id"', b'"tobic_id"', 1))
    assert "run `python -m index build" in one_error(index_cli(command, "--data", index_copy))
    overwrite(topics, good)
    edit_manifest(index_copy, lambda manifest: manifest.update(format=99))
    assert "index format 99" in one_error(index_cli(command, "--data", index_copy))


@pytest.mark.parametrize("command", READING)
def test_a_damaged_database_is_refused(
    index_cli: CommandLine, index_copy: Path, command: str
) -> None:
    """A database with overwritten pages, of the right size, is an error and not a traceback."""
    path = live(index_copy) / "papers.sqlite"
    bad = bytearray(path.read_bytes())
    for page in range(8192, len(bad) - 4096, 8192):  # every other one
        bad[page : page + 4096] = b"\xa5" * 4096
    overwrite(path, bad)
    message = one_error(index_cli(command, "--data", index_copy))
    assert str(live(index_copy)) in message
    assert "run `python -m index build" in message


@pytest.mark.model
def test_a_model_that_cannot_be_loaded(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that is not there is one line on stderr, however long the library's own message."""
    import index.sentence_model  # noqa: PLC0415  it takes seconds

    def fail(*_: object, **__: object) -> None:
        raise OSError("no such model.\nCheck your internet connection\n  or the name.")

    monkeypatch.setattr(index.sentence_model, "SentenceTransformer", fail)
    monkeypatch.setattr("index.hub._hub_answers", lambda _: True)
    arguments = ["build", str(SEEDS), "--data", str(tmp_path), "--model", "no/model", "--json"]
    assert index.__main__.main(arguments) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("error: the model 'no/model' cannot be loaded: no such model.")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("bild",),
        ("build", "--fast"),
        ("build", "--model"),
        ("papers", "extra"),
        ("split",),
        ("join",),
    ],
)
def test_bad_usage(index_cli: CommandLine, arguments: tuple[str, ...]) -> None:
    """Unknown commands and options, and missing arguments, show the usage and exit with 2."""
    outcome = index_cli(*arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("usage: python -m index")
    assert "error: " in outcome.err


@pytest.mark.parametrize(
    ("command", "options"),
    [
        (
            "build",
            [
                "SOURCE",
                "--data",
                "--json",
                "--model",
                "--full",
                "--strict",
                "--progress",
                "--stop-at-eof",
            ],
        ),
        *[(command, ["--data", "--json"]) for command in READING],
        ("join", ["ID", "--data", "--json"]),
        ("split", ["PAPER", "MENTION", "--data", "--json"]),
    ],
)
def test_help(index_cli: CommandLine, command: str, options: list[str]) -> None:
    """--help of each command exits with 0 and explains every option."""
    outcome = index_cli(command, "--help")
    assert (outcome.status, outcome.err) == (0, "")
    for option in options:
        assert option in outcome.out
    assert command in index_cli("--help").out


# --- Decisions --------------------------------------------------------------------------------


def test_join_is_written_and_obeyed(index_cli: CommandLine, small: tuple[Path, Path]) -> None:
    """`join` writes a decision beside the source; the next build makes one paper of the two."""
    sources, data = small
    ids = {p.title: p.paper_id for p in papers_of(data)}
    titles = ["Boats that cross the harbour", "Bread that rises in an oven"]
    outcome = index_cli("join", *[ids[title] for title in titles], "--data", data, "--json")
    assert outcome.status == 0
    assert outcome.json() == {"decision": "join", "file": str(sources / FILE_NAME)}
    (line,) = (sources / FILE_NAME).read_text().splitlines()
    assert json.loads(line)["decision"] == "join"
    assert json.loads(line)["titles"] == titles
    assert groups(data) == {titles[0]: [1], titles[1]: [1], "Cats at rest in winter": [2]}
    assert index_cli("build", sources, "--data", data, "--json").json()["papers"] == 2
    assert sorted(groups(data).values()) == [[2], [2]]
    merges = index_cli("merges", "--data", data, "--json").json()
    assert [m["rule"] for m in merges if m["why"] == "joined by the user"] == ["decision"]


@pytest.mark.parametrize("named", [0, 1])
def test_split_is_written_and_obeyed(
    index_cli: CommandLine, small: tuple[Path, Path], named: int
) -> None:
    """`split`, with the mentions named or not, keeps two mentions apart from the next build on."""
    sources, data = small
    (cats,) = [p for p in papers_of(data) if len(p.mention_ids) == 2]
    outcome = index_cli("split", cats.paper_id, *cats.mention_ids[:named], "--data", data)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out == (
        f"split written to {sources / FILE_NAME}; it takes effect at the next build\n"
    )
    assert json.loads((sources / FILE_NAME).read_text())["decision"] == "split"
    for _ in range(2):
        assert index_cli("build", sources, "--data", data, "--json").json()["papers"] == 4
        assert groups(data)["Cats at rest in winter"] == [1, 1]


def test_a_paper_of_three_is_split_into_each(
    index_cli: CommandLine, small: tuple[Path, Path]
) -> None:
    """`split PAPER` alone makes each of three mentions a paper of its own, as its help says."""
    sources, data = small
    (sources / "c.txt").write_text(works_page(("preprint2018arXiv", "Cats at rest in winter", CAT)))
    index_cli("build", sources, "--data", data)
    (cats,) = [p for p in papers_of(data) if len(p.mention_ids) == 3]
    assert index_cli("split", cats.paper_id, "--data", data).status == 0
    index_cli("build", sources, "--data", data)
    assert groups(data)["Cats at rest in winter"] == [1, 1, 1]


def test_decisions_that_make_no_sense(index_cli: CommandLine, small: tuple[Path, Path]) -> None:
    """Joining one paper, splitting a single mention, and strangers are refused; nothing is kept."""
    sources, data = small
    papers = papers_of(data)
    (cats,) = [p for p in papers if len(p.mention_ids) == 2]
    boats = next(p for p in papers if p.title and p.title.startswith("Boats"))

    def refused(*arguments: str) -> str:
        return one_error(index_cli(*arguments, "--data", data))

    assert refused("join", cats.paper_id, cats.mention_ids[0]) == (
        f"these ids are one paper already: {cats.paper_id}, {cats.mention_ids[0]}"
    )
    assert refused("split", cats.paper_id, boats.mention_ids[0]) == (
        f"'{boats.mention_ids[0]}' is no mention of {cats.paper_id}; "
        f"it has {', '.join(cats.mention_ids)}"
    )
    nothing = "cannot be split so: nothing would remain of it"
    assert refused("split", boats.paper_id) == f"{boats.paper_id} {nothing}"
    assert refused("split", cats.paper_id, *cats.mention_ids) == f"{cats.paper_id} {nothing}"
    for arguments in (("join", cats.paper_id, "p0"), ("split", "p0")):
        assert refused(*arguments).startswith("no paper has the id 'p0'; ")
    assert not (sources / FILE_NAME).exists()


def test_a_broken_decision_is_named(index_cli: CommandLine, small: tuple[Path, Path]) -> None:
    """A line of the decisions file that is none stops the build with file and line."""
    sources, data = small
    (sources / FILE_NAME).write_text('\n{"decision": "marry", "mentions": ["m1", "m2"]}\n')
    message = one_error(index_cli("build", sources, "--data", data))
    assert message.startswith(f"{sources / FILE_NAME}:2: not a decision: ")
    assert groups(data)["Cats at rest in winter"] == [2]


# --- As a process -----------------------------------------------------------------------------


def process(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "index", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=SEEDS.parent,
    )


def test_a_reader_that_stops_early_is_no_error(fake_index: Path) -> None:
    """Into `head -1` the command ends silently: nothing on stderr, exit 0."""
    with process("papers", "--json", "--data", fake_index) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        assert command.stdout.readline() == "[\n"
        command.stdout.close()
        assert command.stderr.read() == ""
        assert command.wait() == 0


def test_as_a_process_it_exits_with_the_status(tmp_path: Path) -> None:
    """`python -m index` gives its status to the shell, and the error to stderr."""
    with process("verify", "--data", tmp_path) as command:
        out, err = command.communicate()
    assert (command.returncode, out) == (2, "")
    assert err.startswith(f"error: {tmp_path}: no index here yet")
