"""Ids derived from content: the same after a rebuild, a renamed file or another file order."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from index.identifiers import acl_of, pmid_of
from index.records import Mention, Paper
from index.text import title_key, words

_DIGITS = 12  # hexadecimal, 48 bits: at a million papers one chance in 500 of any collision


def digest(prefix: str, *parts: object) -> str:
    """`prefix` and 12 hexadecimal digits of the SHA-256 of the parts."""
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return prefix + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def with_ids(mentions: Iterable[Mention]) -> list[Mention]:
    """The mentions with their ids, ordered by file and line.

    The id is a digest of what the mention states, not of where. Word-for-word repetitions get
    "-2", "-3" … in the order of file and line.
    """
    seen: Counter[str] = Counter()
    named = []
    for m in sorted(mentions, key=lambda m: (m.source, m.line_start)):
        stated = (m.title, m.authors, m.year, m.date, m.venue, m.categories, m.abstract)
        base = digest("m", *stated, m.doi, m.arxiv, m.url, *_more_numbers(m))
        seen[base] += 1
        named.append(replace(m, mention_id=base if seen[base] == 1 else f"{base}-{seen[base]}"))
    return named


def _more_numbers(mention: Mention) -> list[str]:
    """PMID and ACL id where neither address nor DOI state them already.

    So a mention keeps the id, by which decisions name it, that it had when these were not read.
    """
    url, doi = mention.url or "", mention.doi or ""
    pmid, acl = mention.pmid, (mention.acl or "").lower()
    more = [f"pmid:{pmid}"] if pmid and pmid != pmid_of("", url) else []
    return more + ([f"acl:{acl}"] if acl and acl != acl_of("", url, doi).lower() else [])


def identifier_ids(record: Mention | Paper) -> list[tuple[str, str]]:
    """(name of the identifier, paper id) of each that a record states, strongest first."""
    stated = (
        ("DOI", "doi", record.doi and record.doi.lower()),
        ("arXiv", "arxiv", record.arxiv),
        ("PMID", "pmid", record.pmid),
        ("ACL", "acl", record.acl and record.acl.lower()),
    )
    return [(name, digest("p", kind, number)) for name, kind, number in stated if number]


def content_ids(mention: Mention | Paper) -> list[str]:
    """The paper ids that a record gives rise to, strongest first: identifiers, title, abstract."""
    ids = [paper_id for _, paper_id in identifier_ids(mention)]
    if mention.title:
        ids.append(digest("p", "title", title_key(mention.title)))
    if mention.abstract:
        ids.append(digest("p", "abstract", title_key(mention.abstract)))
    return ids


def with_paper_ids(
    papers: Sequence[Paper],
    mentions: Mapping[str, Mention],
    earlier: Mapping[str, Sequence[str]],
) -> list[Paper]:
    """The papers with final ids and aliases, ordered by id.

    Papers that would share an id (two editorials of one title) take a more specific one each.
    Ids do not depend on previous builds. `earlier` maps the ids of these to the mentions that they
    stood for; they, and the ids that any mention gives rise to, become aliases. An alias that the
    mentions of two papers give rise to goes to the one that had it before, else to neither.
    """
    claims: dict[str, set[int]] = {}
    for i, paper in enumerate(papers):
        stated = (content_ids(mentions[m]) for m in paper.mention_ids)
        for ids in (content_ids(paper), *stated):
            for alias in ids:
                claims.setdefault(alias, set()).add(i)
    chosen = _unique_ids(papers, claims)
    aliases = {alias: chosen[i] for alias, i in _heirs(papers, earlier).items()}
    for alias, claimants in claims.items():
        if len(claimants) == 1:
            aliases[alias] = chosen[next(iter(claimants))]
    taken = set(chosen)
    of_paper: dict[str, list[str]] = {}
    for alias, pid in sorted(aliases.items()):
        if alias not in taken:
            of_paper.setdefault(pid, []).append(alias)
    final = [
        replace(paper, paper_id=pid, aliases=tuple(of_paper.get(pid, ())))
        for pid, paper in zip(chosen, papers, strict=True)
    ]
    return sorted(final, key=lambda paper: paper.paper_id)


def _heirs(papers: Sequence[Paper], earlier: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """For each earlier id the position of the paper that holds most of its mentions now."""
    home = {m: i for i, paper in enumerate(papers) for m in paper.mention_ids}
    heirs = {}
    for alias, mention_ids in earlier.items():
        owners = Counter(home[m] for m in mention_ids if m in home)
        if owners:
            heirs[alias] = min(owners, key=lambda i: (-owners[i], papers[i].mention_ids))
    return heirs


def _unique_ids(papers: Sequence[Paper], claims: Mapping[str, set[int]]) -> list[str]:
    """The plainest id of each paper that no other has or could claim.

    Content, else with author and year, else with a mention. `claims` has the papers that each id
    could mean: an id that may have been another's goes to neither.
    """
    ladders = []
    for paper in papers:
        plain = content_ids(paper)[0]
        author = words(paper.authors[0])[-1:] if paper.authors else []
        specific = digest("p", plain, author, paper.year)
        steps = (plain, specific, digest("p", plain, min(paper.mention_ids)))
        ladders.append(steps)
    place = [0] * len(papers)
    for _ in range(2):
        counts = Counter(ladder[p] for ladder, p in zip(ladders, place, strict=True))
        for i, ladder in enumerate(ladders):
            rung = ladder[place[i]]
            shared = counts[rung] > 1 or len(claims.get(rung, ())) > 1
            place[i] += shared and place[i] < 2
    return [ladder[p] for ladder, p in zip(ladders, place, strict=True)]
