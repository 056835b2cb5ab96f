import numpy as np
import pytest
from scipy import stats

from s2f.evaluation.statistics import Plan, holm, mean, proportion, tails

PLAN = Plan(confidence=0.95, resamples=300, seed=1)


def test_wilson_covers_a_coin_at_the_nominal_rate() -> None:
    rng = np.random.default_rng(4)
    shares = rng.binomial(120, 0.5, size=1000) / 120
    found = [proportion(float(share), 120, 0.95) for share in shares]
    assert 0.93 <= np.mean([one.low <= 0.5 <= one.high for one in found]) <= 0.97


def test_wilson_is_scipys() -> None:
    interval = stats.binomtest(9, 10).proportion_ci(0.95, method="wilson")
    ours = proportion(0.9, 10, 0.95)
    assert (ours.low, ours.high) == (pytest.approx(interval.low), pytest.approx(interval.high))
    assert proportion(1.0, 10, 0.95).high == 1.0


@pytest.mark.parametrize("count", [2, 3, 5, 9])
def test_of_very_few_people_the_mean_is_covered_at_the_nominal_rate(count: int) -> None:
    rng, inside = np.random.default_rng(12), 0
    for run in range(1000):
        found = mean(rng.normal(2, 1, count), np.arange(count), Plan(0.95, 100, run))
        inside += found.low <= 2 <= found.high
    assert 0.93 <= inside / 1000 <= 0.97


def test_a_bootstrapped_mean_covers_the_truth_at_about_the_nominal_rate() -> None:
    rng = np.random.default_rng(6)
    inside = 0
    for run in range(300):
        found = mean(rng.normal(2, 1, 60), np.arange(60), Plan(0.95, 300, run))
        inside += found.low <= 2 <= found.high
    assert 0.90 <= inside / 300 <= 0.98


def test_few_people_widen_a_bootstrapped_interval() -> None:
    assert tails(0.95, 100_000) == (pytest.approx(0.025, rel=1e-2), pytest.approx(0.975, rel=1e-3))
    low, high = tails(0.95, 20)
    assert low < 0.02 and high == pytest.approx(1 - low)


def test_no_rows_have_no_share_and_no_mean() -> None:
    assert proportion(0.0, 0, 0.95).value is None
    assert proportion(1.0, 8, 0.95, np.zeros(8, dtype=int)).value is None  # one person is no share
    assert mean(np.array([]), np.array([], dtype=int), PLAN).value is None
    assert mean(np.array([1.0, np.nan]), np.arange(2), PLAN).reason == "not available: 1 of 2 values are not numbers"


def test_holm_by_hand() -> None:
    assert holm([0.01, None, 0.04, 0.03]) == [pytest.approx(0.03), None, pytest.approx(0.06), pytest.approx(0.06)]
