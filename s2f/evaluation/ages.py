"""How old do generated faces look, beside the true ones? r, and what r hides: years off, and years stretched."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s2f.evaluation.agreement import Agreement, agreement
from s2f.evaluation.correlations import is_constant, slope
from s2f.evaluation.scores import JUDGED_THE_SAME, Score, estimate, mean_of_samples
from s2f.evaluation.shuffling import by_luck, chance, derangements, luck, shuffled_agreement, shuffled_distances
from s2f.evaluation.statistics import Estimate, Floats, Plan
from s2f.evaluation.tables import bands_of

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
    median is, 'age_slope', how many years a generated face ages with each of the true one's, and 'age_band', how many
    years are of the true ones' band.
    """
    both = agreement(age, truth, male, people, plan)
    error, by_others = _years_off(age, truth, people, plan)
    band, in_others = _right_band(age, truth, people, plan)
    found = {name: both.found[key] for key, name in NAMES.items()}
    found |= {"age_error_years": error, "age_error_of_one_age": _off_with_one_age(age, truth, people, plan)}
    found |= {"age_slope": _slope(mean_of_samples(age), truth, people, plan), "age_band": band}
    shuffled = {NAMES[key]: one for key, one in both.shuffled.items()}
    return Agreement(found, shuffled | {"age_error_years": by_others, "age_band": in_others})


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


def _right_band(age: Floats, truth: Floats, people: NDArray[np.int64], plan: Plan) -> tuple[Estimate, Estimate]:
    """How many years (n, k) are of the true ones' (n,) band, and of other people's.

    One and the same age for everybody answers nothing: what it scores is how many people are of that band.
    """
    bands, true = bands_of(age, BANDS), bands_of(truth, BANDS)
    known = (bands >= 0) & (true >= 0)[:, None]
    right = Score(np.where(known, bands == true[:, None], np.nan), share=True)
    kept, years = right.kept, age[known]
    if len(np.unique(people[kept])) > 1 and is_constant(years, float(np.abs(years).max())):
        right = replace(right, values=np.full(age.shape, np.nan), reason=JUDGED_THE_SAME)
    found = estimate(right, people, plan)
    if found.value is None:
        return found, found
    drawn = [mean_of_samples(np.where(known, bands == band, np.nan))[kept] for band in range(len(BAND_NAMES))]
    orders = derangements(people[kept], plan.resamples, plan.seed)
    values = None if orders is None else shuffled_agreement(np.stack(drawn, 1), true[kept], orders)
    return found, by_luck(found.value, values, int(kept.sum()), plan.confidence)


def age_confusion(truth: Floats, age: Floats) -> dict[str, Any]:
    """Counts of generated pictures (n, k) by band of the true age (down) and of the generated face's (across)."""
    counts = np.zeros((len(BAND_NAMES), len(BAND_NAMES)), dtype=np.int64)
    down, across = np.broadcast_arrays(bands_of(truth, BANDS)[:, None], bands_of(age, BANDS))
    known = (down >= 0) & (across >= 0)
    np.add.at(counts, (down[known], across[known]), 1)
    return {"bands": list(BAND_NAMES), "counts": counts.tolist()}
