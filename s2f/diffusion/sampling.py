"""From noise to a picture: one loop for every solver, every row with its own random numbers.

A denoiser is any callable (x_t, t, condition) → prediction. What it predicts is turned into x_0 and brought into
[−1, 1] before a solver sees it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor

from s2f.diffusion.guidance import Denoiser
from s2f.diffusion.schedule import Prediction, Schedule
from s2f.diffusion.solvers import NOISY, Walk, choose_timesteps, make_solver


def sample(
    denoiser: Denoiser,
    condition: Tensor,
    generators: Sequence[torch.Generator],
    shape: tuple[int, ...],
    schedule: Schedule,
    walk: Walk,
    prediction: Prediction,
    x_0_error: Tensor | None = None,
    on_step: Callable[[Tensor], None] | None = None,
) -> Tensor:
    """Pictures (b, *shape), float32 in [−1, 1], for conditions (b, c), on the condition's device.

    Row i draws all its noise from `generators[i]` (on the CPU, which every device agrees with), so it depends on its
    own seed and condition, not on its neighbours. `on_step` is called after each of the walk's steps with the x_0
    (b, *shape) that the model saw there.

    Raises:
        InputError: the walk is longer than the schedule, or 'analytic' without `x_0_error` (T,).
    """
    solver = make_solver(walk, schedule, x_0_error)
    solver.set_timesteps(timesteps=choose_timesteps(schedule, walk.steps, prediction))
    draws = list(generators)
    x_t = randn_tensor((len(draws), *shape), generator=draws, device=condition.device, dtype=torch.float32)
    options: dict[str, Any] = {"generator": draws} if walk.sampler in NOISY else {}
    for step in solver.timesteps:
        t = step.to(condition.device).expand(len(draws))
        output = denoiser(x_t, t, condition).float()
        x_0 = schedule.to_x_0(prediction, x_t, t, output)
        if not walk.threshold:  # otherwise the solver sees to it
            x_0 = x_0.clamp(-1, 1)
        x_t = solver.step(x_0, step, x_t, **options).prev_sample
        if on_step is not None:
            on_step(x_0.clamp(-1, 1))
    return x_t.clamp(-1, 1)


def seeded(seeds: Sequence[int]) -> list[torch.Generator]:
    """One generator on the CPU for every seed."""
    return [torch.Generator().manual_seed(seed) for seed in seeds]
