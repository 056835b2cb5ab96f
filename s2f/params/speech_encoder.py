"""Section `speech_encoder`: from a spectrogram to a face embedding of ArcFace's 512 numbers."""

from typing import Literal, Self

from pydantic import Field, model_validator

from s2f.params.base import Section

SHORTEST = 259  # frames that leave one after Speech2Face's last convolution


class SpeechEncoderConfig(Section):
    """speech2face at width 1 is the published network: 133,379,328 trainable parameters, 178 GFLOP a clip."""

    architecture: Literal["speech2face", "hubert", "wavlm"]  # the paper's convolutions, or a transformer
    width: float = Field(gt=0, le=1)  # scales every hidden layer
    layers: int = Field(ge=0, le=48)  # of a transformer, 12 in both; speech2face has its own number: 0
    embedding: int = Field(gt=0)  # outputs; ArcFace has 512

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.architecture == "speech2face") != (self.layers == 0):
            raise ValueError(
                f"layers {self.layers} does not fit {self.architecture}; "
                "allowed: 0 for speech2face, 1 to 48 for hubert and wavlm"
            )
        return self
