"""How a pipeline draws unless a call says otherwise: as params.yaml had it at its export, and its report judged it."""

from dataclasses import dataclass
from typing import Self

from s2f.diffusion.solvers import Walk
from s2f.params.generation import GenerationParams


@dataclass(frozen=True)
class Drawing:
    """`guidance` is the paper's w; `noise_level` in [0, 1) is laid over the small face before it is enlarged."""

    guidance: float
    decode: Walk
    enlarge: Walk
    noise_level: float

    @classmethod
    def of(cls, params: GenerationParams) -> Self:
        """As section `generation` has it."""
        return cls(
            params.default_guidance,
            Walk(params.sampler, params.steps, params.threshold),
            Walk(params.super_resolution_sampler, params.super_resolution_steps),
            params.super_resolution_noise,
        )
