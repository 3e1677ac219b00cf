"""Ids derived from content: the same after a rebuild, a renamed file or another file order."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from index.identifiers import acl_of, pmid_of
from index.papers import merge_mentions
from index.records import Mention, Paper, Work
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
        base = base_id(m)
        seen[base] += 1
        named.append(replace(m, mention_id=repetition(base, seen[base])))
    return named


def by_id(mentions: Iterable[Mention]) -> dict[str, Mention]:
    """The mentions, which have ids, by these."""
    return {mention.mention_id: mention for mention in mentions}


def base_id(mention: Mention) -> str:
    """The id of a mention that is no repetition of another."""
    m = mention
    stated = (m.title, m.authors, m.year, m.date, m.venue, m.categories, m.abstract)
    return digest("m", *stated, m.doi, m.arxiv, m.url, *_more_numbers(m))


def repetition(base: str, number: int) -> str:
    """The id of the `number`-th mention, from 1, that states the same word for word."""
    return base if number == 1 else f"{base}-{number}"


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


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a work may be called, without its texts."""

    ids: tuple[str, ...]  # that the merged record gives rise to, strongest first, and any mention
    author: tuple[str, ...]  # last word of the first author's name
    year: int | None
    mention_ids: tuple[str, ...]

    @classmethod
    def of(cls, mentions: Sequence[Mention]) -> _Claim:
        paper = merge_mentions(mentions)
        stated = (content_ids(m) for m in (mentions if len(mentions) > 1 else ()))
        ids = dict.fromkeys([*content_ids(paper), *chain.from_iterable(stated)])
        author = words(paper.authors[0])[-1:] if paper.authors else []
        return cls(tuple(ids), tuple(author), paper.year, paper.mention_ids)

    def name(self, step: int) -> str:
        """What the paper may be called: 0 by content, 1 also by author and year, 2 by a mention."""
        plain = self.ids[0]
        if step == 0:
            return plain
        more = (self.author, self.year) if step == 1 else (min(self.mention_ids),)
        return digest("p", plain, *more)


def name_works(
    groups: Iterable[Sequence[str]],
    mentions: Mapping[str, Mention],
    earlier: Mapping[str, Sequence[str]],
) -> list[Work]:
    """The works that groups of mention ids are, with their final ids and aliases, ordered by id.

    Papers that would share an id (two editorials of one title) take a more specific one each.
    Ids do not depend on previous builds. `earlier` maps the ids of these to the mentions that they
    stood for; they, and the ids that any mention gives rise to, become aliases. An alias that the
    mentions of two papers give rise to goes to the one that had it before, else to neither.
    """
    claims = [_Claim.of([mentions[m] for m in group]) for group in groups]
    claimants, disputed = _claimants(claims)
    chosen = _unique_ids(claims, disputed)
    aliases = {alias: chosen[i] for alias, i in _heirs(claims, earlier).items()}
    for alias, i in claimants.items():
        if alias not in disputed:
            aliases[alias] = chosen[i]
    taken = set(chosen)
    of_paper: dict[str, list[str]] = {}
    for alias, pid in sorted(aliases.items()):
        if alias not in taken:
            of_paper.setdefault(pid, []).append(alias)
    works = (
        Work(pid, tuple(of_paper.get(pid, ())), claim.mention_ids)
        for pid, claim in zip(chosen, claims, strict=True)
    )
    return sorted(works, key=lambda work: work.paper_id)


def _claimants(claims: Sequence[_Claim]) -> tuple[dict[str, int], set[str]]:
    """For each id the first work that it could mean, and the ids that could mean several."""
    first: dict[str, int] = {}
    disputed = set()
    for i, claim in enumerate(claims):
        for alias in claim.ids:
            if first.setdefault(alias, i) != i:
                disputed.add(alias)
    return first, disputed


def _heirs(claims: Sequence[_Claim], earlier: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """For each earlier id the position of the work that holds most of its mentions now."""
    home = {m: i for i, claim in enumerate(claims) for m in claim.mention_ids} if earlier else {}
    heirs = {}
    for alias, mention_ids in earlier.items():
        owners = Counter(home[m] for m in mention_ids if m in home)
        if owners:
            heirs[alias] = min(owners, key=lambda i: (-owners[i], claims[i].mention_ids))
    return heirs


def _unique_ids(claims: Sequence[_Claim], disputed: Container[str]) -> list[str]:
    """The plainest id of each work that no other has or could claim.

    An id that may have been another's goes to neither.
    """
    chosen = [claim.name(0) for claim in claims]
    steps: Counter[int] = Counter()
    for _ in range(2):
        counts = Counter(chosen)
        for i, name in enumerate(chosen):
            if counts[name] > 1 or name in disputed:
                steps[i] += 1
                chosen[i] = claims[i].name(steps[i])
    return chosen
