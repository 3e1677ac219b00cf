"""Files made to take long, or to be passed over in silence. Steps are counted, not seconds."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from benchmarks.fuzz_samples import SAMPLES
from index.formats import json_values, json_window
from index.formats.entries import Entry, Unreadable
from index.formats.file import TextFile
from index.formats.html_page import HtmlPage
from index.formats.html_tree import HtmlTree, parse
from index.formats.json_lines import Json
from index.formats.tabular import Table
from index.sources import read_sources

DEEP = 5_000  # levels, several times what any decoder takes


class Counting:
    """A decoder that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def raw_decode(self, text: str, place: int) -> tuple[Any, int]:
        self.asked += 1
        return json.JSONDecoder().raw_decode(text, place)


@pytest.fixture
def decoder(monkeypatch: pytest.MonkeyPatch) -> Counting:
    counting = Counting()
    monkeypatch.setattr(json_window, "DECODER", counting)
    monkeypatch.setattr(json_values, "DECODER", counting)
    return counting


def read_json(text: str) -> list[Entry | Unreadable]:
    return list(Json().read(TextFile.of("file.json", text.encode())))


def titles(found: list[Entry | Unreadable]) -> list[str | None]:
    return [item.paper.title for item in found if isinstance(item, Entry)]


@pytest.mark.parametrize("opens", ["[\n", '{"a":\n', '{"message":\n', '{"title": "b", "data": [\n'])
def test_what_is_nested_too_deeply_is_passed_over_at_once(decoder: Counting, opens: str) -> None:
    """Not one try for each level, and each line of it is told; the record before it is read."""
    found = read_json('{"title": "a"}\n' + opens * DEEP)
    assert decoder.asked < DEEP  # and that for keys too
    assert titles(found) == ["a"]
    told = [item for item in found if isinstance(item, Unreadable)]
    assert "nested too deeply" in told[0].why
    assert told[0].line == 2
    assert len(told) < DEEP / 2


def test_a_long_list_that_breaks_is_not_read_once_a_level(decoder: Counting) -> None:
    """What is inside of many brackets that are never closed is decoded a few times."""
    found = read_json('{"title": "a"}\n' + "[\n" * 500 + "1,\n" * 10_000)
    assert decoder.asked < 100
    assert "were not read" in [item.why for item in found if isinstance(item, Unreadable)][-1]


def test_records_inside_of_what_breaks_are_read(decoder: Counting) -> None:
    """Those that are whole, on lines of their own, however deep the broken value is nested."""
    records = "".join(f'{{"title": "t{i}"}},\n[\n' for i in range(60))
    found = read_json('{"title": "a"}\n[\n' + records)
    assert titles(found) == ["a", *(f"t{i}" for i in range(60))]
    assert decoder.asked < 200


@pytest.mark.parametrize("levels", [9, 300, 600])
def test_an_answer_is_wrapped_a_few_times_at_most(levels: int) -> None:
    """What looks like an answer of a service inside of hundreds of others is told, not raised."""
    (found,) = read_json('{"message":' * levels + '{"title": "a"}' + "}" * levels)
    assert isinstance(found, Unreadable)
    assert "its keys are 'message'" in found.why


def test_lines_of_a_long_wrapped_list_are_counted_once() -> None:
    """Each record of an answer has its own lines."""
    records = ",\n".join(f'{{"title": "t{i}",\n"year": 2001}}' for i in range(50))
    found = read_json(f'{{"message":\n{{"items": [\n{records}\n]}}}}\n{{"title": "last"}}')
    lines = [(item.line, item.line_end) for item in found if isinstance(item, Entry)]
    assert lines == [*((3 + 2 * i, 4 + 2 * i) for i in range(50)), (104, 104)]


def steps_of(action: Callable[[], object]) -> int:
    """How many lines of Python are run."""
    count = 0

    def note(_: FrameType, event: str, __: object) -> Any:
        nonlocal count
        count += event == "line"
        return note

    before = sys.gettrace()
    sys.settrace(note)
    try:
        action()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    "tag", ["<div>", "<p><b>", "<ul><li>", "<p class=paper>A", "<section>", "<b></i>"]
)
def test_twice_as_deep_a_page_takes_twice_the_steps(tag: str) -> None:
    """Of a page of nested tags, none of which ends; each costs the same however deep it is."""
    page = HtmlPage()

    def read(count: int) -> int:
        file = TextFile.of("a.html", ("<html><body>" + tag * count).encode())
        return steps_of(lambda: list(page.read(file)))

    read(1)  # what is loaded once
    assert read(400) < 2.3 * read(200)


def test_a_page_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked at in two ways, for lists and for layouts, but building its tree takes long."""
    parsed: list[int] = []

    def counted(html: str) -> HtmlTree:
        parsed.append(len(html))
        return parse(html)

    monkeypatch.setattr("index.formats.html_page.parse", counted)
    (tmp_path / "a.html").write_text("<!doctype html><p>Nothing of use.")
    assert len(read_sources([tmp_path]).skipped) == 1
    assert len(parsed) == 1


# Tables, and line ends of other times ---------------------------------------------------------


def read_table(text: str) -> list[Entry | Unreadable]:
    return list(Table().read(TextFile.of("a.csv", text.encode())))


@pytest.mark.parametrize("end", ["", "\n"])
def test_an_open_heading_of_a_table_without_rows_is_told(tmp_path: Path, end: str) -> None:
    """With file, line, how it begins and what to do; it could hold every row of the file."""
    (tmp_path / "a.csv").write_text(f'title,abstract,"year{end}')
    (skip,) = read_sources([tmp_path]).skipped
    assert skip.source.endswith("a.csv")
    assert skip.line == 1
    assert "left open in the line of headings" in skip.why
    assert "close it" in skip.why
    assert "'title,abstract,\"year'" in skip.why


def test_a_table_of_headings_alone_has_nothing_to_tell() -> None:
    """It is empty, and not broken."""
    assert read_table('title,"abstract",year\n') == []


@pytest.mark.parametrize("lines", [13_200, 30_000])
@pytest.mark.parametrize("end", ['"', ' ""quoted"""', '",2001,'])
def test_a_cell_too_long_is_one_skip(lines: int, end: str) -> None:
    """Over however many lines it goes; the next row is read, with its line."""
    found = read_table('title,abstract\nA,"' + "word word\n" * lines + f"{end}\nB,second\n")
    skip, entry = found
    assert isinstance(skip, Unreadable)
    assert (skip.line, skip.quote) == (2, 'A,"word word')
    assert f"lines 2 to {lines + 2} were not read" in skip.why
    assert isinstance(entry, Entry)
    assert (entry.paper.title, entry.line) == ("B", lines + 3)


def test_a_cell_too_long_on_one_line_takes_no_other_with_it() -> None:
    """The row after it is read, quotation marks or not."""
    found = read_table('title,abstract\nA,"' + "w" * 140_000 + '"\n"B","second"\n')
    assert titles(found) == ["B"]
    assert [item.line for item in found] == [2, 3]


def test_after_a_mark_that_is_never_closed_rows_are_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those after the longest cell that there may be; what is lost is told with its lines."""
    monkeypatch.setattr("index.formats.tabular._AHEAD", 20_000)
    rows = "".join(f"Title {i},Text {i}\n" for i in range(10_000))
    found = read_table(f'title,abstract\nA,"open\n{rows}')
    skip, *rest = found
    assert isinstance(skip, Unreadable)
    assert "a quotation mark may be left open, close it" in skip.why
    last = int(skip.why.split(" to ")[1].split()[0])
    assert [item.line for item in rest] == list(range(last + 1, 10_003))
    assert titles(found)[-1] == "Title 9999"


@pytest.mark.parametrize(
    ("first", "sign"),
    [("sep=;", ";"), ('"sep=;"', ";"), ("\ufeffSEP=,", ","), ("sep=\t", "\t"), ("sep=|;;;", "|")],
)
def test_a_first_line_that_names_the_delimiter(tmp_path: Path, first: str, sign: str) -> None:
    """It is no heading, and counts as a line; what it names wins over what is more frequent."""
    rows = [("Title", "Of, or: in; a|b\t", "Year"), ("A", "B", "2001")]
    quoted = "\r\n".join(sign.join(f'"{cell}"' for cell in row) for row in rows)
    text = f"{first}\r\n{quoted}\r\n"
    (tmp_path / "a.csv").write_text(text, encoding="utf-8", newline="")
    reading = read_sources([tmp_path])
    (mention,) = reading.mentions
    assert (mention.title, mention.year, mention.line_start) == ("A", 2001, 3)
    assert reading.skipped == []


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_line_ends_of_old_macs(tmp_path: Path, name: str) -> None:
    """A carriage return alone ends a line of a file without line feeds, in every format."""
    new, old = tmp_path / "new", tmp_path / "old"
    for folder, end in ((new, b"\n"), (old, b"\r")):
        folder.mkdir()
        content = SAMPLES[name].encode().replace(b"\r\n", b"\n").replace(b"\n", end)
        (folder / name).write_bytes(content)
    expected, found = read_sources([new]), read_sources([old])
    assert [replace(m, source="") for m in found.mentions] == [
        replace(m, source="") for m in expected.mentions
    ]
    assert [(s.line, s.why) for s in found.skipped] == [(s.line, s.why) for s in expected.skipped]


def test_a_stray_carriage_return_ends_no_line() -> None:
    """Where line feeds do: lines keep their numbers."""
    file = TextFile.of("a", b"one\rtwo\nthree\n")
    assert list(file.lines()) == ["one\rtwo\n", "three\n"]


@pytest.mark.parametrize("size", [10, 200_000])
def test_a_line_feed_at_the_end_of_an_old_file(size: int) -> None:
    """As a program of today adds it; the lines before are those of the file."""
    text = b"one\rtwo\r" + b"x" * size + b"\rlast\n"
    assert list(TextFile.of("a", text).lines()) == ["one\n", "two\n", "x" * size + "\n", "last\n"]
