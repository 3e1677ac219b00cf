"""Papers and vectors made for benchmarks: mixtures of two, made when they are asked for."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import pytest

from benchmarks.mixtures import Corpus, Dump, Lazy, mixed_sentences, mixed_vectors, pairs
from benchmarks.steps import Steps

RECORDS = [
    {"title": f"Paper {name}", "abstract": f"{name} one.  {name} two. {name} three. {name} four."}
    for name in ("Ash", "Birch", "Cedar")
]


@pytest.fixture
def dump(tmp_path: Path) -> Dump:
    source = tmp_path / "papers.jsonl"
    source.write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    return Dump(source, tmp_path)


def test_two_sentences_of_one_are_followed_by_one_of_the_other():
    """A mixture has as many sentences as the first paper, two of its own to one of the other's."""
    assert mixed_sentences(["a", "b", "c", "d", "e"], ["x", "y"], 0) == ["a", "b", "x", "c", "d"]
    assert mixed_sentences(["a", "b", "c", "d", "e", "f"], ["x", "y"], 1)[2::3] == ["y", "x"]
    assert mixed_sentences(["a"], ["x"], 0) == ["a"]
    assert mixed_sentences(["a", "b", "c"], [], 0) == ["a", "b", "c"]


def test_a_mixed_vector_leans_to_the_first_paper():
    """Of two vectors at right angles the mixture has the shares 1 and 0.6, at length 1."""
    one, other = np.eye(2, dtype=np.float16)
    assert mixed_vectors(one[None], other[None])[0] == pytest.approx(
        [1 / np.hypot(1, 0.6), 0.6 / np.hypot(1, 0.6)]
    )


def test_the_pairs_cover_every_mixture_and_are_the_same_each_time():
    """From the last real paper to the last wanted, in blocks; a longer run begins alike."""
    drawn = [(first, one.tolist(), other.tolist()) for first, one, other in pairs(3, 45_000)]
    assert [(first, len(one), len(other)) for first, one, other in drawn] == [
        (3, 20_000, 20_000),
        (20_003, 20_000, 20_000),
        (40_003, 4_997, 4_997),
    ]
    assert drawn[0] == next((f, o.tolist(), p.tolist()) for f, o, p in pairs(3, 20_003))
    assert {*drawn[0][1]} == {*drawn[0][2]} == {0, 1, 2}
    assert [(first, len(one)) for first, one, _ in pairs(3, 4)] == [(3, 1)]
    assert not list(pairs(3, 3))


def test_papers_beyond_the_dump_are_made_of_its_papers(dump: Dump):
    """Real papers come first, as they are; then each has one title and sentences of two papers."""
    with closing(dump):
        corpus = Corpus(dump, 30)
        assert [paper.title for paper in corpus.papers[:3]] == [r["title"] for r in RECORDS]
        assert corpus.papers[1].abstract == "Birch one. Birch two. Birch three. Birch four."
        ((first, one, other),) = pairs(3, 30)
        names = ("Ash", "Birch", "Cedar")
        for row, a, b in zip(range(first, 30), one, other, strict=True):
            own, foreign = names[a], names[b]
            number = ("one", "two", "three", "four")[row % 4]
            assert corpus.texts[row] == (
                f"Paper {own}. {own} one. {own} two. {foreign} {number}. {own} three."
            )


def test_every_paper_has_an_id_and_a_mention_of_its_own(dump: Dump):
    """Ids ascend with the rows, as in a build, and lead to the mention of the same row."""
    with closing(dump):
        corpus = Corpus(dump, 50)
        ids = [paper.paper_id for paper in corpus.papers]
        assert ids == sorted(set(ids)) and len(ids) == 50
        assert [p.mention_ids for p in corpus.papers] == [
            (mention.mention_id,) for mention in corpus.mentions
        ]
        assert len({alias for p in corpus.papers for alias in p.aliases} - {*ids}) == 50


def test_fewer_papers_than_the_dump_has_are_all_real(dump: Dump):
    """A corpus smaller than the dump holds its first papers."""
    with closing(dump):
        corpus = Corpus(dump, 2)
        assert (corpus.real, [p.title for p in corpus.papers]) == (2, ["Paper Ash", "Paper Birch"])


def test_a_record_without_abstract_is_named(tmp_path: Path):
    """The error tells file and line."""
    source = tmp_path / "papers.jsonl"
    source.write_text('{"title": "A", "abstract": "b"}\n{"title": "C"}\n')
    with pytest.raises(ValueError, match=r"papers\.jsonl:2: no title or no abstract"):
        Dump(source, tmp_path)


def test_an_item_is_made_when_asked_for_and_the_last_one_kept():
    """Nothing is made ahead, asking twice makes once, and places count from either end."""
    made: list[int] = []
    lazy = Lazy(5, lambda n: made.append(n) or n * n)
    assert (lazy[3], lazy[np.int64(3)], lazy[-1], made) == (9, 9, 16, [3, 4])
    assert (len(lazy), list(lazy), lazy[1:3]) == (5, [0, 1, 4, 9, 16], [1, 4])
    with pytest.raises(IndexError, match="item 5 of 5"):
        lazy[5]
    with pytest.raises(IndexError, match="item -6 of 5"):
        lazy[-6]


def test_time_inside_an_inner_step_counts_there_alone(monkeypatch: pytest.MonkeyPatch):
    """Steps add up to the whole: the outer step does not count the inner one again."""
    now = [0.0]
    monkeypatch.setattr("benchmarks.steps.time.perf_counter", lambda: now[0])
    steps = Steps()
    with steps.step("outer"):
        now[0] += 1
        with steps.step("inner"):
            now[0] += 5
        now[0] += 2
    assert steps.take() == {"outer": 3, "inner": 5}
    assert steps.take() == {}


def test_a_watched_function_is_itself_again_afterwards():
    """Methods, class methods and methods of one instance are counted while watched only."""

    class Engine:
        def ask(self) -> str:
            return "asked"

        @classmethod
        def make(cls) -> type:
            return cls

    engine, other, before = Engine(), Engine(), dict(vars(Engine))
    steps = Steps()
    with ExitStack() as stack:
        steps.watch(stack, Engine, "make", "making")
        steps.watch(stack, engine, "ask", "asking")
        assert (Engine.make(), engine.ask(), other.ask()) == (Engine, "asked", "asked")
        assert set(steps.take()) == {"making", "asking"}
        other.ask()
        assert steps.take() == {}
    assert (dict(vars(Engine)) == before, vars(engine)) == (True, {})
    with pytest.raises(AttributeError, match="gone"), ExitStack() as stack:
        steps.watch(stack, engine, "gone", "nothing")
