"""As many papers as wanted out of a dump of real ones: real papers first, then mixtures of two.

A mixture is drawn from two real papers, `one` and `other`, at random (seed 7). It has the title,
authors, year, venue and categories of `one`, and an abstract as long as that of `one`, in
sentences: two of `one`, then one of `other`, and so on, from the sentence of `other` on that its
number says, so that two mixtures of one pair differ where `other` has sentences enough. Its vector
is the unit vector of that of `one` plus 0.6 times that of `other`; no text of a mixture is ever
embedded. As both are mixed alike, papers that are near each other by their words are near by their
vectors too. A mixture has nearer neighbours than a real paper: all that share a part with it.

What does not grow with the number: words that nobody else uses, titles and names. So word lists and
the table of titles of a real index of a million papers would be longer than those of mixtures.

Nothing here holds the papers: a dump is unpacked to the disk once, and each paper is made when it
is asked for.
"""

from __future__ import annotations

import itertools
import json
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, overload

import numpy as np

from index.identity import digest
from index.papers import document_text, merge_mentions
from index.records import Mention, Paper
from index.text import fold_space, sentence_spans
from training.names import records

SEED = 7
MIXED = 0.6  # weight of the other vector
BLOCK = 20_000  # mixtures drawn at a time
OWN_SENTENCES = 2  # of `one`, for each of `other`

Record = dict[str, Any]
T = TypeVar("T")


def pairs(real: int, size: int) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """(first, one, other): rows of the `real` papers that the mixtures up to `size` are made of.

    Mixture first + i is made of one[i] and other[i], both (at most BLOCK,) int64.
    """
    draw = np.random.default_rng(SEED)
    for first in range(real, size, BLOCK):
        one, other = draw.integers(real, size=(2, min(BLOCK, size - first)))
        yield first, one, other


def mixed_vectors(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Unit rows of one + 0.6 other, both (n, dimension); float32."""
    rows = one.astype(np.float32) + MIXED * other.astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def mixed_sentences(one: Sequence[str], other: Sequence[str], number: int) -> list[str]:
    """The sentences of the mixture of that number: two of `one`, one of `other`, and so on."""
    taken = list(one)
    if other:
        for turn, place in enumerate(range(OWN_SENTENCES, len(one), OWN_SENTENCES + 1)):
            taken.insert(place, other[(number + turn) % len(other)])
    return taken[: len(one)]


class Lazy(Sequence[T]):
    """A sequence whose items are made when they are asked for; the last one is kept."""

    def __init__(self, length: int, make: Callable[[int], T]) -> None:
        self._length, self._make = length, make
        self._last: tuple[int, T] | None = None

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[T]: ...
    def __getitem__(self, place: int | slice) -> T | Sequence[T]:
        """An item. A slice is a list, made at once."""
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(self._length))]
        number = operator.index(place)  # NumPy's numbers are no numbers to JSON
        number += self._length * (number < 0)
        if not 0 <= number < self._length:
            raise IndexError(f"item {place} of {self._length}")
        if self._last is None or self._last[0] != number:
            self._last = number, self._make(number)
        return self._last[1]


class Dump:
    """The first records of a JSON-lines file with title and abstract, by number, from the disk.

    Each has its abstract in "sentences" too. Raises ValueError, with the line, for a record that
    lacks title or abstract.
    """

    def __init__(self, source: Path, scratch: Path, limit: int | None = None) -> None:
        self.name = source.name
        places = [0]
        with (scratch / "records.jsonl").open("wb") as unpacked:
            for number, record in enumerate(itertools.islice(records(source), limit), 1):
                if not record.get("title") or not record.get("abstract"):
                    raise ValueError(f"{source}:{number}: no title or no abstract; leave it out")
                text = fold_space(record["abstract"])
                sentences = [text[start:end] for start, end in sentence_spans(text)]
                line = json.dumps(record | {"abstract": text, "sentences": sentences})
                places.append(places[-1] + unpacked.write(line.encode() + b"\n"))
        self._places = np.array(places, dtype=np.int64)
        self._file = (scratch / "records.jsonl").open("rb")

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __len__(self) -> int:
        return len(self._places) - 1

    def __getitem__(self, number: int) -> Record:
        self._file.seek(int(self._places[number]))
        record: Record = json.loads(self._file.readline())
        return record


class Corpus:
    """`size` papers: those of a dump, then mixtures. Paper n comes from mention n, in row n."""

    def __init__(self, dump: Dump, size: int) -> None:
        self.real = min(len(dump), size)
        self._dump = dump
        self._one = np.arange(size, dtype=np.int32)
        self._other = np.zeros(size, dtype=np.int32)
        for first, one, other in pairs(self.real, size):
            self._one[first : first + len(one)] = one
            self._other[first : first + len(one)] = other
        self.mentions = Lazy(size, lambda row: self.mention(row))  # noqa: PLW0108  it may be watched
        self.papers = Lazy(size, lambda row: self.paper(row))  # noqa: PLW0108
        self.texts = Lazy(size, lambda row: document_text(self.papers[row]))

    def mention(self, row: int) -> Mention:
        """The mention of a row, real or mixed."""
        record = self._dump[int(self._one[row])]
        abstract = record["abstract"]
        if row >= self.real:
            other = self._dump[int(self._other[row])]
            abstract = " ".join(mixed_sentences(record["sentences"], other["sentences"], row))
        return Mention(
            source=self._dump.name,
            line_start=row + 1,
            line_end=row + 1,
            title=record["title"],
            authors=tuple(record.get("authors") or ()),
            year=record.get("year"),
            venue=record.get("venue"),
            categories=tuple(record.get("categories") or ()),
            abstract=abstract,
            # As random as the digests of contents are, which decides how fast they are stored.
            mention_id=digest("m", "benchmark", row),
        )

    def paper(self, row: int) -> Paper:
        """The paper of a row; as of a build, papers are in the order of their ids."""
        paper = merge_mentions([self.mentions[row]])
        alias = digest("p", "benchmark", row)  # the id that its abstract would give rise to
        return replace(paper, paper_id=f"p{row:012x}", aliases=(alias,))
