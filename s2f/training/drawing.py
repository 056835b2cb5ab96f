"""What the face decoder minimises: its error in denoising small faces, given their embeddings."""

from dataclasses import dataclass

import torch
from torch import nn

from s2f.dataset.batches import Batch
from s2f.diffusion.schedule import Schedule
from s2f.params.face_decoder import FaceDecoderConfig
from s2f.training.denoising import Result, draw, drop_condition, shrink, squared_error, to_float


@dataclass(frozen=True)
class DrawingFaces:
    """On `batch["face"]` shrunk to the model's size."""

    config: FaceDecoderConfig
    schedule: Schedule

    def __call__(self, model: nn.Module, batch: Batch, rng: torch.Generator) -> Result:
        """Loss and what it is made of; `rng` is on the CPU."""
        x_0 = shrink(to_float(batch["face"]), self.config.image_px)
        embedding = drop_condition(batch["embedding"], self.config.condition_dropout, rng)
        t, eps = draw(x_0, self.schedule, rng)
        output = model(self.schedule.q_sample(x_0, t, eps), t, embedding)
        return squared_error(output, self.schedule.target(self.config.prediction, x_0, eps, t), t, self.schedule.steps)
