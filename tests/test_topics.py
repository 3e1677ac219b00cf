"""Topics: groups of papers that lie together, named by what sets them apart."""

from __future__ import annotations

import numpy as np
import pytest

from index.topics import MOST_TOPICS, Topics, find_topics, number_of_topics

GROUPS = {
    "cats": ("feline whiskers purring kittens", 9),
    "boats": ("harbour sailing rudder anchor", 6),
    "bread": ("sourdough baking yeast crust", 3),
}


def three_groups() -> tuple[np.ndarray, list[str], list[int]]:
    """18 papers about three things, shuffled: vectors near three axes, texts, true group."""
    random = np.random.default_rng(8)
    group = np.repeat([0, 1, 2], [size for _, size in GROUPS.values()])
    random.shuffle(group)
    vectors = np.eye(16)[group] + 0.05 * random.standard_normal((18, 16))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    words = [words for words, _ in GROUPS.values()]
    texts = [
        f"The results of {words[g]} with {words[g].split()[i % 4]}." for i, g in enumerate(group)
    ]
    return vectors.astype(np.float16), texts, group.tolist()


def test_three_separate_groups_are_found() -> None:
    """Three groups far apart become three topics, largest first, with the right papers on each."""
    vectors, texts, group = three_groups()
    topics = find_topics(vectors, texts)
    assert [(t.topic_id, t.size) for t in topics.topics] == [("t1", 9), ("t2", 6), ("t3", 3)]
    assert topics.assignment.tolist() == group
    assert topics.assignment.dtype == np.int32


def test_labels_are_made_of_the_groups_own_words() -> None:
    """Each label is three terms, each term of words of its own group, and none repeats a word."""
    vectors, texts, _ = three_groups()
    topics = find_topics(vectors, texts).topics
    for topic, (words, _) in zip(topics, GROUPS.values(), strict=True):
        terms = topic.label.split(", ")
        used = " ".join(terms).split()
        assert set(used) <= set(words.split())
        assert len(used) == len(set(used))
        assert set(" ".join(topic.terms).split()) == set(words.split())


def test_centroids_are_the_unit_means_of_their_groups() -> None:
    """Row n of the centroids is the mean direction of the papers on topic n, of length 1."""
    vectors, texts, group = three_groups()
    centroids = find_topics(vectors, texts).centroids
    for topic in range(3):
        mean = vectors.astype(np.float32)[np.array(group) == topic].mean(axis=0)
        np.testing.assert_allclose(centroids[topic], mean / np.linalg.norm(mean), atol=1e-3)


def same(one: Topics, other: Topics) -> bool:
    return (
        one.topics == other.topics
        and np.array_equal(one.assignment, other.assignment)
        and np.array_equal(one.centroids, other.centroids)
    )


def test_the_same_papers_give_the_same_topics() -> None:
    """Finding topics twice gives the same ids, labels, terms, centres and papers."""
    vectors = np.random.default_rng(3).standard_normal((60, 16))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    texts = [f"alpha{i % 7} beta{i % 5} gamma{i % 3} unusual{i}" for i in range(60)]
    assert same(find_topics(vectors, texts), find_topics(vectors, texts))


def test_no_paper_has_no_topic() -> None:
    """Without papers there are no topics, no centres and no assignments."""
    topics = find_topics(np.empty((0, 8), np.float16), [])
    assert topics.topics == ()
    assert (topics.centroids.shape, topics.assignment.shape) == ((0, 8), (0,))


@pytest.mark.parametrize("papers", [1, 2])
def test_one_or_two_papers_are_one_topic(papers: int) -> None:
    """One paper, and two, are one topic that bears their words."""
    vectors = np.eye(8, dtype=np.float16)[:papers]
    topics = find_topics(vectors, ["sourdough yeast", "sourdough crust"][:papers])
    assert [(t.topic_id, t.size) for t in topics.topics] == [("t1", papers)]
    assert topics.assignment.tolist() == [0] * papers
    assert "sourdough" in topics.topics[0].label


def test_papers_without_telling_words_are_an_unnamed_topic() -> None:
    """A topic whose texts hold no word that could name it is called unnamed."""
    topics = find_topics(np.eye(8, dtype=np.float16)[:1], ["of the and 12"])
    assert topics.topics[0].label == "unnamed"
    assert topics.topics[0].terms == ()


def test_copies_of_one_paper_lose_none() -> None:
    """Forty identical papers stay forty papers on topics of at least one paper each."""
    vectors = np.tile(np.eye(8, dtype=np.float16)[0], (40, 1))
    topics = find_topics(vectors, ["sourdough yeast"] * 40)
    assert sum(t.size for t in topics.topics) == 40
    assert min(t.size for t in topics.topics) >= 1
    found = np.bincount(topics.assignment, minlength=len(topics.topics))
    assert found.tolist() == [t.size for t in topics.topics]


@pytest.mark.parametrize(
    ("papers", "topics"),
    [
        (0, 0),
        (1, 1),
        (2, 1),
        (5, 2),
        (18, 3),
        (65, 6),
        (1000, 22),
        (10_000, 71),
        (28_560, 119),
        (28_800, 120),
        (10_000_000, MOST_TOPICS),
    ],
)
def test_number_of_topics(papers: int, topics: int) -> None:
    """The number of topics is the root of half the papers, rounded, from 1 to 120; 0 for none."""
    assert number_of_topics(papers) == topics
