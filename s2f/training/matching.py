"""What the speech encoder minimises: the cosine distance to the embedding of the speaker's face, as in the paper.

Beside it, if asked for, CLIP's symmetric contrastive loss (Radford et al. 2021): the own face among the batch's faces.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from s2f.dataset.batches import Batch
from s2f.params.matching import MatchingParams
from s2f.training.draws import Draws
from s2f.training.gathering import gathered, place_of
from s2f.training.losses import Losses


@dataclass(frozen=True)
class Matching:
    """1 − cos(voice, face), 0 … 2; 1 is what unrelated vectors get. That is what is logged, whatever is minimised.

    In training every clip is cut to `crop_frames` frames from a random place, another at every step (0: whole clips,
    as in the paper): cheaper, and a short corpus is not learnt by heart so soon. The encoder averages over time, so
    whole clips are what it is validated and used on.
    """

    params: MatchingParams

    def __call__(self, model: nn.Module, batch: Batch, draws: Draws) -> Losses:
        """Of one batch."""
        spectrogram, faces = batch["spectrogram"], batch["embedding"]
        if self.params.crop_frames and model.training:
            spectrogram = crop(spectrogram, self.params.crop_frames, draws)
        voices = model(spectrogram).float()
        rows = 1 - functional.cosine_similarity(voices, faces, dim=1)
        minimised = rows
        if self.params.contrastive_weight and model.training:
            minimised = rows + self.params.contrastive_weight * contrast(voices, faces, self.params.temperature)
        return Losses(minimised.mean(), rows)


def contrast(voices: Tensor, faces: Tensor, temperature: float) -> Tensor:
    """Cross-entropies (b,) of voices (b, e) finding their faces (b, e), and faces their voices, halved.

    Rivals are the rows of all processes, as many as are in memory at once.
    """
    voices, faces = functional.normalize(voices, dim=1), functional.normalize(faces, dim=1)
    own = torch.arange(len(voices), device=voices.device) + place_of(voices)
    with torch.autocast(voices.device.type, enabled=False):  # bf16 has three digits, a temperature asks for more
        by_voice = functional.cross_entropy(voices @ gathered(faces).T / temperature, own, reduction="none")
        by_face = functional.cross_entropy(faces @ gathered(voices).T / temperature, own, reduction="none")
    return (by_voice + by_face) / 2


def crop(spectrogram: Tensor, frames: int, draws: Draws) -> Tensor:
    """(b, n, …) → (b, frames, …), each row from a place of its own."""
    starts = draws.integers(spectrogram.shape[1] - frames + 1)[:, 0].tolist()
    places = torch.tensor(starts, device=spectrogram.device)[:, None] + torch.arange(frames, device=spectrogram.device)
    return spectrogram[
        torch.arange(len(places), device=spectrogram.device)[:, None], places
    ]  # autocast stacks no halves
