"""Reading the XML of the ACL Anthology: a collection of volumes of papers.

Elements: https://github.com/acl-org/acl-anthology/blob/master/data/xml/schema.rnc
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from index.formats.dates import iso_date
from index.formats.entries import Entry, Unreadable, make_entry
from index.formats.file import TextFile
from index.formats.xml_stream import Record, records, root_name
from index.formats.xml_text import text_of

_SITE = "https://aclanthology.org/"


class AclAnthology:
    """The papers of `collection` files; front matter is no paper."""

    name = "ACL Anthology XML"

    def fits(self, head: str) -> bool:
        """By the first element, and a volume that has an id."""
        return root_name(head) == "collection" and "<volume" in head

    def read(self, file: TextFile) -> Iterator[Entry | Unreadable]:
        """The papers in order. Raises SourceError as `file.lines`."""
        meta: Element | None = None
        of: object = None  # the volume that the meta data are of
        for record in records(file, ("paper", "meta"), ("collection", "volume")):
            if isinstance(record, Unreadable):
                yield record
            elif record.element.tag == "meta":
                meta, of = record.element, _ids(record)
            else:
                yield _paper(record, meta if of == _ids(record) else None)


def _ids(record: Record) -> tuple[str, str]:
    """The ids of the collection and the volume that a record is in; empty where there is none."""
    ids = {name: attributes.get("id", "") for name, attributes in record.within}
    return ids.get("collection", ""), ids.get("volume", "")


def _paper(record: Record, meta: Element | None) -> Entry | Unreadable:
    paper = record.element
    title, abstract = text_of(paper.find("title")), text_of(paper.find("abstract"))
    number = anthology_id(*_ids(record), paper.get("id", ""))
    if not title and not abstract:
        return Unreadable.of(record.line, f"paper {number}", "a paper without title and abstract")
    year, month = (_either(paper, meta, name) for name in ("year", "month"))
    return make_entry(
        record.line,
        line_end=record.line_end,
        title=title,
        authors=[_name(author) for author in paper.iterfind("author")],
        date=iso_date(f"{year} {month}"),
        venue=_either(paper, meta, "journal-title") or _either(paper, meta, "booktitle"),
        abstract=abstract,
        doi=text_of(paper.find("doi")),
        acl=number,
        url=_url(text_of(paper.find("url")), number),
    )


def _either(paper: Element, meta: Element | None, name: str) -> str:
    """What the paper states, else its volume."""
    return text_of(paper.find(name)) or (text_of(meta.find(name)) if meta is not None else "")


def _name(author: Element) -> str:
    parts = (text_of(author.find(part)) for part in ("first", "last"))
    return " ".join(filter(None, parts)) or (author.text or "").strip()


def _url(stated: str, number: str) -> str:
    """The page of the paper in the Anthology; where it has no id, the address that is stated."""
    if stated and "://" not in stated:
        number = stated
    return f"{_SITE}{number}/" if number else stated


def anthology_id(collection: str, volume: str, paper: str) -> str:
    """The id of a paper, of the new form or, for collections named like P18, of the old.

    Empty where the parts make up none.

    >>> anthology_id("2020.acl", "main", "7"), anthology_id("P18", "1", "7")
    ('2020.acl-main.7', 'P18-1007')
    """
    if not (collection and volume and paper):
        return ""
    if "." in collection:
        return f"{collection}-{volume}.{paper}"
    if not (volume.isdecimal() and paper.isdecimal()):
        return ""
    # Workshops have many volumes of few papers.
    is_workshop = collection.startswith("W") or collection == "C69"
    if is_workshop or (collection == "D19" and int(volume) >= 5):
        return f"{collection}-{int(volume):02}{int(paper):02}"
    return f"{collection}-{int(volume)}{int(paper):03}"
