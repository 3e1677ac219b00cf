"""What to ask an index in a benchmark: sentences of its papers, and filters of given sizes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index.records import Paper
from index.snapshot import Snapshot
from index.text import sentence_spans
from search import Filters

LEAST, MOST = 8, 25  # words of a question
_READ = 3000  # papers at most, of which questions and filters are taken
_COUNTED = 20  # conditions that are counted exactly for a size, and as many authors


@dataclass(frozen=True)
class Filter:
    """Conditions, and the papers that meet them."""

    name: str  # the size that was wanted
    conditions: dict[str, Any]  # by the names of `Filters`
    rows: np.ndarray  # ascending, int64


def sample_of(snapshot: Snapshot, seed: int) -> list[Paper]:
    rows = random.Random(seed).sample(range(len(snapshot)), min(_READ, len(snapshot)))
    return snapshot.papers_at(rows)


def sentences_of(papers: list[Paper], count: int, seed: int) -> list[str]:
    """One sentence each of the papers that have one of the right length, at most `count`."""
    draw, chosen = random.Random(seed), []
    for paper in papers:
        text = paper.abstract or ""
        spans = [text[start:end] for start, end in sentence_spans(text)]
        fitting = [sentence for sentence in spans if LEAST <= len(sentence.split()) <= MOST]
        if fitting:
            chosen.append(draw.choice(fitting))
    return chosen[:count]


def questions_in(path: Path) -> list[str]:
    """The questions of a file, one a line. Raises ValueError when there is none."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    if not any(lines):
        raise ValueError(f"{path}: no question; write one a line")
    return [line for line in lines if line]


def filters_of(snapshot: Snapshot, papers: list[Paper]) -> list[Filter]:
    """Conditions that about half of all papers meet, one in a hundred, and ten.

    Half: the years up to some year. Fewer: an author, a venue, a category, a year, or one of the
    middle two and a year; of those that the sample of papers lets one expect nearest to the size, a
    few are counted, and the authors of the first papers of the sample, of whom it says little. The
    nearest is taken. A size that nothing comes near (half to twice) is left out.
    """
    size = len(snapshot)
    wanted = {"50 %": size / 2, "1 %": size / 100, "10 papers": 10.0}
    found = []
    for name, count in wanted.items():
        expected = _by_years(snapshot) if name == "50 %" else _by_values(papers, size)
        near = sorted(expected, key=lambda c: _distance(c[0], count))[:_COUNTED]
        authors = [{"authors": p.authors[:1]} for p in papers[:_COUNTED] if p.authors]
        tried: list[dict[str, Any]] = [conditions for _, conditions in near] + authors
        counted = [(c, Filters(**c).rows(snapshot)) for c in tried]
        conditions, rows = min(counted, key=lambda c: _distance(len(c[1]), count))
        if _distance(len(rows), count) <= 2:
            found.append(Filter(name, conditions, rows))
    return found


def _distance(count: float, wanted: float) -> float:
    """How many times too many, or too few."""
    return max(count, wanted) / max(min(count, wanted), 1e-9)


def _by_years(snapshot: Snapshot) -> Iterator[tuple[float, dict[str, Any]]]:
    """(papers, conditions) for the papers up to each year."""
    years = snapshot.years[snapshot.years > 0]
    for year in np.unique(years).tolist():
        yield float(np.count_nonzero(years <= year)), {"years": (None, year)}


def _by_values(papers: list[Paper], size: int) -> Iterator[tuple[float, dict[str, Any]]]:
    """(papers to be expected, conditions) for what the papers of a sample state."""
    counts: Counter[tuple[str, str]] = Counter()
    years: Counter[int] = Counter()
    for p in papers:
        counts.update(("authors", author) for author in p.authors)
        counts.update(("categories", category) for category in p.categories)
        counts.update([("venues", p.venue)] if p.venue else [])
        years.update([p.year] if p.year else [])
    scale = size / len(papers)
    for (name, value), count in counts.items():
        yield count * scale, {name: (value,)}
        if name != "authors":
            for year, share in years.items():
                expected = count * scale * share / len(papers)
                yield expected, {name: (value,), "years": (year, year)}
    for year, count in years.items():
        yield count * scale, {"years": (year, year)}
