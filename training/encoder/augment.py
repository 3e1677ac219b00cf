"""Small changes to the pairs, so that the model does not take them for what matters.

Every choice follows from seed, pass and text alone: a run that was broken off and gone on with
sees what it would have seen.
"""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass

_WORD = re.compile(r"[^\W\d_]{4,}")
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE"})
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_LEAST_REST = 80  # characters of a document without its title


def _neighbours() -> dict[str, str]:
    """Letters beside each letter, and above and below it, on a keyboard."""
    found = {}
    for y, row in enumerate(_ROWS):
        for x, letter in enumerate(row):
            near = row[max(0, x - 1) : x] + row[x + 1 : x + 2]
            above = _ROWS[y - 1][x : x + 2] if y else ""
            below = _ROWS[y + 1][max(0, x - 1) : x + 1] if y + 1 < len(_ROWS) else ""
            found[letter] = near + above + below
    return found


NEIGHBOURS = _neighbours()


def slip(text: str, rng: random.Random) -> str:
    """The text with one typing slip in one word of four letters or more; as it is without one.

    Two letters swapped, one dropped, doubled, or replaced by a neighbour on the keyboard. The
    first letter of a word, which people seldom miss, stays.
    """
    places = list(_WORD.finditer(text))
    if not places:
        return text
    place = rng.choice(places)
    ways = [_swapped, _dropped, _doubled, _replaced]
    rng.shuffle(ways)
    # A word of one repeated letter cannot be swapped, one in Greek has no neighbours here.
    changed = next(w for w in (way(place.group(), rng) for way in ways) if w)
    return text[: place.start()] + changed + text[place.end() :]


def _swapped(word: str, rng: random.Random) -> str | None:
    able = [i for i in range(1, len(word) - 1) if word[i] != word[i + 1]]
    if not able:
        return None
    i = rng.choice(able)
    return word[:i] + word[i + 1] + word[i] + word[i + 2 :]


def _dropped(word: str, rng: random.Random) -> str:
    i = rng.randrange(1, len(word))
    return word[:i] + word[i + 1 :]


def _doubled(word: str, rng: random.Random) -> str:
    i = rng.randrange(1, len(word))
    return word[: i + 1] + word[i:]


def _replaced(word: str, rng: random.Random) -> str | None:
    able = [i for i in range(1, len(word)) if word[i] in NEIGHBOURS]
    if not able:
        return None
    i = rng.choice(able)
    return word[:i] + rng.choice(NEIGHBOURS[word[i]]) + word[i + 1 :]


def unaccented(text: str) -> str:
    """The text as typed without accents and ligatures: œuvre à part -> oeuvre a part."""
    apart = unicodedata.normalize("NFD", text.translate(_LIGATURES))
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", bare)


def without_title(text: str) -> str:
    """What follows the first full stop, or the whole text where that would be next to nothing."""
    _, _, rest = text.partition(". ")
    return rest if len(rest) >= _LEAST_REST else text


@dataclass(frozen=True, slots=True)
class Augmenter:
    """Changes shares of the texts, others with each pass over them."""

    seed: int
    slips: float
    unaccented: float
    untitled: float

    def query(self, text: str, epoch: int) -> str:
        """The query as it is shown in this pass."""
        rng = self._rng(text, epoch)
        if rng.random() < self.unaccented:
            text = unaccented(text)
        return slip(text, rng) if rng.random() < self.slips else text

    def document(self, text: str, epoch: int) -> str:
        """The document as it is shown in this pass."""
        untitled = self._rng(text, epoch).random() < self.untitled
        return without_title(text) if untitled else text

    def _rng(self, text: str, epoch: int) -> random.Random:
        return random.Random(f"{self.seed}:{epoch}:{text}")
