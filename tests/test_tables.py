"""Records in the database of a generation: what is stored once, and that all of it comes back."""

from __future__ import annotations

import sqlite3
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import tables
from index.disk import PAPERS
from index.records import Mention, Paper
from index.snapshot import Snapshot
from tests.conftest import BREAD, CAT, SAIL, MakeIndex, live, make_paper, works_page

Works = Sequence[tuple[Paper, Sequence[Mention]]]
ABSTRACT = st.sampled_from([None, "", "Cats.", "cats.", "Cats", "Böats \0 at sea."])
STATED = st.builds(
    Mention,
    source=st.sampled_from(["a", "b"]),
    line_start=st.integers(1, 3),
    line_end=st.just(3),
    title=st.none() | st.sampled_from(["Cats", "Boats"]),
    authors=st.sampled_from([(), ("Ada",), ("Ada", "Grace")]),
    authors_truncated=st.booleans(),
    abstract=ABSTRACT,
    abstract_truncated=st.booleans(),
)


def stated_by(abstract: str | None, *, cut: bool = False) -> Mention:
    return Mention("a", 1, 1, abstract=abstract, abstract_truncated=cut, mention_id="m1")


def papers_of_their_own(abstracts: Sequence[str | None]) -> list[tuple[Paper, list[Mention]]]:
    """A paper of one mention for each abstract."""
    named = [(f"p{n:06}", f"m{n:06}", text) for n, text in enumerate(abstracts)]
    return [
        (
            make_paper(paper_id=paper_id, mention_ids=(mention_id,), abstract=text),
            [Mention("a", 1, 1, abstract=text, mention_id=mention_id)],
        )
        for paper_id, mention_id, text in named
    ]


def write(path: Path, works: Works) -> None:
    """A database of these papers, each with its mentions."""
    with closing(tables.create(path)) as db:
        home = tables.insert_papers(db, ((paper, "digest") for paper, _ in works))
        tables.insert_mentions(db, (m for _, mentions in works for m in mentions), home)
        tables.create_indexes(db)


def read(path: Path) -> list[tuple[Mention, str]]:
    """The mentions, and the paper of each, by id."""
    with closing(tables.open_read_only(path)) as db:
        records = db.execute("SELECT * FROM stated ORDER BY mention_id").fetchall()
    return [(tables.to_mention(record), record["paper_id"]) for record in records]


# Each abstract once -----------------------------------------------------------------------------


def test_an_index_holds_each_abstract_once(make_index: MakeIndex) -> None:
    """Each abstract stands there once, of a paper that one file states or that two state alike."""
    cats = ("article2020", "Cats at rest in winter", CAT)
    boats, bread = ("article2021", "Boats at sea", SAIL), ("article2022", "Bread", BREAD)
    data = make_index(works_page(cats, boats), works_page(bread, cats))
    written = (live(data) / PAPERS).read_bytes()
    assert [written.count(text.encode()) for text in (CAT, SAIL, BREAD)] == [1, 1, 1]
    with Snapshot.open(data) as snapshot:
        stated = [m.abstract for m, _ in snapshot.mentions()]
    assert sorted(filter(None, stated)) == sorted([CAT, CAT, SAIL, BREAD])


def test_another_version_of_an_abstract_is_kept(make_index: MakeIndex) -> None:
    """A paper of two mentions has one abstract; that of the other mention stands with this."""
    longer = f"{CAT} They purr."
    data = make_index(
        works_page(("article2020", "Cats at rest in winter", CAT)),
        works_page(("article2020", "Cats at rest in winter", longer)),
    )
    with Snapshot.open(data) as snapshot:
        (paper,) = snapshot.papers()
        found = [m.abstract for m, _ in snapshot.mentions(paper.paper_id)]
    assert (paper.abstract, found) == (longer, [CAT, longer])
    assert (live(data) / PAPERS).read_bytes().count(b"They purr.") == 1


@pytest.mark.parametrize(
    ("of_paper", "mention", "stored"),
    [
        ("Cats.", stated_by("Cats."), (None, 1)),
        ("Cats.", stated_by("Cats.", cut=True), (None, 1)),
        ("Cats.", stated_by("cats."), ("cats.", 0)),
        ("Cats.", stated_by("Cats", cut=True), ("Cats", 0)),
        ("Cats.", stated_by(None), (None, 0)),
        (None, stated_by("Cats."), ("Cats.", 0)),
        (None, stated_by(None), (None, 0)),
    ],
)
def test_what_a_mention_keeps_of_its_abstract(
    tmp_path: Path, of_paper: str | None, mention: Mention, stored: tuple[str | None, int]
) -> None:
    """Nothing where the paper has it letter for letter, else what it states; it reads as given."""
    paper = make_paper(mention_ids=("m1",), abstract=of_paper)
    write(tmp_path / "db", [(paper, [mention])])
    with closing(sqlite3.connect(tmp_path / "db")) as db:
        found = db.execute("SELECT abstract, abstract_as_paper FROM mentions").fetchall()
    assert found == [stored]
    assert read(tmp_path / "db") == [(mention, "p1")]


@settings(deadline=None, max_examples=60)
@given(groups=st.lists(st.tuples(ABSTRACT, st.lists(STATED, max_size=3)), max_size=5))
def test_mentions_come_back(groups: list[tuple[str | None, list[Mention]]]) -> None:
    """Whatever mentions and their paper state, each mention is as it was, with its paper."""
    works = []
    for n, (abstract, stated) in enumerate(groups):
        mentions = [replace(m, mention_id=f"m{n}-{i}") for i, m in enumerate(stated)]
        ids = tuple(m.mention_id for m in mentions)
        works.append((make_paper(paper_id=f"p{n}", abstract=abstract, mention_ids=ids), mentions))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "db"
        write(path, works)
        assert read(path) == [(m, paper.paper_id) for paper, mentions in works for m in mentions]


def test_an_abstract_that_got_lost_is_told(tmp_path: Path) -> None:
    """A mention that leaves its abstract to a paper without one is no whole record."""
    path = tmp_path / "db"
    write(path, papers_of_their_own(["Cats.", None]))
    counts = {"papers": 2, "mentions": 2, "merges": 0, "files": 0, "skipped": 0}
    with closing(sqlite3.connect(path)) as db:
        assert tables.check(db, counts) == []
        db.execute("UPDATE papers SET abstract = NULL")
        assert tables.check(db, counts) == ["a mention has the abstract of a paper that has none"]


# Space and time ---------------------------------------------------------------------------------


def test_a_paper_takes_little_more_than_its_text(tmp_path: Path) -> None:
    """Of 2,000 abstracts of 1,400 characters, all else and unused space are under a half more."""
    abstracts = [f"{n:06} " * 200 for n in range(2000)]
    write(tmp_path / "db", papers_of_their_own(abstracts))
    assert (tmp_path / "db").stat().st_size < 1.5 * sum(map(len, abstracts))


def test_texts_are_written_as_they_come(tmp_path: Path) -> None:
    """Of 24 MB of texts that are made one by one, half at most are in memory at any time."""
    rows = range(6000)

    def text(n: int) -> str:
        return f"{n:07} " * 500

    def papers() -> Iterator[tuple[Paper, str]]:
        for n in rows:
            yield make_paper(paper_id=f"p{n}", mention_ids=(f"m{n}",), abstract=text(n)), "digest"

    mentions = (Mention("a", n, n, abstract=text(n), mention_id=f"m{n}") for n in rows)
    with closing(tables.create(tmp_path / "db")) as db:
        tracemalloc.start()
        try:
            tables.insert_mentions(db, mentions, tables.insert_papers(db, papers()))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 12e6


@pytest.mark.parametrize(
    "question",
    [
        "SELECT * FROM stated WHERE paper_id = 'p1'",
        "SELECT paper_id FROM mentions WHERE mention_id = 'm1'",
        "SELECT * FROM aliases WHERE paper_id = 'p1'",
        "SELECT row FROM papers WHERE added >= '2026'",
        "SELECT row FROM papers WHERE year = 2026",
    ],
)
def test_questions_go_by_an_index(fake_index: Path, question: str) -> None:
    """What is asked of a live index about one paper, a year or a date reads no table through."""
    with closing(tables.open_read_only(live(fake_index) / PAPERS)) as db:
        steps = [r["detail"] for r in db.execute(f"EXPLAIN QUERY PLAN {question}")]
    assert steps
    assert all(step.startswith("SEARCH") for step in steps), steps
