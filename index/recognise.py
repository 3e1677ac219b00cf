"""From mentions to works: the same work is one paper, under the id and date that it had before."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from index.added import build_date, with_dates
from index.decisions import decision_folders, read_decisions
from index.dedupe import Known, group, rules_digest
from index.identity import name_works
from index.papers import paper_of
from index.records import Mention, Merge, Paper, Work
from index.snapshot import Snapshot

RULES = "rules"  # setting of the manifest: by which rules works were recognised


@dataclass(frozen=True)
class Works:
    """What the sources state, and the works that it is about."""

    works: list[Work]  # ordered by the ids of their papers
    mentions: Mapping[str, Mention]
    merges: tuple[Merge, ...]
    known: Known
    compared: int  # pairs of mentions
    added: int  # papers
    removed: int  # papers

    def papers(self) -> Iterator[Paper]:
        """The papers that the works are, made one after the other."""
        return (paper_of(work, self.mentions) for work in self.works)


def recognise(
    mentions: Mapping[str, Mention],
    sources: Sequence[str | os.PathLike[str]],
    before: Snapshot | None,
    now: datetime | None,
    *,
    full: bool,
    apart: bool,
) -> Works:
    """Group the mentions, by id, into works, with the ids and dates that the works had `before`.

    Decisions are those beside `sources`. New works are dated `now`. With `full` every pair is
    compared, also those that the index before knows; with `apart` preprints and what was published
    of them are different works.
    """
    known = None if full or before is None else _known(before, mentions)
    grouping = group(mentions, read_decisions(decision_folders(sources)), known, apart=apart)
    earlier = before.carried.earlier_ids() if before else {}
    named = name_works(grouping.groups, mentions, earlier)
    date = build_date(now, before.carried.last_added() if before else None)
    works = with_dates(named, before.carried.added() if before else {}, date)
    had = before.carried.ids() if before else set()
    stayed = sum(not had.isdisjoint((work.paper_id, *work.aliases)) for work in works)
    return Works(
        works=works,
        mentions=mentions,
        merges=grouping.merges,
        known=grouping.known,
        compared=grouping.compared,
        added=sum(work.added == date for work in works),
        removed=len(had) - stayed,
    )


def _known(before: Snapshot, mentions: Mapping[str, Mention]) -> Known | None:
    """What the generation before worked out about mentions, if by the same rules."""
    if before.manifest.settings.get(RULES) != rules_digest():
        return None
    cut = before.carried.truncated()  # what a mention's id does not tell
    changed = (
        name
        for name, m in mentions.items()
        if cut.get(name, (m.authors_truncated, m.abstract_truncated))
        != (m.authors_truncated, m.abstract_truncated)
    )
    return replace(before.carried.known(), changed=frozenset(changed))
