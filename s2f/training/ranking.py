"""How well voices find faces that were not trained on: is the own face among the first ones? Chance does not depend on
how near faces lie to each other, so this tells encoders and losses apart where their own numbers do not compare.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from s2f.dataset.batches import Batches
from s2f.training.history import RANKING
from s2f.training.processes import Processes

AT = 10


@dataclass(frozen=True)
class Ranking:
    """On the first `batches` batches of validation."""

    batches: int

    @torch.no_grad()
    def __call__(self, model: nn.Module, validation: Batches, processes: Processes) -> Mapping[str, float]:
        """The mean rank of the own face as a share of all, 0 to 1 (guessing: 0.5), and how often it is among ten."""
        was_training = model.training
        model.eval()
        count = min(self.batches, validation.rows // validation.batch)
        voices, faces = [], []
        for _, batch in zip(range(count), validation.iterate(), strict=False):
            batch = processes.to_device(batch)
            with processes.autocast():
                voices.append(model(batch["spectrogram"]).float())
            faces.append(batch["embedding"])
        model.train(was_training)
        found = ranks(torch.cat(voices), torch.cat(faces))
        share = found.double() / max(len(found) - 1, 1)
        return dict(zip(RANKING, (share.mean().item(), (found < AT).double().mean().item()), strict=True))


def ranks(voices: Tensor, faces: Tensor) -> Tensor:
    """(n,), 0 is best: how many other faces (n, e) are nearer to a voice (n, e) than its own, both centred."""
    voices, faces = (functional.normalize(one - one.mean(0), dim=1) for one in (voices, faces))
    likeness = voices @ faces.T
    return (likeness > likeness.diagonal()[:, None]).sum(dim=1)
