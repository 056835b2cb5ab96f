import math

import pytest
import torch

from s2f.diffusion.schedule import Schedule, add_noise
from s2f.params.diffusion import DiffusionParams

SCHEDULES = ["cosine", "linear"]


def schedule(name="cosine", steps=2000):
    return Schedule(DiffusionParams(steps=steps, schedule=name))


def pictures(rows=3):
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(rows, 3, 4, 4, generator=generator, dtype=torch.float64) for _ in range(2))


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_first_step_is_nearly_the_picture_and_the_last_nearly_noise(name):
    x_0, eps = pictures()
    first = schedule(name).q_sample(x_0, torch.zeros(3, dtype=torch.long), eps)
    last = schedule(name).q_sample(x_0, torch.full((3,), 1999), eps)
    assert (first - x_0).abs().max() < 0.05
    assert (last - eps).abs().max() < 0.05


@pytest.mark.parametrize("name", SCHEDULES)
def test_noise_only_grows(name):
    made = schedule(name)
    assert made.alpha_bar.dtype == torch.float64
    assert (made.alpha_bar.diff() < 0).all()
    assert ((made.betas > 0) & (made.betas <= 0.999)).all()


def test_cosine_is_nichol_and_dhariwal_s_equation_17():
    made = schedule(steps=1000)

    def f(t):
        return math.cos((t / 1000 + 0.008) / 1.008 * math.pi / 2) ** 2

    for t in (0, 1, 500, 997):
        assert made.alpha_bar[t].item() == pytest.approx(f(t + 1) / f(0), rel=1e-9)
    assert made.betas[-1].item() == 0.999


def test_linear_is_ho_s_at_a_thousand_steps_and_ends_alike_at_two_thousand():
    assert schedule("linear", 1000).betas[[0, -1]].tolist() == pytest.approx([1e-4, 0.02])
    ends = [schedule("linear", steps).alpha_bar[-1].log().item() for steps in (1000, 2000)]
    assert ends[0] == pytest.approx(ends[1], rel=0.02)


def test_one_step_after_another_has_the_variance_q_sample_states():
    """Brute force: x_t = √(1 − β)·x_{t−1} + √β·noise, followed through its mean and variance."""
    made = schedule(steps=50)
    mean, variance = 1.0, 0.0
    for t, beta in enumerate(made.betas.tolist()):
        mean, variance = mean * math.sqrt(1 - beta), variance * (1 - beta) + beta
        assert made.alpha_bar[t].sqrt().item() == pytest.approx(mean, rel=1e-9)
        assert (1 - made.alpha_bar[t]).item() == pytest.approx(variance, rel=1e-9)


@pytest.mark.parametrize("prediction", ["epsilon", "v", "x0"])
def test_a_perfect_prediction_gives_back_picture_and_noise(prediction):
    x_0, eps = pictures()
    t = torch.tensor([0, 700, 1990])
    made = schedule()
    x_t = made.q_sample(x_0, t, eps)
    output = made.target(prediction, x_0, eps, t)
    torch.testing.assert_close(made.to_x_0(prediction, x_t, t, output), x_0, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(made.to_eps(prediction, x_t, t, output), eps, rtol=1e-6, atol=1e-6)


def test_v_is_salimans_and_ho_s():
    x_0, eps = pictures()
    t = torch.tensor([10, 700, 1500])
    alpha_bar = schedule().alpha_bar[t][:, None, None, None]
    expected = alpha_bar.sqrt() * eps - (1 - alpha_bar).sqrt() * x_0
    torch.testing.assert_close(schedule().target("v", x_0, eps, t), expected)


def test_float32_pictures_stay_float32():
    x_0, eps = (x.float() for x in pictures())
    assert schedule().q_sample(x_0, torch.tensor([1, 2, 3]), eps).dtype == torch.float32


def test_noise_level_zero_leaves_the_low_picture_and_variance_is_kept():
    low, eps = pictures()
    assert torch.equal(add_noise(low, torch.zeros(3), eps), low)
    noised = add_noise(torch.ones_like(low), torch.tensor([0.3]), torch.zeros_like(eps))
    noise = add_noise(torch.zeros_like(low), torch.tensor([0.3]), torch.ones_like(eps))
    torch.testing.assert_close(noised**2 + noise**2, torch.ones_like(low))


@pytest.mark.parametrize("prediction", ["epsilon", "v", "x0"])
def test_min_snr_weighs_errors_of_every_prediction_as_one_of_x_0(prediction):
    schedule, gamma = Schedule(DiffusionParams(steps=50, schedule="cosine")), 5.0
    t = torch.arange(50)
    generator = torch.Generator().manual_seed(0)
    x_0, eps, off = (torch.randn(50, 4, generator=generator, dtype=torch.float64) for _ in range(3))
    x_t = schedule.q_sample(x_0, t, eps)
    output = schedule.target(prediction, x_0, eps, t) + off
    of_output = off.square().mean(1) * schedule.min_snr_weight(prediction, t, gamma)
    # The same error, seen in x_0: there the weight is min(SNR, γ) (Hang et al. 2023, eq. 8).
    of_x_0 = (schedule.to_x_0(prediction, x_t, t, output) - x_0).square().mean(1)
    snr = schedule.alpha_bar / (1 - schedule.alpha_bar)
    torch.testing.assert_close(of_output, of_x_0 * snr.clamp(max=gamma), rtol=1e-6, atol=1e-12)
