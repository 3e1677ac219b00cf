"""From sources to a live index: read, recognise, embed, group, write."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

from index.calibration import calibrate
from index.dedupe import rules_digest
from index.disk import CURRENT, GENERATIONS, JOURNAL, STAGING
from index.embedding import Embedding, Progress
from index.encoder import DEFAULT_MODEL, Encoder, ModelInfo, load_encoder
from index.errors import QueryError, SnapshotError, SourceError
from index.formats.columns import Columns, Named, parse_columns
from index.journal import Computed, Journal, digests_in, read_computed
from index.papers import document_text, text_digest
from index.plane import find_plane
from index.recognise import RULES, Works, recognise
from index.records import Paper, Skip
from index.snapshot import Snapshot
from index.sources import FileReport, Findings, read_into
from index.staging import Staging
from index.topics import find_topics
from index.writer import Contents, build_lock, write_generation

DEFAULT_DATA = "data"
DEFAULT_SOURCE = "seeds"
Editions = Literal["together", "apart"]
EDITIONS: tuple[Editions, ...] = get_args(Editions)
PathLike = str | os.PathLike[str]

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
    embedded: Sequence[PathLike] = (),
    progress: Progress | None = None,
    now: datetime | None = None,
) -> BuildReport:
    """Read `sources` (files and folders) and make them the live index of `data`.

    What the live index already holds is reused unless `full`: vectors of texts by the same model,
    and comparisons of mentions by the same rules. `encoder` takes the place of `model` when given.
    `embedded` are files of vectors made by `index.shard`; where a build was broken off while it
    embedded, this one goes on. `columns` says what the columns of tables are that are not known by
    their headings; see `index.formats.columns`. Of `editions` "apart", a preprint and what was
    published of it are two papers. Papers that come in are dated `now`, which has a time zone, or
    else by the clock.

    Raises QueryError for columns or editions that make no sense, SourceError when a source is
    missing or unreadable, no table has a column of `columns` or nothing was found in any (with
    `strict`, for any skipped record), and the errors of `index.writer` and `index.encoder`; the
    index before then stays live.
    """
    named, apart = parse_columns(columns), are_apart(editions)
    started = time.perf_counter()
    folder = data_folder(data)
    say = progress or _silent
    with build_lock(folder), Staging(folder / STAGING) as staging:
        say("reading", 0, 0)
        findings = read_staged(staging, sources, folder, strict=strict, columns=named)
        with _live_snapshot(folder) as before:
            say("recognising the same work", 0, 0)
            mentions = staging.stated.named()
            works = recognise(mentions, sources, before, now, full=full, apart=apart)
            staging.keep(works.papers())
            say("loading the model", 0, 0)
            encoder = encoder or load_encoder(model)
            embedding = Embedding(staging.texts, staging.vectors(encoder.info.dimension))
            with Journal(folder / JOURNAL, encoder.info) as journal:
                for some in _computed(journal, None if full else before, embedded, encoder.info):
                    embedding.take(some)
                reused = len(embedding.texts) - len(embedding.missing)
                embedding.compute(encoder, journal, progress)
        settings = {
            "strict": strict,
            "columns": [str(column) for column in named],
            "editions": editions,
            RULES: rules_digest(),
        }
        contents = _contents(staging.papers, embedding, works, findings, encoder, say=say)
        say("writing", 0, 0)
        whence = [str(Path(source).absolute()) for source in sources]
        contents = replace(contents, sources=whence, settings=settings | contents.settings)
        generation = write_generation(folder, contents)
        (folder / JOURNAL).unlink(missing_ok=True)
    return _report(generation, findings, works, reused, time.perf_counter() - started)


def _contents(
    papers: Sequence[Paper],
    embedding: Embedding,
    works: Works,
    findings: Findings,
    encoder: Encoder,
    *,
    say: Progress,
) -> Contents:
    """What goes into the generation, but for how it was asked for."""
    texts, vectors = embedding.texts, embedding.vectors
    say("topics and calibration", 0, 0)
    from index.ann import VectorIndex  # noqa: PLC0415  with FAISS: see `Snapshot`

    index, topics = VectorIndex.build(vectors), find_topics(vectors, texts)
    calibration = calibrate(encoder, index, papers)
    say("map", 0, 0)
    plane = find_plane(vectors, topics)
    return Contents(
        papers=papers,
        texts=texts,
        text_digests=embedding.digests,
        mentions=works.mentions.values(),
        merges=works.merges,
        known=works.known,
        files=[(f.source, f.layout, f.sha256, f.mentions) for f in findings.files],
        skipped=findings.skipped,
        vectors=vectors,
        index=index,
        topics=topics,
        plane=plane,
        model=encoder.info,
        calibration=calibration,
        sources=(),
        settings={"map": plane.method},
        added=works.added,
    )


def plan(
    sources: Sequence[PathLike] = (DEFAULT_SOURCE,),
    data: PathLike | None = None,
    *,
    model: str = DEFAULT_MODEL,
    full: bool = False,
    strict: bool = False,
    columns: Columns = (),
    editions: Editions = "together",
    embedded: Sequence[PathLike] = (),
) -> BuildReport:
    """What `build` would do with the sources: nothing is embedded and nothing written.

    The generation of the report is the live one, 0 where there is none. Raises what `build` does
    for sources that it cannot read.
    """
    named, apart = parse_columns(columns), are_apart(editions)
    started = time.perf_counter()
    folder = data_folder(data)
    with tempfile.TemporaryDirectory() as scratch, Staging(Path(scratch)) as staging:
        findings = read_staged(staging, sources, folder, strict=strict, columns=named)
        with _live_snapshot(folder) as before:
            mentions = staging.stated.named()
            works = recognise(mentions, sources, before, None, full=full, apart=apart)
            known = set().union(*(digests_in(Path(file), model) for file in embedded))
            with contextlib.suppress(SnapshotError):  # there is none, or none to go on with
                known |= digests_in(folder / JOURNAL, model)
            if before and not full and before.manifest.model.name == model:
                known |= {*before.carried.text_rows()}
            reused = sum(text_digest(document_text(paper)) in known for paper in works.papers())
            live = before.manifest.generation if before else 0
    return _report(live, findings, works, reused, time.perf_counter() - started)


def read_staged(
    staging: Staging,
    sources: Sequence[PathLike],
    folder: Path,
    *,
    strict: bool,
    columns: Sequence[Named],
) -> Findings:
    """Read what the sources state into the staging. Raises SourceError when that is nothing."""
    keep = staging.stated.append
    findings = read_into(keep, sources, folder, strict=strict, columns=columns)
    if not len(staging.stated):
        raise SourceError(", ".join(map(str, sources)), _nothing_found(findings))
    return findings


def _report(
    generation: int, findings: Findings, works: Works, reused: int, seconds: float
) -> BuildReport:
    papers, mentions = len(works.works), len(works.mentions)
    return BuildReport(
        generation=generation,
        files=len(findings.files),
        mentions=mentions,
        papers=papers,
        merged=mentions - papers,
        embedded=papers - reused,
        reused=reused,
        read=tuple(findings.files),
        skipped=tuple(findings.skipped),
        seconds=round(seconds, 3),
        compared=works.compared,
        added=works.added,
        removed=works.removed,
    )


def are_apart(editions: Editions) -> bool:
    """Whether editions of a work are papers of their own. Raises QueryError for another word."""
    if editions not in EDITIONS:
        raise QueryError(f"editions are {editions!r}; choose one of {', '.join(EDITIONS)}")
    return editions == "apart"


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Say nothing about the progress."""


def _nothing_found(findings: Findings) -> str:
    first = next(iter(findings.skipped), None)
    if first is None:
        return "no paper found; the folder holds no files"
    where = f"{first.source}:{first.line}" if first.line else first.source
    return f"no paper found; {len(findings.skipped)} skipped, the first: {where}: {first.why}"


@contextlib.contextmanager
def _live_snapshot(folder: Path) -> Iterator[Snapshot | None]:
    """The index that is being replaced, if there is one that this version can read.

    It is verified first: a damaged vector must not pass into the next generation. Raises
    SnapshotError when the system would not let it be read, which may pass: to build without it
    would lose the ids and dates that it alone knows.
    """
    snapshot = _opened(folder) if (folder / CURRENT).exists() else None
    with snapshot or contextlib.nullcontext():
        yield snapshot


def _opened(folder: Path) -> Snapshot | None:
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


def _computed(
    journal: Journal, before: Snapshot | None, embedded: Sequence[PathLike], model: ModelInfo
) -> Iterator[Computed]:
    """Vectors by `model` that there are: of the index before, a broken-off build, and files."""
    if before and before.manifest.model == model:
        yield Computed(before.carried.text_rows(), before.vectors)
    yield journal.computed
    for file in embedded:
        yield read_computed(Path(file), model)
