"""How old do generated faces look, beside the true ones? r, and what r hides: years off, and years stretched."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s2f.evaluation.agreement import Agreement, agreement
from s2f.evaluation.correlations import slope
from s2f.evaluation.people import mean_of_others
from s2f.evaluation.scores import Score, estimate, mean_of_samples
from s2f.evaluation.shuffling import chance, derangements, luck, shuffled_distances
from s2f.evaluation.statistics import Estimate, Floats, Plan

BANDS = (20, 30, 40, 50, 60, 70)  # years with which a new band begins: the groups whose confusion is counted
BAND_NAMES = (f"under {BANDS[0]}", *(f"{low}–{high - 1}" for low, high in pairwise(BANDS)), f"{BANDS[-1]}+")
NAMES = {
    "single": "age_r",
    "mean": "age_r_mean",
    "reliability": "age_reliability",
    "unattenuated": "age_r_unattenuated",
    "spearman": "age_spearman",
    "within_gender": "age_r_within_gender",
}


def evaluate_ages(age: Floats, truth: Floats, male: Floats, people: NDArray[np.int64], plan: Plan) -> Agreement:
    """Of the samples' years (n, k) and the true ones (n,); `male` (n,) is the true gender.

    Beside r: 'age_error_years', how far one sample is from the truth, 'age_error_of_one_age', how far the true ages'
    median is, and 'age_slope', how many years a generated face ages with each of the true one's.
    """
    both = agreement(age, truth, male, people, plan)
    error, by_others = _years_off(age, truth, people, plan)
    found = {name: both.found[key] for key, name in NAMES.items()}
    found |= {"age_error_years": error, "age_error_of_one_age": _off_with_one_age(age, truth, people, plan)}
    found |= {"age_slope": _slope(mean_of_samples(age), truth, people, plan)}
    shuffled = {NAMES[key]: one for key, one in both.shuffled.items()}
    return Agreement(found, shuffled | {"age_error_years": by_others})


def _slope(age: Floats, truth: Floats, people: NDArray[np.int64], plan: Plan) -> Estimate:
    kept = np.isfinite(truth) & np.isfinite(age)
    return slope(age[kept], truth[kept], plan.confidence, people[kept])


def _years_off(age: Floats, truth: Floats, people: NDArray[np.int64], plan: Plan) -> tuple[Estimate, Estimate]:
    """The mean distance from the true ages, and from other people's, with the p of luck's being as near."""
    distance = Score(np.abs(age - truth[:, None]), bounds=(0.0, np.inf))
    off, kept = estimate(distance, people, plan), distance.kept
    if off.value is None:
        return off, off
    orders = derangements(people[kept], plan.resamples, plan.seed)
    values = None if orders is None else shuffled_distances(age[kept], truth[kept], orders)
    p = None if values is None else luck(-off.value, -values)
    return off, replace(chance(values, int(kept.sum()), plan.confidence), p=p)


def _off_with_one_age(age: Floats, truth: Floats, people: NDArray[np.int64], plan: Plan) -> Estimate:
    """How far always answering the true ages' median is from those that are asked for."""
    kept = Score(age, truth).kept
    middle = np.median(truth[kept]) if kept.any() else np.nan
    distance = Score(np.abs(truth - middle)[:, None], bounds=(0.0, np.inf))
    return estimate(distance.of(kept), people[kept], plan)


def right_band(age: Floats, truth: Floats, people: NDArray[np.int64], plan: Plan) -> dict[str, Any]:
    """How many years (n, k) are of the true ones' (n,) band, as JSON content, beside others' people's faces."""
    bands = np.where(np.isfinite(age), np.digitize(np.nan_to_num(age), BANDS), np.nan)
    true = np.where(np.isfinite(truth), np.digitize(np.nan_to_num(truth), BANDS), np.nan)
    known = np.isfinite(bands) & np.isfinite(true)[:, None]
    right = Score(np.where(known, bands == true[:, None], np.nan), share=True)
    others = [
        mean_of_others(mean_of_samples(np.where(known, bands == band, np.nan)), people)
        for band in range(len(BAND_NAMES))
    ]
    chances = np.array(others)[np.nan_to_num(true).astype(np.int64), np.arange(len(true))][right.kept]
    chance = float(chances.mean()) if len(chances) and np.isfinite(chances).all() else None
    return estimate(right, people, plan).as_json() | {"chance": None if chance is None else round(chance, 6)}


def age_confusion(truth: Floats, age: Floats) -> dict[str, Any]:
    """Counts of generated pictures (n, k) by band of the true age (down) and of the generated face's (across)."""
    counts = np.zeros((len(BAND_NAMES), len(BAND_NAMES)), dtype=np.int64)
    pairs = np.isfinite(truth)[:, None] & np.isfinite(age)
    down = np.broadcast_to(truth[:, None], age.shape)[pairs]
    np.add.at(counts, (np.digitize(down, BANDS), np.digitize(age[pairs], BANDS)), 1)
    return {"bands": list(BAND_NAMES), "counts": counts.tolist()}
