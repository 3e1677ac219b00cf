"""The page, run without a browser: what it shows for an address, a click, a broken index."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app import web_address
from search.engine import Hit, Searcher
from tests.conftest import BREAD, CAT, SAIL, SEEDS, MakeIndex, live, make_paper, works_page
from tests.fakes import FakeEncoder

APP = Path(__file__).resolve().parent.parent / "app.py"
QUERY = "learning in recurrent networks"
Visit = Callable[..., AppTest]


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch, fake_model: FakeEncoder) -> Iterator[Visit]:
    """A call that opens the page of an index at an address, and gives it as drawn."""

    def open_page(data: Path, **address: str) -> AppTest:
        monkeypatch.setenv("ABSTRACTS_DATA", str(data))
        page = AppTest.from_file(APP, default_timeout=60)
        for name, value in address.items():
            page.query_params[name] = value
        return drawn(page.run())

    yield open_page
    st.cache_resource.clear()


@pytest.fixture
def searcher(fake_index: Path) -> Searcher:
    """Asks the same index as the page does."""
    return Searcher.open(fake_index, encoder=FakeEncoder())


def drawn(page: AppTest) -> AppTest:
    """The page, after seeing that it drew without an exception."""
    assert [error.message for error in page.exception] == []
    return page


def shown(page: AppTest) -> str:
    """The HTML of the page, without its style sheet."""
    bodies = [element.body for element in page.html]
    return "\n".join(body for body in bodies if not body.startswith("<style>"))


def readable(markup: str) -> str:
    """What a reader sees of HTML."""
    return html.unescape(re.sub("<[^>]*>", "", markup))


def titles(page: AppTest) -> list[str]:
    """Titles of the papers on the page, from the top."""
    return [readable(title) for title in re.findall("<article><h3>(.*?)</h3>", shown(page))]


def titles_of(hits: list[Hit]) -> list[str]:
    return [hit.paper.display_title for hit in hits]


def address(page: AppTest) -> dict[str, str]:
    """The query parameters of the page."""
    return {name: "".join(values) for name, values in page.query_params.items()}


def press(page: AppTest, label: str, number: int = 0) -> AppTest:
    """Press the button of that label, the `number`th of them."""
    found = [button for button in page.button if button.label.replace("\\", "") == label]
    return drawn(found[number].click().run())


def test_an_address_with_a_query_shows_the_hits_in_order(
    visit: Visit, fake_index: Path, searcher: Searcher
) -> None:
    """?q= shows the ten hits of Searcher.search, best first, and the query in the search box."""
    page = visit(fake_index, q=QUERY)
    assert titles(page) == titles_of(searcher.search(QUERY, k=10))
    assert page.text_input(key="query").value == QUERY


def test_a_typed_query_becomes_the_address(visit: Visit, fake_index: Path) -> None:
    """Typing and pressing Search gives the same page as the address with that query."""
    page = visit(fake_index)
    page.text_input(key="query").input(f"  {QUERY} ")
    press(page, "Search")
    assert address(page) == {"q": QUERY}
    assert titles(page) == titles(visit(fake_index, q=QUERY))


def test_a_hit_says_what_is_known_of_it(visit: Visit, fake_index: Path, searcher: Searcher) -> None:
    """A hit holds authors, year, strength, and its abstract with the best sentence marked."""
    hit = next(h for h in searcher.search(QUERY) if h.sentence and h.paper.authors and h.paper.year)
    article = next(
        body for body in shown(visit(fake_index, q=QUERY)).split("<article>")
        if readable(body).startswith(hit.paper.display_title)
    )  # fmt: skip
    marked = re.findall("<mark>(.*?)</mark>", article)
    assert [readable(sentence) for sentence in marked] == [hit.sentence]
    assert hit.paper.abstract and hit.paper.abstract in readable(article)
    for fact in (hit.paper.authors[0], str(hit.paper.year), f"{hit.strength} match"):
        assert fact in readable(article)


def test_a_paper_without_abstract_is_flagged(visit: Visit, fake_index: Path) -> None:
    """A work known by its title alone is shown with the remark that no abstract is known."""
    page = shown(visit(fake_index, q="Brain-like learning with exponentiated gradients"))
    article = page.split("<article>")[1]
    assert readable(article).startswith("Brain-like learning with exponentiated gradients")
    assert "No abstract known" in article


def test_other_titles_are_shown(visit: Visit, fake_index: Path) -> None:
    """A work that goes by two titles is shown under one and names the other."""
    other = "Learning Versatile Optimizers on a Compute Diet"
    page = readable(shown(visit(fake_index, q="Celo learned optimizers on a compute diet")))
    assert f"Also known as: {other}" in page


def test_more_like_this_leaves_out_the_seed(
    visit: Visit, fake_index: Path, searcher: Searcher
) -> None:
    """The button of the third hit leads to that paper, followed by others and never by itself."""
    seed = searcher.search(QUERY)[2].paper
    page = press(visit(fake_index, q=QUERY), "More like this", 2)
    assert address(page) == {"q": QUERY, "like": seed.paper_id}
    first, *others = titles(page)
    assert first == seed.display_title
    assert others == titles_of(searcher.similar([seed.paper_id], k=10))
    assert seed.display_title not in others


def test_back_to_the_results(visit: Visit, fake_index: Path) -> None:
    """From "more like this" the button back leads to the query that one came from."""
    page = visit(fake_index, q=QUERY)
    before = titles(page)
    press(page, "More like this")
    press(page, "Back to the results")
    assert (address(page), titles(page)) == ({"q": QUERY}, before)


def test_a_topic_lists_its_papers(visit: Visit, fake_index: Path, searcher: Searcher) -> None:
    """A topic of the sidebar leads to its papers; "Show more" gives all of them, then goes away."""
    topic = max(searcher.topics(), key=lambda topic: topic.size)
    page = press(visit(fake_index), f"{topic.label} ({topic.size})")
    assert address(page) == {"topic": topic.topic_id}
    assert titles(page) == titles_of(searcher.on_topic(topic.topic_id, k=10))
    while any(button.label == "Show more" for button in page.button):
        press(page, "Show more")
    papers = searcher.topic_papers(topic.topic_id)
    assert titles(page) == [searcher.paper(paper_id).display_title for paper_id in papers]
    assert len(papers) == topic.size > 10


def test_a_hit_leads_to_its_topic(visit: Visit, fake_index: Path, searcher: Searcher) -> None:
    """The topic button of the first hit leads to the topic that the paper belongs to."""
    topic = searcher.topic_of(searcher.search(QUERY)[0].paper.paper_id)
    page = press(visit(fake_index, q=QUERY), f"Topic: {topic.label}")
    assert address(page) == {"topic": topic.topic_id}


@pytest.mark.parametrize("query", ["", "   "])
def test_an_empty_query_shows_the_start(visit: Visit, fake_index: Path, query: str) -> None:
    """Without a query there is no hit, but the number of papers and examples to press."""
    page = visit(fake_index, q=query)
    assert titles(page) == []
    assert "papers can be searched" in shown(page)


def test_an_example_is_searched(visit: Visit, fake_index: Path, searcher: Searcher) -> None:
    """An example of the start page is the label of a topic, and pressing it searches for it."""
    label = searcher.topics()[0].label
    page = press(visit(fake_index), label)
    assert titles(page) == titles_of(searcher.search(label))


@pytest.mark.parametrize(
    ("parameter", "message"),
    [("like", "no paper has the id 'gone'"), ("topic", "no topic has the id 'gone'")],
)
def test_an_unknown_id_gives_a_message(
    visit: Visit, fake_index: Path, parameter: str, message: str
) -> None:
    """A link to a paper or topic that is no more says so and leaves the search box usable."""
    page = visit(fake_index, **{parameter: "gone"})
    assert message in readable(shown(page))
    page.text_input(key="query").input(QUERY)
    assert len(titles(press(page, "Search"))) == 10


@pytest.mark.parametrize("number", ["abc", "-1", "0", "1e9", "٣", "", "5"])
def test_a_senseless_number_of_hits_is_ten(visit: Visit, fake_index: Path, number: str) -> None:
    """&n= that is no number, or too small, shows ten hits."""
    assert len(titles(visit(fake_index, q=QUERY, n=number))) == 10


def test_a_huge_number_of_hits_is_all(visit: Visit, fake_index: Path, searcher: Searcher) -> None:
    """&n=999999 shows every paper that there is and no button for more."""
    page = visit(fake_index, q=QUERY, n="999999")
    assert len(titles(page)) == len(searcher)
    assert "Show more" not in [button.label for button in page.button]


def test_nothing_fits(visit: Visit, make_index: MakeIndex) -> None:
    """An off-topic query is told that nothing fits well; a fitting one is not."""
    data = make_index(
        works_page(*((f"article2020{t[4:9]}", t[4:9] * 2, t) for t in (CAT, SAIL, BREAD)))
    )
    assert "Nothing here fits well" in shown(visit(data, q="quarterly tax returns"))
    assert "Nothing here fits well" not in shown(visit(data, q=BREAD))


def test_what_is_indexed(visit: Visit, fake_index: Path) -> None:
    """The page about the index states counts, model, and each source with its mentions."""
    page = press(visit(fake_index), "What is indexed")
    text = readable(shown(page))
    assert "65 papers" in text and "90 mentions in 5 files" in text and "the model fake" in text
    for source in SEEDS.glob("*.txt"):
        assert re.search(rf"{source.name}: \d+ mentions \(\w+\)", text)


def test_skipped_records_are_shown(visit: Visit, make_index: MakeIndex) -> None:
    """What was not taken from the sources is listed with file, line and reason."""
    page = works_page(("article2020Cats", "About cats", CAT), ("article2021Nothing",))
    data = make_index(page, "Just a letter to a friend.\n")
    text = readable(shown(visit(data, view="index")))
    assert "0.txt:7: 'article2021Nothing' without a title" in text
    assert "1.txt:1: no known layout" in text


def test_the_first_start_builds_the_index(
    visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no index yet, one is made of seeds/ and can be asked at once."""
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "cats.txt").write_text(works_page(("article2020Cats", "On cats", CAT)))
    monkeypatch.chdir(tmp_path)
    page = visit(tmp_path / "data")
    assert (tmp_path / "data" / "CURRENT").read_text().strip() == "1"
    assert "1 paper can be searched" in shown(page)


def test_without_seeds_the_first_start_says_what_to_run(
    visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an index and without seeds/, the page names the command that makes an index."""
    monkeypatch.chdir(tmp_path)
    page = shown(visit(tmp_path / "data"))
    assert "There is no index yet" in page
    assert "<code>python -m index build SOURCE ...</code>" in page
    assert not (tmp_path / "data").exists()


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGES: dict[str, Callable[[Path], object]] = {
    "CURRENT is garbage": lambda data: (data / "CURRENT").write_text("three"),
    "the generation is gone": lambda data: (data / "CURRENT").write_text("99"),
    "the manifest is cut": lambda data: _cut(live(data) / "manifest.json"),
    "the papers are cut": lambda data: _cut(live(data) / "papers.sqlite"),
    "the vectors are gone": lambda data: (live(data) / "vectors.npy").unlink(),
    "another format": lambda data: (live(data) / "manifest.json").write_text('{"format": 99}'),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_index_gives_a_message(
    visit: Visit, index_copy: Path, damage: Callable[[Path], object]
) -> None:
    """A damaged index is a message with the file and the command that makes it anew."""
    damage(index_copy)
    page = shown(visit(index_copy, q=QUERY))
    assert index_copy.name in page
    assert "<code>python -m index build</code>" in page
    assert "Traceback" not in page


def test_a_rebuild_is_picked_up(visit: Visit, make_index: MakeIndex) -> None:
    """A page that is open while the index is rebuilt shows the new index at the next click."""
    cats, bread = ("article2020Cats", "On cats", CAT), ("article2021Bread", "On bread", BREAD)
    page = visit(make_index(works_page(cats)))
    assert "1 paper can be searched" in shown(page)
    make_index(works_page(cats, bread))
    assert "2 papers can be searched" in shown(drawn(page.run()))


def test_markup_is_shown_and_not_obeyed(visit: Visit, make_index: MakeIndex) -> None:
    """Markup in title, venue, abstract, query and id comes out escaped, controls not at all."""
    title = "Attack <script>alert(1)</script> [x](javascript:alert(1)) $\\LaTeX$ :red[x]"
    abstract = f'{CAT} <img src=x onerror="alert(1)"> \u202eexe.txt &amp; more text after that.'
    data = make_index(works_page(("article2020<b>Venue</b>", title, abstract)))
    page = shown(visit(data, q="cat <script>query()</script>"))
    assert titles(visit(data, q="cat")) == [title]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;img src=x onerror=&quot;alert(1)&quot;&gt; exe.txt &amp;amp; more" in page
    assert "&lt;b&gt;Venue&lt;/b&gt;" in page
    assert "&lt;script&gt;" in shown(visit(data, like="<script>id()</script>"))
    for live_markup in ("<script>alert", "<script>query", "<script>id", "<img", "<b>", "\u202e"):
        assert live_markup not in page


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"doi": "10.1/a(b)<c>"}, "https://doi.org/10.1/a%28b%29%3Cc%3E"),
        ({"arxiv": "2401.00001", "url": "https://a.org"}, "https://arxiv.org/abs/2401.00001"),
        ({"url": "HTTPS://example.org/p?a=1"}, "HTTPS://example.org/p?a=1"),
        ({"url": "http://[broken"}, "http://[broken"),
        ({"url": "javascript:alert(1)//https://a.org"}, None),
        ({"url": " https://a.org"}, None),
        ({"url": "data:text/html,hello"}, None),
        ({}, None),
    ],
)
def test_links_lead_to_the_web_only(fields: dict[str, str], expected: str | None) -> None:
    """A DOI, an arXiv number or an http address is linked, anything else is not."""
    assert web_address(make_paper(title="A title", **fields)) == expected


def test_a_slip_is_put_right_and_the_original_offered(
    visit: Visit, fake_index: Path, searcher: Searcher
) -> None:
    """What was searched for instead is said, and one press searches for the query as typed."""
    page = visit(fake_index, q="recurent networks")
    assert "Searched for recurrent instead of recurent." in readable(shown(page))
    assert titles(page) == titles_of(searcher.search("recurrent networks", k=10))
    press(page, "Search for it as typed")
    assert address(page) == {"q": "recurent networks", "typed": "1"}
    assert "Searched for" not in readable(shown(page))
    typed = searcher.ask("recurent networks", k=10, as_typed=True).hits
    assert titles(page) == titles_of(list(typed))


def test_conditions_work_in_the_box(visit: Visit, fake_index: Path) -> None:
    """Conditions alone list the papers that meet them; what is no condition is told."""
    page = visit(fake_index, q='author:"leo gagnon" year:20x1')
    assert len(titles(page)) == 5
    told = "'year:20x1' (character 21): no year; write year:2020..2024, 2020.., ..2019 or 2021"
    assert told in readable(shown(page))


def test_conditions_that_no_paper_meets(visit: Visit, fake_index: Path) -> None:
    """A page without hits says that the conditions are why."""
    page = visit(fake_index, q="brains year:1900")
    assert titles(page) == []
    assert "No paper meets all the conditions" in readable(shown(page))
