"""Write what ships of a tuned model: its difference from the original, compressed.

    python -m training.encoder.export RUN/model --out FILE.safetensors --documents D

The difference of each weight matrix is told in four bits a number, without the rows that hardly
changed (`index/delta.py`); biases and norms stay in half precision. The report says how large the
file is and how near the vectors of the model built from it are to those of the tuned one.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from index.delta import (
    CODES,
    FORMAT,
    HEADER,
    LEVELS,
    ROWS,
    SCALES,
    apply,
    decoded,
    pack,
    state_digest,
)
from index.encoder import Vectors, load_encoder
from training.encoder.data import read_documents
from training.encoder.weights import ORIGINAL, State, read_weights, write_model

_LEFT_OUT = 1e-3  # of the squared change of a matrix, in the rows that changed least
_CLIPS = torch.linspace(0.4, 1.0, 13)  # of a row's largest change, tried as the end of its scale


def write_delta(
    base: State, tuned: State, path: Path, told: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Write the delta; its header, with `told` under "settings", is returned."""
    if {n: t.shape for n, t in base.items()} != {n: t.shape for n, t in tuned.items()}:
        raise ValueError("the tuned model does not have the tensors of the original")
    parts: State = {}
    shapes: dict[str, list[int]] = {}
    for name in sorted(base):
        change = (tuned[name] - base[name]).float()
        if change.any():
            shapes[name] = list(change.shape)
            parts |= _coded(name, change) if change.dim() == 2 else {name: change.half()}
    header = {"format": FORMAT, "base": state_digest(base), "tensors": shapes}
    header["settings"] = told or {}
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = {name: part.contiguous() for name, part in parts.items()}
    save_file(stored, path, {HEADER: json.dumps(header)})
    return header


def _coded(name: str, change: torch.Tensor) -> State:
    rows = _moved(change)
    codes, scales = quantised(change[rows])
    return {
        name + ROWS: rows.to(torch.int32),
        name + CODES: pack(codes),
        name + SCALES: scales,
    }


def _moved(change: torch.Tensor) -> torch.Tensor:
    """The rows that changed, ascending: words that were never met have next to no change."""
    squares = change.double().square().sum(dim=1)
    order = torch.argsort(squares)
    few = torch.cumsum(squares[order], 0) <= _LEFT_OUT * squares.sum()
    return order[~few].sort().values


def quantised(change: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(codes, scales) of the rows of a matrix, whose squared error is the least of some scales.

    The largest changes of a row may be cut off, for the others are then told more finely.
    """
    largest = change.abs().amax(dim=1)
    best = torch.full_like(largest, torch.inf)
    chosen = torch.zeros_like(change, dtype=torch.uint8), torch.zeros_like(largest)
    for clip in _CLIPS:
        scales = largest * clip * 2 / (LEVELS - 1)
        steps = change / scales.clamp_min(torch.finfo(torch.float32).tiny)[:, None]
        codes = (steps + (LEVELS - 1) / 2).round().clamp(0, LEVELS - 1).to(torch.uint8)
        errors = (decoded(codes, scales) - change).square().sum(dim=1)
        better = errors < best
        best = torch.where(better, errors, best)
        chosen = (
            torch.where(better[:, None], codes, chosen[0]),
            torch.where(better, scales, chosen[1]),
        )
    return chosen


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
    parser.add_argument("--texts", type=int, default=500)
    arguments = parser.parse_args()
    base, tuned = read_weights(ORIGINAL), read_weights(str(arguments.model))
    told = arguments.model.parent / "settings.json"
    settings = json.loads(told.read_text()) if told.exists() else None
    header = write_delta(base, tuned, arguments.out, settings)
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
