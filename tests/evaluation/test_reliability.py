import numpy as np
import pytest

from s2f.evaluation.correlations import correlation
from s2f.evaluation.reliability import reliability, unattenuated
from s2f.evaluation.scores import Score, estimate
from s2f.evaluation.statistics import Plan, weigh

PLAN = Plan(confidence=0.95, resamples=200, seed=1)


def test_reliability_is_the_share_of_spread_between_voices_at_the_nominal_rate() -> None:
    rng, people, inside = np.random.default_rng(0), np.arange(60), 0
    for _ in range(1000):
        found = reliability(rng.normal(size=(60, 1)) + rng.normal(size=(60, 3)), people, 0.95)
        inside += found.low <= 0.5 <= found.high
    assert 0.93 <= inside / 1000 <= 0.97


def test_the_noise_of_samples_is_taken_off_a_planted_correlation() -> None:
    rng, people, truth = np.random.default_rng(1), np.arange(4000), np.random.default_rng(2).normal(size=4000)
    heard = 0.6 * truth + 0.8 * rng.normal(size=4000)
    samples = heard[:, None] + rng.normal(size=(4000, 2))
    single = estimate(Score(samples, truth), people, PLAN)
    found = unattenuated(single, reliability(samples, people, 0.95))
    assert single.high < 0.5 < found.low < 0.6 < found.high


def test_samples_that_are_the_same_lose_nothing() -> None:
    samples = np.tile(np.arange(20.0)[:, None], 3)
    steady = reliability(samples, np.arange(20), 0.95)
    assert (steady.value, steady.low, steady.high) == (1, 1, 1)
    single = correlation(0.4, 20, weigh(20, None), 0.95)
    assert unattenuated(single, steady).value == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        (np.random.default_rng(0).normal(size=(20, 1)), "one sample a voice"),
        (np.ones((20, 2)), "the same everywhere"),
        (np.random.default_rng(0).normal(size=(3, 2)), "only 3 people"),
        (np.full((20, 2), np.nan), "only 0 people"),
        (np.array([[1.0, -1.0], [-1.0, 1.0]] * 10), "agree no more than those of two"),
    ],
)
def test_where_nothing_can_be_taken_off_there_is_a_reason_and_no_number(samples, says) -> None:
    found = unattenuated(
        correlation(0.4, 20, weigh(20, None), 0.95), reliability(samples, np.arange(len(samples)), 0.95)
    )
    assert found.value is None
    assert found.reason.startswith("not available: ") and says in found.reason


def test_an_r_that_such_unreliable_samples_cannot_have_is_not_mended() -> None:
    samples = np.random.default_rng(3).normal(size=(400, 1)) + 3 * np.random.default_rng(4).normal(size=(400, 2))
    found = unattenuated(correlation(0.9, 400, weigh(400, None), 0.95), reliability(samples, np.arange(400), 0.95))
    assert found.reason == "not available: the samples are less reliable than r needs them to be"
