"""What one record of JSON states, in the words of the service that it comes from.

Each record is recognised by its keys, so that a file may hold those of several services. The keys
are those of the arXiv metadata snapshot (Kaggle), OpenAlex works, Semantic Scholar papers (API and
data sets), works of Crossref, CSL-JSON, BEIR corpora, plain {title, abstract, authors, year}, and
those of `index.formats.json_services`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from index.formats.json_arxiv import ARXIV_ID, arxiv, is_arxiv
from index.formats.json_services import (
    dblp,
    europe_pmc,
    inspire,
    is_dblp,
    is_europe_pmc,
    is_inspire,
    is_zotero,
    zotero,
)
from index.formats.json_text import (
    Record,
    Stated,
    at,
    clean,
    first,
    in_order,
    items,
    keywords,
    name_of,
    names_of,
    text_of,
)

_ARXIV_PLACE = re.compile(r"arxiv\.org/(?:abs|pdf)/", re.IGNORECASE)
_HEADING = re.compile(
    r"^\s*(?:<jats:sec>\s*)?<(?:jats:)?title>\s*(?:abstract|summary)\s*[.:]?\s*</(?:jats:)?title>",
    re.IGNORECASE,
)
_CONCEPT = 0.3  # the score below which OpenAlex did not itself count a concept to a work


def stated(record: Record) -> Stated:
    """What a record states, by the keys of the service that is recognised."""
    return next(read for fits, read in _DIALECTS if fits(record))(record)


def openalex(record: Record) -> Stated:
    """A work of OpenAlex, of which the abstract is an inverted index."""
    places = [record.get("primary_location"), record.get("best_oa_location")]
    places += items(record.get("locations"))
    addresses = [at(place, key) for place in places for key in ("landing_page_url", "pdf_url")]
    concepts = [c for c in items(record.get("concepts")) if _is_counted(at(c, "score"))]
    authorships = items(record.get("authorships"))
    names = [first(at(a, "author", "display_name"), at(a, "raw_author_name")) for a in authorships]
    return Stated(
        title=clean(first(record.get("title"), record.get("display_name"))),
        abstract=clean(
            in_order(record.get("abstract_inverted_index")) or text_of(record.get("abstract"))
        ),
        authors=tuple(map(clean, names)),
        authors_truncated=record.get("is_authors_truncated") is True,
        date=_dates(record, "publication_date", "publication_year"),
        venue=clean(
            first(
                *(at(place, "source", "display_name") for place in places),
                at(record, "host_venue", "display_name"),
            )
        ),
        categories=tuple(keywords(items(record.get("topics")), concepts)),
        doi=first(record.get("doi"), at(record, "ids", "doi")),
        arxiv=next((a for a in map(text_of, addresses) if _ARXIV_PLACE.search(a)), ""),
        pmid=text_of(at(record, "ids", "pmid")),
        url=first(addresses[0], _pubmed(at(record, "ids", "pmid")), record.get("id")),
    )


def semantic_scholar(record: Record) -> Stated:
    """A paper of Semantic Scholar: of its API, or of its data sets, which have small letters."""
    names, truncated = names_of(at(record, "authors"))
    acl = text_of(at(record, "externalIds", "ACL"))
    fields = [at(field, "category") for field in items(at(record, "s2FieldsOfStudy"))]
    return Stated(
        title=clean(text_of(at(record, "title"))),
        abstract=clean(text_of(at(record, "abstract"))),
        authors=names,
        authors_truncated=truncated,
        date=_dates(record, "publicationDate", "year"),
        venue=clean(
            first(
                at(record, "venue"),
                at(record, "publicationVenue", "name"),
                at(record, "journal", "name"),
            )
        ),
        categories=tuple(keywords(fields, at(record, "fieldsOfStudy"))),
        doi=text_of(at(record, "externalIds", "DOI")),
        arxiv=text_of(at(record, "externalIds", "ArXiv")),
        pmid=text_of(at(record, "externalIds", "PubMed")),
        acl=acl,
        url=first(
            f"https://aclanthology.org/{acl}/" if acl else "",
            at(record, "url"),
            _pubmed(at(record, "externalIds", "PubMed")),
        ),
    )


def crossref(record: Record) -> Stated:
    """A work of Crossref, or an item of CSL-JSON, which is made after it."""
    title, subtitle = clean(first(at(record, "title"))), clean(first(at(record, "subtitle")))
    if title and subtitle and subtitle.casefold() not in title.casefold():
        title = f"{title}{' ' if title.endswith((':', '?', '!')) else ': '}{subtitle}"
    names, truncated = names_of(at(record, "author"))
    number = first(at(record, "arxiv"), at(record, "eprint"), at(record, "number"))
    published = ("issued", "published", "published-print", "published-online", "posted")
    return Stated(
        title=title,
        abstract=clean(_HEADING.sub("", text_of(at(record, "abstract")))),
        authors=names,
        authors_truncated=truncated,
        date=next(filter(None, (_parts(at(record, key)) for key in published)), ""),
        venue=clean(
            first(
                at(record, "container-title"),
                at(record, "event-title"),
                at(record, "event", "name"),
                [name_of(one) for one in items(at(record, "institution"))],
            )
        ),
        categories=tuple(
            keywords(*(at(record, k) for k in ("categories", "subject", "keyword", "keywords")))
        ),
        doi=text_of(at(record, "DOI")),
        arxiv=number if "arxiv" in number.lower() or ARXIV_ID.fullmatch(number) else "",
        pmid=text_of(at(record, "PMID")),
        url=first(at(record, "URL"), _pubmed(at(record, "PMID"))),
        note=text_of(at(record, "note")),
    )


def beir(record: Record) -> Stated:
    """A line of `corpus.jsonl`, of which `metadata` may hold what other records hold outside."""
    metadata = record.get("metadata")
    more = plain_record(metadata) if isinstance(metadata, dict) else Stated()
    return replace(
        more,
        title=clean(text_of(record.get("title"))) or more.title,
        abstract=clean(text_of(record.get("text"))) or more.abstract,
    )


def plain_record(record: Record) -> Stated:
    """A record by the names that most programs give to the same thing."""

    def named(*keys: str) -> object:
        return first(*(at(record, key) for key in keys))

    people = next(filter(None, (at(record, k) for k in ("authors", "author", "creators"))), None)
    names, truncated = names_of(people)
    kinds = ("categories", "category", "keywords", "subjects", "fields", "tags")
    pmid = text_of(named("pmid", "pubmed_id", "pubmed id", "pubmed"))
    return Stated(
        title=clean(text_of(named("title", "display_name", "article title", "document title"))),
        abstract=clean(text_of(named("abstract", "abstract note", "abstractNote", "summary"))),
        authors=names,
        authors_truncated=truncated or at(record, "authors_truncated") is True,
        date=_dates(
            record, "date", "publication_date", "publicationDate", "published", "issued",
            "year", "publication year", "publication_year",
        ),
        venue=clean(
            text_of(
                named(
                    "venue", "journal", "publication title", "publicationTitle", "source title",
                    "container-title", "booktitle", "conference",
                )
            )
        ),
        categories=tuple(keywords(*(at(record, kind) for kind in kinds))),
        doi=text_of(named("doi")),
        arxiv=text_of(named("arxiv", "arxiv_id", "arxivId", "eprint")),
        pmid=pmid,
        acl=text_of(named("acl", "acl_id", "aclId", "anthology_id")),
        url=first(named("url", "link", "urls"), _pubmed(pmid)),
        note=text_of(named("note", "notes", "annote")),
    )  # fmt: skip


def _is_openalex(record: Record) -> bool:
    if {"authorships", "abstract_inverted_index", "primary_location"} & record.keys():
        return True
    return "openalex.org/" in text_of(record.get("id"))


def _is_semantic_scholar(record: Record) -> bool:
    keys = {"paperId", "externalIds", "corpusid", "externalids", "s2FieldsOfStudy"}
    return bool(keys & record.keys())


def _is_crossref(record: Record) -> bool:
    keys = {"container-title", "issued", "DOI", "published-print", "published-online"}
    return bool(keys & record.keys()) or {"type", "author"} <= record.keys()


def _is_beir(record: Record) -> bool:
    return "_id" in record and "text" in record


_DIALECTS: tuple[tuple[Callable[[Record], bool], Callable[[Record], Stated]], ...] = (
    (is_arxiv, arxiv),
    (_is_openalex, openalex),
    (_is_semantic_scholar, semantic_scholar),
    (_is_beir, beir),
    (is_zotero, zotero),
    (is_inspire, inspire),
    (is_europe_pmc, europe_pmc),
    (is_dblp, dblp),
    (_is_crossref, crossref),
    (lambda _: True, plain_record),
)


def _is_counted(score: object) -> bool:
    return not isinstance(score, int | float) or score >= _CONCEPT


def _pubmed(value: object) -> str:
    """The address of a PubMed number, which may be an address already."""
    number = text_of(value).strip().rstrip("/").rsplit("/", 1)[-1]
    return f"https://pubmed.ncbi.nlm.nih.gov/{number}/" if number.isdecimal() else ""


def _dates(record: Record, *keys: str) -> str:
    """All that a record says of its date: what is told to the day stands first."""
    return " ".join(filter(None, (_parts(at(record, key)) for key in keys)))


def _parts(value: object) -> str:
    """A date: "2024-10-18" of {"date-parts": [[2024, 10, 18]]}, or the text that it is."""
    parts = at(value, "date-parts")
    if isinstance(parts, list):
        inner = parts[0] if parts and isinstance(parts[0], list) else parts
        if found := [*filter(None, map(text_of, inner))]:
            return "-".join(found)
    return text_of(value)
