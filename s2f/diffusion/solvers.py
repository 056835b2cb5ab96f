"""The walks from noise to a picture, by name: diffusers' solvers over our schedule, at timesteps of our choice.

All are told `sample`: they are fed with x_0, so none can be led off by a first guess divided by √ᾱ ≈ 0.
"""

import inspect
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from diffusers import DDPMScheduler, DPMSolverMultistepScheduler, UniPCMultistepScheduler
from torch import Tensor

from s2f.diffusion.schedule import Prediction, Schedule
from s2f.params.samplers import Sampler
from s2f.runtime import InputError

# Epsilon tells nothing of x_0 where √ᾱ ≈ 0: an error of 1 % there becomes a random picture. Few-step walks of such
# models start at √ᾱ ≥ 0.05 (log-SNR/2 of −3) instead of at T − 1. Measured on a two-mode law with 15 steps: distance
# 0.011 instead of 0.045 at 1 % error, and 1 % of the mean lost without error.
EPSILON_START = 0.05
UNBOUNDED = 1e6  # diffusers holds dynamic thresholds below `sample_max_value`, and its own 1 leaves nothing dynamic
NOISY: tuple[Sampler, ...] = ("ancestral", "analytic")  # those that draw noise on their way


# Each sampler as diffusers calls it: where the class is found, its name, and what tells it from others of that name.
SCHEDULERS: dict[Sampler, tuple[str, str, dict[str, Any]]] = {
    "dpmsolver++": ("diffusers", "DPMSolverMultistepScheduler", {"solver_order": 2}),
    "unipc": ("diffusers", "UniPCMultistepScheduler", {"solver_order": 2}),
    "ddim": ("diffusers", "DPMSolverMultistepScheduler", {"solver_order": 1}),
    "ancestral": ("diffusers", "DDPMScheduler", {"variance_type": "fixed_small"}),
    "analytic": ("s2f.diffusion.solvers", "AnalyticDDPM", {"variance_type": "fixed_small"}),
}
WALKS_OTHERWISE = (  # options of diffusers' schedulers that we have no other value of
    "algorithm_type", "solver_type", "use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas",
    "use_flow_sigmas", "use_lu_lambdas", "euler_at_final", "lower_order_final", "predict_x0", "final_sigmas_type",
    "rescale_betas_zero_snr",
)  # fmt: skip
ALSO: dict[str, Sampler] = {"DDIMScheduler": "ddim", "UniPC": "unipc"}  # other classes that walk as one of ours does


class Walk(NamedTuple):
    """How one model goes from noise to a picture.

    `threshold` is the share of an x_0's values that are to lie in [−1, 1] after dynamic thresholding (Saharia et al.
    2022); 0 clips each value instead.
    """

    sampler: Sampler
    steps: int
    threshold: float = 0.0


class UniPC(UniPCMultistepScheduler):
    """UniPC (Zhao et al. 2023) at any timesteps; diffusers' knows its own spacings alone."""

    def set_timesteps(self, *, timesteps: Sequence[int]) -> None:
        """Falling timesteps, of which the last one leads to x_0."""
        super().set_timesteps(len(timesteps))
        self.timesteps = torch.tensor(timesteps, dtype=torch.int64)
        alpha_bar = self.alphas_cumprod[self.timesteps]
        self.sigmas = torch.cat([((1 - alpha_bar) / alpha_bar).sqrt(), torch.zeros(1)])


class AnalyticDDPM(DDPMScheduler):
    """Ancestral sampling with the variance that is best for the model (Bao et al. 2022, "Analytic-DPM").

    A step from t draws x_0 from the model and then x_s from q(x_s | x_t, x_0). To the posterior's own variance belongs
    that of x_0 itself, which is the model's mean squared error per number, `x_0_error` (T,), times the square of
    x_0's part in the posterior's mean. With few steps it is most of all there is.
    """

    x_0_error: Tensor

    def _get_variance(self, t: int, predicted_variance: Any = None, variance_type: Any = None) -> Tensor:
        posterior: Tensor = super()._get_variance(t, predicted_variance, variance_type)
        before = int(self.previous_timestep(t))
        if before < 0:  # the last step ends at the model's x_0, not at a draw around it
            return posterior
        after, at = self.alphas_cumprod[before], self.alphas_cumprod[t]
        share = after.sqrt() * (1 - at / after) / (1 - at)
        return posterior + share**2 * self.x_0_error[int(t)]


def make_solver(walk: Walk, schedule: Schedule, x_0_error: Tensor | None = None) -> Any:
    """The diffusers scheduler that walks `schedule`, fed with x_0; `x_0_error` (T,) is what 'analytic' needs.

    DDIM is DPM-Solver++ of order one (Lu et al. 2022, section 4); unlike DDIMScheduler, which assumes equal strides,
    this one takes any timesteps. Multistep solvers end at σ = 0.

    Raises:
        InputError: 'analytic' without its variances.
    """
    told = {
        "num_train_timesteps": schedule.steps,
        "trained_betas": schedule.betas.numpy(),
        "prediction_type": "sample",
        "thresholding": walk.threshold > 0,
        "dynamic_thresholding_ratio": walk.threshold,
        "sample_max_value": UNBOUNDED,
    }
    own = SCHEDULERS[walk.sampler][2]
    if walk.sampler == "analytic":
        if x_0_error is None:
            raise InputError(
                "sampler analytic: these models carry no variances; set generation.variance_pictures above 0 and run "
                "the stage export_pipeline again."
            )
        solver = AnalyticDDPM(**told, **own, clip_sample=False)
        solver.x_0_error = x_0_error
        return solver
    if walk.sampler == "ancestral":
        return DDPMScheduler(**told, **own, clip_sample=False)
    return (UniPC if walk.sampler == "unipc" else DPMSolverMultistepScheduler)(**told, **own)


def sampler_named(scheduler: Any) -> Sampler:
    """Ours of a name, of the name of a diffusers class, or of such an object, whose noise and timesteps do not count.

    Raises:
        InputError: no such sampler is known here.
    """
    if isinstance(scheduler, str):
        found = scheduler if scheduler in SCHEDULERS else ALSO.get(scheduler)
        own = [sampler for sampler, (_, name, _) in SCHEDULERS.items() if name == scheduler]
        if found or own:
            return found or own[0]
        raise _unknown(scheduler)
    if isinstance(scheduler, type):
        return sampler_of(scheduler, {})
    config = dict(getattr(scheduler, "config", {}))
    if config.get("thresholding"):
        raise InputError(f"scheduler {type(scheduler).__name__} with thresholding; allowed: without, and a threshold.")
    return sampler_of(type(scheduler), config)


def sampler_of(scheduler: type, config: dict[str, Any]) -> Sampler:
    """Ours of a scheduler's class with its options.

    Raises:
        InputError: no such sampler is known here, or an option makes another walk of it than ours.
    """
    usual = {name: one.default for name, one in inspect.signature(scheduler.__init__).parameters.items()}  # type: ignore[misc]
    other = [key for key in WALKS_OTHERWISE if config.get(key, usual.get(key)) != usual.get(key)]
    if other:
        told = ", ".join(f"{key} {config[key]}" for key in other)
        raise InputError(f"scheduler {scheduler.__name__} with {told}; allowed: {usual[other[0]]}.")
    named = [(sampler, own) for sampler, (_, name, own) in SCHEDULERS.items() if scheduler.__name__ == name]
    for sampler, own in named:
        if all(config.get(key, value) == value for key, value in own.items()):
            return sampler
    if named:
        key = next(key for key, value in named[0][1].items() if config.get(key, value) != value)
        told = " or ".join(str(own[key]) for _, own in named)
        raise InputError(f"scheduler {scheduler.__name__} with {key} {config[key]}; allowed: {told}.")
    if scheduler.__name__ in ALSO:
        return ALSO[scheduler.__name__]
    raise _unknown(scheduler.__name__)


def _unknown(name: str) -> InputError:
    classes = dict.fromkeys(own for module, own, _ in SCHEDULERS.values() if module == "diffusers")
    return InputError(f"scheduler {name}; allowed: {', '.join(SCHEDULERS)}, or diffusers' {', '.join(classes)}.")


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
