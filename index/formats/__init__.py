"""Formats of other programs: what each file states, entry by entry.

A format is recognised by how its text begins. To add one, write a class with the members of
`index.formats.file.Format` and put an instance into `FORMATS`.
"""

from collections.abc import Sequence

from index.formats.acl import AclAnthology
from index.formats.atom import ArxivAtom
from index.formats.bibtex import BibTeX
from index.formats.columns import Named, of_file
from index.formats.file import Format, TextFile
from index.formats.html_page import HtmlPage
from index.formats.jats import Jats
from index.formats.json_lines import Json
from index.formats.medline import Medline
from index.formats.mhtml import WebArchive
from index.formats.pubmed import PubmedXml
from index.formats.ris import Ris
from index.formats.tabular import Table
from index.formats.tagged import EndNote, WebOfScience

# The first that fits is taken; those whose beginning says it plainly come first.
FORMATS: tuple[Format, ...] = (
    PubmedXml(),
    AclAnthology(),
    Jats(),
    ArxivAtom(),
    HtmlPage(),
    WebArchive(),
    Json(),
    Medline(),
    WebOfScience(),
    EndNote(),
    Ris(),
    BibTeX(),
    Table(),
)


def recognised(file: TextFile, columns: Sequence[Named] = ()) -> Format | None:
    """The format of a file, None for one that is in none of them.

    `columns` are those that a user has named, of any table. A file that they name, and that has
    one of them, is a table whatever else it looks like. Raises SourceError for a file that cannot
    be read, or is no text.
    """
    table = Table(named := of_file(columns, file.name))
    if any(column.files for column in named) and table.fits(file.head):
        return table
    readers = (table if isinstance(reader, Table) else reader for reader in FORMATS)
    return next((reader for reader in readers if reader.fits(file.head)), None)
