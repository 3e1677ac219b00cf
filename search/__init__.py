"""Ask an index: free text, papers like these, topics.

    from search import Filters, Searcher
    searcher = Searcher.open("data")
    hits = searcher.search("local learning rules in the brain", filters=Filters(years=(2020, None)))

The pages of the app import only from here, so what they need of `index` is passed on.
"""

from index.build import BuildReport, build, data_folder
from index.decisions import Decision
from index.disk import current_generation
from index.encoder import Encoder, load_encoder
from index.errors import (
    AbstractsError,
    DecisionError,
    NoIndexError,
    SnapshotError,
    SourceError,
    UnknownPaperError,
)
from index.formats.entries import Unreadable
from index.overrule import join_papers, pending_decisions, split_paper, undo_decision
from index.records import Evidence, Mention, Merge, Paper, Skip
from index.snapshot import Snapshot
from index.text import plain
from index.topics import Topic
from search.atlas import Atlas, Region, Timeline
from search.browse import TopicBrowser, UnknownTopicError
from search.engine import SORTS, Answer, Searcher, Sort
from search.export import FORMATS, export
from search.facets import Count, Facets
from search.filters import FilterError, Filters, make_filters, parse_years
from search.history import History, LoggedMerge, MergePage, Origin, history, merge_log
from search.hits import Hit
from search.importing import LARGEST_FILE, Imported, ImportReport, import_bytes, import_file
from search.library import Library, ListInfo, Saved, find_saved
from search.library_file import LibraryError
from search.library_rows import (
    DEFAULT_LIST,
    LONGEST_NAME,
    LONGEST_NOTE,
    NoteConflictError,
    NotSavedError,
    UnknownListError,
)
from search.new import last_addition, like_ids, parse_since
from search.polygon import AreaError, make_polygon, parse_polygon, polygon_text, simplified
from search.query import Query, Slip, parse_query
from search.rebuild import RebuildJob, RebuildState, rebuild_command
from search.spelling import Correction

__all__ = [
    "DEFAULT_LIST",
    "FORMATS",
    "LARGEST_FILE",
    "LONGEST_NAME",
    "LONGEST_NOTE",
    "SORTS",
    "AbstractsError",
    "Answer",
    "AreaError",
    "Atlas",
    "BuildReport",
    "Correction",
    "Count",
    "Decision",
    "DecisionError",
    "Encoder",
    "Evidence",
    "Facets",
    "FilterError",
    "Filters",
    "History",
    "Hit",
    "ImportReport",
    "Imported",
    "Library",
    "LibraryError",
    "ListInfo",
    "LoggedMerge",
    "Mention",
    "Merge",
    "MergePage",
    "NoIndexError",
    "NotSavedError",
    "NoteConflictError",
    "Origin",
    "Paper",
    "Query",
    "RebuildJob",
    "RebuildState",
    "Region",
    "Saved",
    "Searcher",
    "Skip",
    "Slip",
    "Snapshot",
    "SnapshotError",
    "Sort",
    "SourceError",
    "Timeline",
    "Topic",
    "TopicBrowser",
    "UnknownListError",
    "UnknownPaperError",
    "UnknownTopicError",
    "Unreadable",
    "build",
    "current_generation",
    "data_folder",
    "export",
    "find_saved",
    "history",
    "import_bytes",
    "import_file",
    "join_papers",
    "last_addition",
    "like_ids",
    "load_encoder",
    "make_filters",
    "make_polygon",
    "merge_log",
    "parse_polygon",
    "parse_query",
    "parse_since",
    "parse_years",
    "pending_decisions",
    "plain",
    "polygon_text",
    "rebuild_command",
    "simplified",
    "split_paper",
    "undo_decision",
]
