"""What both diffusion models minimise: the squared error of predicted noise, v or picture (the paper's eq. 5).

The condition is dropped, to the zero vector, as often as the model's config says: that is what guidance needs. Losses
are logged by quarter of t too, since a mean hides that the last steps learn long after the first.
"""

import torch
from torch import Tensor
from torch.nn import functional

from s2f.diffusion.schedule import Schedule
from s2f.training.history import QUARTERS

Result = tuple[Tensor, dict[str, Tensor]]


def to_float(pictures: Tensor) -> Tensor:
    """uint8 (b, h, w, 3) → float (b, 3, h, w) in [−1, 1]."""
    return pictures.permute(0, 3, 1, 2).float() / 127.5 - 1


def shrink(pictures: Tensor, size: int) -> Tensor:
    """(b, 3, h, w) → (b, 3, size, size): the mean over each new pixel's area."""
    return pictures if pictures.shape[-1] == size else functional.interpolate(pictures, size=(size, size), mode="area")


def drop_condition(embedding: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Embeddings (b, e) with about this share of the rows at zero, the null condition."""
    keep = torch.rand(len(embedding), generator=rng) >= share
    return embedding * keep.to(embedding)[:, None]


def draw(x_0: Tensor, schedule: Schedule, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """A uniform step (b,) and noise for every picture."""
    t = torch.randint(schedule.steps, (len(x_0),), generator=rng)
    return t.to(x_0.device), noise_like(x_0, rng)


def noise_like(pictures: Tensor, rng: torch.Generator) -> Tensor:
    """Drawn on the CPU, so that a seed means the same on every device."""
    return torch.randn(pictures.shape, generator=rng).to(pictures)


def squared_error(output: Tensor, target: Tensor, t: Tensor, steps: int) -> Result:
    """Mean loss, every row's loss, and the rows' losses by quarter of t."""
    losses = (output.float() - target).square().mean(dim=(1, 2, 3))
    quarter = t * len(QUARTERS) // steps
    return losses.mean(), {"loss": losses} | {name: losses[quarter == index] for index, name in enumerate(QUARTERS)}
