"""The file that holds the library: one SQLite database, and how a call reads or changes it.

    lists       one row a list; a deleted one stays for a while, so that it can be had back
    items       one row a saved paper of a list, with its note and its record as JSON
    item_ids    the ids by which an item is found

A connection lasts for one call, so threads, browser tabs and processes may use the file at once:
each change is one short transaction that waits for its turn. SQLite keeps a rollback journal, so
between changes there is this one file and nothing beside it, and a change that was cut off at any
instant is undone by whoever opens the file next.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from index.errors import AbstractsError

FILE_NAME = "library.sqlite"
_APPLICATION = 0x41624C69  # "AbLi" in the header of the file tells it from other databases
_VERSION = 1
_PATIENCE = 20.0  # seconds to wait for another writer; a change takes milliseconds
_MARKS = (_APPLICATION, _VERSION)
_SCHEMA = (
    """CREATE TABLE lists (
        list_id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        key TEXT NOT NULL,              -- the name, letter case aside
        changed TEXT NOT NULL,          -- all times are ISO 8601, UTC
        deleted TEXT
    )""",
    "CREATE UNIQUE INDEX lists_key ON lists (key) WHERE deleted IS NULL",
    """CREATE TABLE items (
        item_id INTEGER PRIMARY KEY AUTOINCREMENT,
        list_id INTEGER NOT NULL REFERENCES lists ON DELETE CASCADE,
        paper_id TEXT NOT NULL,         -- the id under which it was saved
        saved TEXT NOT NULL,
        removed TEXT,
        note TEXT NOT NULL,
        record TEXT NOT NULL            -- JSON of the fields of the Paper
    )""",
    "CREATE INDEX items_list ON items (list_id)",
    """CREATE TABLE item_ids (
        paper_id TEXT NOT NULL,
        item_id INTEGER NOT NULL REFERENCES items ON DELETE CASCADE,
        PRIMARY KEY (paper_id, item_id)
    ) WITHOUT ROWID""",
    "CREATE INDEX item_ids_item ON item_ids (item_id)",
)
_ADVICE = "it was left as it is; put a copy back, or move it away to start an empty library"


class LibraryError(AbstractsError):
    """The library cannot be read or changed as asked."""


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection | None]:
    """One consistent view of the file, or None where there is no library yet.

    Raises LibraryError, which names the file, when it is damaged, foreign or of a newer version.
    """
    if not path.exists():
        yield None
        return
    with _errors(path), contextlib.closing(_connect(path)) as db:
        db.execute("BEGIN")
        yield db if _is_ours(db, path) else None
        db.execute("ROLLBACK")


@contextlib.contextmanager
def changing(path: Path) -> Iterator[sqlite3.Connection]:
    """One change: on disk as a whole when the block ends, undone when it raises.

    Makes the file where there is none. Raises LibraryError as `reading` does, and when the file
    cannot be written or others keep it busy.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(f"{path}: cannot be written: {error.strerror}") from error
    with _errors(path), contextlib.closing(_connect(path)) as db:
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("BEGIN IMMEDIATE")
        try:
            if not _is_ours(db, path):
                for statement in _SCHEMA:
                    db.execute(statement)
                db.execute(f"PRAGMA application_id = {_APPLICATION}")
                db.execute(f"PRAGMA user_version = {_VERSION}")
            yield db
        except BaseException:
            if (
                db.in_transaction
            ):  # SQLite itself undoes some, such as one for which no disk is left
                db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    db.row_factory = sqlite3.Row
    return db


def _is_ours(db: sqlite3.Connection, path: Path) -> bool:
    """True for a library that this version reads, False for a new file without any content."""
    marks = tuple(
        int(db.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("application_id", "user_version")
    )
    if marks == _MARKS:
        return True
    if marks[0] == _APPLICATION and marks[1] > _VERSION:
        raise LibraryError(
            f"{path}: a library of version {marks[1]}, and this program reads up to {_VERSION}; "
            "use the newer program that wrote it"
        )
    if marks == (0, 0) and not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        return False
    raise LibraryError(f"{path}: a database of another kind and not a library; {_ADVICE}")


@contextlib.contextmanager
def _errors(path: Path) -> Iterator[None]:
    """What SQLite cannot do, as a LibraryError; a statement of ours that is wrong stays a bug."""
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest tells finer kinds apart
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            why = "another process holds it; try again in a moment"
        elif code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
            why = f"damaged ({error}); {_ADVICE}"
        else:
            why = f"cannot be read or written ({error}); check the disk and who may write there"
        raise LibraryError(f"{path}: {why}") from error
