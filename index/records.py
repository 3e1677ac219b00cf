"""The records that flow through a build: Mention, then Paper with its Merge log.

All are frozen: a later stage makes a new record, it never edits one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Mention:
    """One paper as one source states it. Kept for ever, also after it is merged."""

    source: str  # path of the file as the build was given it
    line_start: int  # first and last line of the mention, 1-based, inclusive
    line_end: int
    title: str | None = None
    authors: tuple[str, ...] = ()  # as printed, in order
    authors_truncated: bool = False  # the source prints only some of the authors
    year: int | None = None
    date: str | None = None  # ISO 8601: 2024-10-18, 2024-10, or --10-18 when no year is stated
    venue: str | None = None
    categories: tuple[str, ...] = ()
    abstract: str | None = None  # white space folded, otherwise character for character
    abstract_truncated: bool = False  # the source itself cuts the abstract off
    doi: str | None = None
    arxiv: str | None = None  # without version suffix
    pmid: str | None = None  # digits, of PubMed
    acl: str | None = None  # of the ACL Anthology, as printed: 2021.econlp-1.4 or P19-1001
    url: str | None = None
    mention_id: str = ""  # derived from the content; see index.identity


@dataclass(frozen=True, slots=True)
class Skip:
    """A stretch of a source that was not taken, and why."""

    source: str
    line: int | None  # 1-based; None when the whole file was skipped
    why: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why two mentions are, or are not, the same work."""

    rule: str  # short name of the rule that decided, e.g. "same-title"
    score: float  # confidence in [0, 1]; the rules are ordered by it
    why: str  # one sentence with the figures behind the rule
    scores: Mapping[str, float] = field(default_factory=dict)  # each in [0, 1]


@dataclass(frozen=True, slots=True)
class Merge:
    """One join: the mention `b` came to the group of `a` by `evidence`."""

    a: str
    b: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Work:
    """What one paper is: which mentions it is made of, and what it is called. No text of it."""

    paper_id: str
    aliases: tuple[str, ...]  # every other id under which it is found
    mention_ids: tuple[str, ...]  # ascending
    added: str | None = None  # since when the index has it, ISO 8601 in UTC


@dataclass(frozen=True, slots=True)
class Paper:
    """One work: the best value of each field over its mentions, and where each came from."""

    paper_id: str
    title: str | None
    other_titles: tuple[str, ...]
    authors: tuple[str, ...]
    authors_truncated: bool
    year: int | None
    date: str | None
    venue: str | None
    categories: tuple[str, ...]
    abstract: str | None
    abstract_truncated: bool
    doi: str | None
    arxiv: str | None
    pmid: str | None
    acl: str | None
    url: str | None
    mention_ids: tuple[str, ...]
    fields_from: Mapping[str, str]  # field name -> id of the mention that it came from
    aliases: tuple[str, ...] = ()  # every other id under which this paper is found
    # Since when the index has it, ISO 8601 in UTC; of no paper itself, so it makes none another.
    added: str | None = field(default=None, compare=False)

    @classmethod
    def bare(cls, paper_id: str, title: str | None, abstract: str | None) -> Paper:
        """A paper of which nothing else is known, as in collections for evaluation."""
        return cls(
            paper_id=paper_id,
            title=title or None,
            other_titles=(),
            authors=(),
            authors_truncated=False,
            year=None,
            date=None,
            venue=None,
            categories=(),
            abstract=abstract or None,
            abstract_truncated=False,
            doi=None,
            arxiv=None,
            pmid=None,
            acl=None,
            url=None,
            mention_ids=(),
            fields_from={},
        )

    @property
    def has_abstract(self) -> bool:
        """False for a work known by its title alone."""
        return self.abstract is not None

    @property
    def display_title(self) -> str:
        """The title, or the first words of the abstract for a work without one."""
        return display_title(self.title, self.abstract)


def display_title(title: str | None, abstract: str | None) -> str:
    """The title, else the first words of the abstract; of it, 91 characters tell enough."""
    if title:
        return title
    text = abstract or ""
    return text if len(text) <= 90 else f"{text[:90].rsplit(' ', 1)[0]} …"
