"""Reading one generation of the index on disk.

The only modules that know the format are this one, `index.disk` (the files), `index.manifest`,
`index.tables` (the SQLite schema) and `index.writer` (how a generation comes to stand).
"""

from __future__ import annotations

import json
import shlex
import sqlite3
import threading
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from index import tables
from index.carried import Carried
from index.conditions import Field, Restriction
from index.disk import (
    ASSIGNMENT,
    CENTROIDS,
    FAISS,
    GENERATIONS,
    LEXICAL,
    MANIFEST,
    PAPERS,
    PLANE,
    TOPICS,
    VECTORS,
    check_digest,
    check_file,
    current_generation,
)  # fmt: skip
from index.encoder import Encoder
from index.errors import SnapshotError, UnknownPaperError
from index.lexical import LexicalIndex, Selection
from index.manifest import REBUILD, Manifest, model_differences
from index.records import Mention, Merge, Paper, Skip, display_title
from index.text import title_key
from index.topics import Topic, Topics

# What reading a damaged file raises: NumPy parses its header as Python.
_DAMAGE = (
    OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, SyntaxError,
    tokenize.TokenError, sqlite3.Error,
)  # fmt: skip
_BATCH = 65_536  # rows at a time
_NORM_TOLERANCE = 5e-3  # float16 rounds each component to one part in 2048


class Snapshot:
    """One generation, open for reading. It stays readable while newer ones are built.

    Safe to use from several threads. Close it, or use it in a `with` block.

    What is checked when: opening reads the manifest with its own digest, compares the size of every
    file, and the SHA-256 of each of up to `disk.CHECKED` bytes, so in an index of some ten thousand
    papers no damage to any file can change an answer unseen. Larger files would take seconds; of
    those, opening finds only what breaks their structure, and a wrong digit in a vector or a
    letter in a record would be answered from. `verify` reads everything; a build verifies what it
    takes over and what it has written. What changes on the disk while a snapshot is open is not
    looked for: a generation is never written to once it is live.
    """

    def __init__(self, folder: Path) -> None:
        """Open the generation in `folder`. Raises SnapshotError when it cannot be answered from."""
        self.folder = folder
        manifest_path = folder / MANIFEST
        try:
            text = manifest_path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SnapshotError(f"{manifest_path}: cannot be read ({error}); {REBUILD}") from error
        self.manifest = Manifest.from_json(text, manifest_path)
        for name, expected in self.manifest.files.items():
            check_file(folder / name, expected)
        from index.ann import VectorIndex  # noqa: PLC0415  with FAISS, which not all need

        self._lock = threading.Lock()
        try:
            self._db = tables.open_read_only(folder / PAPERS)
            self.vectors: np.ndarray = np.load(folder / VECTORS, mmap_mode="r", allow_pickle=False)
            self.index = VectorIndex.load(folder / FAISS, self.vectors, self.manifest.vector_search)
            self.lexical = LexicalIndex.load(folder / LEXICAL)
            self.topics = _load_topics(folder)
            self.plane: np.ndarray = np.load(folder / PLANE, allow_pickle=False)
        except _DAMAGE as error:
            raise SnapshotError(f"{folder}: damaged ({error}); {REBUILD}") from error
        shape = (self.manifest.counts["papers"], self.manifest.model.dimension)
        found = (self.vectors.shape, self.index.shape, (len(self.lexical), shape[1]))
        if found != (shape,) * 3:
            raise SnapshotError(
                f"{folder}: vectors are {found[0]}, the FAISS index {found[1]}, the lexical index "
                f"has {found[2][0]} papers, the manifest says {shape}; {REBUILD}"
            )
        topics = (len(self.topics.topics), len(self.topics.assignment))
        if topics != (self.manifest.counts["topics"], shape[0]):
            raise SnapshotError(
                f"{folder}: {topics[0]} topics for {topics[1]} papers, the manifest says "
                f"{self.manifest.counts['topics']} for {shape[0]}; {REBUILD}"
            )
        if self.plane.shape != (shape[0], 2):
            raise SnapshotError(
                f"{folder / PLANE}: is {self.plane.shape}, not {(shape[0], 2)}; {REBUILD}"
            )

    @classmethod
    def open(cls, data: Path) -> Snapshot:
        """Open the live generation of a data folder.

        A generation that is removed between finding and opening it has been replaced, so the
        newer one is opened.
        """
        number = current_generation(data)
        while True:
            try:
                return cls(data / GENERATIONS / str(number))
            except SnapshotError:
                newer = current_generation(data)
                if newer == number:
                    raise
                number = newer

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        self._db.close()
        self.lexical.close()

    def __len__(self) -> int:
        return self.manifest.counts["papers"]

    def _query(self, sql: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        try:
            with self._lock:
                return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise SnapshotError(f"{self.folder / PAPERS}: damaged ({error}); {REBUILD}") from error

    def papers(self) -> Iterator[Paper]:
        """All papers, ordered by id."""
        for start in range(0, len(self), 1000):
            yield from self.papers_at(range(start, min(start + 1000, len(self))))

    def papers_at(self, rows: Iterable[int]) -> list[Paper]:
        """The papers of the given rows, in their order."""
        wanted = [int(row) for row in rows]
        found = {}
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            marks = ",".join("?" * len(part))
            records = self._query(f"SELECT * FROM papers WHERE row IN ({marks})", part)  # noqa: S608
            aliases = self._aliases([record["paper_id"] for record in records])
            for record in records:
                found[record["row"]] = tables.to_paper(record, aliases[record["paper_id"]])
        return [found[row] for row in wanted]

    def titles(self, rows: Iterable[int]) -> Iterator[str]:
        """The display titles of the papers of the given rows, in their order."""
        wanted = [int(row) for row in rows]
        for start in range(0, len(wanted), 10_000):
            part = wanted[start : start + 10_000]
            found = {
                record["row"]: display_title(record["title"], record["beginning"])
                for record in self._query(tables.TITLES, (json.dumps(part),))
            }
            yield from (found[row] for row in part)

    @cached_property
    def years(self) -> np.ndarray:
        """The year of each row, (papers,) int32; 0 where none is known."""
        years = np.zeros(len(self), dtype=np.int32)
        for record in self._query(tables.YEARS):
            years[json.loads(record["rows"])] = record["year"]
        return years

    def paper(self, paper_id: str) -> Paper:
        """The paper that has, or ever had, this id, or that this mention belongs to.

        Raises UnknownPaperError.
        """
        return self.papers_at([self.row(paper_id)])[0]

    def row(self, paper_id: str) -> int:
        """The row of a paper's vector. Raises UnknownPaperError."""
        sql = (
            "SELECT row FROM papers WHERE paper_id = ?1 OR paper_id IN "
            "(SELECT paper_id FROM aliases WHERE alias = ?1 UNION "
            "SELECT paper_id FROM mentions WHERE mention_id = ?1) "
            "ORDER BY paper_id = ?1 DESC LIMIT 1"
        )
        found = self._query(sql, (paper_id,))
        if not found:
            raise UnknownPaperError(paper_id)
        return int(found[0]["row"])

    def titled(self, title: str) -> list[Paper]:
        """The papers that have this title, letter case, accents and punctuation aside, by row."""
        sql = "SELECT row FROM titles WHERE key = ? ORDER BY row"
        found = self.papers_at(r["row"] for r in self._query(sql, (tables.title_number(title),)))
        key = title_key(title)
        return [p for p in found if key in map(title_key, (p.title or "", *p.other_titles))]

    def _aliases(self, paper_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        marks = ",".join("?" * len(paper_ids))
        sql = f"SELECT * FROM aliases WHERE paper_id IN ({marks}) ORDER BY alias"  # noqa: S608
        found: dict[str, tuple[str, ...]] = dict.fromkeys(paper_ids, ())
        for record in self._query(sql, paper_ids):
            found[record["paper_id"]] += (record["alias"],)
        return found

    @property
    def carried(self) -> Carried:
        """What the next build takes over."""
        return Carried(self._query)

    def added_since(self, date: str) -> np.ndarray:
        """Rows of the papers added at that date (as stored) or later, the newest first, int64."""
        sql = "SELECT row FROM papers WHERE added >= ? ORDER BY added DESC, year DESC, row"
        return np.array([r["row"] for r in self._query(sql, (date,))], dtype=np.int64)

    def count_added(self, date: str) -> int:
        """How many papers were added at that date (as stored) or later."""
        sql = "SELECT count(*) FROM papers WHERE added >= ?"
        return int(self._query(sql, (date,))[0][0])

    def mentions(self, paper_id: str | None = None) -> Iterator[tuple[Mention, str]]:
        """(mention, id of its paper), of one paper or of all, ordered by file and line."""
        where, values = ("WHERE paper_id = ?", (paper_id,)) if paper_id else ("", ())
        sql = f"SELECT * FROM stated {where} ORDER BY source, line_start, mention_id"  # noqa: S608
        for record in self._query(sql, values):
            yield tables.to_mention(record), record["paper_id"]

    def paper_ids(self, mention_ids: Iterable[str]) -> dict[str, str]:
        """The paper that each of these mentions belongs to; unknown mentions are left out."""
        sql = (
            "SELECT mention_id, paper_id FROM mentions "
            "WHERE mention_id IN (SELECT value FROM json_each(?))"
        )
        found = self._query(sql, (json.dumps(list(mention_ids)),))
        return {record["mention_id"]: record["paper_id"] for record in found}

    def merges(
        self,
        paper_id: str | None = None,
        *,
        words: str = "",
        doubtful_first: bool = False,
        offset: int = 0,
        limit: int | None = None,
    ) -> Iterator[tuple[Merge, str]]:
        """(merge, id of the paper it made), of one paper or of all, in the order of joining.

        With `words`, those alone that speak of each of the words: in the paper's id or title, in
        the rule or the reason, or in the title, file or id of a mention (capitals count for
        nothing in ASCII). `doubtful_first` puts the lowest scores first. Of what is left, `limit`
        from `offset` on.
        """
        sql, values = tables.merges_query("m.*", paper_id, words)
        order = f"ORDER BY {'score, ' * doubtful_first}m.paper_id, position LIMIT ? OFFSET ?"
        for record in self._query(f"{sql} {order}", (*values, *_page(offset, limit))):
            yield tables.to_merge(record), record["paper_id"]

    def count_merges(self, words: str = "") -> int:
        """How many merges speak of each of the words; see `merges`."""
        return int(self._query(*tables.merges_query("count(*)", None, words))[0][0])

    def skipped(self, offset: int = 0, limit: int | None = None) -> list[Skip]:
        """What was not taken from the sources, and why; `limit` of it from `offset` on."""
        sql = "SELECT source, line, why FROM skipped ORDER BY position LIMIT ? OFFSET ?"
        found = self._query(sql, _page(offset, limit))
        return [Skip(r["source"], r["line"], r["why"]) for r in found]

    def files(self, offset: int = 0, limit: int | None = None) -> list[dict[str, Any]]:
        """The files that were read, `limit` from `offset` on: source, layout, sha256, mentions."""
        sql = "SELECT * FROM files ORDER BY source LIMIT ? OFFSET ?"
        return [dict(record) for record in self._query(sql, _page(offset, limit))]

    def select(self, restriction: Restriction) -> Selection:
        """The papers that meet a restriction."""
        try:
            return self.lexical.select(restriction, self._values)
        except ValueError as error:
            raise SnapshotError(f"{self.folder / LEXICAL}: {error}; {REBUILD}") from error

    def merged_rows(self) -> np.ndarray:
        """Rows of the papers that were merged from several mentions, ascending, int64."""
        sql = (
            "SELECT row FROM papers WHERE paper_id IN "
            "(SELECT paper_id FROM mentions GROUP BY paper_id HAVING count(*) > 1) ORDER BY row"
        )
        return np.array([record["row"] for record in self._query(sql)], dtype=np.int64)

    def newest(self, rows: np.ndarray, k: int) -> np.ndarray:
        """The first k of the rows by year, the latest first, those without one last."""
        sql = (
            "SELECT row FROM papers WHERE row IN (SELECT value FROM json_each(?)) "
            "ORDER BY year DESC, row LIMIT ?"
        )
        found = self._query(sql, (json.dumps(rows.tolist()), k))
        return np.array([record["row"] for record in found], dtype=np.int64)

    def _values(self, field: Field, rows: np.ndarray) -> Iterator[Sequence[str]]:
        """Authors or categories of the papers of ascending rows."""
        column = {"author": "authors", "category": "categories"}[field]
        sql = (
            f"SELECT {column} FROM papers "  # noqa: S608
            "WHERE row IN (SELECT value FROM json_each(?)) ORDER BY row"
        )
        for record in self._query(sql, (json.dumps(rows.tolist()),)):
            yield json.loads(record[column])

    def check_encoder(self, encoder: Encoder) -> None:
        """Raise SnapshotError when the index was filled by another model than `encoder`."""
        has, given = self.manifest.model, encoder.info
        differing = model_differences(has, given)
        if differing:
            raise SnapshotError(
                f"{self.folder}: built with the model {has.name!r}, asked with {given.name!r}, of "
                f"which differ: {', '.join(differing)}; "
                f"run `python -m index build --model {shlex.quote(given.name)}`"
            )

    def verify(self) -> dict[str, int]:
        """Check every digest and count. Returns what was checked.

        Raises SnapshotError that names the first file or figure that does not agree.
        """
        for name, expected in self.manifest.files.items():
            check_digest(self.folder / name, expected)
        try:
            problems = tables.check(self._db, self.manifest.counts)
        except sqlite3.Error as error:
            problems = [f"{PAPERS} is damaged ({error})"]
        problems += self._odd_lengths()
        row = self.index.differing(self.vectors)
        if row is not None:
            problems.append(f"row {row} differs between {VECTORS} and {FAISS}")
        if problems:
            raise SnapshotError(f"{self.folder}: {'; '.join(problems)}; {REBUILD}")
        return {"files_checked": len(self.manifest.files), **self.manifest.counts}

    def _odd_lengths(self) -> list[str]:
        for start in range(0, len(self.vectors), _BATCH):
            rows = self.vectors[start : start + _BATCH].astype(np.float32)
            norms = np.linalg.norm(rows, axis=1)
            if not np.all(np.abs(norms - 1) < _NORM_TOLERANCE):
                return [f"vectors are not of length 1 (from {norms.min()} to {norms.max()})"]
        return []

    def recall(self) -> dict[str, float]:
        """Measure anew which share of the true nearest neighbours the vector index finds.

        {"recall@10": …} by depth, of QUERIES papers that are the same each time.
        """
        from index.recall import Truth  # noqa: PLC0415  with FAISS, as above

        return Truth.of(self.vectors).recalls(self.index)


def _page(offset: int, limit: int | None) -> tuple[int, int]:
    """The values of "LIMIT ? OFFSET ?"; to SQLite a limit below 0 is none."""
    return -1 if limit is None else limit, offset


def _load_topics(folder: Path) -> Topics:
    listed = json.loads((folder / TOPICS).read_text(encoding="utf-8"))
    return Topics(
        tuple(Topic(**{**topic, "terms": tuple(topic["terms"])}) for topic in listed),
        np.load(folder / CENTROIDS, allow_pickle=False),
        np.load(folder / ASSIGNMENT, allow_pickle=False),
    )
