"""Mentions grouped into works: few comparisons, no chains, the same in every order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.blocking import LARGEST_BLOCK, Signature, candidate_pairs
from index.decisions import Decision, Decisions
from index.dedupe import Grouping, group
from index.errors import DecisionError
from index.evidence import compare, conflict
from index.features import Background, Features
from index.identity import by_id, with_ids
from index.records import Mention
from index.sources import read_sources

SEEDS = Path(__file__).resolve().parent.parent / "seeds"
BACKGROUND = Background.load()
SEED_MENTIONS = with_ids(read_sources([SEEDS]).mentions)
SEED_GROUPS = group(by_id(SEED_MENTIONS))

ADA = ("Ada Lovelace",)
GRACE = ("Grace Hopper",)
NETWORKS = "Stable Gradients in Recurrent Networks"
MICE = "Replay Predicts the Next Path of a Mouse"
GRADIENTS = (
    "Recurrent networks are trained by gradient descent on long sequences and their gradients "
    "vanish. We normalise the recurrent weights and keep the gradients stable over a thousand "
    "steps of speech."
)
REPLAY = (
    "Mice explore an arena before they learn where the reward is hidden in the maze. We record "
    "from hippocampal neurons and find that replay during rest predicts the path taken next."
)
BOTH = (  # resembles both of the above, the first more
    "Recurrent networks are trained by gradient descent on long sequences and their gradients "
    "vanish. We normalise the recurrent weights and keep gradients stable. Mice explore an arena "
    "before they learn where the reward is hidden in the maze. We record from hippocampal neurons "
    "during rest."
)


def mentions_of(*stated: dict[str, Any]) -> list[Mention]:
    """Mentions with ids, in the order given."""
    return with_ids(Mention("a.txt", n, n, **values) for n, values in enumerate(stated, 1))


def features(mentions: Sequence[Mention]) -> list[Features]:
    return [Features(m, BACKGROUND) for m in mentions]


def places(mentions: Sequence[Mention], grouping: Grouping) -> list[list[int]]:
    """The groups as lists of the lines at which their mentions stand, sorted."""
    line = {m.mention_id: m.line_start for m in mentions}
    return sorted(sorted(line[i] for i in ids) for ids in grouping.groups)


def grouped(mentions: Sequence[Mention], *entries: Decision) -> list[list[int]]:
    return places(mentions, group(by_id(mentions), Decisions(entries)))


# Groups -----------------------------------------------------------------------------------------


def test_no_mentions_make_no_groups():
    """Nothing in, nothing out; a mention alone is a group."""
    assert group({}) == Grouping((), ())
    (one,) = mentions_of({"title": NETWORKS})
    assert group(by_id([one])) == Grouping(((one.mention_id,),), ())


def test_versions_are_joined_through_each_other():
    """Preprint, retitled version and untitled copy come together, though not all pairs agree."""
    mentions = mentions_of(
        {"title": NETWORKS, "authors": ADA, "abstract": GRADIENTS},
        {"title": "Normalised Weights Keep Long Memory", "authors": ADA, "abstract": GRADIENTS},
        {"title": "Normalised Weights Keep Long Memory", "authors": ADA},
        {"abstract": GRADIENTS},
    )
    assert grouped(mentions) == [[1, 2, 3, 4]]


def test_the_joins_are_logged():
    """Each join is logged with its two mentions and evidence, one fewer than the group has."""
    mentions = mentions_of(
        {"title": NETWORKS, "authors": ADA, "abstract": GRADIENTS}, {"title": NETWORKS}
    )
    (merge,) = group(by_id(mentions)).merges
    assert {merge.a, merge.b} == {m.mention_id for m in mentions}
    assert (merge.evidence.rule, round(merge.evidence.score, 2)) == ("same-title", 0.85)


@pytest.mark.parametrize("year", range(2000, 2008))
def test_two_papers_are_not_chained_by_one_in_the_middle(year: int):
    """An untitled abstract like two papers that conflict goes to the one it is more like.

    The year changes all ids, and with them the order in which the pairs are met.
    """
    mentions = mentions_of(
        {"title": NETWORKS, "authors": ADA, "abstract": GRADIENTS, "year": year},
        {"title": MICE, "authors": ADA, "abstract": REPLAY, "year": year},
        {"abstract": BOTH, "year": year},
    )
    one, other, middle = features(mentions)
    to_one, to_other = compare(one, middle), compare(other, middle)
    assert to_one and to_other, "the middle is like both, else the test says nothing"
    assert to_one.score > to_other.score
    assert conflict(one, other)
    assert grouped(mentions) == [[1, 3], [2]]


def test_a_veto_across_two_groups_keeps_them_apart():
    """Copies of Part I and of Part II make two groups; an untitled copy of both texts joins one."""
    first = {"title": f"{NETWORKS}, Part I", "authors": ADA, "abstract": GRADIENTS}
    second = {"title": f"{NETWORKS}, Part II", "authors": ADA, "abstract": GRADIENTS}
    mentions = mentions_of(first, second, first, second, {"abstract": GRADIENTS})
    groups = grouped(mentions)
    assert sorted(map(len, groups)) == [2, 3]
    assert [[line for line in lines if line < 5] for lines in groups] == [[1, 3], [2, 4]]


def test_a_cut_off_abstract_does_not_chain():
    """A cut-off beginning that two papers share does not make them one."""
    start = (
        "Recurrent networks are trained by gradient descent on long sequences and so forth, yet "
    )
    start += "nobody has asked before what that means. "
    mentions = mentions_of(
        {"title": NETWORKS, "authors": ADA, "abstract": f"{start}{GRADIENTS[96:]}"},
        {"title": MICE, "authors": ADA, "abstract": f"{start}{REPLAY}"},
        {"abstract": f"{start}We", "abstract_truncated": True},
    )
    one, other, cut = features(mentions)
    assert compare(one, cut), "the beginning is like both, else the test says nothing"
    assert compare(other, cut)
    groups = grouped(mentions)
    assert len(groups) == 2
    assert [1, 2] not in groups


@settings(deadline=None, max_examples=15)
@given(st.permutations(SEED_MENTIONS))
def test_the_order_of_mentions_plays_no_part(shuffled: list[Mention]):
    """Any order of the seeds' mentions gives the same groups and the same log of joins."""
    assert group(by_id(shuffled)) == SEED_GROUPS


@settings(deadline=None, max_examples=15)
@given(
    kept=st.lists(st.sampled_from(SEED_MENTIONS), min_size=1, max_size=40, unique=True),
    data=st.data(),
)
def test_every_mention_is_in_exactly_one_group(kept: list[Mention], data: st.DataObject):
    """Groups part the mentions, are sorted, and do not depend on order for any selection either."""
    grouping = group(by_id(kept))
    members = [i for ids in grouping.groups for i in ids]
    assert sorted(members) == sorted(m.mention_id for m in kept)
    assert list(grouping.groups) == sorted(tuple(sorted(ids)) for ids in grouping.groups)
    assert len(grouping.merges) == len(kept) - len(grouping.groups)
    assert group(by_id(data.draw(st.permutations(kept)))) == grouping


def test_papers_added_do_not_change_what_was_decided():
    """Unrelated mentions beside the seeds leave their groups as they are."""
    others = [replace(m, mention_id=f"x{m.mention_id}") for m in synthetic(200)]
    grouping = group(by_id([*SEED_MENTIONS, *others]))
    old = {m.mention_id for m in SEED_MENTIONS}
    assert tuple(ids for ids in grouping.groups if set(ids) <= old) == SEED_GROUPS.groups


# Candidate pairs --------------------------------------------------------------------------------


def candidates(mentions: list[Mention]) -> list[tuple[int, int]]:
    """The pairs that are compared."""
    pairs = candidate_pairs([Signature.of(f) for f in features(mentions)])
    return [(i, j) for i, j in pairs.tolist()]


def synthetic(count: int, vocabulary: int = 200, seed: int = 7) -> list[Mention]:
    """Different papers of one author about one small field: the same words over and over."""
    rng = random.Random(seed)
    field = rng.sample(
        sorted(w for w in BACKGROUND.counts if w.isalpha() and len(w) > 3), vocabulary
    )

    def sentence(length: int) -> str:
        return " ".join(rng.sample(field, length)).capitalize()

    return mentions_of(
        *(
            {
                "title": sentence(6),
                "authors": ADA,
                "year": 2020,
                "venue": "arXiv",
                "abstract": ". ".join(sentence(12) for _ in range(6)) + ".",
            }
            for _ in range(count)
        )
    )


def test_few_pairs_are_compared():
    """Of 2,000 papers of one small field, under 5 pairs a paper are candidates, and none joins."""
    mentions = synthetic(2000)
    pairs = candidates(mentions)
    assert len(pairs) < 5 * len(mentions)
    assert len(group(by_id(mentions)).groups) == 2000


def test_few_pairs_are_compared_where_all_share_a_sentence():
    """A sentence, a title or a beginning that 2,000 papers share does not pair them all."""
    mentions = [
        replace(
            m,
            authors=(f"Ada Lovelace{n % 40}",),
            abstract=f"All rights to this abstract are with the publisher, as ever. {m.abstract}",
            title=m.title if n % 2 else "Annual Report of the Observatory",
        )
        for n, m in enumerate(synthetic(2000))
    ]
    assert len(candidates(mentions)) < 60 * len(mentions)


def test_pairs_are_sorted_and_once():
    """Pairs come as (i, j) with i < j, in order, each once."""
    pairs = candidates(SEED_MENTIONS)
    assert pairs == sorted(set(pairs))
    assert all(0 <= i < j < 90 for i, j in pairs)


def test_every_join_of_the_seeds_is_a_candidate():
    """No two mentions of the seeds that a rule would join are left out of the candidates."""
    all_features = features(SEED_MENTIONS)
    compared = set(candidates(SEED_MENTIONS))
    missed = [
        (i, j)
        for i, j in combinations(range(90), 2)
        if (i, j) not in compared and compare(all_features[i], all_features[j])
    ]
    assert missed == []


COMMON = (
    "we show here that it is the one and only way to do so in all of the cases that we know of "
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"title": NETWORKS}, {"title": NETWORKS.upper()}),
        ({"abstract": COMMON}, {"abstract": f"{COMMON} {REPLAY.lower()}"}),
        ({"title": f"{NETWORKS}: a Study"}, {"title": NETWORKS}),
        ({"doi": "10.1/x", "title": NETWORKS}, {"doi": "10.1/x", "title": "Quite Another"}),
        ({"doi": "10.1/x", "title": NETWORKS}, {"doi": "10.1/X", "title": "Quite Another"}),
        ({"arxiv": "2310.1", "title": NETWORKS}, {"arxiv": "2310.1", "abstract": REPLAY}),
        ({"abstract": GRADIENTS}, {"title": MICE, "abstract": GRADIENTS}),
        ({"abstract": GRADIENTS[:140]}, {"title": MICE, "abstract": GRADIENTS}),
        ({"abstract": f"Abstract. {REPLAY}"}, {"title": MICE, "abstract": REPLAY}),
    ],
)
def test_versions_are_candidates(one: dict[str, Any], other: dict[str, Any]):
    """Mentions with one title, identifier, beginning or sentence are compared."""
    assert candidates(mentions_of(one, other)) == [(0, 1)]


TITLED = {"title": "Gradients of Recurrent Perceptrons", "abstract": GRADIENTS, "authors": ADA}


@pytest.mark.parametrize(
    ("more", "together"),
    [
        ({"abstract": REPLAY, "authors": GRACE}, False),
        ({"abstract": REPLAY, "authors": (*GRACE, *ADA)}, True),
        ({"abstract": REPLAY, "authors": ()}, True),
        ({"abstract": None, "authors": GRACE}, True),
        (
            {
                "abstract": f"{REPLAY} Gradients vanish; we normalise speech by descent.",
                "authors": GRACE,
            },
            True,
        ),
    ],
)
def test_two_words_of_a_title_are_not_enough(more: dict[str, Any], *, together: bool):
    """Papers with two rare words of their titles in common are compared if more speaks for it: an
    author, or rare words of the abstracts; or where one has no authors or no abstract to ask.
    """
    other = {"title": "Why Perceptrons Become Recurrent", **more}
    assert candidates(mentions_of(TITLED, other)) == [(0, 1)] * together


def test_a_title_borne_by_very_many():
    """Above the bound on a block, mentions of one title and author still come together."""
    count = 2 * LARGEST_BLOCK + 10
    stated = [
        {"title": "Annual Report of the Observatory", "authors": ADA if n % 2 else (f"X Y{n:03}",)}
        for n in range(count)
    ]
    sizes = sorted(map(len, group(by_id(mentions_of(*stated))).groups))
    assert sizes == [1] * (count // 2) + [count // 2]


def test_a_work_stated_very_many_times():
    """A work that hundreds of pages state word for word is one work."""
    mentions = mentions_of(*[{"title": NETWORKS, "authors": ADA, "abstract": GRADIENTS}] * 200)
    assert [len(ids) for ids in group(by_id(mentions)).groups] == [200]


# Decisions of the user --------------------------------------------------------------------------


TRIO = mentions_of(
    {"title": NETWORKS, "authors": ADA, "abstract": GRADIENTS},
    {"title": NETWORKS, "authors": ADA},
    {"title": MICE, "abstract": REPLAY},
)
ONE, TWO, THREE = (m.mention_id for m in TRIO)


def test_a_split_wins_over_the_rules():
    """Mentions that the rules would join stay apart when the user says so."""
    assert grouped(TRIO) == [[1, 2], [3]]
    assert grouped(TRIO, Decision((ONE,), (TWO,))) == [[1], [2], [3]]
    assert grouped(TRIO, Decision((TWO,), (ONE, THREE))) == [[1], [2], [3]]


def test_a_split_holds_through_others():
    """Split mentions are not brought together by a third that is the same as both."""
    mentions = mentions_of(
        *[{"title": NETWORKS, "authors": ADA, "year": 2020 + n} for n in range(3)]
    )
    one, two, _ = (m.mention_id for m in mentions)
    groups = grouped(mentions, Decision((one,), (two,)))
    assert sorted(map(len, groups)) == [1, 2]
    assert not any({1, 2} <= set(lines) for lines in groups)


def test_a_join_wins_over_the_rules():
    """Mentions that no rule joins are together when the user says so, and it is logged."""
    assert grouped(TRIO, Decision((ONE, THREE))) == [[1, 2, 3]]
    (merge,) = [
        merge
        for merge in group(by_id(TRIO), Decisions((Decision((ONE, THREE)),))).merges
        if merge.evidence.rule == "decision"
    ]
    assert {merge.a, merge.b} == {ONE, THREE}
    assert (merge.evidence.score, merge.evidence.why) == (1.0, "joined by the user")


def test_a_join_does_not_part_what_the_rules_join():
    """Word-for-word copies of a mention follow it into the work to which the user joins it."""
    part = {"title": f"{NETWORKS}, Part I", "authors": ADA, "abstract": GRADIENTS}
    second = {"title": f"{NETWORKS}, Part II", "authors": ADA, "abstract": REPLAY}
    mentions = mentions_of(part, second, part)
    ids = [m.mention_id for m in mentions]
    assert grouped(mentions) == [[1, 3], [2]]
    assert grouped(mentions, Decision((ids[0], ids[1]))) == [[1, 2, 3]]


def test_the_later_decision_holds():
    """A join after a split joins, a split after a join splits."""
    join, split = Decision((ONE, THREE)), Decision((ONE,), (THREE,))
    assert grouped(TRIO, split, join) == [[1, 2, 3]]
    assert grouped(TRIO, join, split) == [[1, 2], [3]]


def test_decisions_about_absent_mentions_wait():
    """A decision that names a mention which is not there changes nothing and is no error."""
    assert grouped(TRIO, Decision((ONE, "m000000000000")), Decision(("gone",), (TWO,))) == [
        [1, 2],
        [3],
    ]


@pytest.mark.parametrize(
    ("entries", "named"),
    [
        ((Decision((ONE, TWO)), Decision((TWO, THREE)), Decision((ONE,), (THREE,))), (ONE, THREE)),
        ((Decision((ONE, TWO, THREE)), Decision((TWO,), (THREE,))), (TWO, THREE)),
    ],
)
def test_decisions_that_contradict_each_other(
    entries: tuple[Decision, ...], named: tuple[str, str]
):
    """A split of what is joined through others is an error that names the two mentions."""
    with pytest.raises(DecisionError) as caught:
        group(by_id(TRIO), Decisions(entries))
    one, other = sorted(named)
    assert str(caught.value) == (
        f"decisions contradict each other: {one} and {other} are split, yet joined through others; "
        "add a later line to same-work.jsonl that says which holds"
    )


@settings(deadline=None, max_examples=15)
@given(
    shuffled=st.permutations(TRIO),
    entries=st.permutations([Decision((ONE, THREE)), Decision((ONE,), (TWO,))]),
)
def test_decisions_hold_in_any_order(shuffled: list[Mention], entries: list[Decision]):
    """Decisions about different pairs give the same groups in any order of lines and mentions."""
    assert places(TRIO, group(by_id(shuffled), Decisions(tuple(entries)))) == [[1, 3], [2]]
