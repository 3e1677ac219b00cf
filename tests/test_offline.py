"""Nothing needs a network: building and asking with the bundled model."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SEEDS

# Refuses every connection and every look-up of a name, then builds and asks.
_SCRIPT = """
import socket, sys

def refuse(*arguments, **named):
    raise AssertionError(f"the network was asked for: {arguments}")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
socket.create_connection = socket.gethostbyname = refuse

import index.__main__, search.__main__
source, data = sys.argv[1:]
assert index.__main__.main(["build", source, "--data", data, "--json"]) == 0
query = "successor features learned from pixels without a collapse of the representation"
assert search.__main__.main(["query", query, "-k", "1", "--data", data, "--json"]) == 0
"""


@pytest.mark.model
def test_build_and_query_without_a_network(tmp_path: Path) -> None:
    """With no network at all, and none asked for, a build and a query give their answers."""
    command = [sys.executable, "-c", _SCRIPT]
    command += [str(SEEDS / "004_e64bbdca305995fc.txt"), str(tmp_path)]
    alone = ["unshare", "--net"]
    if shutil.which("unshare") and not subprocess.run([*alone, "true"], check=False).returncode:
        command = [*alone, *command]
    else:  # then the refusals in the script must do
        print("a network of its own cannot be had here")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "TRANSFORMERS"))}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=SEEDS.parent, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    report, hits = done.stdout.split("\n}\n", 1)
    assert json.loads(report + "}")["embedded"] == 7
    (hit,) = json.loads(hits)
    assert "SFs" in hit["sentence"]
