"""A paper from its mentions: the best value of each field, and which mention it came from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from index.records import Mention, Paper
from index.text import title_key

_PREPRINT = re.compile(
    r"\b(?:arxiv|biorxiv|medrxiv|psyarxiv|corr|ssrn|openreview|preprints?|techrxiv|hal)\b",
    re.IGNORECASE,
)
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

    def best(field: str, rank: _Rank) -> Mention | None:
        stated = [m for m in mentions if getattr(m, field)]
        if not stated:
            return None
        chosen = max(stated, key=rank)  # the first of equals, so the smallest mention id
        fields_from[field] = chosen.mention_id
        return chosen

    title_from = best(
        "title",
        lambda m: (
            bearers[title_key(m.title or "")],
            is_published(m),
            bool(m.abstract),
            m.year or 0,
        ),
    )
    key = title_key(title_from.title) if title_from and title_from.title else None
    abstract_from = best(
        "abstract",
        lambda m: (
            not m.abstract_truncated,
            m.title is not None and title_key(m.title) == key,
            len(m.abstract or ""),
        ),
    )
    authors_from = best("authors", lambda m: (not m.authors_truncated, len(m.authors)))
    date_from = best("year", lambda m: (is_published(m), len(m.date or ""), -(m.year or 0)))
    day_from = date_from if date_from and date_from.date else None
    if day_from:
        fields_from["date"] = day_from.mention_id
    elif date_from is None:
        day_from = best("date", lambda m: (is_published(m), len(m.date or "")))
    venue_from = best("venue", lambda m: (is_published(m), m.year or 0, len(m.venue or "")))
    categories_from = best("categories", lambda m: (len(m.categories),))
    doi_from = best("doi", lambda m: ("10.48550/" not in (m.doi or ""),))
    arxiv_from = best("arxiv", lambda m: ())
    url_from = best("url", lambda m: (is_published(m),))
    return Paper(
        paper_id="",
        title=title_from.title if title_from else None,
        other_titles=_others((m.title for m in mentions if m.title), key),
        authors=authors_from.authors if authors_from else (),
        authors_truncated=authors_from.authors_truncated if authors_from else False,
        year=date_from.year if date_from else None,
        date=day_from.date if day_from else None,
        venue=venue_from.venue if venue_from else None,
        categories=categories_from.categories if categories_from else (),
        abstract=abstract_from.abstract if abstract_from else None,
        abstract_truncated=abstract_from.abstract_truncated if abstract_from else False,
        doi=doi_from.doi if doi_from else None,
        arxiv=arxiv_from.arxiv if arxiv_from else None,
        url=url_from.url if url_from else None,
        mention_ids=tuple(m.mention_id for m in mentions),
        fields_from=fields_from,
    )


def is_published(mention: Mention) -> bool:
    """True when the mention states a venue that is not a preprint server."""
    return bool(mention.venue) and not is_preprint_venue(mention.venue or "")


def is_preprint_venue(venue: str) -> bool:
    """True for arXiv and its like."""
    return _PREPRINT.search(venue) is not None


def _others(titles: Iterable[str], key: str | None) -> tuple[str, ...]:
    """The titles under another key than `key`, one for each key, in alphabetical order."""
    by_key: dict[str, str] = {}
    for title in sorted(titles):
        if title_key(title) != key:
            by_key.setdefault(title_key(title), title)
    return tuple(sorted(by_key.values()))
