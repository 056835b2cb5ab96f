import pytest
import torch
from torch import Tensor

from s2f.diffusion.guidance import Denoiser, guide
from s2f.diffusion.schedule import Prediction, Schedule
from s2f.models.face_decoder import FaceDecoder
from s2f.params.diffusion import DiffusionParams
from s2f.params.face_decoder import FaceDecoderConfig

ROWS = 6


@pytest.fixture(scope="module")
def denoiser() -> FaceDecoder:
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
    return FaceDecoder(config).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def inputs() -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(1)
    condition = torch.nn.functional.normalize(torch.randn(ROWS, 16), dim=1)
    return torch.randn(ROWS, 3, 8, 8), torch.arange(ROWS) * 10, condition


Inputs = tuple[Tensor, Tensor, Tensor]


def test_guidance_zero_is_the_conditional_model_to_the_bit(denoiser: FaceDecoder, inputs: Inputs) -> None:
    assert torch.equal(guide(denoiser, 0)(*inputs), denoiser(*inputs))
    assert torch.equal(guide(denoiser, torch.zeros(ROWS))(*inputs), denoiser(*inputs))


def test_guidance_minus_one_is_the_unconditional_model(denoiser: FaceDecoder, inputs: Inputs) -> None:
    x_t, t, condition = inputs
    free = denoiser(x_t, t, torch.zeros_like(condition))
    assert not torch.allclose(free, denoiser(*inputs), atol=1e-2)
    assert torch.equal(guide(denoiser, -1)(*inputs), free)


def test_guidance_is_the_papers_formula(denoiser: FaceDecoder, inputs: Inputs) -> None:
    x_t, t, condition = inputs
    by_hand = 3.5 * denoiser(*inputs) - 2.5 * denoiser(x_t, t, torch.zeros_like(condition))
    torch.testing.assert_close(guide(denoiser, 2.5)(*inputs), by_hand)


def test_a_given_null_condition_is_used(denoiser: FaceDecoder, inputs: Inputs) -> None:
    x_t, t, condition = inputs
    null = condition[0]
    by_hand = 2 * denoiser(*inputs) - denoiser(x_t, t, null.expand_as(condition))
    torch.testing.assert_close(guide(denoiser, 1, null)(*inputs), by_hand)


def test_weights_mix_in_one_batch(denoiser: FaceDecoder, inputs: Inputs) -> None:
    weights = [0.0, 1.0, -1.0, 4.0, 0.0, 2.0]
    mixed = guide(denoiser, torch.tensor(weights))(*inputs)
    for row, w in enumerate(weights):
        alone = guide(denoiser, w)(*(part[row : row + 1] for part in inputs))
        torch.testing.assert_close(mixed[row : row + 1], alone, rtol=1e-4, atol=1e-4)


def test_it_is_one_call_and_rows_without_a_second_term_cost_one_row(inputs: Inputs) -> None:
    calls = []

    def counting(x_t: Tensor, t: Tensor, condition: Tensor) -> Tensor:
        calls.append(len(x_t))
        return x_t

    guide(counting, torch.tensor([0.0, 1.0, 2.0, -1.0, 0.0, 4.0]))(*inputs)
    assert calls == [9]


@pytest.mark.parametrize("prediction", ["v", "x0"])
def test_guiding_any_prediction_guides_the_noise(prediction: Prediction, inputs: Inputs) -> None:
    schedule = Schedule(DiffusionParams(steps=100, schedule="cosine"))
    x_t, t, condition = (part.double() if part.is_floating_point() else part for part in inputs)
    eps = torch.randn(2 * ROWS, 3, 8, 8, dtype=torch.float64)  # with condition, without

    def knows(kind: Prediction) -> Denoiser:
        return lambda x_t, t, _: schedule.target(kind, schedule.to_x_0("epsilon", x_t, t, eps), eps, t)

    guided = guide(knows(prediction), 3.0)(x_t, t, condition)
    by_hand = 4 * eps[:ROWS] - 3 * eps[ROWS:]
    torch.testing.assert_close(schedule.to_eps(prediction, x_t, t, guided), by_hand)
