"""How exactly are publication pages read? Pages are made from known records and read back.

    python -m benchmarks.reading PAPERS.jsonl[.gz] [--papers 2000] [--seed 1]

PAPERS has one JSON object a line with "title", "abstract", "authors", "year" and "venue". The
records are laid out as pages in each of the four layouts that `index.sources` reads, with the
oddities seen in real ones (bare titles, missing authors, dates and venues that trail, abstracts
cut off, notices around), and each page is read. Only records held out by `training/names.py`
are used, so the name model has seen none of these lines.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from index.sources import read_sources
from index.text import fold_space
from training.names import held_out, is_clean, records

Truth = dict[str, object]
PER_PAGE = 50
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
COOKIES = {
    "fr": [
        "Le laboratoire accueille une nouvelle cohorte et publie sa première note politique sur "
        "les usages de l'intelligence artificielle, rédigée avec des partenaires du Québec.",
        "Une chercheuse nommée directrice scientifique de l'institut",
        "Nous utilisons des témoins pour analyser le trafic et l’utilisation de notre site web. "
        "Consultez notre Politique de protection de la vie privée pour en savoir plus.",
        "Paramètre des cookies",
        "Multimedia Player",
        "Acceptez-vous l'utilisation de cookies pour afficher les contenus vidéo hébergés par nos "
        "partenaires (YouTube, etc.) ?",
    ],
    "en": [
        "The institute is hosting its first hackathon on November 21, a unique day to explore "
        "quantum and AI prototyping and to learn, share, and network with experts from industry.",
        "We use cookies to analyze the browsing and usage of our website. Read our Privacy Policy "
        "for more information.",
        "Essential cookies",
        "Multimedia Player",
        "Do you accept the use of cookies to watch the video content hosted by our partners?",
    ],
}


def splice(abstract: str, language: str) -> str:
    """Fold an abstract as the site does: a marker after 140 characters, in a word or not."""
    if len(abstract) <= 140:
        return abstract
    marker = "… (voir plus)" if language == "fr" else "… (see more)"
    return abstract[:140] + marker + abstract[140:]


def whole_profile(papers: list[dict], rng: random.Random) -> tuple[list[str], list[Truth]]:
    """Heading, then title, some authors, abstract, sometimes a date and a venue."""
    language = rng.choice(("fr", "en"))
    dated = rng.random() < 0.5
    lines = [
        "Portrait",
        "",
        "Doctorat - UdeM",
        "Superviseur⋅e principal⋅e :",
        "",
        "Publications",
        "",
    ]
    truths: list[Truth] = []
    for paper in papers:
        authors = rng.sample(paper["authors"], rng.randint(0, min(6, len(paper["authors"]))))
        abstract = paper["abstract"] if rng.random() < 0.85 else None
        year = paper["year"] if dated and rng.random() < 0.7 else None
        lines += [paper["title"], *authors]
        lines += [splice(abstract, language)] if abstract else []
        if year:
            status = "publié" if language == "fr" else "published"
            lines += [f"{year}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"]
            lines += [f"{paper['venue']} ({status})"] if rng.random() < 0.8 else []
        truths.append(truth(paper["title"], authors, year, abstract))
    return lines, truths


def trimmed_profile(papers: list[dict], rng: random.Random) -> tuple[list[str], list[Truth]]:
    """Notices, then abstracts, few with a title, some cut off, some with date and venue."""
    language = rng.choice(("fr", "en"))
    lines, truths = list(COOKIES[language]), []
    for paper in papers:
        abstract, year = paper["abstract"], None
        title = paper["title"] if rng.random() < 0.1 else None
        if rng.random() < 0.1:
            abstract = abstract[: rng.randint(150, 600)].strip()
        lines += [title] if title else []
        lines.append(splice(abstract, language))
        if rng.random() < 0.15:
            year = paper["year"]
            lines += [
                f"{year}-01-01",
                f"{paper['venue']} ({'publié' if language == 'fr' else 'published'})",
            ]
        truths.append(truth(title, [], year, abstract))
    return lines, truths


def works_profile(papers: list[dict], rng: random.Random) -> tuple[list[str], list[Truth]]:
    """Kind, year and venue run together, then title and abstract, blank lines between."""
    lines = ["Researcher profile", "", "12works", "0followers", "", "Published work", ""]
    truths: list[Truth] = []
    for paper in papers:
        kind = rng.choice(("preprint", "article", "conference-paper", "book chapter"))
        venue = "arXiv" if kind == "preprint" else paper["venue"]
        abstract = paper["abstract"] if rng.random() < 0.95 else None
        lines += [f"{kind}{paper['year']}{venue}", "", paper["title"], ""]
        lines += [abstract, ""] if abstract else []
        truths.append(truth(paper["title"], [], paper["year"], abstract))
    return lines, truths


def listing(papers: list[dict], rng: random.Random) -> tuple[list[str], list[Truth]]:
    """Header, title and authors without separator, abstract."""
    lines: list[str] = []
    truths: list[Truth] = []
    for paper in papers:
        year = paper["year"] if rng.random() < 0.85 else None
        score = "" if year else f"{rng.randint(10, 99)}.{rng.randint(0, 9)}"
        date = f"{rng.choice(MONTHS)} {rng.randint(1, 28)}" + (f", {year}" if year else "")
        flag = "Code" if year and rng.random() < 0.2 else ""
        tail = " et al." if len(paper["authors"]) > 3 else ""
        tail += (
            f" · {rng.choice(('mila', 'mit', 'deepmind', 'gatech'))}" if rng.random() < 0.2 else ""
        )
        category = rng.choice(["LG", "CV", "CL", "AI", "NE", "NC", "ML", "RO", "quant-ph"])
        lines += [
            f"{score}{category}{date}{flag}",
            paper["title"] + ", ".join(paper["authors"][:3]) + tail,
        ]
        lines.append(paper["abstract"])
        truths.append(truth(paper["title"], paper["authors"][:3], year, paper["abstract"]))
    return lines, truths


def truth(title: str | None, authors: list[str], year: int | None, abstract: str | None) -> Truth:
    return {"title": title, "authors": tuple(authors), "year": year, "abstract": abstract}


LAYOUTS: tuple[Callable[[list[dict], random.Random], tuple[list[str], list[Truth]]], ...] = (
    whole_profile,
    trimmed_profile,
    works_profile,
    listing,
)


def usable(path: Path) -> list[dict]:
    """Held-out records with every field, white space folded."""
    papers = []
    for record in records(path):
        full = all(record.get(k) for k in ("title", "abstract", "authors", "year", "venue"))
        if full and held_out(record) and all(map(is_clean, record["authors"])):
            title, abstract = fold_space(record["title"]), fold_space(record["abstract"])
            papers.append({**record, "title": title, "abstract": abstract})
            papers[-1]["authors"] = [fold_space(a) for a in record["authors"]]
    return papers


def score(found: list[Truth], expected: list[Truth], tally: Counter[str], show: bool) -> None:
    """Pair mentions by title or abstract and count what agrees exactly."""
    tally["expected"] += len(expected)
    tally["found"] += len(found)
    by_key: dict[object, list[Truth]] = {}
    for mention in found:
        for key in {mention["title"], mention["abstract"]} - {None}:
            by_key.setdefault(key, []).append(mention)
    for want in expected:
        got = next(iter(by_key.get(want["abstract"], []) or by_key.get(want["title"], [])), None)
        if got is None:
            if show:
                print("missing", want["title"], want["authors"])
            continue
        tally["paired"] += 1
        for name, value in want.items():
            tally[name] += got[name] == value
            if show and got[name] != value:
                print(name, "got", str(got[name])[-120:], "| want", str(value)[-120:])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("papers_file", type=Path)
    parser.add_argument("--papers", type=int, default=2000, help="papers in each layout")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="print every difference")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    pool = usable(arguments.papers_file)
    report = {}
    for lay_out in LAYOUTS:
        tally: Counter[str] = Counter()
        rng.shuffle(pool)
        chosen = pool[: arguments.papers]
        for start in range(0, len(chosen), PER_PAGE):
            lines, expected = lay_out(chosen[start : start + PER_PAGE], rng)
            with tempfile.TemporaryDirectory() as folder:
                page = Path(folder, "page.txt")
                page.write_text("\n".join(lines), encoding="utf-8")
                mentions = read_sources([page]).mentions
            names = ("title", "authors", "year", "abstract")
            found: list[Truth] = [{n: getattr(m, n) for n in names} for m in mentions]
            score(found, expected, tally, arguments.show)
        n = tally["expected"]
        report[lay_out.__name__] = {
            "mentions": n,
            "found": round(tally["paired"] / n, 4),
            "false": round(max(0, tally["found"] - tally["paired"]) / n, 4),
            **{
                name: round(tally[name] / n, 4) for name in ("title", "authors", "year", "abstract")
            },
        }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
