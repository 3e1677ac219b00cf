"""The lexical index gives BM25 as the formula does."""

from __future__ import annotations

from math import log
from pathlib import Path

import numpy as np
import pytest

from index.conditions import Condition, Restriction, Words, Years
from index.lexical import LexicalIndex
from index.papers import document_text
from index.records import Paper
from tests.conftest import make_paper

TEXTS = [
    "learning rules in recurrent networks",
    "networks of neurons learn; learning learning",
    "Bayesian optimisation of a bakery",
]


def lexical_of(folder: Path, abstracts: list[str]) -> LexicalIndex:
    papers = [(Paper.bare(f"p{i}", None, text), text) for i, text in enumerate(abstracts)]
    return LexicalIndex.build(folder / "lexical", papers)


@pytest.fixture
def lexical(tmp_path: Path) -> LexicalIndex:
    lexical_of(tmp_path, TEXTS)
    return LexicalIndex.load(tmp_path / "lexical")


def bm25(tf: int, length: int, n: int, mean: float, total: int = 3) -> float:
    """Robertson and Zaragoza (2009), with k1 = 1.2 and b = 0.75; Lucene's form of the idf."""
    idf = log(1 + (total - n + 0.5) / (n + 0.5))
    return idf * tf * 2.2 / (tf + 1.2 * (1 - 0.75 + 0.75 * length / mean))


def test_scores_are_bm25_worked_out_by_hand(lexical: LexicalIndex) -> None:
    """The words learning and learn are one stem: once in text 0 (4 words), thrice in text 1 (5)."""
    scores, rows = lexical.search("learned", k=3)
    mean = (4 + 5 + 3) / 3
    assert rows.tolist() == [1, 0]
    assert scores.tolist() == pytest.approx([bm25(3, 5, 2, mean), bm25(1, 4, 2, mean)], rel=1e-5)


def test_a_repeated_query_word_weighs_one_plus_its_logarithm(lexical: LexicalIndex) -> None:
    """Twice "bakery" in the query scores 1 + ln 2 times as much as once."""
    once, _ = lexical.search("bakery", k=1)
    twice, _ = lexical.search("bakery bakery", k=1)
    assert twice[0] / once[0] == pytest.approx(1 + log(2), rel=1e-5)


def test_words_of_the_question_do_not_count(lexical: LexicalIndex) -> None:
    """Stop words find nothing, and "which of the bakeries" is "bakeries"."""
    assert lexical.search("which of the in a", k=3)[1].tolist() == []
    assert lexical.terms("Which of the bakeries?") == {"bakeri": 1.0}


def test_accents_and_case_are_folded(tmp_path: Path) -> None:
    """A query without accents finds the accented word, and the other way round."""
    lexical = lexical_of(tmp_path, ["théorème de Rényi", "nothing of it"])
    assert lexical.search("RENYI", k=2)[1].tolist() == [0]
    assert lexical.search("THÉORÈME", k=2)[1].tolist() == [0]


def test_only_allowed_rows_come_up_with_their_scores_unchanged(lexical: LexicalIndex) -> None:
    """A filter chooses among the rows and leaves their scores as they are."""
    scores, rows = lexical.search("learning networks", k=3)
    either = Restriction(((Words("text", "recurrent"), Words("text", "bakery")),))
    allowed = lexical.select(either, values_of)
    assert allowed.rows.tolist() == [0, 2]
    alone, only = lexical.search("learning networks", k=3, among=allowed)
    assert only.tolist() == [0]
    assert alone[0] == pytest.approx(float(scores[rows.tolist().index(0)]), rel=1e-6)
    nothing = lexical.select(Restriction(((Words("text", "zebra"),),)), values_of)
    assert nothing.rows.tolist() == []
    assert lexical.search("learning", k=3, among=nothing)[1].tolist() == []


def test_equal_scores_are_ordered_by_row(tmp_path: Path) -> None:
    """Twenty copies of one text come back in the order of their rows."""
    lexical = lexical_of(tmp_path, ["same words here"] * 20)
    assert lexical.search("words", k=20)[1].tolist() == list(range(20))


@pytest.mark.parametrize("query", ["", "  ", "?!", '"unclosed (and:[odd', "a" * 100_000])
def test_no_text_is_syntax(lexical: LexicalIndex, query: str) -> None:
    """Whatever is typed is words; a text without any known word finds nothing."""
    assert lexical.search(query, k=3)[1].tolist() == []


# --- Conditions -------------------------------------------------------------------------------

PAPERS = [
    make_paper(paper_id="p0", title="The state of the art", abstract="It ends here",
               authors=("Léo Gagnon", "Tom Marty"), year=2020, venue="Nature Communications",
               categories=("cs.LG", "math.ST")),
    make_paper(paper_id="p1", title="Art", other_titles=("Ends of the state",),
               abstract="Of the state it says nothing", authors=("L. Gagnon",), year=2022,
               venue="Nature", categories=("LG",)),
    make_paper(paper_id="p2", abstract="The state of a network: learned, not learning"),
]  # fmt: skip


@pytest.fixture
def stated(tmp_path: Path) -> LexicalIndex:
    papers = [(paper, document_text(paper)) for paper in PAPERS]
    return LexicalIndex.build(tmp_path / "lexical", papers)


def values_of(field: str, rows: np.ndarray) -> list[tuple[str, ...]]:
    return [getattr(PAPERS[row], {"author": "authors", "category": "categories"}[field])
            for row in rows]  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        (Words("author", "gagnon"), [0, 1]),
        (Words("author", "LEO"), [0]),
        (Words("author", "leo gagnon"), [0]),
        (Words("author", "l gagnon"), [0, 1]),
        (Words("author", "leo marty"), []),
        (Words("author", "lea"), []),
        (Words("venue", "communications nature"), [0]),
        (Words("venue", "nature"), [0, 1]),
        (Words("category", "lg"), [0, 1]),
        (Words("category", "cs.LG"), [0]),
        (Words("category", "math LG"), []),
        (Words("title", "state of the art", phrase=True), [0]),
        (Words("title", "ends of", phrase=True), [1]),
        (Words("text", "state of the", phrase=True), [0]),
        (Words("text", "of the state", phrase=True), [1]),
        (Words("text", "art it", phrase=True), []),
        (Words("text", "state it"), [0, 1]),
        (Words("text", "learning"), [2]),
        (Words("text", "learn"), []),
        (Words("text", "?!"), []),
        (Years(2020, 2021), [0]),
        (Years(None, None), [0, 1]),
        (Years(2021, None), [1]),
        (Years(None, 2020), [0]),
        (Years(2022, 2020), []),
    ],
)
def test_conditions_hold_exactly(
    stated: LexicalIndex, condition: Condition, rows: list[int]
) -> None:
    """Whole words, none stemmed or left out; of one author; no phrase across title and abstract."""
    found = stated.select(Restriction(all_of=((condition,),)), values_of)
    assert found.rows.tolist() == rows
    others = stated.select(Restriction(none_of=(condition,)), values_of)
    assert others.rows.tolist() == [row for row in range(3) if row not in rows]


def test_groups_are_all_met_by_one_of_theirs(stated: LexicalIndex) -> None:
    """(LG or none such) and (2020 or 2022) and not Marty is the second paper, for ranking too."""
    groups = (
        (Words("category", "lg"), Words("category", "xx")),
        (Years(2020, 2020), Years(2022, 2022)),
    )
    found = stated.select(Restriction(groups, (Words("author", "marty"),)), values_of)
    assert found.rows.tolist() == [1]
    assert stated.search("state", k=3, among=found)[1].tolist() == [1]


def test_the_last_selections_are_kept(
    stated: LexicalIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who goes on asking under a condition does not wait for it again; another one is looked up."""
    asked: list[object] = []
    honest = stated._rows
    monkeypatch.setattr(stated, "_rows", lambda query: asked.append(query) or honest(query))
    old, new = (
        Restriction(((Years(first, last),),)) for first, last in ((None, 2020), (2021, None))
    )
    found = [stated.select(r, values_of).rows.tolist() for r in (old, new, old, old, new)]
    assert len(asked) == 2
    assert found == [found[0], found[1], found[0], found[0], found[1]]
    assert found[0] != found[1]
    with pytest.raises(ValueError, match="read-only"):
        stated.select(old, values_of).rows[:] = 0


def test_no_condition_selects_everything(stated: LexicalIndex) -> None:
    """An empty restriction lets all papers through."""
    assert stated.select(Restriction(), values_of).rows.tolist() == [0, 1, 2]


def test_words_that_are_known(stated: LexicalIndex) -> None:
    """Words of texts in any form, of authors and venues are known; others are not."""
    assert [stated.knows(word) for word in ("networks", "Léo", "Nature", "lerned")] == [
        True, True, True, False,
    ]  # fmt: skip
    assert stated.vocabulary()["state"] == 3
    assert stated.papers_with("learning") == 1
