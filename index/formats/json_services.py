"""What records of four more services state: Europe PMC, INSPIRE HEP, DBLP and Zotero.

Their keys are those of the answers of Europe PMC's `search` (core and lite), INSPIRE's
`/api/literature`, DBLP's `/search/publ/api` and Zotero's API, version 3.
"""

from __future__ import annotations

import re

from index.formats.entries import first_name_first
from index.formats.json_text import (
    Record,
    Stated,
    all_of,
    at,
    clean,
    first,
    items,
    keywords,
    name_of,
    text_of,
)
from index.formats.nlm import pubmed_url, title_of
from index.identifiers import pmid_in_note

_SHORT_NAME = re.compile(r"(?P<last>.+?)\s+(?P<initials>[^\W\d_a-zß-ÿ](?:-?[^\W\d_a-zß-ÿ]){0,3})")
_NAMESAKE = re.compile(r"\s+\d{4}$")  # by which DBLP tells people of one name apart
_ARXIV_VOLUME = re.compile(r"abs/(.+)")  # of "CoRR", the name under which DBLP knows arXiv
_IN_EXTRA = re.compile(r"^\s*(?P<key>DOI|arXiv)\s*:\s*(?P<value>\S+)", re.IGNORECASE | re.MULTILINE)
_NOT_AUTHORS = {"supervisor", "editor"}  # roles of INSPIRE
_NO_PAPER = {"attachment", "note", "annotation"}  # items of Zotero that belong to others


def europe_pmc(record: Record) -> Stated:
    """A result of Europe PMC: core ones have abstracts and first names, lite ones short names."""
    people = items(at(record, "authorList", "author"))
    names = [_pmc_name(person) for person in people]
    if not any(names):
        names = [*map(_short_name, text_of(record.get("authorString")).rstrip(". ").split(","))]
    pmid = text_of(record.get("pmid"))
    source, number = text_of(record.get("source")), text_of(record.get("id"))
    page = f"https://europepmc.org/article/{source}/{number}" if source and number else ""
    mesh = items(at(record, "meshHeadingList", "meshHeading"))
    headings = [at(heading, "descriptorName") for heading in mesh]
    return Stated(
        title=title_of(clean(text_of(record.get("title")))),
        abstract=clean(text_of(record.get("abstractText"))),
        authors=tuple(filter(None, map(clean, names))),
        date=_joined(record, "firstPublicationDate", "pubYear"),
        venue=clean(
            first(
                at(record, "journalInfo", "journal", "title"),
                record.get("journalTitle"),
                at(record, "bookOrReportDetails", "publisher"),
            )
        ),
        categories=tuple(keywords(items(at(record, "keywordList", "keyword")), headings)),
        doi=text_of(record.get("doi")),
        pmid=pmid,
        url=pubmed_url(pmid) or page,
    )


def inspire(record: Record) -> Stated:
    """A hit of INSPIRE. Of titles and abstracts of several sources the first is the preferred."""
    metadata = record.get("metadata")
    work = metadata if isinstance(metadata, dict) else record
    title = next((t for t in items(work.get("titles")) if text_of(at(t, "title")).strip()), None)
    main, sub = text_of(at(title, "title")), text_of(at(title, "subtitle"))
    people = [p for p in items(work.get("authors")) if not _NOT_AUTHORS & _roles(p)]
    names = [first_name_first(text_of(at(p, "full_name"))) for p in people]
    groups = all_of([*items(work.get("corporate_author")), *items(work.get("collaborations"))])
    prints = items(work.get("arxiv_eprints"))
    places = items(work.get("publication_info"))
    count = work.get("author_count")
    number = text_of(work.get("control_number"))
    return Stated(
        title=clean(f"{main}: {sub}" if main and sub else main),
        abstract=clean(first(*(at(a, "value") for a in items(work.get("abstracts"))))),
        authors=tuple(filter(None, map(clean, names or groups))),
        authors_truncated=isinstance(count, int) and count > len(items(work.get("authors"))) > 0,
        date=" ".join(
            filter(
                None,
                (
                    _joined(work, "preprint_date", "earliest_date"),
                    first(*(at(place, "year") for place in places)),
                ),
            )
        ),
        venue=clean(first(*(at(p, key) for key in _INSPIRE_PLACES for p in places))),
        categories=tuple(
            keywords(
                [c for one in prints for c in items(at(one, "categories"))],
                [at(one, "term") for one in items(work.get("inspire_categories"))],
            )
        ),
        doi=first(*(at(one, "value") for one in items(work.get("dois")))),
        arxiv=first(*(at(one, "value") for one in prints)),
        url=f"https://inspirehep.net/literature/{number}" if number else "",
    )


_INSPIRE_PLACES = ("journal_title", "pubinfo_freetext", "conf_acronym")


def dblp(record: Record) -> Stated:
    """A hit of DBLP, which has no abstracts. What stands once is no list there."""
    info = record.get("info")
    people = at(info, "authors", "author")
    names = [
        name_of(at(p, "text") or p) for p in (people if isinstance(people, list) else [people])
    ]
    volume = _ARXIV_VOLUME.fullmatch(first(at(info, "volume")))
    return Stated(
        title=title_of(clean(text_of(at(info, "title")))),
        authors=tuple(filter(None, (_NAMESAKE.sub("", clean(name)) for name in names))),
        date=text_of(at(info, "year")),
        venue=clean(first(at(info, "venue"))),
        doi=text_of(at(info, "doi")),
        arxiv=volume[1] if volume and first(at(info, "venue")) == "CoRR" else "",
        url=first(at(info, "ee"), at(info, "url")),
    )


def zotero(record: Record) -> Stated:
    """An item of Zotero; DOI, arXiv number and PMID may stand in its "Extra"."""
    inner = record.get("data")
    item = inner if isinstance(inner, dict) else record
    people = [p for p in items(item.get("creators")) if at(p, "creatorType") != "editor"]
    extra = text_of(item.get("extra"))
    hidden = {found["key"].lower(): found["value"] for found in _IN_EXTRA.finditer(extra)}
    archived = text_of(item.get("archiveID"))
    return Stated(
        title=clean(text_of(item.get("title"))),
        abstract=clean(text_of(item.get("abstractNote"))),
        authors=tuple(filter(None, (clean(_zotero_name(p)) for p in people))),
        date=_joined(item, "date"),
        venue=clean(first(*(item.get(key) for key in _ZOTERO_PLACES))),
        categories=tuple(keywords([at(tag, "tag") for tag in items(item.get("tags"))])),
        doi=first(item.get("DOI"), hidden.get("doi")),
        arxiv=hidden.get("arxiv") or (archived if archived.lower().startswith("arxiv:") else ""),
        pmid=pmid_in_note(extra),
        url=text_of(item.get("url")),
    )


_ZOTERO_PLACES = (
    "publicationTitle", "proceedingsTitle", "bookTitle", "conferenceName", "repository",
    "university", "institution", "publisher",
)  # fmt: skip


def is_europe_pmc(record: Record) -> bool:
    """Whether it has keys of Europe PMC that no other service has."""
    keys = {"authorString", "abstractText", "journalInfo", "firstPublicationDate", "isOpenAccess"}
    return "source" in record and bool(keys & record.keys())


def is_inspire(record: Record) -> bool:
    """Whether it is a hit of INSPIRE, or the metadata of one."""
    work = record.get("metadata", record)
    return isinstance(work, dict) and isinstance(work.get("titles"), list)


def is_dblp(record: Record) -> bool:
    """Whether it is a hit of DBLP."""
    return isinstance(record.get("info"), dict) and "_id" not in record


def is_zotero(record: Record) -> bool:
    """Whether it is an item of Zotero, or the data of one."""
    return isinstance(at(record.get("data", record), "itemType"), str)


def not_a_paper(record: Record) -> str:
    """What a record of these services is that is not one of a paper; nothing for all others."""
    kind = text_of(at(record.get("data", record), "itemType")) if is_zotero(record) else ""
    return f"an item of Zotero of the kind {kind!r}, not a paper" if kind in _NO_PAPER else ""


def _joined(record: Record, *keys: str) -> str:
    return " ".join(filter(None, (text_of(record.get(key)) for key in keys)))


def _pmc_name(person: object) -> str:
    parts = [text_of(at(person, key)) for key in ("firstName", "lastName")]
    if all(parts):
        return " ".join(parts)
    return first(at(person, "collectiveName")) or _short_name(text_of(at(person, "fullName")))


def _short_name(name: str) -> str:
    """A name whose initials stand behind, as it is said.

    >>> _short_name("van der Bell AB"), _short_name("Ants Consortium")
    ('AB van der Bell', 'Ants Consortium')
    """
    found = _SHORT_NAME.fullmatch(name.strip())
    return f"{found['initials']} {found['last']}" if found else name.strip()


def _zotero_name(person: object) -> str:
    parts = (text_of(at(person, "firstName")), text_of(at(person, "lastName")))
    return " ".join(filter(None, parts)) or text_of(at(person, "name"))


def _roles(person: object) -> set[str]:
    return {text_of(role) for role in items(at(person, "inspire_roles"))}
