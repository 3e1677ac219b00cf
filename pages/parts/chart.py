"""The map of the corpus as a figure of Plotly, and what was picked on it.

A trace a topic, so that the name of a topic is sent once and not with each of its papers. Up to a
few thousand papers the browser draws shapes; beyond, WebGL draws small dots. Beyond the number
whose titles can be sent in reasonable time, the pointer shows the topic alone; of very many papers
an even sample is drawn. What is picked is always looked up among all of them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from pages.parts.colours import CHOSEN, OTHER, Mark, mark, scale
from pages.parts.text import cut, drawn
from search import Atlas, Topic, make_polygon

SHAPES = 4_000  # papers that are drawn without WebGL
TITLES = 20_000  # papers whose titles are sent along
DRAWN = 200_000  # papers that are drawn
HEIGHT = 500  # pixels
CONFIG = {
    "scrollZoom": True,
    "displayModeBar": True,
    "modeBarButtonsToRemove": ["autoScale2d", "toImage"],
}

_EDGE = 1.08  # the axes reach a little beyond the papers
_UNIT = HEIGHT / (2 * _EDGE)  # pixels of a unit of the map
_LETTER, _LINE = 7.5, 17.0  # pixels of a label's letters and lines
_LABELS = 24
_TERMS = 2  # of a label on the map
_WIDE = 24  # characters of a term in a label
_TITLE, _WRAP = 160, 60  # characters of a title under the pointer, and of its lines


@dataclass(frozen=True, slots=True)
class View:
    """How the map is drawn."""

    by_year: bool = False
    dark: bool = False
    topic: str = ""  # id of the topic that stands out
    area: tuple[tuple[float, float], ...] = ()  # corners of an area to show as selected
    row: int | None = None  # of a paper to show as selected


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure, and the rows of the papers that its traces consist of."""

    figure: go.Figure
    rows: tuple[np.ndarray, ...]

    @property
    def is_webgl(self) -> bool:
        """True when the browser needs WebGL to draw it."""
        return any(trace.type == "scattergl" for trace in self.figure.data)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What all traces of a figure depend on."""

    atlas: Atlas
    view: View
    titles: Sequence[str] | None  # of all papers, or none at all

    @property
    def papers(self) -> int:
        return len(self.atlas.points)


def chart(atlas: Atlas, topics: Sequence[Topic], view: View) -> Chart:
    """The map with its labels. Later traces lie above earlier ones: the largest topic is last."""
    titles = _titles(atlas) if len(atlas.points) <= TITLES else None
    sheet = _Sheet(atlas, view, titles)
    rows, traces = [], []
    for position, topic in reversed(list(enumerate(topics))):
        for part, stated in _parts(sheet, topic):
            rows.append(part)
            traces.append(_trace(sheet, topic, mark(position), part, stated=stated))
    figure = go.Figure(traces, _layout(atlas, view))
    return Chart(figure, tuple(rows))


def _titles(atlas: Atlas) -> list[str]:
    """What the pointer shows of each paper."""
    found = atlas.titles(range(len(atlas.points)))
    return [
        "<br>".join(drawn(line) for line in _wrapped(title)) + (f" ({year})" if year else "")
        for title, year in zip(found, atlas.years.tolist(), strict=True)
    ]


def _wrapped(title: str) -> list[str]:
    return textwrap.wrap(cut(title, _TITLE), _WRAP, break_on_hyphens=False)


def _parts(sheet: _Sheet, topic: Topic) -> list[tuple[np.ndarray, bool]]:
    """Rows of a topic and True; where years matter, those without one apart and False."""
    rows, asked = sheet.atlas.rows(topic.topic_id), sheet.view.row
    if sheet.papers > DRAWN:
        sample = rows[:: -(-sheet.papers // DRAWN)]
        rows = np.union1d(sample, rows[rows == asked]) if asked is not None else sample
    if not sheet.view.by_year:
        return [(rows, True)]
    stated = sheet.atlas.years[rows] != 0
    parts = [(rows[~stated], False), (rows[stated], True)]
    return [(part, known) for part, known in parts if len(part)]


def _trace(
    sheet: _Sheet, topic: Topic, look: Mark, rows: np.ndarray, *, stated: bool
) -> go.Scatter | go.Scattergl:
    points, titles = sheet.atlas.points[rows], sheet.titles
    marker = _marker(sheet, topic, look, rows, stated=stated)
    kind = go.Scattergl
    if sheet.papers <= SHAPES:
        kind = go.Scatter
        marker |= {"symbol": look.symbol, "line": {"width": 0.7, "color": _ink(sheet.view)[1]}}
    shown = "%{text}<br>" if titles else ""
    return kind(
        x=points[:, 0],
        y=points[:, 1],
        mode="markers",
        marker=marker,
        text=[titles[row] for row in rows.tolist()] if titles else None,
        hovertemplate=f"{shown}<i>{drawn(topic.label)}</i><extra></extra>",
        selectedpoints=_selected(rows, sheet.view.row),
        selected={"marker": {"opacity": 1, "size": marker["size"] + (3 if titles else 1)}},
        unselected={"marker": {"opacity": 0.15}},
        name="",
    )


def _selected(rows: np.ndarray, row: int | None) -> list[int] | None:
    """Place of the paper among the rows; None when nothing in the whole figure is selected."""
    return None if row is None else np.flatnonzero(rows == row).tolist()


def _marker(
    sheet: _Sheet, topic: Topic, look: Mark, rows: np.ndarray, *, stated: bool
) -> dict[str, Any]:
    """Size, colour and opacity of the dots of a topic."""
    chosen = sheet.view.topic
    opacity = _opacity(sheet.papers)
    marker: dict[str, Any] = {"size": _size(sheet.papers), "opacity": opacity}
    if chosen and chosen != topic.topic_id:
        marker["opacity"] = 0.15 * opacity if sheet.titles else 0.08 * opacity
    elif look is OTHER and not chosen:
        marker["opacity"] = 0.6 * opacity
    if sheet.view.by_year and stated:
        years = sheet.atlas.years[rows].astype(np.int16)
        return marker | {"color": years, "coloraxis": "coloraxis"}
    if sheet.view.by_year:
        return marker | {"color": OTHER.colour}
    stands_out = look is OTHER and chosen == topic.topic_id
    return marker | {"color": CHOSEN if stands_out else look.colour}


def _size(papers: int) -> float:
    """Pixels of a dot: 10 for a small library, 2.5 for a hundred thousand papers."""
    return round(float(np.clip(60 * max(papers, 1) ** -0.28, 2.5, 10)), 1)


def _opacity(papers: int) -> float:
    """Where dots must overlap they let each other through."""
    return 0.85 if papers <= SHAPES else 0.65 if papers <= TITLES else 0.5


def _layout(atlas: Atlas, view: View) -> dict[str, Any]:
    ink, page = _ink(view)
    axis = {"visible": False, "range": [-_EDGE, _EDGE]}
    layout: dict[str, Any] = {
        "height": HEIGHT,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "showlegend": False,
        "dragmode": "pan",
        "hovermode": "closest",
        "hoverlabel": {"align": "left", "bgcolor": page, "font": {"color": ink, "size": 13}},
        "xaxis": axis,
        "yaxis": axis | {"scaleanchor": "x"},
        "annotations": _labels(atlas, view),
        "selections": [_selection(view.area)] if view.area else [],
    }
    if view.by_year:
        layout["coloraxis"] = _year_axis(atlas.years, view)
        layout["margin"]["b"] = 50
    return layout


def _ink(view: View) -> tuple[str, str]:
    """Colours of text and of what is behind it."""
    return ("#fafafa", "#171717") if view.dark else ("#1a1c24", "#ffffff")


def _year_axis(years: np.ndarray, view: View) -> dict[str, Any]:
    """The scale of years. A few old papers shall not make all the others look alike."""
    known = years[years != 0]
    first, last = (int(np.percentile(known, 2)), int(known.max())) if len(known) else (0, 0)
    bar = {"orientation": "h", "y": -0.1, "thickness": 10, "len": 0.6, "title": {"text": "Year"}}
    bar |= {"tickformat": "d", "nticks": min(8, last - first + 2)}
    return {
        "cmin": first,
        "cmax": max(last, first + 1),
        "colorscale": scale(dark=view.dark),
        "colorbar": bar,
    }


def _labels(atlas: Atlas, view: View) -> list[dict[str, Any]]:
    """The names of the regions, over their papers but letting the pointer through."""
    ink, page = _ink(view)
    halo = ", ".join([f"0 0 3px {page}"] * 4)  # instead of a box, which would hide papers
    return [
        {
            "x": region.x,
            "y": region.y,
            "text": "<br>".join(map(drawn, _lines(region.topic))),
            "showarrow": False,
            "captureevents": False,
            "font": {"size": 13, "color": ink, "weight": 600, "shadow": halo},
        }
        for region in atlas.regions(_room, _LABELS)
    ]


def _lines(topic: Topic) -> list[str]:
    return [cut(term, _WIDE) for term in topic.label.split(", ")[:_TERMS]]


def _room(topic: Topic) -> tuple[float, float]:
    """Width and height of a label, in units of the map."""
    lines = _lines(topic)
    width = max(map(len, lines)) * _LETTER + 8
    return width / _UNIT, (len(lines) * _LINE + 8) / _UNIT


def _selection(area: Sequence[tuple[float, float]]) -> dict[str, Any]:
    corners = "L".join(f"{x},{y}" for x, y in area)
    return {"type": "path", "xref": "x", "yref": "y", "path": f"M{corners}Z"}


def picked_area(selection: Mapping[str, Any]) -> np.ndarray | None:
    """The area that was drawn last, as a polygon; None for none. `selection` is Streamlit's."""
    if selection.get("lasso"):
        last = selection["lasso"][-1]
        corners = list(zip(last["x"], last["y"], strict=True))
        return make_polygon(corners[:-1] if corners[0] == corners[-1] else corners)
    if selection.get("box"):
        (x0, x1), (y0, y1) = (selection["box"][-1][axis] for axis in ("x", "y"))
        return make_polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    return None


def picked_row(selection: Mapping[str, Any], rows: Sequence[np.ndarray]) -> int | None:
    """The row of the paper that was clicked last; None for none."""
    for point in reversed(selection.get("points") or ()):
        trace, place = point.get("curve_number"), point.get("point_index")
        if isinstance(trace, int) and 0 <= trace < len(rows) and isinstance(place, int):
            return int(rows[trace][place])
    return None
