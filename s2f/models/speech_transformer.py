"""Speech encoder: a transformer over the waveform, behind the same interface as Speech2Face's convolutions.

HuBERT (Hsu et al. 2021) or WavLM (Chen et al. 2022), torchaudio's networks; at width 1 with 12 layers their base size,
for which trained weights exist. The mean over time is projected to the face embedding. The waveform is put together
from the spectrogram, which keeps phases: corpus, crops and pipeline need nothing else. There is no dropout, so a row's
training depends on its own random numbers alone.
"""

from typing import Self

from torch import Tensor, nn

from s2f.audio.torchaudio_import import torchaudio_part
from s2f.audio.waveform import Waveform
from s2f.params.spectrogram import PAPER
from s2f.params.speech_encoder import SpeechEncoderConfig

HEADS, PER_HEAD, WIDER = 12, 64, 4  # of base size
CHANNELS = 512  # of the convolutions in front, at width 1
KERNELS, STRIDES = (10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2)  # 50 vectors a second
QUIET = 1e-5  # silence is not made loud


class SpeechTransformer(nn.Module):
    """Clips of any length from a few frames on."""

    kind = "speech_encoder"  # in MODELS, params.yaml and data/models

    def __init__(self, config: SpeechEncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.waveform = Waveform(PAPER)
        heads = max(1, round(HEADS * config.width))
        channels = max(1, round(CHANNELS * config.width))
        self.front = front(config, heads, channels)
        self.out = nn.Linear(heads * PER_HEAD, config.embedding)

    def train(self, mode: bool = True) -> Self:
        """The front is computed as for use: in training torchaudio draws whether to skip a layer, even one never to."""
        super().train(mode)
        self.front.eval()
        return self

    def forward(self, spectrogram: Tensor) -> Tensor:
        """Embedding (b, embedding), not normalised, of spectrograms (b, frames, bins, 2), real and imaginary part."""
        speech = self.waveform(spectrogram)
        # No offset, deviation 1: how loud a recording is says nothing of a face.
        speech = (speech - speech.mean(1, keepdim=True)) / (speech.std(1, keepdim=True) + QUIET)
        features, _ = self.front(speech)  # (b, vectors, channels)
        return self.out(features.mean(dim=1))


def front(config: SpeechEncoderConfig, heads: int, channels: int) -> nn.Module:
    """torchaudio's network; its tensors have its names, so that its weights fit."""
    models = torchaudio_part("models")
    size = {
        "extractor_mode": "group_norm",
        "extractor_conv_layer_config": [(channels, *one) for one in zip(KERNELS, STRIDES, strict=True)],
        "extractor_conv_bias": False,
        "encoder_embed_dim": heads * PER_HEAD,
        "encoder_pos_conv_kernel": 128,
        "encoder_pos_conv_groups": 16,
        "encoder_num_layers": config.layers,
        "encoder_num_heads": heads,
        "encoder_ff_interm_features": heads * PER_HEAD * WIDER,
        "encoder_layer_norm_first": False,
        "aux_num_out": None,
    }
    dropouts = ("projection_dropout", "attention_dropout", "ff_interm_dropout", "dropout", "layer_drop")
    size |= {f"encoder_{name}": 0.0 for name in dropouts}
    if config.architecture == "hubert":
        return models.wav2vec2_model(**size)
    return models.wavlm_model(**size, encoder_num_buckets=320, encoder_max_distance=800)
