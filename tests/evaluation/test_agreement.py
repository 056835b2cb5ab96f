import numpy as np
import pytest

from s2f.evaluation.agreement import agreement
from s2f.evaluation.statistics import Plan

ASKED = ("single", "mean", "spearman", "within_gender")


def of_people(rng: np.random.Generator, effect: float) -> tuple[np.ndarray, ...]:
    """40 people with one clip to three, alike among themselves on both sides; samples, truth, gender, people."""
    people = np.repeat(np.arange(40), rng.integers(1, 4, size=40))
    male = (np.arange(40) % 2).astype(float)
    own, drawn = rng.normal(size=40), rng.normal(size=40)
    truth = own[people] + 0.3 * rng.normal(size=len(people))
    middle = effect * own[people] + drawn[people]
    return middle[:, None] + 0.3 * rng.normal(size=(len(people), 2)), truth, male[people], people


def test_of_unrelated_faces_luck_is_as_rare_as_it_says() -> None:
    """Clips of one person are alike on both sides: shuffled one by one, they would be luck far too often."""
    rng, runs = np.random.default_rng(5), 400
    seldom = dict.fromkeys(ASKED, 0)
    for run in range(runs):
        shuffled = agreement(*of_people(rng, 0.0), Plan(0.95, 99, run)).shuffled
        for name in ASKED:
            seldom[name] += shuffled[name].p <= 0.05
    assert all(0.02 <= count / runs <= 0.085 for count in seldom.values()), seldom


def test_what_is_there_is_told_from_luck() -> None:
    both = agreement(*of_people(np.random.default_rng(1), 2.0), Plan(0.95, 200, 1))
    for name in ASKED:
        assert both.shuffled[name].p < 0.01 and abs(both.shuffled[name].value) < 0.1
        assert both.found[name].low > 0.3


def test_what_only_a_gender_has_is_no_better_than_luck_inside_it() -> None:
    rng = np.random.default_rng(2)
    male = np.arange(200) % 2
    truth, drawn = 3 * male + rng.normal(size=200), 3 * male[:, None] + rng.normal(size=(200, 2))
    both = agreement(drawn, truth, male.astype(float), np.arange(200), Plan(0.95, 200, 1))
    assert both.shuffled["mean"].p < 0.01 < 0.05 < both.shuffled["within_gender"].p


@pytest.mark.parametrize(
    ("values", "male", "missing"),
    [
        (np.full((9, 2), np.nan), np.zeros(9), set(ASKED)),
        (np.ones((9, 2)), np.zeros(9), set(ASKED)),
        (np.arange(18.0).reshape(9, 2), np.full(9, np.nan), {"within_gender"}),
    ],
)
def test_what_is_not_there_has_no_luck_either(values: np.ndarray, male: np.ndarray, missing: set[str]) -> None:
    both = agreement(values, np.arange(9.0), male, np.arange(9), Plan(0.95, 50, 1))
    for one in (both.found, both.shuffled):
        assert {name for name in ASKED if one[name].value is None} == missing
        assert all(one[name].reason.startswith("not available: ") for name in missing)
