"""A model that learns: its optimiser and its average, on this process and with the others. Knows nothing of data."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from s2f.dataset.batches import Batch
from s2f.models.blocks import recompute
from s2f.models.saving import whole
from s2f.params.denoising import DenoisingParams
from s2f.params.training import TrainingParams
from s2f.training.averaging import average_of
from s2f.training.checkpoint import load_checkpoint, save_checkpoint
from s2f.training.draws import Draws
from s2f.training.losses import Losses, Objective
from s2f.training.optimiser import Lamb
from s2f.training.passes import passes
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


class Learner:
    """Of `model`, which is put to its device and may be changed for several processes."""

    def __init__(self, model: nn.Module, objective: Objective, params: TrainingParams) -> None:
        unet = params if isinstance(params, DenoisingParams) else None
        self.model, self.objective, self.params = model, objective, params
        self.processes = Processes(params.precision, unet is not None and unet.shard)
        model.to(self.processes.device).train()
        self._averaged = average_of(model, params.ema) if self.processes.takes_part else None
        if self._averaged is not None and self.processes.sharded:
            self.processes.prepare(self._averaged.module)
        if unet is not None and unet.recompute:
            recompute(model)
        if params.compile:
            model.compile()
        self._trained = self.processes.prepare(model)
        self._optimiser = Lamb(self._trained.parameters(), params.learning_rate, params.betas, params.weight_decay)

    @property
    def at_once(self) -> int:
        """Rows that this process has in memory at once."""
        return self.params.at_once(self.processes.count)

    @property
    def used(self) -> nn.Module:
        """What is validated and kept: the average, if there is one. For processes that take part."""
        return self.model if self._averaged is None else self._averaged.module

    def step(self, batch: Batch, draws: Callable[[range], Draws], rate: float) -> Taken:
        """Move the weights and their average once; or nothing at all, if loss or gradient is no number.

        `batch` is this process's part, `draws` gives the random numbers of some of its rows.
        """
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._optimiser.zero_grad(set_to_none=True)
        rows = len(next(iter(batch.values())))
        found: list[Losses] = []
        for some, part in passes(batch, self.params.micro_batch):
            with self.processes.share_at(some.stop == rows, self._trained):
                with self.processes.autocast():
                    losses = self.objective(self._trained, part, draws(some))
                (losses.minimised * (len(some) / rows)).backward()
            found.append(losses)
        norm = nn.utils.clip_grad_norm_(self._trained.parameters(), self.params.clip_norm or math.inf)
        quarters = [losses.quarter for losses in found if losses.quarter is not None]
        taken = Taken(
            whole(norm).item(),
            self.processes.gather(torch.cat([losses.rows.detach() for losses in found])).cpu(),
            self.processes.gather(torch.cat(quarters)).cpu() if quarters else None,
        )
        if taken.good:
            self._optimiser.step()
            if self._averaged is not None:
                self._averaged.update_parameters(self.model)
        return taken

    def save(self, folder: Path, **metadata: str) -> None:
        """Write a checkpoint; all that take part must call this, and the first one writes."""
        save_checkpoint(
            folder if self.processes.first else None, self.model, self._averaged, self._optimiser, **metadata
        )

    def restore(self, folder: Path, fingerprint: str) -> dict[str, str] | None:
        """Go back to the last checkpoint of this run, if there is one; its metadata."""
        return load_checkpoint(folder, fingerprint, self.model, self._averaged, self._optimiser)
