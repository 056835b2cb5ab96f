"""Section `speech_encoder`: the voice encoder of Oh et al. (2019) with ArcFace's 512 outputs."""

from pydantic import Field

from s2f.params.base import Section

SHORTEST = 259  # frames that leave one after the last convolution


class SpeechEncoderConfig(Section):
    """Width 1 is the published network: 133,379,328 trainable parameters, 178 GFLOP a clip."""

    width: float = Field(gt=0, le=1)  # scales every hidden layer
    embedding: int = Field(gt=0)  # outputs; ArcFace has 512
