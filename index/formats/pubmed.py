"""Reading PubMed XML: what PubMed, its baseline files and E-utilities give out.

Elements: https://www.nlm.nih.gov/bsd/licensee/elements_descriptions.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from index.formats.dates import iso_date
from index.formats.entries import Entry, Unreadable
from index.formats.file import TextFile
from index.formats.nlm import nlm_entry
from index.formats.xml_stream import Record, records, root_name
from index.formats.xml_text import all_of, text_of, texts

_RECORDS = ("PubmedArticle", "PubmedBookArticle")
_SETS = ("PubmedArticleSet", "PubmedBookArticleSet")


class PubmedXml:
    """`PubmedArticle` and `PubmedBookArticle` records, alone or in sets."""

    name = "PubMed XML"

    def fits(self, head: str) -> bool:
        """By the first element."""
        return root_name(head) in (*_SETS, *_RECORDS)

    def read(self, file: TextFile) -> Iterator[Entry | Unreadable]:
        """The records in order. Raises SourceError as `file.lines`."""
        for record in records(file, _RECORDS, _SETS):
            if isinstance(record, Unreadable):
                yield record
            elif record.element.tag == "PubmedArticle":
                yield _article(record)
            else:
                yield _chapter(record)


def _article(record: Record) -> Entry | Unreadable:
    root = record.element
    article = root.find("MedlineCitation/Article")
    if article is None:
        return Unreadable.of(record.line, _begin(root), "a PubmedArticle without an Article")
    locations = [e for e in article.iterfind("ELocationID") if e.get("ValidYN") != "N"]
    numbers = [*locations, *root.iterfind("PubmedData/ArticleIdList/ArticleId")]
    headings = root.iterfind("MedlineCitation/MeshHeadingList/MeshHeading/DescriptorName")
    keywords = root.iterfind("MedlineCitation/KeywordList/Keyword")
    authors, is_cut = _authors(article.iterfind("AuthorList"))
    journal = article.find("Journal")
    return nlm_entry(
        record.line,
        record.line_end,
        pmid=text_of(root.find("MedlineCitation/PMID")),
        title=text_of(article.find("ArticleTitle")),
        vernacular=text_of(article.find("VernacularTitle")),
        authors=authors,
        is_cut=is_cut,
        date=_issue_date(article),
        venue="" if journal is None else _first(journal, "Title", "ISOAbbreviation"),
        categories=texts([*headings, *keywords]),
        abstract=_abstract(article.find("Abstract")),
        doi=_doi(numbers),
        arxiv=_arxiv(numbers),
    )


def _chapter(record: Record) -> Entry | Unreadable:
    """A book, or a chapter of one."""
    root = record.element
    part, book = root.find("BookDocument"), root.find("BookDocument/Book")
    if part is None or book is None:
        return Unreadable.of(record.line, _begin(root), "a PubmedBookArticle without a Book")
    title, of_book = text_of(part.find("ArticleTitle")), text_of(book.find("BookTitle"))
    authors, is_cut = _authors(part.iterfind("AuthorList"))
    if not title or not authors:
        authors, is_cut = _authors(book.iterfind("AuthorList"))
    numbers = [*part.iterfind("ArticleIdList/ArticleId"), *book.iterfind("ELocationID")]
    contributed = _date(part.find("ContributionDate")) if title else ""
    return nlm_entry(
        record.line,
        record.line_end,
        pmid=text_of(part.find("PMID")),
        title=title or of_book,
        vernacular=text_of(part.find("VernacularTitle")),
        authors=authors,
        is_cut=is_cut,
        date=contributed or _date(book.find("PubDate")),
        venue=of_book if title else _first(book, "CollectionTitle", "Publisher/PublisherName"),
        categories=texts(part.iterfind("KeywordList/Keyword")),
        abstract=_abstract(part.find("Abstract")),
        doi=_doi(numbers),
        arxiv="",
    )


def _first(element: Element, *paths: str) -> str:
    return next(filter(None, (text_of(element.find(path)) for path in paths)), "")


def _begin(element: Element) -> str:
    return "".join(element.itertext())[:1000] or f"<{element.tag}>"


def _authors(lists: Iterable[Element]) -> tuple[list[str], bool]:
    """(names, whether some are missing) of the lists that are not of editors."""
    names, is_cut = [], False
    for one in lists:
        if one.get("Type", "authors") != "authors":
            continue
        is_cut |= one.get("CompleteYN") == "N"
        for author in one.iterfind("Author"):
            if author.get("ValidYN") != "N" and (name := _name(author)):
                names.append(name)
    return names, is_cut


def _name(author: Element) -> str:
    given = _first(author, "ForeName", "Initials")
    parts = [given, text_of(author.find("LastName")), text_of(author.find("Suffix"))]
    return " ".join(filter(None, parts)) or text_of(author.find("CollectiveName"))


def _abstract(abstract: Element | None) -> str:
    """The sections with their labels; what the publisher says about rights is no part of it."""
    sections = []
    for section in all_of(abstract, "AbstractText"):
        text, label = text_of(section), section.get("Label", "").strip().rstrip(":")
        if text:
            is_labelled = label and label.upper() != "UNLABELLED"
            sections.append(f"{label}: {text}" if is_labelled else text)
    return " ".join(sections)


def _issue_date(article: Element) -> str:
    """The date of the issue; of its year, the day on which the article went on line."""
    issue = _date(article.find("Journal/JournalIssue/PubDate"))
    online = _date(article.find("ArticleDate"))
    return online if not issue or (len(issue) == 4 and online.startswith(issue)) else issue


def _date(date: Element | None) -> str:
    if date is None:
        return ""
    parts = [text_of(date.find(part)) for part in ("Year", "Month", "Day")]
    year = parts[0] or text_of(date.find("MedlineDate"))
    whole = iso_date(" ".join(filter(None, [year, *parts[1:]])))
    return whole if "-" in whole else year  # a season tells no month


def _doi(numbers: Iterable[Element]) -> str:
    """The DOI among the numbers of an article, which name their kind in two ways."""
    kinds = ((n.get("EIdType") or n.get("IdType") or "", n) for n in numbers)
    return next((text_of(n) for kind, n in kinds if kind.lower() == "doi"), "")


def _arxiv(numbers: Iterable[Element]) -> str:
    """The number of a preprint, which stands where other articles have the publisher's."""
    found = (text_of(n) for n in numbers)
    return next((text for text in found if text.lower().startswith("arxiv:")), "")
