import numpy as np
import pytest

from s2f.evaluation.differences import group_difference, paired_difference, scored
from s2f.evaluation.scores import Score, estimate
from s2f.evaluation.statistics import Plan

PLAN = Plan(confidence=0.95, resamples=400, seed=1)
IDS = np.arange(100)


def rates(draw, runs=400):
    """How often the interval covers 0 and p is at most 0.05."""
    found = [draw() for _ in range(runs)]
    return np.mean([(one.low <= 0 <= one.high, one.p <= 0.05) for one in found], axis=0)


def a_share(rng, chance, samples=2):
    return Score((rng.random((100, samples)) < chance) * 1.0, share=True)


def test_two_systems_that_are_equally_good_differ_as_seldom_as_said() -> None:
    rng = np.random.default_rng(0)

    def draw():
        hard = rng.random((100, 1))
        return paired_difference(a_share(rng, hard), a_share(rng, hard), IDS, PLAN)

    covered, significant = rates(draw)
    assert 0.91 <= covered <= 0.98 and 0.02 <= significant <= 0.08


@pytest.mark.parametrize(("one", "other", "count"), [(0.99, 0.95, 30), (1.0, 0.97, 40), (0.5, 0.5, 20)])
def test_shares_near_all_and_of_few_people_are_told_apart_as_far_as_they_do(one, other, count) -> None:
    rng, ids, inside = np.random.default_rng(14), np.arange(count), 0
    for _ in range(500):
        ours, theirs = (Score((rng.random((count, 1)) < chance) * 1.0, share=True) for chance in (one, other))
        found = paired_difference(ours, theirs, ids, Plan(0.95, 100, 1))
        inside += found.low <= one - other <= found.high
    assert inside / 500 >= 0.93


def test_a_side_that_spreads_its_years_less_is_no_worse_for_it() -> None:
    rng, significant = np.random.default_rng(15), 0
    for _ in range(300):
        truth = rng.normal(size=60)
        ours, theirs = (Score(truth[:, None] + rng.normal(size=(60, 1)), truth) for _ in range(2))
        flat = Score(40 + theirs.values / 50, truth)
        significant += paired_difference(ours, flat, np.arange(60), Plan(0.95, 100, 1)).p <= 0.05
    assert 0.02 <= significant / 300 <= 0.09


def test_two_correlations_that_are_equally_high_differ_as_seldom_as_said() -> None:
    rng = np.random.default_rng(1)

    def draw():
        truth = rng.normal(size=100)
        ours, theirs = (Score(0.5 * truth[:, None] + rng.normal(size=(100, 1)), truth) for _ in range(2))
        return paired_difference(ours, theirs, IDS, Plan(0.95, 100, 1))

    covered, significant = rates(draw)
    assert 0.90 <= covered <= 0.98 and 0.02 <= significant <= 0.09


def test_groups_that_are_served_alike_differ_as_seldom_as_said() -> None:
    rng = np.random.default_rng(2)
    covered, significant = rates(lambda: group_difference(a_share(rng, 0.8, 1), IDS < 30, IDS, PLAN))
    assert 0.91 <= covered <= 0.98 and 0.02 <= significant <= 0.08


def differing(kind, member, rng):
    """A score of 100 voices and by how much its `member` ones are better."""
    if kind == "share":
        return a_share(rng, np.where(member, 0.6, 0.9)[:, None], 1), -0.3
    if kind == "mean":
        return Score(1.0 * member[:, None] + rng.normal(size=(100, 2))), 1.0
    truth = rng.normal(size=100)
    return Score((truth * ~member)[:, None] + rng.normal(size=(100, 1)), truth), -np.sqrt(0.5)


@pytest.mark.parametrize("kind", ["share", "mean", "correlation"])
def test_groups_that_differ_are_told_apart_as_far_as_they_do(kind) -> None:
    rng, inside = np.random.default_rng(12), 0
    for _ in range(400):
        score, better = differing(kind, IDS < 30, rng)
        found = group_difference(score, IDS < 30, IDS, PLAN)
        inside += found.low <= better <= found.high
    assert 0.91 <= inside / 400 <= 0.98


def test_what_makes_a_voice_hard_for_both_cancels_out() -> None:
    rng = np.random.default_rng(3)
    hard = rng.normal(size=(100, 1))
    ours, theirs = Score(hard + 0.1), Score(hard + 0.02 * rng.normal(size=(100, 1)))
    found = paired_difference(ours, theirs, IDS, PLAN)
    assert 0.08 < found.low < found.value < found.high < 0.12
    assert found.p == pytest.approx(1 / 401)
    back = paired_difference(theirs, ours, IDS, PLAN)
    assert (back.value, back.low, back.high) == (-found.value, pytest.approx(-found.high), pytest.approx(-found.low))


def test_the_same_system_twice_does_not_differ() -> None:
    rng = np.random.default_rng(4)
    truth = rng.normal(size=100)
    for score in (Score(truth[:, None]), Score(rng.normal(size=(100, 2)), truth)):
        found = paired_difference(score, score, IDS, PLAN)
        assert (found.value, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_clips_of_one_person_are_no_new_people() -> None:
    rng = np.random.default_rng(5)
    ours, theirs = rng.normal(0.3, 1, (2, 40, 1))
    once = paired_difference(Score(ours), Score(theirs), np.arange(40), PLAN)
    tiled = (Score(np.tile(one, (5, 1))) for one in (ours, theirs))
    five = paired_difference(*tiled, np.tile(np.arange(40), 5), PLAN)
    assert (five.low, five.high, five.p) == (pytest.approx(once.low), pytest.approx(once.high), once.p)
    assert (five.n, five.people) == (200, 40)


def test_a_group_that_is_served_worse_is_found() -> None:
    rng = np.random.default_rng(6)
    member = IDS < 40
    found = group_difference(a_share(rng, np.where(member, 0.5, 0.95)[:, None]), member, IDS, PLAN)
    assert found.high < -0.2 and found.p < 0.01


def test_a_score_of_weighted_voices_is_that_of_as_many_copies() -> None:
    rng = np.random.default_rng(7)
    values, truth = rng.normal(size=(12, 2)), rng.normal(size=12)
    values[3, 1] = values[5] = np.nan
    weights = rng.integers(0, 4, 12)
    copies = np.repeat(np.arange(12), weights)
    for score in (Score(values), Score(values, truth)):
        expected = estimate(score.of(copies), copies, PLAN).value
        assert scored(score, weights[None])[0] == pytest.approx(expected)


@pytest.mark.parametrize("values", [np.full((9, 1), np.nan), np.ones((3, 1)), np.zeros((0, 1))])
def test_too_little_gives_a_reason_and_no_number(values) -> None:
    people = np.arange(len(values))
    for found in (
        paired_difference(Score(values), Score(values), people, PLAN),
        group_difference(Score(values), people < 1, people, PLAN),
        group_difference(Score(values), people < 0, people, PLAN),
    ):
        assert found.value is None and found.reason.startswith("not available: ")


def test_a_side_that_never_varies_has_no_correlation_to_compare() -> None:
    truth = np.arange(20.0)
    found = paired_difference(Score(np.ones((20, 1)), truth), Score(truth[:, None], truth), np.arange(20), PLAN)
    assert found.value is None and "the same everywhere" in found.reason


def test_few_people_have_no_interval_of_a_mean_difference() -> None:
    rng = np.random.default_rng(13)
    ours, theirs = (Score(rng.normal(size=(9, 1))) for _ in range(2))
    assert "only 9 people, at least 10" in paired_difference(ours, theirs, np.arange(9), PLAN).reason
