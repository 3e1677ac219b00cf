"""The lexical index, by Tantivy: BM25 over stemmed words, and which papers state what.

BM25 as in Robertson and Zaragoza (2009), "The Probabilistic Relevance Framework", with k1 = 1.2
and b = 0.75. One text field holds title and abstract together; accents and case are folded, words
stemmed, the commonest English words left out. Queries, which are often whole sentences, leave out
more: what is asked with ("which", "describe") says nothing about the answer.

Conditions on authors, titles, venues, categories, years and exact words are answered from fields
of their own, in which no word is stemmed or left out.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import tantivy

from index.analysis import PlainWords, Stemmer, folded, plain_analyzer, stemming_analyzer
from index.conditions import Condition, Field, Restriction, Rows, Words
from index.records import Paper

_ROW, _STEMS, _YEAR = "row", "stems", "year"
_STEMMED, _PLAIN = "stemmed", "plain"  # names of the analyzers
_PHRASES: tuple[Field, ...] = ("title", "text")  # fields that keep the places of their words
_SETS: tuple[Field, ...] = ("author", "category")  # fields of several values a paper
_MOST_TERMS = 256  # of a query, the most frequent first; a pasted page needs no more
_SELECTIONS = 8  # the last ones, which are kept
_HEAP = 64_000_000  # bytes for the writer

# (field, rows) -> for each row the values that the paper states in the field
ValuesOf = Callable[[Field, np.ndarray], Iterable[Sequence[str]]]


@dataclass(frozen=True, eq=False)
class Selection:
    """The papers that a search may bring up."""

    query: tantivy.Query
    rows: np.ndarray  # ascending, int64


class LexicalIndex:
    """Rows of papers that can be searched by their words. Safe to share between threads."""

    def __init__(
        self, index: tantivy.Index, copy: tempfile.TemporaryDirectory[str] | None = None
    ) -> None:
        self._index = index
        self._copy = copy  # goes with this object
        self._schema = index.schema
        self._stemmer, self._plain = Stemmer(), PlainWords()
        self._searcher = index.searcher()
        self._selected = lru_cache(maxsize=_SELECTIONS)(self._select)

    @classmethod
    def build(cls, folder: Path, papers: Iterable[tuple[Paper, str]]) -> LexicalIndex:
        """Write an index of papers and their texts into `folder`; paper n becomes row n."""
        folder.mkdir()
        index = tantivy.Index(_schema(), path=str(folder), reuse=False)
        _register_analyzers(index)
        writer = index.writer(_HEAP, num_threads=1)
        for row, (paper, text) in enumerate(papers):
            writer.add_document(tantivy.Document(**_document(row, paper, text)))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        return cls(index)

    @classmethod
    def load(cls, folder: Path) -> LexicalIndex:
        """Open an index. Raises ValueError when the folder holds none."""
        # Tantivy puts a lock file beside what it reads; on a read-only disk it reads a copy.
        copy = None if os.access(folder, os.W_OK) else tempfile.TemporaryDirectory()
        if copy:
            shutil.copytree(folder, copy.name, dirs_exist_ok=True)
        with _panics_as_errors():
            index = tantivy.Index.open(copy.name if copy else str(folder))
            _register_analyzers(index)
            return cls(index, copy)

    def close(self) -> None:
        """Let go of the copy, if there is one."""
        if self._copy:
            self._copy.cleanup()

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def terms(self, query: str) -> dict[str, float]:
        """The stemmed words of a query with their weights, 1 + ln(times used)."""
        counts = Counter(self._stemmer.asked(query))
        return {term: 1 + math.log(n) for term, n in counts.most_common(_MOST_TERMS)}

    def search(
        self, query: str, k: int, among: Selection | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k rows with the highest BM25 score for the words of `query`, of a selection if given.

        Returns (scores float32, rows int64), best first, equal scores by row; rows that share no
        word with the query do not come up, so there may be fewer than k.
        """
        parts = [
            (tantivy.Occur.Should, tantivy.Query.boost_query(self._term(_STEMS, term), weight))
            for term, weight in self.terms(query).items()
        ]
        if not parts or k < 1 or not len(self) or (among is not None and not len(among.rows)):
            return np.empty(0, np.float32), np.empty(0, np.int64)
        wanted = tantivy.Query.boolean_query(parts)
        if among is not None:
            allowed = tantivy.Query.const_score_query(among.query, 0.0)
            wanted = _all([wanted, allowed])
        limit = min(k, len(self))  # Tantivy sets memory aside for as many, and ends without it
        with _panics_as_errors():
            found = self._searcher.search(wanted, limit=limit, count=False).hits
            places = [address for _, address in found]
            numbers = np.array(self._searcher.fast_field_values(_ROW, places), dtype=np.int64)
        scores = np.array([score for score, _ in found], dtype=np.float32)
        order = np.lexsort((numbers, -scores))
        return scores[order], numbers[order]

    def select(self, restriction: Restriction, values_of: ValuesOf) -> Selection:
        """The papers that meet a restriction.

        The last ones are kept: to list half of a million papers takes half a second, and whoever
        narrows goes on asking.
        """
        return self._selected(restriction, values_of)

    def _select(self, restriction: Restriction, values_of: ValuesOf) -> Selection:
        parts = [(tantivy.Occur.Must, tantivy.Query.all_query())]
        for group in restriction.all_of:
            any_of = [(tantivy.Occur.Should, self._condition(c, values_of)) for c in group]
            parts.append((tantivy.Occur.Must, tantivy.Query.boolean_query(any_of)))
        for condition in restriction.none_of:
            parts.append((tantivy.Occur.MustNot, self._condition(condition, values_of)))
        query = tantivy.Query.boolean_query(parts)
        rows = self._rows(query)
        rows.flags.writeable = False  # it is given again
        return Selection(query, rows)

    def knows(self, word: str) -> bool:
        """True when some paper has the word, or one of its stem, in its text, authors or venue."""
        forms = [(_STEMS, stem) for stem in self._stemmer.stems(word)]
        forms += [(f, w) for w in self._plain.of(word) for f in ("text", "author", "venue")]
        return any(self._searcher.doc_freq(field, form) for field, form in forms)

    def papers_with(self, word: str) -> int:
        """How many papers have this one word, folded, in their text."""
        return int(self._searcher.doc_freq("text", word))

    def vocabulary(self) -> dict[str, int]:
        """Every word of the texts, folded, with the number of papers that have it."""
        with _panics_as_errors():
            return dict(self._searcher.terms_with_prefix("text", ""))

    def _condition(self, condition: Condition, values_of: ValuesOf) -> tantivy.Query:
        if isinstance(condition, Rows):
            return self._of_rows(condition.rows)
        if not isinstance(condition, Words):
            # Without a bound, any year will do; without a year, none does.
            first, last = condition.first or 0, condition.last or 9999
            kind = tantivy.FieldType.Integer
            return tantivy.Query.range_query(self._schema, _YEAR, kind, first, last)
        field, words = condition.field, self._plain.of(condition.words)
        if not words:
            return tantivy.Query.empty_query()
        if condition.phrase and field in _PHRASES and len(words) > 1:
            return tantivy.Query.phrase_query(self._schema, field, [*words])
        if field in _SETS and len(words) > 1:
            return self._of_rows(self._in_one_value(field, words, values_of).tolist())
        return _all([self._term(field, word) for word in words])

    def _in_one_value(self, field: Field, words: list[str], values_of: ValuesOf) -> np.ndarray:
        """Rows of which one value of the field has all the words.

        A single letter stands for any other word that begins with it, as initials of names do.
        """
        whole = [w for w in words if len(w) > 1] or words
        rows = self._rows(_all([self._term(field, word) for word in whole]))
        initials = tuple(w for w in words if w not in whole)
        held = [
            any(_holds(self._plain.of(value), whole, initials) for value in values)
            for values in values_of(field, rows)
        ]
        fit: np.ndarray = rows[np.array(held, dtype=bool)]
        return fit

    def _rows(self, query: tantivy.Query) -> np.ndarray:
        """All rows that match, ascending."""
        if not len(self):
            return np.empty(0, np.int64)
        with _panics_as_errors():
            found = self._searcher.search(
                query, limit=len(self), count=False, order_by_field=_ROW, order=tantivy.Order.Asc
            )
        return np.fromiter((row for row, _ in found.hits), np.int64, len(found.hits))

    def _of_rows(self, rows: Sequence[int]) -> tantivy.Query:
        return tantivy.Query.term_set_query(self._schema, _ROW, [*rows])

    def _term(self, field: str, term: str) -> tantivy.Query:
        option = "freq" if field == _STEMS else "basic"
        return tantivy.Query.term_query(self._schema, field, term, index_option=option)


def _schema() -> tantivy.Schema:
    schema = tantivy.SchemaBuilder()
    schema.add_integer_field(_ROW, indexed=True, fast=True)
    schema.add_integer_field(_YEAR, indexed=True, fast=True)
    schema.add_text_field(_STEMS, tokenizer_name=_STEMMED, index_option="freq")
    for field in _PHRASES:
        schema.add_text_field(field, tokenizer_name=_PLAIN, index_option="position")
    for field in ("venue", *_SETS):
        schema.add_text_field(field, tokenizer_name=_PLAIN, index_option="basic")
    return schema.build()


def _register_analyzers(index: tantivy.Index) -> None:
    index.register_tokenizer(_STEMMED, stemming_analyzer())
    index.register_tokenizer(_PLAIN, plain_analyzer())


def _document(row: int, paper: Paper, text: str) -> dict[str, object]:
    """The fields of a paper. Values of one field are kept apart, so no phrase spans two."""
    titles = [folded(t) for t in (paper.title, *paper.other_titles) if t]
    fields = {
        _ROW: row,
        _STEMS: text,
        "title": titles,
        "text": [*titles, *([folded(paper.abstract)] if paper.abstract else [])],
        "author": [folded(author) for author in paper.authors],
        "venue": folded(paper.venue or ""),
        "category": [folded(category) for category in paper.categories],
    }
    return fields if paper.year is None else fields | {_YEAR: paper.year}


def _holds(has: list[str], whole: list[str], initials: tuple[str, ...]) -> bool:
    others = [w for w in has if w not in whole]
    return set(whole) <= set(has) and all(any(w.startswith(i) for w in others) for i in initials)


def _all(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, query) for query in queries])


@contextlib.contextmanager
def _panics_as_errors() -> Iterator[None]:
    """Tantivy panics on damaged files, which comes as a BaseException of its own."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise ValueError(f"the lexical index is damaged: {error}") from error
        raise
