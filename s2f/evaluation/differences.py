"""Is one score better than another, beyond luck? Two systems on the same voices, or a group of voices and the rest.

Of two systems people are drawn with replacement, with all their voices and on both sides alike, so that what makes a
voice easy or hard for both cancels out; p comes from exchanging the two systems' answers person by person (a paired
permutation test: Good 2005, "Permutation, Parametric and Bootstrap Tests"). Of shares the interval comes from the two
sides' own. A group and the rest are other people: nothing is paired.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from s2f.evaluation.correlations import divided, from_sums, standard
from s2f.evaluation.people import draw_people, persons, toss_coins
from s2f.evaluation.scores import NOBODY, Score, estimate
from s2f.evaluation.statistics import (
    FEWEST_DRAWN,
    FEWEST_PAIRS,
    Estimate,
    Floats,
    Plan,
    from_draws,
    too_few,
    unavailable,
)

TINY = 1e-12  # differences of rounding are none


def paired_difference(ours: Score, theirs: Score, people: NDArray[np.int64], plan: Plan) -> Estimate:
    """Score of `ours` less that of `theirs`, row i of both being one voice; voices that either lacks are left out.

    Of correlations as many samples count as both sides have, for r of one sample is taken sample by sample.
    """
    samples = min(ours.values.shape[1], theirs.values.shape[1])
    ours, theirs = (
        one if one.truth is None else replace(one, values=one.values[:, :samples]) for one in (ours, theirs)
    )
    kept = ours.kept & theirs.kept
    ours, theirs, people = ours.of(kept), theirs.of(kept), people[kept]
    person, count = persons(people)
    if count < FEWEST_PAIRS:
        return _too_few(count, len(people))
    observed = float((scored(ours) - scored(theirs))[0])
    if not np.isfinite(observed):
        return unavailable("one side is the same everywhere", len(people))
    luck = np.concatenate([_exchanged(ours, theirs, swap) for swap in _voices(toss_coins(count, plan), person)])
    p = float((1 + (np.abs(luck) >= abs(observed) - TINY).sum()) / (1 + len(luck)))
    varies = np.ptp(ours.by_voice) > 0
    if ours.share and not (varies and np.array_equal(ours.by_voice, theirs.by_voice)):
        sides = estimate(ours, people, plan), estimate(theirs, people, plan)
        low, high = _mover(*sides, _alike(ours.by_voice, theirs.by_voice, count))
        return Estimate(observed, low, high, p, len(people), people=count)
    if count < FEWEST_DRAWN:
        return _too_few(count, len(people), FEWEST_DRAWN)
    drawn = _voices(draw_people(count, plan), person)
    draws = np.concatenate([scored(ours, weights) - scored(theirs, weights) for weights in drawn])
    return from_draws(observed, draws, plan, len(people), count, p)


def group_difference(score: Score, member: NDArray[np.bool_], people: NDArray[np.int64], plan: Plan) -> Estimate:
    """Score of the voices that are `member` (n,) less that of all others.

    Interval and p from the two sides' own intervals, as of other people: who has voices in both makes them too wide.
    """
    ours, theirs = (estimate(score.of(side), people[side], plan) for side in (member, ~member))
    return apart(ours, theirs, plan.confidence, len(np.unique(people[score.kept])))


def apart(ours: Estimate, theirs: Estimate, confidence: float, people: int) -> Estimate:
    """The difference of two estimates of other voices, those of so many `people` together."""
    if ours.value is None or theirs.value is None:
        return ours if ours.value is None else theirs
    difference = ours.value - theirs.value
    if abs(difference) < TINY:  # two r of 1 differ by less, and their intervals are narrower still
        difference = 0.0
    low, high = _mover(ours, theirs, 0.0)
    reach = difference - low if difference > 0 else high - difference
    times = abs(difference) / reach if reach > 0 else math.inf if difference else 0.0
    p = 2 * stats.norm.sf(times * stats.norm.ppf(0.5 + confidence / 2))
    return Estimate(difference, low, high, float(p), ours.n + theirs.n, people=people)


def _mover(ours: Estimate, theirs: Estimate, alike: float) -> tuple[float, float]:
    """The interval of a difference from the two sides' own, whose answers correlate so (MOVER: Zou & Donner 2008).

    It holds at 0 % and 100 %, too, where whom one draws says nothing.
    """
    a, low_a, high_a, b, low_b, high_b = (
        value if value is not None else math.nan
        for value in (ours.value, ours.low, ours.high, theirs.value, theirs.low, theirs.high)
    )

    def reach(one: float, other: float) -> float:
        return math.sqrt(max(0.0, one * one + other * other - 2 * alike * one * other))

    return a - b - reach(a - low_a, high_b - b), a - b + reach(high_a - a, b - low_b)


def _alike(one: Floats, other: Floats, people: int) -> float:
    """The correlation of two sides' right answers (n,), 0 where one side does not vary.

    Half a person less in agreement, for few agree by luck (Newcombe 1998, "Improved confidence intervals for the
    difference between binomial proportions based on paired data", method 10).
    """
    spread = float(one.std() * other.std())
    together = float(np.mean((one - one.mean()) * (other - other.mean())))
    if spread == 0 or 0 < together <= 1 / (2 * people):
        return 0.0
    return (together - (1 / (2 * people) if together > 0 else 0.0)) / spread


def scored(score: Score, weights: NDArray[np.generic] | None = None) -> Floats:
    """The score (b,) under each row of `weights` (b, n), how often a voice counts; NaN where it has none."""
    weights = np.ones((1, len(score.values))) if weights is None else weights.astype(np.float64)
    if score.truth is None:
        values = score.by_voice
        known = np.isfinite(values)
        return divided(weights[:, known] @ values[known], weights[:, known].sum(1))
    return _averaged([from_sums(weights @ moments) for moments in _moments(score)])


def _moments(score: Score) -> list[Floats]:
    """For each sample, of every voice (n, 6), what sums that make an r are of (`from_sums`)."""
    assert score.truth is not None
    moments = []
    for x, y in ((sample, score.truth) for sample in score.values.T):
        known = np.isfinite(x) & np.isfinite(y)
        x, y = (np.where(known, standard(one, known), 0.0) for one in (x, y))
        moments.append(np.stack([known, x, y, x * x, y * y, x * y], axis=1))
    return moments


def _averaged(columns: list[Floats]) -> Floats:
    """Correlations of several samples as one, by Fisher's z."""
    return np.tanh(np.mean([np.arctanh(np.clip(one, -1 + 1e-15, 1 - 1e-15)) for one in columns], axis=0))


def _exchanged(ours: Score, theirs: Score, swap: NDArray[np.bool_]) -> Floats:
    """The difference (b,) when the two sides' answers change places where `swap` (b, n) says so.

    Years are exchanged as their side's standard scores: else the side that spreads them more would rule both r.
    """
    times = swap.astype(np.float64)
    if ours.truth is None or theirs.truth is None:
        step = ours.by_voice - theirs.by_voice
        return (step.sum() - 2 * times @ step) / len(step)
    mine, other = [], []
    for a, b in zip(_moments(ours), _moments(theirs), strict=True):
        moved = times @ (b - a)  # a voice's moments change places whole, so the sums need no second look at the voices
        mine.append(from_sums(a.sum(0) + moved))
        other.append(from_sums(b.sum(0) - moved))
    return np.nan_to_num(_averaged(mine) - _averaged(other))


def _voices(draws: Iterable[NDArray[Any]], person: NDArray[np.int64]) -> Iterator[NDArray[Any]]:
    """What was drawn for people (b, people) as it counts for voices (b, n)."""
    return (drawn[:, person] for drawn in draws)


def _too_few(people: int, n: int, needed: int = FEWEST_PAIRS) -> Estimate:
    return too_few(people, n, needed) if n else unavailable(NOBODY)
