"""Where a paper comes from, and the log of what was joined."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import UnknownPaperError
from index.records import Merge
from index.snapshot import Snapshot
from search.engine import Searcher
from search.history import history, merge_log
from tests.conftest import CAT, SAIL, SEEDS, MakeIndex, works_page
from tests.fakes import FakeEncoder


@pytest.fixture(scope="module")
def snapshot(fake_index: Path) -> Iterator[Snapshot]:
    with Snapshot.open(fake_index) as opened:
        yield opened


# --- One paper --------------------------------------------------------------------------------


def test_every_mention_with_its_place(make_index: MakeIndex) -> None:
    """A paper of two pages has both mentions, by file, with the lines where they stand there."""
    data = make_index(
        works_page(
            ("article2021", "Boats at sea", SAIL),
            ("article2020Cats", "Cats at rest in winter", CAT),
        ),
        works_page(("preprint2019arXiv", "Cats at rest in winter", CAT)),
    )
    with Snapshot.open(data) as snapshot:
        (paper,) = [p for p in snapshot.papers() if len(p.mention_ids) == 2]
        told = history(snapshot, paper.paper_id)
    sources = data.with_name("data-sources")
    assert [o.place for o in told.origins] == [f"{sources}/0.txt:7-11", f"{sources}/1.txt:1-5"]
    assert [o.mention.venue for o in told.origins] == ["Cats", "arXiv"]
    assert told.source_of("venue") == told.origins[0]
    assert told.source_of("doi") is None


def test_the_lines_are_those_of_the_file(snapshot: Snapshot) -> None:
    """In every seed, the lines of each titled mention hold the title that it states."""
    checked = 0
    for paper in snapshot.papers():
        for origin in history(snapshot, paper.paper_id).origins:
            mention = origin.mention
            lines = (SEEDS / Path(mention.source).name).read_text(encoding="utf-8").splitlines()
            stated = " ".join(lines[mention.line_start - 1 : mention.line_end])
            if mention.title:
                assert "".join(mention.title.split()) in "".join(stated.split())
                checked += 1
    assert checked > 70


def test_each_field_came_from_one_mention(snapshot: Snapshot) -> None:
    """Over all seeds, a field listed with a mention has that mention's value, and none is lost."""
    for paper in snapshot.papers():
        told = history(snapshot, paper.paper_id)
        listed = [(field, o.mention) for o in told.origins for field in o.fields]
        assert sorted(field for field, _ in listed) == sorted(paper.fields_from)
        assert all(getattr(paper, field) == getattr(m, field) for field, m in listed)
        assert len(told.merges) == len(told.origins) - 1


def test_any_id_finds_the_history(fake_index: Path) -> None:
    """Searcher.history takes an id of a mention or of an earlier build, and refuses others."""
    searcher = Searcher.open(fake_index, encoder=FakeEncoder())
    paper = next(p for p in searcher.snapshot.papers() if p.aliases and len(p.mention_ids) > 1)
    told = searcher.history(paper.paper_id)
    assert told.paper == paper
    assert searcher.history(paper.aliases[0]) == searcher.history(paper.mention_ids[1]) == told
    with pytest.raises(UnknownPaperError, match="'gone'"):
        searcher.history("gone")
    with pytest.raises(KeyError, match="gone"):
        told.origin("gone")


# --- The log ----------------------------------------------------------------------------------


@settings(deadline=None, max_examples=30)
@given(limit=st.integers(1, 30), doubtful_first=st.booleans())
def test_pages_make_up_the_log(fake_index: Path, limit: int, doubtful_first: bool) -> None:
    """Pages of any size, one after the other, are the whole log: each line once, in order."""
    with Snapshot.open(fake_index) as snapshot:
        whole = merge_log(snapshot, limit=99, doubtful_first=doubtful_first)
        pages = [
            merge_log(snapshot, offset=start, limit=limit, doubtful_first=doubtful_first)
            for start in range(0, whole.total, limit)
        ]
        beyond = merge_log(snapshot, offset=whole.total, limit=limit)
    assert [line for page in pages for line in page.lines] == list(whole.lines)
    assert {page.total for page in pages} == {25}
    assert (beyond.total, beyond.lines) == (25, ())


def test_doubtful_merges_come_first(snapshot: Snapshot) -> None:
    """Asked for the doubtful ones first, the log is ordered by score, the lowest first."""
    lines = merge_log(snapshot, doubtful_first=True).lines
    scores = [line.merge.evidence.score for line in lines]
    assert scores == sorted(scores)
    assert scores[0] < scores[-1]
    assert scores != [line.merge.evidence.score for line in merge_log(snapshot).lines]


def test_a_line_names_both_mentions(snapshot: Snapshot) -> None:
    """A line of the log holds the paper and the two mentions that the merge is about."""
    for line in merge_log(snapshot).lines:
        assert line.a.mention.mention_id == line.merge.a
        assert line.b.mention.mention_id == line.merge.b
        assert {line.merge.a, line.merge.b} <= set(line.paper.mention_ids)


def spoken(snapshot: Snapshot, merge: Merge, paper_id: str) -> str:
    """What the words of a merge are looked for in."""
    paper = snapshot.paper(paper_id)
    mentions = [m for m, _ in snapshot.mentions(paper_id) if m.mention_id in (merge.a, merge.b)]
    parts = [paper_id, paper.title or "", merge.evidence.rule, merge.evidence.why]
    parts += [merge.a, merge.b, *(m.title or "" for m in mentions), *(m.source for m in mentions)]
    return "\n".join(parts).lower()


@pytest.mark.parametrize(
    "words", ["optimizers", "OPTIMIZERS same-abstract", "002_", "learning 003_", "the", "%", "_"]
)
def test_words_keep_the_lines_that_speak_of_them(snapshot: Snapshot, words: str) -> None:
    """The log filtered by words is the lines with each of them; capitals do not count."""
    expected = [
        merge
        for merge, paper_id in snapshot.merges()
        if all(word in spoken(snapshot, merge, paper_id) for word in words.lower().split())
    ]
    page = merge_log(snapshot, words, limit=99)
    assert [line.merge for line in page.lines] == expected
    assert page.total == len(expected)


def test_words_are_no_pattern_and_no_sql(snapshot: Snapshot) -> None:
    """Signs that SQL or LIKE would act on are looked for as they are; blanks alone find all."""
    for words in ("' OR 1=1 --", "o%z", "\\", '"; DROP TABLE merges;'):
        assert merge_log(snapshot, words) == merge_log(snapshot, "no such words")
    assert merge_log(snapshot, " \t").total == 25


def test_skipped_and_files_in_pages(make_index: MakeIndex) -> None:
    """Skipped records and files come in pages that make up the whole."""
    good = works_page(("article2020Cats", "About cats", CAT))
    data = make_index(good, *("just a letter\n" for _ in range(5)))
    with Snapshot.open(data) as snapshot:
        skipped, files = snapshot.skipped(), snapshot.files()
        assert [Path(s.source).name for s in skipped] == [f"{n}.txt" for n in range(1, 6)]
        assert snapshot.skipped(1, 3) == skipped[1:4]
        assert snapshot.skipped(offset=4) == skipped[4:]
        assert snapshot.files(4, 10) == files[4:]
        assert len(files) == 6
