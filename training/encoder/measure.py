"""Reciprocal ranks of the right documents, during a run and after."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.evaluation import SentenceEvaluator

from training.encoder.augment import Augmenter
from training.encoder.data import Query, kinds_in

Values = dict[str, float]
_BATCH = 64
METRIC = "mrr@10"
SLIPPED = "with a slip"


def slipped(queries: Sequence[Query]) -> list[str]:
    """The texts of the queries with a typing slip in each, always the same ones."""
    careless = Augmenter(seed=0, slips=1.0, unaccented=0.0, untitled=0.0)
    return [careless.query(query.text, epoch=0) for query in queries]


def reciprocal_ranks(queries: np.ndarray, documents: np.ndarray, right: np.ndarray) -> np.ndarray:
    """1 / rank of each query's right document (a row number), 0 below the tenth.

    A document of the same score as the right one counts as before it.
    """
    values = np.zeros(len(queries))
    for start in range(0, len(queries), _BATCH):
        rows = slice(start, start + _BATCH)
        scores = queries[rows] @ documents.T
        own = np.take_along_axis(scores, right[rows, None], axis=1)
        ranks = (scores >= own).sum(axis=1)
        values[rows] = np.where(ranks <= 10, 1 / ranks, 0.0)
    return values


def by_kind(queries: Sequence[Query], values: np.ndarray) -> Values:
    """Means of the values, of all queries and of each kind."""
    kinds = np.array([query.kind for query in queries])
    each = {kind: round(float(values[kinds == kind].mean()), 4) for kind in kinds_in(queries)}
    return {"all": round(float(values.mean()), 4), **each}


class HeldOut(SentenceEvaluator):
    """MRR@10 of held-out queries among a few documents, by which the best checkpoint is chosen."""

    def __init__(
        self, queries: Sequence[Query], documents: dict[str, str], precision: torch.dtype
    ) -> None:
        super().__init__()
        self.primary_metric = METRIC
        self._queries = queries
        self._slipped = slipped(queries)
        self._texts = list(documents.values())
        row = {name: n for n, name in enumerate(documents)}
        self._right = np.array([row[query.document] for query in queries])
        self._precision = precision

    def __call__(
        self,
        model: SentenceTransformer,
        output_path: str | None = None,
        epoch: int = -1,
        steps: int = -1,
    ) -> Values:
        """MRR@10, also by kind, and of the queries with a slip in each."""
        with torch.autocast(
            model.device.type, self._precision, enabled=self._precision != torch.float32
        ):
            documents = self._vectors(model, self._texts)
            asked = self._vectors(model, [query.text for query in self._queries])
            careless = self._vectors(model, self._slipped)
        ranks = (reciprocal_ranks(each, documents, self._right) for each in (asked, careless))
        return _values(self._queries, *ranks)

    def _vectors(self, model: SentenceTransformer, texts: Sequence[str]) -> np.ndarray:
        vectors = model.encode(
            list(texts), batch_size=_BATCH, show_progress_bar=False, convert_to_tensor=True
        )
        return vectors.float().cpu().numpy()


class AmongAll(SentenceEvaluator):
    """MRR@10 of held-out queries among all documents, by which the best of a run is chosen."""

    def __init__(
        self,
        queries: Sequence[Query],
        row: dict[str, int],
        bank: np.ndarray,
        precision: torch.dtype,
    ) -> None:
        super().__init__()
        self.primary_metric = METRIC
        self._queries, self._bank = queries, bank
        self._right = np.array([row[query.document] for query in queries])
        self._precision = precision

    def __call__(
        self,
        model: SentenceTransformer,
        output_path: str | None = None,
        epoch: int = -1,
        steps: int = -1,
    ) -> Values:
        """MRR@10, also by kind, and of the queries with a slip in each."""
        asked = self._ranks(model, [query.text for query in self._queries])
        return _values(self._queries, asked, self._ranks(model, slipped(self._queries)))

    def _ranks(self, model: SentenceTransformer, texts: Sequence[str]) -> np.ndarray:
        lower = self._precision != torch.float32
        with torch.autocast(model.device.type, self._precision, enabled=lower):
            vectors = model.encode(
                list(texts), batch_size=_BATCH, show_progress_bar=False, convert_to_tensor=True
            )
        return reciprocal_ranks(vectors.float().cpu().numpy(), self._bank, self._right)


def _values(queries: Sequence[Query], asked: np.ndarray, careless: np.ndarray) -> Values:
    """Means of the reciprocal ranks of queries, also by kind, and of those with a slip in each."""
    means = by_kind(queries, asked)
    values = {METRIC: means.pop("all")}
    values |= {f"{METRIC} {kind}": value for kind, value in means.items()}
    return values | {f"{METRIC} {SLIPPED}": round(float(careless.mean()), 4)}
