"""What super-resolution minimises: its error in denoising large faces, given the same faces small."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from s2f.dataset.batches import Batch
from s2f.diffusion.schedule import Schedule, add_noise
from s2f.params.super_resolution import SuperResolutionConfig
from s2f.training.denoising import draw_noise, drop_condition, shrink, squared_error, to_float
from s2f.training.draws import Draws
from s2f.training.losses import Losses


@dataclass(frozen=True)
class EnlargingFaces:
    """The low picture is the large one shrunk, with noise of a level drawn per row.

    In training every picture is cut to `crop_px` from a random place (0: whole pictures), as Imagen's is: detail is
    local, and a step costs less. Whole pictures are what the model is validated and used on.
    """

    config: SuperResolutionConfig
    schedule: Schedule
    crop_px: int
    min_snr_gamma: float = 0

    def __call__(self, model: nn.Module, batch: Batch, draws: Draws) -> Losses:
        """Of one batch."""
        config, schedule = self.config, self.schedule
        x_0 = shrink(to_float(batch["face"]), config.image_px)
        low = shrink(x_0, config.low_px)
        if self.crop_px and model.training:
            x_0, low = crop(x_0, low, self.crop_px, draws)
        level = draws.uniform() * config.max_noise_level
        low = add_noise(low, level, draws.normal(*low.shape[1:]))
        embedding = drop_condition(batch["embedding"], config.condition_dropout, draws) if config.embedding else None
        t, eps = draw_noise(x_0, schedule, draws)
        output = model(schedule.q_sample(x_0, t, eps), t, low, level, embedding)
        target = schedule.target(config.prediction, x_0, eps, t)
        return squared_error(output, target, t, schedule, config.prediction, self.min_snr_gamma)


def crop(x_0: Tensor, low: Tensor, size: int, draws: Draws) -> tuple[Tensor, Tensor]:
    """(b, 3, size, size) of large pictures and the same squares of the small ones, each row from a place of its own."""
    scale = x_0.shape[-1] // low.shape[-1]
    small = size // scale
    places = draws.integers(low.shape[-1] - small + 1, 2).tolist()

    def cut(pictures: Tensor, scale: int, side: int) -> Tensor:
        rows = zip(pictures, places, strict=True)
        return torch.stack([p[:, y * scale : y * scale + side, x * scale : x * scale + side] for p, (y, x) in rows])

    return cut(x_0, scale, size), cut(low, 1, small)
