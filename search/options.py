"""What the command line of the search understands."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from index.command import add_columns_option, common_options
from index.encoder import DEFAULT_MODEL
from search.engine import SORTS
from search.export import FORMATS
from search.library_rows import DEFAULT_LIST
from search.ranking import MODES

_EPILOG = "Exit status: 0 done, 2 bad usage or input, 1 failed. Help on one: COMMAND --help"
_LANGUAGE = """In TEXT, among plain words:
  author:leo author:"leo gagnon"       an author of that name
  title:attention title:"neural nets"  words side by side in the title
  venue:neurips category:LG            of several venues or categories one is enough
  year:2021 year:2019..2022 year:2019..
  "exact words"                        words side by side in title or abstract
  -survey -"few shot" -author:leo      not so
Put TEXT in single quotes; if it begins with a - or is not quoted, write -- before it.
Conditions alone list the papers that meet them, the latest first. A pasted abstract
is plain text, whatever signs are in it."""


def make_parser(
    commands: Mapping[str, Callable[[argparse.Namespace], None]],
) -> argparse.ArgumentParser:
    """The parser of the whole command line; `commands` are what does the work, by name."""
    parser = argparse.ArgumentParser(
        prog="python -m search", description="Ask an index.", epilog=_EPILOG
    )
    adding = parser.add_subparsers(required=True, metavar="COMMAND")
    common = common_options()
    hits = _hit_options()
    new = _filter_options(20)
    raw = argparse.RawDescriptionHelpFormatter
    made = {
        "query": adding.add_parser(
            "query",
            parents=[common, hits],
            help="papers about a text",
            epilog=_LANGUAGE,
            formatter_class=raw,
        ),
        "like": adding.add_parser("like", parents=[common, hits], help="papers like these"),
        "new": adding.add_parser("new", parents=[common, new], help="papers that came in"),
        "topics": adding.add_parser("topics", parents=[common], help="what the papers are about"),
        "topic": adding.add_parser("topic", parents=[common], help="one topic and its papers"),
        "evaluate": adding.add_parser(
            "evaluate",
            parents=[common],
            help="measure search, on judged queries or your own papers",
        ),
        "export": adding.add_parser("export", parents=[common], help="papers to take away"),
        "library": adding.add_parser("library", help="papers kept in lists, with notes"),
    }
    for name, command in made.items():
        command.set_defaults(run=commands[name])
    _query_options(made["query"])
    _like_options(made["like"])
    _new_options(made["new"])
    _topics_options(made["topics"])
    made["topic"].add_argument("topic", metavar="ID")
    _evaluate_options(made["evaluate"])
    _export_options(made["export"])
    _library_options(made["library"], common)
    return parser


def _filter_options(k: int) -> argparse.ArgumentParser:
    """How many papers are wanted (k by default), and which may come up."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("-k", type=int, default=k, help=f"how many hits (default: {k})")
    options.add_argument("--year", metavar="Y", help="2020..2024, 2020.., ..2019 or 2021")
    for flag, letter, told in (
        ("--author", "A", "a name, or part of it; repeatable"),
        ("--title", "T", "words side by side in the title; repeatable"),
        ("--venue", "V", "words of the venue; repeatable, one of them is enough"),
        ("--category", "C", "such as LG; repeatable, one of them is enough"),
        ("--topic", "T", "id of a topic; repeatable, one of them is enough"),
    ):
        options.add_argument(flag, action="append", default=[], metavar=letter, help=told)
    return options


def _hit_options() -> argparse.ArgumentParser:
    """Options of the commands that answer a question."""
    options = argparse.ArgumentParser(add_help=False, parents=[_filter_options(10)])
    options.add_argument(
        "--unlike", nargs="+", default=[], metavar="ID", help="papers to stay away from"
    )
    options.add_argument(
        "--sort", choices=SORTS, default="relevance",
        help="by year: the best 50, or k, the latest first (default: relevance)",
    )  # fmt: skip
    options.add_argument("--as-typed", action="store_true", help="do not put typing slips right")
    return options


def _query_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("text", nargs="*", metavar="TEXT", help="what the papers should be about")
    command.add_argument(
        "--mode", choices=MODES, default="hybrid", help="both legs (default), or one alone"
    )
    command.add_argument(
        "--rerank", metavar="MODEL", help="read the first 50 again with a cross-encoder"
    )
    command.add_argument(
        "--file", type=Path, metavar="F",
        help='one query a line, or {"_id", "text"} a line; prints JSON lines. From - (standard '
        "input) each line is answered as it comes",
    )  # fmt: skip


def _like_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("ids", nargs="+", metavar="ID", help="papers to be like")
    command.add_argument("--text", default="", metavar="TEXT", help="and what they should be about")


def _new_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--since", metavar="DATE",
        help="2026-01-31 or 2026-01-31T09:30, in UTC (default: what the last build added)",
    )  # fmt: skip
    command.add_argument(
        "--like", nargs="+", default=[], metavar="NAME",
        help="lists of the library, or ids of papers, to be like; the likest come first",
    )  # fmt: skip


def _topics_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--between", nargs=2, metavar=("A", "B"), help="the papers between two topics, by their ids"
    )
    command.add_argument("-k", type=int, default=10, help="how many of these (default: 10)")


def _evaluate_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="in BEIR layout")
    command.add_argument(
        "--self", action="store_true", help="on questions made of the papers of the index"
    )
    command.add_argument(
        "--papers", type=int, metavar="N", help="at most so many papers a task of --self (1000)"
    )
    command.add_argument(
        "--model", metavar="M",
        help=f"default: {DEFAULT_MODEL}; with --self the model of the index",
    )  # fmt: skip


def _export_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("ids", nargs="*", metavar="ID")
    command.add_argument("--all", action="store_true", help="every paper")
    command.add_argument("--format", choices=FORMATS, default="bibtex")


def _library_options(command: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    adding = command.add_subparsers(required=True, metavar="ACTION", dest="action")
    named = argparse.ArgumentParser(add_help=False)
    named.add_argument(
        "--list", metavar="L", default=DEFAULT_LIST, help=f"its name (default: {DEFAULT_LIST})"
    )

    def action(name: str, told: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        return adding.add_parser(name, parents=[common, *parents], help=told)

    action("list", "the lists")
    action("show", "the papers of a list, with their notes", named)
    saving = action("save", "put papers into a list", named)
    saving.add_argument("ids", nargs="+", metavar="ID")
    saving.add_argument("--note", default="", metavar="TEXT", help="added to each of them")
    removing = action("remove", "take papers out of a list", named)
    removing.add_argument("ids", nargs="+", metavar="ID")
    noting = action("note", "replace the note of a saved paper", named)
    noting.add_argument("id", metavar="ID")
    noting.add_argument("text", metavar="TEXT")
    exporting = action("export", "a whole list, with its notes", named)
    exporting.add_argument("--format", choices=FORMATS, default="bibtex")
    importing = action("import", "papers and notes of a file: BibTeX, RIS, CSV, JSON …", named)
    importing.add_argument("file", type=Path, metavar="FILE")
    importing.add_argument("--format", choices=FORMATS, help="default: as the file looks")
    add_columns_option(importing)
    action("rename", "give a list another name", named).add_argument("name", metavar="NAME")
    action("delete", "delete a list; it can be had back for 30 days", named)
    action("restore", "bring a deleted list back").add_argument("number", type=int, metavar="N")
