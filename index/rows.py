"""Sequences that are read when they are asked for: a million of anything needs no memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar, overload

_BATCH = 1000  # read at a time by who goes through all of it
T = TypeVar("T")


class Lazy(Sequence[T]):
    """A sequence of which no more is held than is read at a time."""

    def __init__(self, size: int, read: Callable[[range], list[T]]) -> None:
        """`read` gives the values of a range of positions."""
        self._rows = range(size)
        self._read = read

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[T]: ...
    def __getitem__(self, at: int | slice) -> T | Sequence[T]:
        if isinstance(at, slice):
            return self._read(self._rows[at])
        row = self._rows[at]
        return self._read(range(row, row + 1))[0]

    def __iter__(self) -> Iterator[T]:
        for start in range(0, len(self), _BATCH):
            yield from self[start : start + _BATCH]
