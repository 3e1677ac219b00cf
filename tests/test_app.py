"""The search page, run without a browser: what it shows for an address, a click, a broken index."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.parts.text import web_address
from search.engine import Hit, Searcher
from search.export import export
from search.filters import Filters
from tests.conftest import BREAD, CAT, SAIL, MakeIndex, live, make_paper, works_page
from tests.fakes import FakeEncoder
from tests.pages import plain_label

APP = Path(__file__).resolve().parent.parent / "app.py"
QUERY = "learning in recurrent networks"
Visit = Callable[..., AppTest]


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch, fake_model: FakeEncoder) -> Iterator[Visit]:
    """A call that opens the page of an index at an address, and gives it as drawn."""

    def open_page(data: Path, **address: str | list[str]) -> AppTest:
        monkeypatch.setenv("ABSTRACTS_DATA", str(data))
        page = AppTest.from_file(APP, default_timeout=60)
        for name, value in address.items():
            page.query_params[name] = [value] if isinstance(value, str) else value
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
    """The HTML of the page, without its style sheet. A page has a main part and a side bar."""
    bodies = [element.body for element in page.html]
    return "\n".join(body for body in bodies if not body.startswith("<style>"))


def readable(markup: str) -> str:
    """What a reader sees of HTML."""
    return html.unescape(re.sub("<[^>]*>", "", markup))


def titles(page: AppTest) -> list[str]:
    """Titles of the papers on the page, from the top."""
    found = re.findall(
        "<article [^>]*><h3>(?:<span class='rank'>.*?</span>)?(.*?)</h3>", shown(page)
    )
    return [readable(title).strip() for title in found]


def titles_of(hits: list[Hit]) -> list[str]:
    return [hit.paper.display_title for hit in hits]


def address(page: AppTest) -> dict[str, list[str]]:
    """The query parameters of the page, but the trail."""
    found = page.query_params.items()
    stated = {name: [v] if isinstance(v, str) else [*v] for name, v in found}
    return {name: values for name, values in stated.items() if name != "trail"}


def links(page: AppTest) -> dict[str, str]:
    """The links to other pages: label -> page?query."""
    found = [element.proto for element in page.get("page_link")]
    return {link.label.replace("\\", ""): f"{link.page}?{link.query_string}" for link in found}


def labels(page: AppTest) -> list[str]:
    """What the buttons say."""
    return [button.label.replace("\\", "") for button in page.button]


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
    assert address(page) == {"q": [QUERY]}
    assert titles(page) == titles(visit(fake_index, q=QUERY))


def test_a_hit_says_what_is_known_of_it(visit: Visit, fake_index: Path, searcher: Searcher) -> None:
    """A hit holds authors, year, strength, and its abstract with the best sentence marked."""
    found = (h for h in searcher.search(QUERY) if h.sentence and h.paper.authors and h.paper.year)
    hit = next(h for h in found if len(h.paper.abstract or "") > 1000)
    article = next(
        body for body in shown(visit(fake_index, q=QUERY)).split("<article ")
        if hit.paper.display_title in readable(body)
    )  # fmt: skip
    part, whole = article.split("<details>")
    for place in (part, whole):
        marked = re.findall("<mark>(.*?)</mark>", place)
        assert [readable(sentence) for sentence in marked] == [hit.sentence]
    assert hit.paper.abstract and hit.paper.abstract in readable(whole)
    assert len(readable(part)) < len(hit.paper.abstract)
    for fact in (hit.paper.authors[0], str(hit.paper.year), f"{hit.strength} match"):
        assert fact in readable(part)


def test_a_paper_without_abstract_is_flagged(visit: Visit, fake_index: Path) -> None:
    """A work known by its title alone is shown with the remark that no abstract is known."""
    page = shown(visit(fake_index, q="Brain-like learning with exponentiated gradients"))
    article = page.split("<article ")[1]
    assert "Brain-like learning with exponentiated gradients" in readable(article)
    assert "No abstract known" in article


def test_other_titles_are_shown(visit: Visit, fake_index: Path) -> None:
    """A work that goes by two titles is shown under one and names the other."""
    other = "Learning Versatile Optimizers on a Compute Diet"
    page = readable(shown(visit(fake_index, q="Celo learned optimizers on a compute diet")))
    assert f"Also known as: {other}" in page


def test_more_like_this_joins_the_question(
    visit: Visit, fake_index: Path, searcher: Searcher
) -> None:
    """The button of the third hit makes its paper an example beside the words; it goes itself."""
    seed = searcher.search(QUERY)[2].paper
    page = press(visit(fake_index, q=QUERY), "More like this", 2)
    assert address(page) == {"q": [QUERY], "like": [seed.paper_id]}
    wanted = searcher.similar([seed.paper_id], k=10, text=QUERY)
    assert titles(page) == titles_of(wanted)
    assert seed.display_title not in titles(page)
    assert f"Papers like this, and the words “{QUERY}”" in readable(shown(page))


def test_less_like_this_joins_the_question(
    visit: Visit, fake_index: Path, searcher: Searcher
) -> None:
    """The button of the first hit makes its paper one to stay away from."""
    unwanted = searcher.search(QUERY)[0].paper
    page = press(visit(fake_index, q=QUERY), "Less like this")
    assert address(page) == {"q": [QUERY], "unlike": [unwanted.paper_id]}
    assert titles(page) == titles_of(list(searcher.ask(QUERY, unlike=[unwanted.paper_id]).hits))


def test_the_tray_can_be_edited(visit: Visit, fake_index: Path, searcher: Searcher) -> None:
    """An example can be turned round, taken away, and all of them cleared; results follow."""
    one, two, three = (hit.paper.paper_id for hit in searcher.search(QUERY, k=3))
    page = visit(fake_index, like=[one, two], unlike=three)
    assert "Papers like these 2, unlike 1" in readable(shown(page))
    assert titles(page) == titles_of(searcher.similar([one, two], [three]))
    press(page, "Unlike instead", 1)
    assert address(page) == {"like": [one], "unlike": [three, two]}
    press(page, "Remove", 1)
    assert address(page) == {"like": [one], "unlike": [two]}
    assert titles(page) == titles_of(searcher.similar([one], [two]))
    press(page, "Clear the examples")
    assert address(page) == {}


def test_the_trail_leads_back(visit: Visit, fake_index: Path) -> None:
    """Each step from question to question stands above the results and can be stepped back on."""
    page = visit(fake_index, q=QUERY)
    before = titles(page)
    press(page, "More like this")
    press(page, "Less like this")
    assert labels(page)[:2] == [f"“{QUERY}”", f"like 1 paper, “{QUERY}”"]
    press(page, f"“{QUERY}”")
    assert (address(page), titles(page)) == ({"q": [QUERY]}, before)
    assert "You came from" not in shown(page)


def test_details_and_topics_are_links(visit: Visit, fake_index: Path, searcher: Searcher) -> None:
    """A hit leads to the page of its paper and to its topic, and takes the question along."""
    paper = searcher.search(QUERY, k=1)[0].paper
    found = [element.proto for element in visit(fake_index, q=QUERY).get("page_link")]
    details = next(link for link in found if link.label == "Details")
    step = {"trail": f"search?{urlencode({'q': QUERY})}"}
    assert (details.page, parse_qs(details.query_string)) == (
        "paper",
        {name: [value] for name, value in {"id": paper.paper_id, "q": QUERY, **step}.items()},
    )
    topic = searcher.topic_of(paper.paper_id)
    assert any(
        link.page == "topics" and f"topic={topic.topic_id}&" in link.query_string for link in found
    )


# --- Narrowing --------------------------------------------------------------------------------


def test_a_facet_narrows_and_its_chip_widens(
    visit: Visit, fake_index: Path, searcher: Searcher
) -> None:
    """Pressing an author in the side bar keeps those papers; the chip brings the others back."""
    name = searcher.facets(searcher.ask(QUERY)).authors[0]
    page = visit(fake_index, q=QUERY)
    everything = titles(page)
    press(page, f"{name.value} ({name.papers})")
    assert address(page) == {"q": [QUERY], "author": [name.value]}
    assert titles(page) == titles_of(searcher.search(QUERY, 10, Filters(authors=(name.value,))))
    assert f"{name.papers} papers that meet the conditions" in readable(shown(page))
    press(page, f"author: {name.value}")
    assert (address(page), titles(page)) == ({"q": [QUERY]}, everything)


def test_a_second_author_joins_the_first(
    visit: Visit, fake_index: Path, searcher: Searcher
) -> None:
    """An author that was chosen is offered no more; another one is asked for beside it."""
    first = searcher.facets(searcher.ask(QUERY)).authors[0].value
    page = visit(fake_index, q=QUERY, author=first)
    offered = searcher.facets(searcher.ask(QUERY, filters=Filters(authors=(first,)))).authors
    other = next(count for count in offered if count.value != first)
    labels = " ".join(plain_label(button.label) for button in page.sidebar.button)
    assert f"{other.value} (" in labels
    assert f"{first} (" not in labels
    press(page, f"{other.value} ({other.papers})")
    assert address(page) == {"q": [QUERY], "author": [first, other.value]}


def test_conditions_join(visit: Visit, fake_index: Path, searcher: Searcher) -> None:
    """Clicked conditions hold together, and together with typed ones."""
    topic = searcher.topics()[0].topic_id
    page = visit(fake_index, q=f"{QUERY} author:lajoie", year="2022..", on=topic)
    filters = Filters(years=(2022, None), topics=(topic,))
    assert titles(page) == titles_of(searcher.search(f"{QUERY} author:lajoie", 10, filters))
    assert titles(page) != []
    press(page, "Clear all conditions")
    assert address(page) == {"q": [f"{QUERY} author:lajoie"]}


def test_years_are_a_range(visit: Visit, fake_index: Path, searcher: Searcher) -> None:
    """The slider asks for the years between its ends, and shows those of the address."""
    page = visit(fake_index, q=QUERY)
    page.slider(key="years").set_range(2022, 2023)
    drawn(page.run())
    assert address(page) == {"q": [QUERY], "year": ["2022..2023"]}
    assert titles(page) == titles_of(searcher.search(QUERY, 10, Filters(years=(2022, 2023))))
    assert page.slider(key="years").value == (2022, 2023)
    assert "Papers a year: 2022:" in shown(page)


def test_sorting_by_year(visit: Visit, fake_index: Path, searcher: Searcher) -> None:
    """The order can be by year, the latest first, and back."""
    page = visit(fake_index, q=QUERY)
    page.radio(key="order").set_value("year")
    drawn(page.run())
    assert address(page) == {"q": [QUERY], "sort": ["year"]}
    assert titles(page) == titles_of(list(searcher.ask(QUERY, sort="year").hits))
    page.radio(key="order").set_value("relevance")
    drawn(page.run())
    assert address(page) == {"q": [QUERY]}


def test_a_condition_that_nothing_meets(visit: Visit, fake_index: Path) -> None:
    """When no paper is left, that is said, and the condition can be taken away."""
    page = visit(fake_index, q=QUERY, author="Nobody Atall")
    assert "No paper meets all the conditions" in readable(shown(page))
    press(page, "author: Nobody Atall")
    assert len(titles(page)) == 10


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"year": "last"}, "years 'last'"),
        ({"on": "t99"}, "no topic has the id 't99'"),
        ({"unlike": "gone"}, "no paper has the id 'gone'"),
    ],
)
def test_a_senseless_condition_is_told(
    visit: Visit, fake_index: Path, wrong: dict[str, str], message: str
) -> None:
    """A condition of the address that cannot be understood is quoted."""
    assert message in readable(shown(visit(fake_index, q=QUERY, **wrong)))


def test_a_pasted_abstract_finds_its_paper(
    visit: Visit, fake_index: Path, searcher: Searcher
) -> None:
    """A whole abstract in the box is a question like any other."""
    paper = next(p for p in searcher.snapshot.papers() if len(p.abstract or "") > 1000)
    page = visit(fake_index)
    page.text_input(key="query").input(paper.abstract or "")
    assert titles(press(page, "Search"))[0] == paper.display_title


def test_cite_shows_bibtex_and_ris(visit: Visit, fake_index: Path, searcher: Searcher) -> None:
    """The button of a hit shows its paper in both formats."""
    paper = searcher.search(QUERY, k=1)[0].paper
    page = press(visit(fake_index, q=QUERY), "Cite")
    assert [code.value for code in page.code] == [
        export([paper], form).strip() for form in ("bibtex", "ris")
    ]


def test_a_new_question_keeps_the_conditions(visit: Visit, fake_index: Path) -> None:
    """Typing other words asks them under the same conditions and examples."""
    page = visit(fake_index, q=QUERY, year="2022..", typed="1")
    page.text_input(key="query").input("optimizers")
    press(page, "Search")
    assert address(page) == {"q": ["optimizers"], "year": ["2022.."]}


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
    ("parameter", "message", "remove"),
    [
        ("like", "no paper has the id 'gone'", "Remove"),
        ("on", "no topic has the id 'gone'", "topic: gone"),
    ],
)
def test_an_unknown_id_gives_a_message(
    visit: Visit, fake_index: Path, parameter: str, message: str, remove: str
) -> None:
    """A link to a paper or topic that is no more says so; without it the search goes on."""
    page = visit(fake_index, **{parameter: "gone"})
    assert message in readable(shown(page))
    page.text_input(key="query").input(QUERY)
    press(press(page, "Search"), remove)
    assert address(page) == {"q": [QUERY]}
    assert len(titles(page)) == 10


@pytest.mark.parametrize("number", ["abc", "-1", "0", "1e9", "٣", "", "5"])
def test_a_senseless_number_of_hits_is_ten(visit: Visit, fake_index: Path, number: str) -> None:
    """&n= that is no number, or too small, shows ten hits."""
    assert len(titles(visit(fake_index, q=QUERY, n=number))) == 10


def test_a_huge_number_of_hits_is_all(visit: Visit, fake_index: Path, searcher: Searcher) -> None:
    """&n=999999 shows every paper that there is and no button for more."""
    page = visit(fake_index, q=QUERY, n="999999")
    assert len(titles(page)) == len(searcher)
    assert "Show more" not in labels(page)


def test_nothing_fits(visit: Visit, make_index: MakeIndex) -> None:
    """An off-topic query is told that nothing fits well; a fitting one is not."""
    data = make_index(
        works_page(*((f"article2020{t[4:9]}", t[4:9] * 2, t) for t in (CAT, SAIL, BREAD)))
    )
    assert "Nothing here fits well" in shown(visit(data, q="quarterly tax returns"))
    assert "Nothing here fits well" not in shown(visit(data, q=BREAD))


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
        ({"pmid": "12"}, "https://pubmed.ncbi.nlm.nih.gov/12/"),
        ({"acl": "P19-1<b>", "url": "https://a.org"}, "https://aclanthology.org/P19-1%3Cb%3E/"),
        ({"url": "HTTPS://example.org/p?a=1"}, "HTTPS://example.org/p?a=1"),
        ({"url": "http://[broken"}, "http://[broken"),
        ({"url": "javascript:alert(1)//https://a.org"}, None),
        ({"url": " https://a.org"}, None),
        ({"url": "data:text/html,hello"}, None),
        ({}, None),
    ],
)
def test_links_lead_to_the_web_only(fields: dict[str, str], expected: str | None) -> None:
    """A DOI, an arXiv, PubMed or ACL number or an http address is linked, anything else is not."""
    assert web_address(make_paper(title="A title", **fields)) == expected


def test_a_slip_is_put_right_and_the_original_offered(
    visit: Visit, fake_index: Path, searcher: Searcher
) -> None:
    """What was searched for instead is said, and one press searches for the query as typed."""
    page = visit(fake_index, q="recurent networks")
    assert "Searched for recurrent instead of recurent." in readable(shown(page))
    assert titles(page) == titles_of(searcher.search("recurrent networks", k=10))
    press(page, "Search for it as typed")
    assert address(page) == {"q": ["recurent networks"], "typed": ["1"]}
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
