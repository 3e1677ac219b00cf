"""What the two command lines share: options, progress, and errors as exit statuses."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable
from typing import Any

from tqdm import tqdm

from index.errors import AbstractsError

Command = Callable[[argparse.Namespace], None]


def common_options() -> argparse.ArgumentParser:
    """Options that every command takes."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--data",
        metavar="D",
        help="folder of the index (default: $ABSTRACTS_DATA, else ./data)",
    )
    options.add_argument(
        "--json", action="store_true", help="print one JSON document and nothing else"
    )
    return options


def run(parser: argparse.ArgumentParser, arguments: list[str] | None) -> int:
    """Run the chosen command. 0: done; 2: bad usage or input; 1: failed or interrupted.

    Errors that a user can act on are one line on stderr; anything else is a bug and keeps its
    traceback.
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s", force=True)
    chosen = parser.parse_args(arguments)
    try:
        chosen.run(chosen)
        sys.stdout.flush()
    except AbstractsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; the index is as it was before", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    print(json.dumps(value, ensure_ascii=False, indent=1))


class ProgressBar:
    """Shows the stages of a build on stderr, with rate and time left where they are known."""

    def __init__(self) -> None:
        self._stage = ""
        self._bar: tqdm[Any] | None = None

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Note that `done` of `total` of a stage are done; total 0 when that is not known."""
        if stage != self._stage:
            self.close()
            self._stage = stage
            if total:
                # In a log a line every ten seconds is enough.
                pause = 0.1 if sys.stderr.isatty() else 10.0
                self._bar = tqdm(
                    total=total, desc=stage, unit="text", file=sys.stderr, mininterval=pause
                )
            elif sys.stderr.isatty():
                print(f"{stage} ...", file=sys.stderr)
        if self._bar is not None:
            self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """End the bar that is shown, if any."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
