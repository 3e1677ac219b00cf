"""Any sentence-transformers model that `--model` names is used as its author meant it.

The models are made here: small, with random weights. They compute in float32, so that vectors can
be compared with those that the library gives without any of this program's code.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import index.__main__
import index.encoder
import search.__main__
from index.build import build
from index.encoder import load_encoder
from index.errors import EncoderError, SnapshotError
from index.papers import document_text
from index.snapshot import Snapshot
from search.engine import Searcher
from tests.conftest import BREAD, CAT, SAIL, CommandLine, command_line, live, papers_of, works_page

BOTH = {"query": "query: ", "document": "passage: "}
PAGE = works_page(
    ("article2020", "Cats at rest", CAT),
    ("article2021", "Boats under sail", SAIL),
    ("article2022", "Loaves in an oven", BREAD),
)
QUERY = "how long do kittens sleep"

# name: dimension, max_tokens, query prompt, document prompt
ACCEPTED: dict[str, tuple[int, int | None, str, str]] = {
    "prompted": (32, 48, "query: ", "passage: "),
    "wide": (48, 48, "", ""),
    "short": (32, 16, "query: ", ""),
    "passage": (32, 48, "query: ", "passage: "),
    "corpus": (32, 48, "", "corpus: "),
    "dot, unit": (32, 48, "query: ", "passage: "),
    "euclidean, unit": (32, 48, "query: ", "passage: "),
    "truncated": (20, 48, "query: ", "passage: "),
    "static": (24, None, "ask: ", "tell: "),
}


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models, as sentence-transformers saves them. To be read only."""
    folder = tmp_path_factory.mktemp("models")
    bert(folder / "prompted")
    bert(folder / "wide", dimension=48, prompts={})
    bert(folder / "short", max_tokens=16, prompts={"query": "query: "})
    bert(folder / "passage", prompts={"query": "query: ", "passage": "passage: "})
    bert(folder / "corpus", prompts={"corpus": "corpus: "})
    bert(folder / "truncated", truncate=20)
    bert(folder / "dot", similarity="dot")
    bert(folder / "dot, unit", similarity="dot", normalise=True)
    bert(folder / "dot, unit, truncated", similarity="dot", normalise=True, truncate=20)
    bert(folder / "euclidean", similarity="euclidean")
    bert(folder / "euclidean, unit", similarity="euclidean", normalise=True)
    bert(folder / "manhattan, unit", similarity="manhattan", normalise=True)
    static(folder / "static")
    return folder


@pytest.fixture(autouse=True)
def _in_float32(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In float32 and, as for so small models more threads cost more than they save, in one."""
    import torch  # noqa: PLC0415  this and the like take seconds, which only these tests should

    compute_in(monkeypatch, "float32")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def index_command(capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """Runs `python -m index ARGUMENTS` with the models that they name."""
    return command_line(index.__main__.main, capfd)


@pytest.fixture
def search_command(capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """Runs `python -m search ARGUMENTS` with the model that the index names."""
    return command_line(search.__main__.main, capfd)


BuildWith = Callable[..., Path]


@pytest.fixture
def build_with(index_command: CommandLine, tmp_path: Path) -> BuildWith:
    """Builds an index of `PAGE` by a model, through the command line; gives its data folder."""

    def build_it(model: Path) -> Path:
        page, data = tmp_path / "page.txt", tmp_path / "data"
        page.write_text(PAGE)
        done = index_command("build", page, "--data", data, "--model", model)
        assert (done.status, done.err.count("error")) == (0, 0), done.err
        return data

    return build_it


@pytest.fixture(scope="session")
def shared_index(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data folder of an index of `PAGE` by the model "my model". To be read only."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "page.txt").write_text(PAGE)
    shutil.copytree(models / "prompted", models / "my model")
    with pytest.MonkeyPatch.context() as patch:
        compute_in(patch, "float32")
        build([folder / "page.txt"], folder / "data", model=str(models / "my model"))
    return folder / "data"


@pytest.fixture
def my_model(models: Path, shared_index: Path) -> Iterator[Path]:
    """The model of `shared_index`, to do anything with."""
    model = models / "my model"
    yield model
    shutil.rmtree(model, ignore_errors=True)
    shutil.copytree(models / "prompted", model)


def compute_in(monkeypatch: pytest.MonkeyPatch, dtype: str) -> None:
    import torch  # noqa: PLC0415

    monkeypatch.setattr(index.encoder, "device_and_dtype", lambda: ("cpu", getattr(torch, dtype)))


def save(
    path: Path,
    stages: Sequence[Any],
    prompts: dict[str, str],
    similarity: str,
    truncate: int | None,
) -> None:
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415

    model = SentenceTransformer(
        modules=list(stages),
        prompts=prompts,
        similarity_fn_name=similarity,  # type: ignore[arg-type]
        truncate_dim=truncate,
        device="cpu",
    )
    model.save(str(path), create_model_card=False)


def bert(
    path: Path,
    *,
    dimension: int = 32,
    max_tokens: int = 48,
    prompts: dict[str, str] = BOTH,
    similarity: str = "cosine",
    normalise: bool = False,
    truncate: int | None = None,
) -> None:
    """A BERT of one layer that reads letter by letter, with mean pooling."""
    import torch  # noqa: PLC0415
    import transformers  # noqa: PLC0415
    from sentence_transformers.sentence_transformer import modules  # noqa: PLC0415

    letters = "abcdefghijklmnopqrstuvwxyz"
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *"0123456789.,:()-"]
    vocabulary += [f"##{letter}" for letter in letters]
    raw = path.parent / f"{path.name}, raw"
    raw.mkdir()
    (raw / "vocab.txt").write_text("\n".join(vocabulary))
    torch.manual_seed(4)
    config = transformers.BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=dimension,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    transformers.BertModel(config).save_pretrained(raw)
    transformers.BertTokenizer(str(raw / "vocab.txt")).save_pretrained(raw)
    stages: list[Any] = [
        modules.Transformer(str(raw), max_seq_length=max_tokens),
        modules.Pooling(dimension),
    ]
    save(path, stages + [modules.Normalize()] * normalise, prompts, similarity, truncate)


def static(path: Path) -> None:
    """A vector for each word of the page, of which texts have the mean; texts of any length."""
    import torch  # noqa: PLC0415
    from sentence_transformers.sentence_transformer import modules  # noqa: PLC0415
    from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: PLC0415

    words = sorted({*PAGE.split(), *QUERY.split(), "ask:", "tell:"})
    vocabulary = {word: n for n, word in enumerate(["[UNK]", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()  # type: ignore[assignment]
    torch.manual_seed(4)
    stage = modules.StaticEmbedding(tokenizer, embedding_dim=24)
    save(path, [stage], {"query": "ask: ", "document": "tell: "}, "cosine", None)


def plain_vectors(path: Path, texts: Sequence[str]) -> np.ndarray:
    """What the library gives for texts as they stand, without any prompt."""
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415

    model = SentenceTransformer(str(path), device="cpu", local_files_only=True)
    vectors: np.ndarray = model.encode(list(texts), prompt="", normalize_embeddings=True)
    return vectors


def edit_json(path: Path, **values: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def farthest(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(np.float32) - b.astype(np.float32)).max())


# --- What is stored, and what is asked ----------------------------------------------------------


@pytest.mark.parametrize("name", ACCEPTED)
def test_vectors_are_those_of_the_model(models: Path, build_with: BuildWith, name: str) -> None:
    """The index holds the model's vectors of each text after the document prompt, the query is
    asked after the query prompt, and the manifest says by which model, length and prompts.
    """
    dimension, max_tokens, query_prompt, document_prompt = ACCEPTED[name]
    path = models / name
    data = build_with(path)
    encoder = load_encoder(str(path))
    manifest = json.loads((live(data) / "manifest.json").read_text(), parse_constant=pytest.fail)
    assert manifest["model"] == {
        "name": str(path),
        "sha256": encoder.info.sha256,
        "dimension": dimension,
        "max_tokens": max_tokens,
        "query_prompt": query_prompt,
        "document_prompt": document_prompt,
        "dtype": "float32",
    }
    assert manifest["metric"] == "cosine"

    texts = [document_text(paper) for paper in papers_of(data)]
    expected = plain_vectors(path, [document_prompt + text for text in texts])
    with Snapshot.open(data) as snapshot:
        stored = np.array(snapshot.vectors)
    assert stored.shape == (3, dimension)
    assert farthest(stored, expected) < 5e-4  # float16 in the index
    assert farthest(encoder.encode_document(texts), expected) < 1e-5
    asked = encoder.encode_query([QUERY])
    assert farthest(asked, plain_vectors(path, [query_prompt + QUERY])) < 1e-5
    # A prompt moves every vector by far more than that.
    if document_prompt:
        assert farthest(stored, plain_vectors(path, texts)) > 0.02
    if query_prompt:
        assert farthest(asked, plain_vectors(path, [QUERY])) > 0.02


@pytest.mark.parametrize("name", sorted(ACCEPTED.keys() - {"passage", "corpus"}))
def test_the_library_itself_gives_the_same(models: Path, name: str) -> None:
    """Vectors are those of the library's own `encode_query` and `encode_document`."""
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415

    model = SentenceTransformer(str(models / name), device="cpu", local_files_only=True)
    encoder = load_encoder(str(models / name))
    texts = [CAT, SAIL, BREAD]
    documents = model.encode_document(texts, normalize_embeddings=True)
    assert farthest(encoder.encode_document(texts), documents) < 1e-5
    queries = model.encode_query(texts, normalize_embeddings=True)
    assert farthest(encoder.encode_query(texts), queries) < 1e-5


def test_a_model_with_one_tower_for_queries_and_another_for_documents(tmp_path: Path) -> None:
    """Queries and documents each go through the part of the model that is made for them."""
    import torch  # noqa: PLC0415
    from sentence_transformers.sentence_transformer import modules  # noqa: PLC0415

    static(tmp_path / "one")
    towers = []
    for seed in (1, 2):
        (tower,) = [modules.StaticEmbedding.load(str(tmp_path / "one"))]
        torch.manual_seed(seed)
        torch.nn.init.normal_(tower.embedding.weight)
        save(tmp_path / f"tower {seed}", [tower], {}, "cosine", None)
        towers.append(tower)
    router = modules.Router.for_query_document([towers[0]], [towers[1]])
    save(tmp_path / "both", [router], {}, "cosine", None)
    encoder = load_encoder(str(tmp_path / "both"))
    assert (encoder.info.dimension, encoder.info.max_tokens) == (24, None)
    queries, documents = (plain_vectors(tmp_path / f"tower {n}", [CAT, SAIL]) for n in (1, 2))
    assert farthest(encoder.encode_query([CAT, SAIL]), queries) < 1e-5
    assert farthest(encoder.encode_document([CAT, SAIL]), documents) < 1e-5
    assert farthest(queries, documents) > 0.02


def test_texts_are_cut_at_the_length_of_the_model(models: Path) -> None:
    """A model of 16 tokens sees 14 letters beside its two marks; one of 48 sees the rest too."""
    texts = ["a b c d e f g h i j k l m n", "a b c d e f g h i j k l m n o p q"]
    short = load_encoder(str(models / "short")).encode_document(texts)
    longer = load_encoder(str(models / "prompted")).encode_document(texts)
    assert farthest(short[0], short[1]) < 1e-6
    assert farthest(longer[0], longer[1]) > 0.01
    differing = load_encoder(str(models / "short")).encode_document([texts[0], texts[0][:-1] + "z"])
    assert farthest(differing[0], differing[1]) > 0.01


@pytest.mark.parametrize("name", ["dot", "euclidean", "dot, unit, truncated", "manhattan, unit"])
def test_a_model_that_does_not_compare_by_cosine_is_refused(models: Path, name: str) -> None:
    """A model that would rank otherwise than the cosine is refused by the name of its measure."""
    measure = name.split(",", maxsplit=1)[0]
    with pytest.raises(EncoderError, match=f"compares by '{measure}'; only .* by cosine"):
        load_encoder(str(models / name))


# --- The command lines --------------------------------------------------------------------------


def test_query_and_like_answer_by_the_model(
    models: Path, build_with: BuildWith, search_command: CommandLine
) -> None:
    """`query` ranks by the cosine of prompted query and prompted texts, `like` by that of texts."""
    path = models / "static"
    data = build_with(path)
    papers = papers_of(data)
    vectors = plain_vectors(path, [f"tell: {document_text(paper)}" for paper in papers])

    def ranking(cosines: np.ndarray) -> list[tuple[str, Any]]:
        order = np.argsort(-cosines)
        return [(papers[i].paper_id, pytest.approx(float(cosines[i]), abs=1e-3)) for i in order]

    asked = search_command("query", QUERY, "--mode", "dense", "--data", data, "--json").json()
    expected = ranking(vectors @ plain_vectors(path, [f"ask: {QUERY}"])[0])
    assert [(hit["paper_id"], hit["dense"]) for hit in asked] == expected

    cat = next(i for i, paper in enumerate(papers) if paper.title == "Cats at rest")
    like = search_command("like", papers[cat].paper_id, "--data", data, "--json").json()
    itself, *others = ranking(vectors @ vectors[cat])
    assert itself[0] == papers[cat].paper_id
    assert [(hit["paper_id"], hit["dense"]) for hit in like] == others

    shown = search_command("query", "cat kittens whiskers", "--data", data)
    assert shown.status == 0
    assert shown.out.startswith("  1. Cats at rest  [")


def test_status_shows_the_model(
    models: Path,
    index_command: CommandLine,
    build_with: BuildWith,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`status` names the model by its whole path, also when the build was given a relative one."""
    monkeypatch.chdir(models)
    data = build_with(Path("wide"))
    assert (
        f"\nmodel: {models / 'wide'}, 48 dimensions, float32\n"
        in index_command("status", "--data", data).out
    )
    status = index_command("status", "--data", data, "--json").json()
    assert status["model"] == asdict(load_encoder(str(models / "wide")).info)
    verified = index_command("verify", "--data", data)
    assert (verified.status, verified.out[:3]) == (0, "ok:")


def test_another_model_embeds_every_text_anew(
    models: Path, build_with: BuildWith, index_command: CommandLine, tmp_path: Path
) -> None:
    """A build by the same model takes all vectors over; by one of other prompts, none."""
    data = build_with(models / "prompted")
    figures = []
    for name in ("prompted", "corpus", "corpus"):
        arguments = ("build", tmp_path / "page.txt", "--data", data, "--model", models / name)
        report = index_command(*arguments, "--json").json()
        figures.append((report["embedded"], report["reused"]))
    assert figures == [(0, 3), (3, 0), (0, 3)]
    texts = [f"corpus: {document_text(paper)}" for paper in papers_of(data)]
    with Snapshot.open(data) as snapshot:
        assert farthest(snapshot.vectors, plain_vectors(models / "corpus", texts)) < 5e-4


# --- The model changes after the build ----------------------------------------------------------


def _other_weights(model: Path) -> None:
    weights = bytearray((model / "model.safetensors").read_bytes())
    weights[-2] ^= 64
    (model / "model.safetensors").write_bytes(weights)


def _other_query_prompt(model: Path) -> None:
    edit_json(model / "config_sentence_transformers.json", prompts=BOTH | {"query": "find: "})


def _other_document_prompt(model: Path) -> None:
    prompts = {"query": "query: ", "document": "", "corpus": "text: "}
    edit_json(model / "config_sentence_transformers.json", prompts=prompts)


def _other_length(model: Path) -> None:
    edit_json(model / "tokenizer_config.json", model_max_length=40)


def _other_dimension(model: Path) -> None:
    edit_json(model / "config_sentence_transformers.json", truncate_dim=30)


def _other_pooling(model: Path) -> None:
    edit_json(model / "1_Pooling" / "config.json", pooling_mode="cls")


def _other_vocabulary(model: Path) -> None:
    tokenizer = json.loads((model / "tokenizer.json").read_text())
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary["a"], vocabulary["b"] = vocabulary["b"], vocabulary["a"]
    (model / "tokenizer.json").write_text(json.dumps(tokenizer))


def _two_changes(model: Path) -> None:
    _other_length(model)
    _other_query_prompt(model)


@pytest.mark.parametrize(
    ("change", "differing"),
    [
        (_other_weights, "weights, vocabulary or pooling ('{before}', now '{after}')"),
        (_other_pooling, "weights, vocabulary or pooling ('{before}', now '{after}')"),
        (_other_vocabulary, "weights, vocabulary or pooling ('{before}', now '{after}')"),
        (_other_dimension, "dimensions (32, now 30)"),
        (_other_length, "tokens of a text (48, now 40)"),
        (_other_query_prompt, "query prompt ('query: ', now 'find: ')"),
        (_other_document_prompt, "document prompt ('passage: ', now 'text: ')"),
        (_two_changes, "tokens of a text (48, now 40), query prompt ('query: ', now 'find: ')"),
    ],
)
def test_a_model_that_changed_is_refused(
    shared_index: Path,
    my_model: Path,
    search_command: CommandLine,
    change: Callable[[Path], None],
    differing: str,
) -> None:
    """An index is not asked by a model of other weights, vocabulary, pooling, dimension, length or
    prompts than filled it; the error says what differs, and which command mends it.
    """
    before = load_encoder(str(my_model)).info.sha256
    change(my_model)
    after = load_encoder(str(my_model)).info.sha256
    with pytest.raises(SnapshotError):
        Searcher.open(shared_index)
    refused = search_command("query", QUERY, "--data", shared_index)
    told = differing.format(before=before[:12], after=after[:12])
    assert (refused.status, refused.out) == (2, "")
    assert refused.err == (
        f"error: {live(shared_index)}: built with the model '{my_model}', asked with '{my_model}', "
        f"of which differ: {told}; run `python -m index build --model '{my_model}'`\n"
    )


def test_a_build_by_the_changed_model_mends_the_index(
    models: Path,
    tmp_path: Path,
    build_with: BuildWith,
    index_command: CommandLine,
    search_command: CommandLine,
) -> None:
    """After a build every text is embedded anew by the model as it now is, and answers come."""
    model = tmp_path / "model"
    shutil.copytree(models / "prompted", model)
    data = build_with(model)
    _other_document_prompt(model)
    assert search_command("query", QUERY, "--data", data).status == 2
    arguments = ("build", tmp_path / "page.txt", "--data", data, "--model", model)
    report = index_command(*arguments, "--json").json()
    assert (report["embedded"], report["reused"]) == (3, 0)
    assert search_command("query", QUERY, "--data", data).status == 0
    texts = [f"text: {document_text(paper)}" for paper in papers_of(data)]
    with Snapshot.open(data) as snapshot:
        assert farthest(snapshot.vectors, plain_vectors(model, texts)) < 5e-4


def test_a_model_that_moved_is_the_same_model(
    shared_index: Path, my_model: Path, tmp_path: Path, search_command: CommandLine
) -> None:
    """Without its folder an index says what to do; the model may be asked from another place."""
    before = search_command("query", QUERY, "--data", shared_index, "--json").json()
    assert len(before) == 3
    my_model.rename(tmp_path / "there")
    with pytest.raises(EncoderError):
        Searcher.open(shared_index)
    missing = search_command("query", QUERY, "--data", shared_index)
    assert (missing.status, missing.out) == (2, "")
    assert missing.err == (
        f"error: {my_model}: there is no folder with a model; put it there, or choose another with "
        "`python -m index build --model M`\n"
    )
    searcher = Searcher.open(shared_index, encoder=load_encoder(str(tmp_path / "there")))
    assert [hit.to_dict() for hit in searcher.search(QUERY)] == before
    searcher.snapshot.close()
    (tmp_path / "there").rename(my_model)
    assert search_command("query", QUERY, "--data", shared_index, "--json").json() == before


@pytest.mark.parametrize("name", ["prompted", "static"])
def test_the_digest_is_the_same_on_every_machine(
    models: Path, monkeypatch: pytest.MonkeyPatch, build_with: BuildWith, name: str
) -> None:
    """An index built where the processor computes in float32 opens where it does in bfloat16."""
    data = build_with(models / name)
    compute_in(monkeypatch, "bfloat16")
    searcher = Searcher.open(data)
    assert searcher._ranker._encoder.info.dtype == "bfloat16"
    assert searcher.snapshot.manifest.model.dtype == "float32"
    assert len(searcher.search(QUERY, mode="dense")) == 3
    searcher.snapshot.close()


def test_a_weight_that_is_a_single_number_counts() -> None:
    """The digest takes in tensors of no dimension, and tells their values apart."""
    import torch  # noqa: PLC0415

    from index.sentence_model import model_digest  # noqa: PLC0415

    def digest(value: float) -> str:
        scaled: Any = torch.nn.Module()
        scaled.scale = torch.nn.Parameter(torch.tensor(value))
        return model_digest(scaled)

    bfloat16_of_two = b"\x00\x40"
    assert digest(2.0) == hashlib.sha256(b"scale" + bfloat16_of_two + b"[{}, []]").hexdigest()
    assert digest(2.0) != digest(4.0)


# --- What is no model ---------------------------------------------------------------------------


def _cut_weights(model: Path) -> None:
    (model / "model.safetensors").write_bytes((model / "model.safetensors").read_bytes()[:999])


def _no_weights(model: Path) -> None:
    (model / "model.safetensors").unlink()


def _not_json(model: Path) -> None:
    (model / "modules.json").write_text("{")


def _unknown_module(model: Path) -> None:
    edited = (model / "modules.json").read_text().replace("Pooling", "Poolong")
    (model / "modules.json").write_text(edited)


def _no_pooling(model: Path) -> None:
    (model / "1_Pooling" / "config.json").unlink()


def _nothing(model: Path) -> None:
    shutil.rmtree(model)
    model.mkdir()


def _not_there(model: Path) -> None:
    shutil.rmtree(model)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (_cut_weights, "the model '{}' cannot be loaded: Error while deserializing header: "),
        (_no_weights, "the model '{}' cannot be loaded: Error no file named model.safetensors, "),
        (_not_json, "the model '{}' cannot be loaded: Expecting property name "),
        (_unknown_module, "the model '{}' cannot be loaded: "),
        (_no_pooling, "the model '{}' cannot be loaded: Pooling.__init__() missing "),
        (_nothing, "the model '{}' cannot be loaded: Unrecognized model in {}"),
        (_not_there, "{}: there is no folder with a model; put it there, "),
    ],
)
def test_a_folder_that_is_no_model_is_refused(
    shared_index: Path,
    my_model: Path,
    tmp_path: Path,
    index_command: CommandLine,
    damage: Callable[[Path], None],
    told: str,
) -> None:
    """A build by an empty or damaged model is one line that names it; the index stays as it was."""
    data = tmp_path / "data"
    shutil.copytree(shared_index, data)
    before = (data / "CURRENT").read_text(), (live(data) / "manifest.json").read_bytes()
    damage(my_model)
    (tmp_path / "page.txt").write_text(PAGE)
    done = index_command("build", tmp_path / "page.txt", "--data", data, "--model", my_model)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("error: " + told.replace("{}", str(my_model)))
    assert done.err.count("\n") == 1
    assert ((data / "CURRENT").read_text(), (live(data) / "manifest.json").read_bytes()) == before


# --- Names that are looked for on the model hub -------------------------------------------------


_TRIES = 2  # the hub's client, when first used, asks for something of its own too


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """There is no network: no name is resolved. Each try is listed."""
    tries: list[object] = []

    def fail(host: object, *_: object, **__: object) -> None:
        tries.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    importlib.import_module("sentence_transformers")  # not to be timed
    return tries


def test_an_unknown_name_without_a_network_fails_at_once(
    connections: list[object], index_command: CommandLine, tmp_path: Path
) -> None:
    """Without a network a name is looked for once, and refused in one line that says what to do."""
    (tmp_path / "page.txt").write_text(PAGE)
    started = time.perf_counter()
    done = index_command(
        "build", tmp_path / "page.txt", "--data", tmp_path / "data", "--model", "nobody/nothing"
    )
    assert time.perf_counter() - started < 10  # downloads are retried for over a minute
    assert 1 <= len(connections) <= _TRIES
    assert done.status == 2
    assert done.err.count("\n") == 1
    assert done.err.startswith("error: the model 'nobody/nothing' cannot be loaded: ")
    assert done.err.endswith(
        "there is no folder of that name, and the model hub, where it would be looked for, cannot "
        "be reached: check the spelling and the network, or give the path of a model\n"
    )
    assert not (tmp_path / "data" / "CURRENT").exists()


def test_a_downloaded_model_needs_no_network(
    models: Path, connections: list[object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A model that was downloaded earlier is used by its name, the hub being tried only once."""
    cached = tmp_path / "models--someone--small"
    shutil.copytree(models / "prompted", cached / "snapshots" / ("0" * 40))
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("0" * 40)
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(tmp_path))
    encoder = load_encoder("someone/small")
    assert 1 <= len(connections) <= _TRIES
    same = load_encoder(str(models / "prompted"))
    assert asdict(encoder.info) == asdict(same.info) | {"name": "someone/small"}
    assert farthest(encoder.encode_query([QUERY]), same.encode_query([QUERY])) == 0


@pytest.mark.parametrize(
    ("answer", "downloads"), [("found", True), ("not found", True), ("none", False)]
)
def test_a_model_is_downloaded_when_the_hub_answers(
    monkeypatch: pytest.MonkeyPatch, answer: str, downloads: bool
) -> None:
    """Whatever the hub answers, the library may download; it may not when there is no answer."""
    import huggingface_hub  # noqa: PLC0415
    from huggingface_hub.errors import RepositoryNotFoundError  # noqa: PLC0415

    def model_info(*_: object, **__: object) -> None:
        if answer == "not found":
            response: Any = SimpleNamespace(headers={}, request=None)
            raise RepositoryNotFoundError("404", response=response)
        if answer == "none":
            raise TimeoutError("timed out")

    asked: list[bool] = []

    def load(*_: object, local_files_only: bool, **__: object) -> None:
        asked.append(not local_files_only)
        raise OSError("enough")

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", model_info)
    monkeypatch.setattr("index.sentence_model.SentenceTransformer", load)
    with pytest.raises(EncoderError, match="the model 'someone/small' cannot be loaded: enough"):
        load_encoder("someone/small")
    assert asked == [downloads]


@pytest.mark.parametrize("name", ["/nowhere/model", "./model", "../model", "a/b/c"])
def test_a_path_is_not_looked_for_on_the_hub(connections: list[object], name: str) -> None:
    """What can only be a path is refused as a missing folder, without asking the network."""
    with pytest.raises(EncoderError, match=f"^{name}: there is no folder with a model; "):
        load_encoder(name)
    assert connections == []
