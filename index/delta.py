"""A tuned model as what was added to the weights of another, in a fraction of their size.

A delta is a safetensors file. The change of a vector is there whole, in half precision, under its
name. The change of a matrix is there in four bits a number: NAME.rows (n,) int32, the rows that
changed, ascending; NAME.codes (n, columns / 2) uint8, two columns a byte, the first in the lower
half; NAME.scales (n,) float32. A change is (code - 7.5) * scale of its row. The header
says of which tensors there are changes, of which shapes, and to which weights they may be added;
the others stay as they are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from index.errors import EncoderError

FORMAT = 2
HEADER = "delta"  # name of the header in the file's metadata
ROWS, CODES, SCALES = ".rows", ".codes", ".scales"  # of a matrix
LEVELS = 16  # codes
_KINDS = (ROWS, CODES, SCALES)
_MATRIX = 2  # dimensions
_AT_ONCE = 4096  # rows
_MIDDLE = (LEVELS - 1) / 2

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


def apply(
    base: State, path: Path, finish: Callable[[torch.Tensor], torch.Tensor] = lambda tensor: tensor
) -> dict[str, torch.Tensor]:
    """The base weights (in float32) with the delta of the file added.

    Each tensor goes through `finish` as soon as it is made, so that it need not stay in float32.
    Raises EncoderError when the file is missing or damaged, or made for other weights.
    """
    header, parts = _read(path)
    if header.get("format") != FORMAT:
        raise EncoderError(f"{path}: format {header.get('format')!r}, this version reads {FORMAT}")
    if header.get("base") != state_digest(base):
        raise EncoderError(f"{path}: was made for other weights than those it is to be added to")
    shapes: dict[str, list[int]] = header["tensors"]
    _check_names(path, shapes, parts)
    for name, shape in shapes.items():
        if name not in base or list(base[name].shape) != shape or not _fits(name, shape, parts):
            raise EncoderError(f"{path}: {name!r} is not a tensor of the base of shape {shape}")
    return {
        name: finish(_changed(tensor, name, parts) if name in shapes else tensor)
        for name, tensor in base.items()
    }


def pack(codes: torch.Tensor) -> torch.Tensor:
    """Codes (rows, columns) of an even number of columns, two a byte: (rows, columns / 2) uint8."""
    return (codes[:, 0::2] | codes[:, 1::2] << 4).to(torch.uint8)


def unpack(packed: torch.Tensor) -> torch.Tensor:
    """The codes that were packed: (rows, columns) uint8."""
    return torch.stack((packed & 15, packed >> 4), dim=2).flatten(1)


def decoded(codes: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
    """The changes that codes (rows, columns) and scales (rows,) stand for, float32."""
    return (codes.float() - _MIDDLE) * scales[:, None]


def _read(path: Path) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {})[HEADER])
            return header, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise EncoderError(f"{path}: not a readable delta of a model ({error})") from error


def _check_names(path: Path, shapes: Mapping[str, Any], parts: State) -> None:
    expected: set[str] = set()
    for name, shape in shapes.items():
        expected |= {name + kind for kind in _KINDS} if len(shape) == _MATRIX else {name}
    for fault, names in (("misses", expected - set(parts)), ("has", set(parts) - expected)):
        if names:
            which = "tensors that its header names" if fault == "misses" else "unknown tensors"
            raise EncoderError(f"{path}: {fault} {which}: {', '.join(sorted(names)[:3])}")


def _fits(name: str, shape: list[int], parts: State) -> bool:
    """Whether the parts of a change make one of this shape."""
    if len(shape) != _MATRIX:
        return list(parts[name].shape) == shape
    rows, codes, scales = (parts[name + kind] for kind in _KINDS)
    count = len(rows)
    fit = codes.shape == (count, shape[1] // 2) and scales.shape == (count,)
    return fit and (not count or 0 <= int(rows.min()) <= int(rows.max()) < shape[0])


def _changed(tensor: torch.Tensor, name: str, parts: State) -> torch.Tensor:
    """The tensor, float32, with its change added; a part of the rows at a time, to hold little."""
    if name in parts:
        return tensor + parts[name].float()
    rows, codes, scales = (parts[name + kind] for kind in _KINDS)
    changed = tensor.clone()
    for start in range(0, len(rows), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        changed[rows[some].long()] += decoded(unpack(codes[some]), scales[some])
    return changed
