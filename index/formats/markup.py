"""Markup of other programs as readable text: tags of HTML and JATS, entities, broken encodings."""

from __future__ import annotations

import html
import re

import ftfy

from index.text import fold_space

# A tag begins with a letter; "p < 0.05 and q > 1" holds none.
_TAG = re.compile(r"</?[A-Za-z][\w:.-]*(?:\s[^<>]*)?/?>")
_BLOCK = re.compile(
    r"</?(?:jats:)?(?:p|br|div|li|ul|ol|sec|title|h[1-6]|list|list-item|abstracttext)\b[^<>]*>",
    re.IGNORECASE,
)
_TEX_INSIDE = re.compile(r"<(?:jats:)?tex-math\b[^>]*>(.*?)</(?:jats:)?tex-math>", re.S | re.I)
_OTHERS = re.compile(
    r"<((?:mml:)?math|(?:jats:)?alternatives)\b[^>]*>(?:(?!</\1>).)*?</\1>", re.S | re.I
)
_SUB = re.compile(r"<(?:jats:)?(sub|sup|inf)>(.*?)</(?:jats:)?\1>", re.S | re.I)
_TEX_ALONE = re.compile(r"\\begin\{document\}(.*?)\\end\{document\}", re.S)


def readable(text: str) -> str:
    """Plain text of what may hold tags, entities or letters of a wrong encoding.

    Formulas stay: TeX inside of JATS as TeX, indices as "_2" and "^2".

    >>> readable("<jats:p>CO<jats:sub>2</jats:sub> rises &amp; falls, p &lt; 0.05</jats:p>")
    'CO_2 rises & falls, p < 0.05'
    """
    if "<" in text:
        text = _without_tags(text)
    if "&" in text:
        text = html.unescape(text)
        if "&" in text and _ENTITY.search(text):  # escaped twice
            text = html.unescape(text)
        if "<" in text and _BLOCK.search(text):  # tags that were escaped
            text = _without_tags(text)
    return fold_space(ftfy.fix_encoding(text))


_ENTITY = re.compile(r"&(?:[a-z]+|#\d+|#x[0-9a-f]+);", re.IGNORECASE)


def _without_tags(text: str) -> str:
    text = _TEX_INSIDE.sub(lambda m: _formula(m[1]), text)
    text = _SUB.sub(lambda m: f"{'^' if m[1].lower() == 'sup' else '_'}{m[2]}", text)
    text = _BLOCK.sub(" ", text)
    return _TAG.sub("", text)


def _formula(tex: str) -> str:
    """The formula of a tex-math element, without the document that publishers put around it."""
    inner = _TEX_ALONE.search(tex)
    return (inner[1] if inner else tex).strip()
