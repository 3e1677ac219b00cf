"""Documents a second, against plain `SentenceTransformer.encode` in float32 in the same run.

    python -m benchmarks.embedding PAPERS.jsonl[.gz] [--papers 1000]

Both embed the same texts (title and abstract) with the untouched weights of all-MiniLM-L6-v2; the
ratio and how well the two agree (mean overlap of each text's ten nearest others) are printed, and
the speed of the default model, which has the same shape.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer

from index.encoder import ORIGINAL_MODEL, Encoder, bundled_folder, load_encoder
from training.names import records


def nearest(vectors: np.ndarray, k: int = 10) -> np.ndarray:
    """(n, k) rows of the nearest others."""
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -2)
    return np.argsort(-scores, axis=1)[:, :k]


def embedded(encoder: Encoder, texts: list[str]) -> tuple[np.ndarray, float]:
    """The vectors, and how many texts a second that took on a warm model."""
    encoder.encode_document(texts[:32])
    started = time.perf_counter()
    vectors = encoder.encode_document(texts)
    return vectors, round(len(texts) / (time.perf_counter() - started), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("papers_file", type=Path)
    parser.add_argument("--papers", type=int, default=1000)
    arguments = parser.parse_args()
    papers = itertools.islice(records(arguments.papers_file), arguments.papers)
    texts = [f"{p['title']}. {p['abstract']}" for p in papers]

    plain = SentenceTransformer(str(bundled_folder()), device="cpu", local_files_only=True)
    plain.encode(texts[:32])
    started = time.perf_counter()
    theirs = plain.encode(texts, normalize_embeddings=True)
    float32_speed = round(len(texts) / (time.perf_counter() - started), 1)
    original, default = load_encoder(ORIGINAL_MODEL), load_encoder()
    vectors, speed = embedded(original, texts)
    _, default_speed = embedded(default, texts)
    pairs = zip(nearest(theirs), nearest(vectors), strict=True)
    report = {
        "texts": len(texts),
        "dtype": original.info.dtype,
        "float32_encode_per_second": float32_speed,
        "ours_per_second": speed,
        "ratio": round(speed / float32_speed, 2),
        "default_model_per_second": default_speed,
        "default_ratio": round(default_speed / float32_speed, 2),
        "top10_overlap": round(float(np.mean([len(set(a) & set(b)) / 10 for a, b in pairs])), 4),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
