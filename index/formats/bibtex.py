"""Reading BibTeX: entries of ours and of other programs, where one bad entry spoils no other.

bibtexparser splits the file into entries, strings and names, pylatexenc turns accents and commands
of TeX into characters. In entries that `search.export` wrote, which a `paperid` tells, what it
escaped is undone instead, letter for letter.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from bibtexparser.library import Library
from bibtexparser.middlewares import default_parse_stack
from bibtexparser.middlewares.names import parse_single_name_into_parts
from bibtexparser.model import Entry as Block
from bibtexparser.model import ParsingFailedBlock
from bibtexparser.splitter import Splitter
from pylatexenc.latex2text import (
    LatexNodes2Text,
    MacroTextSpec,
    get_default_latex_context_db,
)
from pylatexenc.latexwalker import LatexWalkerError

from index.formats.entries import Entry, Unreadable, make_entry, our_id
from index.formats.file import TextFile
from index.formats.markup import readable
from index.formats.written import MATH_BRACES, PLAIN_TEX

# What they cannot read is told by the reader below, with its line.
for _name in ("bibtexparser", "pylatexenc"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)

BEGIN = re.compile(r"^[ \t]*@[A-Za-z]+\s*[{(]", re.MULTILINE)
_VENUES = ("journal", "journaltitle", "booktitle", "howpublished", "institution", "school")
# An identifier, abstract or author of the volume is not one of the paper.
_PASSED_ON = {"booktitle", "date", "year", "month", "journal", "journaltitle"}
_NOTES = ("annote", "annotation", "comment")
_KEYWORDS = ("keywords", "keyword", "author_keywords")
_ACTED_ON = re.compile(r"[\\{}~$]|--|``|''")  # nothing else in a text is TeX
_BARE = re.compile(r"(?<!\\)([&%$])")  # outside of formulas; TeX would take it for no sign
_ESCAPED = re.compile(r"\\([&%#_$~{}])")
_LONGEST_TEX = 50_000  # characters, ten long abstracts; what is longer takes long to parse
_ADDRESS = re.compile(r"\\url\{([^{}]*)\}")
_AND_OR_BRACE = re.compile(r"\\.|[{}]|(?<=\s)and(?=\s)", re.IGNORECASE | re.DOTALL)
_FORMULA = re.compile(r"((?<!\\)\$[^$]*\$)")
# What `search.export` makes of a text, outside of formulas and inside of them.
_WRITTEN = {f"\\{c}": c for c in "&%#_$"} | {f"\\{c}{{}}": c for c in "^~"}
_WRITTEN |= {PLAIN_TEX[c]: c for c in "{}\\"}
_WRITTEN_MATH = {name: brace for brace, name in MATH_BRACES.items()}
_UNDONE, _UNDONE_MATH = (
    re.compile("|".join(map(re.escape, names))) for names in (_WRITTEN, _WRITTEN_MATH)
)
_PLAIN = {tex: char for char, tex in PLAIN_TEX.items()}
_PLAIN_TEX = re.compile("|".join(map(re.escape, _PLAIN)))


def _decoder() -> LatexNodes2Text:
    context = get_default_latex_context_db()
    symbols = {"url": "%s", "textbraceleft": "{", "textbraceright": "}"}
    macros = [MacroTextSpec(name, simplify_repl=repl) for name, repl in symbols.items()]
    context.add_context_category("bibliographies", macros=macros, prepend=True)
    return LatexNodes2Text(latex_context=context, math_mode="verbatim", keep_comments=True)


_DECODER = _decoder()


class BibTeX:
    """BibTeX and BibLaTeX."""

    name = "BibTeX"

    def fits(self, head: str) -> bool:
        """An entry begins a line."""
        return BEGIN.search(head) is not None

    def read(self, file: TextFile) -> Iterator[Entry | Unreadable]:
        """The entries, in order. The whole file is parsed at once."""
        return _read(file.text())


def _read(text: str) -> Iterator[Entry | Unreadable]:
    """The entries of a BibTeX file, in order; what stands outside of entries is comment."""
    library, keys = Library(), list[str]()
    for number, found in enumerate(Splitter(text).split().blocks):
        # A key or field that is there twice is no reason to leave the entry out.
        block = found.ignore_error_block if isinstance(found, ParsingFailedBlock) else found
        keys.append(block.key.lower() if isinstance(block, Block) else "")
        if isinstance(block, Block):
            block.key = str(number)
        library.add(block or found, fail_on_duplicate_key=False)
    for step in default_parse_stack():
        library = step.transform(library)
    fields = {
        i: _fields(block) for i, block in enumerate(library.blocks) if isinstance(block, Block)
    }
    volumes = _volumes(fields, keys)
    for number, block in enumerate(library.blocks):
        line = (block.start_line or 0) + 1
        if number in volumes and "abstract" not in fields[number]:
            why = "no paper: other entries name it by crossref as what they appeared in"
            yield Unreadable.of(line, block.raw or "", why)
        elif isinstance(block, Block):
            stated = _inherited(fields, number, keys)
            yield _entry(line, line + (block.raw or "").count("\n"), stated)
        elif isinstance(block, ParsingFailedBlock):
            yield Unreadable.of(line, block.raw or "", f"not a BibTeX entry: {_reason(block)}")


_ByNumber = Mapping[int, Mapping[str, str]]  # fields of each entry of the file


def _volumes(entries: _ByNumber, keys: Sequence[str]) -> set[int]:
    """The entries that others refer to."""
    named = {
        fields["crossref"].strip().lower() for fields in entries.values() if "crossref" in fields
    }
    return {number for number in entries if keys[number] in named}


def _inherited(entries: _ByNumber, number: int, keys: Sequence[str]) -> Mapping[str, str]:
    """The fields of an entry, and those of the volume that it refers to, which it lacks itself.

    The title of the volume is the book title of the entry (BibLaTeX manual, appendix B).
    """
    own = entries[number]
    wanted = own.get("crossref", "").strip().lower()
    parent = keys.index(wanted) if wanted in keys else number
    if not wanted or parent == number or parent not in entries:
        return own
    volume = entries[parent]
    book = {"booktitle": volume["title"]} if "title" in volume else {}
    passed_on = {k: v for k, v in volume.items() if k in _PASSED_ON}
    return {**book, **passed_on, **own}


def _reason(block: ParsingFailedBlock) -> str:
    return str(getattr(block.error, "abort_reason", block.error)).rstrip(" .")


def _fields(block: Block) -> dict[str, str]:
    """Values by field, in small letters; of a field that is there twice the first, as BibTeX."""
    fields: dict[str, str] = {}
    for field in block.fields:
        fields.setdefault(field.key.lower(), str(field.value))
    return fields


def _entry(line: int, line_end: int, fields: Mapping[str, str]) -> Entry:
    ours = our_id(fields.get("paperid", ""))
    read: Callable[[str], str] = _undone if ours else from_tex
    title = fields.get("title", "")
    names, truncated = _authors(fields.get("author", ""), bool(ours))
    archive = fields.get("eprinttype", fields.get("archiveprefix", "arxiv"))
    return make_entry(
        line,
        line_end=line_end,
        paper_id=ours,
        title=read(title[1:-1] if ours and title.startswith("{") else title),
        authors=map(read, names),
        authors_truncated=truncated,
        date=fields.get("date") or fields.get("year", ""),
        venue=next((read(fields[name]) for name in _VENUES if name in fields), ""),
        categories=_keywords(fields, bool(ours)),
        abstract=read(fields.get("abstract", "")),
        doi=_address(fields.get("doi", "")),
        arxiv=_address(fields.get("eprint", "")) if archive.lower() == "arxiv" else "",
        pmid=_address(fields.get("eprint" if archive.lower() == "pubmed" else "pmid", "")),
        acl=_address(fields.get("acl", "")),
        url=_address(fields.get("url", "")),
        note="\n\n".join(_note(fields[name], bool(ours)) for name in _NOTES if name in fields),
    )


def _keywords(fields: Mapping[str, str], ours: bool) -> list[str]:
    """The keywords, parted by semicolons, where there is one, or else by commas; each once."""
    text = next(filter(None, (fields.get(name, "").strip() for name in _KEYWORDS)), "")
    if ours:
        return [_undone(part) for part in text.split(";" if ";" in text else ",")]
    text = readable(from_tex(text))  # before they are parted: entities have semicolons
    return [*dict.fromkeys(map(str.strip, text.split(";" if ";" in text else ",")))]


def from_tex(text: str) -> str:
    r"""Accents and commands as characters, formulas as they are.

    >>> from_tex(r"Schr{\"o}dinger \& {DNA} in $L_2$, 5% off")
    'Schrödinger & DNA in $L_2$, 5% off'
    """
    if not _ACTED_ON.search(text):
        return text
    if len(text) > _LONGEST_TEX:
        return text.replace("{", "").replace("}", "")
    parts = _FORMULA.split(text)
    parts[::2] = [_BARE.sub(r"\\\1", part) for part in parts[::2]]
    try:
        return str(_DECODER.latex_to_text("".join(parts)))
    except (LatexWalkerError, RecursionError):  # better with its commands than not at all
        return text.replace("{", "").replace("}", "")


def _undone(text: str) -> str:
    """What `search.export` made of a text, back."""
    parts = _FORMULA.split(text)
    parts[::2] = [_UNDONE.sub(lambda found: _WRITTEN[found[0]], part) for part in parts[::2]]
    parts[1::2] = [
        _UNDONE_MATH.sub(lambda found: _WRITTEN_MATH[found[0]], part) for part in parts[1::2]
    ]
    return "".join(parts)


def _note(text: str, ours: bool) -> str:
    return _PLAIN_TEX.sub(lambda found: _PLAIN[found[0]], text) if ours else from_tex(text)


def _authors(text: str, ours: bool) -> tuple[list[str], bool]:
    """Names, first names first, and whether there are others. A name in braces is a group's."""
    names = _names(text)
    truncated = bool(names) and names[-1].lower() == "others"
    shown = []
    for name in names[:-1] if truncated else names:
        if name.startswith("{") and name.endswith("}"):
            shown.append(name[1:-1])
        elif ours:
            shown.append(name)
        else:
            shown.append(parse_single_name_into_parts(name, strict=False).merge_first_name_first)
    return shown, truncated


def _names(text: str) -> list[str]:
    r"""Each of several names, parted by an "and" outside of braces.

    bibtexparser's own function loses the backslash that a name after the first begins with.

    >>> _names(r"Bell, Ada and \O{}rsted, Hans and {Ants and Bees}")
    ['Bell, Ada', '\\O{}rsted, Hans', '{Ants and Bees}']
    """
    names, begin, depth = [], 0, 0
    for token in _AND_OR_BRACE.finditer(text):
        depth = max(0, depth + (token[0] == "{") - (token[0] == "}"))
        if token[0].lower() == "and" and not depth:
            names.append(text[begin : token.start()])
            begin = token.end()
    return [name.strip() for name in (*names, text[begin:]) if name.strip()]


def _address(text: str) -> str:
    """An identifier or address, in which nothing but escaped signs is TeX."""
    return _ESCAPED.sub(r"\1", _ADDRESS.sub(r"\1", text))
