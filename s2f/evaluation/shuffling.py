"""The shuffled-pairs control: every voice beside another person's face, many times.

One shuffle of 80 voices has a correlation of ±0.2 by luck alone. The mean over many is the chance level of this very
table (with its share of women, its ages), and their spread says how far luck reaches.

Clips of one person are alike, on either side, so people change places and their clips go along: to shuffle clips would
take one person's eight for eight people's, and call luck significant several times as often as it says (whole blocks
as the unit: Winkler et al. 2015, "Multi-level block permutation", NeuroImage 123).
"""

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from s2f.evaluation.correlations import from_sums, standard
from s2f.evaluation.statistics import Estimate, Floats, Plan, unavailable

Orders = NDArray[np.integer]  # (shuffles, n): row s gives voice i the face of voice orders[s, i]
BLOCK = 256  # rows compared with all others at once
NUMBERS = 2**18  # of shuffled values at once: two megabytes
DRAWN = 32  # orders drawn at once, for what drawing takes beside them
MANY = 12  # people from which on there are more derangements (176 million) than anybody draws
ROUNDING = 1e-9  # equal sums in another order: not better than ours


def derangements(
    people: NDArray[np.int64], count: int, seed: int, strata: NDArray[np.bool_] | None = None
) -> Orders | None:
    """Orders (at most count, n): every person has another one's faces; None where there is nobody else.

    People (n,) are whole numbers, the same for clips of one person. A person's clips take the other's in turn from a
    random one on, so that people with as many clips exchange them, and one with fewer lends some twice. With `strata`
    (n,), faces stay in their stratum. There are no more orders than ways for people to change places: two people have
    one, and no luck below a half.
    """
    stratum = np.zeros(len(people), dtype=np.bool_) if strata is None else strata
    return _drawn(people.astype(np.int64).tobytes(), stratum.tobytes(), count, seed)


@functools.lru_cache(maxsize=2)  # every w asks again for the same
def _drawn(people_: bytes, strata: bytes, count: int, seed: int) -> Orders | None:
    people, stratum = np.frombuffer(people_, dtype=np.int64), np.frombuffer(strata, dtype=np.bool_)
    parts = [np.flatnonzero(stratum == one) for one in np.unique(stratum)]
    sizes = [len(np.unique(people[part])) for part in parts]
    if not sizes or min(sizes) < 2:
        return None
    count = min(count, math.prod(_ways(size) for size in sizes))
    rng = np.random.default_rng(seed)
    orders = np.empty((count, len(people)), dtype=np.min_scalar_type(len(people)))  # most of a stage's memory
    for part in parts:
        for rows, some in _exchanges(people[part], count, rng):
            orders[rows, part] = part[some]
    orders.setflags(write=False)
    return orders


def _ways(people: int) -> int:
    """How many derangements there are: n! / e, rounded; of MANY at most."""
    return round(math.factorial(min(people, MANY)) / math.e)


def _exchanges(people: NDArray[np.int64], count: int, rng: np.random.Generator) -> Iterator[tuple[slice, Orders]]:
    """Orders (count, n) of clips, block by block and which rows they are: person p's take those of another in turn."""
    _, person, clips = np.unique(people, return_inverse=True, return_counts=True)
    by_person = np.argsort(person, kind="stable")
    first = np.cumsum(clips) - clips
    turn = np.empty(len(people), dtype=np.int64)
    turn[by_person] = np.arange(len(people)) - first[person[by_person]]  # a clip's number among its person's
    for start in range(0, count, DRAWN):
        places = _derangements(len(clips), min(DRAWN, count - start), rng)
        begin = rng.integers(clips[places])
        other = places[:, person]
        orders = by_person[first[other] + (begin[:, person] + turn) % clips[other]]
        yield slice(start, start + len(orders)), orders


def _derangements(people: int, count: int, rng: np.random.Generator) -> Orders:
    """Permutations (count, people) without a fixed point, all equally likely: those that have one are drawn again."""
    places = np.tile(np.arange(people), (count, 1))
    again = np.arange(count)
    while len(again):
        places[again] = rng.permuted(places[again], axis=1)
        again = again[(places[again] == np.arange(people)).any(1)]
    return places


def shuffled_correlations(x: Floats, y: Floats, orders: Orders) -> Floats:
    """Pearson's r (shuffles,) of x (n, k) with y (n,) in each order, averaged over the columns as Fisher's z.

    NaN in x is left out; no column may be constant. A shuffle that leaves one side constant has no correlation: 0.
    """
    columns = [_correlations(column, y, orders) for column in x.T]
    return np.tanh(np.mean([np.arctanh(np.clip(one, -1 + 1e-15, 1 - 1e-15)) for one in columns], axis=0))


def shuffled_mean_correlations(x: Floats, y: Floats, orders: Orders) -> Floats:
    """The mean (shuffles,) of Pearson's r of the rows of x (m, n) with those of y (m, n) in each order.

    All rows are shuffled alike. Pairs with NaN on a side are left out; otherwise as `shuffled_correlations`.
    """
    return np.mean([_correlations(one, other, orders) for one, other in zip(x, y, strict=True)], axis=0)


def _correlations(x: Floats, y: Floats, orders: Orders) -> Floats:
    """Pearson's r (shuffles,) of x (n,) with y (n,) in each order, of pairs that both have; 0 where there is none."""
    known_x, known_y = np.isfinite(x), np.isfinite(y)
    x, y = (np.where(known, standard(one, known), 0.0) for one, known in ((x, known_x), (y, known_y)))
    of_x, of_both = np.stack([known_x, x, x * x], 1), np.stack([known_x, x], 1)
    found = np.empty(len(orders))
    size = max(1, NUMBERS // len(x))
    for start in range(0, len(orders), size):
        some = orders[start : start + size]
        count, sum_x, square_x = (known_y[some].astype(np.float64) @ of_x).T
        sum_y, together = ((beside := y[some]) @ of_both).T
        square_y = np.square(beside) @ of_x[:, 0]
        sums = np.stack([count, sum_x, sum_y, square_x, square_y, together], 1)
        found[start : start + size] = np.nan_to_num(from_sums(sums))
    return found


def shuffled_agreement(shares: Floats, truth: NDArray[np.int64], orders: Orders) -> Floats:
    """Share (shuffles,) of right answers in each order; `truth` (n,) numbers each row's right choice.

    `shares` (n, c) are how much of a row's answers each choice has.
    """
    row = np.arange(len(shares))
    return np.array([float(shares[row, truth[order]].mean()) for order in orders])


def shuffled_distances(values: Floats, truth: Floats, orders: Orders) -> Floats:
    """Mean distance (shuffles,) of values (n, k) from truth (n,) in each order; each row counts once, NaN is left out.

    Every row has a value.
    """
    known = np.isfinite(values)
    weights = known / known.sum(1, keepdims=True)
    filled = np.where(known, values, 0.0)
    return np.array([float((np.abs(filled - truth[order, None]) * weights).sum() / len(truth)) for order in orders])


def shuffled_cosines(a: NDArray[np.float32], b: NDArray[np.float32], orders: Orders) -> Floats:
    """Mean product (shuffles,) of rows a (n, d) with rows b (n, d) in each order; no more than a block is in memory."""
    total = np.zeros(len(orders))
    for start in range(0, len(a), BLOCK):
        rows = slice(start, start + BLOCK)
        likeness = a[rows] @ b.T
        total += likeness[np.arange(len(likeness))[None], orders[:, rows]].sum(1, dtype=np.float64)
    return total / len(a)


def shuffled_r(
    observed: Estimate,
    x: Floats,
    y: Floats,
    people: NDArray[np.int64],
    plan: Plan,
    strata: NDArray[np.bool_] | None = None,
) -> Estimate:
    """r of x (n, k) with other people's y (n,), with luck's p of `observed`; where that is none, so is this."""
    if observed.value is None:
        return observed
    orders = derangements(people, plan.resamples, plan.seed, strata)
    values = None if orders is None else shuffled_correlations(x, y, orders)
    return by_luck(observed.value, values, len(x), plan.confidence)


def by_luck(observed: float | None, values: Floats | None, n: int, confidence: float) -> Estimate:
    """`chance` with `luck` as its p."""
    return replace(chance(values, n, confidence), p=luck(observed, values))


def chance(values: Floats | None, n: int, confidence: float) -> Estimate:
    """The mean over shuffles and the middle `confidence` of them: the reach of luck, not the error of the mean."""
    if values is None or not len(values):
        return unavailable("no shuffle gives everybody another person's face", n)
    low, high = np.quantile(values, [0.5 - confidence / 2, 0.5 + confidence / 2])
    return Estimate(float(values.mean()), float(low), float(high), None, n)


def luck(value: float | None, values: Sequence[float] | Floats | None) -> float | None:
    """Share of shuffles at least as good as `value` (one-sided permutation p, the true order counted among them).

    Shuffles in which nobody keeps their own face are a little worse than all of them: of unrelated faces of 20 people,
    r had a p of 0.05 or less in 6.6 % of 2,000 trials; of more people, nearer to 5 %.
    """
    if value is None or values is None or not len(values):
        return None
    reached = np.asarray(values) >= value - ROUNDING
    return float((1 + reached.sum()) / (1 + len(values)))
