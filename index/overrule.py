"""Overruling the rules: joins and splits for the next build, what of them waits, and taking back.

Decisions are lines in a file beside the sources (see `index.decisions`); nothing here changes an
index.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from index.decisions import Decision, add_decision, decision_folders, read_decisions
from index.errors import DecisionError
from index.snapshot import Snapshot

Pair = tuple[str, str]


def join_papers(snapshot: Snapshot, ids: Sequence[str]) -> tuple[Decision, Path]:
    """Decide that papers, named by any of their ids or mentions, are one work.

    Gives the decision and the file that it was written to; it takes effect at the next build.
    Raises UnknownPaperError, and DecisionError when the ids are one paper already or the file
    cannot be written.
    """
    papers = {p.paper_id: p for p in map(snapshot.paper, ids)}
    if len(papers) < 2:
        raise DecisionError(f"these ids are one paper already: {', '.join(ids)}")
    mentions = tuple(m for p in papers.values() for m in p.mention_ids)
    titles = tuple(p.display_title for p in papers.values())
    return _write(snapshot, Decision(mentions, titles=titles))


def split_paper(
    snapshot: Snapshot, paper_id: str, mention_ids: Sequence[str] = ()
) -> tuple[Decision, Path]:
    """Decide that mentions of a paper are another work; without any, each is one of its own.

    Gives the decision and the file that it was written to; it takes effect at the next build.
    Raises UnknownPaperError, and DecisionError when one is no mention of the paper, nothing would
    remain of it, or the file cannot be written.
    """
    paper = snapshot.paper(paper_id)
    strangers = [m for m in mention_ids if m not in paper.mention_ids]
    if strangers:
        raise DecisionError(
            f"{strangers[0]!r} is no mention of {paper.paper_id}; "
            f"it has {', '.join(paper.mention_ids)}"
        )
    apart = tuple(m for m in paper.mention_ids if m not in mention_ids)
    if not apart or len(paper.mention_ids) < 2:
        raise DecisionError(f"{paper.paper_id} cannot be split so: nothing would remain of it")
    mentions = tuple(dict.fromkeys(mention_ids)) or apart
    return _write(snapshot, Decision(mentions, apart, titles=(paper.display_title,)))


def pending_decisions(snapshot: Snapshot) -> tuple[Decision, ...]:
    """The joins and splits that the next build of the same sources will bring about, oldest first.

    These are the decisions that the index does not show yet: a join of mentions that are two
    papers in it, a split of mentions that are one. So a line that was written or edited by hand
    counts as well. Raises DecisionError for a line that is no decision.
    """
    decisions = read_decisions(decision_folders(snapshot.manifest.sources))
    latest = decisions.latest()
    home = snapshot.paper_ids({mention for pair in latest for mention in pair})
    waiting = {
        decision
        for (a, b), decision in latest.items()
        if a in home and b in home and _differs(decision, home[a] == home[b])
    }
    return tuple(dict.fromkeys(entry for entry in decisions.entries if entry in waiting))


def undo_decision(snapshot: Snapshot, decision: Decision) -> Path:
    """Take a decision back: about each of its pairs, what was decided before it holds again.

    Where nothing was, the rules decide. Pairs about which a later line says otherwise are left
    alone. Gives the file that was written to. Raises DecisionError when nothing is left to take
    back, because the line was deleted or has been taken back already.
    """
    entries = read_decisions(decision_folders(snapshot.manifest.sources)).entries
    history: dict[Pair, list[Decision]] = {pair: [] for pair in decision.pairs()}
    for entry in entries:
        for pair in entry.pairs():
            if pair in history:
                history[pair].append(entry)
    before = {
        pair: next((e.kind for e in reversed(told) if e.kind != decision.kind), "undo")
        for pair, told in history.items()
        if told and told[-1].kind == decision.kind
    }
    if not before:
        raise DecisionError(
            f"this {decision.kind} of {', '.join(decision.mentions)} does not hold any more; "
            "nothing is left to take back"
        )
    if len(before) == len(history) and set(before.values()) == {"undo"}:
        again = [replace(decision, undone=True)]
    else:
        again = [_about(pair, kind, decision.titles) for pair, kind in sorted(before.items())]
    return add_decision(_folder(snapshot, before), *again)


def _differs(decision: Decision, together: bool) -> bool:
    """Whether an index in which two mentions are, or are not, one paper is yet to obey."""
    return decision.kind == ("split" if together else "join")


def _about(pair: Pair, kind: str, titles: tuple[str, ...]) -> Decision:
    """The decision of that kind about one pair."""
    if kind == "join":
        return Decision(pair, titles=titles)
    return Decision(pair[:1], pair[1:], titles, undone=kind == "undo")


def _write(snapshot: Snapshot, decision: Decision) -> tuple[Decision, Path]:
    return decision, add_decision(_folder(snapshot, decision.pairs()), decision)


def _folder(snapshot: Snapshot, pairs: Iterable[Pair]) -> Path:
    """Where a decision about these pairs goes: beside the first source.

    Files are read in the order of the sources and the last line about a pair holds, so one that
    is spoken of beside a later source is decided there.
    """
    sources = snapshot.manifest.sources
    if not Path(sources[0]).exists():
        raise DecisionError(
            f"{sources[0]}: the source is not there any more, so a decision has no place beside "
            "it; put it back, or run `python -m index build` with the sources that there are"
        )
    folders, about = decision_folders(sources), set(pairs)
    spoken = [f for f in folders if about & read_decisions([f]).latest().keys()]
    return (spoken or folders[:1])[-1]
