"""What one generation hands on to the next: ids, dates, comparisons, and where vectors are."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable

from index import tables
from index.dedupe import Known

Query = Callable[[str], list[sqlite3.Row]]


class Carried:
    """Reads from the records of a generation through its `query`."""

    def __init__(self, query: Query) -> None:
        self._query = query

    def earlier_ids(self) -> dict[str, tuple[str, ...]]:
        """Every id and alias with the mentions that it stands for, to carry into the next build."""
        mentions = {
            record["paper_id"]: tuple(json.loads(record["mention_ids"]))
            for record in self._query("SELECT paper_id, mention_ids FROM papers")
        }
        aliases = self._query("SELECT alias, paper_id FROM aliases")
        return mentions | {r["alias"]: mentions[r["paper_id"]] for r in aliases}

    def known(self) -> Known:
        """What was worked out about the mentions, to carry into the next build."""
        signatures = {
            record["mention_id"]: tables.to_signature(record)
            for record in self._query("SELECT * FROM signatures")
        }
        evidence = {
            (record["a"], record["b"]): tables.to_evidence(record)
            for record in self._query("SELECT * FROM evidence")
        }
        return Known(signatures, evidence)

    def truncated(self) -> dict[str, tuple[bool, bool]]:
        """Of each mention, whether its author list and its abstract are cut off."""
        sql = "SELECT mention_id, authors_truncated, abstract_truncated FROM mentions"
        return {r[0]: (bool(r[1]), bool(r[2])) for r in self._query(sql)}

    def ids(self) -> set[str]:
        """The id of every paper, without aliases."""
        return {record["paper_id"] for record in self._query("SELECT paper_id FROM papers")}

    def added(self) -> dict[str, str]:
        """Since when the index has the paper of each id, alias and mention; see `index.added`."""
        dates: dict[str, str] = {}  # few, and each is kept once
        found = self._query(tables.ADDED)
        return {r["id"]: dates.setdefault(r["added"], r["added"]) for r in found}

    def last_added(self) -> str | None:
        """The date of the last build that added a paper; None for an index without any."""
        found: str | None = self._query("SELECT max(added) FROM papers")[0][0]
        return found

    def text_rows(self) -> dict[str, int]:
        """Digest of each embedded text, and the row of its vector."""
        found = self._query("SELECT text_sha256, row FROM papers")
        return {record["text_sha256"]: record["row"] for record in found}
