"""Answering questions from a snapshot: free text, papers like these, papers on a topic."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np

from index.build import data_folder
from index.encoder import Encoder, load_encoder
from index.errors import EmptyQueryError, QueryError
from index.lexical import Selection
from index.papers import document_text
from index.records import Paper
from index.snapshot import Snapshot
from index.topics import Topic
from search.atlas import Atlas
from search.browse import TopicBrowser
from search.example import ExampleRanker, Examples
from search.facets import COUNTED, Facets, count_facets
from search.filters import Filters
from search.fusion import unit
from search.history import History, history
from search.hits import Hit, HitMaker
from search.new import select_new
from search.query import Query, Slip, parse_query
from search.ranking import NO_RANKING, POOL, Mode, Ranker, Ranking, check_k, clean
from search.rerank import RERANKED, Reranker, reranked
from search.spelling import Correction, Speller
from search.spread import spread

Sort = Literal["relevance", "year"]
SORTS: tuple[Sort, ...] = get_args(Sort)
SORTED = 50  # of the best papers, or k if that is more, are put in the order of their years
_TOLD = 5  # slips that an error lists
_POOL = 100  # candidates among which topic-similar papers are spread
_Said = tuple[str, tuple[Correction, ...]]  # what to rank by, and what was put right in it
_SAMPLE = 10_000  # papers of which the middle of very many is made


@dataclass(frozen=True, slots=True)
class Answer:
    """Hits, and how the question was understood."""

    hits: tuple[Hit, ...]
    text: str  # what was ranked by; empty when the query held conditions alone
    filters: Filters  # those given and those of the query
    corrections: tuple[Correction, ...] = ()
    slips: tuple[Slip, ...] = ()
    among: int = 0  # papers that meet the conditions, of which the best are ranked
    best: Hit | None = None  # by relevance, whatever the order of the hits
    ranking: Ranking = field(default=NO_RANKING, compare=False, repr=False)  # what they are out of

    @property
    def fits(self) -> bool:
        """False when there is no hit, or the best one is weak: nothing here fits well."""
        return self.best is not None and self.best.strength != "weak"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "text": self.text,
            "corrections": [asdict(correction) for correction in self.corrections],
            "notes": [str(slip) for slip in self.slips],
            "hits": [hit.to_dict() for hit in self.hits],
        }


class Searcher:
    """Serves one generation of an index. Safe to share between threads."""

    def __init__(self, snapshot: Snapshot, encoder: Encoder) -> None:
        """Raises SnapshotError when the index was filled by another model than `encoder`."""
        snapshot.check_encoder(encoder)
        self.snapshot = snapshot
        self._ranker = Ranker(snapshot, encoder)
        self._by_example = ExampleRanker(snapshot, encoder)
        self._browser = TopicBrowser(snapshot)
        self.atlas = Atlas(snapshot)
        self._maker = HitMaker(snapshot)
        self._speller = Speller(snapshot.lexical)

    @classmethod
    def open(
        cls, data: str | os.PathLike[str] | None = None, *, encoder: Encoder | None = None
    ) -> Searcher:
        """Open the live index of a data folder, with the model that it was built with.

        Raises SnapshotError for an index that cannot be answered from, EncoderError when its
        model is not to be had.
        """
        snapshot = Snapshot.open(data_folder(data))
        return cls(snapshot, encoder or load_encoder(snapshot.manifest.model.name))

    def __len__(self) -> int:
        return len(self.snapshot)

    def search(
        self,
        query: str,
        k: int = 10,
        filters: Filters | None = None,
        mode: Mode = "hybrid",
    ) -> list[Hit]:
        """The k papers that are most about the query, best first: the hits of `ask`."""
        return list(self.ask(query, k, filters, mode).hits)

    def ask(
        self,
        query: str,
        k: int = 10,
        filters: Filters | None = None,
        mode: Mode = "hybrid",
        *,
        unlike: Sequence[str] = (),
        sort: Sort = "relevance",
        as_typed: bool = False,
        reranker: Reranker | None = None,
    ) -> Answer:
        """Answer a query in the query language (see `search.query`), best hits first.

        `unlike` are ids of papers to stay away from, which do not come up themselves. `sort` "year"
        puts the best SORTED papers (k if that is more) in the order of their years, the latest
        first, and gives the first k of these.

        `mode` "dense" or "lexical" ranks by one leg alone. Slips of typing are put right unless
        `as_typed`. A `reranker` reads the first 50, or k if that is more, and has the last word. A
        query of conditions alone lists the papers that meet them, the latest first. `later` leaves
        all hits but the best to `each`, to show one while the next is made. Raises QueryError for
        an empty query, k below 1, an unknown mode or sort, UnknownPaperError.
        """
        _check(k, sort)
        away = sorted(set(map(self.snapshot.row, unlike)))
        asked = self._understand(query, filters)
        among = None if asked.filters.is_empty else asked.filters.select(self.snapshot)
        if not asked.text:
            if among is None:
                told = "; ".join(map(str, asked.slips[:_TOLD]))
                raise EmptyQueryError(f"nothing is left to search for: {told}")
            newest = self._ranker.newest(max(k, COUNTED) + len(away), among)
            listed = newest.first(max(k, COUNTED), set(away))
            return self._told(asked, among, listed, listed.first(k))
        said = self._said(asked, as_typed=as_typed)
        ranking = self._ranker.text(said[0], max(k, POOL), among, mode)
        if away:
            ranking = self._ranker.away(ranking, away)
        if reranker:
            read = ranking.first(max(k, RERANKED))
            ranking = reranked(read, self.snapshot, reranker, said[0])
        shown = self._sorted(ranking, k, sort)
        return self._told(asked, among, ranking, shown, said=said)

    def similar(
        self,
        like: Sequence[str],
        unlike: Sequence[str] = (),
        k: int = 10,
        filters: Filters | None = None,
        *,
        text: str = "",
    ) -> list[Hit]:
        """The k papers most like the papers `like`, best first: the hits of `ask_like`."""
        return list(self.ask_like(like, unlike, k, filters, text=text).hits)

    def ask_like(
        self,
        like: Sequence[str],
        unlike: Sequence[str] = (),
        k: int = 10,
        filters: Filters | None = None,
        *,
        text: str = "",
        sort: Sort = "relevance",
        as_typed: bool = False,
    ) -> Answer:
        """Papers like the papers `like` and `text`, and unlike the papers `unlike`, best first.

        `text` is in the query language, `sort` as of `ask`. Ids may be any that a
        paper ever had. None of the given papers comes back. Raises UnknownPaperError, and
        QueryError when `like` is empty or shares a paper with `unlike`.
        """
        _check(k, sort)
        rows = [list(dict.fromkeys(map(self.snapshot.row, ids))) for ids in (like, unlike)]
        asked = self._understand(text, filters) if text else Query("", filters or Filters())
        among = None if asked.filters.is_empty else asked.filters.select(self.snapshot)
        said = self._said(asked, as_typed=as_typed)
        examples = Examples(rows[0], rows[1], said[0])
        ranking = self._by_example.rank(examples, max(k, COUNTED), among)
        shown = self._sorted(ranking, k, sort)
        return self._told(asked, among, ranking, shown, said=said)

    def new(
        self,
        since: str | None = None,
        like: Sequence[str] = (),
        k: int = 20,
        filters: Filters | None = None,
    ) -> list[Hit]:
        """The k papers added since a date (ISO 8601) or, without one, by the last build that
        added any: the newest first or, with ids of papers to be like, the likest first.

        None of the given papers comes back. Raises QueryError for what is no date, FilterError and
        UnknownPaperError.
        """
        return list(self.ask_new(since, like, k, filters).hits)

    def ask_new(
        self,
        since: str | None = None,
        like: Sequence[str] = (),
        k: int = 20,
        filters: Filters | None = None,
    ) -> Answer:
        """The hits of `new`, out of how many (`among`, which leaves out the papers `like`).

        Raises what `new` does.
        """
        check_k(k)
        seeds = list(dict.fromkeys(map(self.snapshot.row, like)))
        asked = Query("", filters or Filters())
        new = select_new(self.snapshot, since, asked.filters)
        if new is None:
            ranking = NO_RANKING
        elif seeds:
            ranking = self._by_example.rank(Examples(seeds), k, new.among)
        else:
            ranking = Ranking(new.newest, np.zeros(len(new.newest), np.float32))
        others = 0 if new is None else int((~np.isin(new.newest, seeds)).sum())
        answer = self._told(asked, None, ranking, ranking.first(k))
        return replace(answer, among=others)

    def facets(self, answer: Answer) -> Facets:
        """What the best papers of an answer have in common, to narrow it by."""
        return count_facets(self.snapshot, answer.ranking.rows)

    def topics(self) -> tuple[Topic, ...]:
        """All topics, largest first."""
        return self._browser.topics()

    def topic(self, topic_id: str) -> Topic:
        """The topic of that id. Raises UnknownTopicError."""
        return self._browser.topic(topic_id)

    def topic_of(self, paper_id: str) -> Topic:
        """The topic that a paper belongs to. Raises UnknownPaperError."""
        return self._browser.topic_of(paper_id)

    def topic_papers(self, topic_id: str, limit: int | None = None) -> list[str]:
        """Ids of the papers on a topic, the most central first. Raises UnknownTopicError."""
        return self._browser.papers(topic_id, limit)

    def on_topic(self, topic_id: str, k: int = 10) -> list[Hit]:
        """The k most central papers of a topic. Raises UnknownTopicError."""
        check_k(k)
        centre = unit(self._browser.centre(topic_id))
        rows = np.array(self._browser.rows(topic_id)[:k], dtype=np.int64)
        about = " ".join(self._browser.topic(topic_id).terms)
        return self._maker.hits(self._in_order(rows, centre, about))

    def between(self, a: str, b: str, k: int = 10) -> list[Hit]:
        """The k papers that most belong to both of two topics (see `Atlas.between`), best first.

        Raises UnknownTopicError, and QueryError when both are one topic.
        """
        check_k(k)
        scores, rows = self.atlas.between(a, b, k)
        middle = unit(unit(self._browser.centre(a)) + unit(self._browser.centre(b)))
        about = " ".join(term for topic in (a, b) for term in self._browser.topic(topic).terms)
        return self._maker.hits(self._in_order(rows, middle, about, scores))

    def typical(self, rows: np.ndarray, k: int = 10) -> list[Hit]:
        """Of the papers of the given rows the k nearest to their middle, the nearest first."""
        check_k(k)
        step = -(-len(rows) // _SAMPLE) or 1
        middle = unit(self._vectors(rows[::step]).sum(axis=0))
        _, nearest = self.snapshot.index.search(middle, k, rows)
        about = " ".join(self.snapshot.titles(nearest))
        return self._maker.hits(self._in_order(nearest, middle, about))

    def topic_similar(self, paper_id: str, k: int = 10) -> list[Hit]:
        """Papers that share the theme of a paper, spread over the theme rather than its wording.

        From the papers of its topic that are nearest to the middle between the paper and the
        topic's centre, each next one is chosen by maximal marginal relevance. A topic with fewer
        than k others is followed by the nearest papers of other topics. Raises UnknownPaperError.
        """
        check_k(k)
        row = self.snapshot.row(paper_id)
        topic_id = self._browser.topic_of(paper_id).topic_id
        centre = unit(self._browser.centre(topic_id))
        theme = unit(self._vectors(np.array([row]))[0] + centre)
        members = np.array(self._browser.rows(topic_id), dtype=np.int64)
        others = members[members != row]
        nearest = np.argsort(-(self._vectors(others) @ theme), kind="stable")[: max(_POOL, k)]
        pool = others[nearest]
        chosen, gains = spread(theme, self._vectors(pool), k)
        rows = pool[chosen]
        if len(rows) < k:
            found, near = self.snapshot.index.search(theme, k + len(members))
            outside = ~np.isin(near, members)
            rows = np.concatenate([rows, near[outside]])[:k]
            # What is beyond the topic comes after it, whatever it scores.
            beyond = np.minimum(found[outside], gains.min(initial=1.0))
            gains = np.concatenate([gains, beyond])[:k]
        about = document_text(self.snapshot.papers_at([row])[0])
        return self._maker.hits(self._in_order(rows, theme, about, gains))

    def paper(self, paper_id: str) -> Paper:
        """The paper with this id, now or in an earlier build. Raises UnknownPaperError."""
        return self.snapshot.paper(paper_id)

    def history(self, paper_id: str) -> History:
        """Where a paper comes from and why its mentions are one work. Raises UnknownPaperError."""
        return history(self.snapshot, paper_id)

    def _understand(self, query: str, filters: Filters | None) -> Query:
        """The query as parsed, its conditions joined with those given."""
        given = filters or Filters()
        if not query.strip() and not given.is_empty:
            return Query("", given)
        asked = parse_query(clean(query))
        return Query(asked.text, asked.filters & given, asked.slips)

    def _said(self, asked: Query, *, as_typed: bool) -> _Said:
        """The text with its slips put right; what must stand in the papers word for word stays."""
        if as_typed:
            return asked.text, ()
        return self._speller.correct(asked.text, (*asked.filters.phrases, *asked.filters.titles))

    def _told(
        self,
        asked: Query,
        among: Selection | None,
        ranking: Ranking,
        shown: Ranking,
        *,
        said: _Said = ("", ()),
    ) -> Answer:
        """The hits with how the question was understood."""
        text, corrections = said
        hits = tuple(self._maker.hits(shown))
        first = np.array_equal(shown.rows[:1], ranking.rows[:1]) and bool(hits)
        return Answer(
            hits=hits,
            text=text,
            filters=asked.filters,
            corrections=corrections,
            slips=asked.slips,
            among=len(self) if among is None else len(among.rows),
            best=hits[0] if first else next(iter(self._maker.hits(ranking.first(1))), None),
            ranking=ranking,
        )

    def _sorted(self, ranking: Ranking, k: int, sort: Sort) -> Ranking:
        """The k papers to show of a ranking, in the order to show them."""
        if sort == "relevance":
            return ranking.first(k)
        best = ranking.first(max(k, SORTED))
        place = {row: i for i, row in enumerate(best.rows.tolist())}
        newest = self.snapshot.newest(best.rows, k)
        return best.at(np.array([place[row] for row in newest.tolist()], dtype=np.int64))

    def _in_order(
        self, rows: np.ndarray, vector: np.ndarray, about: str, scores: np.ndarray | None = None
    ) -> Ranking:
        """A ranking that keeps the order of the rows, with their cosine to `vector`."""
        cosine = self._vectors(rows) @ vector
        scores = cosine if scores is None else scores
        leg = (cosine, rows)
        return Ranking(rows, scores, cosine, dense_leg=leg, query=vector, about=about)

    def _vectors(self, rows: np.ndarray) -> np.ndarray:
        """(len(rows), dimension) float32."""
        return np.asarray(self.snapshot.vectors[rows], dtype=np.float32)


def _check(k: int, sort: str) -> None:
    """Raise QueryError for less than one hit, or an order that there is not."""
    check_k(k)
    if sort not in SORTS:
        raise QueryError(f"unknown order {sort!r}; choose one of {', '.join(SORTS)}")
