"""Questions with conditions, from what is typed to the hits."""

from __future__ import annotations

import functools
import json
import random
import re
import string
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.ann import VectorIndex
from index.papers import document_text
from index.plane import Plane
from index.records import Mention, Paper
from index.snapshot import Snapshot
from index.topics import Topic, Topics
from index.writer import Contents, build_lock, write_generation
from search.engine import Answer, Searcher
from search.filters import Filters, make_filters
from search.ranking import MODES
from tests.conftest import CommandLine, make_paper, papers_of
from tests.fakes import FakeEncoder

ALL = 65  # papers of the seeds


# --- Conditions, written anew ------------------------------------------------------------------


@functools.cache
def tokens(text: str) -> list[str]:
    """Letters and digits in a row, without accents and case."""
    bare = [c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)]
    return re.findall(r"[^\W_]+", "".join(bare).casefold())


def side_by_side(words: str, texts: Sequence[str | None]) -> bool:
    wanted = f" {' '.join(tokens(words))} "
    return any(wanted in f" {' '.join(tokens(text))} " for text in texts if text)


def in_one(words: str, values: Sequence[str]) -> bool:
    """All words in one value; a single letter beside longer words is an initial of another."""
    wanted = tokens(words)
    long = [w for w in wanted if len(w) > 1] or wanted
    initials = set(wanted) - set(long)
    for has in map(tokens, values):
        others = [w for w in has if w not in long]
        if set(long) <= set(has) and initials <= {w[0] for w in others}:
            return True
    return False


@dataclass
class Asked:
    """Conditions as plain values, drawn at random."""

    authors: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    venues: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    years: str = ""
    phrases: list[str] = field(default_factory=list)
    without: list[tuple[str, str]] = field(default_factory=list)

    def holds(self, paper: Paper) -> bool:
        """What the help promises, in the plainest way."""
        return (
            all(in_one(a, paper.authors) for a in self.authors)
            and all(self._one("title", t, paper) for t in self.titles)
            and (not self.venues or any(self._one("venue", v, paper) for v in self.venues))
            and (not self.categories or any(in_one(c, paper.categories) for c in self.categories))
            and (not self.years or self._one("year", self.years, paper))
            and all(self._one("", p, paper) for p in self.phrases)
            and not any(self._one(name, value, paper) for name, value in self.without)
        )

    @staticmethod
    def _one(name: str, value: str, paper: Paper) -> bool:
        titles = [paper.title, *paper.other_titles]
        match name:
            case "author":
                return in_one(value, paper.authors)
            case "category":
                return in_one(value, paper.categories)
            case "title":
                return side_by_side(value, titles)
            case "venue":
                return set(tokens(value)) <= set(tokens(paper.venue or ""))
            case "year":
                first, _, last = value.partition("..")
                last = last if ".." in value else first
                year = paper.year
                return year is not None and int(first or 0) <= year <= int(last or 9999)
            case _:
                return side_by_side(value, [*titles, paper.abstract])

    def typed(self, shuffle: Callable[[list[str]], object]) -> str:
        """The conditions in the query language, in any order."""
        named = [("author", self.authors), ("title", self.titles), ("venue", self.venues),
                 ("category", self.categories), ("", self.phrases)]  # fmt: skip
        parts = [_condition(name, value) for name, values in named for value in values]
        parts += [f"-{_condition(name, value)}" for name, value in self.without]
        parts += [f"year:{self.years}"] if self.years else []
        shuffle(parts)
        return " ".join(parts)

    def flags(self) -> list[str]:
        """The same on the command line; exact words and exclusion have no flags."""
        assert not self.phrases
        assert not self.without
        named = [("author", self.authors), ("title", self.titles), ("venue", self.venues),
                 ("category", self.categories)]  # fmt: skip
        flags = [flag for name, values in named for v in values for flag in (f"--{name}", v)]
        return [*flags, *(["--year", self.years] if self.years else [])]


def _condition(name: str, value: str) -> str:
    quoted = f'"{value}"' if " " in value or not name else value
    return f"{name}:{quoted}" if name else quoted


def drawn(random_: random.Random, papers: Sequence[Paper], *, flags: bool = False) -> Asked:
    """Conditions taken from what the papers state, so that many of them are met."""
    paper = random_.choice([p for p in papers if p.abstract and p.title])

    def some(values: Sequence[str], chance: float) -> list[str]:
        return [random_.choice(values)] if values and random_.random() < chance else []

    def part(text: str, longest: int) -> list[str]:
        words = [w for w in text.split() if re.fullmatch(r"\w[\w'’,-]*", w)]
        start, length = random_.randrange(len(words) or 1), random_.randint(1, longest)
        return [" ".join(words[start : start + length])] if words else []

    def restyled(text: str) -> str:
        styles: list[Callable[[str], str]] = [
            str, str.lower, str.upper, lambda t: " ".join(tokens(t)),
            lambda t: unicodedata.normalize("NFD", t), lambda t: " ".join(reversed(t.split())),
            lambda t: t.split()[-1], lambda t: f"{t[0]} {t.split()[-1]}",
        ]  # fmt: skip
        return random_.choice(styles)(text)

    first, length = random_.randint(2017, 2025), random_.randint(0, 4)
    years = [f"{first}", f"{first}..{first + length}", f"{first}..", f"..{first}"]
    asked = Asked(
        authors=[restyled(a) for _ in range(2) for a in some(paper.authors, 0.3)],
        titles=[t for t in some([paper.title or ""], 0.2) for t in part(t, 3)],
        venues=[v for p in random_.choices(papers, k=2) for v in some([p.venue or ""], 0.2) if v],
        categories=[c for p in random_.choices([paper, *papers], k=2)
                    for c in some(p.categories, 0.3)],
        years="".join(some(years, 0.3)),
    )  # fmt: skip
    asked.venues = [v for venue in asked.venues for v in part(venue, 4)]
    if flags:
        return asked
    asked.phrases = [p for p in some([paper.abstract or ""], 0.2) for p in part(p, 3)]
    other = random_.choice(papers)
    excluded = [("author", other.authors), ("category", other.categories), ("venue", ["arXiv"]),
                ("title", part(other.title or "", 1)), ("year", [years[0], years[2]]),
                ("", part(other.abstract or "", 2))]  # fmt: skip
    name, values = random_.choice(excluded)
    asked.without = [(name, value) for value in some(values, 0.5)]
    return asked


@pytest.fixture(scope="module")
def seeds(fake_index: Path) -> Iterator[Searcher]:
    """A searcher over the seeds."""
    searcher = Searcher.open(fake_index, encoder=FakeEncoder())
    yield searcher
    searcher.snapshot.close()


@pytest.fixture(scope="module")
def papers(fake_index: Path) -> list[Paper]:
    return papers_of(fake_index)


def ids(answer: Answer) -> list[str]:
    return [hit.paper.paper_id for hit in answer.hits]


# --- The query language against the brute force ------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(random_=st.randoms(use_true_random=False), plain=st.sampled_from(["", "learning brains"]))
def test_conditions_hold_exactly_in_every_mode(
    seeds: Searcher, papers: list[Paper], random_: random.Random, plain: str
) -> None:
    """Whatever is combined, in whatever order, exactly the papers that meet it come up; by words
    alone, those of them that share a word.
    """
    asked = drawn(random_, papers)
    expected = {paper.paper_id for paper in papers if asked.holds(paper)}
    query = f"{asked.typed(random_.shuffle)} {plain}"
    if not query.strip():
        return
    for mode in MODES:
        answer = seeds.ask(query, ALL + 10, mode=mode, as_typed=True)
        assert answer.slips == ()
        assert len(answer.hits) == len({*ids(answer)})
        if mode == "lexical" and answer.text:
            _, rows = seeds.snapshot.lexical.search(answer.text, ALL)
            sharing = {paper.paper_id for paper in seeds.snapshot.papers_at(rows)}
            assert {*ids(answer)} == expected & sharing
        else:
            assert {*ids(answer)} == expected


def test_the_drawn_conditions_are_worth_asking(papers: list[Paper]) -> None:
    """Of three hundred combinations a quarter and more lets some papers through and others not."""
    counts = [sum(map(drawn(random.Random(i), papers).holds, papers)) for i in range(300)]
    assert sum(0 < count < ALL for count in counts) >= 75
    assert counts.count(0) >= 15


@settings(max_examples=100, deadline=None)
@given(random_=st.randoms(use_true_random=False))
def test_the_query_means_what_the_form_means(
    seeds: Searcher, papers: list[Paper], random_: random.Random
) -> None:
    """The same conditions typed and as filters let the same papers through, and half typed and
    half given add up.
    """
    asked = drawn(random_, papers, flags=True)
    query = f"{asked.typed(random_.shuffle)} brains"
    filters = make_filters(
        asked.years,
        authors=asked.authors,
        venues=asked.venues,
        categories=asked.categories,
        titles=asked.titles,
    )
    expected = {paper.paper_id for paper in papers if asked.holds(paper)}
    assert {*ids(seeds.ask("brains", ALL, filters))} == expected
    assert {*ids(seeds.ask(query, ALL))} == expected
    assert {*ids(seeds.ask(query, ALL, filters))} == expected
    named = replace(filters, authors=(), titles=())
    rest = Asked(authors=asked.authors, titles=asked.titles).typed(random_.shuffle)
    assert {*ids(seeds.ask(f"brains {rest}", ALL, named))} == expected


def test_flags_and_query_agree_on_the_command_line(
    search_cli: CommandLine, fake_index: Path, papers: list[Paper]
) -> None:
    """Twenty combinations give the same papers as flags of `query` and typed into its text, and
    with one title or none in the text the very same JSON.
    """
    compared = 0
    for seed in range(60):
        asked = drawn(random.Random(seed), papers, flags=True)
        if not asked.flags() or compared == 20:
            continue
        compared += 1
        common = ["-k", ALL, "--data", fake_index, "--json", "--as-typed"]
        flags = search_cli("query", *common, "brains", *asked.flags())
        typed = search_cli("query", *common, f"brains {asked.typed(lambda _: None)}")
        assert (flags.status, typed.status, flags.err, typed.err) == (0, 0, "", "")
        expected = {paper.paper_id for paper in papers if asked.holds(paper)}
        assert {hit["paper_id"] for hit in flags.json()} == expected
        assert {hit["paper_id"] for hit in typed.json()} == expected
        if not asked.titles:
            assert typed.out == flags.out
    assert compared == 20


# --- Exact words -------------------------------------------------------------------------------

SIX = [
    make_paper(paper_id="p0", title="The state of the art", abstract="It ends where it began.",
               authors=("Léo Gagnon", "Guillaume Lajoie"), year=2020, venue="Nature"),
    make_paper(paper_id="p1", title="Wake-sleep and the \u201cart of\u201d naïve dreams",
               abstract="State-of-the-art (SOTA) models; the brain\u2019s dreams.",
               authors=("Lea Gagnon",), year=2022, categories=("cs.LG",)),
    make_paper(paper_id="p2", abstract="Wake, sleep! GFlowNets: dreams of Poincar\u00e9 in 3D.",
               authors=("Leonard Lajoie",), year=2022, categories=("cs.CV", "stat.ML")),
    make_paper(paper_id="p3", title="Dreams", abstract="sleep wake", year=2019),
    make_paper(paper_id="p4", title="Of waking", other_titles=("Of Poincare and sleep wake",)),
    make_paper(paper_id="p5", title="Art it ends", abstract="C++ and x_y = f(x).",
               authors=("Tom Marty",)),
]  # fmt: skip


def index_of(data: Path, papers: Sequence[Paper], contents: Contents) -> Path:
    """A data folder of exactly these papers, one mention each, with one topic."""
    texts = [document_text(paper) for paper in papers]
    encoder = FakeEncoder()
    vectors = encoder.encode_document(texts).astype(np.float16)
    lines = [Mention(source="made.txt", line_start=i, line_end=i) for i in range(len(papers))]
    made = [replace(p, mention_ids=(f"m{i}",)) for i, p in enumerate(papers)]
    topic = Topic("t1", "all", len(papers), ("all",))
    with build_lock(data):
        write_generation(data, replace(
            contents, papers=made, texts=texts, text_digests=[f"d{i}" for i in range(len(papers))],
            mentions=[replace(line, mention_id=f"m{i}") for i, line in enumerate(lines)], merges=(),
            skipped=(), files=[("made.txt", "works", "0", len(papers))], vectors=vectors,
            index=VectorIndex.build(vectors), model=encoder.info,
            topics=Topics((topic,), vectors[:1].astype(np.float32),
                          np.zeros(len(papers), np.int32)),
            plane=Plane(points=np.zeros((len(papers), 2), np.float32), method="pca"),
        ))  # fmt: skip
    return data


@pytest.fixture(scope="module")
def six_index(contents: Contents, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data folder of `SIX`."""
    return index_of(tmp_path_factory.mktemp("six") / "data", SIX, contents)


@pytest.fixture(scope="module")
def six(six_index: Path) -> Iterator[Searcher]:
    """A searcher over `SIX`."""
    searcher = Searcher.open(six_index, encoder=FakeEncoder())
    yield searcher
    searcher.snapshot.close()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('"state of the art"', "01"),
        ('"STATE-OF-THE-ART"', "01"),
        ('"state of art"', ""),
        ('"art it ends"', "5"),  # and not from the title of p0 into its abstract
        ('"of waking of"', ""),  # nor from one title into another
        ('"wake sleep"', "12"),
        ('"sleep wake"', "34"),
        ('"sleep dreams"', ""),
        ('"gflownets dreams"', "2"),
        ('"brain\'s dreams"', "1"),
        ('"brain s"', "1"),
        ('"brain"', "1"),
        ('"brains"', ""),
        ('"poincaré"', "24"),
        ('"POINCARE"', "24"),
        ('"Poincare\u0301 in 3D"', "2"),
        ('"naive dreams"', "1"),
        ('"of the"', "01"),
        ('"the"', "01"),
        ('"c++"', "5"),
        ('"x_y"', "5"),
        ('"sota) models; the"', "1"),
        ("title:dreams", "13"),
        ('title:"sleep wake"', "4"),
        ("title:sleep", "14"),
        ("title:models", ""),
        ("-dreams", "045"),
        ('-"sleep wake"', "0125"),
        ("-title:dreams", "0245"),
        ('dreams -dream -"dreams"', "045"),
        ('"dreams" -"dreams"', ""),
        ("-author:gagnon", "2345"),
        ("-year:2022", "0345"),
        ("-category:lg -category:cv", "0345"),
        ("-venue:nature", "12345"),
        ("author:leo", "0"),
        ("author:Léo", "0"),
        ("author:Lea", "1"),
        ("author:Leon", ""),
        ("author:gagnon", "01"),
        ('author:"l gagnon"', "01"),
        ('author:"l lajoie"', "2"),  # the L of Lajoie is no first name of Guillaume
        ('author:"g gagnon"', ""),
        ('author:"Gagnon, L."', "01"),
        ('author:"m marty"', ""),
        ("author:\u201cgagnon leo\u201d", "0"),
        ("author:leo author:lajoie", "0"),
        ('author:"leo lajoie"', ""),
        ("category:cs.LG category:ml", "12"),
        ("category:cs", "12"),
        ('category:"cs ML"', ""),
        ("year:2019 year:2020", ""),
        ("year:2019..2021 year:2020..", "0"),
    ],
)
def test_which_papers_are_meant(six: Searcher, query: str, found: str) -> None:
    """Whole words side by side within one field, signs, accents and case aside; names by whole
    words or initials; what is excluded stays out, and a paper that does not state it stays in.
    """
    expected = {f"p{i}" for i in found}
    assert {*ids(six.ask(query, as_typed=True))} == expected
    assert {*ids(six.ask(f"{query} whatever", mode="dense", as_typed=True))} == expected


# --- Conditions alone --------------------------------------------------------------------------


def test_conditions_alone_list_by_year(six: Searcher, papers: list[Paper], seeds: Searcher) -> None:
    """The latest first, those of one year in the order of the index, those without one last."""
    assert ids(six.ask("-survey")) == ["p1", "p2", "p0", "p3", "p4", "p5"]
    assert ids(six.ask("-survey", k=3)) == ["p1", "p2", "p0"]
    answer = seeds.ask("category:LG", k=ALL)
    expected = [p for p in papers if "LG" in p.categories]
    assert [hit.paper for hit in answer.hits] == sorted(expected, key=lambda p: -(p.year or 0))
    assert [hit.rank for hit in answer.hits] == list(range(1, len(expected) + 1))
    assert answer.text == ""
    assert answer.fits


def test_a_list_in_json_has_nulls(search_cli: CommandLine, fake_index: Path) -> None:
    """A hit that was only listed has no scores, ranks, evidence or sentence."""
    query = ("query", "author:leo year:2021..2022", "--data", fake_index)
    outcome = search_cli(*query, "--json")
    hits = outcome.json()
    assert (outcome.status, outcome.err) == (0, "")
    assert [(hit["rank"], hit["year"]) for hit in hits] == [(1, 2022), (2, 2022), (3, 2021)]
    nulls = ("dense", "lexical", "dense_rank", "lexical_rank", "evidence", "sentence", "span")
    for hit in hits:
        assert (hit["score"], hit["strength"], hit["found_by"]) == (0.0, "strong", [])
        assert {hit[key] for key in nulls} == {None}
    shown = search_cli(*query).out.splitlines()
    assert shown[0] == f"  1. {hits[0]['title']}  [strong]"


# --- Pasted texts ------------------------------------------------------------------------------

SENTENCES = (
    'We study "credit assignment" -- i.e., how synapses [1, 2] -- know what to change ',
    "(cf. author:Lillicrap year:2020). Title: none; venue:unknown category:LG. ",
    "\u201cRecurrent networks\u201d trained with -gradient descent- are compared on 3 tasks: ",
    "memory, choice & timing {n = 12}; results (p < .05, effect -0.3) hold 'in vivo'. ",
)


def test_a_pasted_abstract_is_words(seeds: Searcher) -> None:
    """Two thousand characters full of signs have no filter, and the hits of their words alone."""
    pasted = "".join(SENTENCES * 7)
    assert len(pasted) >= 2000
    bare = " ".join(re.findall(r"[^\W_]+", pasted))
    answer, plain = seeds.ask(pasted, ALL), seeds.ask(bare, ALL)
    assert answer.filters == Filters()
    assert (answer.text, answer.corrections) == (pasted.strip(), ())
    assert (plain.filters, plain.slips) == (Filters(), ())
    assert ids(answer) == ids(plain)
    assert {slip.text.split(":")[0] for slip in answer.slips} == {"author", "venue", "category"}


def test_each_abstract_of_the_seeds_finds_itself(seeds: Searcher, papers: list[Paper]) -> None:
    """Pasted with its title in quotation marks and line breaks, an abstract is its own best hit
    by its words, and no word of it is changed.
    """
    whole = [p for p in papers if p.abstract and p.title and len(p.abstract) > 400][:20]
    assert len(whole) == 20
    for paper in whole:
        pasted = f'"{paper.title}"\n\n{paper.abstract}'.replace(", ", ",\n")
        answer = seeds.ask(pasted, k=1, mode="lexical")
        assert ids(answer) == [paper.paper_id]
        assert (answer.filters, answer.corrections, answer.text) == (Filters(), (), pasted)


@pytest.mark.parametrize(
    ("text", "ranked_by"),
    [
        ("brain\x00s of \x00 cats", "brain\x00s of \x00 cats"),
        ("brain \ud800 dream\udfff", "brain ? dream?"),
        ("🧠 dreams 👩\u200d🔬", "🧠 dreams 👩\u200d🔬"),
        ("\u202eניורונים\u202c في الدماغ", "\u202eניורונים\u202c في الدماغ"),
        ("x" * 100_000, "x" * 100_000),
        ("of the brain " * 7_700, ("of the brain " * 7_700).strip()),
        ('"' * 100_000, '"' * 100_000),
        ("- " * 50_000, ("- " * 50_000).strip()),
        ("a:b " * 25_000, ("a:b " * 25_000).strip()),
    ],
)
def test_any_text_is_answered(seeds: Searcher, text: str, ranked_by: str) -> None:
    """Controls, half characters, emoji, right-to-left text and a hundred thousand characters are
    ranked by as they are.
    """
    answer = seeds.ask(text, k=3)
    assert (answer.text, answer.filters, len(answer.hits)) == (ranked_by, Filters(), 3)
    assert seeds.ask(text, k=3) == answer


@pytest.mark.parametrize("value", ["\x00", "\ud800", "🧠", "\u202e", "\u200b", "%", "*", "\\"])
def test_a_value_without_a_word_is_told(seeds: Searcher, value: str) -> None:
    """A condition on signs alone is no condition, and is said not to be one."""
    answer = seeds.ask(f"author:{value} brains", k=ALL)
    assert (answer.text, answer.filters, len(answer.hits)) == ("brains", Filters(), ALL)
    assert [(slip.position, slip.why) for slip in answer.slips] == [
        (1, "there is no word to search for")
    ]


@pytest.mark.parametrize(
    ("value", "found"), [("leo\x00", 6), ("\u202eleo", 6), ("leo🧠", 6), ("דניאל", 0), ("leo*", 6)]
)
def test_odd_signs_in_a_value_are_between_words(seeds: Searcher, value: str, found: int) -> None:
    """Controls, emoji and wildcards in a name are no part of it."""
    assert len(seeds.ask(f"author:{value}", k=ALL).hits) == found


def test_long_lists_of_conditions_are_answered(seeds: Searcher) -> None:
    """Thousands of conditions hold as one does."""
    leo = ids(seeds.ask("author:leo", k=ALL))
    assert ids(seeds.ask("author:leo " * 9_000, k=ALL)) == leo
    unwanted = " ".join(f"-zz{i}" for i in range(5_000))
    assert ids(seeds.ask(f"author:leo {unwanted}", k=ALL)) == leo
    assert ids(seeds.ask(f'author:"{"leo " * 20_000}"', k=ALL)) == leo


# --- The command line --------------------------------------------------------------------------


def test_slips_are_told_beside_the_json(search_cli: CommandLine, six_index: Path) -> None:
    """With --json stdout is one document; notes and corrections go to stderr, and for people they
    stand before the hits.
    """
    query = "autor:leo year:20x9 OR year:2022 gflownts"
    notes = [
        "note: 'autor:leo' (character 1): there is no field 'autor', so these are words; "
        "write author: if you mean that",
        "note: 'year:20x9' (character 11): no year; write year:2020..2024, 2020.., ..2019 or 2021",
        "note: 'OR' (character 21): no operator; all conditions must hold, and -word leaves out",
        "searched for 'gflownets' instead of 'gflownts'; --as-typed keeps it",
    ]
    outcome = search_cli("query", query, "--data", six_index, "--json")
    assert sorted(hit["paper_id"] for hit in outcome.json()) == ["p1", "p2"]
    assert (outcome.status, outcome.err.splitlines()) == (0, notes)
    shown = search_cli("query", query, "--data", six_index)
    assert (shown.err, shown.out.splitlines()[:4]) == ("", notes)
    kept = search_cli("query", query, "--data", six_index, "--json", "--as-typed")
    assert kept.err.splitlines() == notes[:3]


def test_nothing_left_to_search_for(search_cli: CommandLine, six_index: Path) -> None:
    """A query of slips alone ends with what was wrong with each."""
    outcome = search_cli("query", '"" year:x', "--data", six_index, "--json")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err == (
        "error: nothing is left to search for: '\"\"' (character 1): there is no word between the "
        "quotation marks; 'year:x' (character 4): no year; write year:2020..2024, 2020.., "
        "..2019 or 2021\n"
    )


def test_a_file_goes_on_after_a_line_of_slips(
    search_cli: CommandLine, six_index: Path, tmp_path: Path
) -> None:
    """The line that leaves nothing to search for has its error and no hits; the others, with half
    characters too, are answered; stdout is one JSON value a line.
    """
    queries = tmp_path / "queries.txt"
    queries.write_text('""\nauthor:leo\n{"_id": "\\udc00", "text": "gflownts \\ud800"}\nyear:x a')
    shown: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("builtins.print", lambda text, **_: shown.append(text))
        search_cli("query", "--file", queries, "-k", 1, "--data", six_index)
    assert "".join(shown).encode("utf-8").count(b'"query": ') == 4  # a terminal takes them all
    outcome = search_cli("query", "--file", queries, "-k", 1, "--data", six_index)
    assert (outcome.status, outcome.err) == (0, "")
    first, second, third, fourth = map(json.loads, outcome.out.splitlines())
    why = "there is no word between the quotation marks"
    assert first == {
        "_id": "1",
        "query": '""',
        "error": f"nothing is left to search for: '\"\"' (character 1): {why}",
        "hits": [],
    }
    assert (second["_id"], second["text"], second["notes"]) == ("2", "", [])
    assert [hit["paper_id"] for hit in second["hits"]] == ["p0"]
    assert (third["_id"], third["query"], third["text"]) == ("?", "gflownts ?", "gflownets ?")
    assert third["corrections"] == [{"typed": "gflownts", "meant": "gflownets"}]
    assert [hit["paper_id"] for hit in third["hits"]] == ["p2"]
    assert fourth["notes"] == [
        "'year:x' (character 1): no year; write year:2020..2024, 2020.., ..2019 or 2021"
    ]
    assert (fourth["text"], len(fourth["hits"])) == ("a", 1)


def test_like_takes_conditions_in_its_text(search_cli: CommandLine, six_index: Path) -> None:
    """`like ID --text` narrows by the conditions of the text and is drawn to its words."""

    def like(*arguments: str) -> list[str]:
        outcome = search_cli("like", "p0", *arguments, "--data", six_index, "--json")
        assert (outcome.status, outcome.err) == (0, "")
        return [hit["paper_id"] for hit in outcome.json()]

    assert sorted(like()) == ["p1", "p2", "p3", "p4", "p5"]
    assert sorted(like("--text", "dreams author:lajoie")) == ["p2"]
    assert sorted(like("--text", "author:gagnon")) == ["p1"]
    assert sorted(like("--text", "-author:gagnon year:2019..")) == ["p2", "p3"]
    assert like("--text", "author:nobody") == []
    assert like("--text", "C++ x_y f(x)")[0] == "p5"


def test_a_word_with_a_minus_needs_quotes_or_dashes(
    search_cli: CommandLine, six_index: Path
) -> None:
    """Exclusion works inside a quoted text and after --; the help says so."""
    command = ("query", "--data", six_index, "--json")
    quoted = search_cli(*command, "author:gagnon -naive")
    assert [hit["paper_id"] for hit in quoted.json()] == ["p0"]
    assert search_cli(*command, "--", "author:gagnon", "-naive").out == quoted.out
    assert search_cli(*command, "--", "-author:gagnon").status == 0
    outcome = search_cli(*command, "author:gagnon", "-naive")
    assert (outcome.status, outcome.out) == (2, "")
    assert "write -- before it" in search_cli("query", "--help").out


# --- A larger index ----------------------------------------------------------------------------


def test_few_of_many_come_up_whole(
    contents: Contents, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Of five thousand papers a condition that a handful meets brings up just these, in every
    mode, wherever they rank; and one that thousands meet fills k with papers that meet it.
    """
    random_ = random.Random(5)
    words = ["".join(random_.choices(string.ascii_lowercase, k=7)) for _ in range(300)]
    many = [
        make_paper(
            paper_id=f"p{i:04}",
            title=f"{' '.join(random_.choices(words, k=6))} common",
            authors=(f"Ann{'a' * (i % 700 == 3)} {words[i % 300]}",),
            year=1990 + i % 30,
            venue="Rare Letters" if i % 1000 == 9 else "Journal",
            categories=("LG",) if i % 2 else ("CV", "AI"),
        )
        for i in range(5000)
    ]
    data = index_of(tmp_path_factory.mktemp("many") / "data", many, contents)
    cases: list[tuple[str, Callable[[Paper], Any]]] = [
        ("author:anna", lambda p: p.authors[0].startswith("Anna ")),
        ("venue:rare", lambda p: p.venue == "Rare Letters"),
        ("author:anna category:lg year:..2010", lambda p: p.authors[0].startswith("Anna ")
            and "LG" in p.categories and (p.year or 0) <= 2010),
        (f'author:"ann {words[7]}"', lambda p: p.authors == (f"Ann {words[7]}",)),
        (f'author:"a {words[7]}"', lambda p: p.authors[0].split()[1] == words[7]),
        ("-venue:journal", lambda p: p.venue != "Journal"),
        (f"title:{words[5]}", lambda p: words[5] in (p.title or "").split()),
    ]  # fmt: skip
    with Snapshot.open(data) as snapshot:
        searcher = Searcher(snapshot, FakeEncoder())
        for typed, holds in cases:
            expected = {p.paper_id for p in many if holds(p)}
            assert 2 <= len(expected) <= 130
            for mode in MODES:
                answer = searcher.ask(f"{typed} {words[0]} common", 200, mode=mode)
                assert {*ids(answer)} == expected
            assert {*ids(searcher.ask(typed, 200))} == expected
        half = searcher.ask("category:lg common", 1500)
        assert len(half.hits) == len({*ids(half)}) == 1500
        assert all("LG" in hit.paper.categories for hit in half.hits)
        latest = searcher.ask("category:lg", 200)
        assert [hit.paper.year for hit in latest.hits] == sorted(
            (p.year or 0 for p in many if "LG" in p.categories), reverse=True
        )[:200]
