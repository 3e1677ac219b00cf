"""The Topics page, run without a browser: the map that it hands over, its lists, its table."""

from __future__ import annotations

import base64
import html
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from index.snapshot import Snapshot
from index.text import plain
from pages.parts import chart as chart_module
from pages.parts.chart import View, chart, picked_area, picked_row
from pages.parts.colours import MARKS, OTHER, scale
from pages.parts.place import Place
from pages.parts.text import drawn
from pages.parts.topic_table import table
from search.atlas import Timeline
from search.engine import Searcher
from search.polygon import parse_polygon, polygon_text
from tests.conftest import CAT, MakeIndex, VisitPage, works_page
from tests.fakes import FakeEncoder
from tests.pages import buttons, links, markup, own, press, readable, text

RIGHT = "0.000_-2.000_2.000_-2.000_2.000_2.000_0.000_2.000"  # the right half of the map


@pytest.fixture
def searcher(fake_index: Path) -> Iterator[Searcher]:
    """Asks the same index as the page does."""
    with Snapshot.open(fake_index) as snapshot:
        yield Searcher(snapshot, FakeEncoder())


def titles(page: AppTest) -> list[str]:
    """Titles of the papers that are listed, from the top."""
    found = re.findall("<article [^>]*><h3>(.*?)</h3>", markup(page))
    return [re.sub(r"^\d+\. ", "", readable(title)) for title in found]


def titles_of(hits: list[Any]) -> list[str]:
    return [readable(html.escape(hit.paper.display_title)) for hit in hits]


def spec(page: AppTest) -> dict[str, Any]:
    """What the browser is told to draw."""
    (element,) = page.get("plotly_chart")
    found: dict[str, Any] = json.loads(element.proto.spec)
    return found


def numbers(values: Any) -> list[float]:
    """An array of a figure, which may come in base 64."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), np.dtype(values["dtype"])).tolist()
    return list(values)


# --- The map ----------------------------------------------------------------------------------


def test_the_map_holds_every_paper(
    visit_page: VisitPage, fake_index: Path, searcher: Searcher
) -> None:
    """Each paper is drawn once, at its place, with its title under the pointer, by its topic."""
    traces = spec(visit_page("topics", fake_index))["data"]
    found = {}
    for trace in traces:
        name = readable(trace["hovertemplate"].replace("%{text}", ""))
        for x, y, title in zip(
            numbers(trace["x"]), numbers(trace["y"]), trace["text"], strict=True
        ):
            found[x, y] = (readable(re.sub(r" \(\d{4}\)$", "", title)), name)
    expected = {}
    for row, paper in enumerate(searcher.snapshot.papers()):
        topic = searcher.topic_of(paper.paper_id)
        title = readable(html.escape(paper.display_title))
        expected[tuple(searcher.atlas.points[row].tolist())] = (title, topic.label)
    assert found == expected
    assert len(found) == 65


def test_the_map_has_a_name_and_labels(
    visit_page: VisitPage, fake_index: Path, searcher: Searcher
) -> None:
    """The map tells screen readers what it is, and its labels are first terms of topics."""
    page = visit_page("topics", fake_index)
    (element,) = page.get("plotly_chart")
    assert element.proto.alt.startswith("Map of 65 papers; the largest topics are ")
    assert element.proto.alt.endswith("The table below lists all of them.")
    labels = [note["text"].split("<br>") for note in spec(page)["layout"]["annotations"]]
    assert len(labels) >= 3
    known = {tuple(topic.label.split(", ")[:2]) for topic in searcher.topics()}
    assert {tuple(label) for label in labels} <= known
    assert "65 papers on 6 topics" in text(page)
    assert "Places by principal components of the topics." in text(page)


def test_text_on_the_map_is_not_obeyed(visit_page: VisitPage, make_index: MakeIndex) -> None:
    """Markup, templates and TeX in a title reach the figure as the signs that they are."""
    title = "Cats <b>bold</b> <a href='x'>y</a> $\\alpha$ %{x} {y} &lt;i&gt; #000032"
    data = make_index(works_page(("article2020Cats", title, CAT)))
    (trace,) = spec(visit_page("topics", data))["data"]
    (told,) = trace["text"]
    assert not set(re.sub("&#[0-9]+;|<br>", "", told)) & set("<>&$%{}#")
    assert html.unescape(told.replace("<br>", " ")) == f"{title} (2020)"


@pytest.mark.parametrize("value", ["a < b & c > d", "$x$", "%{text}<extra>", "&amp;", "\u202ex"])
def test_drawn_text_reads_as_written(value: str) -> None:
    """Text for a chart holds no sign that Plotly obeys, and reads as before but for controls."""
    assert not set(re.sub("&#[0-9]+;", "", drawn(value))) & set("<>&$%{}#")
    assert html.unescape(drawn(value)) == plain(value)


def test_by_year_papers_have_the_colour_of_their_year(
    visit_page: VisitPage, fake_index: Path, searcher: Searcher
) -> None:
    """Coloured by year, the numbers behind the colours are the years; without one it is grey."""
    page = visit_page("topics", fake_index, colour="year")
    assert page.radio(key="colour").value == "year"
    found: list[float] = []
    for trace in spec(page)["data"]:
        marker = trace["marker"]
        if "coloraxis" in marker:
            found += numbers(marker["color"])
        else:
            assert marker["color"] == OTHER.colour
            found += [0] * len(numbers(trace["x"]))
    assert sorted(found) == sorted(searcher.atlas.years.tolist())
    axis = spec(page)["layout"]["coloraxis"]
    assert axis["cmin"] < axis["cmax"] == max(found)


def test_the_colours_are_chosen(visit_page: VisitPage, fake_index: Path) -> None:
    """Choosing the colours changes the address and leaves what is listed."""
    page = visit_page("topics", fake_index, topic="t2")
    page.radio(key="colour").set_value("year").run()
    assert own(page) == {"topic": "t2", "colour": "year"}
    page.radio(key="colour").set_value("topic").run()
    assert own(page) == {"topic": "t2"}


def test_the_topic_of_the_address_stands_out(visit_page: VisitPage, fake_index: Path) -> None:
    """On the map of a topic all other topics are faint."""
    traces = spec(visit_page("topics", fake_index, topic="t1"))["data"]
    opacity = [trace["marker"]["opacity"] for trace in traces]
    assert opacity[-1] > 0.8  # the largest topic is drawn last
    assert max(opacity[:-1]) < 0.2


def test_the_area_of_the_address_is_drawn(visit_page: VisitPage, fake_index: Path) -> None:
    """A link to an area shows it on the map, as if it had been drawn there."""
    (selection,) = spec(visit_page("topics", fake_index, area=RIGHT))["layout"]["selections"]
    corners = re.findall(r"(-?[\d.]+),(-?[\d.]+)", selection["path"])
    assert [[float(x), float(y)] for x, y in corners] == parse_polygon(RIGHT).tolist()


def test_the_paper_of_the_address_is_selected(
    visit_page: VisitPage, fake_index: Path, searcher: Searcher
) -> None:
    """A link to a paper on the map shows that one as selected and no other."""
    paper = searcher.snapshot.papers_at([7])[0]
    traces = spec(visit_page("topics", fake_index, at=paper.paper_id))["data"]
    selected = [
        (numbers(trace["x"])[place], numbers(trace["y"])[place])
        for trace in traces
        for place in trace["selectedpoints"]
    ]
    assert selected == [tuple(searcher.atlas.points[7].tolist())]


def test_many_papers_are_drawn_by_webgl(
    searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond some thousand papers WebGL draws dots; beyond more, titles stay behind."""
    few = chart(searcher.atlas, searcher.topics(), View())
    assert not few.is_webgl
    monkeypatch.setattr(chart_module, "SHAPES", 64)
    many = chart(searcher.atlas, searcher.topics(), View())
    assert many.is_webgl and many.figure.data[0].text is not None
    monkeypatch.setattr(chart_module, "TITLES", 64)
    more = chart(searcher.atlas, searcher.topics(), View())
    assert [trace.text for trace in more.figure.data] == [None] * 6
    assert searcher.topics()[-1].label in readable(more.figure.data[0].hovertemplate)


def test_of_very_many_papers_some_are_drawn(
    searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond a limit every topic keeps its share of the dots, and the paper asked for is there."""
    monkeypatch.setattr(chart_module, "DRAWN", 33)
    for asked in (None, *range(65)):
        found = chart(searcher.atlas, searcher.topics(), View(row=asked))
        sizes = [len(rows) for rows in reversed(found.rows)]
        halves = [-(-topic.size // 2) for topic in searcher.topics()]
        more = [size - half for size, half in zip(sizes, halves, strict=True)]
        assert sum(more) <= (asked is not None) and min(more) >= 0
        assert asked is None or asked in np.concatenate(found.rows)


def test_places_travel_as_numbers_of_four_bytes(searcher: Searcher) -> None:
    """Coordinates are sent as float32 in base 64 and not as text."""
    figure = json.loads(chart(searcher.atlas, searcher.topics(), View()).figure.to_json())
    assert [trace["x"]["dtype"] for trace in figure["data"]] == ["f4"] * 6


# --- What was picked --------------------------------------------------------------------------


def test_a_lasso_is_an_area() -> None:
    """Corners of a lasso become the polygon, the one at which it closes once; the last counts."""
    older = {"x": [5, 6, 7], "y": [5, 6, 7]}
    last = {"xref": "x", "yref": "y", "x": [0, 1, 1, 0], "y": [0, 0, 1, 0]}
    area = picked_area({"lasso": [older, last], "box": [], "points": []})
    assert area is not None and area.tolist() == [[0, 0], [1, 0], [1, 1]]


def test_a_box_is_an_area() -> None:
    """The two corners of a box become four."""
    area = picked_area({"lasso": [], "box": [{"x": [0, 2], "y": [1, 3]}], "points": []})
    assert area is not None and area.tolist() == [[0, 1], [2, 1], [2, 3], [0, 3]]


def test_a_click_is_a_paper() -> None:
    """A clicked point is the row of its trace; the last of several counts."""
    rows = [np.array([7, 8]), np.array([3, 4, 5])]
    points = [{"curve_number": 0, "point_index": 0}, {"curve_number": 1, "point_index": 2}]
    assert picked_area({"lasso": [], "box": [], "points": points}) is None
    assert picked_row({"points": points}, rows) == 5
    assert picked_row({"points": points[:1]}, rows) == 7


@pytest.mark.parametrize("points", [[], [{"curve_number": 9, "point_index": 0}], [{}]])
def test_a_click_beside_all_papers_is_none(points: list[dict[str, int]]) -> None:
    """Nothing picked, or something that is no paper, gives no row."""
    assert picked_row({"points": points}, [np.array([7, 8])]) is None


# --- Lists ------------------------------------------------------------------------------------


def test_a_topic_lists_its_papers(
    visit_page: VisitPage, fake_index: Path, searcher: Searcher
) -> None:
    """?topic= lists its papers, the most typical first; "Show more" gives all, then goes away."""
    topic = searcher.topics()[0]
    page = visit_page("topics", fake_index, topic=topic.topic_id)
    assert titles(page) == titles_of(searcher.on_topic(topic.topic_id, k=10))
    assert f"{topic.label} {topic.size} papers, the most typical first." in text(page)
    while "Show more" in buttons(page):
        press(page, "Show more")
    assert titles(page) == titles_of(searcher.on_topic(topic.topic_id, k=topic.size))
    assert parse_qs(dict(links(page))["Search on this topic"].partition("?")[2])["on"] == [
        topic.topic_id
    ]


def test_an_area_lists_its_papers(
    visit_page: VisitPage, fake_index: Path, searcher: Searcher
) -> None:
    """?area= lists the papers inside, with their number; all of them when asked for more."""
    rows = searcher.atlas.inside(parse_polygon(RIGHT))
    page = visit_page("topics", fake_index, area=RIGHT)
    assert f"{len(rows)} papers in the area" in text(page)
    assert titles(page) == titles_of(searcher.typical(rows, k=10))
    while "Show more" in buttons(page):
        press(page, "Show more")
    assert sorted(titles(page)) == sorted(titles_of(searcher.typical(rows, k=65)))
    assert len(titles(page)) == len(rows) > 20
    press(page, "Show nothing")
    assert (own(page), titles(page)) == ({}, [])


def test_an_empty_area_says_so(visit_page: VisitPage, fake_index: Path) -> None:
    """An area without a paper lists none and says what to do."""
    page = visit_page("topics", fake_index, area="5_5_6_5_6_6")
    assert "0 papers in the area Draw around some, or pick a topic below." in text(page)
    assert titles(page) == []


def test_a_paper_picked_is_shown(
    visit_page: VisitPage, fake_index: Path, searcher: Searcher
) -> None:
    """?at= shows the paper with the way to its page."""
    paper = searcher.snapshot.papers_at([12])[0]
    page = visit_page("topics", fake_index, at=paper.paper_id)
    assert titles(page) == [readable(html.escape(paper.display_title))]
    assert "Details" in dict(links(page))


def test_papers_between_two_topics(
    visit_page: VisitPage, fake_index: Path, searcher: Searcher
) -> None:
    """Choosing two topics lists the papers between them, and the address says so."""
    page = visit_page("topics", fake_index)
    page.selectbox(key="between-a").set_value("t1").run()
    assert titles(page) == []
    page.selectbox(key="between-b").set_value("t3").run()
    assert own(page) == {"a": "t1", "b": "t3"}
    assert titles(page) == titles_of(searcher.between("t1", "t3"))
    one, other = searcher.topic("t1").label, searcher.topic("t3").label
    assert f"Between {one} and {other}" in text(page)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ({"topic": "t99"}, "no topic has the id 't99'"),
        ({"at": "gone"}, "no paper has the id 'gone'"),
        ({"area": "<b>"}, "not an area of the map: '<b>'"),
        ({"a": "t1", "b": "t1"}, "both topics are 't1'"),
        ({"a": "t1", "b": "x"}, "no topic has the id 'x'"),
    ],
)
def test_a_bad_address_gives_a_message(
    visit_page: VisitPage, fake_index: Path, address: dict[str, str], message: str
) -> None:
    """An address that names nothing says so, with the map and the table still there."""
    page = visit_page("topics", fake_index, **address)
    assert message in text(page)
    assert len(spec(page)["data"]) == 6
    assert "<table" in markup(page)


# --- The table --------------------------------------------------------------------------------


def rows_of(markup: str) -> list[list[str]]:
    """The cells of the table as HTML."""
    body = re.search("<tbody>(.*)</tbody>", markup)
    assert body
    rows = re.findall("<tr>(.*?)</tr>", body[1])
    return [re.findall("<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


def test_the_table_says_what_the_map_shows(searcher: Searcher) -> None:
    """Each topic has a row with its mark, name, size and terms, the largest first."""
    rows = rows_of(table(Place("topics"), searcher))
    assert len(rows) == 6
    for row, topic, look in zip(rows, searcher.topics(), MARKS, strict=False):
        assert readable(row[0]) == f"{look.sign} {topic.label}"
        assert [readable(cell) for cell in row[1:3]] == [
            str(topic.size),
            ", ".join(topic.terms[:6]),
        ]


def test_the_table_is_one_for_screen_readers(searcher: Searcher) -> None:
    """The table has a caption, and its heads say what they are heads of."""
    markup = table(Place("topics"), searcher)
    assert readable(re.findall("<caption>(.*?)</caption>", markup)[0]).startswith("All topics")
    assert markup.count("scope='col'") == 4
    assert markup.count("scope='row'") == 6


def test_names_in_the_table_are_links(searcher: Searcher) -> None:
    """A name leads to the topic, in the colours chosen, with the question asked kept."""
    at = Place("topics", own=(("colour", "year"), ("area", RIGHT)))
    markup = table(at.narrowed(query="a & b").to("topics", colour="year"), searcher)
    address = html.unescape(re.findall("<a href='(.*?)'", markup)[1])
    assert parse_qs(address.removeprefix("?")) == {
        "topic": ["t2"],
        "colour": ["year"],
        "q": ["a & b"],
    }


def test_the_table_has_timelines_with_words(searcher: Searcher) -> None:
    """Each timeline is a picture whose bars are as high as the years are full, told in words."""
    cells = [row[3] for row in rows_of(table(Place("topics"), searcher))]
    lines = [searcher.atlas.timeline(topic.topic_id) for topic in searcher.topics()]
    for cell, line in zip(cells, lines, strict=True):
        drawing = unquote(cell)
        heights = [float(height) for height in re.findall(r"v-([\d.]+)h", drawing)]
        papers = [n for _, n in line.years if n]
        np.testing.assert_allclose(heights, [24 * n / max(papers) for n in papers], atol=0.06)
        told = html.unescape(re.findall("alt='(.*?)'", cell)[0])
        for year, number in line.years if len(papers) <= 6 else ():
            assert (f"{year}: {number}" in told) == (number > 0)
        assert ("without a year" in told) == (line.unknown > 0)


def test_a_long_timeline_is_told_in_short(
    searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A topic of very many years has few bars and the main figures in words."""
    years = tuple((year, year - 1899) for year in range(1900, 2021))
    line = Timeline(years, 1)
    snapshot = searcher.snapshot
    monkeypatch.setattr(type(searcher.atlas), "timeline", lambda *_: line)
    monkeypatch.setattr(snapshot, "years", np.array([1900, 2020]), raising=False)
    cell = rows_of(table(Place("topics"), searcher))[0][3]
    assert "alt='1900 to 2020, most in 2020 (121), 1 paper without a year'" in cell
    assert 10 < unquote(cell).count("M") <= 24


def test_a_library_without_years(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no paper has a year the table says so, and colours by year still draw the map."""
    monkeypatch.setattr(searcher.snapshot, "years", np.zeros(65, np.int32), raising=False)
    rows = rows_of(table(Place("topics"), searcher))
    told = [f"{topic.size} papers without a year" for topic in searcher.topics()]
    assert [readable(row[3]) for row in rows] == told
    figure = chart(searcher.atlas, searcher.topics(), View(by_year=True)).figure
    assert sum(len(trace.x) for trace in figure.data) == 65
    assert {trace.marker.color for trace in figure.data} == {OTHER.colour}


def test_a_library_of_one_paper(visit_page: VisitPage, make_index: MakeIndex) -> None:
    """One paper is one point on one topic; there is nothing to be between."""
    data = make_index(works_page(("article2020Cats", "On cats", CAT)))
    page = visit_page("topics", data)
    assert "1 paper on 1 topic" in text(page)
    assert numbers(spec(page)["data"][0]["x"]) == [0]
    assert [box.key for box in page.selectbox] == []


# --- Colours ----------------------------------------------------------------------------------

# Machado, Oliveira and Fernandes (2009): vision without the cones for red, green or blue.
SIGHT = {
    "all cones": np.eye(3),
    "no red": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "no green": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "no blue": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


def linear(colour: str) -> np.ndarray:
    """(red, green, blue) of "#rrggbb" as amounts of light."""
    values = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(light: np.ndarray) -> np.ndarray:
    """CIE 1976 L*a*b* for daylight."""
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    x, y, z = to_xyz @ np.clip(light, 0, 1) / [0.9505, 1, 1.089]
    fx, fy, fz = (np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


def contrast(one: str, other: str) -> float:
    """Contrast of two colours by WCAG 2."""
    bright, dark = sorted(
        (linear(c) @ [0.2126, 0.7152, 0.0722] for c in (one, other)), reverse=True
    )
    return float((bright + 0.05) / (dark + 0.05))


@pytest.mark.parametrize("sight", SIGHT)
def test_colours_differ_for_every_eye(sight: str) -> None:
    """Any two colours of topics are well apart, whichever cones an eye lacks."""
    seen = [lab(np.array(SIGHT[sight]) @ linear(mark.colour)) for mark in MARKS]
    apart = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
    assert min(apart) > 15


@pytest.mark.parametrize("page", ["#ffffff", "#171717"])
def test_colours_stand_out_from_the_page(page: str) -> None:
    """Every colour of topics and years is seen on a white page and on a dark one."""
    years = [colour for _, colour in scale(dark=page == "#171717")]
    for colour in [*(mark.colour for mark in (*MARKS, OTHER)), *years]:
        assert contrast(colour, page) > 1.5
    assert min(contrast(mark.colour, page) for mark in MARKS) > 2


def test_marks_differ_in_shape_too() -> None:
    """Every topic with a colour has a shape of its own, in the map and in the table."""
    assert len({mark.symbol for mark in MARKS}) == len({mark.sign for mark in MARKS}) == len(MARKS)


def test_an_area_in_the_address_is_what_was_drawn() -> None:
    """The text of a drawn area, read back, is the area."""
    area = picked_area({"box": [{"x": [-0.5, 0.25], "y": [0.1, 0.3]}], "lasso": []})
    assert area is not None
    np.testing.assert_allclose(parse_polygon(polygon_text(area)), area)
