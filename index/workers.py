"""Embedding by several processes, each with a model and one thread of its own.

Threads that share a batch wait for each other at every layer; processes do not, so they lose
nothing where there are many cores, or where other work takes one of them. Each holds a model.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait
from types import TracebackType

import numpy as np

from index.encoder import Advance, Encoder, Vectors, load_encoder
from index.errors import EncoderError, QueryError

Load = Callable[[str], Encoder]
_BATCH = 32  # texts that a process is given at a time
_MOST = 256  # processes


class Workers:
    """An encoder that gives documents to processes. Use it in a `with` block."""

    def __init__(self, model: str, count: int, load: Load = load_encoder) -> None:
        """`count` processes for the model of that name, begun when they have something to do.

        `load` must be known to a fresh process by its name. Raises QueryError for a count that
        makes no sense, and what `load` raises.
        """
        if not 1 <= count <= _MOST:
            raise QueryError(f"{count} workers; choose a number from 1 to {_MOST}")
        self._own = load(model)  # for queries, and to know that the model can be had at all
        self._count, self._begin = count, (load, model)
        self._pool: ProcessPoolExecutor | None = None
        self.info = self._own.info

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        """Vectors of search queries, (n, dimension) float32, each of length 1; computed here."""
        return self._own.encode_query(texts)

    def encode_document(self, texts: Sequence[str], advance: Advance | None = None) -> Vectors:
        """Vectors of documents, (n, dimension) float32, each of length 1.

        Raises EncoderError when a process ends before its time.
        """
        if len(texts) <= _BATCH:
            return self._own.encode_document(texts, advance)
        vectors = np.empty((len(texts), self.info.dimension), dtype=np.float32)
        # Longest first: batches of like length waste no padding, and the last ones end together.
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        with _told():
            pool = self._pool = self._pool or self._started()
            rows: dict[Future[Vectors], list[int]] = {}
            for start in range(0, len(order), _BATCH):
                some = order[start : start + _BATCH]
                rows[pool.submit(_encode, [texts[i] for i in some])] = some
            for done in as_completed(rows):
                vectors[rows[done]] = done.result()
                if advance:
                    advance(len(rows[done]))
        return vectors

    def _started(self) -> ProcessPoolExecutor:
        # Begun anew, not copied: copies of locks that another thread holds stay locked for ever.
        fresh = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._count, fresh, _begin, self._begin)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        raise EncoderError(
            "a process that embeds has ended before its time, perhaps for lack of memory; run the "
            "same command again with fewer --workers, and it goes on where it stopped"
        ) from error


# What follows runs in the processes.

_models: list[Encoder] = []  # the one of this process


def _begin(load: Load, model: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that gives out the work
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import torch  # noqa: PLC0415  it takes seconds

    torch.set_num_threads(1)
    _models.append(load(model))


def _end_with_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent:
        wait([parent.sentinel])
        os._exit(1)


def _encode(texts: list[str]) -> Vectors:
    return _models[0].encode_document(texts)
