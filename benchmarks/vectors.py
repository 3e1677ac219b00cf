"""Search by vectors: ours against exact search (FAISS, flat) and hnswlib, in the same run.

    python -m benchmarks.vectors --vectors FILE.npy [--sizes 10000 100000 1000000] [--json FILE]

FILE.npy holds float16 unit vectors, such as `vectors.npy` of a generation. A size above its rows is
filled with mixtures: each the unit vector of one row plus 0.6 of another (`mixtures.py`).
Whether neighbours of mixtures are as near as those of real ones can be seen in the report, which
gives the mean cosine of the 1st, 10th, 100th and 1000th neighbour.

hnswlib is no dependency of the project: `pip install hnswlib` first; without it, and above
`--hnsw-up-to` vectors, it is left out (M 16, ef_construction 200, ef 2k). It is not asked with
filters, which it takes as Python functions.

The queries are random rows of each size, themselves left out. All engines answer one at a time on
one thread, for each query after one another in random order, three times; the least time counts,
and of these the median over the queries. It is processor time of the thread, as what else runs on
the machine interrupts anything that takes milliseconds. Recall is the share of what the exact
search finds. The limit of memory is the time that reading the codes alone takes, at the rate at
which BLAS multiplies a large array with itself in the same run. Set OMP_NUM_THREADS=1 and
OPENBLAS_NUM_THREADS=1. Filters allow random rows: half, one in a hundred, ten.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np

from benchmarks.mixtures import BLOCK, SEED, mixed_vectors, pairs
from index.ann import VectorIndex
from index.nearest import Found

Search = Callable[[np.ndarray, int, np.ndarray | None], Found]

DEPTHS = (10, 100, 1000)
REPEATS = 3


def fill(vectors: np.ndarray, size: int, path: Path) -> np.ndarray:
    """(size, dimension) float16 mapped from `path`: the vectors, then mixtures of them."""
    shape = (size, vectors.shape[1])
    made = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=shape)
    made[: len(vectors)] = vectors[:size]
    for start, one, other in pairs(len(vectors), size):
        made[start : start + len(one)] = mixed_vectors(vectors[one], vectors[other])
    made.flush()
    return np.load(path, mmap_mode="r")


def bandwidth() -> float:
    """Bytes a second that one thread reads."""
    block = np.ones(64_000_000, dtype=np.float32)
    times = []
    for _ in range(7):
        started = time.thread_time()
        block @ block  # by BLAS; NumPy's sum reads a third slower
        times.append(time.thread_time() - started)
    return block.nbytes / min(times)


def hnsw(vectors: np.ndarray) -> Search:
    library = import_module("hnswlib")
    index = library.Index(space="ip", dim=vectors.shape[1])
    index.init_index(max_elements=len(vectors), M=16, ef_construction=200, random_seed=SEED)
    for start in range(0, len(vectors), BLOCK):
        index.add_items(vectors[start : start + BLOCK].astype(np.float32))
    index.set_num_threads(1)

    def search(query: np.ndarray, k: int, _rows: np.ndarray | None) -> Found:
        index.set_ef(2 * k)
        found, distances = index.knn_query(query, k)
        return 1 - distances[0], found[0].astype(np.int64)

    return search


def built(vectors: np.ndarray, hnsw_up_to: int) -> tuple[dict[str, Search], dict[str, dict]]:
    """The engines, and seconds to build and bytes a vector of each."""
    engines: dict[str, Search] = {}
    report: dict[str, dict] = {}
    for name, exact_up_to in (("flat", len(vectors)), ("ours", 0)):
        started = time.perf_counter()
        index = VectorIndex.build(vectors, exact_up_to)
        seconds = time.perf_counter() - started
        with tempfile.TemporaryDirectory() as folder:
            index.save(Path(folder, "index"))
            size = Path(folder, "index").stat().st_size
        engines[name] = index.search
        report[name] = {
            "build_s": round(seconds, 1),
            "bytes_a_vector": round(size / len(vectors), 1),
            "method": index.method.to_dict(),
        }
    if len(vectors) <= hnsw_up_to:
        try:
            started = time.perf_counter()
            engines["hnswlib"] = hnsw(vectors)
            report["hnswlib"] = {"build_s": round(time.perf_counter() - started, 1)}
        except ImportError as error:
            print(f"hnswlib is left out ({error}): pip install hnswlib", file=sys.stderr)
    return engines, report


def filters(count: int) -> dict[str, np.ndarray | None]:
    """Allowed rows by name."""
    draw = np.random.default_rng(SEED + 1)
    sizes = {"50 %": count // 2, "1 %": count // 100, "10 papers": 10}
    chosen = {name: np.sort(draw.choice(count, n, replace=False)) for name, n in sizes.items()}
    return {"none": None, **chosen}


def least_time(search: Search, query: np.ndarray, k: int, rows: np.ndarray | None) -> float:
    """Milliseconds of processor time."""
    times = []
    for _ in range(REPEATS):
        started = time.thread_time()
        search(query, k, rows)
        times.append(time.thread_time() - started)
    return 1000 * min(times)


def recall(answer: Found, exact: Found, asked: int, k: int) -> float:
    """The share of the k exact neighbours of a row, that row left out, in an answer."""
    scores, true = (found[0][found[1] != asked][:k] for found in (answer, exact))
    return float(np.mean(np.sort(scores)[::-1] >= true.min() - 1e-6)) * len(scores) / len(true)


def measure(vectors: np.ndarray, queries: int, hnsw_up_to: int, rate: float) -> dict:
    engines, report = built(vectors, hnsw_up_to)
    asked = np.random.default_rng(SEED + 2).choice(len(vectors), queries, replace=False)
    draw = random.Random(SEED)
    times: dict[tuple[str, str, int], list[float]] = defaultdict(list)
    shares: dict[tuple[str, str, int], list[float]] = defaultdict(list)
    cosines = []
    for row in asked.tolist():
        query = np.asarray(vectors[row], dtype=np.float32)
        cosines.append(engines["flat"](query, 1001, None)[0][[1, 10, 100, 1000]])
        for name, rows in filters(len(vectors)).items():
            among = {n: e for n, e in engines.items() if rows is None or n != "hnswlib"}
            for k in DEPTHS:
                exact = engines["flat"](query, k + 1, rows)
                for engine in draw.sample(list(among), len(among)):
                    answer = among[engine](query, k + 1, rows)
                    shares[engine, name, k].append(recall(answer, exact, row, k))
                    times[engine, name, k].append(least_time(among[engine], query, k, rows))
    for (engine, name, k), taken in times.items():
        report[engine][f"{name}, k={k}"] = {
            "recall": round(float(np.mean(shares[engine, name, k])), 4),
            "ms": round(float(np.median(taken)), 3),
            "of_flat": round(float(np.median(taken) / np.median(times["flat", name, k])), 3),
        }
    for entry in (report["flat"], report["ours"]):
        limit = 1000 * entry["bytes_a_vector"] * len(vectors) / rate
        entry["memory_limit_ms"] = round(limit, 3)
        entry["times_the_limit"] = round(entry["none, k=10"]["ms"] / limit, 2)
    near = np.mean(cosines, axis=0).round(3).tolist()
    return {"vectors": len(vectors), "cosine_1_10_100_1000": near, "engines": report}


def print_table(report: dict) -> None:
    print(f"\n{report['vectors']:,} vectors; mean cosine of the 1st, 10th, 100th and 1000th")
    print(f"neighbour {report['cosine_1_10_100_1000']}")
    print(f"{'engine':8} {'filter and k':18} {'recall':>7} {'ms':>9} {'of flat':>8}")
    for engine, entry in report["engines"].items():
        for name, values in entry.items():
            if isinstance(values, dict) and "ms" in values:
                print(
                    f"{engine:8} {name:18} {values['recall']:7.4f} {values['ms']:9.3f} "
                    f"{values['of_flat']:8.3f}"
                )
        print(f"{engine:8} " + str({n: v for n, v in entry.items() if not isinstance(v, dict)}))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--vectors", type=Path, required=True, metavar="FILE.npy")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--hnsw-up-to", type=int, default=100_000, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report there too")
    options = parser.parse_args()
    vectors = np.load(options.vectors, mmap_mode="r")
    vectors = vectors[np.flatnonzero(vectors.any(axis=1))]  # what was not embedded is zero
    rate = bandwidth()
    print(f"one thread reads {rate / 1e9:.1f} GB/s; {len(vectors):,} vectors are real")
    reports = []
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            filled = fill(vectors, size, Path(folder, "vectors.npy"))
            reports.append(measure(filled, options.queries, options.hnsw_up_to, rate))
        print_table(reports[-1])
    document = {"real": len(vectors), "gb_a_second": round(rate / 1e9, 1), "sizes": reports}
    text = json.dumps(document, indent=2)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
