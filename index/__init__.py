"""Build a searchable index from messy publication lists.

from index import build
report = build(["my-papers/"], data="data")
"""

from index.build import BuildReport, build
from index.errors import AbstractsError

__all__ = ["AbstractsError", "BuildReport", "build"]
