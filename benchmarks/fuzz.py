"""Whether any file, however broken, makes a reader fail, hang or give nonsense.

    python -m benchmarks.fuzz [--minutes 10] [--seed 1] [--out DIR]

Well-formed samples of every format and page layout are mutated (bytes flipped, lines dropped,
doubled and swapped, pieces of others put in, cut off, written in another encoding, pieces repeated
very often) and read by `index.sources.read_sources` with PATIENCE seconds for each. A failure is:
an exception other than SourceError; no end in time; a file with words in it of which neither a
paper nor a skip is told; a line number that is not one of the file; a field with control
characters or a lone surrogate; a year that is none. Of each kind of failure one input, made as
small as it could be, is kept in DIR with what went wrong.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import signal
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from benchmarks.fuzz_samples import SAMPLES
from index.errors import SourceError
from index.names import NameModel
from index.records import Mention
from index.sources import Reading, read_sources

PATIENCE = 5  # seconds for one input
_TRIES = 150  # readings to make a failing input smaller
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SPICE = (
    b"\0", b"\xff", b"\xc3", b"\r", b"\x1f", b"\x85", b"\xe2\x80\xa8", b"{", b"}", b'"', b"\\",
    b"$", b"&#x0;", b"&#55296;", b"&amp;lt;", b"\\ud800", b"]]>", b"<![CDATA[", b"-->", b"<!--",
    b"@", b"%", b"{\\'", b"1e999", b"-0", b"99999999999999999999", b"null", b"\xef\xbb\xbf",
    b"et al.", b" and ",
)  # fmt: skip
_ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-8-sig", "cp037", "utf-7")


def main() -> None:
    """Fuzz for some minutes and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        default=Path(tempfile.gettempdir()) / "fuzz-failures",
        help="where failing inputs are kept (default: fuzz-failures in the temporary folder)",
    )
    options = parser.parse_args()
    names = NameModel.load()  # once for all inputs
    NameModel.load = classmethod(lambda _: names)  # type: ignore[method-assign, assignment]
    signal.signal(signal.SIGALRM, _out_of_time)
    dice, tried, failed = random.Random(options.seed), Counter[str](), Counter[str]()
    slowest = (0.0, "")
    until = time.monotonic() + options.minutes * 60
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < until:
            name, content = mutant(dice)
            began = time.perf_counter()
            wrong = failure(Path(folder) / name, content)
            slowest = max(slowest, (round(time.perf_counter() - began, 2), name))
            tried[name] += 1
            if wrong:
                failed[wrong] += 1
                if failed[wrong] == 1:
                    print(f"{name}: {wrong}", flush=True)
                    _keep(options.out, Path(folder) / name, content, wrong, len(failed))
    print(f"{tried.total()} inputs, {failed.total()} failures of {len(failed)} kinds")
    print(json.dumps({"inputs": tried.total(), "by_sample": tried, "failures": failed,
                      "slowest": slowest, "seed": options.seed}))  # fmt: skip
    raise SystemExit(bool(failed))


class _HangError(BaseException):
    """Not an Exception, which a reader might take for its own."""


def _out_of_time(_: int, __: FrameType | None) -> None:
    raise _HangError


def failure(path: Path, content: bytes) -> str:
    """What goes wrong when a file of that content is read, in words that name the place; or ""."""
    path.write_bytes(content)
    signal.alarm(PATIENCE)
    try:
        reading = read_sources(path)
    except SourceError as error:
        return "a lone surrogate in a message" if _surrogate(str(error)) else ""
    except (_HangError, Exception) as error:
        places = [f for f in traceback.extract_tb(error.__traceback__) if "/index/" in f.filename]
        where = f"{places[-1].filename.split('/index/')[-1]}:{places[-1].lineno}" if places else "?"
        return f"{type(error).__name__.strip('_')} at {where}"
    finally:
        signal.alarm(0)
    return next(_nonsense(reading, content), "")


def _surrogate(text: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in text)


def _nonsense(reading: Reading, content: bytes) -> Iterator[str]:
    # Text of two or four bytes a character has the same line feeds.
    lines = len(re.split(rb"\r\n?|\n", content)) + 1
    told = reading.mentions or reading.skipped
    layouts = [file.layout for file in reading.files]
    # What stands outside of the entries of BibTeX is comment.
    if (
        not told and layouts != ["BibTeX"] and len(re.findall(rb"\w{3}.*", content)) > 1
    ):  # a heading alone says nothing
        yield f"nothing told by {reading.files[0].layout if reading.files else None}"
    for mention in reading.mentions:
        yield from _bad_fields(mention)
        if not 1 <= mention.line_start <= mention.line_end <= lines:
            yield f"lines of a paper, by {reading.files[0].layout}"
    for skip in reading.skipped:
        if skip.line is not None and not 1 <= skip.line <= lines:
            yield f"line of a skip, by {reading.files[0].layout}"
        if _surrogate(skip.why):
            yield f"a lone surrogate in a skip, by {reading.files[0].layout}"


def _bad_fields(mention: Mention) -> Iterator[str]:
    texts = {
        "title": mention.title, "abstract": mention.abstract, "venue": mention.venue,
        "doi": mention.doi, "url": mention.url, "date": mention.date, "arxiv": mention.arxiv,
        "authors": "|".join(mention.authors), "categories": "|".join(mention.categories),
    }  # fmt: skip
    for field, text in texts.items():
        if text is not None and (found := _CONTROL.search(text)):
            yield f"{field} has {found[0]!a}"
        if text == "":
            yield f"{field} is empty" if field not in ("authors", "categories") else ""
    if mention.year is not None and not 1400 <= mention.year <= 2100:
        yield "year out of range"
    if not (mention.title or mention.abstract):
        yield "neither title nor abstract"


# --- Mutations --------------------------------------------------------------------------------


def mutant(dice: random.Random) -> tuple[str, bytes]:
    """(name, content) of a sample that was changed in one to four ways."""
    name = dice.choice(sorted(SAMPLES))
    content = SAMPLES[name].encode()
    for _ in range(dice.choice((1, 1, 2, 4))):
        content = dice.choice(_WAYS)(content, dice)
    return name, content[:20_000_000]


def _flip(content: bytes, dice: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(dice.choice((1, 3, 30))):
        if changed:
            changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed)


def _spice(content: bytes, dice: random.Random) -> bytes:
    for _ in range(dice.choice((1, 2, 8))):
        at = dice.randrange(len(content) + 1)
        content = content[:at] + dice.choice(_SPICE) + content[at:]
    return content


def _lines(content: bytes, dice: random.Random) -> bytes:
    lines = content.splitlines(keepends=True) or [b""]
    for _ in range(dice.choice((1, 3))):
        i, k = dice.randrange(len(lines)), dice.randrange(len(lines))
        match dice.randrange(3):
            case 0:
                lines[i], lines[k] = lines[k], lines[i]
            case 1:
                lines.insert(i, lines[k])
            case _ if len(lines) > 1:
                del lines[i]
            case _:
                pass
    return b"".join(lines)


def _piece(content: bytes, dice: random.Random) -> bytes:
    begin = dice.randrange(len(content) + 1)
    return content[begin : begin + dice.choice((1, 2, 10, 100, 1000))]


def _splice(content: bytes, dice: random.Random) -> bytes:
    other = SAMPLES[dice.choice(sorted(SAMPLES))].encode()
    at = dice.randrange(len(content) + 1)
    return content[:at] + _piece(other, dice) + content[at:]


def _cut(content: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(content) + 1)
    return content[:at] if dice.random() < 0.7 else content[at:]


def _encode(content: bytes, dice: random.Random) -> bytes:
    text = content.decode("utf-8", "replace")
    return text.encode(dice.choice(_ENCODINGS), "replace")


def _repeat(content: bytes, dice: random.Random) -> bytes:
    at, piece = dice.randrange(len(content) + 1), _piece(content, dice)
    times = dice.choice((3, 100, 10_000))
    return content[:at] + (piece * times)[:100_000] + content[at:]


def _ends(content: bytes, dice: random.Random) -> bytes:
    return content.replace(b"\n", dice.choice((b"\r\n", b"\r", b"\n\n", b"", b"\x0b", b"\n \n")))


_WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip, _spice, _spice, _lines, _splice, _cut, _encode, _repeat, _ends,
)  # fmt: skip


# --- Reproducers ------------------------------------------------------------------------------


def _keep(out: Path, path: Path, content: bytes, wrong: str, number: int) -> None:
    """Write the input, made small, and what it does."""
    out.mkdir(parents=True, exist_ok=True)
    small = content if wrong.startswith("Hang") else smaller(path, content, wrong)
    (out / f"{number:02}-{path.name}").write_bytes(small)
    (out / f"{number:02}-{path.name}.txt").write_text(wrong + "\n")


def smaller(path: Path, content: bytes, wrong: str) -> bytes:
    """The input without the pieces that the failure does not need (Zeller, 2002)."""
    size, tries = max(1, len(content) // 2), _TRIES
    while size and tries:
        at = 0
        while at < len(content) and tries:
            shorter = content[:at] + content[at + size :]
            tries -= 1
            if failure(path, shorter) == wrong:
                content = shorter
            else:
                at += size
        size //= 2
    return content


if __name__ == "__main__":
    main()
