"""Is one score better than another, beyond luck? Two systems on the same voices, or a group of voices and the rest.

Of two systems people are drawn with replacement, with all their voices and on both sides alike, so that what makes a
voice easy or hard for both cancels out; p comes from exchanging the two systems' answers person by person (a paired
permutation test: Good 2005, "Permutation, Parametric and Bootstrap Tests"). A group and the rest are other people:
nothing is paired.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from s2f.evaluation.people import draw_people, persons, toss_coins
from s2f.evaluation.scores import NOBODY, Score, estimate
from s2f.evaluation.statistics import FEWEST_PAIRS, Estimate, Floats, Plan, tails, unavailable

TINY = 1e-12  # differences of rounding are none


def paired_difference(ours: Score, theirs: Score, people: NDArray[np.int64], plan: Plan) -> Estimate:
    """Score of `ours` less that of `theirs`, row i of both being one voice; voices that either lacks are left out."""
    kept = ours.kept & theirs.kept
    ours, theirs, people = ours.of(kept), theirs.of(kept), people[kept]
    person, count = persons(people)
    if count < FEWEST_PAIRS:
        return _too_few(count, len(people))
    observed = float((scored(ours) - scored(theirs))[0])
    if not np.isfinite(observed):
        return unavailable("one side is the same everywhere", len(people))
    draws = np.concatenate(
        [scored(ours, weights) - scored(theirs, weights) for weights in _voices(draw_people(count, plan), person)]
    )
    luck = np.concatenate([_exchanged(ours, theirs, swap) for swap in _voices(toss_coins(count, plan), person)])
    p = (1 + (np.abs(luck) >= abs(observed) - TINY).sum()) / (1 + len(luck))
    return _between(observed, draws, plan.confidence, float(p), len(people), count)


def group_difference(score: Score, member: NDArray[np.bool_], people: NDArray[np.int64], plan: Plan) -> Estimate:
    """Score of the voices that are `member` (n,) less that of all others, who are other people.

    Interval and p from the two sides' own intervals (MOVER: Zou & Donner 2008), which hold at 0 % and 100 % too.
    """
    ours, theirs = (estimate(score.of(side), people[side], plan) for side in (member, ~member))
    if ours.value is None or theirs.value is None:
        return ours if ours.value is None else theirs
    assert None not in (ours.low, ours.high, theirs.low, theirs.high)
    difference = ours.value - theirs.value
    below = math.hypot(ours.value - ours.low, theirs.high - theirs.value)  # type: ignore[operator]
    above = math.hypot(ours.high - ours.value, theirs.value - theirs.low)  # type: ignore[operator]
    reach = below if difference > 0 else above
    times = abs(difference) / reach if reach > 0 else math.inf if difference else 0.0
    p = 2 * stats.norm.sf(times * stats.norm.ppf(0.5 + plan.confidence / 2))
    count = len(np.unique(people[score.kept]))
    return Estimate(difference, difference - below, difference + above, float(p), ours.n + theirs.n, people=count)


def scored(score: Score, weights: NDArray[np.generic] | None = None) -> Floats:
    """The score (b,) under each row of `weights` (b, n), how often a voice counts; NaN where it has none."""
    weights = np.ones((1, len(score.values))) if weights is None else weights.astype(np.float64)
    if score.truth is None:
        values = score.by_voice
        known = np.isfinite(values)
        return _divided(weights[:, known] @ values[known], weights[:, known].sum(1))
    columns = [_correlations(sample, score.truth, weights) for sample in score.values.T]
    return _averaged(columns)


def _averaged(columns: list[Floats]) -> Floats:
    """Correlations of several samples as one, by Fisher's z."""
    return np.tanh(np.mean([np.arctanh(np.clip(one, -1 + 1e-15, 1 - 1e-15)) for one in columns], axis=0))


def _correlations(x: Floats, y: Floats, weights: Floats) -> Floats:
    """Pearson's r (b,) of x and y (n,) under each row of weights (b, n)."""
    known = np.isfinite(x) & np.isfinite(y)
    weights, x, y = weights[:, known], x[known], y[known]
    if not len(x):
        return np.full(len(weights), np.nan)
    x, y = x - x.mean(), y - y.mean()
    total = weights.sum(1)
    sums = weights @ np.stack([x, y, x * x, y * y, x * y], axis=1)  # (b, 5)
    means = _divided(sums, total[:, None])
    spread = (means[:, 2] - means[:, 0] ** 2).clip(0) * (means[:, 3] - means[:, 1] ** 2).clip(0)
    scale = float(np.square(x).mean() * np.square(y).mean())
    together = means[:, 4] - means[:, 0] * means[:, 1]
    return np.where(spread > 1e-18 * scale, together / np.sqrt(np.where(spread > 0, spread, 1.0)), np.nan)


def _exchanged(ours: Score, theirs: Score, swap: NDArray[np.bool_]) -> Floats:
    """The difference (b,) when the two sides' answers change places where `swap` (b, n) says so."""
    if ours.truth is None or theirs.truth is None:
        step = ours.by_voice - theirs.by_voice
        return np.where(swap, -step, step).mean(1)
    differences = []
    for where in swap:
        there = where[:, None]
        one = Score(np.where(there, theirs.values, ours.values), np.where(where, theirs.truth, ours.truth))
        other = Score(np.where(there, ours.values, theirs.values), np.where(where, ours.truth, theirs.truth))
        differences.append(float((scored(one) - scored(other))[0]))
    return np.nan_to_num(np.array(differences))


def _voices(draws: Iterable[NDArray[Any]], person: NDArray[np.int64]) -> Iterator[NDArray[Any]]:
    """What was drawn for people (b, people) as it counts for voices (b, n)."""
    return (drawn[:, person] for drawn in draws)


def _between(observed: float, draws: Floats, confidence: float, p: float, n: int, people: int) -> Estimate:
    draws = draws[np.isfinite(draws)]
    low, high = np.quantile(draws, tails(confidence, people))
    return Estimate(observed, float(low), float(high), p, n, people=people)


def _too_few(people: int, n: int) -> Estimate:
    if not n:
        return unavailable(NOBODY)
    return unavailable(f"only {people} {'person' if people == 1 else 'people'}, at least {FEWEST_PAIRS} are needed", n)


def _divided(numerator: Floats, denominator: Floats) -> Floats:
    return np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=denominator > 0)
