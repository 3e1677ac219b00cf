"""PMIDs and ids of the ACL Anthology: how they are read, and what they say of two mentions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from index.build import build
from index.dedupe import group
from index.errors import SnapshotError
from index.evidence import compare, veto
from index.features import Background, Features
from index.formats import FORMATS
from index.formats.entries import Entry, make_entry
from index.formats.file import TextFile
from index.identifiers import acl_of, is_published_doi, pmid_of
from index.identity import by_id, content_ids, digest, with_ids
from index.manifest import FORMAT
from index.papers import merge_mentions
from index.records import Mention, Paper
from index.snapshot import Snapshot
from search.export import FORMATS as EXPORTS
from search.export import export
from search.importing import import_bytes
from search.library import Library
from tests.conftest import CAT, SAIL, CommandLine, edit_manifest, make_paper, papers_of
from tests.fakes import FakeEncoder

BACKGROUND = Background.load()
NETWORKS, MICE = "Stable Gradients in Recurrent Networks", "Replay Predicts the Path of a Mouse"
ADA = ("Ada Lovelace", "Alan Turing")
GRADIENTS = (
    "Recurrent networks are trained by gradient descent on long sequences, and the gradients that "
    "flow through them either vanish or explode with time. We show that a simple normalisation of "
    "the recurrent weights keeps them stable over a thousand steps."
)
REWRITTEN = (
    "Gradient descent trains recurrent networks on long sequences, yet gradients that pass through "
    "many steps vanish or explode. A simple normalisation of the recurrent weights is shown to "
    "keep gradients stable for a thousand steps, on speech and on text."
)
READERS: dict[str, Callable[..., Any]] = {reader.name: reader.read for reader in FORMATS}


def mention(title: str | None = None, abstract: str | None = None, **values: Any) -> Mention:
    return Mention("a.txt", 1, 2, title=title, abstract=abstract, authors=ADA, **values)


def rule(a: Mention, b: Mention) -> str | None:
    """The rule that joins the two, which must not depend on which comes first."""
    one, other = (Features(m, BACKGROUND) for m in (a, b))
    found, again = compare(one, other), compare(other, one)
    assert (found and found.rule) == (again and again.rule)
    return found.rule if found else None


def vetoed(a: Mention, b: Mention) -> str | None:
    return veto(Features(a, BACKGROUND), Features(b, BACKGROUND))


# Reading ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("29456894", "29456894"),
        ("PMID: 29456894", "29456894"),
        ("pmid:00123", "123"),
        ("https://pubmed.ncbi.nlm.nih.gov/29456894/", "29456894"),
        ("http://www.ncbi.nlm.nih.gov/pubmed/29456894", "29456894"),
        ("https://europepmc.org/abstract/MED/29456894", "29456894"),
        ("https://www.ncbi.nlm.nih.gov/pmc/articles/PMC5815332/", ""),
        ("https://pubmed.ncbi.nlm.nih.gov/?term=2020", ""),
        ("PMC5815332", ""),
        ("0", ""),
        ("12345678901", ""),
        ("", ""),
    ],
)
def test_pmids(text: str, number: str) -> None:
    """A PMID is read alone, named, or out of the address of a record, and of nothing else."""
    assert pmid_of(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2021.econlp-1.4", "2021.econlp-1.4"),
        ("P19-1001", "P19-1001"),
        ("https://aclanthology.org/2021.econlp-1.4/", "2021.econlp-1.4"),
        ("https://aclanthology.org/2020.acl-main.7.pdf", "2020.acl-main.7"),
        ("https://www.aclweb.org/anthology/P19-1001.pdf", "P19-1001"),
        ("http://aclweb.org/anthology/P/P14/P14-1001.pdf", "P14-1001"),
        ("https://doi.org/10.18653/v1/2020.acl-main.7", "2020.acl-main.7"),
        ("10.18653/V1/N18-3011", "N18-3011"),
        ("10.3115/v1/P14-1001", "P14-1001"),
        ("https://aclanthology.org/volumes/2020.acl-main/", ""),
        ("https://example.org/P19-1001", ""),
        ("10.1000/v1/P19-1001", ""),
        ("private", ""),
        ("", ""),
    ],
)
def test_acl_ids(text: str, number: str) -> None:
    """An ACL id is read alone, or out of an address or DOI of the Anthology, as printed."""
    assert acl_of(text) == number


def test_an_entry_finds_numbers_where_they_are_hidden() -> None:
    """In the address, in the DOI, and in the line that Zotero writes into a note."""
    pubmed = make_entry(1, title="T", url="https://pubmed.ncbi.nlm.nih.gov/123/").paper
    acl = make_entry(1, title="T", doi="10.18653/v1/P19-1001").paper
    noted = make_entry(1, title="T", note="PMID: 123\nPMCID: PMC9").paper
    said = make_entry(1, title="T", note="as PMID: 123 says").paper
    found = [(p.pmid, p.acl) for p in (pubmed, acl, noted, said)]
    assert found == [("123", None), (None, "P19-1001"), ("123", None), (None, None)]


PUBMED = """<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID Version="1">123</PMID>
<Article><ArticleTitle>Cats</ArticleTitle></Article></MedlineCitation></PubmedArticle>
</PubmedArticleSet>"""
ACL = """<collection id="2021.econlp"><volume id="1"><paper id="4"><title>Cats</title></paper>
</volume></collection>"""
RECORDS = [
    ("PubMed XML", PUBMED, ("123", None)),
    ("MEDLINE", "PMID- 123\nTI  - Cats\n", ("123", None)),
    ("ACL Anthology XML", ACL, (None, "2021.econlp-1.4")),
    ("JSON", '{"title": "Cats", "authorships": [], "ids": {"pmid": '
     '"https://pubmed.ncbi.nlm.nih.gov/123"}, "id": "W1"}', ("123", None)),
    ("JSON", '{"paperId": "x", "title": "Cats", "externalIds": {"PubMed": "123", '
     '"ACL": "P19-1001"}}', ("123", "P19-1001")),
    ("JSON", '{"corpusid": 7, "title": "Cats", "externalids": {"PubMed": "123", '
     '"ACL": "P19-1001"}}', ("123", "P19-1001")),
    ("JSON", '{"type": "article", "author": [], "title": "Cats", "PMID": "123", '
     '"URL": "https://x.org"}', ("123", None)),
    ("JSON", '{"title": "Cats", "pmid": 123, "acl": "p19-1001", "url": "https://x.org"}',
     ("123", "p19-1001")),
    ("JSON", '{"title": "Cats", "acl": ["everyone may read"]}', (None, None)),
    ("RIS", "TY  - JOUR\nTI  - Cats\nAN  - 123\nDB  - PubMed\nER  - \n", ("123", None)),
    ("RIS", "TY  - JOUR\nTI  - Cats\nAN  - 123\nDB  - Scopus\nER  - \n", (None, None)),
    ("RIS", "TY  - JOUR\nTI  - Cats\nUR  - https://x.org\n"
     "UR  - https://aclanthology.org/P19-1001/\nER  - \n", (None, "P19-1001")),
    ("BibTeX", "@misc{a, title = {Cats}, pmid = {123}, acl = {P19-1001}}", ("123", "P19-1001")),
    ("BibTeX", "@misc{a, title = {Cats}, eprint = {123}, eprinttype = {pubmed}}", ("123", None)),
    ("BibTeX", "@misc{a, title = {Cats}, url = {https://aclanthology.org/P19-1001}}",
     (None, "P19-1001")),
    ("CSV table", "Title,PubMed ID,ACL id\nCats,123,P19-1001\n", ("123", "P19-1001")),
    ("CSV table", "title\tpmid\nCats\t123\n", ("123", None)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "numbers"), RECORDS)
def test_readers(name: str, text: str, numbers: tuple[str | None, str | None]) -> None:
    """Each format states the numbers in its own words."""
    (entry,) = READERS[name](TextFile.of("file", text.encode()))
    assert isinstance(entry, Entry)
    assert (entry.paper.title, entry.paper.pmid, entry.paper.acl) == ("Cats", *numbers)


# Ids --------------------------------------------------------------------------------------------


def test_the_ids_of_a_paper_in_order() -> None:
    """DOI, arXiv, PMID, ACL, title, abstract; letter case of an ACL id counts for nothing."""
    full = mention("A", "B c.", doi="10.1/x", arxiv="2310.00001", pmid="123", acl="2021.EconLP-1.4")
    kinds = ("doi", "10.1/x"), ("arxiv", "2310.00001"), ("pmid", "123"), ("acl", "2021.econlp-1.4")
    assert content_ids(full)[:4] == [digest("p", *kind) for kind in kinds]
    assert len(content_ids(full)) == 6


def test_a_mention_keeps_the_id_that_it_had_before_these_were_read() -> None:
    """Without the numbers, and where the address or the DOI stated them all along."""
    stated = (NETWORKS, ADA, None, None, None, (), None)

    def id_of(**values: Any) -> str:
        return with_ids([mention(NETWORKS, **values)])[0].mention_id

    url, doi = "https://pubmed.ncbi.nlm.nih.gov/123/", "10.18653/v1/P19-1001"
    assert id_of() == digest("m", *stated, None, None, None)
    assert id_of(url=url, pmid="123") == digest("m", *stated, None, None, url)
    assert id_of(doi=doi, acl="P19-1001") == digest("m", *stated, doi, None, None)
    assert len({id_of(), id_of(pmid="123"), id_of(pmid="124"), id_of(acl="P19-1001")}) == 4


# The same work ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pmid", "acl"])
def test_one_number_joins(name: str) -> None:
    """Two titles of one PMID or ACL id, of which one has no abstract, are one work."""
    number = {"pmid": "123", "acl": "2021.econlp-1.4"}[name]
    one = mention(NETWORKS, None, **{name: number})
    other = mention("Stable gradients in RNNs", GRADIENTS, **{name: number.upper()})
    assert rule(one, other) == "same-identifier"
    named = with_ids([one, replace(other, line_start=5)])
    grouping = group(by_id(named))
    assert len(grouping.groups) == 1
    label = {"pmid": "PMID", "acl": "ACL id"}[name]
    assert grouping.merges[0].evidence.why == f"the same {label} {number}"


def test_a_number_mistyped_joins_nothing() -> None:
    """A PMID over titles and abstracts that both speak of something else is not believed."""
    assert rule(mention(NETWORKS, GRADIENTS, pmid="1"), mention(MICE, SAIL, pmid="1")) is None


NEAR = "Stable Gradients for Recurrent Networks"  # near enough to be joined but for the numbers


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ({"pmid": "1"}, {"pmid": "2"}, "different PMIDs (1, 2) and titles"),
        ({"doi": "10.1/a"}, {"doi": "10.1/b"}, "different DOIs (10.1/a, 10.1/b) and titles"),
        ({"doi": "10.1/a"}, {"doi": "10.1/A"}, None),
        ({"doi": "10.48550/arXiv.2301.00001"}, {"doi": "10.1/b"}, None),
        ({"doi": "10.1101/2020.01.02.345678"}, {"doi": "10.1/b"}, None),
        ({"doi": "10.21203/rs.3.rs-1/v1"}, {"doi": "10.2139/ssrn.1"}, None),
        ({"doi": "10.1101/gr.1.2"}, {"doi": "10.1/b"},
         "different DOIs (10.1101/gr.1.2, 10.1/b) and titles"),
        ({"doi": "10.1101/345678", "pmid": "1"}, {"doi": "10.1/b", "pmid": "2"}, None),
        ({"arxiv": "2301.00001", "pmid": "1"}, {"pmid": "2"}, None),
        ({"pmid": "1"}, {"doi": "10.1/b"}, None),
    ],
)  # fmt: skip
def test_two_numbers_part_two_titles(
    one: dict[str, str], other: dict[str, str], why: str | None
) -> None:
    """Two PMIDs or two published DOIs under two titles are two works; a preprint's beside not."""
    a, b = mention(NETWORKS, GRADIENTS, **one), mention(NEAR, REWRITTEN, **other)
    assert rule(mention(NETWORKS, GRADIENTS), mention(NEAR, REWRITTEN)) == "near-title"
    assert vetoed(a, b) == why
    joined = "same-identifier" if other == {"doi": "10.1/A"} else "near-title"
    assert rule(a, b) == (None if why else joined)


@pytest.mark.parametrize("numbers", [({"pmid": "1"}, {"pmid": "2"}),
                                     ({"doi": "10.1/a"}, {"doi": "10.1/b"})])  # fmt: skip
def test_one_title_or_one_text_stands_above_two_numbers(
    numbers: tuple[dict[str, str], dict[str, str]],
) -> None:
    """Records of one title, or of one abstract under two, are joined though registered twice."""
    one, other = numbers
    same = mention(NETWORKS, GRADIENTS, **one), mention(NETWORKS, REWRITTEN, **other)
    assert rule(*same) == "same-title"
    text = mention(NETWORKS, GRADIENTS, **one), mention(NEAR, GRADIENTS, **other)
    assert rule(*text) == "same-abstract"


def test_published_dois() -> None:
    """Preprint servers and Zenodo publish nothing; journals of Cold Spring Harbor do."""
    published = {"10.1038/x", "10.1101/gr.276839.122", "10.18653/v1/P19-1001"}
    others = {
        "10.48550/ARXIV.2301.00001",
        "10.1101/2020.01.02.345678",
        "10.5281/zenodo.1",
        "",
        None,
    }
    assert {doi for doi in published | others if is_published_doi(doi)} == published


def test_a_paper_takes_over_the_numbers() -> None:
    """Each is said to come from its mention; the DOI of the journal goes before the preprint's."""
    a = mention(NETWORKS, doi="10.1101/345678", pmid="1", mention_id="m1")
    b = mention(NETWORKS, doi="10.1/x", pmid="2", acl="P19-1001", mention_id="m2")
    paper = merge_mentions([a, b])
    assert (paper.doi, paper.pmid, paper.acl) == ("10.1/x", "2", "P19-1001")
    assert {f: paper.fields_from[f] for f in ("doi", "pmid", "acl")} == dict.fromkeys(
        ("doi", "pmid", "acl"), "m2"
    )


# In an index ------------------------------------------------------------------------------------


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An index of a paper that two files state, by PMID and by ACL id."""
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "a.csv").write_text(
        f'title,abstract,pmid,acl\nCats at rest,"{CAT}",123,\nBoats,"{SAIL}",,2021.econlp-1.4\n',
        encoding="utf-8",
    )
    (sources / "b.csv").write_text("title,pmid\nCats at rest in winter,123\n", encoding="utf-8")
    build([sources], tmp_path / "data", encoder=FakeEncoder())
    return tmp_path / "data"


@pytest.fixture
def snapshot(data: Path) -> Iterator[Snapshot]:
    with Snapshot.open(data) as opened:
        yield opened


def test_an_index_keeps_them(data: Path, index_cli: CommandLine) -> None:
    """They are in the JSON of papers and mentions, and the id of a paper is made of them."""
    papers = index_cli("papers", "--data", data, "--json").json()
    stated = {(p["paper_id"], p["pmid"], p["acl"], len(p["mention_ids"])) for p in papers}
    cats, boats = digest("p", "pmid", "123"), digest("p", "acl", "2021.econlp-1.4")
    assert stated == {(cats, "123", None, 2), (boats, None, "2021.econlp-1.4", 1)}
    mentions = index_cli("mentions", "--data", data, "--json").json()
    assert [(m["pmid"], m["acl"]) for m in mentions] == [
        ("123", None), (None, "2021.econlp-1.4"), ("123", None)
    ]  # fmt: skip


def test_an_older_index_is_built_anew(data: Path, tmp_path: Path) -> None:
    """Format 4 is refused with what to run, and running it gives the same papers."""
    papers = papers_of(data)
    edit_manifest(data, lambda manifest: manifest.update(format=4))
    told = rf"index format 4, this version reads format {FORMAT}; run "
    with pytest.raises(SnapshotError, match=told):
        Snapshot.open(data)
    report = build([tmp_path / "sources"], data, encoder=FakeEncoder())
    assert (report.generation, report.embedded, report.reused) == (2, 2, 0)
    assert papers_of(data) == papers


@pytest.mark.parametrize("kind", EXPORTS)
def test_an_export_is_found_again_by_them(kind: str, snapshot: Snapshot, tmp_path: Path) -> None:
    """A list of records that state nothing else but another title finds the papers."""
    wanted = [
        make_paper(paper_id="x", title="Other words", pmid="123"),
        make_paper(paper_id="y", title="More words", acl="2021.ECONLP-1.4"),
    ]
    library, content = Library(tmp_path / "lists"), export(wanted, kind).encode()
    suffix = {"bibtex": "bib"}.get(kind, kind)
    report = import_bytes(library, "L", f"file.{suffix}", content, snapshot)
    found = [(one.paper.title in ("Cats at rest", "Boats"), one.why) for one in report.saved]
    assert found == [(True, "PMID"), (True, "ACL")]


def test_a_record_saved_before_has_none(tmp_path: Path) -> None:
    """A library that an earlier version wrote is read: what it did not keep is empty."""
    library = Library(tmp_path)
    library.save("L", make_paper(title="Cats", pmid="123"))
    (saved,) = library.saved("L")
    assert isinstance(saved.paper, Paper)
    assert (saved.paper.pmid, saved.paper.acl) == ("123", None)
