"""JSON of each service is read record by record, at any size, and what is broken is told."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import SourceError
from index.formats import json_window
from index.formats.entries import Entry, Unreadable
from index.formats.file import TextFile
from index.formats.json_lines import Json
from index.formats.json_text import clean, in_order, names_of
from index.formats.json_values import json_values
from index.records import Paper


def read(*records: object) -> list[Entry | Unreadable]:
    """What the reader makes of records, one a line."""
    lines = "".join(json.dumps(record) + "\n" for record in records)
    return list(Json().read(TextFile.of("x.jsonl", lines.encode())))


def read_json(text: str) -> Iterator[Entry | Unreadable]:
    """What the reader makes of a text."""
    return Json().read(TextFile.of("JSON", text.encode()))


def paper(record: object) -> Paper:
    """The paper of one record."""
    (entry,) = read(record)
    assert isinstance(entry, Entry)
    return entry.paper


def shown(found: Iterator[Entry | Unreadable] | list[Entry | Unreadable]) -> list[object]:
    """(first line, last line, title) of each entry, (line, quote, why) of what is unreadable."""
    return [
        (f.line, f.line_end, f.paper.title) if isinstance(f, Entry) else (f.line, f.quote, f.why)
        for f in found
    ]


ARXIV = {
    "id": "1204.3456",
    "submitter": "Ada Bell",
    "authors": 'Ada Bell, J\\"org M\\"uller and Cy Dole Jr. (Ants Institute)',
    "title": "Bounds on $\\alpha_s$ from\n  Erd\\H{o}s graphs",
    "comments": "12 pages",
    "journal-ref": "Phys.Rev.D76:013009,2013",
    "doi": "10.1103/PhysRevD.76.013009",
    "categories": "hep-ph math.CO",
    "license": None,
    "abstract": "  We bound $x<y$ and\n$z>w$ by {\\em new} means,\nat 5\\% cost.\n",
    "versions": [
        {"version": "v1", "created": "Mon, 2 Apr 2012 19:18:42 GMT"},
        {"version": "v2", "created": "Tue, 24 Jul 2013 20:10:27 GMT"},
    ],
    "update_date": "2014-11-26",
    "authors_parsed": [
        ["Bell", "Ada", ""],
        ['M\\"uller', 'J\\"org', ""],
        ["Dole", "Cy", "Jr.", "Ants Institute"],
    ],
}
OPENALEX = {
    "id": "https://openalex.org/W2741809807",
    "doi": "https://doi.org/10.7717/peerj.4375",
    "title": "The state of <i>Ants</i>",
    "display_name": "The state of <i>Ants</i>",
    "publication_year": 2018,
    "publication_date": "2018-02-13",
    "ids": {"pmid": "https://pubmed.ncbi.nlm.nih.gov/29456894"},
    "primary_location": {
        "landing_page_url": "https://doi.org/10.7717/peerj.4375",
        "source": {"display_name": "PeerJ", "type": "journal"},
    },
    "locations": [{"landing_page_url": "http://arxiv.org/abs/1802.00001v2", "source": None}],
    "authorships": [
        {"author_position": "first", "author": {"display_name": "Ada Bell"}},
        {"author": {"display_name": None}, "raw_author_name": "Dole, Cy"},
    ],
    "is_authors_truncated": True,
    "topics": [{"display_name": "Myrmecology", "score": 0.9}],
    "concepts": [{"display_name": "Ant", "score": 0.8}, {"display_name": "Sky", "score": 0.0}],
    "abstract_inverted_index": {"Ants": [0, 3], "outnumber": [1], "us.": [2], "win.": [5]},
}
SCHOLAR = {
    "paperId": "649def34f8be52c8b66281af98ae884c09aef38b",
    "externalIds": {"DOI": "10.18653/V1/N18-3011", "ArXiv": "1805.02262", "ACL": "N18-3011",
                    "PubMed": "123", "CorpusId": 19170988},
    "url": "https://www.semanticscholar.org/paper/649def34",
    "title": "Construction of the Ant Graph",
    "abstract": "We describe ants &amp; bees.",
    "venue": "North American Chapter of Ants",
    "year": 2018,
    "publicationDate": "2018-05-06",
    "fieldsOfStudy": ["Computer Science"],
    "s2FieldsOfStudy": [{"category": "Computer Science", "source": "external"},
                        {"category": "Computer Science", "source": "s2"},
                        {"category": "Biology", "source": "s2"}],
    "authors": [{"authorId": "1", "name": "Ada Bell"}, {"authorId": None, "name": "Cy Dole"}],
}  # fmt: skip
CROSSREF = {
    "DOI": "10.1016/j.ants.2020.01.001",
    "URL": "http://dx.doi.org/10.1016/j.ants.2020.01.001",
    "type": "journal-article",
    "title": ["Ants at work"],
    "subtitle": ["A field study"],
    "author": [
        {"given": "Ludwig", "family": "van Ameise", "sequence": "first", "affiliation": []},
        {"name": "The Ant Consortium", "sequence": "additional"},
    ],
    "container-title": ["Journal of Ants"],
    "short-container-title": ["J. Ants"],
    "subject": ["Ecology"],
    "issued": {"date-parts": [[None]]},
    "published-print": {"date-parts": [[2020, 3]]},
    "abstract": "<jats:title>Abstract</jats:title>\n<jats:p>CO<jats:sub>2</jats:sub> and ants."
    "</jats:p>",
}
CSL = {
    "id": "bell2019",
    "type": "article-journal",
    "title": "Ants",
    "author": [
        {"family": "Beethoven", "given": "Ludwig", "non-dropping-particle": "van"},
        {"literal": "Ants Inc"},
    ],
    "issued": {"date-parts": [["2019", "7", "4"]]},
    "container-title": "J. Ants",
    "DOI": "10.1/x",
    "URL": "https://ants.org/1",
    "PMID": "77",
    "keyword": "ants, bees",
    "note": "mine",
}
BEIR = {
    "_id": "4983",
    "title": "Ants of the brain",
    "text": "Alterations of\nthe ants.",
    "metadata": {"url": "https://doi.org/10.1/y", "pubmed_id": "5", "authors": ["Bell, Ada"],
                 "year": 2008},
}  # fmt: skip
PLAIN = {
    "Title": "Plain ants",
    "abstract": "An <b>abstract</b>.",
    "authors": "Ada Bell, Cy Dole et al.",
    "year": 2011.0,
    "journal": "J. Ants",
    "keywords": "ants; bees",
    "pmid": 99,
}


def test_arxiv() -> None:
    """A line of the snapshot: date of v1, accents as letters, formulas and categories kept."""
    found = paper(ARXIV)
    assert found.title == "Bounds on $\\alpha_s$ from Erdős graphs"
    assert found.abstract == "We bound $x<y$ and $z>w$ by new means, at 5% cost."
    assert found.authors == ("Ada Bell", "Jörg Müller", "Cy Dole Jr.")
    assert (found.date, found.year, found.arxiv) == ("2012-04-02", 2012, "1204.3456")
    assert (found.venue, found.categories) == ("Phys.Rev.D76:013009,2013", ("hep-ph", "math.CO"))
    assert found.doi == "10.1103/PhysRevD.76.013009"


@pytest.mark.parametrize(
    ("change", "date"),
    [
        (
            {"versions": [{"version": "v2", "created": "Tue, 24 Jul 2013 20:10:27 GMT"}]},
            "2013-07-24",
        ),
        ({"versions": [{"version": "v1", "created": "soon"}]}, "2012-04"),
        ({"versions": None, "id": "math/9904012"}, "1999-04"),
        ({"versions": 3, "id": None}, "2014-11-26"),
    ],
)
def test_arxiv_without_a_first_version(change: dict[str, object], date: str) -> None:
    """Then the first that is there, the month in the number or the last change tells the date."""
    assert paper(ARXIV | change).date == date


def test_arxiv_with_authors_in_one_text() -> None:
    """Without parsed names they are taken from the line of authors, without affiliations."""
    found = paper({key: ARXIV[key] for key in ARXIV if key != "authors_parsed"})
    assert found.authors == ("Ada Bell", "Jörg Müller", "Cy Dole Jr.")


def test_openalex() -> None:
    """The abstract comes into order over a gap; arXiv number, topics and venue are found."""
    found = paper(OPENALEX)
    assert (found.title, found.abstract) == ("The state of Ants", "Ants outnumber us. Ants win.")
    assert (found.authors, found.authors_truncated) == (("Ada Bell", "Dole, Cy"), True)
    assert (found.date, found.year, found.venue) == ("2018-02-13", 2018, "PeerJ")
    assert (found.doi, found.arxiv) == ("10.7717/peerj.4375", "1802.00001")
    assert found.categories == ("Myrmecology",)
    assert found.url == "https://doi.org/10.7717/peerj.4375"


def test_openalex_of_old() -> None:
    """Concepts that were counted, the host venue and the PubMed number serve where others lack."""
    record = OPENALEX | {"topics": [], "primary_location": None, "locations": None}
    found = paper(record | {"host_venue": {"display_name": "PeerJ"}})
    assert (found.categories, found.venue) == (("Ant",), "PeerJ")
    assert found.url == "https://pubmed.ncbi.nlm.nih.gov/29456894/"


def test_semantic_scholar() -> None:
    """All identifiers, fields once each, and the address that the ACL number stands for."""
    found = paper(SCHOLAR)
    assert (found.title, found.abstract) == (
        "Construction of the Ant Graph",
        "We describe ants & bees.",
    )
    assert (found.doi, found.arxiv) == ("10.18653/V1/N18-3011", "1805.02262")
    assert found.url == "https://aclanthology.org/N18-3011/"
    assert (found.authors, found.date) == (("Ada Bell", "Cy Dole"), "2018-05-06")
    assert found.categories == ("Computer Science", "Biology")
    assert found.venue == "North American Chapter of Ants"


def test_data_sets_of_semantic_scholar() -> None:
    """Their keys are in small letters, dates and addresses may be missing."""
    found = paper(
        {
            "corpusid": 7,
            "externalids": {"PubMed": "123", "DOI": None},
            "title": "T",
            "publicationdate": None,
            "year": 1999,
            "venue": "",
            "journal": {"name": "J. Ants", "pages": "1-2"},
            "s2fieldsofstudy": None,
        }
    )
    assert (found.year, found.date, found.venue, found.doi) == (1999, None, "J. Ants", None)
    assert found.url == "https://pubmed.ncbi.nlm.nih.gov/123/"


def test_crossref() -> None:
    """Lists are opened, JATS becomes text, and a date is found where `issued` has none."""
    found = paper(CROSSREF)
    assert found.title == "Ants at work: A field study"
    assert found.authors == ("Ludwig van Ameise", "The Ant Consortium")
    assert (found.date, found.year, found.venue) == ("2020-03", 2020, "Journal of Ants")
    assert (found.abstract, found.categories) == ("CO_2 and ants.", ("Ecology",))
    assert found.doi == "10.1016/j.ants.2020.01.001"


def test_csl() -> None:
    """Particles stand before the family name, dates may be text, a note is kept."""
    (entry,) = read(CSL)
    assert isinstance(entry, Entry)
    found = entry.paper
    assert found.authors == ("Ludwig van Beethoven", "Ants Inc")
    assert (found.date, found.doi, found.url) == ("2019-07-04", "10.1/x", "https://ants.org/1")
    assert (found.venue, found.categories, entry.note) == ("J. Ants", ("ants", "bees"), "mine")


def test_beir() -> None:
    """Text is the abstract; metadata adds what it states."""
    found = paper(BEIR)
    assert (found.title, found.abstract) == ("Ants of the brain", "Alterations of the ants.")
    assert (found.authors, found.year, found.doi) == (("Ada Bell",), 2008, "10.1/y")


@pytest.mark.parametrize("title", ["", None])
def test_beir_without_title(title: str | None) -> None:
    """A document whose title is empty has none, and its text is read."""
    found = paper({"_id": "1", "text": "Only text.", "title": title})
    assert (found.title, found.abstract) == (None, "Only text.")


@pytest.mark.parametrize("more", [{}, {"metadata": {}}])
def test_beir_queries_are_no_papers(more: dict[str, object]) -> None:
    """`queries.jsonl`, which lies beside a corpus, states no titles and gives no paper."""
    (found,) = read({"_id": "1", "text": "What do ants do?"} | more)
    assert isinstance(found, Unreadable)
    assert (found.line, found.why[:20]) == (1, "it states no title, ")


def test_plain() -> None:
    """Plain records go by common names, in capitals or not; numbers may be floats."""
    found = paper(PLAIN)
    assert (found.title, found.abstract) == ("Plain ants", "An abstract.")
    assert (found.authors, found.authors_truncated) == (("Ada Bell", "Cy Dole"), True)
    assert (found.year, found.venue, found.categories) == (2011, "J. Ants", ("ants", "bees"))
    assert found.url == "https://pubmed.ncbi.nlm.nih.gov/99/"


def test_services_in_one_file() -> None:
    """Each record is recognised by itself."""
    titles = [f.paper.title for f in read(ARXIV, OPENALEX, SCHOLAR, CROSSREF, CSL, BEIR, PLAIN)]  # type: ignore[union-attr]
    assert titles == [
        "Bounds on $\\alpha_s$ from Erdős graphs",
        "The state of Ants",
        "Construction of the Ant Graph",
        "Ants at work: A field study",
        "Ants",
        "Ants of the brain",
        "Plain ants",
    ]


def test_ours_comes_back_letter_for_letter() -> None:
    """What looks like markup in a record of ours is text; what only ours state is kept."""
    record = {
        "paper_id": "p0123456789ab", "title": "<b>A</b> &amp; \\\"o", "other_titles": ["B &lt;"],
        "authors": ["Bell, Ada"], "year": 2001, "date": "2001-05-04", "abstract": "x <y and z> w",
        "abstract_truncated": True, "categories": ["a, b"],
    }  # fmt: skip
    found = paper(record)
    assert (found.paper_id, found.title) == ("p0123456789ab", '<b>A</b> &amp; \\"o')
    assert (found.other_titles, found.authors) == (("B &lt;",), ("Bell, Ada",))
    assert (found.year, found.date, found.abstract_truncated) == (2001, "2001-05-04", True)
    assert (found.abstract, found.categories) == ("x <y and z> w", ("a, b",))


# --- The shapes of files ----------------------------------------------------------------------

WRAPPED = [
    {"items": [CSL, PLAIN]},
    {"meta": {"count": 2}, "results": [CSL, PLAIN], "group_by": []},
    {"total": 2, "offset": 0, "data": [CSL, PLAIN]},
    {"status": "ok", "message": {"facets": {}, "total-results": 2, "items": [CSL, PLAIN]}},
    {"references": [CSL, PLAIN]},
    [CSL, PLAIN],
    [{"results": [CSL]}, {"results": [PLAIN]}],
]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("document", WRAPPED)
def test_documents(document: object, indent: int | None) -> None:
    """Arrays and the objects that services put around records are opened, in one line or many."""
    text = json.dumps(document, indent=indent)
    found = list(read_json(text))
    assert [f.paper.title for f in found] == ["Ants", "Plain ants"]  # type: ignore[union-attr]
    lines = text.split("\n")
    if indent:
        for entry, title in zip(found, ('"title": "Ants"', '"Title": "Plain ants"'), strict=True):
            assert isinstance(entry, Entry)
            assert title in "\n".join(lines[entry.line - 1 : entry.line_end])
            assert lines[entry.line - 1].strip().endswith("{")
            assert lines[entry.line_end - 1].strip().startswith("}")


def test_one_work_of_crossref() -> None:
    """The answer about a single work holds it as the message."""
    assert paper({"status": "ok", "message": CROSSREF}).venue == "Journal of Ants"


def test_references_of_a_paper_are_no_records() -> None:
    """A list inside of a record that has a title is left alone."""
    assert paper({"references": [CSL], "title": "Citing"}).title == "Citing"


def test_pretty_records_after_each_other() -> None:
    """Records over many lines need no array around them; lines count on."""
    text = "".join(json.dumps({"title": title, "year": 2001}, indent=2) + "\n" for title in "AB")
    assert shown(read_json(text)) == [(1, 4, "A"), (5, 8, "B")]


def test_lines_with_commas_and_blanks() -> None:
    """Commas at the ends of lines, blank lines and a byte order mark do no harm."""
    text = '\ufeff\n{"title": "A"},\r\n\n  {"title": "B"}  '
    assert shown(read_json(text)) == [(2, 2, "A"), (4, 4, "B")]


def test_an_array_is_streamed() -> None:
    """Of an array, no more is taken from the file than the window is wide."""
    taken = 0

    def lines() -> Iterator[str]:
        nonlocal taken
        yield "[\n"
        for number in range(10_000):
            taken += 1
            yield json.dumps({"title": f"T{number}", "abstract": "x" * 100}) + ",\n"
        yield '{"title": "last"}]'

    found = json_values(lines(), "x")
    first = next(found)
    assert (first.line, taken < 1000) == (2, True)
    *_, last = found
    assert last.line == 10_002


@pytest.mark.parametrize("garbage", ['{"a": [\n', '{"a": oops}\n', '"\n', "Dear all\n"])
def test_garbage_does_not_draw_the_file_into_memory(garbage: str) -> None:
    """A line that leaves something open is told before more than a window is read."""
    taken = 0

    def lines() -> Iterator[str]:
        nonlocal taken
        yield garbage
        for number in range(5_000):
            taken += 1
            yield json.dumps({"title": f"T{number}", "abstract": "x" * 100}) + "\n"

    found = json_values(lines(), "x")
    assert isinstance(next(found), Unreadable)
    assert (next(found).line, taken < 1000) == (2, True)


def test_a_record_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """One record that would not fit into memory ends the reading, with file and line."""
    monkeypatch.setattr(json_window, "LARGEST_TEXT", 100_000)
    text = '{"title": "A"}\n{"title": [\n' + '"x",\n' * 50_000
    with pytest.raises(SourceError, match=r"x\.json:2: one record of more than 100,000"):
        list(Json().read(TextFile.of("x.json", text.encode())))


# --- What is broken ---------------------------------------------------------------------------


def test_a_truncated_last_line() -> None:
    """It is told with its line; what is before it is read."""
    text = '{"title": "A"}\n{"title": "B", "abstract": "and th'
    assert shown(read_json(text)) == [
        (1, 1, "A"),
        (2, '{"title": "B", "abstract": "and th', "not JSON: Unterminated string starting at"),
    ]


@pytest.mark.parametrize("garbage", ["Dear all", '{"title": ', '{"a": [', '{"a": oops}', "}", '"'])
def test_a_line_of_garbage(garbage: str) -> None:
    """It is told, and the line after it is read, whatever it leaves open."""
    before, bad, after, last = read_json(
        f'{{"title": "A"}}\n{garbage}\n{{"title": "B"}}\n{{"title": "C"}}\n'
    )
    assert shown([before, after, last]) == [(1, 1, "A"), (3, 3, "B"), (4, 4, "C")]
    assert isinstance(bad, Unreadable)
    assert (bad.line, bad.quote) == (2, garbage.strip())
    assert bad.why.startswith("not JSON: ")


def test_a_broken_record_of_many_lines() -> None:
    """All of its lines are passed over, and it is said which."""
    text = '{\n "title": "A",\n "year": oops,\n "x": {}\n}\n{"title": "B"}\n'
    assert shown(read_json(text)) == [
        (
            1,
            '{ "title": "A", "year": oops, "x": {} }',
            "not JSON: Expecting value in line 3; lines 1 to 5 were not read",
        ),
        (6, 6, "B"),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[{"title": "A"},\n{"title": "B"},\n{"tit', (3, '{"tit')),
        ('[{"title": "A"},\n{"title": "B"},\n', (3, "[")),
        ('{"items": [{"title": "A"},\n{"title": "B"},\n{"tit', (3, '{"tit')),
        ('{"message": {"items": [{"title": "A"},\n{"title": "B"}\n', (3, "")),
    ],
)
def test_a_document_that_breaks_in_the_middle(text: str, told: tuple[int, str]) -> None:
    """What stands before the break is read, and the break is told with its line."""
    first, second, broken = read_json(text)
    assert shown([first, second]) == [(1, 1, "A"), (2, 2, "B")]
    assert isinstance(broken, Unreadable)
    assert (broken.line, broken.quote) == told


def test_nesting_too_deep() -> None:
    """It is told; the record after it is read."""
    deep = '{"title": ' + "[" * 200_000 + "]" * 200_000 + "}"
    bad, good = read_json(f'{deep}\n{{"title": "A"}}\n')
    assert isinstance(bad, Unreadable)
    assert (bad.line, bad.why) == (1, "not JSON: nested too deeply")
    assert shown([good]) == [(2, 2, "A")]


def test_a_number_too_long() -> None:
    """A number that Python does not read is told; the record after it is read."""
    bad, good = read_json('{"title": ' + "1" * 5000 + '}\n{"title": "A"}\n')
    assert isinstance(bad, Unreadable)
    assert bad.why.startswith("not JSON: Exceeds the limit (4300 digits)")
    assert shown([good]) == [(2, 2, "A")]


@pytest.mark.parametrize("record", [ARXIV, OPENALEX, SCHOLAR, CROSSREF, CSL, BEIR, PLAIN])
@pytest.mark.parametrize("value", [None, [], {}, "", [None], float("nan"), [[[[[]]]]], True])
def test_nothing_where_something_is_expected(record: dict[str, object], value: object) -> None:
    """A record of each service that states nothing at all is told with its keys."""
    (bad,) = read(dict.fromkeys(record, value))
    assert isinstance(bad, Unreadable)
    first = next(iter(record))
    assert bad.why.startswith(
        f"it states no title, abstract, DOI or arXiv number; its keys are '{first}'"
    )


def test_numbers_where_text_is_expected() -> None:
    """A number is taken as its digits; NaN, which pandas writes for nothing, is nothing."""
    record = {"title": 1984, "abstract": float("nan"), "authors": [7, None], "venue": 3.0}
    found = paper(record)
    assert (found.title, found.abstract, found.authors, found.venue) == ("1984", None, ("7",), "3")


def test_keys_that_are_there_twice() -> None:
    """The last one counts; of keys that differ in capitals, the one that says something."""
    (entry,) = read_json('{"title": "A", "title": "B", "doi": null, "DOI": "10.1/x"}')
    assert isinstance(entry, Entry)
    assert (entry.paper.title, entry.paper.doi) == ("B", "10.1/x")


def test_half_a_letter() -> None:
    """A lone surrogate can be written in JSON and stored nowhere; it is left out."""
    (entry,) = read_json('{"title": "A\\ud800B", "note": "n\\udfff"}')
    assert isinstance(entry, Entry)
    assert (entry.paper.title, entry.note) == ("AB", "n?")


# --- Any text, any value ----------------------------------------------------------------------

KEYS = st.sampled_from([*{**ARXIV, **OPENALEX, **SCHOLAR, **CROSSREF, **CSL, **BEIR, **PLAIN},
                        "paper_id", "items", "message", "data", "date-parts", "name"])  # fmt: skip
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["p0123456789ab", "1204.3456", "10.1/x", "{\\'e", "<p>", "$a"])
)  # fmt: skip
VALUES = st.recursive(
    LEAVES, lambda v: st.lists(v, max_size=3) | st.dictionaries(KEYS | st.text(), v, max_size=6)
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=8) | VALUES)
def test_no_value_breaks_the_reader(value: object) -> None:
    """Whatever JSON stands in a line, it is read or told, and the next line is read."""
    *found, last = read(value, {"title": "Z"})
    assert shown([last]) == [(2, 2, "Z")]
    assert {f.line for f in found} <= {1}


@settings(max_examples=200, deadline=None)
@given(st.lists(VALUES, max_size=4), st.integers(0, 400), st.sampled_from([None, 1]))
def test_a_file_cut_off_anywhere(values: list[object], cut: int, indent: int | None) -> None:
    """A document that ends anywhere is read without an error, with lines that it has."""
    text = json.dumps(values, indent=indent)[:cut]
    for found in Json().read(TextFile.of("x", text.encode())):
        assert 1 <= found.line <= text.count("\n") + 1


@given(st.lists(st.text(alphabet="abcé.,", min_size=1, max_size=4), max_size=30), st.randoms())
def test_an_inverted_index_comes_back(words: list[str], random: object) -> None:
    """The text of an inverted index is the text that it was made of, in any order of its words."""
    index: dict[str, list[int]] = {}
    for place, word in enumerate(words):
        index.setdefault(word, []).append(place)
    pairs = list(index.items())
    random.shuffle(pairs)  # type: ignore[attr-defined]
    assert in_order(dict(pairs)) == " ".join(words)
    assert in_order(json.dumps(dict(pairs))) == " ".join(words)


@pytest.mark.parametrize(
    ("index", "text"),
    [
        ({"b": [7], "a": [2]}, "a b"),
        ({"a": [0], "b": [-1, True, None, "1"], "c": 3}, "a"),
        ({"a": [0], "b": [0], "c": [float("nan"), 1.0]}, "a b c"),
        ({"IndexLength": 2, "InvertedIndex": {"b": [1], "a": [0]}}, "a b"),
        ("not JSON", ""),
        (None, ""),
        ([1], ""),
    ],
)
def test_an_inverted_index_that_is_wrong(index: object, text: str) -> None:
    """Gaps close, what is no position is passed over, words at one place follow each other."""
    assert in_order(index) == text


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"G\"{o}del, {\'E}tale, Erd\H os, \o re, \ss", "Gödel, Étale, Erdős, øre, ß"),
        (r"\emph{new} {\it old} \textbf{x}", "new old x"),
        (r"$\emph{x}$ at \$5, 5\% \& ~10", r"$\emph{x}$ at $5, 5% & ~10"),
        (r"a \\ b", "a b"),
        (r"\alpha \unknown{x}", r"\alpha \unknown{x}"),
        ("p < 0.05 and q > 1 &lt; 2", "p < 0.05 and q > 1 < 2"),
    ],
)
def test_simple_latex(tex: str, text: str) -> None:
    """Accents and commands that set type go, formulas and what is not known stay."""
    assert clean(tex) == text


def test_names_in_one_text_or_many() -> None:
    """Names are put first name first; "others" is no name."""
    assert names_of("Bell, Ada; Dole, Cy") == (("Ada Bell", "Cy Dole"), False)
    assert names_of(["Bell, Ada", "et al."]) == (("Ada Bell",), True)
    assert names_of([{"first": "Ada", "last": "Bell", "suffix": ""}]) == (("Ada Bell",), False)


# --- Recognising ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "fits"),
    [
        *((json.dumps(r), True) for r in (ARXIV, OPENALEX, SCHOLAR, CROSSREF, CSL, BEIR)),
        (json.dumps([CSL], indent=2)[:90], True),
        (json.dumps({"message": {"items": [CROSSREF]}}), True),
        ('is cut off"}\n{"title": "A"}\n{"title": "B"}\n', True),
        ('{"name": "package", "version": "1.0"}', False),
        ('[{"id": 1}]', False),
        ("@article{a, title = {T}}", False),
        ('@article{a,\n title = "title": {x}}\n', False),
        ("TY  - JOUR\nTI  - T\n", False),
        ("title,doi\nA,10.1/x\n", False),
        ('{\\rtf1 "title": }', False),
        ('<html>\n<script>\n{"title": "A"}\n', False),
        ("[1] A. Bell. Ants. 2001.\n", False),
        ("PMID- 1\nTI  - A\n", False),
        ("", False),
    ],
)
def test_which_files_are_json(head: str, fits: bool) -> None:
    """JSON in which papers stand is claimed, other JSON and other formats are not."""
    assert Json().fits(head) is fits


def test_text_and_file_are_read_alike() -> None:
    """Both ways in give the same entries."""
    text = "\n".join(map(json.dumps, [ARXIV, CSL, BEIR])) + "\noops\n"
    file = TextFile("x", lambda: io.BytesIO(text.encode()))
    assert list(Json().read(file)) == list(read_json(text))
