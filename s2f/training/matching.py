"""What the speech encoder minimises: the cosine distance to the embedding of the speaker's face."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from s2f.dataset.batches import Batch
from s2f.training.draws import Draws
from s2f.training.losses import Losses


@dataclass(frozen=True)
class Matching:
    """1 − cos(voice, face), 0 … 2; 1 is what unrelated vectors get.

    In training every clip is cut to `crop_frames` frames from a random place, another at every step (0: whole clips,
    as in the paper): cheaper, and a short corpus is not learnt by heart so soon. The encoder averages over time, so
    whole clips are what it is validated and used on.
    """

    crop_frames: int

    def __call__(self, model: nn.Module, batch: Batch, draws: Draws) -> Losses:
        """Of one batch."""
        spectrogram = batch["spectrogram"]
        if self.crop_frames and model.training:
            spectrogram = crop(spectrogram, self.crop_frames, draws)
        rows = 1 - functional.cosine_similarity(model(spectrogram).float(), batch["embedding"], dim=1)
        return Losses(rows.mean(), rows)


def crop(spectrogram: Tensor, frames: int, draws: Draws) -> Tensor:
    """(b, n, …) → (b, frames, …), each row from a place of its own."""
    starts = draws.integers(spectrogram.shape[1] - frames + 1)[:, 0].tolist()
    return torch.stack([row[start : start + frames] for row, start in zip(spectrogram, starts, strict=True)])
