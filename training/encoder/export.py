"""Write what ships of a tuned model: its difference from the original, compressed.

    python -m training.encoder.export RUN/model --out FILE.safetensors --documents D

The difference of each weight matrix is replaced by its best approximation of a low rank (a
truncated singular value decomposition); biases and norms stay whole. The report says how large
the file is and how near the vectors of the model built from it are to those of the tuned one.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from index.delta import FORMAT, HEADER, LEFT, RIGHT, apply, state_digest
from index.encoder import Vectors, load_encoder
from training.encoder.data import read_documents
from training.encoder.weights import ORIGINAL, State, read_weights, write_model

WORDS = "embeddings.word_embeddings.weight"


@dataclass(frozen=True)
class Ranks:
    """Ranks that differences are cut down to; 0 keeps them whole."""

    matrices: int
    words: int  # of the matrix of word embeddings, by far the largest

    def of(self, name: str) -> int:
        """The rank for the tensor of this name."""
        return self.words if name == WORDS else self.matrices


def write_delta(
    base: State, tuned: State, path: Path, ranks: Ranks, told: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Write the delta; its header, with `told` under "settings", is returned."""
    if {n: t.shape for n, t in base.items()} != {n: t.shape for n, t in tuned.items()}:
        raise ValueError("the tuned model does not have the tensors of the original")
    parts: State = {}
    tensors: dict[str, Any] = {}
    for name in sorted(base):
        change = (tuned[name] - base[name]).float()
        if not change.any():
            continue
        rank = _useful_rank(change, ranks.of(name))
        tensors[name] = {"shape": list(change.shape), "rank": rank}
        parts |= {name: change} if rank is None else _thin(name, change, rank)
    header = {"format": FORMAT, "base": state_digest(base), "tensors": tensors}
    header["settings"] = told or {}
    half = {name: part.half().contiguous() for name, part in parts.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(half, path, {HEADER: json.dumps(header)})
    return header


def _useful_rank(change: torch.Tensor, rank: int) -> int | None:
    """The rank to cut to; None where two thin matrices would be no smaller than the whole."""
    if change.dim() != 2 or not rank:
        return None
    return rank if rank * sum(change.shape) < change.numel() else None


def _thin(name: str, change: torch.Tensor, rank: int) -> State:
    """Both factors get the root of the singular values: half precision has few small numbers."""
    left, values, right = torch.linalg.svd(change.double(), full_matrices=False)
    roots = values[:rank].sqrt()
    return {name + LEFT: left[:, :rank] * roots, name + RIGHT: roots[:, None] * right[:rank]}


def likeness(state: State, tuned: Vectors, texts: list[str]) -> dict[str, float]:
    """How near the vectors of a model with these weights are to the tuned model's: cosines."""
    with tempfile.TemporaryDirectory() as folder:
        write_model(state, Path(folder))
        cosines = (load_encoder(folder).encode_document(texts) * tuned).sum(axis=1)
    return {"mean": round(float(cosines.mean()), 5), "least": round(float(cosines.min()), 5)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--documents", type=Path, required=True, help="texts to compare vectors of")
    parser.add_argument("--rank", type=int, default=32)
    parser.add_argument("--words-rank", type=int, default=32)
    parser.add_argument("--texts", type=int, default=500)
    arguments = parser.parse_args()
    base, tuned = read_weights(ORIGINAL), read_weights(str(arguments.model))
    ranks = Ranks(arguments.rank, arguments.words_rank)
    told = arguments.model.parent / "settings.json"
    settings = json.loads(told.read_text()) if told.exists() else None
    header = write_delta(base, tuned, arguments.out, ranks, settings)
    texts = list(read_documents(arguments.documents).values())
    step = max(1, len(texts) // arguments.texts)
    sample = texts[::step][: arguments.texts]
    vectors = load_encoder(str(arguments.model)).encode_document(sample)
    report = {
        "bytes": arguments.out.stat().st_size,
        "cosine with the tuned model": likeness(apply(base, arguments.out), vectors, sample),
        "of the original, to compare": likeness(base, vectors, sample),
        "share of the change kept": kept(base, tuned, apply(base, arguments.out)),
    }
    arguments.out.with_suffix(".json").write_text(json.dumps(header | report, indent=1) + "\n")
    print(json.dumps(report, indent=1))


def kept(base: State, tuned: State, made: State) -> float:
    """1 - squared error / squared change, over all weights."""
    error = sum(float(((tuned[n] - made[n]) ** 2).sum()) for n in base)
    change = sum(float(((tuned[n] - base[n]) ** 2).sum()) for n in base)
    return round(1 - error / change, 4) if change else float(np.isclose(error, 0))


if __name__ == "__main__":
    main()
