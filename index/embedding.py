"""Embedding the texts of a build: what is computed already is taken over, the rest goes on from
where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from index.encoder import Encoder
from index.journal import Computed, Journal
from index.papers import text_digest

Progress = Callable[[str, int, int], None]  # (stage, done, total); total 0 means unknown
# Texts between two writes to the disk: a few seconds' work, and enough to sort them by length.
_AT_ONCE = 512
_COPIED = 65_536  # rows


def embed(
    encoder: Encoder,
    texts: Sequence[str],
    kept: Mapping[int, np.ndarray],
    progress: Progress | None = None,
) -> np.ndarray:
    """(texts, dimension) float16 unit rows: those kept, by row, and the rest embedded now."""
    vectors = np.zeros((len(texts), encoder.info.dimension), dtype=np.float16)
    for row, vector in kept.items():
        vectors[row] = vector
    rows = [row for row in range(len(texts)) if row not in kept]
    if rows:
        advance = _telling(progress, len(rows))
        vectors[rows] = encoder.encode_document([texts[row] for row in rows], advance)
    return vectors


class Embedding:
    """Vectors of texts, as far as there are any yet."""

    def __init__(self, texts: Sequence[str], vectors: np.ndarray) -> None:
        """`vectors`, (texts, dimension) float16, is filled row by row."""
        self.texts, self.vectors = texts, vectors
        self.digests = [text_digest(text) for text in texts]
        self.missing = np.arange(len(texts))  # rows without a vector yet, ascending

    def only(self, wanted: Callable[[str], bool]) -> None:
        """Leave aside the texts whose digests are not wanted."""
        keep = [row for row in self.missing.tolist() if wanted(self.digests[row])]
        self.missing = np.array(keep, dtype=np.int64)

    def take(self, computed: Computed) -> None:
        """Take over what is computed already."""
        wanted = (self.digests[row] for row in self.missing)
        places = np.fromiter((computed.rows.get(d, -1) for d in wanted), np.int64)
        rows, places = self.missing[places >= 0], places[places >= 0]
        for start in range(0, len(rows), _COPIED):
            part = slice(start, start + _COPIED)
            self.vectors[rows[part]] = computed.vectors[places[part]]
        self.missing = np.setdiff1d(self.missing, rows, assume_unique=True)

    def compute(self, encoder: Encoder, journal: Journal, progress: Progress | None = None) -> None:
        """Embed what is missing. It goes into the journal every few seconds."""
        rows = self.missing.tolist()
        advance = _telling(progress, len(rows)) if rows else None
        for start in range(0, len(rows), _AT_ONCE):
            part = rows[start : start + _AT_ONCE]
            texts = [self.texts[row] for row in part]
            vectors = encoder.encode_document(texts, advance).astype(np.float16)
            journal.add([self.digests[row] for row in part], vectors)
            self.vectors[part] = vectors
        self.missing = self.missing[:0]


def _telling(progress: Progress | None, total: int) -> Callable[[int], None]:
    """What tells how many of all texts are embedded when so many more are."""
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if progress:
            progress("embedding", done, total)

    advance(0)
    return advance
