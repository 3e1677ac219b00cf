"""Areas of the map that a reader has drawn, as polygons.

A polygon is an (m, 2) float64 array of its corners in order; the last is joined to the first. With
fewer than three corners, or all of them in a line, it is empty.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from index.errors import QueryError

CORNERS = 24  # that an address holds
_MOST = 1000  # corners that are taken from an address
_NUMBER = re.compile(r"-?[0-9]{1,6}(?:\.[0-9]{1,9})?")


class AreaError(QueryError):
    """What should be an area of the map is not one."""


def make_polygon(corners: Sequence[Sequence[float]]) -> np.ndarray:
    """The polygon of (x, y) corners. Raises AreaError for anything but pairs of finite numbers."""
    try:
        polygon = np.asarray(corners, dtype=np.float64).reshape(len(corners), 2)
    except (TypeError, ValueError) as error:
        raise AreaError(f"an area is a list of corners [x, y]: {error}") from error
    if not np.isfinite(polygon).all():
        raise AreaError("a corner of the area lies at no finite place")
    return polygon


def inside(polygon: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Which of the points, (n, 2), lie inside; (n,) bool.

    By the even-odd rule: a point is inside when a ray from it to the right crosses the outline an
    odd number of times (Shimrat, 1962, "Algorithm 112"). So a loop in a loop is a hole. A point on
    the outline lies in one of two areas that share it, not in both.
    """
    found = np.zeros(len(points), dtype=bool)
    if len(polygon) < 3 or not len(points):
        return found
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    near = np.flatnonzero(((points >= low) & (points <= high)).all(axis=1))
    x, y = points[near].astype(np.float64).T
    sides = np.hstack([polygon, np.roll(polygon, -1, axis=0)])
    # All upwards, so that a side shared by two areas is judged alike in both.
    downwards = sides[:, 1] > sides[:, 3]
    sides[downwards] = sides[downwards][:, [2, 3, 0, 1]]
    odd = np.zeros(len(near), dtype=bool)
    for x1, y1, x2, y2 in sides:
        left = (x - x1) * (y2 - y1) < (x2 - x1) * (y - y1)
        odd ^= (y1 <= y) & (y < y2) & left
    found[near] = odd
    return found


def simplified(polygon: np.ndarray, most: int = CORNERS) -> np.ndarray:
    """The polygon with at most so many corners (3 or more).

    Again and again the corner goes that spans the smallest triangle with its neighbours
    (Visvalingam and Whyatt, 1993, "Line generalisation by repeated elimination of points").
    """
    if len(polygon) > 50 * most:  # a scrawl: its length must not cost time squared
        polygon = polygon[:: math.ceil(len(polygon) / (50 * most))]
    while len(polygon) > max(most, 3):
        before, after = (
            np.roll(polygon, 1, axis=0) - polygon,
            np.roll(polygon, -1, axis=0) - polygon,
        )
        area = np.abs(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0])
        polygon = np.delete(polygon, int(area.argmin()), axis=0)
    return polygon


def polygon_text(polygon: np.ndarray) -> str:
    """The polygon in signs that an address holds as they are: x_y_x_y…, to a thousandth.

    Of a small area finer, to about a hundredth of its extent.
    """
    extent = float(np.ptp(polygon, axis=0).max(initial=0.0))
    digits = min(9, max(3, 2 - math.floor(math.log10(extent)))) if extent > 0 else 3
    return "_".join(f"{value + 0.0:.{digits}f}" for value in np.round(polygon, digits).ravel())


def parse_polygon(text: str) -> np.ndarray:
    """The polygon that `polygon_text` has written. Raises AreaError, which quotes the text."""
    values = text.split("_")
    wrong = next((value for value in values if not _NUMBER.fullmatch(value)), None)
    if wrong is not None:
        raise AreaError(f"not an area of the map: {text[:60]!r} ({wrong[:20]!r} is no number)")
    if len(values) % 2 or len(values) < 6 or len(values) > 2 * _MOST:
        raise AreaError(
            f"not an area of the map: {text[:60]!r} ({len(values)} numbers; "
            f"an area is 3 to {_MOST} pairs of x and y)"
        )
    return make_polygon(np.array(values, dtype=np.float64).reshape(-1, 2).tolist())
