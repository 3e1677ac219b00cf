"""The command line of the index: build it, look into it, decide what is the same work."""

from __future__ import annotations

import argparse
import math
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from index.build import DEFAULT_SOURCE, EDITIONS, BuildReport, build, data_folder, plan
from index.command import (
    JsonProgress,
    ProgressBar,
    add_columns_option,
    common_options,
    print_json,
    run,
    seconds,
    stop_at_eof,
)
from index.decisions import Decision
from index.encoder import DEFAULT_MODEL, ORIGINAL_MODEL
from index.explain import explain, in_words
from index.overrule import join_papers, split_paper
from index.snapshot import Snapshot
from index.watch import SETTLE, watch
from index.watch_command import WatchPrinter

_EPILOG = "Exit status: 0 done, 2 bad usage or input, 1 failed. Help on one: COMMAND --help"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; gives the exit status."""
    return run(_parser(), arguments)


def build_script() -> int:
    """Do what `python -m index build` does, as the console script `rebuild-index`."""
    return main(["build", *sys.argv[1:]])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m index", description="Build and inspect an index.", epilog=_EPILOG
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = [common_options()]

    for add in (_add_building, _add_looking, _add_deciding):
        add(commands, common)
    return parser


def _add_building(commands: Any, common: list[argparse.ArgumentParser]) -> None:
    """The commands that make an index."""
    command = commands.add_parser("build", parents=common, help="make sources the live index")
    command.add_argument(
        "sources", nargs="*", default=[DEFAULT_SOURCE], metavar="SOURCE",
        help=f"files and folders (default: {DEFAULT_SOURCE}/)",
    )  # fmt: skip
    command.add_argument(
        "--model", default=DEFAULT_MODEL, metavar="M",
        help=f"{DEFAULT_MODEL} (the default), {ORIGINAL_MODEL}, both bundled, or a "
        "sentence-transformers name or path",
    )  # fmt: skip
    command.add_argument("--full", action="store_true", help="embed and compare everything anew")
    _reading_options(command)
    command.add_argument(
        "--dry-run", action="store_true", help="say what would be done, and do nothing"
    )
    command.add_argument(
        "--progress", choices=("bar", "json"), default="bar",
        help="how to tell it on stderr: a bar for people, or a JSON object a line for programs",
    )  # fmt: skip
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


def _add_looking(commands: Any, common: list[argparse.ArgumentParser]) -> None:
    """The commands that tell what is in it."""
    command = commands.add_parser("status", parents=common, help="what is indexed, by which model")
    command.set_defaults(run=_status)
    command = commands.add_parser("verify", parents=common, help="check every digest and count")
    command.add_argument(
        "--recall", action="store_true",
        help="measure too how many of the nearest neighbours the vector index finds",
    )  # fmt: skip
    command.set_defaults(run=_verify)
    command = commands.add_parser("mentions", parents=common, help="what each source states")
    command.set_defaults(run=_mentions)
    command = commands.add_parser("papers", parents=common, help="the works, one record each")
    command.set_defaults(run=_papers)
    command = commands.add_parser("merges", parents=common, help="what was joined, and why")
    command.set_defaults(run=_merges)


def _add_deciding(commands: Any, common: list[argparse.ArgumentParser]) -> None:
    """The commands about what is the same work."""
    command = commands.add_parser(
        "same", parents=common, help="why two papers are, or are not, the same work"
    )
    for name in ("one", "other"):
        command.add_argument(name, metavar="ID", help="a paper, or one mention of it")
    command.set_defaults(run=_same)
    command = commands.add_parser(
        "join", parents=common, help="decide that papers are the same work, at the next build"
    )
    command.add_argument("ids", nargs="+", metavar="ID", help="papers or mentions, two or more")
    command.set_defaults(run=_join)
    command = commands.add_parser(
        "split", parents=common, help="decide that mentions of a paper are another work"
    )
    command.add_argument("paper", metavar="PAPER", help="the paper to split")
    command.add_argument(
        "mentions", nargs="*", metavar="MENTION",
        help="mentions that are another work (default: each mention is one of its own)",
    )  # fmt: skip
    command.set_defaults(run=_split)


def _reading_options(command: argparse.ArgumentParser) -> None:
    add_columns_option(command)
    command.add_argument("--strict", action="store_true", help="stop at the first skipped record")
    command.add_argument(
        "--editions", choices=EDITIONS, default=EDITIONS[0],
        help="whether a preprint and what was published of it are one paper (the default) or two",
    )  # fmt: skip


def _build(options: argparse.Namespace) -> None:
    if options.dry_run:
        names = ("model", "full", "strict", "columns", "editions")
        settings = {name: getattr(options, name) for name in names}
        report = plan(options.sources, options.data, **settings)
        if options.json:
            print_json(report.to_dict())
        else:
            _print_report(report)
            print("nothing was done: this was a dry run")
        return
    progress = JsonProgress() if options.progress == "json" else ProgressBar()
    if options.stop_at_eof:
        stop_at_eof()
    try:
        report = build(
            options.sources,
            options.data,
            model=options.model,
            full=options.full,
            strict=options.strict,
            columns=options.columns,
            editions=options.editions,
            progress=progress,
        )
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


def _status(options: argparse.Namespace) -> None:
    data = data_folder(options.data)
    with Snapshot.open(data) as snapshot:
        manifest = snapshot.manifest
        flagged = sum(not paper.has_abstract for paper in snapshot.papers())
        if options.json:
            status = asdict(manifest) | {"data": str(data), "without_abstract": flagged}
            print_json(status | {"read": snapshot.files()})
            return
        counts, model = manifest.counts, manifest.model
        print(f"{counts['papers']} papers ({flagged} without abstract), {counts['topics']} topics")
        print(f"{counts['added']} of them added by the last build")
        print(f"from {counts['mentions']} mentions in {counts['files']} files:")
        for file in snapshot.files():
            print(f"  {file['source']}: {file['mentions']} ({file['layout'] or 'not read'})")
        for column in manifest.settings.get("columns", ()):
            print(f"column: {column}")
        if manifest.settings.get("editions") == "apart":
            print("preprints and what was published of them are apart")
        print(f"skipped: {counts['skipped']}")
        print(f"model: {model.name}, {model.dimension} dimensions, {model.dtype}")
        method = snapshot.index.method
        measured = f" ({_recalls(method.recall)} when built)" if method.recall else ""
        print(f"vector index: {manifest.ann}{measured}")
        size = sum(file["size"] for file in manifest.files.values())
        print(f"generation {manifest.generation} of {manifest.created} in {data}, {size:,} bytes")


def _verify(options: argparse.Namespace) -> None:
    with Snapshot.open(data_folder(options.data)) as snapshot:
        checked = snapshot.verify()
        recall = snapshot.recall() if options.recall else {}
    if options.json:
        print_json({"ok": True, **checked, **recall})
    else:
        counted = f"{checked['files_checked']} files, {checked['papers']} papers"
        print(f"ok: {counted}, all digests and counts")
        if recall:
            print(f"vector index: {_recalls(recall)}")


def _recalls(recall: Mapping[str, float]) -> str:
    """Recall by depth in words, rounded down: 0.9999 is not all."""
    return ", ".join(f"{at} {math.floor(value * 1000) / 1000:.3f}" for at, value in recall.items())


def _mentions(options: argparse.Namespace) -> None:
    with Snapshot.open(data_folder(options.data)) as snapshot:
        records = [asdict(m) | {"paper_id": paper_id} for m, paper_id in snapshot.mentions()]
    if options.json:
        print_json(records)
        return
    for r in records:
        title = r["title"] or f"({(r['abstract'] or '')[:60]} …)"
        print(f"{r['mention_id']}  {r['paper_id']}  {r['source']}:{r['line_start']}  {title}")


def _papers(options: argparse.Namespace) -> None:
    with Snapshot.open(data_folder(options.data)) as snapshot:
        papers = list(snapshot.papers())
    if options.json:
        print_json([asdict(p) | {"has_abstract": p.has_abstract} for p in papers])
        return
    for paper in papers:
        flag = "" if paper.has_abstract else "  (no abstract)"
        print(f"{paper.paper_id}  {paper.year or '    '}  {paper.display_title}{flag}")


def _merges(options: argparse.Namespace) -> None:
    with Snapshot.open(data_folder(options.data)) as snapshot:
        titles = {p.paper_id: p.display_title for p in snapshot.papers()}
        merges = list(snapshot.merges())
    if options.json:
        print_json(
            [
                {
                    "paper_id": paper_id,
                    "mention_ids": [merge.a, merge.b],
                    "rule": merge.evidence.rule,
                    "score": merge.evidence.score,
                    "why": merge.evidence.why,
                    "scores": dict(merge.evidence.scores),
                }
                for merge, paper_id in merges
            ]
        )
        return
    for merge, paper_id in merges:
        e = merge.evidence
        print(f"{paper_id}  {titles[paper_id]}")
        print(f"    {merge.a} + {merge.b}: {e.rule} ({e.score:.2f}), {e.why}")


def _same(options: argparse.Namespace) -> None:
    with Snapshot.open(data_folder(options.data)) as snapshot:
        explanation = explain(snapshot, options.one, options.other)
    if options.json:
        print_json(explanation.to_dict())
        return
    for line in in_words(explanation):
        print(line)


def _join(options: argparse.Namespace) -> None:
    with Snapshot.open(data_folder(options.data)) as snapshot:
        _print_decision(options, *join_papers(snapshot, options.ids))


def _split(options: argparse.Namespace) -> None:
    with Snapshot.open(data_folder(options.data)) as snapshot:
        _print_decision(options, *split_paper(snapshot, options.paper, options.mentions))


def _print_decision(options: argparse.Namespace, decision: Decision, path: Path) -> None:
    if options.json:
        print_json({"decision": decision.kind, "file": str(path)})
    else:
        print(f"{decision.kind} written to {path}; it takes effect at the next build")


if __name__ == "__main__":
    sys.exit(main())
