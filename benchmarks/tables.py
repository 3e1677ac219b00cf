"""The report of `benchmarks/end_to_end.py` for people: in full, and a row of Markdown a size."""

from __future__ import annotations

from typing import Any

OURS, RIVAL = "ours", "by hand"
QUESTION, LIKE = "question", "more like this"
HALF, HUNDREDTH, TEN = "50 %", "1 %", "10 papers"
KINDS = (QUESTION, HALF, HUNDREDTH, TEN, LIKE)
_TOLD_FILES = 5  # the largest; the others are summed

Report = dict[str, Any]


def print_report(report: Report) -> None:
    ours, papers = report["engines"][OURS], report["papers"]
    print(f"\n{papers:,} papers")
    print(
        f"opening: index {ours['index_s']:.2f} s, "
        f"{ours['index_read_mb']:,.1f} MB read by calls; model {ours['model_s']:.2f} s; "
        f"from the start of the process to the first answer {ours['first_answer_s']:.2f} s"
    )
    sizes = list(report["bytes"].items())
    told = [f"{name} {size / papers:,.0f}" for name, size in sizes[:_TOLD_FILES]]
    rest = sum(size for _, size in sizes[_TOLD_FILES:])
    total = sum(size for _, size in sizes)
    told.append(f"others {rest / papers:,.0f}")
    print(f"disk, bytes a paper: {total / papers:,.0f}: {', '.join(told)}")
    limit = report["memory_limit_mb"]
    print(
        f"memory: {ours['opened_mb']:,.0f} MB with model and index open, {ours['peak_mb']:,.0f} at "
        f"most, {ours['peak_mb'] / limit:.0%} of what is allowed ({limit:,} MB)"
    )
    for name, chosen in report["filters"].items():
        print(f"filter {name}: {chosen['papers']:,} papers, {chosen['conditions']}")
    _print_times(report)
    if RIVAL in report["engines"]:
        _print_rival(report)


def _print_times(report: Report) -> None:
    print(f"{'':15} {'':8} {'asked':>5} {'median':>8} {'p95':>8} {'slowest':>8} {'processor':>9} "
          f"{'no model':>8}  ms")  # fmt: skip
    for kind in KINDS:
        for name, engine in report["engines"].items():
            if kind not in engine["kinds"]:
                continue
            took = engine["kinds"][kind]
            print(
                f"{kind:15} {name:8} {took['asked']:5} {took['median_ms']:8.1f} "
                f"{took['p95_ms']:8.1f} {took['slowest_ms']:8.1f} {took['cpu_median_ms']:9.1f} "
                f"{took['without_model_median_ms']:8.1f}  {_steps(took['steps_mean_ms'])}"
            )


def _steps(means: dict[str, float]) -> str:
    order = sorted(means.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {mean:.1f}" for name, mean in order)


def _print_rival(report: Report) -> None:
    ours, rival = report["engines"][OURS], report["engines"][RIVAL]
    print(
        f"by hand: made in {rival['made_s']:.1f} s, {rival['bytes'] / report['papers']:,.0f} bytes "
        f"a paper, opened in {rival['index_s']:.2f} s, {rival['peak_mb']:,.0f} MB; shares "
        f"{report['shared_with_rival']:.0%} of our ten for a question"
    )
    for kind in KINDS:
        if kind in ours["kinds"]:
            whole, search = times_ours(report, kind)
            print(f"{kind}: by hand takes {whole:.2f} times ours, {search:.2f} without the model")


def times_ours(report: Report, kind: str) -> tuple[float, float]:
    """The rival's median as a multiple of ours, whole and without what the model computes."""
    ours, rival = (report["engines"][name]["kinds"][kind] for name in (OURS, RIVAL))
    whole, search = (rival[m] / ours[m] for m in ("median_ms", "without_model_median_ms"))
    return whole, search


def markdown_row(report: Report) -> str:
    """The row of an index in the table of `print_markdown`."""
    ours = report["engines"][OURS]
    question = ours["kinds"][QUESTION]
    filtered = [_median(report, kind) for kind in (HALF, HUNDREDTH, TEN, LIKE)]
    total = sum(report["bytes"].values()) / report["papers"] / 1000
    share = ours["peak_mb"] / report["memory_limit_mb"]
    cells = [
        f"{report['papers']:,}",
        f"{ours['index_s']:.2f}",
        f"{question['median_ms']:.0f} / {question['p95_ms']:.0f}",
        f"{question['without_model_median_ms']:.1f}",
        *filtered,
        f"{ours['peak_mb']:,.0f} ({share:.0%})",
        f"{total:.1f}",
        *_rival_cells(report),
    ]
    return f"| {' | '.join(cells)} |"


def _median(report: Report, kind: str) -> str:
    took = report["engines"][OURS]["kinds"].get(kind)
    return "–" if took is None else f"{took['median_ms']:.0f}"


def _rival_cells(report: Report) -> list[str]:
    if RIVAL not in report["engines"]:
        return ["–", "–"]
    ours, rival = report["engines"][OURS], report["engines"][RIVAL]
    whole, search = times_ours(report, QUESTION)
    return [f"{whole:.1f} ({search:.1f})", f"{rival['peak_mb'] / ours['peak_mb']:.1f}"]


def print_markdown(reports: list[Report]) -> None:
    heads = [
        "papers", "open, s", "question, ms: median / p95", "of it search", "half of the papers",
        "1 %", "10 papers", "more like this", "memory, MB (of the limit)", "disk, kB a paper",
        "by hand: time (search)", "memory",
    ]  # fmt: skip
    print(f"\n| {' | '.join(heads)} |")
    print("|---" * len(heads) + "|")
    for report in reports:
        print(markdown_row(report))
