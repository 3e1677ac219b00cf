"""XML of PubMed and of the ACL Anthology, read as a stream, broken and hostile files included."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.formats import xml_stream
from index.formats.acl import AclAnthology, anthology_id
from index.formats.entries import Entry, Unreadable
from index.formats.file import Format, TextFile
from index.formats.pubmed import PubmedXml
from index.formats.xml_stream import records, root_name
from index.records import Paper

DECLARED = '<?xml version="1.0" encoding="ISO-8859-1"?>\n'


def read(reader: Format, text: str | bytes) -> list[Entry | Unreadable]:
    content = text if isinstance(text, bytes) else text.encode()
    return list(reader.read(TextFile.of("export.xml", content)))


def only(reader: Format, text: str) -> Paper:
    """The one paper of a text."""
    (entry,) = read(reader, text)
    assert isinstance(entry, Entry), entry
    return entry.paper


def shown(found: Sequence[Entry | Unreadable]) -> list[str | int]:
    """The title of each paper, the line of each break."""
    return [e.paper.title or "" if isinstance(e, Entry) else e.line for e in found]


# --- PubMed -----------------------------------------------------------------------------------

ARTICLE = """<?xml version="1.0" ?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN"
 "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">
<PubmedArticleSet>
<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="1">31415926</PMID>
<Article PubModel="Print-Electronic">
<Journal><ISSN IssnType="Electronic">1234-5678</ISSN>
<JournalIssue CitedMedium="Internet"><Volume>7</Volume><PubDate><Year>2019</Year><Month>Nov</Month>
<Day>5</Day></PubDate></JournalIssue>
<Title>Journal of bread &amp; crust</Title><ISOAbbreviation>J Bread</ISOAbbreviation></Journal>
<ArticleTitle>CO<sub>2</sub> in <i>Saccharomyces</i> doughs: 10<sup>6</sup> cells.</ArticleTitle>
<ELocationID EIdType="pii" ValidYN="Y">S0001</ELocationID>
<ELocationID EIdType="doi" ValidYN="N">10.1000/wrong</ELocationID>
<ELocationID EIdType="doi" ValidYN="Y">10.1000/dough.7</ELocationID>
<Abstract><AbstractText Label="BACKGROUND" NlmCategory="BACKGROUND">Dough rises.</AbstractText>
<AbstractText Label="METHODS:">We waited (p &lt; 0.05, n&gt;3).</AbstractText>
<AbstractText Label="UNLABELLED">It rose.</AbstractText><AbstractText/>
<CopyrightInformation>© 2019 The Bakers.</CopyrightInformation></Abstract>
<AuthorList CompleteYN="N"><Author ValidYN="Y"><LastName>Lovelace</LastName>
<ForeName>Ada K</ForeName><Initials>AK</Initials><Suffix>Jr</Suffix>
<AffiliationInfo><Affiliation>Mill.</Affiliation></AffiliationInfo></Author>
<Author ValidYN="N"><LastName>Misspelt</LastName></Author>
<Author><CollectiveName>The Yeast Group</CollectiveName></Author></AuthorList></Article>
<MeshHeadingList><MeshHeading><DescriptorName UI="D1">Bread</DescriptorName>
<QualifierName UI="Q1">analysis</QualifierName></MeshHeading></MeshHeadingList>
<OtherAbstract Type="Publisher"><AbstractText>Der Teig geht.</AbstractText></OtherAbstract>
<KeywordList><Keyword MajorTopicYN="N">bread</Keyword><Keyword>dough</Keyword></KeywordList>
</MedlineCitation><PubmedData><ArticleIdList><ArticleId IdType="pubmed">31415926</ArticleId>
</ArticleIdList><ReferenceList><Reference><ArticleIdList>
<ArticleId IdType="doi">10.1000/cited</ArticleId></ArticleIdList></Reference></ReferenceList>
</PubmedData></PubmedArticle>
</PubmedArticleSet>
"""


def test_each_field_of_an_article_is_read() -> None:
    """Labels stay, rights and the other abstract do not; what is invalid or cited is not taken."""
    paper = only(PubmedXml(), ARTICLE)
    assert paper.title == "CO_2 in Saccharomyces doughs: 10^6 cells"
    assert paper.abstract == (
        "BACKGROUND: Dough rises. METHODS: We waited (p < 0.05, n>3). It rose."
    )
    assert paper.authors == ("Ada K Lovelace Jr", "The Yeast Group")
    assert paper.authors_truncated
    assert (paper.year, paper.date, paper.venue) == (2019, "2019-11-05", "Journal of bread & crust")
    assert paper.doi == "10.1000/dough.7"
    assert paper.url == "https://pubmed.ncbi.nlm.nih.gov/31415926/"
    assert paper.categories == ("Bread", "dough")


def test_an_entry_tells_its_lines() -> None:
    """From the start of its element to the end."""
    (entry,) = read(PubmedXml(), ARTICLE)
    assert isinstance(entry, Entry)
    assert (entry.line, entry.line_end) == (5, 31)


def article(inner: str, data: str = "") -> str:
    return (
        f"<PubmedArticle><MedlineCitation><PMID>1</PMID><Article>{inner}</Article>"
        f"</MedlineCitation>{data}</PubmedArticle>\n"
    )


def titled(title: str) -> str:
    return article(f"<ArticleTitle>{title}</ArticleTitle>")


def in_set(*articles: str) -> str:
    return f"<PubmedArticleSet>\n{''.join(articles)}</PubmedArticleSet>\n"


@pytest.mark.parametrize(
    ("stated", "title"),
    [
        ("[Bread and its crust].", "Bread and its crust"),
        ("[Bread [of old] and its crust.]", "Bread [of old] and its crust"),
        ("[18F]FDG and [11C]PIB.", "[18F]FDG and [11C]PIB"),
        ("Bread in the U.S.", "Bread in the U.S."),
        ("<b><i>In vivo</i></b> rising?", "In vivo rising?"),
        ("&lt;i&gt;In vivo&lt;/i&gt; rising if a&lt;b and c>d", "In vivo rising if a<b and c>d"),
        ("Na&iuml;ve &alpha;-doughs at&nbsp;home", "Naïve α-doughs at home"),
        ("AT&T &unheard; of", "AT&T &unheard; of"),
        ("A &#945; &#x1; b \x0b c", "A α b c"),
        ("<![CDATA[Flour & water]]>", "Flour & water"),
    ],
)
def test_a_title_is_readable(stated: str, title: str) -> None:
    """Brackets of a translation, markup and references are solved, whatever XML says to them."""
    assert only(PubmedXml(), in_set(titled(stated))).title == title


def test_a_title_that_is_not_available_is_the_one_in_its_own_language() -> None:
    inner = "<ArticleTitle>[Not Available].</ArticleTitle><VernacularTitle>Pan.</VernacularTitle>"
    assert only(PubmedXml(), in_set(article(inner))).title == "Pan"


MATHML = (
    '<mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML"><mml:mrow><mml:msub><mml:mi>x</mml:mi>'
    "<mml:mi>i</mml:mi></mml:msub><mml:mo>=</mml:mo><mml:mfrac><mml:mrow><mml:mi>a</mml:mi>"
    "<mml:mo>+</mml:mo><mml:mn>1</mml:mn></mml:mrow><mml:msup><mml:mi>c</mml:mi><mml:mn>2</mml:mn>"
    "</mml:msup></mml:mfrac><mml:mo>&lt;</mml:mo><mml:msqrt><mml:mi>q</mml:mi></mml:msqrt>"
    "</mml:mrow></mml:math>"
)


def test_a_formula_stays() -> None:
    """MathML becomes a line in which indices, fractions and roots can be told."""
    inner = f"<ArticleTitle>T</ArticleTitle><Abstract><AbstractText>So {MATHML} holds."
    inner += "</AbstractText></Abstract>"
    paper = only(PubmedXml(), in_set(article(inner)))
    assert paper.abstract == "So x_i=(a+1)/(c^2)<√q holds."


@pytest.mark.parametrize(
    ("stated", "year", "date"),
    [
        ("<Year>2015</Year><Month>11</Month>", 2015, "2015-11"),
        ("<Year>2015</Year><Season>Spring</Season>", 2015, "2015-03-02"),
        ("<Year>2015</Year>", 2015, "2015-03-02"),
        ("<Year>2016</Year>", 2016, None),
        ("<MedlineDate>1998 Dec-1999 Jan</MedlineDate>", 1998, None),
        ("<MedlineDate>Winter</MedlineDate>", None, None),
        ("", 2015, "2015-03-02"),
    ],
)
def test_a_date_says_no_more_than_is_known(stated: str, year: int | None, date: str | None) -> None:
    """The day on line counts only in the year of the issue."""
    online = "<ArticleDate><Year>2015</Year><Month>03</Month><Day>02</Day></ArticleDate>"
    issue = f"<Journal><JournalIssue><PubDate>{stated}</PubDate></JournalIssue></Journal>"
    paper = only(PubmedXml(), in_set(article(f"<ArticleTitle>T</ArticleTitle>{issue}{online}")))
    assert (paper.year, paper.date) == (year, date)


def test_an_abstract_that_was_cut_is_said_to_be() -> None:
    """The remark of old records goes, and is remembered."""
    inner = "<Abstract><AbstractText>It rose.(ABSTRACT TRUNCATED AT 250 WORDS)</AbstractText>"
    paper = only(PubmedXml(), in_set(article(f"{inner}</Abstract>")))
    assert (paper.abstract, paper.abstract_truncated) == ("It rose.", True)


def test_the_doi_of_the_record_serves_where_the_article_has_none() -> None:
    data = '<PubmedData><ArticleIdList><ArticleId IdType="doi">10.1/x</ArticleId></ArticleIdList>'
    text = article("<ArticleTitle>T</ArticleTitle>", f"{data}</PubmedData>")
    assert only(PubmedXml(), in_set(text)).doi == "10.1/x"


def test_the_doi_of_a_work_that_is_cited_is_not_taken() -> None:
    cited = '<PubmedData><ReferenceList><Reference><ArticleIdList><ArticleId IdType="doi">10.1/c'
    cited += "</ArticleId></ArticleIdList></Reference></ReferenceList></PubmedData>"
    text = article("<ArticleTitle>T</ArticleTitle>", cited)
    assert only(PubmedXml(), in_set(text)).doi is None


def test_a_preprint_is_known_by_its_arxiv_number() -> None:
    inner = '<ArticleTitle>T</ArticleTitle><ELocationID EIdType="pii">arXiv:2101.01234v2'
    assert only(PubmedXml(), in_set(article(f"{inner}</ELocationID>"))).arxiv == "2101.01234"


CHAPTER = """<PubmedArticleSet><PubmedBookArticle><BookDocument><PMID>20301295</PMID>
<ArticleIdList><ArticleId IdType="bookaccession">NBK1</ArticleId></ArticleIdList>
<Book><Publisher><PublisherName>The Mill</PublisherName></Publisher>
<BookTitle book="b">Baker<sup>®</sup> Reviews</BookTitle><PubDate><Year>1993</Year></PubDate>
<AuthorList Type="editors"><Author><LastName>Editor</LastName></Author></AuthorList></Book>
{title}<AuthorList Type="authors"><Author><LastName>Bell</LastName><Initials>A</Initials></Author>
</AuthorList><Abstract><AbstractText Label="Summary">Loaves.</AbstractText></Abstract>
<ContributionDate><Year>2008</Year><Month>Jun</Month><Day>3</Day></ContributionDate>
</BookDocument></PubmedBookArticle></PubmedArticleSet>"""


def test_a_chapter_is_in_its_book() -> None:
    """With its own authors and date; editors wrote nothing."""
    title = "<ArticleTitle>On loaves</ArticleTitle>"
    paper = only(PubmedXml(), CHAPTER.replace("{title}", title))
    assert (paper.title, paper.venue) == ("On loaves", "Baker^® Reviews")
    assert (paper.authors, paper.date) == (("A Bell",), "2008-06-03")
    assert paper.abstract == "Summary: Loaves."


def test_a_book_has_its_own_title() -> None:
    paper = only(PubmedXml(), CHAPTER.replace("{title}", ""))
    assert (paper.title, paper.venue, paper.year) == ("Baker^® Reviews", "The Mill", 1993)


@pytest.mark.parametrize("inner", ["<Language>eng</Language>", "<ArticleTitle> </ArticleTitle>"])
def test_a_record_of_nothing_is_told_and_the_next_read(inner: str) -> None:
    found = read(PubmedXml(), in_set(article(inner), titled("Next")))
    assert shown(found) == [2, "Next"]
    assert isinstance(found[0], Unreadable)
    assert "without title, abstract and DOI" in found[0].why


def test_a_record_without_article_is_told() -> None:
    found = read(PubmedXml(), in_set("<PubmedArticle><PMID>77</PMID></PubmedArticle>"))
    assert isinstance(found[0], Unreadable)
    assert (found[0].quote, found[0].why) == ("77", "a PubmedArticle without an Article")


# --- The stream -------------------------------------------------------------------------------


def test_a_broken_record_spoils_no_other() -> None:
    """It is told with its line; what was before and what comes after is read."""
    text = in_set(titled("One"), titled("<i>Two</b>"), titled("Three"))
    found = read(PubmedXml(), text)
    assert shown(found) == ["One", 3, "Three"]
    assert isinstance(found[1], Unreadable)
    assert "mismatched tag; the record that begins in line 3 was not read" in found[1].why
    assert "reading goes on in line 4" in found[1].why
    assert "Two" in found[1].quote


def test_lines_are_right_behind_a_break() -> None:
    """They go on being counted from the beginning of the file, also over many blocks."""
    articles = [titled(f"T{n}") for n in range(2000)]
    articles[700] = titled("<i>")
    found = read(PubmedXml(), in_set(*articles))
    assert [e.line for e in found] == list(range(2, 2002))
    assert {e.line_end - e.line for e in found if isinstance(e, Entry)} == {0}


def test_a_file_may_be_one_line() -> None:
    """Also a long one with a break in the middle, and letters of many bytes."""
    titles = [f"T{n} {'é' * 90}" for n in range(5000)]
    broken = [*titles[:2500], "<i>", *titles[2501:]]
    found = read(PubmedXml(), in_set(*map(titled, broken)).replace("\n", ""))
    assert {e.line for e in found} == {1}
    assert shown(found) == [*titles[:2500], 1, *titles[2501:]]


@pytest.mark.parametrize(
    ("cut", "line"),
    [("<PubmedArticle><MedlineCitation>\n<PMI", 4), ("<PubmedArticle>\n", 3), ("", 2)],
)
def test_a_file_that_ends_too_early_is_told(cut: str, line: int) -> None:
    """At its last line, with what was before it."""
    found = read(PubmedXml(), f"<PubmedArticleSet>\n{titled('One')}{cut}")
    assert shown(found) == ["One", line]
    assert isinstance(found[1], Unreadable)
    assert "is the file complete?" in found[1].why
    assert ("record that begins in line 3" in found[1].why) == bool(cut)


def test_a_record_without_end_costs_only_itself() -> None:
    """The next begins where it begins, not where the one without end would have ended."""
    lost = titled("Lost").replace("</PubmedArticle>", "")
    found = read(PubmedXml(), in_set(titled("One"), lost, titled("Three"), titled("Four")))
    assert shown(found) == ["One", 4, "Three", "Four"]


def test_files_behind_each_other_are_read_as_one() -> None:
    """As downloads in parts are put together; blank lines before the declaration do no harm."""
    one, two = (f"  \n\n{DECLARED}{in_set(titled(title))}" for title in ("One", "Two"))
    found = read(PubmedXml(), one + two + in_set(titled("Three")))
    assert shown(found) == ["One", "Two", "Three"]
    assert [e.line for e in found] == [5, 11, 14]


def test_records_without_a_set_are_read() -> None:
    assert shown(read(PubmedXml(), titled("One") + titled("Two"))) == ["One", "Two"]


def test_a_cut_file_before_a_whole_one_is_told_alone() -> None:
    text = f"<PubmedArticleSet>\n{titled('One')}<PubmedArticle>\n{DECLARED}{in_set(titled('Two'))}"
    assert shown(read(PubmedXml(), text)) == ["One", 4, "Two"]


def test_the_encoding_is_that_of_the_bytes() -> None:
    """A declaration that lies, as files that were saved anew have it, changes nothing."""
    text = DECLARED + in_set(titled("Crêpes"))
    for encoding in ("utf-8", "cp1252", "utf-16"):
        assert shown(read(PubmedXml(), text.encode(encoding))) == ["Crêpes"]


BOMB = """<!DOCTYPE PubmedArticleSet [
<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">
]>
"""


def test_an_entity_bomb_does_nothing() -> None:
    """Declared entities are refused, told, and stay as they are written where they are used."""
    found = read(PubmedXml(), BOMB + in_set(titled("Ha &d;")))
    assert shown(found) == [2, "Ha &d;"]
    assert isinstance(found[0], Unreadable)
    assert "declares an entity, 'a'" in found[0].why


@pytest.mark.parametrize("declared", ["<!ENTITY x SYSTEM '{}'>", "<!ENTITY % x SYSTEM '{}'> %x;"])
def test_an_external_entity_reads_no_file(tmp_path: Path, declared: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the combination of the safe")
    doctype = f"<!DOCTYPE PubmedArticleSet [ {declared.format(secret.as_uri())} ]>\n"
    found = read(PubmedXml(), doctype + in_set(titled("Is &x;")))
    assert shown(found) == [1, "Is &x;"]


def test_a_dtd_elsewhere_is_not_fetched(tmp_path: Path) -> None:
    """What it would declare is unknown, and the reference stays."""
    dtd = tmp_path / "own.dtd"
    dtd.write_text('<!ENTITY own "declared elsewhere">')
    doctype = f'<!DOCTYPE PubmedArticleSet SYSTEM "{dtd.as_uri()}">\n'
    assert only(PubmedXml(), doctype + in_set(titled("Is &own;"))).title == "Is &own;"


def test_elements_without_end_inside_of_each_other_are_refused() -> None:
    """Before the stack of the program is at its end; the next record is read."""
    deep = titled("<i>" * 5000 + "</i>" * 5000)
    assert shown(read(PubmedXml(), in_set(deep, titled("Next")))) == [2, "Next"]


def test_a_record_larger_than_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not closed must not take the rest of the file with it."""
    monkeypatch.setattr(xml_stream, "LARGEST_RECORD", 200_000)
    huge = titled("word\n" * 100_000)
    found = read(PubmedXml(), in_set(titled("One"), huge, titled("Three")))
    assert [title for title in shown(found) if isinstance(title, str)] == ["One", "Three"]
    (told,) = (e for e in found if isinstance(e, Unreadable))
    assert "no end within 200,000 bytes; the record that begins in line 3" in told.why


def test_what_is_outside_of_records_may_be_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the bodies of articles are, of which the front alone is built."""
    monkeypatch.setattr(xml_stream, "LARGEST_RECORD", 200_000)
    text = f"<a><body>{'<p>word</p>' * 50_000}</body><front>F</front></a>"
    (record,) = records(TextFile.of("a.xml", text.encode()), ("front",))
    assert isinstance(record, xml_stream.Record)
    assert record.element.text == "F"


def test_memory_does_not_grow_with_the_file() -> None:
    """Of 8 MB no more than a fifth is held at a time."""
    filler = f"{'bread and its crust ' * 400}\n"
    one = article(f"<ArticleTitle>T</ArticleTitle><Other>{filler}</Other>")
    content = in_set(*[one] * 1000).encode()
    file = TextFile("export.xml", lambda: io.BytesIO(content))
    tracemalloc.start()
    try:
        count = sum(1 for _ in records(file, ("PubmedArticle",)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 1000
    assert len(content) > 8_000_000
    assert peak < len(content) / 5


# --- The ACL Anthology ------------------------------------------------------------------------

COLLECTION = """<?xml version='1.0' encoding='UTF-8'?>
<collection id="2020.acl">
  <volume id="main" ingest-date="2020-06-21">
    <meta>
      <booktitle>Meeting of <fixed-case>B</fixed-case>akers</booktitle>
      <editor><first>Ed</first><last>Itor</last></editor>
      <month>July</month>
      <year>2020</year>
    </meta>
    <frontmatter>
      <url hash="aa">2020.acl-main.0</url>
    </frontmatter>
    <paper id="1">
      <title><fixed-case>BERT</fixed-case> bakes in <tex-math>O(n^2)</tex-math></title>
      <author><first>Ada</first><last>Lovelace</last>
        <variant script="hani"><last>洛</last></variant></author>
      <author><last>Sappho</last></author>
      <abstract>Costs <tex-math>a &lt; b</tex-math>, see <url>https://a.org</url>.</abstract>
      <url hash="bb">2020.acl-main.1</url>
      <doi>10.18653/v1/2020.acl-main.1</doi>
    </paper>
    <paper id="2"><title>Second</title><url>https://elsewhere.org/2.pdf</url></paper>
  </volume>
  <volume id="demos">
    <meta><booktitle>Demonstrations</booktitle><year>2021</year></meta>
    <paper id="1"><title>Third</title></paper>
    <paper id="2"><author><last>Nobody</last></author></paper>
  </volume>
</collection>
"""


def test_each_field_of_a_paper_of_the_anthology_is_read() -> None:
    """What the volume says is said of its papers; front matter and editors are left out."""
    first = read(AclAnthology(), COLLECTION)[0]
    assert isinstance(first, Entry)
    paper = first.paper
    assert paper.title == "BERT bakes in $O(n^2)$"
    assert paper.abstract == "Costs $a < b$, see https://a.org."
    assert paper.authors == ("Ada Lovelace", "Sappho")
    assert (paper.year, paper.date, paper.venue) == (2020, "2020-07", "Meeting of Bakers")
    assert paper.doi == "10.18653/v1/2020.acl-main.1"
    assert paper.url == "https://aclanthology.org/2020.acl-main.1/"
    assert (first.line, first.line_end) == (13, 21)


def test_each_volume_speaks_for_itself() -> None:
    """An id is made of those of collection, volume and paper where none is stated."""
    _, second, third, nothing = read(AclAnthology(), COLLECTION)
    assert isinstance(second, Entry)
    assert isinstance(third, Entry)
    assert second.paper.url == "https://aclanthology.org/2020.acl-main.2/"
    assert third.paper.url == "https://aclanthology.org/2020.acl-demos.1/"
    assert (third.paper.venue, third.paper.year) == ("Demonstrations", 2021)
    assert isinstance(nothing, Unreadable)
    assert (nothing.line, nothing.quote) == (27, "paper 2020.acl-demos.2")


def test_a_volume_without_meta_data_takes_none_from_another() -> None:
    bare = COLLECTION.replace(
        "<meta><booktitle>Demonstrations</booktitle><year>2021</year></meta>", ""
    )
    third = read(AclAnthology(), bare)[2]
    assert isinstance(third, Entry)
    assert (third.paper.venue, third.paper.year) == (None, None)


def test_a_break_in_the_anthology_leaves_volumes_as_they_are() -> None:
    """Behind it a paper still has the volume that it is in."""
    broken = COLLECTION.replace("<fixed-case>BERT</fixed-case>", "<fixed-case>BERT")
    found = read(AclAnthology(), broken)
    assert shown(found) == [14, "Second", "Third", 27]
    assert isinstance(found[1], Entry)
    assert isinstance(found[2], Entry)
    assert found[1].paper.venue == "Meeting of Bakers"
    assert found[2].paper.url == "https://aclanthology.org/2020.acl-demos.1/"


@pytest.mark.parametrize(
    ("parts", "number"),
    [
        (("P18", "1", "23"), "P18-1023"),
        (("W19", "24", "1"), "W19-2401"),
        (("D19", "5", "7"), "D19-0507"),
        (("D19", "1", "7"), "D19-1007"),
        (("2021.findings", "emnlp", "10"), "2021.findings-emnlp.10"),
        (("P18", "x", "1"), ""),
        (("P18", "1", ""), ""),
    ],
)
def test_an_anthology_id_has_the_form_of_its_time(parts: tuple[str, str, str], number: str) -> None:
    assert anthology_id(*parts) == number


# --- Any text ---------------------------------------------------------------------------------

READERS: list[Format] = [PubmedXml(), AclAnthology()]
TAGS = ("PubmedArticleSet", "PubmedArticle", "MedlineCitation", "Article", "ArticleTitle")
TAGS += ("collection", "volume", "paper", "meta", "title", "x:paper")
ODD = ["<", ">", "<!--", "-->", "<![CDATA[", "]]>", "]>", "&lt;", "&x;", "é", "\n", "<!DOCTYPE a ["]
ODD += ["<?xml version='1.0'?>", "<?xml?>", "<volume id='1'>", "<paper id='1'>"]
PIECES = st.sampled_from([*(f"<{tag}>" for tag in TAGS), *(f"</{tag}>" for tag in TAGS), *ODD])
TEXTS = st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=60)


@settings(max_examples=150, deadline=None)
@given(text=TEXTS)
def test_no_text_raises(text: str) -> None:
    """Whatever a file holds, each thing found in it has a line of the file, in order."""
    clean = text.encode("utf-8", "replace").replace(b"\0", b"")
    for reader in READERS:
        reader.fits(text)
        lines = [found.line for found in read(reader, clean)]
        assert lines == sorted(lines)
        assert all(1 <= line <= clean.count(b"\n") + 1 for line in lines)


@settings(max_examples=100, deadline=None)
@given(titles=st.lists(st.sampled_from(["a", "<i>", "</p>", "b < c", "&d"]), max_size=8))
def test_no_record_vanishes(titles: list[str]) -> None:
    """Each is a paper or a break, whatever its neighbours are."""
    found = read(PubmedXml(), in_set(*map(titled, titles)))
    assert [e.line for e in found] == list(range(2, len(titles) + 2))
    good = [isinstance(e, Entry) for e in found]
    assert good == [title in ("a", "&d") for title in titles]


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (ARTICLE, "PubmedArticleSet"),
        ("\ufeff\n<!-- <a> --><?x y?><!DOCTYPE b [ <!ELEMENT b ANY> ]> <x:b c='d'>", "b"),
        ("<!-- never closed <collection>", ""),
        ("<!DOCTYPE html><html><body><PubmedArticleSet>", "html"),
        ("Text with <collection> in it", ""),
        ("", ""),
    ],
)
def test_the_first_element_names_the_format(head: str, name: str) -> None:
    assert root_name(head) == name


def test_each_reader_knows_its_own() -> None:
    """And no other's, also of a head that is cut."""
    heads = [ARTICLE, COLLECTION, "TY  - JOUR\n", "@article{a,", "PMID- 1\n", '{"title": "T"}']
    assert [PubmedXml().fits(head[:300]) for head in heads] == [True] + [False] * 5
    assert [AclAnthology().fits(head[:300]) for head in heads] == [False, True] + [False] * 4
