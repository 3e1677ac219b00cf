"""The files of a data folder: their names, and which generation is the live one.

    DATA/CURRENT                  the number of the live generation
    DATA/generations/3/
        manifest.json             format, model, counts, settings, size and sha256 of each file
        papers.sqlite             papers, mentions, merges, aliases, files, skipped records
        vectors.npy               (papers, dimension) float16, unit rows; row n is papers.row = n
        vectors.faiss             the FAISS index of those rows
        lexical/                  the Tantivy index of the same rows
        topics.json, topics.npy, centroids.npy
        plane.npy                 (papers, 2) float32, the place of each row on the map
    DATA/.staging/                what a build works on, gone at its end; see index.staging
    DATA/embedded.part            vectors of a build that is not done yet; see index.journal

SQLite and the vectors are the truth; the FAISS index, the lexical index, the topics and the map
follow from them.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from index.errors import NoIndexError, SnapshotError
from index.manifest import REBUILD

CURRENT, GENERATIONS, MANIFEST = "CURRENT", "generations", "manifest.json"
PAPERS, VECTORS, FAISS = "papers.sqlite", "vectors.npy", "vectors.faiss"
TOPICS, ASSIGNMENT, CENTROIDS = "topics.json", "topics.npy", "centroids.npy"
PLANE, LEXICAL = "plane.npy", "lexical"
STAGING, JOURNAL = ".staging", "embedded.part"
CHECKED = 32 << 20  # bytes; files up to here are read and compared whenever an index is opened


def advice(error: BaseException) -> str:
    """What to do about an error of writing."""
    text = str(error).lower()
    space = "no space" in text or "disk is full" in text or "not enough free space" in text
    return "free some space and build again" if space else "build again once that is mended"


def current_generation(data: Path) -> int:
    """The number of the live generation. Raises NoIndexError when there is none, SnapshotError
    when it cannot be read.
    """
    path = data / CURRENT
    try:
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError as error:
        raise NoIndexError(
            f"{data}: no index here yet; run `python -m index build --data {data}`"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SnapshotError(f"{path}: cannot be read ({error}); {REBUILD}") from error
    if not (text.isdecimal() and len(text) <= 18):
        raise SnapshotError(f"{path}: holds {text[:40]!r} and not a number; {REBUILD}")
    return int(text)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def data_files(folder: Path) -> list[str]:
    """Names of all files of a generation but the manifest, relative to it, sorted."""
    files = (p for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock")
    return sorted(p.relative_to(folder).as_posix() for p in files if p.name != MANIFEST)


def check_file(path: Path, expected: Mapping[str, Any]) -> None:
    """Check a file against what the manifest says: the size always, the digest up to CHECKED bytes.

    Raises SnapshotError unless it is as it was written.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
    except FileNotFoundError as error:
        raise SnapshotError(f"{path}: missing; {REBUILD}") from error
    except OSError as error:
        raise SnapshotError(f"{path}: cannot be read ({error}); {REBUILD}") from error
    if size != expected["size"]:
        raise SnapshotError(
            f"{path}: {size} bytes, the manifest says {expected['size']}; {REBUILD}"
        )
    if size <= CHECKED:
        check_digest(path, expected)


def check_digest(path: Path, expected: Mapping[str, Any]) -> None:
    """Raise SnapshotError unless the file has the digest that the manifest says."""
    try:
        found = sha256_of(path)
    except OSError as error:
        raise SnapshotError(f"{path}: cannot be read ({error}); {REBUILD}") from error
    if found != expected["sha256"]:
        raise SnapshotError(
            f"{path}: sha256 is {found}, the manifest says {expected['sha256']}; {REBUILD}"
        )
