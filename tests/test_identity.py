"""Ids that come from content alone, and that are never lost."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from index.dedupe import group
from index.identity import by_id, content_ids, digest, name_works, with_ids
from index.papers import paper_of
from index.records import Mention, Paper
from index.sources import read_sources

SEEDS = Path(__file__).resolve().parent.parent / "seeds"
PROPERTY = settings(deadline=None, max_examples=40)
GRADIENTS = (
    "Recurrent networks are trained by gradient descent on long sequences, and the gradients that "
    "flow through them either vanish or explode with time. We keep them stable."
)
REPLAY = (
    "Mice explore an arena before they learn where the reward is hidden. We record from the "
    "hippocampus while they do so, and find that replay during rest predicts their next path."
)
NETWORKS = "Stable Gradients in Recurrent Networks"


def mention(line: int = 1, source: str = "a.txt", **values: Any) -> Mention:
    return Mention(source, line, line + 2, **values)


def papers_of(
    mentions: Sequence[Mention], earlier: Mapping[str, Sequence[str]] | None = None
) -> list[Paper]:
    """What a build makes of the mentions, which take their ids here."""
    named = by_id(with_ids(mentions))
    works = name_works(group(named).groups, named, earlier or {})
    return [paper_of(work, named) for work in works]


def earlier_of(papers: Sequence[Paper]) -> dict[str, Sequence[str]]:
    """Every id of a build with the mentions that it stands for."""
    return {i: p.mention_ids for p in papers for i in (p.paper_id, *p.aliases)}


# Digests ----------------------------------------------------------------------------------------


def test_a_digest_is_twelve_digits_of_sha256():
    """The digest of given parts never changes, on any machine."""
    assert digest("p", "title", "abc") == "pa280a7808f7e"
    assert digest("m") == "m4f53cda18c2b"


def test_a_digest_tells_parts_from_each_other():
    """Where one part ends and the next begins counts, and so does a part that is missing."""
    ids = {digest("p", "ab", "c"), digest("p", "a", "bc"), digest("p", "abc"),
           digest("p", "abc", None), digest("p", "abc", "None")}  # fmt: skip
    assert len(ids) == 5


def test_a_digest_of_odd_text():
    """Letters of any script, and halves of letters, have a digest."""
    assert digest("p", "李明") != digest("p", "王明")
    assert digest("p", "\ud800") != digest("p", "?")


# Mentions ---------------------------------------------------------------------------------------


def test_a_mention_id_comes_from_what_is_stated():
    """File, line and what the reader concluded do not count; every stated field does."""
    base = mention(title=NETWORKS, authors=("Ada Lovelace",), year=2023, abstract=GRADIENTS)

    def id_of(**changes: Any) -> str:
        return with_ids([replace(base, **changes)])[0].mention_id

    assert id_of(source="z.txt", line_start=90, line_end=99) == id_of()
    stated = {
        "title": "Stable gradients", "authors": ("A. Lovelace",), "year": 2024, "date": "2023-01",
        "venue": "ICLR", "categories": ("LG",), "abstract": REPLAY, "doi": "10.1/x",
        "arxiv": "2310.00001", "pmid": "29456894", "acl": "P19-1001", "url": "https://example.org",
    }  # fmt: skip
    ids = {id_of(**{name: value}) for name, value in stated.items()}
    assert len(ids | {id_of()}) == len(stated) + 1


def test_word_for_word_repetitions_are_numbered():
    """The second and third time that the same is stated, the id ends in -2 and -3."""
    same = [mention(n, source, title=NETWORKS) for source in ("b.txt", "a.txt") for n in (10, 5)]
    ids = {(m.source, m.line_start): m.mention_id for m in with_ids(same)}
    first = ids["a.txt", 5]
    assert ids == {
        ("a.txt", 5): first,
        ("a.txt", 10): f"{first}-2",
        ("b.txt", 5): f"{first}-3",
        ("b.txt", 10): f"{first}-4",
    }
    assert "-" not in first


def test_mentions_come_in_the_order_of_file_and_line():
    """with_ids sorts by file, then by line as a number."""
    given = [mention(n, source) for source in ("b", "a") for n in (10, 9)]
    assert [(m.source, m.line_start) for m in with_ids(given)] == [
        ("a", 9),
        ("a", 10),
        ("b", 9),
        ("b", 10),
    ]


TITLES = st.sampled_from(
    ["Editorial", NETWORKS, "Stable gradients in recurrent networks.", "Delta"]
)
MENTIONS = st.lists(
    st.builds(
        lambda title, abstract, authors, year, doi: {
            "title": title,
            "abstract": abstract,
            "authors": authors,
            "year": year,
            "doi": doi,
        },
        st.none() | TITLES,
        st.sampled_from([GRADIENTS, REPLAY]),
        st.sampled_from([(), ("Ada Lovelace",), ("Xu Ji", "Ada Lovelace")]),
        st.sampled_from([None, 2020, 2021]),
        st.sampled_from([None, None, None, "10.1/x"]),
    ),
    min_size=1,
    max_size=7,
).map(lambda drawn: [mention(n, **values) for n, values in enumerate(drawn, 1)])


@PROPERTY
@given(mentions=MENTIONS, data=st.data())
def test_mention_ids_do_not_depend_on_the_order_of_input(
    mentions: list[Mention], data: st.DataObject
):
    """The same mentions in any order get the same ids, no id twice."""
    named = with_ids(mentions)
    assert with_ids(data.draw(st.permutations(mentions))) == named
    assert len({m.mention_id for m in named}) == len(mentions)


# Papers -----------------------------------------------------------------------------------------


def test_content_ids_from_strongest_to_weakest():
    """DOI, arXiv id, title and abstract each give an id, in this order, folded as they compare."""
    full = mention(title=NETWORKS, abstract="A b.", doi="10.1/X", arxiv="2310.00001")
    assert content_ids(full) == [
        digest("p", "doi", "10.1/x"),
        digest("p", "arxiv", "2310.00001"),
        digest("p", "title", "stablegradientsinrecurrentnetworks"),
        digest("p", "abstract", "ab"),
    ]
    assert content_ids(mention()) == []


def test_a_paper_takes_its_strongest_id():
    """The id is that of the identifier, else of the title, else of the abstract."""
    values = {"doi": "10.1/x", "title": NETWORKS, "abstract": GRADIENTS}
    while values:
        (paper,) = papers_of([mention(**values)])
        assert paper.paper_id == content_ids(mention(**values))[0]
        assert paper.aliases == tuple(sorted(content_ids(mention(**values))[1:]))
        values.pop(next(iter(values)))


def test_ids_of_the_seeds_survive_other_file_names_and_order(tmp_path: Path):
    """With files renamed so that they come in reverse order, every paper keeps its id."""
    for number, path in enumerate(sorted(SEEDS.iterdir(), reverse=True)):
        shutil.copy(path, tmp_path / f"{number}.txt")
    before, after = (papers_of(read_sources([folder]).mentions) for folder in (SEEDS, tmp_path))
    assert len(before) == 65
    assert after == before


@PROPERTY
@given(mentions=MENTIONS, data=st.data())
def test_papers_do_not_depend_on_the_order_of_input(mentions: list[Mention], data: st.DataObject):
    """Ids, fields and aliases of all papers are the same for any order of the mentions."""
    assert papers_of(data.draw(st.permutations(mentions))) == papers_of(mentions)


@PROPERTY
@given(mentions=MENTIONS)
def test_every_id_leads_to_one_paper(mentions: list[Mention]):
    """No id or alias is borne by two papers, and papers come sorted by id."""
    papers = papers_of(mentions)
    ids = [i for paper in papers for i in (paper.paper_id, *paper.aliases)]
    assert len(set(ids)) == len(ids)
    assert [paper.paper_id for paper in papers] == sorted(paper.paper_id for paper in papers)
    assert sorted(m for paper in papers for m in paper.mention_ids) == sorted(
        m.mention_id for m in with_ids(mentions)
    )


@PROPERTY
@given(mentions=MENTIONS, more=MENTIONS)
def test_an_id_that_a_paper_had_still_finds_it(mentions: list[Mention], more: list[Mention]):
    """After any mentions are added, each id of before leads to the paper of those mentions."""
    before = papers_of(mentions)
    added = [replace(m, source="b.txt") for m in more]  # behind the others, so no "-2" moves
    after = papers_of([*mentions, *added], earlier_of(before))
    owner = {i: paper for paper in after for i in (paper.paper_id, *paper.aliases)}
    for paper in before:
        for old in (paper.paper_id, *paper.aliases):
            assert set(paper.mention_ids) & set(owner[old].mention_ids)


def test_the_old_id_of_a_paper_that_gains_an_identifier():
    """When a further mention brings a stronger id, the old one becomes an alias."""
    bare = mention(title=NETWORKS, abstract=GRADIENTS, authors=("Ada Lovelace",))
    (before,) = papers_of([bare])
    (after,) = papers_of([bare, mention(9, title=NETWORKS.upper(), doi="10.1/X")])
    assert after.paper_id == digest("p", "doi", "10.1/x")
    assert before.paper_id == digest("p", "title", "stablegradientsinrecurrentnetworks")
    assert set(after.aliases) == {before.paper_id, *before.aliases}


def test_the_old_id_of_a_paper_that_takes_another_title():
    """A paper that is shown under another title is found under the id of the old one."""
    stated = {"abstract": GRADIENTS, "authors": ("Ada Lovelace",)}
    old = mention(title="Long Memory by Normalised Weights", **stated)
    new = [mention(n, title=NETWORKS, venue="NeurIPS", **stated) for n in (5, 9)]
    (before,) = papers_of([old])
    (after,) = papers_of([old, *new])
    assert after.title == NETWORKS
    assert after.paper_id == digest("p", "title", "stablegradientsinrecurrentnetworks")
    assert before.paper_id in after.aliases


EDITORIALS = [
    mention(1, title="Editorial", authors=("Ada Lovelace",), year=2020, abstract=GRADIENTS),
    mention(5, title="Editorial", authors=("Ada Lovelace",), year=2021, abstract=REPLAY),
]
PLAIN = digest("p", "title", "editorial")


def test_two_editorials_of_one_title():
    """Works that share their title take ids with author and year, and neither takes the plain."""
    papers = {paper.year: paper for paper in papers_of(EDITORIALS)}
    assert {year: paper.paper_id for year, paper in papers.items()} == {
        2020: digest("p", PLAIN, ["lovelace"], 2020),
        2021: digest("p", PLAIN, ["lovelace"], 2021),
    }
    assert {year: paper.aliases for year, paper in papers.items()} == {
        2020: (content_ids(EDITORIALS[0])[1],),
        2021: (content_ids(EDITORIALS[1])[1],),
    }


def test_two_editorials_of_one_title_author_and_year():
    """Works that author and year do not tell apart take ids with a mention of each."""
    mentions = [replace(m, year=2020) for m in EDITORIALS]
    papers = papers_of(mentions)
    assert {paper.paper_id for paper in papers} == {
        digest("p", PLAIN, m.mention_id) for m in with_ids(mentions)
    }


def test_an_earlier_id_stays_with_its_paper():
    """The plain id of the first editorial still finds it when a second one comes."""
    (before,) = papers_of(EDITORIALS[:1])
    assert before.paper_id == PLAIN
    after = {p.year: p for p in papers_of(EDITORIALS, earlier_of([before]))}
    assert PLAIN in after[2020].aliases
    assert PLAIN not in (after[2021].paper_id, *after[2021].aliases)


def test_earlier_ids_are_carried_over_from_build_to_build():
    """An id of which nothing in the sources speaks any more lives on as an alias."""
    (first,) = papers_of([mention(title=NETWORKS)], {"p0123456789ab": ["gone"]})
    assert first.aliases == ()
    named = with_ids([mention(title=NETWORKS)])[0].mention_id
    (second,) = papers_of([mention(title=NETWORKS)], {"p0123456789ab": ["gone", named]})
    assert second.aliases == ("p0123456789ab",)
    (third,) = papers_of([mention(title=NETWORKS)], earlier_of([second]))
    assert third.aliases == ("p0123456789ab",)


def test_an_earlier_id_of_a_paper_that_was_taken_apart():
    """Where its mentions are now in two papers, an id goes to the one with more of them."""
    mentions = [*EDITORIALS, mention(9, title="Editorial", abstract=REPLAY, year=2021)]
    ids = [m.mention_id for m in with_ids(mentions)]
    papers = {p.year: p for p in papers_of(mentions, {"p0123456789ab": ids})}
    assert papers[2021].mention_ids == tuple(sorted(ids[1:]))
    assert "p0123456789ab" in papers[2021].aliases
    assert "p0123456789ab" not in papers[2020].aliases


def test_an_earlier_id_does_not_pass_to_another_paper():
    """An id under which a paper was known leads to it for ever, never to a later namesake."""
    (before,) = papers_of(EDITORIALS[:1])
    assert before.paper_id == PLAIN
    identified = replace(EDITORIALS[0], doi="10.1/x", line_start=9)
    papers = papers_of([*EDITORIALS, identified], earlier_of([before]))
    first = next(paper for paper in papers if paper.doi)
    assert len(papers) == 2
    assert PLAIN in first.aliases
    assert [paper.paper_id for paper in papers if paper.paper_id == PLAIN] == []
