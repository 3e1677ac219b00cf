"""Papers written by `search.export` and read again by `index.formats` are the same papers."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from index.formats import recognised
from index.formats.bibtex import BibTeX
from index.formats.entries import Entry
from index.formats.file import TextFile
from index.records import Paper
from index.text import fold_space, plain
from search.export import FORMATS, export
from tests.conftest import make_paper

WRITTEN = re.compile(r"\\[&%#_$^~{}]|\\(?:textbackslash|textbrace(?:left|right)|[lr]brace)\{\}")
FIELDS = (
    "title", "authors", "authors_truncated", "year", "venue", "categories", "abstract", "doi",
    "arxiv", "url",
)  # fmt: skip
PIECES = (
    *"aB1é漢 {}\\$%&_#~^\"',;:.|=-+@()<>[]/!?*`", " ", "the ", "Öl ", "$L_2$", "$\\alpha^{2}$",
    "\\emph{x}", "\\&", "\\%", "\\{", "\\}", "{DNA}", "--", "``", "''", "TY  - ", "@misc{", " and ",
    "&amp;", "<b>", "et al.", "\\textbackslash{}", "\\textbraceleft{}", "a_b", "100%", "C#",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=14).map("".join).map(fold_space)
WORDS = TEXTS | st.text(min_size=1, max_size=20).map(plain).map(fold_space)
NAMES = WORDS | st.sampled_from(
    ["Ludwig van Beethoven", "Eva de la Cruz", "King, Jr., M. L.", "Ants, Bees and Co", "Plato",
     "{Cats} and Dogs", "O'Neil", "others", "Others", "and", "B. {and} C."]
)  # fmt: skip
PAPERS = st.builds(
    make_paper,
    paper_id=st.integers(0, 16**12 - 1).map(lambda n: f"p{n:012x}"),
    title=st.none() | WORDS.filter(bool),
    authors=st.lists(NAMES.filter(lambda n: n and n != "et al."), max_size=3).map(tuple),
    authors_truncated=st.booleans(),
    year=st.none() | st.integers(1500, 2099),
    venue=st.none() | WORDS.filter(bool),
    categories=st.lists(WORDS.filter(bool), max_size=3).map(tuple),
    abstract=st.none() | WORDS.filter(bool),
    doi=st.none() | st.from_regex(r"10\.[0-9]{4}/[a-z0-9_();<>#%&:-]{0,9}[a-z0-9]", fullmatch=True),
    arxiv=st.none() | st.from_regex(r"[0-9]{4}\.[0-9]{5}", fullmatch=True),
    url=st.none()
    | st.from_regex(r"https://x\.org/[a-z0-9_~%&#?=;,{}\\$()-]{0,12}", fullmatch=True),
)


def back(paper: Paper, kind: str) -> Paper:
    """The paper after an export with notes, which carries its id, and a reading of the file."""
    file = TextFile.of("file", export([paper], kind, {}).encode())
    reader = recognised(file)
    assert reader is not None
    (entry,) = reader.read(file)
    assert isinstance(entry, Entry), entry
    return entry.paper


def held(paper: Paper, kind: str) -> dict[str, object]:
    """The fields of a paper as far as the format can hold them."""
    fields = {name: getattr(paper, name) for name in FIELDS}
    if kind == "csv":
        fields["authors"] = listed(paper.authors)
    if kind in ("csv", "bibtex"):
        fields["categories"] = listed(paper.categories)
    if kind in ("bibtex", "ris"):
        fields["title"] = paper.display_title or None
    if kind == "bibtex":
        signs = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C"})
        fields["url"] = paper.url and paper.url.translate(signs)
        fields["doi"] = paper.doi and paper.doi.translate(signs)
    return fields


def listed(values: tuple[str, ...]) -> tuple[str, ...]:
    """The parts of a list that is one cell."""
    return tuple(filter(None, map(str.strip, "; ".join(values).split(";"))))


def is_tex(paper: Paper) -> bool:
    """Whether a text has signs that are as TeX would have them, or as an export writes others."""
    texts = (paper.title, paper.venue, paper.abstract, *paper.authors, *paper.categories)
    return any(WRITTEN.search(text) for text in texts if text)


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=150, deadline=None)
@example(paper=make_paper(paper_id="p0123456789ab", title="An { odd } title } of $x{$ and {"))
@example(paper=make_paper(paper_id="p0123456789ab", title="T", authors=("A {B", "C} D", "{E} {")))
@example(paper=make_paper(paper_id="p0123456789ab", title="100% of a_b & c # d ~ ^ $5 \\"))
@example(paper=make_paper(paper_id="p0123456789ab", title="T", authors_truncated=True))
@example(paper=make_paper(paper_id="p0123456789ab", title="T", categories=("Cats, big", "a & b")))
@example(paper=make_paper(paper_id="p0123456789ab", title="T", categories=("Cats, big",)))
@given(paper=PAPERS.filter(lambda paper: paper.title or paper.abstract))
def test_a_paper_comes_back(kind: str, paper: Paper) -> None:
    r"""Each field is the same, letter for letter, as far as the format can hold it.

    BibTeX and RIS have a title always: of a paper without one, the first words of its abstract.
    BibTeX cannot tell `\&` from `&` nor a named brace from a brace, and no braces or backslashes
    stand in its identifiers, but "%7B" for them. Where categories are one text, as in BibTeX and
    CSV, they have no semicolons, nor names in CSV. JSON holds all.
    """
    assume(kind != "bibtex" or not is_tex(paper))
    found = back(paper, kind)
    assert {name: getattr(found, name) for name in FIELDS} == held(paper, kind)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    "title",
    [
        "100% of a_b & c # d in $L_2$, $\\alpha^{2}$",
        "An odd } title {",
        "Öl “漢字” 'x' -",
        "costs $5",
    ],
)
def test_a_citation_comes_back(kind: str, title: str) -> None:
    """Without notes, as for citing, a BibTeX entry has no id, and is read like those of others.

    It cannot hold braces that pair or commands: they are TeX. RIS has the arXiv number only of a
    paper without an address.
    """
    paper = make_paper(
        paper_id="p0123456789ab", title=title, venue=f"Journal of {title}", abstract=f"On {title}.",
        authors=("Ludwig van Beethoven", "Ants, Bees and {Co", "Étienne O'Neil"),
        authors_truncated=True, year=2001, categories=("cs.LG", "R&D, applied", "$L_2$"),
        doi="10.1/a_b%c", url="https://x.org/a_b?c=1%20d#~e",
    )  # fmt: skip
    file = TextFile.of("file", export([paper], kind).encode())
    reader = recognised(file)
    assert reader is not None
    (entry,) = reader.read(file)
    assert isinstance(entry, Entry)
    expected = {name: getattr(paper, name) for name in FIELDS}
    assert {name: getattr(entry.paper, name) for name in FIELDS} == expected


@pytest.mark.parametrize(
    ("keywords", "expected"),
    [
        ("Ants, bees and wasps, Sorting", ("Ants", "bees and wasps", "Sorting")),
        ("Ants; Trees, binary; Sorting", ("Ants", "Trees, binary", "Sorting")),
        ("Research {\\&} Development, Erd{\\H o}s", ("Research & Development", "Erdős")),
        ("Bread &amp; butter, Crust", ("Bread & butter", "Crust")),
        ("Ants, Ants, , ", ("Ants",)),
        ("Computer Science - Logic,cs.LO", ("Computer Science - Logic", "cs.LO")),
        ("", ()),
    ],
)  # fmt: skip
@pytest.mark.parametrize("field", ["keywords", "Keywords", "keyword", "author_keywords"])
def test_keywords_of_other_programs(field: str, keywords: str, expected: tuple[str, ...]) -> None:
    """They are parted by semicolons or by commas, never by both, nor inside of an entity."""
    text = f"@article{{a, title={{T}}, {field} = {{{keywords}}}}}\n"
    (entry,) = BibTeX().read(TextFile.of("a.bib", text.encode()))
    assert isinstance(entry, Entry)
    assert entry.paper.categories == expected
