"""The shuffled-pairs control: every voice beside another person's face, many times.

One shuffle of 80 voices has a correlation of ±0.2 by luck alone. The mean over many is the chance level of this very
table (with its share of women, its ages), and their spread says how far luck reaches.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from s2f.evaluation.statistics import Estimate, Floats, unavailable

Orders = NDArray[np.int64]  # (shuffles, n): row s gives voice i the face of voice orders[s, i]
ATTEMPTS = 200
ROUNDING = 1e-9  # equal sums in another order: not better than ours


def derangements(
    people: NDArray[np.int64], count: int, seed: int, strata: NDArray[np.bool_] | None = None
) -> Orders | None:
    """Orders (count, n) that give nobody a face of the same person; None where there is no such order.

    People (n,) are whole numbers, the same for clips of one person. With `strata` (n,), faces stay in their stratum.
    """
    n = len(people)
    if strata is not None:
        orders = np.empty((count, n), dtype=np.int64)
        for part in (np.flatnonzero(strata == stratum) for stratum in np.unique(strata)):
            within = derangements(people[part], count, seed)
            if within is None:
                return None
            orders[:, part] = part[within]
        return orders
    if n < 2 or int(np.bincount(np.unique(people, return_inverse=True)[1]).max()) * 2 > n:
        return None
    rng = np.random.default_rng(seed)
    orders = np.empty((count, n), dtype=np.int64)
    for index in range(count):
        orders[index] = _derangement(people, rng)
    return orders


def _derangement(people: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """A random order, its clashes swapped away with random others."""
    order = rng.permutation(len(people))
    for _ in range(ATTEMPTS):
        clashes = np.flatnonzero(people[order] == people)
        if not len(clashes):
            return order
        for clash in clashes:
            other = int(rng.integers(len(people)))
            order[clash], order[other] = order[other], order[clash]
    # Nearly every face is one person's: sorted by person and turned by half, nobody meets themselves.
    by_person = np.argsort(people, kind="stable")
    order[by_person] = np.roll(by_person, len(people) // 2)
    return order


def shuffled_correlations(x: Floats, y: Floats, orders: Orders) -> Floats:
    """Pearson's r (shuffles,) of x (n, k) with y (n,) in each order, averaged over the columns as Fisher's z.

    NaN in x is left out; no column may be constant. A shuffle that leaves one side constant has no correlation: 0.
    """
    total = np.zeros(len(orders))
    for column in x.T:
        kept = np.isfinite(column)
        total += np.arctanh([_r(column[kept], y[order[kept]]) for order in orders])
    return np.tanh(total / x.shape[1])


def _r(x: Floats, y: Floats) -> float:
    """Pearson's r, short of ±1 by rounding, so that its z is finite."""
    x, y = x - x.mean(), y - y.mean()
    length = float(np.sqrt(x @ x) * np.sqrt(y @ y))
    return float(np.clip(x @ y / length, -1 + 1e-15, 1 - 1e-15)) if length > 0 else 0.0


def shuffled_agreement(yes: Floats, truth: NDArray[np.bool_], orders: Orders) -> Floats:
    """Share (shuffles,) of right answers in each order; `yes` (n,) is the share of a row's answers that are yes."""
    return np.array([float(np.mean(np.where(truth[order], yes, 1 - yes))) for order in orders])


def chance(values: Floats | None, n: int, confidence: float) -> Estimate:
    """The mean over shuffles and the middle `confidence` of them: the reach of luck, not the error of the mean."""
    if values is None or not len(values):
        return unavailable("no shuffle gives everybody another person's face", n)
    low, high = np.quantile(values, [0.5 - confidence / 2, 0.5 + confidence / 2])
    return Estimate(float(values.mean()), float(low), float(high), None, n)


def luck(value: float | None, values: Sequence[float] | Floats | None) -> float | None:
    """Share of shuffles at least as good as `value` (one-sided permutation p, the true order counted among them)."""
    if value is None or values is None or not len(values):
        return None
    reached = np.asarray(values) >= value - ROUNDING
    return float((1 + reached.sum()) / (1 + len(values)))
