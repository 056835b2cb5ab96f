"""The noise a diffusion model is trained against: how much at which step, and what a prediction means.

x_t = √ᾱ_t · x_0 + √(1 − ᾱ_t) · eps (Ho et al. 2020, eq. 4), with ᾱ by Nichol & Dhariwal (2021), eq. 17, or linear
betas. Tables are float64; pictures keep their own type.
"""

import math
from typing import Literal

import torch
from torch import Tensor

from s2f.params.diffusion import DiffusionParams

Prediction = Literal["epsilon", "v", "x0"]

COSINE_OFFSET = 0.008  # Nichol & Dhariwal's s: the first step's noise is not too small
MAX_BETA = 0.999  # likewise theirs: the last step does not divide by zero
LINEAR = (1e-4, 0.02)  # Ho et al.'s first and last beta of 1,000 steps; scaled to other counts


class Schedule:
    """betas and alpha_bar, (T,) float64 on the CPU, for t = 0 … T − 1."""

    def __init__(self, params: DiffusionParams) -> None:
        self.steps = params.steps
        self.betas = cosine_betas(params.steps) if params.schedule == "cosine" else linear_betas(params.steps)
        self.alpha_bar = torch.cumprod(1 - self.betas, dim=0)

    def scales(self, t: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        """√ᾱ_t and √(1 − ᾱ_t) for steps (b,), as (b, 1, …) of the type and place of `like` (b, …)."""
        alpha_bar = self.alpha_bar[t.cpu()].reshape(-1, *[1] * (like.ndim - 1))
        return alpha_bar.sqrt().to(like), (1 - alpha_bar).sqrt().to(like)

    def q_sample(self, x_0: Tensor, t: Tensor, eps: Tensor) -> Tensor:
        """x_t of pictures (b, …) at steps (b,)."""
        signal, noise = self.scales(t, x_0)
        return signal * x_0 + noise * eps

    def target(self, prediction: Prediction, x_0: Tensor, eps: Tensor, t: Tensor) -> Tensor:
        """What the model should put out: eps, x_0, or v = √ᾱ·eps − √(1 − ᾱ)·x_0 (Salimans & Ho 2022)."""
        if prediction == "epsilon":
            return eps
        if prediction == "x0":
            return x_0
        signal, noise = self.scales(t, x_0)
        return signal * eps - noise * x_0

    def min_snr_weight(self, prediction: Prediction, t: Tensor, gamma: float) -> Tensor:
        """Weights (b,) of squared errors at steps (b,): min(SNR, γ) in terms of x_0 (Hang et al. 2023, eq. 8 and 4.2).

        An error of eps is one of x_0 times SNR, an error of v one of x_0 times SNR + 1.
        """
        alpha_bar = self.alpha_bar[t.cpu()]
        snr = alpha_bar / (1 - alpha_bar)
        return snr.clamp(max=gamma) / {"x0": torch.ones_like(snr), "epsilon": snr, "v": snr + 1}[prediction]

    def to_x_0(self, prediction: Prediction, x_t: Tensor, t: Tensor, output: Tensor) -> Tensor:
        """The clean picture a model's output means."""
        if prediction == "x0":
            return output
        signal, noise = self.scales(t, x_t)
        if prediction == "epsilon":
            return (x_t - noise * output) / signal
        return signal * x_t - noise * output

    def to_eps(self, prediction: Prediction, x_t: Tensor, t: Tensor, output: Tensor) -> Tensor:
        """The noise a model's output means."""
        if prediction == "epsilon":
            return output
        signal, noise = self.scales(t, x_t)
        if prediction == "x0":
            return (x_t - signal * output) / noise
        return noise * x_t + signal * output


def cosine_betas(steps: int) -> Tensor:
    """Nichol & Dhariwal (2021), eq. 17: ᾱ falls as a squared cosine."""
    times = torch.arange(steps + 1, dtype=torch.float64) / steps
    alpha_bar = torch.cos((times + COSINE_OFFSET) / (1 + COSINE_OFFSET) * math.pi / 2) ** 2
    return (1 - alpha_bar[1:] / alpha_bar[:-1]).clamp(max=MAX_BETA)


def linear_betas(steps: int) -> Tensor:
    """Ho et al. (2020), stretched so that ᾱ at the end is the same whatever the count."""
    first, last = linear_ends(steps)
    return torch.linspace(first, last, steps, dtype=torch.float64).clamp(max=MAX_BETA)


def linear_ends(steps: int) -> tuple[float, float]:
    """The first and last of linear betas, before they are held below 1."""
    first, last = (1000 / steps * beta for beta in LINEAR)
    return first, last


def add_noise(low: Tensor, level: Tensor, eps: Tensor) -> Tensor:
    """Noise-conditioning augmentation (Ho et al. 2022): the low picture (b, …) at noise levels (b,) in [0, 1).

    Variance-preserving, cosine in the level: 0 leaves the picture, 1 would leave noise alone.
    """
    angle = (level * (math.pi / 2)).reshape(-1, *[1] * (low.ndim - 1)).to(low)
    return angle.cos() * low + angle.sin() * eps
