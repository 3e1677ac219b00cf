"""Web archives: a page that a browser saved with all that belongs to it in one file."""

from __future__ import annotations

import base64
import html
import quopri
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.formats import recognised
from index.formats.entries import Entry, Unreadable
from index.formats.file import TextFile
from index.formats.mhtml import WebArchive
from index.sources import read_sources
from tests.conftest import SHORT

READER = WebArchive()
PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8">
<meta name="citation_title" content="Crusts – and the crumb they keep">
<meta name="citation_author" content="Gödel, Kurt">
<meta name="citation_publication_date" content="2003/05/01">
<meta name="citation_doi" content="10.1000/crust=3D">
</head><body>""" + "<p>" + "A long line about bread. " * 20 + "</p></body></html>\n"  # fmt: skip


def archive(
    page: bytes, encoding: str = "quoted-printable", kind: str = "text/html", end: str = "\r\n"
) -> bytes:
    """A file as Chromium saves it, with a picture before and a frame after the page."""
    packed = {
        "quoted-printable": quopri.encodestring,
        "base64": base64.encodebytes,
        "8bit": lambda content: content,
    }[encoding](page)
    head = (
        "From: <Saved by Blink>\nSnapshot-Content-Location: https://x.org/crusts\n"
        "Subject: =?utf-8?Q?Crusts=20?=\nDate: Mon, 3 Mar 2025 10:00:00 -0000\nMIME-Version: 1.0\n"
        'Content-Type: multipart/related;\n\ttype="text/html";\n\tboundary="----Bound--Ab1----"\n'
        "\n\n------Bound--Ab1----\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n"
        "Content-Location: https://x.org/a.png\n\niVBORw0KGgo=\n\n"
        f"------Bound--Ab1----\nContent-Type: {kind}\nContent-ID: <frame-1@mhtml.blink>\n"
        f"Content-Transfer-Encoding: {encoding}\nContent-Location: https://x.org/crusts\n\n"
    )
    tail = (
        "\n------Bound--Ab1----\nContent-Type: text/html\n\n<p>A frame.</p>\n"
        "------Bound--Ab1------\n"
    )
    return head.encode().replace(b"\n", end.encode()) + packed + tail.encode()


def read(content: bytes) -> list[Entry | Unreadable]:
    return list(READER.read(TextFile.of("a.mhtml", content)))


@pytest.mark.parametrize("encoding", ["quoted-printable", "base64", "8bit"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_page_in_an_archive(encoding: str, end: str) -> None:
    """It is read like the page itself, with the lines of the page."""
    content = archive(PAGE.encode(), encoding, end=end)
    assert recognised(TextFile.of("a", content)).name == "MHTML page"  # type: ignore[union-attr]
    (entry,) = read(content)
    assert isinstance(entry, Entry)
    paper = entry.paper
    assert paper.title == "Crusts – and the crumb they keep"
    assert (paper.authors, paper.year) == (("Kurt Gödel",), 2003)
    assert paper.doi == "10.1000/crust=3D"
    assert (entry.line, entry.line_end) == (3, 6)


@pytest.mark.parametrize(
    ("kind", "codec"),
    [
        ('text/html; charset="windows-1251"', "cp1251"),
        ("text/html; charset=iso-8859-15", "iso-8859-15"),
        ("text/html; charset=no-such-thing", "utf-8"),
        ("text/html; charset=utf-8", "cp1252"),  # which is not what it says
        ("TEXT/HTML", "utf-8"),
    ],
)
def test_the_encoding_that_an_archive_declares(kind: str, codec: str) -> None:
    """It counts if it is known and the page is in it."""
    letter = "Гедель" if codec == "cp1251" else "Gödel"
    page = PAGE.replace("–", "-").replace("Gödel", letter).encode(codec)
    (entry,) = read(archive(page, kind=kind))
    assert isinstance(entry, Entry)
    assert entry.paper.authors == (f"Kurt {letter}",)


def test_layouts_of_pages_are_found_in_an_archive(tmp_path: Path) -> None:
    """Seeds as HTML in an archive give the papers of the seeds."""
    for seed in SHORT:
        lines = html.escape(seed.read_text(encoding="utf-8")).split("\n")
        page = "<!DOCTYPE html>\n<html><body>" + "".join(f"<p>{line}</p>\n" for line in lines)
        saved = tmp_path / f"{seed.stem}.mhtml"
        saved.write_bytes(archive(page.encode()))
        text, reading = read_sources([seed]), read_sources([saved])
        assert [m.title for m in reading.mentions] == [m.title for m in text.mentions]
        assert [m.line_start for m in reading.mentions] == [m.line_start + 1 for m in text.mentions]
        assert reading.files[0].layout == f"MHTML page, {text.files[0].layout}"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (archive(b"x", kind="text/plain").replace(b"text/html\r\n", b"a/b\r\n").replace(
            b"Type: text/html\n", b"Type: text/css\n"),
         "without a page: its parts are image/png, text/plain, text/css, not text/html"),
        (archive(b" "), "the page in it is empty"),
        (archive(b"<p>\0"), "the page in it is binary"),
        (archive(b"<p>a")[:300], "without a page: its parts are image/png, not text/html"),
        (archive(b"<html><p>a"), "no paper found"),
    ],
)  # fmt: skip
def test_an_archive_without_a_page(content: bytes, why: str) -> None:
    """It is told with what is in it."""
    (told,) = read(content)
    assert isinstance(told, Unreadable)
    assert why in told.why
    assert told.line == 1


@pytest.mark.parametrize(
    "head",
    [
        "Content-Type: text/html\n\n<p>a",  # of a server's answer, no message
        "TY  - JOUR\nTI  - MIME-Version: 1.0\nContent-Type: text/html\nER  - \n",
        "Title: A\n\nMIME-Version: 1.0\nContent-Type: text/html\n",
        "PMID- 1\nTI  - A\n",
        "MIME-Version: 1.0\nContent-Type: text/plain\n\nHello",
    ],
)
def test_what_is_no_archive(head: str) -> None:
    """Its header says that it is a message of MIME and that it has a page."""
    assert not READER.fits(head)


def test_an_archive_of_archives_of_archives() -> None:
    """One that is nested a thousand times is told, not raised."""
    begin = "MIME-Version: 1.0\n"
    for i in range(1000):
        begin += f'Content-Type: multipart/related; boundary="b{i}"\n\n--b{i}\n'
    (told,) = read(begin.encode())
    assert isinstance(told, Unreadable)


@settings(max_examples=60, deadline=None)
@example(0, b"\0", 0)
@given(st.integers(0, 1500), st.binary(max_size=12), st.integers(0, 40))
def test_no_damage_breaks_the_reader(place: int, put: bytes, dropped: int) -> None:
    """Whatever bytes are changed, something is told and nothing is raised."""
    content = archive(PAGE.encode())
    damaged = content[:place] + put + content[place + dropped :]
    assert read(damaged)
