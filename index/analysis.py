"""How texts become words: stems for ranking, plain words for conditions."""

from __future__ import annotations

import re

import tantivy

from index.stop_words import ENGLISH_STOP_WORDS
from index.text import strip_accents

_LONGEST_WORD = 60  # letters; anything longer is no word
_WORD = re.compile(r"\w+")


class Stemmer:
    """Words as they are ranked by: folded, stemmed, the commonest left out."""

    def __init__(self) -> None:
        self._analyzer = stemming_analyzer()

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


class PlainWords:
    """Words as conditions compare them: folded, none left out."""

    def __init__(self) -> None:
        self._analyzer = plain_analyzer()

    def of(self, text: str) -> list[str]:
        """The words of a text, in order."""
        words: list[str] = self._analyzer.analyze(folded(text))
        return words


def folded(text: str) -> str:
    """The text without accents and case, where the analyzers do not see to it themselves."""
    return text if text.isascii() else strip_accents(text).casefold()


def stemming_analyzer() -> tantivy.TextAnalyzer:
    """Words, folded and stemmed (Porter2, English), without the commonest English ones."""
    return _analyzer(tantivy.Filter.stopword("english"), tantivy.Filter.stemmer("english"))


def plain_analyzer() -> tantivy.TextAnalyzer:
    """Words, folded."""
    return _analyzer()


def _analyzer(*more: tantivy.Filter) -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for step in (
        tantivy.Filter.remove_long(_LONGEST_WORD),
        tantivy.Filter.ascii_fold(),
        tantivy.Filter.lowercase(),
        *more,
    ):
        builder = builder.filter(step)
    return builder.build()
