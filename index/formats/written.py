"""What this program writes into files in its own way, and how that is read back."""

from __future__ import annotations

# A note is no TeX: each character that TeX acts on is named. An "@" that begins a line would begin
# an entry, for some readers, even inside of braces.
PLAIN_TEX = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "@": "{@}",
    **{c: f"\\{c}" for c in "&%#_$"},
}
# TeX has other names for braces inside of formulas.
MATH_BRACES = {"{": r"\lbrace{}", "}": r"\rbrace{}"}
AND_OTHERS = "et al."  # the last author of a list that is cut off, in formats without another way
# A spreadsheet runs a cell that starts with one of these as a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def unguarded(text: str) -> str:
    """The text of a cell without the apostrophe that keeps it from being a formula."""
    return text[1:] if text[:1] == "'" and text.lstrip("'").startswith(FORMULA) else text
