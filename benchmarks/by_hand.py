"""The search that one would build by hand, as a rival: NumPy, SQLite FTS5 and the same model.

    python -m benchmarks.by_hand FOLDER

All vectors lie in memory as float32 and a question is compared with each; the words are looked for
by FTS5 (stemmed, any of them, BM25); the two lists of a thousand are joined by their ranks
(Cormack, Clarke and Büttcher 2009, "Reciprocal Rank Fusion", k = 60). Of the ten best the records
are fetched, and the sentences to show are chosen as the engine does. Slips of typing, feedback,
smoothing and the strength of a hit are left out. Which papers a filter allows is known beforehand
and costs nothing.

`make` fills FOLDER from an index. The process answers as `benchmarks/asking.py` does; a question
names its filter, and "row" is the row of the paper that others are to be like.
"""

from __future__ import annotations

import argparse
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import numpy as np

from benchmarks.asking import WANTED, Ask, serve, tell
from benchmarks.lexical import asked
from benchmarks.steps import Steps, peak_mb
from index.encoder import Encoder, load_encoder
from index.papers import document_text
from index.snapshot import Snapshot
from search.sentences import SentenceFinder

POOL = 1000  # of each list, as ours
RANK_CONSTANT = 60
MATCHING = "SELECT rowid FROM words WHERE words MATCH ? {} ORDER BY rank LIMIT ?"
# The sign keeps SQLite from searching for the words once for each allowed row.
ALLOWED = "AND +rowid IN (SELECT row FROM allowed WHERE filter = ?)"


def make(snapshot: Snapshot, allowed: dict[str, np.ndarray], folder: Path) -> None:
    """Fill a folder: `vectors.npy`, and `papers.db` with records, words and allowed rows."""
    np.save(folder / "vectors.npy", snapshot.vectors)
    with closing(sqlite3.connect(folder / "papers.db")) as db:
        db.execute("PRAGMA journal_mode = OFF")
        db.execute(
            "CREATE TABLE papers (row INTEGER PRIMARY KEY, paper_id TEXT, title TEXT,"
            " authors TEXT, year INTEGER, venue TEXT, abstract TEXT)"
        )
        db.execute(
            "CREATE VIRTUAL TABLE words USING fts5(text, content='', tokenize='porter unicode61')"
        )
        db.execute("CREATE TABLE allowed (filter TEXT, row INTEGER, PRIMARY KEY (filter, row))")
        for row, p in enumerate(snapshot.papers()):
            record = (row, p.paper_id, p.title, "; ".join(p.authors), p.year, p.venue, p.abstract)
            db.execute("INSERT INTO papers VALUES (?, ?, ?, ?, ?, ?, ?)", record)
            text = document_text(p)
            db.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (row, text))
        for name, rows in allowed.items():
            pairs = ((name, row) for row in rows.tolist())
            db.executemany("INSERT INTO allowed VALUES (?, ?)", pairs)
        db.execute("INSERT INTO words (words) VALUES ('optimize')")
        db.commit()


class ByHand:
    """Answers from such a folder."""

    def __init__(self, folder: Path, encoder: Encoder, steps: Steps) -> None:
        self._vectors = np.load(folder / "vectors.npy").astype(np.float32)
        self._db = sqlite3.connect(folder / "papers.db")
        self._encoder, self._steps, self._finder = encoder, steps, SentenceFinder()
        filters = self._db.execute("SELECT DISTINCT filter FROM allowed").fetchall()
        self._allowed = {name: self._rows_of(name) for (name,) in filters}

    def _rows_of(self, name: str) -> np.ndarray:
        found = self._db.execute("SELECT row FROM allowed WHERE filter = ?", (name,)).fetchall()
        return np.array(found, dtype=np.int64).ravel()

    def answer(self, ask: Ask) -> list[str]:
        """Ids of the ten best papers."""
        name = ask.get("filter_name")
        if "row" in ask:
            query = self._vectors[ask["row"]]
            rows = [row for row in self._near(query, name) if row != ask["row"]]
        else:
            with self._steps.step("embedding"):
                query = self._encoder.encode_query([ask["text"]])[0]
            rows = self._joined(self._near(query, name), self._with_words(ask["text"], name))
        with self._steps.step("records"):
            records = [self._record(row) for row in rows[:WANTED]]
        with self._steps.step("sentences"):
            self._finder.best(ask.get("text", ""), [abstract or "" for _, abstract in records])
        return [paper_id for paper_id, _ in records]

    def _near(self, query: np.ndarray, name: str | None) -> list[int]:
        with self._steps.step("vectors"):
            allowed = None if name is None else self._allowed[name]
            vectors = self._vectors
            if allowed is not None and len(allowed) < len(vectors) / 10:
                scores, rows = vectors[allowed] @ query, allowed
            else:
                scores, rows = vectors @ query, np.arange(len(vectors))
            if allowed is not None and rows is not allowed:
                scores, rows = scores[allowed], allowed
            few = min(POOL, len(rows))
            best = np.argpartition(-scores, few - 1)[:few]
            order: list[int] = rows[best[np.argsort(-scores[best])]].tolist()
            return order

    def _with_words(self, text: str, name: str | None) -> list[int]:
        with self._steps.step("words"):
            wanted = " OR ".join(f'"{word}"' for word in asked(text))
            values = (wanted, POOL) if name is None else (wanted, name, POOL)
            sql = MATCHING.format("" if name is None else ALLOWED)
            return [row for (row,) in self._db.execute(sql, values)] if wanted else []

    def _joined(self, *lists: list[int]) -> list[int]:
        with self._steps.step("fusion"):
            scores: dict[int, float] = {}
            for rows in lists:
                for rank, row in enumerate(rows, 1):
                    scores[row] = scores.get(row, 0.0) + 1 / (RANK_CONSTANT + rank)
            return sorted(scores, key=lambda row: -scores[row])

    def _record(self, row: int) -> tuple[str, str | None]:
        found = self._db.execute("SELECT * FROM papers WHERE row = ?", (row,)).fetchone()
        return found[1], found[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    encoder, steps = load_encoder(), Steps()
    started = time.perf_counter()
    rival = ByHand(options.folder, encoder, steps)
    tell({"index_s": time.perf_counter() - started, "opened_mb": peak_mb()})
    serve(rival.answer, steps)


if __name__ == "__main__":
    main()
