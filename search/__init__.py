"""Ask an index: free text, papers like these, topics.

from search import Filters, Searcher
searcher = Searcher.open("data")
hits = searcher.search("local learning rules in the brain", filters=Filters(years=(2020, None)))
"""

from search.engine import Hit, Searcher, UnknownTopicError
from search.export import FORMATS, export
from search.filters import FilterError, Filters, make_filters, parse_years

__all__ = [
    "FORMATS",
    "FilterError",
    "Filters",
    "Hit",
    "Searcher",
    "UnknownTopicError",
    "export",
    "make_filters",
    "parse_years",
]
