"""The commands that make an index: build, watch, and embed for several machines."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from index.build import DEFAULT_SOURCE, EDITIONS, BuildReport, build, data_folder, plan
from index.command import (
    JsonProgress,
    ProgressBar,
    add_columns_option,
    print_json,
    seconds,
    stop_at_eof,
)
from index.disk import JOURNAL
from index.encoder import DEFAULT_MODEL, ORIGINAL_MODEL
from index.shard import Shard, embed_shard
from index.watch import SETTLE, watch
from index.watch_command import WatchPrinter
from index.workers import Workers


def add_building(commands: Any, common: list[argparse.ArgumentParser]) -> None:
    """The commands that make an index."""
    command = commands.add_parser("build", parents=common, help="make sources the live index")
    _source_options(command)
    command.add_argument("--full", action="store_true", help="embed and compare everything anew")
    _reading_options(command)
    command.add_argument(
        "--dry-run", action="store_true", help="say what would be done, and do nothing"
    )
    command.add_argument(
        "--embedded", action="append", default=[], metavar="FILE",
        help="take over the vectors that `embed` made (may be given several times)",
    )  # fmt: skip
    _workers_option(command)
    _progress_option(command)
    command.add_argument(
        "--stop-at-eof", action="store_true",
        help="end when standard input does, for programs that must not leave a build behind",
    )  # fmt: skip
    command.set_defaults(run=_build)

    command = commands.add_parser(
        "watch", parents=common, help="build, and again whenever the sources change, until Ctrl-C",
        description="Build, and build again whenever files of the sources change, until Ctrl-C. "
        "With --json one JSON document a build, each in a line of its own.",
    )  # fmt: skip
    command.add_argument("sources", nargs="+", metavar="SOURCE", help="files and folders")
    command.add_argument("--model", default=DEFAULT_MODEL, metavar="M", help="as of build")
    _reading_options(command)
    command.add_argument(
        "--settle", type=seconds, default=SETTLE, metavar="SECONDS",
        help="build when nothing has changed for so long (default: %(default)g)",
    )  # fmt: skip
    command.add_argument(
        "--poll", action="store_true", help="look at every file again and again: network drives"
    )
    command.set_defaults(run=_watch)

    command = commands.add_parser(
        "embed", parents=common, help="embed the papers, or a part of them, for a later build",
        description="Embed the papers of the sources into a file, which `build --embedded` takes "
        "over: so several machines share the work. What was embedded stays when it is broken off.",
    )  # fmt: skip
    _source_options(command)
    command.add_argument("--out", required=True, metavar="FILE", help="where the vectors go")
    command.add_argument(
        "--shard", default="1/1", metavar="N/M", help="the N-th of M parts (default: all)"
    )
    _reading_options(command)
    _workers_option(command)
    _progress_option(command)
    command.set_defaults(run=_embed)


def _source_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "sources", nargs="*", default=[DEFAULT_SOURCE], metavar="SOURCE",
        help=f"files and folders (default: {DEFAULT_SOURCE}/)",
    )  # fmt: skip
    command.add_argument(
        "--model", default=DEFAULT_MODEL, metavar="M",
        help=f"{DEFAULT_MODEL} (the default), {ORIGINAL_MODEL}, both bundled, or a "
        "sentence-transformers name or path",
    )  # fmt: skip


def _workers_option(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--workers", type=int, metavar="N",
        help="embed by so many processes of one thread each (default: one process, all cores)",
    )  # fmt: skip


def _workers(options: argparse.Namespace) -> AbstractContextManager[Workers | None]:
    """Processes that embed, if they are asked for."""
    if options.workers is None:
        return nullcontext()
    return Workers(options.model, options.workers)


def _progress_option(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--progress", choices=("bar", "json"), default="bar",
        help="how to tell it on stderr: a bar for people, or a JSON object a line for programs",
    )  # fmt: skip


def _reading_options(command: argparse.ArgumentParser) -> None:
    add_columns_option(command)
    command.add_argument("--strict", action="store_true", help="stop at the first skipped record")
    command.add_argument(
        "--editions", choices=EDITIONS, default=EDITIONS[0],
        help="whether a preprint and what was published of it are one paper (the default) or two",
    )  # fmt: skip


def _build(options: argparse.Namespace) -> None:
    if options.dry_run:
        names = ("model", "full", "strict", "columns", "editions", "embedded")
        settings = {name: getattr(options, name) for name in names}
        report = plan(options.sources, options.data, **settings)
        if options.json:
            print_json(report.to_dict())
        else:
            _print_report(report)
            print("nothing was done: this was a dry run")
        return
    progress = _progress(options)
    if options.stop_at_eof:
        stop_at_eof()
    try:
        with _workers(options) as encoder:
            report = build(
                options.sources,
                options.data,
                model=options.model,
                encoder=encoder,
                full=options.full,
                strict=options.strict,
                columns=options.columns,
                editions=options.editions,
                embedded=options.embedded,
                progress=progress,
            )
    except KeyboardInterrupt:
        if (data_folder(options.data) / JOURNAL).exists():
            print("what is embedded so far is kept: the next build goes on there", file=sys.stderr)
        raise
    finally:
        progress.close()
    if options.json:
        print_json(report.to_dict())
    else:
        _print_report(report)
        print(f"generation {report.generation} is live after {report.seconds:.1f} s")


def _watch(options: argparse.Namespace) -> None:
    told = WatchPrinter(json_lines=options.json)
    print("watching; Ctrl-C ends it", file=sys.stderr)
    try:
        watch(
            options.sources,
            options.data,
            model=options.model,
            strict=options.strict,
            columns=options.columns,
            editions=options.editions,
            settle=options.settle,
            poll=options.poll,
            progress=told.progress,
            on_build=told.built,
            on_failure=told.failed,
        )
    except KeyboardInterrupt:
        print("watching has ended; the index is as the last build left it", file=sys.stderr)
    finally:
        told.progress.close()


def _embed(options: argparse.Namespace) -> None:
    shard = Shard.parse(options.shard)
    progress = _progress(options)
    try:
        with _workers(options) as encoder:
            report = embed_shard(
                options.out,
                options.sources,
                options.data,
                shard=shard,
                model=options.model,
                encoder=encoder,
                strict=options.strict,
                columns=options.columns,
                editions=options.editions,
                progress=progress,
            )
    finally:
        progress.close()
    if options.json:
        print_json(report.to_dict())
        return
    print(f"{report.papers} papers, of which {report.texts} are part {shard.number} of {shard.of}")
    print(f"{report.embedded} embedded, {report.reused} were there already")
    print(f"{report.file} is whole after {report.seconds:.1f} s; build with --embedded")


def _progress(options: argparse.Namespace) -> ProgressBar | JsonProgress:
    return JsonProgress() if options.progress == "json" else ProgressBar()


def _print_report(report: BuildReport) -> None:
    skipped = Counter(skip.source for skip in report.skipped)
    for file in report.read:
        left = f", {skipped[file.source]} skipped" if skipped[file.source] else ""
        print(f"{file.source}: {file.mentions} mentions{left} ({file.layout or 'not read'})")
    print(f"{report.papers} papers from {report.mentions} mentions in {report.files} files")
    if report.added < report.papers:
        print(f"{report.added} of the papers are new")
    print(f"{report.merged} mentions merged; {report.embedded} embedded, {report.reused} reused")
    for skip in report.skipped:
        where = f"{skip.source}:{skip.line}" if skip.line else skip.source
        print(f"skipped {where}: {skip.why}")
