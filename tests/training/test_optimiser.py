import numpy as np
import pytest
import torch
from torch import nn

from s2f.training.optimiser import EPS, Lamb, learning_rate


def by_hand(p, gradients, lr, betas, weight_decay):
    """You et al. (2020), algorithm 2, in NumPy."""
    p = np.array(p, dtype=np.float64)
    m, v = np.zeros_like(p), np.zeros_like(p)
    for step, g in enumerate(gradients, start=1):
        g = np.array(g)
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g * g
        r = (m / (1 - betas[0] ** step)) / (np.sqrt(v / (1 - betas[1] ** step)) + EPS) + weight_decay * p
        size, length = np.linalg.norm(p), np.linalg.norm(r)
        p = p - lr * (size / length if size > 0 and length > 0 else 1.0) * r
    return p


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_three_steps_equal_hand_arithmetic(weight_decay):
    p = nn.Parameter(torch.tensor([[3.0, -4.0], [1.0, 2.0]], dtype=torch.float64))
    start = p.detach().clone()
    gradients = [[[1.0, 0.5], [-0.2, 0.1]], [[0.3, -2.0], [0.7, 0.0]], [[-1.0, 0.1], [0.1, 0.4]]]
    optimiser = Lamb([p], lr=0.1, betas=(0.9, 0.99), weight_decay=weight_decay)
    for gradient in gradients:
        p.grad = torch.tensor(gradient, dtype=torch.float64)
        optimiser.step()
    expected = by_hand(start, gradients, 0.1, (0.9, 0.99), weight_decay)
    np.testing.assert_allclose(p.detach().numpy(), expected, rtol=1e-10)


def test_the_first_step_moves_a_tensor_by_the_rate_times_its_own_size_even_without_weight_decay():
    p = nn.Parameter(torch.tensor([30.0, -40.0]))
    p.grad = torch.tensor([1e-3, 7.0])
    Lamb([p], lr=0.01, betas=(0.9, 0.999), weight_decay=0.0).step()
    assert (p.detach() - torch.tensor([30.0, -40.0])).norm().item() == pytest.approx(0.01 * 50, rel=1e-4)


def test_a_tensor_at_zero_takes_the_plain_step():
    p = nn.Parameter(torch.zeros(3))
    p.grad = torch.tensor([1.0, -2.0, 3.0])
    Lamb([p], lr=0.01, betas=(0.9, 0.999), weight_decay=0.1).step()
    torch.testing.assert_close(p.detach(), torch.tensor([-0.01, 0.01, -0.01]), rtol=1e-4, atol=0)


def test_a_zero_gradient_moves_nothing():
    p = nn.Parameter(torch.ones(3))
    p.grad = torch.zeros(3)
    Lamb([p], lr=0.01, betas=(0.9, 0.999), weight_decay=0.0).step()
    assert torch.equal(p.detach(), torch.ones(3))


def test_the_rate_rises_from_a_share_over_the_first_passes_then_falls_by_steps(training_params):
    params = training_params.model_copy(update={"warmup_epochs": 2.0, "decay_steps": 50, "decay": 0.5})
    rates = [learning_rate(step, params, steps_per_epoch=10.0) for step in range(120)]
    assert rates[0] == pytest.approx(0.1 * params.learning_rate)
    assert rates[10] == pytest.approx(0.55 * params.learning_rate)
    assert rates[20:50] == [params.learning_rate] * 30
    assert rates[50] == pytest.approx(params.learning_rate / 2)
    assert rates[119] == pytest.approx(params.learning_rate / 4)


def test_no_warm_up_starts_at_the_peak(training_params):
    params = training_params.model_copy(update={"warmup_epochs": 0.0})
    assert learning_rate(0, params, steps_per_epoch=10.0) == params.learning_rate
