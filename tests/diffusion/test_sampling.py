from collections.abc import Callable
from typing import get_args

import pytest
import torch
from diffusers import DDIMScheduler
from torch import Tensor

from s2f.diffusion.guidance import guide
from s2f.diffusion.sampling import sample, seeded
from s2f.diffusion.schedule import Prediction, Schedule
from s2f.diffusion.solvers import Walk
from s2f.models.face_decoder import FaceDecoder
from s2f.params.diffusion import DiffusionParams
from s2f.params.face_decoder import FaceDecoderConfig
from s2f.params.samplers import Sampler

STEPS = 400
SCHEDULE = Schedule(DiffusionParams(steps=STEPS, schedule="cosine"))
MEAN, DEVIATION = 0.3, 0.15
SAMPLERS: tuple[Sampler, ...] = get_args(Sampler)


def gaussian(prediction: Prediction, deviation: float = DEVIATION) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """The true denoiser of data N(MEAN, deviation²): E[x_0 | x_t] is linear in x_t."""

    def denoiser(x_t: Tensor, t: Tensor, condition: Tensor) -> Tensor:
        alpha_bar = SCHEDULE.alpha_bar[t].reshape(-1, 1, 1, 1)
        signal = alpha_bar.sqrt()
        gain = deviation**2 * signal / (alpha_bar * deviation**2 + 1 - alpha_bar)
        x_0 = MEAN + gain * (x_t - signal * MEAN)
        return SCHEDULE.target(prediction, x_0, SCHEDULE.to_eps("x0", x_t.double(), t, x_0), t)

    return denoiser


def x_0_error(deviation: float = DEVIATION) -> Tensor:
    """The variance of q(x_0 | x_t) for data N(·, deviation²), whatever x_t."""
    return deviation**2 * (1 - SCHEDULE.alpha_bar) / (SCHEDULE.alpha_bar * deviation**2 + 1 - SCHEDULE.alpha_bar)


def pictures(
    denoiser: Callable[..., Tensor], walk: Walk, prediction: Prediction, deviation: float = DEVIATION
) -> Tensor:
    """Four of 64×64."""
    draws, errors = seeded(range(4)), x_0_error(deviation)
    return sample(denoiser, torch.zeros(4, 1), draws, (3, 64, 64), SCHEDULE, walk, prediction, errors)


@pytest.mark.parametrize("prediction", ["epsilon", "v", "x0"])
@pytest.mark.parametrize(
    ("sampler", "steps", "tolerance"),
    [
        ("dpmsolver++", 15, 0.08),
        ("dpmsolver++", 40, 0.02),
        ("unipc", 15, 0.05),
        ("unipc", 40, 0.02),
        ("ddim", 100, 0.05),
        ("ancestral", 100, 0.05),  # its variance is a lower bound (Bao et al. 2022), met as steps grow
        ("ancestral", STEPS, 0.03),
        ("ddim", STEPS, 0.02),
        ("analytic", 6, 0.08),  # exact for a Gaussian but for the last step, which ends at the mean
        ("analytic", 15, 0.02),
        ("analytic", STEPS, 0.02),
    ],
)
def test_the_true_denoiser_gives_the_true_law(
    sampler: Sampler, steps: int, tolerance: float, prediction: Prediction
) -> None:
    drawn = pictures(gaussian(prediction), Walk(sampler, steps), prediction)
    assert drawn.mean().item() == pytest.approx(MEAN, abs=0.01)
    assert drawn.std().item() == pytest.approx(DEVIATION, rel=tolerance)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("steps", [1, 2, 6, STEPS])
def test_the_true_denoiser_of_one_picture_gives_that_picture(sampler: Sampler, steps: int) -> None:
    drawn = pictures(gaussian("v", deviation=0), Walk(sampler, steps), "v", 0)
    torch.testing.assert_close(drawn, torch.full_like(drawn, MEAN), rtol=0, atol=1e-4)


def test_ddim_over_all_steps_is_diffusers_own() -> None:
    denoiser = gaussian("x0")
    solver = DDIMScheduler(
        STEPS, trained_betas=SCHEDULE.betas.numpy(), prediction_type="sample", timestep_spacing="trailing"
    )
    solver.set_timesteps(STEPS)
    x_t = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    for t in solver.timesteps:
        x_t = solver.step(denoiser(x_t, t[None], x_t).float(), int(t), x_t).prev_sample
    torch.testing.assert_close(pictures(denoiser, Walk("ddim", STEPS), "x0")[:1], x_t, rtol=0, atol=1e-3)


@pytest.mark.parametrize("prediction", ["epsilon", "v"])
def test_pictures_stay_in_range_when_the_denoiser_errs(prediction: Prediction) -> None:
    true = gaussian(prediction)
    for sampler in SAMPLERS:
        drawn = pictures(lambda *inputs: 0.97 * true(*inputs), Walk(sampler, 15), prediction)
        assert drawn.abs().max() <= 1
        assert drawn.mean().item() == pytest.approx(MEAN, abs=0.05)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_batch_of_four_is_four_batches_of_one(sampler: Sampler) -> None:
    torch.manual_seed(0)
    config = FaceDecoderConfig(
        attributes=(),
        attribute_dropout=0.5,
        image_px=8,
        base_channels=8,
        channel_multiples=(1, 2),
        blocks=(1, 1),
        attention_at=(2,),
        heads=2,
        groups=4,
        embedding=16,
        condition_tokens=2,
        condition_dropout=0.1,
        position_map=False,
        shortcut_ridge=0,
        prediction="v",
    )
    model = FaceDecoder(config).eval().requires_grad_(False)
    condition, weights, seeds = torch.randn(4, 16), torch.tensor([0.0, 1.0, -1.0, 3.0]), [7, 8, 9, 7]

    def draw(rows: slice) -> Tensor:
        denoiser = guide(model, weights[rows])
        return sample(
            denoiser, condition[rows], seeded(seeds[rows]), (3, 8, 8), SCHEDULE, Walk(sampler, 8), "v", x_0_error()
        )

    together = draw(slice(0, 4))
    alone = torch.cat([draw(slice(row, row + 1)) for row in range(4)])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-4)
    assert not torch.allclose(together[0], together[3], atol=1e-2)  # same noise, other condition and weight


def test_another_seed_is_another_picture() -> None:
    for sampler in SAMPLERS:
        drawn = pictures(gaussian("v"), Walk(sampler, 6), "v")
        assert not torch.allclose(drawn[0], drawn[1], atol=1e-2)


def test_every_step_is_announced() -> None:
    seen: list[Tensor] = []
    draws = seeded([0])
    sample(gaussian("v"), torch.zeros(1, 1), draws, (3, 4, 4), SCHEDULE, Walk("ddim", 5), "v", on_step=seen.append)
    assert [one.shape for one in seen] == [(1, 3, 4, 4)] * 5
    assert seen[0].std() < seen[-1].std()  # the first guess is the mean of all
