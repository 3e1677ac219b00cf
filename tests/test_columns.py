"""Tables of any kind: columns that a user names, and cells as spreadsheets write them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from index.build import build, plan
from index.errors import QueryError, SourceError
from index.formats.columns import FIELDS, parse_columns
from index.formats.entries import Entry, Unreadable, split_names
from index.formats.file import TextFile
from index.formats.tabular import Table
from index.records import Mention
from index.snapshot import Snapshot
from index.sources import read_sources
from search.rebuild import rebuild_command
from tests.conftest import CAT, SAIL, CommandLine
from tests.fakes import FakeEncoder

GERMAN = f'Nr;Titel;Autoren;Jahr;Zusammenfassung\n1;"Katzen; ein Bild";"Bell, Ada";2019;{CAT}\n'
NAMED = "title=Titel,authors=Autoren,year=Jahr,abstract=Zusammenfassung"


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def mentions(path: Path, *columns: str) -> list[Mention]:
    """What a file or folder states, without a skip."""
    reading = read_sources([path], columns=parse_columns(columns))
    assert reading.skipped == []
    return reading.mentions


def only(text: str) -> Entry:
    """The one row of a table."""
    (entry,) = Table().read(TextFile.of("a.csv", text.encode()))
    assert isinstance(entry, Entry)
    return entry


# Naming columns -------------------------------------------------------------------------------


def test_columns_are_read_as_named(tmp_path: Path) -> None:
    """A table of which no heading is known is read by what the user says of its columns."""
    (found,) = mentions(write(tmp_path / "a.csv", GERMAN), NAMED)
    assert (found.title, found.authors, found.year) == ("Katzen; ein Bild", ("Ada Bell",), 2019)
    assert (found.abstract, found.line_start) == (CAT, 2)


@pytest.mark.parametrize("heading", ["titel", " TITEL ", "Titel", "#2"])
def test_headings_are_compared_loosely(tmp_path: Path, heading: str) -> None:
    """Letter case and spaces around do not matter; a number counts columns from 1."""
    (found,) = mentions(
        write(tmp_path / "a.csv", GERMAN), f"title={heading}, abstract=Zusammenfassung"
    )
    assert (found.title, found.abstract) == ("Katzen; ein Bild", CAT)


def test_a_named_column_wins(tmp_path: Path) -> None:
    """What the user names counts, though another column has a heading that is known."""
    rows = "short,A long title,\nlost,,Cats sleep.\n"
    path = write(tmp_path / "a.csv", f"Title,Full name,Abstract\n{rows}")
    assert [m.title for m in mentions(path, "title=full name")] == ["A long title", None]
    assert [m.title for m in mentions(path)] == ["short", "lost"]


def test_a_table_without_headings(tmp_path: Path) -> None:
    """Where columns have numbers alone, the first line is a paper, unless it is known headings."""
    rows = f"1|Cats, and a garden|Ada Bell|{CAT}\n2|Sails, a ship|Cy Dole|{SAIL}\n"
    path = write(tmp_path / "a.txt", rows)
    found = mentions(path, "title=#2,authors=#3,abstract=#4")
    assert [(m.title, m.authors, m.abstract, m.line_start) for m in found] == [
        ("Cats, and a garden", ("Ada Bell",), CAT, 1),
        ("Sails, a ship", ("Cy Dole",), SAIL, 2),
    ]
    headed = write(tmp_path / "b.csv", "Title,Year,Words\nT,2020,An abstract.\n")
    assert [(m.title, m.abstract) for m in mentions(headed, "abstract=#3")] == [
        ("T", "An abstract.")
    ]


def test_unlike_tables_have_their_own(tmp_path: Path) -> None:
    """A rule of files is of them alone; one of all serves each table that has the column."""
    write(tmp_path / "old-1.csv", "Name;Was\nCats;x\n")
    write(tmp_path / "new.csv", "Titel;Name\nSails;y\n")
    write(tmp_path / "c.bib", "@misc{a, title = {Bread}}")
    found = mentions(tmp_path, "old*.csv:title=Name", "title=Titel")
    assert {m.title for m in found} == {"Cats", "Sails", "Bread"}
    found = mentions(tmp_path, "title=Titel,title=Name")  # the first that a table has
    assert {m.title for m in found} == {"Cats", "Sails", "Bread"}


def test_pages_are_no_tables(tmp_path: Path) -> None:
    """Numbers of columns that are of all tables do not make a table of a page."""
    page = "preprint2023arXiv\n\nCats, sails, and bread\n\n" + CAT + "\n"
    write(tmp_path / "a.txt", page)
    write(tmp_path / "b.csv", f"One,{CAT}\nTwo,{SAIL}\n")
    found = mentions(tmp_path, "title=#1,abstract=#2")
    assert [m.title for m in found] == ["Cats, sails, and bread", "One", "Two"]


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ("titel=Titel", f"no field 'titel'; choose one of {', '.join(FIELDS)}"),
        ("*.csv:paper_id=Nr", "no field 'paper_id'"),
        ("title", "'title' names no column; write FIELD=HEADING"),
        ("title=", "'title=' names no column"),
        ("title=Titel,year=", "'year=' names no column"),
        ("", "'' names no column"),
    ],
)
def test_columns_that_make_no_sense(index_cli: CommandLine, columns: str, why: str) -> None:
    """What is no field or names no column is a usage error that quotes it."""
    outcome = index_cli("build", "x", "--columns", columns)
    assert outcome.status == 2
    assert why in outcome.err


def test_headings_may_hold_commas() -> None:
    """A comma ends a heading only where another field follows; a mapping takes headings whole."""
    (title, year) = parse_columns(["a:b.csv:title=Titel, deutsch: lang,year=J"])
    assert (title.files, title.column, year.files) == ("a:b.csv", "Titel, deutsch: lang", "a:b.csv")
    assert parse_columns({"title": "Titel, de", "year": "#2"}) == parse_columns(
        ["title=Titel, de,year=#2"]
    )
    with pytest.raises(QueryError, match="reads as two; give its number"):
        parse_columns({"title": "A, b=c"})


def test_a_column_that_no_table_has(tmp_path: Path) -> None:
    """It is quoted with the headings that are there, and nothing is built."""
    path = write(tmp_path / "a.csv", "Title,Inhalt\nT,x\n")
    write(tmp_path / "b.bib", "@misc{a, title = {Bread}}")
    with pytest.raises(SourceError) as error:
        build([tmp_path], tmp_path / "data", columns={"abstract": "Inhalte"}, encoder=FakeEncoder())
    assert str(error.value) == (
        "--columns: no table has the column 'Inhalte', which is named for abstract; "
        f"{path} has 'Title', 'Inhalt'"
    )
    assert not (tmp_path / "data" / "CURRENT").exists()
    with pytest.raises(SourceError, match=r"no table called 'x\*' has .*there is no such table"):
        read_sources([tmp_path], columns=parse_columns(["x*:abstract=Inhalt"]))
    with pytest.raises(SourceError, match="no table has the column '#7'"):
        read_sources([tmp_path], columns=parse_columns(["abstract=#7"]))


@pytest.mark.parametrize("text", [GERMAN, GERMAN.replace("Titel", "DOI"), "a\tb\nc\td\n"])
def test_a_table_of_which_nothing_is_known(tmp_path: Path, text: str) -> None:
    """It is refused with its headings and with how to name them, in Windows' encoding too."""
    path = write(tmp_path / "a.csv", text.encode("cp1252"))
    shown = ", ".join(map(repr, text.split("\n", maxsplit=1)[0].replace("\t", ";").split(";")))
    how = "say which is which by --columns title=HEADING,abstract=HEADING"
    with pytest.raises(SourceError) as error:
        read_sources([path])
    told = f"{path}:1: no column is known as title or abstract; the columns are {shown}; {how}"
    assert str(error.value).startswith(told)
    with pytest.raises(SourceError, match="'Tittel', named by --columns, is not there; the col"):
        read_sources([path], columns=parse_columns(["title=Tittel"]))


def test_columns_are_remembered(tmp_path: Path, index_cli: CommandLine) -> None:
    """The manifest, `status` and the command of a rebuild have the columns of the build."""
    source, data = write(tmp_path / "a.csv", GERMAN), tmp_path / "data"
    assert plan([source], data, columns=[NAMED]).papers == 1
    build([source], data, columns=["*.csv:title=Titel", "year=Jahr"], encoder=FakeEncoder())
    status = index_cli("status", "--data", data, "--json").json()
    assert status["settings"]["columns"] == ["*.csv:title=Titel", "year=Jahr"]
    assert "column: *.csv:title=Titel\n" in index_cli("status", "--data", data).out
    with Snapshot.open(data) as snapshot:
        command = rebuild_command(data, snapshot.manifest)
    assert command[-3:] == ("--columns=*.csv:title=Titel", "--columns=year=Jahr", str(source))
    dry = index_cli("build", "--dry-run", "--data", data, *command[-3:])
    assert (dry.status, "1 papers" in dry.out) == (0, True)


# Cells ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Bell, Ada; Dole, Cy", ["Ada Bell", "Cy Dole"]),
        ("Bell, Ada|Dole, Cy", ["Ada Bell", "Cy Dole"]),
        ("Bell, Ada\nDole, Cy", ["Ada Bell", "Cy Dole"]),
        ("Bell, Ada and Dole, Cy", ["Ada Bell", "Cy Dole"]),
        ("Ada Bell and Cy Dole", ["Ada Bell", "Cy Dole"]),
        ("Ada Bell, Cy Dole, and Eve Fox", ["Ada Bell", "Cy Dole", "Eve Fox"]),
        ("Ada Bell, Cy Dole & Eve Fox", ["Ada Bell", "Cy Dole", "Eve Fox"]),
        ("Bell, A., Dole, C.-D., & Fox, E. F.", ["A. Bell", "C.-D. Dole", "E. F. Fox"]),
        ("Plato and Aristotle", ["Plato", "Aristotle"]),
        ("Bell, Ada", ["Ada Bell"]),
        ("van Dyke, Ann; de la Cruz, Eva", ["Ann van Dyke", "Eva de la Cruz"]),
        ("Ada Bell; Cy Dole; et al.", ["Ada Bell", "Cy Dole", "et al."]),
        ("Bell, Ada et al", ["Ada Bell", "et al."]),
        ("Bell, Ada and others", ["Ada Bell", "et al."]),
    ],
)
def test_lists_of_authors(text: str, names: list[str]) -> None:
    """Names are told apart by ; | "and" or lines, and put first name first."""
    assert split_names(text) == names
    paper = only(f'title,authors\nT,"{text}"\n').paper
    assert paper.authors == tuple(name for name in names if name != "et al.")
    assert paper.authors_truncated == ("et al." in names)


@pytest.mark.parametrize(
    ("heading", "cells", "year", "date"),
    [
        ("Publication Year,Date", "2019,2020-03-01", 2020, "2020-03-01"),
        ("Year,Date", "2019,", 2019, None),
        ("Published", "12 March 2018", 2018, None),
        ("Year", "2017.0", 2017, None),
        ("Date", "2016-05-04 00:00:00", 2016, "2016-05-04"),
    ],
)
def test_years_in_dates(heading: str, cells: str, year: int, date: str | None) -> None:
    """A date says more than the year beside it; the year is found in either."""
    paper = only(f"title,{heading}\nT,{cells}\n").paper
    assert (paper.year, paper.date) == (year, date)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_tables_in_any_spelling(tmp_path: Path, delimiter: str, codec: str) -> None:
    """Delimiter, encoding, quoted lines and a heading that holds the delimiters do no harm."""
    lines = (
        ['"Größe, in,,,,; cm|\t"', "Title", "Abstract"],
        ['"7"', '"Öl; und,|\nWasser"', "Sätze."],
    )
    text = "\r\n".join(delimiter.join(line) for line in lines) + "\r\n"
    (found,) = mentions(write(tmp_path / "a.csv", gzip.compress(text.encode(codec))))
    assert (found.title, found.abstract) == ("Öl; und,| Wasser", "Sätze.")
    assert (found.line_start, found.line_end) == (2, 3)


def test_rows_that_do_not_fit() -> None:
    """A row with too few or too many cells is told with its line; empty cells at its end are none.

    A quote after a blank begins a cell, too.
    """
    table = b'title, year\nOne,2001\nTwo\nThree,2003,x\nFour,2004,,\n "Five, six", 2005\n'
    found = list(Table().read(TextFile.of("a.csv", table)))
    why = "cells where the first line names 2 columns"
    assert [f for f in found if isinstance(f, Unreadable)] == [
        Unreadable(3, "Two", f"1 {why}"),
        Unreadable(4, "Three 2003 x", f"3 {why}"),
    ]
    assert [(f.line, f.paper.title) for f in found if isinstance(f, Entry)] == [
        (2, "One"),
        (5, "Four"),
        (6, "Five, six"),
    ]


def test_lists_of_categories() -> None:
    """Categories are told apart by ; | or lines, and by commas where there is none of these."""
    for cell in ("a b; c", "a b|c", "a b\nc", "a b, c"):
        assert only(f'title,keywords\nT,"{cell}"\n').paper.categories == ("a b", "c")
