"""Section `diffusion`: the noise both diffusion models are trained against."""

from typing import Literal

from pydantic import Field

from s2f.params.base import Section


class DiffusionParams(Section):
    """Nichol & Dhariwal (2021)'s cosine schedule, or Ho et al. (2020)'s linear one."""

    steps: int = Field(gt=1)
    schedule: Literal["cosine", "linear"]
