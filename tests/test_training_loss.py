"""Tests of what training lowers, worked out by hand on vectors of two dimensions."""

from __future__ import annotations

import math

import pytest
import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor, nn

from training.encoder.loss import Originals, TuningLoss
from training.encoder.settings import Settings

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
