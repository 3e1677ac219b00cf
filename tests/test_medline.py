"""MEDLINE text (.nbib), as PubMed gives it and as people have put it together."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.formats import medline
from index.formats.dates import iso_date
from index.formats.entries import Entry, Unreadable
from index.formats.file import TextFile
from index.formats.medline import Medline
from index.formats.nlm import title_of
from index.records import Paper

RECORD = """
PMID- 31415926
OWN - NLM
STAT- MEDLINE
DCOM- 20200114
IS  - 1234-5678 (Electronic)
DP  - 2019 Nov 5
TI  - Yeast in doughs: a study of
      rising [and falling] loaves.
LID - S0001 [pii]
LID - 10.1000/dough.7 [doi]
AB  - BACKGROUND: Dough rises. METHODS: We waited
      (p < 0.05) - and
      ate it.
OAB - Publisher: Der Teig geht.
CI  - (c) 2019 The Bakers.
FAU - Lovelace, Ada K
AU  - Lovelace AK
AD  - The Mill, London.
FAU - Bell, Alexander, Jr
AU  - Bell A Jr
CN  - The Yeast Group
FIR - Investigator, Ian
LA  - eng
PT  - Journal Article
TA  - J Bread
JT  - Journal of bread & crust
MH  - *Bread/analysis/economics
MH  - Humans
OT  - *dough
OT  - bread
SO  - J Bread. 2019 Nov 5;7(1):1-9. doi: 10.1000/other.
"""


def read(text: str) -> list[Entry | Unreadable]:
    return list(Medline().read(TextFile.of("pubmed.nbib", text.encode())))


def only(text: str) -> Paper:
    (entry,) = read(text)
    assert isinstance(entry, Entry), entry
    return entry.paper


def test_each_field_of_a_record_is_read() -> None:
    """Lines that go on are put together; affiliations, investigators and rights are left out."""
    paper = only(RECORD)
    assert paper.title == "Yeast in doughs: a study of rising [and falling] loaves"
    assert paper.abstract == (
        "BACKGROUND: Dough rises. METHODS: We waited (p < 0.05) - and ate it."
    )
    assert paper.authors == ("Ada K Lovelace", "Alexander Bell Jr", "The Yeast Group")
    assert not paper.authors_truncated
    assert (paper.year, paper.date, paper.venue) == (2019, "2019-11-05", "Journal of bread & crust")
    assert paper.doi == "10.1000/dough.7"
    assert paper.url == "https://pubmed.ncbi.nlm.nih.gov/31415926/"
    assert paper.categories == ("Bread", "Humans", "dough")


def test_records_end_at_a_blank_line_or_at_the_next_number() -> None:
    """Each tells its lines; a paragraph behind a blank line is of the same abstract."""
    text = (
        "PMID- 1\nTI  - One.\nAB  - First.\n\n      Second.\nPMID- 2\nTI  - Two.\n\n"
        "OWN - NLM\nTI  - Three.\n\n\nPMID- 4\nTI  - Four."
    )
    found = read(text)
    assert [(e.line, e.line_end) for e in found if isinstance(e, Entry)] == [
        (1, 5),
        (6, 7),
        (9, 10),
        (13, 14),
    ]
    assert isinstance(found[0], Entry)
    assert found[0].paper.abstract == "First. Second."


@pytest.mark.parametrize("before", ["", "\n", "\n\n", " \n", "\n\n\n", "\ufeff", "\ufeff\n"])
def test_blank_lines_before_the_first_record_count(before: str) -> None:
    (entry,) = read(f"{before}PMID- 1\nTI  - T\n")
    assert isinstance(entry, Entry)
    assert (entry.line, entry.paper.title) == (before.count("\n") + 1, "T")


def test_old_records_have_initials_alone() -> None:
    """They come first, as in a name that is said; "et al" is nobody."""
    text = "PMID- 1\nTI  - T\nAU  - van der Berg AK\nAU  - Bell A Jr\nAU  - Sappho\nAU  - et al\n"
    paper = only(text)
    assert paper.authors == ("AK van der Berg", "A Bell Jr", "Sappho")
    assert paper.authors_truncated


def test_an_author_without_full_name_keeps_the_place() -> None:
    text = (
        "PMID- 1\nTI  - T\nFAU - Bell, Ann\nAU  - Bell A\nAU  - Roe B\nFAU - Coe, Cy\nAU  - Coe C\n"
    )
    assert only(text).authors == ("Ann Bell", "B Roe", "Cy Coe")


@pytest.mark.parametrize(
    ("lines", "date"),
    [
        ("DP  - 2015 Nov", "2015-11"),
        ("DP  - 2015 Nov-Dec", None),
        ("DP  - 2015\nDEP - 20150302", "2015-03-02"),
        ("DP  - 2016\nDEP - 20150302", None),
        ("DP  - 2015 Spring", None),
    ],
)
def test_a_date_says_no_more_than_is_known(lines: str, date: str | None) -> None:
    assert only(f"PMID- 1\nTI  - T\n{lines}\n").date == date


def test_a_book_and_a_title_that_is_not_available() -> None:
    """A book has another tag; a title that was not translated is the one in its own language."""
    assert only("PMID- 1\nBTI - On Bread\nPB  - Mill\nDP  - 1999").title == "On Bread"
    assert only("PMID- 1\nTI  - [Not Available].\nTT  - Pan y vino.").title == "Pan y vino"


@pytest.mark.parametrize(
    ("line", "doi", "arxiv"),
    [
        ("AID - 10.1/x [doi]", "10.1/x", None),
        ("SO  - J. 2001;1. doi: 10.1/y. Epub 2000.", "10.1/y", None),
        ("LID - arXiv:2101.01234v2 [pii]", None, "2101.01234"),
        ("LID - 10.1/x [pii]", None, None),
    ],
)
def test_numbers_are_of_their_kind(line: str, doi: str | None, arxiv: str | None) -> None:
    paper = only(f"PMID- 1\nTI  - T\n{line}\n")
    assert (paper.doi, paper.arxiv) == (doi, arxiv)


def test_an_abstract_that_was_cut_is_said_to_be() -> None:
    paper = only("PMID- 1\nTI  - T\nAB  - It rose.(ABSTRACT TRUNCATED AT 250\n      WORDS)\n")
    assert (paper.abstract, paper.abstract_truncated) == ("It rose.", True)


def test_what_is_no_record_is_told_and_the_next_read() -> None:
    """Text before the first tag, and a record that says nothing."""
    stray, empty, good = read(
        "Search: bread\n(12 results)\n\nPMID- 7\nOWN - NLM\n\nPMID- 8\nTI  - T"
    )
    assert isinstance(stray, Unreadable)
    assert (stray.line, stray.quote) == (1, "Search: bread (12 results)")
    assert isinstance(empty, Unreadable)
    assert (empty.line, empty.quote) == (4, "PMID 7")
    assert isinstance(good, Entry)
    assert good.line == 7


def test_a_record_without_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It must not fill the memory with the rest of the file."""
    monkeypatch.setattr(medline, "LARGEST_RECORD", 1000)
    lines = "word\n" * 300
    endless, stray, good = read(f"PMID- 7\nTI  - T\n{lines}\nPMID- 8\nTI  - T\n")
    assert isinstance(endless, Unreadable)
    assert "more than 1,000 characters" in endless.why
    assert isinstance(stray, Unreadable)
    assert isinstance(good, Entry)


@pytest.mark.parametrize(
    ("head", "fits"),
    [
        (RECORD, True),
        (RECORD[:60], True),
        ("PMID- 12\r\nOWN - NLM\r\n", True),
        ("TY  - JOUR\nAN  - 1\nPMID- 1\n", False),
        ("A text\nPMID- 1\n", False),
        ("<PubmedArticleSet>", False),
        ("", False),
    ],
)
def test_the_format_is_known_by_its_tags(head: str, fits: bool) -> None:
    """RIS has tags of its own."""
    assert Medline().fits(head) is fits


LINES = st.lists(
    st.sampled_from(
        ["PMID- 1", "TI  - T", "AB  -", "      more", "", "stray", "AU  - A B", "FAU - ,"]
    )
    | st.text(max_size=20),
    max_size=20,
)


@settings(max_examples=200, deadline=None)
@given(lines=LINES)
def test_no_text_raises(lines: list[str]) -> None:
    """Whatever a file holds, what is found has lines of it, in order and apart."""
    text = "x\n" + "\n".join(lines).encode("utf-8", "replace").decode().replace("\0", "")
    Medline().fits(text)
    found = read(text)
    starts = [e.line for e in found]
    assert starts == sorted(set(starts))
    assert all(1 <= line <= text.count("\n") + 1 for line in starts)


WORDS = st.lists(st.text(alphabet="abcdefgh", min_size=1, max_size=9), min_size=1, max_size=40)


@settings(max_examples=50, deadline=None)
@given(words=WORDS, width=st.integers(1, 60))
def test_a_value_is_the_same_however_it_is_broken_into_lines(words: list[str], width: int) -> None:
    lines = [" ".join(words[at : at + width]) for at in range(0, len(words), width)]
    text = "PMID- 1\nTI  - T\nAB  - " + "\n      ".join(lines)
    assert only(text).abstract == " ".join(words)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2015 Nov 3", "2015-11-03"),
        ("2015 11", "2015-11"),
        ("2020 July", "2020-07"),
        ("2020 Sept 9", "2020-09-09"),
        ("2020 13", "2020 13"),
        ("2020 Summer", "2020 Summer"),
    ],
)
def test_a_date_in_words_is_one_in_numbers(text: str, date: str) -> None:
    assert iso_date(text) == date


@settings(max_examples=100, deadline=None)
@given(text=st.text(alphabet="[]. aB", max_size=12))
def test_a_title_loses_no_words(text: str) -> None:
    """Only full stops and brackets around the whole go."""
    letters = [c for c in text if c.isalpha()]
    assert [c for c in title_of(text) if c.isalpha()] == letters
