import numpy as np
import pytest

from s2f.evaluation.measures_together import Measured, compare_measures
from s2f.evaluation.statistics import Plan

PLAN = Plan(confidence=0.95, resamples=400, seed=1)
PEOPLE = np.arange(60)


def measured(true: np.ndarray, noise: float, seed: int) -> Measured:
    return Measured(true + noise * np.random.default_rng(seed).normal(size=true.shape), true)


@pytest.fixture
def true() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(11, 60))


def test_the_same_measure_eleven_times_is_no_surer_than_once(true: np.ndarray) -> None:
    a, b = measured(true[:1], 1.0, 1), measured(true[:1], 0.6, 2)
    once = compare_measures(a, b, PEOPLE, PLAN)
    copies = [Measured(one.generated.repeat(11, 0), one.true.repeat(11, 0)) for one in (a, b)]
    often = compare_measures(*copies, PEOPLE, PLAN)
    for key in ("value", "low", "high", "p"):
        assert often["difference"][key] == pytest.approx(once["difference"][key], abs=1e-6), key
    assert (once["measures"]["used"], often["measures"]["used"]) == (1, 11)


def test_eleven_measures_are_surer_than_one_and_the_other_way_round_is_the_opposite(true: np.ndarray) -> None:
    a, b = measured(true, 1.0, 1), measured(true, 0.8, 2)
    row, back = compare_measures(a, b, PEOPLE, PLAN), compare_measures(b, a, PEOPLE, PLAN)
    assert row["difference"]["low"] > 0 and row["difference"]["p"] <= 0.05
    assert back["difference"]["value"] == -row["difference"]["value"] and back["a"] == row["b"]
    assert back["difference"]["p"] == pytest.approx(row["difference"]["p"], abs=1e-9)
    one = compare_measures(*(Measured(side.generated[:1], side.true[:1]) for side in (a, b)), PEOPLE, PLAN)
    width = [found["difference"]["high"] - found["difference"]["low"] for found in (row, one)]
    assert width[0] < 0.6 * width[1]


def test_measures_of_other_spread_are_exchanged_as_equals(true: np.ndarray) -> None:
    a, b = measured(true, 1.0, 1), measured(true, 1.0, 2)
    wide = Measured(1000 * b.generated + 7, b.true)
    assert compare_measures(a, wide, PEOPLE, PLAN)["difference"] == compare_measures(a, b, PEOPLE, PLAN)["difference"]


def test_no_difference_is_found_where_there_is_none_more_often_than_promised(true: np.ndarray) -> None:
    found = [
        compare_measures(measured(true, 1.0, 2 * seed), measured(true, 1.0, 2 * seed + 1), PEOPLE, PLAN)["difference"]
        for seed in range(40)
    ]
    assert sum(one["p"] <= 0.05 for one in found) <= 5
    assert sum(not one["low"] <= 0 <= one["high"] for one in found) <= 5


def test_what_one_side_lacks_is_left_out_of_both_and_counted(true: np.ndarray) -> None:
    a, b = measured(true, 1.0, 1), measured(true, 0.5, 2)
    seen = np.ones(true.shape, dtype=bool)
    seen[:, :9], seen[3], seen[4, :50] = False, False, False
    row = compare_measures(a.where(seen), b, PEOPLE, PLAN)
    both = compare_measures(a.where(seen), b.where(seen), PEOPLE, PLAN)
    assert (row["only_a"], row["only_b"], row["difference"]["n"]) == (0, 9, 51) and row["measures"]["used"] == 10
    assert {key: row[key] for key in ("a", "b", "difference")} == {key: both[key] for key in ("a", "b", "difference")}


def test_too_few_people_and_a_constant_side_have_no_number(true: np.ndarray) -> None:
    a = measured(true, 1.0, 1)
    row = compare_measures(a, a, PEOPLE % 9, PLAN)
    assert row["difference"]["reason"] == "not available: only 9 people, at least 10 are needed"
    flat = Measured(np.ones_like(true), true)
    assert "no voice has a measure" in compare_measures(a, flat, PEOPLE, PLAN)["difference"]["reason"]
    assert compare_measures(a, flat, PEOPLE, PLAN)["a"]["value"] is None
