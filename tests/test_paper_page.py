"""The page of a paper, run without a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from index.build import build
from index.decisions import FILE_NAME, Decision, add_decision
from index.records import Paper
from search.engine import Searcher
from search.export import export
from tests.conftest import BREAD, CAT, SAIL, MakeIndex, VisitPage, papers_of, works_page
from tests.fakes import FakeEncoder
from tests.pages import buttons, links, markup, own, press, readable, text

CATS = "Cats at rest in winter"
NOT_THE_SAME = "It is another work"


@pytest.fixture
def searcher(fake_index: Path) -> Iterator[Searcher]:
    searcher = Searcher.open(fake_index, encoder=FakeEncoder())
    yield searcher
    searcher.snapshot.close()


@pytest.fixture
def library(make_index: MakeIndex) -> Path:
    """Two mentions of one paper in two files, and two papers more."""
    return make_index(
        works_page(("article2021", "Boats at sea", SAIL), ("article2020Cat Letters", CATS, CAT)),
        works_page(("preprint2019arXiv", CATS, CAT), ("article2022", "Bread at home", BREAD)),
    )


def merged(data: Path) -> Paper:
    (paper,) = [p for p in papers_of(data) if len(p.mention_ids) > 1]
    return paper


def decisions_file(data: Path) -> Path:
    return data.with_name(f"{data.name}-sources") / FILE_NAME


def mentions(page: AppTest) -> list[str]:
    """The HTML of what each mention states."""
    return [element.body for element in page.html if "<dl class='stated'>" in element.body]


# --- The record -------------------------------------------------------------------------------


def test_the_record(visit_page: VisitPage, fake_index: Path, searcher: Searcher) -> None:
    """Title, authors, year, venue, categories and the whole abstract are on the page."""
    paper = next(
        p for p in searcher.snapshot.papers()
        if p.venue and p.categories and len(p.abstract or "") > 900 and p.authors
    )  # fmt: skip
    page = visit_page("paper", fake_index, id=paper.paper_id)
    assert f"<h1><bdi>{paper.title}</bdi></h1>" in markup(page)
    assert paper.abstract and " ".join(paper.abstract.split()) in text(page)
    for fact in (paper.authors[0], str(paper.year), str(paper.venue), ", ".join(paper.categories)):
        assert fact in text(page)


def test_other_titles(visit_page: VisitPage, fake_index: Path) -> None:
    """A work that goes by two titles names the other one."""
    (paper,) = [p for p in papers_of(fake_index) if p.title and p.title.startswith("Celo")]
    page = visit_page("paper", fake_index, id=paper.paper_id)
    assert "Also known as: Learning Versatile Optimizers on a Compute Diet" in text(page)


def test_a_paper_known_by_its_title_alone(visit_page: VisitPage, fake_index: Path) -> None:
    """A work without an abstract says so, and still has a place among the others."""
    paper = next(p for p in papers_of(fake_index) if not p.has_abstract)
    page = visit_page("paper", fake_index, id=paper.paper_id)
    assert "No abstract known" in text(page)
    assert len(page.columns[0].button) == 6


def test_every_id_that_a_paper_ever_had(
    visit_page: VisitPage, fake_index: Path, searcher: Searcher
) -> None:
    """An id of an earlier build and the id of a mention show the same page."""
    paper = next(p for p in searcher.snapshot.papers() if p.aliases and len(p.mention_ids) > 1)
    expected = markup(visit_page("paper", fake_index, id=paper.paper_id))
    for other in (paper.aliases[0], paper.mention_ids[1]):
        assert markup(visit_page("paper", fake_index, id=other)) == expected


@pytest.mark.parametrize(
    ("wanted", "told"),
    [("<img src=x>", "has the id '<img src=x>'."), ("", "No paper is named.")],
)
def test_an_id_that_no_paper_has(
    visit_page: VisitPage, fake_index: Path, wanted: str, told: str
) -> None:
    """An unknown id gives a message and a way on, and is not obeyed."""
    page = visit_page("paper", fake_index, id=wanted, q="recurrent networks")
    assert told in text(page)
    assert "<img" not in markup(page)
    (to,) = [to for name, to in links(page) if name == "Back to the search"]
    assert parse_qs(to.partition("?")[2]) == {"q": ["recurrent networks"]}


def test_the_paper_as_an_example(
    visit_page: VisitPage, fake_index: Path, searcher: Searcher
) -> None:
    """The links for more and less like the paper keep what was asked."""
    paper = next(searcher.snapshot.papers())
    page = visit_page("paper", fake_index, id=paper.paper_id, q="networks", like="p1")
    to = {name: parse_qs(to.partition("?")[2]) for name, to in links(page)}
    assert to["More like this"]["like"] == ["p1", paper.paper_id]
    assert to["Less like this"]["unlike"] == [paper.paper_id]
    assert to["More like this"]["q"] == to["Less like this"]["q"] == ["networks"]


def test_authors_lead_to_their_papers(
    visit_page: VisitPage, fake_index: Path, searcher: Searcher
) -> None:
    """The name of an author is a link to all papers of that author, whatever was asked before."""
    paper = next(p for p in searcher.snapshot.papers() if len(p.authors) > 2)
    page = visit_page("paper", fake_index, id=paper.paper_id, q="networks", venue="arXiv")
    to = {name: parse_qs(to.partition("?")[2]) for name, to in links(page)}
    for name in paper.authors[:12]:
        assert {k: v for k, v in to[name].items() if k != "trail"} == {"author": [name]}


# --- Neighbours and citation ------------------------------------------------------------------


def test_neighbours_side_by_side(
    visit_page: VisitPage, fake_index: Path, searcher: Searcher
) -> None:
    """The nearest papers stand on one side, those of the same theme on the other, in order."""
    paper = merged_of(searcher)
    page = visit_page("paper", fake_index, id=paper.paper_id)
    near = searcher.similar([paper.paper_id], k=6)
    theme = searcher.topic_similar(paper.paper_id, k=6)
    assert near != theme
    assert [
        [label.replace("\\", "") for label in (b.label for b in column.button)]
        for column in page.columns
    ] == [[hit.paper.display_title for hit in hits] for hits in (near, theme)]


def merged_of(searcher: Searcher) -> Paper:
    return next(p for p in searcher.snapshot.papers() if len(p.mention_ids) > 2)


def test_a_neighbour_leads_to_its_page(
    visit_page: VisitPage, fake_index: Path, searcher: Searcher
) -> None:
    """Pressing a neighbour shows that paper, with this one as the step before."""
    paper = merged_of(searcher)
    nearest = searcher.similar([paper.paper_id], k=1)[0].paper
    page = visit_page("paper", fake_index, id=paper.paper_id)
    page = page.columns[0].button[0].click().run()
    assert own(page) == {"id": nearest.paper_id}
    assert page.query_params["trail"] == f"paper?id={paper.paper_id}"
    assert f"<bdi>{nearest.title}</bdi>" in markup(page)


def test_a_paper_alone(visit_page: VisitPage, make_index: MakeIndex) -> None:
    """In an index of one paper both sides say that there is no other, and no mention can leave."""
    data = make_index(works_page(("article2020", CATS, CAT)))
    page = visit_page("paper", data, id=papers_of(data)[0].paper_id)
    assert text(page).count("The index holds no other paper.") == 2
    assert "1 mention in 1 file" in text(page)
    assert NOT_THE_SAME not in buttons(page)


def test_the_cite_box(visit_page: VisitPage, fake_index: Path, searcher: Searcher) -> None:
    """The paper stands there as BibTeX and as RIS, character for character."""
    paper = next(searcher.snapshot.papers())
    page = visit_page("paper", fake_index, id=paper.paper_id)
    expected = [export([paper], form).strip() for form in ("bibtex", "ris")]
    assert [code.value for code in page.code] == expected


# --- Where it comes from ----------------------------------------------------------------------


def test_every_mention_with_file_and_lines(visit_page: VisitPage, library: Path) -> None:
    """Each mention is shown with its place, what it states, and what the record took from it."""
    page = visit_page("paper", library, id=merged(library).paper_id)
    one, two = mentions(page)
    assert readable(one).startswith("0.txt , lines 7 to 11 ")
    assert str(decisions_file(library).with_name("0.txt")) in one
    assert readable(two).startswith("1.txt , lines 1 to 5 ")
    assert "Venue in the record Cat Letters" in readable(one)
    assert "Venue arXiv" in readable(two)
    assert "Year in the record 2020" in readable(one) and "Year 2019" in readable(two)
    assert (one + two).count("Title <span class='sign like'>in the record</span>") == 1


def test_the_marks_are_those_of_the_record(
    visit_page: VisitPage, fake_index: Path, searcher: Searcher
) -> None:
    """A mark stands at a mention as often as it gave a field to the record."""
    for paper in [p for p in searcher.snapshot.papers() if len(p.mention_ids) > 2][:2]:
        page = visit_page("paper", fake_index, id=paper.paper_id)
        given = [len(origin.fields) for origin in searcher.history(paper.paper_id).origins]
        assert [body.count("in the record") for body in mentions(page)] == given


def test_why_it_is_one_work(visit_page: VisitPage, library: Path) -> None:
    """The merge is told in words, with both places, the rule and the figures."""
    page = visit_page("paper", library, id=merged(library).paper_id)
    assert "2 mentions in 2 files, judged to be one work." in text(page)
    told = text(page).partition("Why this is one work ")[2]
    assert "0.txt , lines 7 to 11" in told[:80] and "1.txt , lines 1 to 5" in told[:80]
    assert f"the same title '{CATS}'" in told
    assert "(rule: same title , certainty 0.65; compared: title 1.00" in told


def test_not_the_same_work(visit_page: VisitPage, library: Path) -> None:
    """The decision is written, waits, can be taken back, and holds at the next build."""
    paper = merged(library)
    page = visit_page("paper", library, id=paper.paper_id)
    assert buttons(page).count(NOT_THE_SAME) == 2
    assert "Until then nothing changes" in text(page)
    assert not decisions_file(library).exists()
    press(page, NOT_THE_SAME)
    leaving = next(m for m in paper.mention_ids if f"mention <bdi>{m}" in mentions(page)[0])
    line = json.loads(decisions_file(library).read_text())
    assert (line["decision"], line["mentions"]) == ("split", [leaving])
    assert f"this mention of “ {CATS} ” will be another paper" in text(page)
    assert "To be another paper at the next rebuild." in text(page)
    assert buttons(page).count(NOT_THE_SAME) == 1

    press(page, "Take this back")
    assert "will be another paper" not in text(page)
    assert buttons(page).count(NOT_THE_SAME) == 2

    press(page, NOT_THE_SAME)
    build([decisions_file(library).parent], library, encoder=FakeEncoder())
    assert len(papers_of(library)) == 4
    page = visit_page("paper", library, id=leaving)
    assert "1 mention in 1 file" in text(page)
    assert "Take this back" not in buttons(page)


def test_decisions_about_others_are_not_shown(visit_page: VisitPage, library: Path) -> None:
    """What waits for two other papers is not on this page."""
    paper = merged(library)
    others = [p.mention_ids[0] for p in papers_of(library) if p != paper]
    add_decision(decisions_file(library).parent, Decision(tuple(others)))
    assert "Take this back" not in buttons(visit_page("paper", library, id=paper.paper_id))


def test_a_decision_that_cannot_be_written(visit_page: VisitPage, library: Path) -> None:
    """Where the decision finds no place, the page says why, once, and goes on."""
    page = visit_page("paper", library, id=merged(library).paper_id)
    sources = decisions_file(library).parent
    sources.rename(sources.with_name("moved"))
    press(page, NOT_THE_SAME)
    assert f"This was not written down. {sources}: the source is not there" in text(page)
    assert "This was not written down" not in text(page.run())


def test_a_broken_decisions_file(visit_page: VisitPage, library: Path) -> None:
    """A line that is no decision is named with file and line; the rest of the page is there."""
    decisions_file(library).write_text("<script>oops</script>\n")
    page = visit_page("paper", library, id=merged(library).paper_id)
    assert f"{decisions_file(library)}:1: not a decision: '<script>oops" in text(page)
    assert "<script>oops" not in markup(page)
    assert len(mentions(page)) == 2


# --- Hostile text -----------------------------------------------------------------------------

HOSTILE = 'Snares <script>alert(1)</script> [x](javascript:alert(1)) $\\LaTeX$ :red[x] "q" \u202e'


def test_hostile_text_is_shown_and_not_obeyed(
    visit_page: VisitPage, make_index: MakeIndex, tmp_path: Path
) -> None:
    """Markup in title, venue, abstract, file name and author is read as text everywhere."""
    abstract = f"{CAT} <img src=x onerror=alert(1)> &amp; more."
    page = works_page((f"article2020<b>{HOSTILE}</b>", HOSTILE, abstract))
    make_index(page)
    sources = tmp_path / "data-sources"
    (sources / "0.txt").rename(sources / "<img src=x onerror=alert(2)>.txt")
    (sources / "b.txt").write_text(works_page(("preprint2019<i>arXiv</i>", HOSTILE, abstract)))
    (sources / "c.txt").write_text(works_page(("article2022", "Bread <u>at</u> home", BREAD)))
    build([sources], tmp_path / "data", encoder=FakeEncoder())
    paper = merged(tmp_path / "data")
    seen = visit_page("paper", tmp_path / "data", id=paper.paper_id)
    press(seen, NOT_THE_SAME)
    assert HOSTILE.replace("\u202e", "").strip() in text(seen)
    assert "<img src=x onerror=alert(2)>.txt" in text(seen)
    found = markup(seen)
    for live in ("<script>alert", "<img", "<b>Sn", "<i>", "<u>", "\u202e"):
        assert live not in found
    labels = [button.label for button in seen.button]
    assert any("Bread \\<u\\>at\\<\\/u\\> home" in label for label in labels)
