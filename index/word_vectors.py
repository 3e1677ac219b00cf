"""Vectors of words, without running a model: the first layer of the bundled one.

Each of its word pieces has a vector, from which all that the model does begins; words of like
meaning have vectors of like direction. Summed over a text without the commonest words, they tell
roughly what it is about (for such sums see Mitchell and Lapata, 2008), in microseconds. They are
the official model's, whatever model an index was built with.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from index.encoder import bundled_folder
from index.errors import EncoderError
from index.stop_words import ENGLISH_STOP_WORDS

_TENSOR = "embeddings.word_embeddings.weight"
_LENGTH = struct.Struct("<Q")  # of the header of a safetensors file, in bytes; its first eight


class WordVectors:
    """Texts in, sums of word vectors out. Safe to share between threads."""

    def __init__(self) -> None:
        """Raises EncoderError when the bundled model is missing or damaged."""
        folder = bundled_folder()
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._tokenizer.no_truncation()
            self._tokenizer.no_padding()
            self._table = _table(folder / "model.safetensors")
            pieces = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
        except Exception as error:  # the tokenizers library has no exception of its own
            raise EncoderError(
                f"{folder}: word vectors cannot be read from it ({error})"
            ) from error
        self._counts = np.array([_says_something(piece) for piece in pieces[: len(self._table)]])

    def of(self, texts: Sequence[str]) -> np.ndarray:
        """(texts, dimension) float32: the sum over the words of each text, of length 1.

        All 0 for a text without any word that says something.
        """
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        kept = [ids[self._counts[ids]] for ids in (np.array(e.ids, np.int64) for e in encodings)]
        pieces, places = np.unique(np.concatenate([*kept, _NONE]), return_inverse=True)
        vectors = self._table[pieces]  # each is read once, from where the file is mapped
        sums = np.zeros((len(kept), self._table.shape[1]), np.float32)
        ends = np.cumsum([len(ids) for ids in kept])
        for row, (ids, end) in enumerate(zip(kept, ends, strict=True)):
            sums[row] = vectors[places[end - len(ids) : end]].sum(axis=0)
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        np.divide(sums, norms, out=sums, where=norms > 0)
        return sums


_NONE = np.empty(0, np.int64)


def _says_something(piece: str) -> bool:
    return any(map(str.isalnum, piece)) and piece not in ENGLISH_STOP_WORDS


def _table(path: Path) -> np.ndarray:
    """(pieces, dimension) float32, mapped: https://github.com/huggingface/safetensors#format."""
    with path.open("rb") as file:
        (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
        told = json.loads(file.read(length))[_TENSOR]
    if told["dtype"] != "F32":
        raise ValueError(f"{_TENSOR} is {told['dtype']}, not F32")
    offset = _LENGTH.size + length + told["data_offsets"][0]
    table: np.ndarray = np.memmap(path, "<f4", "r", offset, tuple(told["shape"]))
    return table
