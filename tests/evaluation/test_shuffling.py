import numpy as np
import pytest

from s2f.evaluation.shuffling import chance, derangements, luck, shuffled_agreement, shuffled_correlations

UNEVEN = np.array([0, 1, 0, 2, 0, 0, 3, 1])  # one person has half of the clips


@pytest.mark.parametrize("people", [np.arange(2), np.arange(50), np.repeat(np.arange(20), 2), UNEVEN])
def test_nobody_meets_a_face_of_their_own_and_clips_of_one_person_stay_together(people: np.ndarray) -> None:
    orders = derangements(people, 200, seed=1)
    assert (people[orders] != people).all()
    for person in np.unique(people):
        assert (np.ptp(people[orders[:, people == person]], axis=1) == 0).all()
    others = np.array([[len(set(order[people == person])) for person in np.unique(people)] for order in orders])
    clips = np.bincount(people)
    lenders = people[orders[:, np.unique(people, return_index=True)[1]]]
    assert (others == np.minimum(clips, clips[lenders])).all()  # a clip comes twice only when there are no more


def test_people_with_as_many_clips_exchange_them() -> None:
    people = np.tile(np.arange(20), 3)
    orders = derangements(people, 200, seed=1)
    assert (np.sort(orders, axis=1) == np.arange(60)).all()


def test_every_way_to_change_places_is_as_likely() -> None:
    orders = [tuple(derangements(np.arange(4), 9, seed=seed)[0]) for seed in range(1800)]
    count = [orders.count(one) for one in set(orders)]
    assert len(count) == 9 and min(count) > 150 and max(count) < 250


@pytest.mark.parametrize(("people", "ways"), [(2, 1), (3, 2), (4, 9), (9, 1000)])
def test_few_people_have_few_orders_and_no_rare_luck(people: int, ways: int) -> None:
    assert len(derangements(np.repeat(np.arange(people), 3), 1000, seed=1)) == ways


def test_the_same_seed_gives_the_same_orders() -> None:
    assert (derangements(UNEVEN, 50, seed=3) == derangements(UNEVEN, 50, seed=3)).all()
    assert (derangements(np.arange(9), 50, seed=3) != derangements(np.arange(9), 50, seed=4)).any()


def test_where_everybody_is_one_person_there_is_no_shuffle() -> None:
    assert derangements(np.zeros(5, dtype=int), 10, seed=1) is None
    assert derangements(np.arange(1), 10, seed=1) is None
    assert chance(None, 5, 0.95).reason is not None


def choices(yes: np.ndarray) -> np.ndarray:
    """Answers (n,) as how much of each no and yes have (n, 2)."""
    return np.stack([~yes, yes], 1).astype(float)


def test_shuffles_of_a_perfect_prediction_are_at_chance() -> None:
    x = np.random.default_rng(2).normal(size=80)
    orders = derangements(np.arange(80), 1000, seed=2)
    found = chance(shuffled_correlations(x[:, None], x, orders), 80, 0.95)
    assert abs(found.value) < 0.05
    assert found.low < -0.15 and found.high > 0.15
    found = chance(shuffled_agreement(choices(x > 0), (x > 0).astype(int), orders), 80, 0.95)
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
    shares, truth = rng.dirichlet(np.ones(3), 30), rng.integers(3, size=30)
    by_hand = np.mean([shares[i, truth[order[0, i]]] for i in range(30)])
    assert shuffled_agreement(shares, truth, order)[0] == pytest.approx(by_hand)


def test_luck_is_rarer_the_better_the_value() -> None:
    values = np.linspace(-1, 1, 99)
    assert luck(2.0, values) == pytest.approx(0.01)
    assert luck(-2.0, values) == 1.0
    assert luck(None, values) is None


def test_the_same_sum_in_another_order_is_not_beaten() -> None:
    assert luck(0.3 + 1e-16, [0.1 + 0.2] * 9) == luck(0.1 + 0.2, [0.3] * 9) == 1.0


def clustered(people: np.ndarray, rng: np.random.Generator, size: int) -> np.ndarray:
    """Values (n, size) that clips of one person nearly share."""
    return rng.normal(size=(people.max() + 1, size))[people] + 0.3 * rng.normal(size=(len(people), size))


@pytest.mark.parametrize("people", [np.repeat(np.arange(20), 8), np.repeat(np.arange(30), np.arange(30) % 5 + 1)])
def test_where_nothing_is_related_luck_says_so_however_many_clips_people_have(people: np.ndarray) -> None:
    rng, trials = np.random.default_rng(11), 300
    reached = {"r": 0, "gender": 0}
    for trial in range(trials):
        x, y = clustered(people, rng, 1), clustered(people, rng, 1)[:, 0]
        orders = derangements(people, 100, seed=trial)
        yes, truth = x[:, 0] > 0, y > 0
        found = shuffled_correlations(x, y, orders)
        reached["r"] += luck(np.corrcoef(x[:, 0], y)[0, 1], found) <= 0.05
        found = shuffled_agreement(choices(yes), truth.astype(int), orders)
        reached["gender"] += luck(float(np.mean(yes == truth)), found) <= 0.05
    assert max(reached.values()) <= 0.1 * trials  # four standard errors above 0.05; clip by clip: 0.2 to 0.3


def test_a_relation_between_people_is_found_among_their_clips() -> None:
    rng, people = np.random.default_rng(12), np.repeat(np.arange(20), 8)
    x = clustered(people, rng, 1)
    y = x[:, 0] + 0.5 * clustered(people, rng, 1)[:, 0]
    values = shuffled_correlations(x, y, derangements(people, 999, seed=1))
    assert luck(np.corrcoef(x[:, 0], y)[0, 1], values) <= 0.005
