"""Candidate pairs: the few pairs of mentions that are worth comparing.

Mentions that share a key are candidates. Keys are made so that versions of one work share at
least one, and so rare that a block stays small; a block above the bound is cut finer by author
or left to the other keys. The work grows with the number of mentions, never with its square.

The keys of a mention are 64-bit digests that do not depend on other mentions, so they can be kept
and need not be made again when others are added.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import combinations, pairwise, product

import numpy as np

from index.features import Features
from index.text import sentence_spans, title_key

LARGEST_BLOCK = 60  # mentions that share one key and are all compared with each other
RARE_WORDS = 14  # rarest abstract words by which rewritten abstracts find each other …
SHARED_RARE_WORDS = 4  # … when they share this many
TITLE_WORDS = 4  # rarest title words, of which two must be shared …
BARE_TITLE_WORDS = 6  # … or two of so many, of a mention without abstract
_NAMES = 3  # authors of whom one, with one of the rarest title words, must be shared there
_PREFIX = 60  # letters from the start of an abstract
_SENTENCE = 40  # fewest letters of a sentence that is a key
_WEAK = "title words"  # the kind of key that makes too many candidates by itself
SHARED_TITLED_WORDS = 3  # rare words of the abstracts beside two of the titles, or else an author
_NAMES_ASKED = 12  # authors of whom one must be shared there
_AT_ONCE = 2_000_000  # pairs in memory at a time, about
_FIRST_BYTE = [[bytes([byte & ~1 | weak]) for byte in range(256)] for weak in (0, 1)]
_PAIRS_ASKED = 50_000  # pairs whose words are compared at a time


@dataclass(frozen=True, slots=True)
class Signature:
    """What a mention is found by: 64-bit digests, eight bytes each, one after the other."""

    keys: bytes  # of which one must be shared; see `_Blocks` for those of a title's words
    words: bytes  # of which SHARED_RARE_WORDS must be
    names: bytes  # of the authors, to cut large blocks by

    @classmethod
    def of(cls, feature: Features) -> Signature:
        """The signature of a mention."""
        return cls(
            _digests(_keys(feature)), _digests(_heavy_words(feature)), _digests(feature.surnames)
        )


def candidate_pairs(signatures: Sequence[Signature]) -> np.ndarray:
    """Pairs (i, j) with i < j that are worth comparing, (pairs, 2) int64, sorted, each once."""
    n = len(signatures)
    blocks = _Blocks([s.keys for s in signatures])
    strong, weak = ([np.unique(p) for p in blocks.pairs(n, weak=weak)] for weak in (False, True))
    found = [*strong, _borne_out(np.unique(np.concatenate(weak)), signatures)]
    found += [blocks.finer(signatures)]
    for pairs in _Blocks([s.words for s in signatures]).pairs(n, weak=None):
        codes, shared = np.unique(pairs, return_counts=True)
        found.append(codes[shared >= SHARED_RARE_WORDS])
    codes = np.unique(np.concatenate(found))
    return np.stack(np.divmod(codes, max(len(signatures), 1)), axis=1)


def _borne_out(codes: np.ndarray, signatures: Sequence[Signature]) -> np.ndarray:
    """Of pairs that only two words of their titles make candidates, those that more speaks for.

    They share an author or some rare words of the abstract. Without an author or an abstract of
    both the title is enough.
    """
    words = _table([s.words for s in signatures], RARE_WORDS)
    names = _table([s.names for s in signatures], _NAMES_ASKED)
    kept = [np.empty(0, np.int64)]
    for start in range(0, len(codes), _PAIRS_ASKED):
        part = codes[start : start + _PAIRS_ASKED]
        i, j = np.divmod(part, len(signatures))
        unknown = ~(words[i, 0].astype(bool) & words[j, 0].astype(bool))
        unknown |= ~(names[i, 0].astype(bool) & names[j, 0].astype(bool))
        telling = _shared(words[i], words[j]) >= SHARED_TITLED_WORDS
        kept.append(part[unknown | telling | (_shared(names[i], names[j]) > 0)])
    return np.concatenate(kept)


def _table(digests: Sequence[bytes], width: int) -> np.ndarray:
    """(n, width) uint64: the first digests of each, 0 where there are no more."""
    size = 8 * width
    rows = b"".join(d[:size].ljust(size, b"\0") for d in digests)
    return np.frombuffer(rows, "<u8").reshape(-1, width)


def _shared(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How many digests each row of `one` has in common with that of `other`, (rows,)."""
    same = (one[:, :, None] == other[:, None, :]) & (one[:, :, None] != 0)
    counts: np.ndarray = same.sum(axis=(1, 2))
    return counts


class _Blocks:
    """Who shares which key. A pair (i, j) of n mentions is the number i * n + j.

    Digests of pairs of words of a title are odd, all others even.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        counts = np.array([len(k) // 8 for k in keys], dtype=np.int64)
        members = np.repeat(np.arange(len(keys)), counts)
        digests = np.frombuffer(b"".join(keys), dtype="<u8")
        order = np.argsort(digests, kind="stable")  # in a block, members ascend
        self._members, digests = members[order], digests[order]
        self._starts = np.flatnonzero(np.r_[True, digests[1:] != digests[:-1]][: len(digests)])
        self._sizes = np.diff(np.r_[self._starts, len(digests)])
        self._weak = (digests[self._starts] & 1).astype(bool)

    def pairs(self, n: int, *, weak: bool | None) -> Iterator[np.ndarray]:
        """The pairs within blocks up to the bound, as often as they share a key.

        Those of one first mention come in one array, int64. Of keys that are `weak` (two words of a
        title), or of those that are not, or of all.
        """
        wanted = (self._sizes > 1) & (self._sizes <= LARGEST_BLOCK)
        if weak is not None:
            wanted &= self._weak == weak
        small = np.repeat(wanted, self._sizes)
        ends = np.repeat(self._starts + self._sizes, self._sizes)
        places = np.flatnonzero(small)
        after = ends[places] - places - 1  # members that follow in the same block
        order = np.argsort(self._members[places], kind="stable")
        places, after = places[order], after[order]
        yield np.empty(0, np.int64)
        for part in _slices(self._members[places], after):
            counts = after[part]
            first = np.repeat(places[part], counts)
            step = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
            yield self._members[first] * n + self._members[first + 1 + step]

    def finer(self, signatures: Sequence[Signature]) -> np.ndarray:
        """The pairs of larger blocks that share an author as well."""
        n = len(signatures)
        found: set[int] = set()
        for block in np.flatnonzero(self._sizes > LARGEST_BLOCK):
            start = self._starts[block]
            members = self._members[start : start + self._sizes[block]].tolist()
            parts: dict[bytes, list[int]] = {}
            for i in members:
                names = signatures[i].names
                for at in range(0, max(len(names), 8), 8):
                    parts.setdefault(names[at : at + 8], []).append(i)
            for part in parts.values():
                # One text, many times over: neighbours in order chain them together.
                small = len(part) <= LARGEST_BLOCK
                pairs = combinations(part, 2) if small else pairwise(part)
                found.update(i * n + j for i, j in pairs)
        return np.array(sorted(found), dtype=np.int64)


def _slices(firsts: np.ndarray, counts: np.ndarray) -> Iterator[slice]:
    """Slices of about _AT_ONCE pairs each, that do not part entries of one first mention."""
    total = np.cumsum(counts)
    start = 0
    while start < len(firsts):
        before = total[start - 1] if start else 0
        end = int(np.searchsorted(total, before + _AT_ONCE, side="left")) + 1
        if end < len(firsts):
            end = int(np.searchsorted(firsts, firsts[end - 1], side="right"))
        yield slice(start, end)
        start = end


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
        yield from _title_keys(feature)
    if feature.has_abstract:
        text = mention.abstract or ""
        yield "prefix", feature.abstract_text.replace(" ", "")[:_PREFIX]
        for start, end in sentence_spans(text):
            key = title_key(text[start:end])
            if len(key) >= _SENTENCE:
                yield "sentence", key


def _title_keys(feature: Features) -> Iterator[Hashable]:
    """Two rare words of the title; without an abstract also one of them and an author."""
    weight = feature.background.weight
    rare = sorted(set(feature.core_title.split()), key=lambda w: (-weight(w), w))
    telling = rare[: TITLE_WORDS if feature.has_abstract else BARE_TITLE_WORDS]
    for pair in combinations(sorted(telling), 2):
        yield _WEAK, pair
    if not feature.has_abstract:
        yield from product(sorted(feature.surnames)[:_NAMES], rare[:TITLE_WORDS])


def _heavy_words(feature: Features) -> list[str]:
    """The words by which a rewritten abstract finds the other.

    A word that is among the heaviest of many abstracts says nothing and is passed over there.
    """
    if not feature.has_abstract:
        return []
    weights = feature.weights
    least = sorted(weights.values())[-RARE_WORDS:][0]
    heavy = (w for w in weights if weights[w] >= least)  # few are left to sort by their letters
    return sorted(heavy, key=lambda w: (-weights[w], w))[:RARE_WORDS]


def _digests(keys: Iterator[Hashable] | Sequence[str] | frozenset[str]) -> bytes:
    """Eight bytes for each different key, in ascending order; odd as a number if it is weak."""
    return b"".join(sorted({_digest(key) for key in keys}))


def _digest(key: Hashable) -> bytes:
    whole = blake2b(repr(key).encode(), digest_size=8).digest()
    weak = isinstance(key, tuple) and key[0] == _WEAK
    return _FIRST_BYTE[weak][whole[0]] + whole[1:]
