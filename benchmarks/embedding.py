"""Documents a second, against plain `SentenceTransformer.encode` in float32 in the same run.

    python -m benchmarks.embedding PAPERS.jsonl[.gz] [--papers 1000]

Both embed the same texts (title and abstract) with the same bundled weights; the ratio and how
well the two agree (mean overlap of each text's ten nearest others) are printed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer

from index.encoder import bundled_folder, load_encoder
from training.names import records


def nearest(vectors: np.ndarray, k: int = 10) -> np.ndarray:
    """(n, k) rows of the nearest others."""
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -2)
    return np.argsort(-scores, axis=1)[:, :k]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("papers_file", type=Path)
    parser.add_argument("--papers", type=int, default=1000)
    arguments = parser.parse_args()
    papers = itertools.islice(records(arguments.papers_file), arguments.papers)
    texts = [f"{p['title']}. {p['abstract']}" for p in papers]

    plain = SentenceTransformer(str(bundled_folder()), device="cpu", local_files_only=True)
    ours = load_encoder()
    ours.encode_document(texts[:32])
    plain.encode(texts[:32])
    started = time.perf_counter()
    theirs = plain.encode(texts, normalize_embeddings=True)
    middle = time.perf_counter()
    vectors = ours.encode_document(texts)
    ended = time.perf_counter()
    pairs = zip(nearest(theirs), nearest(vectors), strict=True)
    report = {
        "texts": len(texts),
        "dtype": ours.info.dtype,
        "float32_encode_per_second": round(len(texts) / (middle - started), 1),
        "ours_per_second": round(len(texts) / (ended - middle), 1),
        "ratio": round((middle - started) / (ended - middle), 2),
        "top10_overlap": round(float(np.mean([len(set(a) & set(b)) / 10 for a, b in pairs])), 4),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
