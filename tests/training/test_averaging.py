import torch
from torch import nn

from s2f.training.averaging import average_of


def updated(model, decay, values):
    """The average of a model of one weight that takes these values, one after the other."""
    averaged = average_of(model, decay)
    for value in values:
        with torch.no_grad():
            model.weight.fill_(value)
        averaged.update_parameters(model)
    return averaged.module.weight.item()


def test_the_first_is_taken_whole_and_early_ones_are_soon_forgotten():
    one = nn.Linear(1, 1, bias=False)
    assert updated(one, 0.9, [5.0]) == 5.0
    assert updated(one, 0.999, [100.0] + [0.0] * 29) < 0.01


def test_a_long_run_is_averaged_with_the_decay_that_was_asked_for():
    one = nn.Linear(1, 1, bias=False)
    before = updated(one, 0.9, [0.0] * 200)
    assert before == 0
    averaged = average_of(one, 0.9)
    for _ in range(200):
        averaged.update_parameters(one)
    with torch.no_grad():
        one.weight.fill_(1.0)
    averaged.update_parameters(one)
    torch.testing.assert_close(averaged.module.weight, torch.full((1, 1), 0.1))


def test_running_statistics_are_averaged_and_counters_copied():
    model = nn.BatchNorm1d(2)
    averaged = average_of(model, 0.5)
    for _ in range(3):
        model(torch.randn(8, 2) + 5)
        averaged.update_parameters(model)
    assert 0 < averaged.module.running_mean[0] < model.running_mean[0]
    assert averaged.module.num_batches_tracked == 3


def test_no_decay_is_no_average():
    assert average_of(nn.Linear(1, 1), 0.0) is None
