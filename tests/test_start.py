"""Commands start quickly: what a command does not need, it does not import."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from index.stop_words import ENGLISH_STOP_WORDS
from tests.conftest import SEEDS

# Each takes about as long to import as all else that these commands do, or much longer.
HEAVY = ("torch", "sentence_transformers", "transformers", "sklearn", "scipy", "umap", "streamlit",
         "pandas", "datasets", "faiss")  # fmt: skip

_SCRIPT = """
import importlib, sys
module, *arguments = sys.argv[1:]
try:
    status = importlib.import_module(module).main(arguments)
except SystemExit as stop:
    status = stop.code
print(*sorted(sys.modules), file=sys.stderr)
sys.exit(status)
"""


def loaded(*command: object) -> tuple[set[str], str]:
    """Which of `HEAVY` a command imports in a process of its own, and what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, *map(str, command)],
        capture_output=True, text=True, cwd=SEEDS.parent, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    modules = done.stderr.splitlines()[-1].split()
    assert "argparse" in modules
    return set(HEAVY) & set(modules), done.stdout


@pytest.mark.parametrize(
    "command",
    [
        ("index.__main__", "--help"),
        ("index.__main__", "build", "--help"),
        ("search.__main__", "--help"),
        ("search.__main__", "query", "--help"),
    ],
)
def test_help_imports_nothing_heavy(command: Sequence[str]) -> None:
    """No command line loads models, FAISS or what computes with them to explain itself."""
    modules, out = loaded(*command)
    assert modules == set()
    assert "usage: " in out


@pytest.mark.parametrize("command", [("index.__main__", "status"), ("search.__main__", "topics")])
def test_looking_into_an_index_needs_no_model(command: Sequence[str], fake_index: Path) -> None:
    """`status` and `topics` open the index, FAISS with it, and nothing else that is heavy."""
    modules, out = loaded(*command, "--data", fake_index, "--json")
    assert modules == {"faiss"}
    assert json.loads(out)


@pytest.mark.model
def test_a_query_needs_torch_alone(real_index: Path) -> None:
    """With the bundled model a query is answered without sentence-transformers and what that
    brings.
    """
    query = "successor features learned from pixels"
    modules, out = loaded(
        "search.__main__", "query", query, "-k", 1, "--data", real_index, "--json"
    )
    assert modules == {"faiss", "torch"}
    (hit,) = json.loads(out)
    assert "SFs" in hit["sentence"]


def test_the_stop_words_are_those_of_scikit_learn() -> None:
    """The list is, word for word, the one that answers were ranked by before it stood here."""
    from sklearn.feature_extraction import text  # noqa: PLC0415  it takes a second

    assert text.ENGLISH_STOP_WORDS == ENGLISH_STOP_WORDS


def test_a_pipe_is_answered_line_by_line(fake_index: Path) -> None:
    """Each line on standard input has its answer before the next is written: blank ones, odd ones
    and bytes that are no text too.
    """
    script = """
import sys, search.__main__, search.engine, tests.fakes
search.engine.load_encoder = lambda name: tests.fakes.FakeEncoder()
sys.exit(search.__main__.main(sys.argv[1:]))
"""
    with subprocess.Popen(
        [sys.executable, "-c", script, "query", "--file", "-", "-k", "1", "--data", fake_index],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=SEEDS.parent,
    ) as process:  # fmt: skip
        assert process.stdin and process.stdout and process.stderr

        def ask(line: bytes) -> tuple[str, str, str, int]:
            process.stdin.write(line)
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            return answer["_id"], answer["query"], answer.get("error", ""), len(answer["hits"])

        assert ask("\ufeffdreams of Léo\r\n".encode()) == ("1", "dreams of Léo", "", 1)
        assert ask(b'{"_id": "q", "text": "sleep"}\n') == ("q", "sleep", "", 1)
        assert ask(b"\n") == ("3", "", "standard input:3: the query is empty: ''", 0)
        name, query, error, hits = ask(b'{"text": \n')
        assert (name, query, hits) == ("4", '{"text":', 0)
        assert error.startswith("standard input:4: not a query: '{\"text\": '; a line reads")
        assert ask(b"\xff\n")[2].startswith("standard input:5: is not UTF-8 (")
        assert "nothing is left to search for" in ask(b'""\n')[2]
        assert ask(b"brains\n") == ("7", "brains", "", 1)
        process.stdin.close()
        assert process.wait(20) == 0
        assert process.stdout.read() == process.stderr.read() == b""
