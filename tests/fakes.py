"""A small encoder for tests that are not about search quality: words hashed to directions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from index.encoder import Advance, ModelInfo, Vectors
from index.text import words


class FakeEncoder:
    """Texts that share words are near each other; the same text always has the same vector."""

    def __init__(self, name: str = "fake", dimension: int = 64) -> None:
        digest = hashlib.sha256(name.encode()).hexdigest()
        self.info = ModelInfo(name, digest, dimension, None, "", "", "float32")
        self.texts_encoded = 0  # documents, over the life of the encoder
        self.last_documents: list[str] = []  # every text since a test last cleared it

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        """Like documents: this model has no prompts."""
        return np.stack([self._vector(text) for text in texts])

    def encode_document(self, texts: Sequence[str], advance: Advance | None = None) -> Vectors:
        """One vector a text."""
        self.texts_encoded += len(texts)
        self.last_documents += texts
        if advance:
            advance(len(texts))
        return np.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> np.ndarray:
        vector = np.full(self.info.dimension, 1e-3, dtype=np.float32)
        for word in words(text):
            seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
            direction = np.random.default_rng(seed).standard_normal(self.info.dimension)
            vector += direction.astype(np.float32)
        return vector / np.linalg.norm(vector)
