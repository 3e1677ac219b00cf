"""The lexical index: BM25 over stemmed words, by Tantivy.

BM25 as in Robertson and Zaragoza (2009), "The Probabilistic Relevance Framework", with k1 = 1.2
and b = 0.75. One text field holds title and abstract together; accents and case are folded, words
stemmed (Porter2, English), the commonest English words left out. Queries, which are often whole
sentences, leave out more: what is asked with ("which", "describe") says nothing about the answer.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import tantivy
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

_ROW, _TEXT = "row", "text"
_ANALYZER = "abstracts"
_LONGEST_WORD = 60  # letters; anything longer is no word
_MOST_TERMS = 256  # of a query, the most frequent first; a pasted page needs no more
_HEAP = 64_000_000  # bytes for the writer
_WORD = re.compile(r"\w+")


class Stemmer:
    """Words as they are indexed: folded, stemmed, the commonest left out."""

    def __init__(self) -> None:
        self._analyzer = _analyzer()

    def stems(self, text: str) -> list[str]:
        """The stems of a document, in order."""
        stems: list[str] = self._analyzer.analyze(text)
        return stems

    def asked(self, query: str) -> list[str]:
        """The stems of a query, without the words that only ask."""
        words = (w for w in _WORD.findall(query) if w.lower() not in ENGLISH_STOP_WORDS)
        return self.stems(" ".join(words))

    def coverage(self, query: str, text: str) -> float:
        """Share of the query's different stems that stand in the text; 0 when there are none."""
        asked = set(self.asked(query))
        return len(asked & set(self.stems(text))) / len(asked) if asked else 0.0


class LexicalIndex:
    """Rows of texts that can be searched by their words. Safe to share between threads."""

    def __init__(
        self, index: tantivy.Index, copy: tempfile.TemporaryDirectory[str] | None = None
    ) -> None:
        self._index = index
        self._copy = copy  # goes with this object
        self._schema = index.schema
        self._stemmer = Stemmer()
        self._searcher = index.searcher()

    @classmethod
    def build(cls, folder: Path, texts: Iterable[str]) -> LexicalIndex:
        """Write an index of the texts into `folder`; text n becomes row n."""
        folder.mkdir()
        schema = tantivy.SchemaBuilder()
        schema.add_integer_field(_ROW, stored=True, indexed=True, fast=True)
        schema.add_text_field(_TEXT, tokenizer_name=_ANALYZER)
        index = tantivy.Index(schema.build(), path=str(folder), reuse=False)
        index.register_tokenizer(_ANALYZER, _analyzer())
        writer = index.writer(_HEAP, num_threads=1)
        for row, text in enumerate(texts):
            writer.add_document(tantivy.Document(**{_ROW: row, _TEXT: text}))
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
            index.register_tokenizer(_ANALYZER, _analyzer())
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
        self, query: str, k: int, rows: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k rows with the highest BM25 score for the words of `query`, among `rows` if given.

        Returns (scores float32, rows int64), best first, equal scores by row; rows that share no
        word with the query do not come up, so there may be fewer than k.
        """
        parts = [
            (tantivy.Occur.Should, tantivy.Query.boost_query(self._term(term), weight))
            for term, weight in self.terms(query).items()
        ]
        if not parts or k < 1 or (rows is not None and not len(rows)):
            return np.empty(0, np.float32), np.empty(0, np.int64)
        wanted = tantivy.Query.boolean_query(parts)
        if rows is not None:
            allowed = tantivy.Query.term_set_query(self._schema, _ROW, [int(r) for r in rows])
            wanted = tantivy.Query.boolean_query(
                [
                    (tantivy.Occur.Must, wanted),
                    (tantivy.Occur.Must, tantivy.Query.const_score_query(allowed, 0.0)),
                ]
            )
        with _panics_as_errors():
            found = self._searcher.search(wanted, limit=k, count=False).hits
            hits = [self._searcher.doc(address)[_ROW][0] for _, address in found]
        scores = np.array([score for score, _ in found], dtype=np.float32)
        numbers = np.array(hits, dtype=np.int64)
        order = np.lexsort((numbers, -scores))
        return scores[order], numbers[order]

    def _term(self, term: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, _TEXT, term, index_option="freq")


@contextlib.contextmanager
def _panics_as_errors() -> Iterator[None]:
    """Tantivy panics on damaged files, which comes as a BaseException of its own."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise ValueError(f"the lexical index is damaged: {error}") from error
        raise


def _analyzer() -> tantivy.TextAnalyzer:
    """Words, folded and stemmed; the same for documents and queries."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for step in (
        tantivy.Filter.remove_long(_LONGEST_WORD),
        tantivy.Filter.ascii_fold(),
        tantivy.Filter.lowercase(),
        tantivy.Filter.stopword("english"),
        tantivy.Filter.stemmer("english"),
    ):
        builder = builder.filter(step)
    return builder.build()
