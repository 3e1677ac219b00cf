"""Vectors of the sentences of abstracts, kept for the papers that were shown last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from index.encoder import Encoder
from index.records import Paper
from index.text import sentence_spans

_KEPT = 4096  # papers; about eight sentences of 1.5 kB each

Sentences = tuple[list[tuple[int, int]], np.ndarray]  # spans, and (sentences, dimension) unit rows


class SentenceVectors:
    """Splits and embeds abstracts on demand. Safe to share between threads."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: OrderedDict[str, Sentences] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, papers: Sequence[Paper]) -> list[Sentences]:
        """The sentences of each paper; none for a paper without abstract."""
        with self._lock:
            found = {p.paper_id: self._known.get(p.paper_id) for p in papers}
        missing = [p for p in papers if found[p.paper_id] is None]
        fresh = self._embed(missing)
        result = [found[p.paper_id] or fresh[p.paper_id] for p in papers]
        with self._lock:
            for paper, sentences in zip(papers, result, strict=True):
                self._known[paper.paper_id] = sentences
                self._known.move_to_end(paper.paper_id)
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return result

    def _embed(self, papers: Sequence[Paper]) -> dict[str, Sentences]:
        spans = [sentence_spans(paper.abstract or "") for paper in papers]
        texts = [
            (paper.abstract or "")[start:end]
            for paper, of_paper in zip(papers, spans, strict=True)
            for start, end in of_paper
        ]
        vectors = self._encoder.encode_document(texts) if texts else np.empty((0, 0), np.float32)
        result, at = {}, 0
        for paper, of_paper in zip(papers, spans, strict=True):
            result[paper.paper_id] = (of_paper, vectors[at : at + len(of_paper)])
            at += len(of_paper)
        return result
