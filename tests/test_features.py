"""What is read out of a record before it is compared: names, titles without remarks, kinds."""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.features import Background, Features, family_name
from index.records import Mention

BACKGROUND = Background(documents=8, rarest=1, counts={})


def titled(title: str) -> Features:
    return Features(Mention("a.txt", 1, 1, title=title), BACKGROUND)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("Guillaume Lajoie", "lajoie"),
        ("Smith JA", "smith"),
        ("Smith J.A.", "smith"),
        ("Lajoie, G.", "lajoie"),
        ("Jan van der Berg", "berg"),
        ("van der Berg", "berg"),
        ("van der Berg, Jan", "berg"),
        ("J. Dent Jr.", "dent"),
        ("Henry Ford III", "ford"),
        ("José Müller", "muller"),
        ("Plato", "plato"),
        ("Yu XU", "yu"),  # capitals after a name are read as initials
        ("", ""),
        ("?", ""),
    ],
)
def test_the_family_name(name: str, family: str):
    """It is the last word, or the last before the comma, without initials and suffixes."""
    assert family_name(name) == family


CAPITALS, SMALL = (st.sampled_from(letters) for letters in (ascii_uppercase, ascii_lowercase))
FAMILIES = st.builds(str.__add__, CAPITALS, st.text(SMALL, min_size=2, max_size=9))


@given(FAMILIES, st.text(CAPITALS, min_size=1, max_size=3))
def test_initials_are_no_family_name(family: str, initials: str):
    """A name with initials before it, after it or after a comma is one family name."""
    forms = (f"{initials}. {family}", f"{family} {initials}", f"{family}, {initials}")
    assert {family_name(form) for form in forms} == {family.lower()}


def test_names_keep_all_their_words():
    """A name that may be turned round is compared by all its words."""
    record = Mention("a.txt", 1, 1, authors=("Wei Zhang", "", "Lajoie, G."))
    names = Features(record, BACKGROUND).names
    assert [(n.family, sorted(n.words)) for n in names] == [
        ("zhang", ["wei", "zhang"]),
        ("lajoie", ["g", "lajoie"]),
    ]


@pytest.mark.parametrize(
    "title",
    [
        "Deep Nets (extended abstract)",
        "Deep Nets (Invited Talk)",
        "Deep Nets [demo]",
        "deep nets ( panel )",
        "Deep Nets (full version)",
        "Deep Nets - book review",
        "Deep Nets — tutorial",
        "deep nets - guest editor 's foreword",
    ],
)
def test_remarks_are_no_part_of_a_title(title: str):
    """What kind of paper it is stands beside the title in some sources."""
    assert titled(title).core_title == "deep nets"


@pytest.mark.parametrize(
    ("title", "core"),
    [
        ("Deep Nets (DN)", "deep nets dn"),
        ("Peer review - a survey", "peer review a survey"),
        ("The Panel Study of Income", "the panel study of income"),
        ("(Panel)", "panel"),
    ],
)
def test_other_words_are_part_of_a_title(title: str, core: str):
    """Brackets with other words stay, and a title that would be empty stays whole."""
    assert titled(title).core_title == core


@pytest.mark.parametrize(
    ("title", "about"),
    [
        ("Erratum: Deep Nets", "erratum"),
        ("Errata to Deep Nets", "erratum"),
        ("Erratum for “Deep Nets”", "erratum"),
        ("Deep Nets (Erratum)", "erratum"),
        ("erratum-deep nets", "erratum"),
        ("Deep Nets: corrigendum", "corrigendum"),
        ("Corrigenda to deep nets", "corrigendum"),
        ("Addendum to “Deep Nets”", "addendum"),
        ("Correction to: Deep Nets", "correction"),
        ("Author Correction: Deep Nets", "correction"),
        ("Publisher Correction: Deep Nets", "correction"),
        ("Retraction of Deep Nets", "retraction"),
        ("Reply to Smith et al.", "reply"),
        ("reply : deep nets", "reply"),
        ("Reply. Deep Nets", "reply"),
        ("Response to Deep Nets", "response"),
        ("Response — Deep Nets", "response"),
        ("Response - Deep Nets", "response"),
        ("Comment on “Deep Nets”", "comment"),
        ("Comments on Deep Nets", "comment"),
        ("Discussion of “Deep Nets”", "discussion"),
        ("Discussion on Deep Nets", "discussion"),
        ("Rejoinder: Deep Nets", "rejoinder"),
    ],
)
def test_papers_about_papers(title: str, about: str):
    """A title that names another paper and says what this one is to it."""
    assert titled(title).about == about


@pytest.mark.parametrize(
    "title",
    [
        "Deep Nets",
        "Response Surfaces of Deep Nets",
        "Response of Maize to Drought",
        "Response-based teaching",
        "Correction of Aberrations in Lenses",
        "Correction for Multiple Testing",
        "Comment Spam Detection",
        "Discussion Networks",
        "Reply Networks in Forums",
        "Retraction Notices and Their Readers",
        "Reading Errata with Deep Nets",
        "",
    ],
)
def test_papers_about_other_things(title: str):
    """Titles that begin with the same words and are about no paper."""
    assert titled(title).about == ""


@pytest.mark.parametrize(
    "title",
    [
        "Editorial",
        "Guest Editors' Introduction",
        "Editor's notes",
        "Treasurer's message",
        "treasurer 's message",
        "Letter from the editors",
        "Letter from the Special Issue Editor",
        "Message from the Program Chairs",
        "Chair's Message",
        "Book Reviews",
        "Call for Papers",
        "Introduction to the Special Issue",
        "In Memoriam",
        "Nets",
    ],
)
def test_titles_of_many_works(title: str):
    """Titles of columns, and those too short to tell works apart."""
    assert titled(title).is_generic


@pytest.mark.parametrize(
    "title",
    [
        "Reports of my death are greatly exaggerated",
        "Introduction to the Special Issue on Data Streams",
        "Editorial boards of journals",
        "Letters of recommendation",
        "Online Aggregation",
        "Client-Server Paradise",
    ],
)
def test_titles_of_one_work(title: str):
    """Titles that begin like a column's, and short ones, name one work."""
    assert not titled(title).is_generic
