"""What both diffusion models minimise: the squared error of predicted noise, v or picture (the paper's eq. 5).

The condition is dropped, to the zero vector, as often as the model's config says: that is what guidance needs.
"""

from torch import Tensor
from torch.nn import functional

from s2f.diffusion.schedule import Prediction, Schedule
from s2f.training.draws import Draws
from s2f.training.history import QUARTERS
from s2f.training.losses import Losses


def to_float(pictures: Tensor) -> Tensor:
    """uint8 (b, h, w, 3) → float (b, 3, h, w) in [−1, 1]."""
    return pictures.permute(0, 3, 1, 2).float() / 127.5 - 1


def shrink(pictures: Tensor, size: int) -> Tensor:
    """(b, 3, h, w) → (b, 3, size, size): the mean over each new pixel's area."""
    return pictures if pictures.shape[-1] == size else functional.interpolate(pictures, size=(size, size), mode="area")


def drop_condition(embedding: Tensor, share: float, draws: Draws) -> Tensor:
    """Embeddings (b, e) with about this share of the rows at zero, the null condition."""
    return embedding * (draws.uniform() >= share).to(embedding)[:, None]


def draw_noise(x_0: Tensor, schedule: Schedule, draws: Draws) -> tuple[Tensor, Tensor]:
    """A uniform step (b,) and noise for every picture."""
    return draws.integers(schedule.steps)[:, 0].to(x_0.device), draws.normal(*x_0.shape[1:])


def squared_error(
    output: Tensor, target: Tensor, t: Tensor, schedule: Schedule, prediction: Prediction, min_snr_gamma: float = 0
) -> Losses:
    """The mean over pixels; rows are logged as they are, and minimised by min-SNR's weight where it has a γ."""
    rows = (output.float() - target).square().mean(dim=(1, 2, 3))
    weights = schedule.min_snr_weight(prediction, t, min_snr_gamma).to(rows) if min_snr_gamma else 1.0
    return Losses((weights * rows).mean(), rows, t * len(QUARTERS) // schedule.steps)
