"""Does it find what a researcher means? The bundled model on the seeds."""

from __future__ import annotations

import random

import pytest

from index.text import sentence_spans
from search.engine import Searcher

pytestmark = pytest.mark.model

# What a researcher might type, and how the title (or, of an untitled work, the abstract) begins.
QUERIES = {
    "do biologically plausible learning rules generalize as well as backprop": "Beyond accuracy",
    "energy based models trained with Langevin sampling": "Clarifying MCMC-based training",
    "replace attention heads by separate search and retrieval": "Compositional Attention",
    "hallucinations caused by LSD and dreaming": "The oneirogen hypothesis",
    "agents that cooperate in the prisoner's dilemma": "Multi-agent cooperation",
    "an optimizer that was itself learned by meta-training": "Celo",
    "predicting future weights to make training faster": "Accelerating Training with Neuron",
    "why we cannot put conscious experience into words": "Sources of Richness and Ineffability",
    "decode many animals' spikes with one transformer": "A Unified, Scalable Framework",
    "fast brain-computer interface decoder with low latency": "Generalizable, real-time neural",
    "what a sleeping network replays from its waking hours": "Sufficient conditions for offline",
    "why in-context learning prefers simple explanations": "In-context learning and Occam's",
    "test error falls, rises and falls again": "Multi-scale Feature Learning Dynamics",
    "the network relies on one feature and neglects the others": "Gradient Starvation",
    "comparing the layers of two networks by a kernel": "Reliability of CKA",
    "optimal transport between signals on a graph": "Embedding Signals on Knowledge Graphs",
    "playlists that calm down patients": "Affective Music Recommendation",
    "combine several candidate reasoning chains of a language model": "Recursive Self-Aggregation",
    "train image captioning and generation without paired data": "Leveraging Unpaired Data",
    "brain scans of several people in one common space": "Learning shared neural manifolds",
    "sampling sentences from an intractable posterior of a language model": (
        "Amortizing intractable inference"
    ),
    "Lyapunov spectrum and the stability of training": "On Lyapunov Exponents for RNNs",
    "data augmentation by interpolating pairs of examples": "Mixup is a popular",
    "are synaptic weights log-normal when plasticity is not Euclidean": "Synaptic Weight",
}

FOREIGN = (
    "a recipe for a chocolate cake with hazelnuts",
    "boil the potatoes, drain them and mash them with butter",
    "we and our partners store cookies on your device",
    "accept all cookies or manage your privacy settings",
    "the goalkeeper saved two penalties in the cup final",
    "tennis star withdraws from the tournament with a sore knee",
    "cheap flights to Lisbon in August",
    "how to change the tyre of a bicycle",
    "opening hours of the public library at Christmas",
    "wedding dress second hand size ten",
    "my landlord has not repaired the heating",
    "lottery numbers of last Wednesday",
)


def rank(searcher: Searcher, query: str, start: str, k: int = 10) -> int:
    """The rank at which the paper that begins so comes; k + 1 when it does not."""
    for hit in searcher.search(query, k=k):
        if hit.paper.display_title.startswith(start):
            return hit.rank
    return k + 1


def test_every_expected_paper_exists(real_searcher: Searcher) -> None:
    """Each expectation names exactly one paper of the seeds."""
    titles = [paper.display_title for paper in real_searcher.snapshot.papers()]
    for start in QUERIES.values():
        assert sum(title.startswith(start) for title in titles) == 1, start


def test_questions_find_their_papers(real_searcher: Searcher) -> None:
    """Of 24 questions in plain words at least 80 % find their paper first, 95 % among three."""
    ranks = {query: rank(real_searcher, query, start) for query, start in QUERIES.items()}
    print({query: at for query, at in ranks.items() if at > 1})
    assert len(ranks) == 24
    assert sum(at == 1 for at in ranks.values()) >= 0.80 * len(ranks)
    assert sum(at <= 3 for at in ranks.values()) >= 0.95 * len(ranks)


def test_what_is_asked_for_is_not_called_weak(real_searcher: Searcher) -> None:
    """The first hit of at least 95 % of the questions is strong or fair."""
    strengths = [real_searcher.search(query, k=1)[0].strength for query in QUERIES]
    assert sum(strength != "weak" for strength in strengths) >= 0.95 * len(strengths)


def test_foreign_questions_are_weak(real_searcher: Searcher) -> None:
    """Recipes, cookies, sport and the like get only weak hits."""
    best = {query: real_searcher.search(query, k=1)[0] for query in FOREIGN}
    print({query: (hit.dense, hit.paper.display_title) for query, hit in best.items()})
    assert {query: hit.strength for query, hit in best.items()} == dict.fromkeys(FOREIGN, "weak")


def test_a_sentence_finds_its_paper(real_searcher: Searcher) -> None:
    """A sentence out of an abstract finds that paper first in 88 %, among three in 95 % of cases.

    It has ten words or more, and is the very sentence that the hit then shows.
    """
    dice = random.Random(5)
    asked = first = found = shown = 0
    for paper in real_searcher.snapshot.papers():
        abstract = paper.abstract or ""
        sentences = [abstract[a:b] for a, b in sentence_spans(abstract)]
        long = [sentence for sentence in sentences if len(sentence.split()) >= 10]
        if not long:
            continue
        sentence = dice.choice(long)
        hits = real_searcher.search(sentence, k=3)
        asked += 1
        first += hits[0].paper.paper_id == paper.paper_id
        own = [hit for hit in hits if hit.paper.paper_id == paper.paper_id]
        found += len(own)
        shown += [hit.sentence for hit in own] == [sentence]
        if not own:
            print(f"{sentence!r} of {paper.display_title!r}: {hits[0].paper.display_title!r}")
    print(asked, first, found, shown)
    assert asked >= 60
    assert first >= 0.88 * asked
    assert found >= 0.95 * asked
    assert shown == found


def test_versions_of_one_theme_are_alike(real_searcher: Searcher) -> None:
    """Papers that continue each other find each other among the first three alike.

    One pair lies further apart for the tuned model, among the first five.
    """
    pairs = [
        ("In-Context Parametric Inference", "Amortized In-Context Bayesian Posterior"),
        ("A Unified, Scalable Framework", "Generalizable, real-time neural decoding"),
        ("Multi-agent cooperation", "Embedded Universal Predictive Intelligence"),
        ("Celo", "Iterative Amortized Inference"),
        ("On Lyapunov Exponents", "Internal representation dynamics and geometry"),
    ]
    papers = list(real_searcher.snapshot.papers())
    for one, other in pairs:
        (seed,) = [p for p in papers if p.display_title.startswith(one)]
        hits = real_searcher.similar([seed.paper_id], k=5 if one == "On Lyapunov Exponents" else 3)
        assert any(h.paper.display_title.startswith(other) for h in hits), (one, other)
