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


def derangements(people: NDArray[np.int64], count: int, seed: int) -> Orders | None:
    """Orders (count, n) that give nobody a face of the same person; None where there is no such order.

    People (n,) are whole numbers, the same for clips of one person.
    """
    n = len(people)
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
    """Pearson's r (shuffles,) of x (n,) with y (n,) in each order; neither may be constant or hold a NaN."""
    x = (x - x.mean()) / x.std()
    y = (y - y.mean()) / y.std()
    return np.array([float(np.mean(x * y[order])) for order in orders])


def shuffled_agreement(x: NDArray[np.bool_], y: NDArray[np.bool_], orders: Orders) -> Floats:
    """Share (shuffles,) of x (n,) equal to y (n,) in each order."""
    return np.array([float(np.mean(x == y[order])) for order in orders])


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
    return float((1 + np.sum(np.asarray(values) >= value)) / (1 + len(values)))
