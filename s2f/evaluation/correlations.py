"""Correlation with how sure it is: Pearson's r, of ranks, within groups, over samples, and the slope of a line.

Where there is none to have (too few people, a side that is the same everywhere, a value that is no number) an
`Estimate` says why.
"""

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from s2f.evaluation.statistics import FEWEST_PAIRS, Estimate, Floats, Weight, counted, unavailable, weigh

ROUNDING = 1e-12  # of a mean square: a spread that is no larger is none
NOISE = 1e-5  # of a value: ages of 40 that differ by an hour are one age


def pearson(x: Floats, y: Floats, confidence: float, people: NDArray[np.int64] | None = None) -> Estimate:
    """Pearson's r of x and y (n,) with Fisher's interval and the two-sided p of Student's t.

    Interval and p count as many rows as people's (n,) are worth (`weigh`), n stays the number of pairs.
    """
    weight = weigh(len(x), people)
    return _pearson(x, y, confidence, weight)


def _pearson(x: Floats, y: Floats, confidence: float, weight: Weight) -> Estimate:
    reason = _no_correlation(x, y, weight)
    if reason:
        return unavailable(reason, len(x))
    r = float(np.clip(np.corrcoef(x, y)[0, 1], -1, 1))
    return correlation(r, len(x), weight, confidence)


def correlation(r: float, n: int, weight: Weight, confidence: float, widened: float = 1.0) -> Estimate:
    """A known r of `n` pairs that weigh 4 rows or more, with interval and p.

    The interval of Fisher's z is `widened` times as wide. A perfect r has no interval of its own; its p is that of the
    one order, or its reverse, among all orders of the people.
    """
    if abs(r) >= 1:
        return Estimate(r, r, r, 2 / math.factorial(min(weight.people, 100)), n, people=weight.people)
    reach = widened * stats.norm.ppf(0.5 + confidence / 2) / math.sqrt(weight.rows - 3)
    low, high = np.tanh(np.arctanh(r) + np.array([-reach, reach]))
    t = r * math.sqrt((weight.rows - 2) / (1 - r * r))
    p = 2 * stats.t.sf(abs(t), weight.rows - 2)
    return Estimate(r, float(low), float(high), float(p), n, people=weight.people)


def spearman(x: Floats, y: Floats, confidence: float, people: NDArray[np.int64] | None = None) -> Estimate:
    """Spearman's rank correlation of x and y (n,): Pearson's r of their ranks, which no single far-off value makes.

    Its interval is Fisher's with the variance of Bonett & Wright (2000), p that of Student's t; `people` as above.
    """
    if _no_correlation(x, y, weigh(len(x), people)):
        return pearson(x, y, confidence, people)  # says why not
    found = pearson(stats.rankdata(x), stats.rankdata(y), confidence, people)
    if found.value is None or abs(found.value) >= 1:
        return found
    return correlation(found.value, found.n, weigh(len(x), people), confidence, math.sqrt(1 + found.value**2 / 2))


def within(
    x: Floats, y: Floats, group: NDArray[np.int64], confidence: float, people: NDArray[np.int64] | None = None
) -> Estimate:
    """r of x and y (n,) once each group's (n, whole numbers) own means are taken off: what is left inside groups.

    A wide jaw drawn for every man goes with men's wide jaws, but inside neither gender.
    """
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return pearson(x, y, confidence, people)
    weight = weigh(len(x), people)
    weight = replace(weight, rows=weight.rows - max(len(np.unique(group)) - 1, 0))
    inner_x, inner_y = inside_groups(x, y, group)
    for one, rest in ((x, inner_x), (y, inner_y)):
        if len(one) and is_constant(rest, float(np.abs(one).max())):
            return unavailable("one side is the same everywhere in a group", len(x))
    return _pearson(inner_x, inner_y, confidence, weight)


def inside_groups(x: Floats, y: Floats, group: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """x and y (n,) less their group's (n,) own means."""
    _, row = np.unique(group, return_inverse=True)
    size = np.bincount(row)
    inner_x, inner_y = (one - (np.bincount(row, weights=one) / size)[row] for one in (x, y))
    return inner_x, inner_y


def slope(x: Floats, y: Floats, confidence: float, people: NDArray[np.int64] | None = None) -> Estimate:
    """How much x changes with one unit of y (n,), by least squares, with Student's interval; `people` as above."""
    weight = weigh(len(x), people)
    reason = _no_correlation(x, y, weight)
    if reason:
        return unavailable(reason, len(x))
    value, at_zero = np.polyfit(y, x, 1)
    left = float(np.square(x - value * y - at_zero).mean())
    error = math.sqrt(left / float(y.var()) / (weight.rows - 2))
    reach = float(stats.t.ppf(0.5 + confidence / 2, weight.rows - 2)) * error
    return Estimate(float(value), float(value - reach), float(value + reach), None, len(x), people=weight.people)


def of_one_sample(x: Floats, y: Floats, confidence: float, people: NDArray[np.int64]) -> Estimate:
    """r of one sample of x (n, k) with y (n,): Fisher's z averaged over the samples; NaN in x is left out.

    Samples of a voice are no new voices, and all the less the more they agree: the interval is that of the mean's own
    variance.
    """
    known = np.isfinite(x)
    parts = [pearson(x[rows, j], y[rows], confidence, people[rows]) for j, rows in enumerate(known.T)]
    missing = [part for part in parts if part.value is None]
    if missing or not parts:
        return missing[0] if missing else unavailable("no samples")
    found = np.array([part.value for part in parts])
    r = float(np.tanh(np.arctanh(np.clip(found, -1 + 1e-15, 1 - 1e-15)).mean()))
    weight = weigh(len(x), people)
    if (np.abs(found) >= 1).all():
        return correlation(float(np.sign(r)), len(x), weight, confidence)
    rows = 3 + 1 / float(_covariance(x, known, r, people).mean())
    return correlation(r, len(x), Weight(weight.people, rows), confidence)


def _covariance(x: Floats, known: NDArray[np.bool_], r: float, people: NDArray[np.int64]) -> Floats:
    """Of the samples' z (k, k), all of which are r in truth: by how x (n, k) goes with itself, and by who is in both.

    Steiger (1980), "Tests for comparing elements of a correlation matrix", Psychological Bulletin 87, with pooled r.
    """
    samples = x.shape[1]
    rows = np.array(
        [[weigh(int(both.sum()), people[both]).rows for both in (known & one[:, None]).T] for one in known.T]
    )
    alike = np.ones((samples, samples))
    for i, j in combinations(range(samples), 2):
        both = known[:, i] & known[:, j]
        if rows[i, j] >= FEWEST_PAIRS and min(np.ptp(x[both, i]), np.ptp(x[both, j])) > 0:
            alike[i, j] = alike[j, i] = np.corrcoef(x[both, i], x[both, j])[0, 1]
    square = r * r
    together = alike * (1 - 2 * square) - square * (1 - 2 * square - alike**2) / 2
    share = np.clip(np.divide(together, (1 - square) ** 2, out=np.ones_like(alike), where=square < 1 - 1e-6), 0, 1)
    own = rows.diagonal()
    return share * rows / np.sqrt(np.outer(own, own)) / np.sqrt(np.outer(own - 3, own - 3))


def standard(values: Floats, known: NDArray[np.bool_]) -> Floats:
    """Values less the mean of the known ones, in units of their spread: r asks for no more, and sums lose no digits."""
    if not known.any():
        return values
    spread = float(values[known].std())
    return (values - values[known].mean()) / (spread if spread > 0 else 1.0)


def from_sums(sums: Floats) -> Floats:
    """Pearson's r (b,) from sums (b, 6) over pairs of 1, x, y, x², y² and xy; NaN where a side does not vary."""
    mean = divided(sums, sums[:, :1])
    spread = mean[:, 3:5] - mean[:, 1:3] ** 2
    varies = (spread > ROUNDING * mean[:, 3:5]).all(1)
    together = mean[:, 5] - mean[:, 1] * mean[:, 2]
    return np.where(varies, together / np.sqrt(np.where(varies, spread.prod(1), 1.0)), np.nan)


def divided(numerator: Floats, denominator: Floats) -> Floats:
    """The quotient, NaN where the denominator is not above 0."""
    return np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=denominator > 0)


def _no_correlation(x: Floats, y: Floats, weight: Weight) -> str | None:
    """Why x and y have no correlation, or None."""
    if weight.people < FEWEST_PAIRS:
        noun = ("pair", "pairs") if weight.people == len(x) else ("person", "people")
        return f"{counted(weight.people, *noun)}, at least {FEWEST_PAIRS} are needed"
    if weight.rows < FEWEST_PAIRS:
        return (
            f"{len(x)} pairs of {weight.people} people are worth {weight.rows:.1f}, at least {FEWEST_PAIRS} are needed"
        )
    broken = int((~np.isfinite(x) | ~np.isfinite(y)).sum())
    if broken:
        return f"{broken} of {len(x)} pairs hold a value that is not a number"
    if any(is_constant(values, float(np.abs(values).max())) for values in (x, y)):
        return "one side is the same everywhere"
    return None


def is_constant(values: Floats, size: float) -> bool:
    """Whether values that began as large as `size` differ by no more than a network's noise on one face."""
    return float(np.ptp(values)) <= NOISE * size
