"""From sources to a live index: read, recognise, embed, group, write."""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from index.calibration import calibrate
from index.dedupe import rules_digest
from index.disk import CURRENT, GENERATIONS
from index.encoder import DEFAULT_MODEL, Encoder, load_encoder
from index.errors import QueryError, SnapshotError, SourceError
from index.formats.columns import Columns, parse_columns
from index.papers import document_text
from index.plane import find_plane
from index.recognise import RULES, Works, recognise
from index.records import Skip
from index.snapshot import Snapshot
from index.sources import FileReport, Reading, read_sources
from index.topics import find_topics
from index.writer import Contents, build_lock, write_generation

DEFAULT_DATA = "data"
DEFAULT_SOURCE = "seeds"
Editions = Literal["together", "apart"]
EDITIONS: tuple[Editions, ...] = get_args(Editions)
PathLike = str | os.PathLike[str]
Progress = Callable[[str, int, int], None]  # (stage, done, total); total 0 means unknown

_SQLITE_REFUSALS = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did."""

    generation: int
    files: int  # that were looked at
    mentions: int
    papers: int
    merged: int  # mentions that joined another one's paper
    embedded: int  # papers whose text was embedded now …
    reused: int  # … and whose vector was taken from the generation before
    skipped: tuple[Skip, ...]
    seconds: float
    read: tuple[FileReport, ...] = ()  # the files
    compared: int = 0  # pairs of mentions; what the generation before compared is not counted
    added: int = 0  # papers that the generation before had not …
    removed: int = 0  # … and those of it that are gone, or have become one with another

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, for JSON."""
        return asdict(self)


def data_folder(data: PathLike | None = None) -> Path:
    """The folder of the index: the argument, else $ABSTRACTS_DATA, else ./data."""
    return Path(data or os.environ.get("ABSTRACTS_DATA") or DEFAULT_DATA)


def build(
    sources: Sequence[PathLike] = (DEFAULT_SOURCE,),
    data: PathLike | None = None,
    *,
    model: str = DEFAULT_MODEL,
    encoder: Encoder | None = None,
    full: bool = False,
    strict: bool = False,
    columns: Columns = (),
    editions: Editions = "together",
    progress: Progress | None = None,
    now: datetime | None = None,
) -> BuildReport:
    """Read `sources` (files and folders) and make them the live index of `data`.

    What the live index already holds is reused unless `full`: vectors of texts by the same model,
    and comparisons of mentions by the same rules. `encoder` takes the place of `model` when given.
    `columns` says what the columns of tables are that are not known by their headings; see
    `index.formats.columns`. Of `editions` "apart", a preprint and what was published of it are two
    papers. Papers that come in are dated `now`, which has a time zone, or else by the clock.

    Raises QueryError for columns or editions that make no sense, SourceError when a source is
    missing or unreadable, no table has a column of `columns` or nothing was found in any (with
    `strict`, for any skipped record), and the errors of `index.writer` and `index.encoder`; the
    index before then stays live.
    """
    named, apart = parse_columns(columns), _apart(editions)
    started = time.perf_counter()
    folder = data_folder(data)
    say = progress or _silent
    with build_lock(folder):
        say("reading", 0, 0)
        reading = read_sources(sources, folder, strict=strict, columns=named)
        if not reading.mentions:
            raise SourceError(", ".join(map(str, sources)), _nothing_found(reading))
        before = _live_snapshot(folder)
        try:
            say("recognising the same work", 0, 0)
            works = recognise(reading.mentions, sources, before, now, full=full, apart=apart)
            texts = [document_text(paper) for paper in works.papers]
            digests = [_digest(text) for text in texts]
            say("loading the model", 0, 0)
            encoder = encoder or load_encoder(model)
            kept = {} if full or before is None else _reusable(before, encoder, digests)
            vectors = embed(encoder, texts, kept, progress)
        finally:
            if before:
                before.close()
        say("topics and calibration", 0, 0)
        from index.ann import VectorIndex  # noqa: PLC0415  with FAISS: see `Snapshot`

        index, topics = VectorIndex.build(vectors), find_topics(vectors, texts)
        calibration = calibrate(encoder, index, works.papers)
        say("map", 0, 0)
        plane = find_plane(vectors, topics)
        contents = Contents(
            papers=works.papers,
            texts=texts,
            text_digests=digests,
            mentions=works.mentions,
            merges=works.merges,
            known=works.known,
            files=[(f.source, f.layout, f.sha256, f.mentions) for f in reading.files],
            skipped=reading.skipped,
            vectors=vectors,
            index=index,
            topics=topics,
            plane=plane,
            model=encoder.info,
            calibration=calibration,
            sources=[str(Path(s).absolute()) for s in sources],
            settings={
                "strict": strict,
                "map": plane.method,
                "columns": [str(column) for column in named],
                "editions": editions,
                RULES: rules_digest(),
            },
            added=works.added,
        )
        say("writing", 0, 0)
        generation = write_generation(folder, contents)
    return _report(generation, reading, works, len(kept), time.perf_counter() - started)


def plan(
    sources: Sequence[PathLike] = (DEFAULT_SOURCE,),
    data: PathLike | None = None,
    *,
    model: str = DEFAULT_MODEL,
    full: bool = False,
    strict: bool = False,
    columns: Columns = (),
    editions: Editions = "together",
) -> BuildReport:
    """What `build` would do with the sources: nothing is embedded and nothing written.

    The generation of the report is the live one, 0 where there is none. Raises what `build` does
    for sources that it cannot read.
    """
    started = time.perf_counter()
    folder = data_folder(data)
    reading = read_sources(sources, folder, strict=strict, columns=parse_columns(columns))
    if not reading.mentions:
        raise SourceError(", ".join(map(str, sources)), _nothing_found(reading))
    before = _live_snapshot(folder)
    try:
        works = recognise(
            reading.mentions, sources, before, None, full=full, apart=_apart(editions)
        )
        known: set[str] = set()
        if before and not full and before.manifest.model.name == model:
            known = {*before.carried.text_rows()}
        reused = sum(_digest(document_text(paper)) in known for paper in works.papers)
        live = before.manifest.generation if before else 0
    finally:
        if before:
            before.close()
    return _report(live, reading, works, reused, time.perf_counter() - started)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _report(
    generation: int, reading: Reading, works: Works, reused: int, seconds: float
) -> BuildReport:
    papers, mentions = len(works.papers), len(works.mentions)
    return BuildReport(
        generation=generation,
        files=len(reading.files),
        mentions=mentions,
        papers=papers,
        merged=mentions - papers,
        embedded=papers - reused,
        reused=reused,
        read=tuple(reading.files),
        skipped=tuple(reading.skipped),
        seconds=round(seconds, 3),
        compared=works.compared,
        added=works.added,
        removed=works.removed,
    )


def _apart(editions: Editions) -> bool:
    if editions not in EDITIONS:
        raise QueryError(f"editions are {editions!r}; choose one of {', '.join(EDITIONS)}")
    return editions == "apart"


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Say nothing about the progress."""


def _nothing_found(reading: Reading) -> str:
    first = next(iter(reading.skipped), None)
    if first is None:
        return "no paper found; the folder holds no files"
    where = f"{first.source}:{first.line}" if first.line else first.source
    return f"no paper found; {len(reading.skipped)} skipped, the first: {where}: {first.why}"


def _live_snapshot(folder: Path) -> Snapshot | None:
    """The index that is being replaced, if there is one that this version can read.

    It is verified first: a damaged vector must not pass into the next generation. Raises
    SnapshotError when the system would not let it be read, which may pass: to build without it
    would lose the ids and dates that it alone knows.
    """
    if not (folder / CURRENT).exists():
        return None
    snapshot = None
    try:
        snapshot = Snapshot.open(folder)
        snapshot.verify()
    except SnapshotError as error:
        if snapshot:
            snapshot.close()
        if _is_refusal(error.__cause__):
            raise SnapshotError(
                f"{error} once it can be read, or move {folder / GENERATIONS} away to begin anew "
                "(ids that papers had before and the dates they came in are then lost)"
            ) from error
        _log.warning("the index before cannot be reused, building anew: %s", error)
        return None
    return snapshot


def _is_refusal(cause: BaseException | None) -> bool:
    """True for an error of the system (no permission, no handles, a disk that does not answer)."""
    if isinstance(cause, sqlite3.OperationalError):
        # The lower byte is the kind; the rest says more about it.
        return cause.sqlite_errorcode & 0xFF in _SQLITE_REFUSALS
    gone = isinstance(cause, FileNotFoundError | NotADirectoryError | IsADirectoryError)
    return isinstance(cause, OSError) and cause.errno is not None and not gone


def _reusable(before: Snapshot, encoder: Encoder, digests: Sequence[str]) -> dict[int, np.ndarray]:
    """New row -> vector of the generation before, for texts that the same model has embedded."""
    if before.manifest.model != encoder.info:
        return {}
    rows = before.carried.text_rows()
    return {i: before.vectors[rows[d]] for i, d in enumerate(digests) if d in rows}


def embed(
    encoder: Encoder,
    texts: Sequence[str],
    kept: dict[int, np.ndarray],
    progress: Progress | None = None,
) -> np.ndarray:
    """(texts, dimension) float16 unit rows: those kept, and the rest embedded now."""
    say = progress or _silent
    vectors = np.zeros((len(texts), encoder.info.dimension), dtype=np.float16)
    for row, vector in kept.items():
        vectors[row] = vector
    rows = [row for row in range(len(texts)) if row not in kept]
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        say("embedding", done, len(rows))

    if rows:
        say("embedding", 0, len(rows))
        vectors[rows] = encoder.encode_document([texts[row] for row in rows], advance)
    return vectors
