"""Ours, for short trainings that predict x_0: start from a picture that is nearly right and learn what it lacks.

`Shortcut` mixes that picture with the noisy one. Super-resolution's is the enlarged small face; the decoder's is the
face that the embedding draws linearly, `LinearFace`. Neither is in the paper; EXPERIMENTS.md has what they gave.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

NO_SHARE, HEAD_START = -4.0, 0.1  # sigmoid(−4) = 0.02; a tenth of a layer's usual start


class Shortcut(nn.Module):
    """From the picture towards the noisy one by a share learned for the step: about 0 where all is noise, 1 at the end.

    Before training it is nearly the picture, and `head`, the network's last layers, adds nearly nothing.
    """

    def __init__(self, vector: int, head: nn.Sequential) -> None:
        super().__init__()
        self.share = nn.Linear(vector, 1)
        with torch.no_grad():
            self.share.weight.mul_(0.1)
            self.share.bias.fill_(NO_SHARE)
            for parameter in head[-1].parameters():
                parameter.mul_(HEAD_START)

    def forward(self, picture: Tensor, x_t: Tensor, vector: Tensor) -> Tensor:
        """(b, 3, s, s) from two of them and the step's vector (b, vector)."""
        share = torch.sigmoid(self.share(functional.silu(vector)))[:, :, None, None]
        return picture + share * (x_t - picture)


class LinearFace(nn.Module):
    """The face an embedding draws linearly; the null condition, a row of zeros, draws a learned one."""

    def __init__(self, embedding: int, image_px: int) -> None:
        super().__init__()
        self.scale = math.sqrt(embedding)  # unit vectors have entries near 1 / sqrt(dim)
        self.linear = nn.Linear(embedding, 3 * image_px**2)
        self.null = nn.Parameter(torch.zeros(3, image_px, image_px))

    def forward(self, embedding: Tensor) -> Tensor:
        """(b, embedding) of unit length, or zero → (b, 3, image_px, image_px)."""
        null = (embedding == 0).all(dim=1)[:, None, None, None]
        drawn = self.linear(embedding * self.scale).unflatten(1, self.null.shape)
        return torch.where(null, self.null.to(drawn.dtype), drawn)
