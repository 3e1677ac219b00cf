"""Which sentence of an abstract is shown."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import index.word_vectors
from index.encoder import bundled_folder
from index.errors import EncoderError
from index.snapshot import Snapshot
from index.text import sentence_spans
from index.word_vectors import WordVectors
from search.sentences import SentenceFinder

READ = json.loads((Path(__file__).parent / "truth" / "sentences.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def finder() -> SentenceFinder:
    return SentenceFinder()


@pytest.fixture(scope="module")
def vectors() -> WordVectors:
    return WordVectors()


def shown(finder: SentenceFinder, about: str, abstract: str) -> str | None:
    (span,) = finder.best(about, [abstract])
    return abstract[slice(*span)] if span else None


def test_sentences_chosen_by_reading_are_shown(finder: SentenceFinder, fake_index: Path) -> None:
    """Of 71 questions to the seeds, over half get a sentence that was chosen by reading.

    Chosen by lot it would be 19, and always the first 11.
    """
    with Snapshot.open(fake_index) as snapshot:
        abstracts = {paper.title: paper.abstract for paper in snapshot.papers()}
    right = 0
    for case in READ:
        sentence = shown(finder, case["query"], abstracts[case["title"]])
        right += sentence[:60] in case["best"]
    assert len(READ) == 71
    assert right >= 39


def test_a_sentence_of_other_words_of_like_meaning_is_found(finder: SentenceFinder) -> None:
    """No word of the question stands in any sentence."""
    abstract = "We thank the council for money. Automobiles pollute towns. Trees grow slowly."
    assert shown(finder, "cars in the city", abstract) == "Automobiles pollute towns."


def test_shared_words_count_in_whatever_form(finder: SentenceFinder) -> None:
    """A question in the plural finds the sentence in the singular."""
    abstract = "Results vary. A memristor was trained. It is late."
    assert shown(finder, "training memristors", abstract) == "A memristor was trained."


def test_the_first_of_equals_is_shown(finder: SentenceFinder) -> None:
    """Also where nothing in the question says anything."""
    abstract = "Zebras graze. Zebras graze. Quokkas smile."
    assert finder.best("zebras", [abstract]) == [(0, 13)]
    assert finder.best("of the", [abstract, "", "One."]) == [(0, 13), None, (0, 4)]


def test_abstracts_are_judged_one_by_one(finder: SentenceFinder) -> None:
    """What is found in an abstract does not depend on those beside it."""
    abstracts = ["Sun. Rain falls.", "", "Rain. The sun shines. Wind.", "Only snow"]
    together = finder.best("sunshine", abstracts)
    assert together == [finder.best("sunshine", [abstract])[0] for abstract in abstracts]
    assert [span in sentence_spans(a) for span, a in zip(together, abstracts, strict=True)] == [
        True, False, True, True,
    ]  # fmt: skip


def test_sums_of_word_vectors_have_length_one(vectors: WordVectors) -> None:
    """Whatever the length of a text; a text that says nothing has none."""
    sums = vectors.of(["graph neural networks", "of the, and.", "", "word " * 700])
    assert np.linalg.norm(sums, axis=1) == pytest.approx([1, 0, 0, 1], abs=1e-5)


def test_the_order_of_words_and_the_commonest_words_do_not_count(vectors: WordVectors) -> None:
    """Sums are of what says something, in any order."""
    one, other = vectors.of(["The learning of graphs", "graphs: learning!"])
    assert one @ other == pytest.approx(1, abs=1e-5)


def test_a_sum_is_that_of_the_first_layer(vectors: WordVectors) -> None:
    """One word of one piece has the vector that the file of the weights gives it."""
    from safetensors.numpy import load_file  # noqa: PLC0415

    table = load_file(bundled_folder() / "model.safetensors")[index.word_vectors._TENSOR]
    row = table[vectors._tokenizer.token_to_id("brain")]
    assert vectors.of(["brain"])[0] == pytest.approx(row / np.linalg.norm(row), abs=1e-6)


@pytest.mark.parametrize("name", ["tokenizer.json", "model.safetensors", "vocab.txt"])
def test_a_damaged_file_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A missing or broken file of the bundled model is named by its folder."""
    for each in ("tokenizer.json", "model.safetensors", "vocab.txt"):
        shutil.copy(bundled_folder() / each, tmp_path)
    (tmp_path / name).write_bytes(b"\xff\xfe\x00 broken")
    monkeypatch.setattr(index.word_vectors, "bundled_folder", lambda: tmp_path)
    with pytest.raises(EncoderError, match="word vectors cannot be read"):
        WordVectors()
