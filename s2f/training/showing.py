"""Pictures of what a model in training makes of a few validation rows, always the same ones from the same noise."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from s2f.dataset.batches import Batch, Batches
from s2f.faces.images import encode_png

ROWS = 8
STEPS = 15  # of DPM-Solver++

Show = Callable[[Any, Batch], Tensor]  # a model and rows → one picture (3, h, w) in [−1, 1]


@dataclass(frozen=True)
class Showing:
    """`draw` every so many steps."""

    draw: Show
    every: int

    @torch.no_grad()
    def picture(self, model: nn.Module, validation: Batches, device: torch.device) -> bytes:
        """As PNG."""
        was_training = model.training
        model.eval()
        rows = next(validation.iterate())
        picture = self.draw(model, {name: values[:ROWS].to(device) for name, values in rows.items()})
        model.train(was_training)
        pixels = ((picture.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0)
        return encode_png(np.ascontiguousarray(pixels.cpu().numpy()))


def lines(*pictures: Tensor) -> Tensor:
    """One below the other, lines (b, 3, h, w) of pictures side by side → (3, lines · h, b · w)."""
    return torch.cat([torch.cat(list(line), dim=2) for line in pictures], dim=1)
