"""What a build works on, on the disk and not in memory: the mentions read, the papers made of them.

A scratch database, made anew by each build and removed at its end, so that a million records need
no more memory than some thousands: of each mention and paper, only the id is in memory.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from index import tables
from index.disk import advice
from index.errors import SnapshotError
from index.identity import base_id, repetition
from index.papers import text_of
from index.records import Mention, Paper
from index.rows import Lazy

_SCHEMA = f"""
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE mentions (place INTEGER PRIMARY KEY, {", ".join(tables.MENTION_FIELDS)});
CREATE TABLE papers (row INTEGER PRIMARY KEY, {", ".join(tables.PAPER_FIELDS)}, aliases);
"""
_AT_ONCE = 1000  # records
_ZEROS = 1 << 20  # bytes written at a time
T = TypeVar("T")


class Staging:
    """The scratch database of a build, in `folder`, which is emptied first. Use it in `with`."""

    def __init__(self, folder: Path) -> None:
        """Raises SnapshotError when it cannot be made."""
        self._folder = folder
        with _told(self._folder):
            if folder.exists():
                shutil.rmtree(folder)
            folder.mkdir(parents=True)
            try:
                self._db = sqlite3.connect(folder / "staging.sqlite")
                self._db.row_factory = sqlite3.Row
                self._db.executescript(_SCHEMA)
            except sqlite3.Error:
                shutil.rmtree(folder, ignore_errors=True)
                raise
        self.stated = Stated(self._db, folder)

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def keep(self, papers: Iterable[Paper]) -> None:
        """Keep the papers, which are in the order of their rows. Raises SnapshotError."""
        columns = ("row", *tables.PAPER_FIELDS, "aliases")
        rest, row = iter(papers), 0
        while some := list(islice(rest, _AT_ONCE)):
            rows = [
                (i, *tables.values_of(paper, tables.PAPER_FIELDS), json.dumps(paper.aliases))
                for i, paper in enumerate(some, row)
            ]
            with _told(self._folder):
                tables.insert(self._db, "papers", columns, rows)
            row += len(some)

    def vectors(self, dimension: int) -> np.ndarray:
        """Room for a vector of each paper, (papers, dimension) float16, on the disk."""
        path, shape = self._folder / "vectors.npy", (len(self.papers), dimension)
        with _told(self._folder):
            size = np.lib.format.open_memmap(path, "w+", "<f2", shape).nbytes
            # The file is all holes: that a disk has no room for what is mapped ends the process,
            # that it has none for what is written is an error.
            with path.open("r+b") as file:
                file.seek(-size, os.SEEK_END)
                for start in range(0, size, _ZEROS):
                    file.write(bytes(min(_ZEROS, size - start)))
            return np.lib.format.open_memmap(path, "r+")

    @property
    def papers(self) -> Lazy[Paper]:
        """The papers that are kept, by row."""
        return self._rows("*", lambda r: tables.to_paper(r, tuple(json.loads(r["aliases"]))))

    @property
    def texts(self) -> Lazy[str]:
        """What is embedded of each paper, and searched by words."""
        return self._rows("title, abstract", lambda r: text_of(r["title"], r["abstract"]))

    def _rows(self, columns: str, value: Callable[[sqlite3.Row], T]) -> Lazy[T]:
        sql = f"SELECT {columns} FROM papers WHERE row BETWEEN ? AND ? ORDER BY row"  # noqa: S608

        def read(rows: range) -> list[T]:
            if not rows:
                return []
            low, high = min(rows), max(rows)
            with _told(self._folder):
                found = [value(record) for record in self._db.execute(sql, (low, high))]
            return found[:: abs(rows.step)][:: 1 if rows.step > 0 else -1]

        with _told(self._folder):
            last: int | None = self._db.execute("SELECT max(row) FROM papers").fetchone()[0]
        return Lazy(0 if last is None else last + 1, read)


class Stated:
    """Mentions as they are read, still without ids."""

    def __init__(self, db: sqlite3.Connection, folder: Path) -> None:
        self._db, self._folder = db, folder
        self._waiting: list[Mention] = []
        self._stored = 0

    def append(self, mention: Mention) -> None:
        """Take in one more. Raises SnapshotError when the disk does not."""
        self._waiting.append(mention)
        if len(self._waiting) >= _AT_ONCE:
            self._store()

    def __len__(self) -> int:
        return self._stored + len(self._waiting)

    def named(self) -> StagedMentions:
        """The mentions by their ids, which are those of `index.identity.with_ids`."""
        self._store()
        with _told(self._folder):
            order = "SELECT place, mention_id FROM mentions ORDER BY source, line_start, place"
            seen: dict[str, int] = {}
            again = []
            for place, base in self._db.execute(order):
                seen[base] = seen.get(base, 0) + 1
                if seen[base] > 1:
                    again.append((repetition(base, seen[base]), place))
            self._db.executemany("UPDATE mentions SET mention_id = ? WHERE place = ?", again)
            self._db.execute("CREATE UNIQUE INDEX by_id ON mentions (mention_id)")
        return StagedMentions(self._db, self._folder)

    def _store(self) -> None:
        rows = (
            (base_id(m), *tables.values_of(m, tables.MENTION_FIELDS[1:])) for m in self._waiting
        )
        with _told(self._folder):
            tables.insert(self._db, "mentions", tables.MENTION_FIELDS, rows)
        self._stored += len(self._waiting)
        self._waiting = []


class StagedMentions(Mapping[str, Mention]):
    """Mentions by id, in ascending order; each is read from the disk when it is asked for."""

    def __init__(self, db: sqlite3.Connection, folder: Path) -> None:
        self._db, self._folder = db, folder
        found = db.execute("SELECT mention_id FROM mentions ORDER BY mention_id")
        self._ids = {record[0]: None for record in found}

    def __getitem__(self, mention_id: str) -> Mention:
        sql = "SELECT * FROM mentions WHERE mention_id = ?"
        with _told(self._folder):
            record = self._db.execute(sql, (mention_id,)).fetchone()
        if record is None:
            raise KeyError(mention_id)
        return tables.to_mention(record)

    def items(self) -> ItemsView[str, Mention]:
        """All of them, read one after the other at a quarter of the time that each alone takes."""
        return _Items(self)

    def in_order(self) -> Iterator[tuple[str, Mention]]:
        """What `items` goes through."""
        with _told(self._folder):
            for record in self._db.execute("SELECT * FROM mentions ORDER BY mention_id"):
                yield record["mention_id"], tables.to_mention(record)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, mention_id: object) -> bool:
        return mention_id in self._ids


class _Items(ItemsView[str, Mention]):
    """The view that does not look up each id."""

    _mapping: StagedMentions

    def __iter__(self) -> Iterator[tuple[str, Mention]]:
        return self._mapping.in_order()


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Say of a disk that is full, or does not answer, what to do."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise SnapshotError(
            f"{folder.parent}: what is read cannot be kept in {folder.name}: {error}; "
            f"{advice(error)} (whatever index there was still answers)"
        ) from error
