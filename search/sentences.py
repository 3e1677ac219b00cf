"""Which sentence of an abstract to show: the one that speaks most of what was asked.

A sentence is scored by its words: WORDS_WEIGHT of the share of the query's words that stand in it,
and the cosine of both sums of word vectors, which knows words of like meaning. No model is run, for
embedding all sentences of ten abstracts took ten times as long as finding these among a million;
and the sentences that embeddings choose are no better (docs/ranking.md has the figures).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from index.analysis import Stemmer
from index.text import sentence_spans
from index.word_vectors import WordVectors

WORDS_WEIGHT = 0.3

Span = tuple[int, int]  # of characters


class SentenceFinder:
    """Chooses sentences. Safe to share between threads."""

    def __init__(self) -> None:
        """Raises EncoderError when the bundled model, whose words are read, is missing."""
        self._stemmer = Stemmer()
        self._vectors = WordVectors()

    def best(self, about: str, abstracts: Sequence[str]) -> list[Span | None]:
        """Of each abstract the span of the sentence that is most about a text; the first of equals.

        None for an abstract without any.
        """
        spans = [sentence_spans(abstract) for abstract in abstracts]
        sentences = [
            abstract[slice(*span)]
            for abstract, of_one in zip(abstracts, spans, strict=True)
            for span in of_one
        ]
        vectors = self._vectors.of([about, *sentences])
        scores = vectors[1:] @ vectors[0] + WORDS_WEIGHT * self._shares(about, sentences)
        found: list[Span | None] = []
        start = 0
        for of_one in spans:
            own = scores[start : start + len(of_one)]
            found.append(of_one[int(np.argmax(own))] if of_one else None)
            start += len(of_one)
        return found

    def _shares(self, about: str, sentences: Sequence[str]) -> np.ndarray:
        """Share of the different words asked for that stand in each sentence."""
        asked = frozenset(self._stemmer.asked(about))
        common = (len(asked.intersection(self._stemmer.stems(text))) for text in sentences)
        return np.fromiter(common, np.float32, len(sentences)) / max(len(asked), 1)
