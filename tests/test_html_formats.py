"""Saved HTML pages: what tags say of a paper, and publication lists written by hand."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.formats.entries import Entry, Unreadable
from index.formats.file import TextFile
from index.formats.html_citation import Splitter
from index.formats.html_page import HtmlPage
from index.formats.html_tree import parse
from index.names import NameModel
from index.records import Paper

PAGE = HtmlPage()
ABSTRACT = "We bake bread at three temperatures and find that the crust keeps what the crumb loses."


@pytest.fixture(scope="module")
def splitter() -> Splitter:
    return Splitter(NameModel.load())


def read(html: str) -> list[Entry | Unreadable]:
    return list(PAGE.read(TextFile.of("page.html", html.encode("utf-8", "replace"))))


def papers(html: str) -> list[Paper]:
    """The papers of a page on which all can be read."""
    found = read(html)
    assert all(isinstance(item, Entry) for item in found), found
    return [item.paper for item in found if isinstance(item, Entry)]


def listed(*items: str) -> list[Paper]:
    """The papers of a list with these items and two more that are plain."""
    more = (
        "Grace Hopper. Compilers for the rest of us. Computing Letters, 1952.",
        "Kurt Goedel and Emmy Noether. Rings that cannot be proved. Annals of Rings, 1933.",
    )
    html = "".join(f"<li>{item}</li>\n" for item in (*items, *more))
    return papers(f"<!doctype html><body><ul>{html}</ul>")[: len(items)]


# Which files are HTML


@pytest.mark.parametrize(
    "head",
    [
        "<!DOCTYPE html><html>",
        "\ufeff  <!-- saved from url=(0014)about:internet -->\n<HTML lang=en>",
        '<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0">',
        "<head><title>x</title>",
        "<meta charset=utf-8>",
        "<title>Me</title><body><p>Hello",
    ],
)
def test_html_is_known_by_its_root(head: str) -> None:
    """Doctype, html, head, body or meta first, whatever stands before."""
    assert HtmlPage().fits(head)


@pytest.mark.parametrize(
    "head",
    [
        '<?xml version="1.0"?><PubmedArticleSet><PubmedArticle>',
        "<!DOCTYPE PubmedArticleSet><PubmedArticleSet>",
        "<collection id='A'><volume><meta>",
        "<article><front><article-meta></article-meta></front><body><p>Text</p></body>",
        "@article{a, title={<html>}}",
        "TY  - JOUR\nTI  - <body>",
        '{"html": "<html>"}',
        "title,year\n<html>,2020\n",
        "",
        "<",
    ],
)
def test_other_formats_are_left_alone(head: str) -> None:
    """XML of another root, and texts that only mention tags."""
    assert not HtmlPage().fits(head)


# Pages of one paper


def test_citation_tags_state_a_paper() -> None:
    """Each field of Highwire's tags arrives, names in the order in which they are said."""
    html = f"""<!doctype html><html><head>
<meta name="citation_title" content="Crust &amp; crumb">
<meta name="citation_author" content="Lovelace, Ada">
<meta name="citation_author" content="Alan Turing">
<meta name="citation_publication_date" content="2021/03/04">
<meta name="citation_journal_title" content="Annals of Baking">
<meta name="citation_doi" content="doi:10.1234/bread.5">
<meta name="citation_arxiv_id" content="2103.00001v2">
<meta name="citation_abstract" content="&lt;p&gt;{ABSTRACT}&lt;/p&gt;">
<meta name="citation_pdf_url" content="https://example.org/a.pdf"></head></html>"""
    (paper,) = papers(html)
    assert paper.title == "Crust & crumb"
    assert paper.authors == ("Ada Lovelace", "Alan Turing")
    assert (paper.year, paper.date, paper.venue) == (2021, "2021-03-04", "Annals of Baking")
    assert (paper.doi, paper.arxiv) == ("10.1234/bread.5", "2103.00001")
    assert paper.url == "https://example.org/a.pdf"
    assert paper.abstract == ABSTRACT


def test_authors_in_one_tag_are_parted() -> None:
    """Names separated by semicolons in one citation_author are several authors."""
    html = (
        '<html><meta name=citation_title content="A title">'
        '<meta name=citation_author content="Lovelace, Ada; Turing, Alan">'
    )
    assert papers(html)[0].authors == ("Ada Lovelace", "Alan Turing")


def test_dublin_core_states_a_paper() -> None:
    """DC and DCTERMS tags in any case."""
    html = f"""<html><head><meta name="DC.title" content="Crust">
<meta name="dc.creator" content="Lovelace, Ada"><meta name="DC.Date" content="2019-05">
<meta name="DC.identifier" content="https://doi.org/10.1234/x">
<meta name="DCTERMS.abstract" content="{ABSTRACT}"></head></html>"""
    (paper,) = papers(html)
    assert (paper.title, paper.authors) == ("Crust", ("Ada Lovelace",))
    assert (paper.date, paper.doi, paper.abstract) == ("2019-05", "10.1234/x", ABSTRACT)


def test_the_title_of_a_site_alone_is_no_paper() -> None:
    """DC.title without creator or DOI is what content managers put on each page."""
    (found,) = read('<html><meta name="DC.title" content="Home"><body>Welcome</body></html>')
    assert isinstance(found, Unreadable)
    assert "no paper found" in found.why


def test_what_tags_and_json_ld_say_of_one_title_is_joined() -> None:
    """The tags have no DOI and no abstract, the JSON-LD has; one paper has all."""
    thing = {"@type": "ScholarlyArticle", "headline": "Crust and Crumb", "abstract": ABSTRACT}
    thing["sameAs"] = "https://doi.org/10.1234/bread"
    thing["author"] = "Ada Lovelace"
    html = f"""<html><head><meta name="citation_title" content="Crust and crumb">
<meta name="citation_author" content="Ada Lovelace"><meta name="citation_date" content="2020">
<script type="application/ld+json">{json.dumps(thing)}</script></head></html>"""
    (paper,) = papers(html)
    assert (paper.title, paper.year) == ("Crust and crumb", 2020)
    assert (paper.doi, paper.abstract) == ("10.1234/bread", ABSTRACT)


def test_the_printed_abstract_goes_before_the_shared_description() -> None:
    """og:description is often cut; it serves only where the page prints no abstract."""
    head = (
        '<html><head><meta name="citation_title" content="Crust">'
        '<meta property="og:description" content="We bake bread at …"></head>'
    )
    printed = f"<body><blockquote class='abstract'><b>Abstract:</b> {ABSTRACT}</blockquote>"
    assert papers(head + printed)[0].abstract == ABSTRACT
    (short,) = papers(head)
    assert (short.abstract, short.abstract_truncated) == ("We bake bread at …", True)


def test_a_description_alone_makes_no_paper() -> None:
    """og: tags are on every page of the web."""
    (found,) = read(
        '<html><meta property="og:title" content="T"><meta property="og:description" content="D">'
    )
    assert isinstance(found, Unreadable)


def test_references_of_a_paper_are_not_its_page() -> None:
    """A page with citation_title tells one paper, not those that it cites."""
    cited = "<li>Grace Hopper. Compilers for all. Computing Letters, 1952.</li>" * 3
    html = f'<html><meta name="citation_title" content="Crust"><body><ol>{cited}</ol>'
    assert [paper.title for paper in papers(html)] == ["Crust"]


def test_json_ld_in_graphs_and_lists() -> None:
    """Works in @graph and in arrays; journals inside of volumes; authors as objects or words."""
    things = [
        {"@context": "https://schema.org", "@graph": [
            {"@type": "WebSite", "name": "A site"},
            {"@type": ["Thing", "ScholarlyArticle"], "name": "First of all",
             "author": [{"@type": "Person", "givenName": "Ada", "familyName": "Lovelace"},
                        {"name": "Turing, Alan"}, "Grace Hopper"],
             "datePublished": "2018-02-03",
             "isPartOf": {"@type": "PublicationVolume", "isPartOf": {"name": "Annals"}},
             "identifier": {"propertyID": "DOI", "value": "10.1234/first"}},
        ]},
        {"@type": "CreativeWork", "headline": "Second of all", "author": {"name": "Emmy Noether"}},
    ]  # fmt: skip
    html = f'<html>\n<script type="application/ld+json">\n{json.dumps(things)}</script>'
    first, second = papers(html)
    assert first.authors == ("Ada Lovelace", "Alan Turing", "Grace Hopper")
    assert (first.date, first.venue, first.doi) == ("2018-02-03", "Annals", "10.1234/first")
    assert (second.title, second.authors) == ("Second of all", ("Emmy Noether",))


def test_broken_json_ld_is_told_with_its_line() -> None:
    """It spoils nothing else on the page."""
    html = '<html><meta name="citation_title" content="Crust">\n'
    html += '<script type="application/ld+json">{"a":</script>'
    entry, broken = read(html)
    assert isinstance(entry, Entry)
    assert isinstance(broken, Unreadable)
    assert broken.line == 2
    assert "not JSON" in broken.why


# Lines of text


def test_inline_elements_do_not_break_lines() -> None:
    """A fold of a site inside a word stays inside the word, as in its text."""
    html = (
        "<div>\n<p>We take a spectral appro<span>… (see more)</span>"
        "<span class=more style='display:none'>ach to bread</span></p><p>2024-01-02</p></div>"
    )
    assert parse(html).visible() == [
        (2, "We take a spectral appro… (see more)ach to bread"),
        (2, "2024-01-02"),
    ]


def test_what_is_not_seen_makes_no_line() -> None:
    """Scripts, styles, menus, hidden elements, comments."""
    html = (
        "<head><title>T</title></head><style>p{}</style><script>x</script><!-- c -->"
        "<nav>Menu</nav><p hidden>h</p><p style='display: none'>n</p><p>seen</p>"
    )
    assert parse(html).visible() == [(1, "seen")]


def test_lines_are_those_of_the_source() -> None:
    """Also after tags, comments and scripts of several lines."""
    html = "<!--\n\n-->\n<p\nclass=a>one</p>\n<script>x\n\n</script>two\n\nthree<br>\nfour"
    assert parse(html).visible() == [(5, "one"), (8, "two three"), (11, "four")]


def test_end_tags_may_be_left_out() -> None:
    """Items, paragraphs and cells that are not closed do not stand in one another."""
    html = "<ul><li>a<li>b<ul><li>c</ul>d<li>e</ul><p>f<p>g<table><tr><td>h<td>i<tr><td>j</table>"
    assert [text for _, text in parse(html).visible()] == list("abcdefghij")


# Publication lists


def test_authors_then_marked_title() -> None:
    """Bold title, italic venue, a DOI behind a label."""
    (paper,) = listed(
        "Ada Lovelace, Alan M. Turing and Wei Li. <b>Learning to sail at night</b>. "
        '<i>Journal of Sailing</i> 12(3), 2019. [<a href="https://doi.org/10.1234/sail">DOI</a>]'
    )
    assert paper.title == "Learning to sail at night"
    assert paper.authors == ("Ada Lovelace", "Alan M. Turing", "Wei Li")
    assert (paper.year, paper.venue, paper.doi) == (2019, "Journal of Sailing", "10.1234/sail")


def test_surnames_before_initials() -> None:
    """The style of the APA: nothing marks the title but its place, italics mark the venue."""
    (paper,) = listed(
        "Lovelace, A., &amp; Turing, A. M. (2020). Bread that bakes itself. "
        "<em>Annals of Baking</em>, 3, 14-15."
    )
    assert paper.title == "Bread that bakes itself"
    assert paper.authors == ("A. Lovelace", "A. M. Turing")
    assert (paper.year, paper.venue) == (2020, "Annals of Baking")


def test_a_title_in_quotes() -> None:
    """The style of the IEEE."""
    (paper,) = listed(
        "[3] A. Lovelace, G. Hopper, “Cats and other animals,” in Proc. of ICML, 2021, pp. 3-4."
    )
    assert (paper.title, paper.authors) == ("Cats and other animals", ("A. Lovelace", "G. Hopper"))
    assert (paper.year, paper.venue) == (2021, "Proc. of ICML")


def test_title_link_then_authors_in_lines() -> None:
    """Title, names and venue in a line each; the own name in bold is no title."""
    (paper,) = listed(
        '<a href="https://arxiv.org/abs/2101.12345">Sails of the northern sea</a><br>'
        "<b>Ada Lovelace</b>, Grace Hopper<br><i>Sailing Letters</i>, 2021"
    )
    assert (paper.title, paper.arxiv) == ("Sails of the northern sea", "2101.12345")
    assert paper.authors == ("Ada Lovelace", "Grace Hopper")
    assert (paper.year, paper.venue) == (2021, "Sailing Letters")


def test_classes_say_what_is_what() -> None:
    """Themes of academic pages name their parts; the abstract is folded away."""
    item = """<div class="pub-entry"><div class="title">{title}</div>
<div class="author">Ada Lovelace, <em>Alan Turing</em></div>
<div class="periodical">In ICML, 2022</div>
<div class="links"><a>Abs</a> <a href="https://x.org/a.pdf">PDF</a></div>
<div class="abstract hidden"><p>{abstract}</p></div>
<div class="bibtex hidden"><pre>@article{{x, title={{Wrong}}}}</pre></div></div>"""
    html = "".join(item.format(title=t, abstract=ABSTRACT) for t in ("Crumb", "Crust of bread"))
    first, second = papers(f"<html><body>{html}</body></html>")
    assert (first.title, second.title) == ("Crumb", "Crust of bread")
    assert first.authors == ("Ada Lovelace", "Alan Turing")
    assert (first.abstract, first.url) == (ABSTRACT, "https://x.org/a.pdf")
    assert (first.year, first.venue) == (2022, "In ICML, 2022")


def test_the_heading_gives_the_year() -> None:
    """Lists by year do not repeat it in each item; one list may have one item."""
    html = """<html><h2>2023</h2><ul><li>Ada Lovelace. <b>Sails of the sea</b>. Letters.</ul>
<h2>2022</h2><ul><li>Grace Hopper. <b>Compilers for all</b>. Letters.</ul>"""
    assert [(p.title, p.year) for p in papers(html)] == [
        ("Sails of the sea", 2023),
        ("Compilers for all", 2022),
    ]


def test_an_abstract_after_its_item() -> None:
    """In an element of its own that follows."""
    item = "<p>Ada Lovelace. <b>{}</b>. Letters, 2020.</p>\n<div class=abstract>Abstract: {}</div>"
    html = item.format("Sails of the sea", ABSTRACT) + item.format("Boats of the sea", ABSTRACT[3:])
    assert [p.abstract for p in papers(f"<html>{html}")] == [ABSTRACT, ABSTRACT[3:]]


def test_menus_news_and_courses_are_no_lists() -> None:
    """What has years and names, but not as a citation has them."""
    html = """<html><body><ul><li>Home<li>Publications 2020<li>Contact Ada Lovelace</ul>
<ul><li>May 2024: our paper on cats was accepted at ICML 2024.
<li>Jan 2023: Ada Lovelace joined the University of Somewhere.</ul>
<ul><li>CS101 Introduction to Machine Learning, Fall 2020<li>CS102 Advanced Bread, Spring 2021</ul>
<ul><li>Alan Turing, PhD student, 2019<li>Grace Hopper, PhD student since 2020, now at Navy</ul>"""
    (found,) = read(html)
    assert isinstance(found, Unreadable)
    assert "no paper found" in found.why


def test_what_cannot_be_split_is_told() -> None:
    """An item among citations that is none is quoted with its line; the others are read."""
    html = """<html><ul>
<li>Ada Lovelace. <b>Sails of the sea</b>. Letters, 2020.
<li>something that was written in 2020 about a sea
<li>Grace Hopper. <b>Compilers for all</b>. Letters, 2021.</ul>"""
    first, odd, last = read(html)
    assert isinstance(first, Entry)
    assert isinstance(last, Entry)
    assert isinstance(odd, Unreadable)
    assert (odd.line, odd.quote) == (3, "something that was written in 2020 about a sea")
    assert (first.line, last.line) == (2, 4)


@pytest.mark.parametrize(
    ("text", "names", "rest"),
    [
        ("Ada Lovelace and Wei Li. Title", ("Ada Lovelace", "Wei Li"), ". Title"),
        ("Lovelace, A., Hopper, G. M. (2020)", ("A. Lovelace", "G. M. Hopper"), "(2020)"),
        ("A.M. Turing; J. von Neumann: Title", ("A.M. Turing", "J. von Neumann"), ": Title"),
        ("Ada Lovelace*, Wei Li†, et al. Title", ("Ada Lovelace", "Wei Li"), "Title"),
        ("Turing AM, Müller K. Title. 2020", ("AM Turing", "K Müller"), ". Title. 2020"),
        ("Deep learning for bread", (), "Deep learning for bread"),
    ],
)
def test_names_are_told_from_what_follows(
    splitter: Splitter, text: str, names: tuple[str, ...], rest: str
) -> None:
    """The leading names of a citation in the usual styles."""
    found = splitter.leading_names(text)
    assert (found.names, found.rest) == (names, rest)


# Hostile pages


@pytest.mark.parametrize(
    "html",
    [
        "<html>" + "<div>" * 20_000,
        "<html>" + "<ul><li>" * 10_000,
        "<html>" + "<div>x, Y, 2020" * 5_000,
        "<html><p>" + "<a href=x>" + "supp" * 1_000 + "! 2020</a>",
        "<html>" + "<a " * 100_000,
        "<html>" + "<!--" * 100_000,
        "<html><![if IE]><![foo[ x <![CDATA[",
        "<html><script type='application/ld+json'>" + "[" * 50_000,
        "<html>&#x110000;&#xd800;<p title='\0'>",
        f"<html><img src='data:image/png;base64,{'A' * 3_000_000}'>",
    ],
    ids=[
        "deep",
        "lists",
        "texts",
        "labels",
        "open tags",
        "open comments",
        "sections",
        "json",
        "codes",
        "data",
    ],
)
def test_hostile_pages_are_told_as_empty(html: str) -> None:
    """Nothing is raised, and something is said."""
    found = read(html.replace("\0", ""))
    assert found
    assert all(isinstance(item, Unreadable) for item in found)


_TAGS = """<ul> <li> <p> </p> <b> </b> <i> <tr> <td> <table> <h2> </ul> <!-- --> <![ ]]> <script>
</script> < > & <sup> “ ” ( ) , . 2020"""
_PARTS = st.sampled_from(
    (
        *_TAGS.split(),
        *("<div class=title>", "<div hidden>", "<a href='https://doi.org/10.1/x'>"),
        *("<meta name=citation_title content='a'>", "<meta name=DC.title content=b>"),
        *("Ada Lovelace", "Turing, A. M.", " and ", "et al.", "Of bread and boats. ", "\n"),
    )
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(_PARTS, st.text(max_size=8)), max_size=30).map("".join))
def test_any_text_is_read_without_raising(html: str) -> None:
    """Something comes of each text, in the order of its lines, and lines are inside of it."""
    html = html.replace("\0", "")
    found = read(html)
    assert found
    lines = [item.line for item in found]
    assert lines == sorted(lines)
    ends = len(re.findall(r"\r\n?|\n", html))
    assert all(1 <= line <= ends + 1 for line in lines)
    assert isinstance(HtmlPage().fits(html), bool)


def test_numbered_references_in_mixed_styles() -> None:
    """Medical, DBLP, title first, and Chinese: nothing but order and stops tell the parts."""
    medical, dblp, title_first, chinese = listed(
        "Smith J, Jones AB, Müller K. Effects of bread on the gut. J Nutr. 2018;12(3):44-9.",
        "S. Ko, T. Lee: How doors open. ICRA 2017: 12-19",
        "Attention to doors. S. Ko and T. Lee. In NeurIPS 2019. <a href=z.pdf>[PDF]</a>",
        "王小明, 李雷. “深度学习在面包中的应用研究”, 计算机学报, 2020.",
    )
    assert (medical.title, medical.year) == ("Effects of bread on the gut", 2018)
    assert medical.authors == ("J Smith", "AB Jones", "K Müller")
    assert (dblp.title, dblp.venue, dblp.year) == ("How doors open", "ICRA", 2017)
    assert (title_first.title, title_first.authors) == ("Attention to doors", ("S. Ko", "T. Lee"))
    assert (title_first.venue, title_first.year) == ("NeurIPS", 2019)
    assert (chinese.title, chinese.authors) == ("深度学习在面包中的应用研究", ("王小明", "李雷"))


def test_a_list_of_other_things_is_none() -> None:
    """News of which two of six quote a paper as a citation does."""
    news = "".join(f"<li>May {y}: the group had cake and a long walk" for y in range(2010, 2014))
    cited = "<li>Ada Lovelace. <b>Sails of the sea</b>. Letters, 2020." * 2
    (found,) = read(f"<html><ul>{news}{cited}</ul>")
    assert isinstance(found, Unreadable)
    assert "no paper found" in found.why
