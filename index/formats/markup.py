"""Markup of other programs as readable text: tags of HTML and JATS, entities, broken encodings."""

from __future__ import annotations

import html
import re

import ftfy

from index.text import fold_space

# Elements that stand in titles and abstracts. "a<b and c>d" is none: only these names are tags, and
# only with attributes as HTML writes them.
_NAMES = (
    r"(?:jats:|mml:|m:|xhtml:)?(?:a|abbr|abstract|abstracttext|alternatives|annotation|b|bold|br"
    r"|cite|code|disp-formula|div|em|ext-link|fixed-case|font|h[1-6]|i|img|inf|inline-formula"
    r"|inline-graphic|ins|it|italic|kbd|label|li|list|list-item|math|m(?:enclose|error|fenced|frac"
    r"|i|n|o|over|padded|phantom|prescripts|multiscripts|root|row|s|space|sqrt|style|sub|subsup|sup"
    r"|table|td|text|tr|under|underover)|monospace|named-content|ol|p|q|roman|s|sc|scp|sec|section"
    r"|semantics|small|span|strike|strong|styled-content|sub|sup|tbody|td|tex-math|title|tr|tt|u|ul"
    r"|underline|uri|url|var|xref)"
)
_ATTRIBUTES = r"(?:\s+[\w:.-]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>]+))*\s*/?"
_TAG = re.compile(rf"</?{_NAMES}{_ATTRIBUTES}>", re.IGNORECASE)
_BLOCK = re.compile(
    r"</?(?:jats:)?(?:abstracttext|br|div|h[1-6]|li|list|list-item|ol|p|sec|section|td|title|tr|ul)"
    rf"{_ATTRIBUTES}>",
    re.IGNORECASE,
)
_TEX = re.compile(r"<(?:jats:)?tex-math\b[^<>]*>(.*?)</(?:jats:)?tex-math>", re.S | re.I)
# The same formula in several ways, TeX among them.
_ALTERNATIVES = re.compile(
    r"<((?:jats:)?alternatives)\b[^<>]*>((?:(?!</\1>).)*?)</\1>", re.S | re.I
)
_RAISED = re.compile(r"<(?:jats:)?(sub|sup|inf)>([^<>]*)</(?:jats:)?\1>", re.I)
_DOCUMENT = re.compile(r"\\begin\{document\}(.*?)\\end\{document\}", re.S)
_ENTITY = re.compile(r"&(?:[a-z]+|#\d+|#x[0-9a-f]+);", re.IGNORECASE)


def readable(text: str) -> str:
    """Plain text of what may hold tags, entities or letters of a wrong encoding.

    Formulas stay: TeX inside of JATS as TeX, indices as "_2" and "^2".

    >>> readable("<jats:p>CO<jats:sub>2</jats:sub> rises &amp; falls, p &lt; 0.05</jats:p>")
    'CO_2 rises & falls, p < 0.05'
    """
    text = _without_tags(text)
    if "&" in text:
        text = html.unescape(text)
        if _ENTITY.search(text):  # escaped twice
            text = html.unescape(text)
        text = _without_tags(text)  # those that were escaped
    return fold_space(ftfy.fix_encoding(text))


def _without_tags(text: str) -> str:
    if "<" not in text:
        return text
    text = _ALTERNATIVES.sub(_one_of, text)
    text = _TEX.sub(lambda found: _formula(found[1]), text)
    text = _RAISED.sub(lambda f: f"{'^' if f[1].lower() == 'sup' else '_'}{f[2]}", text)
    return _TAG.sub("", _BLOCK.sub(" ", text))


def _one_of(found: re.Match[str]) -> str:
    """The formula as TeX where it is stated so."""
    tex = _TEX.search(found[2])
    return tex[0] if tex else found[2]


def _formula(tex: str) -> str:
    """A formula without the document that publishers put around it."""
    inner = _DOCUMENT.search(tex)
    return (inner[1] if inner else tex).strip()
