"""Speech encoder: a compressed complex spectrogram to a face embedding.

The voice encoder of Speech2Face (Oh et al. 2019) with ArcFace's 512 outputs, as Kato & Hashimoto (2023) use it. At
width 1 it has 133,379,328 trainable parameters; a smaller width shrinks every hidden layer.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from s2f.params.speech_encoder import SpeechEncoderConfig

KERNEL = 4
# (channels at width 1, stride, halve time afterwards); no padding anywhere.
LAYERS = (
    (64, 1, False),
    (64, 1, False),
    (128, 1, True),
    (128, 1, True),
    (128, 1, True),
    (256, 1, True),
    (512, 1, False),
    (512, 2, False),
    (512, 2, False),
)
HIDDEN = 4096  # of the fully connected layer, at width 1
BINS = 257  # of a 512-point FFT: the only frequency axis whose size the first fully connected layer fits


class SpeechEncoder(nn.Module):
    """Clips of any length from `SHORTEST` frames on (its params file has it): the mean over time takes them all."""

    kind = "speech_encoder"  # in MODELS, params.yaml and data/models

    def __init__(self, config: SpeechEncoderConfig) -> None:
        super().__init__()
        self.config = config
        layers: list[nn.Module] = []
        channels, bins = 2, BINS
        for index, (full, stride, pool) in enumerate(LAYERS):
            wide = scaled(full, config.width)
            layers.append(nn.Conv2d(channels, wide, KERNEL, stride))
            if index < len(LAYERS) - 1:  # the last convolution is linear: its ReLU comes after the mean
                layers += [nn.ReLU(inplace=True), nn.BatchNorm2d(wide)]
            if pool:
                layers.append(nn.MaxPool2d((2, 1)))  # over time only
            channels, bins = wide, (bins - KERNEL) // stride + 1
        hidden = scaled(HIDDEN, config.width)
        self.convolutions = nn.Sequential(*layers)
        self.norm = nn.BatchNorm1d(channels)
        self.hidden = nn.Linear(channels * bins, hidden)
        self.out = nn.Linear(hidden, config.embedding)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, spectrogram: Tensor) -> Tensor:
        """Embedding (b, embedding), not normalised, of spectrograms (b, frames, bins, 2), real and imaginary part."""
        x = spectrogram.to(self.out.weight.dtype).permute(0, 3, 1, 2)  # channels last in memory already
        x = self.convolutions(x)  # (b, c, frames, bins)
        x = self.norm(functional.relu(x.mean(dim=2)))  # (b, c, bins)
        x = functional.relu(self.hidden(x.flatten(1)))
        return self.out(x)


def scaled(channels: int, width: float) -> int:
    """A layer's channels at a width; at least one."""
    return max(1, round(channels * width))
