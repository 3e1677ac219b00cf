"""Papers as BibTeX, RIS, CSV or JSON lines.

Formats: BibTeX as in Lamport, "LaTeX: A Document Preparation System", appendix B; RIS as in the
format description of Research Information Systems; CSV as in RFC 4180.

Papers that are exported with notes, as the library does, carry them in every format, and with them
the id by which `search.importing` finds the paper again:

    BibTeX   `annote`, which the standard styles do not print, and `paperid`
    RIS      `N1`, whose further lines begin with two blanks, and `ID`
    CSV      the columns `note` and `paper_id`
    JSON     the keys "note" and "paper_id"
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict

from index.errors import QueryError
from index.formats.written import FORMULA, PLAIN_TEX
from index.identifiers import acl_url
from index.records import Paper
from index.text import fold_space, words
from index.venues import is_preprint_venue

Notes = Mapping[str, str]  # by paper id

_CSV_FIELDS = (
    "paper_id", "title", "authors", "year", "venue", "categories", "doi", "arxiv", "pmid", "acl",
    "url",
)  # fmt: skip
_MATH = re.compile(r"(\$[^$]*\$)")
_TEX_SPECIAL = re.compile(r"(?<!\\)([&%#_$])")
_TEX_ACCENT = re.compile(r"(?<!\\)([\^~])")
_TEX_BRACE = re.compile(r"\\[{}]")


def export(papers: Iterable[Paper], format: str, notes: Notes | None = None) -> str:  # noqa: A002
    """The papers in one of `FORMATS`, with their notes if given; `{}` when there are none.

    Raises QueryError for another format.
    """
    if format not in _WRITERS:
        raise QueryError(f"unknown format {format!r}; choose one of {', '.join(FORMATS)}")
    return _WRITERS[format](list(papers), notes)


def _bibtex(papers: Sequence[Paper], notes: Notes | None) -> str:
    used: Counter[str] = Counter()
    entries = []
    for paper in papers:
        key = _citation_key(paper)
        used[key] += 1
        key = key if used[key] == 1 else f"{key}-{used[key]}"
        fields = _bibtex_fields(paper)
        if notes is not None:
            note = notes.get(paper.paper_id, "")
            fields["annote"] = "".join(PLAIN_TEX.get(c, c) for c in note)
            fields["paperid"] = _without_braces(paper.paper_id)
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
        entries.append("\n".join([f"@{_entry_type(paper)}{{{key},", *lines, "}"]))
    return "\n\n".join(entries) + "\n"


def _bibtex_fields(paper: Paper) -> dict[str, str]:
    # A group whose name holds an "and" is one author.
    names = [f"{{{a}}}" if " and " in a else a for a in paper.authors]
    authors = " and ".join([*names, *(["others"] if paper.authors_truncated else [])])
    return {
        "title": f"{{{_tex(paper.display_title)}}}",
        "author": _tex(authors),
        "year": str(paper.year or ""),
        _venue_field(paper): _tex(paper.venue or ""),
        "doi": _without_braces(paper.doi),
        "eprint": _without_braces(paper.arxiv),
        "eprinttype": "arxiv" if paper.arxiv else "",
        "pmid": _without_braces(paper.pmid),
        "acl": _without_braces(paper.acl),
        "url": _without_braces(paper.url),
        "abstract": _tex(paper.abstract or ""),
    }


def _citation_key(paper: Paper) -> str:
    author = "".join(words(paper.authors[0])[-1:]) if paper.authors else "anon"
    telling = [w for w in words(paper.display_title) if len(w) > 3]
    return f"{author}{paper.year or ''}{telling[0] if telling else ''}"


def _entry_type(paper: Paper) -> str:
    return {"booktitle": "inproceedings", "journal": "article"}.get(_venue_field(paper), "misc")


def _venue_field(paper: Paper) -> str:
    venue = (paper.venue or "").lower()
    if not venue or is_preprint_venue(venue):
        return "howpublished"
    meeting = ("conference", "proceedings", "workshop", "symposium", "meeting")
    return "booktitle" if any(word in venue for word in meeting) else "journal"


def _tex(text: str) -> str:
    """Escape what TeX would act on, outside of formulas; braces only when they do not pair.

    Readers disagree on whether a brace after a backslash counts, so they pair in both ways.
    """
    parts = _MATH.split(fold_space(text))
    parts[::2] = [
        _TEX_ACCENT.sub(r"\\\1{}", _TEX_SPECIAL.sub(r"\\\1", part)) for part in parts[::2]
    ]
    joined = "".join(parts)
    if not (_braces_pair(joined) and _braces_pair(_TEX_BRACE.sub("", joined))):
        joined = joined.replace("{", "(").replace("}", ")")
    # A backslash at the end would make a character of the brace that closes the field.
    ended = joined.rstrip("\\")
    return ended + PLAIN_TEX["\\"] * (len(joined) - len(ended))


def _without_braces(identifier: str | None) -> str:
    """An identifier whose braces and backslashes, if any, are percent-encoded."""
    folded = fold_space(identifier or "")
    return folded.replace("{", "%7B").replace("}", "%7D").replace("\\", "%5C")


def _braces_pair(text: str) -> bool:
    depth = 0
    for char in text:
        depth += (char == "{") - (char == "}")
        if depth < 0:
            return False
    return depth == 0


def _ris(papers: Sequence[Paper], notes: Notes | None) -> str:
    types = {"booktitle": "CPAPER", "journal": "JOUR", "howpublished": "GEN"}
    lines: list[tuple[str, str]] = []
    for paper in papers:
        lines.append(("TY", types[_venue_field(paper)]))
        lines.append(("TI", paper.display_title))
        lines += [("AU", author) for author in paper.authors]
        lines.append(("PY", str(paper.year or "")))
        if paper.date and not paper.date.startswith("--"):
            lines.append(("DA", paper.date.replace("-", "/")))
        lines.append(("T2", paper.venue or ""))
        lines += [("KW", category) for category in paper.categories]
        arxiv = f"https://arxiv.org/abs/{paper.arxiv}" if paper.arxiv else ""
        if paper.pmid:
            lines += [("AN", paper.pmid), ("DB", "PubMed")]
        addresses = [address for address in (paper.url, arxiv, acl_url(paper.acl)) if address]
        shown = addresses[:1] if notes is None else dict.fromkeys(addresses)
        lines += [("DO", paper.doi or ""), *(("UR", address) for address in shown)]
        lines += [("AB", paper.abstract or ""), ("ID", paper.paper_id)]
        lines += [("N1", (notes or {}).get(paper.paper_id, "")), ("ER", "")]
    return "".join(_ris_lines(tag, value) for tag, value in lines if value or tag == "ER")


def _ris_lines(tag: str, value: str) -> str:
    """A field on its line; a line of a note that follows can be taken for no field of its own."""
    shown = value.replace("\n", "\r\n  ") if tag == "N1" else " ".join(value.splitlines())
    return f"{tag}  - {shown}\r\n"


def _csv(papers: Sequence[Paper], notes: Notes | None) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*_CSV_FIELDS, "abstract", *([] if notes is None else ["note"])])
    for paper in papers:
        values = [getattr(paper, name) for name in _CSV_FIELDS] + [paper.abstract]
        if notes is None:
            writer.writerow([_cell(value) for value in values])
        else:
            values.append(notes.get(paper.paper_id, ""))
            writer.writerow([_guarded(_cell_text(value)) for value in values])
    return out.getvalue()


def _cell(value: object) -> str:
    text = _cell_text(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _guarded(text: str) -> str:
    """Like a cell, but so that the guard can be told from an apostrophe that was there."""
    return f"'{text}" if text.lstrip("'").startswith(FORMULA) else text


def _cell_text(value: object) -> str:
    return "; ".join(map(str, value)) if isinstance(value, tuple) else str(value or "")


def _jsonl(papers: Sequence[Paper], notes: Notes | None) -> str:
    records = [asdict(paper) for paper in papers]
    if notes is not None:
        records = [record | {"note": notes.get(record["paper_id"], "")} for record in records]
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


_WRITERS: dict[str, Callable[[Sequence[Paper], Notes | None], str]] = {
    "bibtex": _bibtex,
    "ris": _ris,
    "csv": _csv,
    "jsonl": _jsonl,
}
FORMATS = tuple(_WRITERS)
