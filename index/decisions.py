"""The user's own decisions about what is the same work, kept beside the sources.

`same-work.jsonl` holds one decision a line, newest last:

    {"decision": "join", "mentions": ["m1a2…", "m3c4…"], "when": "2025-01-31", "titles": ["…", "…"]}
    {"decision": "split", "mentions": ["m5e6…"], "from": ["m7a8…"], "when": …, "titles": […]}
    {"decision": "undo", "mentions": ["m5e6…"], "from": ["m7a8…"], "when": …, "titles": […]}

A join says that all the mentions are one work; a split says that none of the first mentions is
the same work as any of the second; an undo (of a join it has no "from") leaves such pairs to the
rules again. Where two lines disagree about a pair, the later one holds. The file is plain text:
it can be edited, shared and put under version control. Mentions are named by ids derived from
their content, so a decision survives moved and renamed files; one that names a mention which is
not in the sources at present is kept and waits. Titles are for the reader.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from index.errors import DecisionError

FILE_NAME = "same-work.jsonl"


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of the file: a join (no `apart`) or a split of `mentions` from `apart`, or the
    undoing of either.
    """

    mentions: tuple[str, ...]
    apart: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    when: str = ""
    undone: bool = False

    @property
    def kind(self) -> str:
        """One of "join", "split" and "undo"."""
        if self.undone:
            return "undo"
        return "split" if self.apart else "join"

    def pairs(self) -> Iterator[tuple[str, str]]:
        """The pairs of mentions that the decision is about, each sorted."""
        others = self.apart or self.mentions
        for a in self.mentions:
            for b in others:
                if a < b or (self.apart and a != b):
                    yield min(a, b), max(a, b)


@dataclass(frozen=True)
class Decisions:
    """All decisions, oldest first."""

    entries: tuple[Decision, ...] = ()

    def latest(self) -> dict[tuple[str, str], Decision]:
        """What holds of each pair that was decided: the last entry about it."""
        return {pair: entry for entry in self.entries for pair in entry.pairs()}

    def joins(self, position: Mapping[str, int]) -> list[tuple[int, int, str]]:
        """Pairs of positions to join; ids that are not in `position` are passed over."""
        return sorted(
            (position[a], position[b], "joined by the user")
            for (a, b), entry in self.latest().items()
            if entry.kind == "join" and a in position and b in position
        )

    def splits(self, position: Mapping[str, int]) -> list[tuple[int, int]]:
        """Pairs of positions that must stay apart."""
        return sorted(
            (position[a], position[b])
            for (a, b), entry in self.latest().items()
            if entry.kind == "split" and a in position and b in position
        )


def decision_folders(sources: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Where the decisions about sources are kept: in each folder, beside each file."""
    paths = [Path(source) for source in sources]
    return list(dict.fromkeys(p if p.is_dir() else p.parent for p in paths))


def read_decisions(folders: Iterable[Path]) -> Decisions:
    """The decisions of every folder's file, in the order of the folders.

    Raises DecisionError with file and line for a line that is not a decision.
    """
    entries: list[Decision] = []
    for folder in dict.fromkeys(folders):
        path = folder / FILE_NAME
        if path.is_file():
            try:
                lines = path.read_text(encoding="utf-8-sig").split("\n")
            except (OSError, UnicodeDecodeError) as error:
                raise DecisionError(f"{path}: cannot be read: {error}") from error
            entries += [_parse(s, path, n) for n, s in enumerate(lines, 1) if s.strip()]
    return Decisions(tuple(entries))


def add_decision(folder: Path, *decisions: Decision) -> Path:
    """Append decisions to the folder's file, on disk when the call returns. Gives its path."""
    path = folder / FILE_NAME
    try:
        before = path.read_bytes() if path.exists() else b""
        start = b"" if before.endswith(b"\n") or not before else b"\n"
        with path.open("ab") as file:
            file.write(start + "".join(map(_line, decisions)).encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise DecisionError(f"{path}: the decision cannot be written: {error.strerror}") from error
    return path


def _line(decision: Decision) -> str:
    record: dict[str, object] = {"decision": decision.kind, "mentions": list(decision.mentions)}
    if decision.apart:
        record["from"] = list(decision.apart)
    record |= {"when": date.today().isoformat(), "titles": list(decision.titles)}
    return json.dumps(record, ensure_ascii=False) + "\n"


def _parse(line: str, path: Path, number: int) -> Decision:
    try:
        record = json.loads(line)
        kind, mentions = record["decision"], _ids(record["mentions"])
        two_sided = kind == "split" or (kind == "undo" and "from" in record)
        apart = _ids(record["from"]) if two_sided else ()
        enough = mentions and apart if two_sided else len(mentions) > 1
        if kind not in ("join", "split", "undo") or not enough:
            raise ValueError(f"{kind!r} of too few mentions")
    except (ValueError, KeyError, TypeError) as error:
        raise DecisionError(
            f"{path}:{number}: not a decision: {line[:80]!r} ({error}); "
            'a line reads {"decision": "join", "mentions": ["m…", "m…"]}; mend or delete it'
        ) from error
    titles, when = record.get("titles"), record.get("when")
    shown = tuple(map(str, titles)) if isinstance(titles, list) else ()
    stated = when if isinstance(when, str) else ""
    return Decision(mentions, apart, shown, stated, undone=kind == "undo")


def _ids(value: Sequence[str]) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise TypeError("mentions and from are lists of ids")
    return tuple(value)
