"""Errors that a user can act on.

AbstractsError
├── SourceError        a file or folder that cannot be read as a source
├── DecisionError      the join and split decisions contradict themselves or name nothing
├── EncoderError       the embedding model is missing, altered or unsuitable
├── SnapshotError      the index on disk is missing, damaged, or of another format or model
│   └── NoIndexError     the data folder holds no index yet
├── BusyError          another build holds the data folder
├── QueryError         a question that cannot be asked as put
└── UnknownPaperError  no paper has the given id

Every message names the file (and line), quotes what was wrong and says what to do next. The
command line prints the message and exits with status 2.
"""

from __future__ import annotations


class AbstractsError(Exception):
    """Base of every error that is the input's or the environment's, not the program's."""


class SourceError(AbstractsError):
    """A source cannot be read. `source` is its path, `line` the 1-based line or None."""

    def __init__(self, source: str, why: str, line: int | None = None) -> None:
        self.source, self.why, self.line = source, why, line
        super().__init__(f"{source}:{line}: {why}" if line is not None else f"{source}: {why}")


class DecisionError(AbstractsError):
    """A join or split decision that cannot be carried out."""


class EncoderError(AbstractsError):
    """The embedding model cannot be used."""


class SnapshotError(AbstractsError):
    """The index on disk cannot be answered from."""


class NoIndexError(SnapshotError):
    """There is no index yet in the data folder."""


class BusyError(AbstractsError):
    """Another process is building in the same data folder."""


class QueryError(AbstractsError, ValueError):
    """A query, option or filter that makes no sense."""


class EmptyQueryError(QueryError):
    """A query that leaves nothing to search for."""


class UnknownPaperError(AbstractsError):
    """No paper, now or before, has this id. `paper_id` is the offender."""

    def __init__(self, paper_id: str) -> None:
        self.paper_id = paper_id
        super().__init__(
            f"no paper has the id {paper_id!r}; "
            "`python -m index papers` lists all ids, `python -m search query TEXT` finds one"
        )
