"""The five seed pages against a truth that was written by reading them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from index.dedupe import Grouping, group
from index.identity import by_id, with_ids
from index.records import Evidence, Mention
from index.sources import Reading, read_sources

ROOT = Path(__file__).resolve().parent.parent
TRUTH: list[dict[str, Any]] = [
    json.loads(line)
    for line in (ROOT / "tests/truth/seeds.jsonl").read_text(encoding="utf-8").split("\n")
    if line
]
DIGESTS = {
    "000_0497033271b8fe05.txt": "1765cf3a584412cf4e4514da737f2d8c8143cd1d5cd26fb0f650806faa6648f6",
    "001_41d2e48bebe83219.txt": "1156695a8154984b4d9565409b814f67221f2248a800a01d9bb29273a69645d3",
    "002_9b3e7de964567dd3.txt": "1485e757336a84a3434fade4ffbb875fae3b4eaa4e020bc015f90c09b760813e",
    "003_a0b858816380f2e4.txt": "5f17cee6cb62e0e286877d4a15f3c6b6f60399faf2abe48efc95ec188eb3e5ce",
    "004_e64bbdca305995fc.txt": "bce2a857ed4f52fa25b1f1f26ddc13f913d76a84ab50b0b16ac1b52ff36eb763",
}
Place = tuple[str, int]  # first three characters of the file name, first line


def place(mention: Mention) -> Place:
    return Path(mention.source).name[:3], mention.line_start


def true_place(record: dict[str, Any]) -> Place:
    return record["source"][:3], record["line_start"]


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read_sources([ROOT / "seeds"])


@pytest.fixture(scope="module")
def mentions(reading: Reading) -> list[Mention]:
    return with_ids(reading.mentions)


@pytest.fixture(scope="module")
def grouping(mentions: list[Mention]) -> Grouping:
    return group(by_id(mentions))


@pytest.fixture(scope="module")
def joins(mentions: list[Mention], grouping: Grouping) -> list[tuple[set[Place], Evidence]]:
    """Every join with the places of its two mentions."""
    at = {m.mention_id: place(m) for m in mentions}
    return [({at[merge.a], at[merge.b]}, merge.evidence) for merge in grouping.merges]


def test_the_seeds_are_unchanged():
    """The seed pages are byte for byte those of which the truth was written."""
    folder = ROOT / "seeds"
    assert {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()
    } == DIGESTS


def test_the_truth_covers_the_seeds():
    """The truth holds 90 mentions of 65 works."""
    assert len(TRUTH) == 90
    assert len({record["work"] for record in TRUTH}) == 65
    assert {record["source"] for record in TRUTH} == set(DIGESTS)


def test_every_mention_is_found_and_none_is_false(reading: Reading):
    """The pages hold the mentions of the truth at its lines, and nothing is skipped."""
    found = sorted((Path(m.source).name, m.line_start, m.line_end) for m in reading.mentions)
    assert found == sorted((r["source"], r["line_start"], r["line_end"]) for r in TRUTH)
    assert reading.skipped == []


def test_each_page_is_read_in_its_layout(reading: Reading):
    """Three pages are profiles, one is a works page and one a listing."""
    assert [(Path(f.source).name[:3], f.layout, f.mentions) for f in reading.files] == [
        ("000", "profile", 12),
        ("001", "works", 12),
        ("002", "listing", 50),
        ("003", "profile", 8),
        ("004", "profile", 8),
    ]
    assert {Path(f.source).name: f.sha256 for f in reading.files} == DIGESTS


@pytest.mark.parametrize(
    "name",
    ["title", "authors", "authors_truncated", "year", "date", "venue", "categories", "abstract",
     "abstract_truncated"],
)  # fmt: skip
def test_every_field_is_right(reading: Reading, name: str):
    """The field is what the page states, character for character, in all 90 mentions."""
    found = {place(m): getattr(m, name) for m in reading.mentions}
    true = {true_place(r): r[name] for r in TRUTH}
    if name in ("authors", "categories"):
        true = {at: tuple(value) for at, value in true.items()}
    assert found == true


def test_what_no_page_states_is_empty(reading: Reading):
    """The seed pages print no identifiers and no addresses."""
    assert {(m.doi, m.arxiv, m.url) for m in reading.mentions} == {(None, None, None)}


def test_the_grouping_is_right(mentions: list[Mention], grouping: Grouping):
    """Of all pairs of mentions, exactly those of one work are together."""
    work = {true_place(r): r["work"] for r in TRUTH}
    at = {m.mention_id: place(m) for m in mentions}
    together = {
        frozenset((at[a], at[b])) for ids in grouping.groups for a, b in combinations(ids, 2)
    }
    true = {frozenset((a, b)) for a, b in combinations(work, 2) if work[a] == work[b]}
    right = len(together & true)
    assert (right / len(together), right / len(true)) == (1.0, 1.0)
    assert together == true
    assert len(grouping.groups) == 65
    assert sorted(i for ids in grouping.groups for i in ids) == sorted(at)


def test_the_merge_log_accounts_for_every_join(joins: list[tuple[set[Place], Evidence]]):
    """90 mentions become 65 groups by 25 joins, each by one of three rules."""
    assert Counter(evidence.rule for _, evidence in joins) == {
        "same-title": 15,
        "same-abstract": 8,
        "same-study": 2,
    }


@pytest.mark.parametrize(
    ("at", "rule"),
    [
        (("000", 79), "same-abstract"),  # Celo, retitled
        (("004", 15), "same-study"),  # the rewritten abstract of "Tracing the Representation …"
        (("003", 19), "same-study"),  # the workshop abstract of "On Neural Architecture …"
        (("003", 18), "same-abstract"),  # untitled
        (("003", 20), "same-abstract"),
        (("003", 23), "same-abstract"),
        (("003", 24), "same-abstract"),
        (("004", 12), "same-abstract"),  # untitled and cut off
        (("004", 13), "same-abstract"),
        (("004", 18), "same-abstract"),
        (("003", 16), "same-title"),
        (("000", 102), "same-title"),  # a bare title
        (("001", 61), "same-title"),
        (("000", 113), "same-title"),  # the same entry twice on one page
    ],
)
def test_how_a_mention_came_to_its_paper(
    joins: list[tuple[set[Place], Evidence]], at: Place, rule: str
):
    """The strongest join of a mention is by the rule that a reader would name."""
    evidence = max((e for places, e in joins if at in places), key=lambda e: e.score)
    assert evidence.rule == rule


@pytest.mark.parametrize("at", [("003", 14), ("003", 15), ("004", 14), ("004", 16), ("004", 19)])
def test_mentions_that_stay_alone(mentions: list[Mention], grouping: Grouping, at: Place):
    """Untitled abstracts of works that no other page states are papers of their own."""
    (mention_id,) = [m.mention_id for m in mentions if place(m) == at]
    assert (mention_id,) in grouping.groups


def test_a_rewritten_abstract_is_measured(joins: list[tuple[set[Place], Evidence]]):
    """The join of a rewritten abstract is recorded with its two similarities, both below .9."""
    (evidence,) = [e for places, e in joins if ("004", 15) in places]
    assert set(evidence.scores) == {"edit", "cosine"}
    assert all(0.58 < score < 0.9 for score in evidence.scores.values())
    assert evidence.why.startswith("an untitled abstract 66% like")
