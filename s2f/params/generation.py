"""Section `generation`: how test voices become faces."""

from typing import Annotated

from pydantic import Field

from s2f.params.base import Section
from s2f.params.samplers import Sampler

MOST_GUIDANCE = 100.0  # far beyond any face; a picture of float32 overflows long after


class GenerationParams(Section):
    """Guidance is the paper's w: (1 + w)·eps(x, c) − w·eps(x, 0). 0 is the conditional model, −1 the unconditional."""

    guidance: tuple[Annotated[float, Field(ge=-MOST_GUIDANCE, le=MOST_GUIDANCE)], ...] = Field(min_length=1)
    default_guidance: float = Field(ge=-MOST_GUIDANCE, le=MOST_GUIDANCE)  # the pipeline's, where a user names none
    samples: int = Field(gt=0)  # faces per voice and w
    sampler: Sampler
    steps: int = Field(gt=0)  # of the face decoder; ancestral sampling walks all of diffusion.steps when equal to it
    threshold: float = Field(ge=0, le=1)  # dynamic thresholding: share of a face's numbers left in range; 0 clips
    super_resolution_sampler: Sampler
    super_resolution_steps: int = Field(gt=0)
    super_resolution_noise: float = Field(ge=0, lt=1)  # noise level given to the low picture
    super_resolution_pictures: int = Field(gt=0)  # validation portraits enlarged to judge super-resolution by
    variance_pictures: int = Field(ge=0)  # portraits that sampler 'analytic' takes its variances from; 0: not offered
    batch: int = Field(gt=0)  # pictures at a time; changes speed and memory, never a picture
    shard_clips: int = Field(gt=0)
