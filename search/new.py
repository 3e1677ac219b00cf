"""What came in: papers by the date of the build that added them, and what they should be like.

ids, _ = like_ids(["To read"], Library("data"), searcher.snapshot)
hits = searcher.new(since="2026-01-31", like=ids)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from index.conditions import Restriction, Rows
from index.errors import QueryError, UnknownPaperError
from index.lexical import Selection
from index.records import Paper
from index.snapshot import Snapshot
from search.filters import Filters
from search.library import Library
from search.library_rows import UnknownListError


@dataclass(frozen=True, eq=False)
class New:
    """Papers that came in."""

    newest: np.ndarray  # their rows, the newest first, int64
    among: Selection  # the same, to rank


def parse_since(text: str) -> str:
    """A date, or a date and time, as the index keeps it: ISO 8601, in UTC where no zone is named.

    Raises QueryError.

    >>> parse_since("2026-01-31"), parse_since("2026-01-31T09:30+02:00")
    ('2026-01-31T00:00:00+00:00', '2026-01-31T07:30:00+00:00')
    """
    try:
        date = datetime.fromisoformat(text.strip())
        zoned = date if date.tzinfo else date.replace(tzinfo=UTC)
        return zoned.astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError) as error:
        raise QueryError(f"date {text!r}: write 2026-01-31 or 2026-01-31T09:30") from error


def select_new(snapshot: Snapshot, since: str | None, filters: Filters) -> New | None:
    """The papers added since a date, else by the last build that added any; None for none.

    Raises QueryError for what is no date, UnknownTopicError.
    """
    date = snapshot.carried.last_added() if since is None else parse_since(since)
    given = filters.select(snapshot)
    added = np.empty(0, np.int64) if date is None else snapshot.added_since(date)
    newest = added[np.isin(added, given.rows)]
    if not len(newest):
        return None
    if len(newest) == len(given.rows):
        return New(newest, given)
    only = Rows(tuple(np.sort(newest).tolist()))
    return New(newest, snapshot.select(Restriction(((only,),))))


def last_addition(snapshot: Snapshot) -> tuple[str, int] | None:
    """The date of the last build that added papers, as stored, and how many; None for none."""
    date = snapshot.carried.last_added()
    return None if date is None else (date, snapshot.count_added(date))


def like_ids(
    names: Sequence[str], library: Library, snapshot: Snapshot
) -> tuple[list[str], list[Paper]]:
    """Ids of the papers that names of lists, or of papers, stand for; and saved papers that the
    index has not. A name that is both is that of the list.

    Raises QueryError for a name that is neither, and when names were given and the index has none
    of their papers.
    """
    ids: list[str] = []
    missing: list[Paper] = []
    for name in names:
        try:
            saved = library.saved(name, snapshot)
        except UnknownListError:
            ids.append(_paper_id(name, snapshot))
            continue
        ids += [one.paper.paper_id for one in saved if one.in_index]
        missing += [one.paper for one in saved if not one.in_index]
    if names and not ids:
        told = ", ".join(map(repr, names))
        raise QueryError(f"the index has no paper of {told}; save some that it has to the list")
    return ids, missing


def _paper_id(name: str, snapshot: Snapshot) -> str:
    try:
        return snapshot.paper(name).paper_id
    except UnknownPaperError as error:
        raise QueryError(
            f"{name!r} is neither a list of the library nor the id of a paper; "
            "`python -m search library list` names the lists"
        ) from error
