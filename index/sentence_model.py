"""Any model that sentence-transformers can load, used as its author meant it.

Queries and documents go through the model's own `encode_query` and `encode_document`, with the
model's own prompts.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize
from transformers.utils import logging as transformers_logging

from index.errors import EncoderError
from index.hub import Place

# These rank unit vectors as the cosine does.
_COSINE_IF_UNIT = ("dot", "euclidean")
_NO_LIMIT = 10**9  # tokens; "any length" is stated as infinity or as 10 ** 30
_SETTINGS: dict[str, Any] = {
    "show_progress_bar": False,
    "convert_to_tensor": True,
    "normalize_embeddings": True,
}


class SentenceModel:
    """Texts in, unit vectors out."""

    def __init__(self, place: Place, device: str, dtype: torch.dtype) -> None:
        """Raises EncoderError when it cannot be loaded, or does not compare by cosine."""
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            model = SentenceTransformer(
                place.name,
                device=device,
                local_files_only=place.local_files_only,
                model_kwargs={"dtype": dtype},
            )
        except Exception as error:  # a damaged model raises whatever its reader stumbles over
            told = " ".join(str(error).split()).rstrip(".") + place.hint
            raise EncoderError(f"the model {place.name!r} cannot be loaded: {told}") from error
        measure = model.similarity_fn_name
        if measure != "cosine" and not (measure in _COSINE_IF_UNIT and _ends_in_unit(model)):
            raise EncoderError(
                f"the model {place.name!r} compares by {measure!r}; only models that compare by "
                "cosine, or by dot product or distance of vectors that they normalise, can be used"
            )
        self._model = model
        self.dimension = int(model.get_embedding_dimension() or 0)
        self.max_tokens = _max_tokens(model)
        self.query_prompt = _prompt(model, "query")
        self.document_prompt = _prompt(model, "document", "passage", "corpus")

    def query(self, texts: list[str]) -> torch.Tensor:
        """Vectors of search queries, (texts, dimension), each of length 1."""
        prompt = self.query_prompt
        vectors: torch.Tensor = self._model.encode_query(texts, prompt=prompt, **_SETTINGS)
        return vectors

    def document(self, texts: list[str]) -> torch.Tensor:
        """Vectors of documents, (texts, dimension), each of length 1."""
        prompt = self.document_prompt
        vectors: torch.Tensor = self._model.encode_document(texts, prompt=prompt, **_SETTINGS)
        return vectors

    def digest(self) -> str:
        """What tells this model from others; see `model_digest`."""
        return model_digest(self._model)


def model_digest(model: SentenceTransformer) -> str:
    """SHA-256 over tensors, vocabulary and pooling, for a model without a published digest.

    Tensors count as bfloat16, so that all machines agree, whatever they compute in.
    """
    digest = hashlib.sha256()
    for key, tensor in sorted(model.state_dict().items()):
        digest.update(key.encode())
        plain = tensor.detach().cpu().to(torch.bfloat16).reshape(-1)  # a scalar has no bytes view
        digest.update(plain.view(torch.uint8).numpy())
    vocabulary: dict[str, int] = getattr(getattr(model, "tokenizer", None), "get_vocab", dict)()
    stages = [[type(m).__name__, getattr(m, "pooling_mode", None)] for m in model.children()]
    digest.update(json.dumps([vocabulary, stages], sort_keys=True).encode())
    return digest.hexdigest()


def _ends_in_unit(model: SentenceTransformer) -> bool:
    """Whether the model itself gives vectors of length 1."""
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
