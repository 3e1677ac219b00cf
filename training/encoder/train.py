"""One run: pairs in, a tuned model out.

In the run's folder: settings.json, log.jsonl (one event a line), checkpoints/ and, in the end,
model/, the best checkpoint by the held-out queries. The same command again goes on with a run
that was broken off.
"""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset, DatasetDict
from sentence_transformers import (
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.sentence_transformer.data_collator import SentenceTransformerDataCollator
from sentence_transformers.sentence_transformer.training_args import BatchSamplers
from transformers import EarlyStoppingCallback, PrinterCallback
from transformers.utils import logging as transformers_logging

from index.encoder import ORIGINAL_MODEL, bundled_folder, load_encoder
from training.encoder.augment import Augmenter
from training.encoder.data import (
    Pair,
    Query,
    further_pairs,
    held_out,
    of_documents,
    read_all,
    read_documents,
    read_pairs,
    split,
)
from training.encoder.loss import Originals, TuningLoss
from training.encoder.measure import HeldOut
from training.encoder.mine import Say, mine, original_vectors
from training.encoder.rows import document_rows, evaluated_on
from training.encoder.runs import (
    Log,
    Teller,
    arguments_of,
    begun_from,
    keep_settings,
    precision_of,
)
from training.encoder.settings import Settings
from training.names import records

_LOGGED_EVERY = 10  # steps


@dataclass(frozen=True)
class Places:
    """Files and folders of a run."""

    queries: tuple[Path, ...]
    documents: Path
    out: Path
    papers: Path | None = None
    further: Path | None = None  # pairs as they were written
    negatives: Path | None = None  # what was mined; beside the run unless given

    @property
    def mined(self) -> Path:
        """The file of hard negatives."""
        return self.negatives or self.out / "negatives.jsonl"


def run(places: Places, settings: Settings, say: Say) -> Path:
    """Train; the folder of the tuned model."""
    log = Log(places.out / "log.jsonl")
    read = {"queries": places.queries, "documents": (places.documents,)}
    further = {"papers": places.papers, "further": places.further}
    read |= {name: (path,) for name, path in further.items() if path}
    keep_settings(places.out, asdict(settings), read, log)
    encoder = load_encoder(ORIGINAL_MODEL)
    queries = read_all(places.queries)
    documents = read_documents(places.documents)
    chosen, held = split(queries)
    chosen = _some(chosen, settings.most_queries, settings.seed)
    held = _some(held, settings.most_queries, settings.seed)
    # Questions that are not wanted themselves stand for the French queries beside them.
    mined = mine(places.mined, chosen + held, documents, encoder, say, asked=queries)
    log.write("mined", queries=len(mined))
    data = {"queries": Dataset.from_dict(document_rows(chosen, mined, documents, settings))}
    pairs = _pairs(places, settings, documents)
    if pairs:
        columns = {"query": [p.query for p in pairs], "passage": [p.passage for p in pairs]}
        data["pairs"] = Dataset.from_dict(columns)
    evaluated = evaluated_on(held, mined, documents, settings)
    sizes = {name: len(part) for name, part in data.items()}
    log.write("data", **sizes, held_out=len(held), evaluated_on=len(evaluated))
    precision = precision_of(settings.precision, encoder)
    evaluator = HeldOut(held, evaluated, precision)
    arguments = arguments_of(
        places.out,
        settings,
        precision,
        batch_sampler=BatchSamplers.NO_DUPLICATES,
        dataloader_drop_last=True,  # the last batch may be small, and so easy
    )
    bank = original_vectors(places.mined, documents, encoder, say)
    trainer = _trainer(arguments, settings, data, bank, evaluator=evaluator, log=log)
    checkpoints = list((places.out / "checkpoints").glob("checkpoint-*"))
    result = trainer.train(resume_from_checkpoint=bool(checkpoints))
    model = places.out / "model"
    trainer.model.save_pretrained(str(model), create_model_card=False)
    best = trainer.state.best_model_checkpoint
    log.write("done", best=best, value=trainer.state.best_metric, **result.metrics)
    return model


@dataclass
class Collator(SentenceTransformerDataCollator):
    """Tokenizes a batch after changing some of its texts, in other ways with each pass."""

    augmenter: Augmenter = field(default_factory=lambda: Augmenter(0, 0.0, 0.0, 0.0))
    epoch: int = 0

    def __call__(self, features: list[dict[str, Any]]) -> dict[str, Any]:
        """The tensors of a batch of rows."""
        return super().__call__([self._changed(row) for row in features])

    def _changed(self, row: dict[str, Any]) -> dict[str, Any]:
        changed = dict(row)
        for column, text in row.items():
            if column.startswith("query"):
                changed[column] = self.augmenter.query(text, self.epoch)
            elif column == "document" or column.startswith("negative_"):
                changed[column] = self.augmenter.document(text, self.epoch)
        return changed


def _trainer(
    arguments: SentenceTransformerTrainingArguments,
    settings: Settings,
    data: dict[str, Dataset],
    bank: torch.Tensor,
    *,
    evaluator: HeldOut,
    log: Log,
) -> SentenceTransformerTrainer:
    transformers_logging.disable_progress_bar()
    model = begun_from(bundled_folder(), settings.dropout)
    originals = Originals(begun_from(bundled_folder(), 0.0)) if settings.stay_weight else None
    losses = {
        "queries": TuningLoss(model, settings, originals, queries=settings.together, bank=bank)
    }
    if "pairs" in data:
        losses["pairs"] = TuningLoss(model, settings, originals)
    tokens = {"query": settings.query_tokens, "document": settings.document_tokens}
    collator = Collator(
        preprocess_fn=model.preprocess,
        router_mapping={
            column: "query" if column.startswith("query") else "document"
            for part in data.values()
            for column in part.column_names
            if column != "label"
        },
        max_length=tokens,
        augmenter=Augmenter(settings.seed, settings.slips, settings.unaccented, settings.untitled),
    )
    trainer = SentenceTransformerTrainer(
        model=model,
        args=arguments,
        train_dataset=DatasetDict(data),
        loss=losses,
        evaluator=evaluator,
        data_collator=collator,
        callbacks=[Teller(collator, log, losses)],
    )
    trainer.remove_callback(PrinterCallback)  # the log says the same
    if settings.patience:
        trainer.add_callback(EarlyStoppingCallback(settings.patience))
    return trainer


def _pairs(places: Places, settings: Settings, documents: dict[str, str]) -> list[Pair]:
    pairs = read_pairs(places.further) if places.further else []
    if places.papers and settings.pairs:
        unseen = of_documents(filter(held_out, documents), documents)
        pairs += further_pairs(records(places.papers), settings.pairs, settings.seed, unseen)
    return pairs


def _some(queries: list[Query], count: int, seed: int) -> list[Query]:
    """All, or so many drawn by lot."""
    if not count or count >= len(queries):
        return queries
    return random.Random(seed).sample(queries, count)
