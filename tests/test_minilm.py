"""The bundled models are computed as sentence-transformers computes them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

import index.encoder
from index.encoder import DEFAULT_MODEL, ORIGINAL_MODEL, bundled_folder, load_encoder
from index.errors import EncoderError
from index.minilm import TOKENIZER, WEIGHTS, MiniLM
from index.papers import document_text
from index.snapshot import Snapshot

ODD = [
    "",
    " \n\t",
    "a",
    ".",
    "token " * 300,  # longer than the model reads
    "x" * 500,  # one word, unknown
    "[PAD] [SEP] [MASK]ed ##ing [CLS]",  # names of the marks that the tokenizer itself sets
    "naïve Müller — “quoted”, e\u0301 and \ufb01n; 10⁻³ μm",
    "北京大学の研究 кошка сидит नमस्ते 😀\u200b",
    "nul \x00 and bell \x07 in it",
]


@pytest.fixture(scope="module")
def texts(real_index: Path) -> list[str]:
    """Abstracts of different lengths, their first words, and odd texts."""
    with Snapshot.open(real_index) as snapshot:
        abstracts = [document_text(paper) for paper in snapshot.papers()][:6]
    return abstracts + [text[: 9 * n] for n, text in enumerate(abstracts)] + ODD


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Two that wait for each other on busy cores take much longer."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@cache
def library(dtype: torch.dtype) -> SentenceTransformer:
    """The original model by sentence-transformers alone."""
    return SentenceTransformer(
        str(bundled_folder()),
        device="cpu",
        local_files_only=True,
        model_kwargs={"dtype": dtype},
    )


def expected(texts: list[str], dtype: torch.dtype) -> np.ndarray:
    """Its vectors, of length 1."""
    vectors = library(dtype).encode(texts, convert_to_tensor=True).float().numpy()
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def network() -> MiniLM:
    """The original model in float32."""
    return MiniLM(bundled_folder(), None, "cpu", torch.float32)


@pytest.mark.model
def test_vectors_are_those_of_the_library(texts: list[str], network: MiniLM) -> None:
    """In float32, as one batch that is filled up to 256 tokens, each vector is the library's."""
    vectors = network.document(texts).numpy()
    assert np.abs(vectors - expected(texts, torch.float32)).max() < 1e-5
    assert np.array_equal(network.query(texts).numpy(), vectors)


@pytest.mark.model
def test_a_text_alone_is_as_in_a_batch(texts: list[str], network: MiniLM) -> None:
    """What fills up a batch says nothing: each text has the same vector without it."""
    alone = np.concatenate([network.document([text]).numpy() for text in texts])
    assert np.abs(alone - network.document(texts).numpy()).max() < 1e-5


@pytest.mark.model
def test_bfloat16_is_as_near_to_exact_as_the_librarys(texts: list[str]) -> None:
    """Rounding moves a vector no further than it moves the library's."""
    exact = expected(texts, torch.float32)
    rounded = MiniLM(bundled_folder(), None, "cpu", torch.bfloat16).document(texts).numpy()
    ours, theirs = (
        1 - (vectors * exact).sum(axis=1) for vectors in (rounded, expected(texts, torch.bfloat16))
    )
    assert ours.max() < 1e-3
    assert ours.mean() < 1.2 * theirs.mean()


@pytest.mark.model
def test_tokens_are_those_of_the_library(texts: list[str], network: MiniLM) -> None:
    """Every text becomes the same numbers, cut at 256."""
    known = library(torch.float32).tokenizer(texts, truncation=True, max_length=256)["input_ids"]
    alone = [network._tokenizer.encode_batch_fast([text])[0] for text in texts]
    counted = [sum(encoding.attention_mask) for encoding in alone]
    assert [e.ids[:n] for e, n in zip(alone, counted, strict=True)] == known
    assert all(len(encoding.ids) % 8 == 0 for encoding in alone)
    assert max(counted) == 256


@pytest.mark.model
@pytest.mark.parametrize("name", [DEFAULT_MODEL, ORIGINAL_MODEL])
def test_the_bundled_models_are_computed_here(name: str) -> None:
    """Neither bundled model goes through sentence-transformers."""
    assert isinstance(load_encoder(name)._network, MiniLM)  # type: ignore[attr-defined]


def _without_a_tensor(folder: Path) -> None:
    from safetensors.torch import load_file, save_file  # noqa: PLC0415

    tensors = load_file(folder / WEIGHTS)
    del tensors["encoder.layer.3.output.dense.bias"]
    save_file(tensors, folder / WEIGHTS)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda folder: (folder / TOKENIZER).unlink(), f"{TOKENIZER}: not a readable tokenizer"),
        (lambda folder: (folder / TOKENIZER).write_text("{"), "not a readable tokenizer"),
        (lambda folder: (folder / WEIGHTS).unlink(), f"{WEIGHTS}: not readable weights"),
        (lambda folder: (folder / WEIGHTS).write_bytes(b"nothing"), "not readable weights"),
        (_without_a_tensor, r"has no tensor 'encoder\.layer\.3\.output\.dense\.bias'"),
    ],
)
def test_a_damaged_file_is_named(
    tmp_path: Path, damage: Callable[[Path], object], told: str
) -> None:
    """A file of the model that is missing or damaged is an EncoderError that names it."""
    for name in (TOKENIZER, WEIGHTS):
        shutil.copy(bundled_folder() / name, tmp_path)
    damage(tmp_path)
    with pytest.raises(EncoderError, match=told) as caught:
        MiniLM(tmp_path, None, "cpu", torch.float32)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.model
def test_many_queries_are_computed_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many queries are asked at once, no more than 32 are computed together."""
    encoder = load_encoder(ORIGINAL_MODEL)
    network, sizes = encoder._network, []  # type: ignore[attr-defined]
    compute = network.query
    monkeypatch.setattr(network, "query", lambda texts: sizes.append(len(texts)) or compute(texts))
    queries = [f"{'long ' * (n % 7)}query {n}" for n in range(70)]
    vectors = encoder.encode_query(queries)
    assert sizes == [32, 32, 6]
    assert (vectors[::10] * encoder.encode_document(queries[::10])).sum(axis=1).min() > 0.999
    assert index.encoder._BATCH == 32
