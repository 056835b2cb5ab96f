"""Face decoder: the diffusion U-Net that draws a small face from a face embedding.

Kato & Hashimoto (2023), table 1, middle column, on ADM's architecture (Dhariwal & Nichol 2021): residual blocks,
self-attention at the given downsampling factors, each followed by cross-attention to the embedding's tokens.

Two things are ours, parameters for short trainings (EXPERIMENTS.md). `position_map`: a learned map is added to the
first features; faces are cut upright, eyes at one place, and with the map they soon are there. `shortcut_ridge`: the
prediction starts from the face that the embedding draws linearly (`shortcut.py`), at first the ridge regression's.
"""

import torch
from torch import Tensor, nn

from s2f.models.attributes import Attributes
from s2f.models.blocks import Attention, Layer, ResBlock, StepEmbedding, downsample, head, upsample
from s2f.models.conditioning import Condition
from s2f.models.shortcut import LinearFace, Shortcut
from s2f.params.face_decoder import FaceDecoderConfig

WIDER = 4  # the step's vector has so many times base_channels entries
MAP_SCALE = 0.3  # of the position map's start: half of what the first convolution puts out


class FaceDecoder(nn.Module):
    """A denoiser: predicts noise, v or the face itself, as `config.prediction` says."""

    kind = "face_decoder"  # in MODELS, params.yaml and data/models

    def __init__(self, config: FaceDecoderConfig) -> None:
        super().__init__()
        self.config = config
        base, groups, heads = config.base_channels, config.groups, config.heads
        vector = token = WIDER * base
        widths = [base * multiple for multiple in config.channel_multiples]
        last = len(widths) - 1

        def attention(channels: int) -> Attention:
            return Attention(channels, heads, groups, token)

        def layer(channels: int, out: int, level: int) -> Layer:
            block = ResBlock(channels, out, vector, groups)
            return Layer(block, attention(out) if 2**level in config.attention_at else None)

        self.step = StepEmbedding(base, vector)
        self.condition = Condition(config.embedding, config.condition_tokens, token, vector)
        self.attributes = Attributes(config.attributes, token, vector) if config.attributes else None
        self.linear_face = LinearFace(config.embedding, config.image_px) if config.shortcut_ridge else None
        self.first = nn.Conv2d(6 if config.shortcut_ridge else 3, base, 3, padding=1)
        features = (base, config.image_px, config.image_px)
        self.position_map = nn.Parameter(MAP_SCALE * torch.randn(features)) if config.position_map else None
        self.down = nn.ModuleList()
        skips = [base]
        channels = base
        for level, (width, blocks) in enumerate(zip(widths, config.blocks, strict=True)):
            layers = nn.ModuleList()
            for _ in range(blocks):
                layers.append(layer(channels, width, level))
                channels = width
                skips.append(channels)
            if level < last:
                layers.append(downsample(channels, channels))
                skips.append(channels)
            self.down.append(layers)
        self.middle = nn.ModuleList(
            [
                Layer(ResBlock(channels, channels, vector, groups), attention(channels)),
                Layer(ResBlock(channels, channels, vector, groups), None),
            ]
        )
        self.up = nn.ModuleList()
        for level in range(last, -1, -1):
            layers = nn.ModuleList()
            for _ in range(config.blocks[level] + 1):  # one more: the level's downsampling left a skip too
                layers.append(layer(channels + skips.pop(), widths[level], level))
                channels = widths[level]
            if level > 0:
                layers.append(upsample(channels, channels))
            self.up.append(layers)
        self.head = head(channels, groups)
        self.shortcut = Shortcut(vector, self.head) if config.shortcut_ridge else None
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, x_t: Tensor, t: Tensor, embedding: Tensor) -> Tensor:
        """Prediction (b, 3, s, s) for noisy faces (b, 3, s, s) at steps (b,), given (b, embedding + attributes).

        Embeddings are of unit length; a row of zeros is the null condition. Behind them may stand the attributes'
        numbers: none, or what is no number, is not known.
        """
        embedding, known = embedding.tensor_split([self.config.embedding], dim=1)
        tokens, vector = self.condition(embedding)
        vector = vector + self.step(t)
        if self.attributes is not None:
            if not known.shape[1]:
                known = embedding.new_full((len(embedding), len(self.config.attributes)), torch.nan)
            more, shift = self.attributes(known)
            tokens, vector = torch.cat([tokens, more], dim=1), vector + shift
        start = None
        if self.shortcut is not None and self.linear_face is not None:
            drawn = self.linear_face(embedding)
            start = self.shortcut(drawn, x_t, vector)
            x_t = torch.cat([start, drawn], dim=1)
        x = self.first(x_t.contiguous(memory_format=torch.channels_last))
        if self.position_map is not None:
            x = x + self.position_map
        skips = [x]
        for layers in self.down:
            for layer in layers:  # type: ignore[attr-defined]
                x = layer(x, vector, tokens) if isinstance(layer, Layer) else layer(x)
                skips.append(x)
        for layer in self.middle:
            x = layer(x, vector, tokens)
        for layers in self.up:
            for layer in layers:  # type: ignore[attr-defined]
                x = layer(torch.cat([x, skips.pop()], dim=1), vector, tokens) if isinstance(layer, Layer) else layer(x)
        return self.head(x) if start is None else start + self.head(x)
