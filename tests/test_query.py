"""The query language: conditions among plain words, and no plain text misread."""

from __future__ import annotations

import string

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from index.conditions import Condition, Words, Years
from search.filters import Filters
from search.query import Query, parse_query

ABSTRACT = (
    'Abstract: We study "credit assignment" -- i.e., how synapses -- local ones [1, 2] -- know '
    "what to change (cf. author:Lillicrap year:2020). Title: none. Recurrent networks trained with "
    "-gradient descent- are compared on 3 tasks: memory, choice & timing; results (n = 12, "
    'p < .05, effect -0.3) hold "in vivo". Category: neuroscience. See https://example.org/a:b.'
)
WORD = st.text(string.ascii_letters + "éüß", min_size=1, max_size=8)
PLAIN = st.lists(WORD, min_size=1, max_size=8).map(" ".join)
VALUE = st.lists(WORD, min_size=1, max_size=3).map(" ".join)


def slips(query: Query) -> list[tuple[int, str]]:
    return [(slip.position, slip.text) for slip in query.slips]


@pytest.mark.parametrize(
    ("typed", "text", "filters"),
    [
        ("author:leo", "", Filters(authors=("leo",))),
        ('author:"Leo Gagnon" dreams', "dreams", Filters(authors=("Leo Gagnon",))),
        ("AUTHOR:leo Authors:guillaume", "", Filters(authors=("leo", "guillaume"))),
        ("title:starvation", "starvation", Filters(titles=("starvation",))),
        ('title:"gradient starvation" why', "gradient starvation why",
         Filters(titles=("gradient starvation",))),
        ('venue:neurips venue:"ICLR 2022" x', "x", Filters(venues=("neurips", "ICLR 2022"))),
        ("category:cs.LG brains", "brains", Filters(categories=("cs.LG",))),
        ("year:2019..2022 brains", "brains", Filters((2019, 2022))),
        ("year:2019-2022", "", Filters((2019, 2022))),
        ("year:2019.. year:..2021", "", Filters((2019, 2021))),
        ("year:2021", "", Filters((2021, 2021))),
        ('"local rules" in brains', "local rules in brains", Filters(phrases=("local rules",))),
        ('"Why Should I Trust You?": Explaining', "Why Should I Trust You? Explaining",
         Filters(phrases=("Why Should I Trust You?",))),
        ("brains -survey", "brains", Filters(without=(Words("text", "survey", phrase=True),))),
        ('x -"few shot"', "x", Filters(without=(Words("text", "few shot", phrase=True),))),
        ("-author:leo x", "x", Filters(without=(Words("author", "leo"),))),
        ("-title:deep x", "x", Filters(without=(Words("title", "deep", phrase=True),))),
        ("-year:2020.. x", "x", Filters(without=(Years(2020, None),))),
    ],
)  # fmt: skip
def test_conditions(typed: str, text: str, filters: Filters) -> None:
    """Each form means what the help says; names, venues, categories and years are not ranked by."""
    assert parse_query(typed) == Query(text, filters)


@pytest.mark.parametrize(
    "typed",
    [
        ABSTRACT,
        f"  {ABSTRACT}\n",
        "how do brains learn?",
        "a - b -- c",
        "temperatures of -5 or -0.3 %",
        "the state-of-the-art in self-supervised learning",
        "https://arxiv.org/abs/2101.00001",
        "doi:10.1038/s41586-020-1",
        'a 5" disk',
        "“curly” ‘quotes’ of word processors",
        "f(x) := {y : y > x} [1]",
        "ratio 1:2, time 10:30",
        "AND OR NOT",
        'The "small world" of brains is found again in nine of ten recordings.',
        'We ask "why". This is a text of two sentences: -really so. Is it?',
    ],
)
def test_plain_text_is_a_query_as_it_stands(typed: str) -> None:
    """Signs of everyday text, of formulas and of pasted abstracts mean nothing."""
    query = parse_query(typed)
    assert (query.text, query.filters) == (typed.strip(), Filters())


def test_conditions_inside_prose_are_words_and_told() -> None:
    """In a pasted abstract what looks like a filter is no filter, and is said not to be one."""
    query = parse_query(ABSTRACT)
    assert slips(query) == [(ABSTRACT.index("author:") + 1, "author:Lillicrap")]
    assert "reads like prose" in query.slips[0].why
    query = parse_query(f"{'word ' * 50}year:2020..")
    assert slips(query) == [(251, "year:2020..")]
    assert query.filters == Filters()


@pytest.mark.parametrize(
    ("typed", "text", "position", "offender", "told"),
    [
        ("brains year:20x9", "brains", 8, "year:20x9", "write year:2020..2024"),
        ("year:2022..2019 brains", "brains", 1, "year:2022..2019", "no year"),
        ('brains "in vivo', 'brains "in vivo', 8, '"in', "never closed"),
        ('author:"leo gagnon', 'author:"leo gagnon', 1, 'author:"leo', "never closed"),
        ("author: leo", "author: leo", 1, "author:", "write author:word"),
        ('brains ""', "brains", 8, '""', "no word between the quotation marks"),
        ("author:?! brains", "brains", 1, "author:?!", "no word"),
        ("autor:leo brains", "autor:leo brains", 1, "autor:leo", "write author: if you mean that"),
        ("author:leo OR brains", "brains", 12, "OR", "no operator"),
    ],
)
def test_a_slip_is_told_with_its_place_and_the_rest_is_searched_for(
    typed: str, text: str, position: int, offender: str, told: str
) -> None:
    """The slip names the character and quotes the offender; the other words stay in the query."""
    query = parse_query(typed)
    assert query.text == text
    assert slips(query) == [(position, offender)]
    assert told in query.slips[0].why
    assert f"{offender!r} (character {position}): " in str(query.slips[0])


@given(PLAIN)
def test_plain_words_are_never_changed(text: str) -> None:
    """Words without signs are the query, and no condition."""
    assert parse_query(text) == Query(text)


@given(st.text(max_size=300))
@example('"')
@example("-")
@example('author:"')
def test_every_text_is_a_query(typed: str) -> None:
    """No text is an error; each slip quotes what stands at its place."""
    query = parse_query(typed)
    for slip in query.slips:
        assert typed[slip.position - 1 :].startswith(slip.text)


@given(
    plain=PLAIN,
    author=VALUE,
    phrase=VALUE,
    years=st.tuples(st.integers(1900, 2030), st.integers(0, 50)),
    unwanted=WORD,
    order=st.permutations(range(5)),
)
def test_conditions_and_words_in_any_order(
    plain: str, author: str, phrase: str, years: tuple[int, int], unwanted: str, order: list[int]
) -> None:
    """Written by the rules, in any order, every condition is read back as it was meant."""
    first, last = years[0], years[0] + years[1]
    assume(not {"AND", "OR", "NOT"} & set(plain.split()))
    parts = [plain, f'author:"{author}"', f'"{phrase}"', f"year:{first}..{last}", f"-{unwanted}"]
    without: tuple[Condition, ...] = (Words("text", unwanted, phrase=True),)
    expected = Filters((first, last), (author,), phrases=(phrase,), without=without)
    query = parse_query(" ".join(parts[i] for i in order))
    assert query.filters == expected
    assert sorted(query.text.split()) == sorted([*plain.split(), *phrase.split()])
    assert query.slips == ()
