"""One step of training: forward, backward, and the weights moved."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim.optimizer import Optimizer

from s2f.dataset.batches import Batch
from s2f.models.saving import whole
from s2f.params.training import TrainingParams
from s2f.training.draws import Draws
from s2f.training.losses import Losses, Objective
from s2f.training.processes import Processes


@dataclass(frozen=True)
class Taken:
    """What a step came to, over all processes."""

    norm: float  # of the gradient, before clipping
    rows: Tensor  # (B,) losses of the whole batch's rows, in order
    quarter: Tensor | None  # (B,)

    @property
    def good(self) -> bool:
        """Whether loss and gradient are numbers."""
        return math.isfinite(self.norm) and bool(torch.isfinite(self.rows).all())


def take_step(
    model: nn.Module,
    optimiser: Optimizer,
    objective: Objective,
    batch: Batch,
    draws: Callable[[range], Draws],
    params: TrainingParams,
    rate: float,
    processes: Processes,
) -> Taken:
    """Move the weights once; or nothing at all, if loss or gradient is no number.

    `batch` is this process's part, `draws` gives the random numbers of some of its rows.
    """
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.zero_grad(set_to_none=True)
    rows = len(next(iter(batch.values())))
    at_once = params.micro_batch or rows
    found: list[Losses] = []
    for start in range(0, rows, at_once):
        some = range(start, min(start + at_once, rows))
        part = {name: values[some.start : some.stop] for name, values in batch.items()}
        with processes.share_at(some.stop == rows, model):
            with processes.autocast():
                losses = objective(model, part, draws(some))
            (losses.minimised * (len(some) / rows)).backward()
        found.append(losses)
    norm = nn.utils.clip_grad_norm_(model.parameters(), params.clip_norm or math.inf)
    quarters = [losses.quarter for losses in found if losses.quarter is not None]
    taken = Taken(
        whole(norm).item(),
        processes.gather(torch.cat([losses.rows.detach() for losses in found])).cpu(),
        processes.gather(torch.cat(quarters)).cpu() if quarters else None,
    )
    if taken.good:
        optimiser.step()
    return taken
