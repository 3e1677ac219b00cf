"""What all runs share: the log, the settings that a run keeps, the model that it begins with."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer

from index.encoder import Encoder

_LIBRARIES = ("torch", "transformers", "sentence-transformers", "datasets", "accelerate", "numpy")


class Log:
    """Events as JSON lines, each with the seconds since the command began; added to, for ever."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._began = time.monotonic()

    def write(self, event: str, **told: Any) -> None:
        """Add an event to the file, and say it."""
        line = {"event": event, "seconds": round(time.monotonic() - self._began, 1), **told}
        text = json.dumps(line)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(text + "\n")
        print(text, flush=True)


def keep_settings(
    out: Path, settings: Mapping[str, Any], files: Mapping[str, Sequence[Path]], log: Log
) -> None:
    """Write down what the run depends on. Refuses to go on with a run of other settings."""
    digests = {name: [_digest(path) for path in paths] for name, paths in files.items()}
    told = {"settings": dict(settings), "files": digests}
    path = out / "settings.json"
    if path.exists() and json.loads(path.read_text()) != told:
        raise SystemExit(f"{out}: holds a run with other settings or data; choose another")
    path.write_text(json.dumps(told, indent=1) + "\n")
    versions = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    log.write("start", **told, libraries=versions, threads=torch.get_num_threads())


def begun_from(folder: Path, dropout: float) -> SentenceTransformer:
    """The model in a folder, in float32 whatever the passes compute in: it takes small steps."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return SentenceTransformer(
        str(folder),
        device=device,
        local_files_only=True,
        # On a processor, the fused attention takes half of a training step in its way back.
        model_kwargs={
            "dtype": torch.float32,
            "attn_implementation": "sdpa" if device == "cuda" else "eager",
        },
        config_kwargs={"hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout},
    )


def precision_of(wanted: str, encoder: Encoder) -> torch.dtype:
    """What passes compute in: `wanted` is bf16, fp32, or auto for what the encoder computes in."""
    name = {"bf16": "bfloat16", "fp32": "float32"}.get(wanted, encoder.info.dtype)
    return torch.bfloat16 if name == "bfloat16" else torch.float32


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
