"""The objective's losses on rows that are not trained on."""

import math

import torch

from s2f.dataset.batches import Batches
from s2f.training.draws import draws_at
from s2f.training.history import Means
from s2f.training.learner import Learner
from s2f.training.passes import passes


@torch.no_grad()
def validate(learner: Learner, batches: Batches, seed: int) -> Means:
    """Means over the first batches, with the same noise every time; no more rows at once than in training."""
    means, model, processes = Means(), learner.used, learner.processes
    was_training = model.training
    model.eval()
    count = min(learner.params.validation_batches, math.floor(batches.steps_per_epoch))
    for index, batch in zip(range(count), batches.iterate(), strict=False):
        draws = draws_at(seed, range(batches.batch), processes.device, "validation", index)
        for some, part in passes(processes.to_device(batch), learner.at_once):
            with processes.autocast():
                losses = learner.objective(model, part, draws(some))
            means.add_losses(losses.rows, losses.quarter)
    model.train(was_training)
    return means
