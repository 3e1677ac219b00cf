"""What all runs share: log, kept settings, the model to begin with, what the trainer is told."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainingArguments
from transformers import TrainerCallback

from index.encoder import Encoder
from training.encoder.loss import TuningLoss
from training.encoder.measure import METRIC
from training.encoder.settings import QuerySettings, Settings

_LOGGED_EVERY = 10  # steps
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


def arguments_of(
    out: Path, settings: Settings | QuerySettings, precision: torch.dtype, **more: Any
) -> SentenceTransformerTrainingArguments:
    """What the trainer is told of a run with these settings, and `more`."""
    return SentenceTransformerTrainingArguments(
        output_dir=str(out / "checkpoints"),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch,
        learning_rate=settings.learning_rate,
        warmup_steps=settings.warmup,
        lr_scheduler_type="linear",
        weight_decay=settings.weight_decay,
        use_cpu=not torch.cuda.is_available(),
        bf16=precision == torch.bfloat16,
        eval_strategy="steps",
        eval_steps=settings.evaluate_every,
        eval_on_start=True,
        save_strategy="steps",
        save_steps=settings.evaluate_every,
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model=f"eval_{METRIC}",
        greater_is_better=True,
        logging_steps=_LOGGED_EVERY,
        disable_tqdm=True,
        report_to="none",
        seed=settings.seed,
        data_seed=settings.seed,
        **more,
    )


class Teller(TrainerCallback):
    """Tells the collator which pass it is, and the log what happened."""

    def __init__(self, collator: Any, log: Log, losses: Mapping[str, TuningLoss]) -> None:
        self._collator, self._log, self._losses = collator, log, losses

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Before each pass."""
        self._collator.epoch = int(state.epoch or 0)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Whenever the trainer has something to tell."""
        told = {k.removeprefix("eval_"): v for k, v in (logs or {}).items()}
        if "loss" in told:
            parts = {name: loss.take_means() for name, loss in self._losses.items()}
            self._log.write("step", step=state.global_step, **told, **parts)
        elif METRIC in told:
            self._log.write("evaluation", step=state.global_step, **told)


def precision_of(wanted: str, encoder: Encoder) -> torch.dtype:
    """What passes compute in: `wanted` is bf16, fp32, or auto for what the encoder computes in."""
    name = {"bf16": "bfloat16", "fp32": "float32"}.get(wanted, encoder.info.dtype)
    return torch.bfloat16 if name == "bfloat16" else torch.float32


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
