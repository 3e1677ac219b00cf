"""The index: what is in it, the rebuild, what was skipped, and the log of what was joined."""

from __future__ import annotations

import streamlit as st

from pages.parts import shared
from pages.parts.decisions import mishap, place, waiting
from pages.parts.nav import go, here, link
from pages.parts.pager import changed, first_of, pager
from pages.parts.place import Place
from pages.parts.provenance import because
from pages.parts.rebuild import rebuild
from pages.parts.text import count, cut, note, shown
from search import AbstractsError, LoggedMerge, MergePage, Searcher, merge_log, pending_decisions

_PAGE = 20  # files, skipped records or merges
_WAITING = 20  # decisions
_TITLE = 110  # characters
_ORDERS = {"doubtful": "the least certain first", "paper": "by paper"}


def main() -> None:
    """Draw the index."""
    at, searcher = here("index"), shared.open_index()
    st.html("<h1>Index</h1>")
    _contents(searcher)
    rebuild(at, searcher)
    _decisions(searcher)
    _files(at, searcher)
    _skipped(at, searcher)
    _merges(at, searcher)


def _contents(searcher: Searcher) -> None:
    """What there is, of which model, made when, of what."""
    manifest = searcher.snapshot.manifest
    counts, model = manifest.counts, manifest.model
    tokens = "texts of any length" if model.max_tokens is None else f"{model.max_tokens} tokens"
    size = sum(file["size"] for file in manifest.files.values())
    sources = "<br>".join(map(shown, manifest.sources))
    made = f"{manifest.created[:10]} at {manifest.created[11:16]} UTC"
    rows = {
        "Generation": f"{manifest.generation}, made on {shown(made)}",
        "Model": f"{shown(model.name)}, {model.dimension} dimensions, reads {tokens}",
        "Vector index": f"{shown(manifest.ann)}, {shown(manifest.metric)}",
        "Sources": sources,
        "Kept in": f"{shown(str(shared.folder().absolute()))}, {_bytes(size)}",
    }
    listed = "".join(f"<dt>{name}</dt><dd>{told}</dd>" for name, told in rows.items())
    st.html(
        f"<p>{count(counts['papers'], 'paper')} on {count(counts['topics'], 'topic')}, recognised"
        f" in {count(counts['mentions'], 'mention')} from {count(counts['files'], 'file')};"
        f" {count(counts['skipped'], 'record')} skipped.</p><dl class='stated'>{listed}</dl>"
    )


def _bytes(size: int) -> str:
    """'1.2 MB'."""
    amount, unit = float(size), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"


def _decisions(searcher: Searcher) -> None:
    """What waits for the next rebuild."""
    mishap()
    try:
        found = pending_decisions(searcher.snapshot)
    except AbstractsError as error:
        note("The decisions about the same work cannot be read", str(error))
        return
    if found:
        st.html(f"<h2>Waiting for the rebuild</h2><p>{count(len(found), 'decision')}</p>")
        waiting(searcher, found[:_WAITING])


def _files(at: Place, searcher: Searcher) -> None:
    """The files that were read, with layout and mentions."""
    total = searcher.snapshot.manifest.counts["files"]
    st.html("<h2>Files</h2>")
    rows = [
        f"<tr><td>{shown(file['source'])}</td><td>{shown(file['layout'] or 'not read')}</td>"
        f"<td>{file['mentions']:,}</td></tr>"
        for file in searcher.snapshot.files(first_of(at, "files", total, _PAGE), _PAGE)
    ]
    st.html(
        "<table class='list'><thead><tr><th>File</th><th>Format</th><th>Mentions</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
    pager(at, "files", total, _PAGE)


def _skipped(at: Place, searcher: Searcher) -> None:
    """What was not taken, and why."""
    total = searcher.snapshot.manifest.counts["skipped"]
    st.html("<h2>Skipped</h2>")
    if not total:
        st.html("<p>Nothing: every record in the files was understood.</p>")
        return
    rows = [
        f"<tr><td>{shown(skip.source)}</td><td>{skip.line or ''}</td>"
        f"<td>{shown(skip.why)}</td></tr>"
        for skip in searcher.snapshot.skipped(first_of(at, "skipped", total, _PAGE), _PAGE)
    ]
    st.html(
        "<table class='list'><thead><tr><th>File</th><th>Line</th><th>Reason</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
    pager(at, "skipped", total, _PAGE)


def _merges(at: Place, searcher: Searcher) -> None:
    """The log of what was joined, to search and to turn over."""
    st.html("<h2>Merge log</h2>")
    total = searcher.snapshot.manifest.counts["merges"]
    if not total:
        st.html("<p>Nothing was joined: every mention is a paper of its own.</p>")
        return
    st.html(
        f"<p>{count(total, 'merge')}, each of two mentions that were judged to be one work. Where"
        " one is wrong, open the paper and say so.</p>"
    )
    _find_box(at)
    words, order = at.value("find"), _order(at)
    page = _log(at, searcher, words, total, order)
    if words:
        st.html(f"<p role='status'>{count(page.total, 'merge')} with “{shown(words)}”</p>")
    for number, line in enumerate(page.lines):
        _merge(at, line, f"merge-{number}")
    pager(at, "merges", page.total, _PAGE)


def _log(at: Place, searcher: Searcher, words: str, total: int, order: str) -> MergePage:
    """The page of the log that the address asks for; beyond the end it is the last one."""
    first = first_of(at, "merges", total, _PAGE)
    by_score = order == "doubtful"
    page = merge_log(searcher.snapshot, words, offset=first, limit=_PAGE, doubtful_first=by_score)
    if page.total and not page.lines:  # fewer lines have the words
        return _log(at, searcher, words, page.total, order)
    return page


def _merge(at: Place, line: LoggedMerge, key: str) -> None:
    """One merge, with a link to its paper."""
    paper = line.paper
    with st.container(key=key, gap=None):
        to = at.then("paper", id=paper.paper_id)
        link(at, to, cut(paper.display_title, _TITLE), f"to-{key}")
        st.html(
            f"<p class='aside'><b>{place(line.a)}</b> and <b>{place(line.b)}</b>:"
            f" {because(line.merge.evidence)}</p>"
        )


def _find_box(at: Place) -> None:
    st.session_state["find"] = at.value("find")
    with (
        st.form("find-form", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        st.text_input(
            "Find in the merge log", key="find", placeholder="Words of a title, reason or file"
        )
        st.form_submit_button("Find", on_click=_find, args=(at,))


def _find(at: Place) -> None:
    go(changed(at, find=st.session_state["find"].strip(), merges=""))


def _order(at: Place) -> str:
    """The order of the log: that of the address, which the radio buttons change."""
    order = at.value("order") if at.value("order") in _ORDERS else "doubtful"
    st.session_state["order-of-merges"] = order
    st.radio(
        "Order", list(_ORDERS), format_func=_ORDERS.__getitem__, key="order-of-merges",
        horizontal=True, on_change=_reorder, args=(at,),
    )  # fmt: skip
    return order


def _reorder(at: Place) -> None:
    order = st.session_state["order-of-merges"]
    go(changed(at, order="" if order == "doubtful" else order, merges=""))


main()
