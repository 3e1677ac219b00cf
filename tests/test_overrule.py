"""Overruling the rules as library calls: what waits for the next build, and taking it back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.build import build
from index.decisions import FILE_NAME, Decision, add_decision, read_decisions
from index.errors import DecisionError, UnknownPaperError
from index.overrule import join_papers, pending_decisions, split_paper, undo_decision
from index.records import Paper
from index.snapshot import Snapshot
from tests.conftest import BREAD, CAT, SAIL, works_page
from tests.fakes import FakeEncoder

CATS, BOATS = "Cats at rest in winter", "Boats that cross the harbour"


class Library:
    """Sources in which three mentions are one work and one is another, and their index."""

    def __init__(self, folder: Path) -> None:
        self.sources, self.data = folder / "sources", folder / "data"
        self.sources.mkdir()
        for name, venue in (("a", "Cat Letters"), ("b", ""), ("c", "Journal of Cats")):
            self.write(f"{name}.txt", works_page((f"article2020{venue}", CATS, CAT)))
        self.write("d.txt", works_page(("article2021", BOATS, SAIL)))
        self._open: list[Snapshot] = []
        self.build()

    def write(self, name: str, text: str) -> None:
        (self.sources / name).write_text(text, encoding="utf-8")

    def build(self, *more: Path) -> None:
        build([self.sources, *more], self.data, encoder=FakeEncoder())
        self.close()
        self._open.append(Snapshot.open(self.data))

    @property
    def snapshot(self) -> Snapshot:
        """The live generation."""
        return self._open[-1]

    def close(self) -> None:
        for snapshot in self._open:
            snapshot.close()

    def paper(self, title: str = CATS) -> Paper:
        """The paper of that title with most mentions."""
        found = [p for p in self.snapshot.papers() if p.display_title == title]
        return max(found, key=lambda p: len(p.mention_ids))

    def groups(self) -> list[int]:
        """Mentions of each paper, fewest first."""
        return sorted(len(p.mention_ids) for p in self.snapshot.papers())

    @property
    def file(self) -> Path:
        return self.sources / FILE_NAME

    def pending(self) -> list[Decision]:
        return list(pending_decisions(self.snapshot))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = Library(tmp_path)
    yield library
    library.close()


# --- Waiting and taking effect ----------------------------------------------------------------


def test_a_split_waits_until_it_is_built(library: Library) -> None:
    """A split is pending from the call to the next build, and then one mention stands alone."""
    paper = library.paper()
    decision, path = split_paper(library.snapshot, paper.paper_id, paper.mention_ids[:1])
    assert (decision.mentions, decision.apart) == (paper.mention_ids[:1], paper.mention_ids[1:])
    assert path == library.file
    assert [(d.mentions, d.apart) for d in library.pending()] == [
        (decision.mentions, decision.apart)
    ]
    assert library.groups() == [1, 3]
    library.build()
    assert library.groups() == [1, 1, 2]
    assert library.pending() == []


def test_a_join_waits_until_it_is_built(library: Library) -> None:
    """A join by an id and a mention is pending, then makes one paper of the two."""
    cats, boats = library.paper(), library.paper(BOATS)
    decision, _ = join_papers(library.snapshot, [cats.paper_id, boats.mention_ids[0]])
    assert decision.titles == (CATS, BOATS)
    assert [d.kind for d in library.pending()] == ["join"]
    library.build()
    assert library.groups() == [4]
    assert library.pending() == []


def test_decisions_are_pending_in_their_order(library: Library) -> None:
    """A join and two splits that wait are given oldest first, each once."""
    cats, boats = library.paper(), library.paper(BOATS)
    one = join_papers(library.snapshot, [boats.paper_id, cats.paper_id])[0]
    two = split_paper(library.snapshot, cats.paper_id, cats.mention_ids[2:])[0]
    three = split_paper(library.snapshot, cats.paper_id, cats.mention_ids[:1])[0]
    found = [(d.kind, d.mentions) for d in library.pending()]
    assert found == [(d.kind, d.mentions) for d in (one, two, three)]


def test_what_is_so_already_does_not_wait(library: Library) -> None:
    """A join of what the rules join, and a split of two papers, are not pending."""
    cats, boats = library.paper(), library.paper(BOATS)
    add_decision(library.sources, Decision(cats.mention_ids))
    add_decision(library.sources, Decision(boats.mention_ids, cats.mention_ids))
    assert library.pending() == []


def test_a_decision_about_absent_mentions_is_not_pending(library: Library) -> None:
    """A decision that names a mention which no source has waits for more than a build."""
    cats = library.paper()
    add_decision(library.sources, Decision(("m-gone",), cats.mention_ids))
    add_decision(library.sources, Decision(("m-gone", *cats.mention_ids[:1])))
    assert library.pending() == []


def test_a_line_edited_by_hand_counts(library: Library) -> None:
    """What waits follows from the file as it is, not from who wrote it; a broken line is named."""
    cats = library.paper()
    library.file.write_text(
        f'{{"decision": "split", "mentions": ["{cats.mention_ids[0]}"], '
        f'"from": ["{cats.mention_ids[1]}"]}}\n'
    )
    assert [d.kind for d in library.pending()] == ["split"]
    library.file.write_text("\noops\n")
    with pytest.raises(DecisionError, match=f"{library.file}:2: not a decision: 'oops'"):
        library.pending()


# --- Taking back ------------------------------------------------------------------------------


def test_a_split_is_taken_back(library: Library) -> None:
    """After undo nothing waits, the next build leaves the pair to the rules, no line is lost."""
    paper = library.paper()
    split_paper(library.snapshot, paper.paper_id, paper.mention_ids[:1])
    (pending,) = library.pending()
    assert undo_decision(library.snapshot, pending) == library.file
    assert library.pending() == []
    kinds = [entry.kind for entry in read_decisions([library.sources]).entries]
    assert kinds == ["split", "undo"]
    library.build()
    assert library.groups() == [1, 3]
    rules = {merge.evidence.rule for merge, _ in library.snapshot.merges()}
    assert "decision" not in rules


def test_a_join_is_taken_back(library: Library) -> None:
    """After undo of a join the two papers stay two."""
    join_papers(library.snapshot, [library.paper().paper_id, library.paper(BOATS).paper_id])
    undo_decision(library.snapshot, *library.pending())
    assert library.pending() == []
    library.build()
    assert library.groups() == [1, 3]


def test_taking_back_restores_what_was_decided_before(library: Library) -> None:
    """Undo of a split that overruled a join brings the join back, not the rules."""
    cats, boats = library.paper(), library.paper(BOATS)
    join_papers(library.snapshot, [cats.paper_id, boats.paper_id])
    library.build()
    split_paper(library.snapshot, boats.mention_ids[0], boats.mention_ids)
    undo_decision(library.snapshot, *library.pending())
    library.build()
    assert library.groups() == [4]


def test_taking_back_touches_no_other_decision(library: Library) -> None:
    """Of two splits of one paper, the undo of one leaves the other in force."""
    cats = library.paper()
    first, *others = cats.mention_ids
    split_paper(library.snapshot, cats.paper_id, [first])
    add_decision(library.sources, Decision((others[0],), (others[1],)))
    undo_decision(library.snapshot, library.pending()[0])
    assert [(d.mentions, d.apart) for d in library.pending()] == [((others[0],), (others[1],))]


def test_taking_back_leaves_pairs_that_were_decided_later(library: Library) -> None:
    """Of a split of one from two, a later join has settled one pair; the undo is of the other."""
    cats = library.paper()
    one, two, three = cats.mention_ids
    split, _ = split_paper(library.snapshot, cats.paper_id, [one])
    add_decision(library.sources, Decision((one, two)))
    undo_decision(library.snapshot, library.pending()[0])
    latest = read_decisions([library.sources]).latest()
    assert latest[min(one, two), max(one, two)].kind == "join"
    assert latest[min(one, three), max(one, three)].kind == "undo"
    assert split.apart == (two, three)


def test_a_split_made_twice_is_taken_back_at_once(library: Library) -> None:
    """Two clicks write two lines; one undo takes back both."""
    cats = library.paper()
    for _ in range(2):
        split_paper(library.snapshot, cats.paper_id, cats.mention_ids[:1])
    (pending,) = library.pending()
    undo_decision(library.snapshot, pending)
    assert library.pending() == []


def test_what_does_not_hold_cannot_be_taken_back(library: Library) -> None:
    """A second undo, and the undo of a line that was deleted, are refused with the reason."""
    cats = library.paper()
    decision, _ = split_paper(library.snapshot, cats.paper_id, cats.mention_ids[:1])
    undo_decision(library.snapshot, decision)
    written = library.file.read_text()
    with pytest.raises(DecisionError, match=r"split of .* does not hold any more; nothing is left"):
        undo_decision(library.snapshot, decision)
    assert library.file.read_text() == written
    library.file.unlink()
    with pytest.raises(DecisionError, match="does not hold any more"):
        undo_decision(library.snapshot, decision)


# --- Where it is written ----------------------------------------------------------------------


def test_a_new_decision_wins_over_one_beside_a_later_source(
    library: Library, tmp_path: Path
) -> None:
    """What a later source's file says of a pair would win, so the new word goes there."""
    later = tmp_path / "later"
    later.mkdir()
    (later / "e.txt").write_text(works_page(("article2022", "Bread that rises", BREAD)))
    cats, boats = library.paper(), library.paper(BOATS)
    add_decision(later, Decision((cats.mention_ids[0], boats.mention_ids[0])))
    library.build(later)
    assert library.groups() == [1, 4]
    _, path = split_paper(library.snapshot, boats.mention_ids[0], boats.mention_ids)
    assert path == later / FILE_NAME
    library.build(later)
    assert library.groups() == [1, 1, 3]
    _, path = split_paper(library.snapshot, cats.mention_ids[0], cats.mention_ids[:1])
    assert path == library.file


def test_without_its_source_nothing_is_decided(library: Library) -> None:
    """Where the source has vanished the decision is refused: it would be found by no build."""
    library.sources.rename(library.sources.with_name("moved"))
    cats = library.paper()
    with pytest.raises(DecisionError, match=f"{library.sources}: the source is not there any more"):
        split_paper(library.snapshot, cats.paper_id, cats.mention_ids[:1])
    assert not (library.sources.parent / FILE_NAME).exists()


def test_senseless_splits_are_refused(library: Library) -> None:
    """All mentions, a stranger, and an unknown paper are refused, and nothing is written."""
    cats, boats = library.paper(), library.paper(BOATS)
    for mention_ids in (cats.mention_ids, boats.mention_ids):
        with pytest.raises(DecisionError):
            split_paper(library.snapshot, cats.paper_id, mention_ids)
    with pytest.raises(UnknownPaperError):
        split_paper(library.snapshot, "p0", [])
    assert not library.file.exists()
