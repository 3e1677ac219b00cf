"""What `python -m index watch` prints: a line for each build, what was skipped, what failed."""

from __future__ import annotations

import sys
import traceback

from index.build import BuildReport
from index.command import ProgressBar, print_json_line
from index.errors import AbstractsError
from index.records import Skip


class WatchPrinter:
    """Tells the builds of a watch: those that stand on stdout, everything else on stderr."""

    def __init__(self, *, json_lines: bool = False) -> None:
        self.progress = ProgressBar()
        self._json = json_lines
        self._skipped: frozenset[Skip] = frozenset()

    def built(self, report: BuildReport) -> None:
        """One line; on stderr, what was skipped now and not by the build before."""
        self.progress.close()
        if self._json:
            print_json_line(report.to_dict())
            return
        print(summary(report), flush=True)
        for skip in report.skipped:
            if skip not in self._skipped:
                where = f"{skip.source}:{skip.line}" if skip.line else skip.source
                print(f"skipped {where}: {skip.why}", file=sys.stderr)
        self._skipped = frozenset(report.skipped)

    def failed(self, error: Exception) -> None:
        """One line for what a user can act on; anything else is a bug and keeps its traceback."""
        self.progress.close()
        if not isinstance(error, AbstractsError):
            traceback.print_exception(error)
        print(f"error: {error}", file=sys.stderr)
        print("the index stays as it was; watching goes on", file=sys.stderr)


def summary(report: BuildReport) -> str:
    """What a build has changed, in a line."""
    parts = [
        f"{report.papers} papers (+{report.added} -{report.removed})",
        f"{report.embedded} embedded",
        f"{report.reused} reused",
        f"{len(report.skipped)} skipped",
        f"{report.seconds:.1f} s",
    ]
    return f"generation {report.generation}: {', '.join(parts)}"
