"""Profiles whose works begin with kind, year and venue run together: `preprint2023arXiv`."""

from __future__ import annotations

import pytest

from index.names import NameModel
from index.records import Mention, Skip
from index.sources import recognise
from index.sources.page import Page

GRADIENTS = (
    "Recurrent networks are trained by gradient descent on long sequences, and the gradients that "
    "flow through them either vanish or explode with time. We keep them stable."
)
REPLAY = "Mice explore an arena before they learn where the reward is hidden. We record from them."
NETWORKS, MICE = (
    "Stable Gradients in Recurrent Networks",
    "Replay Predicts the Next Path of a Mouse",
)
PRIVACY = "Most sites show a privacy policy that nobody reads. We let a model read it for the user."
ABOUT_PRIVACY = "Reading a Privacy Policy with Language Models"


@pytest.fixture(scope="module")
def names() -> NameModel:
    return NameModel.load()


def read(names: NameModel, *lines: str) -> list[Mention | Skip]:
    """What the works reader, which is to be chosen, makes of these lines with blanks between."""
    page = Page("page.txt", tuple(printed for line in lines for printed in (line, "")))
    layout = recognise(page)
    assert layout.name == "works"
    return list(layout.read(page, names))


def titled(records: list[Mention | Skip]) -> list[tuple[str | None, tuple[str, ...], str | None]]:
    assert not [r for r in records if isinstance(r, Skip)]
    return [(m.title, m.authors, m.abstract) for m in records if isinstance(m, Mention)]


def test_a_works_page(names: NameModel):
    """Kind line, title and abstract make a work; what stands before the first is not taken."""
    assert read(
        names,
        "Researcher profile",
        "Ada Lovelace",
        "Trust 21 - EmergingVerification L1Unclaimed author",
        "12works",
        "Log in to claim",
        "Published work",
        "12 published item(s)",
        "preprint2023arXiv",
        NETWORKS,
        GRADIENTS,
        "article2022Nature Neuroscience",
        f"  {MICE} ",
        f"{REPLAY[:-1]}\t",
    ) == [
        Mention(
            "page.txt",
            15,
            19,
            title=NETWORKS,
            year=2023,
            venue="arXiv",
            abstract=GRADIENTS,
        ),
        Mention(
            "page.txt",
            21,
            25,
            title=MICE,
            year=2022,
            venue="Nature Neuroscience",
            abstract=REPLAY[:-1],
            abstract_truncated=True,
        ),
    ]


@pytest.mark.parametrize(
    ("kind", "year", "venue"),
    [
        ("preprint2023arXiv", 2023, "arXiv"),
        ("article1998Neural Computation", 1998, "Neural Computation"),
        ("journal-article2019eLife", 2019, "eLife"),
        ("proceedings-article2021", 2021, None),
        ("book-chapter2012Lecture Notes in Computer Science", 2012,
         "Lecture Notes in Computer Science"),
        ("conference paper2020NeurIPS 2020", 2020, "NeurIPS 2020"),
        ("dissertation1889", 1889, None),
        ("preprintarXiv", None, "arXiv"),
        ("preprintbioRxiv", None, "bioRxiv"),
        ("articleNature", None, "Nature"),
        ("journal-article", None, None),
        ("preprint", None, None),
    ],
)  # fmt: skip
def test_kind_lines(names: NameModel, kind: str, year: int | None, venue: str | None):
    """A kind line may lack its year, its venue, or both."""
    lines = ("preprint2023arXiv", NETWORKS, GRADIENTS, kind, MICE, REPLAY)
    found = read(names, *lines, "preprint2020arXiv", NETWORKS)
    assert [(m.title, m.year, m.venue, m.abstract) for m in found if isinstance(m, Mention)] == [
        (NETWORKS, 2023, "arXiv", GRADIENTS),
        (MICE, year, venue, REPLAY),
        (NETWORKS, 2020, "arXiv", None),
    ]


def test_a_work_without_abstract(names: NameModel):
    """A work of title alone ends with its title, in the middle of a page and at its end."""
    lines = ("preprint2023arXiv", NETWORKS, "article2020", MICE, REPLAY, "article2019", NETWORKS)
    found = [m for m in read(names, *lines) if isinstance(m, Mention)]
    assert [(m.line_start, m.line_end, m.title, m.abstract) for m in found] == [
        (1, 3, NETWORKS, None),
        (5, 9, MICE, REPLAY),
        (11, 13, NETWORKS, None),
    ]


@pytest.mark.parametrize(
    ("line", "authors"),
    [
        ("Ada Lovelace", ("Ada Lovelace",)),
        ("Ada Lovelace, Blaise Aguera y Arcas and M.G. Perich",
         ("Ada Lovelace", "Blaise Aguera y Arcas", "M.G. Perich")),
        ("João Sacramento; Jean-Pierre Falet", ("João Sacramento", "Jean-Pierre Falet")),
        ("Łukasz Kaiser & Xu Ji", ("Łukasz Kaiser", "Xu Ji")),
    ],
)  # fmt: skip
def test_authors(names: NameModel, line: str, authors: tuple[str, ...]):
    """A line of nothing but names after the title is the author list."""
    lines = ("preprint2023arXiv", NETWORKS, line)
    assert titled(read(names, *lines, GRADIENTS)) == [(NETWORKS, authors, GRADIENTS)]
    assert titled(read(names, *lines)) == [(NETWORKS, authors, None)]


@pytest.mark.parametrize("caption", ["Open access to the full text", "12 citations, 3 figures"])
def test_a_caption_is_no_abstract(names: NameModel, caption: str):
    """A line of under 40 characters after the title is neither abstract nor author."""
    lines = ("preprint2023arXiv", NETWORKS, caption, "article2020", MICE, REPLAY)
    assert titled(read(names, *lines)) == [(NETWORKS, (), None), (MICE, (), REPLAY)]


def test_a_work_ends_with_its_abstract(names: NameModel):
    """Menus after the abstract do not lengthen the mention."""
    (mention,) = read(names, "preprint2023arXiv", NETWORKS, GRADIENTS, "About", "Contact")
    assert isinstance(mention, Mention)
    assert (mention.line_start, mention.line_end) == (1, 5)


def test_a_kind_without_title_is_reported(names: NameModel):
    """A kind line under which nothing stands is skipped with its file and line."""
    found = read(names, "preprint2023arXiv", "book-chapter2019Springer", MICE, REPLAY)
    assert [(r.source, r.line, r.why) for r in found if isinstance(r, Skip)] == [
        ("page.txt", 1, "'preprint2023arXiv' without a title")
    ]
    assert [(m.line_start, m.title) for m in found if isinstance(m, Mention)] == [(3, MICE)]


def test_a_second_paragraph_is_not_lost(names: NameModel):
    """A further paragraph of an abstract is kept or reported with its line."""
    found = read(names, "preprint2023arXiv", NETWORKS, GRADIENTS, REPLAY, "article2019", MICE)
    kept = [m.abstract for m in found if isinstance(m, Mention)]
    reported = [r.line for r in found if isinstance(r, Skip)]
    assert (kept, reported) in (
        ([GRADIENTS, None], [7]),
        ([f"{GRADIENTS} {REPLAY}", None], []),
    )


@pytest.mark.parametrize("title", ["Do Cookies Track Us?", ABOUT_PRIVACY, "The Newsletter Problem"])
def test_a_paper_about_privacy(names: NameModel, title: str):
    """A paper about cookies and policies is taken, also as the last of the page."""
    privacy, networks = ("article2024", title, PRIVACY), ("preprint2023arXiv", NETWORKS, GRADIENTS)
    expected = [(title, (), PRIVACY), (NETWORKS, (), GRADIENTS)]
    assert titled(read(names, *privacy, *networks)) == expected
    assert titled(read(names, *networks, *privacy)) == expected[::-1]


@pytest.mark.parametrize(
    "end",
    [
        ("Log in to claim", "© 2024", "Privacy policy"),
        ("Log in to claim",
         "Claiming links this public author record to a researcher profile and unlocks workflows."),
        ("All rights reserved", "About", "Contact"),
    ],
)  # fmt: skip
def test_the_end_of_the_page_is_not_taken(names: NameModel, end: tuple[str, ...]):
    """The page's own last words are no abstract of the last work, with or without its own."""
    lines = ("preprint2023arXiv", NETWORKS)
    assert titled(read(names, *lines, GRADIENTS, *end)) == [(NETWORKS, (), GRADIENTS)]
    assert titled(read(names, *lines, *end)) == [(NETWORKS, (), None)]


@pytest.mark.parametrize(
    "title",
    ["preprint servers in 2023", "GPT4 in 2023", "Review", "Deep Learning in 1999 and now",
     "x2vec2020: a data set", "A Book Report on Reviews"],
)  # fmt: skip
def test_titles_that_resemble_a_kind(names: NameModel, title: str):
    """A title with a year or a kind in it does not begin a work of its own."""
    assert titled(read(names, "preprint2023arXiv", title, GRADIENTS)) == [(title, (), GRADIENTS)]
