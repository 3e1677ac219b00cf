"""Model folders as named tensors, and back."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from index.encoder import bundled_folder

ORIGINAL = "original"  # stands for the bundled model where a folder is asked for
_FILE = "model.safetensors"

State = dict[str, torch.Tensor]


def folder_of(name: str) -> Path:
    return bundled_folder() if name == ORIGINAL else Path(name)


def read_weights(name: str) -> State:
    """The weights in a model's folder. Whole numbers, which some files list, are none."""
    tensors = load_file(folder_of(name) / _FILE)
    return {key: t.float() for key, t in tensors.items() if t.is_floating_point()}


def write_model(state: State, folder: Path) -> None:
    """A folder as the bundled model's, with other weights."""
    shutil.copytree(bundled_folder(), folder, dirs_exist_ok=True)
    (folder / _FILE).unlink()
    save_file({k: t.contiguous() for k, t in state.items()}, folder / _FILE, {"format": "pt"})
