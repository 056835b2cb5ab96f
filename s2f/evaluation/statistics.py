"""Numbers with how sure they are: correlation, proportions, means, each with N and an interval.

What cannot be known (too few rows, a constant, a value that is no number) is an `Estimate` without a value and with
the reason, so that nothing downstream can print it as if it were a result.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

FEWEST_PAIRS = 4  # Fisher's interval divides by sqrt(n − 3)
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


def pearson(x: Floats, y: Floats, confidence: float, independent: int | None = None) -> Estimate:
    """Pearson's r of x and y (n,) with Fisher's interval and the two-sided p of Student's t.

    `independent` is how many of the pairs stand for themselves (people, where some have several clips): the interval
    and p are computed with it, n stays the number of pairs.
    """
    n = len(x)
    sure = n if independent is None else min(independent, n)
    reason = _no_correlation(x, y, sure)
    if reason:
        return unavailable(reason, n)
    r = float(np.clip(np.corrcoef(x, y)[0, 1], -1, 1))
    return correlation(r, n, sure, confidence)


def correlation(r: float, n: int, independent: int, confidence: float, widened: float = 1.0) -> Estimate:
    """A known r of `n` pairs, `independent` (at least 4) of them standing for themselves, with interval and p.

    The interval of Fisher's z is `widened` times as wide.
    """
    if abs(r) >= 1:
        return Estimate(r, r, r, 0.0, n, people=independent)
    reach = widened * stats.norm.ppf(0.5 + confidence / 2) / math.sqrt(independent - 3)
    low, high = np.tanh(np.arctanh(r) + np.array([-reach, reach]))
    t = r * math.sqrt((independent - 2) / (1 - r * r))
    p = 2 * stats.t.sf(abs(t), independent - 2)
    return Estimate(r, float(low), float(high), float(p), n, people=independent)


def spearman(x: Floats, y: Floats, confidence: float, independent: int | None = None) -> Estimate:
    """Spearman's rank correlation of x and y (n,): Pearson's r of their ranks, which no single far-off value makes.

    Its interval is Fisher's with the variance of Bonett & Wright (2000), p that of Student's t; `independent` as above.
    """
    if not _finite(x, y):
        return pearson(x, y, confidence, independent)  # says why not
    found = pearson(stats.rankdata(x), stats.rankdata(y), confidence, independent)
    if found.value is None or abs(found.value) >= 1:
        return found
    widened = math.sqrt(1 + found.value**2 / 2)
    return correlation(found.value, found.n, found.people or found.n, confidence, widened)


def within(
    x: Floats, y: Floats, group: NDArray[np.int64], confidence: float, independent: int | None = None
) -> Estimate:
    """r of x and y (n,) once each group's (n, whole numbers) own means are taken off: what is left inside groups.

    A wide jaw drawn for every man goes with men's wide jaws, but inside neither gender.
    """
    if not _finite(x, y):
        return pearson(x, y, confidence, independent)
    names, row = np.unique(group, return_inverse=True)
    sure = (len(x) if independent is None else min(independent, len(x))) - max(len(names) - 1, 0)
    size = np.bincount(row)
    inner_x, inner_y = (one - (np.bincount(row, weights=one) / size)[row] for one in (x, y))
    for one, rest in ((x, inner_x), (y, inner_y)):
        if len(one) and np.ptp(rest) <= 1e-9 * max(1.0, float(np.abs(one).max())):
            return unavailable("one side is the same everywhere in a group", len(x))
    return pearson(inner_x, inner_y, confidence, sure)


def mean_correlation(parts: Sequence[Estimate], independent: int, confidence: float) -> Estimate:
    """One r from several of the same voices (one per sample): Fisher's z averaged, the interval of a single one.

    Samples of one voice are no new voices, so averaging makes r steadier than its interval says, never surer.
    """
    missing = [part for part in parts if part.value is None]
    if missing or not parts:
        return missing[0] if missing else unavailable("no samples")
    r = float(np.tanh(np.mean([np.arctanh(np.clip(part.value or 0.0, -1 + 1e-15, 1 - 1e-15)) for part in parts])))
    exact = all(abs(part.value or 0.0) >= 1 for part in parts)
    n = min(part.n for part in parts)
    return correlation(float(np.sign(r)) if exact else r, n, min(independent, n), confidence)


def proportion(share: float, n: int, confidence: float, independent: int | None = None) -> Estimate:
    """A share in [0, 1] of n trials with Wilson's interval, computed as if of `independent` trials where given."""
    if n < 1:
        return unavailable("no rows")
    sure = n if independent is None else min(independent, n)
    if sure < 2:
        return unavailable(f"{_count(sure, 'person', 'people')}, at least 2 are needed", n)
    z2 = stats.norm.ppf(0.5 + confidence / 2) ** 2
    middle = (share + z2 / (2 * sure)) / (1 + z2 / sure)
    reach = math.sqrt(z2 * share * (1 - share) / sure + z2 * z2 / (4 * sure * sure)) / (1 + z2 / sure)
    low, high = float(max(0.0, min(share, middle - reach))), float(min(1.0, max(share, middle + reach)))
    return Estimate(share, low, high, None, n, people=sure)


def mean(values: Floats, people: NDArray[np.int64], plan: Plan) -> Estimate:
    """The mean of values (n,) with a percentile bootstrap interval that draws people (n, whole numbers), not rows."""
    n = len(values)
    if not np.isfinite(values).all():
        return unavailable(f"{int((~np.isfinite(values)).sum())} of {n} values are not numbers", n)
    _, person = np.unique(people, return_inverse=True)
    count = np.bincount(person)
    if len(count) < 2:
        return unavailable(f"{_count(len(count), 'person', 'people')}, at least 2 are needed", n)
    total = np.bincount(person, weights=values)
    rng = np.random.default_rng(plan.seed)
    draws = np.empty(plan.resamples)
    for index in range(plan.resamples):  # one at a time: memory stays flat at any N
        drawn = rng.integers(len(count), size=len(count))
        draws[index] = total[drawn].sum() / count[drawn].sum()
    low, high = np.quantile(draws, tails(plan.confidence, len(count)))
    return Estimate(float(values.mean()), float(low), float(high), None, n, people=len(count))


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


def _finite(x: Floats, y: Floats) -> bool:
    return bool(np.isfinite(x).all() and np.isfinite(y).all())


def _no_correlation(x: Floats, y: Floats, n: int) -> str | None:
    """Why x and y have no correlation, or None."""
    if n < FEWEST_PAIRS:
        noun = ("pair", "pairs") if n == len(x) else ("person", "people")
        return f"{_count(n, *noun)}, at least {FEWEST_PAIRS} are needed"
    broken = int((~np.isfinite(x) | ~np.isfinite(y)).sum())
    if broken:
        return f"{broken} of {len(x)} pairs hold a value that is not a number"
    for values in (x, y):
        # Rounding alone gives a constant a tiny spread, and a correlation made of it.
        if np.ptp(values) <= 1e-9 * max(1.0, float(np.abs(values).max())):
            return "one side is the same everywhere"
    return None


def _count(n: int, one: str, many: str) -> str:
    return f"only {n} {one if n == 1 else many}"


def _rounded(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    # p-values keep their first digits, however small.
    return float(f"{value:.4g}") if 0 < abs(value) < 1e-3 else round(value, ROUND)
