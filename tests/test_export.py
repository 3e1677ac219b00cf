"""Papers as BibTeX, RIS, CSV and JSON lines, letter for letter."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import AbstractsError
from index.formats.written import unguarded
from index.records import Paper
from search.export import FORMATS, export
from tests.conftest import make_paper, papers_of

FULL = make_paper(
    paper_id="p0123456789ab",
    title="On 100% of Cats & Dogs: an $\\alpha_1$-Study",
    other_titles=("Cats",),
    authors=("Léo Gagnon", "Ute O'Neil"),
    authors_truncated=True,
    year=2023,
    date="2023-05-04",
    venue="Journal of Cats & Dogs",
    categories=("LG", "cs.AI"),
    abstract='We use C# and a_b {sic}, "quoted". It costs 5%.',
    doi="10.1/ab_c",
    arxiv="2301.00001",
    pmid="29456894",
    acl="2021.econlp-1.4",
    url="https://x.org/a_b?c=1%20d",
    mention_ids=("m1", "m2"),
    fields_from={"title": "m1"},
    aliases=("pold",),
)
BARE = make_paper(paper_id="p2", abstract="Only an abstract, of some words.")

BIBTEX = r"""@article{gagnon2023cats,
  title = {{On 100\% of Cats \& Dogs: an $\alpha_1$-Study}},
  author = {Léo Gagnon and Ute O'Neil and others},
  year = {2023},
  journal = {Journal of Cats \& Dogs},
  doi = {10.1/ab_c},
  eprint = {2301.00001},
  eprinttype = {arxiv},
  pmid = {29456894},
  acl = {2021.econlp-1.4},
  url = {https://x.org/a_b?c=1%20d},
  abstract = {We use C\# and a\_b {sic}, "quoted". It costs 5\%.},
  keywords = {LG, cs.AI},
}

@misc{anononly,
  title = {{Only an abstract, of some words.}},
  abstract = {Only an abstract, of some words.},
}
"""

RIS = """TY  - JOUR
TI  - On 100% of Cats & Dogs: an $\\alpha_1$-Study
AU  - Léo Gagnon
AU  - Ute O'Neil
AU  - et al.
PY  - 2023
DA  - 2023/05/04
T2  - Journal of Cats & Dogs
KW  - LG
KW  - cs.AI
AN  - 29456894
DB  - PubMed
DO  - 10.1/ab_c
UR  - https://x.org/a_b?c=1%20d
AB  - We use C# and a_b {sic}, "quoted". It costs 5%.
ID  - p0123456789ab
ER  - \n\
TY  - GEN
TI  - Only an abstract, of some words.
AB  - Only an abstract, of some words.
ID  - p2
ER  - \n"""

CSV = (
    "paper_id,title,authors,year,venue,categories,doi,arxiv,pmid,acl,url,abstract\r\n"
    "p0123456789ab,On 100% of Cats & Dogs: an $\\alpha_1$-Study,Léo Gagnon; Ute O'Neil; et al.,"
    "2023,Journal of Cats & Dogs,LG; cs.AI,10.1/ab_c,2301.00001,29456894,2021.econlp-1.4,"
    "https://x.org/a_b?c=1%20d,"
    '"We use C# and a_b {sic}, ""quoted"". It costs 5%."\r\n'
    'p2,,,,,,,,,,,"Only an abstract, of some words."\r\n'
)


@pytest.mark.parametrize(
    ("kind", "text"), [("bibtex", BIBTEX), ("ris", RIS.replace("\n", "\r\n")), ("csv", CSV)]
)
def test_golden_texts(kind: str, text: str) -> None:
    """A paper that states everything and one that states next to nothing, letter for letter."""
    assert export([FULL, BARE], kind) == text


def test_json_lines_keep_everything() -> None:
    """A JSON line holds every field of the paper, one line each, letters unescaped."""
    lines = export([FULL, BARE], "jsonl").splitlines()
    as_json = json.loads(json.dumps([asdict(FULL), asdict(BARE)]))
    assert [json.loads(line) for line in lines] == as_json
    assert "Léo Gagnon" in lines[0]


@pytest.mark.parametrize("kind", FORMATS)
def test_every_paper_of_the_seeds_is_exported(fake_index: Path, kind: str) -> None:
    """All 65 papers come out, in the order asked, in each format."""
    papers = papers_of(fake_index)[::-1]
    text = export(papers, kind)
    titles = {
        "bibtex": lambda: re.findall(r"^  title = ", text, re.MULTILINE),
        "ris": lambda: re.findall(r"^TI  - ", text, re.MULTILINE),
        "csv": lambda: list(csv.reader(io.StringIO(text, newline="")))[1:],
        "jsonl": text.splitlines,
    }[kind]()
    assert len(titles) == 65
    if kind == "csv":
        assert [row[0] for row in titles] == [p.paper_id for p in papers]


def test_nothing_to_export() -> None:
    """No papers make an empty list in each format; CSV keeps its heading."""
    assert export([], "ris") == export([], "jsonl") == ""
    assert export([], "csv").splitlines() == [CSV.splitlines()[0]]
    assert export([], "bibtex").strip() == ""


def test_an_unknown_format_is_refused() -> None:
    """A format that is not known is quoted with those that are."""
    with pytest.raises(ValueError, match=r"unknown format 'word'; .*bibtex, ris, csv, jsonl") as e:
        export([FULL], "word")
    assert isinstance(e.value, AbstractsError)
    assert FORMATS == ("bibtex", "ris", "csv", "jsonl")


# --- BibTeX -----------------------------------------------------------------------------------


def field(paper: Paper, name: str) -> str | None:
    """The value of a field of the paper's BibTeX entry, without its outer braces."""
    found = re.search(rf"^  {name} = {{(.*)}},$", export([paper], "bibtex"), re.MULTILINE)
    return found[1] if found else None


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("a & b % c # d _ e", r"a \& b \% c \# d \_ e"),
        (r"already \& done \%", r"already \& done \%"),
        (r"math $a_1 & b^2$ and $c_3$ stays_so", r"math $a_1 & b^2$ and $c_3$ stays\_so"),
        (r"\textbf{bold} and {B}races", r"\textbf{bold} and {B}races"),
        ("one { brace", r"one \textbraceleft{} brace"),
        ("one } brace", r"one \textbraceright{} brace"),
        ("} wrong way {round}", r"\textbraceright{} wrong way {round}"),
        (r"$x{$ and {y}", r"$x\lbrace{}$ and {y}"),
        (r"\{ and {y}", r"\textbraceleft{} and {y}"),
        ("Größe 漢字 é", "Größe 漢字 é"),
    ],
)
def test_what_tex_acts_on_is_escaped(text: str, tex: str) -> None:
    """Special characters are escaped once, formulas and paired braces kept, others named."""
    assert field(make_paper(abstract=text), "abstract") == tex


@pytest.mark.parametrize("character", list("&%#_$^~"))
def test_no_special_character_is_left_bare(character: str) -> None:
    """Each character that TeX acts on, alone outside of a formula, does not stand unescaped."""
    value = field(make_paper(abstract=f"it costs {character}5"), "abstract")
    assert value is not None
    assert not re.search(rf"(?<!\\){re.escape(character)}", value)


@pytest.mark.parametrize(
    ("venue", "entry", "name"),
    [
        ("Journal of Cats", "article", "journal"),
        ("International Conference on Cats", "inproceedings", "booktitle"),
        ("Proceedings of the Cats", "inproceedings", "booktitle"),
        ("NeurIPS Workshop on Cats", "inproceedings", "booktitle"),
        ("arXiv", "misc", "howpublished"),
        ("bioRxiv", "misc", "howpublished"),
        (None, "misc", None),
    ],
)
def test_kinds_of_entries(venue: str | None, entry: str, name: str | None) -> None:
    """The venue decides the kind of entry and the field that it stands in."""
    paper = make_paper(title="A title", venue=venue)
    assert export([paper], "bibtex").startswith(f"@{entry}{{")
    if name:
        assert field(paper, name) == venue


@pytest.mark.parametrize(
    ("values", "key"),
    [
        (
            {"title": "On the Origin", "authors": ("Charles Darwin",), "year": 1859},
            "darwin1859origin",
        ),
        ({"title": "Über Öl", "authors": ("Jörg Müller-Lüdenscheidt",)}, "ludenscheidtuber"),
        ({"title": "A b c", "authors": ("Plato",), "year": 2000}, "plato2000"),
        ({"title": "On the Origin"}, "anonorigin"),
        ({"title": "{Origin} of %_#", "authors": ("O'Neil, J.}",)}, "jorigin"),
    ],
)
def test_citation_keys(values: dict[str, object], key: str) -> None:
    """A key is surname, year and first telling word, in plain small letters and digits."""
    assert export([make_paper(**values)], "bibtex").split("{", 1)[1].split(",", 1)[0] == key


def test_citation_keys_are_not_repeated() -> None:
    """Papers that would share a key are numbered from the second on."""
    text = export([BARE, BARE, FULL, BARE], "bibtex")
    assert re.findall(r"^@\w+\{(.*),$", text, re.MULTILINE) == [
        "anononly",
        "anononly-2",
        "gagnon2023cats",
        "anononly-3",
    ]


def test_an_author_with_and_stays_one_author() -> None:
    """A group whose name holds the word that separates authors is kept together by braces."""
    paper = make_paper(title="T", authors=("Cats and Dogs Consortium", "Ada Lovelace"))
    assert field(paper, "author") == "{Cats and Dogs Consortium} and Ada Lovelace"


texts = st.text(alphabet=st.sampled_from(list("ab{}$\\%&_#=,\"'\n é")), max_size=25)


@given(title=texts, abstract=texts, author=texts, venue=texts)
def test_braces_always_pair(title: str, abstract: str, author: str, venue: str) -> None:
    """Whatever a paper states, the braces of its entry pair, so the next entry is not swallowed."""
    paper = make_paper(title=title, abstract=abstract or "x", authors=(author,), venue=venue)
    depth = 0
    for character in export([paper, FULL], "bibtex").split("@article{gagnon2023cats")[0]:
        depth += (character == "{") - (character == "}")
        assert depth >= 0
    assert depth == 0


@pytest.mark.parametrize("name", ["doi", "url", "arxiv"])
def test_a_brace_in_an_identifier_harms_nothing(name: str) -> None:
    """An identifier with an unpaired brace does not unbalance the entry either."""
    text = export([make_paper(title="T", **{name: "https://x.org/{id"})], "bibtex")
    assert text.count("{") == text.count("}")


# --- RIS and CSV ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "lines"),
    [
        ({"arxiv": "2301.1"}, ["UR  - https://arxiv.org/abs/2301.1"]),
        ({"arxiv": "2301.1", "url": "http://x"}, ["UR  - http://x"]),
        ({"acl": "P19-1001"}, ["UR  - https://aclanthology.org/P19-1001/"]),
        ({"pmid": "123"}, ["AN  - 123", "DB  - PubMed"]),
        ({"date": "2024-10"}, ["DA  - 2024/10"]),
        ({"date": "--10-18"}, []),
        ({"year": 2024, "date": "2024"}, ["PY  - 2024", "DA  - 2024"]),
    ],
)
def test_ris_fields(values: dict[str, object], lines: list[str]) -> None:
    """An arXiv or ACL number serves where there is no address; a date without year is left out."""
    found = export([make_paper(title="T", **values)], "ris").split("\r\n")
    assert found == ["TY  - GEN", "TI  - T", *lines, "ID  - p1", "ER  - ", ""]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(start: str) -> None:
    """A cell that a spreadsheet would run as a formula is text, in every column of text."""
    text = f'{start}HYPERLINK("http://x";"y")'
    paper = make_paper(
        paper_id=text, title=text, authors=(text, "b"), venue=text, categories=(text,),
        abstract=text, doi=text, arxiv=text, pmid=text, acl=text, url=text,
    )  # fmt: skip
    (row,) = list(csv.reader(io.StringIO(export([paper], "csv"), newline="")))[1:]
    assert row == [f"'{text}", f"'{text}", f"'{text}; b", "", *[f"'{text}"] * 8]


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8"), min_size=1), min_size=1, max_size=4))
def test_csv_reads_back(values: list[str]) -> None:
    """Whatever the texts hold, the file reads back cell by cell."""
    papers = [make_paper(title=value, abstract=f"x{value}") for value in values]
    rows = list(csv.DictReader(io.StringIO(export(papers, "csv"), newline="")))
    assert [row["abstract"] for row in rows] == [f"x{value}" for value in values]
    assert [unguarded(row["title"]) for row in rows] == values
