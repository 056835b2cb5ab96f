"""Random numbers for the rows of a batch.

Every row has generators of its own, seeded by its step and its number in the whole batch: what it is trained on depends
on neither the rows beside it, nor on how many processes or passes of memory share the batch.
"""

from collections.abc import Callable, Sequence

import torch
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor

from s2f.runtime import derive_seed


class Draws:
    """For as many rows as there are seeds; b in what follows."""

    def __init__(self, seeds: Sequence[int], device: torch.device | str = "cpu") -> None:
        self.device = torch.device(device)
        self._few = [torch.Generator().manual_seed(seed) for seed in seeds]
        # Noise is drawn where it is used: at the paper's scale a hundred million numbers a step.
        self._many = [torch.Generator(device=self.device).manual_seed(derive_seed(seed, "noise")) for seed in seeds]

    def uniform(self) -> Tensor:
        """(b,) in [0, 1)."""
        return torch.cat([torch.rand(1, generator=one) for one in self._few]).to(self.device)

    def integers(self, below: int, count: int = 1) -> Tensor:
        """(b, count) whole numbers from 0 to `below` − 1, on the CPU."""
        return torch.stack([torch.randint(below, (count,), generator=one) for one in self._few])

    def normal(self, *shape: int) -> Tensor:
        """(b, *shape), float32."""
        return randn_tensor((len(self._many), *shape), generator=self._many, device=self.device, dtype=torch.float32)


def draws_at(seed: int, own: range, device: torch.device | str, *names: object) -> Callable[[range], Draws]:
    """From some rows of this process's part of a batch to their random numbers.

    `own` are the part's places in the whole batch, which `names` tell from all others.
    """
    return lambda rows: Draws([derive_seed(seed, *names, row) for row in own[rows.start : rows.stop]], device)
