"""Colours and shapes that tell topics apart, also for those who see few colours.

The colours are a choice from Okabe and Ito (2008, "Color Universal Design") and from Tol (2021,
"Colour schemes"): each stands out from a white and from a dark page, and any two differ for people
without red, green or blue cones too, as simulated after Machado, Oliveira and Fernandes (2009, "A
Physiologically-based Model for Simulation of Color Vision Deficiency"). A test holds both.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """How the papers of a topic are drawn."""

    colour: str  # as "#rrggbb"
    symbol: str  # in the words of Plotly
    sign: str  # the same as a character


MARKS = (
    Mark("#4477aa", "circle", "●"),
    Mark("#e69f00", "square", "■"),
    Mark("#cc3311", "diamond", "◆"),
    Mark("#009e73", "triangle-up", "▲"),
    Mark("#7a5cc9", "cross", "✚"),
    Mark("#56b4e9", "triangle-down", "▼"),
    Mark("#aa3377", "star", "★"),
    Mark("#ee7733", "x", "✖"),
)
OTHER = Mark("#8c8c8c", "circle", "○")  # of all topics but the largest
CHOSEN = "#cc3311"  # of a topic that has no colour of its own, when it is chosen

# Cividis (Nunez, Anderton and Renslow, 2018, "Optimizing colormaps with consideration for color
# vision deficiency"): its light end is lost on a white page, its dark end on a dark one.
_CIVIDIS = (
    "#00224e", "#123570", "#3b496c", "#575d6d", "#707173",
    "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838",
)  # fmt: skip


def mark(position: int) -> Mark:
    """The mark of the topic at that position, the largest being 0."""
    return MARKS[position] if position < len(MARKS) else OTHER


def scale(*, dark: bool) -> list[tuple[float, str]]:
    """The colours of years, from early to late, as Plotly wants them."""
    colours = _CIVIDIS[2:] if dark else _CIVIDIS[:-1]
    return [(i / (len(colours) - 1), colour) for i, colour in enumerate(colours)]
