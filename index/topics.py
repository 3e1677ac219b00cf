"""Topics: groups of papers whose vectors lie together, each named by the terms that set it apart.

Groups come from spherical k-means (Dhillon and Modha, 2001). Terms are weighted by class-based
TF-IDF (Grootendorst, 2022, arXiv:2203.05794, equation 4): tf(t, c) * ln(1 + A / tf(t)), where
tf(t, c) counts term t in topic c, tf(t) in all topics, and A is the mean number of terms a topic.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from index.features import Background
from index.stop_words import ENGLISH_STOP_WORDS
from index.text import words

MOST_TOPICS = 120
_TERMS = 10  # kept for each topic
_LABEL_TERMS = 3  # of which the label is made
_COMMON = 1.9  # words weighted below (in more than one abstract in seven) never name a topic
_SAMPLE = 400  # papers of a topic whose words are counted
_LEARNED = 1000  # papers a topic from which the centres are learned
_BATCH = 65_536  # rows at a time
_SEED = 20


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `terms` are ordered by weight, most telling first."""

    topic_id: str
    label: str
    size: int  # papers
    terms: tuple[str, ...]


@dataclass(frozen=True)
class Topics:
    """All topics, largest first, with their centres and each paper's place among them."""

    topics: tuple[Topic, ...]
    centroids: np.ndarray  # (topics, dimension) float32, unit rows, in the order of `topics`
    assignment: np.ndarray  # (papers,) int32: position in `topics` of each row's topic


def find_topics(vectors: np.ndarray, texts: Sequence[str]) -> Topics:
    """Group the rows of `vectors`, (n, dimension) unit rows, and name the groups by `texts`."""
    count = number_of_topics(len(texts))
    centroids, assignment = _cluster(vectors, count)
    sizes = np.bincount(assignment, minlength=len(centroids))
    # Largest first; ties by the first paper, which is the smallest paper id.
    first = [int(np.argmax(assignment == c)) for c in range(len(centroids))]
    filled = [c for c in range(len(centroids)) if sizes[c]]
    order = sorted(filled, key=lambda c: (-sizes[c], first[c]))
    place = np.zeros(len(centroids), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    assignment = place[assignment]
    terms = _terms(assignment, len(order), texts)
    topics = tuple(
        Topic(f"t{i + 1}", _label(terms[i]), int(sizes[c]), tuple(terms[i][:_TERMS]))
        for i, c in enumerate(order)
    )
    return Topics(topics, centroids[order], assignment)


def number_of_topics(papers: int) -> int:
    """The square root of half the papers, at most `MOST_TOPICS`: 6 for 65, 71 for 10,000."""
    return max(1, min(MOST_TOPICS, round(math.sqrt(papers / 2)))) if papers else 0


def _cluster(vectors: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(centroids, nearest centroid of each row)."""
    if not count:
        return np.empty((0, vectors.shape[1]), np.float32), np.empty(0, np.int64)
    import faiss  # noqa: PLC0415  it takes as long as all else that reading topics needs

    kmeans = faiss.Kmeans(
        vectors.shape[1],
        count,
        niter=25,
        nredo=5 if len(vectors) < 20_000 else 1,
        spherical=True,
        seed=_SEED,
        min_points_per_centroid=1,
        max_points_per_centroid=_LEARNED,
    )
    rows = np.arange(len(vectors))
    if len(rows) > count * _LEARNED:
        rows = np.sort(np.random.default_rng(_SEED).choice(rows, count * _LEARNED, replace=False))
    kmeans.train(np.ascontiguousarray(vectors[rows], dtype=np.float32))
    assert kmeans.centroids is not None  # it has just been trained
    nearest = np.empty(len(vectors), np.int64)
    for start in range(0, len(vectors), _BATCH):
        part = np.ascontiguousarray(vectors[start : start + _BATCH], dtype=np.float32)
        nearest[start : start + _BATCH] = kmeans.index.search(part, 1)[1][:, 0]
    return kmeans.centroids, nearest


def _terms(assignment: np.ndarray, count: int, texts: Sequence[str]) -> list[list[str]]:
    """For each topic its terms by class-based TF-IDF, heaviest first."""
    background = Background.load()
    inside: list[Counter[str]] = [Counter() for _ in range(count)]
    for topic in range(count):
        documents: Counter[str] = Counter()
        for row in np.flatnonzero(assignment == topic)[:_SAMPLE]:
            found = Counter(_candidates(texts[row], background))
            inside[topic].update(found)
            documents.update(found.keys())
        if len(texts) > 2 * count:  # a term of a single paper does not name a topic
            lone = [term for term, n in documents.items() if n < 2]
            for term in lone if len(lone) < len(documents) else ():
                del inside[topic][term]
    overall: Counter[str] = sum(inside, Counter())
    mean = sum(overall.values()) / max(count, 1)
    return [
        sorted(counts, key=lambda t: (-counts[t] * math.log(1 + mean / overall[t]) * _length(t), t))
        for counts in inside
    ]


def _length(term: str) -> float:
    """Two words say more than one; they also come less often."""
    return 2.0 if " " in term else 1.0


def _candidates(text: str, background: Background) -> Iterator[str]:
    """Words and pairs of neighbouring words that are not too common to name anything."""
    before = ""
    for word in words(text):
        telling = (
            len(word) > 2
            and not word.isdigit()
            and word not in ENGLISH_STOP_WORDS
            and background.weight(word) >= _COMMON
        )
        if telling:
            yield word
            if before:
                yield f"{before} {word}"
        before = word if telling else ""


def _label(terms: Sequence[str]) -> str:
    """The first terms that do not repeat each other's words, singular or plural."""
    chosen: list[str] = []
    used: set[str] = set()
    for term in terms:
        stems = {w.rstrip("s")[:7] for w in term.split()}
        if not stems & used:
            chosen.append(term)
            used |= stems
        if len(chosen) == _LABEL_TERMS:
            break
    return ", ".join(chosen) or "unnamed"
