"""Evaluation on known items: questions made of the papers of an index itself."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import search.evaluate_self
from index.encoder import Encoder
from index.papers import document_text, merge_mentions
from index.records import Mention, Paper
from index.rows import Lazy
from index.snapshot import Snapshot
from index.text import words
from search.engine import Searcher
from search.evaluate import summary
from search.evaluate_self import describe, evaluate_self
from search.known_items import (
    Item,
    choose,
    sentence_item,
    title_item,
    version_item,
)
from tests.conftest import (
    BREAD,
    CAT,
    SAIL,
    CommandLine,
    MakeIndex,
    ids_by_title,
    make_paper,
    papers_of,
    works_page,
)
from tests.fakes import FakeEncoder
from tests.test_search_cli import one_error

# Two versions of one study that share hardly a wording.
FIRST = (
    "We ask how songbirds keep a melody in memory over one winter. Recordings of twelve finches "
    "show that the order of syllables lasts while their pitch drifts slowly."
)
REWRITTEN = (
    "Vocal memory outlives months without practice. In a dozen zebra finches the sequence of notes "
    "was stable across seasons, whereas frequency wandered, which a synaptic model explains."
)
FINCH = "How finches remember songs"
VOCAL = "Durable vocal sequences"

# Titles that fit their abstracts, words that no other work has.
PLAIN = (
    ("article2020", "Feline naps and kittens", CAT),
    ("article2021", "Boats in the wind", SAIL),
    ("article2022", "Bakers and dough", BREAD),
)
MEASURES = ["mrr@10", "success@1", "success@10"]


@pytest.fixture(scope="module")
def seed_items(fake_index: Path) -> list[Item]:
    """The questions of the seeds."""
    with Snapshot.open(fake_index) as snapshot:
        return choose(snapshot, 1000)


def mention(number: int, title: str | None = None, abstract: str | None = None) -> Mention:
    return Mention("f.txt", number, number, title, abstract=abstract, mention_id=f"m{number}")


def version(*mentions: Mention) -> tuple[str, str] | None:
    """(what is asked, what is searched) of the version task."""
    item = version_item(0, merge_mentions(mentions), mentions)
    return (item.query, document_text(item.document)) if item else None


def scratch(data: Path) -> set[str]:
    return {path.name for path in (data / "evaluate").iterdir()}


def assert_is_altered(data: Path, limit: int) -> None:
    """The only index of --self holds each altered document, or the paper as it is, in its row."""
    (name,) = scratch(data)
    with Snapshot.open(data) as live, Snapshot.open(data / "evaluate" / name) as kept:
        documents = {item.row: item.document for item in choose(live, limit)}
        texts = [document_text(documents.get(n, p)) for n, p in enumerate(live.papers())]
        kept.verify()
        assert [document_text(paper) for paper in kept.papers()] == texts
        assert [p.paper_id for p in kept.papers()] == [p.paper_id for p in live.papers()]
        assert np.allclose(kept.vectors, FakeEncoder().encode_document(texts), atol=1e-3)


def on(item: Item, papers: list[Paper]) -> Paper:
    """The paper of a question, as it stands in the live index."""
    return papers[item.row]


def test_each_paper_of_the_seeds_serves_in_one_task(seed_items: list[Item]) -> None:
    """63 of the 65 papers are asked for, each once: two are known by their title alone."""
    tasks = [item.task for item in seed_items]
    assert {task: tasks.count(task) for task in set(tasks)} == {
        "title": 30, "sentence": 30, "version": 3,
    }  # fmt: skip
    assert len({item.row for item in seed_items}) == 63


def test_what_is_asked_is_not_in_the_document(seed_items: list[Item]) -> None:
    """No document says its question word for word, in whatever case and punctuation."""
    for item in seed_items:
        asked, there = " ".join(words(item.query)), " ".join(words(document_text(item.document)))
        assert asked
        assert asked not in there


def test_only_what_is_asked_is_taken_out(seed_items: list[Item], fake_index: Path) -> None:
    """A title leaves the abstract alone; a sentence leaves the title and every other word."""
    papers = papers_of(fake_index)
    for item in seed_items:
        paper, left = on(item, papers), item.document
        assert left.paper_id == paper.paper_id
        if item.task == "title":
            assert (item.query, left.title, left.abstract) == (paper.title, None, paper.abstract)
        elif item.task == "sentence":
            before, after = (paper.abstract or "").split(item.query)
            assert left.title == paper.title
            assert words(left.abstract or "") == words(before + after)
            assert 8 <= len(words(item.query)) <= 60


def test_the_versions_of_the_seeds(seed_items: list[Item], fake_index: Path) -> None:
    """The seeds have one retitled and two rewritten papers; copies and cuts are no versions."""
    papers = papers_of(fake_index)
    asked = {on(i, papers).title: i for i in seed_items if i.task == "version"}
    celo = asked.pop("Celo: Training Versatile Learned Optimizers on a Compute Diet")
    assert celo.query == "Learning Versatile Optimizers on a Compute Diet"
    starts = {title: item.query[:60] for title, item in asked.items()}
    assert starts == {
        "On Neural Architecture Inductive Biases for Relational Tasks": (
            "Current deep learning approaches have shown good in-distribu"
        ),
        "Tracing the Representation Geometry of Language Models from Pretraining to "
        "Post-training": "The geometry of representations in a neural network can sign",
    }
    for item in (celo, *asked.values()):
        assert document_text(item.document) == document_text(on(item, papers))
        assert item.query != on(item, papers).abstract


def test_the_sample_is_the_same_each_time_and_no_larger_than_asked(fake_index: Path) -> None:
    """With two papers a task there are six questions, and the next time the same six."""
    with Snapshot.open(fake_index) as snapshot:
        items = choose(snapshot, 2)
        assert choose(snapshot, 2) == items
    assert [i.task for i in items] == ["title"] * 2 + ["sentence"] * 2 + ["version"] * 2


def test_another_title_asks_for_what_the_other_mentions_state() -> None:
    """The paper took its abstract from the version that asks; its document goes without it."""
    merged = (mention(1, FINCH), mention(2, FINCH), mention(3, VOCAL, FIRST))
    assert merge_mentions(merged).abstract == FIRST
    assert version(*merged) == (VOCAL, FINCH)


def test_an_untitled_copy_goes_with_its_version() -> None:
    """An untitled mention that repeats the abstract of the version that asks says nothing."""
    titled = (mention(1, FINCH), mention(2, FINCH), mention(3, VOCAL, FIRST))
    assert version(*titled, mention(4, None, FIRST[:90])) == (VOCAL, FINCH)
    # The same abstract under the other title is that version's own.
    assert version(*titled, mention(4, FINCH, FIRST)) == (VOCAL, f"{FINCH}. {FIRST}")


def test_a_rewritten_abstract_asks_for_the_other() -> None:
    """Under one title, and all its copies taken out, the rewritten abstract is the question."""
    one, other = mention(1, FINCH, FIRST), mention(2, None, REWRITTEN)
    copy = mention(3, None, REWRITTEN.upper())
    assert version(one, other, copy) == (REWRITTEN, f"{FINCH}. {FIRST}")


def test_a_title_goes_with_the_version_that_alone_states_it() -> None:
    """The rewritten abstract is cut off, so the other was taken, under the title of this one."""
    cut = replace(mention(1, FINCH, REWRITTEN), abstract_truncated=True)
    other = mention(2, None, FIRST)
    assert document_text(merge_mentions([cut, other])) == f"{FINCH}. {FIRST}"
    assert version(cut, other) == (REWRITTEN, FIRST)


@pytest.mark.parametrize(
    "copy",
    [
        mention(2, "how Finches re-member songs!", FIRST),
        mention(2, FINCH, FIRST.replace(" ", "  ")),
        mention(2, None, FIRST[:100]),
        mention(2, None, FIRST[70:]),
        mention(2, FINCH, FIRST.replace("twelve", "thirteen")),
        mention(2, FINCH, "No abstract is available."),
        mention(2, FINCH),
    ],
)
def test_a_copy_is_no_version(copy: Mention) -> None:
    """Folded titles, white space, cuts at either end and a changed word make no version."""
    assert version(mention(1, FINCH, FIRST), copy) is None


def test_a_title_within_the_other_is_not_asked() -> None:
    """It would stand word for word in the document; the other way round it does not."""
    long = f"{FINCH}: a field study"
    assert version(mention(1, FINCH), mention(2, long), mention(3, long)) is None
    assert version(mention(1, FINCH), mention(2, FINCH), mention(3, long)) == (long, FINCH)


def test_papers_that_cannot_serve() -> None:
    """A task needs what it takes out, and something else that is left to be found."""
    rng = np.random.default_rng(0)
    assert title_item(0, make_paper(title=FINCH), rng) is None
    assert title_item(0, make_paper(abstract=FIRST), rng) is None
    assert title_item(0, make_paper(title="Twelve finches", abstract=FIRST), rng) is None
    assert sentence_item(0, make_paper(title=FINCH), rng) is None
    assert sentence_item(0, make_paper(abstract=CAT), rng) is None
    assert (
        sentence_item(0, make_paper(title=FINCH, abstract="Birds sing. Or do they?"), rng) is None
    )
    assert sentence_item(0, make_paper(abstract=f"{CAT} {CAT}"), rng) is None
    alone = sentence_item(0, make_paper(title=FINCH, abstract=CAT), rng)
    assert alone is not None
    assert (alone.query, document_text(alone.document)) == (CAT, FINCH)


def test_a_perfect_index(make_index: MakeIndex) -> None:
    """Where each part speaks of the rest in words of its own, every mode puts all first."""
    page = works_page(
        *((kind, title, f"{text} {text.replace('while', 'and so')}") for kind, title, text in PLAIN)
    )
    report = evaluate_self(make_index(page), encoder=FakeEncoder())
    assert report["papers"] == 3
    assert report["model"] == "fake"
    assert [report["tasks"][t]["queries"] for t in ("title", "sentence", "all")] == [2, 1, 3]
    for values in report["tasks"].values():
        for mode in ("hybrid", "dense", "lexical"):
            assert values["modes"][mode] == dict.fromkeys(MEASURES, 1.0)
        for mode in ("dense", "lexical"):
            assert values["p_values"][mode] == dict.fromkeys(MEASURES, 1.0)
    assert report["missed"] == []
    assert list(describe(report))[-1] == "hybrid put every paper first"


def test_measures_are_as_worked_out_by_hand(make_index: MakeIndex) -> None:
    """Titles alone can be asked for; one paper comes first, one after a title much like its own.

    Reciprocal ranks 1 and 1/2; a half of the papers first, both among ten.
    """
    page = works_page(
        (
            "article2020",
            "Feline naps and kittens",
            "Kittens purr loudly at noon. A feline sleeps under warm roofs. Mice wait.",
        ),
        (
            "article2021",
            "Boats in the wind",
            "Strong wind moves heavy sails. Boats leave their harbour at dawn. Gulls cry.",
        ),
        ("article2022", "Kittens and feline naps of every kind"),
    )
    data = make_index(page)
    report = evaluate_self(data, encoder=FakeEncoder())
    assert list(report["tasks"]) == ["title", "all"]
    for mode in ("hybrid", "lexical"):
        assert report["tasks"]["title"]["modes"][mode] == {
            "mrr@10": 0.75, "success@1": 0.5, "success@10": 1.0,
        }  # fmt: skip
    title = "Feline naps and kittens"
    paper_id = ids_by_title(papers_of(data))[title]
    assert report["missed"] == [
        {"task": "title", "query": title, "paper_id": paper_id, "title": title, "rank": 2}
    ]


def test_a_failing_index(make_index: MakeIndex) -> None:
    """Titles of two papers exchanged: words find nothing, and the misses say what came instead.

    Whether title or sentence is asked, no word of it is left in its own document. So the words
    find only the title without abstract that speaks of boats.
    """
    page = works_page(
        ("article2020", "Sail, wind, boats, waters and mast across a harbour", CAT),
        ("article2021", "Cat and kittens, whiskers of a feline that sleeps", SAIL),
        ("article2022", "Mast of boats that sail across waters with the wind"),
    )
    data = make_index(page)
    report = evaluate_self(data, encoder=FakeEncoder())
    ids = ids_by_title(papers_of(data))
    lost = set(ids) - {"Mast of boats that sail across waters with the wind"}
    assert report["tasks"]["all"]["queries"] == 2
    assert report["tasks"]["all"]["modes"]["lexical"] == dict.fromkeys(MEASURES, 0.0)
    missed = report["missed"]
    assert {miss["paper_id"] for miss in missed} == {ids[title] for title in lost}
    assert {miss["title"] for miss in missed} == lost
    assert all(miss["rank"] is None or miss["rank"] >= 2 for miss in missed)
    shown = "\n".join(describe(report))
    for miss in missed:
        assert f"{miss['title']}  [{miss['paper_id']}]" in shown
        assert f"asked by {miss['task']}: {miss['query']}" in shown
    assert "one version finds the other: left out, no paper here can be asked for" in shown


def test_ranks_are_those_of_the_ranking(fake_index: Path, tmp_path: Path) -> None:
    """The misses of the seeds, worst first, agree with the measures over the same questions.

    60 texts are embedded for the 63 questions: the other versions are in no document as it is.
    """
    data = shutil.copytree(fake_index, tmp_path / "data")
    encoder = FakeEncoder()
    report = evaluate_self(data, encoder=encoder)
    assert encoder.texts_encoded == 60
    ranks = [miss["rank"] for miss in report["missed"]]
    assert ranks == sorted(ranks, key=lambda rank: -(rank or 101))
    assert 1 not in ranks
    total = report["tasks"]["all"]
    assert total["queries"] == 63
    assert len(ranks) == min(20, 63 - round(63 * total["modes"]["hybrid"]["success@1"]))
    for measure in MEASURES:
        parts = [report["tasks"][task] for task in ("title", "sentence", "version")]
        mean = sum(p["queries"] * p["modes"]["hybrid"][measure] for p in parts) / 63
        assert total["modes"]["hybrid"][measure] == pytest.approx(mean, abs=1e-4)


def test_only_altered_documents_are_embedded_and_only_once(make_index: MakeIndex) -> None:
    """The vectors of other papers come from the live index, and all from the one kept before."""
    encoder = FakeEncoder()
    data = make_index(works_page(*PLAIN), encoder=encoder)
    encoder.texts_encoded, encoder.last_documents = 0, []
    report = evaluate_self(data, papers=1, encoder=encoder)
    with Snapshot.open(data) as snapshot:
        altered = [document_text(item.document) for item in choose(snapshot, 1)]
    assert len(altered) == 2
    assert sorted(encoder.last_documents) == sorted(altered)
    assert evaluate_self(data, papers=1, encoder=encoder) == report
    assert encoder.texts_encoded == 2
    assert len(scratch(data)) == 1


def test_the_kept_index_holds_the_altered_documents(make_index: MakeIndex) -> None:
    """Each row is the altered document or the paper as it is, with the vector of that text."""
    data = make_index(works_page(*PLAIN))
    evaluate_self(data, papers=1, encoder=FakeEncoder())
    assert_is_altered(data, 1)


def test_another_model_embeds_everything_in_an_index_of_its_own(make_index: MakeIndex) -> None:
    """Its vectors are not those of the live index, and both models' indexes stay."""
    data = make_index(works_page(*PLAIN))
    evaluate_self(data, encoder=FakeEncoder())
    other = FakeEncoder("other", dimension=32)
    assert evaluate_self(data, encoder=other)["model"] == "other"
    assert other.texts_encoded == 3
    assert len(scratch(data)) == 2


def test_indexes_of_an_earlier_corpus_are_removed(make_index: MakeIndex) -> None:
    """After a build with another paper only the new index is left, and what is not of --self."""
    data = make_index(works_page(*PLAIN))
    evaluate_self(data, encoder=FakeEncoder())
    evaluate_self(data, papers=1, encoder=FakeEncoder())
    old = scratch(data)
    collection = "self-0123456789ab"  # of a collection in a folder named self
    (data / "evaluate" / collection).mkdir()
    make_index(works_page(*PLAIN, ("article2023", FINCH, FIRST)))
    evaluate_self(data, encoder=FakeEncoder())
    new = scratch(data)
    assert len(old) == 2
    assert len(new) == 2
    assert new & (old | {collection}) == {collection}


def test_a_new_version_is_asked_though_no_text_has_changed(make_index: MakeIndex) -> None:
    """A retitled copy leaves the paper's text as it was; the kept index is not taken for it."""
    abstract = f"{FIRST} {REWRITTEN}"
    pages = [works_page(*PLAIN, ("article2019", FINCH, abstract)) for _ in range(2)]
    data = make_index(*pages)
    before = [document_text(paper) for paper in papers_of(data)]
    assert "version" not in evaluate_self(data, encoder=FakeEncoder())["tasks"]
    kept = scratch(data)
    make_index(*pages, works_page(("article2018", VOCAL, abstract)))
    assert [document_text(paper) for paper in papers_of(data)] == before
    assert evaluate_self(data, encoder=FakeEncoder())["tasks"]["version"]["queries"] == 1
    assert scratch(data) == kept
    assert_is_altered(data, 1000)


def test_differences_that_never_vary_are_judged_by_their_sign() -> None:
    """Ten questions all better by one: 2 / 2 ** 10, where a t-test would divide by zero."""
    modes: dict[Any, Any] = {
        "hybrid": {"success@1": np.ones(10)},
        "dense": {"success@1": np.zeros(10)},
        "lexical": {"success@1": np.ones(10)},
    }
    found = summary(modes)["p_values"]
    assert found == {"dense": {"success@1": 0.002}, "lexical": {"success@1": 1.0}}


def test_a_lazy_sequence_reads_a_part_at_a_time() -> None:
    """It reads like the list, in parts of a thousand at most."""
    read: list[range] = []

    def numbers(rows: range) -> list[int]:
        read.append(rows)
        return [row * 2 for row in rows]

    lazy = Lazy(2500, numbers)
    assert list(lazy) == list(range(0, 5000, 2))
    assert [len(rows) for rows in read] == [1000, 1000, 500]
    assert (len(lazy), lazy[3], lazy[-1], list(lazy[2:4])) == (2500, 6, 4998, [4, 6])


@pytest.fixture
def self_cli(search_cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """The command line of the search, for which every model is FakeEncoder under its name."""
    monkeypatch.setattr(search.evaluate_self, "load_encoder", FakeEncoder)
    return search_cli


def test_evaluate_self_as_json(self_cli: CommandLine, make_index: MakeIndex) -> None:
    """One document with the figures of each task, by the model of the index."""
    data = make_index(works_page(*PLAIN))
    report = self_cli("evaluate", "--self", "--json", "--data", data).json()
    assert list(report) == ["papers", "model", "tasks", "missed"]
    assert (report["papers"], report["model"]) == (3, "fake")
    assert list(report["tasks"]) == ["title", "sentence", "all"]
    for values in report["tasks"].values():
        assert list(values) == ["queries", "modes", "p_values"]
        assert list(values["modes"]) == ["hybrid", "dense", "lexical"]
        assert list(values["p_values"]) == ["dense", "lexical"]
        assert list(values["modes"]["hybrid"]) == MEASURES
        assert list(values["p_values"]["dense"]) == MEASURES
    for miss in report["missed"]:
        assert list(miss) == ["task", "query", "paper_id", "title", "rank"]
    assert report == evaluate_self(data, encoder=FakeEncoder())


def test_evaluate_self_for_people(self_cli: CommandLine, make_index: MakeIndex) -> None:
    """The model that was asked for, a table a task with its number of questions."""
    data = make_index(works_page(*PLAIN))
    outcome = self_cli("evaluate", "--self", "--model", "other", "--papers", "1", "--data", data)
    lines = outcome.out.splitlines()
    assert outcome.status == 0
    assert lines[0] == "3 papers, model other"
    assert lines[2].split() == ["a", "title", "finds", "its", "abstract", "(1)", *MEASURES]
    assert [line.split()[0] for line in lines[3:8]] == ["hybrid", "dense", "lexical", "p", "p"]
    assert {len(line) for line in lines[2:6]} == {len(lines[2])}
    assert "all together (2)" in outcome.out


def test_evaluate_a_folder_still_prints_its_table(
    self_cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Modes in lines and measures in columns, the default model when none is named."""
    monkeypatch.setattr(search.__main__, "load_encoder", FakeEncoder)
    documents = [{"_id": "d1", "title": "Sail", "text": SAIL}, {"_id": "d2", "text": CAT}]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, documents)))
    (tmp_path / "queries.jsonl").write_text(json.dumps({"_id": "q", "text": "boats and wind"}))
    (tmp_path / "qrels.tsv").write_text("q\td1\t1\n")
    outcome = self_cli("evaluate", tmp_path, "--data", tmp_path / "data")
    lines = outcome.out.splitlines()
    assert lines[0] == f"{tmp_path.name}: 2 documents, 1 queries"
    assert lines[1] == "             ndcg@10   recall@10  recall@100         map"
    assert lines[4] == "lexical       1.0000      1.0000      1.0000      1.0000"
    assert lines[5].endswith("  hybrid against dense, paired t-test")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give a folder with judged queries, or --self, and not both"),
        (("FOLDER", "--self"), "give a folder with judged queries, or --self, and not both"),
        (("FOLDER", "--papers", "5"), "--papers goes with --self; "),
        (("--self", "--papers", "0"), "papers is 0; ask for at least one paper a task"),
        (("--self", "--data", "FOLDER"), "FOLDER: no index here yet; "),
    ],
)
def test_bad_input_is_one_line(
    self_cli: CommandLine, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    """Exactly one thing to measure on, a possible number, and an index: else exit 2."""
    given = [str(tmp_path) if argument == "FOLDER" else argument for argument in arguments]
    error = one_error(self_cli("evaluate", *given))
    assert error.startswith(message.replace("FOLDER", str(tmp_path)))


def test_too_few_papers(self_cli: CommandLine, make_index: MakeIndex) -> None:
    """One paper that can be asked for is no test, however many are known by title alone."""
    data = make_index(works_page(PLAIN[0], ("article2020", FINCH), ("article2021", VOCAL)))
    error = one_error(self_cli("evaluate", "--self", "--data", data))
    assert error.startswith(f"{data}: too few papers to measure search on; of 3 only 1 can be")
    assert not (data / "evaluate").exists()


@pytest.mark.model
def test_the_seeds_find_themselves(
    real_index: Path, real_searcher: Searcher, real_encoder: Encoder, tmp_path: Path
) -> None:
    """Measured 0.87 over all 63 questions, 0.98 for titles, 0.75 for sentences, 1 for versions."""
    data = shutil.copytree(real_index, tmp_path / "data")
    report = evaluate_self(data, encoder=real_encoder)
    assert report["papers"] == len(real_searcher) == 65
    found = {task: v["modes"]["hybrid"]["mrr@10"] for task, v in report["tasks"].items()}
    assert found["all"] > 0.84
    assert found["title"] > 0.95
    assert found["sentence"] > 0.70
    assert found["version"] == 1.0
    lexical = report["tasks"]["all"]["modes"]["lexical"]["mrr@10"]
    assert found["all"] > lexical
