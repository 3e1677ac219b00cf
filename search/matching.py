"""Which paper of an index an entry of a bibliography is.

By the id that this program wrote, by DOI, arXiv number, PMID or ACL id, and else by title. An index
finds a paper by the ids that these give rise to (`index.identity`), whichever of its sources states
them. Of several papers of one title, first author and year decide; one by quite
other people is not meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from index.errors import UnknownPaperError
from index.identity import content_ids, digest, identifier_ids
from index.records import Paper
from index.snapshot import Snapshot
from index.text import words


@dataclass(frozen=True, slots=True)
class Match:
    """The paper of the index, or that of the entry when the index has it not."""

    paper: Paper
    in_index: bool
    why: str  # found by "id", "DOI", "arXiv", "PMID", "ACL" or "title"; or why it was not found


def match(wanted: Paper, snapshot: Snapshot | None) -> Match:
    """The paper that `wanted`, as a bibliography states it, is.

    It states a title, an abstract or an identifier. Without an index it is itself.
    """
    if snapshot is None:
        return Match(on_its_own(wanted), False, "there is no index yet")
    for how, paper_id in _identifiers(wanted):
        try:
            return Match(snapshot.paper(paper_id), True, how)
        except UnknownPaperError:
            continue
    bearers = snapshot.titled(wanted.title) if wanted.title else []
    fitting = [paper for paper in bearers if may_be(paper, wanted)]
    for agrees in (_same_first_author, _same_year):
        if len(fitting) > 1:
            fitting = [paper for paper in fitting if agrees(paper, wanted)] or fitting
    if len(fitting) == 1:
        return Match(fitting[0], True, "title")
    own = on_its_own(wanted, namesake=bool(bearers))
    return Match(own, False, _why_not(wanted, bearers, fitting))


def _identifiers(paper: Paper) -> Iterator[tuple[str, str]]:
    """(what it is, paper id) of all by which a paper is known for certain, the surest first."""
    if paper.paper_id:
        yield "id", paper.paper_id
    yield from identifier_ids(paper)


def may_be(paper: Paper, wanted: Paper) -> bool:
    """False when both name their authors and have none in common."""
    names = [{_surname(name) for name in p.authors} - {""} for p in (paper, wanted)]
    return not all(names) or bool(names[0] & names[1])


def _same_first_author(paper: Paper, wanted: Paper) -> bool:
    firsts = [_surname(p.authors[0]) if p.authors else "" for p in (paper, wanted)]
    return firsts[0] == firsts[1] != ""


def _same_year(paper: Paper, wanted: Paper) -> bool:
    return paper.year == wanted.year is not None


def _surname(name: str) -> str:
    return "".join(words(name)[-1:])


def _why_not(wanted: Paper, bearers: Sequence[Paper], fitting: Sequence[Paper]) -> str:
    if fitting:
        return f"{len(fitting)} papers of the index have this title, and nothing tells which it is"
    if bearers:
        return "the index has this title, but by other authors"
    stated = [how for how, _ in _identifiers(wanted)] + ["title"] * bool(wanted.title)
    return (
        f"the index has no paper of this {' or '.join(stated)}" if stated else "it states nothing"
    )


def on_its_own(paper: Paper, *, namesake: bool = False) -> Paper:
    """The paper with the ids that an index would give it, which find it should it come in later.

    A title that is not its own (`namesake`) is no id for it, so author and year go with it.
    """
    ids = [paper_id for _, paper_id in _identifiers(paper)]
    if not ids:
        plain = content_ids(paper)[0]
        author = words(paper.authors[0])[-1:] if paper.authors else []
        ids = [digest("p", plain, author, paper.year) if namesake else plain]
    return replace(paper, paper_id=ids[0], aliases=tuple(ids[1:]))
