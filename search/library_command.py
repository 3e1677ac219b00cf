"""The library on the command line: what each `python -m search library` command does.

Every action gives a value for `--json` and the same in words; printing is left to `__main__`.
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from index.build import data_folder
from index.errors import NoIndexError, UnknownPaperError
from index.records import Paper
from index.snapshot import Snapshot
from search.export import export
from search.importing import Imported, ImportReport, import_file
from search.library import Library, Saved
from search.library_rows import NotSavedError, ids_of

Told = tuple[Any, str]  # plain values, and the text


def library_command(options: argparse.Namespace) -> Told:
    """Carry out the action that the options name."""
    return _ACTIONS[options.action](options, Library(options.data))


@contextlib.contextmanager
def _index(options: argparse.Namespace) -> Iterator[Snapshot | None]:
    """The live index, None where there is none: the library can be read without."""
    try:
        snapshot = Snapshot.open(data_folder(options.data))
    except NoIndexError:
        yield None
        return
    with snapshot:
        yield snapshot


def _list(_: argparse.Namespace, library: Library) -> Told:
    found = library.lists()
    value = [{"name": i.name, "size": i.size, "changed": i.changed} for i in found]
    lines = [f"{info.size:6}  {info.name}" for info in found]
    return value, _text(lines or ["there is no list yet; `library save ID` begins one"])


def _show(options: argparse.Namespace, library: Library) -> Told:
    with _index(options) as snapshot:
        saved = library.saved(options.list, snapshot)
    lines = []
    for one in saved:
        paper = one.paper
        facts = [", ".join(paper.authors[:4]), str(paper.year or ""), paper.venue or ""]
        facts += [paper.paper_id, "" if one.in_index else "not in the index"]
        lines += [paper.display_title, f"  {' · '.join(filter(None, facts))}"]
        lines += [f"  | {line}" for line in one.note.split("\n") if one.note]
    return [_saved_dict(one) for one in saved], _text(lines or ["the list is empty"])


def _saved_dict(one: Saved) -> dict[str, Any]:
    names = ("paper_id", "title", "authors", "year", "venue", "doi", "arxiv", "pmid", "acl", "url")
    stated = {name: getattr(one.paper, name) for name in names}
    return stated | {"note": one.note, "saved": one.saved, "in_index": one.in_index}


def _save(options: argparse.Namespace, library: Library) -> Told:
    with Snapshot.open(library.path.parent) as snapshot:
        papers = [snapshot.paper(paper_id) for paper_id in options.ids]
    new = library.save_all(options.list, [(paper, options.note) for paper in papers])
    told = list(zip(papers, new, strict=True))
    value = [{"paper_id": p.paper_id, "title": p.title, "new": is_new} for p, is_new in told]
    words = {True: "saved", False: "there already"}
    return value, _text(f"{words[is_new]}: {p.display_title}" for p, is_new in told)


def _remove(options: argparse.Namespace, library: Library) -> Told:
    with _index(options) as snapshot:
        saved = library.saved(options.list, snapshot)
        papers = [_meant(paper_id, snapshot) for paper_id in options.ids]
    found = [_saved_as(paper, saved, options.list).paper for paper in papers]
    for paper in found:
        library.remove(options.list, paper)
    value = {"removed": [paper.paper_id for paper in found]}
    return value, _text(f"removed: {paper.display_title}" for paper in found)


def _note(options: argparse.Namespace, library: Library) -> Told:
    with _index(options) as snapshot:
        paper = _meant(options.id, snapshot)
        one = _saved_as(paper, library.saved(options.list, snapshot), options.list)
    library.set_note(options.list, one.paper, options.text, was=one.note)
    lines = ["noted"] + [f"  it read: {line}" for line in one.note.split("\n") if one.note]
    value = {"paper_id": one.paper.paper_id, "note": options.text, "was": one.note}
    return value, _text(lines)


def _saved_as(paper: Paper | str, saved: Sequence[Saved], name: str) -> Saved:
    """The saved paper that is meant. Raises NotSavedError."""
    wanted = set(ids_of(paper))
    for one in saved:
        if wanted & set(ids_of(one.paper)):
            return one
    raise NotSavedError(f"{ids_of(paper)[0]!r} is not in {name!r}; `library show` says what is")


def _meant(paper_id: str, snapshot: Snapshot | None) -> Paper | str:
    """The paper of that id, or the id, for one that the index has not."""
    if snapshot is not None:
        with contextlib.suppress(UnknownPaperError):
            return snapshot.paper(paper_id)
    return paper_id


def _export(options: argparse.Namespace, library: Library) -> Told:
    with _index(options) as snapshot:
        saved = library.saved(options.list, snapshot)
    notes = {one.paper.paper_id: one.note for one in saved}
    text = export([one.paper for one in saved], options.format, notes)
    return {"format": options.format, "text": text}, text


def _import(options: argparse.Namespace, library: Library) -> Told:
    with _index(options) as snapshot:
        report = import_file(
            library,
            options.list,
            options.file,
            snapshot,
            format=options.format,
            columns=options.columns,
        )
    value = asdict(report)
    for name in ("saved", "present", "kept"):
        value[name] = [_imported_dict(one) for one in getattr(report, name)]
    return value, _text(describe_import(report))


def _imported_dict(one: Imported) -> dict[str, Any]:
    paper = one.paper
    return {"line": one.line, "paper_id": paper.paper_id, "title": paper.title, "why": one.why}


def describe_import(report: ImportReport) -> Iterator[str]:
    """What became of a file, in lines."""
    yield (
        f"{report.name}, {report.format} in {report.encoding}: {len(report.saved)} saved, "
        f"{len(report.present)} there already, {len(report.kept)} kept that are not in the index, "
        f"{len(report.unreadable)} not readable"
    )
    for one in report.kept:
        yield f"  line {one.line}: {one.paper.display_title!r}: {one.why}"
    for bad in report.unreadable:
        yield f"  line {bad.line}: {bad.quote!r}: {bad.why}"


def _rename(options: argparse.Namespace, library: Library) -> Told:
    name = library.rename(options.list, options.name)
    return {"name": name}, _text([f"the list is now called {name!r}"])


def _delete(options: argparse.Namespace, library: Library) -> Told:
    info = library.delete(options.list)
    undo = f"`library restore {info.list_id}` brings it back"
    return asdict(info), _text(
        [f"deleted {info.name!r} with {info.size} paper{'s' * (info.size != 1)}; {undo}"]
    )


def _restore(options: argparse.Namespace, library: Library) -> Told:
    name = library.restore(options.number)
    return {"name": name}, _text([f"{name!r} is back"])


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


_ACTIONS: dict[str, Callable[[argparse.Namespace, Library], Told]] = {
    "list": _list,
    "show": _show,
    "save": _save,
    "remove": _remove,
    "note": _note,
    "export": _export,
    "import": _import,
    "rename": _rename,
    "delete": _delete,
    "restore": _restore,
}
