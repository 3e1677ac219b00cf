"""Tests of index/delta.py: what is added to a model's weights, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from index.delta import (
    CODES,
    HEADER,
    LEVELS,
    ROWS,
    SCALES,
    apply,
    decoded,
    pack,
    state_digest,
    unpack,
)
from index.errors import EncoderError
from training.encoder.export import kept, quantised, write_delta

State = dict[str, torch.Tensor]
MATRIX, WORDS = "layer.dense.weight", "embeddings.word_embeddings.weight"
BIAS, STILL = "layer.dense.bias", "layer.norm.weight"


def base_state() -> State:
    chance = torch.Generator().manual_seed(1)
    shapes = {MATRIX: (24, 16), WORDS: (60, 16), BIAS: (24,), STILL: (16,)}
    return {name: torch.randn(shape, generator=chance) for name, shape in shapes.items()}


def tuned_state(base: State) -> State:
    chance = torch.Generator().manual_seed(2)
    moved = {
        name: tensor + 0.01 * torch.randn(tensor.shape, generator=chance)
        for name, tensor in base.items()
    }
    return moved | {STILL: base[STILL].clone()}


@pytest.fixture
def base() -> State:
    return base_state()


@pytest.fixture
def tuned(base: State) -> State:
    return tuned_state(base)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "delta.safetensors"


def header_of(path: Path) -> dict:
    with safe_open(path, framework="pt") as file:
        return json.loads(file.metadata()[HEADER])


def rewrite(path: Path, parts: State, **changes: object) -> None:
    """The same file with other tensors, and other values in its header."""
    header = header_of(path) | changes
    save_file(parts, path, {HEADER: json.dumps(header)})


def test_vectors_come_back_to_half_precision(base: State, tuned: State, path: Path) -> None:
    """What is no matrix is stored whole."""
    write_delta(base, tuned, path)
    wanted = base[BIAS] + (tuned[BIAS] - base[BIAS]).half().float()
    assert torch.equal(apply(base, path)[BIAS], wanted)


def test_matrices_come_back_to_a_tenth_of_their_change(
    base: State, tuned: State, path: Path
) -> None:
    """Sixteen levels tell normally spread numbers to a hundredth of their square."""
    write_delta(base, tuned, path)
    made = apply(base, path)
    for name in (MATRIX, WORDS):
        error = (made[name] - tuned[name]).norm() / (tuned[name] - base[name]).norm()
        assert 0.02 < error < 0.12, name


@given(
    arrays(np.float32, (5, 8), elements=st.floats(-1.0, 1.0, width=32)),
    st.sampled_from([1e-3, 1.0, 30.0]),
)
def test_no_number_is_off_by_more_than_half_a_level(numbers: np.ndarray, size: float) -> None:
    """Where nothing is cut off, coding is rounding; cutting off never costs more in all."""
    change = torch.from_numpy(numbers) * size
    codes, scales = quantised(change)
    told = decoded(codes, scales)
    whole = change.abs().amax(dim=1) * 2 / (LEVELS - 1)
    halves = (whole[:, None] * 0.501).expand_as(change) + 1e-7
    assert bool(((told - change).square().sum(1) <= halves.square().sum(1)).all())


@given(arrays(np.uint8, (3, 6), elements=st.integers(0, LEVELS - 1)))
def test_packed_codes_come_back(codes: np.ndarray) -> None:
    """Two codes share a byte, and come back in their places."""
    packed = pack(torch.from_numpy(codes))
    assert packed.shape == (3, 3)
    assert torch.equal(unpack(packed), torch.from_numpy(codes))


def test_rows_that_did_not_change_are_left_out(base: State, tuned: State, path: Path) -> None:
    """Words that training never met take no room, even where decay has moved them a little."""
    words = base[WORDS] + 1e-6
    words[[3, 50]] = tuned[WORDS][[3, 50]]
    write_delta(base, tuned | {WORDS: words}, path)
    assert load_file(path)[WORDS + ROWS].tolist() == [3, 50]
    made = apply(base, path)[WORDS]
    assert torch.equal(made[:3], base[WORDS][:3])
    assert not torch.equal(made[3], base[WORDS][3])


def test_what_did_not_change_is_not_stored(base: State, tuned: State, path: Path) -> None:
    assert STILL not in write_delta(base, tuned, path)["tensors"]
    assert torch.equal(apply(base, path)[STILL], base[STILL])


def test_the_file_has_half_a_byte_a_number(base: State, tuned: State, path: Path) -> None:
    """Besides eight bytes a row of a matrix, and two for each number of a vector."""
    write_delta(base, tuned, path)
    numbers = (24 + 60) * 16 // 2 + (24 + 60) * 8 + 24 * 2
    overhead = path.stat().st_size - numbers
    assert 0 < overhead < 1500  # names, shapes and the header


def test_the_base_stays_as_it_was(base: State, tuned: State, path: Path) -> None:
    write_delta(base, tuned, path)
    apply(base, path)
    assert state_digest(base) == state_digest(base_state())


def test_whole_numbers_of_the_base_pass_through(base: State, tuned: State, path: Path) -> None:
    write_delta(base, tuned, path)
    positions = torch.arange(8)
    made = apply(base | {"positions": positions}, path)
    assert torch.equal(made["positions"], positions)


def test_settings_travel_in_the_file(base: State, tuned: State, path: Path) -> None:
    write_delta(base, tuned, path, {"epochs": 3})
    assert header_of(path)["settings"] == {"epochs": 3}


def test_the_share_that_is_kept_is_told(base: State, tuned: State, path: Path) -> None:
    """All but some hundredths of the squared change; nothing of it without the delta."""
    write_delta(base, tuned, path)
    assert 0.98 < kept(base, tuned, apply(base, path)) < 1
    assert kept(base, tuned, base) == 0


def test_another_base_is_refused(base: State, tuned: State, path: Path) -> None:
    write_delta(base, tuned, path)
    with pytest.raises(EncoderError, match=f"{path.name}: was made for other weights"):
        apply(tuned, path)


def test_a_base_of_other_names_is_refused(base: State, tuned: State, path: Path) -> None:
    write_delta(base, tuned, path)
    with pytest.raises(EncoderError, match="other weights"):
        apply({f"0.{name}": tensor for name, tensor in base.items()}, path)


@pytest.mark.parametrize("missing", [BIAS, MATRIX + CODES, WORDS + SCALES])
def test_a_missing_tensor_is_refused(base: State, tuned: State, path: Path, missing: str) -> None:
    write_delta(base, tuned, path)
    rewrite(path, {name: part for name, part in load_file(path).items() if name != missing})
    with pytest.raises(EncoderError, match=f"misses tensors .*{missing}"):
        apply(base, path)


def test_an_extra_tensor_is_refused(base: State, tuned: State, path: Path) -> None:
    write_delta(base, tuned, path)
    rewrite(path, load_file(path) | {"stray": torch.zeros(2)})
    with pytest.raises(EncoderError, match="has unknown tensors: stray"):
        apply(base, path)


@pytest.mark.parametrize(
    ("name", "shape"), [(BIAS, [23]), ("no.such.tensor", [24]), (BIAS, [24, 1])]
)
def test_a_tensor_that_does_not_fit_is_refused(
    base: State, tuned: State, path: Path, name: str, shape: list[int]
) -> None:
    write_delta(base, tuned, path)
    whole = len(shape) == 1
    parts = [name] if whole else [name + kind for kind in (ROWS, CODES, SCALES)]
    rewrite(path, {part: torch.zeros(24) for part in parts}, tensors={name: shape})
    with pytest.raises(EncoderError, match="is not a tensor of the base"):
        apply(base, path)


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        (CODES, torch.zeros(24, 7, dtype=torch.uint8)),
        (CODES, torch.zeros(23, 8, dtype=torch.uint8)),
        (SCALES, torch.zeros(25)),
        (ROWS, torch.arange(1, 25)),
        (ROWS, torch.arange(-1, 23)),
    ],
)
def test_parts_that_do_not_fit_are_refused(
    base: State, tuned: State, path: Path, part: str, wrong: torch.Tensor
) -> None:
    """Codes of other shapes, a scale too many, rows outside the matrix."""
    write_delta(base, tuned, path)
    rewrite(path, load_file(path) | {MATRIX + part: wrong})
    with pytest.raises(EncoderError, match="is not a tensor of the base"):
        apply(base, path)


def test_another_format_is_refused(base: State, tuned: State, path: Path) -> None:
    write_delta(base, tuned, path)
    rewrite(path, load_file(path), format=99)
    with pytest.raises(EncoderError, match="format 99"):
        apply(base, path)


def test_what_is_no_delta_is_refused(base: State, path: Path) -> None:
    with pytest.raises(EncoderError, match="not a readable delta"):
        apply(base, path)
    path.write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00not json")
    with pytest.raises(EncoderError, match="not a readable delta"):
        apply(base, path)
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(EncoderError, match="not a readable delta"):
        apply(base, path)


def test_a_model_of_other_tensors_is_not_compressed(base: State, path: Path) -> None:
    with pytest.raises(ValueError, match="does not have the tensors"):
        write_delta(base, {BIAS: base[BIAS]}, path)
