"""Listings of three lines a paper: header, title and authors run together, abstract."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


@pytest.fixture(scope="module")
def names() -> NameModel:
    return NameModel.load()


def read(names: NameModel, *lines: str) -> list[Mention | Skip]:
    """What the listing reader, which is to be chosen, makes of a page of these lines."""
    page = Page("page.txt", lines)
    layout = recognise(page)
    assert layout.name == "listing"
    return list(layout.read(page, names))


def test_a_listing(names: NameModel):
    """Score, category, date, title, authors and abstract are read, with their lines."""
    assert read(
        names,
        "79.2NEMay 29",
        f"{NETWORKS}Ezekiel Williams, Alexandre Payeur, Guillaume Lajoie",
        GRADIENTS,
        "LGOct 6, 2023",
        f"{MICE}Edward J. Hu, Moksh Jain, Eric Elmoznino et al. · mila",
        REPLAY[:-1],
    ) == [
        Mention(
            "page.txt",
            1,
            3,
            title=NETWORKS,
            authors=("Ezekiel Williams", "Alexandre Payeur", "Guillaume Lajoie"),
            date="--05-29",
            categories=("NE",),
            abstract=GRADIENTS,
        ),
        Mention(
            "page.txt",
            4,
            6,
            title=MICE,
            authors=("Edward J. Hu", "Moksh Jain", "Eric Elmoznino"),
            authors_truncated=True,
            year=2023,
            date="2023-10-06",
            categories=("LG",),
            abstract=REPLAY[:-1],
            abstract_truncated=True,
        ),
    ]


@pytest.mark.parametrize(
    ("header", "category", "year", "date"),
    [
        ("LGOct 6, 2023", "LG", 2023, "2023-10-06"),
        ("79.2NEMay 29", "NE", None, "--05-29"),
        ("100CLMar 1", "CL", None, "--03-01"),
        ("95.0CLMay 28Code", "CL", None, "--05-28"),
        ("CVFeb 22, 2023Code", "CV", 2023, "2023-02-22"),
        ("RODec 12, 2024 Code", "RO", 2024, "2024-12-12"),
        ("quant-phJan 3, 2024", "quant-ph", 2024, "2024-01-03"),
        ("hep-thDec 31, 1999", "hep-th", 1999, "1999-12-31"),
        ("cs.LGSep 1, 2020", "cs.LG", 2020, "2020-09-01"),
        ("q-bio.NCNov 18, 2020", "q-bio.NC", 2020, "2020-11-18"),
        ("stat.MLMar 5, 2021", "stat.ML", 2021, "2021-03-05"),
        ("physics.comp-phJul 4, 2022", "physics.comp-ph", 2022, "2022-07-04"),
        ("cond-mat.dis-nnApr 9, 2022", "cond-mat.dis-nn", 2022, "2022-04-09"),
        ("astro-ph.COAug 10, 2022", "astro-ph.CO", 2022, "2022-08-10"),
        ("MLMar 5, 2021", "ML", 2021, "2021-03-05"),
        ("  SEJun 7, 2021  ", "SE", 2021, "2021-06-07"),
    ],
)
def test_headers(names: NameModel, header: str, category: str, year: int | None, date: str):
    """A header may have a score, any category of arXiv, no year, and a flag at its end."""
    (mention,) = read(names, header, f"{NETWORKS}Ada Lovelace", GRADIENTS)
    assert isinstance(mention, Mention)
    assert mention.categories == (category,)
    assert (mention.year, mention.date) == (year, date)
    assert (mention.title, mention.abstract) == (NETWORKS, GRADIENTS)


@pytest.mark.parametrize(
    ("tail", "truncated"),
    [
        ("", False),
        (" et al.", True),
        (", et al.", True),
        (" et al", True),
        (" · mila", False),
        (" et al. · mila", True),
        (" et al. · mila · google deepmind", True),
        ("  et al.  ·  mit ", True),
    ],
)
def test_tails(names: NameModel, tail: str, truncated: bool):
    """Affiliations belong to no name, and "et al." says that authors are left out."""
    line = f"{NETWORKS}Yuhan Helena Liu, Arna Ghosh{tail}"
    (mention,) = read(names, "NEJun 2, 2022", line, GRADIENTS)
    assert isinstance(mention, Mention)
    assert mention.title == NETWORKS
    assert mention.authors == ("Yuhan Helena Liu", "Arna Ghosh")
    assert mention.authors_truncated is truncated


def test_blank_lines_do_not_matter(names: NameModel):
    """Blank lines may stand between header, title and abstract, and between papers."""
    found = read(
        names,
        "",
        "LGOct 6, 2023",
        " ",
        f"  {NETWORKS}Ada Lovelace ",
        "",
        f"{GRADIENTS}\t",
        "",
        "",
        "NEMay 29",
        f"{MICE}Xu Ji",
        REPLAY,
    )
    assert [
        (m.line_start, m.line_end, m.title, m.abstract) for m in found if isinstance(m, Mention)
    ] == [(2, 6, NETWORKS, GRADIENTS), (9, 11, MICE, REPLAY)]


def test_a_paper_without_abstract(names: NameModel):
    """A paper of title alone keeps to its own lines."""
    found = read(names, "LGOct 6, 2023", f"{NETWORKS}Ada Lovelace", "NEMay 29", MICE, REPLAY)
    assert found == [
        Mention(
            "page.txt",
            1,
            2,
            title=NETWORKS,
            authors=("Ada Lovelace",),
            year=2023,
            date="2023-10-06",
            categories=("LG",),
        ),
        Mention("page.txt", 3, 5, title=MICE, date="--05-29", categories=("NE",), abstract=REPLAY),
    ]


def test_a_header_without_title_is_reported(names: NameModel):
    """A header over nothing is skipped with its file and line, and reading goes on."""
    found = read(
        names,
        "LGOct 6, 2023",
        "",
        "NEMay 29",
        f"{MICE}Ada Lovelace",
        REPLAY,
        "CLMay 30",
    )
    assert [(r.source, r.line, r.why) for r in found if isinstance(r, Skip)] == [
        ("page.txt", 1, "header 'LGOct 6, 2023' without a title"),
        ("page.txt", 6, "header 'CLMay 30' without a title"),
    ]
    assert [(m.line_start, m.title) for m in found if isinstance(m, Mention)] == [(3, MICE)]


def test_further_prose_is_reported(names: NameModel):
    """A second paragraph after an abstract is not lost without a word."""
    found = read(names, "LGOct 6, 2023", f"{NETWORKS}Ada Lovelace", GRADIENTS, REPLAY, "Load more")
    assert [(r.line, r.why) for r in found if isinstance(r, Skip)] == [
        (4, f"text after an abstract not understood: {REPLAY[:60]!r}")
    ]
    assert [m.abstract for m in found if isinstance(m, Mention)] == [GRADIENTS]


def test_the_pages_own_text_is_not_taken(names: NameModel):
    """What stands before the first header, and menus after the last abstract, are no papers."""
    assert read(
        names,
        "arXiv listing for Ada Lovelace",
        "12 results sorted by date",
        "We use cookies to analyze the browsing and usage of our website.",
        "LGOct 6, 2023",
        f"{NETWORKS}Ada Lovelace",
        GRADIENTS,
        "Load more",
        "© 2024",
    ) == [
        Mention(
            "page.txt",
            4,
            6,
            title=NETWORKS,
            authors=("Ada Lovelace",),
            year=2023,
            date="2023-10-06",
            categories=("LG",),
            abstract=GRADIENTS,
        )
    ]


def test_a_notice_is_not_the_last_papers_abstract(names: NameModel):
    """The page's closing notice is no abstract of a paper that has none."""
    notice = "We use cookies to analyze the browsing and usage of our website."
    found = read(names, "LGOct 6, 2023", f"{NETWORKS}Ada Lovelace", notice)
    assert [(m.title, m.abstract) for m in found if isinstance(m, Mention)] == [(NETWORKS, None)]


def test_a_paper_about_cookies(names: NameModel):
    """A paper about cookies and privacy policies is taken, also as the last one."""
    title = "Cookies and Consent: Reading a Privacy Policy with Language Models"
    abstract = "Sites ask their visitors to accept cookies. We let a model read the privacy policy."
    paper = ("CRJun 1, 2024", f"{title}Ada Lovelace", abstract)
    found = read(names, *paper, "LGOct 6, 2023", f"{NETWORKS}Ada Lovelace", GRADIENTS, *paper)
    assert [(m.title, m.authors, m.abstract) for m in found if isinstance(m, Mention)] == [
        (title, ("Ada Lovelace",), abstract),
        (NETWORKS, ("Ada Lovelace",), GRADIENTS),
        (title, ("Ada Lovelace",), abstract),
    ]


@pytest.mark.parametrize(
    "text", ["In May 1968 they met.", "May 29", "See you on Oct 6, 2023", "LG", "12 May 3", "LGOct"]
)
def test_what_is_no_header(names: NameModel, text: str):
    """A line that merely ends in a date, or lacks one, does not begin a paper."""
    found = read(names, "LGOct 6, 2023", f"{NETWORKS}Ada Lovelace", text)
    assert [(m.title, m.abstract) for m in found if isinstance(m, Mention)] == [(NETWORKS, text)]


def test_names_of_the_page_help_each_other(names: NameModel):
    """A name that stands free on one line is recognised where it runs into a title."""
    found = read(
        names,
        "CVMay 1",
        "ImageNet-21KM.G. Perich",
        GRADIENTS,
        "CVMay 2",
        f"{NETWORKS}Ada Lovelace, M.G. Perich",
        GRADIENTS,
    )
    assert [(m.title, m.authors) for m in found if isinstance(m, Mention)] == [
        ("ImageNet-21K", ("M.G. Perich",)),
        (NETWORKS, ("Ada Lovelace", "M.G. Perich")),
    ]


PAPERS = st.fixed_dictionaries(
    {
        "title": st.sampled_from(
            [
                "Attention Is All You Need",
                "Is a Modular Architecture Enough?",
                "Learning Long Sequences with GPT-4",
                "On Lyapunov Exponents for RNNs",
                "Gradient Descent in the Age of LLMs",
                "A Neural Model of Working Memory in V1",
                "What Does BERT Know (and What Does It Not Know)?",
                "Graph Neural Networks for Molecules [Extended Abstract]",
                'The Emergence of "Grokking"',
                "Discrete, compositional, and symbolic representations",
                "Learning to Learn by Gradient Descent, by Gradient Descent",
                "Radiology in 2023",
                "Towards Trustworthy AI",
                "Reliability of CKA as a Similarity Measure in Deep Learning",
                "Réseaux de neurones et mémoire",
            ]
        ),
        "authors": st.lists(
            st.sampled_from(
                [
                    "MohammadReza Davari",
                    "Blaise Aguera y Arcas",
                    "Johannes von Oswald",
                    "Edward J. Hu",
                    "M.G. Perich",
                    "Nanda H Krishna",
                    "Jean-Pierre Falet",
                    "João Sacramento",
                    "Đorđe Miladinović",
                    "Timothy O'Donnell",
                    "Xu Ji",
                    "李明",
                ]
            ),
            min_size=1,
            max_size=4,
            unique=True,
        ),
        "truncated": st.booleans(),
        "affiliation": st.sampled_from(["", " · mila", " · mit · google"]),
        "abstract": st.sampled_from([GRADIENTS, REPLAY, None]),
        "score": st.sampled_from(["", "79.2", "100"]),
        "category": st.sampled_from(["LG", "NE", "quant-ph", "q-bio.NC", "cs.AI"]),
        "date": st.dates(date(1900, 1, 1), date(2099, 12, 31)),
        "dated": st.booleans(),
        "flag": st.sampled_from(["", "Code"]),
    }
)
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@settings(deadline=None, max_examples=40)
@given(papers=st.lists(PAPERS, min_size=1, max_size=4))
def test_a_listing_comes_back_as_it_was_made(names: NameModel, papers: list[dict]):
    """Every title, author list, date, category and abstract of a printed listing is read again."""
    lines: list[str] = []
    expected = []
    for paper in papers:
        day = paper["date"]
        year = f", {day.year}" if paper["dated"] else ""
        header = f"{MONTHS[day.month - 1]} {day.day}{year}{paper['flag']}"
        start = len(lines) + 1
        lines.append(f"{paper['score']}{paper['category']}{header}")
        tail = (" et al." if paper["truncated"] else "") + paper["affiliation"]
        lines.append(paper["title"] + ", ".join(paper["authors"]) + tail)
        lines += [paper["abstract"]] if paper["abstract"] else []
        expected.append(
            Mention(
                "page.txt",
                start,
                len(lines),
                title=paper["title"],
                authors=tuple(paper["authors"]),
                authors_truncated=paper["truncated"],
                year=day.year if paper["dated"] else None,
                date=day.isoformat() if paper["dated"] else f"--{day:%m-%d}",
                categories=(paper["category"],),
                abstract=paper["abstract"],
            )
        )
    assert read(names, *lines) == expected
