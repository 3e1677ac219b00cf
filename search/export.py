"""Papers as BibTeX, RIS, CSV or JSON lines.

Formats: BibTeX as in Lamport, "LaTeX: A Document Preparation System", appendix B; RIS as in the
format description of Research Information Systems; CSV as in RFC 4180.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict

from index.errors import QueryError
from index.papers import is_preprint_venue
from index.records import Paper
from index.text import words

_CSV_FIELDS = ("paper_id", "title", "authors", "year", "venue", "categories", "doi", "arxiv", "url")
# A spreadsheet runs a cell that starts with one of these as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MATH = re.compile(r"(\$[^$]*\$)")
_TEX_SPECIAL = re.compile(r"(?<!\\)([&%#_$])")
_TEX_ACCENT = re.compile(r"(?<!\\)([\^~])")


def export(papers: Iterable[Paper], format: str) -> str:  # noqa: A002  the flag's own name
    """The papers in one of `FORMATS`. Raises QueryError for another format."""
    if format not in _WRITERS:
        raise QueryError(f"unknown format {format!r}; choose one of {', '.join(FORMATS)}")
    return _WRITERS[format](list(papers))


def _bibtex(papers: Sequence[Paper]) -> str:
    keys: set[str] = set()
    entries = []
    for paper in papers:
        key = base = _citation_key(paper)
        suffix = 1
        while key in keys:
            suffix += 1
            key = f"{base}-{suffix}"
        keys.add(key)
        # A group whose name holds an "and" is one author.
        names = [f"{{{a}}}" if " and " in a else a for a in paper.authors]
        authors = " and ".join([*names, *(["others"] if paper.authors_truncated else [])])
        fields = {
            "title": f"{{{_tex(paper.display_title)}}}",
            "author": _tex(authors),
            "year": str(paper.year or ""),
            _venue_field(paper): _tex(paper.venue or ""),
            "doi": _without_braces(paper.doi),
            "eprint": _without_braces(paper.arxiv),
            "eprinttype": "arxiv" if paper.arxiv else "",
            "url": _without_braces(paper.url),
            "abstract": _tex(paper.abstract or ""),
        }
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
        entries.append("\n".join([f"@{_entry_type(paper)}{{{key},", *lines, "}"]))
    return "\n\n".join(entries) + "\n"


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
    """Escape what TeX would act on, outside of formulas; braces only when they do not pair."""
    parts = _MATH.split(text)
    parts[::2] = [
        _TEX_ACCENT.sub(r"\\\1{}", _TEX_SPECIAL.sub(r"\\\1", part)) for part in parts[::2]
    ]
    joined = "".join(parts)
    return joined if _braces_pair(joined) else joined.replace("{", "(").replace("}", ")")


def _without_braces(identifier: str | None) -> str:
    """An identifier whose braces, if any, are percent-encoded."""
    return (identifier or "").replace("{", "%7B").replace("}", "%7D")


def _braces_pair(text: str) -> bool:
    depth = 0
    for char in text:
        depth += (char == "{") - (char == "}")
        if depth < 0:
            return False
    return depth == 0


def _ris(papers: Sequence[Paper]) -> str:
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
        lines += [("DO", paper.doi or ""), ("UR", paper.url or arxiv), ("AB", paper.abstract or "")]
        lines.append(("ID", paper.paper_id))
        lines.append(("ER", ""))
    return "".join(f"{tag}  - {value}\r\n" for tag, value in lines if value or tag == "ER")


def _csv(papers: Sequence[Paper]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*_CSV_FIELDS, "abstract"])
    for paper in papers:
        values = [getattr(paper, name) for name in _CSV_FIELDS] + [paper.abstract]
        writer.writerow([_cell(value) for value in values])
    return out.getvalue()


def _cell(value: object) -> str:
    text = "; ".join(map(str, value)) if isinstance(value, tuple) else str(value or "")
    return f"'{text}" if text.startswith(_FORMULA) else text


def _jsonl(papers: Sequence[Paper]) -> str:
    return "".join(json.dumps(asdict(p), ensure_ascii=False) + "\n" for p in papers)


_WRITERS: dict[str, Callable[[Sequence[Paper]], str]] = {
    "bibtex": _bibtex,
    "ris": _ris,
    "csv": _csv,
    "jsonl": _jsonl,
}
FORMATS = tuple(_WRITERS)
