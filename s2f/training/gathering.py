"""Rows of all processes in one tensor, through which gradients flow; of one process, its own."""

import torch
from torch import Tensor, distributed


def gathered(rows: Tensor) -> Tensor:
    """(b, …) → (b · processes, …), the first process's first."""
    return GatherRows.apply(rows) if several() else rows


def place_of(rows: Tensor) -> int:
    """Where this process's rows (b, …) begin among all."""
    return distributed.get_rank() * len(rows) if several() else 0


def several() -> bool:
    """Whether there are others."""
    return distributed.is_initialized() and distributed.get_world_size() > 1


class GatherRows(torch.autograd.Function):
    """Everybody's loss depends on everybody's rows: a row's gradient is the sum of what all losses say."""

    @staticmethod
    def forward(context: object, rows: Tensor) -> Tensor:
        """(b, …) → (b · processes, …)."""
        parts = [torch.empty_like(rows) for _ in range(distributed.get_world_size())]
        distributed.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(context: object, gradient: Tensor) -> Tensor:
        """(b · processes, …) → (b, …)."""
        total = gradient.contiguous().clone()
        distributed.all_reduce(total)
        return total.chunk(distributed.get_world_size())[distributed.get_rank()]
