"""Reading records of tagged lines: Web of Science's export, and EndNote's, which comes from refer.

Both state a field a line, which begins with its tag. Web of Science writes two letters, indents
what goes on and ends a record by ER; EndNote writes a percent sign and a letter, begins a record
by %0 and leaves a line blank after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from index.formats.entries import Entry, Unreadable, first_name_first, make_entry
from index.formats.file import TextFile

_Fields = dict[str, list[str]]  # values by tag, in order; lines that go on are joined by a blank
_WOS = re.compile(r"(?P<tag>[A-Z][A-Z0-9])(?: (?P<value>.*))?$")
_REFER = re.compile(r"%(?P<tag>\S)(?: (?P<value>.*))?$")
_SPLIT = re.compile(r"[;,]")  # the blanks around go later; of a run each would be tried
_ONE_A_LINE = {"AU", "AF", "BA", "BF", "CA"}  # in which each line is a name


class WebOfScience:
    """Plain text as Web of Science exports it."""

    name = "Web of Science"

    def fits(self, head: str) -> bool:
        """A record begins, with a file header before it or a title after it."""
        begins = re.search(r"^PT [A-Z]\s*$", head, re.MULTILINE) is not None
        return begins and re.search(r"^(?:FN |TI )", head, re.MULTILINE) is not None

    def read(self, file: TextFile) -> Iterator[Entry | Unreadable]:
        """The records, in order, one after the other."""
        for begin, end, lines in _records(file.lines(), re.compile("PT "), re.compile("ER *$")):
            fields = _fields(lines, _WOS)
            if "PT" not in fields:
                lost = [line for line in lines if line.strip() and line[:3] not in _AROUND]
                if lost and lost[0].strip() != "EF":
                    why = "not a record of Web of Science: no line PT begins it"
                    yield Unreadable.of(begin, lost[0], why)
                continue
            yield _wos(begin, end, fields)


class EndNote:
    """EndNote's export, known by .enw, and refer before it."""

    name = "EndNote"

    def fits(self, head: str) -> bool:
        """The first line that is not blank states a type or title."""
        return re.match(r"\s*%[0TA] \S", head) is not None and "\n%T " in f"\n{head}"

    def read(self, file: TextFile) -> Iterator[Entry | Unreadable]:
        """The records, in order, one after the other."""
        for begin, end, lines in _records(file.lines(), re.compile("%0"), re.compile(r"\s*$")):
            fields = _fields(lines, _REFER)
            if fields:
                yield _refer(begin, end, fields)
            elif text := "".join(lines).strip():
                yield Unreadable.of(begin, text, "not a record of EndNote: no line begins with a %")


_AROUND = ("FN ", "VR ")  # stand before the first record


def _records(
    lines: Iterable[str], begins: re.Pattern[str], ends: re.Pattern[str]
) -> Iterator[tuple[int, int, list[str]]]:
    """(first line, last line, lines) of each record and of what lies between records."""
    held: list[str] = []
    number = start = 0
    for number, line in enumerate(lines, 1):
        if begins.match(line) and held:
            yield start, number - 1, held
            held = []
        start = start if held else number
        held.append(line.rstrip("\n"))
        if ends.match(line):
            yield start, number, held
            held = []
    if held:
        yield start, number, held


def _fields(lines: Iterable[str], tagged: re.Pattern[str]) -> _Fields:
    parts: dict[str, list[list[str]]] = {}  # joined at the end: a value may have very many lines
    tag = ""
    for line in lines:
        if found := tagged.match(line):
            tag = found["tag"]
            parts.setdefault(tag, []).append([(found["value"] or "").strip()])
        elif tag and line.strip():
            if tag in _ONE_A_LINE:
                parts[tag].append([line.strip()])
            else:
                parts[tag][-1].append(line.strip())
    return {tag: [" ".join(value).strip() for value in values] for tag, values in parts.items()}


def _first(fields: Mapping[str, Sequence[str]], *tags: str) -> str:
    return next((fields[tag][0] for tag in tags if fields.get(tag)), "")


def _wos(begin: int, end: int, fields: _Fields) -> Entry:
    names = fields.get("AF") or fields.get("AU") or fields.get("CA") or ()
    keywords = [
        word for tag in ("DE", "WC") for text in fields.get(tag, ()) for word in _SPLIT.split(text)
    ]
    return make_entry(
        begin,
        line_end=end,
        title=_first(fields, "TI"),
        authors=map(first_name_first, names),
        date=_first(fields, "PY"),
        venue=_first(fields, "SO", "CT"),
        categories=keywords,
        abstract=_first(fields, "AB"),
        doi=_first(fields, "DI"),
        pmid=_first(fields, "PM"),
        url=_first(fields, "UR"),
    )


def _refer(begin: int, end: int, fields: _Fields) -> Entry:
    keywords = _SPLIT.split("; ".join(fields.get("K", ())))
    urls = fields.get("U", [])
    return make_entry(
        begin,
        line_end=end,
        title=_first(fields, "T"),
        authors=map(first_name_first, fields.get("A", ())),
        date=" ".join(filter(None, [_first(fields, "D"), _first(fields, "8")])),
        venue=_first(fields, "J", "B"),
        categories=keywords,
        abstract=_first(fields, "X"),
        doi=_first(fields, "R"),
        url=next(iter(urls), ""),
        note="\n".join(fields.get("Z", ())),
    )
