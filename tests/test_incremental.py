"""A build after some files came and went is the build from scratch."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import index.dedupe
from index.blocking import LARGEST_BLOCK
from index.build import build
from index.dedupe import Known, group
from index.identity import by_id, name_works, with_ids
from index.papers import paper_of
from index.records import Mention, Paper
from index.snapshot import Snapshot
from tests.fakes import FakeEncoder
from tests.test_evidence import ADA, GRACE, GRADIENTS, MICE, NETWORKS, REPLAY, REWRITTEN

# What sources state of a handful of works: versions, columns of one name, a chain, a mistaken DOI.
STATED: list[dict[str, Any]] = [
    {"title": NETWORKS, "authors": ADA, "abstract": GRADIENTS, "year": 2020, "venue": "arXiv"},
    {"title": NETWORKS, "authors": ADA, "year": 2021, "venue": "NeurIPS", "doi": "10.1/a"},
    {"title": f"{NETWORKS}: a Study", "authors": ADA, "abstract": REWRITTEN},
    {"title": NETWORKS},
    {"title": "Normalised Weights Keep Long Memory Alive", "authors": ADA, "abstract": GRADIENTS},
    {"abstract": GRADIENTS[:150], "abstract_truncated": True},
    {"title": MICE, "authors": GRACE, "abstract": REPLAY, "arxiv": "2101.00001"},
    {"title": MICE, "authors": GRACE, "doi": "10.1/a"},
    {"title": MICE.upper(), "authors": GRACE[:1], "year": 2021},
    {"title": "Editorial", "authors": ADA, "year": 2020, "venue": "Cognition"},
    {"title": "Editorial", "authors": ADA, "year": 2021, "venue": "Cognition"},
    {"title": "Editorial", "authors": GRACE, "year": 2021, "venue": "Neuron"},
    {"title": "Editorial"},
    {"title": "Planning, Part I", "authors": ADA},
    {"title": "Planning, Part II", "authors": ADA},
    {"title": "Planning", "authors": ADA},
]
STEPS = st.lists(
    st.lists(st.integers(0, len(STATED) - 1), min_size=1, max_size=12), min_size=2, max_size=5
)


def mentions_of(numbers: Sequence[int]) -> list[Mention]:
    """The mentions with these places in STATED, each a file of its own."""
    return with_ids(Mention(f"{n:02}", 1, 1, **STATED[n]) for n in sorted(numbers))


def works(numbers: Sequence[int], earlier: dict[str, tuple[str, ...]]) -> list[Paper]:
    mentions = by_id(mentions_of(numbers))
    return [
        paper_of(work, mentions) for work in name_works(group(mentions).groups, mentions, earlier)
    ]


@settings(deadline=None, max_examples=60)
@given(steps=STEPS)
def test_groups_do_not_depend_on_what_was_compared_earlier(steps: list[list[int]]) -> None:
    """However mentions come and go, groups, joins and what is kept of them are those of a new
    start, and no pair of two mentions that stayed is compared.
    """
    known, before = Known(), set[str]()
    for numbers in steps:
        mentions = mentions_of(numbers)
        again, anew = group(by_id(mentions), earlier=known), group(by_id(mentions))
        assert again == anew
        assert again.known == anew.known
        ids = {m.mention_id for m in mentions}
        if ids <= before:
            assert again.compared == 0
        known, before = again.known, ids


@settings(deadline=None, max_examples=12)
@given(
    sizes=st.lists(st.integers(1, 2 * LARGEST_BLOCK), min_size=2, max_size=4),
    authors=st.sampled_from([1, 2, 50]),
)
def test_groups_in_large_blocks_do_not_either(sizes: list[int], authors: int) -> None:
    """Nor where a title is borne by more or fewer than a block may hold, and blocks are cut."""
    known = Known()
    for size in sizes:
        mentions = with_ids(
            Mention(
                f"{n:03}", 1, 1, title=NETWORKS, authors=(f"X Y{n % authors:03}",), doi=f"1/{n}"
            )
            for n in range(size)
        )
        again, anew = group(by_id(mentions), earlier=known), group(by_id(mentions))
        assert again == anew
        assert again.known == anew.known
        known = again.known


@settings(deadline=None, max_examples=60)
@given(steps=STEPS)
def test_ids_do_not_depend_on_the_steps(steps: list[list[int]]) -> None:
    """Papers have the same ids and fields, in whatever steps their mentions came and went."""
    earlier: dict[str, tuple[str, ...]] = {}
    for numbers in steps:
        papers = works(numbers, earlier)
        anew = works(numbers, {})
        assert [p.paper_id for p in papers] == [p.paper_id for p in anew]
        assert [p.mention_ids for p in papers] == [p.mention_ids for p in anew]
        earlier = {p.paper_id: p.mention_ids for p in papers}
        earlier |= {alias: p.mention_ids for p in papers for alias in p.aliases}


def write(folder: Path, numbers: Sequence[int]) -> None:
    """One file a mention; files of earlier steps that are not named go."""
    for path in folder.iterdir():
        path.unlink()
    for n in numbers:
        record = {k: v for k, v in STATED[n].items() if k != "abstract_truncated"}
        (folder / f"{n:02}.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")


def content_of(data: Path) -> tuple[list[Any], list[Any], list[Any]]:
    with Snapshot.open(data) as snapshot:
        papers = [(p.paper_id, p.title, p.year, p.mention_ids) for p in snapshot.papers()]
        return papers, list(snapshot.mentions()), list(snapshot.merges())


@settings(
    deadline=None, max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_an_index_built_in_steps(
    steps: list[list[int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """An index after several builds holds the papers, mentions and joins of one built at once."""
    place = tmp_path_factory.mktemp("steps")
    folder = place / "papers"
    folder.mkdir()
    for numbers in steps:
        write(folder, numbers)
        build([folder], place / "stepwise", encoder=FakeEncoder())
    build([folder], place / "anew", encoder=FakeEncoder())
    assert content_of(place / "stepwise") == content_of(place / "anew")


def test_only_what_is_new_is_compared(tmp_path: Path) -> None:
    """The report counts the pairs: all at first, none again, and all with `full`."""
    folder, data = tmp_path / "papers", tmp_path / "data"
    folder.mkdir()
    write(folder, range(6))
    encoder = FakeEncoder()
    first = build([folder], data, encoder=encoder)
    assert first.compared > 5
    assert build([folder], data, encoder=encoder).compared == 0
    write(folder, range(7))  # of another work
    more = build([folder], data, encoder=encoder)
    assert (more.compared, more.embedded) == (0, 1)
    assert build([folder], data, encoder=encoder, full=True).compared == first.compared


def test_the_rules_are_all_that_decides() -> None:
    """The digest of the rules covers each module of the package that a comparison depends on."""
    folder = Path(index.dedupe.__file__).parent
    needed, open_names = set[str](), ["blocking", "evidence"]
    while open_names:
        name = open_names.pop()
        needed.add(name)
        tree = ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("index"):
                parts = (node.module or "").split(".")[1:] or [a.name for a in node.names]
                open_names += [part for part in parts if part not in needed]
    assert {f"{name}.py" for name in needed} | {"words.json.gz"} == {*index.dedupe.RULES}


def test_other_rules_compare_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was worked out by other rules is not used."""
    folder, data = tmp_path / "papers", tmp_path / "data"
    folder.mkdir()
    write(folder, range(6))
    first = build([folder], data, encoder=FakeEncoder())
    monkeypatch.setattr(sys.modules["index.recognise"], "rules_digest", lambda: "other")
    assert build([folder], data, encoder=FakeEncoder()).compared == first.compared
