"""Judged queries, each written for one document, as collections that `search evaluate` reads.

    python -m benchmarks.questions QUERIES.jsonl DOCUMENTS.jsonl.gz OUT [--queries 600]
    python -m search evaluate OUT/question

QUERIES has {"doc", "kind", "text"} a line, DOCUMENTS {"id", "text"}. Each kind of query becomes a
folder in BEIR layout with all the documents; the queries are drawn by a fixed seed.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from training.names import records


def write_lines(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def write_collection(folder: Path, documents: list[dict[str, Any]], queries: list[Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_lines(
        folder / "corpus.jsonl",
        ({"_id": d["id"], "title": "", "text": d["text"]} for d in documents),
    )
    write_lines(
        folder / "queries.jsonl",
        ({"_id": f"q{n}", "text": query["text"]} for n, query in enumerate(queries)),
    )
    judged = "".join(f"q{n}\t{query['doc']}\t1\n" for n, query in enumerate(queries))
    (folder / "qrels.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judged}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("queries_file", type=Path)
    parser.add_argument("documents_file", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--queries", type=int, default=600)
    arguments = parser.parse_args()
    documents = list(records(arguments.documents_file))
    kinds = defaultdict(list)
    for query in records(arguments.queries_file):
        kinds[query["kind"]].append(query)
    for kind, queries in kinds.items():
        random.Random(1).shuffle(queries)
        write_collection(arguments.out / kind, documents, queries[: arguments.queries])
        print(arguments.out / kind)


if __name__ == "__main__":
    main()
