"""A paper from its mentions: which value each field takes, and from where."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.papers import is_published, merge_mentions
from index.records import Mention, Paper
from index.text import title_key
from index.venues import is_preprint_venue

PROPERTY = settings(deadline=None, max_examples=60)
# The fields of a paper that are taken over from a mention.
FIELDS = ("title", "authors", "year", "date", "venue", "categories", "abstract", "doi", "arxiv",
          "pmid", "acl", "url")  # fmt: skip


def mention(mention_id: str, **values: Any) -> Mention:
    return Mention("page.txt", 1, 1, mention_id=mention_id, **values)


def merged(*mentions: Mention, field: str) -> Any:
    """The field of the paper, which is the same for every order of the mentions."""
    paper = merge_mentions(mentions)
    assert merge_mentions(mentions[::-1]) == paper
    return getattr(paper, field)


WHOLE = mention(
    "m1",
    title="Stable Gradients in Recurrent Networks",
    authors=("Ada Lovelace", "Xu Ji"),
    authors_truncated=True,
    year=2023,
    date="2023-10-06",
    venue="NeurIPS",
    categories=("LG", "NE"),
    abstract="We keep gradients stable, at",
    abstract_truncated=True,
    doi="10.1/x",
    arxiv="2310.00001",
    pmid="29456894",
    acl="P19-1001",
    url="https://example.org/x",
)


def test_a_paper_of_one_mention_states_what_the_mention_states():
    """Every field is the mention's, and is said to come from it."""
    assert merge_mentions([WHOLE]) == Paper(
        paper_id="",
        title="Stable Gradients in Recurrent Networks",
        other_titles=(),
        authors=("Ada Lovelace", "Xu Ji"),
        authors_truncated=True,
        year=2023,
        date="2023-10-06",
        venue="NeurIPS",
        categories=("LG", "NE"),
        abstract="We keep gradients stable, at",
        abstract_truncated=True,
        doi="10.1/x",
        arxiv="2310.00001",
        pmid="29456894",
        acl="P19-1001",
        url="https://example.org/x",
        mention_ids=("m1",),
        fields_from=dict.fromkeys(FIELDS, "m1"),
    )


def test_a_date_without_year_is_kept():
    """What is known of a date goes into the paper, though the source states no year."""
    assert merged(mention("m1", title="A", date="--05-29"), field="date") == "--05-29"


def test_a_dated_year_goes_before_a_date_without_year():
    """A date without year does not take the place of a year."""
    mentions = mention("m1", year=2023), mention("m2", date="--05-29")
    assert merged(*mentions, field="year") == 2023


def test_fields_from_names_the_fields_that_have_a_value():
    """A mention is named for each field that has a value, and for no other."""
    paper = merge_mentions([mention("m1", title="A", year=2023)])
    assert paper.fields_from == {"title": "m1", "year": "m1"}


def test_the_abstract_that_is_whole():
    """A whole abstract goes before a longer one that is cut off."""
    cut = mention("m1", abstract="We keep the gradients of all networks stable, and", title="A",
                  abstract_truncated=True)  # fmt: skip
    whole = mention("m2", abstract="Gradients are stable.")
    assert merged(cut, whole, field="abstract") == "Gradients are stable."
    assert merged(cut, whole, field="abstract_truncated") is False
    assert merged(cut, field="abstract_truncated") is True


def test_the_abstract_of_the_title_shown():
    """Of whole abstracts, that of a mention under the paper's title goes before a longer one."""
    own, other = (
        mention("m1", title="The Title.", abstract="Short."),
        mention("m2", abstract="Longer by far."),
    )
    again = mention("m3", title="the title")
    assert merged(own, other, again, field="abstract") == "Short."
    assert merged(replace(own, title=None), other, field="abstract") == "Longer by far."


def test_the_author_list_that_is_complete():
    """A full list goes before a longer one that ends in "et al.", and a longer before a shorter."""
    short = mention("m1", authors=("A. Lovelace", "X. Ji"))
    shorter = mention("m2", authors=("A. Lovelace",))
    cut = mention("m3", authors=("A", "B", "C"), authors_truncated=True)
    assert merged(cut, shorter, short, field="authors") == ("A. Lovelace", "X. Ji")
    assert merged(cut, shorter, short, field="authors_truncated") is False
    assert merged(cut, field="authors_truncated") is True


def test_the_title_that_most_bear():
    """The title of most mentions is shown, the others are kept in alphabetical order."""
    celo = ("Celo: On a Diet", "celo - on a diet", "CELO on a diet")
    titles = (*celo, "Zeal", "Compute Diet", "compute-diet")
    mentions = [mention(f"m{i}", title=title) for i, title in enumerate(titles)]
    paper = merge_mentions(mentions)
    assert (paper.title, paper.fields_from["title"]) == ("Celo: On a Diet", "m0")
    assert paper.other_titles == ("Compute Diet", "Zeal")


def test_the_title_of_the_published_version():
    """Of two titles borne equally often, that of the published version is shown."""
    preprint = mention("m1", title="Draft", venue="arXiv", year=2024, abstract="Text.")
    published = mention("m2", title="Paper", venue="Nature", year=2023)
    assert merged(preprint, published, field="title") == "Paper"
    assert merged(preprint, published, field="other_titles") == ("Draft",)


def test_venue_and_year_of_the_published_version():
    """A published version goes before a preprint for venue and year, whatever its date."""
    preprint = mention("m1", venue="arXiv", year=2021, date="2021-05-28")
    published = mention("m2", venue="ICLR", year=2022)
    assert merged(preprint, published, field="venue") == "ICLR"
    assert merged(preprint, published, field="year") == 2022
    assert merge_mentions([preprint, published]).fields_from["year"] == "m2"


def test_the_date_that_is_fuller_then_earlier():
    """Of versions alike published, the fuller date is shown, and of those the earlier."""
    bare, full = mention("m1", year=2020), mention("m2", year=2021, date="2021-05-28")
    later = mention("m3", year=2023, date="2023-01-01")
    assert merged(bare, full, later, field="date") == "2021-05-28"
    assert merged(bare, full, later, field="year") == 2021
    assert merged(bare, replace(bare, year=2019, mention_id="m0"), field="year") == 2019


def test_identifiers():
    """A publisher's DOI goes before that of the preprint server."""
    ours = mention("m1", doi="10.48550/arXiv.2310.00001"), mention("m2", doi="10.1/x")
    assert merged(*ours, field="doi") == "10.1/x"
    assert merged(ours[0], field="doi") == "10.48550/arXiv.2310.00001"


def test_equals_are_told_apart_by_the_mention_id():
    """Where nothing else decides, the smaller mention id does, whatever the order."""
    a, b = mention("m1", title="One", url="u1"), mention("m2", title="Two", url="u2")
    assert merged(b, a, field="title") == "One"
    assert merged(b, a, field="url") == "u1"
    assert merged(b, a, field="mention_ids") == ("m1", "m2")


@pytest.mark.parametrize(
    ("venue", "preprint"),
    [
        ("arXiv", True),
        ("arXiv preprint arXiv:2310.00001", True),
        ("bioRxiv : the preprint server", True),
        ("CoRR", True),
        ("OpenReview.net", True),
        ("SSRN Electronic Journal", True),
        ("HAL", True),
        ("Nature", False),
        ("Halogen Chemistry", False),
        ("Corrosion Science", False),
        ("NeurIPS", False),
    ],
)
def test_preprint_venues(venue: str, preprint: bool):
    """Preprint servers are known by their names as whole words."""
    assert is_preprint_venue(venue) is preprint
    assert is_published(mention("m", venue=venue)) is not preprint


def test_without_venue_nothing_is_published():
    """A mention that states no venue is not taken as published."""
    assert not is_published(mention("m"))
    assert not is_published(mention("m", venue=""))


def test_the_display_title():
    """A work without title is shown by the first words of its abstract."""
    paper = merge_mentions([mention("m1", abstract="Short text.")])
    assert paper.display_title == "Short text."
    long = merge_mentions([mention("m1", abstract="word " * 30 + "end.")])
    assert long.display_title == " ".join(["word"] * 18) + " …"
    assert merge_mentions([mention("m1", title="T", abstract="A.")]).display_title == "T"


def test_a_work_without_abstract_says_so():
    """has_abstract is false for a work known by its title alone."""
    assert merge_mentions([mention("m1", title="T")]).has_abstract is False
    assert merge_mentions([mention("m1", abstract="A.")]).has_abstract is True


OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "title": st.sampled_from(["Celo", "celo.", "Delta-AI", "Delta AI: more"]),
    "authors": st.lists(st.sampled_from(["A B", "C D", "E F"]), unique=True).map(tuple),
    "authors_truncated": st.booleans(),
    "dates": st.sampled_from(
        [(2021, "2021-05-28"), (2021, None), (2023, "2023"), (2022, "2022-01")]
    ),
    "venue": st.sampled_from(["arXiv", "ICLR", "NeurIPS Workshop"]),
    "categories": st.lists(st.sampled_from(["LG", "NE"]), unique=True).map(tuple),
    "abstract": st.sampled_from(["One.", "Two words.", "Three more words."]),
    "abstract_truncated": st.booleans(),
    "doi": st.sampled_from(["10.1/x", "10.48550/x"]),
    "arxiv": st.sampled_from(["2310.00001", "2310.00002"]),
    "pmid": st.sampled_from(["1", "2"]),
    "acl": st.sampled_from(["P19-1001", "2021.econlp-1.4"]),
    "url": st.sampled_from(["u1", "u2"]),
}


def make(number: int, values: dict[str, Any]) -> Mention:
    year, date = values.pop("dates", (None, None))
    return mention(f"m{number}", year=year, date=date, **values)


MENTIONS = st.lists(st.fixed_dictionaries({}, optional=OPTIONAL), min_size=1, max_size=5).map(
    lambda drawn: [make(i, dict(values)) for i, values in enumerate(drawn)]
)


@PROPERTY
@given(mentions=MENTIONS, data=st.data())
def test_the_order_of_mentions_plays_no_part(mentions: list[Mention], data: st.DataObject):
    """Any order of the mentions gives the same paper."""
    shuffled = data.draw(st.permutations(mentions))
    assert merge_mentions(shuffled) == merge_mentions(mentions)


@PROPERTY
@given(mentions=MENTIONS)
def test_each_field_comes_from_the_mention_that_is_named(mentions: list[Mention]):
    """A field has a value when some mention states one, and it is the value of that mention."""
    paper = merge_mentions(mentions)
    by_id = {m.mention_id: m for m in mentions}
    assert paper.mention_ids == tuple(by_id)
    for name in FIELDS:
        value = getattr(paper, name)
        if name != "date":  # which goes with the year
            assert bool(value) == any(getattr(m, name) for m in mentions)
        if value:
            assert getattr(by_id[paper.fields_from[name]], name) == value
    if paper.date and paper.year:
        assert paper.date.startswith(str(paper.year))


@PROPERTY
@given(mentions=MENTIONS)
def test_no_better_value_is_passed_over(mentions: list[Mention]):
    """Whole before cut off, complete before "et al.", published before preprint, in every field."""
    paper = merge_mentions(mentions)
    by_id = {m.mention_id: m for m in mentions}
    if paper.abstract:
        with_abstract = [m for m in mentions if m.abstract]
        assert paper.abstract_truncated is all(m.abstract_truncated for m in with_abstract)
    if paper.authors:
        lists = [m for m in mentions if m.authors]
        assert paper.authors_truncated is all(m.authors_truncated for m in lists)
        complete = [m for m in lists if m.authors_truncated is paper.authors_truncated]
        assert len(paper.authors) == max(len(m.authors) for m in complete)
    if paper.venue:
        assert is_preprint_venue(paper.venue) is not any(is_published(m) for m in mentions)
    if paper.year:
        dated = [m for m in mentions if m.year]
        source = by_id[paper.fields_from["year"]]
        assert is_published(source) is any(is_published(m) for m in dated)
    if paper.doi:
        own = any(m.doi == "10.1/x" for m in mentions)
        assert paper.doi == ("10.1/x" if own else "10.48550/x")


@PROPERTY
@given(mentions=MENTIONS)
def test_every_title_is_kept_once(mentions: list[Mention]):
    """The title and the other titles have all the keys of the mentions' titles, each once."""
    paper = merge_mentions(mentions)
    shown = [*([paper.title] if paper.title else []), *paper.other_titles]
    keys = [title_key(title) for title in shown]
    assert sorted(keys) == sorted({title_key(m.title) for m in mentions if m.title})
    assert list(paper.other_titles) == sorted(paper.other_titles)


def test_a_paper_has_a_place_for_everything_a_mention_states():
    """No field of a mention but its place in the source is without a field of the paper."""
    places = {"source", "line_start", "line_end", "mention_id"}
    assert {f.name for f in fields(Mention)} - places <= {f.name for f in fields(Paper)}
