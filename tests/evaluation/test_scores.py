import numpy as np
import pytest

from s2f.evaluation.scores import Score, estimate, mean_of_samples
from s2f.evaluation.statistics import Plan

PLAN = Plan(confidence=0.95, resamples=200, seed=1)
RUNS = 1000


def simulated(draw):
    """Share of runs whose interval covers the truth."""
    return np.mean([found.low <= truth <= found.high for found, truth in (draw(run) for run in range(RUNS))])


def test_perfect_answers_have_a_score_of_one() -> None:
    age, people = np.linspace(20, 70, 50), np.arange(50)
    assert estimate(Score(np.tile(age[:, None], 2), age), people, PLAN).value == pytest.approx(1)
    right = estimate(Score(np.ones((50, 2)), share=True), people, PLAN)
    assert (right.value, right.high, right.n) == (1, 1, 50)
    assert 0.9 < right.low < 1  # 50 of 50 is no certainty


def test_shuffled_pairs_give_chance_inside_the_interval_at_the_nominal_rate() -> None:
    rng, people = np.random.default_rng(0), np.arange(150)
    age = rng.uniform(20, 70, 150)
    men = np.arange(150) < 75

    def years(run):
        return estimate(Score(rng.permutation(age)[:, None], age), people, PLAN), 0.0

    def gender(run):
        return estimate(Score((rng.permutation(men) == men)[:, None] * 1.0, share=True), people, PLAN), 0.5

    assert 0.93 <= simulated(years) <= 0.97
    assert 0.93 <= simulated(gender) <= 0.97


@pytest.mark.parametrize(
    ("voices", "samples", "share", "steady"),
    [
        (80, 2, 0.8, 0.0),
        (80, 2, 0.8, 0.5),
        (80, 4, 0.8, 0.0),
        (80, 4, 0.8, 0.9),
        (40, 10, 0.95, 0.5),
        (10, 5, 0.8, 0.5),
    ],
)
def test_a_share_of_several_samples_is_covered_at_the_nominal_rate(voices, samples, share, steady) -> None:
    """Of which so many are as the voice's first one, and the others answer for themselves."""
    rng, people = np.random.default_rng(5), np.arange(voices)

    def draw(run):
        first, own = rng.random((voices, 1)) < share, rng.random((voices, samples)) < share
        values = np.where(rng.random((voices, 1)) < steady, first, own) * 1.0
        return estimate(Score(values, share=True), people, PLAN), share

    assert 0.93 <= simulated(draw) <= 0.98


def test_a_mean_of_few_people_stays_within_its_bounds() -> None:
    cosines = Score(np.array([[0.9], [0.1]]), bounds=(-1, 1))
    found = estimate(cosines, np.arange(2), PLAN)
    assert (found.low, found.high) == (-1, 1)
    assert estimate(Score(cosines.values), np.arange(2), PLAN).high > 1


def test_a_planted_correlation_of_500_voices_is_recovered_at_the_nominal_rate() -> None:
    rng, people = np.random.default_rng(1), np.arange(500)

    def draw(run):
        age = rng.normal(size=500)
        drawn = 0.3 * age + np.sqrt(1 - 0.09) * rng.normal(size=500)
        return estimate(Score(drawn[:, None], age), people, PLAN), 0.3

    assert 0.93 <= simulated(draw) <= 0.97


def test_a_mean_of_thirty_is_covered_at_the_nominal_rate() -> None:
    rng, people = np.random.default_rng(2), np.arange(30)
    draw = lambda run: (estimate(Score(rng.normal(0.2, 0.1, (30, 1))), people, Plan(0.95, 200, run)), 0.2)  # noqa: E731
    assert 0.93 <= simulated(draw) <= 0.97


def test_a_voice_counts_once_however_many_of_its_samples_were_found() -> None:
    values = np.array([[1.0, 1.0], [0.0, np.nan], [np.nan, np.nan], [0.0, 0.0]])
    score = Score(values, share=True)
    assert score.kept.tolist() == [True, True, False, True]
    found = estimate(score, np.arange(4), PLAN)
    assert (found.value, found.n) == (pytest.approx(1 / 3), 3)
    assert estimate(score.of(np.array([True, False, True, True])), np.arange(3), PLAN).value == 0.5


@pytest.mark.parametrize(
    ("score", "says"),
    [
        (Score(np.full((9, 2), np.nan)), "no voice has both"),
        (Score(np.zeros((0, 1)), share=True), "no voice has both"),
        (Score(np.ones((9, 1)), np.arange(9.0)), "the same everywhere"),
        (Score(np.ones((9, 1)), np.full(9, np.nan)), "no voice has both"),
        (Score(np.ones((1, 1))), "only 1 person"),
        (Score(np.ones((1, 4)), share=True), "only 1 person"),
        (Score(np.full((9, 2), np.nan), share=True, reason="all are alike"), "all are alike"),
    ],
)
def test_what_cannot_be_scored_is_a_sentence_and_no_number(score, says) -> None:
    found = estimate(score, np.arange(len(score.values)), PLAN)
    assert found.value is None and found.low is None
    assert found.reason.startswith("not available: ") and says in found.reason


def test_a_part_without_values_has_the_reason_of_the_whole() -> None:
    part = Score(np.full((9, 2), np.nan), share=True, reason="all are alike").of(np.arange(3))
    assert estimate(part, np.arange(3), PLAN).reason == "not available: all are alike"


def test_the_mean_of_samples_leaves_out_what_was_not_found() -> None:
    values = np.array([[1.0, 3.0], [5.0, np.nan], [np.nan, np.nan]])
    assert np.array_equal(mean_of_samples(values), [2.0, 5.0, np.nan], equal_nan=True)
