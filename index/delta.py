"""A tuned model as what was added to the weights of another, in a fraction of their size.

A delta is a safetensors file in half precision. A tensor that changed is there whole under its
name, or, for a large matrix, as two thin ones, NAME.left (rows, rank) and NAME.right (rank,
columns), whose product is the change. The header says what belongs to what, and to which weights
it may be added. Tensors that it does not name stay as they are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from index.errors import EncoderError

FORMAT = 1
HEADER = "delta"  # name of the header in the file's metadata
LEFT, RIGHT = ".left", ".right"

State = Mapping[str, torch.Tensor]


def state_digest(state: State) -> str:
    """SHA-256 over names, shapes and values (as float32) of the weights, whatever file they are in.

    Whole numbers, as the positions that some files list, are no weights.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        if tensor.is_floating_point():
            digest.update(f"{name} {list(tensor.shape)}\n".encode())
            flat = tensor.detach().cpu().float().contiguous().reshape(-1)
            digest.update(flat.view(torch.uint8).numpy().data)
    return digest.hexdigest()


def apply(base: State, path: Path) -> dict[str, torch.Tensor]:
    """The base weights (in float32) with the delta of the file added.

    Raises EncoderError when the file is missing or damaged, or made for other weights.
    """
    header, parts = _read(path)
    if header.get("format") != FORMAT:
        raise EncoderError(f"{path}: format {header.get('format')!r}, this version reads {FORMAT}")
    if header.get("base") != state_digest(base):
        raise EncoderError(f"{path}: was made for other weights than those it is to be added to")
    tensors: dict[str, dict[str, Any]] = header["tensors"]
    _check_names(path, tensors, parts)
    state = dict(base)
    for name, told in tensors.items():
        shape = tuple(told["shape"])
        if name not in base or not shape == tuple(base[name].shape) == _shape(name, parts):
            raise EncoderError(f"{path}: {name!r} is not a tensor of the base of shape {shape}")
        state[name] = base[name] + _change(name, parts).to(base[name].dtype)
    return state


def _read(path: Path) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {})[HEADER])
            return header, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise EncoderError(f"{path}: not a readable delta of a model ({error})") from error


def _check_names(path: Path, tensors: Mapping[str, Any], parts: State) -> None:
    expected: set[str] = set()
    for name, told in tensors.items():
        expected |= {name} if told["rank"] is None else {name + LEFT, name + RIGHT}
    for fault, names in (("misses", expected - set(parts)), ("has", set(parts) - expected)):
        if names:
            which = "tensors that its header names" if fault == "misses" else "unknown tensors"
            raise EncoderError(f"{path}: {fault} {which}: {', '.join(sorted(names)[:3])}")


def _shape(name: str, parts: State) -> tuple[int, ...] | None:
    """The shape of a change; None where the two matrices cannot be multiplied."""
    if name in parts:
        return tuple(parts[name].shape)
    left, right = parts[name + LEFT].shape, parts[name + RIGHT].shape
    fit = len(left) == len(right) == 2 and left[1] == right[0]
    return (left[0], right[1]) if fit else None


def _change(name: str, parts: State) -> torch.Tensor:
    """In float32: half precision would lose what the product adds up."""
    if name in parts:
        return parts[name].float()
    return parts[name + LEFT].float() @ parts[name + RIGHT].float()
