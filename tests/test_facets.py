"""Counting what the papers of an answer have in common, and the searches that build on it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from index.errors import QueryError, UnknownPaperError
from search.browse import UnknownTopicError
from search.engine import SORTED, Searcher
from search.facets import COUNTED, count_facets
from search.filters import Filters
from tests.conftest import BREAD, CAT, SAIL, MakeIndex, works_page
from tests.fakes import FakeEncoder

QUERY = "learning in recurrent networks"


@pytest.fixture
def searcher(fake_index: Path) -> Searcher:
    return Searcher.open(fake_index, encoder=FakeEncoder())


def test_counts_are_those_of_the_papers(searcher: Searcher) -> None:
    """Years, venues and topics are counted over the ranked papers, the commonest first."""
    answer = searcher.ask(QUERY)
    facets = searcher.facets(answer)
    papers = searcher.snapshot.papers_at(answer.ranking.rows.tolist())
    assert facets.papers == len(papers) == len(searcher)
    assert dict(facets.years) == Counter(p.year for p in papers if p.year)
    assert [*dict(facets.years)] == sorted(dict(facets.years))
    topics = Counter(searcher.topic_of(p.paper_id).topic_id for p in papers)
    assert {c.value: c.papers for c in facets.topics} == topics
    for counts in (facets.authors, facets.venues, facets.categories, facets.topics):
        assert [c.papers for c in counts] == sorted((c.papers for c in counts), reverse=True)
    named = Counter(a for p in papers for a in set(p.authors))
    commonest = facets.authors[0]
    assert commonest.papers >= named[commonest.value] == max(named.values())


def test_spellings_of_a_value_are_one(make_index: MakeIndex) -> None:
    """Venues that differ in case alone are counted together, under the commoner spelling."""
    page = works_page(
        ("article2020Cats", "On cats", CAT),
        ("article2021CATS", "On sails", SAIL),
        ("article2022Cats", "On bread", BREAD),
    )
    searcher = Searcher.open(make_index(page), encoder=FakeEncoder())
    found = searcher.facets(searcher.ask("cats")).venues
    assert [(count.value, count.papers) for count in found] == [("Cats", 3)]


def test_the_best_papers_are_counted(searcher: Searcher) -> None:
    """Of a long ranking the first 200 papers are counted, and no other."""
    rows = np.repeat([3, 5], [COUNTED, 1])
    facets = count_facets(searcher.snapshot, rows)
    (paper,) = searcher.snapshot.papers_at([3])
    assert (facets.papers, facets.years) == (COUNTED, ((paper.year, COUNTED),))


def test_each_count_is_what_narrowing_gives(searcher: Searcher) -> None:
    """In a corpus that is counted whole, asking for a value brings as many papers as counted."""
    facets = searcher.facets(searcher.ask(QUERY))
    assert len(searcher) < COUNTED
    for count in facets.topics:
        found = searcher.ask(QUERY, k=COUNTED, filters=Filters(topics=(count.value,))).hits
        assert len(found) == count.papers
        assert {searcher.topic_of(h.paper.paper_id).topic_id for h in found} == {count.value}
    for year, number in facets.years:
        assert len(searcher.search(QUERY, 100, Filters(years=(year, year)))) == number
    for count in facets.authors[:10]:
        assert len(searcher.search(QUERY, 100, Filters(authors=(count.value,)))) >= count.papers


def test_two_topics_are_either(searcher: Searcher) -> None:
    """Of two topics one is enough; a topic joins with other conditions."""
    first, second = (topic.topic_id for topic in searcher.topics()[:2])
    sizes = [topic.size for topic in searcher.topics()[:2]]
    assert len(searcher.search(QUERY, 100, Filters(topics=(first, second)))) == sum(sizes)
    both = Filters(topics=(first,), years=(2023, None))
    assert {hit.paper.paper_id for hit in searcher.search(QUERY, 100, both)} == {
        paper_id
        for paper_id in searcher.topic_papers(first)
        if (searcher.paper(paper_id).year or 0) >= 2023
    }


def test_a_topic_that_is_not_there(searcher: Searcher) -> None:
    """A condition on an unknown topic is refused with the ids that there are."""
    with pytest.raises(UnknownTopicError, match="'t99'"):
        searcher.search(QUERY, filters=Filters(topics=("t99",)))


def test_newest_first(searcher: Searcher) -> None:
    """Sorted by year, the best fifty come the latest first, those without a year last."""
    best = [hit.paper for hit in searcher.search(QUERY, k=SORTED)]
    answer = searcher.ask(QUERY, k=SORTED, sort="year")
    years = [hit.paper.year or 0 for hit in answer.hits]
    assert years == sorted(years, reverse=True)
    assert {hit.paper.paper_id for hit in answer.hits} == {paper.paper_id for paper in best}
    first = searcher.ask(QUERY, k=5, sort="year").hits
    assert [h.paper for h in first] == [h.paper for h in answer.hits[:5]]
    assert answer.fits == searcher.ask(QUERY, k=SORTED).fits


def test_what_fits_does_not_depend_on_the_order(searcher: Searcher) -> None:
    """However few of the newest are shown, and however weak, the best paper says what fits."""
    for topic in searcher.topics():
        best = searcher.ask(topic.label, k=1)
        newest = searcher.ask(topic.label, k=1, sort="year")
        assert (newest.fits, newest.best) == (best.fits, best.hits[0])


def test_an_unknown_order_is_refused(searcher: Searcher) -> None:
    """An order that there is not is quoted."""
    with pytest.raises(QueryError, match="unknown order 'age'"):
        searcher.ask(QUERY, sort="age")  # type: ignore[arg-type]


def test_words_away_from_a_paper(searcher: Searcher) -> None:
    """A paper to stay away from goes, and what is like it falls behind what is not."""
    hits = searcher.search(QUERY, k=len(searcher))
    unwanted = hits[0].paper.paper_id
    away = searcher.ask(QUERY, k=len(searcher), unlike=[unwanted]).hits
    assert {h.paper.paper_id for h in away} == {h.paper.paper_id for h in hits[1:]}
    near = [h.paper.paper_id for h in searcher.similar([unwanted], k=5)]
    before = {h.paper.paper_id: h.rank for h in hits}
    after = {h.paper.paper_id: h.rank for h in away}
    assert sum(after[p] for p in near) > sum(before[p] for p in near)


def test_staying_away_from_nothing_known(searcher: Searcher) -> None:
    """An id to stay away from that no paper has is an error, not a condition that always holds."""
    with pytest.raises(UnknownPaperError):
        searcher.ask(QUERY, unlike=["gone"])


def test_conditions_alone_away_from_a_paper(searcher: Searcher) -> None:
    """A list by conditions leaves the unwanted paper out and is otherwise the same."""
    listed = [h.paper.paper_id for h in searcher.ask("year:2015..", k=100).hits]
    without = searcher.ask("year:2015..", k=100, unlike=[listed[1]]).hits
    assert [h.paper.paper_id for h in without] == [listed[0], *listed[2:]]
