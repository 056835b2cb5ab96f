"""Section `face_decoder`: the diffusion U-Net that draws a small face from an embedding."""

from typing import Literal, Self

from pydantic import Field, model_validator

from s2f.params.base import Section


class FaceDecoderConfig(Section):
    """Kato & Hashimoto (2023), table 1, middle column; attention is given by downsampling factor, as in ADM."""

    image_px: int = Field(ge=8, le=256)
    base_channels: int = Field(gt=0)
    channel_multiples: tuple[int, ...] = Field(min_length=1)
    blocks: tuple[int, ...] = Field(min_length=1)  # ResNet blocks per level
    attention_at: tuple[int, ...]  # downsampling factors with self- and cross-attention
    heads: int = Field(gt=0)
    groups: int = Field(gt=0)  # of group normalisation
    embedding: int = Field(gt=0)  # size of the condition
    condition_tokens: int = Field(ge=2, le=64)  # one token would make cross-attention constant
    condition_dropout: float = Field(ge=0, lt=1)
    attributes: tuple[Literal["age", "gender"], ...]  # more tokens, of what labels say of a portrait; [] for none
    attribute_dropout: float = Field(ge=0, lt=1)  # how often each of them is hidden, whatever happens to the embedding
    position_map: bool  # a learned map of the picture beside the noisy face: convolutions alone know no place
    shortcut_ridge: float = Field(ge=0)  # penalty of the regression that the prediction starts from; 0: it does not
    prediction: Literal["epsilon", "v", "x0"]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        check_unet(self.base_channels, self.channel_multiples, self.blocks, self.attention_at, self.groups, self.heads)
        if self.base_channels % self.groups:  # its first features and what skips from them
            raise ValueError(
                f"groups {self.groups} does not divide {self.base_channels} channels, base_channels; allowed: what does"
            )
        if len(set(self.attributes)) < len(self.attributes):
            raise ValueError(f"attributes {list(self.attributes)} holds one twice; allowed: each once")
        if self.attributes and not self.attribute_dropout:
            raise ValueError(
                "attribute_dropout 0.0 teaches no token of what is not known, which every voice comes with; "
                "allowed: above 0, or attributes []"
            )
        shrink = 2 ** (len(self.blocks) - 1)
        if self.image_px % shrink:
            raise ValueError(f"image_px {self.image_px} is not a multiple of {shrink}, which its levels need")
        if self.shortcut_ridge and self.prediction != "x0":
            raise ValueError(
                f"shortcut_ridge {self.shortcut_ridge:g} starts from a picture, prediction is {self.prediction}; "
                "allowed: 0, or x0"
            )
        return self


def check_unet(
    base_channels: int,
    multiples: tuple[int, ...],
    blocks: tuple[int, ...],
    attention_at: tuple[int, ...],
    groups: int,
    heads: int,
) -> None:
    """What both U-Nets need.

    Raises:
        ValueError: one sentence, naming the key.
    """
    if base_channels % 2:
        raise ValueError(f"base_channels {base_channels} is odd; allowed: even, for sines and cosines of a step")
    for key, levels in (("channel_multiples", multiples), ("blocks", blocks)):
        if min(levels) < 1:
            raise ValueError(f"{key} {list(levels)} is not all 1 or more; allowed: whole numbers from 1")
    if len(multiples) != len(blocks):
        raise ValueError(f"channel_multiples has {len(multiples)} levels and blocks {len(blocks)}; allowed: as many")
    factors = [2**level for level in range(len(blocks))]
    for factor in attention_at:
        if factor not in factors:
            raise ValueError(f"attention_at {factor} is no level's downsampling factor; allowed: {factors}")
    for multiple in multiples:
        for key, value in (("groups", groups), ("heads", heads)):
            if (base_channels * multiple) % value:
                channels = base_channels * multiple
                raise ValueError(
                    f"{key} {value} does not divide {channels} channels; allowed: what divides every level's"
                )
