"""From noise to a picture: diffusers' solvers over our schedule, every row with its own random numbers.

A denoiser is any callable (x_t, t, condition) → prediction. What it predicts is turned into x_0 and clipped before a
solver sees it, so that the solvers (all told `sample`) cannot be led off by a first guess divided by √ᾱ ≈ 0.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from diffusers import DDPMScheduler, DPMSolverMultistepScheduler
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor

from s2f.diffusion.guidance import Denoiser
from s2f.diffusion.schedule import Prediction, Schedule
from s2f.params.generation import Sampler
from s2f.runtime import InputError

# Epsilon tells nothing of x_0 where √ᾱ ≈ 0: an error of 1 % there becomes a random picture. Few-step walks of such
# models start at √ᾱ ≥ 0.05 (log-SNR/2 of −3) instead of at T − 1. Measured on a two-mode law with 15 steps: distance
# 0.011 instead of 0.045 at 1 % error, and 1 % of the mean lost without error.
EPSILON_START = 0.05


def sample(
    denoiser: Denoiser,
    condition: Tensor,
    generators: Sequence[torch.Generator],
    shape: tuple[int, ...],
    schedule: Schedule,
    sampler: Sampler,
    steps: int,
    prediction: Prediction,
    on_step: Callable[[], None] | None = None,
) -> Tensor:
    """Pictures (b, *shape), float32 in [−1, 1], for conditions (b, c), on the condition's device.

    Row i draws all its noise from `generators[i]` (on the CPU, which every device agrees with), so it depends on its
    own seed and condition, not on its neighbours. `on_step` is called after each of the `steps`.
    """
    solver = make_solver(sampler, schedule)
    solver.set_timesteps(timesteps=choose_timesteps(schedule, steps, prediction))
    draws = list(generators)
    x_t = randn_tensor((len(draws), *shape), generator=draws, device=condition.device, dtype=torch.float32)
    # Only the ancestral sampler draws noise on its way.
    options: dict[str, Any] = {"generator": draws} if sampler == "ancestral" else {}
    for step in solver.timesteps:
        t = step.to(condition.device).expand(len(draws))
        output = denoiser(x_t, t, condition).float()
        x_0 = schedule.to_x_0(prediction, x_t, t, output).clamp(-1, 1)
        x_t = solver.step(x_0, step, x_t, **options).prev_sample
        if on_step is not None:
            on_step()
    return x_t.clamp(-1, 1)


def make_solver(sampler: Sampler, schedule: Schedule) -> Any:
    """The diffusers scheduler that walks `schedule`, fed with x_0.

    DDIM is DPM-Solver++ of order one (Lu et al. 2022, section 4); unlike DDIMScheduler, which assumes equal strides,
    this one takes any timesteps.
    """
    told = {
        "num_train_timesteps": schedule.steps,
        "trained_betas": schedule.betas.numpy(),
        "prediction_type": "sample",
    }
    if sampler == "ancestral":
        return DDPMScheduler(**told, clip_sample=False, variance_type="fixed_small")
    return DPMSolverMultistepScheduler(**told, solver_order=1 if sampler == "ddim" else 2, final_sigmas_type="zero")


def choose_timesteps(schedule: Schedule, steps: int, prediction: Prediction) -> list[int]:
    """`steps` falling timesteps: all of them where steps == T, otherwise quadratic (Song et al. 2021, appendix D.2).

    Equal strides leave the last step at σ ≈ 0.1, where the jump to x_0 still blurs: with 15 steps of DPM-Solver++ a
    Gaussian of deviation 0.20 came out at 0.17, with quadratic strides at 0.21; the error on a two-mode law fell
    from 0.031 to 0.003.

    Raises:
        InputError: more steps than the schedule has.
    """
    if not 1 <= steps <= schedule.steps:
        raise InputError(f"{steps} sampling steps; allowed: 1 to {schedule.steps}, what the models were trained with.")
    start = schedule.steps
    if prediction == "epsilon" and steps < start:
        start = max(steps, int((schedule.alpha_bar.sqrt() >= EPSILON_START).sum()))
    return [max(round(start * (index / steps) ** 2), index) - 1 for index in range(steps, 0, -1)]


def seeded(seeds: Sequence[int]) -> list[torch.Generator]:
    """One generator on the CPU for every seed."""
    return [torch.Generator().manual_seed(seed) for seed in seeds]
