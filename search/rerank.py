"""Reordering the best hits with a cross-encoder, for those who have one.

A cross-encoder reads query and paper together, which tells more than comparing two vectors and
takes far longer, so only the best of the first ranking are read (Nogueira and Cho, 2019, "Passage
Re-ranking with BERT").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from index.errors import EncoderError
from index.hub import device_and_dtype, find_model
from index.papers import document_text
from index.snapshot import Snapshot
from search.ranking import Ranking

RERANKED = 50  # of the best papers, or as many as are asked for


class Reranker(Protocol):
    """Anything that scores texts as answers to a query."""

    def scores(self, query: str, texts: Sequence[str]) -> np.ndarray:
        """A score for each text, (len(texts),), the higher the better."""
        ...


def load_reranker(name: str) -> Reranker:
    """The cross-encoder of that path or sentence-transformers name.

    Raises EncoderError when it cannot be loaded, or gives another number of scores than one.
    """
    return _CrossEncoder(name)


class _CrossEncoder:
    def __init__(self, name: str) -> None:
        # Imported here: it takes seconds, and few searches are reranked.
        from sentence_transformers import CrossEncoder  # noqa: PLC0415

        place = find_model(name)
        device, dtype = device_and_dtype()
        try:
            self._model = CrossEncoder(
                place.name,
                device=device,
                local_files_only=place.local_files_only,
                model_kwargs={"dtype": dtype},
            )
        except Exception as error:  # a damaged model raises whatever its reader stumbles over
            told = " ".join(str(error).split()).rstrip(".")
            raise EncoderError(
                f"the reranker {name!r} cannot be loaded: {told}{place.hint}"
            ) from error
        if self._model.num_labels != 1:
            raise EncoderError(
                f"the reranker {name!r} gives {self._model.num_labels} scores a pair; "
                "only models that give one can rank"
            )

    def scores(self, query: str, texts: Sequence[str]) -> np.ndarray:
        if not texts:
            return np.empty(0, np.float32)
        pairs = [(query, text) for text in texts]
        scores = self._model.predict(pairs, show_progress_bar=False)
        return np.asarray(scores, dtype=np.float32)


def reranked(ranking: Ranking, snapshot: Snapshot, reranker: Reranker, query: str) -> Ranking:
    """The papers of a ranking in the reranker's order, and by its scores."""
    papers = snapshot.papers_at(ranking.rows.tolist())
    return ranking.scored(reranker.scores(query, [document_text(paper) for paper in papers]))
