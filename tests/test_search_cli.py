"""The command line of the search: hits as promised, one line for each error, exit statuses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import search.__main__
from search.export import FORMATS
from tests.conftest import SEEDS, CommandLine, live, overwrite, papers_of
from tests.fakes import FakeEncoder

HIT_KEYS = [
    "rank", "paper_id", "title", "authors", "year", "venue", "score", "dense", "lexical",
    "dense_rank", "lexical_rank", "found_by", "evidence",
    "strength", "sentence", "span",
]  # fmt: skip
QUERY = "synaptic plasticity and the geometry of weights"
JEDI = "JEDI: Jointly Embedded Inference of Neural Dynamics"


def one_error(outcome: Any) -> str:
    """The message of a command that refused its input: exit 2, one line, nothing on stdout."""
    assert outcome.status == 2
    assert outcome.out == ""
    last = outcome.err.splitlines()[-1]
    assert outcome.err == last + "\n"
    assert last.startswith("error: ")
    return str(last.removeprefix("error: "))


@pytest.fixture
def jedi(fake_index: Path) -> str:
    """The id of a paper on topic with others, by three listed authors, without year."""
    return next(p.paper_id for p in papers_of(fake_index) if p.title == JEDI)


# --- Hits -------------------------------------------------------------------------------------


def test_query_as_json(search_cli: CommandLine, fake_index: Path) -> None:
    """`query --json` prints a list of hits with exactly the promised keys, ranked from 1."""
    outcome = search_cli("query", QUERY, "-k", 4, "--data", fake_index, "--json")
    hits = outcome.json()
    assert (outcome.status, outcome.err) == (0, "")
    assert [list(hit) for hit in hits] == [HIT_KEYS] * 4
    assert [hit["rank"] for hit in hits] == [1, 2, 3, 4]
    first = hits[0]
    assert first["title"] == "Synaptic Weight Distributions Depend on the Geometry of Plasticity"
    assert (first["year"], first["venue"]) == (2023, None)
    assert first["authors"][0] == "Roman Pogodin"
    papers = {p.paper_id: p for p in papers_of(fake_index)}
    for hit in hits:
        start, end = hit["span"]
        assert (papers[hit["paper_id"]].abstract or "")[start:end] == hit["sentence"]


def test_ten_hits_by_default(search_cli: CommandLine, fake_index: Path, jedi: str) -> None:
    """Without -k there are ten hits."""
    assert len(search_cli("query", QUERY, "--data", fake_index, "--json").json()) == 10
    assert len(search_cli("like", jedi, "--data", fake_index, "--json").json()) == 10


def test_words_need_no_quotes(search_cli: CommandLine, fake_index: Path) -> None:
    """A query of several arguments is the query of the words together."""
    one = search_cli("query", QUERY, "--data", fake_index, "--json")
    several = search_cli("query", *QUERY.split(), "--data", fake_index, "--json")
    assert several.out == one.out


def test_filters_narrow_the_hits(search_cli: CommandLine, fake_index: Path) -> None:
    """Year, author, venue and category each let through only papers that state it."""

    def hits(*filters: str) -> list[dict[str, Any]]:
        command = ("query", "learning", "-k", 65, "--data", fake_index, "--json", *filters)
        return list(search_cli(*command).json())

    assert {hit["year"] for hit in hits("--year", "2020..2021")} == {2020, 2021}
    assert {hit["year"] for hit in hits("--year", "2025..")} == {2025}
    assert {hit["venue"] for hit in hits("--venue", "ARXIV")} == {"arXiv"}
    leo = hits("--author", "leo gagnon")
    assert len(leo) == 5
    assert all({"Léo Gagnon", "Leo Gagnon"} & set(hit["authors"]) for hit in leo)
    both = hits("--author", "gagnon", "--author", "lajoie")
    assert {hit["paper_id"] for hit in both} < {hit["paper_id"] for hit in leo}
    papers = {p.paper_id: p for p in papers_of(fake_index)}
    found = {hit["paper_id"] for hit in hits("--category", "cv")}
    assert found == {pid for pid, p in papers.items() if "CV" in p.categories}
    assert len(found) == 2


def test_no_paper_passes(search_cli: CommandLine, fake_index: Path) -> None:
    """Filters that let nothing through give an empty list, and a sentence for people; exit 0."""
    command = ("query", QUERY, "--year", "1900", "--data", fake_index)
    assert search_cli(*command, "--json").json() == []
    outcome = search_cli(*command)
    assert (outcome.status, outcome.out) == (
        0,
        "no paper meets all the conditions; leave one out, or widen the years\n",
    )


def test_like_as_json(search_cli: CommandLine, fake_index: Path, jedi: str) -> None:
    """`like` gives hits with the promised keys, never the seeds nor what they should be unlike."""
    hits = search_cli("like", jedi, "-k", 3, "--data", fake_index, "--json").json()
    assert [list(hit) for hit in hits] == [HIT_KEYS] * 3
    away = hits[0]["paper_id"]
    command = ("like", jedi, hits[1]["paper_id"], "--unlike", away, "-k", 65, "--data", fake_index)
    rest = search_cli(*command, "--json").json()
    assert len(rest) == 62
    assert not {jedi, hits[1]["paper_id"], away} & {hit["paper_id"] for hit in rest}


def test_hits_for_people(search_cli: CommandLine, fake_index: Path) -> None:
    """Without --json a hit shows rank, title, strength, score, facts, id and the best sentence."""
    (paper,) = [p for p in papers_of(fake_index) if (p.title or "").startswith("Synaptic Weight")]
    command = ("query", paper.abstract, "-k", 1, "--data", fake_index)
    (hit,) = search_cli(*command, "--json").json()
    assert (hit["strength"], hit["paper_id"]) == ("strong", paper.paper_id)
    assert search_cli(*command).out.splitlines() == [
        f"  1. {paper.title}  [strong, cosine {hit['dense']:.2f}, BM25 {hit['lexical']:.1f}]",
        f"     Roman Pogodin, Jonathan Cornford, Arna Ghosh et al. · 2023 · {paper.paper_id}",
        f"     “{hit['sentence']}”",
    ]


def test_weak_hits_are_announced(search_cli: CommandLine, fake_index: Path) -> None:
    """When nothing fits, a line before the hits says so."""
    outcome = search_cli("query", "zyzzyva quokka", "-k", 1, "--data", fake_index)
    assert outcome.out.startswith("nothing here fits well; the nearest there is:\n  1. ")
    assert "[weak, " in outcome.out


def test_topics_as_json(search_cli: CommandLine, fake_index: Path) -> None:
    """`topics --json` lists topics, largest first, that share out all papers."""
    topics = search_cli("topics", "--data", fake_index, "--json").json()
    assert all(set(t) == {"topic_id", "label", "size", "terms", "papers"} for t in topics)
    assert [t["topic_id"] for t in topics] == [f"t{i + 1}" for i in range(6)]
    assert [t["size"] for t in topics] == sorted((t["size"] for t in topics), reverse=True)
    assert [t["size"] for t in topics] == [len(t["papers"]) for t in topics]
    listed = [paper for t in topics for paper in t["papers"]]
    assert sorted(listed) == sorted(p.paper_id for p in papers_of(fake_index))


def test_one_topic(search_cli: CommandLine, fake_index: Path) -> None:
    """`topic ID` shows that topic with its papers, in JSON as a list of one."""
    topics = search_cli("topics", "--data", fake_index, "--json").json()
    assert search_cli("topic", "t3", "--data", fake_index, "--json").json() == [topics[2]]
    lines = search_cli("topic", "t3", "--data", fake_index).out.splitlines()
    assert lines[0] == f"{topics[2]['label']} ({topics[2]['size']} papers)"
    assert lines[1] == f"terms: {', '.join(topics[2]['terms'])}"
    assert [line.split()[0] for line in lines[2:]] == topics[2]["papers"]
    listed = search_cli("topics", "--data", fake_index).out.splitlines()
    assert listed[2].split() == ["t3", str(topics[2]["size"]), *topics[2]["label"].split()]


@pytest.mark.parametrize("kind", FORMATS)
def test_export(search_cli: CommandLine, fake_index: Path, jedi: str, kind: str) -> None:
    """`export` prints the papers in the format asked for, alone or inside a JSON document."""
    other = next(p.paper_id for p in papers_of(fake_index) if p.paper_id != jedi)
    command = ("export", jedi, other, "--format", kind, "--data", fake_index)
    text = search_cli(*command).out
    mark = {"bibtex": "@misc{", "ris": "\nER  - \r\n", "csv": "\r\np", "jsonl": '"paper_id": '}[
        kind
    ]
    assert text.count(mark) == 2
    assert text.count("Jointly Embedded Inference of Neural Dynamics") == 1
    assert search_cli(*command, "--json").json() == {"format": kind, "text": text}


def test_export_of_everything(search_cli: CommandLine, fake_index: Path) -> None:
    """`export --all` gives every paper, as BibTeX unless told otherwise."""
    text = search_cli("export", "--all", "--data", fake_index).out
    assert len(re.findall(r"^@(?:article|inproceedings|misc)\{", text, re.MULTILINE)) == 65
    lines = search_cli("export", "--all", "--format", "jsonl", "--data", fake_index).out
    assert [json.loads(line)["paper_id"] for line in lines.splitlines()] == [
        p.paper_id for p in papers_of(fake_index)
    ]


# --- Many queries -----------------------------------------------------------------------------


def test_a_file_of_plain_queries(
    search_cli: CommandLine, fake_index: Path, tmp_path: Path, fake_model: FakeEncoder
) -> None:
    """One query a line gives one JSON line each, in order, named by line number; blanks pass."""
    queries = tmp_path / "queries.txt"
    queries.write_bytes(f"\ufeff{QUERY}\r\n\r\n  neural decoding \nmusik für Léo".encode())
    outcome = search_cli("query", "--file", queries, "-k", 2, "--data", fake_index)
    lines = [json.loads(line) for line in outcome.out.splitlines()]
    assert [(line["_id"], line["query"]) for line in lines] == [
        ("1", QUERY),
        ("3", "neural decoding"),
        ("4", "musik für Léo"),
    ]
    for line in lines:
        alone = search_cli("query", line["query"], "-k", 2, "--data", fake_index, "--json").json()
        assert line["hits"] == alone


def test_a_file_of_named_queries(search_cli: CommandLine, fake_index: Path, tmp_path: Path) -> None:
    """Lines of `{"_id", "text"}` keep their names, mixed with plain lines, more fields passed."""
    queries = tmp_path / "queries.jsonl"
    lines = ['{"_id": "q7", "text": "dreams", "metadata": {}}', "sleep", '{"text": "brains"}']
    queries.write_text("\n".join(lines) + "\n")
    outcome = search_cli("query", "--file", queries, "-k", 1, "--data", fake_index, "--json")
    answers = [json.loads(line) for line in outcome.out.splitlines()]
    assert [(a["_id"], a["query"], len(a["hits"])) for a in answers] == [
        ("q7", "dreams", 1),
        ("2", "sleep", 1),
        ("3", "brains", 1),
    ]
    assert list(answers[0]["hits"][0]) == HIT_KEYS


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{broken", 'not a query: \'{broken\'; a line reads {"_id": "q1", "text": "…"}'),
        ('{"_id": "a"}', 'not a query: \'{"_id": "a"}\'; a line reads '),
        ('{"_id": "a", "text": " "}', "the query is empty: "),
        ('{"_id": "a", "text": 5}', "the query is empty: "),
    ],
)
def test_a_bad_line_is_named(
    search_cli: CommandLine, fake_index: Path, tmp_path: Path, line: str, message: str
) -> None:
    """A line that is no query ends the command with file and line, before any answer."""
    queries = tmp_path / "queries.jsonl"
    queries.write_text(f"fine\n\n{line}\n")
    outcome = search_cli("query", "--file", queries, "--data", fake_index)
    assert one_error(outcome).startswith(f"{queries}:3: {message}")


@pytest.mark.parametrize("content", [None, b"\xff\xfe\n"])
def test_a_bad_file_is_named(
    search_cli: CommandLine, fake_index: Path, tmp_path: Path, content: bytes | None
) -> None:
    """A file of queries that is missing or not UTF-8 is an error with its name."""
    queries = tmp_path / "queries.txt"
    if content is not None:
        queries.write_bytes(content)
    message = one_error(search_cli("query", "--file", queries, "--data", fake_index))
    assert message.startswith(f"{queries}: cannot be read: ")


# --- Errors -----------------------------------------------------------------------------------

COMMANDS = (
    ("query", "text"),
    ("like", "p1"),
    ("topics",),
    ("topic", "t1"),
    ("export", "p1"),
    ("export", "--all"),
)


@pytest.mark.parametrize("command", COMMANDS)
def test_without_an_index_there_is_advice(
    search_cli: CommandLine, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Where there is no index, every command says so and how to make one."""
    message = one_error(search_cli(*command, "--data", tmp_path, "--json"))
    assert message.startswith(f"{tmp_path}: no index here yet; run `python -m index build")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_damaged_index_is_refused(
    search_cli: CommandLine, index_copy: Path, command: tuple[str, ...]
) -> None:
    """Every command refuses an index with a file cut short, naming the file."""
    path = live(index_copy) / "vectors.faiss"
    overwrite(path, path.read_bytes()[:-1])
    message = one_error(search_cli(*command, "--data", index_copy))
    assert message.startswith(f"{path}: ")
    assert "run `python -m index build" in message


def test_a_damaged_database_is_refused(search_cli: CommandLine, index_copy: Path) -> None:
    """A database with overwritten pages, of the right size, is an error and not a traceback."""
    path = live(index_copy) / "papers.sqlite"
    bad = bytearray(path.read_bytes())
    for page in range(8192, len(bad) - 4096, 8192):
        bad[page : page + 4096] = b"\xa5" * 4096
    overwrite(path, bad)
    for command in (("query", QUERY, "-k", 65), ("export", "--all"), ("topics", "--json")):
        message = one_error(search_cli(*command, "--data", index_copy))
        assert "run `python -m index build" in message


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("like", "p0"), "no paper has the id 'p0'; "),
        (("like", "JEDI", "--unlike", "p0"), "no paper has the id 'p0'; "),
        (("export", "JEDI", "p0"), "no paper has the id 'p0'; "),
        (("like", "JEDI", "--unlike", "JEDI"), "asked for both like and unlike: JEDI: Jointly"),
        (("topic", "t99"), "no topic has the id 't99' (t1 to t6)"),
        (("topic", "t0"), "no topic has the id 't0' (t1 to t6)"),
        (("query", ""), "the query is empty; "),
        (("query", "  ", "\t"), "the query is empty; "),
        (("query",), "the query is empty; "),
        (("query", "text", "--file", "f"), "give a query or --file, not both"),
        (("query", "text", "-k", "0"), "k is 0; ask for at least one hit"),
        (("query", "text", "-k", "-3"), "k is -3; ask for at least one hit"),
        (("like", "JEDI", "-k", "0"), "k is 0; ask for at least one hit"),
        (("query", "text", "--year", "20x4"), "years '20x4': write 2020..2024, 2020.., "),
        (("query", "text", "--year", "2024..2020"), "years '2024..2020': the first is after"),
        (("query", "text", "--year", ".."), "years '..': write "),
        (("export",), "name the papers to export, or --all"),
        (("export", "JEDI", "--all"), "name the papers to export, or --all"),
    ],
)
def test_bad_input_is_one_line(
    search_cli: CommandLine, fake_index: Path, jedi: str, command: tuple[str, ...], message: str
) -> None:
    """Unknown ids, empty queries, impossible numbers and years: exit 2 and one line about it."""
    arguments = [jedi if argument == "JEDI" else argument for argument in command]
    outcome = search_cli(*arguments, "--data", fake_index)
    assert one_error(outcome).startswith(message)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("ask",),
        ("query", "a", "-k", "many"),
        ("query", "a", "--like", "p1"),
        ("like",),
        ("topic",),
        ("export", "p1", "--format", "word"),
    ],
)
def test_bad_usage(search_cli: CommandLine, arguments: tuple[str, ...]) -> None:
    """Unknown commands, options and formats, and missing arguments, exit with 2 and the usage."""
    outcome = search_cli(*arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("usage: python -m search")
    assert "error: " in outcome.err


FILTER_OPTIONS = ["-k", "--year", "--author", "--venue", "--category", "--data", "--json"]


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("query", ["TEXT", "--file", *FILTER_OPTIONS]),
        ("like", ["ID", "--unlike", *FILTER_OPTIONS]),
        ("topics", ["--data", "--json"]),
        ("topic", ["ID", "--data", "--json"]),
        ("export", ["ID", "--all", "--format", "bibtex", "ris", "csv", "jsonl", "--json"]),
    ],
)
def test_help(search_cli: CommandLine, command: str, options: list[str]) -> None:
    """--help of each command exits with 0 and explains every option."""
    outcome = search_cli(command, "--help")
    assert (outcome.status, outcome.err) == (0, "")
    for option in options:
        assert option in outcome.out
    assert command in search_cli("--help").out


# --- Where the index lies, and as a process ---------------------------------------------------


def test_the_data_folder_is_chosen(
    search_cli: CommandLine, fake_index: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """--data goes before $ABSTRACTS_DATA, which goes before ./data, for hits and for topics."""
    monkeypatch.chdir(tmp_path)
    for command in (("query", "brain"), ("topics",)):
        monkeypatch.delenv("ABSTRACTS_DATA", raising=False)
        assert one_error(search_cli(*command)).startswith("data: no index here yet")
        monkeypatch.setenv("ABSTRACTS_DATA", str(fake_index))
        assert search_cli(*command).status == 0
        assert one_error(search_cli(*command, "--data", "x")).startswith("x: no index here yet")


def test_search_abstracts_is_search(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], fake_index: Path
) -> None:
    """The console script `search-abstracts` is `python -m search`."""
    monkeypatch.setattr(sys, "argv", ["search-abstracts", "topics", "--data", str(fake_index)])
    assert search.__main__.script() == 0
    assert len(capfd.readouterr().out.splitlines()) == 6


def test_a_reader_that_stops_early_is_no_error(fake_index: Path) -> None:
    """Into `head -1` the command ends silently: nothing on stderr, exit 0."""
    command = [sys.executable, "-m", "search", "export", "--all", "--data", str(fake_index)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=SEEDS.parent
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("@")
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == 0
