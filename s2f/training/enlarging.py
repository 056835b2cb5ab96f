"""What super-resolution minimises: its error in denoising large faces, given the same faces small."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from s2f.dataset.batches import Batch
from s2f.diffusion.schedule import Schedule, add_noise
from s2f.params.super_resolution import SuperResolutionConfig
from s2f.training.denoising import Result, draw, drop_condition, noise_like, shrink, squared_error, to_float


@dataclass(frozen=True)
class EnlargingFaces:
    """The low picture is the large one shrunk, with noise of a level drawn per row.

    In training every picture is cut to `crop_px` from a random place (0: whole pictures), as Imagen's is: detail is
    local, and a step costs less. Whole pictures are what the model is validated and used on.
    """

    config: SuperResolutionConfig
    schedule: Schedule
    crop_px: int

    def __call__(self, model: nn.Module, batch: Batch, rng: torch.Generator) -> Result:
        """Loss and what it is made of; `rng` is on the CPU."""
        config = self.config
        x_0 = shrink(to_float(batch["face"]), config.image_px)
        low = shrink(x_0, config.low_px)
        if self.crop_px and model.training:
            x_0, low = crop(x_0, low, self.crop_px, rng)
        level = torch.rand(len(x_0), generator=rng) * config.max_noise_level
        low = add_noise(low, level, noise_like(low, rng))
        embedding = drop_condition(batch["embedding"], config.condition_dropout, rng) if config.embedding else None
        t, eps = draw(x_0, self.schedule, rng)
        output = model(self.schedule.q_sample(x_0, t, eps), t, low, level.to(x_0.device), embedding)
        return squared_error(output, self.schedule.target(config.prediction, x_0, eps, t), t, self.schedule.steps)


def crop(x_0: Tensor, low: Tensor, size: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """(b, 3, size, size) of large pictures and the same squares of the small ones, each row from a place of its own."""
    scale = x_0.shape[-1] // low.shape[-1]
    small = size // scale
    places = torch.randint(low.shape[-1] - small + 1, (len(x_0), 2), generator=rng).tolist()

    def cut(pictures: Tensor, scale: int, side: int) -> Tensor:
        rows = zip(pictures, places, strict=True)
        return torch.stack([p[:, y * scale : y * scale + side, x * scale : x * scale + side] for p, (y, x) in rows])

    return cut(x_0, scale, size), cut(low, 1, small)
