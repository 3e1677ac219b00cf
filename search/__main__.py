"""The command line of the search."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any, TextIO

from index.build import data_folder
from index.command import ProgressBar, print_json, print_json_line, run
from index.encoder import DEFAULT_MODEL, load_encoder
from index.errors import EmptyQueryError, QueryError, SourceError
from index.snapshot import Snapshot
from index.topics import Topic
from search.browse import TopicBrowser
from search.engine import Answer, Searcher
from search.export import export
from search.filters import Filters, make_filters
from search.hits import Hit
from search.library import Library
from search.library_command import library_command
from search.new import like_ids
from search.options import make_parser
from search.query_lines import PIPE, QueryLine, read_queries, stream_queries
from search.rerank import load_reranker

_NOTHING_FITS = "nothing here fits well; the nearest there is:"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; gives the exit status."""
    return run(make_parser(_COMMANDS), arguments)


def script() -> int:
    """Do what `python -m search` does, as the console script `search-abstracts`."""
    return main()


def _filters(options: argparse.Namespace) -> Filters:
    return make_filters(
        options.year,
        authors=options.author,
        venues=options.venue,
        categories=options.category,
        titles=options.title,
        topics=options.topic,
    )


def _query(options: argparse.Namespace) -> None:
    if options.file is not None:
        if options.text:
            raise QueryError("give a query or --file, not both")
        _query_many(options)
        return
    text = " ".join(options.text)
    if not text.strip():
        raise QueryError("the query is empty; write what the papers should be about")
    answer = _asker(options)(text)
    # In JSON there is nothing but the hits on stdout; how the query was read is told beside it.
    _tell(answer, sys.stderr if options.json else sys.stdout)
    _show(answer.hits, options.json)


def _query_many(options: argparse.Namespace) -> None:
    """A file is read before any query is answered; a pipe is answered line by line."""
    queries: Iterable[QueryLine]
    if options.file == PIPE:
        queries = stream_queries(sys.stdin.buffer)
    else:
        queries = read_queries(options.file)
    ask = _asker(options)
    for query in queries:
        print_json_line({"_id": query.name, "query": query.text, **_one_of_many(ask, query)})


def _asker(options: argparse.Namespace) -> Callable[[str], Answer]:
    """What answers queries as the options say; models are loaded once."""
    filters = _filters(options)
    searcher = Searcher.open(options.data)
    reranker = load_reranker(options.rerank) if options.rerank else None
    return lambda text: searcher.ask(
        text,
        options.k,
        filters,
        options.mode,
        unlike=options.unlike,
        sort=options.sort,
        as_typed=options.as_typed,
        reranker=reranker,
    )


def _one_of_many(ask: Callable[[str], Answer], query: QueryLine) -> dict[str, Any]:
    """The answer to one of many queries; one that asks for nothing does not end the run."""
    error = query.error
    if not error:
        try:
            return ask(query.text).to_dict()
        except EmptyQueryError as empty:
            error = str(empty)
    return {"error": error, "hits": []}


def _like(options: argparse.Namespace) -> None:
    filters = _filters(options)
    searcher = Searcher.open(options.data)
    answer = searcher.ask_like(
        options.ids,
        options.unlike,
        options.k,
        filters,
        text=options.text,
        sort=options.sort,
        as_typed=options.as_typed,
    )
    _tell(answer, sys.stderr if options.json else sys.stdout)
    _show(answer.hits, options.json)


def _new(options: argparse.Namespace) -> None:
    filters = _filters(options)
    searcher = Searcher.open(options.data)
    ids, missing = like_ids(options.like, Library(options.data), searcher.snapshot)
    if missing:
        few = ", ".join(repr(paper.display_title) for paper in missing[:3])
        told = f"{len(missing)} saved papers are not in the index and were left out: {few}"
        print(f"note: {told}{' …' * (len(missing) > 3)}", file=sys.stderr)
    hits = searcher.new(options.since, ids, options.k, filters)
    if options.json:
        print_json([hit.to_dict() | {"added": hit.paper.added} for hit in hits])
    elif not hits:
        print("no other paper has come in since then that meets all the conditions")
    else:
        _show(hits, as_json=False)


def _tell(answer: Answer, to: TextIO) -> None:
    """How the query was read, where that may not be what was meant."""
    for slip in answer.slips:
        print(f"note: {slip}", file=to)
    for fix in answer.corrections:
        print(f"searched for {fix.meant!r} instead of {fix.typed!r}; --as-typed keeps it", file=to)


def _show(hits: Sequence[Hit], as_json: bool) -> None:
    if as_json:
        print_json([hit.to_dict() for hit in hits])
        return
    if not hits:
        print("no paper meets all the conditions; leave one out, or widen the years")
        return
    if hits[0].strength == "weak":
        print(_NOTHING_FITS)
    for hit in hits:
        paper = hit.paper
        print(f"{hit.rank:3}. {paper.display_title}  [{_evidence(hit)}]")
        more = paper.authors and (len(paper.authors) > 4 or paper.authors_truncated)
        authors = ", ".join(paper.authors[:4]) + (" et al." if more else "")
        facts = [authors, str(paper.year or ""), paper.venue or "", paper.paper_id]
        print(f"     {' · '.join(fact for fact in facts if fact)}")
        if hit.sentence:
            print(f"     “{hit.sentence}”")


def _evidence(hit: Hit) -> str:
    """Strength and component scores in a few words."""
    parts = [hit.strength]
    if hit.dense is not None:
        parts.append(f"cosine {hit.dense:.2f}")
    if hit.lexical is not None:
        parts.append(f"BM25 {hit.lexical:.1f}")
    return ", ".join(parts)


def _topics(options: argparse.Namespace) -> None:
    if options.between:
        a, b = options.between
        _show(Searcher.open(options.data).between(a, b, options.k), options.json)
        return
    with Snapshot.open(data_folder(options.data)) as snapshot:
        browser = TopicBrowser(snapshot)
        if options.json:
            print_json([_topic_dict(browser, topic) for topic in browser.topics()])
            return
        for topic in browser.topics():
            print(f"{topic.topic_id:4} {topic.size:6}  {topic.label}")


def _topic(options: argparse.Namespace) -> None:
    with Snapshot.open(data_folder(options.data)) as snapshot:
        browser = TopicBrowser(snapshot)
        topic = browser.topic(options.topic)
        if options.json:
            print_json([_topic_dict(browser, topic)])
            return
        print(f"{topic.label} ({topic.size} papers)\nterms: {', '.join(topic.terms)}")
        for paper_id in browser.papers(topic.topic_id):
            print(f"  {paper_id}  {snapshot.paper(paper_id).display_title}")


def _topic_dict(browser: TopicBrowser, topic: Topic) -> dict[str, Any]:
    return asdict(topic) | {"papers": browser.papers(topic.topic_id)}


def _evaluate(options: argparse.Namespace) -> None:
    # Imported here: only this command needs the measuring libraries.
    try:
        from search import evaluate, evaluate_self  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise QueryError(
            f"evaluate needs {error.name}; run `pip install 'abstract-search[evaluate]'`"
        ) from error
    if (options.folder is not None) == options.self:
        raise QueryError("give a folder with judged queries, or --self, and not both")
    if options.papers is not None and not options.self:
        raise QueryError("--papers goes with --self; a folder is measured with all its queries")
    if options.folder is not None and not options.folder.is_dir():
        raise SourceError(str(options.folder), "no such folder; check the spelling")
    data, progress = data_folder(options.data), ProgressBar()
    try:
        if options.self:
            papers = evaluate_self.PAPERS if options.papers is None else options.papers
            report = evaluate_self.evaluate_self(data, options.model, papers, progress=progress)
        else:
            encoder = load_encoder(options.model or DEFAULT_MODEL)
            report = evaluate.evaluate(options.folder, data, encoder, progress)
    finally:
        progress.close()
    if options.json:
        print_json(report)
        return
    if options.self:
        lines = evaluate_self.describe(report)
    else:
        print(
            f"{report['collection']}: {report['documents']} documents, {report['queries']} queries"
        )
        lines = evaluate.table(report)
    for line in lines:
        print(line)


def _export(options: argparse.Namespace) -> None:
    if bool(options.ids) == options.all:
        raise QueryError("name the papers to export, or --all")
    with Snapshot.open(data_folder(options.data)) as snapshot:
        papers = snapshot.papers() if options.all else map(snapshot.paper, options.ids)
        text = export(papers, options.format)
    if options.json:
        print_json({"format": options.format, "text": text})
    else:
        sys.stdout.write(text)


def _library(options: argparse.Namespace) -> None:
    value, text = library_command(options)
    if options.json:
        print_json(value)
    else:
        sys.stdout.write(text)


_COMMANDS: dict[str, Callable[[argparse.Namespace], None]] = {
    "query": _query,
    "like": _like,
    "new": _new,
    "topics": _topics,
    "topic": _topic,
    "evaluate": _evaluate,
    "export": _export,
    "library": _library,
}


if __name__ == "__main__":
    sys.exit(main())
