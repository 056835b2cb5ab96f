"""How well voices find faces that were not trained on: is the own face among the first ones? Chance does not depend on
how near faces lie to each other, so this tells encoders and losses apart where their own numbers do not compare.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from s2f.dataset.batches import Batches
from s2f.training.history import RANKING
from s2f.training.learner import Learner
from s2f.training.passes import passes

AT = 10


@torch.no_grad()
def rank(learner: Learner, validation: Batches) -> Mapping[str, float]:
    """The mean rank of the own face as a share of all, 0 to 1 (guessing: 0.5), and how often it is among ten."""
    model, processes = learner.used, learner.processes
    was_training = model.training
    model.eval()
    count = min(learner.params.validation_batches, validation.rows // validation.batch)
    voices, faces = [], []
    for _, batch in zip(range(count), validation.iterate(), strict=False):
        for _, part in passes(processes.to_device(batch), learner.at_once):
            with processes.autocast():
                voices.append(model(part["spectrogram"]).float())
            faces.append(part["embedding"])
    model.train(was_training)
    found = ranks(torch.cat(voices), torch.cat(faces))
    share = found / max(len(found) - 1, 1)
    return dict(zip(RANKING, (share.mean().item(), (found < AT).double().mean().item()), strict=True))


def ranks(voices: Tensor, faces: Tensor) -> Tensor:
    """(n,), 0 is best: how many other faces (n, e) are nearer to a voice (n, e) than its own, both centred.

    As near counts half: voices that are all the same guess.
    """
    voices, faces = (functional.normalize(one - one.mean(0), dim=1) for one in (voices, faces))
    likeness = voices @ faces.T
    own = likeness.diagonal()[:, None]
    return (likeness > own).double().sum(dim=1) + ((likeness == own).double().sum(dim=1) - 1) / 2
