"""Names and titles told apart by their characters: the counts worked out, the cuts exact."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.names import END, START, CharacterModel, NameModel, fold

NAMES = [
    "Ada Lovelace",
    "MohammadReza Davari",
    "Blaise Aguera y Arcas",
    "Johannes von Oswald",
    "Aäron van den Oord",
    "Ludwig van Beethoven",
    "M.G. Perich",
    "Edward J. Hu",
    "C. Daniel Freeman",
    "Nanda H Krishna",
    "Jean-Pierre Falet",
    "Pascal Fortier-Poisson",
    "João Sacramento",
    "Aaron Labbé",
    "Ömer Özdemir",
    "Łukasz Kaiser",
    "Đorđe Miladinović",
    "Timothy O'Donnell",
    "Thomas McCoy",
    "Yuhan Helena Liu",
    "Xu Ji",
    "Hae Beom Lee",
    "Suharto",
    "李明",
    "王小明",
]
TITLES = [
    "Attention Is All You Need",
    "Is a Modular Architecture Enough?",
    "Learning Long Sequences with GPT-4",
    "On Lyapunov Exponents for RNNs",
    "Gradient Descent in the Age of LLMs",
    "A Survey of Transformers in NLP",
    "A Neural Model of Working Memory in V1",
    "What Does BERT Know (and What Does It Not Know)?",
    "Graph Neural Networks for Molecules [Extended Abstract]",
    'The Emergence of "Grokking"',
    "Deep Learning: A Critical Appraisal",
    "Discrete, compositional, and symbolic representations through attractor dynamics",
    "Learning to Learn by Gradient Descent, by Gradient Descent",
    "Vision and Language Models for Radiology in 2023",
    "Towards Trustworthy AI",
    "Bayesian Inference in C++",
    r"Optimal Transport on $\mathbb{R}^n$",
    "Réseaux de neurones et mémoire",
    "When can transformers compositionally generalize in-context?",
]


@pytest.fixture(scope="module")
def names() -> NameModel:
    return NameModel.load()


def tiny(*grams: str) -> CharacterModel:
    """A model that has seen each of the n-grams once (or as often as it is given)."""
    return CharacterModel({gram: grams.count(gram) for gram in grams})


def test_fold_keeps_the_length():
    """Every character becomes one base letter, so that positions stay what they are."""
    line = "ﬁn Ünï½ Łé 李明"
    assert fold(line) == "fn Uni1 Łe 李明"
    assert len(fold(line)) == len(line)


def test_probability_of_a_character_seen_in_context():
    """Each order is (count + kinds * the order below) / (total + kinds), down to 1/3000."""
    model = tiny("a", "a", "b", "ab")
    unigram_b = (1 + 2 / 3000) / (3 + 2)  # "a" twice and "b" once: three in all, of two kinds
    assert math.exp(model.log_next(START, "b")) == pytest.approx(unigram_b)
    assert math.exp(model.log_next("a", "b")) == pytest.approx((1 + unigram_b) / (1 + 1))


def test_probability_of_an_unseen_character():
    """An unseen character takes the weight that the kinds leave to the order below."""
    model = tiny("a", "a", "b")
    assert math.exp(model.log_next("", "z")) == pytest.approx(2 / 3000 / 5)
    assert math.exp(CharacterModel({}).log_next("", "z")) == pytest.approx(1 / 3000)


def test_probability_of_a_string_is_the_product_over_its_characters():
    """log_probability is the sum of the steps, and log_prefixes are its partial sums."""
    model = tiny(START + "a", "a", "ab", "b", "b" + END, END)
    steps = [
        model.log_next(START, "a"),
        model.log_next(START + "a", "b"),
        model.log_next(START + "ab", END),
    ]
    assert model.log_prefixes("ab") == pytest.approx([0.0, steps[0], steps[0] + steps[1]])
    assert model.log_end("ab") == pytest.approx(steps[2])
    assert model.log_probability("ab") == pytest.approx(sum(steps))


def test_load_reads_the_counts_of_a_file(tmp_path: Path):
    """The counts of names and of titles go to the model of their own."""
    path = tmp_path / "counts.json.gz"
    tables = {"names": {"a": 3}, "titles": {"b": 3}}
    path.write_bytes(gzip.compress(json.dumps(tables).encode()))
    model = NameModel.load(path)
    assert math.exp(model.names.log_next("", "a")) == pytest.approx((3 + 1 / 3000) / 4)
    assert math.exp(model.titles.log_next("", "a")) == pytest.approx(1 / 3000 / 4)


@pytest.mark.parametrize("name", [*NAMES, "JOHN SMITH", "G. Lajoie", "The MEG II Collaboration"])
def test_a_name_is_told_from_a_title(names: NameModel, name: str):
    """A personal or group name has positive log-odds."""
    assert names.name_odds(name) > 0


@pytest.mark.parametrize(
    "title",
    [*TITLES, "Delta-AI", "Bayesian Optimization", "Rainbow Networks", "Causal Discovery",
     "Neural Turing Machines", "GFlowNet Foundations", "Mila celebrates ten years"],
)  # fmt: skip
def test_a_title_is_told_from_a_name(names: NameModel, title: str):
    """A title, be it of two words, has negative log-odds."""
    assert names.name_odds(title) < 0


@settings(deadline=None, max_examples=60)
@given(
    title=st.sampled_from(TITLES),
    authors=st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True),
)
def test_a_line_is_cut_where_the_title_ends(names: NameModel, title: str, authors: list[str]):
    """Title and names run together come apart as they were, for every title and first name."""
    assert names.split_title(title + ", ".join(authors)) == (title, tuple(authors))


@pytest.mark.parametrize("title", TITLES)
def test_a_title_without_authors_comes_back_whole(names: NameModel, title: str):
    """No author is made up out of a title's last words."""
    assert names.split_title(title) == (title, ())


@pytest.mark.parametrize(
    ("title", "authors"),
    [
        ("Reliability of CKA as a Similarity Measure in Deep Learning", ("MohammadReza Davari",)),
        ("Sources of Richness for Phenomenally Conscious States", ("Xu Ji", "Eric Elmoznino")),
        ("Search for Rare Decays of the Muon", ("The MEG II Collaboration",)),
        ("Predicting Relapse after Surgery", ("Ada Lovelace", "The ADNI Investigators")),
        ("A Note on Memory", ("李明",)),
        ("The Interpretation of Dreams, Part 2", ("Anna Freud",)),
        ("From SARS to COVID-19", ("Ji-Su Kim", "Ngũgĩ wa Thiong'o")),
        ("Deep Learning in R&D", ("Aäron van den Oord",)),
        ("3D Gaussian Splatting in VR", ("Björk Guðmundsdóttir",)),
        ("ImageNet-21K", ("Alan Turing", "M.G. Perich")),
    ],
)
def test_hard_cuts(names: NameModel, title: str, authors: tuple[str, ...]):
    """Acronyms, inner capitals, numbers, group names and Han names do not move the cut."""
    assert names.split_title(title + ", ".join(authors)) == (title, authors)


def test_a_name_that_the_page_knows_moves_the_cut(names: NameModel):
    """A whole name printed elsewhere on the page wins over a likelier cut inside of it."""
    line = "ImageNet-21KM.G. Perich"
    assert names.split_title(line) == ("ImageNet-21", ("KM.G. Perich",))
    assert names.split_title(line, known_names={"M.G. Perich"}) == (
        "ImageNet-21K",
        ("M.G. Perich",),
    )


def test_a_word_that_the_page_knows_moves_the_cut(names: NameModel):
    """A title ends rather in a word of its abstract than in a piece of it."""
    line = "A Closer Look at AlphaGoVan Gogh"
    assert names.split_title(line) == ("A Closer Look at Alpha", ("GoVan Gogh",))
    assert names.split_title(line, known_words={"alphago"}) == (
        "A Closer Look at AlphaGo",
        ("Van Gogh",),
    )


def test_a_title_may_end_in_a_capital(names: NameModel):
    """A last capital that belongs to a word of the abstract stays with the title."""
    assert names.split_title("A Closer Look at AdamWLi Wei", known_words={"adamw"}) == (
        "A Closer Look at AdamW",
        ("Li Wei",),
    )


def test_an_empty_line_and_a_line_of_one_character(names: NameModel):
    """Lines too short to cut come back as they are."""
    assert names.split_title("A") == ("A", ())
    assert names.split_title("") == ("", ())
