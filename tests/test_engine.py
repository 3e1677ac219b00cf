"""Answers: what is nearest, what is like this and unlike that, what is on a topic."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from index.build import build
from index.errors import SnapshotError, UnknownPaperError
from index.papers import document_text
from index.snapshot import Snapshot
from search.browse import UnknownTopicError
from search.engine import Hit, Searcher, Sort
from search.filters import Filters
from search.sentences import SentenceFinder
from tests.conftest import SEEDS, MakeIndex, ids_by_title, papers_of, works_page
from tests.fakes import FakeEncoder

QUERY = "learning in recurrent neural networks of the brain"


@pytest.fixture
def searcher(fake_index: Path) -> Iterator[Searcher]:
    """A searcher over the seeds."""
    searcher = Searcher.open(fake_index, encoder=FakeEncoder())
    yield searcher
    searcher.snapshot.close()


def work(title: str, *sentences: str) -> tuple[str, str, str]:
    return ("article2020", title, " ".join(f"{sentence}." for sentence in sentences))


# Two papers on each of three things, and two that are about two of them.
ANIMALS = [
    work("Cats one", "Whiskers twitch", "feline kittens purr while meowing tomcats prowl"),
    work("Cats two", "Kittens purr", "feline whiskers twitch while prowling tomcats meow"),
    work("Dogs one", "Puppies bark", "canine hounds fetch while growling terriers howl"),
    work("Dogs two", "Hounds howl", "canine puppies fetch while barking terriers growl"),
    work("Cats with dogs", "Feline kittens purr", "canine puppies bark while hounds howl"),
    work("Cats with birds", "Feline kittens purr", "avian sparrows chirp while robins whistle"),
    work("Birds one", "Avian robins chirp", "sparrows whistle while starlings nest"),
    work("Birds two", "Avian starlings chirp", "robins whistle while sparrows nest"),
]


@pytest.fixture
def animals(make_index: MakeIndex) -> Iterator[Searcher]:
    """A searcher over eight papers about cats, dogs and birds."""
    searcher = Searcher.open(make_index(works_page(*ANIMALS)), encoder=FakeEncoder())
    yield searcher
    searcher.snapshot.close()


def titles(hits: list[Hit]) -> list[str | None]:
    return [hit.paper.title for hit in hits]


def well_formed(hits: list[Hit], descending: bool = True) -> bool:
    """Ranks count from 1, scores fall, sentences are where their spans say."""
    ranks = [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    scores = [hit.score for hit in hits]
    falling = scores == sorted(scores, reverse=True) or not descending
    spans = all(
        hit.sentence == (hit.paper.abstract or "")[slice(*hit.span)]
        if hit.span
        else hit.sentence is None
        for hit in hits
    )
    return ranks and falling and spans and len({h.paper.paper_id for h in hits}) == len(hits)


# --- Free text --------------------------------------------------------------------------------


def test_the_nearest_paper_comes_first(animals: Searcher) -> None:
    """A query in a paper's words finds that paper first, and its like before others."""
    hits = animals.search("feline whiskers twitch, kittens purr, tomcats prowl", k=3)
    assert set(titles(hits)[:2]) == {"Cats one", "Cats two"}
    dogs = titles(animals.search("canine puppies bark, hounds howl", k=3))
    assert set(dogs) == {"Dogs one", "Dogs two", "Cats with dogs"}


def test_hits_agree_with_brute_force(searcher: Searcher) -> None:
    """The hits of the dense leg are the cosines of the query with every stored vector, in order."""
    vector = FakeEncoder().encode_query([QUERY])[0]
    scores = searcher.snapshot.vectors.astype(np.float32) @ vector
    expected = [int(row) for row in np.lexsort((np.arange(65), -scores))]
    hits = searcher.search(QUERY, k=65, mode="dense")
    rows = [searcher.snapshot.row(hit.paper.paper_id) for hit in hits]
    assert rows == expected
    for hit, row in zip(hits, rows, strict=True):
        assert hit.dense == pytest.approx(float(scores[row]), abs=1e-4)
        assert hit.strength == searcher.snapshot.manifest.calibration.strength(hit.evidence)


def test_hybrid_agrees_with_brute_force(searcher: Searcher) -> None:
    """Fusion, feedback of three papers and smoothing, worked out anew over all vectors."""
    vectors = searcher.snapshot.vectors.astype(np.float32)
    query = FakeEncoder().encode_query([QUERY])[0]
    bm25 = np.zeros(65)
    scores, rows = searcher.snapshot.lexical.search(QUERY, 65)
    bm25[rows] = scores

    def fused(vector: np.ndarray) -> np.ndarray:
        cosine = vectors @ vector
        return 0.6 * np.maximum(cosine / cosine.max(), 0) + 0.4 * bm25 / bm25.max()

    best = np.argsort(-fused(query))[:3]
    moved = 0.9 * query + 0.1 * vectors[best].mean(axis=0)
    again = fused(moved / np.linalg.norm(moved))
    near = np.argsort(-(vectors @ vectors.T) + 9 * np.eye(65), axis=1)[:, :3]
    expected = 0.7 * again + 0.3 * again[near].mean(axis=1)
    hits = searcher.search(QUERY, k=65)
    found = {searcher.snapshot.row(hit.paper.paper_id): hit.score for hit in hits}
    assert [found[row] for row in range(65)] == pytest.approx(expected.tolist(), abs=2e-3)


def test_what_is_not_smoothed_stays_below(make_index: MakeIndex) -> None:
    """Of more papers than are smoothed all come up, by falling scores."""
    made = [work(f"Cats {n}", f"feline whiskers {'purr ' * (n % 9)} number{n}") for n in range(330)]
    searcher = Searcher.open(make_index(works_page(*made)), encoder=FakeEncoder())
    hits = searcher.search("feline purr number7 cats", k=330)
    assert len(hits) == 330
    assert well_formed(hits)
    searcher.snapshot.close()


@pytest.mark.parametrize("k", [1, 7, 65, 66, 10_000])
def test_k_hits_ranked_from_one(searcher: Searcher, k: int) -> None:
    """There are k hits, or as many as there are papers, ranked from 1, scores falling."""
    hits = searcher.search(QUERY, k=k)
    assert len(hits) == min(k, 65)
    assert well_formed(hits)
    assert hits == searcher.search(QUERY, k=65)[:k]


@pytest.mark.parametrize("k", [0, -1])
def test_k_below_one_is_refused(searcher: Searcher, k: int) -> None:
    """No call gives fewer than one hit on purpose: k below 1 is an error everywhere."""
    paper_id = searcher.search(QUERY, k=1)[0].paper.paper_id
    calls = [
        lambda: searcher.search(QUERY, k=k),
        lambda: searcher.similar([paper_id], k=k),
        lambda: searcher.on_topic("t1", k=k),
        lambda: searcher.topic_similar(paper_id, k=k),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=f"k is {k}; ask for at least one hit"):
            call()


@pytest.mark.parametrize("query", ["", " ", "\n\t\u2003"])
def test_an_empty_query_is_refused(searcher: Searcher, query: str) -> None:
    """A query of nothing but white space is an error."""
    with pytest.raises(ValueError, match="the query is empty"):
        searcher.search(query)


def test_the_sentence_speaks_most_of_the_query(searcher: Searcher) -> None:
    """The sentence of a hit is the one of its abstract that the query's own words choose."""
    for hit in searcher.search(QUERY, k=20):
        (span,) = SentenceFinder().best(QUERY, [hit.paper.abstract or ""])
        assert hit.span == span
        assert hit.sentence == (hit.paper.abstract[slice(*span)] if span else None)


def test_sentences_of_likeness_speak_of_the_examples(searcher: Searcher) -> None:
    """Without a question in words, the words of the papers that were given choose."""
    seed = searcher.search(QUERY, k=1)[0].paper
    for hit in searcher.similar([seed.paper_id], k=5):
        (span,) = SentenceFinder().best(document_text(seed), [hit.paper.abstract or ""])
        assert hit.span == span


def test_no_hit_needs_a_document_embedded(fake_index: Path) -> None:
    """Answers run the model for the query alone."""
    encoder = FakeEncoder()
    with Snapshot.open(fake_index) as snapshot:
        searcher = Searcher(snapshot, encoder)
        hits = searcher.search(QUERY)
        searcher.similar([hits[0].paper.paper_id])
        searcher.on_topic(searcher.topics()[0].topic_id)
    assert encoder.last_documents == []


@pytest.mark.parametrize("sort", ["relevance", "year"])
def test_the_best_is_the_best_by_relevance(searcher: Searcher, sort: Sort) -> None:
    """Whatever the order of the hits, and also where they do not show it."""
    liked = [searcher.search(QUERY)[2].paper.paper_id]
    for ask in (partial(searcher.ask, QUERY), partial(searcher.ask_like, liked)):
        assert ask(k=3, sort=sort).best == ask(k=3).hits[0]
    assert searcher.ask("year:1800", sort=sort).best is None


def test_a_paper_without_abstract_is_found_by_its_title(searcher: Searcher) -> None:
    """A work known by its title alone is found, and has no sentence to show."""
    title = "Robust prior-biased acquisition function for human-in-the-loop Bayesian optimization"
    hit = searcher.search(title, k=1)[0]
    assert (hit.paper.title, hit.paper.abstract) == (title, None)
    assert (hit.sentence, hit.span) == (None, None)
    assert hit.dense == pytest.approx(1.0, abs=1e-3)


def test_only_papers_without_abstract(make_index: MakeIndex) -> None:
    """An index of titles alone answers, without sentences."""
    data = make_index(works_page(("article2020", "Cats in winter gardens"), ("article2021", "Sun")))
    with Snapshot.open(data) as snapshot:
        hits = Searcher(snapshot, FakeEncoder()).search("cats", k=5)
    assert titles(hits) == ["Cats in winter gardens", "Sun"]
    assert [hit.sentence for hit in hits] == [None, None]


def test_a_hit_as_plain_values(animals: Searcher) -> None:
    """`to_dict` has the promised keys in their order, and values that JSON can hold."""
    hit = animals.search("avian robins", k=1)[0]
    assert hit.to_dict() == {
        "rank": 1,
        "paper_id": hit.paper.paper_id,
        "title": hit.paper.title,
        "authors": [],
        "year": 2020,
        "venue": None,
        "score": hit.score,
        "dense": hit.dense,
        "lexical": hit.lexical,
        "dense_rank": hit.dense_rank,
        "lexical_rank": hit.lexical_rank,
        "found_by": list(hit.found_by),
        "evidence": hit.evidence,
        "strength": hit.strength,
        "sentence": hit.sentence,
        "span": list(hit.span or ()),
    }


def test_results_do_not_depend_on_the_order_of_sources(tmp_path: Path, fake_index: Path) -> None:
    """An index built from the files in reverse gives equal hits, topics and topic papers."""
    build(sorted(SEEDS.iterdir(), reverse=True), tmp_path, encoder=FakeEncoder())
    answers = []
    for data in (tmp_path, fake_index):
        with Snapshot.open(data) as snapshot:
            searcher = Searcher(snapshot, FakeEncoder())
            first = searcher.search(QUERY, k=30)
            seed = first[0].paper.paper_id
            answers.append(
                [
                    first,
                    searcher.similar([seed], k=30),
                    searcher.topics(),
                    searcher.topic_similar(seed, k=12),
                    [searcher.topic_papers(t.topic_id) for t in searcher.topics()],
                ]
            )
    assert answers[0] == answers[1]


def test_equal_papers_come_in_the_order_of_their_ids(make_index: MakeIndex) -> None:
    """Papers with equal scores come ordered by their ids, the same way each time."""
    works = [("article2020", "Editorial", f"Author {n} Smith{n}") for n in "ABCDEFGH"]
    data = make_index(works_page(*works))
    ids = [p.paper_id for p in papers_of(data)]
    assert len(ids) == 8
    with Snapshot.open(data) as snapshot:
        searcher = Searcher(snapshot, FakeEncoder())
        for k in (8, 3):
            assert [h.paper.paper_id for h in searcher.search("editorial", k=k)] == ids[:k]


# --- Like and unlike --------------------------------------------------------------------------


def test_like_one_paper(animals: Searcher) -> None:
    """The paper most like one about cats is the other about cats; the seed does not come back."""
    ids = ids_by_title([h.paper for h in animals.search("cats", k=8)])
    hits = animals.similar([ids["Cats one"]], k=8)
    assert titles(hits)[0] == "Cats two"
    assert len(hits) == 7
    assert "Cats one" not in titles(hits)
    assert well_formed(hits)


def test_like_leaves_out_seeds_under_any_id(searcher: Searcher) -> None:
    """Named by an alias or by a mention, a seed does not come back, nor does a paper unlike."""
    papers = [p for p in searcher.snapshot.papers() if len(p.mention_ids) > 1 and p.aliases]
    seed, away = papers[0], papers[1]
    hits = searcher.similar([seed.aliases[0], seed.mention_ids[1]], [away.mention_ids[0]], k=65)
    found = {hit.paper.paper_id for hit in hits}
    assert len(hits) == len(found) == 63
    assert not found & {seed.paper_id, away.paper_id}


@pytest.mark.parametrize("count", [1, 2, 5])
def test_like_agrees_with_brute_force(searcher: Searcher, count: int) -> None:
    """Papers like some are ranked by the formula, worked out anew over all vectors."""
    vectors = searcher.snapshot.vectors.astype(np.float32)
    papers = list(searcher.snapshot.papers())
    seeds = list(range(10, 10 + 7 * count, 7))
    mean = vectors[seeds].mean(axis=0)
    nearest = np.sort(vectors @ vectors[seeds].T, axis=1)[:, -3:].mean(axis=1)
    dense = (vectors @ (mean / np.linalg.norm(mean)) + nearest) / 2
    words = np.zeros(65)
    text = " ".join(document_text(papers[row]) for row in seeds)
    scores, rows = searcher.snapshot.lexical.search(text, 65)
    words[rows] = scores
    others = [row for row in range(65) if row not in seeds]
    total = 0.85 * dense / dense[others].max() + 0.15 * words / words[others].max()
    expected = sorted(others, key=lambda row: -total[row])
    hits = searcher.similar([papers[row].paper_id for row in seeds], k=65)
    assert [hit.paper.paper_id for hit in hits] == [papers[row].paper_id for row in expected]
    assert [hit.score for hit in hits] == pytest.approx(total[expected].tolist(), abs=1e-3)


def test_unlike_agrees_with_brute_force(searcher: Searcher) -> None:
    """Two papers to stay away from weigh 0.4, in the vectors and in the words."""
    vectors = searcher.snapshot.vectors.astype(np.float32)
    papers = list(searcher.snapshot.papers())
    seed, away = 10, [20, 30]
    others = [row for row in range(65) if row not in (seed, *away)]
    against = vectors[away].mean(axis=0)
    query = vectors[seed] - 0.4 * against / np.linalg.norm(against)
    dense = vectors @ (query / np.linalg.norm(query) + vectors[seed]) / 2
    words = []
    for rows in ([seed], away):
        text = " ".join(document_text(papers[row]) for row in rows)
        scores, found = searcher.snapshot.lexical.search(text, 65)
        bm25 = np.zeros(65)
        bm25[found] = scores
        words.append(bm25 / bm25[others].max())
    lexical = np.maximum(words[0] - 0.4 * words[1], 0)
    total = 0.85 * dense / dense[others].max() + 0.15 * lexical
    hits = searcher.similar([papers[seed].paper_id], [papers[row].paper_id for row in away], k=65)
    scores = {hit.paper.paper_id: hit.score for hit in hits}
    assert [scores[papers[row].paper_id] for row in others] == pytest.approx(
        np.maximum(total[others], 0).tolist(), abs=2e-3
    )


def test_like_with_words_moves_towards_them(animals: Searcher) -> None:
    """Like cats and about hounds, the paper on cats with dogs comes first; words filter, too."""
    ids = ids_by_title([h.paper for h in animals.search("cats", k=8)])
    plain = titles(animals.similar([ids["Cats one"]], k=7))
    moved = titles(animals.similar([ids["Cats one"]], k=7, text="canine hounds puppies"))
    for title in ("Dogs one", "Dogs two"):
        assert moved.index(title) < plain.index(title)
    without = animals.similar([ids["Cats one"]], k=7, text="canine hounds -dogs")
    assert sorted(map(str, titles(without))) == [
        "Birds one", "Birds two", "Cats two", "Cats with birds",
    ]  # fmt: skip


def test_unlike_pushes_its_neighbours_down(animals: Searcher) -> None:
    """Like cats but unlike dogs, what is about dogs falls behind what is about birds."""
    ids = ids_by_title([h.paper for h in animals.search("cats", k=8)])
    plain = titles(animals.similar([ids["Cats with dogs"]], k=8))
    assert set(plain[:2]) <= {"Dogs one", "Dogs two", "Cats with birds"}
    away = animals.similar([ids["Cats with dogs"]], [ids["Dogs one"]], k=8)
    assert "Dogs one" not in titles(away)
    assert titles(away).index("Cats with birds") < titles(away).index("Dogs two")
    assert titles(away).index("Dogs two") > plain.index("Dogs two")
    assert well_formed(away)


def test_like_with_filters(searcher: Searcher) -> None:
    """Filters hold for what is like a paper, and cost no hits though the seed passes them."""
    seed = next(p for p in searcher.snapshot.papers() if p.year == 2025)
    of_year = [p for p in searcher.snapshot.papers() if p.year == 2025 and p != seed]
    hits = searcher.similar([seed.paper_id], k=len(of_year), filters=Filters(years=(2025, 2025)))
    assert {h.paper.paper_id for h in hits} == {p.paper_id for p in of_year}


def test_the_same_paper_in_like_and_unlike_is_refused(searcher: Searcher) -> None:
    """A paper that should be liked and unliked is an error, also under two of its ids."""
    paper = next(p for p in searcher.snapshot.papers() if len(p.mention_ids) > 1)
    with pytest.raises(ValueError, match="asked for both like and unlike: ") as caught:
        searcher.similar([paper.paper_id], [paper.mention_ids[1]])
    assert paper.display_title in str(caught.value)


def test_like_needs_a_paper(searcher: Searcher) -> None:
    """Like nothing is an error; so is an unknown id on either side."""
    known = searcher.search(QUERY, k=1)[0].paper.paper_id
    with pytest.raises(ValueError, match="name at least one paper"):
        searcher.similar([])
    for like, unlike in ((["p0"], []), ([known], ["p0"])):
        with pytest.raises(UnknownPaperError) as caught:
            searcher.similar(like, unlike)
        assert caught.value.paper_id == "p0"


def test_like_the_only_paper_finds_nothing(make_index: MakeIndex) -> None:
    """In an index of one paper nothing is like it, and nothing shares its topic."""
    data = make_index(works_page(ANIMALS[0]))
    (paper,) = papers_of(data)
    with Snapshot.open(data) as snapshot:
        searcher = Searcher(snapshot, FakeEncoder())
        assert searcher.similar([paper.paper_id]) == []
        assert searcher.topic_similar(paper.paper_id) == []
        assert titles(searcher.on_topic("t1")) == ["Cats one"]


# --- Topics -----------------------------------------------------------------------------------


def test_on_topic_has_only_that_topics_papers(searcher: Searcher) -> None:
    """Each topic's hits are its papers, the most central first, and no others."""
    seen: list[str] = []
    for topic in searcher.topics():
        hits = searcher.on_topic(topic.topic_id, k=65)
        found = [hit.paper.paper_id for hit in hits]
        assert len(found) == topic.size
        assert {searcher.topic_of(pid).topic_id for pid in found} == {topic.topic_id}
        assert found == searcher.topic_papers(topic.topic_id)
        assert found[:2] == searcher.topic_papers(topic.topic_id, limit=2)
        assert searcher.on_topic(topic.topic_id, k=2) == hits[:2]
        assert well_formed(hits)
        seen += found
    assert sorted(seen) == [p.paper_id for p in searcher.snapshot.papers()]


def test_topics_group_what_belongs_together(animals: Searcher) -> None:
    """Of eight papers about three things, those about birds alone share a topic, as do dogs."""
    ids = ids_by_title([h.paper for h in animals.search("cats", k=8)])
    topic = {title: animals.topic_of(pid).topic_id for title, pid in ids.items()}
    assert topic["Birds one"] == topic["Birds two"]
    assert topic["Dogs one"] == topic["Dogs two"]
    assert topic["Birds one"] != topic["Dogs one"]


def test_topic_similar_leaves_the_paper_out(searcher: Searcher) -> None:
    """No paper is among those that share its theme, whatever it is named by; there are k."""
    for paper in list(searcher.snapshot.papers())[::8]:
        hits = searcher.topic_similar(paper.mention_ids[0], k=9)
        assert len(hits) == 9
        assert paper.paper_id not in {hit.paper.paper_id for hit in hits}
        assert well_formed(hits, descending=False)


def test_topic_similar_stays_on_the_topic(searcher: Searcher) -> None:
    """The papers of the seed's topic come first, as many as there are; scores fall throughout."""
    for paper in list(searcher.snapshot.papers())[::6]:
        topic = searcher.topic_of(paper.paper_id)
        members = set(searcher.topic_papers(topic.topic_id)) - {paper.paper_id}
        hits = searcher.topic_similar(paper.paper_id, k=12)
        found = [hit.paper.paper_id for hit in hits]
        on_topic = min(12, len(members))
        assert set(found[:on_topic]) <= members
        assert not set(found[on_topic:]) & members
        assert len(found) == 12
        assert well_formed(hits)


@pytest.mark.model
def test_topic_similar_is_another_list_than_the_nearest(real_searcher: Searcher) -> None:
    """On the seeds half of ten topic-similar papers are others, more on topic, more spread."""
    shared, on_topic, alike = [], [], []
    for paper in real_searcher.snapshot.papers():
        topic = real_searcher.topic_of(paper.paper_id)
        lists = (
            real_searcher.topic_similar(paper.paper_id),
            real_searcher.similar([paper.paper_id]),
        )
        ids = [[hit.paper.paper_id for hit in hits] for hits in lists]
        shared.append(len({*ids[0]} & {*ids[1]}))
        on_topic.append([sum(real_searcher.topic_of(i) == topic for i in found) for found in ids])
        vectors = [
            real_searcher._vectors(np.array([real_searcher.snapshot.row(i) for i in found]))
            for found in ids
        ]
        alike.append([float((v @ v.T)[np.triu_indices(10, 1)].mean()) for v in vectors])
    assert np.mean(shared) < 6
    assert np.mean(on_topic, axis=0)[0] > 1.5 * np.mean(on_topic, axis=0)[1]
    assert np.mean(alike, axis=0)[0] < np.mean(alike, axis=0)[1] - 0.03


@pytest.mark.parametrize("unknown", ["t0", "t7", "", "1", "T1"])
def test_an_unknown_topic_is_refused(searcher: Searcher, unknown: str) -> None:
    """An id that no topic has is quoted with the ids that there are."""
    with pytest.raises(UnknownTopicError) as caught:
        searcher.on_topic(unknown)
    assert str(caught.value) == f"no topic has the id {unknown!r} (t1 to t6)"


# --- Opening ----------------------------------------------------------------------------------


def test_the_model_of_the_index_is_loaded(
    fake_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a model of its own the searcher loads the one that the manifest names."""
    asked: list[str] = []
    monkeypatch.setattr("search.engine.load_encoder", lambda n: asked.append(n) or FakeEncoder())
    searcher = Searcher.open(fake_index)
    assert asked == ["fake"]
    assert len(searcher) == 65
    searcher.snapshot.close()


def test_a_model_that_changed_is_refused(fake_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of the right name with other weights is refused when opening."""
    monkeypatch.setattr("search.engine.load_encoder", lambda _: FakeEncoder("changed"))
    with pytest.raises(SnapshotError, match="built with the model 'fake'"):
        Searcher.open(fake_index)


def test_bytes_that_are_no_text_cost_no_crash(searcher: Searcher) -> None:
    """A query with a byte that was not UTF-8 is asked with a question mark in its place."""
    assert searcher.search("learning \udce9 brains", k=3) == searcher.search(
        "learning ? brains", k=3
    )
