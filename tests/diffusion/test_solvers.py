from itertools import pairwise

import pytest
import torch
from diffusers import UniPCMultistepScheduler
from torch import Tensor

from s2f.diffusion.analytic import TIMESTEPS, estimate_x_0_error
from s2f.diffusion.sampling import sample, seeded
from s2f.diffusion.schedule import Prediction, Schedule
from s2f.diffusion.solvers import AnalyticDDPM, Walk, choose_timesteps, make_solver
from s2f.params.diffusion import DiffusionParams
from s2f.runtime import InputError

STEPS = 400
SCHEDULE = Schedule(DiffusionParams(steps=STEPS, schedule="cosine"))


@pytest.mark.parametrize("prediction", ["epsilon", "v", "x0"])
@pytest.mark.parametrize("steps", [1, 2, 6, 15, 50, 399, STEPS])
def test_timesteps_are_as_many_as_asked_and_fall(steps: int, prediction: Prediction) -> None:
    timesteps = choose_timesteps(SCHEDULE, steps, prediction)
    assert len(timesteps) == steps
    assert timesteps == sorted(set(timesteps), reverse=True)
    assert min(timesteps) >= 0 and max(timesteps) < STEPS


def test_all_steps_are_the_papers_walk() -> None:
    assert choose_timesteps(SCHEDULE, STEPS, "epsilon") == list(range(STEPS - 1, -1, -1))


def test_a_few_steps_of_epsilon_do_not_start_where_there_is_no_signal() -> None:
    assert choose_timesteps(SCHEDULE, 15, "v")[0] == STEPS - 1
    assert SCHEDULE.alpha_bar[choose_timesteps(SCHEDULE, 15, "epsilon")[0]].sqrt() >= 0.05


@pytest.mark.parametrize("t", [1, 40, 200, 398])
def test_an_ancestral_step_draws_from_the_posterior_that_bayes_rule_gives(t: int) -> None:
    solver = make_solver(Walk("ancestral", STEPS), SCHEDULE)
    solver.set_timesteps(timesteps=list(range(STEPS - 1, -1, -1)))
    x_0, x_t, rows = 0.4, -0.7, 200_000
    generator = torch.Generator().manual_seed(0)
    drawn = solver.step(torch.full((1, rows), x_0), t, torch.full((1, rows), x_t), generator=generator).prev_sample
    # q(x_before | x_t, x_0) ∝ q(x_t | x_before) q(x_before | x_0), summed on a fine grid.
    before, alpha = SCHEDULE.alpha_bar[t - 1], 1 - SCHEDULE.betas[t]
    grid = torch.linspace(-8, 8, 400_001, dtype=torch.float64)
    weight = -((x_t - alpha.sqrt() * grid) ** 2) / (2 * SCHEDULE.betas[t])
    weight = (weight - (grid - before.sqrt() * x_0) ** 2 / (2 * (1 - before))).softmax(0)
    mean = (weight * grid).sum()
    deviation = (weight * (grid - mean) ** 2).sum().sqrt()
    assert drawn.mean().item() == pytest.approx(mean.item(), abs=5 * deviation.item() / rows**0.5 + 1e-5)
    assert drawn.std().item() == pytest.approx(deviation.item(), rel=0.01)


def linear(deviation: float) -> tuple:
    """For data N(0, deviation²): the true x_0 of an x_t, and the variance (T,) of q(x_0 | x_t)."""
    alpha_bar = SCHEDULE.alpha_bar
    spread = alpha_bar * deviation**2 + 1 - alpha_bar

    def denoiser(x_t: Tensor, t: Tensor, condition: Tensor) -> Tensor:
        gain = (deviation**2 * alpha_bar.sqrt() / spread)[t].reshape(-1, 1)
        return gain.to(x_t) * x_t

    return denoiser, deviation**2 * (1 - alpha_bar) / spread


def test_the_error_estimated_from_data_is_the_closed_form_of_a_gaussian() -> None:
    denoiser, closed = linear(0.2)
    x_0 = 0.2 * torch.randn(400, 200, generator=torch.Generator().manual_seed(1))
    found = estimate_x_0_error(denoiser, x_0, torch.zeros(400, 1), SCHEDULE, "x0", range(400))
    assert found.shape == (STEPS,) and TIMESTEPS < STEPS
    asked = choose_timesteps(SCHEDULE, TIMESTEPS, "x0")
    torch.testing.assert_close(found[asked], closed[asked], rtol=0.02, atol=0)
    torch.testing.assert_close(found[5:], closed[5:], rtol=0.05, atol=0)  # and the straight lines between them


def test_the_optimal_variance_is_the_closed_form_of_a_gaussian() -> None:
    """Of data N(0, d²) x_s given x_t is Gaussian; its variance is that of Bayes' rule, at strides of any length."""
    deviation = 0.2
    _, closed = linear(deviation)
    solver = make_solver(Walk("analytic", 7), SCHEDULE, closed)
    assert isinstance(solver, AnalyticDDPM)
    timesteps = choose_timesteps(SCHEDULE, 7, "x0")
    solver.set_timesteps(timesteps=timesteps)
    marginal = SCHEDULE.alpha_bar * deviation**2 + 1 - SCHEDULE.alpha_bar
    for t, before in pairwise(timesteps):
        forward = SCHEDULE.alpha_bar[t] / SCHEDULE.alpha_bar[before]
        bayes = marginal[before] * (1 - forward) / marginal[t]
        assert float(solver._get_variance(torch.tensor(t))) == pytest.approx(float(bayes), rel=1e-4)
    assert float(solver._get_variance(torch.tensor(timesteps[-1]))) < 1e-10  # the last step is the model's x_0


def test_few_steps_keep_the_spread_with_the_optimal_variance_and_lose_it_without() -> None:
    denoiser, closed = linear(0.2)
    spread = {}
    for sampler in ("ancestral", "analytic"):
        draws = seeded(range(64))
        drawn = sample(denoiser, torch.zeros(64, 1), draws, (500,), SCHEDULE, Walk(sampler, 8), "x0", closed)
        spread[sampler] = drawn.std().item()
    assert spread["analytic"] == pytest.approx(0.2, rel=0.02)
    assert spread["ancestral"] < 0.19


def test_without_variances_the_analytic_walk_is_refused() -> None:
    with pytest.raises(InputError, match=r"carry no variances; set generation\.variance_pictures"):
        make_solver(Walk("analytic", 5), SCHEDULE)


def test_unipc_at_diffusers_own_spacing_is_diffusers_own() -> None:
    own = UniPCMultistepScheduler(
        STEPS, trained_betas=SCHEDULE.betas.numpy(), prediction_type="sample", timestep_spacing="trailing"
    )
    own.set_timesteps(10)
    ours = make_solver(Walk("unipc", 10), SCHEDULE)
    ours.set_timesteps(timesteps=own.timesteps.tolist())
    torch.testing.assert_close(ours.sigmas, own.sigmas, rtol=1e-4, atol=1e-6)
    denoiser, _ = linear(0.2)
    walked = []
    for solver in (own, ours):
        x_t = torch.randn(2, 50, generator=torch.Generator().manual_seed(0))
        for t in solver.timesteps:
            x_t = solver.step(denoiser(x_t, t[None], x_t), t, x_t).prev_sample
        walked.append(x_t)
    torch.testing.assert_close(*walked, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("sampler", ["dpmsolver++", "unipc", "ddim", "ancestral", "analytic"])
def test_dynamic_thresholding_scales_a_picture_where_clipping_flattens_it(sampler) -> None:
    """A model that always sees a ramp of twice the range: clipped, half of it is flat; thresholded, nearly none."""
    ramp = torch.linspace(-2, 2, 101)

    def denoiser(x_t: Tensor, t: Tensor, condition: Tensor) -> Tensor:
        return ramp.expand_as(x_t)

    def draw(threshold: float) -> Tensor:
        walk = Walk(sampler, 6, threshold)
        return sample(denoiser, torch.zeros(1, 1), seeded([0]), (1, 1, 101), SCHEDULE, walk, "x0", torch.zeros(STEPS))

    torch.testing.assert_close(draw(0.0)[0, 0, 0], ramp.clamp(-1, 1), rtol=0, atol=1e-3)
    torch.testing.assert_close(draw(1.0)[0, 0, 0], ramp / 2, rtol=0, atol=1e-3)
    assert (draw(0.9).abs() >= 0.999).float().mean() == pytest.approx(0.1, abs=0.03)
