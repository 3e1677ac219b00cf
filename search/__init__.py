"""Ask an index: free text, papers like these, topics.

from search import Filters, Searcher
searcher = Searcher.open("data")
hits = searcher.search("local learning rules in the brain", filters=Filters(years=(2020, None)))
"""

from search.browse import TopicBrowser, UnknownTopicError
from search.engine import Hit, Searcher
from search.export import FORMATS, export
from search.filters import FilterError, Filters, make_filters, parse_years

__all__ = [
    "FORMATS",
    "FilterError",
    "Filters",
    "Hit",
    "Searcher",
    "TopicBrowser",
    "UnknownTopicError",
    "export",
    "make_filters",
    "parse_years",
]
