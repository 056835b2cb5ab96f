"""What sampler 'analytic' needs of both diffusion models, measured on portraits (s2f/diffusion/analytic.py)."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from s2f.diffusion.analytic import estimate_x_0_error
from s2f.pipeline.parts import Parts


@torch.inference_mode()
def measure_errors(models: Parts, faces: Tensor, embeddings: Tensor, seeds: Sequence[int]) -> dict[str, Tensor]:
    """x_0 errors (T,) by model, of faces (n, 3, S, S) in [−1, 1] with their embeddings (n, 512), one seed each.

    Both models are as trained: the decoder unguided, the enlarger given true small faces without noise.
    """
    decoder, enlarger, schedule = models.face_decoder, models.super_resolution, models.schedule
    side = decoder.config.image_px
    small = functional.interpolate(faces, size=(side, side), mode="area")
    level = torch.zeros(len(faces))

    def enlarge(x_t: Tensor, t: Tensor, condition: Tensor) -> Tensor:
        output: Tensor = enlarger(x_t, t, small, level, condition)
        return output

    return {
        "face_decoder": estimate_x_0_error(decoder, small, embeddings, schedule, decoder.config.prediction, seeds),
        "super_resolution": estimate_x_0_error(enlarge, faces, embeddings, schedule, enlarger.config.prediction, seeds),
    }
