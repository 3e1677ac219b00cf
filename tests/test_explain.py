"""Why two papers are, or are not, one work; and preprints kept apart from what was published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from index.build import build, plan
from index.decisions import FILE_NAME
from index.errors import QueryError, UnknownPaperError
from index.explain import Explanation, explain, in_words
from index.overrule import join_papers, split_paper
from index.snapshot import Snapshot
from search.rebuild import rebuild_command
from tests.conftest import CommandLine
from tests.fakes import FakeEncoder
from tests.test_evidence import ADA, GRACE, GRADIENTS, MICE, NETWORKS, REPLAY

PREPRINT = {
    "title": NETWORKS,
    "authors": ADA,
    "abstract": GRADIENTS,
    "venue": "arXiv",
    "year": 2020,
}
ARTICLE = {
    "title": NETWORKS,
    "authors": ADA,
    "abstract": GRADIENTS,
    "venue": "NeurIPS",
    "year": 2021,
}
OTHER = {"title": MICE, "authors": GRACE, "abstract": REPLAY}


def index(folder: Path, *stated: dict[str, Any], **settings: Any) -> Path:
    """An index of these records, each in a line of a file."""
    source = folder / "papers"
    source.mkdir(exist_ok=True)
    lines = "".join(json.dumps(record) + "\n" for record in stated)
    (source / "a.jsonl").write_text(lines, encoding="utf-8")
    build([source], folder / "data", encoder=FakeEncoder(), **settings)
    return folder / "data"


def explained(data: Path, first: int, second: int) -> Explanation:
    """The explanation of the mentions in two lines of the file, counted from 0."""
    with Snapshot.open(data) as snapshot:
        ids = [m.mention_id for m, _ in snapshot.mentions()]
        return explain(snapshot, ids[first], ids[second])


def test_one_paper(tmp_path: Path) -> None:
    """Of two mentions of one paper, the joins between them and the rule are told."""
    found = explained(index(tmp_path, PREPRINT, ARTICLE, {"title": NETWORKS}), 0, 1)
    assert found.same
    (merge,) = found.path
    assert (merge.evidence.rule, found.objection) == ("same-title", None)
    (pair,) = found.comparisons
    assert (pair.title, pair.abstract, pair.met, pair.decision) == (1.0, 1.0, True, None)
    assert "one paper" in list(in_words(found))


def test_mentions_that_came_together_through_a_third(tmp_path: Path) -> None:
    """The path leads over the mention in between."""
    untitled = {"abstract": GRADIENTS}
    retitled = {"title": "Normalised Weights Keep Long Memory Alive", "abstract": GRADIENTS}
    data = index(tmp_path, {"title": NETWORKS, "doi": "10.1/a"}, PREPRINT | {"doi": "10.1/a"},
                 untitled, retitled)  # fmt: skip
    found = explained(data, 0, 3)
    assert found.same
    assert [m.evidence.rule for m in found.path][:1] == ["same-identifier"]
    assert len(found.path) == 2
    (pair,) = found.comparisons
    assert pair.evidence is None
    assert pair.against == "the titles differ, and there are not two abstracts to compare"


@pytest.mark.parametrize(
    ("one", "other", "against"),
    [
        (PREPRINT, OTHER, "complete author lists without a common name"),
        (PREPRINT, {"title": MICE, "authors": ADA, "abstract": REPLAY},
         "titles 38% and abstracts (edit 45%, words 0%) are not alike enough"),
        ({"title": NETWORKS}, {"title": MICE},
         "the titles differ, and there are not two abstracts to compare"),
        ({"title": "Editorial", "authors": ADA, "year": 2020},
         {"title": "Editorial", "authors": ADA, "year": 2021},
         "many works have such a title: authors, year and venue have to be the same"),
        ({"title": "Stable Gradients", "year": 2001, "venue": "Neuron"},
         {"title": "Stable Gradients", "year": 2009, "venue": "Cell"},
         "the records agree by -4.5 points, and +0.0 are needed"),
        ({"title": NETWORKS}, {"abstract": REPLAY},
         "neither two titles nor two abstracts to compare"),
        ({"title": "Planning, Part I"}, {"title": "Planning, Part II"},
         "numerals differ in the titles 'Planning, Part I' and 'Planning, Part II'"),
    ],
)  # fmt: skip
def test_two_papers(
    tmp_path: Path, one: dict[str, Any], other: dict[str, Any], against: str
) -> None:
    """What stands against a join is told in words."""
    found = explained(index(tmp_path, one, other), 0, 1)
    assert not found.same
    (pair,) = found.comparisons
    assert (pair.evidence, pair.against) == (None, against)
    assert f"    not joined: {against}" in list(in_words(found))


def test_papers_that_share_no_key_are_not_compared(tmp_path: Path) -> None:
    """It is told when a build does not even compare two papers."""
    far = explained(index(tmp_path, PREPRINT, OTHER), 0, 1)
    assert [pair.met for pair in far.comparisons] == [False]
    assert "    a build does not compare them: they share no key" in list(in_words(far))


def test_what_others_of_the_papers_object(tmp_path: Path) -> None:
    """Where a rule would join two mentions, the ones that keep their papers apart are named."""
    data = index(
        tmp_path, PREPRINT | {"title": f"{NETWORKS}, Part I"},
        ARTICLE | {"title": f"{NETWORKS}, Part II"}, {"abstract": GRADIENTS},
    )  # fmt: skip
    with Snapshot.open(data) as snapshot:
        (lone,) = (p for p in snapshot.papers() if len(p.mention_ids) == 1)
        (pair,) = (p for p in snapshot.papers() if len(p.mention_ids) == 2)
        found = explain(snapshot, lone.paper_id, pair.paper_id)
    assert not found.same
    assert found.comparisons[0].evidence is not None
    assert found.objection is not None
    assert "numerals differ in the titles" in found.objection


def test_the_users_word(tmp_path: Path) -> None:
    """Decisions about the mentions are told, and what they do to the papers."""
    data = index(tmp_path, PREPRINT, ARTICLE, OTHER)
    with Snapshot.open(data) as snapshot:
        paper = next(p for p in snapshot.papers() if len(p.mention_ids) == 2)
        split_paper(snapshot, paper.paper_id)
    assert (tmp_path / "papers" / FILE_NAME).exists()
    found = explained(data, 0, 1)
    assert (found.same, found.comparisons[0].decision) == (True, "split")
    build([tmp_path / "papers"], data, encoder=FakeEncoder())
    assert explained(data, 0, 1).objection == "you have decided that they are two works"


def test_the_command(tmp_path: Path, index_cli: CommandLine) -> None:
    """`same` prints it, or gives it as JSON; an unknown id is bad input."""
    data = index(tmp_path, PREPRINT, ARTICLE)
    with Snapshot.open(data) as snapshot:
        (paper,) = snapshot.papers()
    printed = index_cli("same", *paper.mention_ids, "--data", data).out.splitlines()
    assert printed[0] == f"{paper.paper_id}  2021  {NETWORKS}"
    assert printed[1] == "one paper"
    told = index_cli("same", *paper.mention_ids, "--data", data, "--json").json()
    assert (told["same"], told["paper_ids"]) == (True, [paper.paper_id])
    assert told["path"][0]["rule"] == told["comparisons"][0]["evidence"]["rule"] == "same-title"
    assert told["comparisons"][0]["agreement"]["levels"]["venue"] == "unknown"
    with Snapshot.open(data) as snapshot, pytest.raises(UnknownPaperError):
        explain(snapshot, "nobody", paper.paper_id)


# Editions ---------------------------------------------------------------------------------------


def papers(data: Path) -> list[tuple[int, str | None]]:
    """(mentions, venue) of each paper."""
    with Snapshot.open(data) as snapshot:
        return sorted((len(p.mention_ids), p.venue) for p in snapshot.papers())


def test_editions_apart(tmp_path: Path) -> None:
    """A preprint and what was published of it are two papers if asked for, one by default; the
    copies of each stay together.
    """
    stated = (PREPRINT, PREPRINT | {"year": None}, ARTICLE, ARTICLE | {"doi": "10.1/a"})
    assert papers(index(tmp_path, *stated)) == [(4, "NeurIPS")]
    assert papers(index(tmp_path, *stated, editions="apart")) == [(2, "NeurIPS"), (2, "arXiv")]
    assert papers(index(tmp_path, *stated)) == [(4, "NeurIPS")]


def test_editions_by_doi_and_number(tmp_path: Path) -> None:
    """Where no venue is stated, the DOI tells, then the arXiv number; else a mention is either."""
    bare = {"title": NETWORKS, "authors": ADA, "abstract": GRADIENTS}
    stated = (
        bare | {"doi": "10.48550/arXiv.2001.00001"}, bare | {"arxiv": "2001.00001"},
        bare | {"doi": "10.1145/1"}, bare,
    )  # fmt: skip
    assert sorted(n for n, _ in papers(index(tmp_path, *stated, editions="apart"))) in (
        [1, 3], [2, 2],
    )  # fmt: skip


def test_a_join_of_editions(tmp_path: Path) -> None:
    """What the user joins is joined though editions are apart."""
    data = index(tmp_path, PREPRINT, ARTICLE, editions="apart")
    with Snapshot.open(data) as snapshot:
        join_papers(snapshot, [p.paper_id for p in snapshot.papers()])
    assert papers(index(tmp_path, PREPRINT, ARTICLE, editions="apart")) == [(2, "NeurIPS")]


def test_editions_are_remembered(tmp_path: Path, index_cli: CommandLine) -> None:
    """The manifest, `status`, `same` and the command of a rebuild know of the option."""
    data = index(tmp_path, PREPRINT, ARTICLE, editions="apart")
    assert "preprints and what was published of them are apart" in index_cli(
        "status", "--data", data
    ).out.splitlines()  # fmt: skip
    assert (explained(data, 0, 1).objection or "").endswith(
        "one is a preprint, the other published"
    )
    with Snapshot.open(data) as snapshot:
        assert "--editions=apart" in rebuild_command(data, snapshot.manifest)
    assert plan([tmp_path / "papers"], data, editions="apart").papers == 2
    with pytest.raises(QueryError, match="editions are 'both'; choose one of together, apart"):
        build([tmp_path / "papers"], data, encoder=FakeEncoder(), editions="both")  # type: ignore[arg-type]
    assert index_cli("build", "x", "--editions", "both").status == 2
