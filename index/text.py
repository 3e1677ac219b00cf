"""Folding text to the forms in which it is compared. Nothing here changes what is displayed."""

from __future__ import annotations

import re
import unicodedata

# Commands that only set type; others name a symbol, and alpha and beta are different words.
_LATEX_COMMAND = re.compile(
    r"\\(?:text|math)(?:bf|it|rm|sf|tt|sc|cal|bb|frak|normal|up|sl|md)\b"
    r"|\\(?:emph|text|mbox|left|right|big|Big|displaystyle|operatorname)\b\*?"
)
_WORD = re.compile(r"[^\W_]+")
# A sentence ends at . ! or ? before white space and a capital, digit or opening bracket.
_SENTENCE_END = re.compile(r"[.!?][\"')\]”’]*\s+(?=[\"'(\[“‘]?[A-ZÀ-ÖØ-Þ0-9])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|cf|resp|vs|et al|etc|Fig|Figs|Eq|Eqs|Sec|Ref|Refs|Dr|Prof|Mr|Mrs|Ms|St|No"
    r"|approx|ca|Tab|Thm)|\b[A-Z])\.$"
)
# Controls that reorder what is displayed after them; they have no place in a title or abstract.
_JOINERS = "\u200c\u200d"  # Persian and Indic spelling needs them
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")


def fold_space(text: str) -> str:
    """Join all runs of white space (any Unicode kind) to one blank, none at the ends."""
    return " ".join(text.split())


def plain(text: str) -> str:
    r"""Remove bidirectional overrides and control characters: they only deceive a reader.

    >>> plain("safe\u202etxt")
    'safetxt'
    """
    if text.isprintable():
        return text
    return "".join(
        c for c in _BIDI.sub("", text) if c.isprintable() or c.isspace() or c in _JOINERS
    )


def strip_accents(text: str) -> str:
    """Map letters to their base form: é to e, ü to u. Letters without one stay."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def words(text: str) -> list[str]:
    r"""Case-folded words without accents, LaTeX commands and punctuation, in order.

    >>> words(r"Maß für $\alpha$-Nets: a Re-Visit")
    ['mass', 'fur', 'alpha', 'nets', 'a', 're', 'visit']
    """
    return _WORD.findall(strip_accents(_LATEX_COMMAND.sub(" ", text)).casefold())


def title_key(title: str) -> str:
    """The form under which two titles are the same title: words run together.

    Word breaks are dropped because sources disagree on hyphens ("meta-learning", "metalearning").
    A title without any letter or digit keeps its characters, so that it still has a key.

    >>> title_key("Brain-like  Dynamics.") == title_key("brainlike dynamics")
    True
    """
    return "".join(words(title)) or fold_space(title)


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Character spans (start, end) of the sentences of `text`, without the blanks between them."""
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        end = match.start() + len(match.group().rstrip())
        if _ABBREVIATION.search(text[start : match.start() + 1]):
            continue
        spans.append((start, end))
        start = match.end()
    tail = text[start:].rstrip()
    if tail:
        spans.append((start, start + len(tail)))
    return spans
