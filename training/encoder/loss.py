"""What training lowers: a contrastive loss, and what may be added to it."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.losses.gradcache import CachedLossMixin
from sentence_transformers.base.losses.merged_forward import embed_columns
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, cross_entropy, normalize

from training.encoder.settings import QuerySettings, Settings

Features = dict[str, Tensor]


class Originals:
    """Vectors of documents by the model as it was, each computed once. No part of what is tuned."""

    def __init__(self, model: SentenceTransformer) -> None:
        self._model = model.eval().requires_grad_(False)
        self._known: dict[bytes, Tensor] = {}

    def of(self, features: Features) -> Tensor:
        """(texts, dimension), of length 1."""
        keys = [
            ids[mask.bool()].cpu().numpy().tobytes()
            for ids, mask in zip(features["input_ids"], features["attention_mask"], strict=True)
        ]
        rows = [row for row, key in enumerate(keys) if key not in self._known]
        if rows:
            new = {k: v[rows] if isinstance(v, Tensor) else v for k, v in features.items()}
            with torch.no_grad():
                vectors = self._model(new)["sentence_embedding"].float().cpu()
            self._known |= {keys[row]: vector for row, vector in zip(rows, vectors, strict=True)}
        return torch.stack([self._known[key] for key in keys]).to(features["input_ids"].device)


class TuningLoss(CachedLossMixin, nn.Module):
    """Contrast of the batch's documents and of all documents, plus staying put.

    The first `queries` columns ask for the document of the next column; any number of hard
    negatives follows. Labels are the numbers of the documents in the `bank`, the original's vectors
    of all documents: it stands still, so that a query meets every document at the price of a
    matrix product. With mini-batches, gradients are cached (Gao et al., 2021) and memory no longer
    grows with the batch.
    """

    def __init__(
        self,
        model: SentenceTransformer,
        settings: Settings,
        originals: Originals | None,
        *,
        queries: int = 1,
        bank: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.mini_batch_size = settings.mini_batch
        self.uses_gradient_cache = settings.mini_batch > 0
        self.contrast = MultipleNegativesRankingLoss(model, scale=settings.scale)
        self.sums: dict[str, float] = {}  # of each part since they were last taken, for the log
        self.queries = queries
        self._bank = bank
        self._settings = settings
        self._originals = originals
        self._targets: list[Tensor] = []  # vectors of the batch's documents by the original

    def forward(self, sentence_features: Iterable[Features], labels: Tensor | None) -> Tensor:
        """The loss of a batch of tokenized columns."""
        features = list(sentence_features)
        # Before the model, which writes what it computes into the features.
        documents = features[self.queries :]
        self._targets = [self._originals.of(f) for f in documents] if self._originals else []
        if self.mini_batch_size:
            return self.forward_cached(features, labels)
        return self.calculate_loss([[e] for e in embed_columns(self.model, features)], labels)

    def calculate_loss(
        self, reps: list[list[Tensor]], labels: Tensor | None = None, *, with_backward: bool = False
    ) -> Tensor:
        """The sum of the parts, from vectors a column and mini-batch."""
        # The three digits of bfloat16 are too few for cosines times scale.
        with torch.autocast(reps[0][0].device.type, enabled=False):
            columns = [torch.cat(column).float() for column in reps]
            parts = self._parts(columns[: self.queries], columns[self.queries :], labels)
            loss = torch.stack(list(parts.values())).sum()
        for name, part in (parts | {"batches": torch.ones(())}).items():
            self.sums[name] = self.sums.get(name, 0.0) + float(part.detach())
        if with_backward:
            loss.backward()
            return loss.detach()
        return loss

    def take_means(self) -> dict[str, float]:
        """Mean of each part over the batches since this was last called."""
        sums, self.sums = self.sums, {}
        batches = sums.pop("batches", 1.0)
        return {name: round(value / batches, 5) for name, value in sums.items()}

    def _parts(
        self, queries: list[Tensor], documents: list[Tensor], labels: Tensor | None
    ) -> dict[str, Tensor]:
        contrasts = [
            self.contrast.compute_loss_from_embeddings([column, *documents], None)
            for column in queries
        ]
        parts = {"contrast": torch.stack(contrasts).mean()}
        if self._bank is not None and labels is not None:
            parts["bank"] = self._settings.bank_weight * self._contrast_of_all(queries, labels)
        if self._targets:
            stayed = cosine_similarity(torch.cat(documents), torch.cat(self._targets))
            parts["stay"] = self._settings.stay_weight * (1 - stayed).mean()
        return parts

    def _contrast_of_all(self, queries: list[Tensor], labels: Tensor) -> Tensor:
        assert self._bank is not None
        settings = self._settings
        return contrast_of_all(
            torch.cat(queries),
            labels.repeat(len(queries)),
            self._bank.to(labels.device),
            scale=settings.scale,
            near_copy=settings.near_copy,
        )


class QueryLoss(nn.Module):
    """Contrast of queries with all documents, whose vectors stand still.

    The only column are the queries, labels the numbers of their documents in the `bank`.
    """

    def __init__(self, model: SentenceTransformer, settings: QuerySettings, bank: Tensor) -> None:
        super().__init__()
        self.model = model
        self._settings = settings
        self._bank = bank

    def forward(self, sentence_features: Iterable[Features], labels: Tensor) -> Tensor:
        """The loss of a batch of tokenized queries."""
        (features,) = sentence_features
        vectors = self.model(features)["sentence_embedding"]
        # The three digits of bfloat16 are too few for cosines times scale.
        with torch.autocast(vectors.device.type, enabled=False):
            return contrast_of_all(
                vectors.float(),
                labels,
                self._bank.to(labels.device),
                scale=self._settings.scale,
                near_copy=self._settings.near_copy,
            )


def contrast_of_all(
    queries: Tensor, labels: Tensor, bank: Tensor, *, scale: float, near_copy: float
) -> Tensor:
    """Cross-entropy of each query over the bank; near copies of the right document are out."""
    copies = bank[labels] @ bank.T > near_copy
    copies[torch.arange(len(labels)), labels] = False
    cosines = normalize(queries) @ bank.T
    return cross_entropy(cosines.masked_fill(copies, -torch.inf) * scale, labels)
