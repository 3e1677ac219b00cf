"""Every command that the README shows works."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

import index.__main__
import search.__main__
import search.engine
from index.encoder import Encoder
from tests.conftest import BUILD_MODULE, SEEDS

README = SEEDS.parent / "README.md"
PROGRAMS = {"index": index.__main__.main, "search": search.__main__.main}

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(not README.exists(), reason="there is no README.md yet"),
]


class Command(NamedTuple):
    """A command line of a code block, and the lines that are shown as its output."""

    line: str
    shown: tuple[str, ...]


def commands() -> list[Command]:
    """Each line `python -m index …` or `python -m search …` of a code block, in order."""
    text = README.read_text(encoding="utf-8")
    found: list[tuple[str, list[str]]] = []
    for kind, block in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if kind == "python":
            continue
        current: list[str] | None = None
        for line in block.replace("\\\n", " ").splitlines():
            command = re.match(r"(?:\$ )?(python -m (?:index|search)\b.*)", line)
            if command:
                current = []
                found.append((command[1], current))
            elif line.startswith("$ ") or kind in ("sh", "bash"):
                current = None
            elif current is not None:
                current.append(line)
    return [Command(line, tuple(shown)) for line, shown in found]


@pytest.fixture
def workshop(
    real_index: Path, real_encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A folder with copies of the seeds and of their index; the model is loaded already."""
    shutil.copytree(SEEDS, tmp_path / "seeds")
    shutil.copytree(SEEDS, tmp_path / "my-pages")  # the reader's own
    shutil.copytree(real_index, tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(BUILD_MODULE, "load_encoder", lambda *_: real_encoder)
    monkeypatch.setattr(search.engine, "load_encoder", lambda *_: real_encoder)
    return tmp_path


def test_every_command_works(workshop: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Run one after the other in a folder with the seeds, all commands exit with 0."""
    shown = commands()
    assert len(shown) >= 5
    for command in shown:
        program, *arguments = shlex.split(re.split(r" [|>] ", command.line)[0], comments=True)[2:]
        assert PROGRAMS[program](arguments) == 0, (command.line, capfd.readouterr().err)
    capfd.readouterr()


def test_hits_are_those_that_are_shown(workshop: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The titles and strengths that the README shows for a question are those that come."""
    checked = 0
    hit = re.compile(r"^ *(\d+)\. (.*)  \[(\w+), cosine (-?\d\.\d+), .*\]$", re.MULTILINE)
    for command in commands():
        expected = hit.findall("\n".join(command.shown))
        if not expected:
            continue
        program, *arguments = shlex.split(command.line, comments=True)[2:]
        capfd.readouterr()
        assert PROGRAMS[program](arguments) == 0
        found = hit.findall(capfd.readouterr().out)
        assert [h[:3] for h in found[: len(expected)]] == [h[:3] for h in expected]
        for one, other in zip(found, expected, strict=False):
            assert float(one[3]) == pytest.approx(float(other[3]), abs=0.02)  # processors differ
        checked += 1
    assert checked >= 1
