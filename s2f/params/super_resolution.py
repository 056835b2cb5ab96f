"""Section `super_resolution`: the diffusion U-Net that enlarges a face (Imagen's Efficient U-Net)."""

from typing import Literal, Self

from pydantic import Field, model_validator

from s2f.params.base import Section
from s2f.params.face_decoder import check_unet


class SuperResolutionConfig(Section):
    """Kato & Hashimoto (2023), table 1, right column. What the paper leaves open is a key of its own."""

    low_px: int = Field(ge=8, le=256)  # what comes in: the face decoder's image_px
    image_px: int = Field(ge=16, le=1024)  # what comes out
    base_channels: int = Field(gt=0)
    channel_multiples: tuple[int, ...] = Field(min_length=1)
    blocks: tuple[int, ...] = Field(min_length=1)  # ResNet blocks per level
    attention_at: tuple[int, ...]  # downsampling factors with self-attention (and cross-, if conditioned)
    heads: int = Field(gt=0)
    groups: int = Field(gt=0)  # of group normalisation
    embedding: int = Field(ge=0)  # size of the condition; 0: the low-resolution picture alone
    condition_tokens: int = Field(ge=2, le=64)
    condition_dropout: float = Field(ge=0, lt=1)
    max_noise_level: float = Field(ge=0, lt=1)  # noise-conditioning augmentation of the low picture; 0: none
    shortcut: bool  # the prediction starts from a mixture of the two pictures; for x0 alone
    prediction: Literal["epsilon", "v", "x0"]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        check_unet(self.base_channels, self.channel_multiples, self.blocks, self.attention_at, self.groups, self.heads)
        shrink = 2 ** (len(self.blocks) - 1)
        if self.image_px % shrink:
            raise ValueError(f"image_px {self.image_px} is not a multiple of {shrink}, which its levels need")
        if self.shortcut and self.prediction != "x0":
            raise ValueError(f"shortcut starts from a picture, prediction is {self.prediction}; allowed: with x0 alone")
        if self.image_px % self.low_px or self.image_px == self.low_px:
            raise ValueError(f"image_px {self.image_px} is not a whole enlargement of low_px {self.low_px}")
        return self
