"""Tests of what goes into training: who is held out, what is changed, what counts as wrong."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from tests.fakes import FakeEncoder
from training.encoder.augment import (
    NEIGHBOURS,
    Augmenter,
    slip,
    unaccented,
    without_title,
)
from training.encoder.average import average
from training.encoder.data import Query, further_pairs, held_out, of_documents, split
from training.encoder.measure import by_kind, reciprocal_ranks
from training.encoder.mine import Found, Mined, mine, negatives
from training.encoder.rows import document_rows
from training.encoder.settings import Settings

KINDS = ("question", "claim", "keywords", "french")
TEXTS = {
    "cats": "Cats at night. Cats see in the dark because their eyes gather light.",
    "cats too": "Cats at night. Cats see in the dark since their eyes gather light.",
    "dogs": "Dogs by day. Dogs smell what cats see and bark at the light.",
    "sails": "Sails in wind. Boats cross the harbour under sail and mast.",
    "bread": "Bread at dawn. Bakers knead flour in the dark before light.",
}


def queries_for(*documents: str) -> list[Query]:
    return [Query(name, kind, f"{kind} {name} light dark") for name in documents for kind in KINDS]


def quiet(what: str, done: int, total: int) -> None:
    pass


# The split


def test_all_queries_of_a_document_are_on_one_side() -> None:
    chosen, held = split(queries_for(*map(str, range(200))))
    assert not {q.document for q in chosen} & {q.document for q in held}
    assert len(chosen) + len(held) == 200 * len(KINDS)


def test_about_a_tenth_is_held_out() -> None:
    assert 850 < sum(held_out(f"arxiv:{n}") for n in range(10_000)) < 1150


def test_the_split_does_not_change() -> None:
    # A model was chosen by these: another split would let it see its own examination.
    assert [n for n in range(60) if held_out(f"paper {n}")] == [51, 53, 57]


@given(st.lists(st.text(max_size=8), max_size=9), st.randoms())
def test_the_split_depends_on_nothing_but_the_document(
    names: list[str], rng: random.Random
) -> None:
    queries = queries_for(*names)
    shuffled = rng.sample(queries, len(queries))
    assert {q.document for q in split(queries)[1]} == {q.document for q in split(shuffled)[1]}


# Changes to texts


@given(st.text(), st.integers())
def test_a_slip_is_one_edit_inside_one_word(text: str, seed: int) -> None:
    changed = slip(text, random.Random(seed))
    assert OSA.distance(text, changed) <= 1


@given(st.text(alphabet="abcdefghij", min_size=4, max_size=9), st.integers())
def test_a_slip_changes_the_word_but_not_its_first_letter(word: str, seed: int) -> None:
    changed = slip(word, random.Random(seed))
    assert changed[0] == word[0]
    assert OSA.distance(word, changed) == 1


@pytest.mark.parametrize("text", ["", "a cat sat", "12345 67890", "p53 and IL-6"])
def test_short_words_and_numbers_get_no_slip(text: str) -> None:
    assert slip(text, random.Random(0)) == text


def test_every_way_of_slipping_occurs() -> None:
    made = {slip("word", random.Random(seed)) for seed in range(200)}
    assert {"wrod", "wod", "woord", "wprd"} <= made  # swapped, dropped, doubled, replaced


def test_keyboard_neighbours_are_mutual() -> None:
    assert set(NEIGHBOURS["s"]) == set("adwezx")
    for letter, near in NEIGHBOURS.items():
        assert letter not in near
        assert all(letter in NEIGHBOURS[other] for other in near)


def test_accents_and_ligatures_are_taken_off() -> None:
    assert (
        unaccented("L'œuvre à Évreux, naïve ou façonnée") == "L'oeuvre a Evreux, naive ou faconnee"
    )
    assert unaccented("no accents, α and 1") == "no accents, α and 1"


def test_the_title_ends_at_the_first_full_stop() -> None:
    abstract = "Rust holds 2.5 times more. " * 4
    assert without_title(f"On rust. {abstract}") == abstract
    assert without_title("A title alone") == "A title alone"
    assert without_title("A title. Short.") == "A title. Short."


@given(st.text(), st.integers(0, 5))
def test_changes_follow_from_seed_and_pass(text: str, epoch: int) -> None:
    first, second = (Augmenter(7, slips=0.5, unaccented=0.5, untitled=0.5) for _ in range(2))
    assert first.query(text, epoch) == second.query(text, epoch)
    assert first.document(text, epoch) == second.document(text, epoch)


@given(st.text())
def test_shares_of_nothing_change_nothing(text: str) -> None:
    still = Augmenter(7, slips=0.0, unaccented=0.0, untitled=0.0)
    assert (still.query(text, 0), still.document(text, 0)) == (text, text)


def test_the_asked_for_share_is_changed_and_another_in_each_pass() -> None:
    changing = Augmenter(7, slips=0.15, unaccented=0.0, untitled=0.2)
    texts = [f"some question number{n}" for n in range(2000)]
    changed = [{t for t in texts if changing.query(t, epoch) != t} for epoch in (0, 1)]
    assert 0.12 < len(changed[0]) / len(texts) < 0.18
    assert len(changed[0] & changed[1]) < len(changed[0]) / 2


@pytest.mark.model
def test_the_tokenizer_itself_folds_case_and_accents_but_no_ligatures() -> None:
    from tokenizers import Tokenizer  # noqa: PLC0415

    from index.encoder import bundled_folder  # noqa: PLC0415

    tokenizer = Tokenizer.from_file(str(bundled_folder() / "tokenizer.json"))
    ids = [tokenizer.encode(t).ids for t in ("Élève À PART", "eleve a part")]
    assert ids[0] == ids[1]
    assert tokenizer.encode("œuvre").ids != tokenizer.encode("oeuvre").ids


# Further pairs


def paper(name: str) -> dict[str, str]:
    sentences = [
        f"This is the {nth} sentence on {name} and it is long enough to ask with."
        for nth in ("first", "second", "third")
    ]
    return {"id": name, "title": f"The paper on {name}", "abstract": " ".join(sentences)}


def nothing(_: dict) -> bool:
    return False


def test_pairs_ask_with_what_is_not_in_the_passage() -> None:
    pairs = further_pairs([paper(f"thing{n}") for n in range(40)], 40, 1, nothing)
    assert len(pairs) == 40
    assert all(pair.query not in pair.passage for pair in pairs)
    asked = {pair.query.split()[0] for pair in pairs}
    assert asked == {"The", "This"}  # titles and sentences
    for pair in pairs:
        if pair.query.startswith("This"):
            assert pair.passage.startswith("The paper on thing")
            assert "second" in pair.passage


def test_the_sample_of_pairs_is_seeded_and_does_not_depend_on_order() -> None:
    papers = [paper(f"thing{n}") for n in range(60)]
    sample = further_pairs(papers, 20, 1, nothing)
    assert further_pairs(papers[::-1], 20, 1, nothing) == sample
    assert further_pairs(papers, 20, 2, nothing) != sample


def test_papers_of_held_out_documents_make_no_pairs() -> None:
    documents = {"a": "The paper on rust. It rusts.", "b": "The paper on cats. They purr."}
    excluded = of_documents(["a"], documents)
    twin = paper("rust") | {"id": "elsewhere"}  # the same work under another id
    papers = [paper("a"), twin, paper("cats"), {"id": "x", "title": None, "abstract": "y"}]
    assert [pair.passage for pair in further_pairs(papers, 9, 1, excluded)] != []
    assert all("cats" in pair.passage for pair in further_pairs(papers, 9, 1, excluded))


# Hard negatives


def found(*listed: tuple[str, float, float]) -> tuple[Found, ...]:
    return tuple(Found(name, n, *told) for n, (name, *told) in enumerate(listed, 1))


def test_negatives_are_neither_near_copies_nor_likely_right() -> None:
    listed = found(
        ("first", 0.5, 0.1), ("copy", 0.5, 0.95), ("better", 0.9, 0.2), ("wrong", 0.7, 0.3)
    )
    kept = negatives(Mined(0.8, listed), Settings(negatives=4))
    assert [each.document for each in kept] == ["wrong"]  # and not the first rank


def test_no_more_negatives_than_asked_for_and_from_the_ranks_asked_for() -> None:
    mined = Mined(1.0, found(*((f"d{n}", 0.5, 0.1) for n in range(1, 50))))
    kept = negatives(mined, Settings(negatives=3, first_rank=5, last_rank=6))
    assert [each.document for each in kept] == ["d5", "d6"]


def test_without_the_right_document_nothing_is_known_to_be_wrong() -> None:
    assert not negatives(Mined(None, found(("d1", 0.9, 0.1), ("d2", 0.8, 0.1))), Settings())


def test_mined_negatives_never_hold_the_right_document(tmp_path: Path) -> None:
    encoder, queries = FakeEncoder(), queries_for(*TEXTS)
    mined = mine(tmp_path / "mined.jsonl", queries, TEXTS, encoder, quiet)
    assert set(mined) == {(q.document, q.kind) for q in queries}
    for (document, _), ranked in mined.items():
        names = [each.document for each in ranked.found]
        assert document not in names
        assert len(set(names)) == len(names) == len(TEXTS) - 1
    settings = Settings(first_rank=1, likely_right=9.0)
    assert "cats too" not in [f.document for f in negatives(mined["cats", "claim"], settings)]


def test_french_queries_are_mined_by_their_english_question(tmp_path: Path) -> None:
    queries = queries_for("cats")
    mined = mine(tmp_path / "one.jsonl", queries, TEXTS, FakeEncoder(), quiet)
    french = [Query("cats", "french", "tout autre chose")]
    other = mine(tmp_path / "two.jsonl", french, TEXTS, FakeEncoder(), quiet, asked=queries)
    assert other["cats", "french"] == mined["cats", "french"]


def test_mining_goes_on_where_it_was_broken_off(tmp_path: Path) -> None:
    path, queries = tmp_path / "mined.jsonl", queries_for(*TEXTS)
    whole = mine(path, queries, TEXTS, FakeEncoder(), quiet)
    text = path.read_text()
    path.write_text(text[: len(text) // 2])
    asked: list[tuple[int, int]] = []
    again = mine(path, queries, TEXTS, FakeEncoder(), lambda _, n, of: asked.append((n, of)))
    assert again == whole
    assert 0 < len(asked) < len(queries)
    assert sorted(path.read_text().splitlines()) == sorted(text.splitlines())


def test_what_was_mined_from_other_documents_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mined.jsonl"
    mine(path, queries_for("cats"), TEXTS, FakeEncoder(), quiet)
    with pytest.raises(SystemExit, match=r"mined\.jsonl: mined from other documents"):
        mine(path, queries_for("cats"), TEXTS | {"more": "More."}, FakeEncoder(), quiet)
    assert json.loads(path.read_text().splitlines()[0])["depth"]


# Measures and averages


def test_reciprocal_ranks_of_the_right_documents() -> None:
    documents = np.eye(12, dtype=np.float32)
    queries = np.array([documents[3], documents[3] + 2 * documents[4], -documents[5]])
    ranks = reciprocal_ranks(queries, documents, np.array([3, 3, 5]))
    assert ranks.tolist() == [1.0, 0.5, 0.0]


def test_a_document_of_the_same_score_counts_as_before_the_right_one() -> None:
    same = np.ones((4, 3), np.float32)
    assert reciprocal_ranks(same[:1], same, np.array([2])).tolist() == [0.25]


def test_means_by_kind() -> None:
    queries = [Query("a", "claim", ""), Query("a", "french", ""), Query("b", "claim", "")]
    means = by_kind(queries, np.array([1.0, 0.0, 0.5]))
    assert means == {"all": 0.5, "claim": 0.75, "french": 0.0}


def test_averages_are_weighted_by_shares() -> None:
    one, other = {"a": torch.tensor([0.0, 4.0])}, {"a": torch.tensor([4.0, 8.0])}
    assert average([one, other], [3, 1])["a"].tolist() == [1.0, 5.0]
    with pytest.raises(ValueError, match="same tensors"):
        average([one, {"b": torch.zeros(2)}], [1, 1])


# Rows


def test_a_row_holds_the_queries_of_one_document_and_what_is_hard_for_them() -> None:
    """Too few queries come again; negatives are taken from each query's list in turn."""
    queries = [Query("dogs", "claim", "one"), Query("dogs", "question", "two")]
    mined = {
        ("dogs", "claim"): Mined(1.0, found(("cats", 0.5, 0.1), ("sails", 0.4, 0.1))),
        ("dogs", "question"): Mined(1.0, found(("bread", 0.5, 0.1))),
    }
    settings = Settings(together=3, negatives=2, first_rank=1)
    columns = document_rows(queries, mined, TEXTS, settings)
    assert columns == {
        "query_1": ["one"],
        "query_2": ["two"],
        "query_3": ["one"],
        "document": [TEXTS["dogs"]],
        "negative_1": [TEXTS["cats"]],
        "negative_2": [TEXTS["bread"]],
        "label": [sorted(TEXTS).index("dogs")],
    }


def test_documents_with_many_queries_get_several_rows_and_lots_fill_up() -> None:
    """Every query is in one row; without mined negatives others are drawn, never the right one."""
    columns = document_rows(queries_for(*TEXTS), {}, TEXTS, Settings(together=3, negatives=4))
    assert columns["label"] == [n for name in TEXTS for n in [sorted(TEXTS).index(name)] * 2]
    asked = {columns[f"query_{n}"][row] for n in (1, 2, 3) for row in range(10)}
    assert asked == {query.text for query in queries_for(*TEXTS)}
    for row, right in enumerate(columns["document"]):
        drawn = {columns[f"negative_{n}"][row] for n in range(1, 5)}
        assert drawn == set(TEXTS.values()) - {right}


def test_a_document_needs_queries() -> None:
    with pytest.raises(ValueError, match="together is 0"):
        Settings(together=0)
