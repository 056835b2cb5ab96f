"""What the face decoder minimises: its error in denoising small faces, given their embeddings."""

from dataclasses import dataclass

import torch
from torch import nn

from s2f.dataset.batches import Batch
from s2f.diffusion.schedule import Schedule
from s2f.params.face_decoder import FaceDecoderConfig
from s2f.training.denoising import draw_noise, drop_condition, shrink, squared_error, to_float
from s2f.training.draws import Draws
from s2f.training.losses import Losses


@dataclass(frozen=True)
class DrawingFaces:
    """On `batch["face"]` shrunk to the model's size, given `batch["embedding"]` and what is known of the attributes."""

    config: FaceDecoderConfig
    schedule: Schedule
    min_snr_gamma: float = 0

    def __call__(self, model: nn.Module, batch: Batch, draws: Draws) -> Losses:
        """Of one batch."""
        prediction, schedule = self.config.prediction, self.schedule
        x_0 = shrink(to_float(batch["face"]), self.config.image_px)
        condition = drop_condition(batch["embedding"], self.config.condition_dropout, draws)
        for name in self.config.attributes:
            hidden = draws.uniform() < self.config.attribute_dropout
            known = torch.where(hidden, torch.nan, batch[name].to(condition))
            condition = torch.cat([condition, known[:, None]], dim=1)
        t, eps = draw_noise(x_0, schedule, draws)
        output = model(schedule.q_sample(x_0, t, eps), t, condition)
        target = schedule.target(prediction, x_0, eps, t)
        return squared_error(output, target, t, schedule, prediction, self.min_snr_gamma)
