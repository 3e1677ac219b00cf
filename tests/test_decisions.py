"""The user's joins and splits: a file that can be edited, and that says where it is wrong."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.decisions import FILE_NAME, Decision, Decisions, add_decision, read_decisions
from index.errors import DecisionError

PROPERTY = settings(deadline=None, max_examples=20)
POSITION = {"a": 0, "b": 1, "c": 2, "d": 3}
JOIN = '{"decision": "join", "mentions": ["a", "b"]}'


def file_with(folder: Path, *lines: str) -> Path:
    path = folder / FILE_NAME
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


# Decisions --------------------------------------------------------------------------------------


def test_a_join_is_about_all_pairs_of_its_mentions():
    """A join of three mentions joins each two of them."""
    decision = Decision(("c", "a", "b"))
    assert decision.kind == "join"
    assert sorted(decision.pairs()) == [("a", "b"), ("a", "c"), ("b", "c")]


def test_a_split_is_about_the_pairs_across():
    """A split keeps each of the first mentions from each of the second, not the first apart."""
    decision = Decision(("d", "a"), ("b", "c"))
    assert decision.kind == "split"
    assert sorted(decision.pairs()) == [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]


def test_a_mention_is_never_split_from_itself():
    """A mention named on both sides is passed over there."""
    assert list(Decision(("a", "b"), ("a",)).pairs()) == [("a", "b")]


def test_joins_and_splits_at_their_positions():
    """Decisions come as positions, sorted, joins with the reason."""
    decisions = Decisions((Decision(("d", "c")), Decision(("a", "b")), Decision(("a",), ("d",))))
    assert decisions.joins(POSITION) == [(0, 1, "joined by the user"), (2, 3, "joined by the user")]
    assert decisions.splits(POSITION) == [(0, 3)]


def test_a_decision_about_absent_mentions_waits():
    """Ids that no source has at present are passed over, and the others hold."""
    decisions = Decisions((Decision(("a", "b", "gone")), Decision(("c",), ("d", "gone"))))
    assert decisions.joins(POSITION) == [(0, 1, "joined by the user")]
    assert decisions.splits(POSITION) == [(2, 3)]
    assert decisions.joins({"a": 0}) == decisions.splits({"c": 0}) == []


def test_an_undo_leaves_the_pairs_to_the_rules():
    """After an undo, nothing is decided about the pairs it names; others stay decided."""
    join, split = Decision(("a", "b", "c")), Decision(("a",), ("d",))
    undone = (Decision(("a", "b"), undone=True), Decision(("a",), ("d",), undone=True))
    decisions = Decisions((join, split, *undone))
    assert [pair[:2] for pair in decisions.joins(POSITION)] == [(0, 2), (1, 2)]
    assert decisions.splits(POSITION) == []
    assert Decisions((join, *undone, join)).joins(POSITION) == Decisions((join,)).joins(POSITION)


@pytest.mark.parametrize(
    ("entries", "joined", "split"),
    [
        ((Decision(("a", "b")), Decision(("a",), ("b",))), False, True),
        ((Decision(("a",), ("b",)), Decision(("b", "a"))), True, False),
        ((Decision(("a", "b")), Decision(("b",), ("a",)), Decision(("a", "b"))), True, False),
    ],
)
def test_of_two_decisions_the_later_holds(entries: tuple[Decision, ...], joined: bool, split: bool):
    """Where two lines disagree about a pair, the later one holds."""
    decisions = Decisions(entries)
    assert (bool(decisions.joins(POSITION)), bool(decisions.splits(POSITION))) == (joined, split)


# The file ---------------------------------------------------------------------------------------


def test_what_a_decision_looks_like_in_the_file(tmp_path: Path):
    """A decision is one line of JSON, readable as it is, with the day on which it was made."""
    today = date.today().isoformat()
    path = add_decision(tmp_path, Decision(("m1", "m2"), titles=("Célo", "Celo")))
    assert path == tmp_path / "same-work.jsonl"
    assert add_decision(tmp_path, Decision(("m1",), ("m3",))) == path
    assert path.read_text(encoding="utf-8") == (
        f'{{"decision": "join", "mentions": ["m1", "m2"], "when": "{today}", '
        '"titles": ["Célo", "Celo"]}\n'
        f'{{"decision": "split", "mentions": ["m1"], "from": ["m3"], "when": "{today}", '
        '"titles": []}\n'
    )


IDS = st.lists(st.from_regex(r"m[0-9a-f]{4}(-[23])?", fullmatch=True), min_size=2, max_size=4)
TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=3)


@PROPERTY
@given(
    decisions=st.lists(
        st.builds(
            lambda ids, apart, titles, undone: Decision(
                tuple(ids), tuple(apart), tuple(titles), undone=undone
            ),
            IDS,
            st.just([]) | IDS,
            TEXTS,
            st.booleans(),
        ),
        max_size=4,
    )
)
@example(decisions=[Decision(("m1", "m2"), titles=("one\u2028line", "next\x85line", "a\nb"))])
def test_decisions_come_back_as_they_were_written(decisions: list[Decision]):
    """What was added is read again, in order, whatever characters the titles hold."""
    with TemporaryDirectory() as folder:
        for decision in decisions:
            add_decision(Path(folder), decision)
        read = read_decisions([Path(folder)]).entries
    assert [(d.kind, d.mentions, d.apart, d.titles) for d in read] == [
        (d.kind, d.mentions, d.apart, d.titles) for d in decisions
    ]
    assert {d.when for d in read} <= {date.today().isoformat()}


def test_decisions_of_several_folders(tmp_path: Path):
    """Files are read in the order of the folders, each once; a folder without one has none."""
    one, two, none = (tmp_path / name for name in ("one", "two", "none"))
    for folder in (one, two, none):
        folder.mkdir()
    file_with(one, JOIN)
    file_with(two, '{"decision": "split", "mentions": ["a"], "from": ["b"]}')
    read = read_decisions([two, none, one, two])
    assert read.entries == (Decision(("a",), ("b",)), Decision(("a", "b")))
    assert read_decisions([none]) == read_decisions([]) == Decisions(())


def test_a_file_that_was_edited(tmp_path: Path):
    """Blank lines, Windows line ends and a last line without its end do no harm."""
    path = tmp_path / FILE_NAME
    path.write_bytes(f"\r\n{JOIN}\r\n  \r\n{JOIN}".encode())
    assert len(read_decisions([tmp_path]).entries) == 2
    add_decision(tmp_path, Decision(("c", "d")))
    assert [d.mentions for d in read_decisions([tmp_path]).entries] == [
        ("a", "b"),
        ("a", "b"),
        ("c", "d"),
    ]


def test_a_file_with_a_byte_order_mark(tmp_path: Path):
    """An editor that puts a byte order mark before the first line does no harm."""
    (tmp_path / FILE_NAME).write_bytes(f"\ufeff{JOIN}\n".encode())
    assert read_decisions([tmp_path]).entries == (Decision(("a", "b")),)


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[1]",
        "null",
        '"join"',
        "{}",
        '{"decision": "merge", "mentions": ["a", "b"]}',
        '{"decision": "join"}',
        '{"decision": "join", "mentions": []}',
        '{"decision": "join", "mentions": ["a"]}',
        '{"decision": "join", "mentions": "ab"}',
        '{"decision": "join", "mentions": ["a", 2]}',
        '{"decision": "split", "mentions": ["a", "b"]}',
        '{"decision": "split", "mentions": ["a", "b"], "from": []}',
        '{"decision": "split", "mentions": [], "from": ["a", "b"]}',
        '{"decision": "split", "mentions": ["a"], "from": "b"}',
        '{"decision": "undo", "mentions": ["a"]}',
        '{"decision": "undo", "mentions": ["a"], "from": []}',
        '{"decision": "join", "mentions": ["a", "b"]',
        f"{JOIN} {JOIN}",
    ],
)
def test_a_line_that_is_no_decision(tmp_path: Path, line: str):
    """A line that is not a decision is an error with file and line that quotes it."""
    path = file_with(tmp_path, JOIN, "", line)
    with pytest.raises(DecisionError) as caught:
        read_decisions([tmp_path])
    assert str(caught.value).startswith(f"{path}:3: not a decision: {line[:80]!r} (")
    assert str(caught.value).endswith(
        'a line reads {"decision": "join", "mentions": ["m…", "m…"]}; mend or delete it'
    )


@pytest.mark.parametrize("more", [{"titles": None}, {"titles": 3}])
def test_odd_titles_are_no_reason_to_fail(tmp_path: Path, more: dict[str, Any]):
    """Titles are for the reader; a line with odd ones is read, or refused with its place."""
    line = json.dumps({"decision": "join", "mentions": ["a", "b"], **more})
    path = file_with(tmp_path, line)
    try:
        assert [d.mentions for d in read_decisions([tmp_path]).entries] == [("a", "b")]
    except DecisionError as error:
        assert str(error).startswith(f"{path}:1: ")


def test_a_file_that_is_not_utf_8(tmp_path: Path):
    """Bytes that are not UTF-8 are a DecisionError that names the file."""
    path = tmp_path / FILE_NAME
    path.write_bytes(f"{JOIN}\n".encode() + JOIN[:-1].encode() + b', "titles": ["R\xe9"]}\n')
    with pytest.raises(DecisionError) as caught:
        read_decisions([tmp_path])
    assert str(caught.value).startswith(str(path))


def test_a_decision_that_cannot_be_written(tmp_path: Path):
    """Where the file cannot be written, the error names it."""
    with pytest.raises(DecisionError) as caught:
        add_decision(tmp_path / "missing", Decision(("a", "b")))
    assert str(caught.value) == (
        f"{tmp_path}/missing/{FILE_NAME}: the decision cannot be written: No such file or directory"
    )
