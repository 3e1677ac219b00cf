"""From mentions to works: the same work is one paper, under the id and date that it had before."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from index.added import build_date, with_dates
from index.decisions import decision_folders, read_decisions
from index.dedupe import Known, group, rules_digest
from index.identity import with_ids, with_paper_ids
from index.papers import merge_mentions
from index.records import Mention, Merge, Paper
from index.snapshot import Snapshot

RULES = "rules"  # setting of the manifest: by which rules works were recognised


@dataclass(frozen=True)
class Works:
    """What the sources state, and the works that it is about."""

    papers: list[Paper]
    mentions: list[Mention]
    merges: tuple[Merge, ...]
    known: Known
    compared: int  # pairs of mentions
    added: int  # papers
    removed: int  # papers


def recognise(
    stated: Sequence[Mention],
    sources: Sequence[str | os.PathLike[str]],
    before: Snapshot | None,
    now: datetime | None,
    *,
    full: bool,
    apart: bool,
) -> Works:
    """Group the mentions into works, with the ids and dates that the works had `before`.

    Decisions are those beside `sources`. New works are dated `now`. With `full` every pair is
    compared, also those that the index before knows; with `apart` preprints and what was published
    of them are different works.
    """
    mentions = with_ids(stated)
    known = None if full or before is None else _known(before, mentions)
    grouping = group(mentions, read_decisions(decision_folders(sources)), known, apart=apart)
    by_id = {m.mention_id: m for m in mentions}
    merged = [merge_mentions([by_id[m] for m in ids]) for ids in grouping.groups]
    earlier = before.carried.earlier_ids() if before else {}
    named = with_paper_ids(merged, by_id, earlier)
    date = build_date(now, before.carried.last_added() if before else None)
    papers = with_dates(named, before.carried.added() if before else {}, date)
    had = before.carried.ids() if before else set()
    stayed = sum(not had.isdisjoint((paper.paper_id, *paper.aliases)) for paper in papers)
    return Works(
        papers=papers,
        mentions=mentions,
        merges=grouping.merges,
        known=grouping.known,
        compared=grouping.compared,
        added=sum(paper.added == date for paper in papers),
        removed=len(had) - stayed,
    )


def _known(before: Snapshot, mentions: Sequence[Mention]) -> Known | None:
    """What the generation before worked out about mentions, if by the same rules."""
    if before.manifest.settings.get(RULES) != rules_digest():
        return None
    cut = before.carried.truncated()  # what a mention's id does not tell
    changed = (
        m.mention_id
        for m in mentions
        if cut.get(m.mention_id, (m.authors_truncated, m.abstract_truncated))
        != (m.authors_truncated, m.abstract_truncated)
    )
    return replace(before.carried.known(), changed=frozenset(changed))
