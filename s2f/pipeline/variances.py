"""What sampler 'analytic' needs of both diffusion models, measured on portraits (s2f/diffusion/analytic.py)."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from s2f.diffusion.analytic import estimate_x_0_error
from s2f.diffusion.sampling import seeded
from s2f.pipeline.pixels import parts
from s2f.pipeline.speech_to_face import SpeechToFacePipeline


@torch.inference_mode()
def measure_errors(
    pipeline: SpeechToFacePipeline,
    faces: Tensor,
    embeddings: Tensor,
    seeds: Sequence[int],
    on_part: Callable[[int], None] = lambda rows: None,
) -> dict[str, Tensor]:
    """x_0 errors (T,) by model, of faces (n, 3, S, S) in [−1, 1] with their embeddings (n, 512), one seed each.

    The decoder is unguided; the enlarger is given true small faces under the pipeline's noise. As many faces are in
    memory at a time as when they are drawn; `on_part` is told how many were seen.
    """
    models = pipeline.models
    sums = {
        name: torch.zeros(models.diffusion.steps, dtype=torch.float64) for name in ("face_decoder", "super_resolution")
    }
    for rows in parts(len(faces), pipeline.image_px):
        large, condition, own = faces[rows].to(pipeline.device), embeddings[rows].to(pipeline.device), seeds[rows]
        small = functional.interpolate(large, size=(pipeline.small_px, pipeline.small_px), mode="area")
        for name, x_0, denoiser in (
            ("face_decoder", small, pipeline.denoisers.face()),
            ("super_resolution", large, pipeline.denoisers.enlarging(small, seeded(own), pipeline.drawing.noise_level)),
        ):
            prediction = getattr(models, name).config.prediction
            sums[name] += len(own) * estimate_x_0_error(denoiser, x_0, condition, models.schedule, prediction, own)
        on_part(len(own))
    return {name: total / len(faces) for name, total in sums.items()}
