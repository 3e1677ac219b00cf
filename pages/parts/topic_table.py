"""The topics as a table: what the map shows, for those who read it or have it read to them."""

from __future__ import annotations

import html
from collections.abc import Sequence
from urllib.parse import quote, urlencode

from pages.parts.colours import Mark, mark
from pages.parts.place import Place
from pages.parts.text import count, shown
from search import Searcher, Timeline, Topic

_TERMS = 6
_BARS = 24  # at most, in a timeline
_WIDTH, _HEIGHT = 120, 24  # pixels of a timeline
_INK = "#3f8fae"  # seen on a white page and on a dark one
_SPANS = (1, 2, 5, 10, 20, 50, 100, 1000)  # years of a bar


def table(at: Place, searcher: Searcher) -> str:
    """All topics as HTML, the largest first, each a link to its papers."""
    atlas = searcher.atlas
    stated = atlas.years[atlas.years != 0]
    ends = (int(stated.min()), int(stated.max())) if len(stated) else None
    rows = "".join(
        _row(at, topic, mark(position), _timeline(atlas.timeline(topic.topic_id), ends))
        for position, topic in enumerate(searcher.topics())
    )
    years = f"Papers a year, {ends[0]}–{ends[1]}" if ends else "Papers a year"
    heads = "".join(f"<th scope='col'>{head}</th>" for head in ("Topic", "Papers", "Terms", years))
    return (
        "<div class='wide' tabindex='0' role='region' aria-label='Table of topics'>"
        "<table class='list topics'><caption>All topics, the largest first. The signs are those of"
        f" the map.</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(at: Place, topic: Topic, look: Mark, timeline: str) -> str:
    to = at.with_own(topic=topic.topic_id, colour=at.value("colour"))
    address = html.escape(f"?{urlencode(to.parameters(), doseq=True)}")
    sign = f"<span aria-hidden='true' style='color:{look.colour}'>{look.sign}</span>"
    current = " aria-current='true'" if at.value("topic") == topic.topic_id else ""
    link = f"<a href='{address}' target='_self'{current}>{shown(topic.label)}</a>"
    terms = shown(", ".join(topic.terms[:_TERMS]))
    return (
        f"<tr><th scope='row'>{sign} {link}</th><td class='number'>{topic.size:,}</td>"
        f"<td>{terms}</td><td>{timeline}</td></tr>"
    )


def _timeline(line: Timeline, ends: tuple[int, int] | None) -> str:
    """Papers a year as small bars; all topics have the years of the whole corpus below them."""
    told = html.escape(_told(line))
    if not line.years or ends is None:
        return f"<span class='aside'>{told}</span>"
    drawing = quote(_bar_chart(_bars(line, ends)))
    return (
        f"<img src='data:image/svg+xml,{drawing}' alt='{told}' width='{_WIDTH}' height='{_HEIGHT}'>"
    )


def _bar_chart(bars: Sequence[int]) -> str:
    """A drawing in SVG. It stands in a picture: Streamlit takes drawings out of its HTML."""
    most, width = max(bars), _WIDTH / len(bars)
    paths = "".join(
        f"M{i * width:.1f} {_HEIGHT}v-{_HEIGHT * n / most:.1f}h{max(width - 1, 0.5):.1f}V{_HEIGHT}z"
        for i, n in enumerate(bars)
        if n
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}">'
        f'<path fill="{_INK}" d="{paths}"/></svg>'
    )


def _bars(line: Timeline, ends: tuple[int, int]) -> list[int]:
    """Papers in stretches of equal length, few enough to be seen."""
    first, last = ends
    span = next(s for s in _SPANS if (last - first) // s < _BARS or s == _SPANS[-1])
    bars = [0] * ((last - first) // span + 1)
    for year, papers in line.years:
        bars[(year - first) // span] += papers
    return bars


def _told(line: Timeline) -> str:
    """The timeline in words."""
    stated: Sequence[tuple[int, int]] = [pair for pair in line.years if pair[1]]
    parts = []
    if len(stated) > 6:
        best, papers = max(stated, key=lambda pair: (pair[1], pair[0]))
        parts.append(f"{stated[0][0]} to {stated[-1][0]}, most in {best} ({papers:,})")
    else:
        parts += [f"{year}: {papers:,}" for year, papers in stated]
    if line.unknown:
        parts.append(f"{count(line.unknown, 'paper')} without a year")
    return ", ".join(parts)
