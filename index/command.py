"""What the two command lines share: options, progress, and errors as exit statuses."""

from __future__ import annotations

import argparse
import json
import logging
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from tqdm import tqdm

from index.errors import AbstractsError
from index.formats.columns import FIELDS

_PAUSE = 0.2  # seconds between two lines of progress
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


def add_columns_option(command: argparse.ArgumentParser) -> None:
    """`--columns`, of every command that reads tables."""
    command.add_argument(
        "--columns", action="append", default=[], metavar="FIELD=HEADING",
        help="what columns of tables are that are not known by their headings: "
        "title=Titel,abstract=#3, where #3 is the third column, for tables without headings; "
        "'old*.csv:title=Name' is of the files called so. Fields: " + ", ".join(FIELDS),
    )  # fmt: skip


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
        _print_error(chosen, "error: ", str(error))
        return 2
    except KeyboardInterrupt:
        _print_error(chosen, "", "interrupted; the index is as it was before")
        return 1
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _print_error(options: argparse.Namespace, prefix: str, message: str) -> None:
    """One line on stderr, as JSON where the progress is."""
    if getattr(options, "progress", "bar") == "json":
        print(json.dumps({"error": message}), file=sys.stderr, flush=True)
    else:
        print(f"{prefix}{message}", file=sys.stderr)


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    print(json.dumps(value, ensure_ascii=False, indent=1))


def print_json_line(value: Any) -> None:
    """One JSON document on stdout as a line of its own, for a program that reads as they come."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def seconds(text: str) -> float:
    """An option that is a time in seconds, 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds, 0 or more")
    return value


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


class JsonProgress:
    """Tells the stages of a build on stderr, one JSON object a line, for a program that reads it.

        {"stage": "embedding", "done": 64, "total": 1000}

    Each stage is told when it begins and, where its total is known, when it ends; in between five
    times a second at most.
    """

    def __init__(self) -> None:
        self._stage = ""
        self._told = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Note that `done` of `total` of a stage are done; total 0 when that is not known.

        Ends the process when nobody reads on: whoever started the build is gone.
        """
        now = time.monotonic()
        if stage == self._stage and done < total and now - self._told < _PAUSE:
            return
        self._stage, self._told = stage, now
        message = {"stage": stage, "done": done, "total": total}
        try:
            print(json.dumps(message), file=sys.stderr, flush=True)
        except BrokenPipeError:
            raise SystemExit(1) from None

    def close(self) -> None:
        """Nothing is left open."""


def stop_at_eof() -> None:
    """End this process, as SIGTERM does, as soon as its standard input ends.

    The pipe that a program holds open ends with the program, however that ended, so what it has
    started does not outlive it.
    """

    def watch() -> None:
        while os.read(0, 4096):
            pass
        signal.raise_signal(signal.SIGTERM)

    threading.Thread(target=watch, name="stop-at-eof", daemon=True).start()
