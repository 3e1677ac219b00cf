"""Which mentions are the same work: grouping by the strongest evidence first.

Edges between mentions are taken in the order of their score. Two groups join along an edge unless
some pair across them vetoes it; weaker evidence must also not bring together mentions whose
titles and abstracts both disagree, so that unrelated papers are not chained by one in the middle.
The order of the input plays no part: mentions are sorted by their content-derived ids first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from index.blocking import candidate_pairs
from index.decisions import FILE_NAME, Decisions
from index.errors import DecisionError
from index.evidence import compare, conflict, veto
from index.features import Background, Features
from index.records import Evidence, Mention, Merge

# From this score on, evidence stands without asking whether other members of the groups agree:
# it rests on whole texts.
_STRONG = 0.94
# Members of a group that are asked for a veto; versions beyond these are copies of copies.
_ASKED = 24


@dataclass(frozen=True)
class Grouping:
    """Groups of mention ids (each sorted, ordered by their first id) and the joins behind them."""

    groups: tuple[tuple[str, ...], ...]
    merges: tuple[Merge, ...]


def group(mentions: Iterable[Mention], decisions: Decisions | None = None) -> Grouping:
    """Group mentions into works. The mentions must have ids; the result is the same in any order.

    A user's decisions go first: joined mentions are together, split ones never, whatever the
    rules say.
    """
    decisions = decisions or Decisions()
    ordered = sorted(mentions, key=lambda m: m.mention_id)
    background = Background.load()
    features = [Features(m, background) for m in ordered]
    position = {m.mention_id: i for i, m in enumerate(ordered)}
    forest = _Forest(features, decisions, position)
    for a, b, why in decisions.joins(position):
        forest.join(a, b, Evidence("decision", 1.0, why))
    forest.check_decisions()
    edges: list[tuple[float, int, int, Evidence]] = []
    for i, j in candidate_pairs(features):
        evidence = compare(features[i], features[j])
        if evidence is not None:
            edges.append((-evidence.score, i, j, evidence))
    edges.sort(key=lambda edge: edge[:3])
    for _, i, j, evidence in edges:
        forest.try_join(i, j, evidence)
    return forest.result()


class _Forest:
    """Disjoint groups (union by size) that know their members and refuse unwanted joins."""

    def __init__(
        self, features: Sequence[Features], decisions: Decisions, position: dict[str, int]
    ) -> None:
        self._features = features
        self._root = list(range(len(features)))
        self._members = [[i] for i in range(len(features))]
        self._apart = decisions.splits(position)
        self._decided: set[int] = set()  # members that the user joined to another
        self._merges: list[Merge] = []

    def join(self, i: int, j: int, evidence: Evidence) -> None:
        """Join without asking."""
        a, b = self._find(i), self._find(j)
        if a == b:
            return
        ids = [self._features[k].mention.mention_id for k in (i, j)]
        self._merges.append(Merge(ids[0], ids[1], evidence))
        if evidence.rule == "decision":
            self._decided.update((i, j))
        keep, lose = (a, b) if len(self._members[a]) >= len(self._members[b]) else (b, a)
        self._members[keep] += self._members[lose]
        self._members[lose] = []
        self._root[lose] = keep

    def check_decisions(self) -> None:
        """Raise DecisionError when joins bring together what a split keeps apart."""
        for x, y in self._apart:
            if self._find(x) == self._find(y):
                a, b = (self._features[i].mention.mention_id for i in (x, y))
                raise DecisionError(
                    f"decisions contradict each other: {a} and {b} are split, yet joined through "
                    f"others; add a later line to {FILE_NAME} that says which holds"
                )

    def try_join(self, i: int, j: int, evidence: Evidence) -> None:
        """Join unless the user or a pair across the two groups objects."""
        a, b = self._find(i), self._find(j)
        if a == b or self._split_by_user(a, b):
            return
        for m in self._voters(a, i):
            for n in self._voters(b, j):
                one, other = self._features[m], self._features[n]
                if veto(one, other, evidence):
                    return
                if evidence.score < _STRONG and conflict(one, other):
                    return
        self.join(i, j, evidence)

    def _voters(self, group: int, member: int) -> list[int]:
        """Who may object to a join through `member`.

        Where the user has joined what the rules hold apart, the others of the group say nothing
        about the member.
        """
        members = self._members[group]
        return [member] if self._decided & set(members) else members[:_ASKED]

    def result(self) -> Grouping:
        ids = [f.mention.mention_id for f in self._features]
        groups = (tuple(sorted(ids[i] for i in members)) for members in self._members if members)
        return Grouping(tuple(sorted(groups)), tuple(self._merges))

    def _find(self, i: int) -> int:
        while self._root[i] != i:
            self._root[i] = self._root[self._root[i]]
            i = self._root[i]
        return i

    def _split_by_user(self, a: int, b: int) -> bool:
        if not self._apart:
            return False
        return any({self._find(x), self._find(y)} == {a, b} for x, y in self._apart)
