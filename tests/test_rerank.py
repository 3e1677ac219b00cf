"""Reranking: the last word belongs to the reranker, whichever model that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from index.errors import EncoderError
from search.engine import Searcher
from search.rerank import RERANKED, load_reranker
from tests.conftest import CommandLine
from tests.fakes import FakeEncoder

QUERY = "learning in recurrent neural networks"


class ByLength:
    """Likes short texts best."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def scores(self, query: str, texts: Sequence[str]) -> np.ndarray:
        self.asked.append((query, len(texts)))
        return np.array([-len(text) for text in texts], dtype=np.float32)


@pytest.fixture
def searcher(fake_index: Path) -> Iterator[Searcher]:
    searcher = Searcher.open(fake_index, encoder=FakeEncoder())
    yield searcher
    searcher.snapshot.close()


@pytest.fixture(scope="session")
def cross_encoders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small cross-encoders with random weights: "one" gives one score a pair, "three" three."""
    import torch  # noqa: PLC0415
    import transformers  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("cross")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "learning", "networks", "brain"]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    for name, labels in (("one", 1), ("three", 3)):
        torch.manual_seed(3)
        config = transformers.BertConfig(
            vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=1,
            num_attention_heads=2, intermediate_size=16, max_position_embeddings=64,
            num_labels=labels,
        )  # fmt: skip
        transformers.BertForSequenceClassification(config).save_pretrained(folder / name)
        tokenizer = transformers.BertTokenizer(str(folder / "vocab.txt"), model_max_length=64)
        tokenizer.save_pretrained(folder / name)
    return folder


def test_the_reranker_has_the_last_word(searcher: Searcher) -> None:
    """The first fifty are read once, and come by the reranker's scores, the highest first."""
    first = searcher.search(QUERY, k=RERANKED)
    reranker = ByLength()
    hits = searcher.ask(QUERY, k=5, reranker=reranker).hits
    lengths = {h.paper.paper_id: -len(f"{h.paper.title}. {h.paper.abstract}") for h in first}
    assert reranker.asked == [(QUERY, RERANKED)]
    assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5]
    assert {hit.paper.paper_id for hit in hits} <= set(lengths)
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] >= sorted(lengths.values())[-1]
    by_id = {hit.paper.paper_id: hit for hit in first}
    for hit in hits:
        known = by_id[hit.paper.paper_id]
        assert (hit.dense, hit.lexical, hit.strength) == (
            known.dense, known.lexical, known.strength,
        )  # fmt: skip


def test_more_than_fifty_are_read_when_asked_for(searcher: Searcher) -> None:
    """Sixty hits are sixty papers read."""
    reranker = ByLength()
    assert len(searcher.ask(QUERY, k=60, reranker=reranker).hits) == 60
    assert reranker.asked == [(QUERY, 60)]


def test_a_cross_encoder_from_a_folder(
    search_cli: CommandLine, fake_index: Path, cross_encoders: Path
) -> None:
    """`--rerank FOLDER` orders the hits by what that model gives for query and paper."""
    command = ("query", QUERY, "-k", 3, "--data", fake_index, "--json")
    hits = search_cli(*command, "--rerank", cross_encoders / "one").json()
    reranker = load_reranker(str(cross_encoders / "one"))
    texts = {}
    with Searcher.open(fake_index, encoder=FakeEncoder()).snapshot as snapshot:
        for hit in hits:
            paper = snapshot.paper(hit["paper_id"])
            texts[f"{paper.title}. {paper.abstract}"] = hit["score"]
    expected = reranker.scores(QUERY, list(texts))
    assert list(texts.values()) == pytest.approx(expected.tolist(), abs=5e-3)
    assert list(texts.values()) == sorted(texts.values(), reverse=True)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("three", "gives 3 scores a pair; only models that give one can rank"),
        ("missing", "there is no folder with a model"),
    ],
)
def test_a_model_that_cannot_rerank_is_refused(cross_encoders: Path, name: str, told: str) -> None:
    """A model with another number of scores, or a folder that is not there, is one clear error."""
    with pytest.raises(EncoderError, match=told):
        load_reranker(str(cross_encoders / name))
