"""Candidate pairs: the few pairs of mentions that are worth comparing.

Mentions that share a key are candidates. Keys are made so that versions of one work share at
least one, and so rare that a block stays small; a block above the bound is cut finer by author
or left to the other keys. The work grows with the number of mentions, never with its square.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from itertools import combinations, pairwise

from index.features import Features
from index.text import sentence_spans, title_key

Pair = tuple[int, int]

LARGEST_BLOCK = 60  # mentions that share one key and are all compared with each other
RARE_WORDS = 14  # rarest abstract words by which rewritten abstracts find each other …
SHARED_RARE_WORDS = 4  # … when they share this many
TITLE_WORDS = 4  # rarest title words, of which two must be shared
_PREFIX = 60  # letters from the start of an abstract
_SENTENCE = 40  # fewest letters of a sentence that is a key


def candidate_pairs(features: Sequence[Features]) -> list[Pair]:
    """Index pairs (i < j) worth comparing, sorted, each once."""
    blocks: defaultdict[Hashable, list[int]] = defaultdict(list)
    for i, feature in enumerate(features):
        for key in set(_keys(feature)):
            blocks[key].append(i)
    pairs: set[Pair] = set()
    for members in blocks.values():
        pairs.update(_pairs(members, features))
    pairs.update(_rewritten(features))
    return sorted(pairs)


def _pairs(members: list[int], features: Sequence[Features]) -> Iterator[Pair]:
    if len(members) <= LARGEST_BLOCK:
        yield from combinations(members, 2)
        return
    finer: defaultdict[str, list[int]] = defaultdict(list)
    for i in members:
        for surname in features[i].surnames or {""}:
            finer[surname].append(i)
    for part in finer.values():
        if len(part) <= LARGEST_BLOCK:
            yield from combinations(part, 2)
        else:  # one text, many times over: neighbours in order chain them together
            yield from pairwise(part)


def _keys(feature: Features) -> Iterator[Hashable]:
    mention = feature.mention
    if mention.doi:
        yield "doi", mention.doi.lower()
    if mention.arxiv:
        yield "arxiv", mention.arxiv
    if mention.pmid:
        yield "pmid", mention.pmid
    if mention.acl:
        yield "acl", mention.acl.lower()
    if feature.title_key:
        yield "title", feature.title_key
        weight = feature.background.weight
        rare = sorted(set(feature.title_text.split()), key=lambda w: (-weight(w), w))
        for pair in combinations(sorted(rare[:TITLE_WORDS]), 2):
            yield "title words", pair
    if feature.has_abstract:
        text = mention.abstract or ""
        yield "prefix", feature.abstract_text.replace(" ", "")[:_PREFIX]
        for start, end in sentence_spans(text):
            key = title_key(text[start:end])
            if len(key) >= _SENTENCE:
                yield "sentence", hash(key)


def _rewritten(features: Sequence[Features]) -> Iterator[Pair]:
    """Pairs whose abstracts share several of their heaviest words.

    A word that stands among the heaviest of many abstracts says nothing here and is passed over.
    """
    holders: defaultdict[str, list[int]] = defaultdict(list)
    for i, feature in enumerate(features):
        if feature.has_abstract:
            weights = feature.weights
            for word in sorted(weights, key=lambda w: (-weights[w], w))[:RARE_WORDS]:
                holders[word].append(i)
    shared: Counter[Pair] = Counter()
    for members in holders.values():
        if len(members) <= LARGEST_BLOCK:
            shared.update(combinations(members, 2))
    for pair, count in shared.items():
        if count >= SHARED_RARE_WORDS:
            yield pair
