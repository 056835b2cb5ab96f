import json

import numpy as np
import pytest
from scipy import stats

from s2f.evaluation.correlations import of_one_sample, pearson, slope, spearman, within
from s2f.evaluation.statistics import Plan, mean, proportion, weigh

PLAN = Plan(confidence=0.95, resamples=300, seed=1)
TWICE = np.tile(np.arange(30), 2)


def test_perfect_predictions_have_r_of_one() -> None:
    x = np.arange(20.0)
    assert pearson(x, 3 * x + 1, 0.95).value == pytest.approx(1)
    assert pearson(x, -x, 0.95).value == pytest.approx(-1)


def test_pearson_is_scipys_with_its_interval_and_p() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=40)
    y = 0.4 * x + rng.normal(size=40)
    ours, theirs = pearson(x, y, 0.9), stats.pearsonr(x, y)
    interval = theirs.confidence_interval(0.9)
    assert (ours.value, ours.p, ours.n) == (pytest.approx(theirs.statistic), pytest.approx(theirs.pvalue), 40)
    assert (ours.low, ours.high) == (pytest.approx(interval.low), pytest.approx(interval.high))


def test_a_planted_correlation_is_inside_its_interval_at_the_nominal_rate() -> None:
    rng = np.random.default_rng(3)
    runs, inside = 1000, 0
    for _ in range(runs):
        x = rng.normal(size=500)
        y = 0.3 * x + np.sqrt(1 - 0.09) * rng.normal(size=500)
        found = pearson(x, y, 0.95)
        inside += found.low <= 0.3 <= found.high
    assert 0.93 <= inside / runs <= 0.97


def test_several_clips_of_one_person_do_not_narrow_an_interval() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(2, 30))
    once, twice = pearson(x, y, 0.95), pearson(np.tile(x, 2), np.tile(y, 2), 0.95, TWICE)
    assert (twice.low, twice.high, twice.p) == (
        pytest.approx(once.low),
        pytest.approx(once.high),
        pytest.approx(once.p),
    )
    assert (twice.n, twice.people) == (60, 30)
    values, people = rng.normal(size=30), np.arange(30)
    alone, doubled = mean(values, people, PLAN), mean(np.tile(values, 2), np.tile(people, 2), PLAN)
    assert (alone.low, alone.high) == (pytest.approx(doubled.low), pytest.approx(doubled.high))
    assert (doubled.n, doubled.people) == (60, 30)
    assert proportion(0.5, 60, 0.95, TWICE).as_json()["people"] == 30


@pytest.mark.parametrize(
    "clips", [[50] * 3 + [2] * 40, [round(60 / rank) for rank in range(1, 61)], [30] + [1] * 59], ids=["3", "zipf", "1"]
)
def test_a_few_people_with_many_clips_do_not_make_an_interval_too_narrow(clips: list[int]) -> None:
    rng, people = np.random.default_rng(11), np.repeat(np.arange(len(clips)), clips)
    covered, significant = np.zeros(2), 0
    for _ in range(1000):
        x, y = rng.normal(size=(2, len(clips)))[:, people]  # a person's clips say the same
        r, right = pearson(x, y, 0.95, people), proportion(float((x > 0).mean()), len(people), 0.95, people)
        covered += [r.low <= 0 <= r.high, right.low <= 0.5 <= right.high]
        significant += r.p <= 0.05
    assert (covered / 1000 >= 0.93).all() and significant / 1000 <= 0.07


def test_rows_weigh_as_many_as_there_are_people_where_each_has_as_many() -> None:
    assert (weigh(60, TWICE).people, weigh(60, TWICE).rows) == (30, pytest.approx(30))
    uneven = weigh(12, np.repeat([0, 1, 2], [10, 1, 1]))
    assert (uneven.people, uneven.rows) == (3, pytest.approx(144 / 102))
    found = pearson(np.arange(104.0), np.arange(104.0) % 7, 0.95, np.repeat(np.arange(5), [100, 1, 1, 1, 1]))
    assert found.value is None and "104 pairs of 5 people are worth 1.1" in found.reason


def test_a_slope_is_scipys_and_is_covered_at_the_nominal_rate() -> None:
    rng, inside = np.random.default_rng(14), 0
    for _ in range(1000):
        y = rng.normal(size=40)
        x = 2 * y + rng.normal(size=40)
        found = slope(x, y, 0.95)
        inside += found.low <= 2 <= found.high
    assert 0.93 <= inside / 1000 <= 0.97
    theirs = stats.linregress(y, x)
    reach = stats.t.ppf(0.975, 38) * theirs.stderr
    assert (found.value, found.high) == (pytest.approx(theirs.slope), pytest.approx(theirs.slope + reach))
    assert "the same everywhere" in slope(x, np.ones(40), 0.95).reason


def test_what_differs_by_noise_alone_is_a_constant() -> None:
    rng = np.random.default_rng(13)
    found = pearson(40 + 1e-6 * rng.normal(size=50), rng.normal(size=50), 0.95)
    assert found.reason == "not available: one side is the same everywhere"


def test_a_perfect_order_of_four_is_no_certainty() -> None:
    found = pearson(np.arange(4.0), np.arange(4.0), 0.95)
    assert (found.value, found.p) == (pytest.approx(1), pytest.approx(2 / 24))


@pytest.mark.parametrize(
    ("x", "y", "says"),
    [
        ([1.0, 2, 3], [1.0, 2, 3], "only 3 pairs"),
        ([1.0], [1.0], "only 1 pair,"),
        ([0.1 + 0.2] * 5, [1.0, 2, 3, 4, 5], "the same everywhere"),
        ([1.0, 2, 3, 4, 5], [1.0, 2, float("nan"), 4, 5], "1 of 5 pairs"),
    ],
)
def test_what_cannot_be_known_is_a_sentence_and_no_number(x: list[float], y: list[float], says: str) -> None:
    found = pearson(np.array(x), np.array(y), 0.95)
    assert (found.value, found.low, found.high, found.p) == (None, None, None, None)
    assert says in found.reason
    assert found.reason.startswith("not available: ")


def test_spearman_is_scipys_and_covers_the_truth_at_the_nominal_rate() -> None:
    rng = np.random.default_rng(8)
    x = rng.normal(size=40)
    y = x + rng.normal(size=40)
    ours, theirs = spearman(x, y**3, 0.95), stats.spearmanr(x, y**3)
    assert (ours.value, ours.p) == (pytest.approx(theirs.statistic), pytest.approx(theirs.pvalue))
    truth, inside = 6 / np.pi * np.arcsin(0.25), 0  # of two normal variables with r = 0.5 (Kruskal 1958)
    for _ in range(1000):
        x = rng.normal(size=60)
        found = spearman(x, 0.5 * x + np.sqrt(0.75) * rng.normal(size=60), 0.95)
        inside += found.low <= truth <= found.high
    assert 0.93 <= inside / 1000 <= 0.97


def test_one_far_off_value_makes_no_rank_correlation() -> None:
    rng = np.random.default_rng(9)
    x, y = rng.normal(size=(2, 50))
    x[0] = y[0] = 1000.0
    assert pearson(x, y, 0.95).value > 0.99 and abs(spearman(x, y, 0.95).value) < 0.35
    assert spearman(np.ones(50), y, 0.95).reason == "not available: one side is the same everywhere"
    assert "2 of 50 pairs" in spearman(np.where(np.arange(50) < 2, np.nan, x), y, 0.95).reason


def test_what_only_two_groups_share_is_gone_within_them() -> None:
    rng, inside = np.random.default_rng(10), 0
    for _ in range(1000):
        group = rng.integers(2, size=60)
        x, y = 5 * group + rng.normal(size=(2, 60))
        found = within(x, y, group, 0.95)
        inside += found.low <= 0 <= found.high
    assert 0.93 <= inside / 1000 <= 0.97
    assert pearson(x, y, 0.95).low > 0.7
    assert within(x, 2 * x, group, 0.95).value == pytest.approx(1)
    assert within(1.0 * group, y, group, 0.95).reason == "not available: one side is the same everywhere in a group"
    assert within(x, np.full(60, np.nan), group, 0.95).value is None


def test_an_estimate_is_json_without_nan() -> None:
    text = json.dumps(pearson(np.ones(9), np.arange(9.0), 0.95).as_json(), allow_nan=False)
    assert json.loads(text)["value"] is None


def test_samples_that_say_the_same_do_not_narrow_an_interval() -> None:
    rng, people = np.random.default_rng(0), np.arange(50)
    truth = rng.normal(size=50)
    one = (0.5 * truth + rng.normal(size=50))[:, None]
    alone, twice = (of_one_sample(np.tile(one, times), truth, 0.95, people) for times in (1, 2))
    assert alone.as_json() == pearson(one[:, 0], truth, 0.95).as_json()
    assert (twice.value, twice.low, twice.high) == pytest.approx((alone.value, alone.low, alone.high))
    assert of_one_sample(np.stack([truth, truth], 1), truth, 0.95, people).value == pytest.approx(1)


def test_an_empty_sample_is_a_sentence() -> None:
    x = np.stack([np.arange(9.0), np.full(9, np.nan)], axis=1)
    assert "at least 4 are needed" in of_one_sample(x, np.arange(9.0), 0.95, np.arange(9)).reason
    assert "no samples" in of_one_sample(np.empty((9, 0)), np.arange(9.0), 0.95, np.arange(9)).reason


ALL = (1.0, 1.0)


@pytest.mark.parametrize(
    ("r", "steady", "found"),
    [
        (0.0, 0.0, ALL), (0.3, 0.9, ALL * 2), (0.6, 0.5, ALL * 2),
        (0.0, 1.0, (0.5, 0.5, 0.5, 0.5)), (0.3, 0.5, (1.0, 0.2)),
    ],
)  # fmt: skip
def test_r_of_several_samples_is_covered_at_the_nominal_rate(r, steady, found) -> None:
    """Samples of which so much is the voice's own, apart from what is the truth's, and of which so many were found."""
    rng, runs, inside, noise = np.random.default_rng(3), 500, 0, np.sqrt(1 - r * r)
    for _ in range(runs):
        truth, own = rng.normal(size=(2, 100, 1))
        samples = np.sqrt(steady) * own + np.sqrt(1 - steady) * rng.normal(size=(100, len(found)))
        x = np.where(rng.random(samples.shape) < found, r * truth + noise * samples, np.nan)
        kept = np.isfinite(x).any(1)
        one = of_one_sample(x[kept], truth[kept, 0], 0.95, np.arange(100)[kept])
        inside += one.low <= r <= one.high
    assert 0.93 <= inside / runs <= 0.98
