"""The rows of the library: what a call does inside its transaction, and what may stand in them."""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from index.records import Paper
from index.text import fold_space, plain
from search.library_file import LibraryError

DEFAULT_LIST = "Saved"
LONGEST_NAME = 200  # characters of a list's name
LONGEST_NOTE = 100_000  # characters
KEPT_DAYS = 30  # how long what was deleted can be had back
_TUPLES = ("other_titles", "authors", "categories", "mention_ids", "aliases")


class UnknownListError(LibraryError):
    """There is no list of that name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is no list {name!r}; it may have been renamed or deleted")


class NotSavedError(LibraryError):
    """The paper is not in the list."""


class NoteConflictError(LibraryError):
    """The note was changed since it was read: `theirs` is what it is now, `mine` was not kept."""

    def __init__(self, theirs: str, mine: str) -> None:
        self.theirs, self.mine = theirs, mine
        super().__init__(
            "the note was changed elsewhere since you read it, and was left so; "
            f"it now reads {theirs!r}, and yours reads {mine!r}; put the two together"
        )


def list_name(text: str) -> str:
    """A list's name as it is kept. Raises LibraryError when it is empty or too long."""
    name = fold_space(plain(text))
    if not name:
        raise LibraryError("a list needs a name")
    if len(name) > LONGEST_NAME:
        raise LibraryError(
            f"the name {name[:40]!r} … has {len(name)} characters; at most {LONGEST_NAME} are kept"
        )
    return name


def name_key(name: str) -> str:
    """The form under which two names are the same: letter case and spacing aside."""
    return unicodedata.normalize("NFKC", fold_space(plain(name))).casefold()


def tidy(text: str) -> str:
    """A note with lines that end in a line feed, no blanks at the ends, nothing invisible."""
    return "\n".join(line.rstrip() for line in plain(text).splitlines()).strip()


def clean_note(text: str) -> str:
    """A note as it is kept: tidy. Raises LibraryError when it is too long."""
    note = tidy(text)
    if len(note) > LONGEST_NOTE:
        raise LibraryError(
            f"the note that begins {note[:40]!r} has {len(note):,} characters; "
            f"at most {LONGEST_NOTE:,} are kept"
        )
    return note


def together(notes: Iterable[str]) -> str:
    """Several notes as one, a blank line between them; what is said already is not repeated."""
    text = ""
    for note in notes:
        if _holds(note, text):
            text = note
        elif not _holds(text, note):
            text = f"{text}\n\n{note}"
    return text


def _holds(text: str, part: str) -> bool:
    return not part or f"\n\n{part}\n\n" in f"\n\n{text}\n\n"


def now() -> str:
    """The present instant, ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def ids_of(paper: Paper | str) -> tuple[str, ...]:
    """Every id under which the paper may have been saved; an id stands for itself."""
    return (paper,) if isinstance(paper, str) else (paper.paper_id, *paper.aliases)


def find_list(db: sqlite3.Connection, name: str) -> int | None:
    """The number of the list of that name."""
    sql = "SELECT list_id FROM lists WHERE key = ? AND deleted IS NULL"
    found = db.execute(sql, (name_key(name),)).fetchone()
    return None if found is None else int(found["list_id"])


def the_list(db: sqlite3.Connection, name: str) -> int:
    """The number of the list of that name. Raises UnknownListError."""
    list_id = find_list(db, name)
    if list_id is None:
        raise UnknownListError(name)
    return list_id


def new_list(db: sqlite3.Connection, name: str) -> int:
    """The number of a new list."""
    sql = "INSERT INTO lists (name, key, changed) VALUES (?, ?, ?) RETURNING list_id"
    return int(db.execute(sql, (name, name_key(name), now())).fetchone()["list_id"])


def touch(db: sqlite3.Connection, list_id: int) -> None:
    """Note that the list was changed now, and let go of what was deleted too long ago."""
    db.execute("UPDATE lists SET changed = ? WHERE list_id = ?", (now(), list_id))
    end = datetime.now(UTC) - timedelta(days=KEPT_DAYS)
    limit = (end.isoformat(timespec="milliseconds"),)
    db.execute("DELETE FROM items WHERE removed < ?", limit)
    db.execute("DELETE FROM lists WHERE deleted < ?", limit)


def items_of(
    db: sqlite3.Connection, list_id: int, paper: Paper | str, *, removed: bool = False
) -> list[sqlite3.Row]:
    """The rows of a list, or the removed ones, that are this paper. Raises NotSavedError."""
    found = _matching(db, list_id, ids_of(paper), removed)
    if not found:
        title = paper if isinstance(paper, str) else paper.display_title
        where = "among those removed from it" if removed else "in the list"
        raise NotSavedError(f"{title!r} is not {where}; it may have been changed elsewhere")
    return found


def _matching(
    db: sqlite3.Connection, list_id: int, ids: Sequence[str], removed: bool
) -> list[sqlite3.Row]:
    sql = (
        "SELECT * FROM items WHERE list_id = ? AND (removed IS NOT NULL) = ? AND item_id IN "
        "(SELECT item_id FROM item_ids WHERE paper_id IN (SELECT value FROM json_each(?))) "
        "ORDER BY saved, item_id"
    )
    return db.execute(sql, (list_id, removed, json.dumps(ids))).fetchall()


def put(db: sqlite3.Connection, list_id: int, paper: Paper, note: str) -> bool:
    """Save a paper in a list, or add to the note that it has there. True when it is new there.

    One that was removed comes back with the note that it had.
    """
    ids = ids_of(paper)
    present = _matching(db, list_id, ids, removed=False)
    former = present or _matching(db, list_id, ids, removed=True)
    if not former:
        sql = "INSERT INTO items (list_id, paper_id, saved, note, record) VALUES (?, ?, ?, ?, ?)"
        values = (list_id, paper.paper_id, now(), note, to_json(paper))
        _find_by(db, db.execute(sql, values).lastrowid, paper)
        return True
    item = former[0]
    both, when = together((item["note"], note)), item["saved"] if present else now()
    sql = "UPDATE items SET note = ?, saved = ?, removed = NULL WHERE item_id = ?"
    db.execute(sql, (both, when, item["item_id"]))
    if paper.mention_ids:  # an index holds it, so this is the newer record
        sql = "UPDATE items SET record = ? WHERE item_id = ?"
        db.execute(sql, (to_json(paper), item["item_id"]))
    return not present


def _find_by(db: sqlite3.Connection, item_id: int | None, paper: Paper) -> None:
    """Note the ids by which a new item is found.

    A paper of an index is found by its id, since an index keeps every id; its other ids may once
    lead elsewhere, when it turns out to be two works. A paper of no index has only what it states.
    """
    ids = (paper.paper_id,) if paper.mention_ids else ids_of(paper)
    db.executemany(
        "INSERT OR IGNORE INTO item_ids (paper_id, item_id) VALUES (?, ?)",
        [(paper_id, item_id) for paper_id in ids],
    )


def set_removed(db: sqlite3.Connection, items: Iterable[sqlite3.Row], when: str | None) -> None:
    """Note when items were removed from their list, or, with None, that they were not."""
    sql = "UPDATE items SET removed = ? WHERE item_id = ?"
    db.executemany(sql, [(when, item["item_id"]) for item in items])


def to_json(paper: Paper) -> str:
    """The fields of a paper as JSON."""
    return json.dumps(asdict(paper), ensure_ascii=True)  # so that a lone surrogate is no harm


def from_json(item: sqlite3.Row) -> Paper:
    """The paper that an item keeps. Raises LibraryError when that cannot be read.

    Fields that a later version added are empty, and those that it dropped are left out.
    """
    try:
        stored: dict[str, Any] = json.loads(item["record"])
        fields = asdict(Paper.bare(stored["paper_id"], None, None))
        fields |= {name: value for name, value in stored.items() if name in fields}
        fields |= {name: tuple(fields[name]) for name in _TUPLES}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LibraryError(
            f"the record of the saved paper {item['paper_id']!r} is damaged: "
            f"{item['record'][:60]!r} ({error}); remove the paper and save it again"
        ) from error
    return Paper(**fields)
