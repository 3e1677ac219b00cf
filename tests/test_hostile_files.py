"""Files made to take long, or to be passed over in silence. Steps are counted, not seconds."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from index.formats import json_values, json_window
from index.formats.entries import Entry, Unreadable
from index.formats.file import TextFile
from index.formats.html_page import HtmlPage
from index.formats.html_tree import HtmlTree, parse
from index.formats.json_lines import Json
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
