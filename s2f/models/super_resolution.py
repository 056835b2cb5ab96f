"""Super-resolution: the diffusion U-Net that enlarges a face.

Kato & Hashimoto (2023), table 1, right column, on Imagen's Efficient U-Net (Saharia et al. 2022, appendix B.1): most
blocks where the picture is small, a level's downsampling before its convolutions and its upsampling after them, skip
connections scaled by 1/√2, and the noise level of the low picture embedded like the step.

One thing is ours, and a parameter, for short trainings that predict x_0: a shortcut (`shortcut.py`) from the enlarged
picture to the prediction. The network sees what the shortcut gives, and adds what is missing.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from s2f.models.blocks import Attention, Layer, ResBlock, StepEmbedding, downsample, head, upsample
from s2f.models.conditioning import Condition
from s2f.models.shortcut import Shortcut
from s2f.params.super_resolution import SuperResolutionConfig

WIDER = 4  # the step's vector has so many times base_channels entries
NOISE_LEVEL_SCALE = 1000.0  # stretches [0, 1) over the periods of the step embedding
SKIP_SCALE = 1 / math.sqrt(2)


class SuperResolution(nn.Module):
    """A denoiser: predicts noise, v or the large face itself, as `config.prediction` says."""

    kind = "super_resolution"  # in MODELS, params.yaml and data/models

    def __init__(self, config: SuperResolutionConfig) -> None:
        super().__init__()
        self.config = config
        base, groups = config.base_channels, config.groups
        vector = WIDER * base
        token = vector if config.embedding else 0
        widths = [base * multiple for multiple in config.channel_multiples]

        def layers(channels: int, level: int) -> nn.ModuleList:
            """A level's blocks; attention follows the last one."""
            width, blocks = widths[level], config.blocks[level]
            found = nn.ModuleList()
            for index in range(blocks):
                ends = index == blocks - 1 and 2**level in config.attention_at
                attention = Attention(width, config.heads, groups, token) if ends else None
                found.append(Layer(ResBlock(width if index else channels, width, vector, groups), attention))
            return found

        self.step = StepEmbedding(base, vector)
        self.noise_level = StepEmbedding(base, vector)
        self.condition = (
            Condition(config.embedding, config.condition_tokens, token, vector) if config.embedding else None
        )
        self.first = nn.Conv2d(6, widths[0], 3, padding=1)
        levels = range(len(widths))
        self.downsample = nn.ModuleList(downsample(widths[level - 1], widths[level]) for level in levels if level)
        self.down = nn.ModuleList(layers(widths[level], level) for level in levels)
        # The lowest level's way up starts from its own output; the others also read the skip of their way down.
        self.up = nn.ModuleList(layers(widths[level] * (1 if level == levels[-1] else 2), level) for level in levels)
        self.upsample = nn.ModuleList(upsample(widths[level], widths[level - 1]) for level in levels if level)
        self.head = head(widths[0], groups)
        self.shortcut = Shortcut(vector, self.head) if config.shortcut else None
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(
        self, x_t: Tensor, t: Tensor, low: Tensor, noise_level: Tensor, embedding: Tensor | None = None
    ) -> Tensor:
        """Prediction (b, 3, S, S) for noisy faces (b, 3, S, S) at steps (b,), given low pictures (b, 3, s, s).

        `noise_level` (b,) in [0, 1) says how much noise was added to `low`. Embeddings (b, embedding) are of unit
        length; a row of zeros, or None for all rows, is the null condition.
        """
        vector = self.step(t) + self.noise_level(noise_level * NOISE_LEVEL_SCALE)
        tokens = None
        if self.condition is not None:
            if embedding is None:
                embedding = x_t.new_zeros(len(x_t), self.config.embedding)
            tokens, condition = self.condition(embedding)
            vector = vector + condition
        enlarged = functional.interpolate(low, size=x_t.shape[-2:], mode="bicubic", align_corners=False)
        start = None
        if self.shortcut is not None:
            x_t = start = self.shortcut(enlarged, x_t, vector)
        x = self.first(torch.cat([x_t, enlarged], dim=1).contiguous(memory_format=torch.channels_last))
        skips = []
        for level, layers in enumerate(self.down):
            if level > 0:
                x = self.downsample[level - 1](x)
            for layer in layers:  # type: ignore[attr-defined]
                x = layer(x, vector, tokens)
            skips.append(x)
        for level in reversed(range(len(self.up))):
            if level < len(self.up) - 1:
                x = torch.cat([x, skips[level] * SKIP_SCALE], dim=1)
            for layer in self.up[level]:  # type: ignore[attr-defined]
                x = layer(x, vector, tokens)
            if level > 0:
                x = self.upsample[level - 1](x)
        return self.head(x) if start is None else start + self.head(x)
