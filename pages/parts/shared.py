"""What all visitors share: the open index, its model, its rebuild."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from search import (
    Encoder,
    RebuildJob,
    Searcher,
    Snapshot,
    current_generation,
    data_folder,
    load_encoder,
)


def folder() -> Path:
    """The data folder that the app serves."""
    return data_folder()


def open_index() -> Searcher:
    """The live index. A rebuild behind the app's back is picked up at the next click.

    Raises NoIndexError when there is none yet, and the errors of opening one.
    """
    return _open(str(folder()), current_generation(folder()))


@st.cache_resource(max_entries=1, show_spinner="Opening the index …")
def _open(data: str, generation: int) -> Searcher:
    """The searcher of a generation. Visitors in the middle of an older one keep that."""
    snapshot = Snapshot.open(Path(data))
    return Searcher(snapshot, _model(snapshot.manifest.model.name))


@st.cache_resource(max_entries=1, show_spinner="Loading the model …")
def _model(name: str) -> Encoder:
    """The model; a new generation is mostly asked with the same one."""
    return load_encoder(name)


def rebuild_job() -> RebuildJob:
    """The rebuild of the data folder; all visitors look at the same one."""
    return _job(str(folder()))


@st.cache_resource(show_spinner=False)
def _job(data: str) -> RebuildJob:  # one for each data folder
    return RebuildJob()
