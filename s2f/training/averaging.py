"""The exponential average of weights, which is what is used in the end."""

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

Tensors = tuple[Tensor, ...] | list[Tensor]


def average_of(model: nn.Module, decay: float) -> AveragedModel | None:
    """The exponential average of weights and of batch norm's running statistics; None without a decay.

    The first steps average over fewer (TensorFlow's `num_updates` rule): initial weights would outweigh a short run.
    """

    @torch.no_grad()
    def move(averaged: Tensors, current: Tensors, count: Tensor | int) -> None:
        weight = 1 - min(decay, (1 + int(count)) / (10 + int(count)))
        if averaged[0].is_floating_point():
            torch._foreach_lerp_(averaged, current, weight)
        else:
            torch._foreach_copy_(averaged, current)  # counters

    return AveragedModel(model, multi_avg_fn=move, use_buffers=True) if decay else None
