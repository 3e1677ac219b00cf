"""Reading MEDLINE text: what PubMed calls the PubMed format, files named .nbib.

Tags: https://www.nlm.nih.gov/bsd/mms/medlineelements.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from index.formats.dates import iso_date
from index.formats.entries import Entry, Unreadable, first_name_first
from index.formats.file import TextFile
from index.formats.markup import readable
from index.formats.nlm import nlm_entry

LARGEST_RECORD = 32_000_000  # characters, as in XML
# A tag is filled up with blanks to four characters.
_TAG = re.compile(r"(?=.{4}-)([A-Z][A-Z0-9]{1,3}) {0,2}-(?:\s+(.*))?$", re.DOTALL)
_BEGIN = re.compile(r"^PMID- *\d", re.MULTILINE)
_NUMBER = re.compile(r"(?P<number>\S.*?)\s*\[(?P<kind>\w+)\]")
_INITIALS = re.compile(
    r"(?P<last>.+?) (?P<initials>[A-Z]{1,4})(?: (?P<suffix>Jr|Sr|\d(?:st|nd|rd|th)))?"
)
_DOI_IN_SOURCE = re.compile(r"\bdoi:\s*(10\.\S+)", re.IGNORECASE)
_Fields = Mapping[str, list[str]]


class Medline:
    """Records of lines with tags: PMID, TI, AB and others."""

    name = "MEDLINE"

    def fits(self, head: str) -> bool:
        """When the first line has a tag, and one begins with a PMID."""
        first = next(filter(str.strip, head.splitlines()), "")
        tag = _TAG.match(first.rstrip())
        is_ours = tag is not None and tag[1] not in ("TY", "ER")  # which begin RIS
        return is_ours and bool(_BEGIN.search(head))

    def read(self, file: TextFile) -> Iterator[Entry | Unreadable]:
        """The records in order. Raises SourceError as `file.lines`."""
        for lines in _records(file):
            yield _entry(lines)


@dataclass
class _Lines:
    """The lines of one record: tags with values, those that go on with one put behind it."""

    line: int
    line_end: int = 0
    values: list[tuple[str, list[str]]] = field(default_factory=list)
    stray: list[str] = field(default_factory=list)  # before the first tag
    size: int = 0

    def add(self, number: int, line: str, tag: re.Match[str] | None) -> None:
        """One more line, which begins a value if it has a tag."""
        self.line_end = number
        self.size += len(line)
        if tag:
            self.values.append((tag[1], [(tag[2] or "").strip()]))
        elif self.values:
            self.values[-1][1].append(line.strip())
        else:
            self.stray.append(line)


def _records(file: TextFile) -> Iterator[_Lines]:
    """The lines of each record: it ends before a PMID, or before a tag behind a blank line."""
    held: _Lines | None = None
    after_blank = False
    for number, line in enumerate(file.lines(), 1):
        if not line.strip():
            after_blank = True
            continue
        tag = _TAG.match(line.rstrip())
        is_next = tag and (after_blank or tag[1] == "PMID" or (held and held.stray))
        if held and (is_next or held.size > LARGEST_RECORD):
            yield held
            held = None
        held = held or _Lines(number)
        held.add(number, line, tag)
        after_blank = False
    if held:
        yield held


def _entry(lines: _Lines) -> Entry | Unreadable:
    if lines.stray:
        why = "not a MEDLINE record: no line with a tag such as PMID- begins it"
        return Unreadable.of(lines.line, " ".join(lines.stray), why)
    fields: dict[str, list[str]] = {}
    for tag, parts in lines.values:
        fields.setdefault(tag, []).append(readable(" ".join(parts)))
    pmid = _first(fields, "PMID")
    if lines.size > LARGEST_RECORD:
        why = f"a record of more than {LARGEST_RECORD:,} characters; its end is missing"
        return Unreadable.of(lines.line, f"PMID {pmid}", why)
    return nlm_entry(
        lines.line,
        lines.line_end,
        pmid=pmid,
        title=_first(fields, "TI", "BTI"),
        vernacular=_first(fields, "TT"),
        authors=_authors(lines.values),
        is_cut=False,
        date=_date(fields),
        venue=_first(fields, "JT", "TA") or _first(fields, "BTI" if "TI" in fields else "PB"),
        categories=_categories(fields),
        abstract=_first(fields, "AB"),
        doi=_number(fields, "doi") or _doi_in_source(fields),
        arxiv=next(filter(_is_arxiv, [_number(fields, "pii")]), ""),
    )


def _first(fields: _Fields, *tags: str) -> str:
    return next((value for tag in tags for value in fields.get(tag, ()) if value), "")


def _authors(values: list[tuple[str, list[str]]]) -> list[str]:
    """Names in order: in full where they are given so, else with initials; and groups (CN)."""
    names: list[str] = []
    is_named = False  # in full, by the line before
    for tag, parts in values:
        name = readable(" ".join(parts))
        if tag == "FAU":
            names.append(first_name_first(name))
            is_named = True
        elif tag == "AU":
            if not is_named:
                names.append(_initials_first(name))
            is_named = False
        elif tag == "CN":
            names.append(name)
    return list(filter(None, names))


def _initials_first(name: str) -> str:
    """Initials before the name: "Lovelace AK Jr" is "AK Lovelace Jr"."""
    found = _INITIALS.fullmatch(name)
    parts = [found["initials"], found["last"], found["suffix"]] if found else [name]
    return " ".join(filter(None, parts))


def _date(fields: _Fields) -> str:
    """The date of the issue; of its year, the day on which the article went on line."""
    issue, online = iso_date(_first(fields, "DP")), _first(fields, "DEP")
    if re.fullmatch(r"\d{8}", online):
        online = f"{online[:4]}-{online[4:6]}-{online[6:]}"
        return online if not issue or issue == online[:4] else issue
    return issue


def _categories(fields: _Fields) -> list[str]:
    """Headings without their qualifiers ("*Bread/analysis"), and keywords; each once."""
    headings = [heading.partition("/")[0] for heading in fields.get("MH", ())]
    found: dict[str, str] = {}
    for marked in (*headings, *fields.get("OT", ())):
        word = marked.replace("*", "").strip()
        found.setdefault(word.casefold(), word)
    return list(filter(None, found.values()))


def _number(fields: _Fields, kind: str) -> str:
    """A number of that kind: "10.1000/182 [doi]"."""
    for value in (*fields.get("LID", ()), *fields.get("AID", ())):
        found = _NUMBER.fullmatch(value)
        if found and found["kind"].lower() == kind:
            return found["number"]
    return ""


def _is_arxiv(number: str) -> bool:
    return number.lower().startswith("arxiv:")


def _doi_in_source(fields: _Fields) -> str:
    """The DOI at the end of the line that cites the article."""
    found = _DOI_IN_SOURCE.search(_first(fields, "SO"))
    return found[1] if found else ""
