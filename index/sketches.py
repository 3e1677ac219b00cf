"""Mentions in a hundred bytes each, by which most candidate pairs are ruled out without a look.

Two mentions that both state a title and a whole abstract are one work only under the same
identifier, nearly the same title, or nearly the same abstract (`index.evidence`). How often each
letter stands in a text bounds how alike two texts can be: an insertion or deletion changes one
count by one, so texts are at least as many of these apart as their counts differ by. What the
bounds rule out no rule would join; nothing is said of other pairs.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np

from index.evidence import NEAR_TITLE, SAME_ABSTRACT
from index.features import Features

_COLUMNS = 32  # of counts: a letter each, then blanks, digits, and all else
_COLUMN = np.full(128, 28)  # of each ASCII character
_COLUMN[np.frombuffer(b"abcdefghijklmnopqrstuvwxyz", np.uint8)] = np.arange(26)
_COLUMN[np.frombuffer(b" ", np.uint8)] = 26
_COLUMN[np.frombuffer(b"0123456789", np.uint8)] = 27
_MOST = 255  # counts beyond it are taken for it, which only brings texts nearer
_SLACK = 1e-6  # shares are rounded
_AT_ONCE = 50_000  # pairs


class Sketches:
    """Sketches of up to `count` mentions, by number. Those that are not added rule nothing out."""

    def __init__(self, count: int) -> None:
        self._told = np.zeros(count, dtype=bool)  # a title, and an abstract that is not cut off
        self._titles = np.zeros((count, _COLUMNS), dtype=np.uint8)
        self._abstracts = np.zeros((count, _COLUMNS), dtype=np.uint8)
        self._letters = np.zeros((count, 2), dtype=np.int32)  # of the title, of the abstract
        self._numbers = np.zeros((count, 4), dtype=np.uint32)  # digests of identifiers, or 0

    def add(self, i: int, feature: Features) -> None:
        """Take in the sketch of mention `i`."""
        m = feature.mention
        self._told[i] = bool(
            feature.title_key and feature.has_abstract and not m.abstract_truncated
        )
        if not self._told[i]:
            return
        title, abstract = feature.title_text, feature.abstract_text
        self._titles[i], self._abstracts[i] = _counts(title), _counts(abstract)
        self._letters[i] = len(title), len(abstract)
        for k, number in enumerate((m.doi, m.arxiv, m.pmid, m.acl)):
            self._numbers[i, k] = crc32(number.lower().encode()) if number else 0

    def ruled_out(self, pairs: np.ndarray) -> np.ndarray:
        """Which of the pairs (pairs, 2) of numbers no rule can join, (pairs,) bool."""
        parts = [
            self._ruled_out(*pairs[start : start + _AT_ONCE].T)
            for start in range(0, len(pairs), _AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=bool)

    def _ruled_out(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        numbers = self._numbers[i]
        known = ((numbers == self._numbers[j]) & (numbers != 0)).any(axis=1)
        title, part_of_title = _apart(self._titles[i], self._titles[j])
        abstract, _ = _apart(self._abstracts[i], self._abstracts[j])
        most = self._letters[i] + self._letters[j]
        other_title = title > (1 - NEAR_TITLE + _SLACK) * most[:, 0]
        other_abstract = abstract > (1 - SAME_ABSTRACT + _SLACK) * most[:, 1]
        told = self._told[i] & self._told[j]
        out: np.ndarray = told & ~known & other_title & ~part_of_title & other_abstract
        return out


def _counts(text: str) -> np.ndarray:
    """How often the characters of each column stand in the text, (_COLUMNS,) uint8."""
    found = _COLUMN[np.frombuffer(text.encode("ascii", "replace"), np.uint8)]
    return np.minimum(np.bincount(found, minlength=_COLUMNS), _MOST).astype(np.uint8)


def _apart(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """By how many characters each row differs from that of `other`, both (rows, _COLUMNS).

    And whether all characters of the one are in the other, as in a title with a subtitle.
    """
    more = one.astype(np.int16) - other
    apart = np.abs(more).sum(axis=1, dtype=np.int64)
    return apart, (more >= 0).all(axis=1) | (more <= 0).all(axis=1)
