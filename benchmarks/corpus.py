"""An index of a dump of distinct papers, for benchmarks of what comes after building.

    python -m benchmarks.corpus PAPERS.jsonl[.gz] DATA [--papers N] [--words N]

Each record holds title and abstract, and may hold authors, year, venue, categories. All are papers:
nothing is compared, as there is a benchmark of that. `--words` embeds the first words of each
abstract alone, which takes a quarter of the time and leaves neighbours much as they are; what is
shown, and searched by words, is the whole.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from index.ann import VectorIndex
from index.calibration import calibrate
from index.command import ProgressBar
from index.dedupe import Known
from index.embedding import embed
from index.encoder import Encoder, load_encoder
from index.identity import by_id, name_works, with_ids
from index.papers import document_text, paper_of
from index.plane import find_plane
from index.records import Mention, Paper
from index.topics import find_topics
from index.writer import Contents, build_lock, write_generation
from training.names import records


def mentions_of(found: Iterable[dict], source: str) -> list[Mention]:
    return with_ids(
        [
            Mention(
                source=source,
                line_start=line,
                line_end=line,
                title=record["title"],
                authors=tuple(record.get("authors", ())),
                year=record.get("year"),
                venue=record.get("venue"),
                categories=tuple(record.get("categories", ())),
                abstract=" ".join(record["abstract"].split()),
            )
            for line, record in enumerate(found, 1)
        ]
    )


def shortened(paper: Paper, words: int | None) -> str:
    """The text of a paper with the first words of its abstract alone."""
    if words is None or paper.abstract is None:
        return document_text(paper)
    return document_text(replace(paper, abstract=" ".join(paper.abstract.split()[:words])))


def make_index(source: Path, data: Path, encoder: Encoder, limit: int | None, words: int | None):
    mentions = mentions_of(itertools.islice(records(source), limit), source.name)
    named = by_id(mentions)
    papers = [paper_of(work, named) for work in name_works([[m] for m in named], named, {})]
    texts = [document_text(paper) for paper in papers]
    progress = ProgressBar()
    vectors = embed(encoder, [shortened(paper, words) for paper in papers], {}, progress)
    progress.close()
    times = {}

    def timed(what: str, call):
        started = time.perf_counter()
        made = call()
        times[what] = time.perf_counter() - started
        return made

    index = VectorIndex.build(vectors)
    topics = timed("topics", lambda: find_topics(vectors, texts))
    plane = timed("map", lambda: find_plane(vectors, topics))
    contents = Contents(
        papers=papers,
        texts=texts,
        text_digests=[hashlib.sha256(text.encode()).hexdigest() for text in texts],
        mentions=mentions,
        merges=[],
        known=Known(),
        files=[(source.name, "records", None, len(mentions))],
        skipped=[],
        vectors=vectors,
        index=index,
        topics=topics,
        plane=plane,
        model=encoder.info,
        calibration=timed("calibration", lambda: calibrate(encoder, index, papers)),
        sources=[str(source.absolute())],
        settings={"map": plane.method, "words": words},
    )
    with build_lock(data):
        timed("writing", lambda: write_generation(data, contents))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--papers", type=int)
    parser.add_argument("--words", type=int)
    options = parser.parse_args()
    times = make_index(options.source, options.data, load_encoder(), options.papers, options.words)
    for what, seconds in times.items():
        print(f"{what}: {seconds:.1f} s")


if __name__ == "__main__":
    main()
