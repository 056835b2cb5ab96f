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
    found = chance(shuffled_correlations(x, x, orders), 80, 0.95)
    assert abs(found.value) < 0.05
    assert found.low < -0.15 and found.high > 0.15
    found = chance(shuffled_agreement(x > 0, x > 0, orders), 80, 0.95)
    assert 0.45 < found.value < 0.55


def test_luck_is_rarer_the_better_the_value() -> None:
    values = np.linspace(-1, 1, 99)
    assert luck(2.0, values) == pytest.approx(0.01)
    assert luck(-2.0, values) == 1.0
    assert luck(None, values) is None
