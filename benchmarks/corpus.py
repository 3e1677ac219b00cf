"""An index of any number of distinct papers, for benchmarks of what comes after building.

    python -m benchmarks.corpus PAPERS.jsonl[.gz] DATA [--papers N] [--words N]
        [--vectors FILE.npy [--digests FILE]] [--json FILE]

Each record holds title and abstract, and may hold authors, year, venue, categories. Beyond the
number of the dump, papers are mixtures of two real ones (`benchmarks/mixtures.py` says how). All
are papers: nothing is compared, as there is a benchmark of that, and nothing is kept for comparing
later, so the index is smaller than one that was built by that much.

`--vectors` are ready vectors, (papers, dimension), of the records in the order of the dump, or of
the texts whose SHA-256 stand in `--digests`, one a line (`text_sha256` of an index, by row). What
has none, or one of zeros, is embedded. `--words` embeds the first words of each abstract alone,
which takes a quarter of the time and leaves neighbours much as they are; what is shown, and
searched by words, is the whole. A mixture is never embedded.

Of each step the seconds are told and the most memory that the process held in it, mapped files
included. "making the papers" is what this benchmark itself takes to give each paper out again and
again, for a build has them in memory. Nothing else is held that grows with the number of papers,
except by the engine, and 8 bytes a paper.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.mixtures import Corpus, Dump, Lazy, mixed_vectors, pairs
from benchmarks.steps import Steps
from index.ann import VectorIndex
from index.calibration import calibrate
from index.command import ProgressBar
from index.dedupe import Known
from index.embedding import embed
from index.encoder import Encoder, load_encoder
from index.lexical import LexicalIndex
from index.papers import document_text
from index.plane import find_plane
from index.records import Paper
from index.snapshot import Snapshot
from index.topics import find_topics
from index.writer import Contents, build_lock, write_generation

MAKING = "making the papers"


def text_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def shortened(paper: Paper, words: int | None) -> str:
    """The text of a paper with the first words of its abstract alone."""
    if words is None or paper.abstract is None:
        return document_text(paper)
    return document_text(replace(paper, abstract=" ".join(paper.abstract.split()[:words])))


def ready_vectors(corpus: Corpus, vectors: Path | None, digests: Path | None) -> dict[int, Any]:
    """Row -> its ready vector, for the real papers that have one.

    Raises ValueError when vectors and digests are not as many.
    """
    if vectors is None:
        return {}
    ready = np.load(vectors, mmap_mode="r")
    places = range(min(len(ready), corpus.real))
    found = dict(zip(places, places, strict=True))
    if digests is not None:
        stated = {line: place for place, line in enumerate(digests.read_text().split())}
        if len(stated) != len(ready):
            raise ValueError(f"{digests}: {len(stated)} digests for {len(ready)} vectors")
        wanted = (text_digest(corpus.texts[row]) for row in range(corpus.real))
        found = {row: stated[digest] for row, digest in enumerate(wanted) if digest in stated}
    return {row: ready[place] for row, place in found.items() if ready[place].any()}


def all_vectors(
    corpus: Corpus, encoder: Encoder, known: dict[int, Any], words: int | None, path: Path
) -> np.ndarray:
    """(papers, dimension) float16 unit rows, mapped from `path`; what is not known is embedded."""
    progress = ProgressBar()
    texts = Lazy(corpus.real, lambda row: shortened(corpus.papers[row], words))
    real = embed(encoder, texts, known, progress)
    progress.close()
    size = len(corpus.papers)
    made = np.lib.format.open_memmap(path, "w+", np.float16, (size, real.shape[1]))
    made[: corpus.real] = real
    for first, one, other in pairs(corpus.real, size):
        made[first : first + len(one)] = mixed_vectors(real[one], real[other])
    made.flush()
    vectors: np.ndarray = np.load(path, mmap_mode="r")
    return vectors


def contents_of(
    corpus: Corpus, vectors: np.ndarray, encoder: Encoder, source: Path, steps: Steps
) -> Contents:
    """What a build would hand to the writer, by the same functions."""
    with steps.step("vector index", memory=True):
        index = VectorIndex.build(vectors)
    with steps.step("topics", memory=True):
        topics = find_topics(vectors, corpus.texts)
    with steps.step("map", memory=True):
        plane = find_plane(vectors, topics)
    with steps.step("calibration", memory=True):
        calibration = calibrate(encoder, index, corpus.papers)
    size = len(corpus.papers)
    return Contents(
        papers=corpus.papers,
        texts=corpus.texts,
        text_digests=Lazy(size, lambda row: text_digest(corpus.texts[row])),
        mentions=corpus.mentions,
        merges=[],
        known=Known(),
        files=[(source.name, "records", None, size)],
        skipped=[],
        vectors=vectors,
        index=index,
        topics=topics,
        plane=plane,
        model=encoder.info,
        calibration=calibration,
        sources=[str(source.absolute())],
        settings={"map": plane.method, "real papers": corpus.real},
    )


def make_index(options: argparse.Namespace, encoder: Encoder) -> dict[str, Any]:
    """Make the index, and report papers, seconds and peak of memory by step, and its size."""
    steps = Steps()
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=options.scratch)))
        with steps.step("reading the dump", memory=True):
            dump = Dump(options.source, scratch, options.papers)
            stack.callback(dump.close)
            corpus = Corpus(dump, options.papers or len(dump))
        steps.watch(stack, corpus, "mention", MAKING)
        steps.watch(stack, corpus, "paper", MAKING)
        steps.watch(stack, LexicalIndex, "build", "lexical index", memory=True)
        steps.watch(stack, Snapshot, "verify", "verification", memory=True)
        with steps.step("vectors", memory=True):
            known = ready_vectors(corpus, options.vectors, options.digests)
            path = scratch / "vectors.npy"
            vectors = all_vectors(corpus, encoder, known, options.words, path)
        contents = contents_of(corpus, vectors, encoder, options.source, steps)
        with build_lock(options.data), steps.step("writing", memory=True):
            generation = write_generation(options.data, contents)
    folder = options.data / "generations" / str(generation)
    return {
        "papers": len(corpus.papers),
        "real": corpus.real,
        "embedded": corpus.real - len(known),
        "bytes": sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
        "vector_search": contents.index.method.to_dict(),
        "seconds": {name: round(taken, 2) for name, taken in steps.seconds.items()},
        "peak_mb": {name: round(peak) for name, peak in steps.peaks_mb.items()},
    }


def print_table(report: dict[str, Any]) -> None:
    size = f"{report['bytes'] / 1e6:,.0f} MB, {report['bytes'] / report['papers']:,.0f} bytes each"
    print(f"{report['papers']:,} papers, {report['real']:,} of them real; {size}")
    print(f"{'step':20} {'seconds':>9} {'peak, MB':>9}")
    for name, seconds in report["seconds"].items():
        peak = report["peak_mb"].get(name)
        print(f"{name:20} {seconds:9.1f} {'' if peak is None else format(peak, ','):>9}")
    ours = sum(report["seconds"].values()) - report["seconds"].get(MAKING, 0.0)
    print(f"{f'all but {MAKING}':20} {ours:9.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--papers", type=int, help="default: as many as the dump has")
    parser.add_argument("--words", type=int)
    parser.add_argument("--vectors", type=Path, metavar="FILE.npy")
    parser.add_argument("--digests", type=Path, metavar="FILE", help="of the texts of --vectors")
    parser.add_argument("--scratch", type=Path, help="where to unpack (default: as the system has)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report there too")
    options = parser.parse_args()
    report = make_index(options, load_encoder())
    print_table(report)
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
