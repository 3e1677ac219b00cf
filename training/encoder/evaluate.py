"""Measure a model on the held-out queries and on judged collections.

    python -m training.encoder.evaluate MODEL --queries Q --documents D [--collections DIR ...]

MODEL is a folder or all-minilm, the bundled one. Held-out queries are asked of all documents,
by the dense ranking alone; collections, folders in BEIR layout, by every mode of the engine.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import torch

from index.encoder import DEFAULT_MODEL, Encoder, load_encoder
from search.evaluate import evaluate
from training.encoder.data import Query, read_documents, read_queries, split
from training.encoder.measure import METRIC, SLIPPED, by_kind, reciprocal_ranks, slipped

_NDCG = "ndcg@10"


def on_held_out(
    encoder: Encoder, queries: Sequence[Query], documents: dict[str, str]
) -> dict[str, dict[str, float]]:
    """MRR@10 among all documents, by kind, of the queries as they are and with a slip in each."""
    names = list(documents)
    row = {name: n for n, name in enumerate(names)}
    right = np.array([row[query.document] for query in queries])
    vectors = encoder.encode_document(list(documents.values()))
    asked = {"as they are": [query.text for query in queries], SLIPPED: slipped(queries)}
    return {
        how: by_kind(queries, reciprocal_ranks(encoder.encode_query(texts), vectors, right))
        for how, texts in asked.items()
    }


def on_collections(
    encoder: Encoder, folders: Sequence[Path], scratch: Path
) -> dict[str, dict[str, float]]:
    """nDCG@10 of each mode on each collection."""
    data = scratch / encoder.info.sha256[:12]  # one index a collection and model
    reports = {folder.name: evaluate(folder, data, encoder) for folder in folders}
    return {
        name: {mode: values[_NDCG] for mode, values in report["modes"].items()}
        for name, report in reports.items()
    }


def show(report: dict[str, Any]) -> None:
    for measure, rows in ((METRIC, report["held_out"]), (_NDCG, report["collections"])):
        if rows:
            heads = list(next(iter(rows.values())))
            print(f"{measure:24}" + "".join(f"{head:>11}" for head in heads))
            for name, values in rows.items():
                print(f"{name:24}" + "".join(f"{values[head]:11.4f}" for head in heads))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", default=DEFAULT_MODEL)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--documents", type=Path, required=True)
    parser.add_argument("--collections", type=Path, nargs="*", default=[])
    parser.add_argument("--scratch", type=Path, default=Path("scratch"), help="for indexes")
    parser.add_argument("--json", type=Path, help="file for the report")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--most", type=int, default=0, help="documents, to try things; 0: all")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
        faiss.omp_set_num_threads(arguments.threads)
    encoder = load_encoder(arguments.model)
    documents = read_documents(arguments.documents)
    if arguments.most:
        documents = dict(list(documents.items())[: arguments.most])
    held = [q for q in split(read_queries(arguments.queries))[1] if q.document in documents]
    report = {
        "model": encoder.info.name,
        "documents": len(documents),
        "queries": len(held),
        "held_out": on_held_out(encoder, held, documents),
        "collections": on_collections(encoder, arguments.collections, arguments.scratch),
    }
    show(report)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
