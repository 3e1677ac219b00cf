"""Profile pages that fold their abstracts, whole and trimmed to their longer lines."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.names import NameModel
from index.records import Mention, Skip
from index.sources import recognise
from index.sources.page import Page, clean_abstract, is_boilerplate, is_cut_off, iso_date

GRADIENTS = (
    "Recurrent networks are trained by gradient descent on long sequences, and the gradients that "
    "flow through them either vanish or explode with time. We show that a simple normalisation of "
    "the recurrent weights keeps them stable over a thousand steps."
)
REPLAY = (
    "Mice explore an arena before they learn where the reward is hidden. We record from the "
    "hippocampus while they do so, and find that replay during rest predicts which path they will "
    "take on the next trial, before any reward has been seen."
)
METHODS = (
    "Methods: we recorded from twelve animals over four weeks with silicon probes, sorted the "
    "spikes by a standard pipeline, and fitted a generalised linear model to each of the cells in "
    "turn with cross validation."
)
SHORT = "We show that gradients in recurrent networks can be kept stable for long."
NETWORKS, MICE = (
    "Stable Gradients in Recurrent Networks",
    "Replay Predicts the Next Path of a Mouse",
)


@pytest.fixture(scope="module")
def names() -> NameModel:
    return NameModel.load()


def folded(abstract: str, label: str = "voir plus", at: int = 140) -> str:
    """The abstract as the site prints it."""
    return f"{abstract[:at]}… ({label}){abstract[at:]}"


def read(names: NameModel, *lines: str) -> list[Mention]:
    """The mentions of a page of these lines, which the profile reader is to take."""
    page = Page("page.txt", lines)
    layout = recognise(page)
    assert layout.name == "profile"
    records = list(layout.read(page, names))
    assert not [r for r in records if isinstance(r, Skip)]
    return [r for r in records if isinstance(r, Mention)]


def titled(mentions: list[Mention]) -> list[tuple[str | None, tuple[str, ...], str | None]]:
    return [(m.title, m.authors, m.abstract) for m in mentions]


def test_a_whole_page(names: NameModel):
    """Title, one author a line, abstract, date and venue are read, and nothing before them."""
    mentions = read(
        names,
        "Portrait d'Ada Lovelace",
        "",
        "Membre académique principal",
        "Sujets de recherche",
        "Apprentissage profond",
        "Biographie",
        "Ada Lovelace étudie les machines, qu'elle programme avant qu'elles ne soient construites.",
        "Publications",
        "",
        NETWORKS,
        "Ada Lovelace",
        "Blaise Aguera y Arcas",
        folded(GRADIENTS),
        "2023-05-01",
        "Neural Information Processing Systems (publié)",
        MICE,
        folded(REPLAY),
    )
    assert mentions == [
        Mention(
            "page.txt",
            10,
            15,
            title=NETWORKS,
            authors=("Ada Lovelace", "Blaise Aguera y Arcas"),
            authors_truncated=True,
            year=2023,
            date="2023-05-01",
            venue="Neural Information Processing Systems",
            abstract=GRADIENTS,
        ),
        Mention("page.txt", 16, 17, title=MICE, authors_truncated=True, abstract=REPLAY),
    ]


@pytest.mark.parametrize(
    "heading",
    ["Publications", "publications :", "Recent publications", "Selected Publications:",
     "Publications récentes", "Publications scientifiques", "  Publications  "],
)  # fmt: skip
@pytest.mark.parametrize("label", ["voir plus", "see more"])
def test_headings_and_labels_of_both_languages(names: NameModel, heading: str, label: str):
    """The works begin after the heading, in French as in English."""
    mentions = read(names, "A line of the page", heading, NETWORKS, folded(GRADIENTS, label))
    assert titled(mentions) == [(NETWORKS, (), GRADIENTS)]


def test_the_last_heading_counts(names: NameModel):
    """A menu that names the publications is not yet the heading over them."""
    lines = ("Accueil", "Publications", "Contact", "Publications", NETWORKS, folded(GRADIENTS))
    assert titled(read(names, *lines)) == [(NETWORKS, (), GRADIENTS)]


def test_a_folded_biography_is_no_paper(names: NameModel):
    """What stands before the heading is the page's own text, though the site folds that too."""
    lines = ("Biographie", folded(METHODS), "Publications", NETWORKS, folded(GRADIENTS))
    assert titled(read(names, *lines)) == [(NETWORKS, (), GRADIENTS)]


@pytest.mark.parametrize(
    "author",
    ["Ada Lovelace", "MohammadReza Davari", "Blaise Aguera y Arcas", "Johannes Von Oswald",
     "Aäron van den Oord", "M.G. Perich", "Nanda H Krishna", "Edward J. Hu", "Jean-Pierre Falet",
     "João Sacramento", "Đorđe Miladinović", "Timothy O'Donnell", "Suharto", "Madonna", "李明",
     "王小明", "ADA LOVELACE", "Nguyễn Văn An", "The MEG II Collaboration", "Юрий Гагарин"],
)  # fmt: skip
def test_an_author_line(names: NameModel, author: str):
    """A name is taken as an author, before an abstract, before the next title, at the end."""
    lines = ("Publications", NETWORKS, author, folded(GRADIENTS), MICE, author, "A Theory of Mind")
    assert titled(read(names, *lines, author)) == [
        (NETWORKS, (author,), GRADIENTS),
        (MICE, (author,), None),
        ("A Theory of Mind", (author,), None),
    ]


@pytest.mark.parametrize(
    "title",
    ["Is a Modular Architecture Enough?", "Learning Long Sequences with GPT-4",
     "On Lyapunov Exponents for RNNs", "Graph Networks for Molecules [Extended Abstract]",
     'The Emergence of "Grokking"', "Neural Turing Machines", "GFlowNet Foundations",
     "Réseaux de neurones et mémoire", "What BERT Knows (and Does Not)",
     "Clarifying MCMC-based training of modern EBMs : Contrastive Divergence", "(Re)thinking Depth",
     "“Why Should I Trust You?”", "1984 Revisited", "Do Cookies Track Us?"],
)  # fmt: skip
def test_a_title_line(names: NameModel, title: str):
    """A title is taken as one: first, after an abstract, and after a work of title alone."""
    lines = ("Publications", title, folded(GRADIENTS), title, MICE, "Ada Lovelace", title)
    assert titled(read(names, *lines, folded(REPLAY))) == [
        (title, (), GRADIENTS),
        (title, (), None),
        (MICE, ("Ada Lovelace",), None),
        (title, (), REPLAY),
    ]


def test_works_without_abstract(names: NameModel):
    """A work may have a title alone, a title with authors, or with a date and a venue."""
    mentions = read(
        names,
        "Publications",
        "Robust prior-biased acquisition function for Bayesian optimization",
        "Brain-like learning with exponentiated gradients",
        "Kaiwen Sheng",
        "Brendan A. Bicknell",
        "A Complexity-Based Theory of Compositionality",
        "2021-03",
        "Workshop on Compositionality (poster)",
        NETWORKS,
        folded(GRADIENTS),
    )
    assert [(m.title, m.authors, m.date, m.venue, m.abstract) for m in mentions] == [
        (
            "Robust prior-biased acquisition function for Bayesian optimization",
            (),
            None,
            None,
            None,
        ),
        (
            "Brain-like learning with exponentiated gradients",
            ("Kaiwen Sheng", "Brendan A. Bicknell"),
            None,
            None,
            None,
        ),
        (
            "A Complexity-Based Theory of Compositionality",
            (),
            "2021-03",
            "Workshop on Compositionality",
            None,
        ),
        (NETWORKS, (), None, None, GRADIENTS),
    ]
    assert [m.abstract_truncated for m in mentions] == [False] * 4


@pytest.mark.parametrize(
    ("line", "date", "year"),
    [("2022-01-01", "2022-01-01", 2022), ("2021-03", "2021-03", 2021), ("1999", "1999", 1999)],
)
@pytest.mark.parametrize(
    ("printed", "venue"),
    [
        ("International Conference on Learning Representations (publié)",
         "International Conference on Learning Representations"),
        ("eLife (published)", "eLife"),
        ("arXiv (prépublication)", "arXiv"),
        ("bioRxiv (preprint)", "bioRxiv"),
        ("Cognition (sous presse)", "Cognition"),
        ("Transactions on Machine Learning Research (accepté (TMLR))",
         "Transactions on Machine Learning Research"),
        ("Nature Neuroscience", "Nature Neuroscience"),
        ("Lecture Notes in Computer Science", "Lecture Notes in Computer Science"),
    ],
)  # fmt: skip
def test_date_and_venue(
    names: NameModel, line: str, date: str, year: int, printed: str, venue: str
):
    """Date and venue follow the abstract; the state of publication is not part of the venue."""
    lines = ("Publications", NETWORKS, folded(GRADIENTS), line, printed, MICE, folded(REPLAY))
    first, second = read(names, *lines)
    assert (first.date, first.year, first.venue) == (date, year, venue)
    assert (first.line_start, first.line_end) == (2, 5)
    assert (second.title, second.date, second.year, second.venue) == (MICE, None, None, None)


def test_a_venue_without_a_date(names: NameModel):
    """A venue that states how far publication has come needs no date before it."""
    lines = ("Publications", NETWORKS, folded(GRADIENTS), "eLife (published)", MICE)
    first, second = read(names, *lines)
    assert (first.venue, first.date, second.title) == ("eLife", None, MICE)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("2022-01-31", ("2022-01-31", 2022)),
        ("2022-12", ("2022-12", 2022)),
        ("1850", ("1850", 1850)),
        ("2022-13-01", None),
        ("2022-00", None),
        ("2022-01-32", None),
        ("1776", None),
        ("2022-1-1", None),
        ("in 2022", None),
        ("20220101", None),
    ],
)
def test_iso_dates(line: str, expected: tuple[str, int] | None):
    """Only whole ISO dates, months and years of possible numbers are dates."""
    assert iso_date(line) == expected


@pytest.mark.parametrize("next_line", [MICE, "2022-01-01"])
def test_a_short_abstract_is_not_folded(names: NameModel, next_line: str):
    """A sentence of under 140 characters after title or authors is the abstract."""
    for authors in ((), ("Ada Lovelace", "Xu Ji")):
        lines = ("Publications", NETWORKS, *authors, SHORT, next_line, MICE, folded(REPLAY))
        first = read(names, *lines)[0]
        assert (first.title, first.authors, first.abstract) == (NETWORKS, authors, SHORT)


def test_a_question_is_a_title(names: NameModel):
    """A title in the form of a question is not taken for the abstract of the work before it."""
    question = "Can we keep the gradients of very long recurrent networks stable?"
    lines = ("Publications", NETWORKS, question, MICE, folded(REPLAY))
    assert [m.title for m in read(names, *lines)] == [NETWORKS, question, MICE]


def test_a_sentence_before_a_folded_abstract_is_its_title(names: NameModel):
    """A title that reads as a sentence is not taken for the abstract of the work before it."""
    sentence = "We can keep the gradients of very long recurrent networks stable."
    lines = ("Publications", MICE, sentence, folded(GRADIENTS))
    assert titled(read(names, *lines)) == [(MICE, (), None), (sentence, (), GRADIENTS)]


def test_a_second_paragraph_is_no_title(names: NameModel):
    """The further paragraphs of an abstract do not begin a new paper on a whole page."""
    page = Page(
        "page.txt",
        (
            "Publications",
            NETWORKS,
            "Ada Lovelace",
            folded(GRADIENTS),
            METHODS,
            MICE,
            folded(REPLAY),
        ),
    )
    records = [r for r in recognise(page).read(page, names) if isinstance(r, Mention)]
    assert [m.title for m in records] == [NETWORKS, MICE]
    assert [(m.abstract or "")[: len(GRADIENTS)] for m in records] == [GRADIENTS, REPLAY]


def test_a_second_paragraph_is_not_the_next_papers_title(names: NameModel):
    """The further paragraphs of an abstract do not become a title on a trimmed page either."""
    page = Page("page.txt", (folded(GRADIENTS), METHODS, folded(REPLAY)))
    records = [r for r in recognise(page).read(page, names) if isinstance(r, Mention)]
    assert [m.title for m in records] == [None, None]


COOKIES = (
    "We use cookies to analyze the browsing and usage of our website and to personalize your "
    "experience. Read our Privacy Policy for more information.",
    "Setting cookies",
    "Essential cookies",
    "Multimedia Player",
    "Do you accept the use of cookies to watch the video content hosted by our partners?",
)
NEWS = (
    "Mila is hosting its first hackathon on November 21, a unique day to explore prototyping, "
    "collaborate, learn, share, and network in a stimulating environment.",
    "Hugo Larochelle nommé directeur scientifique de Mila",
)


@pytest.mark.parametrize("line", [*COOKIES, "© 2024 Mila", "Nous utilisons des témoins pour tout",
                                  "Log in", "S'inscrire à l'infolettre"])  # fmt: skip
def test_boilerplate(line: str):
    """Cookie notices, log-in prompts and footers are known."""
    assert is_boilerplate(line)


def test_a_trimmed_page(names: NameModel):
    """Without a heading, abstracts stand alone or with a title; news and notices are left out."""
    mentions = read(
        names,
        *NEWS,
        *COOKIES,
        folded(GRADIENTS, "see more"),
        MICE,
        folded(REPLAY, "see more"),
        "2022-01-01",
        "Nature Neuroscience (published)",
        folded(METHODS, "see more"),
    )
    assert mentions == [
        Mention("page.txt", 8, 8, abstract=GRADIENTS),
        Mention(
            "page.txt",
            9,
            12,
            title=MICE,
            abstract=REPLAY,
            year=2022,
            date="2022-01-01",
            venue="Nature Neuroscience",
        ),
        Mention("page.txt", 13, 13, abstract=METHODS),
    ]


def test_the_first_title_of_a_trimmed_page(names: NameModel):
    """A line before the first abstract is its title when it shares a word with it; news is not."""
    line, abstract = "Gradients that Neither Vanish nor Explode", folded(GRADIENTS)
    assert titled(read(names, *COOKIES, line, abstract)) == [(line, (), GRADIENTS)]
    assert titled(read(names, *COOKIES, NEWS[1], abstract)) == [(None, (), GRADIENTS)]


def test_a_short_abstract_on_a_trimmed_page(names: NameModel):
    """A sentence between two folded abstracts is an abstract of its own."""
    lines = (folded(GRADIENTS), SHORT, MICE, folded(REPLAY))
    assert titled(read(names, *lines)) == [
        (None, (), GRADIENTS),
        (None, (), SHORT),
        (MICE, (), REPLAY),
    ]


def test_notices_after_the_works_are_not_taken(names: NameModel):
    """The notices that end a page belong to no paper."""
    lines = ("Publications", NETWORKS, "Ada Lovelace", folded(GRADIENTS), *COOKIES, "© 2024 Mila")
    assert titled(read(names, *lines)) == [(NETWORKS, ("Ada Lovelace",), GRADIENTS)]


def test_a_menu_after_the_notices_is_not_taken(names: NameModel):
    """What follows the closing notices, menus and an address, is no paper."""
    menu = ("Contact", "Carrières", "Suivez-nous", "6666, rue Saint-Urbain, Montréal")
    lines = ("Publications", NETWORKS, "Ada Lovelace", folded(GRADIENTS), *COOKIES, *menu)
    assert titled(read(names, *lines)) == [(NETWORKS, ("Ada Lovelace",), GRADIENTS)]


PRIVACY = (
    "Every site shows a privacy policy and asks its visitors to accept cookies, and hardly anyone "
    "reads what they accept. We train a model to read the policy in their place and find that most "
    "cookies are not essential."
)
ABOUT_PRIVACY = "Reading the Privacy Policy in Place of the Visitors"


def test_a_paper_about_privacy_on_a_whole_page(names: NameModel):
    """A paper about cookies is taken wherever it stands."""
    privacy = (ABOUT_PRIVACY, "Ada Lovelace", folded(PRIVACY))
    for lines in ((*privacy, NETWORKS, folded(GRADIENTS)), (NETWORKS, folded(GRADIENTS), *privacy)):
        found = titled(read(names, "Publications", *lines, *COOKIES))
        assert (ABOUT_PRIVACY, ("Ada Lovelace",), PRIVACY) in found
        assert len(found) == 2


def test_a_paper_about_privacy_without_abstract(names: NameModel):
    """The last work of a page is taken, though it has no abstract and is about cookies."""
    lines = ("Publications", NETWORKS, folded(GRADIENTS), ABOUT_PRIVACY, "Ada Lovelace")
    assert titled(read(names, *lines)) == [
        (NETWORKS, (), GRADIENTS),
        (ABOUT_PRIVACY, ("Ada Lovelace",), None),
    ]


def test_a_paper_about_privacy_at_the_head_of_a_trimmed_page(names: NameModel):
    """The first title of a trimmed page may be about cookies, though notices stand above it."""
    assert titled(read(names, *COOKIES, ABOUT_PRIVACY, folded(PRIVACY))) == [
        (ABOUT_PRIVACY, (), PRIVACY)
    ]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("It works.", False),
        ('It "works."', False),
        ("Does it work?", False),
        ("It works.)", False),
        ("We prove $x = y.$", False),
        ("Code: https://example.org/x", False),
        ("我们证明了这一点。", False),
        ("It goes on …", False),
        ("We measure effective rank (RankMe) and decay (", True),
        ("by up to 265", True),
        ("and then we", True),
        ("", True),
    ],
)
def test_where_an_abstract_is_cut_off(text: str, cut: bool):
    """An abstract that does not end as a sentence does is cut off."""
    assert is_cut_off(text) is cut


def test_a_cut_off_abstract_is_marked(names: NameModel):
    """The mention says that its source cuts the abstract off."""
    (mention,) = read(names, "Publications", NETWORKS, folded(GRADIENTS[:-20]))
    assert (mention.abstract, mention.abstract_truncated) == (GRADIENTS[:-20], True)


ABSTRACTS = st.sampled_from([GRADIENTS, REPLAY, METHODS, PRIVACY]) | st.text(
    alphabet="ab é…().,;$\\末", min_size=1, max_size=60
).map(lambda text: " ".join(text.split())).filter(bool)
LABELS = st.sampled_from(["… (voir plus)", "… (see more)", "…(voir plus)", "… \u00a0(see more)"])


@settings(deadline=None, max_examples=60)
@given(abstract=ABSTRACTS, label=LABELS, share=st.floats(0, 1))
@example(abstract="so on… and on…", label="… (voir plus)", share=1.0)
@example(abstract="so on… and on…", label="… (voir plus)", share=0.4)
def test_a_splice_leaves_no_trace(abstract: str, label: str, share: float):
    """An abstract folded at any character comes back character for character."""
    at = round(share * len(abstract))
    assert clean_abstract(abstract[:at] + label + abstract[at:]) == abstract


@settings(deadline=None, max_examples=40)
@given(
    abstract=st.sampled_from([GRADIENTS, REPLAY, PRIVACY]),
    at=st.integers(0, 200),
    label=st.sampled_from(["voir plus", "see more"]),
    title=st.sampled_from([NETWORKS, MICE, "Delta-AI: Local objectives", "Enough?"]),
    authors=st.lists(
        st.sampled_from(["Ada Lovelace", "M.G. Perich", "João Sacramento", "李明"]), unique=True
    ),
    dated=st.booleans(),
)
def test_a_page_comes_back_as_it_was_made(
    names: NameModel,
    abstract: str,
    at: int,
    label: str,
    title: str,
    authors: list[str],
    dated: bool,
):
    """Whatever the place of the fold and the fields present, the fields come back."""
    lines = ["Publications", title, *authors, folded(abstract, label, at)]
    lines += ["2020-11-18", "ICLR (publié)"] if dated else []
    (mention,) = read(names, *lines)
    assert mention == Mention(
        "page.txt",
        2,
        len(lines),
        title=title,
        authors=tuple(authors),
        authors_truncated=True,
        abstract=abstract,
        year=2020 if dated else None,
        date="2020-11-18" if dated else None,
        venue="ICLR" if dated else None,
    )
