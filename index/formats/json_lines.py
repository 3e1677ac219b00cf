"""Reading JSON: lines of records, arrays of them and the answers of services that wrap them.

Which service a record comes from is told by its keys; see `index.formats.json_records`. Of records
that this program wrote, every letter is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, replace

from index.formats.entries import Entry, Unreadable, make_entry, our_id
from index.formats.file import TextFile
from index.formats.json_records import stated
from index.formats.json_services import not_a_paper
from index.formats.json_text import Record, Stated, all_of, items, text_of
from index.formats.json_values import json_values
from index.formats.json_window import Found
from index.text import fold_space, plain

_BEGIN = re.compile(r"\s*(?:\{\s*(?:\"|$)|\[\s*(?:[\[{]|$))")
_TELLING = re.compile(
    r'"(?:title|display_name|abstract|abstract_inverted_index|DOI|doi|paperId|authors_parsed'
    r'|_id|paper_id|arxiv_id|corpusid)"\s*:'
)
_LINES = 20  # of the head, of which the first may be garbage


class Json:
    """Records of the services in `json_records`, and plain ones."""

    name = "JSON"

    def fits(self, head: str) -> bool:
        """Whether it is JSON and a key of papers stands in it."""
        if not _TELLING.search(head):
            return False
        return bool(_BEGIN.match(head)) or (
            not head.lstrip().startswith("<") and any(map(_is_record, head.split("\n")[:_LINES]))
        )

    def read(self, file: TextFile) -> Iterator[Entry | Unreadable]:
        """The records in the order of the file, in bounded memory but for an object around all."""
        for found in json_values(file.lines(), file.name):
            yield found if isinstance(found, Unreadable) else _entry(found)


def _is_record(line: str) -> bool:
    try:
        value = json.loads(line) if line.startswith("{") else None
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and bool(_TELLING.search(line))


def _entry(found: Found) -> Entry | Unreadable:
    record = found.value
    if not isinstance(record, dict):
        return Unreadable.of(found.line, found.quote, "not an object with a title")
    if {"_id", "text"} <= record.keys() and "title" not in record:
        why = "it states no title, not even an empty one, as the queries of a collection do"
        return Unreadable.of(found.line, found.quote, why)
    if why := not_a_paper(record):
        return Unreadable.of(found.line, found.quote, why)
    ours = our_id(text_of(record.get("paper_id")))
    fields = asdict(_ours(record) if ours else stated(record))
    note = fields.pop("note").encode("utf-8", "replace").decode()  # half a letter cannot be kept
    entry = make_entry(found.line, line_end=found.line_end, paper_id=ours, note=note, **fields)
    if ours:
        return _with_rest(entry, record)
    paper = entry.paper
    numbers = (paper.doi, paper.arxiv, paper.pmid, paper.acl, paper.url)
    if not (paper.title or paper.abstract or any(numbers)):
        keys = ", ".join(map(repr, [*record][:8])) or "none"
        why = f"it states no title, abstract, DOI or arXiv number; its keys are {fold_space(keys)}"
        return Unreadable.of(found.line, found.quote, why)
    return entry


def _ours(record: Record) -> Stated:
    """A record of `search.export`, letter for letter."""
    texts = {name: text_of(record.get(name)) for name in _TEXTS}
    dates = (text_of(record.get("date")), text_of(record.get("year")))
    return Stated(
        **texts,
        authors=tuple(map(text_of, items(record.get("authors")))),
        authors_truncated=record.get("authors_truncated") is True,
        date=" ".join(filter(None, dates)),
        categories=tuple(map(text_of, items(record.get("categories")))),
    )


_TEXTS = ("title", "abstract", "venue", "doi", "arxiv", "pmid", "acl", "url", "note")


def _with_rest(entry: Entry, record: Record) -> Entry:
    """With what only records of ours state."""
    year, others = record.get("year"), all_of(items(record.get("other_titles")))
    paper = replace(
        entry.paper,
        year=year if isinstance(year, int) else entry.paper.year,
        other_titles=tuple(filter(None, (fold_space(plain(title)) for title in others))),
        abstract_truncated=record.get("abstract_truncated") is True,
    )
    return replace(entry, paper=paper)
