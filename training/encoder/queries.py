"""Tune the queries of a model further, against its documents, which stand still.

    python -m training.encoder.queries MODEL --queries Q ... --documents D --out FOLDER

A second stage, after documents and queries were tuned together. Documents keep the vectors that
MODEL gives them; another set of weights, which begins as those of MODEL, is tuned to bring queries
to them. So a query meets every document in every step at the price of a matrix product, an index
stays as it is, and what the vectors of documents are good for beside (more like this, topics) is
not touched. In FOLDER: settings.json, log.jsonl, documents.npy (the vectors), checkpoints/, and in
the end model/, the best checkpoint by the held-out queries among all documents. The same command
again goes on with a run that was broken off.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset
from sentence_transformers import (
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from transformers import PrinterCallback
from transformers.utils import logging as transformers_logging

from index.encoder import Encoder, load_encoder
from training.encoder.augment import Augmenter
from training.encoder.data import read_all, read_documents, split
from training.encoder.loss import QueryLoss
from training.encoder.measure import AmongAll
from training.encoder.runs import (
    Log,
    Teller,
    arguments_of,
    begun_from,
    keep_settings,
    precision_of,
)
from training.encoder.settings import QuerySettings, add_flags, from_flags
from training.encoder.train import Collator


def run(
    model: Path, queries: Sequence[Path], documents: Path, out: Path, settings: QuerySettings
) -> Path:
    """Train; the folder of the tuned model."""
    log = Log(out / "log.jsonl")
    read = {"model": [model / "model.safetensors"], "queries": queries, "documents": [documents]}
    keep_settings(out, asdict(settings), read, log)
    chosen, held = split(read_all(queries))
    if settings.most_queries:
        chosen = random.Random(settings.seed).sample(chosen, settings.most_queries)
    encoder = load_encoder(str(model))
    texts = read_documents(documents)
    row = {name: n for n, name in enumerate(texts)}
    bank = _vectors(out / "documents.npy", encoder, list(texts.values()))
    data = {"query": [q.text for q in chosen], "label": [row[q.document] for q in chosen]}
    log.write("data", queries=len(chosen), held_out=len(held))
    precision = precision_of(settings.precision, encoder)
    arguments = arguments_of(out, settings, precision)
    tuned = begun_from(model, settings.dropout)
    loss = QueryLoss(tuned, settings, torch.from_numpy(bank))
    evaluator = AmongAll(held, row, bank, precision)
    trainer = _trainer(arguments, settings, Dataset.from_dict(data), loss, evaluator, log=log)
    checkpoints = list((out / "checkpoints").glob("checkpoint-*"))
    result = trainer.train(resume_from_checkpoint=bool(checkpoints))
    folder = out / "model"
    trainer.model.save_pretrained(str(folder), create_model_card=False)
    state = trainer.state
    log.write("done", best=state.best_model_checkpoint, value=state.best_metric, **result.metrics)
    return folder


def _vectors(path: Path, encoder: Encoder, texts: list[str]) -> np.ndarray:
    """(texts, dimension) float32 of the documents; embedded once a run."""
    if not path.exists():
        np.save(path, encoder.encode_document(texts))
    return np.load(path)


def _trainer(
    arguments: SentenceTransformerTrainingArguments,
    settings: QuerySettings,
    data: Dataset,
    loss: QueryLoss,
    evaluator: AmongAll,
    *,
    log: Log,
) -> SentenceTransformerTrainer:
    transformers_logging.disable_progress_bar()
    collator = Collator(
        preprocess_fn=loss.model.preprocess,
        router_mapping={"query": "query"},
        max_length={"query": settings.query_tokens},
        augmenter=Augmenter(settings.seed, settings.slips, settings.unaccented, untitled=0.0),
    )
    trainer = SentenceTransformerTrainer(
        model=loss.model,
        args=arguments,
        train_dataset=data,
        loss=loss,
        evaluator=evaluator,
        data_collator=collator,
        callbacks=[Teller(collator, log, {})],
    )
    trainer.remove_callback(PrinterCallback)  # the log says the same
    return trainer


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path, help="folder of the model to begin with")
    parser.add_argument("--queries", type=Path, nargs="+", required=True)
    parser.add_argument("--documents", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--threads", type=int, default=0, help="0: as many as torch chooses")
    add_flags(parser, QuerySettings)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    settings = from_flags(arguments, QuerySettings)
    print(run(arguments.model, arguments.queries, arguments.documents, arguments.out, settings))


if __name__ == "__main__":
    sys.exit(main())
