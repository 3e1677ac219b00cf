"""Answers of Europe PMC, INSPIRE, DBLP and Zotero, in the shapes that they send."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.formats import recognised
from index.formats.entries import Entry, Unreadable
from index.formats.file import TextFile
from index.formats.json_lines import Json
from index.records import Paper

PMC = {
    "id": "30000001", "source": "MED", "pmid": "30000001", "pmcid": "PMC6000001",
    "doi": "10.1000/ants.1", "title": "Ants &amp; the <i>Acacia</i> that feeds them.",
    "authorString": "Bell A, van der Roy BC, Ants Consortium.",
    "authorList": {"author": [
        {"fullName": "Bell A", "firstName": "Ada", "lastName": "Bell", "initials": "A"},
        {"fullName": "van der Roy BC", "lastName": "van der Roy", "initials": "BC"},
        {"collectiveName": "Ants Consortium"},
    ]},
    "journalInfo": {"issue": "3", "yearOfPublication": 2018,
                    "journal": {"title": "Journal of Ants", "ISOAbbreviation": "J Ants"}},
    "pubYear": "2018", "firstPublicationDate": "2018-03-05",
    "abstractText": "<h4>Background</h4>Ants eat.<h4>Methods</h4>We looked.",
    "keywordList": {"keyword": ["Ants", "Mutualism"]}, "isOpenAccess": "Y", "citedByCount": 3,
}  # fmt: skip
PREPRINT = {
    "id": "PPR200001", "source": "PPR", "doi": "10.1101/2020.01.01.900001",
    "title": "Do ants vote?", "authorString": "Bell A, Roy BC.", "pubYear": "2020",
    "bookOrReportDetails": {"publisher": "bioRxiv", "yearOfPublication": 2020},
    "firstPublicationDate": "2020-01-01",
}  # fmt: skip
INSPIRE = {
    "id": "1700001", "created": "2018-10-01T00:00:00", "links": {},
    "metadata": {
        "control_number": 1700001, "document_type": ["article"],
        "titles": [{"title": "Bounds on $\\alpha_s$", "subtitle": "a review", "source": "APS"},
                   {"title": "Bounds on alpha", "source": "arXiv"}],
        "abstracts": [{"source": "APS", "value": " "},
                      {"source": "Springer", "value": "We bound <math><mi>x</mi></math>."},
                      {"source": "arXiv", "value": "Another text."}],
        "authors": [{"full_name": "Bell, Ada", "ids": []}, {"full_name": "Roy, B.C."},
                    {"full_name": "Dole, Cy", "inspire_roles": ["supervisor"]}],
        "author_count": 900,
        "arxiv_eprints": [{"value": "1810.00001", "categories": ["hep-ph", "hep-th"]}],
        "dois": [{"value": "10.1103/PhysRevD.99.1", "source": "APS"}],
        "publication_info": [{"year": 2019, "journal_title": "Phys.Rev.D", "journal_volume": "99"}],
        "earliest_date": "2018-10-01", "inspire_categories": [{"term": "Phenomenology-HEP"}],
    },
}  # fmt: skip
DBLP = {
    "@score": "3", "@id": "42", "url": "URL#42",
    "info": {
        "authors": {"author": [{"@pid": "1/2", "text": "Ada Bell 0001"},
                               {"@pid": "1/3", "text": "J&ouml;rg Roy"}]},
        "title": "Ants &amp; Bees: On Sorting.", "venue": ["ICAS", "LNCS"], "pages": "1-9",
        "year": "2021", "type": "Conference and Workshop Papers", "key": "conf/icas/BellR21",
        "doi": "10.1007/978-3-030-00001-1_1", "ee": "https://doi.org/10.1007/978-3-030-00001-1_1",
        "url": "https://dblp.org/rec/conf/icas/BellR21",
    },
}  # fmt: skip
CORR = {
    "@score": "1", "@id": "43", "url": "URL#43",
    "info": {"authors": {"author": {"@pid": "1/2", "text": "Ada Bell"}}, "title": "On U.S.A.",
             "venue": "CoRR", "volume": "abs/2101.00001", "year": "2021",
             "ee": ["https://arxiv.org/abs/2101.00001"], "type": "Informal Publications"},
}  # fmt: skip
ZOTERO = {
    "key": "ABCD2345", "version": 12, "library": {"type": "user", "id": 1}, "links": {}, "meta": {},
    "data": {
        "key": "ABCD2345", "version": 12, "itemType": "journalArticle", "title": "On <i>ants</i>",
        "creators": [{"creatorType": "author", "firstName": "Ada", "lastName": "Bell"},
                     {"creatorType": "author", "name": "Ants Consortium"},
                     {"creatorType": "editor", "firstName": "Cy", "lastName": "Dole"}],
        "abstractNote": "Ants eat.", "publicationTitle": "Journal of Ants", "date": "March 5, 2018",
        "DOI": "", "url": "https://x.org/ants", "tags": [{"tag": "Ants"}, {"tag": "x", "type": 1}],
        "extra": "PMID: 30000001\nDOI: 10.1000/ants.1\narXiv: 1803.00001 [q-bio]",
    },
}  # fmt: skip
ATTACHMENT = {"key": "A", "version": 1,
              "data": {"key": "A", "itemType": "attachment", "title": "Full Text PDF"}}  # fmt: skip
ANSWERS = {
    "Europe PMC": ({"version": "6.9", "hitCount": 2, "request": {"queryString": "ants"},
                    "resultList": {"result": [PMC, PREPRINT]}}, 2),
    "INSPIRE": ({"hits": {"hits": [INSPIRE, INSPIRE], "total": 2}, "links": {"self": "x"}}, 2),
    "DBLP": ({"result": {"query": "ants", "status": {"@code": "200"}, "time": {"text": "1.0"},
                         "completions": {"@total": "1", "c": {"text": "ants"}},
                         "hits": {"@total": "2", "hit": [DBLP, CORR]}}}, 2),
    "Zotero": ([ZOTERO, ATTACHMENT], 1),
}  # fmt: skip


def read(value: object, indent: int | None = None) -> list[Entry | Unreadable]:
    file = TextFile.of("answer.json", json.dumps(value, indent=indent).encode())
    assert isinstance(recognised(file), Json)
    return list(Json().read(file))


def paper(record: object) -> Paper:
    """The paper of one record."""
    (entry,) = read(record)
    assert isinstance(entry, Entry), entry
    return entry.paper


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("service", ANSWERS)
def test_an_answer_holds_its_records(service: str, indent: int | None) -> None:
    """As many papers as it has, each on lines of its own where it is printed on several."""
    answer, count = ANSWERS[service]
    found = [item for item in read(answer, indent) if isinstance(item, Entry)]
    assert len(found) == count
    assert all(item.paper.title for item in found)
    if indent:
        spans = [(item.line, item.line_end) for item in found]
        assert all(begin < end for begin, end in spans)
        assert spans == sorted(spans)
        assert len({begin for begin, _ in spans}) == count


def test_europe_pmc() -> None:
    """Tags, entities and the full stop of a title go; first names count where they are stated."""
    found = paper(PMC)
    assert found.title == "Ants & the Acacia that feeds them"
    assert found.authors == ("Ada Bell", "BC van der Roy", "Ants Consortium")
    assert (found.year, found.date, found.venue) == (2018, "2018-03-05", "Journal of Ants")
    assert found.abstract == "Background Ants eat. Methods We looked."
    assert found.categories == ("Ants", "Mutualism")
    assert (found.doi, found.pmid) == ("10.1000/ants.1", "30000001")
    assert found.url == "https://pubmed.ncbi.nlm.nih.gov/30000001/"


def test_a_preprint_of_europe_pmc() -> None:
    """Its venue is its server; a lite record has short names alone."""
    found = paper(PREPRINT)
    assert (found.title, found.venue, found.pmid) == ("Do ants vote?", "bioRxiv", None)
    assert found.authors == ("A Bell", "BC Roy")
    assert found.url == "https://europepmc.org/article/PPR/PPR200001"


def test_inspire() -> None:
    """The first title and abstract that have a text; supervisors are no authors."""
    found = paper(INSPIRE)
    assert found.title == "Bounds on $\\alpha_s$: a review"
    assert found.abstract == "We bound x."
    assert (found.authors, found.authors_truncated) == (("Ada Bell", "B.C. Roy"), True)
    assert (found.year, found.date, found.venue) == (2018, "2018-10-01", "Phys.Rev.D")
    assert (found.arxiv, found.doi) == ("1810.00001", "10.1103/PhysRevD.99.1")
    assert found.categories == ("hep-ph", "hep-th")
    assert found.url == "https://inspirehep.net/literature/1700001"


def test_inspire_of_a_collaboration() -> None:
    """Its name stands for the authors where there are none."""
    metadata = {"titles": [{"title": "T"}], "collaborations": [{"value": "ANTS"}], "authors": []}
    assert paper({"metadata": metadata}).authors == ("ANTS",)


def test_dblp() -> None:
    """No numbers of namesakes, no entities, no full stop; of several venues the first."""
    found = paper(DBLP)
    assert found.title == "Ants & Bees: On Sorting"
    assert found.authors == ("Ada Bell", "Jörg Roy")
    assert (found.year, found.venue) == (2021, "ICAS")
    assert found.doi == "10.1007/978-3-030-00001-1_1"


def test_one_author_of_dblp_is_no_list() -> None:
    """Nor is an arXiv number stated as one: it is the volume. A short word keeps its full stop."""
    found = paper(CORR)
    assert (found.title, found.authors, found.arxiv) == ("On U.S.A.", ("Ada Bell",), "2101.00001")


def test_zotero() -> None:
    """Editors are no authors; numbers are found in "Extra"."""
    found = paper(ZOTERO)
    assert (found.title, found.abstract) == ("On ants", "Ants eat.")
    assert found.authors == ("Ada Bell", "Ants Consortium")
    assert (found.year, found.venue) == (2018, "Journal of Ants")
    assert found.categories == ("Ants", "x")
    assert (found.doi, found.arxiv) == ("10.1000/ants.1", "1803.00001")
    assert (found.pmid, found.url) == ("30000001", "https://x.org/ants")


@pytest.mark.parametrize("kind", ["attachment", "note", "annotation"])
def test_what_hangs_on_an_item_of_zotero_is_no_paper(kind: str) -> None:
    """The file of a paper has a title too, as have notes."""
    (told,) = read([{"key": "A", "data": {"itemType": kind, "title": "Full Text PDF"}}])
    assert isinstance(told, Unreadable)
    assert f"of the kind '{kind}', not a paper" in told.why


@pytest.mark.parametrize(
    "record",
    [
        {k: v for k, v in PMC.items() if k not in ("title", "doi", "pmid", "id", "abstractText")},
        {"id": "1", "metadata": {"titles": [], "authors": [{"full_name": "Bell, A"}]}},
        {"@id": "1", "info": {"year": "2021", "authors": {"author": {"text": "A"}}}},
        {"key": "A", "data": {"itemType": "book", "title": "", "creators": []}},
    ],
)
def test_a_record_without_a_title_is_told(record: object) -> None:
    """And the next one is read."""
    found = list(Json().read(TextFile.of("a", json.dumps([record, DBLP]).encode())))
    assert [isinstance(item, Unreadable) for item in found] == [True, False]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["text", "author", "value", "title"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([PMC, INSPIRE["metadata"], DBLP["info"], ZOTERO["data"]]), st.data())
def test_no_value_breaks_a_reader(record: dict[str, object], data: st.DataObject) -> None:
    """Whatever stands under the keys of a service, something is told and nothing raised."""
    changed = {k: data.draw(VALUES) if data.draw(st.booleans()) else v for k, v in record.items()}
    whole = {"info": changed} if record is DBLP["info"] else changed
    text = json.dumps([whole])
    assert list(Json().read(TextFile.of("a", text.encode())))
