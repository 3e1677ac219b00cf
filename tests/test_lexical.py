"""The lexical index gives BM25 as the formula does."""

from __future__ import annotations

from math import log
from pathlib import Path

import numpy as np
import pytest

from index.lexical import LexicalIndex

TEXTS = [
    "learning rules in recurrent networks",
    "networks of neurons learn; learning learning",
    "Bayesian optimisation of a bakery",
]


@pytest.fixture
def lexical(tmp_path: Path) -> LexicalIndex:
    LexicalIndex.build(tmp_path / "lexical", TEXTS)
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
    lexical = LexicalIndex.build(tmp_path / "lexical", ["théorème de Rényi", "nothing of it"])
    assert lexical.search("RENYI", k=2)[1].tolist() == [0]
    assert lexical.search("THÉORÈME", k=2)[1].tolist() == [0]


def test_only_allowed_rows_come_up_with_their_scores_unchanged(lexical: LexicalIndex) -> None:
    """A filter chooses among the rows and leaves their scores as they are."""
    scores, rows = lexical.search("learning networks", k=3)
    alone, only = lexical.search("learning networks", k=3, rows=np.array([0, 2]))
    assert only.tolist() == [0]
    assert alone[0] == pytest.approx(float(scores[rows.tolist().index(0)]), rel=1e-6)
    assert lexical.search("learning", k=3, rows=np.array([], dtype=np.int64))[1].tolist() == []


def test_equal_scores_are_ordered_by_row(tmp_path: Path) -> None:
    """Twenty copies of one text come back in the order of their rows."""
    lexical = LexicalIndex.build(tmp_path / "lexical", ["same words here"] * 20)
    assert lexical.search("words", k=20)[1].tolist() == list(range(20))


@pytest.mark.parametrize("query", ["", "  ", "?!", '"unclosed (and:[odd', "a" * 100_000])
def test_no_text_is_syntax(lexical: LexicalIndex, query: str) -> None:
    """Whatever is typed is words; a text without any known word finds nothing."""
    assert lexical.search(query, k=3)[1].tolist() == []
