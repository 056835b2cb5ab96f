"""Classifier-free guidance (Ho & Salimans 2022) with the paper's weight w: (1 + w)·eps(x, c) − w·eps(x, 0).

w = 0 is the conditional model, w = −1 the unconditional one; other libraries' `guidance_scale` is 1 + w.

The same combination serves models that put out v or x_0: for a given x_t each of the three is an affine function of
each other, (1 + w) − w = 1 keeps the constant part, and so guiding one guides all.
"""

from collections.abc import Callable

import torch
from torch import Tensor

# (x_t (b, …), t (b,), condition (b, c)) → prediction (b, …); a row of zeros is the null condition.
Denoiser = Callable[[Tensor, Tensor, Tensor], Tensor]


def guide(denoiser: Denoiser, w: float | Tensor, null: Tensor | None = None) -> Denoiser:
    """The guided denoiser, one call of `denoiser` per call of it.

    `w` is one number or (b,), one per row; `null` (c,) the null condition, zeros if not given. A row costs two rows of
    the call, but only one at w = 0 and at w = −1, where the other term has no weight.
    """
    if isinstance(w, int | float) and w == 0:
        return denoiser

    def guided(x_t: Tensor, t: Tensor, condition: Tensor) -> Tensor:
        weights = torch.as_tensor(w, dtype=x_t.dtype, device=x_t.device).expand(len(x_t))
        heard = (weights != -1).nonzero()[:, 0]
        free = (weights != 0).nonzero()[:, 0]
        rows = torch.cat([heard, free])
        nothing = torch.zeros_like(condition[free]) if null is None else null.expand_as(condition[free])
        conditions = torch.cat([condition[heard], nothing])
        output = denoiser(x_t[rows], t[rows], conditions)
        weights = weights.reshape(-1, *[1] * (output.ndim - 1))
        guided = torch.zeros_like(x_t, dtype=output.dtype)
        guided[heard] = (1 + weights[heard]) * output[: len(heard)]
        guided[free] -= weights[free] * output[len(heard) :]
        return guided

    return guided
