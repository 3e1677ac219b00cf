"""What the name of a venue tells, and whether two names mean one venue."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.venues import agreement, is_preprint_venue, kind

WORDS = [
    "Data",
    "Database",
    "Eng.",
    "Engineering",
    "J.",
    "Journal",
    "VLDB",
    "Proc.",
    "DEJ",
    "arXiv",
]
NAMES = st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join)


@pytest.mark.parametrize(
    ("venue", "expected"),
    [
        ("arXiv preprint arXiv:2101.00001", "preprint"),
        ("CoRR", "preprint"),
        ("bioRxiv", "preprint"),
        ("ACM Transactions on Database Systems (TODS)", "journal"),
        ("ACM Trans. Database Syst.", "journal"),
        ("VLDB J.", "journal"),
        ("SIGMOD Record", "journal"),
        ("Physical Review Letters", "journal"),
        ("SIGMOD Conference", "conference"),
        ("Very Large Data Bases", "conference"),
        ("Proc. 24th Int. Conf. on Machine Learning", "conference"),
        ("NeurIPS", "conference"),
        ("Advances in Neural Information Processing Systems", "conference"),
        ("Advances in Applied Probability", "journal"),
        ("Lecture Notes in Computer Science", ""),
        ("KDD'99", "conference"),
        ("Nature", ""),
        ("Stanford University", ""),
        ("", ""),
    ],
)
def test_the_kind_of_a_venue(venue: str, expected: str):
    """Journals, conferences and preprint servers by what their names say; others are open."""
    assert kind(venue) == expected
    assert is_preprint_venue(venue) == (expected == "preprint")


SAME = [
    ("VLDB", "Very Large Data Bases"),
    ("VLDB", "Proc. 24th Int. Conf. on Very Large Data Bases"),
    ("SIGMOD Conference", "International Conference on Management of Data"),
    ("NIPS", "Advances in Neural Information Processing Systems"),
    ("VLDB J.", "The VLDB Journal"),
    ("SIGMOD Record", "ACM SIGMOD Record"),
    ("ACM Trans. Database Syst.", "ACM Transactions on Database Systems (TODS)"),
    ("TODS", "ACM Transactions on Database Systems"),
    ("Nature", "nature"),
    ("J. Artif. Intell. Res.", "Journal of Artificial Intelligence Research"),
    ("Data Eng. Bull.", "Data Engineering Bulletin"),
]
OTHER = [
    ("VLDB", "SIGMOD Conference"),
    ("VLDB", "VLDB J."),
    ("SIGMOD Record", "SIGMOD Conference"),
    ("KDD'99", "Proceedings of ICDE"),
    ("VLDB Journal", "ACM SIGMOD Record"),
    ("Physical Review Letters", "Journal of Finance"),
]
UNKNOWN = [
    ("arXiv", "VLDB"),
    ("arXiv", "arXiv"),
    ("Stanford University", "VLDB"),
    ("Nature", "Cell"),
    ("", "Nature"),
]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [(*pair, "same") for pair in SAME]
    + [(*pair, "other") for pair in OTHER]
    + [(*pair, "unknown") for pair in UNKNOWN],
)
def test_whether_two_names_mean_one_venue(one: str, other: str, expected: str):
    """Same: one series, shortened words or first letters. Other: of two kinds, series or journals.

    What is a preprint, or not known for a journal or conference, leaves it open.
    """
    assert agreement(one, other) == expected


@given(NAMES, NAMES)
def test_agreement_of_venues_is_symmetric(one: str, other: str):
    """Which name comes first does not matter."""
    assert agreement(one, other) == agreement(other, one)


@given(NAMES)
def test_a_venue_agrees_with_itself(name: str):
    """No name is of another venue than itself."""
    assert agreement(name, name) in ("same", "unknown")


def test_names_of_equal_length_shorten_each_other_either_way():
    """Of two names with as many words, whichever is shorter may stand first."""
    assert agreement("Database Engineering", "Data Eng.") == "same"
    assert agreement("Data Eng.", "Database Engineering") == "same"
