"""Files and folders: what is read, what is passed over, and what is said about it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

import index.sources as sources_module
from index.decisions import FILE_NAME
from index.errors import SourceError
from index.formats import FORMATS
from index.formats.file import TextFile
from index.names import NameModel
from index.records import Mention, Skip
from index.sources import FileReport, list_files, load_page, read_sources, recognise
from index.sources.page import Page

ABSTRACT = (
    "Recurrent networks are trained by gradient descent on long sequences, and the gradients that "
    "flow through them either vanish or explode with time. We keep them stable."
)
TITLE = "Stable Gradients in Recurrent Networks"
WORKS = f"preprint2023arXiv\n\n{TITLE}\n\n{ABSTRACT}\n"
LISTING = f"LGOct 6, 2023\n{TITLE}Ada Lovelace\n{ABSTRACT}\n"
PROFILE = f"Publications\n\n{TITLE}\n{ABSTRACT[:140]}… (see more){ABSTRACT[140:]}\n"
MODEL = NameModel.load()


@pytest.fixture(autouse=True)
def _one_name_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is read from its file once, not for each test."""
    monkeypatch.setattr(NameModel, "load", lambda: MODEL)


def write(path: Path, text: str | bytes = WORKS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def text_file(path: Path) -> TextFile:
    return TextFile(path.as_posix(), lambda: path.open("rb"))


def titles(*paths: Path) -> list[tuple[str, str | None]]:
    """(file name, title) of everything read."""
    return [(Path(m.source).name, m.title) for m in read_sources(paths).mentions]


# Layouts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["page.txt", "papers.bib", "no-ending", "002_abc.TXT", "x.html"])
@pytest.mark.parametrize(
    ("text", "layout"), [(WORKS, "works"), (LISTING, "listing"), (PROFILE, "profile")]
)
def test_a_layout_is_known_by_its_content(tmp_path: Path, name: str, text: str, layout: str):
    """Each layout is recognised whatever the file is called."""
    reading = read_sources([write(tmp_path / name, text)])
    assert [f.layout for f in reading.files] == [layout]
    assert [(m.title, m.abstract) for m in reading.mentions] == [(TITLE, ABSTRACT)]
    assert reading.skipped == []


def test_the_layout_with_most_marks_wins():
    """A listing in which one abstract speaks of "… (see more)" is still a listing."""
    quoting = f"NEMay 29\nFolding Long TextsXu Ji\nSites print … (see more) in them.\n{LISTING}"
    assert recognise(Page("p", tuple(quoting.split("\n")))).name == "listing"


def test_a_page_in_no_known_layout_is_named_with_its_first_lines(tmp_path: Path):
    """The message quotes the first three filled lines, shortened, and the reading goes on."""
    long = "x" * 100
    write(tmp_path / "a.txt", f"# Notes\n\n  Some prose about nothing.\n{long}\nmore\n")
    write(tmp_path / "b.txt")
    reading = read_sources([tmp_path])
    assert reading.skipped == [
        Skip(
            f"{tmp_path.as_posix()}/a.txt",
            1,
            "no known layout (listing, works, profile) or format "
            f"({', '.join(reader.name for reader in FORMATS)}); the page begins "
            f"'# Notes' / 'Some prose about nothing.' / '{'x' * 57}...'",
        )
    ]
    assert [m.title for m in reading.mentions] == [TITLE]
    assert [(f.layout, f.mentions) for f in reading.files] == [(None, 0), ("works", 1)]


# Which files ------------------------------------------------------------------------------------


def test_a_folder_is_read_in_order(tmp_path: Path):
    """Files come sorted by name, folders within folders too, after the files beside them."""
    for name in ("b.txt", "a.txt", "sub/c.txt", "sub/deeper/d.txt", "another/e.txt"):
        write(tmp_path / name)
    found = [path.relative_to(tmp_path).as_posix() for path, _ in list_files([tmp_path])]
    assert found == ["a.txt", "b.txt", "another/e.txt", "sub/c.txt", "sub/deeper/d.txt"]


def test_hidden_files_and_the_decisions_are_left_out(tmp_path: Path):
    """Names that begin with a dot, and the user's decisions, are no sources."""
    for name in ("a.txt", ".hidden.txt", ".git/b.txt", "sub/.c.txt", FILE_NAME, f"sub/{FILE_NAME}"):
        write(tmp_path / name)
    assert list_files([tmp_path]) == [(tmp_path / "a.txt", False)]


def test_a_hidden_file_that_is_named_is_read(tmp_path: Path):
    """What the user names is read, whatever it is called."""
    assert titles(write(tmp_path / ".hidden.txt")) == [(".hidden.txt", TITLE)]


def test_a_file_given_twice_is_read_once(tmp_path: Path):
    """Naming a file twice, or also its folder, does not double what it states."""
    path = write(tmp_path / "a.txt")
    once = [("a.txt", TITLE)]
    assert titles(path, path) == titles(tmp_path, path) == titles(path, tmp_path) == once
    assert titles(tmp_path, tmp_path) == once


def test_a_file_named_in_two_ways_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A relative and an absolute path, or one with `..`, to one file are one source."""
    path = write(tmp_path / "sub" / "a.txt")
    monkeypatch.chdir(tmp_path)
    assert titles(Path("sub/a.txt"), path) == [("a.txt", TITLE)]
    assert titles(path, tmp_path / "sub" / ".." / "sub" / "a.txt") == [("a.txt", TITLE)]


def test_a_file_counts_as_named_if_it_is_named_anywhere(tmp_path: Path):
    """A file of a folder that is also named alone must be readable."""
    path = write(tmp_path / "a.txt", "")
    assert list_files([tmp_path, path]) == list_files([path, tmp_path]) == [(path, True)]


def test_a_loop_of_links_ends(tmp_path: Path):
    """A link to a folder above is not followed."""
    write(tmp_path / "sub" / "a.txt")
    (tmp_path / "sub" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    reading = read_sources([tmp_path])
    assert [m.title for m in reading.mentions] == [TITLE]
    assert [(Path(s.source).name, s.line) for s in reading.skipped] == [("self", None)]


def test_a_pipe_in_a_folder_does_not_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What is not a regular file, and would be waited for without end, is reported."""
    write(tmp_path / "a.txt")
    os.mkfifo(tmp_path / "pipe")
    real = Path.open

    def watched(self: Path, *arguments: Any, **options: Any) -> Any:
        if self.name == "pipe":
            raise AssertionError("opened a pipe, which waits without end")
        return real(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", watched)
    reading = read_sources([tmp_path])
    assert [m.title for m in reading.mentions] == [TITLE]
    assert [(Path(s.source).name, s.line) for s in reading.skipped] == [("pipe", None)]


def test_a_report_for_each_file(tmp_path: Path):
    """Every file that was looked at is reported with layout, digest and number of mentions."""
    write(tmp_path / "a.txt", LISTING * 3)
    write(tmp_path / "b.txt", "")
    write(tmp_path / "c.txt", "nothing known\n")
    digests = [
        hashlib.sha256(text.encode()).hexdigest() for text in (LISTING * 3, "nothing known\n")
    ]
    root = tmp_path.as_posix()
    assert read_sources([tmp_path]).files == [
        FileReport(f"{root}/a.txt", "listing", digests[0], 3),
        FileReport(f"{root}/b.txt", None, None, 0),
        FileReport(f"{root}/c.txt", None, digests[1], 0),
    ]


# What cannot be read ----------------------------------------------------------------------------


def test_a_path_that_is_not_there(tmp_path: Path):
    """A misspelt path stops the reading, and is named."""
    missing = tmp_path / "missing"
    with pytest.raises(SourceError) as caught:
        read_sources([write(tmp_path / "a.txt"), missing])
    assert (caught.value.source, caught.value.line) == (str(missing), None)
    assert str(caught.value) == f"{missing}: no such file or folder; check the spelling"


BAD = {
    "empty": (b"", 1, "the file is empty"),
    "blank": (b"\n  \n\t\n", 1, "the file is empty"),
    "binary": (b"preprint2023arXiv\nA title\nPK\x03\x04\0\0\n", 3, "binary file (a NUL byte)"),
    "utf-16": ("preprint2023arXiv\n".encode("utf-16"), 1, "binary file (a NUL byte)"),
    "not utf-8": (b"preprint2023arXiv\n\nR\xe9seaux\n", 3, "not UTF-8: byte 2 is 0xe9, after b'R'"),
    "cut utf-8": (b"a\n\nabc \xe2\x80\n", 3, "not UTF-8: byte 5 is 0xe2, after b'abc '"),
    "long": (b"first\n" + b"x" * 101 + b"\n", 2, "the line is longer than 100 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str):
    """A file that the user named and that cannot be read is an error with file and line."""
    monkeypatch.setattr(sources_module, "LONGEST_LINE", 100)
    text, line, why = BAD[case]
    path = write(tmp_path / "bad.txt", text)
    with pytest.raises(SourceError) as caught:
        read_sources([path])
    assert (caught.value.source, caught.value.line) == (path.as_posix(), line)
    assert caught.value.why.startswith(why)
    assert str(caught.value) == f"{path}:{line}: {caught.value.why}"


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str):
    """A file of a folder that cannot be read is skipped with file and line, the next is read."""
    monkeypatch.setattr(sources_module, "LONGEST_LINE", 100)
    text, line, why = BAD[case]
    bad = write(tmp_path / "bad.txt", text)
    write(tmp_path / "good.txt", f"preprint2023arXiv\n\n{TITLE}\n")
    reading = read_sources([tmp_path])
    (skip,) = reading.skipped
    assert (skip.source, skip.line) == (bad.as_posix(), line)
    assert skip.why.startswith(why)
    assert [m.title for m in reading.mentions] == [TITLE]


def test_a_line_as_long_as_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The bound on a line counts its bytes, its line end among them."""
    monkeypatch.setattr(sources_module, "LONGEST_LINE", 100)
    whole = write(tmp_path / "a.txt", "é" * 49 + "x\n")  # 100 bytes
    assert load_page(text_file(whole))[0].lines == ("é" * 49 + "x",)
    with pytest.raises(SourceError, match=r"a\.txt:1: the line is longer than 100 bytes"):
        load_page(text_file(write(whole, "é" * 50 + "x\n")))


def test_a_file_that_vanishes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A file that is gone between listing and reading is skipped, one that was named an error."""
    gone, kept = write(tmp_path / "a.txt"), write(tmp_path / "b.txt")
    listed = list_files([tmp_path])
    gone.unlink()
    monkeypatch.setattr(sources_module, "list_files", lambda *_: listed)
    reading = read_sources([tmp_path])
    assert reading.skipped == [
        Skip(gone.as_posix(), None, "cannot be read: No such file or directory")
    ]
    assert [m.source for m in reading.mentions] == [kept.as_posix()]
    monkeypatch.setattr(sources_module, "list_files", lambda *_: [(gone, True)])
    with pytest.raises(SourceError, match=r"a\.txt: cannot be read: No such file or directory"):
        read_sources([gone])


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A file that may not be opened is skipped in a folder and an error when named."""
    path = write(tmp_path / "a.txt")

    def refuse(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    assert read_sources([tmp_path]).skipped == [
        Skip(path.as_posix(), None, "cannot be read: Permission denied")
    ]
    with pytest.raises(SourceError, match="cannot be read: Permission denied"):
        read_sources([path])


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder without permission is an error that names it, not an empty folder."""

    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied", os.fspath(str(path)))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(SourceError) as caught:
        read_sources([tmp_path])
    assert str(caught.value) == f"{tmp_path}: cannot be listed: Permission denied"


def test_strict_raises_at_the_first_skip(tmp_path: Path):
    """With `strict`, a skipped file or stretch stops the reading."""
    bad = write(tmp_path / "bad.txt", "")
    with pytest.raises(SourceError) as caught:
        read_sources([tmp_path], strict=True)
    assert (caught.value.source, caught.value.line) == (bad.as_posix(), 1)
    bad.unlink()
    half = write(tmp_path / "half.txt", f"{WORKS}\npreprint2020arXiv\n")
    assert [m.title for m in read_sources([tmp_path]).mentions] == [TITLE]
    with pytest.raises(SourceError) as caught:
        read_sources([tmp_path], strict=True)
    assert (caught.value.source, caught.value.line) == (half.as_posix(), 7)
    assert caught.value.why == "'preprint2020arXiv' without a title"


def test_strict_reads_what_is_whole(tmp_path: Path):
    """With `strict`, sources without a fault are read as ever."""
    write(tmp_path / "a.txt", LISTING)
    strict = read_sources([tmp_path], strict=True)
    assert strict.mentions == read_sources([tmp_path]).mentions
    assert [m.title for m in strict.mentions] == [TITLE]


# Lines and bytes --------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [WORKS, LISTING, PROFILE])
def test_byte_order_mark_and_line_ends_change_nothing(tmp_path: Path, text: str):
    """A byte order mark, CRLF line ends and a missing last line end leave the mentions as are."""
    path = write(tmp_path / "a.txt", text)
    plain = read_sources([path]).mentions
    assert len(plain) == 1
    for other in (
        "\ufeff" + text,
        text.replace("\n", "\r\n"),
        text.rstrip("\n"),
        "\ufeff" + text.replace("\n", "\r\n").rstrip(),
    ):
        write(path, other)
        assert read_sources([path]).mentions == plain


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1e"])
def test_only_a_line_feed_ends_a_line(tmp_path: Path, mark: str):
    """Unicode's other line ends stay inside their line, so that line numbers are an editor's."""
    text = f"\npreprint2023arXiv\n\nStable{mark}Gradients\n\n{ABSTRACT[:48]}{mark}{ABSTRACT[48:]}\n"
    (mention,) = read_sources([write(tmp_path / "a.txt", text)]).mentions
    assert (mention.line_start, mention.line_end, mention.title) == (2, 6, "Stable Gradients")
    assert mention.abstract == f"{ABSTRACT[:48]} {ABSTRACT[48:]}"


def test_the_page_keeps_its_lines(tmp_path: Path):
    """Lines are as in the file but for their ends, and the digest is of the file's bytes."""
    text = "\ufeff  a \r\n\r\nb\r\n\u2028c"
    page, digest = load_page(text_file(write(tmp_path / "a.txt", text)))
    assert page == Page(f"{tmp_path.as_posix()}/a.txt", ("  a ", "", "b", "\u2028c"))
    assert digest == hashlib.sha256(text.encode()).hexdigest()


def test_mentions_carry_their_source(tmp_path: Path):
    """The source is the path as it was given, with lines that hold the record."""
    path = write(tmp_path / "sub" / "a.txt", f"\n\n{LISTING}")
    assert read_sources([tmp_path]).mentions == [
        Mention(
            path.as_posix(),
            3,
            5,
            title=TITLE,
            authors=("Ada Lovelace",),
            year=2023,
            date="2023-10-06",
            categories=("LG",),
            abstract=ABSTRACT,
        )
    ]
