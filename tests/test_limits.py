"""Far beyond what anybody means to do: a right answer or an error that names the file, in time."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import signal
import socket
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest

from index.errors import EmptyQueryError, SourceError
from index.formats.entries import Entry
from index.formats.file import TextFile
from index.formats.ris import Ris
from index.names import NameModel
from index.sources import Reading, read_sources
from search.engine import Searcher
from tests.conftest import CAT, works_page
from tests.fakes import FakeEncoder

PATIENCE = 10  # seconds for one input, on a busy machine; most take a fraction of one
MILLION = 1_000_000


@pytest.fixture(autouse=True)
def _in_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test ends within PATIENCE; the model of names is read once for all."""

    def late(_: int, __: FrameType | None) -> None:
        raise TimeoutError(f"not done after {PATIENCE} s")

    names = _names()
    monkeypatch.setattr(NameModel, "load", classmethod(lambda _: names))
    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(PATIENCE)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def _names(model: list[NameModel] = []) -> NameModel:  # noqa: B006  # kept on purpose
    if not model:
        model.append(NameModel.load())
    return model[0]


def read(folder: Path, name: str, content: bytes | str) -> Reading:
    """What a folder with this file, and a good one behind it, states."""
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    (folder / "zz.txt").write_text(works_page(("article2020", "Cats in winter", CAT)))
    reading = read_sources(folder)
    assert reading.mentions[-1].title == "Cats in winter"
    assert reading.mentions[-1].source.endswith("/zz.txt")
    return reading


# --- Questions --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def searcher(short_index: Path) -> Iterator[Searcher]:
    found = Searcher.open(short_index, encoder=FakeEncoder())
    yield found
    found.snapshot.close()


@pytest.mark.parametrize(
    "query",
    [
        "recurrent networks " * 15_000,
        "a" * MILLION,
        "a",
        "\0",
        "\ud800 networks",
        "?!.,;" * 20_000,
        "(" * 10_000,
        '"' * 10_001,
        "-a " * 10_000,
        "OR " * 10_000 + "networks",
        "title:networks " * 10_000,
        "year:2020.. " * 10_000,
        'author:"' * 10_000,
        "autor:x " * 10_000,
        "\u202e" * 1000 + "networks",
        "-" * MILLION,
        " " * MILLION + "networks",
    ],
    ids=lambda query: repr(query[:12]),
)
def test_any_query_is_answered(searcher: Searcher, query: str) -> None:
    """However long and whatever is in it, a query has at most the hits asked for, best first."""
    hits = searcher.search(query, k=5)
    assert len(hits) <= 5
    assert [hit.rank for hit in hits] == [*range(1, len(hits) + 1)]


def test_very_many_slips_are_told_in_few_words(searcher: Searcher) -> None:
    """A query of empty quotation marks alone is refused with the first of them."""
    with pytest.raises(EmptyQueryError) as caught:
        searcher.search('"" ' * 10_000)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
def test_more_than_everything(searcher: Searcher, mode: str) -> None:
    """However many hits are asked for, all that there are come, and no memory is set aside."""
    few = searcher.search("networks learning", k=32, mode=mode)
    assert [h.paper for h in searcher.search("networks learning", k=10**12, mode=mode)] == [
        h.paper for h in few
    ]
    paper_id = few[0].paper.paper_id
    assert len(searcher.similar([paper_id], k=10**12)) == 31


# --- Files that are none ----------------------------------------------------------------------


def test_what_is_no_file_is_passed_over(tmp_path: Path) -> None:
    """A pipe, a socket, a device and links in a circle are told by name; the rest is read."""
    os.mkfifo(tmp_path / "a-pipe.txt")
    (tmp_path / "b-device.txt").symlink_to("/dev/zero")
    (tmp_path / "c-loop.txt").symlink_to("c-loop.txt")
    (tmp_path / "d-folder").symlink_to(tmp_path)
    here = Path.cwd()
    os.chdir(tmp_path)  # the path of a socket may have a hundred characters
    try:
        with socket.socket(socket.AF_UNIX) as unix:
            unix.bind("e-socket.txt")
    finally:
        os.chdir(here)
    reading = read(tmp_path, "f.txt", "")
    assert [Path(skip.source).name for skip in reading.skipped] == [
        "a-pipe.txt", "b-device.txt", "c-loop.txt", "e-socket.txt", "f.txt",
    ]  # fmt: skip
    assert len(reading.mentions) == 1


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"two\nlines.txt", "two\\nlines.txt"),
        (b"\x1b[31mred.txt", "\\x1b[31mred.txt"),
        (b"caf\xe9.txt", "caf\\udce9.txt"),
        ("\u202etxt.exe.txt".encode(), "\\u202etxt.exe.txt"),
        (b"<script>alert('1')&.txt", "<script>alert('1')&.txt"),
        (b"..  ..txt", "..  ..txt"),
        ("Zoë 漢字 😀.txt".encode(), "Zoë 漢字 😀.txt"),
        (b"n" * 250 + b".txt", "n" * 250 + ".txt"),
    ],
    ids=lambda name: repr(name[:9]),
)
def test_hostile_names_of_files(tmp_path: Path, name: bytes, shown: str) -> None:
    """A file of any name is read, and its name is one line that can be stored and shown."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/x" + name))
    path.write_text(works_page(("article2020", "Cats in winter", CAT)))
    (mention,) = read_sources(tmp_path).mentions
    assert mention.source == f"{tmp_path.as_posix()}/x{shown}"


def test_hostile_names_inside_of_an_archive(tmp_path: Path) -> None:
    """Paths that lead out of an archive lead nowhere: nothing is written, the text is read."""
    page = works_page(("article2020", "Cats in winter", CAT))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("./x/../../up.txt", page)
        archive.writestr("/etc/two\nlines.txt", page)
    sources = [mention.source for mention in read_sources(tmp_path).mentions]
    begin = f"{tmp_path.as_posix()}/a.zip"
    assert sources == [f"{begin}/x/../../up.txt", f"{begin}//etc/two\\nlines.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


# --- Bombs ------------------------------------------------------------------------------------


def zipped(content: bytes, times: int, files: int = 1) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(files):
            with archive.open(f"{number}.txt", "w", force_zip64=True) as file:
                for _ in range(times):
                    file.write(content)
    return packed.getvalue()


@pytest.mark.parametrize("files", [1, 20])
def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, files: int) -> None:
    """An archive of which one file, or all together, unpack to far too much is told by name."""
    content = zipped(b"\n" * MILLION, 100 // files, files)
    assert len(content) < MILLION
    (skip,) = read(tmp_path, "bomb.zip", content).skipped
    assert skip.source.endswith("/bomb.zip")
    assert "unpack to 100,000,000, as no text does; unpack it yourself" in skip.why


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_bomb_is_given_up(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """A packed file that unpacks to far too much is read no further than that shows."""
    content = pack(b"TY  - JOUR\n" + (b"x" * 99 + b"\n") * (MILLION // 5))
    (skip,) = read(tmp_path, "bomb.ris", content).skipped
    assert skip.source.endswith("/bomb.ris")
    assert "unpacks to more than 100 times its size, as no text does" in skip.why


def test_an_archive_in_an_archive_is_no_text(tmp_path: Path) -> None:
    """Archives inside of archives are not opened but told."""
    inner = zipped(b"\n", 1)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("inner.zip", inner)
    (skip,) = read(tmp_path, "b.txt", works_page(("article2020", "Dogs", CAT))).skipped
    assert skip.source.endswith("/a.zip/inner.zip")
    assert "binary file" in skip.why


def test_text_that_packs_well_is_no_bomb(tmp_path: Path) -> None:
    """Uniform records pack to a hundredth of their size, and are read while they are few."""
    content = gzip.compress(b"TY  - JOUR\nTI  - Dogs\nER  - \n" * 3000)
    reading = read(tmp_path, "a.ris.gz", content)
    assert len(reading.mentions) == 3001
    assert not reading.skipped


# --- Texts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", [b"a" * 100 * MILLION, b"[" * 10 * MILLION, b"cats and " * 3 * MILLION]
)
def test_an_endless_line_is_told(tmp_path: Path, content: bytes) -> None:
    """A line longer than any record is told with its file and number."""
    (skip,) = read(tmp_path, "a.txt", content).skipped
    assert (Path(skip.source).name, skip.line) == ("a.txt", 1)
    assert "the line is longer than" in skip.why


def test_a_page_without_end_is_told(tmp_path: Path) -> None:
    """A text in no format with more lines than any list is given up, whatever is in them."""
    (skip,) = read(tmp_path, "a.txt", b"cats\n" * MILLION).skipped
    assert "more than 500,000 lines" in skip.why


@pytest.mark.parametrize("begin", ["[", '{"title":'])
def test_json_nested_very_deeply(tmp_path: Path, begin: str) -> None:
    """JSON of 100,000 levels is told; nothing is read wrongly and nothing overflows."""
    end = {"[": "]"}.get(begin, "}")
    content = f'{{"title": "Dogs", "x": {begin * 100_000}1{end * 100_000}}}\n'
    (skip,) = read(tmp_path, "a.jsonl", content).skipped
    assert skip.line == 1
    assert "nested too deeply" in skip.why


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    """Entities that a file declares, of the file system or of each other, are text and told."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    declared = f'<!ENTITY l0 "ha"><!ENTITY file SYSTEM "file:///etc/passwd">{laughs}'
    reading = read(
        tmp_path,
        "a.xml",
        f"<?xml version='1.0'?><!DOCTYPE PubmedArticleSet [{declared}]><PubmedArticleSet>"
        "<PubmedArticle><MedlineCitation><PMID>1</PMID><Article><ArticleTitle>Dogs &file; &l11;"
        "</ArticleTitle></Article></MedlineCitation></PubmedArticle></PubmedArticleSet>",
    )
    assert [mention.title for mention in reading.mentions] == [
        "Dogs &file; &l11;",
        "Cats in winter",
    ]
    assert "the file declares an entity" in reading.skipped[0].why


def test_a_cell_of_many_megabytes(tmp_path: Path) -> None:
    """A cell beyond the limit of the csv module is told, and the next row is read."""
    cell = "purr " * (4 * MILLION)
    content = f'title,abstract\nDogs,"{cell}"\nBirds,"They sing."\n'
    reading = read(tmp_path, "a.csv", content)
    assert "Birds" in [mention.title for mention in reading.mentions]
    assert reading.skipped[0].line == 2


def test_a_file_that_is_written_while_it_is_read(tmp_path: Path) -> None:
    """Of a file that is emptied meanwhile, what was read of it before stays."""
    path = tmp_path / "a.ris"
    path.write_bytes(b"TY  - JOUR\nTI  - Dogs\nER  - \n" * 20_000)

    class Shrinking(io.FileIO):
        def readline(self, *arguments: int) -> bytes:  # type: ignore[override]
            if self.tell() > 100_000:
                path.write_bytes(b"")
            return super().readline(*arguments)

    file = TextFile("a.ris", lambda: Shrinking(path))  # type: ignore[arg-type, return-value]
    found = [entry for entry in Ris().read(file) if isinstance(entry, Entry)]
    assert 3000 < len(found) < 20_000
    assert {entry.paper.title for entry in found[:-1]} == {"Dogs"}
    assert found[-1].paper.title in ("Dogs", None)  # which becomes a skip


TRAPS = {
    "blanks": "a" + " " * 200_000 + "b",
    "letters": "a" * 200_000,
    "capitals": "A" * 200_000,
    "dots": "a · " * 50_000,
    "initials": "A. " * 60_000,
    "commas": "A B, " * 40_000,
    "others": "et al " * 30_000,
    "addresses": "x://" * 50_000,
    "figures": "2020" * 50_000,
    "doi": "10.1" * 50_000,
    "tags": "<i a=" * 40_000,
    "formulas": "$x" * 100_000,
}


@pytest.mark.parametrize("trap", TRAPS)
def test_no_text_traps_a_pattern(tmp_path: Path, trap: str) -> None:
    """200,000 of the same signs in every field of every format are read within seconds."""
    text = TRAPS[trap]
    pages = {
        "works.txt": works_page(("article2020", text, "We show cats."), ("article2021", "A", text)),
        "listing.txt": f"79.2NEMay 29\n{text}\n{text}\n",
        "a.ris": "".join(
            f"{tag}  - {text}\n" for tag in ("TI", "AU", "JO", "DO", "PY", "AB", "KW")
        ),
        "a.bib": ", ".join(f"{name}={{{text}}}" for name in ("title", "author", "doi", "keywords")),
        "a.json": json.dumps(
            dict.fromkeys(("title", "abstract", "authors", "doi", "journal", "categories"), text)
        ),
        "a.csv": f'title,authors,doi,keywords\n"{text[:100_000]}","{text[:100_000]}",x,y\n',
    }
    pages["a.ris"] = f"TY  - JOUR\n{pages['a.ris']}ER  - \n"
    pages["a.bib"] = f"@article{{a, {pages['a.bib']}}}\n"
    for name, page in pages.items():
        (tmp_path / name).write_text(page)
    reading = read_sources(tmp_path)
    told = {Path(found.source).name for found in (*reading.mentions, *reading.skipped)}
    assert told == {*pages}


@pytest.mark.parametrize("rows", [2, 20_000])
def test_a_quotation_mark_left_open_in_a_heading(tmp_path: Path, rows: int) -> None:
    """A heading that swallows the rows of a table is told; they do not vanish unsaid."""
    content = 'title,author,"year\n' + "Dogs,Ann Bell,2020\n" * rows
    (skip,) = read(tmp_path, "a.csv", content).skipped
    assert skip.line == 1
    assert "a quotation mark is left open in the line of headings" in skip.why


def test_links_that_are_left_open(tmp_path: Path) -> None:
    """A page of 100 kB of which every link holds the rest of the page is read within seconds."""
    item = '<li>A. Bell, B. Roy. <a href="https://doi.org/10.10Ada Bell</title></head><ul>\n'
    page = "<!DOCTYPE html><html><body><h2>2020</h2><ul>" + item * 600 + "</ul></body></html>"
    reading = read(tmp_path, "a.html", page)
    assert [file.layout for file in reading.files] == ["HTML page", "works"]


def test_a_value_of_very_many_lines(tmp_path: Path) -> None:
    """A field that goes on over 100,000 lines is put together once, not line by line."""
    content = "%0 Journal Article\n%T Dogs\n%X They bark.\n" + "Bark and bark again.\n" * 100_000
    reading = read(tmp_path, "a.enw", content)
    assert len(reading.mentions[0].abstract or "") == len("They bark.") + 21 * 100_000


def test_control_characters_of_a_page_go(tmp_path: Path) -> None:
    """What cannot be seen, and what turns the direction of writing, is in no field of a page."""
    page = works_page(("article2020Na\x01ture", "Dogs\x11 in\x1b[31m \u202esummer", CAT + "\x7f"))
    mention = read(tmp_path, "a.txt", page).mentions[0]
    assert (mention.title, mention.venue) == ("Dogs in[31m summer", "Nature")
    assert mention.abstract == CAT


def test_a_file_that_is_named_is_told_as_an_error(tmp_path: Path) -> None:
    """A pipe that the user names is an error with its name, and nothing waits for it."""
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(SourceError, match=r"pipe\.txt: not a regular file"):
        read_sources(tmp_path / "pipe.txt")
