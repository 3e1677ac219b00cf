"""Files of other programs: packed, in any encoding, side by side in one folder."""

from __future__ import annotations

import bz2
import gzip
import html
import lzma
import zipfile
from pathlib import Path

import pytest
from bs4.exceptions import ParserRejectedMarkup
from hypothesis import given, settings
from hypothesis import strategies as st

import index.formats.file as file_module
from index.build import plan
from index.errors import SourceError
from index.formats import FORMATS, recognised
from index.formats.file import TextFile
from index.formats.markup import readable
from index.records import Mention
from index.sources import read_sources
from tests.conftest import SEEDS

BIB = """A comment before the first entry.
@string{jml = "Journal of Moving Lights"}

@article{key,
  title = {Lanterns in {LaTeX} and Schr{\\"o}dinger's $L_2$ box},
  author = {Bell, Ann and Lovelace, Ada},
  journal = jml,
  year = 2019,
  abstract = {Lanterns move \\& glow.}
}
"""
RIS = """TY  - JOUR
TI  - Dogs in parks
AU  - Bell, Ann
PY  - 2019
AB  - Dogs run.
DO  - 10.1000/dogs
ER  -\x20
"""
CSV = (
    "Publication Year;Article Title;Author Full Names;Abstract;DI\n"
    '2020;"Cats; and\ntables";Bell, Ann;Cats sit.;10.1000/cats\n'
)
WOS = """FN Some Web of Science
VR 1.0
PT J
AU Bell, A
   Lovelace, A
AF Bell, Ann
   Lovelace, Ada
TI Moving lanterns in
   the fog
SO JOURNAL OF LIGHT
DE fog; lanterns, light
AB Lanterns move.
   They glow.
PY 2018
DI 10.1000/fog
ER

PT C
AU Dole, C
TI A second
PY 2019
ER

EF
"""
ENW = """%0 Journal Article
%T Ends and
means
%A Bell, Ann
%A Lovelace, Ada
%D 2015
%J Journal of Ends
%X The abstract.
%R 10.1000/end

%0 Book Section
%T In a book
%B The book
%D 2016
"""
LANTERNS = "Lanterns in LaTeX and Schrödinger's $L_2$ box"


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def stated(mention: Mention) -> tuple[object, ...]:
    """What a mention says, but not where."""
    m = mention
    return (m.title, m.authors, m.year, m.venue, m.abstract, m.doi)


# Reading ----------------------------------------------------------------------------------------


def test_a_folder_of_mixed_files(tmp_path: Path) -> None:
    """Each file is read in its format, whatever it is called; lines are those of the file."""
    write(tmp_path / "a.txt", BIB)
    write(tmp_path / "b", RIS)
    write(tmp_path / "c.dat", CSV)
    reading = read_sources([tmp_path])
    assert reading.skipped == []
    assert [(f.layout, f.mentions) for f in reading.files] == [
        ("BibTeX", 1),
        ("RIS", 1),
        ("CSV table", 1),
    ]
    assert [stated(m) for m in reading.mentions] == [
        (LANTERNS, ("Ann Bell", "Ada Lovelace"), 2019, "Journal of Moving Lights",
         "Lanterns move & glow.", None),
        ("Dogs in parks", ("Ann Bell",), 2019, None, "Dogs run.", "10.1000/dogs"),
        ("Cats; and tables", ("Ann Bell",), 2020, None, "Cats sit.", "10.1000/cats"),
    ]  # fmt: skip
    assert [(m.line_start, m.line_end) for m in reading.mentions] == [(4, 10), (1, 6), (2, 3)]


@pytest.mark.parametrize("wrap", ["<p>{}</p>\n", "<div><span>{}</span></div>", "{}<br>\n"])
def test_a_page_that_was_saved_whole(tmp_path: Path, wrap: str) -> None:
    """The seeds as HTML give the papers of the seeds, with the lines of the HTML."""
    for seed in sorted(SEEDS.glob("*.txt")):
        lines = html.escape(seed.read_text(encoding="utf-8")).split("\n")
        body = "".join(map(wrap.format, lines))
        menu = "<nav><a href='/'>Home</a> <a href='/papers'>Publications</a></nav>"
        page = f"<!DOCTYPE html>\n<html><body>{menu}{body}</body></html>"
        saved = write(tmp_path / f"{seed.stem}.html", page)
        text, reading = read_sources([seed]), read_sources([saved])
        assert [stated(m) for m in reading.mentions] == [stated(m) for m in text.mentions]
        assert [m.categories for m in reading.mentions] == [m.categories for m in text.mentions]
        assert reading.skipped == []
        assert reading.files[0].layout == f"HTML page, {text.files[0].layout}"
        if "\n" in wrap:
            places = [(m.line_start + 1, m.line_end + 1) for m in text.mentions]
            assert [(m.line_start, m.line_end) for m in reading.mentions] == places


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_packed_files_are_read_as_they_were(tmp_path: Path, pack) -> None:  # type: ignore[no-untyped-def]
    """A packed file states what the plain one does; what tells is its first bytes."""
    plain = read_sources([write(tmp_path / "a.bib", BIB)]).mentions
    packed = read_sources([write(tmp_path / "b.bib", pack(BIB.encode()))]).mentions
    assert [stated(m) for m in packed] == [stated(m) for m in plain]
    assert len(packed) == 1


def test_an_archive_is_a_folder(tmp_path: Path) -> None:
    """Each file of a zip archive is read under its own name; one that is none is told."""
    with zipfile.ZipFile(tmp_path / "all.ZIP", "w") as archive:
        archive.writestr("deep/refs.bib", BIB)
        archive.writestr("notes.txt", "hello\n")
        archive.writestr("__MACOSX/deep/._refs.bib", "\0")
        archive.writestr("dogs.ris", RIS)
    name = f"{tmp_path.as_posix()}/all.ZIP"
    for sources in ([tmp_path], [tmp_path / "all.ZIP"]):
        reading = read_sources(sources)
        assert [(f.source, f.layout, f.mentions) for f in reading.files] == [
            (f"{name}/deep/refs.bib", "BibTeX", 1),
            (f"{name}/notes.txt", None, 0),
            (f"{name}/dogs.ris", "RIS", 1),
        ]
        assert [(s.source, s.line) for s in reading.skipped] == [(f"{name}/notes.txt", 1)]


def test_a_broken_archive_is_told_and_the_next_file_read(tmp_path: Path) -> None:
    """An archive that is none is skipped in a folder and an error where it is named."""
    broken = write(tmp_path / "a.zip", b"PK\x03\x04 and no more")
    write(tmp_path / "b.bib", BIB)
    reading = read_sources([tmp_path])
    assert [m.title for m in reading.mentions] == [LANTERNS]
    ((source, why),) = [(s.source, s.why) for s in reading.skipped]
    assert (reading.files[0].source, reading.files[0].layout) == (broken.as_posix(), None)
    assert (source, why[:20]) == (broken.as_posix(), "cannot be unpacked: ")
    with pytest.raises(SourceError, match=r"a\.zip: cannot be unpacked"):
        read_sources([broken])


def test_one_bad_file_of_an_archive_spoils_no_other(tmp_path: Path) -> None:
    """Encrypted, damaged or there twice: it is told, and the files behind it are read."""
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in (("a.bib", BIB), ("b.ris", RIS), ("twice.ris", "x")):
            archive.writestr(name, text)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("twice.ris", RIS)
        archive.getinfo("a.bib").flag_bits |= 1  # encrypted, says the table at the end
    content = path.read_bytes()
    write(path, content.replace(b"Dogs run.", b"Dogs ran!", 1))  # of b.ris, against its checksum
    reading = read_sources([tmp_path])
    told = {Path(s.source).name: s.why for s in reading.skipped}
    assert told["a.bib"] == "encrypted; unpack it first"
    assert "Bad CRC-32" in told["b.ris"]
    assert [Path(f.source).name for f in reading.files] == ["a.bib", "b.ris", "twice.ris"]
    last = reading.mentions[-1]
    assert (last.source, last.title) == (f"{path.as_posix()}/twice.ris", "Dogs in parks")


def test_a_page_that_the_parser_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told, and the next file is read."""

    def refuse(_: str) -> None:
        raise ParserRejectedMarkup("no")

    monkeypatch.setattr("index.formats.html_page.parse", refuse)
    write(tmp_path / "a.html", "<!doctype html><p>x</p>")
    write(tmp_path / "b.bib", BIB)
    reading = read_sources([tmp_path])
    assert [m.title for m in reading.mentions] == [LANTERNS]
    assert [s.why[:28] for s in reading.skipped] == ["not HTML that can be parsed:"]


def test_a_packed_file_that_is_cut_off(tmp_path: Path) -> None:
    """What a packed file held before it breaks is kept where it can be read line by line."""
    table = "title,year\n" + "".join(f"On the number {i},2020\n" for i in range(20_000))
    packed = gzip.compress(table.encode())
    path = write(tmp_path / "a.csv", packed[: len(packed) // 2])
    write(tmp_path / "b.bib", BIB)
    reading = read_sources([tmp_path])
    numbers = [int((m.title or "").split()[-1]) for m in reading.mentions[:-1]]
    assert len(numbers) > 5_000
    assert numbers == [*range(len(numbers))]
    (skip,) = reading.skipped
    assert (skip.source, skip.why[:27]) == (
        path.as_posix(),
        f"cannot be read after line {skip.line}"[:27],
    )
    assert (skip.line or 0) > len(numbers)
    assert reading.files[0].mentions == len(numbers)


def test_two_encodings_in_one_file(tmp_path: Path) -> None:
    """Each line is read in the encoding that it is in, and a byte order mark is no text."""
    lines = [
        "title,year".encode("utf-8-sig"),
        "Réseaux,2020".encode(),
        "Éléments,2021".encode("cp1252"),
    ]
    reading = read_sources([write(tmp_path / "a.csv", b"\r\n".join(lines))])
    assert [m.title for m in reading.mentions] == ["Réseaux", "Éléments"]
    wide = write(tmp_path / "b.csv", "title,year\r\nRéseaux,2020\r\n".encode("utf-16"))
    assert [m.title for m in read_sources([wide]).mentions] == ["Réseaux"]


def test_web_of_science(tmp_path: Path) -> None:
    """Lines that go on are joined, names come whole and first names first."""
    reading = read_sources([write(tmp_path / "savedrecs.txt", WOS)])
    assert (reading.skipped, reading.files[0].layout) == ([], "Web of Science")
    one, two = reading.mentions
    assert stated(one) == (
        "Moving lanterns in the fog", ("Ann Bell", "Ada Lovelace"), 2018, "JOURNAL OF LIGHT",
        "Lanterns move. They glow.", "10.1000/fog",
    )  # fmt: skip
    assert (one.categories, one.line_start, one.line_end) == (("fog", "lanterns", "light"), 3, 16)
    assert (two.title, two.authors, two.year, two.line_start) == ("A second", ("C Dole",), 2019, 18)


def test_a_stray_line_between_records_of_web_of_science(tmp_path: Path) -> None:
    """What stands between two records is told, and the second one is read."""
    text = WOS.replace("ER\n\nPT C", "ER\n\nstray words\n\nPT C")
    reading = read_sources([write(tmp_path / "a.txt", text)])
    assert [m.title for m in reading.mentions] == ["Moving lanterns in the fog", "A second"]
    assert [(s.line, "stray words" in s.why) for s in reading.skipped] == [(17, True)]


def test_endnote(tmp_path: Path) -> None:
    """Records of EndNote's own export are read, a chapter with its book as venue."""
    reading = read_sources([write(tmp_path / "a.enw", ENW)])
    assert (reading.skipped, reading.files[0].layout) == ([], "EndNote")
    one, two = reading.mentions
    assert stated(one) == (
        "Ends and means", ("Ann Bell", "Ada Lovelace"), 2015, "Journal of Ends", "The abstract.",
        "10.1000/end",
    )  # fmt: skip
    assert (two.title, two.venue, two.year, two.line_start) == ("In a book", "The book", 2016, 11)


def test_a_paper_takes_what_its_volume_states(tmp_path: Path) -> None:
    """Year and venue come from the entry that crossref names, which is no paper and told so."""
    text = """@inproceedings{child, author = {Bell, Ann}, title = {Child &amp; parent},
  crossref = {Parent}, abstract = {SchrÃ¶dinger.}}
@proceedings{parent, title = {Proceedings of Parents}, editor = {Dole, Cy}, year = 2014}
@inproceedings{orphan, title = {Orphan}, crossref = {gone}, year = 2015}
@misc{self, title = {Self}, crossref = {self}, abstract = {A.}}
"""
    reading = read_sources([write(tmp_path / "a.bib", text)])
    assert [stated(m) for m in reading.mentions] == [
        ("Child & parent", ("Ann Bell",), 2014, "Proceedings of Parents", "Schrödinger.", None),
        ("Orphan", (), 2015, None, None, None),
        ("Self", (), None, None, "A.", None),
    ]
    assert [(s.line, s.why[:9]) for s in reading.skipped] == [(3, "no paper:")]


def test_nothing_is_lost_in_silence(tmp_path: Path) -> None:
    """A bad record is told with line and quote, and the next one is read."""
    bib = (
        BIB
        + "@article{x, title = {No end, author = {A}\n\n@misc{y, title={Whole}}\n@misc{z, year=1}\n"
    )
    table = "title,doi\na,b,c\nFine,10.1/x\n"
    ris = f"stray\n{RIS}TY  - JOUR\nAU  - No, Title\nER  - \n"
    for name, text in (("a.bib", bib), ("b.csv", table), ("c.ris", ris)):
        write(tmp_path / name, text)
    reading = read_sources([tmp_path])
    assert [m.title for m in reading.mentions] == [LANTERNS, "Whole", "Fine", "Dogs in parks"]
    told = [(Path(s.source).name, s.line) for s in reading.skipped]
    assert told == [("a.bib", 11), ("a.bib", 14), ("b.csv", 2), ("c.ris", 1), ("c.ris", 9)]
    assert "No end" in reading.skipped[0].why
    with pytest.raises(SourceError, match=r"a\.bib:11: not a BibTeX entry"):
        read_sources([tmp_path], strict=True)


# Files ------------------------------------------------------------------------------------------


def test_lines_come_before_the_file_is_read(tmp_path: Path) -> None:
    """The first lines of a file are there before a fault far below is met."""
    path = write(tmp_path / "a.csv", b"title,year\nOne,2020\n" + b"x" * 100_000 + b"\n\0\n")
    file = TextFile("a.csv", lambda: path.open("rb"))
    lines = file.lines()
    assert [next(lines), next(lines)] == ["title,year\n", "One,2020\n"]
    with pytest.raises(SourceError, match=r"a\.csv:4: binary file"):
        list(lines)


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line or a text beyond the bounds is an error with its line; at the bounds it is read."""
    monkeypatch.setattr(file_module, "LONGEST_LINE", 10)
    monkeypatch.setattr(file_module, "LARGEST_TEXT", 20)
    assert TextFile.of("f", b"123456789\n" * 2).text() == "123456789\n" * 2
    with pytest.raises(SourceError, match="f:2: the line is longer than 10 bytes"):
        TextFile.of("f", b"1\n1234567890\n").text()
    with pytest.raises(SourceError, match="f:3: more than 20 characters"):
        TextFile.of("f", b"123456789\n" * 3).text()


SIGN = st.characters(exclude_characters="\0\r\n\ufeff", exclude_categories=["Cs"])
LINE = st.text(SIGN, max_size=20)


@settings(max_examples=100, deadline=None)
@given(lines=st.lists(LINE, max_size=6), end=st.sampled_from(["\n", "\r\n"]))
def test_text_comes_back(lines: list[str], end: str) -> None:
    """Whatever the line ends and the encoding, the lines are those that were written."""
    text = "".join(line + end for line in lines)
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        found = [*TextFile.of("f", text.encode(encoding)).lines()]
        assert found == [f"{line}\n" for line in lines]


BEGINNINGS = (
    "", BIB[:200], RIS[:80], CSV[:90], "TY  - X", "@a{", "\x1f\x8b", "PT J\nTI a\n",
    "%0 Book\n%T a\n", "<html><body><ul><li>", "<!doctype html><p>", '{"title": "a", ',
    '[{"DOI": 1}, ', "PMID- 1\nTI  - ", "<PubmedArticleSet><PubmedArticle>",
    "<collection id='a'><volume id='1'><paper id='1'>", "<article><front>",
    "<feed xmlns='http://www.w3.org/2005/Atom'><entry>",
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=300), begin=st.sampled_from(BEGINNINGS))
def test_no_bytes_break_a_reader(content: bytes, begin: str) -> None:
    """Any bytes are read as something or refused with a reason; nothing else is raised."""
    file = TextFile.of("f", begin.encode("latin-1") + content)
    try:
        reader = recognised(file)
        for found in reader.read(file) if reader else ():
            assert found.line >= 1
    except SourceError as error:
        assert error.source == "f"


@pytest.mark.parametrize("text", [BIB, RIS, CSV, WOS, ENW])
def test_one_format_fits(text: str) -> None:
    """A file of one program is taken for one of no other."""
    assert sum(reader.fits(text) for reader in FORMATS) == 1


# Markup -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<p>One</p><p>two</p>", "One two"),
        ("H<sub>2</sub>O and x<sup>2</sup>", "H_2O and x^2"),
        ("<jats:title>Abstract</jats:title><jats:p>Text.</jats:p>", "Abstract Text."),
        ("p < 0.05 and q > 1, a<b and c>d, x<y>z", "p < 0.05 and q > 1, a<b and c>d, x<y>z"),
        ('<span class="x" lang=fr>One</span> <i>two</i>', "One two"),
        (
            "of <alternatives><tex-math>$x$</tex-math><mml:math><mml:mi>x</mml:mi></mml:math>"
            "</alternatives> and <mml:math><mml:mi>y</mml:mi></mml:math>",
            "of $x$ and y",
        ),
        ("&lt;p&gt;Escaped &amp;amp; packed&lt;/p&gt;", "Escaped & packed"),
        ("SchrÃ¶dinger", "Schrödinger"),
        (
            "so <tex-math>\\documentclass{x}\\begin{document}$a<b$\\end{document}</tex-math>",
            "so $a<b$",
        ),
        ("Rock&Roll &c; $a & b$", "Rock&Roll &c; $a & b$"),
    ],
)
def test_markup_becomes_text(text: str, expected: str) -> None:
    """Tags and entities go, formulas and signs that are none of them stay."""
    assert readable(text) == expected


# What a build would do --------------------------------------------------------------------------


def test_a_plan_writes_nothing(tmp_path: Path) -> None:
    """A dry run counts what a build would do, and leaves no folder behind."""
    source = tmp_path / "in"
    source.mkdir()
    for name, text in (("a.bib", BIB), ("b.bib", BIB), ("c.ris", RIS)):
        write(source / name, text)
    report = plan([source], tmp_path / "data")
    assert (report.generation, report.files, report.mentions, report.papers) == (0, 3, 3, 2)
    assert (report.merged, report.embedded, report.reused) == (1, 2, 0)
    assert [file.mentions for file in report.read] == [1, 1, 1]
    assert not (tmp_path / "data").exists()
