"""How far off a model's x_0 is, timestep by timestep: what Analytic-DPM's variances are made of (Bao et al. 2022).

Their Γ is the mean squared norm of the noise that a model sees; in terms of x_0, which all our walks go by, the same is
the mean squared error of x_0, for a perfect model the variance of q(x_0 | x_t). One number a timestep, from data.
"""

from collections.abc import Sequence

import numpy as np
import torch
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor

from s2f.diffusion.guidance import Denoiser
from s2f.diffusion.sampling import seeded
from s2f.diffusion.schedule import Prediction, Schedule
from s2f.diffusion.solvers import choose_timesteps

TIMESTEPS = 40  # asked for; between them the error is a straight line


@torch.inference_mode()
def estimate_x_0_error(
    denoiser: Denoiser,
    x_0: Tensor,
    condition: Tensor,
    schedule: Schedule,
    prediction: Prediction,
    seeds: Sequence[int],
) -> Tensor:
    """Mean squared error (T,), float64, of the x_0 that `denoiser` sees in noised pictures x_0 (n, …), n seeds.

    Its guesses are brought into [−1, 1], as a walk brings them.
    """
    asked = choose_timesteps(schedule, min(TIMESTEPS, schedule.steps), "x0")[::-1]
    generators = seeded(seeds)
    errors = []
    for t in asked:
        at = torch.full((len(x_0),), t, device=x_0.device)
        x_t = schedule.q_sample(x_0, at, randn_tensor(x_0.shape, generator=generators, device=x_0.device))
        seen = schedule.to_x_0(prediction, x_t, at, denoiser(x_t, at, condition).float()).clamp(-1, 1)
        errors.append(float((seen.double() - x_0).square().mean()))
    return torch.from_numpy(np.interp(np.arange(schedule.steps), asked, errors))
