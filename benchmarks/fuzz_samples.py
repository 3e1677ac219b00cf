"""One small well-formed file of each kind that is read, to be mutated by `benchmarks.fuzz`."""

from __future__ import annotations

import json

_ABSTRACT = (
    "We show that cats rest in winter, when the days are short. Boats are not studied. "
    "On 12 cats we find an effect of 0.3 (p < 0.05), which is small — but there."
)
_ARXIV = {
    "id": "2101.00001",
    "submitter": "A. Bell",
    "authors": "Ada Bell, Émile Roy and C. D. Wu",
    "title": "Cats in $\\ell_2$ winter",
    "journal-ref": "J. Cats 3 (2020)",
    "doi": "10.1000/cats.1",
    "categories": "cs.LG stat.ML",
    "abstract": _ABSTRACT,
    "update_date": "2021-01-05",
}
_OPENALEX = {
    "id": "https://openalex.org/W1",
    "doi": "https://doi.org/10.1000/cats.1",
    "title": "Cats in winter",
    "publication_year": 2020,
    "publication_date": "2020-03-01",
    "authorships": [{"author": {"display_name": "Ada Bell"}}],
    "primary_location": {"source": {"display_name": "Journal of Cats"}},
    "abstract_inverted_index": {"Cats": [0, 3], "rest": [1], "as": [2]},
}
_CROSSREF = {
    "DOI": "10.1000/cats.2",
    "title": ["Dogs in <i>summer</i>"],
    "author": [{"given": "Émile", "family": "Roy"}],
    "issued": {"date-parts": [[2019, 5]]},
    "container-title": ["Journal of Dogs"],
    "abstract": f"<jats:p>{_ABSTRACT}</jats:p>",
}
_SCHOLAR = {
    "paperId": "ab12",
    "title": "Birds in spring",
    "abstract": _ABSTRACT,
    "year": 2018,
    "authors": [{"authorId": "1", "name": "C. D. Wu"}],
    "externalIds": {"ArXiv": "1801.00001", "DOI": "10.1000/birds"},
}
_BIBTEX = f"""@string{{jc = "Journal of Cats"}}
@article{{bell2020,
  title = {{Cats in {{W}}inter: {{\\'E}}tudes with $x^2$}},
  author = {{Bell, Ada and Roy, {{\\'E}}mile and others}},
  journal = jc # {{, Series B}},
  year = 2020, doi = "10.1000/cats.1",
  abstract = {{{_ABSTRACT.replace("&", "and")}}},
}}

@inproceedings{{wu, crossref = {{cats20}}, title = {{Dogs}}, author = {{Wu, C. D.}}}}
@proceedings{{cats20, title = {{Proceedings of Cats}}, year = {{2020}}}}
"""
_RIS = f"""TY  - JOUR
TI  - Cats in winter
AU  - Bell, Ada
AU  - Roy, Émile
PY  - 2020/03/01
JO  - Journal of Cats
DO  - 10.1000/cats.1
AB  - {_ABSTRACT}
ER  -

TY  - CONF
T1  - Dogs in summer
A1  - Wu, C. D.
Y1  - 2019
N2  - They bark.
ER  -
"""
_MEDLINE = f"""PMID- 31452104
OWN - NLM
TI  - Cats in winter: a long title that goes on
      over two lines.
AB  - {_ABSTRACT}
FAU - Bell, Ada
AU  - Bell A
DP  - 2020 Mar 1
JT  - Journal of cats
AID - 10.1000/cats.1 [doi]

PMID- 31452105
TI  - Dogs.
DP  - 2019
"""
_WOS = f"""FN Clarivate Analytics Web of Science
VR 1.0
PT J
AU Bell, A
   Roy, E
TI Cats in winter
SO JOURNAL OF CATS
AB {_ABSTRACT}
PY 2020
DI 10.1000/cats.1
ER

EF
"""
_ENDNOTE = f"""%0 Journal Article
%T Cats in winter
%A Bell, Ada
%A Roy, Émile
%D 2020
%J Journal of Cats
%X {_ABSTRACT}
%R 10.1000/cats.1

%0 Conference Paper
%T Dogs
%D 2019
"""
_PUBMED = f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle//EN" "x.dtd">
<PubmedArticleSet>
<PubmedArticle><MedlineCitation><PMID Version="1">31452104</PMID>
<Article><Journal><JournalIssue><PubDate><Year>2020</Year><Month>Mar</Month></PubDate>
</JournalIssue><Title>Journal of cats</Title></Journal>
<ArticleTitle>Cats in <i>winter</i> &amp; &#233;t&#xe9;</ArticleTitle>
<Abstract><AbstractText Label="AIM">{_ABSTRACT.replace("<", "&lt;")}</AbstractText></Abstract>
<AuthorList CompleteYN="Y"><Author><LastName>Bell</LastName><ForeName>Ada</ForeName></Author>
</AuthorList></Article></MedlineCitation>
<PubmedData><ArticleIdList><ArticleId IdType="doi">10.1000/cats.1</ArticleId></ArticleIdList>
</PubmedData></PubmedArticle>
</PubmedArticleSet>
"""
_ACL = """<?xml version='1.0' encoding='UTF-8'?>
<collection id="2020.acl"><volume id="main"><meta><booktitle>Proceedings of ACL</booktitle>
<year>2020</year></meta>
<paper id="1"><title>Cats in <fixed-case>W</fixed-case>inter</title>
<author><first>Ada</first><last>Bell</last></author>
<abstract>We show cats.</abstract><url>2020.acl-main.1</url><doi>10.18653/v1/x</doi></paper>
</volume></collection>
"""
_JATS = """<?xml version="1.0"?>
<article><front><journal-meta><journal-title>J. Cats</journal-title></journal-meta>
<article-meta><article-id pub-id-type="doi">10.1000/cats.1</article-id>
<title-group><article-title>Cats in <italic>winter</italic></article-title></title-group>
<contrib-group><contrib contrib-type="author"><name><surname>Bell</surname>
<given-names>Ada</given-names></name></contrib></contrib-group>
<pub-date><year>2020</year></pub-date><abstract><p>We show cats.</p></abstract>
</article-meta></front></article>
"""
_ATOM = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>arXiv Query</title>
<entry><id>http://arxiv.org/abs/2101.00001v2</id><published>2021-01-01T00:00:00Z</published>
<title>Cats in winter</title><summary>We show cats.</summary>
<author><name>Ada Bell</name></author><category term="cs.LG"/></entry></feed>
"""
_HTML_LIST = """<!DOCTYPE html><html><head><title>Publications of Ada Bell</title></head><body>
<h2>2020</h2><ul>
<li>A. Bell, É. Roy. <a href="https://doi.org/10.1000/cats.1">Cats in winter</a>.
<i>Journal of Cats</i>, 2020.</li>
<li>A. Bell and C. D. Wu. "Dogs in summer", Proceedings of Dogs, 2019. <a href="x.pdf">pdf</a></li>
<li>Bell, A., Roy, É. (2018). Birds in spring. <em>Birds</em>, 3(2), 1-9.</li>
</ul></body></html>
"""
_HTML_META = """<html><head><meta name="citation_title" content="Cats in winter">
<meta name="citation_author" content="Bell, Ada"><meta name="citation_date" content="2020/03/01">
<meta name="citation_doi" content="10.1000/cats.1">
<meta name="citation_abstract" content="We show cats.">
<script type="application/ld+json">{"@type": "ScholarlyArticle", "headline": "Cats in winter",
"author": [{"@type": "Person", "name": "Ada Bell"}], "datePublished": "2020"}</script>
</head><body><h1>Cats in winter</h1></body></html>
"""
_WORKS = f"""Publications

article2020Journal of Cats

Cats in winter

{_ABSTRACT}

conference paper2019Proceedings of Dogs

Dogs in summer

We show that dogs bark in summer… (see more), when the nights are short.
"""
_LISTING = f"""79.2NEMay 29
Cats in winter and the long nights of the northAda Bell, Émile Roy et al. · mila
{_ABSTRACT}
cs.LGJun 3, 2021
Dogs in summerC. D. Wu, Ada Bell
We show that dogs bark in summer.
"""
_PROFILE = f"""Ada Bell
Publications

Cats in winter
Ada Bell, Émile Roy
2020-03-01
Journal of Cats
{_ABSTRACT}

Dogs in summer
C. D. Wu, Ada Bell
2019
International Conference on Dogs (published)
We show that dogs bark in summer, when the nights are short.
"""
_EUROPE_PMC = {
    "id": "1",
    "source": "MED",
    "title": "Cats in winter.",
    "authorString": "Bell A, Roy É.",
    "pubYear": "2020",
    "abstractText": f"<h4>Aim</h4>{_ABSTRACT}",
    "doi": "10.1000/cats.1",
}
_INSPIRE = {
    "id": "1",
    "metadata": {
        "titles": [{"title": "Cats in winter"}],
        "authors": [{"full_name": "Bell, Ada"}],
        "abstracts": [{"source": "arXiv", "value": _ABSTRACT}],
        "arxiv_eprints": [{"value": "2101.00001", "categories": ["hep-th"]}],
        "earliest_date": "2021-01-01",
    },
}
_DBLP = {
    "@id": "1",
    "info": {
        "authors": {"author": {"@pid": "1/2", "text": "Ada Bell 0001"}},
        "title": "Cats &amp; dogs.",
        "venue": "J. Cats",
        "year": "2020",
        "doi": "10.1000/CATS.1",
    },
}
_ZOTERO = {
    "key": "AB12",
    "version": 3,
    "data": {
        "itemType": "journalArticle",
        "title": "Cats in winter",
        "creators": [{"creatorType": "author", "firstName": "Ada", "lastName": "Bell"}],
        "date": "2020-03-01",
        "abstractNote": _ABSTRACT,
        "tags": [{"tag": "cats"}],
    },
}
_MHTML = f"""From: <Saved by Blink>
Subject: Publications of Ada Bell
MIME-Version: 1.0
Content-Type: multipart/related; type="text/html"; boundary="----cut"

------cut
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: 8bit
Content-Location: https://example.org/

{_HTML_LIST}
------cut--
"""
_CSV = f"""title,authors,year,abstract,doi
"Cats in winter","Bell, Ada; Roy, Émile",2020,"{_ABSTRACT}",10.1000/cats.1
"Dogs, ""big"" ones",C. D. Wu,2019,"Two
lines.",
"""


def _lines(*records: object) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


SAMPLES: dict[str, str] = {
    "cats.bib": _BIBTEX,
    "cats.ris": _RIS,
    "cats.nbib": _MEDLINE,
    "wos.txt": _WOS,
    "cats.enw": _ENDNOTE,
    "pubmed.xml": _PUBMED,
    "acl.xml": _ACL,
    "jats.xml": _JATS,
    "arxiv.atom": _ATOM,
    "list.html": _HTML_LIST,
    "meta.html": _HTML_META,
    "arxiv.jsonl": _lines(_ARXIV, _ARXIV | {"id": "math/0101001", "title": "Dogs"}),
    "openalex.jsonl": _lines(_OPENALEX, _OPENALEX | {"title": None}),
    "crossref.json": json.dumps({"message": {"items": [_CROSSREF, _CROSSREF]}}, indent=1),
    "scholar.json": json.dumps([_SCHOLAR, _SCHOLAR], indent=1, ensure_ascii=False),
    "works.txt": _WORKS,
    "listing.txt": _LISTING,
    "profile.txt": _PROFILE,
    "cats.csv": _CSV,
    "sep.csv": "sep=;\n" + _CSV.replace(",", ";"),
    "europepmc.json": json.dumps(
        {"hitCount": 1, "resultList": {"result": [_EUROPE_PMC, _EUROPE_PMC]}}, indent=1
    ),
    "inspire.json": json.dumps({"hits": {"hits": [_INSPIRE, _INSPIRE], "total": 2}}),
    "dblp.json": json.dumps({"result": {"hits": {"@total": "1", "hit": [_DBLP]}}}, indent=1),
    "zotero.json": json.dumps([_ZOTERO, _ZOTERO], indent=1),
    "page.mhtml": _MHTML,
    "cats.tsv": _CSV.replace('"', "").replace(", ", "; ").replace(",", "\t"),
}
