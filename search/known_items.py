"""Known items: questions of which a paper of the index is the one right answer.

Nobody has judged queries for their own papers, but every paper is the one right answer to some
question about it (known-item search, as in Azzopardi et al., 2007, "Building simulated queries for
known-item topics"). A part of a paper is taken out of its document and asked for:

    title     a title should find its abstract; the document is the abstract alone
    sentence  a sentence should find its paper; the document is the paper without that sentence
    version   one version should find the other; the document is the paper without the other
              version's text, the question that version's title, or its abstract where it has
              no other title

A paper serves in one task at most, so all questions are asked of one index, in which every other
paper stands as it is. Only what does not stand word for word in the document is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from rapidfuzz import fuzz

from index.evidence import SAME_ABSTRACT
from index.features import SHORTEST_ABSTRACT
from index.papers import document_text, merge_mentions
from index.records import Mention, Paper
from index.snapshot import Snapshot
from index.text import sentence_spans, title_key, words

Task = Literal["title", "sentence", "version"]
TASKS: dict[Task, str] = {
    "title": "a title finds its abstract",
    "sentence": "a sentence finds its paper",
    "version": "one version finds the other",
}

_SENTENCE = range(8, 61)  # words of a sentence that is asked: neither a heading nor a paragraph
_SEED = 20240229
_BATCH = 1000  # papers read at a time


@dataclass(frozen=True, slots=True)
class Item:
    """A question, and the paper that is its one right answer."""

    task: Task
    row: int
    query: str
    document: Paper  # the paper without what is asked


def choose(snapshot: Snapshot, limit: int) -> list[Item]:
    """At most `limit` questions a task, a seeded sample; ordered by task, then by row.

    Versions are chosen first, for they are rare; titles and sentences share the other papers.
    """
    rng = np.random.default_rng(_SEED)
    chosen: dict[Task, list[Item]] = {task: [] for task in TASKS}
    merged = snapshot.merged_rows()
    for row, paper in _shuffled(snapshot, merged, rng):
        if len(chosen["version"]) == limit:
            break
        mentions = [mention for mention, _ in snapshot.mentions(paper.paper_id)]
        chosen["version"] += filter(None, [version_item(row, paper, mentions)])
    taken = [item.row for item in chosen["version"]]
    others = np.setdiff1d(np.arange(len(snapshot)), taken)
    for row, paper in _shuffled(snapshot, others, rng):
        open_tasks = [task for task in _MAKERS if len(chosen[task]) < limit]
        if not open_tasks:
            break
        for task in sorted(open_tasks, key=lambda task: len(chosen[task])):
            item = _MAKERS[task](row, paper, rng)
            if item:
                chosen[task].append(item)
                break
    return [i for items in chosen.values() for i in sorted(items, key=lambda i: i.row)]


def title_item(row: int, paper: Paper, _rng: np.random.Generator) -> Item | None:
    """The title asks for the abstract; None without either."""
    if not (paper.title and paper.abstract):
        return None
    return _item("title", row, paper.title, replace(paper, title=None))


def sentence_item(row: int, paper: Paper, rng: np.random.Generator) -> Item | None:
    """A sentence of the abstract asks for the rest of the paper; None when none can."""
    abstract = paper.abstract or ""
    items = []
    for start, end in sentence_spans(abstract):
        sentence = abstract[start:end]
        if len(words(sentence)) in _SENTENCE:
            rest = " ".join(filter(None, (abstract[:start].rstrip(), abstract[end:].lstrip())))
            items.append(_item("sentence", row, sentence, replace(paper, abstract=rest or None)))
    able = [item for item in items if item]
    return able[rng.integers(len(able))] if able else None


_Maker = Callable[[int, Paper, np.random.Generator], Item | None]
_MAKERS: dict[Task, _Maker] = {"title": title_item, "sentence": sentence_item}


def version_item(row: int, paper: Paper, mentions: Sequence[Mention]) -> Item | None:
    """Another version asks for the paper as the rest of its mentions state it.

    None when the mentions are copies of one text: the same title but for its folding, and
    abstracts that are alike or cut off.
    """
    for title in paper.other_titles:
        rest = _without_title(mentions, title_key(title))
        item = _version(row, title, paper, rest)
        if item:
            return item
    for mention in mentions:
        other = mention.abstract or ""
        whole = len(words(other)) >= SHORTEST_ABSTRACT
        if whole and paper.abstract and not _alike(other, paper.abstract):
            rest = [m for m in mentions if not (m.abstract and _alike(m.abstract, other))]
            item = _version(row, other, paper, rest)
            if item:
                return item
    return None


def _without_title(mentions: Sequence[Mention], key: str) -> list[Mention]:
    """The mentions of the versions that do not bear a title.

    An untitled mention belongs to the version whose abstract it repeats.
    """
    gone = [m for m in mentions if m.title and title_key(m.title) == key]
    abstracts = [m.abstract for m in gone if m.abstract]

    def repeats(m: Mention) -> bool:
        return not m.title and any(_alike(m.abstract or "", abstract) for abstract in abstracts)

    return [m for m in mentions if m not in gone and not repeats(m)]


def _version(row: int, query: str, paper: Paper, rest: Sequence[Mention]) -> Item | None:
    if not rest:
        return None
    return _item("version", row, query, replace(merge_mentions(rest), paper_id=paper.paper_id))


def _item(task: Task, row: int, query: str, document: Paper) -> Item | None:
    """None when nothing is left to be found, or when it says word for word what is asked."""
    text = document_text(document)
    asked, there = (f" {' '.join(words(t))} " for t in (query, text))
    if not asked.strip() or not there.strip() or asked in there:
        return None
    return Item(
        task,
        row,
        query,
        Paper.bare(document.paper_id, document.title, document.abstract),
    )


def _alike(a: str, b: str) -> bool:
    """One text but for small changes, or one a part of the other."""
    a, b = (" ".join(words(text)) for text in (a, b))
    least = 100 * SAME_ABSTRACT
    # The second is slow and seldom needed.
    return fuzz.ratio(a, b) >= least or fuzz.partial_ratio(a, b) >= least


def _shuffled(
    snapshot: Snapshot, rows: np.ndarray, rng: np.random.Generator
) -> Iterator[tuple[int, Paper]]:
    """Rows in a random order, each with its paper, read as they are asked for."""
    order = rng.permutation(rows).tolist()
    for start in range(0, len(order), _BATCH):
        part = order[start : start + _BATCH]
        yield from zip(part, snapshot.papers_at(part), strict=True)
