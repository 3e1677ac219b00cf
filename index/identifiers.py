"""Numbers by which registers of papers know a work: PMIDs, ACL Anthology ids, kinds of DOI.

A PMID is the number of a record of PubMed. An id of the ACL Anthology is "2021.econlp-1.4" or, for
papers until 2019, "P19-1001" (https://aclanthology.org/info/ids/). Letter case tells no two apart.
"""

from __future__ import annotations

import re

_PMID = r"0*(?P<id>[1-9][0-9]{0,8})(?![0-9])"
_PMID_ALONE = re.compile(rf"(?:PMID\s*:?)?\s*{_PMID}", re.IGNORECASE)
_PMID_PLACE = re.compile(
    rf"(?:pubmed\.ncbi\.nlm\.nih\.gov/|ncbi\.nlm\.nih\.gov/(?:m/)?pubmed/"
    rf"|europepmc\.org/(?:abstract|article)/med/){_PMID}",
    re.IGNORECASE,
)
_PMID_LINE = re.compile(rf"^\s*PMID\s*:\s*{_PMID}\s*$", re.IGNORECASE | re.MULTILINE)
_ACL = r"(?P<id>[0-9]{4}\.[a-z0-9_]+-[a-z0-9_]+\.[0-9]+|[a-z][0-9]{2}-[0-9]{4,5})(?![0-9-])"
_ACL_ALONE = re.compile(rf"(?:ACL\s*:)?\s*{_ACL}", re.IGNORECASE)
# 10.18653 and, before 2015, 10.3115 are the prefixes of the ACL.
_ACL_PLACE = re.compile(
    rf"(?:aclanthology\.(?:org|info)/|aclweb\.org/anthology/)"
    rf"(?:papers/)?(?:[a-z]/[a-z][0-9]{{2}}/)?{_ACL}"
    rf"|10\.(?:18653|3115)/v1/{_ACL.replace('<id>', '<of_doi>')}",
    re.IGNORECASE,
)
# What gives DOIs to preprints, their versions and to files. 10.1101 is also that of journals (of
# Cold Spring Harbor), whose DOIs go on with a letter.
_UNPUBLISHED = re.compile(
    r"10\.(?:48550|64898|21203|2139|20944|26434|31234|31219|31235|31223|35542|36227|22541|7287"
    r"|5281|6084)/"
    r"|10\.1101/[0-9]|10\.1002/essoar|10\.2196/preprints",
    re.IGNORECASE,
)


def pmid_of(number: str, *hiding: str) -> str:
    """The PMID that is stated alone, or stands in the address of a record in one of the texts.

    >>> pmid_of("PMID: 29456894"), pmid_of("", "https://pubmed.ncbi.nlm.nih.gov/123/")
    ('29456894', '123')
    """
    found = _PMID_ALONE.fullmatch(number.strip())
    for text in (number, *hiding):
        found = found or _PMID_PLACE.search(text)
    return found["id"] if found else ""


def pmid_in_note(note: str) -> str:
    """The PMID that a line of a note states, as those of Zotero do."""
    found = _PMID_LINE.search(note)
    return found["id"] if found else ""


def acl_of(number: str, *hiding: str) -> str:
    """The ACL id that is stated alone, or stands in an address or a DOI of the Anthology.

    >>> acl_of("", "https://aclanthology.org/2021.econlp-1.4.pdf", ""), acl_of("10.18653/v1/P19-1")
    ('2021.econlp-1.4', '')
    """
    if found := _ACL_ALONE.fullmatch(number.strip()):
        return found["id"]
    for text in (number, *hiding):
        if found := _ACL_PLACE.search(text):
            return found["id"] or found["of_doi"]
    return ""


def pmid_url(pmid: str | None) -> str:
    """Where PubMed has the record; empty without a number."""
    return f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if pmid else ""


def acl_url(acl: str | None) -> str:
    """Where the Anthology has the paper; empty without an id."""
    return f"https://aclanthology.org/{acl}/" if acl else ""


def is_published_doi(doi: str | None) -> bool:
    """False for the DOI of a preprint or of a file, and for none."""
    return bool(doi) and not _UNPUBLISHED.match(doi or "")
