"""Speech encoders by name: all take spectrograms and give face embeddings."""

from torch import nn

from s2f.models.speech_encoder import SpeechEncoder
from s2f.models.speech_transformer import SpeechTransformer
from s2f.params.speech_encoder import SpeechEncoderConfig

ENCODERS: dict[str, type[nn.Module]] = {
    "speech2face": SpeechEncoder,
    "hubert": SpeechTransformer,
    "wavlm": SpeechTransformer,
}


def make_encoder(config: SpeechEncoderConfig) -> nn.Module:
    """The one that its config asks for; all have `.config` and `.kind`."""
    return ENCODERS[config.architecture](config)
