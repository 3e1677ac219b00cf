"""Vectors that are computed already, in a file that grows as texts are embedded.

From it a build that was broken off goes on, and an index is put together from parts that several
machines have embedded. A header names the model; then come records of one length: the SHA-256 of a
text (32 bytes), its vector (dimension float16, little-endian) and the CRC-32 of both. A record
that is cut off or damaged is as if it had never been written.
"""

from __future__ import annotations

import json
import logging
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import numpy as np

from index.disk import advice
from index.encoder import ModelInfo
from index.errors import SnapshotError
from index.manifest import model_differences

_MAGIC = b"abstract-search vectors 1\n"
_LONGEST_HEADER = 10_000  # bytes
_NO_FILE = "is no file of computed vectors"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Computed:
    """Vectors of texts, by the digest of the text in hexadecimal."""

    rows: Mapping[str, int]
    vectors: np.ndarray  # (n, dimension) float16 unit rows, perhaps mapped into memory


class Journal:
    """The vectors that a build has computed so far. Close it, or use it in a `with` block."""

    def __init__(self, path: Path, model: ModelInfo) -> None:
        """Read the file, if there is one; it is made when there is something to add.

        What another model has computed, and what is no such file, is then thrown away, and the log
        says so. Raises SnapshotError when the file cannot be read.
        """
        self._path, self._model, self._dtype = path, model, _record(model)
        self._file: IO[bytes] | None = None
        try:
            self.computed, self._whole = _begun(path, model)
        except OSError as error:
            raise self._unwritable(error) from error

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def add(self, digests: Sequence[str], vectors: np.ndarray) -> None:
        """Add vectors, (n, dimension), and bring them to the disk. Raises SnapshotError."""
        records = np.zeros(len(digests), self._dtype)
        if digests:
            texts = bytes.fromhex("".join(digests))
            records["text"] = np.frombuffer(texts, np.uint8).reshape(-1, 32)
            records["vector"] = vectors
            records["crc"] = [_crc(record) for record in _bytes(records)]
        try:
            file = self._file = self._file or self._opened()
            file.write(records.tobytes())
            file.flush()
            os.fsync(file.fileno())
        except OSError as error:
            raise self._unwritable(error) from error

    def _opened(self) -> IO[bytes]:
        """The file, with nothing after what it holds of whole records."""
        if not self._whole:
            file: IO[bytes] = self._path.open("wb")
            file.write(_header(self._model))
            return file
        file = self._path.open("r+b")
        file.truncate(self._whole)
        file.seek(self._whole)
        return file

    def _unwritable(self, error: OSError) -> SnapshotError:
        return SnapshotError(
            f"{self._path}: vectors cannot be kept there: {error}; {advice(error)}, and it goes on "
            "where it stopped"
        )


def read_computed(path: Path, model: ModelInfo) -> Computed:
    """The vectors in a file, which `model` must have computed.

    Raises SnapshotError when it did not, and when the file cannot be read or is no such file.
    """
    try:
        computed, problem = _read(path, model)[0::2]
    except OSError as error:
        raise SnapshotError(f"{path}: cannot be read: {error.strerror or error}") from error
    if problem:
        raise SnapshotError(
            f"{path}: {problem}; make it with `python -m index embed --model {model.name}`"
        )
    return computed


def digests_in(path: Path, model: str) -> set[str]:
    """Digests of the texts of which a file has vectors, by the model of that name.

    Raises SnapshotError as `read_computed` does; the weights of the model are not asked for.
    """
    try:
        stated = _header_of(path)[0]
    except OSError as error:
        raise SnapshotError(f"{path}: cannot be read: {error.strerror or error}") from error
    if stated is None or stated.name != model:
        by = f"computed by the model {stated.name!r}, and not {model!r}" if stated else _NO_FILE
        raise SnapshotError(f"{path}: {by}; make it with `python -m index embed --model {model}`")
    return {*read_computed(path, stated).rows}


def _begun(path: Path, model: ModelInfo) -> tuple[Computed, int]:
    """What the file of a journal holds, and how many bytes of it are to stay."""
    if not path.exists():
        return _nothing(model), 0
    computed, whole, problem = _read(path, model)
    if problem:
        _log.warning("%s: %s; what was embedded there is thrown away", path, problem)
    return computed, whole


def _read(path: Path, model: ModelInfo) -> tuple[Computed, int, str]:
    """(vectors, length in bytes of the whole records and all before them, what is wrong)."""
    stated, start = _header_of(path)
    if stated is None:
        return _nothing(model), 0, _NO_FILE
    differing = model_differences(stated, model)
    if differing:
        what = f"computed by the model {stated.name!r}, and not {model.name!r}, of which differ: "
        return _nothing(model), 0, what + ", ".join(differing)
    dtype = _record(model)
    count = (path.stat().st_size - start) // dtype.itemsize
    if not count:
        return _nothing(model), start, ""
    records = np.memmap(path, dtype, "r", start, (count,))
    good = [i for i, r in enumerate(_bytes(records)) if records["crc"][i] == _crc(r)]
    if len(good) < count:
        _log.warning("%s: %d of %d vectors are damaged", path, count - len(good), count)
    rows = {records["text"][i].tobytes().hex(): i for i in good}
    return Computed(rows, records["vector"]), start + count * dtype.itemsize, ""


def _header_of(path: Path) -> tuple[ModelInfo | None, int]:
    """The model that a file names, None for what is no such file, and where its records begin."""
    with path.open("rb") as file:
        magic, header = file.readline(len(_MAGIC)), file.readline(_LONGEST_HEADER)
    try:
        stated = ModelInfo(**json.loads(header)) if magic == _MAGIC else None
    except (ValueError, TypeError):
        stated = None
    return stated, len(magic) + len(header)


def _nothing(model: ModelInfo) -> Computed:
    return Computed({}, np.empty((0, model.dimension), np.float16))


def _header(model: ModelInfo) -> bytes:
    return _MAGIC + json.dumps(asdict(model)).encode() + b"\n"


def _record(model: ModelInfo) -> np.dtype[np.void]:
    fields = [("text", "u1", 32), ("vector", "<f2", model.dimension), ("crc", "<u4")]
    return np.dtype(fields)


def _bytes(records: np.ndarray) -> np.ndarray:
    """(n, bytes of a record) uint8."""
    return records.view(np.uint8).reshape(len(records), -1)


def _crc(record: np.ndarray) -> int:
    return zlib.crc32(record[:-4].tobytes())
