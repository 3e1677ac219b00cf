"""The rebuild: started by a button, watched while it runs, cancelled by another.

All visitors look at the same job. The index that was live before answers until the new one stands.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts import shared
from pages.parts.nav import link
from pages.parts.place import Place
from pages.parts.text import count, note, shown
from search import BuildReport, RebuildJob, RebuildState, Searcher, rebuild_command

_EVERY = 1.0  # seconds between two looks


def rebuild(at: Place, searcher: Searcher) -> None:
    """The panel: how the rebuild stands, and what can be done about it."""
    job, generation = shared.rebuild_job(), searcher.snapshot.manifest.generation
    st.html("<h2>Rebuild</h2>")
    state = job.state()
    with st.container(key="rebuild", border=True, gap="small"):
        if state.phase == "running":
            _watch(job, generation)
            return
        _ended(at, state, generation)
        st.html(
            "<p>Reads the same sources again, with the same model. What did not change is not"
            " embedded again. Searches go on meanwhile.</p>"
        )
        command = rebuild_command(shared.folder(), searcher.snapshot.manifest)
        st.button(
            "Rebuild now", key="start-rebuild", type="primary", icon=":material/refresh:",
            on_click=_start, args=(job, command),
        )  # fmt: skip


def _start(job: RebuildJob, command: Sequence[str]) -> None:
    job.start(command)


def _cancel(job: RebuildJob) -> None:
    job.cancel()


@st.fragment(run_every=_EVERY)
def _watch(job: RebuildJob, generation: int) -> None:
    """The progress; drawn anew by itself, and the whole page once more at the end."""
    state = job.state()
    if state.phase != "running":
        st.rerun()
    stage = state.stage.capitalize() or "Starting"
    st.html(f"<p role='status'><b>{shown('Cancelling' if state.cancelling else stage)} …</b></p>")
    if state.total:
        st.progress(min(state.done / state.total, 1.0), text=_progress(state))
    st.html(
        f"<p class='aside'>Running for {duration(state.seconds)}. Generation {generation} goes on"
        " answering until the new one stands.</p>"
    )
    st.button(
        "Cancel the rebuild", key="cancel-rebuild", icon=":material/stop_circle:",
        disabled=state.cancelling, on_click=_cancel, args=(job,),
    )  # fmt: skip


def _progress(state: RebuildState) -> str:
    """'64 of 1,000 texts, 12 a second, about 3 min left'."""
    parts = [f"{state.done:,} of {count(state.total, 'text')}"]
    if state.rate:
        rate = f"{state.rate:,.0f}" if state.rate >= 10 else f"{state.rate:.1f}"
        parts.append(f"{rate} a second")
    if state.left is not None and state.done < state.total:
        parts.append(f"about {duration(state.left)} left")
    return ", ".join(parts)


def _ended(at: Place, state: RebuildState, generation: int) -> None:
    """How the last rebuild ended, if there was one since the app was started."""
    answers = f"Generation {generation} goes on answering."
    if state.report is not None:
        st.html(f"<div role='status'>{_report(state.report)}</div>")
        if state.report.added:
            told = f"See {count(state.report.added, 'new paper')}"
            link(at, at.then("new"), told, "to-new", icon=":material/fiber_new:")
    elif state.phase == "cancelled":
        st.html(f"<p role='status'>The rebuild was cancelled. {answers}</p>")
    elif state.phase == "failed":
        note("The rebuild failed", f"{state.error.rstrip('.')}. {answers}")
        if state.log:
            with st.expander("What it said"):
                st.code("\n".join(state.log), language=None, wrap_lines=True)


def _report(report: BuildReport) -> str:
    return (
        f"<p><b>Generation {report.generation} stands</b>, built in {duration(report.seconds)}:"
        f" {count(report.papers, 'paper')} from {count(report.mentions, 'mention')} in"
        f" {count(report.files, 'file')}, {report.merged:,} merged, {report.embedded:,} embedded,"
        f" {report.reused:,} reused, {len(report.skipped):,} skipped.</p>"
    )


def duration(seconds: float) -> str:
    """'12 s', '3 min', '2 h 5 min'."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
