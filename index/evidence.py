"""Are two mentions the same work? Every rule, in the order in which they are asked.

Several kinds of evidence decide together. An identifier, a title or an abstract proposes; where not
both have an abstract, title, authors, year and venue are weighed against each other
(`index.agreement`). Numerals in the titles, complete author lists without a common name, and
different identifiers veto. All figures come from the two mentions, so a decision never changes
because other papers were added.
"""

from __future__ import annotations

import re

from index.agreement import (
    Agreement,
    agree,
    other_words,
    share_author,
    venue_level,
    year_level,
)
from index.features import (
    Features,
    abstract_cosine,
    abstract_edit,
    abstract_similarity,
    title_similarity,
)
from index.identifiers import is_published_doi
from index.records import Evidence, Mention
from index.venues import is_preprint_venue

# Thresholds, chosen on pairs of preprints and camera-ready papers against each one's nearest
# different paper (see docs/same-work.md); all are shares in [0, 1].
SAME_ABSTRACT = 0.90  # edit similarity, with a common author
SAME_ABSTRACT_ALONE = 0.95  # the same under two titles and without a common author
SAME_STUDY = 0.58  # mean of edit similarity and TF-IDF cosine, for a mention without title
NEAR_TITLE = 0.90  # edit similarity of titles, with a common author or a likewise abstract
UNRELATED_ABSTRACT = 0.15  # TF-IDF cosine below which one title names two works
NEAR_ABSTRACT = 0.75  # edit similarity or cosine, for a title with and without subtitle
SURE_ENOUGH = 0.5  # logarithm of the odds, for records with titles that differ
UNLIKELY = -2.0  # logarithm of the odds under which records are not brought together by a third
# From this score on, evidence stands without asking whether other members of the groups agree:
# it rests on whole texts.
STRONG = 0.94
BOILERPLATE = 40  # words; a shorter abstract may stand under many titles ("Provides an abstract …")


def compare(a: Features, b: Features) -> Evidence | None:
    """The strongest rule by which two mentions are the same work, or None. Symmetric."""
    for rule in (
        _same_identifier, _same_title, _same_abstract, _near_title, _same_record, _same_study
    ):  # fmt: skip
        evidence = rule(a, b)
        if evidence is not None:
            return None if veto(a, b, evidence) else evidence
    return None


def veto(a: Features, b: Features, evidence: Evidence | None = None) -> str | None:
    """Why the two cannot be the same work whatever else agrees, in words, or None."""
    m, n = a.mention, b.mention
    if evidence is not None and evidence.rule == "same-identifier":
        return None
    similar = title_similarity(a, b)
    near = similar >= 0.75
    if a.about != b.about and similar >= 0.4:
        return f"one is about the other: {m.title!r} and {n.title!r}"
    if near and a.numerals != b.numerals and ((a.numerals and b.numerals) or _is_series(a, b)):
        return f"numerals differ in the titles {m.title!r} and {n.title!r}"
    both = a.has_abstract and b.has_abstract
    likeness = abstract_edit(a, b) if both else 0.0
    shared = share_author(a, b)
    if a.title_key != b.title_key and likeness < SAME_ABSTRACT_ALONE:
        numbers = _other_arxiv(m, n) or _other_record(m, n)
    else:
        numbers = None if a.title_key == b.title_key or shared else _other_arxiv(m, n)
    if numbers:
        return f"different {numbers} and titles"
    complete = not m.authors_truncated and not n.authors_truncated
    if complete and a.surnames and b.surnames and not shared:
        equal = a.title_key == b.title_key and not a.is_generic
        one_place = venue_level(a, b) == "same" and year_level(a, b) in ("same", "unknown")
        stands = likeness >= 0.6 or (not both and one_place)
        if not (equal and stands) and likeness < SAME_ABSTRACT_ALONE:
            return "complete author lists without a common name"
    return None


def _other_arxiv(m: Mention, n: Mention) -> str | None:
    """Numbers of arXiv of the two that differ, in words."""
    if m.arxiv and n.arxiv and m.arxiv != n.arxiv:
        return f"arXiv ids ({m.arxiv}, {n.arxiv})"
    return None


def _other_record(m: Mention, n: Mention) -> str | None:
    """Published DOIs or PMIDs of the two that differ, in words.

    A preprint has a DOI, and some a PMID, beside those of the paper that it becomes.
    """
    dois = [doi if is_published_doi(doi) else None for doi in (m.doi, n.doi)]
    if dois[0] and dois[1] and dois[0].lower() != dois[1].lower():
        return f"DOIs ({dois[0]}, {dois[1]})"
    is_preprint = any((one.doi or one.arxiv) and not is_published_doi(one.doi) for one in (m, n))
    if m.pmid and n.pmid and m.pmid != n.pmid and not is_preprint:
        return f"PMIDs ({m.pmid}, {n.pmid})"
    return None


def editions(a: Features, b: Features) -> str | None:
    """What says that one is a preprint and the other published, in words, or None.

    For those who keep the two apart. Where the venue does not tell, the DOI does, then an arXiv
    id; a mention that states none of them is either.
    """
    if a.mention.doi and (a.mention.doi or "").lower() == (b.mention.doi or "").lower():
        return None
    kinds = {_edition(a.mention), _edition(b.mention)}
    return "one is a preprint, the other published" if kinds == {"preprint", "published"} else None


def _edition(mention: Mention) -> str | None:
    if mention.venue:
        return "preprint" if is_preprint_venue(mention.venue) else "published"
    if mention.doi:
        return "published" if is_published_doi(mention.doi) else "preprint"
    return "preprint" if mention.arxiv else None


def rejected(a: Features, b: Features) -> str:
    """Why no rule joins two mentions, in words, where nothing vetoes."""
    if not (a.title_key and b.title_key) and not (a.has_abstract and b.has_abstract):
        return "neither two titles nor two abstracts to compare"
    if a.has_abstract and b.has_abstract:
        alike = abstract_similarity(a, b)
        figures = f"edit {alike['edit']:.0%}, words {alike['cosine']:.0%}"
        return f"titles {title_similarity(a, b):.0%} and abstracts ({figures}) are not alike enough"
    found = agree(a, b)
    if found is None:
        return "the titles differ, and there are not two abstracts to compare"
    if a.is_generic or b.is_generic:
        return "many works have such a title: authors, year and venue have to be the same"
    least = 0 if a.title_key == b.title_key else SURE_ENOUGH
    return f"the records agree by {found.points:+.1f} points, and {least:+.1f} are needed"


def objection(
    a: Features, b: Features, evidence: Evidence, *, apart: bool, theirs: bool = False
) -> str | None:
    """Why two mentions keep their groups from joining by the `evidence`, or None.

    With `apart` a preprint and what was published of it are two works. Where the evidence is
    `theirs`, found by `compare`, nothing vetoes.
    """
    why = None if theirs else veto(a, b, evidence)
    why = why or (editions(a, b) if apart else None)
    if not why and evidence.score < STRONG and conflict(a, b):
        return "the titles and all else speak of different works"
    return why


def conflict(a: Features, b: Features) -> bool:
    """True when the titles differ, and so do the abstracts; without two, authors and the rest."""
    if not (a.title_key and b.title_key):
        return False
    if not (a.has_abstract and b.has_abstract):
        found = agree(a, b)
        return found is None or found.points < UNLIKELY
    return title_similarity(a, b) < 0.75 and abstract_cosine(a, b) < SAME_STUDY


def _is_series(a: Features, b: Features) -> bool:
    """One title is the other with a part number: "Planning" and "Planning, Part II"."""
    short, long = sorted((a.title_text, b.title_text), key=len)
    rest = long.removeprefix(short)
    return rest != long and re.fullmatch(r"(?: part| volume| vol)? \w{1,5}", rest) is not None


def _same_identifier(a: Features, b: Features) -> Evidence | None:
    m, n = a.mention, b.mention
    dois = ((m.doi or "").lower(), (n.doi or "").lower())  # DOIs do not tell case (ISO 26324)
    acls = ((m.acl or "").lower(), (n.acl or "").lower())
    for name, x, y in (
        ("DOI", *dois), ("arXiv id", m.arxiv, n.arxiv), ("PMID", m.pmid, n.pmid), ("ACL id", *acls)
    ):  # fmt: skip
        if x and x == y:
            similar = title_similarity(a, b)
            both = a.has_abstract and b.has_abstract
            same_text = both and abstract_edit(a, b) >= SAME_ABSTRACT
            if a.title_key and b.title_key and similar < 0.4 and not same_text:
                return None  # an identifier mistyped, or of the whole volume
            return Evidence("same-identifier", 1.0, f"the same {name} {x}", {"title": similar})
    return None


def _same_title(a: Features, b: Features) -> Evidence | None:
    """One title over two abstracts; how they agree without is weighed by `_same_record`."""
    if not a.title_key or a.title_key != b.title_key:
        return None
    if not (a.has_abstract and b.has_abstract):
        return None
    scores = {"title": 1.0} | abstract_similarity(a, b)
    likeness = max(scores["edit"], scores["cosine"])
    if a.is_generic or b.is_generic:
        if likeness < SAME_ABSTRACT:
            return None
        return Evidence("same-title", 0.96, "the same short title and abstract", scores)
    unlike = likeness < 0.6 and scores["cosine"] < UNRELATED_ABSTRACT
    if unlike and not share_author(a, b):
        return None
    why = f"the same title {_printed_title(a, b)!r}; abstracts {likeness:.0%} alike"
    return Evidence("same-title", 0.97, why, scores)


def _same_abstract(a: Features, b: Features) -> Evidence | None:
    if not (a.has_abstract and b.has_abstract):
        return None
    if abstract_edit(a, b, SAME_ABSTRACT) < SAME_ABSTRACT:  # as in most pairs
        return None
    scores = abstract_similarity(a, b) | {"title": title_similarity(a, b)}
    titles = bool(a.title_key and b.title_key)
    enough = SAME_ABSTRACT
    if titles and scores["title"] < 0.75:
        shared = share_author(a, b)
        if not shared or year_level(a, b) == "other":  # a group's next paper begins like its last
            enough = SAME_ABSTRACT_ALONE
        if not shared and min(len(a.abstract_words), len(b.abstract_words)) < BOILERPLATE:
            return None
    if scores["edit"] < enough:
        return None
    cut = _cut(a) or _cut(b)
    under = " under two titles" if titles and a.title_key != b.title_key else ""
    why = (
        f"{'cut-off abstract agrees' if cut else 'abstracts agree'} to {scores['edit']:.0%}{under}"
    )
    return Evidence("same-abstract", 0.93 if cut else 0.95, why, scores)


def _near_title(a: Features, b: Features) -> Evidence | None:
    """Titles and abstracts that are nearly the same."""
    if not (a.has_abstract and b.has_abstract):
        return None
    similar = title_similarity(a, b)
    if a.is_generic or b.is_generic or not (similar >= NEAR_TITLE or _is_subtitled(a, b)):
        return None
    scores = {"title": similar} | abstract_similarity(a, b)
    alike = max(scores["edit"], scores["cosine"])
    respelt = similar >= NEAR_TITLE and not other_words(a, b)
    if alike < (0.45 if respelt else NEAR_ABSTRACT):
        return None
    if not share_author(a, b) and (
        (a.surnames and b.surnames) or (alike < SAME_STUDY and similar < 0.95)
    ):
        return None
    why = f"titles {similar:.0%} alike, abstracts {alike:.0%}"
    return Evidence("near-title", 0.9 * max(similar, 0.9), why, scores)


def _same_record(a: Features, b: Features) -> Evidence | None:
    """Title, authors, year and venue agree far enough, where not both state an abstract."""
    if a.has_abstract and b.has_abstract:
        return None
    found = agree(a, b)
    if found is None:
        return None
    scores = {"title": found.title}
    equal = a.title_key == b.title_key
    if a.is_generic or b.is_generic:
        shared, most = len(a.surnames & b.surnames), max(len(a.names), len(b.names))
        same = shared > 0 and 2 * shared >= most
        stated = a.mention.year == b.mention.year and a.mention.venue == b.mention.venue
        if not (equal and same and (stated or _same_issue(a, b))):
            return None
        return Evidence("same-title", 0.9, "the same short title, author, year and venue", scores)
    if found.points < (0 if equal else SURE_ENOUGH):
        return None
    rule, said = "near-title", f"titles {found.title:.0%} alike"
    if equal:
        rule, said = "same-title", f"the same title {_printed_title(a, b)!r}"
    why = "; ".join([said, *_also(found)])
    return Evidence(rule, min(found.probability, 0.97), why, scores)


def _also(found: Agreement) -> list[str]:
    """What agrees or differs beside the titles, in words."""
    words = {
        "authors": {
            "all": "the same authors", "within": "authors of one among the other's",
            "half": "half of the authors or more", "some": "some of the authors",
            "none": "no common author",
        },
        "year": {"same": "the same year", "near": "years differ", "other": "years differ"},
        "venue": {"same": "the same venue", "other": "venues differ"},
    }  # fmt: skip
    return [words[f][level] for f, level in found.levels.items() if level in words.get(f, {})]


def _same_issue(a: Features, b: Features) -> bool:
    """Both state the year and the venue, and these agree."""
    return year_level(a, b) == venue_level(a, b) == "same"


def _printed_title(a: Features, b: Features) -> str:
    return min(a.mention.title or "", b.mention.title or "")


def _is_subtitled(a: Features, b: Features) -> bool:
    """One title is the other with a subtitle: "Celo" is too short, four words are not."""
    short, long = sorted((a.title_text, b.title_text), key=len)
    if len(short.split()) < 4 or not long.startswith(short + " "):
        return False
    whole = a if a.title_text == long else b
    rest = (whole.mention.title or "")[len(short) - 2 :]
    return any(mark in rest for mark in ":-–—(?.")


def _same_study(a: Features, b: Features) -> Evidence | None:
    """A mention without title states the same problem, method and findings."""
    if (a.title_key and b.title_key) or not (a.has_abstract and b.has_abstract):
        return None
    cosine = abstract_cosine(a, b)
    scores = {"edit": abstract_edit(a, b, 2 * SAME_STUDY - cosine), "cosine": cosine}
    mean = (scores["edit"] + scores["cosine"]) / 2
    if mean < SAME_STUDY:
        return None
    why = f"an untitled abstract {mean:.0%} like the other in words and wording"
    return Evidence("same-study", 0.9 * mean, why, scores)


def _cut(f: Features) -> bool:
    return f.mention.abstract_truncated
