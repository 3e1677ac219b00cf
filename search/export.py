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
from index.formats.written import AND_OTHERS, FORMULA, MATH_BRACES, PLAIN_TEX
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
_TEX_BRACE = re.compile(r"\\([{}])")
_MARKS = {"{": "\ue000", "}": "\ue001"}  # for private use; no text that is displayed has them
_BRACES = {mark: brace for brace, mark in _MARKS.items()}
# What would part a name in two, or stand for further ones.
_NO_NAME = re.compile(r",|(?:^|\s)and(?:\s|$)|^others$", re.IGNORECASE)


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
    names = [*map(_tex_name, paper.authors), *(["others"] if paper.authors_truncated else [])]
    return {
        "title": f"{{{_tex(paper.display_title)}}}",
        "author": " and ".join(names),
        "year": str(paper.year or ""),
        _venue_field(paper): _tex(paper.venue or ""),
        "doi": _without_braces(paper.doi),
        "eprint": _without_braces(paper.arxiv),
        "eprinttype": "arxiv" if paper.arxiv else "",
        "pmid": _without_braces(paper.pmid),
        "acl": _without_braces(paper.acl),
        "url": _without_braces(paper.url),
        "abstract": _tex(paper.abstract or ""),
        "keywords": _keywords([_tex(category) for category in paper.categories]),
    }


def _keywords(categories: Sequence[str]) -> str:
    """Parted by commas, as most programs do, or where one has a comma by semicolons."""
    if not any("," in category or ";" in category for category in categories):
        return ", ".join(categories)
    return "; ".join(categories) + ";" * (len(categories) == 1)


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
    parts = _MATH.split(fold_space(text))
    parts[::2] = [
        _TEX_ACCENT.sub(r"\\\1{}", _TEX_SPECIAL.sub(r"\\\1", part)) for part in parts[::2]
    ]
    joined = "".join(_paired(parts))
    # A backslash at the end would make a character of the brace that closes the field.
    ended = joined.rstrip("\\")
    return ended + PLAIN_TEX["\\"] * (len(joined) - len(ended))


def _tex_name(name: str) -> str:
    """A name, in braces where it would be taken for several, or for one that is in braces."""
    tex = _tex(name)
    return f"{{{tex}}}" if _NO_NAME.search(name) or (tex[:1], tex[-1:]) == ("{", "}") else tex


def _paired(parts: Sequence[str]) -> list[str]:
    """Text, formula, text …, in which braces pair: each that has no partner is named instead.

    Readers disagree on whether a brace after a backslash counts, so they pair in both ways.
    """
    joined = "".join(parts)
    if not _lonely(joined) and not _lonely(_TEX_BRACE.sub("", joined)):
        return [*parts]
    names = [MATH_BRACES if i % 2 else PLAIN_TEX for i in range(len(parts))]
    # First a mark in place of each brace after a backslash, so that places can be counted.
    marked = [_TEX_BRACE.sub(lambda brace: _MARKS[brace[1]], part) for part in parts]
    lonely = _lonely("".join(marked))
    out, before = [], 0
    for part, named in zip(marked, names, strict=True):
        signs = [named[c] if before + i in lonely else c for i, c in enumerate(part)]
        out.append("".join(named[_BRACES[c]] if c in _BRACES else c for c in signs))
        before += len(part)
    return out


def _lonely(text: str) -> set[int]:
    """Where the braces are that have no partner."""
    opened, lonely = [], set()
    for place, char in enumerate(text):
        if char == "{":
            opened.append(place)
        elif char == "}" and opened:
            opened.pop()
        elif char == "}":
            lonely.add(place)
    return lonely | {*opened}


def _without_braces(identifier: str | None) -> str:
    """An identifier whose braces and backslashes, if any, are percent-encoded."""
    folded = fold_space(identifier or "")
    return folded.replace("{", "%7B").replace("}", "%7D").replace("\\", "%5C")


def _ris(papers: Sequence[Paper], notes: Notes | None) -> str:
    types = {"booktitle": "CPAPER", "journal": "JOUR", "howpublished": "GEN"}
    lines: list[tuple[str, str]] = []
    for paper in papers:
        lines.append(("TY", types[_venue_field(paper)]))
        lines.append(("TI", paper.display_title))
        lines += [("AU", author) for author in _authors(paper)]
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


def _authors(paper: Paper) -> tuple[str, ...]:
    """The authors, and that there are others if so, for formats without a way of saying it."""
    return (*paper.authors, AND_OTHERS) if paper.authors_truncated else paper.authors


def _csv(papers: Sequence[Paper], notes: Notes | None) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*_CSV_FIELDS, "abstract", *([] if notes is None else ["note"])])
    for paper in papers:
        fields = asdict(paper) | {"authors": _authors(paper)}
        values = [fields[name] for name in (*_CSV_FIELDS, "abstract")]
        if notes is not None:
            values.append(notes.get(paper.paper_id, ""))
        writer.writerow([_cell(value) for value in values])
    return out.getvalue()


def _cell(value: object) -> str:
    """The text of a cell, guarded so that the guard can be told from an apostrophe of its own."""
    text = "; ".join(map(str, value)) if isinstance(value, tuple) else str(value or "")
    return f"'{text}" if text.lstrip("'").startswith(FORMULA) else text


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
