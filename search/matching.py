"""Which paper of an index an entry of a bibliography is.

By the id that this program wrote, by DOI, by arXiv number, and else by title: an index finds a
paper by an id derived from each of them (`index.identity`). Of several papers with the title of an
entry, year and first author decide; a paper by quite other people is not the one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.errors import UnknownPaperError
from index.identity import digest
from index.records import Paper
from index.snapshot import Snapshot
from index.text import title_key, words
from search.filters import Filters

_MOST = 50  # papers that hold the words of a title side by side, of which some may have that title


@dataclass(frozen=True, slots=True)
class Match:
    """The paper that was found and by what, or why none was."""

    paper: Paper | None
    why: str  # "id", "DOI", "arXiv" or "title"; or a sentence


class Matcher:
    """Finds papers of one snapshot; None stands for no index at all."""

    def __init__(self, snapshot: Snapshot | None) -> None:
        self._snapshot = snapshot

    def match(self, wanted: Paper) -> Match:
        """The paper of the index that `wanted`, as a bibliography states it, is."""
        snapshot = self._snapshot
        if snapshot is None:
            return Match(None, "there is no index yet")
        for how, paper_id in _identifiers(wanted):
            row = _row(snapshot, paper_id)
            if row is not None:
                return Match(snapshot.papers_at([row])[0], how)
        if not wanted.title:
            return Match(None, "it states no title, and its identifiers are not in the index")
        bearers = self._bearers(snapshot, wanted.title)
        fitting = [paper for paper in bearers if _may_be(paper, wanted)]
        if len(fitting) > 1:
            fitting = _nearest(fitting, wanted)
        if len(fitting) == 1:
            return Match(fitting[0], "title")
        return Match(None, _why_not(bearers, fitting))

    def _bearers(self, snapshot: Snapshot, title: str) -> list[Paper]:
        """The papers that have this title, in the order of their rows."""
        key = title_key(title)
        found = Filters(titles=(title,)).rows(snapshot)[:_MOST].tolist()
        row = _row(snapshot, digest("p", "title", key))
        rows = sorted({*found, *([] if row is None else [row])})
        return [
            paper
            for paper in snapshot.papers_at(rows)
            if any(title_key(t) == key for t in (paper.title or "", *paper.other_titles)) 
        ]
