"""Kernel distance: the unbiased squared maximum mean discrepancy with KID's cubic kernel.

That kernel is (x·y/d + 1)³ (Bińkowski et al. 2018, "Demystifying MMD GANs", ICLR), on features whose squared length is
of the order of d. Face embeddings have length one: as they come, x·y/d is 0.002 at most and the cube as good as a
straight line, for which one mean face for everybody is as good as people. So they are taken √d times as long, and the
kernel is (x·y + 1)³.

A true face x_i and a generated one y_i belong to one voice, so the pairs z_i = (x_i, y_i) are what is independent, and
the estimate is the mean over pairs of people of h(z_i, z_j) = k(x_i, x_j) + k(y_i, y_j) − k(x_i, y_j) − k(y_i, x_j):
unbiased however alike x_i and y_i are (Gretton et al. 2012, "A kernel two-sample test", JMLR 13, lemma 6).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from s2f.evaluation.statistics import Floats

Rows = NDArray[np.float32]  # (n, d), of unit length
Pairs = Callable[[slice, slice], NDArray[np.float32]]  # values (rows, columns) of pairs
BLOCK = 1024  # rows against rows at a time: some 20 MB, whatever n


@dataclass(frozen=True)
class Sums:
    """Of pairs of rows of different people: sums and counts by their groups (g, g), and sums under signs (s,)."""

    total: Floats
    count: Floats
    signed: Floats

    def mean(self, chosen: NDArray[np.bool_]) -> float:
        """Over pairs within the groups `chosen` (g,): of h, the distance."""
        return float(self.total[np.ix_(chosen, chosen)].sum() / self.count[np.ix_(chosen, chosen)].sum())

    def apart(self, chosen: NDArray[np.bool_]) -> float:
        """Of a kernel: the distance between the rows of the groups `chosen` (g,) and all others."""
        across = np.ix_(chosen, ~chosen)
        between = float(self.total[across].sum() / self.count[across].sum())
        return self.mean(chosen) + self.mean(~chosen) - 2 * between


def kernel(x: Rows, y: Rows) -> NDArray[np.float32]:
    """(x·y + 1)³ of each row of x with each of y."""
    values = x @ y.T
    values += 1
    return values * values * values


def of_one(x: Rows) -> Pairs:
    """The kernel of pairs within x."""
    return lambda rows, columns: kernel(x[rows], x[columns])


def of_two(x: Rows, y: Rows) -> Pairs:
    """h of pairs (x_i, y_i), (x_j, y_j)."""

    def values(rows: slice, columns: slice) -> NDArray[np.float32]:
        h = kernel(x[rows], x[columns])
        h += kernel(y[rows], y[columns])
        h -= kernel(x[rows], y[columns])
        h -= kernel(y[rows], x[columns])
        return h

    return values


def fold(
    pairs: Pairs,
    people: NDArray[np.int64],
    group: NDArray[np.int64],
    groups: int,
    signs: NDArray[np.int8] | None = None,
) -> Sums:
    """Sums of symmetric `pairs` over rows of different people (n,), a block at a time.

    `group` (n,) is the same for rows of one person, and so is a column of `signs` (s, n), +1 or −1. To exchange x_i and
    y_i is to change the sign of h, so Σ s_i s_j h is what the sum would be had some people's true and generated faces
    changed places.
    """
    n = len(people)
    signs = np.empty((0, n), dtype=np.int8) if signs is None else signs
    total, signed = np.zeros((groups, groups)), np.zeros(len(signs))
    member = np.eye(groups, dtype=np.float32)[group]  # (n, g)
    for rows, columns in _blocks(n):
        values = pairs(rows, columns)
        values[people[rows, None] == people[None, columns]] = 0
        sums = (member[rows].T @ values @ member[columns]).astype(np.float64)
        total += sums if rows == columns else sums + sums.T
        left = signs[:, rows].astype(np.float32) @ values
        signed += (1 if rows == columns else 2) * np.einsum("sn,sn->s", left, signs[:, columns], dtype=np.float64)
    return Sums(total, _counts(people, group, groups), signed)


def _blocks(n: int) -> Iterator[tuple[slice, slice]]:
    """Blocks on and above the diagonal."""
    parts = [slice(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK)]
    return ((rows, columns) for index, rows in enumerate(parts) for columns in parts[index:])


def _counts(people: NDArray[np.int64], group: NDArray[np.int64], groups: int) -> Floats:
    """Pairs of rows of different people, by their groups (g, g)."""
    size = np.bincount(group, minlength=groups).astype(np.float64)
    _, first, clips = np.unique(people, return_index=True, return_counts=True)
    own = np.bincount(group[first], weights=np.square(clips), minlength=groups)
    return np.outer(size, size) - np.diag(own)
