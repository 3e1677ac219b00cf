"""Where a model is to be had, and what it is to be computed in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import EncoderError

if TYPE_CHECKING:
    import torch

_UNREACHABLE = (
    "; there is no folder of that name, and the model hub, where it would be looked for, cannot be "
    "reached: check the spelling and the network, or give the path of a model"
)
_TIMEOUT = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class Place:
    """A model's folder, or its name on the model hub."""

    name: str
    local_files_only: bool
    hint: str  # for the error when it cannot be loaded from there


def find_model(name: str) -> Place:
    """Where the model of that name or path is. Raises EncoderError for a path that is no folder."""
    if Path(name).is_dir():
        # A path is kept whole, so that the index finds its model from any folder.
        return Place(str(Path(name).resolve()), local_files_only=True, hint="")
    if Path(name).is_absolute() or name.startswith(".") or name.count("/") > 1:
        raise EncoderError(
            f"{name}: there is no folder with a model; put it there, "
            "or choose another with `python -m index build --model M`"
        )
    reached = _hub_answers(name)
    return Place(name, local_files_only=not reached, hint="" if reached else _UNREACHABLE)


def device_and_dtype() -> tuple[str, torch.dtype]:
    """Bfloat16 where the processor computes in it natively (three times faster), else float32."""
    import torch  # noqa: PLC0415  it takes seconds, and most commands need no model

    if torch.cuda.is_available():
        return "cuda", torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    able = torch.cpu.get_capabilities()
    native = any(able.get(unit) for unit in ("avx512_bf16", "amx_bf16", "bf16"))
    return "cpu", torch.bfloat16 if native else torch.float32


def _hub_answers(name: str) -> bool:
    """Whether the model hub can be asked. Tried once; a download would try for over a minute."""
    from huggingface_hub import HfApi  # noqa: PLC0415
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError  # noqa: PLC0415

    try:
        HfApi().model_info(name, timeout=_TIMEOUT)
    except (HfHubHTTPError, HFValidationError):
        return True  # a refusal, or no name at all: loading the model tells more about it
    except Exception:  # of whichever library the hub's client speaks HTTP with
        return False
    return True
