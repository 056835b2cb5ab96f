"""What super-resolution has learnt, for the eye: true faces, the same shrunk, and those enlarged again."""

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from s2f.dataset.batches import Batch
from s2f.diffusion.sampling import sample, seeded
from s2f.diffusion.schedule import Schedule
from s2f.diffusion.solvers import Walk
from s2f.models.super_resolution import SuperResolution
from s2f.runtime import derive_seed
from s2f.training.denoising import shrink, to_float
from s2f.training.showing import STEPS, lines


@dataclass(frozen=True)
class ShownEnlargements:
    """A column is one person, and one noise."""

    schedule: Schedule
    seed: int

    def __call__(self, model: SuperResolution, batch: Batch) -> Tensor:
        """(3, h, w) in [−1, 1]."""
        config, embedding = model.config, batch["embedding"]
        true = shrink(to_float(batch["face"]), config.image_px)
        low = shrink(true, config.low_px)
        seeds = [derive_seed(self.seed, "shown", row) for row in range(len(true))]

        def denoise(x_t: Tensor, t: Tensor, condition: Tensor) -> Tensor:
            return model(x_t, t, low, low.new_zeros(len(low)), condition if config.embedding else None)

        steps, shape = min(STEPS, self.schedule.steps), tuple(true.shape[1:])
        large = sample(
            denoise, embedding, seeded(seeds), shape, self.schedule, Walk("dpmsolver++", steps), config.prediction
        )
        return lines(true, functional.interpolate(low, size=shape[1:], mode="nearest"), large)
