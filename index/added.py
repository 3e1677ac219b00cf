"""Since when the index has each paper: the date of the first build that had it.

It passes on from build to build with the ids of a paper and with its mentions, so that neither a
new name, a merge nor a split makes a paper new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from index.records import Work


def build_date(now: datetime | None, last: str | None) -> str:
    """The date of a build, ISO 8601 in UTC to the second; `now` is the clock's if not given.

    It is later than `last`, that of the papers that came in last, so that two builds are told
    apart whatever the clock says.
    """
    date = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    if last is not None:
        date = max(date, datetime.fromisoformat(last) + timedelta(seconds=1))
    return date.isoformat()


def with_dates(works: Iterable[Work], earlier: Mapping[str, str], date: str) -> list[Work]:
    """The works, and since when the index has them, `date` for those that are new.

    `earlier` has the date of every id of a paper, alias and mention of the index before. Of a
    paper that comes of several, the first counts.
    """
    return [
        replace(
            work,
            added=min(
                (
                    earlier[name]
                    for name in (work.paper_id, *work.aliases, *work.mention_ids)
                    if name in earlier
                ),
                default=date,
            ),
        )
        for work in works
    ]
