"""Elements of XML as readable text: markup goes, formulas stay."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from index.formats.markup import readable

_BLOCKS = {"p", "sec", "title", "list", "list-item", "br", "break", "par", "disp-formula"}
_INDICES = {"sub", "sup", "inf"}
_LEFT_OUT = {"fn", "annotation", "annotation-xml"}
_NOTES = {"fn", "author-notes", "corresp", "aff"}  # to which a number in a title refers
_SCRIPTS = {"msub": "_{}", "msup": "^{}", "msubsup": "_{}^{}"}
_SCRIPTS |= {"munder": "_{}", "mover": "^{}", "munderover": "_{}^{}"}
# Markup that was escaped, as older exports have it: &lt;i&gt;in vivo&lt;/i&gt;
_ESCAPED = re.compile(
    r"&lt;(i|b|u|em|strong|italic|bold|sub|sup|sc)&gt;((?:(?!&lt;).)*)&lt;/\1&gt;", re.S
)
_MARKED = re.compile(r"[<&]")


def text_of(element: Element | None) -> str:
    """What is written in an element and inside of it; nothing for none.

    Indices become "_2" and "^2" as `readable` has them, TeX is set in dollars.
    """
    if element is None:
        return ""
    marked = _marked(element)
    return readable(marked) if _MARKED.search(marked) else readable(marked.strip())


def texts(elements: Iterable[Element]) -> list[str]:
    """The text of each element that has one, the same word in other capitals once."""
    found: dict[str, str] = {}
    for element in elements:
        if text := text_of(element):
            found.setdefault(text.casefold(), text)
    return list(found.values())


def _marked(element: Element) -> str:
    """The content of an element with the markup that `readable` understands."""
    parts = [_escaped(element.text)]
    for child in element:
        parts += [_child(child), _escaped(child.tail)]
    return "".join(parts)


def _child(child: Element) -> str:
    name = child.tag
    if name in _LEFT_OUT or (name == "xref" and child.get("ref-type") in _NOTES):
        return ""
    if name in _INDICES:
        return f"<{name}>{_marked(child)}</{name}>"
    if name == "math":
        return _escaped(_formula(child))
    if name == "tex-math":
        tex = "".join(child.itertext())
        is_set = "$" in tex or "\\begin{document}" in tex
        return f"<tex-math>{_escaped(tex if is_set else f'${tex.strip()}$')}</tex-math>"
    if name == "alternatives":  # one formula in several forms
        forms = {form.tag: form for form in reversed(child)}
        best = next((forms[form] for form in ("tex-math", "math") if form in forms), None)
        return "" if best is None else _child(best)
    return f" {_marked(child)} " if name in _BLOCKS else _marked(child)


def _escaped(text: str | None) -> str:
    if not text:
        return ""
    escaped = html.escape(text, quote=False)
    if "&lt;/" in escaped:
        for _ in range(2):  # one inside of the other
            escaped = _ESCAPED.sub(r"<\1>\2</\1>", escaped)
    return escaped


def _formula(element: Element) -> str:
    """MathML on one line: x_i^2, (a+b)/c, √(x)."""
    parts = [_formula(child) for child in element if child.tag not in _LEFT_OUT]
    if element.tag in _SCRIPTS and len(parts) > 1:
        scripts = _SCRIPTS[element.tag].split("{}")
        marks = zip(scripts, map(_group, parts[1:]), strict=False)
        return parts[0] + "".join(mark + script for mark, script in marks)
    if element.tag == "mfrac" and len(parts) == 2:
        return f"{_group(parts[0])}/{_group(parts[1])}"
    if element.tag in ("msqrt", "mroot") and parts:
        return f"√{_group(''.join(parts[:1] if element.tag == 'mroot' else parts))}"
    if not len(element):
        return (element.text or "").strip() if element.tag != "mtext" else element.text or ""
    return "".join(parts)


def _group(text: str) -> str:
    return text if len(text) <= 1 or text.isalnum() else f"({text})"


def all_of(element: Element | None, name: str) -> Iterator[Element]:
    """The elements of a name inside of another, which may be missing."""
    return iter(()) if element is None else element.iter(name)
