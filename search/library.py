"""The library: papers that a reader keeps, in named lists, with notes.

    library = Library("data")
    library.save("To read", searcher.paper("p…"), note="before the seminar")
    for saved in library.saved("To read", searcher.snapshot):
        print(saved.paper.display_title, saved.note)

It lives in one file beside the index and outlasts it: with each paper its record is kept as it was
when it was saved, so a paper that a rebuild left out is still listed and exported. The index has
the newer word on a paper that it holds, and every id that a paper ever had finds it; two saved
papers that turn out to be one work are shown as one, with both notes.

Nothing written is lost without a word: a removed paper and a deleted list can be had back for 30
days, and a note that somebody else changed meanwhile is not overwritten.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from index.build import data_folder
from index.errors import UnknownPaperError
from index.records import Paper
from index.snapshot import Snapshot
from index.text import words
from search import library_rows as rows
from search.library_file import FILE_NAME, LibraryError, changing, reading
from search.library_rows import DEFAULT_LIST, UnknownListError, clean_note, list_name

_LISTS = """
SELECT list_id, name, changed, deleted,
    (SELECT count(*) FROM items i WHERE i.list_id = lists.list_id AND removed IS NULL) AS size
FROM lists
"""


@dataclass(frozen=True, slots=True)
class ListInfo:
    """A list. Times are ISO 8601, UTC."""

    list_id: int  # stays when the name is changed
    name: str
    size: int  # papers saved
    changed: str
    deleted: str | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved paper: as the index has it now, or as it was when saved if the index has it not."""

    paper: Paper
    note: str
    saved: str  # when; ISO 8601, UTC
    in_index: bool


class Library:
    """The saved papers of a data folder. Safe to share between threads and processes.

    Lists go by their names, letter case aside. A paper is given as a Paper or as an id under which
    it was saved. Every call raises LibraryError when the file cannot be read or written, see
    `search.library_file`; one that names a list raises UnknownListError when it is not there.
    """

    def __init__(self, data: str | os.PathLike[str] | None = None) -> None:
        self.path = data_folder(data) / FILE_NAME

    def lists(self) -> list[ListInfo]:
        """All lists: the default one, then the others by name."""
        order = (rows.name_key(DEFAULT_LIST),)
        return self._lists("WHERE deleted IS NULL ORDER BY key <> ?, key", order)

    def deleted_lists(self) -> list[ListInfo]:
        """Deleted lists that can still be restored, the latest first."""
        return self._lists("WHERE deleted IS NOT NULL ORDER BY deleted DESC, list_id DESC")

    def _lists(self, which: str, values: Sequence[str] = ()) -> list[ListInfo]:
        with reading(self.path) as db:
            found = db.execute(_LISTS + which, values).fetchall() if db else []
        return [ListInfo(**dict(record)) for record in found]

    def create(self, name: str) -> str:
        """Make an empty list; gives its name as kept. Raises LibraryError for one that is there."""
        name = list_name(name)
        with changing(self.path) as db:
            if rows.find_list(db, name) is not None:
                raise LibraryError(f"there is a list {name!r} already; choose another name")
            rows.new_list(db, name)
        return name

    def rename(self, name: str, new_name: str) -> str:
        """Rename a list; gives its new name as kept. Raises LibraryError for a name taken."""
        new_name = list_name(new_name)
        with changing(self.path) as db:
            list_id = rows.the_list(db, name)
            if rows.find_list(db, new_name) not in (None, list_id):
                raise LibraryError(f"there is a list {new_name!r} already; choose another name")
            _name(db, list_id, new_name)
        return new_name

    def delete(self, name: str) -> ListInfo:
        """Delete a list with all that is in it; `restore` undoes it."""
        with changing(self.path) as db:
            list_id = rows.the_list(db, name)
            rows.touch(db, list_id)
            db.execute("UPDATE lists SET deleted = ? WHERE list_id = ?", (rows.now(), list_id))
            found = db.execute(f"{_LISTS} WHERE list_id = ?", (list_id,)).fetchone()
        return ListInfo(**dict(found))

    def restore(self, list_id: int) -> str:
        """Bring a deleted list back; gives its name, numbered if the old one is taken by now."""
        with changing(self.path) as db:
            sql = "SELECT name FROM lists WHERE list_id = ? AND deleted IS NOT NULL"
            found = db.execute(sql, (list_id,)).fetchone()
            if found is None:
                raise UnknownListError(f"deleted list {list_id}")
            name, number = str(found["name"]), 1
            while rows.find_list(db, name) is not None:
                number += 1
                name = f"{found['name'][: rows.LONGEST_NAME - 10]} ({number})"
            _name(db, list_id, name)  # also ends its deletion
        return name

    def save(self, name: str, paper: Paper, note: str = "") -> bool:
        """Put a paper into a list, which is made if need be. False when it was there already.

        A note is added to the one that it has, unless it says the same.
        """
        return self.save_all(name, [(paper, note)])[0]

    def save_all(self, name: str, papers: Iterable[tuple[Paper, str]]) -> list[bool]:
        """Put papers with their notes into a list, all or, on an error, none. See `save`."""
        name, cleaned = list_name(name), [(paper, clean_note(note)) for paper, note in papers]
        with changing(self.path) as db:
            found = rows.find_list(db, name)
            list_id = rows.new_list(db, name) if found is None else found
            new = [rows.put(db, list_id, paper, note) for paper, note in cleaned]
            rows.touch(db, list_id)
        return new

    def remove(self, name: str, paper: Paper | str) -> None:
        """Take a paper out of a list; `put_back` undoes it. Raises NotSavedError."""
        self._set_removed(name, paper, rows.now())

    def put_back(self, name: str, paper: Paper | str) -> None:
        """Undo `remove`: the same note, the same place. Raises NotSavedError."""
        self._set_removed(name, paper, None)

    def _set_removed(self, name: str, paper: Paper | str, when: str | None) -> None:
        with changing(self.path) as db:
            list_id = rows.the_list(db, name)
            items = rows.items_of(db, list_id, paper, removed=when is None)
            rows.set_removed(db, items, when)
            rows.touch(db, list_id)

    def set_note(self, name: str, paper: Paper | str, note: str, was: str) -> None:
        """Replace the note of a saved paper; `was` is the note that one started from.

        Raises NoteConflictError, which holds both texts, when the note is another by now, and
        NotSavedError.
        """
        note = clean_note(note)
        with changing(self.path) as db:
            list_id = rows.the_list(db, name)
            items = rows.items_of(db, list_id, paper)
            reads = rows.together(item["note"] for item in items)
            if reads not in (rows.tidy(was), note):
                raise rows.NoteConflictError(reads, note)
            texts = [note] + [""] * (len(items) - 1)  # one note where two were shown as one
            db.executemany(
                "UPDATE items SET note = ? WHERE item_id = ?",
                [(text, item["item_id"]) for text, item in zip(texts, items, strict=True)],
            )
            rows.touch(db, list_id)

    def copy(self, name: str, paper: Paper | str, to: str) -> bool:
        """Put a saved paper, with its note, into another list too. False if it was there."""
        return self._carry(name, paper, to, leave=False)

    def move(self, name: str, paper: Paper | str, to: str) -> bool:
        """Put a saved paper, with its note, into another list instead. False if it was there."""
        return self._carry(name, paper, to, leave=True)

    def _carry(self, name: str, paper: Paper | str, to: str, *, leave: bool) -> bool:
        to = list_name(to)
        with changing(self.path) as db:
            source, target = rows.the_list(db, name), rows.find_list(db, to)
            if source == target:
                raise LibraryError(f"the paper is in {to!r} already; name another list")
            items = rows.items_of(db, source, paper)
            target = rows.new_list(db, to) if target is None else target
            note = rows.together(item["note"] for item in items)
            record = rows.from_json(items[0]) if isinstance(paper, str) else paper
            new = rows.put(db, target, record, note)
            if leave:
                rows.set_removed(db, items, rows.now())
                rows.touch(db, source)
            rows.touch(db, target)
        return new

    def saved(self, name: str, snapshot: Snapshot | None = None) -> list[Saved]:
        """The papers of a list, in the order of saving, as the index has them now."""
        with reading(self.path) as db:
            if db is None:
                raise UnknownListError(name)
            items = db.execute(
                "SELECT * FROM items WHERE list_id = ? AND removed IS NULL ORDER BY saved, item_id",
                (rows.the_list(db, name),),
            ).fetchall()
        return _as_now(items, snapshot)

    def lists_of(self, papers: Iterable[Paper]) -> dict[str, tuple[str, ...]]:
        """Names of the lists that hold each paper, by its id; every given paper has an entry."""
        owner = {paper_id: paper.paper_id for paper in papers for paper_id in rows.ids_of(paper)}
        held: dict[str, tuple[str, ...]] = dict.fromkeys(owner.values(), ())
        with reading(self.path) as db:
            if db is None:
                return held
            sql = (
                "SELECT DISTINCT item_ids.paper_id, name FROM item_ids JOIN items USING (item_id) "
                "JOIN lists USING (list_id) WHERE removed IS NULL AND deleted IS NULL "
                "AND item_ids.paper_id IN (SELECT value FROM json_each(?)) ORDER BY key <> ?, key"
            )
            values = (json.dumps(list(owner)), rows.name_key(DEFAULT_LIST))
            for record in db.execute(sql, values):
                names = held[owner[record["paper_id"]]]
                if record["name"] not in names:
                    held[owner[record["paper_id"]]] = (*names, record["name"])
        return held


def find_saved(saved: Iterable[Saved], text: str) -> list[Saved]:
    """Those whose title, authors, venue or note have every word of the text, or begin with it."""
    wanted = words(text)

    def has_all(one: Saved) -> bool:
        paper = one.paper
        stated = (paper.display_title, *paper.authors, paper.venue or "", one.note)
        there = set(words(" ".join(stated)))
        return all(any(word.startswith(w) for word in there) for w in wanted)

    return [one for one in saved if not wanted or has_all(one)]


def _name(db: sqlite3.Connection, list_id: int, name: str) -> None:
    sql = "UPDATE lists SET name = ?, key = ?, changed = ?, deleted = NULL WHERE list_id = ?"
    db.execute(sql, (name, rows.name_key(name), rows.now(), list_id))


def _as_now(items: Sequence[sqlite3.Row], snapshot: Snapshot | None) -> list[Saved]:
    """The items as papers of the index where it has them, those of one paper as one."""
    records = [rows.from_json(item) for item in items]
    places = [None if snapshot is None else _row(snapshot, record) for record in records]
    groups: dict[int, list[int]] = {}
    for i, place in enumerate(places):
        groups.setdefault(-1 - i if place is None else place, []).append(i)
    known = sorted(place for place in groups if place >= 0)
    live = dict(zip(known, snapshot.papers_at(known) if snapshot else (), strict=True))
    return [
        Saved(
            paper=live.get(place, records[group[0]]),
            note=rows.together(items[i]["note"] for i in group),
            saved=items[group[0]]["saved"],
            in_index=place in live,
        )
        for place, group in groups.items()
    ]


def _row(snapshot: Snapshot, record: Paper) -> int | None:
    """The row of a saved paper, None when the index has it not."""
    ids = (record.paper_id,) if record.mention_ids else rows.ids_of(record)
    for paper_id in ids:
        try:
            return snapshot.row(paper_id)
        except UnknownPaperError:
            continue
    return None
