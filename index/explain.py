"""Why two papers or mentions are, or are not, one work: every pair of mentions, in words."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice, product
from typing import Any

from index.agreement import Agreement, agree
from index.blocking import Signature, candidate_pairs
from index.decisions import decision_folders, read_decisions
from index.evidence import compare, objection, rejected, veto
from index.features import Background, Features, abstract_similarity, title_similarity
from index.records import Evidence, Mention, Merge, Paper
from index.snapshot import Snapshot

_MOST = 200  # pairs of mentions that are looked at; of so many, the likeliest are told first


@dataclass(frozen=True)
class Comparison:
    """What the rules say of two mentions."""

    a: str
    b: str
    evidence: Evidence | None  # the rule that joins them
    against: str | None  # why not, in words
    met: bool  # whether they share a key, without which a build does not compare them
    decision: str | None  # of the user, about just these two: "join" or "split"
    title: float  # similarities in [0, 1]
    abstract: float | None  # the higher of wording and words; None unless both state one
    agreement: Agreement | None  # of the records; None when the titles differ too far


@dataclass(frozen=True)
class Explanation:
    """Two papers, or one that both ids lead to."""

    papers: tuple[Paper, ...]
    comparisons: tuple[Comparison, ...]  # the likeliest first
    path: tuple[Merge, ...]  # by which joins one mention came to the other, of one paper
    objection: str | None  # what keeps two papers apart though a rule joins mentions of them

    @property
    def same(self) -> bool:
        """The index has them as one paper."""
        return len(self.papers) == 1

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "same": self.same,
            "paper_ids": [paper.paper_id for paper in self.papers],
            "objection": self.objection,
            "path": [{"mention_ids": [m.a, m.b], **asdict(m.evidence)} for m in self.path],
            "comparisons": [_plain(comparison) for comparison in self.comparisons],
        }


def explain(snapshot: Snapshot, one: str, other: str) -> Explanation:
    """Compare two papers, each named by any of its ids or a mention, as a build does.

    A mention's id stands for that mention, any other id for all mentions of its paper. Raises
    UnknownPaperError.
    """
    papers = tuple(snapshot.paper(name) for name in (one, other))
    sides = [_side(snapshot, name, p) for name, p in zip((one, other), papers, strict=True)]
    latest = read_decisions(decision_folders(snapshot.manifest.sources)).latest()
    background = Background.load()
    found = []
    for a, b in islice(product(*sides), _MOST):
        if a.mention_id == b.mention_id:
            continue
        decided = latest.get((min(a.mention_id, b.mention_id), max(a.mention_id, b.mention_id)))
        kind = decided.kind if decided and decided.kind != "undo" else None
        found.append(_compare(Features(a, background), Features(b, background), kind))
    found.sort(key=_likelihood, reverse=True)
    same = papers[0].paper_id == papers[1].paper_id
    path = _path(snapshot, papers[0], sides) if same else ()
    objection = None if same else _objection(snapshot, papers, found, background)
    return Explanation(papers[:1] if same else papers, tuple(found), tuple(path), objection)


def in_words(explanation: Explanation) -> Iterator[str]:
    """The explanation, line by line."""
    for paper in explanation.papers:
        yield f"{paper.paper_id}  {paper.year or '    '}  {paper.display_title}"
    yield "one paper" if explanation.same else "two papers"
    for merge in explanation.path:
        e = merge.evidence
        yield f"  joined: {merge.a} + {merge.b}: {e.rule} ({e.score:.2f}), {e.why}"
    if explanation.objection:
        yield f"  kept apart: {explanation.objection}"
    for c in explanation.comparisons:
        yield from _told(c)


def _side(snapshot: Snapshot, name: str, paper: Paper) -> list[Mention]:
    mentions = [mention for mention, _ in snapshot.mentions(paper.paper_id)]
    return [m for m in mentions if m.mention_id == name] or mentions


def _objection(
    snapshot: Snapshot,
    papers: Sequence[Paper],
    found: Sequence[Comparison],
    background: Background,
) -> str | None:
    """Why papers of which a rule would join two mentions are two."""
    evidence = next((c.evidence for c in found if c.evidence), None)
    if evidence is None:
        return None
    if any(c.decision == "split" for c in found):
        return "you have decided that they are two works"
    apart = snapshot.manifest.settings.get("editions") == "apart"
    sides = [[Features(m, background) for m, _ in snapshot.mentions(p.paper_id)] for p in papers]
    for a, b in product(*sides):
        why = objection(a, b, evidence, apart=apart)
        if why:
            return f"{a.mention.mention_id} and {b.mention.mention_id}: {why}"
    return "the sources or the rules have changed since the index was built; build it again"


def _compare(a: Features, b: Features, decision: str | None) -> Comparison:
    evidence = compare(a, b)
    against = None if evidence else veto(a, b) or rejected(a, b)
    both = a.has_abstract and b.has_abstract
    return Comparison(
        a=a.mention.mention_id,
        b=b.mention.mention_id,
        evidence=evidence,
        against=against,
        met=len(candidate_pairs([Signature.of(a), Signature.of(b)])) > 0,
        decision=decision,
        title=title_similarity(a, b),
        abstract=max(abstract_similarity(a, b).values()) if both else None,
        agreement=agree(a, b),
    )


def _likelihood(c: Comparison) -> tuple[float, ...]:
    points = c.agreement.points if c.agreement else -100.0
    return (c.evidence.score if c.evidence else 0.0, c.abstract or 0.0, points, c.title)


def _path(snapshot: Snapshot, paper: Paper, sides: Sequence[Sequence[Mention]]) -> list[Merge]:
    """The fewest joins that lead from a mention of one side to one of the other."""
    beside: dict[str, list[tuple[str, Merge]]] = {}
    for merge, _ in snapshot.merges(paper.paper_id):
        beside.setdefault(merge.a, []).append((merge.b, merge))
        beside.setdefault(merge.b, []).append((merge.a, merge))
    goal = {m.mention_id for m in sides[1]}
    came: dict[str, list[Merge]] = {m.mention_id: [] for m in sides[0]}
    waiting = deque(came)
    while waiting:
        here = waiting.popleft()
        if here in goal:
            return came[here]
        for there, merge in beside.get(here, ()):
            if there not in came:
                came[there] = [*came[here], merge]
                waiting.append(there)
    return []


def _told(c: Comparison) -> Iterator[str]:
    yield f"  {c.a} + {c.b}: titles {c.title:.0%} alike{_abstracts(c)}"
    if c.agreement:
        levels = ", ".join(f"{field} {level}" for field, level in c.agreement.levels.items())
        yield f"    as records: {levels}; {c.agreement.points:+.1f} points"
    if c.decision:
        yield f"    your decision: {c.decision}"
    if c.evidence:
        yield f"    {c.evidence.rule} ({c.evidence.score:.2f}) joins them: {c.evidence.why}"
    else:
        yield f"    not joined: {c.against}"
    if not c.met:
        yield "    a build does not compare them: they share no key"


def _abstracts(c: Comparison) -> str:
    return "" if c.abstract is None else f", abstracts {c.abstract:.0%}"


def _plain(c: Comparison) -> dict[str, Any]:
    values = asdict(c)
    if c.agreement:
        values["agreement"]["probability"] = c.agreement.probability
    return {"mention_ids": [values.pop("a"), values.pop("b")], **values}
