"""Numbers with how sure they are: proportions and means, each with N and an interval, and p-values of many tests.

What cannot be known (too few rows, a constant, a value that is no number) is an `Estimate` without a value and with
the reason, so that nothing downstream can print it as if it were a result.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

FEWEST_PAIRS = 4  # Fisher's interval divides by sqrt(n − 3)
FEWEST_DRAWN = 10  # people that a bootstrap can draw from: of 4 it covers 85 % for 95 %
MOST_DRAWS = 0.9  # of a bootstrap's draws: so many must have a value
SURE_DRAWS = 10  # times as many draws as the smallest p needs that is to stay significant after Holm's correction
NOT_AVAILABLE = "not available: "
ROUND = 6  # decimals written: enough to compare, few enough to be the same on every machine


@dataclass(frozen=True)
class Plan:
    """How sure to be, with how many random draws, from which seed; and which faces are counted as tiny."""

    confidence: float
    resamples: int
    seed: int
    tiny_face_px: float = 0.0  # 0: none

    def for_tests(self, tests: int) -> "Plan":
        """With so many draws that a p can stay significant when it is corrected for so many tests."""
        draws = math.ceil(SURE_DRAWS * tests / (1 - self.confidence))
        return replace(self, resamples=max(self.resamples, draws))


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

    @property
    def why(self) -> str:
        """What the reason says behind 'not available: '."""
        return (self.reason or "").removeprefix(NOT_AVAILABLE)

    def as_json(self) -> dict[str, Any]:
        """As a small dict: numbers rounded, `p`, `reason` and `people` only where there is one."""
        content = {key: _rounded(value) for key, value in asdict(self).items()}
        optional = ("p", "reason", "people")
        return {key: value for key, value in content.items() if key not in optional or value is not None}


def unavailable(reason: str, n: int = 0) -> Estimate:
    """No number, and why: `reason` completes 'not available: …'."""
    return Estimate(n=n, reason=NOT_AVAILABLE + reason)


def too_few(people: int, n: int, needed: int) -> Estimate:
    """No number, for so few people have the n rows."""
    return unavailable(f"{counted(people, 'person', 'people')}, at least {needed} are needed", n)


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


def proportion(
    share: float, n: int, confidence: float, people: NDArray[np.int64] | None = None, answers: float = 1.0
) -> Estimate:
    """A share in [0, 1] of n trials with Wilson's interval, of as many trials as people's (n,) are worth (`weigh`).

    Where each trial is a mean, it counts as so many `answers`.
    """
    if n < 1:
        return unavailable("no rows")
    weight = weigh(n, people)
    if weight.people < 2:
        return too_few(weight.people, n, 2)
    z2, rows = stats.norm.ppf(0.5 + confidence / 2) ** 2, answers * weight.rows
    middle = (share + z2 / (2 * rows)) / (1 + z2 / rows)
    reach = math.sqrt(z2 * share * (1 - share) / rows + z2 * z2 / (4 * rows * rows)) / (1 + z2 / rows)
    low, high = float(max(0.0, min(share, middle - reach))), float(min(1.0, max(share, middle + reach)))
    return Estimate(share, low, high, None, n, people=weight.people)


def mean(
    values: Floats, people: NDArray[np.int64], plan: Plan, bounds: tuple[float, float] = (-math.inf, math.inf)
) -> Estimate:
    """The mean of values (n,) with a percentile bootstrap interval that draws people (n, whole numbers), not rows.

    Of fewer than 10 people, whose draws cannot reach beyond them, Student's interval of the ratio of sums instead, as
    far as `bounds` allow.
    """
    n = len(values)
    if not np.isfinite(values).all():
        return unavailable(f"{int((~np.isfinite(values)).sum())} of {n} values are not numbers", n)
    _, person = np.unique(people, return_inverse=True)
    count = np.bincount(person)
    if len(count) < 2:
        return too_few(len(count), n, 2)
    total, middle = np.bincount(person, weights=values), float(values.mean())
    if len(count) < FEWEST_DRAWN:
        error = math.sqrt(np.square(total - middle * count).sum() * len(count) / (len(count) - 1)) / n
        reach = float(stats.t.ppf(0.5 + plan.confidence / 2, len(count) - 1)) * error
        low, high = (float(np.clip(end, *bounds)) for end in (middle - reach, middle + reach))
        return Estimate(middle, low, high, None, n, people=len(count))
    rng = np.random.default_rng(plan.seed)
    draws = np.empty(plan.resamples)
    for index in range(plan.resamples):  # one at a time: memory stays flat at any N
        drawn = rng.integers(len(count), size=len(count))
        draws[index] = total[drawn].sum() / count[drawn].sum()
    return from_draws(middle, draws, plan, n, len(count))


def from_draws(value: float, draws: Floats, plan: Plan, n: int, people: int, p: float | None = None) -> Estimate:
    """A value with the interval that holds most of what people who are drawn again have (b,); NaN where they have none.

    Where many have none, those that have one are no fair draws, and there is no interval.
    """
    known = draws[np.isfinite(draws)]
    if len(known) < MOST_DRAWS * len(draws):
        return unavailable(f"only {len(known)} of {len(draws)} draws of people have a value", n)
    low, high = np.quantile(known, tails(plan.confidence, people))
    return Estimate(value, float(low), float(high), p, n, people=people)


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


def correct(rows: Iterable[dict[str, Any]]) -> None:
    """Gives every row of a family beside its 'p' a 'p_holm', what p is worth where the best of them may be picked.

    A family is what answers one question many times and is read as one: the eleven measures, age or gender at every w,
    all cells of the table of groups, all headlines of two runs. A test that stands twice in a table counts once. Where
    a table has the p of each number alone, it says so.
    """
    rows = list(rows)
    for row, p in zip(rows, holm([row.get("p") for row in rows]), strict=True):
        row["p_holm"] = None if p is None else float(f"{p:.4g}")


def counted(n: int, one: str, many: str) -> str:
    """'only 1 person', 'only 3 people'."""
    return f"only {n} {one if n == 1 else many}"


def _rounded(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    # p-values keep their first digits, however small.
    return float(f"{value:.4g}") if 0 < abs(value) < 1e-3 else round(value, ROUND)
