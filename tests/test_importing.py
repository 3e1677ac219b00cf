"""Bibliographies read back: ours letter for letter, those of others as far as they can be read."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.build import build
from index.errors import QueryError, SourceError
from index.formats.bibtex import BibTeX, from_tex
from index.formats.entries import Entry, Unreadable
from index.formats.file import Format, TextFile
from index.formats.json_lines import Json
from index.formats.ris import Ris
from index.formats.tabular import Table
from index.identity import digest
from index.records import Mention, Paper
from index.snapshot import Snapshot
from index.sources import Findings, Keep
from index.text import fold_space, plain
from search import importing
from search.export import FORMATS, export
from search.importing import ImportReport, import_bytes, import_file
from search.library import Library, Saved
from search.library_rows import LONGEST_NOTE, tidy
from tests.conftest import BREAD, BUILD_MODULE, CAT, SAIL, make_paper
from tests.fakes import FakeEncoder

READERS: dict[str, Format] = {"bibtex": BibTeX(), "ris": Ris(), "csv": Table(), "jsonl": Json()}


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "library")


@pytest.fixture
def snapshot(fake_index: Path) -> Iterator[Snapshot]:
    with Snapshot.open(fake_index) as opened:
        yield opened


def taken(
    library: Library, name: str, text: str | bytes, snapshot: Snapshot | None = None
) -> ImportReport:
    """The report on a file of that name and text, read into the list L."""
    content = text.encode() if isinstance(text, str) else text
    return import_bytes(library, "L", name, content, snapshot)


def read(kind: str, text: str) -> Iterator[Entry | Unreadable]:
    """What a text in one of FORMATS states."""
    return READERS[kind].read(TextFile.of("a", text.encode()))


def only(kind: str, text: str) -> Entry:
    """The one entry of a text."""
    (entry,) = read(kind, text)
    assert isinstance(entry, Entry)
    return entry


def held(library: Library, snapshot: Snapshot | None = None) -> list[tuple[str, str]]:
    """(title, note) of the papers of the list L."""
    return [(s.paper.display_title, s.note) for s in library.saved("L", snapshot)]


# --- There and back ---------------------------------------------------------------------------

NOTES = st.text(max_size=60) | st.text(alphabet=list("ab{}\\$%@=,\"'#&~^_-\n \t"), max_size=40)


@pytest.mark.parametrize("kind", FORMATS)
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(notes=st.lists(NOTES, min_size=4, max_size=4))
def test_a_list_comes_back(snapshot: Snapshot, kind: str, notes: list[str]) -> None:
    """The papers of an index and their notes are the same after an export and an import."""
    with TemporaryDirectory() as folder:
        ours, theirs = Library(Path(folder) / "a"), Library(Path(folder) / "b")
        ours.save_all("L", zip(snapshot.papers_at([7, 3, 64, 20]), notes, strict=True))
        before = ours.saved("L", snapshot)
        text = exported(before, kind)
        report = taken(theirs, f"file.{kind}", text, snapshot)
        assert (len(report.saved), report.present, report.kept) == (4, (), ())
        assert report.unreadable == ()
        after = theirs.saved("L", snapshot)
        assert [(s.paper, s.note) for s in after] == [(s.paper, s.note) for s in before]
        again = taken(ours, "again", text, snapshot)
        assert (len(again.present), again.saved) == (4, ())
        assert [s.note for s in ours.saved("L")] == [s.note for s in before]


def exported(saved: Sequence[Saved], kind: str) -> str:
    return export([s.paper for s in saved], kind, {s.paper.paper_id: s.note for s in saved})


TITLES = st.text(min_size=1) | st.text(alphabet=list("aB1 {}\\$%@=,\"'#&~^_-;:"), min_size=1)
ALIENS = st.builds(
    make_paper,
    paper_id=st.integers(0, 16**12 - 1).map(lambda n: f"p{n:012x}"),
    title=TITLES.map(plain).map(fold_space).filter(bool),
    authors=st.lists(
        st.text(alphabet="abcé Z", min_size=1).map(fold_space).filter(bool), max_size=3
    ).map(tuple),
    year=st.none() | st.integers(1500, 2099),
    doi=st.none() | st.from_regex(r"10\.[0-9]{4}/[a-z0-9_()-]{1,9}[a-z0-9]", fullmatch=True),
    arxiv=st.none() | st.from_regex(r"[0-9]{4}\.[0-9]{5}", fullmatch=True),
    pmid=st.none() | st.integers(1, 10**8).map(str),
    acl=st.none()
    | st.from_regex(
        r"[A-Z][0-9]{2}-[0-9]{4}|20[0-9]{2}\.[a-z]{2,9}-[a-z1-9]{1,5}\.[1-9]", fullmatch=True
    ),
    venue=st.none() | st.just("Journal of Ants & Bees"),
    abstract=st.none() | st.just("It costs $5, 100% of a_b."),
)


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=60, deadline=None)
@given(paper=ALIENS, note=NOTES)
def test_a_paper_of_no_index_comes_back(kind: str, paper: Paper, note: str) -> None:
    r"""A paper that no index has keeps id, title, authors, year, identifiers and note.

    BibTeX cannot tell `\&` from `&`; so of titles with a backslash the rest alone is compared.
    """
    text = export([paper], kind, {paper.paper_id: tidy(note)})
    (entry,) = read(kind, text)
    assert isinstance(entry, Entry)
    back = entry.paper
    assert tidy(entry.note) == tidy(note)
    fields = ("paper_id", "year", "doi", "arxiv", "pmid", "acl", "venue", "abstract", "authors")
    if any(" and " in author or author == "others" for author in paper.authors):
        fields = fields[:-1]
    assert [getattr(back, f) for f in fields] == [getattr(paper, f) for f in fields]
    if kind != "bibtex" or "\\" not in (paper.title or ""):
        assert back.title == paper.title
    else:
        signs = str.maketrans("", "", "\\{}")
        assert (back.title or "").translate(signs) == (paper.title or "").translate(signs)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    "note",
    [
        "one\nER  - \nTY  - JOUR\nTI  - forged",
        "one\n@article{forged, title = {Forged}}\n@misc (x",
        "one},\n}\n\n@misc{forged, title = {Forged}}",
        'one"\n"p0123456789ac","forged"\n{"title": "forged"}',
        "  two blanks\n  - an indent\n\n\nand lines between",
        "a \\ b \\textbackslash{} c \\% d % e -- ``f'' {@}",
    ],
)
def test_no_note_forges_a_record(kind: str, note: str) -> None:
    """A note that looks like the format it stands in is the note of one paper, and comes back."""
    paper = make_paper(paper_id="p0123456789ab", title="T")
    entry = only(kind, export([paper], kind, {paper.paper_id: tidy(note)}))
    assert (entry.paper.title, tidy(entry.note)) == ("T", tidy(note))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "'=", "''+"])
def test_no_cell_with_a_note_is_a_formula(start: str) -> None:
    """In a table with notes no cell is run by a spreadsheet, and the guard can be taken off."""
    text = f'{start}HYPERLINK("http://x")'
    paper = make_paper(paper_id="p0123456789ab", title=text, venue=text, authors=(text,))
    table = export([paper], "csv", {"p0123456789ab": text})
    (row,) = csv.DictReader(io.StringIO(table, newline=""))
    for name in ("title", "venue", "authors", "note"):
        assert row[name][0] == "'"
    entry = only("csv", table)
    assert (entry.paper.title, entry.note) == (fold_space(plain(text)), text)


# --- Finding the paper ------------------------------------------------------------------------


IndexOf = Callable[..., Snapshot]


@pytest.fixture
def index_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[IndexOf]:
    """Opens an index of papers that state the given fields."""
    opened: list[Snapshot] = []

    def make(*papers: dict[str, object]) -> Snapshot:
        mentions = [
            Mention(source="a", line_start=n, line_end=n, **fields)  # type: ignore[arg-type]
            for n, fields in enumerate(papers, 1)
        ]

        def read_into(keep: Keep, *_: object, **__: object) -> Findings:
            for mention in mentions:
                keep(mention)
            return Findings()

        monkeypatch.setattr(BUILD_MODULE, "read_into", read_into)
        (tmp_path / "a").touch()
        build([tmp_path / "a"], tmp_path / "data", encoder=FakeEncoder())
        opened.append(Snapshot.open(tmp_path / "data"))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def test_a_paper_is_found_by_each_of_its_marks(snapshot: Snapshot, library: Library) -> None:
    """By our id, by an alias, or by its title in another spelling; the report says by which."""
    first, second, third = snapshot.papers_at([1, 2, 3])
    alias = next((a for a in second.aliases), second.paper_id)
    lines = [
        {"title": "Wrong title", "paper_id": first.paper_id},
        {"title": "Wrong too", "paper_id": alias},
        {"title": (third.title or "").upper().replace(" ", "-") + "!", "note": "mine"},
    ]
    report = taken(library, "x.jsonl", "\n".join(map(json.dumps, lines)), snapshot)
    assert [(i.line, i.why) for i in report.saved] == [(1, "id"), (2, "id"), (3, "title")]
    assert [i.paper for i in report.saved] == [first, second, third]
    assert held(library, snapshot)[2] == (third.display_title, "mine")


def test_a_paper_is_found_by_doi_and_arxiv_number(index_of: IndexOf, library: Library) -> None:
    """A DOI in any letter case and an arXiv number of any version find it, in addresses too."""
    snapshot = index_of(
        {"title": "Cats", "abstract": CAT, "doi": "10.1234/AbC"},
        {"title": "Sails", "abstract": SAIL, "arxiv": "2301.00001"},
        {"title": "Old", "abstract": BREAD, "arxiv": "cs.LG/0301001"},
    )
    text = """@article{a, doi = {https://doi.org/10.1234/aBc}, title = {Other words}}
        @misc{b, eprint = {2301.00001v3}, archivePrefix = {arXiv}}
        @misc{c, title = {x}, url = {http://arxiv.org/pdf/2301.00001v2.pdf}}
        @misc{d, title = {y}, journal = {arXiv preprint arXiv:cs.LG/0301001}}
        @misc{e, title = {z}, doi = {10.48550/arXiv.2301.00001}}"""
    report = taken(library, "x.bib", text, snapshot)
    assert [i.why for i in report.saved] == ["DOI", "arXiv", "arXiv"]
    assert [i.paper.title for i in report.saved] == ["Cats", "Sails", "Old"]
    assert [(i.line, i.why) for i in report.present] == [(3, "arXiv"), (5, "arXiv")]


NAMESAKES = (
    {"title": "Editorial", "authors": ("Ada Bell", "Cy Dole"), "year": 2001, "abstract": CAT},
    {"title": "Editorial", "authors": ("Cy Dole", "Gus Hall"), "year": 2005, "abstract": BREAD},
    {"title": "Editorial", "authors": ("Ada Bell", "Io Jay"), "year": 2009, "abstract": SAIL},
)


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ({"author": "Dole, Cy"}, 1),
        ({"author": "Cy Dole and others"}, 1),
        ({"author": "Ada Bell", "year": "2009"}, 2),
        ({"author": "Bell, A.", "year": "2001"}, 0),
        ({"year": "2009"}, 2),
        ({}, "3 papers of the index have this title, and nothing tells which it is"),
        ({"author": "Bell, A."}, "2 papers of the index have this title, and nothing tells"),
        ({"author": "Eve Fox", "year": "2001"}, "the index has this title, but by other authors"),
    ],
)
def test_several_papers_of_one_title(
    index_of: IndexOf, library: Library, stated: dict[str, str], found: int | str
) -> None:
    """First author and year decide; where they do not, the entry is kept as a paper of its own."""
    snapshot = index_of(*NAMESAKES)
    assert len(snapshot) == 3
    fields = ", ".join(f"{name} = {{{value}}}" for name, value in stated.items())
    report = taken(library, "x.bib", f"@misc{{a, title = {{EDITORIAL!}}, {fields}}}", snapshot)
    if isinstance(found, int):
        (one,) = report.saved
        assert {"authors": one.paper.authors, "year": one.paper.year}.items() <= {
            **NAMESAKES[found]
        }.items()
    else:
        (one,) = report.kept
        assert one.why.startswith(found)
        assert not library.saved("L", snapshot)[0].in_index


def test_every_title_is_looked_up(snapshot: Snapshot) -> None:
    """A paper is found by each of its titles, in any spelling, and by no part of one."""
    for paper in snapshot.papers():
        for title in filter(None, (paper.title, *paper.other_titles)):
            assert snapshot.titled(f"{title.upper()}.") == [paper]
            assert snapshot.titled(title[:-2]) == []
    (celo,) = snapshot.titled("Learning versatile optimizers on a compute diet")
    assert celo.title == "Celo: Training Versatile Learned Optimizers on a Compute Diet"


def test_titles_that_share_a_number_are_told_apart(
    index_of: IndexOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should two titles be kept under one number, each still finds its own paper alone."""
    monkeypatch.setattr("index.tables.title_number", lambda _: 7)
    snapshot = index_of({"title": "Cats", "abstract": CAT}, {"title": "Sails", "abstract": SAIL})
    assert [paper.title for paper in snapshot.titled("CATS")] == ["Cats"]
    assert snapshot.titled("Bread") == []


# --- What is not in the index -----------------------------------------------------------------


def test_what_the_index_has_not_is_kept(snapshot: Snapshot, library: Library) -> None:
    """An entry with a title that the index has not is saved as stated, flagged, with the reason."""
    text = """@article{k, title = {On {\\"O}land's Ants}, author = {Bell, Ada and {Ants \\& Co}},
      journal = {J. of Ants}, year = 1999, doi = {10.99/ants}, annote = {read this}}"""
    report = taken(library, "x.bib", text, snapshot)
    (kept,) = report.kept
    assert kept.why == "the index has no paper of this DOI or title"
    (saved,) = library.saved("L", snapshot)
    paper = saved.paper
    assert (saved.in_index, saved.note) == (False, "read this")
    assert (paper.title, paper.authors) == ("On Öland's Ants", ("Ada Bell", "Ants & Co"))
    assert (paper.venue, paper.year, paper.doi) == ("J. of Ants", 1999, "10.99/ants")
    assert paper.paper_id == digest("p", "doi", "10.99/ants")


def test_a_kept_paper_is_found_once_it_is_indexed(index_of: IndexOf, library: Library) -> None:
    """A paper kept from a file becomes the index's own by its DOI, arXiv number or title."""
    before = index_of({"title": "Sails", "abstract": SAIL})
    text = """@misc{a, title = {By title}} @misc{b, title = {By DOI}, doi = {10.1/b}}
      @misc{c, title = {By number}, eprint = {2301.00002}, doi = {10.1/c}}"""
    assert len(taken(library, "x.bib", text, before).kept) == 3
    after = index_of(
        {"title": "by title", "abstract": CAT},
        {"title": "Another name", "doi": "10.1/B", "abstract": BREAD},
        {"title": "A third name", "arxiv": "2301.00002", "abstract": SAIL},
    )
    shown = library.saved("L", after)
    assert [s.paper.title for s in shown] == ["by title", "Another name", "A third name"]
    assert all(s.in_index for s in shown)
    assert len(taken(library, "x.bib", text, after).present) == 3


def test_without_an_index_all_is_kept(library: Library) -> None:
    """Where there is no index yet, entries are kept, and the report says why."""
    report = taken(library, "x.ris", "TY  - JOUR\nTI  - Ants\nER  - \n")
    assert [(i.line, i.why) for i in report.kept] == [(1, "there is no index yet")]
    assert held(library) == [("Ants", "")]


def test_two_papers_of_one_title_are_both_kept(snapshot: Snapshot, library: Library) -> None:
    """Entries that share a title but no author are two papers; the same one again is not."""
    text = """@misc{a, title = {Editorial}, author = {Ada Bell}}
      @misc{b, title = {Editorial}, author = {Bo Cole}}
      @misc{c, title = {EDITORIAL}, author = {Bell, A.}}"""
    report = taken(library, "x.bib", text, snapshot)
    assert [i.line for i in report.kept] == [1, 2]
    assert [i.line for i in report.present] == [3]
    assert [s.paper.authors for s in library.saved("L", snapshot)] == [("Ada Bell",), ("Bo Cole",)]


def test_an_entry_without_a_title(index_of: IndexOf, library: Library) -> None:
    """It is found by its identifier, or else told as unreadable with what it states."""
    snapshot = index_of({"title": "Cats", "abstract": CAT, "doi": "10.1/1"})
    text = "@misc{a, doi = {10.1/1}}\n@misc{b, doi = {10.1/2}}\n@misc{c, year = 2001}"
    report = taken(library, "x.bib", text, snapshot)
    assert [i.paper.title for i in report.saved] == ["Cats"]
    assert [(u.line, u.quote, u.why) for u in report.unreadable] == [
        (2, "10.1/2", "it states no title, and the index has no paper of this DOI"),
        (3, "", "it states neither a title nor a DOI, arXiv number, PMID or ACL id"),
    ]


def test_a_note_too_long_is_told(library: Library) -> None:
    """An entry whose note is too long to keep is told, and the others are saved."""
    records = [{"title": "Long", "note": "x" * (LONGEST_NOTE + 1)}, {"title": "Short"}]
    report = taken(library, "x.json", json.dumps(records))
    assert [u.why for u in report.unreadable] == [
        "its note has 100,001 characters; at most 100,000 are kept"
    ]
    assert held(library) == [("Short", "")]


# --- Files that are not as they should be -----------------------------------------------------


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("Größe – 漢字".encode(), "UTF-8"),
        ("Größe – 漢字".encode("utf-8-sig"), "UTF-8"),
        ("Größe – 漢字".encode("utf-16"), "UTF-16"),
        ("Größe – x".encode("cp1252"), "Windows-1252"),
    ],
)
def test_encodings(library: Library, content: bytes, encoding: str) -> None:
    """UTF-8 with or without a mark, UTF-16 with one and Windows-1252 are read, and it is said."""
    text = content.decode({"Windows-1252": "cp1252", "UTF-16": "utf-16"}.get(encoding, "utf-8-sig"))
    codec = {"Windows-1252": "cp1252", "UTF-16": "utf-16"}.get(encoding, "utf-8")
    whole = f"title,note\n{text},{text}\n".encode(codec)
    mark = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    report = taken(library, "x.csv", mark + whole)
    assert report.encoding == encoding
    assert held(library) == [(text, text)]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.bib", b"", "a.bib: the file is empty"),
        ("a.bib", b" \n ", "a.bib: the file is empty"),
        ("a.bib", b"PK\x00\x01", "a.bib:1: binary file"),
        ("a.csv", b"title\nab\x81\n", "a.csv:2: neither UTF-8 nor Windows-1252: byte 0x81"),
        ("a.csv", b"\xff\xfea", "a.csv:1: neither UTF-16: byte 0x61"),
        ("a.txt", b"Dear all,\nread this", "a.txt:1: no known format .*it begins 'Dear all,"),
        ("a.bib", b"Dear all", "a.bib:1: holds no bibtex record; it begins 'Dear all'"),
    ],
)
def test_files_that_are_refused(library: Library, name: str, content: bytes, why: str) -> None:
    """What cannot be a bibliography is refused whole, with file, line and what it begins with."""
    with pytest.raises(SourceError, match=why):
        taken(library, name, content)
    assert not library.path.exists()


def test_a_file_too_large(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file above the limit is refused before it is read; one of just that size is read."""
    text = "title\nAnts\n"
    (tmp_path / "a.csv").write_text(text)
    monkeypatch.setattr(importing, "LARGEST_FILE", len(text) - 1)
    for call in (
        lambda: import_file(library, "L", tmp_path / "a.csv", None),
        lambda: taken(library, "a.csv", text),
    ):
        with pytest.raises(SourceError, match="11 bytes, and at most 10 are read at once"):
            call()
    monkeypatch.setattr(importing, "LARGEST_FILE", len(text))
    assert len(import_file(library, "L", tmp_path / "a.csv", None).kept) == 1


def test_a_file_that_is_not_there(library: Library, tmp_path: Path) -> None:
    """A missing file is named."""
    with pytest.raises(SourceError, match=r"gone\.bib: cannot be read: No such file"):
        import_file(library, "L", tmp_path / "gone.bib", None)


def test_a_format_that_is_not_known(library: Library) -> None:
    """A format is one of those that are written."""
    with pytest.raises(QueryError, match=r"unknown format 'word'; .*bibtex, ris, csv, jsonl"):
        import_bytes(library, "L", "x", b"x", None, format="word")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("% mine\n\n@Book {a, title = {T}}", "bibtex"),
        ("\n@article(a, title = {T})", "bibtex"),
        ("TY  - JOUR\r\nTI  - T\r\nER  - \r\n", "ris"),
        ('[{"title": "T"}]', "jsonl"),
        ('{"title": "T"}\n', "jsonl"),
        ("Title;Year\nT;2001\n", "csv"),
        ('"Year"\t"Title"\n2001\tT\n', "csv"),
    ],
)
def test_a_format_is_recognised(library: Library, text: str, kind: str) -> None:
    """A file whose name tells nothing is read by its looks."""
    assert taken(library, "download", text).format == kind
    assert held(library) == [("T", "")]


MEDLINE = "PMID- 123\nTI  - Ants at night\nAB  - They walk.\nFAU - Bell, Ada\nDP  - 2001\n\n"
ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><entry>
<id>http://arxiv.org/abs/2301.00001v1</id><title>Ants at night</title><summary>They walk.</summary>
<author><name>Ada Bell</name></author><published>2001-01-01</published></entry></feed>"""


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [("a.nbib", MEDLINE, "MEDLINE"), ("a.bib", MEDLINE, "MEDLINE"), ("a", ATOM, "arXiv Atom feed")],
)
def test_other_formats(library: Library, name: str, text: str, kind: str) -> None:
    """What sources of an index may be can be imported; the content tells, whatever the name."""
    report = taken(library, name, text)
    (kept,) = report.kept
    assert (report.format, report.unreadable) == (kind, ())
    assert (kept.paper.title, kept.paper.authors) == ("Ants at night", ("Ada Bell",))
    assert (kept.paper.abstract, kept.paper.year) == ("They walk.", 2001)


def zipped(**files: bytes) -> bytes:
    """An archive of files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.csv.gz", gzip.compress),
        ("a.csv.xz", lzma.compress),
        ("a.csv.bz2", bz2.compress),
        ("a.zip", lambda content: zipped(**{"a.csv": content, "__MACOSX/a.csv": b"x"})),
    ],
)
def test_packed_files(library: Library, name: str, pack: Callable[[bytes], bytes]) -> None:
    """A packed file is read like the one inside of it, whose name tells the format."""
    report = taken(library, name, pack("title\nÖl\n".encode("cp1252")))
    assert (report.format, report.encoding, held(library)) == ("csv", "Windows-1252", [("Öl", "")])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (gzip.compress(b"title\nAnts\n")[:-6], "a.csv: cannot be unpacked: Compressed file"),
        (zipped(a=b"x", b=b"y"), "a.csv: an archive that holds several files; unpack it and imp"),
        (zipped(), "a.csv: an archive that holds no file"),
        (zipped(a=b"x")[:40], "a.csv: cannot be unpacked: File is not a zip file"),
        (gzip.compress(b" "), "a.csv: the file is empty"),
        (gzip.compress(b"title\n" + b"x" * 2000), "more than 1,000 bytes when unpacked, and at mo"),
        (b"title\n\xc3\xb6\n\x81", "a.csv:3: neither UTF-8 nor Windows-1252: byte 0x81"),
    ],
)
def test_packed_files_that_are_refused(
    library: Library, monkeypatch: pytest.MonkeyPatch, content: bytes, why: str
) -> None:
    """What is damaged, too large when unpacked or an archive of several is refused whole."""
    monkeypatch.setattr(importing, "LARGEST_FILE", 1000)
    with pytest.raises(SourceError, match=why):
        taken(library, "a.csv", content)
    assert not library.path.exists()


# --- BibTeX -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (
            r"Schr{\"o}dinger {\'e}t{\'e} \ss \o{} \v{C}apek Erd\H{o}s",
            "Schrödinger été ßø Čapek Erdős",
        ),
        (r"{DNA} and {\emph{in vivo}}", "DNA and in vivo"),
        (r"costs $5, 50% of a & b", "costs $5, 50% of a & b"),
        (r"\$5, 50\% of a \& b\_c", "$5, 50% of a & b_c"),
        (r"in $L_2(\alpha)$ and $\mathbb{R}$", r"in $L_2(\alpha)$ and $\mathbb{R}$"),
        (r"one -- two --- ``three''", "one – two — “three”"),
        (r"a~tie", "a\u00a0tie"),
        (r"$\alpha$-nets, \alpha-nets", r"$\alpha$-nets, α-nets"),
        ("{" * 5000 + "deep" + "}" * 5000, "deep"),
        (r"\input{/etc/passwd}x", "x"),
    ],
)
def test_tex_becomes_text(tex: str, text: str) -> None:
    """Commands become characters, formulas stay, nothing is cut off, no file is read."""
    assert from_tex(tex) == text


def test_a_bad_entry_spoils_no_other() -> None:
    """An entry that does not end is told with its line and reason; those around it are read."""
    text = (
        "@article{a,\n title = {One}\n}\n\n@article{b,\n title = {Two\n\n@book{c, title={Three}}\n"
    )
    first, broken, last = read("bibtex", text)
    assert isinstance(first, Entry)
    assert isinstance(last, Entry)
    assert (first.line, first.paper.title) == (1, "One")
    assert (last.line, last.paper.title) == (8, "Three")
    assert isinstance(broken, Unreadable)
    assert (broken.line, broken.quote) == (5, "@article{b, title = {Two")
    assert broken.why.startswith("not a BibTeX entry: Unexpected block start: `@book`")


def test_keys_and_fields_that_are_there_twice() -> None:
    """Entries of one key are all read; of a field that is there twice the first counts."""
    text = "@misc{k, title = {One}, title = {Two}, YEAR = 2001}\n@misc{k, title = {Three}}"
    assert [(e.paper.title, e.paper.year) for e in read("bibtex", text)] == [  # type: ignore[union-attr]
        ("One", 2001),
        ("Three", None),
    ]


def test_strings_comments_and_dates() -> None:
    """Abbreviations are put in, comments passed over, a biblatex date and journal are read."""
    text = """@string{nips = {NeurIPS}} @comment{x} @preamble{"y"} Free words.
      @inproceedings{k, title = "T", booktitle = nips, date = {2020-05-04}, keywords = {a, b, c}}"""
    paper = only("bibtex", text).paper
    assert (paper.venue, paper.date, paper.year) == ("NeurIPS", "2020-05-04", 2020)
    assert paper.categories == ("a", "b", "c")


@pytest.mark.parametrize(
    ("author", "names", "truncated"),
    [
        ("Bell, Ada and Cy Dole", ("Ada Bell", "Cy Dole"), False),
        ("van Beethoven, Ludwig and others", ("Ludwig van Beethoven",), True),
        ("King, Jr, Martin Luther", ("Martin Luther King Jr",), False),
        (
            '{Cats and Dogs Inc} and M{\\"u}ller, J{\\"o}rg',
            ("Cats and Dogs Inc", "Jörg Müller"),
            False,
        ),
        (
            r"Bell, Ada AND \O{}rsted, Hans and and \'Etienne X",
            ("Ada Bell", "Hans Ørsted", "Étienne X"),
            False,
        ),
        ("", (), False),
    ],
)
def test_names_of_bibtex(author: str, names: tuple[str, ...], truncated: bool) -> None:
    """Names are put first name first, groups stay whole, "others" is noted."""
    paper = only("bibtex", f"@misc{{k, title = {{T}}, author = {{{author}}}}}").paper
    assert (paper.authors, paper.authors_truncated) == (names, truncated)


def test_notes_of_others() -> None:
    """What other programs keep as a reader's note is read; `note`, which is printed, is not."""
    text = r"@misc{k, title = {T}, annote = {one \& two}, comment = {three}, note = {To appear}}"
    assert only("bibtex", text).note == "one & two\n\nthree"


# --- RIS --------------------------------------------------------------------------------------


def test_ris_of_others() -> None:
    """Other programs' tags and habits: T1, A1, Y1, N2, tabs, continued lines, no last blank."""
    text = (
        "TY - JOUR\r\nT1\t- A title that\r\n goes on\r\nA1  - Bell, Ada\r\n"
        "A1  - King, M. L., Jr\r\nY1  - 2001/05/04/Spring\r\nJO  - J. of Ants\r\n"
        "N2  - An abstract.\r\nKW  - a\r\nKW  - b\r\nUR  - https://doi.org/10.1/x;y\r\n"
        "N1  - one\r\nN1  - two\r\nID  - 17\r\nER  -\r\n"
    )
    entry = only("ris", text)
    paper = entry.paper
    assert (paper.title, paper.abstract) == ("A title that goes on", "An abstract.")
    assert paper.authors == ("Ada Bell", "M. L. King Jr")
    assert (paper.year, paper.date, paper.venue) == (2001, "2001-05-04", "J. of Ants")
    assert (paper.doi, paper.categories) == ("10.1/x;y", ("a", "b"))
    assert (paper.paper_id, entry.note) == ("", "one\ntwo")


def test_ris_records_without_end_or_beginning() -> None:
    """A record that is not ended is read all the same; lines outside of records are told."""
    text = "Provider: X\n\nTY  - JOUR\nTI  - One\nTY  - JOUR\nTI  - Two\nER  - \nTI  - Three\n"
    before, one, two, after = read("ris", text)
    assert [(e.line, e.paper.title) for e in (one, two)] == [(3, "One"), (5, "Two")]  # type: ignore[union-attr]
    why = "not a RIS record: no line TY  - begins it"
    assert before == Unreadable(1, "Provider: X", why)
    assert after == Unreadable(8, "TI - Three", why)


# --- CSV and JSON -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "row"),
    [
        ("Title,Authors,Year,Source title,DOI", 'T,"Bell, A.; Dole C.",2001,J,10.1/x'),
        (
            "Title;Author;Publication Year;Publication Title;DOI",
            'T;"Bell, A.; Dole C.";2001;J;10.1/x',
        ),
        (
            "title\tauthors\tdate\tjournal\turl",
            "T\tA. Bell, Dole C.\tMay 2001\tJ\thttp://doi.org/10.1/x",
        ),
    ],
)
def test_tables_of_others(heading: str, row: str) -> None:
    """Columns are known by the names that other programs give them, between , ; or tabs."""
    paper = only("csv", f"{heading}\n{row}\n").paper
    assert (paper.title, paper.authors) == ("T", ("A. Bell", "Dole C."))
    assert (paper.year, paper.venue, paper.doi) == (2001, "J", "10.1/x")


def test_rows_that_are_not_as_they_should_be() -> None:
    """A row of another length is told with its line; blank rows are passed over; lines count on."""
    text = 'title,note\n"Two\nlines",x\n\nshort\nT,y\n'
    first, bad, last = read("csv", text)
    assert isinstance(first, Entry)
    assert isinstance(last, Entry)
    assert bad == Unreadable(5, "short", "1 cells where the first line names 2 columns")
    assert (first.line, first.paper.title, last.line) == (2, "Two lines", 6)
    (huge, good) = read("csv", f"title\n{'x' * 200_000}\nT\n")
    assert isinstance(huge, Unreadable)
    assert (huge.line, huge.why) == (
        2,
        "not a row of the table: field larger than field limit (131072)",
    )
    assert isinstance(good, Entry)


def test_a_table_without_a_title() -> None:
    """A table that names neither titles nor DOIs is refused with its first line."""
    (bad,) = read("csv", "Name,Age\nAda,36\n")
    why = "no column is named title, abstract or doi; the first line must name the columns"
    assert bad == Unreadable(1, "Name,Age", f"{why}; they are 'Name', 'Age'")


def test_apostrophes_of_other_tables_stay() -> None:
    """Only in tables of ours is an apostrophe before a formula taken for a guard."""
    assert only("csv", "title\n'-ism\n").paper.title == "'-ism"


CSL = {
    "title": "T",
    "author": [{"given": "Ada", "family": "Bell"}, {"literal": "Ants Inc"}],
    "issued": {"date-parts": [[2001, 5]]},
    "container-title": ["J"],
    "DOI": "10.1/x",
    "note": "mine",
}


@pytest.mark.parametrize("text", [json.dumps([CSL], indent=1), json.dumps({"items": [CSL]})])
def test_json_of_others(text: str) -> None:
    """The records of CSL JSON, as an array or inside of an object."""
    entry = only("jsonl", text)
    paper = entry.paper
    assert (paper.title, paper.authors, paper.venue) == ("T", ("Ada Bell", "Ants Inc"), "J")
    assert (paper.date, paper.year, paper.doi) == ("2001-05", 2001, "10.1/x")
    assert entry.note == "mine"


def test_broken_lines_of_json() -> None:
    """A line that is no JSON, or no object, is told; in an array, what follows was not read."""
    text = '\n{"title": "One"}\n{"title": "T\n[1]\n{"title": "Two"}\n'
    first, broken, array, last = read("jsonl", text)
    assert [(e.line, e.paper.title) for e in (first, last)] == [(2, "One"), (5, "Two")]  # type: ignore[union-attr]
    assert isinstance(broken, Unreadable)
    assert (broken.line, broken.quote) == (3, '{"title": "T')
    assert array == Unreadable(4, "[1]", "not an object with a title")
    whole, rest = read("jsonl", '[{"title": "One"},\n{"title": oops}]')
    assert isinstance(whole, Entry)
    assert isinstance(rest, Unreadable)
    assert rest.line == 2
    assert rest.why.endswith("what follows it was not read")


PIECES = st.lists(
    st.sampled_from(
        [*"ab1 {}\\\"',=@#%&$~^_-()\n\r\t[]:;\x85\u2028é", "@a{k,", "title = ",
         "author = ", "and ", "TY  - J\n", "ER  - \n", "TI  - ", "N1  - ", "title,doi\n",
         '{"title": ', "\\emph{", "annote = {", "paperid = {p0123456789ab},", "\\'e", "null", '"']
    )
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FORMATS), PIECES.map("".join))
def test_no_text_breaks_a_reader(kind: str, text: str) -> None:
    """Whatever a file holds, a reader gives entries and unreadable stretches with lines in it."""
    for found in read(kind, text):
        assert 1 <= found.line <= text.count("\n") + len(text.splitlines()) + 1


def test_large_files_take_linear_time(library: Library) -> None:
    """2,000 records of each format are read and saved; a stretch is not looked through twice."""
    papers = [
        make_paper(paper_id=f"p{n:012x}", title=f"Title {n}", authors=("Ada Bell",), abstract=CAT)
        for n in range(2000)
    ]
    for kind in ("ris", "csv", "jsonl"):
        text = export(papers, kind, {paper.paper_id: "note" for paper in papers})
        report = import_bytes(library, kind, f"x.{kind}", text.encode(), None)
        assert (len(report.kept), report.unreadable) == (2000, ())
    assert {info.size for info in library.lists()} == {2000}
