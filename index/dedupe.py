"""Which mentions are the same work: grouping by the strongest evidence first.

Edges between mentions are taken in the order of their score. Two groups join along an edge unless
some pair across them vetoes it; weaker evidence must also not bring together mentions whose
titles and abstracts both disagree, so that unrelated papers are not chained by one in the middle.
The order of the input plays no part: mentions are sorted by their content-derived ids first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np

from index.blocking import Signature, candidate_pairs
from index.decisions import FILE_NAME, Decisions
from index.errors import DecisionError
from index.evidence import compare, objection
from index.features import Background, Features
from index.records import Evidence, Mention, Merge
from index.sketches import Sketches

# Members of a group that are asked for a veto; versions beyond these are copies of copies.
_ASKED = 24
# Mentions in the forms in which they are compared, up to 17 kB each, kept in memory at a time.
_FEATURES = 25_000

# What decides about a pair of mentions, beside rapidfuzz.
RULES = (
    "agreement.py", "blocking.py", "evidence.py", "features.py", "identifiers.py", "records.py",
    "text.py", "venues.py", "words.json.gz",
)  # fmt: skip

_FeaturesOf = Callable[[int], Features]


@dataclass(frozen=True)
class Known:
    """What a grouping worked out about its mentions, for the next one to use again."""

    signatures: Mapping[str, Signature] = field(default_factory=dict)  # by mention id
    evidence: Mapping[tuple[str, str], Evidence] = field(default_factory=dict)  # what rules join
    changed: frozenset[str] = frozenset()  # mentions that are no longer what they were


@dataclass(frozen=True)
class Grouping:
    """Groups of mention ids (each sorted, ordered by their first id) and the joins behind them."""

    groups: tuple[tuple[str, ...], ...]
    merges: tuple[Merge, ...]
    known: Known = field(default=Known(), compare=False, repr=False)
    compared: int = field(default=0, compare=False)  # pairs of mentions, now and not earlier


def group(
    mentions: Mapping[str, Mention],
    decisions: Decisions | None = None,
    earlier: Known | None = None,
    *,
    apart: bool = False,
) -> Grouping:
    """Group mentions, by their ids, into works. The result is the same in any order.

    A mention is read when it is compared, and forgotten again.

    A user's decisions go first: joined mentions are together, split ones never, whatever the
    rules say. Pairs that an `earlier` grouping by the same rules has compared are not compared
    again; the result is the same with and without it. With `apart` a preprint and what was
    published of it are two works, unless the user joins them.
    """
    decisions, earlier = decisions or Decisions(), earlier or Known()
    ids = sorted(mentions)
    background = Background.load()

    @lru_cache(maxsize=_FEATURES)
    def features(i: int) -> Features:
        return Features(mentions[ids[i]], background)

    position = {name: i for i, name in enumerate(ids)}
    signatures, sketches = _signed(mentions, position, earlier, background)
    pairs = candidate_pairs(list(signatures.values()))
    again = _compared_earlier(pairs, ids, earlier)
    asked = again | ~sketches.ruled_out(pairs)
    evidence: dict[tuple[str, str], Evidence] = {}
    for (i, j), known_pair in zip(pairs[asked].tolist(), again[asked].tolist(), strict=True):
        pair = ids[i], ids[j]
        found = earlier.evidence.get(pair) if known_pair else compare(features(i), features(j))
        if found is not None:
            evidence[pair] = found
    forest = _Forest(ids, features, decisions, position, apart=apart)
    for a, b, why in decisions.joins(position):
        forest.join(a, b, Evidence("decision", 1.0, why))
    forest.check_decisions()
    for (one, other), edge in sorted(evidence.items(), key=lambda e: (-e[1].score, e[0])):
        forest.try_join(position[one], position[other], edge)
    groups, merges = forest.result()
    return Grouping(groups, merges, Known(signatures, evidence), int((~again).sum()))


def rules_digest() -> str:
    """What tells whether an earlier grouping was made by the rules of now, in hexadecimal."""
    folder = Path(__file__).parent
    whole = sha256(version("rapidfuzz").encode())
    for name in RULES:
        whole.update((folder / name).read_bytes())
    return whole.hexdigest()


def _signed(
    mentions: Mapping[str, Mention],
    position: Mapping[str, int],
    earlier: Known,
    background: Background,
) -> tuple[dict[str, Signature], Sketches]:
    """The signatures of all mentions, by their ids in order, and the sketches of those not known.

    All are read in one go where none is known.
    """
    known = {k: v for k, v in earlier.signatures.items() if k not in earlier.changed}
    signatures, sketches = {name: known.get(name) for name in position}, Sketches(len(position))
    new = [name for name, signature in signatures.items() if signature is None]
    read = ((name, mentions[name]) for name in new) if known else mentions.items()
    for name, mention in read:
        feature = Features(mention, background)
        signatures[name] = Signature.of(feature)
        sketches.add(position[name], feature)
    return {name: signature for name, signature in signatures.items() if signature}, sketches


def _compared_earlier(pairs: np.ndarray, ids: Sequence[str], earlier: Known) -> np.ndarray:
    """Which of the candidate pairs (pairs, 2) the earlier grouping had as well, (pairs,) bool."""
    position = {name: i for i, name in enumerate(ids) if name not in earlier.changed}
    names = sorted(earlier.signatures)
    before = candidate_pairs([earlier.signatures[name] for name in names])
    place = np.array([position.get(name, -1) for name in names], dtype=np.int64)
    before = place[before]
    before = before[(before >= 0).all(axis=1)]
    n = len(ids)
    return np.isin(pairs[:, 0] * n + pairs[:, 1], before[:, 0] * n + before[:, 1])


class _Forest:
    """Disjoint groups (union by size) that know their members and refuse unwanted joins."""

    def __init__(
        self,
        ids: Sequence[str],
        features: _FeaturesOf,
        decisions: Decisions,
        position: dict[str, int],
        *,
        apart: bool,
    ) -> None:
        self._ids, self._features = ids, features
        self._root = list(range(len(ids)))
        self._members = [[i] for i in range(len(ids))]
        self._apart = decisions.splits(position)
        self._editions_apart = apart
        self._decided: set[int] = set()  # members that the user joined to another
        self._merges: list[Merge] = []

    def join(self, i: int, j: int, evidence: Evidence) -> None:
        """Join without asking."""
        a, b = self._find(i), self._find(j)
        if a == b:
            return
        self._merges.append(Merge(self._ids[i], self._ids[j], evidence))
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
                a, b = self._ids[x], self._ids[y]
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
                one, other = self._features(m), self._features(n)
                theirs = m == i and n == j  # such evidence is what `compare` found
                if objection(one, other, evidence, apart=self._editions_apart, theirs=theirs):
                    return
        self.join(i, j, evidence)

    def _voters(self, group: int, member: int) -> list[int]:
        """Who may object to a join through `member`.

        Where the user has joined what the rules hold apart, the others of the group say nothing
        about the member.
        """
        members = self._members[group]
        return [member] if self._decided & set(members) else members[:_ASKED]

    def result(self) -> tuple[tuple[tuple[str, ...], ...], tuple[Merge, ...]]:
        """The groups, and the joins in their order."""
        ids = self._ids
        groups = (tuple(sorted(ids[i] for i in members)) for members in self._members if members)
        return tuple(sorted(groups)), tuple(self._merges)

    def _find(self, i: int) -> int:
        while self._root[i] != i:
            self._root[i] = self._root[self._root[i]]
            i = self._root[i]
        return i

    def _split_by_user(self, a: int, b: int) -> bool:
        if not self._apart:
            return False
        return any({self._find(x), self._find(y)} == {a, b} for x, y in self._apart)
