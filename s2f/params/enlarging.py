"""Section `super_resolution_training`: the keys of every diffusion model's training, and one more."""

from pydantic import Field

from s2f.params.denoising import DenoisingParams


class EnlargingParams(DenoisingParams):
    """How super-resolution is trained."""

    crop_px: int = Field(ge=0)  # so large a square from a random place of each picture; 0: whole pictures
