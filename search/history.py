"""Where a paper comes from: its mentions, what each one gave to the record, and why they were
judged the same work; and the log of all such judgements.
"""

from __future__ import annotations

from dataclasses import dataclass

from index.records import Mention, Merge, Paper
from index.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Origin:
    """One mention of a paper, and the fields of the paper's record that came from it."""

    mention: Mention
    fields: tuple[str, ...]  # names of `Paper` fields, in the order of the record

    @property
    def place(self) -> str:
        """File and lines, as in "seeds/a.txt:3-7"."""
        m = self.mention
        lines = f"{m.line_start}" if m.line_start == m.line_end else f"{m.line_start}-{m.line_end}"
        return f"{m.source}:{lines}"


@dataclass(frozen=True, slots=True)
class History:
    """A paper with everything that was known of it before it became one record."""

    paper: Paper
    origins: tuple[Origin, ...]  # ordered by file and line
    merges: tuple[Merge, ...]  # in the order of joining; one fewer than origins

    def origin(self, mention_id: str) -> Origin:
        """The origin of that mention. Raises KeyError for a mention of another paper."""
        for origin in self.origins:
            if origin.mention.mention_id == mention_id:
                return origin
        raise KeyError(mention_id)

    def source_of(self, field: str) -> Origin | None:
        """Where the paper's value of a field came from; None where no mention states one."""
        mention_id = self.paper.fields_from.get(field)
        return None if mention_id is None else self.origin(mention_id)


@dataclass(frozen=True, slots=True)
class LoggedMerge:
    """One line of the merge log, with what a reader needs to judge it."""

    merge: Merge
    paper: Paper
    a: Origin  # of merge.a
    b: Origin  # of merge.b


@dataclass(frozen=True, slots=True)
class MergePage:
    """A stretch of the merge log."""

    total: int  # lines of the whole log, or of those with the words that were looked for
    lines: tuple[LoggedMerge, ...]


def history(snapshot: Snapshot, paper_id: str) -> History:
    """The history of the paper that has, or ever had, this id. Raises UnknownPaperError."""
    paper = snapshot.paper(paper_id)
    origins = tuple(
        Origin(mention, tuple(f for f, m in paper.fields_from.items() if m == mention.mention_id))
        for mention, _ in snapshot.mentions(paper.paper_id)
    )
    return History(paper, origins, tuple(merge for merge, _ in snapshot.merges(paper.paper_id)))


def merge_log(
    snapshot: Snapshot,
    words: str = "",
    *,
    offset: int = 0,
    limit: int = 50,
    doubtful_first: bool = False,
) -> MergePage:
    """A page of the log of all merges, grouped by paper, or the least certain ones first.

    `words` keeps the lines that speak of each word, as `Snapshot.merges` defines it.
    """
    found = snapshot.merges(words=words, doubtful_first=doubtful_first, offset=offset, limit=limit)
    lines, known = [], dict[str, History]()
    for merge, paper_id in found:
        if paper_id not in known:
            known[paper_id] = history(snapshot, paper_id)
        told = known[paper_id]
        lines.append(LoggedMerge(merge, told.paper, told.origin(merge.a), told.origin(merge.b)))
    return MergePage(snapshot.count_merges(words), tuple(lines))
