"""What an objective puts out."""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor, nn

from s2f.dataset.batches import Batch
from s2f.training.draws import Draws


class Losses(NamedTuple):
    """Of the rows of a batch."""

    minimised: Tensor  # (), the mean that gradients are of
    rows: Tensor  # (b,), what is logged
    # (b,), 0 to 3: in which quarter of t; a mean hides that the last steps learn long after the first.
    quarter: Tensor | None = None


Objective = Callable[[nn.Module, Batch, Draws], Losses]
