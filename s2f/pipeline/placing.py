"""On which device, and in which type of numbers, a pipeline's networks are."""

import torch

from s2f.runtime import InputError

FLOATING = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16, "float64": torch.float64}


def floating(torch_dtype: torch.dtype | str) -> torch.dtype:
    """A type of numbers that networks can be held in, of itself or its name.

    Raises:
        InputError: it is none.
    """
    found = FLOATING.get(str(torch_dtype).removeprefix("torch."))
    if found is None:
        raise InputError(f"torch_dtype {torch_dtype}; allowed: {', '.join(FLOATING)}.")
    return found


def place(device: torch.device | str) -> torch.device:
    """A device that is there.

    Raises:
        InputError: it is not.
    """
    try:
        found = torch.device(device)
        torch.empty(1, device=found)
    except (RuntimeError, AssertionError):
        there = ["cpu", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))]
        raise InputError(f"device {device}; allowed on this machine: {', '.join(there)}.") from None
    return found
