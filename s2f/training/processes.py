"""One process or several, on one device each: who does what, and what they tell each other. accelerate does the work.

`accelerate launch` and torchrun start several; each has a copy of the model, trains on its part of every batch and gets
the mean of all gradients. The first one alone writes and logs, and validates, unless all hold a part of the model.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from s2f.dataset.batches import Batch
from s2f.runtime import InputError
from s2f.training.sharding import shard
from s2f.training.shared_norm import share_statistics


class Processes:
    """This process among `count`."""

    def __init__(self, precision: str, sharing_out: bool = False) -> None:
        # Told that there is no GPU, it lets processes talk by gloo; precision is below, for it knows one a process.
        self._accelerator = Accelerator(mixed_precision="no", cpu=not torch.cuda.is_available())
        self.bf16 = precision == "bf16"
        self.device: torch.device = self._accelerator.device
        self.count: int = self._accelerator.num_processes
        self.index: int = self._accelerator.process_index
        self.sharded = sharing_out and self.count > 1
        if self.device.type == "cuda":
            # As near as a GPU comes to the same weights twice: sums of attention's gradients may still vary.
            torch.backends.cudnn.deterministic = True

    @property
    def first(self) -> bool:
        """Whether this is the one that writes."""
        return self.index == 0

    @property
    def takes_part(self) -> bool:
        """Whether this one validates and saves: the first, or all that hold a part of the model."""
        return self.first or self.sharded

    def rows(self, batch: int) -> range:
        """Which rows of a whole batch are this process's.

        Raises:
            InputError: they cannot be shared out evenly.
        """
        if batch % self.count:
            raise InputError(
                f"batch {batch} cannot be shared by {self.count} processes; allowed: a multiple of {self.count}, "
                f"or another number of processes in params.yaml's launch."
            )
        own = batch // self.count
        return range(self.index * own, (self.index + 1) * own)

    def prepare(self, model: nn.Module) -> nn.Module:
        """The model that is trained: with gradients and batch norm's statistics shared, where there are several."""
        if self.sharded:
            shard(model, self.device)
            return model
        if self.count > 1:
            model = share_statistics(model, self.device)
        return self._accelerator.prepare_model(model)

    def share_at(self, last: bool, model: nn.Module) -> AbstractContextManager[Any]:
        """Around forward and backward: gradients are shared after the last pass of a step alone."""
        if self.sharded:
            model.set_requires_gradient_sync(last)  # type: ignore[operator]
            return nullcontext()
        return nullcontext() if last else self._accelerator.no_sync(model)

    def autocast(self) -> torch.autocast:
        """bf16 where asked for; weights, gradients and losses stay float32."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16)

    def gather(self, values: Tensor) -> Tensor:
        """(n, …) of every process, the first one's first."""
        return self._accelerator.gather(values)

    def largest(self, number: int) -> int:
        """Of every process's number."""
        return int(self.gather(torch.tensor([number], device=self.device)).max())

    def agree(self, number: int) -> bool:
        """Whether every process has the same number."""
        return self.largest(number) == -self.largest(-number)

    def to_device(self, batch: Batch) -> Batch:
        """The batch where the model is."""
        return {name: values.to(self.device, non_blocking=True) for name, values in batch.items()}

    def wait(self) -> None:
        """For all others to come as far."""
        self._accelerator.wait_for_everyone()
