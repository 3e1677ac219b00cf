"""What strength says about queries, on the seeds with the real model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from search import Searcher

QUERIES = json.loads((Path(__file__).parent / "truth" / "strength_queries.json").read_text())

pytestmark = pytest.mark.model


def best(searcher: Searcher, kind: str) -> list[tuple[float, str]]:
    """(evidence, strength) of the best-supported of the first three hits of each query."""
    found = []
    for query in QUERIES[kind]:
        top = max(searcher.search(query, k=3), key=lambda hit: hit.evidence)
        found.append((top.evidence, top.strength))
    return found


def test_foreign_queries_are_all_weak(real_searcher: Searcher) -> None:
    """Recipes, cookie notices and train tables find nothing that is called fair or strong."""
    assert [s for _, s in best(real_searcher, "foreign") if s != "weak"] == []


def test_answerable_queries_are_seldom_weak(real_searcher: Searcher) -> None:
    """At least 85 % of the questions that a paper here answers get a fair or strong hit."""
    strengths = [s for _, s in best(real_searcher, "answerable")]
    assert strengths.count("weak") <= 0.15 * len(strengths)


def test_evidence_tells_answerable_queries_from_near_fields(real_searcher: Searcher) -> None:
    """Area under the ROC curve of at least .85 against themes that no paper here treats."""
    yes = np.array([e for e, _ in best(real_searcher, "answerable")])
    no = np.array([e for e, _ in best(real_searcher, "near")])
    area = mannwhitneyu(yes, no).statistic / (len(yes) * len(no))
    assert area >= 0.85
