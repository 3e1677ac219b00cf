"""Tests of index/delta.py: what is added to a model's weights, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from index.delta import HEADER, LEFT, RIGHT, apply, state_digest
from index.errors import EncoderError
from training.encoder.export import WORDS, Ranks, kept, write_delta

State = dict[str, torch.Tensor]
MATRIX, BIAS, STILL = "layer.dense.weight", "layer.dense.bias", "layer.norm.weight"


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


def test_whole_differences_come_back_to_half_precision(
    base: State, tuned: State, path: Path
) -> None:
    write_delta(base, tuned, path, Ranks(0, 0))
    made = apply(base, path)
    for name in base:
        wanted = base[name] + (tuned[name] - base[name]).half().float()
        assert torch.equal(made[name], wanted), name


def test_full_rank_comes_back_to_half_precision(base: State, path: Path) -> None:
    # Of rank 3, so that two thin matrices hold all of it.
    chance = torch.Generator().manual_seed(3)
    change = torch.randn(24, 3, generator=chance) @ torch.randn(3, 16, generator=chance) * 0.01
    tuned = base | {MATRIX: base[MATRIX] + change}
    write_delta(base, tuned, path, Ranks(3, 3))
    assert {MATRIX + LEFT, MATRIX + RIGHT} == set(load_file(path))
    assert torch.allclose(apply(base, path)[MATRIX], tuned[MATRIX], atol=1e-3 * change.abs().max())


@pytest.mark.parametrize("rank", [1, 2, 5])
def test_the_error_of_a_lower_rank_is_that_of_the_values_cut_off(
    base: State, path: Path, rank: int
) -> None:
    values = torch.tensor([1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125])
    chance = torch.Generator().manual_seed(4)
    left, _ = torch.linalg.qr(torch.randn(24, 6, generator=chance))
    right, _ = torch.linalg.qr(torch.randn(16, 6, generator=chance))
    tuned = base | {MATRIX: base[MATRIX] + left * values @ right.T}
    write_delta(base, tuned, path, Ranks(rank, 0))
    error = torch.linalg.norm(apply(base, path)[MATRIX] - tuned[MATRIX])
    assert float(error) == pytest.approx(float(values[rank:].norm()), rel=1e-2)


def test_word_embeddings_have_a_rank_of_their_own(base: State, tuned: State, path: Path) -> None:
    header = write_delta(base, tuned, path, Ranks(matrices=2, words=5))
    ranks = {name: told["rank"] for name, told in header["tensors"].items()}
    assert ranks == {MATRIX: 2, WORDS: 5, BIAS: None}
    assert load_file(path)[WORDS + LEFT].shape == (60, 5)


def test_two_matrices_no_smaller_than_the_whole_are_not_made(
    base: State, tuned: State, path: Path
) -> None:
    # 24 x 16 is 384 numbers; rank 10 would take 400.
    assert write_delta(base, tuned, path, Ranks(10, 0))["tensors"][MATRIX]["rank"] is None
    assert write_delta(base, tuned, path, Ranks(9, 0))["tensors"][MATRIX]["rank"] == 9


def test_what_did_not_change_is_not_stored(base: State, tuned: State, path: Path) -> None:
    assert STILL not in write_delta(base, tuned, path, Ranks(0, 0))["tensors"]
    assert torch.equal(apply(base, path)[STILL], base[STILL])


def test_the_file_has_two_bytes_a_number(base: State, tuned: State, path: Path) -> None:
    write_delta(base, tuned, path, Ranks(matrices=2, words=3))
    numbers = 2 * (24 + 16) + 3 * (60 + 16) + 24
    overhead = path.stat().st_size - 2 * numbers
    assert 0 < overhead < 1500  # names, shapes and the header


def test_the_base_stays_as_it_was(base: State, tuned: State, path: Path) -> None:
    write_delta(base, tuned, path, Ranks(2, 2))
    apply(base, path)
    assert state_digest(base) == state_digest(base_state())


def test_whole_numbers_of_the_base_pass_through(base: State, tuned: State, path: Path) -> None:
    write_delta(base, tuned, path, Ranks(2, 2))
    positions = torch.arange(8)
    made = apply(base | {"positions": positions}, path)
    assert torch.equal(made["positions"], positions)


def test_settings_travel_in_the_file(base: State, tuned: State, path: Path) -> None:
    write_delta(base, tuned, path, Ranks(2, 2), {"epochs": 3})
    assert header_of(path)["settings"] == {"epochs": 3}


def test_more_of_the_change_is_kept_with_higher_ranks(
    base: State, tuned: State, path: Path
) -> None:
    shares = []
    for rank in (1, 4, 9):
        write_delta(base, tuned, path, Ranks(rank, rank))
        shares.append(kept(base, tuned, apply(base, path)))
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] < 1


def test_another_base_is_refused(base: State, tuned: State, path: Path) -> None:
    write_delta(base, tuned, path, Ranks(2, 2))
    with pytest.raises(EncoderError, match=f"{path.name}: was made for other weights"):
        apply(tuned, path)


def test_a_base_of_other_names_is_refused(base: State, tuned: State, path: Path) -> None:
    write_delta(base, tuned, path, Ranks(2, 2))
    with pytest.raises(EncoderError, match="other weights"):
        apply({f"0.{name}": tensor for name, tensor in base.items()}, path)


@pytest.mark.parametrize("missing", [BIAS, MATRIX + LEFT, WORDS + RIGHT])
def test_a_missing_tensor_is_refused(base: State, tuned: State, path: Path, missing: str) -> None:
    write_delta(base, tuned, path, Ranks(2, 2))
    rewrite(path, {name: part for name, part in load_file(path).items() if name != missing})
    with pytest.raises(EncoderError, match=f"misses tensors .*{missing}"):
        apply(base, path)


def test_an_extra_tensor_is_refused(base: State, tuned: State, path: Path) -> None:
    write_delta(base, tuned, path, Ranks(2, 2))
    rewrite(path, load_file(path) | {"stray": torch.zeros(2)})
    with pytest.raises(EncoderError, match="has unknown tensors: stray"):
        apply(base, path)


@pytest.mark.parametrize(
    ("name", "shape"), [(BIAS, [23]), ("no.such.tensor", [24]), (BIAS, [24, 1])]
)
def test_a_tensor_that_does_not_fit_is_refused(
    base: State, tuned: State, path: Path, name: str, shape: list[int]
) -> None:
    write_delta(base, tuned, path, Ranks(0, 0))
    tensors = {name: {"shape": shape, "rank": None}}
    rewrite(path, {name: torch.zeros(24)}, tensors=tensors)
    with pytest.raises(EncoderError, match="is not a tensor of the base"):
        apply(base, path)


def test_factors_that_do_not_multiply_are_refused(base: State, tuned: State, path: Path) -> None:
    write_delta(base, tuned, path, Ranks(2, 2))
    rewrite(path, load_file(path) | {MATRIX + LEFT: torch.zeros(24, 3)})
    with pytest.raises(EncoderError, match="is not a tensor of the base"):
        apply(base, path)


def test_another_format_is_refused(base: State, tuned: State, path: Path) -> None:
    write_delta(base, tuned, path, Ranks(2, 2))
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
        write_delta(base, {BIAS: base[BIAS]}, path, Ranks(2, 2))
