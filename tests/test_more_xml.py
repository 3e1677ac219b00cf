"""JATS articles and arXiv's Atom feeds."""

from __future__ import annotations

import pytest

from index.formats.atom import ArxivAtom
from index.formats.entries import Entry, Unreadable
from index.formats.file import Format, TextFile
from index.formats.jats import Jats
from index.records import Paper


def read(reader: Format, text: str) -> list[Entry | Unreadable]:
    return list(reader.read(TextFile.of("a.xml", text.encode())))


def only(reader: Format, text: str) -> Paper:
    (entry,) = read(reader, text)
    assert isinstance(entry, Entry), entry
    return entry.paper


ARTICLE = r"""<?xml version="1.0"?>
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS v1.3//EN" "JATS-archivearticle1-3.dtd">
<article xmlns:mml="http://www.w3.org/1998/Math/MathML" article-type="research-article">
<front><journal-meta><journal-title-group><journal-title>Bread Letters</journal-title>
</journal-title-group></journal-meta>
<article-meta><article-id pub-id-type="pmcid">PMC123</article-id>
<article-id pub-id-type="doi">10.1000/b.1</article-id>
<article-categories><subj-group><subject>Research</subject></subj-group></article-categories>
<title-group><article-title>Loaves of <italic>S. cerevisiae</italic><xref ref-type="fn"
 rid="f">*</xref></article-title><subtitle>A trial</subtitle></title-group>
<contrib-group><contrib contrib-type="author"><name><surname>Lovelace</surname>
<given-names>Ada</given-names></name><xref ref-type="aff" rid="a">1</xref></contrib>
<contrib contrib-type="author"><collab>Yeast Group<contrib-group><contrib><name>
<surname>Member</surname></name></contrib></contrib-group></collab></contrib>
<contrib contrib-type="editor"><name><surname>Editor</surname></name></contrib></contrib-group>
<pub-date pub-type="collection"><year>2021</year></pub-date>
<pub-date pub-type="epub"><day>3</day><month>2</month><year>2021</year></pub-date>
<abstract abstract-type="graphical"><p>Picture.</p></abstract>
<abstract><title>Abstract</title><sec><title>Methods</title><p>We set
<inline-formula><alternatives><mml:math><mml:mi>y</mml:mi></mml:math><tex-math>\documentclass{minimal}
\begin{document}$$y^{2}$$\end{document}</tex-math></alternatives></inline-formula>.</p></sec>
<sec><title>Results:</title><p>It rose.</p><p>Twice.</p></sec></abstract>
<kwd-group><kwd>bread</kwd><kwd>Bread</kwd></kwd-group></article-meta></front>
<body><sec><title>Introduction</title><p>Long.</p></sec></body>
<sub-article><front><article-meta><title-group><article-title>Letter</article-title></title-group>
</article-meta></front></sub-article></article>
"""


def test_the_front_of_an_article_is_read() -> None:
    """Sections keep their headings, formulas their TeX; editors and letters are no part of it."""
    paper = only(Jats(), ARTICLE)
    assert paper.title == "Loaves of S. cerevisiae: A trial"
    assert paper.abstract == "Methods: We set $$y^{2}$$. Results: It rose. Twice."
    assert (paper.year, paper.date, paper.venue) == (2021, "2021-02-03", "Bread Letters")
    assert paper.doi == "10.1000/b.1"
    assert paper.url == "https://pmc.ncbi.nlm.nih.gov/articles/PMC123/"
    assert paper.categories == ("bread",)
    assert paper.authors == ("Ada Lovelace", "Yeast Group")


def test_an_article_of_nothing_is_told_and_the_next_read() -> None:
    empty = "<article><front><article-meta/></front></article>\n"
    full = ARTICLE[ARTICLE.index("<article ") :]
    text = f"<pmc-articleset>\n{empty}{full}</pmc-articleset>"
    told, good = read(Jats(), text)
    assert isinstance(told, Unreadable)
    assert (told.line, told.why) == (2, "an article without title and abstract")
    assert isinstance(good, Entry)
    assert good.line == 4


FEED = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <title type="html">ArXiv Query: search_query=bread</title>
  <id>http://arxiv.org/api/x</id>
  <entry>
    <id>http://arxiv.org/abs/2101.01234v2</id>
    <updated>2021-02-01T10:00:00Z</updated>
    <published>2021-01-05T18:00:00Z</published>
    <title>Bread in $\\mathbb{R}^n$
  and elsewhere</title>
    <summary>  We bake if a &lt; b.
</summary>
    <author><name>Ada Lovelace</name><arxiv:affiliation>Mill</arxiv:affiliation></author>
    <author><name>Wei Wang</name></author><author><name>Wei Wang</name></author>
    <arxiv:doi xmlns:arxiv="http://arxiv.org/schemas/atom">10.1000/b.2</arxiv:doi>
    <arxiv:primary_category xmlns:arxiv="http://arxiv.org/schemas/atom" term="math.BR"/>
    <category term="cs.LG"/><category term="math.BR"/>
  </entry>
  <entry>
    <id>https://arxiv.org/api/errors#incorrect_id_format</id><title>Error</title>
    <summary>incorrect id format for 12</summary>
  </entry>
</feed>
"""


def test_an_entry_of_a_feed_is_read() -> None:
    """The main category comes first; an answer that is an error is told as one."""
    entry, error = read(ArxivAtom(), FEED)
    assert isinstance(entry, Entry)
    paper = entry.paper
    assert paper.title == r"Bread in $\mathbb{R}^n$ and elsewhere"
    assert paper.abstract == "We bake if a < b."
    assert paper.authors == ("Ada Lovelace", "Wei Wang", "Wei Wang")
    assert (paper.date, paper.arxiv, paper.doi) == ("2021-01-05", "2101.01234", "10.1000/b.2")
    assert paper.categories == ("math.BR", "cs.LG")
    assert (entry.line, entry.line_end) == (5, 18)
    assert isinstance(error, Unreadable)
    assert (error.line, error.quote) == (19, "incorrect id format for 12")


@pytest.mark.parametrize(
    ("head", "jats", "atom"),
    [
        (ARTICLE, True, False),
        (FEED, False, True),
        ("<article><h1>A page</h1></article>", False, False),
        ("<feed xmlns='http://www.w3.org/2005/Atom'><title>A blog</title>", False, False),
    ],
)
def test_each_reader_knows_its_own(head: str, jats: bool, atom: bool) -> None:
    assert (Jats().fits(head), ArxivAtom().fits(head)) == (jats, atom)
