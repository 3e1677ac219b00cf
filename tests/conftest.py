"""What test files share: small sources, indexes to read from or to damage, command lines."""

from __future__ import annotations

import importlib
import json
import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import index.__main__
import index.shard
import index.watch
import pages.parts.shared
import search.__main__
import search.engine
from index.build import build
from index.disk import CURRENT, GENERATIONS
from index.encoder import Encoder, load_encoder
from index.records import Paper
from index.snapshot import Snapshot
from index.writer import Contents
from search.engine import Searcher
from tests.fakes import FakeEncoder
from tests.pages import drawn

faiss.omp_set_num_threads(1)  # for so few papers its threads cost more than they save

SEEDS = Path(__file__).resolve().parent.parent / "seeds"
# Without the longest page: 32 papers from 40 mentions, quick to read.
SHORT = [path for path in sorted(SEEDS.iterdir()) if not path.name.startswith("002")]
BUILD_MODULE = importlib.import_module("index.build")  # the name index.build is the function

# Cats, sails and bread: three groups of papers that share no telling word with each other.
CAT = "The cat sleeps near another cat while kittens chase feline whiskers."
SAIL = "The sail catches wind while boats cross harbour waters under mast."
BREAD = "The bread needs flour while bakers knead dough beside ovens."

# Files of a generation whose names are fixed; those of the lexical index are Tantivy's own.
FILES = (
    "papers.sqlite",
    "vectors.npy",
    "vectors.faiss",
    "topics.json",
    "topics.npy",
    "centroids.npy",
    "plane.npy",
)


def works_page(*works: tuple[str, ...]) -> str:
    """A page in the layout `works`: (kind, year and venue run together; title; abstract) each."""
    return "\n\n".join("\n\n".join(filter(None, work)) for work in works) + "\n"


def make_paper(**values: Any) -> Paper:
    """A paper of which only the given fields are stated."""
    nothing: dict[str, Any] = dict.fromkeys(
        ("title", "year", "date", "venue", "abstract", "doi", "arxiv", "pmid", "acl", "url")
    )
    nothing |= dict.fromkeys(("other_titles", "authors", "categories", "mention_ids"), ())
    nothing |= {"authors_truncated": False, "abstract_truncated": False, "fields_from": {}}
    return Paper(**{"paper_id": "p1", **nothing, **values})


def live(data: Path) -> Path:
    """The folder of the live generation."""
    return data / GENERATIONS / (data / CURRENT).read_text().strip()


def edit_manifest(data: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the manifest of the live generation in place."""
    path = live(data) / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def overwrite(path: Path, content: bytes) -> None:
    """Give a file other content as a new file, so that nobody who has it mapped loses the old."""
    fresh = path.with_name(f"{path.name}.fresh")
    fresh.write_bytes(content)
    fresh.replace(path)


def papers_of(data: Path) -> list[Paper]:
    """All papers of the live generation."""
    with Snapshot.open(data) as snapshot:
        return list(snapshot.papers())


def answers_of(data: Path) -> list[tuple[str, float]]:
    """What the index says to a fixed query, and that it verifies. For indexes of FakeEncoder."""
    with Snapshot.open(data) as snapshot:
        snapshot.verify()
        hits = Searcher(snapshot, FakeEncoder()).search("learning in recurrent networks", k=12)
    return [(hit.paper.paper_id, hit.score) for hit in hits]


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        """The single JSON document on stdout."""
        return json.loads(self.out)


CommandLine = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def _own_surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No index named by the environment, and log handlers as they were before the test."""
    monkeypatch.delenv("ABSTRACTS_DATA", raising=False)
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def fake_model(monkeypatch: pytest.MonkeyPatch) -> FakeEncoder:
    """Every model that is loaded by name is this FakeEncoder."""
    encoder = FakeEncoder()
    monkeypatch.setattr(BUILD_MODULE, "load_encoder", lambda *_: encoder)
    monkeypatch.setattr(index.shard, "load_encoder", lambda *_: encoder)
    monkeypatch.setattr(index.watch, "load_encoder", lambda *_: encoder)
    monkeypatch.setattr(search.engine, "load_encoder", lambda *_: encoder)
    monkeypatch.setattr(pages.parts.shared, "load_encoder", lambda *_: encoder)
    return encoder


def command_line(
    main: Callable[[list[str]], int], capfd: pytest.CaptureFixture[str]
) -> CommandLine:
    """Runs a command line in this process, with the models that it names."""

    def call(*arguments: object) -> Outcome:
        capfd.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else 1
        return Outcome(status, *capfd.readouterr())

    return call


@pytest.fixture
def index_cli(fake_model: FakeEncoder, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """Runs `python -m index ARGUMENTS` in this process, with FakeEncoder for a model."""
    return command_line(index.__main__.main, capfd)


@pytest.fixture
def search_cli(fake_model: FakeEncoder, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """Runs `python -m search ARGUMENTS` in this process, with FakeEncoder for a model."""
    return command_line(search.__main__.main, capfd)


@pytest.fixture(scope="session")
def fake_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data folder built from the seeds with FakeEncoder. To be read only."""
    data = tmp_path_factory.mktemp("fake") / "data"
    build([SEEDS], data, encoder=FakeEncoder())
    return data


@pytest.fixture(scope="session")
def short_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data folder built from `SHORT` with FakeEncoder. To be read only."""
    data = tmp_path_factory.mktemp("short") / "data"
    build(SHORT, data, encoder=FakeEncoder())
    return data


@pytest.fixture
def index_copy(short_index: Path, tmp_path: Path) -> Path:
    """A copy of `short_index` to do anything with."""
    return Path(shutil.copytree(short_index, tmp_path / "copy"))


@pytest.fixture
def seeds_copy(tmp_path: Path) -> Path:
    """A copy of the seeds to change."""
    return Path(shutil.copytree(SEEDS, tmp_path / "sources"))


def contents_of(sources: Sequence[Path], data: Path) -> Contents:
    """What a build with FakeEncoder hands to the writer, in memory."""
    caught: list[Contents] = []

    def catch(_: Path, it: Contents) -> int:
        read = {name: list(getattr(it, name)) for name in ("papers", "texts", "mentions")}
        caught.append(replace(it, vectors=np.array(it.vectors), **read))
        return 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BUILD_MODULE, "write_generation", catch)
        build(sources, data, encoder=FakeEncoder())
    return caught[0]


@pytest.fixture(scope="session")
def contents(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    """What a build of the seeds with FakeEncoder hands to the writer."""
    return contents_of([SEEDS], tmp_path_factory.mktemp("contents"))


@pytest.fixture(scope="session")
def real_encoder() -> Encoder:
    """The bundled model."""
    return load_encoder()


@pytest.fixture(scope="session")
def real_index(real_encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data folder built from the seeds with the bundled model. To be read only."""
    data = tmp_path_factory.mktemp("real") / "data"
    build([SEEDS], data, encoder=real_encoder)
    return data


@pytest.fixture(scope="session")
def real_searcher(real_index: Path, real_encoder: Encoder) -> Iterator[Searcher]:
    """A searcher over `real_index`."""
    searcher = Searcher.open(real_index, encoder=real_encoder)
    yield searcher
    searcher.snapshot.close()


MakeIndex = Callable[..., Path]


@pytest.fixture
def make_index(tmp_path: Path) -> MakeIndex:
    """Builds an index from the texts of pages and gives its data folder."""

    def make(*pages: str, name: str = "data", encoder: Encoder | None = None) -> Path:
        folder = tmp_path / f"{name}-sources"
        folder.mkdir(exist_ok=True)
        for number, page in enumerate(pages):
            (folder / f"{number}.txt").write_text(page, encoding="utf-8")
        build([folder], tmp_path / name, encoder=encoder or FakeEncoder())
        return tmp_path / name

    return make


def ids_by_title(papers: Sequence[Paper]) -> dict[str | None, str]:
    """Paper ids by title."""
    return {paper.title: paper.paper_id for paper in papers}


VisitPage = Callable[..., AppTest]


@pytest.fixture
def visit_page(monkeypatch: pytest.MonkeyPatch, fake_model: FakeEncoder) -> Iterator[VisitPage]:
    """Opens a page of the app on an index, at an address, without a browser."""
    monkeypatch.setattr(pages.parts.shared, "load_encoder", lambda *_: fake_model)

    def open_page(page: str, data: Path, /, **address: str) -> AppTest:
        monkeypatch.setenv("ABSTRACTS_DATA", str(data))
        app = AppTest.from_file(SEEDS.parent / "app.py", default_timeout=60).run()
        for name, value in address.items():
            app.query_params[name] = value
        return drawn(app.switch_page(f"pages/{page}.py").run())

    yield open_page
    pages.parts.shared.rebuild_job().cancel()
    assert pages.parts.shared.rebuild_job().wait(30).phase != "running"
    st.cache_resource.clear()
