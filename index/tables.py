"""The SQLite schema of a generation, and records to and from its rows.

Lists and mappings are stored as JSON text. An abstract that a mention shares with its paper, as by
far the most do, is stored with the paper alone; the view `stated` has mentions with all they state.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from index.blocking import Signature
from index.dedupe import Known
from index.identity import digest
from index.records import Evidence, Mention, Merge, Paper, Skip
from index.text import title_key

# A row of papers has some 2 kB, of which SQLite's own pages of 4 kB hold one and waste the rest.
_PAGE = 16_384  # bytes
_CACHE = 128 << 10  # kB; holds what ids that are digests put at random places: aliases and titles
_SCHEMA = """
CREATE TABLE papers (
    row INTEGER PRIMARY KEY,          -- row of the paper's vector
    paper_id TEXT NOT NULL UNIQUE,
    title TEXT, other_titles TEXT NOT NULL,
    authors TEXT NOT NULL, authors_truncated INTEGER NOT NULL,
    year INTEGER, date TEXT, venue TEXT, categories TEXT NOT NULL,
    abstract TEXT, abstract_truncated INTEGER NOT NULL,
    doi TEXT, arxiv TEXT, pmid TEXT, acl TEXT, url TEXT,
    mention_ids TEXT NOT NULL, fields_from TEXT NOT NULL,
    added TEXT,              -- when the index first had it, ISO 8601, UTC
    text_sha256 TEXT NOT NULL         -- of the text that was embedded
);
CREATE TABLE mentions (
    mention_id TEXT NOT NULL, paper_id TEXT NOT NULL,
    source TEXT NOT NULL, line_start INTEGER NOT NULL, line_end INTEGER NOT NULL,
    title TEXT, authors TEXT NOT NULL, authors_truncated INTEGER NOT NULL,
    year INTEGER, date TEXT, venue TEXT, categories TEXT NOT NULL,
    abstract TEXT, abstract_truncated INTEGER NOT NULL,
    doi TEXT, arxiv TEXT, pmid TEXT, acl TEXT, url TEXT,
    abstract_as_paper INTEGER NOT NULL -- 1: it is the paper's, and here is NULL
);
CREATE VIEW stated AS             -- mentions, each with its abstract
SELECT
    m.mention_id, m.paper_id, m.source, m.line_start, m.line_end, m.title, m.authors,
    m.authors_truncated, m.year, m.date, m.venue, m.categories,
    CASE WHEN m.abstract_as_paper THEN p.abstract ELSE m.abstract END AS abstract,
    m.abstract_truncated, m.doi, m.arxiv, m.pmid, m.acl, m.url
FROM mentions m JOIN papers p USING (paper_id);
CREATE TABLE merges (
    paper_id TEXT NOT NULL, position INTEGER NOT NULL, a TEXT NOT NULL, b TEXT NOT NULL,
    rule TEXT NOT NULL, score REAL NOT NULL, why TEXT NOT NULL, scores TEXT NOT NULL,
    PRIMARY KEY (paper_id, position)
) WITHOUT ROWID;
CREATE TABLE signatures (         -- by what mentions found each other
    mention_id TEXT PRIMARY KEY, keys BLOB NOT NULL, words BLOB NOT NULL, names BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE evidence (           -- every pair that a rule would join, also those that were not
    a TEXT NOT NULL, b TEXT NOT NULL, rule TEXT NOT NULL, score REAL NOT NULL, why TEXT NOT NULL,
    scores TEXT NOT NULL, PRIMARY KEY (a, b)
) WITHOUT ROWID;
CREATE TABLE aliases (alias TEXT PRIMARY KEY, paper_id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE titles (             -- every title of a paper, by the key under which it is the same
    key INTEGER NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (key, row)
) WITHOUT ROWID;
CREATE TABLE files (source TEXT PRIMARY KEY, layout TEXT, sha256 TEXT, mentions INTEGER NOT NULL);
CREATE TABLE skipped (position INTEGER PRIMARY KEY, source TEXT NOT NULL, line INTEGER, why TEXT);
"""
# Made when the rows are there: to sort all of them once is quicker than to find a place for each.
_INDEXES = """
CREATE INDEX papers_year ON papers (year);
CREATE INDEX papers_added ON papers (added);
CREATE UNIQUE INDEX mentions_id ON mentions (mention_id);
CREATE INDEX mentions_paper ON mentions (paper_id);
CREATE INDEX aliases_paper ON aliases (paper_id);
"""
# What the words of a merge are looked for in, and where it stands. A line end is in no word.
_SPOKEN_OF = (
    "JOIN papers p USING (paper_id) "
    "JOIN mentions ma ON ma.mention_id = m.a JOIN mentions mb ON mb.mention_id = m.b"
)
_SPOKEN = " || char(10) || ".join(
    ("m.paper_id", "coalesce(p.title, '')", "m.rule", "m.why", "m.a", "m.b",
     "coalesce(ma.title, '')", "coalesce(mb.title, '')", "ma.source", "mb.source")
)  # fmt: skip
# What is shown of very many papers at once: neither reads whole records.
TITLES = """
SELECT row, title, CASE WHEN coalesce(title, '') = '' THEN substr(abstract, 1, 91) END AS beginning
FROM papers WHERE row IN (SELECT value FROM json_each(?))
"""
YEARS = """
SELECT year, json_group_array(row) AS rows FROM papers WHERE year IS NOT NULL GROUP BY year
"""
# The date of every id that stands for a paper: its own, its aliases' and its mentions'.
ADDED = """
SELECT paper_id AS id, added FROM papers UNION ALL
SELECT alias, added FROM aliases JOIN papers USING (paper_id) UNION ALL
SELECT mention_id, added FROM mentions JOIN papers USING (paper_id)
"""
MENTION_FIELDS = (
    "mention_id", "source", "line_start", "line_end", "title", "authors", "authors_truncated",
    "year", "date", "venue", "categories", "abstract", "abstract_truncated", "doi", "arxiv", "pmid",
    "acl", "url",
)  # fmt: skip
PAPER_FIELDS = (
    "paper_id", "title", "other_titles", "authors", "authors_truncated", "year", "date", "venue",
    "categories", "abstract", "abstract_truncated", "doi", "arxiv", "pmid", "acl", "url",
    "mention_ids", "fields_from", "added",
)  # fmt: skip
_AT_ONCE = 1000  # papers
_LISTS = {"authors", "categories", "other_titles", "mention_ids"}
_BOOLEANS = {"authors_truncated", "abstract_truncated"}
_to_json = json.JSONEncoder(ensure_ascii=False).encode


def create(path: Path) -> sqlite3.Connection:
    """An empty database, for records and then `create_indexes`.

    It is written once and synced by the caller, so it keeps no journal.
    """
    db = sqlite3.connect(path)
    space = f"PRAGMA page_size = {_PAGE}; PRAGMA cache_size = -{_CACHE};"
    db.executescript(f"{space} PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_SCHEMA}")
    return db


def open_read_only(path: Path) -> sqlite3.Connection:
    """A connection that several threads may use in turn. Raises sqlite3.Error."""
    uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    db = sqlite3.connect(uri, uri=True, check_same_thread=False)
    db.row_factory = sqlite3.Row
    db.execute("SELECT count(*) FROM papers")
    return db


def insert_papers(db: sqlite3.Connection, papers: Iterable[tuple[Paper, str]]) -> dict[str, str]:
    """(paper, digest of its text) in the order of their rows, with other ids and titles.

    Returns the paper of each mention.
    """
    home: dict[str, str] = {}
    numbered = enumerate(papers)
    while some := list(islice(numbered, _AT_ONCE)):
        rows = [(row, *values_of(p, PAPER_FIELDS), digest) for row, (p, digest) in some]
        insert(db, "papers", ("row", *PAPER_FIELDS, "text_sha256"), rows)
        aliases = [(alias, p.paper_id) for _, (p, _) in some for alias in p.aliases]
        insert(db, "aliases", ("alias", "paper_id"), aliases)
        titles = {
            (title_number(title), row)
            for row, (p, _) in some
            for title in (p.title, *p.other_titles)
            if title
        }
        insert(db, "titles", ("key", "row"), sorted(titles))
        home |= {mention: p.paper_id for _, (p, _) in some for mention in p.mention_ids}
    return home


def insert_mentions(
    db: sqlite3.Connection, mentions: Iterable[Mention], home: Mapping[str, str]
) -> None:
    """Mentions with the paper of each, which must be there before."""
    of_paper = "SELECT abstract FROM papers WHERE paper_id = ?"

    def row(mention: Mention) -> tuple[object, ...]:
        paper_id, abstract = home[mention.mention_id], mention.abstract
        same = abstract is not None and db.execute(of_paper, (paper_id,)).fetchone()[0] == abstract
        own = replace(mention, abstract=None) if same else mention
        return *values_of(own, MENTION_FIELDS), paper_id, same

    insert(db, "mentions", (*MENTION_FIELDS, "paper_id", "abstract_as_paper"), map(row, mentions))


def insert_merges(db: sqlite3.Connection, merges: Sequence[Merge], home: Mapping[str, str]) -> None:
    """The merge log, in the order of joining."""
    columns = ("paper_id", "position", "a", "b", "rule", "score", "why", "scores")
    rows = ((home[m.a], i, m.a, m.b, *_stated(m.evidence)) for i, m in enumerate(merges))
    insert(db, "merges", columns, rows)


def insert_known(db: sqlite3.Connection, known: Known) -> None:
    """What was worked out about mentions and pairs of them."""
    rows = ((m, s.keys, s.words, s.names) for m, s in known.signatures.items())
    insert(db, "signatures", ("mention_id", "keys", "words", "names"), rows)
    pairs = ((*pair, *_stated(evidence)) for pair, evidence in known.evidence.items())
    insert(db, "evidence", ("a", "b", "rule", "score", "why", "scores"), pairs)


def title_number(title: str) -> int:
    """A number that titles share which are the same title; others share it once in 10^14 times."""
    return int(digest("", "title", title_key(title)), 16)


def insert_reading(
    db: sqlite3.Connection,
    files: Iterable[tuple[str, str | None, str | None, int]],
    skipped: Iterable[Skip],
) -> None:
    """The files that were read, and what was skipped."""
    insert(db, "files", ("source", "layout", "sha256", "mentions"), files)
    rows = ((i, s.source, s.line, s.why) for i, s in enumerate(skipped))
    insert(db, "skipped", ("position", "source", "line", "why"), rows)


def create_indexes(db: sqlite3.Connection) -> None:
    """What the records are found by, when all are there. Commits."""
    db.executescript(_INDEXES)


def check(db: sqlite3.Connection, counts: Mapping[str, int]) -> list[str]:
    """What disagrees inside the database or with the counts of the manifest, in words."""
    problems = []
    state = db.execute("PRAGMA integrity_check").fetchone()[0]
    if state != "ok":
        problems.append(f"SQLite says {state!r}")
    for table in ("papers", "mentions", "merges", "files", "skipped"):
        found = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
        if found != counts[table]:
            problems.append(f"{found} {table}, the manifest says {counts[table]}")
    questions = {
        "rows are not numbered from 0": "SELECT count(*) <> coalesce(max(row) + 1, 0) FROM papers",
        "a mention belongs to no paper": "SELECT count(*) FROM mentions "
        "WHERE paper_id NOT IN (SELECT paper_id FROM papers)",
        "a mention has the abstract of a paper that has none": "SELECT count(*) FROM mentions "
        "WHERE abstract_as_paper AND paper_id IN "
        "(SELECT paper_id FROM papers WHERE abstract IS NULL)",
        "an alias leads nowhere": "SELECT count(*) FROM aliases "
        "WHERE paper_id NOT IN (SELECT paper_id FROM papers)",
    }
    return problems + [words for words, sql in questions.items() if db.execute(sql).fetchone()[0]]


def merges_query(what: str, paper_id: str | None, words: str) -> tuple[str, list[str]]:
    """A query for `what` of `merges m`, and its values; see `Snapshot.merges` for the conditions.

    SQLite's lower() knows ASCII alone.
    """
    values = words.split()
    spoken_of = _SPOKEN_OF if values else ""
    conditions = [f"instr(lower({_SPOKEN}), lower(?))"] * len(values)
    if paper_id is not None:
        conditions.append("m.paper_id = ?")
        values.append(paper_id)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {what} FROM merges m {spoken_of} {where}", values  # noqa: S608


def to_paper(record: sqlite3.Row, aliases: tuple[str, ...]) -> Paper:
    """A row of the papers table as a Paper."""
    values = {name: _value(name, record[name]) for name in PAPER_FIELDS}
    return Paper(**values, aliases=aliases)


def to_mention(record: sqlite3.Row) -> Mention:
    """A row of the view `stated` as a Mention."""
    return Mention(**{name: _value(name, record[name]) for name in MENTION_FIELDS})


def to_merge(record: sqlite3.Row) -> Merge:
    """A row of the merges table as a Merge."""
    return Merge(record["a"], record["b"], to_evidence(record))


def to_evidence(record: sqlite3.Row) -> Evidence:
    """The evidence in a row of the merges or evidence table."""
    scores = json.loads(record["scores"])
    return Evidence(record["rule"], record["score"], record["why"], scores)


def to_signature(record: sqlite3.Row) -> Signature:
    """A row of the signatures table as a Signature."""
    return Signature(record["keys"], record["words"], record["names"])


def _stated(evidence: Evidence) -> tuple[str, float, str, str]:
    return evidence.rule, evidence.score, evidence.why, json.dumps(dict(evidence.scores))


def insert(
    db: sqlite3.Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Insert rows of values for these columns."""
    marks = ",".join("?" * len(columns))
    db.executemany(f"INSERT INTO {table} ({','.join(columns)}) VALUES ({marks})", rows)  # noqa: S608


def values_of(record: Paper | Mention, fields: Sequence[str]) -> list[object]:
    """The fields of a record as they are stored."""
    values = []
    for name in fields:
        value = getattr(record, name)
        if name in _LISTS or name == "fields_from":
            value = _to_json(value)
        values.append(value)
    return values


def _value(name: str, stored: Any) -> Any:
    if name in _LISTS:
        return tuple(json.loads(stored))
    if name == "fields_from":
        return json.loads(stored)
    return bool(stored) if name in _BOOLEANS else stored
