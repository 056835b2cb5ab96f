"""People as the unit: clips of one person are no new people, so it is people that are drawn, with all their clips."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from s2f.evaluation.statistics import Floats, Plan

BLOCK = 64  # draws at once: memory stays a few copies of the table


def persons(people: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Each row's person (n,), numbered from 0, and how many there are."""
    names, person = np.unique(people, return_inverse=True)
    return person, len(names)


def mean_of_others(values: Floats, people: NDArray[np.int64]) -> Floats:
    """For each row of values (n, …) the mean of all rows of other people, those of NaN left out; NaN where none is."""
    flat = values.reshape(len(values), math.prod(values.shape[1:]))
    known = np.isfinite(flat).all(1)
    person, count = persons(people)
    sums, rows = np.zeros((count, flat.shape[1])), np.bincount(person[known], minlength=count)
    np.add.at(sums, person[known], flat[known])
    left = (rows.sum() - rows)[:, None]
    np.subtract(sums.sum(0), sums, out=sums)
    np.divide(sums, left, out=sums, where=left > 0)
    sums[left[:, 0] <= 0] = np.nan
    return sums[person].reshape(values.shape)


def draw_people(count: int, plan: Plan) -> Iterator[Floats]:
    """How often each person counts, in blocks (b, count), when as many as there are are drawn with replacement."""
    rng = np.random.default_rng(plan.seed)
    for size in _blocks(plan.resamples):
        yield rng.multinomial(count, np.full(count, 1 / count), size=size).astype(np.float64)


def toss_coins(count: int, plan: Plan) -> Iterator[NDArray[np.bool_]]:
    """A fair coin for each person, in blocks (b, count); of other numbers than those that draw people."""
    rng = np.random.default_rng([plan.seed, 1])
    for size in _blocks(plan.resamples):
        yield rng.integers(2, size=(size, count)).astype(np.bool_)


def _blocks(draws: int) -> list[int]:
    return [min(BLOCK, draws - start) for start in range(0, draws, BLOCK)]
