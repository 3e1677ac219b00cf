"""Embedding a part of the papers, for several machines that share the work of one build.

Each machine reads the same sources and embeds its part of the texts into a file; a build takes the
files over. A text is of a part by its digest, so the parts are alike in size, and no machine has to
know of another.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from index.build import (
    DEFAULT_SOURCE,
    Editions,
    PathLike,
    are_apart,
    data_folder,
    read_staged,
)
from index.embedding import Embedding, Progress
from index.encoder import DEFAULT_MODEL, Encoder, load_encoder
from index.errors import QueryError
from index.formats.columns import Columns, parse_columns
from index.journal import Journal
from index.recognise import recognise
from index.staging import Staging

_DIGITS = 8  # of a text's digest, by which it is of a part


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of all texts."""

    number: int = 1  # from 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The part that "3/16" means: the third of sixteen. Raises QueryError."""
        number, slash, of = text.partition("/")
        if slash and all(n.isascii() and n.isdigit() and len(n) < _DIGITS for n in (number, of)):
            shard = cls(int(number), int(of))
            if 1 <= shard.number <= shard.of:
                return shard
        raise QueryError(f"{text!r} is no part of the papers; 3/16 is the third of sixteen")

    def has(self, digest: str) -> bool:
        """Whether the text of this digest is in the part."""
        return int(digest[:_DIGITS], 16) % self.of == self.number - 1


@dataclass(frozen=True, slots=True)
class ShardReport:
    """What embedding a part did."""

    file: str
    papers: int  # of all parts
    texts: int  # of this part
    embedded: int  # now …
    reused: int  # … and earlier, by a run that was broken off
    skipped: int  # records of the sources
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, for JSON."""
        return asdict(self)


def embed_shard(
    out: PathLike,
    sources: Sequence[PathLike] = (DEFAULT_SOURCE,),
    data: PathLike | None = None,
    *,
    shard: Shard = Shard(),
    model: str = DEFAULT_MODEL,
    encoder: Encoder | None = None,
    strict: bool = False,
    columns: Columns = (),
    editions: Editions = "together",
    progress: Progress | None = None,
) -> ShardReport:
    """Embed a part of the papers that `build` would make of the sources, into the file `out`.

    What `out` holds already is not embedded again. The settings are those of `build`, and must be
    the same there; no index is read or written, and `data` is only left out of the sources. Raises
    what `build` raises, and SnapshotError when `out` cannot be written.
    """
    named, apart = parse_columns(columns), are_apart(editions)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch, Staging(Path(scratch)) as staging:
        findings = read_staged(staging, sources, data_folder(data), strict=strict, columns=named)
        mentions = staging.stated.named()
        works = recognise(mentions, sources, None, None, full=True, apart=apart)
        staging.keep(works.papers())
        encoder = encoder or load_encoder(model)
        embedding = Embedding(staging.texts, staging.vectors(encoder.info.dimension))
        embedding.only(shard.has)
        texts = len(embedding.missing)
        with Journal(Path(out), encoder.info) as journal:
            embedding.take(journal.computed)
            left = len(embedding.missing)
            embedding.compute(encoder, journal, progress)
            journal.add([], embedding.vectors[:0])  # a part without a text is a file all the same
    return ShardReport(
        file=str(out),
        papers=len(works.works),
        texts=texts,
        embedded=left,
        reused=texts - left,
        skipped=len(findings.skipped),
        seconds=round(time.perf_counter() - started, 3),
    )
