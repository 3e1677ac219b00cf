"""The library page and the save buttons, run without a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from index.records import Paper
from pages.parts.exchange import file_name
from search.library import Library
from tests.conftest import VisitPage, make_paper, papers_of
from tests.pages import buttons, links, markup, own, plain_label, press, readable

Open = Callable[..., AppTest]


@pytest.fixture
def library(index_copy: Path) -> Library:
    return Library(index_copy)


@pytest.fixture
def papers(index_copy: Path) -> list[Paper]:
    return papers_of(index_copy)


@pytest.fixture
def visit(visit_page: VisitPage, index_copy: Path) -> Open:
    """A call that opens a page at an address, as a new tab does, and gives it as drawn."""
    return lambda on="library", **address: visit_page(on, index_copy, **address)


def titles(page: AppTest) -> list[str]:
    """Titles of the papers on the page, from the top."""
    found = re.findall(
        "<article [^>]*><h3>(?:<span class='rank'>.*?</span>)?(.*?)</h3>", markup(page)
    )
    return [readable(title) for title in found]


def field(page: AppTest, name: str) -> str:
    """The text in the line or box of that label."""
    (found,) = [
        box for box in (*page.text_input, *page.text_area) if plain_label(box.label) == name
    ]
    return str(found.value)


def fill(page: AppTest, name: str, text: str) -> AppTest:
    """Type into the line or box of that label."""
    (found,) = [
        box for box in (*page.text_input, *page.text_area) if plain_label(box.label) == name
    ]
    found.set_value(text)
    return page


def notes(library: Library, name: str = "L") -> list[str]:
    return [saved.note for saved in library.saved(name)]


def upload(page: AppTest, name: str, content: bytes) -> AppTest:
    """Choose a file and press the button that imports it."""
    page.file_uploader[0].set_value((name, content, "text/plain"))
    (button,) = [label for label in buttons(page) if label.startswith("Import into")]
    return press(page, button)


# --- Lists ------------------------------------------------------------------------------------


def test_an_empty_library_says_how_to_fill_it(visit: Open, library: Library) -> None:
    """Without any list the page tells of the Save button and takes a file; nothing is written."""
    page = visit()
    assert "press <b>Save</b> at a paper" in markup(page)
    assert titles(page) == []
    assert not library.path.exists()
    upload(page, "x.ris", b"TY  - JOUR\nTI  - Ants\nER  - \n")
    assert [(info.name, info.size) for info in library.lists()] == [("Saved", 1)]


def test_the_address_names_the_list(visit: Open, library: Library, papers: list[Paper]) -> None:
    """The list of the address is shown, in any letter case, with its papers in order of saving."""
    for name, chosen in (("Saved", papers[:1]), ("To <b>*read*</b>", papers[3:0:-1])):
        library.save_all(name, [(paper, "") for paper in chosen])
    page = visit(list="to <B>*READ*</b>")
    assert titles(page) == [paper.display_title for paper in papers[3:0:-1]]
    assert "<h2><bdi>To &lt;b&gt;*read*&lt;/b&gt;</bdi></h2>" in markup(page)
    assert "3 papers, changed on 2" in markup(page)
    assert titles(visit()) == [papers[0].display_title]
    page = press(visit(), "To <b>*read*</b> (3)")
    assert own(page) == {"list": "To <b>*read*</b>"}
    assert len(titles(page)) == 3


def test_a_list_that_is_not_there(visit: Open, library: Library, papers: list[Paper]) -> None:
    """An address of a list that is gone says so and offers those that there are."""
    library.save("L", papers[0])
    page = visit(list="<i>gone</i>")
    assert "There is no list “&lt;i&gt;gone&lt;/i&gt;”" in markup(page)
    assert titles(page) == []
    assert "L (1)" in buttons(page)


def test_making_renaming_and_refusing(visit: Open, library: Library) -> None:
    """A new list is shown at once; a name that is taken is told and changes nothing."""
    library.create("First")
    page = press(fill(visit(), "Name of the new list", " Second "), "Make the list")
    assert own(page) == {"list": "Second"}
    assert "Nothing is in this list yet" in markup(page)
    page = press(fill(page, "New name of the list", "FIRST"), "Rename")
    assert "there is a list &#x27;FIRST&#x27; already" in markup(page)
    page = press(fill(page, "New name of the list", "Third"), "Rename")
    assert own(page) == {"list": "Third"}
    assert "“Second” is now called “Third”" in markup(page)
    page = press(page, "Undo")
    assert [info.name for info in library.lists()] == ["First", "Second"]
    page = press(fill(page, "Name of the new list", "  "), "Make the list")
    assert "a list needs a name" in markup(page)


def test_deleting_a_list_and_undoing_it(visit: Open, library: Library, papers: list[Paper]) -> None:
    """A deleted list is brought back by Undo at once, and by Restore later, in any tab."""
    library.save("L", papers[0], "mine")
    library.save("Other", papers[1])
    page = press(visit(list="L"), "Delete list")
    assert "Deleted the list “L”" in markup(page)
    assert [info.name for info in library.lists()] == ["Other"]
    page = press(page, "Undo")
    assert (own(page), titles(page)) == ({"list": "L"}, [papers[0].display_title])
    press(page, "Delete list")
    page = press(visit(), "Restore L (1)")
    assert notes(library) == ["mine"]
    assert titles(page) == [papers[0].display_title]
    assert not [label for label in buttons(page) if label.startswith("Restore")]


# --- Papers -----------------------------------------------------------------------------------


def test_removing_a_paper_and_undoing_it(
    visit: Open, library: Library, papers: list[Paper]
) -> None:
    """A removed paper leaves the list; Undo puts it back where it was, with its note."""
    library.save_all("L", [(paper, f"n{i}") for i, paper in enumerate(papers[:3])])
    page = press(visit(), "Remove", 1)
    assert titles(page) == [papers[i].display_title for i in (0, 2)]
    page = press(page, "Undo")
    assert titles(page) == [paper.display_title for paper in papers[:3]]
    assert notes(library) == ["n0", "n1", "n2"]
    assert "Undo" not in buttons(press(page, "Edit note"))


def test_moving_a_paper_and_undoing_it(visit: Open, library: Library, papers: list[Paper]) -> None:
    """A paper is moved, or kept in both, by a list to choose; Undo takes the move back."""
    library.save("L", papers[0], "mine")
    library.create("Other")
    page = press(visit(list="L"), "Move")
    assert page.selectbox[0].options == ["Other"]
    page = press(page, "Move there")
    assert (titles(page), notes(library, "Other")) == ([], ["mine"])
    page = press(page, "Undo")
    assert (notes(library), notes(library, "Other")) == (["mine"], [])
    press(press(page, "Move"), "Keep in both")
    assert (notes(library), notes(library, "Other")) == (["mine"], ["mine"])


def test_links_into_the_app(visit: Open, library: Library, papers: list[Paper]) -> None:
    """A paper leads to its page and to more like it; one that no index has leads nowhere."""
    library.save("L", papers[0])
    library.save("L", make_paper(paper_id="p000000000000", title="Ants <b>", url="javascript:x()"))
    page = visit()
    about = [to for _, to in links(page) if "id=" in to]
    assert len(about) == 1
    assert about[0].startswith(f"paper?id={papers[0].paper_id}")
    assert markup(page).count("Not in the index") == 1
    assert "Ants &lt;b&gt;" in markup(page)
    assert "javascript" not in markup(page)


def test_long_lists_come_in_pages(visit: Open, library: Library, papers: list[Paper]) -> None:
    """Twenty papers at a time; the address says which, and what makes no sense is the first."""
    library.save_all("L", [(paper, "") for paper in papers])
    every = [paper.display_title for paper in papers]
    assert len(every) == 32
    page = visit()
    assert titles(page) == every[:20]
    page = press(page, "Next")
    assert (titles(page), own(page)) == (every[20:], {"papers": "2"})
    assert titles(press(page, "Previous")) == every[:20]
    for number, found in (("99", every[20:]), ("0", every[:20]), ("x", every[:20])):
        assert titles(visit(papers=number)) == found


def test_finding_in_a_list(visit: Open, library: Library, papers: list[Paper]) -> None:
    """Words of titles, authors and notes, or their beginnings, leave the papers that have all."""
    library.save_all(
        "L", [(paper, "Straße <b>" if i == 30 else "") for i, paper in enumerate(papers)]
    )
    page = press(fill(visit(), "Find in this list", " strass "), "Find")
    assert titles(page) == [papers[30].display_title]
    assert own(page) == {"list": "L", "find": "strass"}
    assert "1 paper with <bdi>strass</bdi>" in markup(page)
    author = next(paper for paper in papers if paper.authors)
    page = visit(find=f"{author.authors[0]} {author.display_title}".lower())
    assert titles(page) == [author.display_title]
    page = visit(find="nothing<i>")
    assert titles(page) == []
    assert "0 papers with <bdi>nothing&lt;i&gt;</bdi>" in markup(page)


# --- Notes ------------------------------------------------------------------------------------


def test_writing_a_note(visit: Open, library: Library, papers: list[Paper]) -> None:
    """A note is written, shown character for character, edited and taken away."""
    library.save("L", papers[0])
    box = f"Note on {papers[0].display_title}"
    page = fill(press(visit(), "Add a note"), box, "<b>one</b>\n*two*")
    page = press(page, "Save note")
    assert "<p class='mine'><bdi>&lt;b&gt;one&lt;/b&gt;\n*two*</bdi></p>" in markup(page)
    assert notes(library) == ["<b>one</b>\n*two*"]
    page = press(page, "Edit note")
    assert field(page, box) == "<b>one</b>\n*two*"
    page = press(fill(page, box, "dropped"), "Cancel")
    assert notes(library) == ["<b>one</b>\n*two*"]
    page = press(page, "Edit note")
    assert field(page, box) == "<b>one</b>\n*two*"
    page = press(fill(page, box, ""), "Save note")
    assert notes(library) == [""]
    assert "class='mine'" not in markup(page)


def test_two_tabs_and_one_note(visit: Open, library: Library, papers: list[Paper]) -> None:
    """Who saves second sees both texts, loses neither, and decides; no draft is in both tabs."""
    library.save("L", papers[0], "start")
    box = f"Note on {papers[0].display_title}"
    one, two = press(visit(), "Edit note"), press(visit(), "Edit note")
    fill(one, box, "mine")
    assert field(two, box) == "start"
    press(fill(two, box, "theirs"), "Save note")
    one = press(one, "Save note")
    assert notes(library) == ["theirs"]
    assert "was changed elsewhere meanwhile" in markup(one)
    assert "It now reads:</p><p class='mine'><bdi>theirs</bdi></p>" in markup(one)
    assert field(one, box) == "mine"
    one = press(fill(one, box, "mine and theirs"), "Save note")
    assert notes(library) == ["mine and theirs"]
    assert "changed elsewhere" not in markup(one)


def test_a_note_on_a_paper_that_was_removed(
    visit: Open, library: Library, papers: list[Paper]
) -> None:
    """A note saved after another tab removed the paper is refused with the reason."""
    library.save("L", papers[0], "x")
    page = press(visit(), "Edit note")
    library.remove("L", papers[0])
    page = press(page, "Save note")
    assert "is not in the list; it may have been changed elsewhere" in markup(page)


def test_a_draft_survives_other_work(visit: Open, library: Library, papers: list[Paper]) -> None:
    """Turning the page and coming back never leaves an empty box over a note that is there."""
    library.save_all("L", [(paper, "kept") for paper in papers])
    page = press(visit(), "Edit note")
    page = press(press(page, "Next"), "Previous")
    assert field(page, f"Note on {papers[0].display_title}") == "kept"


# --- Files ------------------------------------------------------------------------------------


def test_downloads(visit: Open, library: Library, papers: list[Paper]) -> None:
    """Four buttons hold the whole list with its notes, under a name that any system takes."""
    library.save_all("To *read*/../x", [(paper, "=mine") for paper in papers])
    page = visit()
    found = {button.label: button for button in page.get("download_button")}
    assert list(found) == ["BibTeX", "RIS", "CSV", "JSON lines"]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("To *read*/../x", "To-read-..-x"),
        ("Größe 漢字", "Größe-漢字"),
        ("..", "list"),
        ("a" * 99, "a" * 80),
    ],
)
def test_file_names(name: str, file: str) -> None:
    """A list's name as a file's: no separators, no dots at the ends, not too long, never empty."""
    assert file_name(name) == file


def test_importing_and_what_is_told(visit: Open, library: Library, papers: list[Paper]) -> None:
    """A file is read into the shown list; the report tells counts, encoding, lines and reasons."""
    library.save("Other", papers[1])
    library.save("L", papers[2])
    rows = [
        "title,note",
        f'"{papers[2].title}",<b>café</b>',
        f'"{papers[0].title}",',
        "Ants,",
        ",x",
        "a,b,c",
    ]
    page = upload(visit(list="L"), "x<i>.csv", "\n".join(rows).encode("cp1252"))
    assert "Imported <bdi>x&lt;i&gt;.csv</bdi>" in markup(page)
    assert (
        "<p>1 paper saved; 1 there already; 1 kept that the index has not; 2 not readable."
        " Read as CSV in Windows-1252.</p>"
    ) in markup(page)
    assert (
        "<li>line 4: <bdi>Ants</bdi> (<bdi>the index has no paper of this title</bdi>)"
        in markup(page)
    )
    assert "line 6: <q><bdi>a b c</bdi></q>" in markup(page)
    assert [info.size for info in library.lists()] == [3, 1]
    assert notes(library)[0] == "<b>café</b>"
    assert titles(page)[1:] == [papers[0].display_title, "Ants"]
    assert "L (3)" in buttons(page)
    page = press(page, "Close the report")
    assert "Imported" not in markup(page)


def test_a_file_that_cannot_be_imported(visit: Open, library: Library) -> None:
    """A file that is no bibliography is told by name and reason, and nothing is saved."""
    library.create("L")
    page = upload(visit(), "x.txt", b"Dear all")
    assert "The file was not imported" in markup(page)
    assert "x.txt:1: no known format" in markup(page)
    assert library.lists()[0].size == 0
    page = upload(page, "x.ris", b"TY  - JOUR\nTI  - Ants\nER  - \n")
    assert "not imported" not in markup(page)
    assert titles(page) == ["Ants"]


# --- The buttons at papers elsewhere ----------------------------------------------------------


def test_saving_from_the_hits(visit: Open, library: Library) -> None:
    """Save keeps a hit in the default list and says so; then the button says Saved."""
    page = visit("search", q="learning in recurrent networks")
    first = titles(page)[0]
    assert buttons(page).count("Save") == 10
    page = press(page, "Save")
    assert [plain_label(toast.value) for toast in page.toast] == ["Saved in the list “Saved”"]
    assert (buttons(page).count("Save"), buttons(page).count("Saved")) == (9, 1)
    assert [saved.paper.display_title for saved in library.saved("Saved")] == [first]


def test_a_damaged_library_harms_no_search(visit: Open, library: Library) -> None:
    """With a library that cannot be read, papers are found, saving and the page tell what is."""
    library.path.write_bytes(b"not a database at all " * 100)
    page = visit("search", q="learning in recurrent networks")
    assert len(titles(page)) == 10
    page = press(page, "Save")
    assert "library.sqlite: damaged" in plain_label(page.toast[0].value)
    page = visit()
    assert "library.sqlite: damaged" in markup(page)
