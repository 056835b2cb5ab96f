"""Numbers with how sure they are: correlation, proportions, means, each with N and an interval.

What cannot be known (too few rows, a constant, a value that is no number) is an `Estimate` without a value and with
the reason, so that nothing downstream can print it as if it were a result.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

FEWEST_PAIRS = 4  # Fisher's interval divides by sqrt(n − 3)
FEWEST_DRAWN = 10  # people that a bootstrap can draw from: of 4 it covers 85 % for 95 %
NOISE = 1e-5  # of a value: ages of 40 that differ by an hour are one age
ROUND = 6  # decimals written: enough to compare, few enough to be the same on every machine


@dataclass(frozen=True)
class Plan:
    """How sure to be, with how many random draws, from which seed; and which faces are counted as tiny."""

    confidence: float
    resamples: int
    seed: int
    tiny_face_px: float = 0.0  # 0: none


@dataclass(frozen=True)
class Estimate:
    """A number, its interval, its p where it is tested, and N; `value` is None exactly where `reason` is not.

    `people` is how many of the n stand for themselves, where that is known.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    n: int = 0
    reason: str | None = None
    people: int | None = None

    def as_json(self) -> dict[str, Any]:
        """As a small dict: numbers rounded, `p`, `reason` and `people` only where there is one."""
        content = {key: _rounded(value) for key, value in asdict(self).items()}
        optional = ("p", "reason", "people")
        return {key: value for key, value in content.items() if key not in optional or value is not None}


def unavailable(reason: str, n: int = 0) -> Estimate:
    """No number, and why: `reason` completes 'not available: …'."""
    return Estimate(n=n, reason=f"not available: {reason}")


@dataclass(frozen=True)
class Weight:
    """How much n rows weigh: of how many people they are, and as how many independent rows they count."""

    people: int
    rows: float


def weigh(n: int, people: NDArray[np.int64] | None) -> Weight:
    """Of n rows, `people` (n,) whole numbers that are the same for rows of one person; None: every row is a person.

    A person's rows may say the same, so they are one; and where some have many and most have few, the many decide:
    (Σc)²/Σc² independent rows of c rows each (Kish 1965, "Survey sampling"), all people where each has as many.
    """
    if people is None:
        return Weight(n, float(n))
    clips = np.unique(people, return_counts=True)[1].astype(np.float64)
    return Weight(len(clips), float(clips.sum() ** 2 / np.square(clips).sum()) if n else 0.0)


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
    names, row = np.unique(group, return_inverse=True)
    weight = weigh(len(x), people)
    weight = replace(weight, rows=weight.rows - max(len(names) - 1, 0))
    size = np.bincount(row)
    inner_x, inner_y = (one - (np.bincount(row, weights=one) / size)[row] for one in (x, y))
    for one, rest in ((x, inner_x), (y, inner_y)):
        if len(one) and _is_constant(rest, float(np.abs(one).max())):
            return unavailable("one side is the same everywhere in a group", len(x))
    return _pearson(inner_x, inner_y, confidence, weight)


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


def mean_correlation(parts: Sequence[Estimate], people: NDArray[np.int64], confidence: float) -> Estimate:
    """One r from several of the same voices (one per sample): Fisher's z averaged, the interval of a single one.

    `people` (n,) are those of all the voices. Samples of one voice are no new voices, so averaging makes r steadier
    than its interval says, never surer.
    """
    missing = [part for part in parts if part.value is None]
    if missing or not parts:
        return missing[0] if missing else unavailable("no samples")
    r = float(np.tanh(np.mean([np.arctanh(np.clip(part.value or 0.0, -1 + 1e-15, 1 - 1e-15)) for part in parts])))
    exact = all(abs(part.value or 0.0) >= 1 for part in parts)
    return correlation(
        float(np.sign(r)) if exact else r, min(part.n for part in parts), weigh(len(people), people), confidence
    )


def proportion(share: float, n: int, confidence: float, people: NDArray[np.int64] | None = None) -> Estimate:
    """A share in [0, 1] of n trials with Wilson's interval, of as many trials as people's (n,) are worth (`weigh`)."""
    if n < 1:
        return unavailable("no rows")
    weight = weigh(n, people)
    if weight.people < 2:
        return unavailable(f"{_count(weight.people, 'person', 'people')}, at least 2 are needed", n)
    z2, rows = stats.norm.ppf(0.5 + confidence / 2) ** 2, weight.rows
    middle = (share + z2 / (2 * rows)) / (1 + z2 / rows)
    reach = math.sqrt(z2 * share * (1 - share) / rows + z2 * z2 / (4 * rows * rows)) / (1 + z2 / rows)
    low, high = float(max(0.0, min(share, middle - reach))), float(min(1.0, max(share, middle + reach)))
    return Estimate(share, low, high, None, n, people=weight.people)


def mean(values: Floats, people: NDArray[np.int64], plan: Plan) -> Estimate:
    """The mean of values (n,) with a percentile bootstrap interval that draws people (n, whole numbers), not rows.

    Of fewer than 10 people, whose draws cannot reach beyond them, Student's interval of the ratio of sums instead.
    """
    n = len(values)
    if not np.isfinite(values).all():
        return unavailable(f"{int((~np.isfinite(values)).sum())} of {n} values are not numbers", n)
    _, person = np.unique(people, return_inverse=True)
    count = np.bincount(person)
    if len(count) < 2:
        return unavailable(f"{_count(len(count), 'person', 'people')}, at least 2 are needed", n)
    total, middle = np.bincount(person, weights=values), float(values.mean())
    if len(count) < FEWEST_DRAWN:
        error = math.sqrt(np.square(total - middle * count).sum() * len(count) / (len(count) - 1)) / n
        reach = float(stats.t.ppf(0.5 + plan.confidence / 2, len(count) - 1)) * error
        return Estimate(middle, middle - reach, middle + reach, None, n, people=len(count))
    rng = np.random.default_rng(plan.seed)
    draws = np.empty(plan.resamples)
    for index in range(plan.resamples):  # one at a time: memory stays flat at any N
        drawn = rng.integers(len(count), size=len(count))
        draws[index] = total[drawn].sum() / count[drawn].sum()
    low, high = np.quantile(draws, tails(plan.confidence, len(count)))
    return Estimate(middle, float(low), float(high), None, n, people=len(count))


def tails(confidence: float, people: int) -> tuple[float, float]:
    """Quantiles of bootstrap draws between which an interval lies, wider apart the fewer people there are.

    Plain percentiles are too narrow for few: 93 % for 95 % at 30. Expanded as by Hesterberg (2015), "What teachers
    should know about the bootstrap".
    """
    reach = stats.t.ppf(0.5 + confidence / 2, people - 1) * math.sqrt(people / (people - 1))
    return float(stats.norm.sf(reach)), float(stats.norm.cdf(reach))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's correction of the p-values of one table; the rows without one do not count."""
    order = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    worst = 0.0
    for rank, (p, index) in enumerate(order):
        worst = max(worst, min(1.0, p * (len(order) - rank)))
        corrected[index] = worst
    return corrected


def _no_correlation(x: Floats, y: Floats, weight: Weight) -> str | None:
    """Why x and y have no correlation, or None."""
    if weight.people < FEWEST_PAIRS:
        noun = ("pair", "pairs") if weight.people == len(x) else ("person", "people")
        return f"{_count(weight.people, *noun)}, at least {FEWEST_PAIRS} are needed"
    if weight.rows < FEWEST_PAIRS:
        return (
            f"{len(x)} pairs of {weight.people} people are worth {weight.rows:.1f}, at least {FEWEST_PAIRS} are needed"
        )
    broken = int((~np.isfinite(x) | ~np.isfinite(y)).sum())
    if broken:
        return f"{broken} of {len(x)} pairs hold a value that is not a number"
    if any(_is_constant(values, float(np.abs(values).max())) for values in (x, y)):
        return "one side is the same everywhere"
    return None


def _is_constant(values: Floats, size: float) -> bool:
    """Whether values that began as large as `size` differ by no more than a network's noise on one face."""
    return float(np.ptp(values)) <= NOISE * size


def _count(n: int, one: str, many: str) -> str:
    return f"only {n} {one if n == 1 else many}"


def _rounded(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    # p-values keep their first digits, however small.
    return float(f"{value:.4g}") if 0 < abs(value) < 1e-3 else round(value, ROUND)
