"""The bundled model, computed without the library that other models need.

A BERT encoder (Devlin et al., 2019, arXiv:1810.04805) of the shape of all-MiniLM-L6-v2, the mean
of its last layer over the tokens of a text, and that vector's direction. The vectors are those of
sentence-transformers, but importing that takes three times as long as all that a question needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch.nn import functional

from index.delta import apply
from index.errors import EncoderError

DIMENSION = 384
MAX_TOKENS = 256  # longer texts are cut, the two marks at the ends counted
WEIGHTS, TOKENIZER = "model.safetensors", "tokenizer.json"
_LAYERS, _HEADS = 6, 12
_PADDED_TO = 8  # tokens, of which the longest text of a batch has a multiple
_EPSILON = 1e-12  # of the layer norms

State = Mapping[str, torch.Tensor]


@dataclass(frozen=True, slots=True)
class _Affine:
    """A matrix (out, in) with a bias (out,), or the scale and shift of a norm, both (in,)."""

    weight: torch.Tensor
    bias: torch.Tensor

    @classmethod
    def of(cls, state: State, *names: str) -> _Affine:
        """The one of that name; several side by side, to be computed at once."""
        weight, bias = (torch.cat([state[f"{n}.{kind}"] for n in names]) for kind in _KINDS)
        return cls(weight, bias)

    def linear(self, x: torch.Tensor) -> torch.Tensor:
        return functional.linear(x, self.weight, self.bias)

    def norm(self, x: torch.Tensor) -> torch.Tensor:
        return functional.layer_norm(x, (DIMENSION,), self.weight, self.bias, _EPSILON)


_KINDS = ("weight", "bias")


class _Layer:
    """Attention and a feed-forward network; what each adds to its input is normalised."""

    def __init__(self, state: State, prefix: str) -> None:
        attention = f"{prefix}.attention"
        inputs = (f"{attention}.self.{part}" for part in ("query", "key", "value"))
        self._inputs = _Affine.of(state, *inputs)
        self._mixed = _Affine.of(state, f"{attention}.output.dense")
        self._mixed_norm = _Affine.of(state, f"{attention}.output.LayerNorm")
        self._wide = _Affine.of(state, f"{prefix}.intermediate.dense")
        self._narrow = _Affine.of(state, f"{prefix}.output.dense")
        self._norm = _Affine.of(state, f"{prefix}.output.LayerNorm")

    def __call__(self, x: torch.Tensor, seen: torch.Tensor | None) -> torch.Tensor:
        """(texts, tokens, DIMENSION) to the same; `seen` is as of `scaled_dot_product_attention`.

        None says that no text of the batch is filled up.
        """
        texts, tokens, _ = x.shape
        parts = self._inputs.linear(x).view(texts, tokens, 3, _HEADS, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind()
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        mixed = mixed.transpose(1, 2).reshape(texts, tokens, DIMENSION)
        x = self._mixed_norm.norm(self._mixed.linear(mixed) + x)
        return self._norm.norm(self._narrow.linear(functional.gelu(self._wide.linear(x))) + x)


class _Bert:
    """Tokens in, unit vectors out, by one set of weights."""

    def __init__(self, state: State) -> None:
        words, places, kinds = (
            state[f"embeddings.{of}_embeddings.weight"] for of in ("word", "position", "token_type")
        )
        self._words = words
        self._places = places[:MAX_TOKENS] + kinds[0]  # every token is of the first kind
        self._norm = _Affine.of(state, "embeddings.LayerNorm")
        self._layers = [_Layer(state, f"encoder.layer.{n}") for n in range(_LAYERS)]

    def __call__(self, tokens: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
        """(texts, DIMENSION) float32 of tokens, (texts, places); `counted` says which are any."""
        seen = None if bool(counted.all()) else counted[:, None, None, :]
        x = self._norm.norm(self._words[tokens] + self._places[: tokens.shape[1]])
        for layer in self._layers:
            x = layer(x, seen)
        total = (x.float() * counted[:, :, None]).sum(dim=1)  # the mean has the same direction
        return functional.normalize(total, dim=1)


@dataclass(frozen=True, slots=True)
class Tuned:
    """Files of what is added to the weights: for documents, and for the queries that ask for them.

    See `index/delta.py`. The queries were tuned last, against documents that stood still.
    """

    documents: Path
    queries: Path


class MiniLM:
    """Texts in, unit vectors out. Safe to share between threads."""

    def __init__(self, folder: Path, tuned: Tuned | None, device: str, dtype: torch.dtype) -> None:
        """The model of `folder`, with what was tuned, or as it is for documents and queries alike.

        Raises EncoderError when a file is missing or damaged.
        """
        self._device = device
        self._tokenizer = _load_tokenizer(folder / TOKENIZER)
        weights = _load_weights(folder / WEIGHTS)

        def placed(tensor: torch.Tensor) -> torch.Tensor:
            return tensor.to(device, dtype)

        try:
            if tuned:  # in float32: what is added must not be rounded before
                self._documents = _Bert(apply(weights, tuned.documents, placed))
                self._queries = _Bert(apply(weights, tuned.queries, placed))
            else:
                state = {name: placed(tensor) for name, tensor in weights.items()}
                self._documents = self._queries = _Bert(state)
        except KeyError as error:
            raise EncoderError(f"{folder / WEIGHTS}: has no tensor {error}") from error

    def query(self, texts: list[str]) -> torch.Tensor:
        """Vectors of search queries, (texts, DIMENSION) float32, each of length 1; one batch."""
        return self._vectors(self._queries, texts)

    def document(self, texts: list[str]) -> torch.Tensor:
        """Vectors of documents, as those of queries."""
        return self._vectors(self._documents, texts)

    @torch.inference_mode()
    def _vectors(self, network: _Bert, texts: list[str]) -> torch.Tensor:
        encodings = self._tokenizer.encode_batch_fast(texts)
        tokens = self._matrix([encoding.ids for encoding in encodings])
        return network(tokens, self._matrix([e.attention_mask for e in encodings]).bool())

    def _matrix(self, rows: list[list[int]]) -> torch.Tensor:
        """(texts, tokens of the longest of them): rows that are filled up to one length."""
        return torch.tensor(rows, device=self._device)


def _load_tokenizer(path: Path) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library has no exception of its own
        raise EncoderError(f"{path}: not a readable tokenizer ({error})") from error
    tokenizer.enable_truncation(MAX_TOKENS)
    # Each batch to its longest text, and a little further: for every length that it has not met
    # yet, oneDNN keeps a plan of the computation, some megabytes that are never given back.
    tokenizer.enable_padding(pad_to_multiple_of=_PADDED_TO)
    return tokenizer


def _load_weights(path: Path) -> dict[str, torch.Tensor]:
    """In float32. Whole numbers, as the positions that the file lists, are no weights."""
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise EncoderError(f"{path}: not readable weights of a model ({error})") from error
    return {name: t.float() for name, t in tensors.items() if t.is_floating_point()}
