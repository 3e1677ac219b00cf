"""Labelled pairs of bibliographic records, and how well a decision about them does.

A file has one JSON object a line, {"left": record, "right": record, "label": 1 | 0}: 1 when both
records are of one work. A record has "title", "authors" (names between commas), "venue", "year".
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.errors import SourceError
from index.records import Mention
from index.text import fold_space

# Some collections were cut into tokens after their accents had been made into entities:
# "r g &#252; ting" is "r güting".
_TOKENISED_ENTITY = re.compile(r"\s*(&#?\w+;)\s*")
_PARTS = {":odd": 0, ":even": 1}  # remainder of the 0-based number of a line


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records, and whether they are of one work."""

    left: Mention
    right: Mention
    same: bool


@dataclass(frozen=True, slots=True)
class Quality:
    """How a decision about pairs does. Counts of pairs."""

    right: int  # joined, and of one work
    joined: int
    same: int  # of one work

    @classmethod
    def of(cls, decided: Iterable[tuple[bool, bool]]) -> Quality:
        """Of pairs of (joined, of one work)."""
        right = joined = same = 0
        for is_joined, is_same in decided:
            right += is_joined and is_same
            joined += is_joined
            same += is_same
        return cls(right, joined, same)

    def figures(self) -> dict[str, float]:
        """Precision, recall and their harmonic mean, in [0, 1]; 0 where there is nothing."""
        return {
            "precision": round(self.right / max(self.joined, 1), 4),
            "recall": round(self.right / max(self.same, 1), 4),
            "F1": round(2 * self.right / max(self.joined + self.same, 1), 4),
        }


def read_pairs(file: str) -> list[Pair]:
    """The pairs of a file; `PATH:odd` takes its lines 1, 3, 5 …, `PATH:even` the others.

    Raises SourceError for a line that is not such a pair.
    """
    path, part = file, None
    for suffix, remainder in _PARTS.items():
        if file.endswith(suffix):
            path, part = file.removesuffix(suffix), remainder
    pairs = []
    with Path(path).open(encoding="utf-8") as lines:
        for i, line in enumerate(lines):
            if part is None or i % 2 == part:
                pairs.append(_pair(line, path, i + 1))
    return pairs


def _pair(line: str, path: str, number: int) -> Pair:
    try:
        stated = json.loads(line)
        left, right = (to_mention(stated[side], side, number) for side in ("left", "right"))
        label = int(stated["label"])
        if label not in (0, 1):
            raise ValueError(f"label {label}")
    except (KeyError, TypeError, ValueError) as error:
        why = f'not a pair {{"left", "right", "label"}}: {error} in {line.strip()[:60]!r}'
        raise SourceError(path, why, number) from error
    return Pair(left, right, bool(label))


def to_mention(record: dict[str, Any], source: str, line: int) -> Mention:
    """A record as a mention. What states nothing ("", "?", "nan") is None or left out."""
    names = (name.strip() for name in _clean(record["authors"]).split(","))
    year = re.fullmatch(r"(\d{4})(?:\.0)?", _clean(record["year"]))
    return Mention(
        source=source,
        line_start=line,
        line_end=line,
        title=_clean(record["title"]) or None,
        authors=tuple(name for name in names if name.strip(" ?")),
        year=int(year[1]) if year else None,
        venue=_clean(record["venue"]).strip(" ,") or None,
    )


def _clean(value: object) -> str:
    text = "" if value is None else str(value)
    return fold_space(_TOKENISED_ENTITY.sub(lambda found: html.unescape(found[1]), text))
