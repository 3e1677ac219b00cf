"""Taking a list away as a file, and reading files into it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from pages.parts.saving import library
from pages.parts.text import bullets, count, label, note, shown
from search import (
    LARGEST_FILE,
    AbstractsError,
    ImportReport,
    Paper,
    Saved,
    Snapshot,
    export,
    import_bytes,
    plain,
)

# Name on the button -> format, suffix, type of the file.
_FILES = {
    "BibTeX": ("bibtex", "bib", "application/x-bibtex"),
    "RIS": ("ris", "ris", "application/x-research-info-systems"),
    "CSV": ("csv", "csv", "text/csv"),
    "JSON lines": ("jsonl", "jsonl", "application/jsonl"),
}
_NAMES = {form: name for name, (form, _, _) in _FILES.items()}
_READ = [
    "bib", "bibtex", "ris", "csv", "tsv", "json", "jsonl", "ndjson", "txt", "nbib", "xml", "enw",
    "ciw", "html", "htm", "gz", "xz", "bz2", "zip",
]  # fmt: skip
_MOST = 200  # entries of a report that are listed


def downloads(name: str, saved: Sequence[Saved]) -> None:
    """A button for each format, which takes the whole list with its notes away."""
    _buttons(name, partial(_content, saved))


def papers_downloads(name: str, papers: Callable[[], Sequence[Paper]]) -> None:
    """The same for papers without notes, which are fetched when a button is pressed."""
    _buttons(name, lambda form: _encoded(export(papers(), form), form))


def _buttons(name: str, content: Callable[[str], bytes]) -> None:
    """A button for each format; `content` makes the file of a format when it is pressed."""
    with st.popover("Export", type="tertiary", icon=":material/download:", key="export"):
        for shown_as, (form, suffix, kind) in _FILES.items():
            st.download_button(
                shown_as, partial(content, form), f"{file_name(name)}.{suffix}", kind,
                key=f"export-{form}", on_click="ignore", width="stretch",
            )  # fmt: skip


def _content(saved: Sequence[Saved], form: str) -> bytes:
    papers, notes = [one.paper for one in saved], {one.paper.paper_id: one.note for one in saved}
    return _encoded(export(papers, form, notes), form)


def _encoded(text: str, form: str) -> bytes:
    # Spreadsheets take a table without the mark for one in the machine's own encoding.
    return text.encode("utf-8-sig" if form == "csv" else "utf-8", "replace")


def file_name(name: str) -> str:
    """The name of a list as the name of a file, on any system."""
    return re.sub(r"[^\w.-]+", "-", plain(name))[:80].strip("-.") or "list"


def imports(name: str, snapshot: Snapshot, *, unfolded: bool = False) -> None:
    """A file to read into the list, and what became of the last one."""
    report: ImportReport | None = st.session_state.get("imported")
    if report is not None and report.list_name == name:
        _show(report)
    with st.expander("Import from a file", expanded=unfolded, icon=":material/upload:"):
        problem = st.session_state.pop("not-imported", None)
        if problem:
            note("The file was not imported", problem)
        st.html(
            "<p>BibTeX, RIS, CSV, JSON or whatever else an index is built from, packed or not."
            " Papers are recognised by DOI, arXiv number, PMID, ACL id or title; those that the"
            " index has not"
            " are kept as the file states them.</p>"
        )
        with st.form("import", clear_on_submit=True, border=False):
            file = st.file_uploader(
                "A bibliography", _READ, key="import-file",
                max_upload_size=LARGEST_FILE // 1_000_000,
            )  # fmt: skip
            if st.form_submit_button(label(f"Import into “{name}”")) and file is not None:
                _import(name, file.name, file.getvalue(), snapshot)


def _import(name: str, file: str, content: bytes, snapshot: Snapshot) -> None:
    with st.spinner("Reading the file …"):
        try:
            report = import_bytes(library(), name, file, content, snapshot)
            st.session_state["imported"] = report
        except AbstractsError as error:
            st.session_state["not-imported"] = str(error)
    st.rerun()  # the list and its number of papers are others now


def _show(report: ImportReport) -> None:
    """What became of the entries of a file."""
    parts = [
        f"{count(len(report.saved), 'paper')} saved",
        f"{len(report.present):,} there already" if report.present else "",
        f"{len(report.kept):,} kept that the index has not" if report.kept else "",
        f"{len(report.unreadable):,} not readable" if report.unreadable else "",
    ]
    kind = f"{_NAMES.get(report.format, report.format)} in {report.encoding}"
    with st.container(border=True, key="report", gap="small"):
        st.html(
            f"<div role='status'><h3>Imported {shown(report.name)}</h3>"
            f"<p>{'; '.join(filter(None, parts))}. Read as {kind}.</p></div>"
        )
        _listing("Not in the index, kept as the file states them", [
            f"line {one.line}: {shown(one.paper.display_title)} ({shown(one.why)})"
            for one in report.kept
        ])  # fmt: skip
        _listing("Not readable", [
            f"line {bad.line}: <q>{shown(bad.quote)}</q> {shown(bad.why)}"
            for bad in report.unreadable
        ])  # fmt: skip
        st.button("Close the report", key="dismiss", type="tertiary", on_click=_dismiss)


def _listing(heading: str, items: Sequence[str]) -> None:
    if not items:
        return
    more = [f"… and {len(items) - _MOST:,} more"] if len(items) > _MOST else []
    with st.expander(f"{heading} ({len(items):,})"):
        st.html(bullets([*items[:_MOST], *more]))


def _dismiss() -> None:
    st.session_state.pop("imported", None)
