import re
from dataclasses import replace

import numpy as np
import pytest

from s2f.evaluation.measures_together import Measured, compare_measures, mean_r, shuffled_mean_r
from s2f.evaluation.statistics import Plan

PLAN = Plan(confidence=0.95, resamples=400, seed=1)
PEOPLE = np.arange(60)


def measured(true: np.ndarray, noise: float, seed: int) -> Measured:
    return Measured(true + noise * np.random.default_rng(seed).normal(size=true.shape), true, PEOPLE)


@pytest.fixture
def true() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(11, 60))


def test_the_same_measure_eleven_times_is_no_surer_than_once(true: np.ndarray) -> None:
    a, b = measured(true[:1], 1.0, 1), measured(true[:1], 0.6, 2)
    once = compare_measures(a, b, PLAN)
    copies = [Measured(one.generated.repeat(11, 0), one.true.repeat(11, 0), PEOPLE) for one in (a, b)]
    often = compare_measures(*copies, PLAN)
    for key in ("value", "low", "high", "p"):
        assert often["difference"][key] == pytest.approx(once["difference"][key], abs=1e-6), key
    assert (once["measures"]["used"], often["measures"]["used"]) == (1, 11)


def test_eleven_measures_are_surer_than_one_and_the_other_way_round_is_the_opposite(true: np.ndarray) -> None:
    a, b = measured(true, 1.0, 1), measured(true, 0.8, 2)
    row, back = compare_measures(a, b, PLAN), compare_measures(b, a, PLAN)
    assert row["difference"]["low"] > 0 and row["difference"]["p"] <= 0.05
    assert back["difference"]["value"] == -row["difference"]["value"] and back["a"] == row["b"]
    assert back["difference"]["p"] == pytest.approx(row["difference"]["p"], abs=1e-9)
    one = compare_measures(*(Measured(side.generated[:1], side.true[:1], PEOPLE) for side in (a, b)), PLAN)
    width = [found["difference"]["high"] - found["difference"]["low"] for found in (row, one)]
    assert width[0] < 0.6 * width[1]


def test_measures_of_other_spread_are_exchanged_as_equals(true: np.ndarray) -> None:
    a, b = measured(true, 1.0, 1), measured(true, 1.0, 2)
    wide = replace(b, generated=1000 * b.generated + 7)
    assert compare_measures(a, wide, PLAN)["difference"] == compare_measures(a, b, PLAN)["difference"]


def test_no_difference_is_found_where_there_is_none_more_often_than_promised(true: np.ndarray) -> None:
    found = [
        compare_measures(measured(true, 1.0, 2 * seed), measured(true, 1.0, 2 * seed + 1), PLAN)["difference"]
        for seed in range(40)
    ]
    assert sum(one["p"] <= 0.05 for one in found) <= 5
    assert sum(not one["low"] <= 0 <= one["high"] for one in found) <= 5


def test_what_one_side_lacks_is_left_out_of_both_and_counted(true: np.ndarray) -> None:
    a, b = measured(true, 1.0, 1), measured(true, 0.5, 2)
    seen = np.ones(true.shape, dtype=bool)
    seen[:, :9], seen[3], seen[4, :50] = False, False, False
    row = compare_measures(a.where(seen), b, PLAN)
    both = compare_measures(a.where(seen), b.where(seen), PLAN)
    assert (row["only_a"], row["only_b"], row["difference"]["n"]) == (0, 9, 51) and row["measures"]["used"] == 9
    assert {key: row[key] for key in ("a", "b", "difference")} == {key: both[key] for key in ("a", "b", "difference")}


def difference(a: Measured, b: Measured) -> dict:
    return compare_measures(a, b, PLAN)["difference"]


def test_what_cannot_be_compared_has_the_reason_that_is_true(true: np.ndarray) -> None:
    a = measured(true, 1.0, 1)
    nine = replace(a, people=PEOPLE % 9)
    assert difference(nine, nine)["reason"] == "not available: only 9 people, at least 10 are needed"
    flat = replace(a, generated=np.ones_like(true))
    assert difference(a, flat)["reason"] == "not available: one side is the same everywhere"
    assert compare_measures(a, flat, PLAN)["a"]["value"] is None and difference(a, flat)["n"] == 60
    nobody = a.where(np.zeros(true.shape, dtype=bool))
    assert difference(a, nobody)["reason"] == (
        "not available: no voice has a measure on both its faces, the true one not turned too far"
    )
    first = np.arange(11)[:, None] < 5
    halves = [replace(a, generated=np.where(half, a.generated, 1.0)) for half in (first, ~first)]
    assert difference(*halves)["reason"] == "not available: no measure has an r on all sides that are compared"


def test_a_measure_that_is_the_same_for_nearly_everybody_is_not_in_the_mean(true: np.ndarray) -> None:
    """One voice alone differs: two of five times it is not drawn at all, and those draws have no r."""
    faces, odd = measured(true, 1.0, 1), true.copy()
    odd[3] = 0.0
    odd[3, 7] = 1.0
    some = replace(faces, true=odd)
    used = some.usable(0.95)
    assert used.sum() == 10 and not used[3] and mean_r(some, used, PLAN).value is not None
    alone = Measured(true[:1], odd[3:4], PEOPLE)
    assert mean_r(alone, alone.usable(0.95), PLAN).reason == "not available: on one side 59 of 60 are the same"
    found = mean_r(alone, np.ones(1, dtype=bool), PLAN)  # and if it were
    assert found.value is None
    assert re.fullmatch(r"not available: only 2[2-8]\d of 400 draws of people have a value", found.reason or "")


def test_a_measure_of_few_people_is_not_in_the_mean(true: np.ndarray) -> None:
    known = np.ones(true.shape, dtype=bool)
    known[2, 9:] = False
    some = measured(true, 1.0, 1).where(known)
    used = some.usable(0.95)
    assert used.sum() == 10 and not used[2]
    rest = np.delete(np.arange(11), 2)
    by_hand = np.mean([np.corrcoef(some.generated[one], some.true[one])[0, 1] for one in rest])
    assert mean_r(some, used, PLAN).value == pytest.approx(by_hand)


def test_a_measure_that_many_lack_is_not_in_the_mean_and_luck_is_as_rare_as_it_says() -> None:
    """Ten of 200 voices have it: shuffled, hardly a pair would be left."""
    people, plan, lucky = np.arange(200), Plan(confidence=0.95, resamples=100, seed=1), 0
    known = np.ones((3, 200), dtype=bool)
    known[2, 10:] = False
    known[1, :15] = False
    for run in range(100):
        rng = np.random.default_rng(run)
        some = Measured(rng.normal(size=(3, 200)), rng.normal(size=(3, 200)), people).where(known)
        used = some.usable(0.95)
        assert used.tolist() == [True, True, False]
        found = mean_r(some, used, plan)
        assert found.n == 185  # who have both
        lucky += shuffled_mean_r(found, some, used, plan).p <= 0.05
    assert lucky <= 12
    scattered = Measured(*rng.normal(size=(2, 3, 200)), people).where(np.arange(200) % 3 == np.arange(3)[:, None])
    assert mean_r(scattered, scattered.usable(0.95), plan).reason == (
        "not available: no measure is known of nearly all who have one"
    )


def test_the_mean_r_is_covered_and_luck_says_so_at_the_nominal_rate() -> None:
    """Eleven measures that share half of their spread, of 40 people with two clips each."""
    runs, people, plan = 200, np.repeat(np.arange(40), 2), Plan(confidence=0.95, resamples=100, seed=1)
    used, found = np.ones(11, dtype=bool), {"covered": 0, "lucky": 0}
    for run in range(runs):
        rng = np.random.default_rng(run)

        def faces(rng=rng) -> np.ndarray:
            own = rng.normal(size=(11, 40)) + rng.normal(size=40)
            return own[:, people] + 0.2 * rng.normal(size=(11, 80))

        true, other = faces(), faces()
        related = Measured(0.5 * true + other, true, people)
        truth = 0.5 / np.sqrt(1.25)
        row = mean_r(related, used, plan)
        found["covered"] += row.low <= truth <= row.high
        alone = Measured(other, true, people)
        found["lucky"] += shuffled_mean_r(mean_r(alone, used, plan), alone, used, plan).p <= 0.05
    assert 0.90 <= found["covered"] / runs <= 0.99  # three standard errors about 0.95
    assert found["lucky"] / runs <= 0.10
