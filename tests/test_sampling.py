"""What a benchmark of the whole engine asks an index, its rival, and the row of its table."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.by_hand import ByHand, make
from benchmarks.end_to_end import questions_for, summary
from benchmarks.sampling import filters_of, questions_in, sample_of, sentences_of
from benchmarks.steps import Steps
from benchmarks.tables import KINDS, markdown_row
from index.snapshot import Snapshot
from search import Filters
from tests.fakes import FakeEncoder


@pytest.fixture
def snapshot(fake_index: Path) -> Iterator[Snapshot]:
    with Snapshot.open(fake_index) as opened:
        yield opened


def test_filters_come_near_their_sizes(snapshot: Snapshot):
    """Each lets through what its conditions say, and half to twice as many as its name asks for."""
    found = {chosen.name: chosen for chosen in filters_of(snapshot, sample_of(snapshot, 7))}
    wanted = {"50 %": len(snapshot) / 2, "1 %": len(snapshot) / 100, "10 papers": 10}
    assert {"50 %", "10 papers"} <= set(found)
    for name, chosen in found.items():
        assert wanted[name] / 2 <= len(chosen.rows) <= wanted[name] * 2
        assert chosen.rows.tolist() == Filters(**chosen.conditions).rows(snapshot).tolist()


def test_a_size_that_no_condition_comes_near_is_left_out(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
):
    """Where a condition lets all papers through, none stands for a hundredth or for ten."""
    every = [(65.0, {"years": (None, 9999)})]
    monkeypatch.setattr("benchmarks.sampling._by_values", lambda _papers, _size: every)
    papers = [replace(paper, authors=()) for paper in sample_of(snapshot, 7)]
    assert [chosen.name for chosen in filters_of(snapshot, papers)] == ["50 %"]


def test_authors_of_some_papers_are_counted_too(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
):
    """What a sample cannot tell, that an author has few papers among very many, is looked up."""
    monkeypatch.setattr("benchmarks.sampling._by_values", lambda _papers, _size: [])
    found = {chosen.name: chosen for chosen in filters_of(snapshot, sample_of(snapshot, 7))}
    assert [*found["1 %"].conditions] == ["authors"]


def test_questions_are_sentences_of_the_papers(snapshot: Snapshot):
    """Each stands in an abstract, has 8 to 25 words, and comes of a paper of its own."""
    papers = sample_of(snapshot, 7)
    questions = sentences_of(papers, 20, 7)
    homes = [next(p.paper_id for p in papers if q in (p.abstract or "")) for q in questions]
    assert len(set(homes)) == len(questions) == 20
    assert all(8 <= len(question.split()) <= 25 for question in questions)


def test_questions_of_a_file_stand_one_a_line(tmp_path: Path):
    """Empty lines are no questions, and a file of none is refused."""
    path = tmp_path / "questions.txt"
    path.write_text("one thing\n\n  another \n")
    assert questions_in(path) == ["one thing", "another"]
    path.write_text("\n")
    with pytest.raises(ValueError, match=r"questions\.txt: no question"):
        questions_in(path)


def test_every_kind_is_asked_and_no_plain_question_under_a_filter(snapshot: Snapshot):
    """The texts of the kinds differ; each filtered question carries its conditions."""
    options = argparse.Namespace(questions=None, queries=9)
    asks, allowed = questions_for(snapshot, options)
    assert set(asks) == {"question", "more like this", *allowed}
    assert len(asks["question"]) == 9
    plain = {ask["text"] for ask in asks["question"]}
    for name in allowed:
        assert asks[name][0]["filter_name"] == name
        assert not plain & {ask["text"] for ask in asks[name]}
    first = asks["more like this"][0]
    assert snapshot.row(first["like"]) == first["row"]


def test_the_search_by_hand_finds_the_paper_of_a_sentence(snapshot: Snapshot, tmp_path: Path):
    """The abstract that a question was taken from comes first; a filter keeps all others out."""
    papers = [p for p in sample_of(snapshot, 7) if p.abstract]
    rows = np.array([snapshot.row(p.paper_id) for p in papers[:3]])
    make(snapshot, {"three": np.sort(rows)}, tmp_path)
    rival = ByHand(tmp_path, FakeEncoder(), Steps())
    asked = papers[0]
    found = rival.answer({"text": asked.abstract})
    assert (found[0], len(found)) == (asked.paper_id, 10)
    within = rival.answer({"text": asked.abstract, "filter_name": "three"})
    assert sorted(within) == sorted(p.paper_id for p in papers[:3])
    assert asked.paper_id not in rival.answer({"row": int(rows[0])})


def test_a_summary_leaves_the_model_out_where_it_says_so():
    """Median, 95th percentile and slowest of the whole; only embedding is the model's."""
    answers = [
        {"ms": ms, "cpu_ms": ms / 2, "steps_ms": {"embedding": 1.0, "sentences": 3.0, "rest": 2.0}}
        for ms in (10.0, 20.0, 30.0)
    ]
    told = summary(answers)
    assert (told["median_ms"], told["p95_ms"], told["slowest_ms"]) == (20.0, 29.0, 30.0)
    assert (told["cpu_median_ms"], told["without_model_median_ms"]) == (10.0, 19.0)
    assert told["steps_mean_ms"] == {"embedding": 1.0, "rest": 2.0, "sentences": 3.0}


def test_a_row_of_the_table():
    """Figures of one index, with the rival's as multiples of ours."""

    def kinds(ms: float) -> dict[str, Any]:
        took = {"median_ms": ms, "p95_ms": 2 * ms, "without_model_median_ms": ms / 10}
        return {kind: took for kind in KINDS if kind != "1 %"}

    report = {
        "papers": 2000,
        "bytes": {"papers.sqlite": 12_000_000, "lexical": 8_000_000},
        "memory_limit_mb": 800,
        "engines": {
            "ours": {"index_s": 0.126, "peak_mb": 600.0, "kinds": kinds(40.0)},
            "by hand": {"peak_mb": 1500.0, "kinds": kinds(100.0)},
        },
    }
    assert markdown_row(report) == (
        "| 2,000 | 0.13 | 40 / 80 | 4.0 | 40 | – | 40 | 40 | 600 (75%) | 10.0 | 2.5 (2.5) | 2.5 |"
    )
    del report["engines"]["by hand"]
    assert markdown_row(report).endswith("| 10.0 | – | – |")
