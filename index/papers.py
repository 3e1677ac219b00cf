"""A paper from its mentions: the best value of each field, and which mention it came from."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from index.identifiers import is_published_doi
from index.records import Mention, Paper, Work
from index.text import title_key
from index.venues import is_preprint_venue

_NOTHING = Mention(source="", line_start=0, line_end=0)  # states no field
_Rank = Callable[[Mention], tuple[object, ...]]


def merge_mentions(mentions: Sequence[Mention]) -> Paper:
    """The paper that the mentions (one or more, with ids) are versions of; `paper_id` still empty.

    A whole abstract goes before one that is cut off, a full author list before "et al.", a
    published version before a preprint; among equals the title that most mentions bear, the
    earlier and fuller date, the longer text, and last the smaller mention id.
    """
    mentions = sorted(mentions, key=lambda m: m.mention_id)
    bearers = Counter(title_key(m.title) for m in mentions if m.title)
    fields_from: dict[str, str] = {}

    def best(field: str, rank: _Rank) -> Mention:
        stated = [m for m in mentions if getattr(m, field)]
        if not stated:
            return _NOTHING
        chosen = max(stated, key=rank)  # the first of equals, so the smallest mention id
        fields_from[field] = chosen.mention_id
        return chosen

    def title_rank(m: Mention) -> tuple[object, ...]:
        return bearers[title_key(m.title or "")], is_published(m), bool(m.abstract), m.year or 0

    titled = best("title", title_rank)
    key = title_key(titled.title) if titled.title else None

    def abstract_rank(m: Mention) -> tuple[object, ...]:
        same_title = m.title is not None and title_key(m.title) == key
        return not m.abstract_truncated, same_title, len(m.abstract or "")

    told = best("abstract", abstract_rank)
    signed = best("authors", lambda m: (not m.authors_truncated, len(m.authors)))
    yeared = best("year", lambda m: (is_published(m), len(m.date or ""), -(m.year or 0)))
    dated = yeared
    if yeared.date:
        fields_from["date"] = yeared.mention_id
    elif yeared is _NOTHING:  # a day without a year is better than nothing
        dated = best("date", lambda m: (is_published(m), len(m.date or "")))
    return Paper(
        paper_id="",
        title=titled.title,
        other_titles=_others((m.title for m in mentions if m.title), key),
        authors=signed.authors,
        authors_truncated=signed.authors_truncated,
        year=yeared.year,
        date=dated.date,
        venue=best("venue", lambda m: (is_published(m), m.year or 0, len(m.venue or ""))).venue,
        categories=best("categories", lambda m: (len(m.categories),)).categories,
        abstract=told.abstract,
        abstract_truncated=told.abstract_truncated,
        doi=best("doi", lambda m: (is_published_doi(m.doi),)).doi,
        arxiv=best("arxiv", lambda m: ()).arxiv,
        pmid=best("pmid", lambda m: (is_published_doi(m.doi), is_published(m))).pmid,
        acl=best("acl", lambda m: ()).acl,
        url=best("url", lambda m: (is_published(m),)).url,
        mention_ids=tuple(m.mention_id for m in mentions),
        fields_from=fields_from,
    )


def paper_of(work: Work, mentions: Mapping[str, Mention]) -> Paper:
    """The paper that a work is, from its mentions."""
    merged = merge_mentions([mentions[m] for m in work.mention_ids])
    return replace(merged, paper_id=work.paper_id, aliases=work.aliases, added=work.added)


def document_text(paper: Paper) -> str:
    """The text that is embedded and searched by words: title and abstract, or what there is."""
    return text_of(paper.title, paper.abstract)


def text_of(title: str | None, abstract: str | None) -> str:
    """As `document_text`, of a paper of this title and abstract."""
    parts = [part for part in (title, abstract) if part]
    if len(parts) == 2 and parts[0][-1] not in ".?!":
        parts[0] += "."
    return " ".join(parts)


def text_digest(text: str) -> str:
    """By what a text is known again, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def is_published(mention: Mention) -> bool:
    """True when the mention states a venue that is not a preprint server."""
    return bool(mention.venue) and not is_preprint_venue(mention.venue or "")


def _others(titles: Iterable[str], key: str | None) -> tuple[str, ...]:
    """The titles under another key than `key`, one for each key, in alphabetical order."""
    by_key: dict[str, str] = {}
    for title in sorted(titles):
        if title_key(title) != key:
            by_key.setdefault(title_key(title), title)
    return tuple(sorted(by_key.values()))
