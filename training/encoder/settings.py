"""Everything that decides how a run turns out, each a flag of the command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar


def _setting(default: Any, told: str, **more: Any) -> Any:
    return field(default=default, metadata={"help": told, **more})


@dataclass(frozen=True)
class Settings:
    """One run. A checkpoint can only be gone on from with the settings that it was made with."""

    epochs: float = _setting(3.0, "passes over the pairs")
    learning_rate: float = _setting(5e-5, "the highest; it then falls linearly to 0")
    warmup: float = _setting(0.1, "share of the steps in which the learning rate rises")
    weight_decay: float = _setting(0.01, "of the optimizer, AdamW")
    batch: int = _setting(64, "documents a step, each with its queries and negatives")
    together: int = _setting(4, "queries of a document that share a step, and its vector")
    mini_batch: int = _setting(0, "texts in memory at a time, by gradient caching; 0: all")
    dropout: float = _setting(0.0, "share of activations left out; alone moves vectors")
    scale: float = _setting(20.0, "of the cosines before the softmax")
    bank_weight: float = _setting(
        0.5, "of the contrast with the original's vectors of all documents"
    )
    stay_weight: float = _setting(3.0, "of 1 - cosine of a document's vector with the original's")
    negatives: int = _setting(1, "hard negatives a document")
    first_rank: int = _setting(2, "best rank that a hard negative may have")
    last_rank: int = _setting(30, "worst rank that a hard negative may have")
    near_copy: float = _setting(0.9, "documents with a higher cosine to the right one are left out")
    likely_right: float = _setting(0.95, "so are scores above this share of the right one's")
    pairs: int = _setting(0, "further pairs made from papers")
    slips: float = _setting(0.15, "share of the queries with a typing slip")
    unaccented: float = _setting(0.2, "share of the queries that lose their accents")
    untitled: float = _setting(0.2, "share of the documents that lose their title")
    query_tokens: int = _setting(48, "longer queries are cut")
    document_tokens: int = _setting(160, "longer documents are cut")
    distractors: int = _setting(1500, "documents beside the right ones in evaluations during a run")
    evaluate_every: int = _setting(50, "steps between evaluations, each with a checkpoint")
    patience: int = _setting(0, "stop after so many evaluations without a better one; 0: never")
    most_queries: int = _setting(
        0, "use no more than so many training queries, to try things; 0: all"
    )
    precision: str = _setting(
        "auto", "auto: bf16 where the machine computes in it", of=("auto", "bf16", "fp32")
    )
    seed: int = _setting(20240229, "of every choice by chance")

    def __post_init__(self) -> None:
        if self.together < 1:
            raise ValueError(f"together is {self.together}; a document needs at least one query")


@dataclass(frozen=True)
class QuerySettings:
    """One run that moves queries alone (`training.encoder.queries`)."""

    epochs: float = _setting(3.0, "passes over the queries")
    learning_rate: float = _setting(3e-5, "the highest; it then falls linearly to 0")
    warmup: float = _setting(0.1, "share of the steps in which the learning rate rises")
    weight_decay: float = _setting(0.01, "of the optimizer, AdamW")
    batch: int = _setting(128, "queries a step")
    dropout: float = _setting(0.0, "share of activations left out")
    scale: float = _setting(20.0, "of the cosines before the softmax")
    near_copy: float = _setting(
        0.95, "documents with a higher cosine to the right one do not count"
    )
    slips: float = _setting(0.15, "share of the queries with a typing slip")
    unaccented: float = _setting(0.2, "share of the queries that lose their accents")
    query_tokens: int = _setting(64, "longer queries are cut")
    evaluate_every: int = _setting(50, "steps between evaluations, each with a checkpoint")
    most_queries: int = _setting(0, "use no more than so many queries, to try things; 0: all")
    precision: str = _setting(
        "auto", "auto: bf16 where the machine computes in it", of=("auto", "bf16", "fp32")
    )
    seed: int = _setting(20240229, "of every choice by chance")


Kind = TypeVar("Kind", Settings, QuerySettings)


def add_flags(parser: argparse.ArgumentParser, of: type[Kind]) -> None:
    """A flag for each setting."""
    for each in fields(of):
        default, told = each.default, each.metadata["help"].replace("%", "%%")
        parser.add_argument(
            f"--{each.name.replace('_', '-')}",
            type=type(default),
            default=default,
            choices=each.metadata.get("of"),
            help=f"{told} (default: {default})",
        )


def from_flags(arguments: argparse.Namespace, of: type[Kind]) -> Kind:
    """The settings that the flags of `add_flags` gave."""
    return of(**{each.name: getattr(arguments, each.name) for each in fields(of)})
