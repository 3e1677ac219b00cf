"""The manifest of a generation: what it holds, and what it was made from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from index.calibration import Calibration
from index.encoder import ModelInfo
from index.errors import SnapshotError

FORMAT = 7  # of everything in a generation; a reader refuses any other
REBUILD = "run `python -m index build`"
# What vectors depend on. The path may differ, and the precision of the computation.
_MODEL = {
    "sha256": "weights, vocabulary or pooling",
    "dimension": "dimensions",
    "max_tokens": "tokens of a text",
    "query_prompt": "query prompt",
    "document_prompt": "document prompt",
}


@dataclass(frozen=True)
class Manifest:
    """What a generation holds and what it was made from."""

    format: int
    generation: int
    created: str  # ISO 8601, UTC
    model: ModelInfo
    metric: str  # "cosine", as inner product of unit vectors
    ann: str  # kind of the vector index, for people
    vector_search: dict[str, Any]  # kind, candidates and measured recall; see `index.ann.Method`
    counts: dict[str, int]  # papers, mentions, merges, files, skipped, topics, added
    files: dict[str, dict[str, Any]]  # name -> {"size": bytes, "sha256": hex}
    sources: list[str]  # files and folders given to the build, as absolute paths
    settings: dict[str, Any]
    calibration: Calibration
    versions: dict[str, str]  # of the libraries

    def to_json(self) -> str:
        """The text of manifest.json, which ends with the digest of the rest."""
        values = asdict(self)
        return _written(values | {"sha256": _digest(values)})

    @classmethod
    def from_json(cls, text: str, path: Path) -> Manifest:
        """Parse manifest.json. Raises SnapshotError for another format or a damaged file."""
        try:
            raw = json.loads(text)
            version = raw["format"]
        except (ValueError, KeyError, TypeError) as error:
            raise SnapshotError(f"{path}: not a manifest ({error}); {REBUILD}") from error
        if version != FORMAT:
            raise SnapshotError(
                f"{path}: index format {version!r}, this version reads format {FORMAT}; {REBUILD}"
            )
        as_written = _written(raw) == text
        if raw.pop("sha256", None) != _digest(raw) or not as_written:
            raise SnapshotError(f"{path}: altered since it was written; {REBUILD}")
        raw["model"] = ModelInfo(**raw["model"])
        raw["calibration"] = Calibration(**raw["calibration"])
        return cls(**raw)


def model_differences(has: ModelInfo, given: ModelInfo) -> list[str]:
    """In what the vectors of two models cannot be compared, in words; empty when they can."""
    shown = [asdict(info) | {"sha256": info.sha256[:12]} for info in (has, given)]
    return [
        f"{what} ({shown[0][field]!r}, now {shown[1][field]!r})"
        for field, what in _MODEL.items()
        if getattr(has, field) != getattr(given, field)
    ]


def _written(values: dict[str, Any]) -> str:
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def _digest(values: dict[str, Any]) -> str:
    """SHA-256 of the manifest's values, in hexadecimal."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
