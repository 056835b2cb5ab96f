import numpy as np
import pytest

from s2f.evaluation.shuffling import chance, derangements, luck, shuffled_agreement, shuffled_correlations


@pytest.mark.parametrize(
    "people", [np.arange(2), np.arange(50), np.repeat(np.arange(20), 2), np.array([0, 0, 0, 1, 2, 3])]
)
def test_nobody_meets_a_face_of_their_own(people: np.ndarray) -> None:
    orders = derangements(people, 200, seed=1)
    assert (np.sort(orders, axis=1) == np.arange(len(people))).all()
    assert (people[orders] != people).all()


def test_where_everybody_is_one_person_there_is_no_shuffle() -> None:
    assert derangements(np.zeros(5, dtype=int), 10, seed=1) is None
    assert derangements(np.arange(1), 10, seed=1) is None
    assert chance(None, 5, 0.95).reason is not None


def test_shuffles_of_a_perfect_prediction_are_at_chance() -> None:
    x = np.random.default_rng(2).normal(size=80)
    orders = derangements(np.arange(80), 1000, seed=2)
    found = chance(shuffled_correlations(x[:, None], x, orders), 80, 0.95)
    assert abs(found.value) < 0.05
    assert found.low < -0.15 and found.high > 0.15
    found = chance(shuffled_agreement((x > 0).astype(float), x > 0, orders), 80, 0.95)
    assert 0.45 < found.value < 0.55


def test_a_shuffle_within_strata_leaves_nobody_in_another() -> None:
    people, strata = np.repeat(np.arange(20), 2), np.arange(40) < 14
    orders = derangements(people, 100, seed=1, strata=strata)
    assert (np.sort(orders, axis=1) == np.arange(40)).all()
    assert (strata[orders] == strata).all() and (people[orders] != people).all()
    assert derangements(np.arange(5), 10, seed=1, strata=np.arange(5) < 1) is None  # one man has no other man's face


def test_one_order_is_the_correlation_by_hand_whatever_is_missing() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(30, 2)), rng.normal(size=30)
    x[:4, 1] = np.nan
    order = derangements(np.arange(30), 1, seed=4)
    z = [np.arctanh(np.corrcoef(x[first:, one], y[order[0]][first:])[0, 1]) for one, first in ((0, 0), (1, 4))]
    assert shuffled_correlations(x, y, order)[0] == pytest.approx(np.tanh(np.mean(z)))
    yes, truth = rng.random(30), y > 0
    by_hand = np.mean([yes[i] if truth[order[0, i]] else 1 - yes[i] for i in range(30)])
    assert shuffled_agreement(yes, truth, order)[0] == pytest.approx(by_hand)


def test_luck_is_rarer_the_better_the_value() -> None:
    values = np.linspace(-1, 1, 99)
    assert luck(2.0, values) == pytest.approx(0.01)
    assert luck(-2.0, values) == 1.0
    assert luck(None, values) is None


def test_the_same_sum_in_another_order_is_not_beaten() -> None:
    assert luck(0.3 + 1e-16, [0.1 + 0.2] * 9) == luck(0.1 + 0.2, [0.3] * 9) == 1.0
