"""Evaluation on a collection in BEIR layout."""

from __future__ import annotations

import json
from math import log2
from pathlib import Path

import pytest

from index.errors import SourceError
from search.evaluate import MEASURES, evaluate, measure, read_collection
from tests.fakes import FakeEncoder

CORPUS = {
    "d1": ("Sourdough", "Bread rises slowly with wild yeast and time."),
    "d2": ("Yeast genetics", "The genome of yeast was sequenced early."),
    "d3": ("Graph colouring", "Planar maps need four colours."),
}
QUERIES = {"q1": "wild yeast bread", "q2": "four colours for maps", "q3": "never judged"}
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t-1\nq2\td3\t1\nq2\td1\t0\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny"
    folder.mkdir()
    lines = [{"_id": i, "title": t, "text": x} for i, (t, x) in CORPUS.items()]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
    queries = [{"_id": i, "text": x} for i, x in QUERIES.items()]
    (folder / "queries.jsonl").write_text("".join(json.dumps(x) + "\n" for x in queries))
    (folder / "qrels.tsv").write_text(QRELS)
    return folder


def test_reading_keeps_judged_queries_and_counts_negative_grades_as_one(folder: Path) -> None:
    """q3 has no judgement and goes; the grade 0 is no judgement of relevance; -1 becomes 1."""
    collection = read_collection(folder)
    assert collection.qrels == {"q1": {"d1": 2, "d2": 1}, "q2": {"d3": 1}}
    assert set(collection.queries) == {"q1", "q2"}
    assert collection.documents == CORPUS


def test_measures_are_as_worked_out_by_hand() -> None:
    """One relevant document at rank 2: nDCG 1/log2(3), average precision 1/2; a miss is 0."""
    run = {"a": {"x": 2.0, "y": 1.0}, "b": {}}
    values = measure({"a": {"y": 1}, "b": {"z": 1}}, run, ["a", "b"])
    assert values["ndcg@10"].tolist() == pytest.approx([1 / log2(3), 0.0])
    assert values["map"].tolist() == pytest.approx([0.5, 0.0])
    assert values["recall@10"].tolist() == pytest.approx([1.0, 0.0])


def test_all_modes_are_reported_and_the_index_is_reused(folder: Path, tmp_path: Path) -> None:
    """Words alone answer this collection, and a second run embeds no document again."""
    encoder = FakeEncoder()
    report = evaluate(folder, tmp_path / "data", encoder)
    assert report["queries"] == 2
    assert list(report["modes"]) == ["hybrid", "dense", "lexical"]
    assert list(report["modes"]["hybrid"]) == list(MEASURES)
    assert report["modes"]["lexical"]["ndcg@10"] == 1.0
    assert report["modes"]["hybrid"]["ndcg@10"] == 1.0
    before = encoder.texts_encoded
    assert evaluate(folder, tmp_path / "data", encoder) == report
    assert encoder.texts_encoded == before


def test_another_model_gets_its_own_vectors(folder: Path, tmp_path: Path) -> None:
    """The kept index is not used for a model that did not fill it."""
    evaluate(folder, tmp_path / "data", FakeEncoder())
    other = FakeEncoder("other", dimension=32)
    assert evaluate(folder, tmp_path / "data", other)["model"] == "other"
    assert other.texts_encoded > 0


@pytest.mark.parametrize(
    ("file", "line", "told"),
    [
        ("corpus.jsonl", "not json", "corpus.jsonl:4: not a JSON object: 'not json'"),
        ("corpus.jsonl", '{"_id": "x"}', "corpus.jsonl:4: no 'text'"),
        ("qrels.tsv", "q1 d1 1", "qrels.tsv:6: not query, document and grade: 'q1 d1 1'"),
    ],
)
def test_a_bad_line_is_named(folder: Path, file: str, line: str, told: str) -> None:
    """The error says file and line and quotes the offender."""
    with (folder / file).open("a") as lines:
        lines.write(line + "\n")
    with pytest.raises(SourceError) as error:
        read_collection(folder)
    assert told in str(error.value)


def test_a_missing_file_is_named(folder: Path) -> None:
    """No queries.jsonl is an error about that file."""
    (folder / "queries.jsonl").unlink()
    with pytest.raises(SourceError, match=r"queries\.jsonl: cannot be read"):
        read_collection(folder)
