"""What sketches rule out, no rule would join; and they rule out most of what is not alike."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.dedupe import group
from index.evidence import compare
from index.features import Background, Features
from index.identity import by_id, with_ids
from index.records import Mention
from index.sketches import Sketches
from index.sources import read_sources

SEEDS = Path(__file__).resolve().parent.parent / "seeds"
BACKGROUND = Background.load()
SLEEP = Mention(
    "a.txt", 1, 1,
    title="Sleep spindles in the ageing hippocampus",
    authors=("Ada Lovelace",),
    year=2019,
    abstract=(
        "We record spindles from forty sleeping adults and find that they slow down with age. "
        "A model of the thalamus explains why, and predicts which of them forget new words."
    ),
)  # fmt: skip
PLANES = Mention(
    "a.txt", 2, 2,
    title="Graph planarity by quick queries",
    authors=("Grace Hopper",),
    year=2012,
    abstract=(
        "Quick queries judge whether a big graph may be drawn with no edge over any other edge. "
        "Our bounds are tight up to a logarithm, even for graphs of unbounded degree."
    ),
)  # fmt: skip


def ruled_out(a: Mention, b: Mention) -> bool:
    sketches = Sketches(2)
    for i, mention in enumerate((a, b)):
        sketches.add(i, Features(mention, BACKGROUND))
    return bool(sketches.ruled_out(np.array([[0, 1]]))[0])


def joined(a: Mention, b: Mention) -> bool:
    return compare(Features(a, BACKGROUND), Features(b, BACKGROUND)) is not None


def test_two_papers_are_ruled_out() -> None:
    """Where titles and abstracts are unlike each other, by their letters alone."""
    assert ruled_out(SLEEP, PLANES)


@pytest.mark.parametrize(
    "same",
    [
        {"doi": "10.1000/ABC"},
        {"arxiv": "1901.00001"},
        {"pmid": "12345"},
        {"acl": "P19-1001"},
        {"title": SLEEP.title},
        {"title": f"{SLEEP.title}: a study of forty adults who sleep"},
        {"abstract": SLEEP.abstract},
        {"title": None},
        {"abstract": None},
        {"abstract_truncated": True},
    ],
)
def test_what_is_not_ruled_out(same: dict[str, Any]) -> None:
    """An identifier, title, subtitled title or abstract that agrees, or text that is not there."""
    one = replace(SLEEP, doi="10.1000/abc", arxiv="1901.00001", pmid="12345", acl="p19-1001")
    assert ruled_out(one, PLANES)
    assert not ruled_out(one, replace(PLANES, **same))
    assert not ruled_out(replace(PLANES, **same), one)


def test_pairs_of_mentions_without_a_sketch_are_not_ruled_out() -> None:
    """Nothing is known of a mention that was not added; no pairs give no answers."""
    sketches = Sketches(3)
    sketches.add(0, Features(SLEEP, BACKGROUND))
    sketches.add(1, Features(PLANES, BACKGROUND))
    pairs = np.array([[0, 1], [0, 2], [1, 2]])
    assert sketches.ruled_out(pairs).tolist() == [True, False, False]
    assert sketches.ruled_out(pairs[:0]).tolist() == []


def edited(text: str, share: float, random: Random) -> str:
    """The text with that share of its letters deleted, or as many inserted, anywhere.

    One at least is deleted, so that neither text has all letters of the other.
    """
    places = sorted(random.sample(range(len(text)), int(share * len(text))), reverse=True)
    inserted = random.choice(["", "é", "e"])  # "" deletes
    for place in places:
        new = inserted if place > places[-1] else ""
        text = text[:place] + new + text[place + (not new) :]
    return text


@st.composite
def versions(draw: st.DrawFn) -> tuple[Mention, Mention]:
    """A mention, and one whose title and abstract are those of either, edited."""
    random = Random(draw(st.integers(0, 1000)))
    one, other = draw(st.permutations([SLEEP, PLANES]))
    title, abstract = (draw(st.sampled_from([one, other])) for _ in "ta")
    return one, replace(
        draw(st.sampled_from([one, other])),
        title=edited(title.title or "", draw(st.sampled_from([0, 0.1, 0.2])), random),
        abstract=edited(abstract.abstract or "", draw(st.sampled_from([0, 0.17, 0.3])), random),
        year=one.year,
        abstract_truncated=draw(st.sampled_from([False, False, True])),
    )


@settings(deadline=None, max_examples=400)
@given(pair=versions())
def test_no_rule_joins_what_is_ruled_out(pair: tuple[Mention, Mention]) -> None:
    """However near the thresholds."""
    assert not (ruled_out(*pair) and joined(*pair))


def test_the_seeds() -> None:
    """Of all pairs of the seeds none that a rule joins is ruled out, and most others are."""
    mentions = with_ids(read_sources([SEEDS]).mentions)
    sketches, features = Sketches(len(mentions)), [Features(m, BACKGROUND) for m in mentions]
    for i, feature in enumerate(features):
        sketches.add(i, feature)
    pairs = np.array(list(combinations(range(len(mentions)), 2)))
    out = sketches.ruled_out(pairs)
    assert not any(compare(features[i], features[j]) for i, j in pairs[out].tolist())
    full = [bool(f.title_key and f.has_abstract) for f in features]
    both = np.array([full[i] and full[j] for i, j in pairs.tolist()])
    assert out.sum() > 0.6 * both.sum()


def test_groups_are_the_same_without_sketches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups, joins and the evidence that is kept are those of comparing every candidate pair."""
    mentions = by_id(with_ids(read_sources([SEEDS]).mentions))
    with_them = group(mentions)
    monkeypatch.setattr(Sketches, "ruled_out", lambda _, pairs: np.zeros(len(pairs), dtype=bool))
    without = group(mentions)
    assert with_them == without
    assert with_them.known.evidence == without.known.evidence
