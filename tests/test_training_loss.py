"""Tests of what training lowers, worked out by hand on vectors of two dimensions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor, nn

from training.encoder.data import Query
from training.encoder.loss import Originals, QueryLoss, TuningLoss
from training.encoder.measure import AmongAll
from training.encoder.settings import QuerySettings, Settings

EAST, NORTH, WEST = [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]
PLAIN = Settings(scale=1.0, bank_weight=1.0, stay_weight=1.0, near_copy=0.9)


class Table(nn.Module):
    """A "model" that looks vectors up by token, and counts what it is asked."""

    def __init__(self, vectors: list[list[float]]) -> None:
        super().__init__()
        self.vectors = nn.Embedding.from_pretrained(torch.tensor(vectors), freeze=False)
        self.asked = 0

    def forward(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
        self.asked += len(features["input_ids"])
        return {"sentence_embedding": self.vectors(features["input_ids"][:, 0])}


def features(*tokens: int) -> dict[str, Tensor]:
    ids = torch.tensor([[token] for token in tokens])
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


def parts(loss: TuningLoss, columns: list[list[list[float]]], labels: list[int] | None) -> dict:
    wanted = None if labels is None else torch.tensor(labels)
    loss.calculate_loss([[torch.tensor(column)] for column in columns], wanted)
    return loss.take_means()


def made(queries: int = 1, bank: list[list[float]] | None = None) -> TuningLoss:
    held = None if bank is None else torch.tensor(bank)
    model: SentenceTransformer = Table([EAST])  # type: ignore[assignment]
    return TuningLoss(model, PLAIN, None, queries=queries, bank=held)


def test_each_query_of_a_row_is_contrasted_with_the_documents_of_the_batch() -> None:
    """The mean, over the columns of queries, of -log softmax of the right document's cosine."""
    right = math.log(1 + math.exp(-1))  # cosines 1 and 0
    wrong = math.log(1 + math.exp(1))  # cosines 0 and 1
    columns = [[EAST, NORTH], [NORTH, EAST], [EAST, NORTH]]
    assert parts(made(queries=2), columns, None) == {
        "contrast": pytest.approx((right + wrong) / 2, abs=1e-5)
    }


def test_the_bank_holds_all_documents_but_copies_of_the_right_one() -> None:
    """Cosines 1, 0, -1 with the bank; the fourth document is the first again, and left out."""
    bank = [EAST, NORTH, WEST, EAST]
    found = parts(made(bank=bank), [[EAST], [EAST]], [0])["bank"]
    assert found == pytest.approx(math.log(1 + math.exp(-1) + math.exp(-2)), abs=1e-4)


def test_documents_that_move_away_from_the_original_cost() -> None:
    """1 - cosine: a document that stayed costs nothing, one turned by a right angle 1."""
    original: SentenceTransformer = Table([EAST, NORTH])  # type: ignore[assignment]
    moved: SentenceTransformer = Table([EAST, WEST])  # type: ignore[assignment]
    loss = TuningLoss(moved, PLAIN, Originals(original))
    loss([features(0, 0), features(0, 1)], None)
    assert loss.take_means()["stay"] == pytest.approx(0.5)


def test_the_original_is_asked_once_for_a_text() -> None:
    """Vectors of a text that came before are not computed again."""
    model = Table([EAST, NORTH])
    originals = Originals(model)  # type: ignore[arg-type]
    for _ in range(3):
        assert originals.of(features(0, 1)).tolist() == [EAST, NORTH]
    assert model.asked == 2


@pytest.mark.parametrize("mini_batch", [0, 1])
def test_mini_batches_give_the_same_gradients(mini_batch: int) -> None:
    """With cached gradients a step is the same as with the whole batch in memory."""
    tables = [Table([[1.0, 0.5], [0.2, 1.0], [0.7, -1.0]]) for _ in range(2)]
    sizes = (0, mini_batch)
    for table, size in zip(tables, sizes, strict=True):
        settings = Settings(mini_batch=size, stay_weight=0.0, bank_weight=0.0)
        loss = TuningLoss(table, settings, None)  # type: ignore[arg-type]
        loss([features(0, 1), features(1, 2)], None).backward()
    whole, cut = (table.vectors.weight.grad for table in tables)
    assert torch.allclose(whole, cut, atol=1e-6)


def test_queries_alone_are_contrasted_with_all_documents() -> None:
    """Mean of -log softmax over the bank, where the right document's copy does not count."""
    model: SentenceTransformer = Table([EAST, NORTH])  # type: ignore[assignment]
    settings = QuerySettings(scale=1.0, near_copy=0.9)
    loss = QueryLoss(model, settings, torch.tensor([EAST, NORTH, WEST, EAST]))
    found = loss([features(0, 1)], torch.tensor([0, 2]))
    right = math.log(math.e + 1 + math.exp(-1)) - 1  # cosines 1, 0, -1 without the copy
    wrong = math.log(math.e + 3)  # 0, as to all but its like
    assert float(found.detach()) == pytest.approx((right + wrong) / 2, abs=1e-5)


def test_only_queries_are_moved() -> None:
    """The vectors of documents take no part in the way back."""
    bank = torch.tensor([EAST, NORTH], requires_grad=False)
    table = Table([[0.6, 0.8]])
    loss = QueryLoss(table, QuerySettings(), bank)  # type: ignore[arg-type]
    loss([features(0)], torch.tensor([0])).backward()
    assert table.vectors.weight.grad is not None
    step = -table.vectors.weight.grad[0]
    assert step @ torch.tensor(EAST) > 0 > step @ torch.tensor(NORTH)


class Compass:
    """A "model" whose texts are directions."""

    device = torch.device("cpu")

    def encode(self, texts: list[str], **_: object) -> Tensor:
        known = {"east": EAST, "north": NORTH}
        return torch.tensor([known.get(text, WEST) for text in texts])


def test_held_out_queries_are_asked_of_all_documents() -> None:
    """One finds its document at once, the other third; a slip makes both point west."""
    queries = [Query("a", "question", "east"), Query("c", "french", "north")]
    bank = np.array([EAST, NORTH, WEST], dtype=np.float32)
    evaluated = AmongAll(queries, {"a": 0, "b": 1, "c": 2}, bank, torch.float32)
    values = evaluated(Compass())  # type: ignore[arg-type]
    # North is as far from east as from west; of equal scores the right document comes last.
    assert values == {
        "mrr@10": 0.6667,
        "mrr@10 question": 1.0,
        "mrr@10 french": 0.3333,
        "mrr@10 with a slip": 0.6667,
    }
