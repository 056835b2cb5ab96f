"""Fréchet distance between two clouds of embeddings, each taken for a Gaussian.

d² = |μ₁ − μ₂|² + tr Σ₁ + tr Σ₂ − 2 tr (Σ₁^½ Σ₂ Σ₁^½)^½ (Dowson & Landau 1982, "The Fréchet distance between
multivariate normal distributions", J. Multivariate Analysis 12; as FID: Heusel et al. 2017, NeurIPS 30). With Σ = FᵀF
the last trace is the nuclear norm of F₁F₂ᵀ: no root of a product of covariances is taken, so it stays exact where there
are fewer rows than dimensions.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from s2f.evaluation.statistics import Floats


@dataclass(frozen=True)
class Gaussian:
    """A mean (d,) and a factor (m, d) of the covariance: factorᵀ · factor."""

    mean: Floats
    factor: Floats


@dataclass(frozen=True)
class Cloud:
    """Rows (n, d), each in one of `groups` groups (n,), of which any choice is quickly made a Gaussian."""

    rows: Floats
    group: NDArray[np.int64]
    groups: int

    def gaussian(self, chosen: NDArray[np.bool_]) -> Gaussian:
        """Mean and covariance (over n − 1) of the rows, at least two, whose group is `chosen` (groups,)."""
        inside = chosen[self.group]
        n = int(inside.sum())
        if n <= self.rows.shape[1]:
            rows = self.rows[inside]
            return Gaussian(rows.mean(0), (rows - rows.mean(0)) / np.sqrt(n - 1))
        middle, totals, products = self._moments
        mean = totals[chosen].sum(0) / n
        covariance = (products[chosen].sum(0) - n * np.outer(mean, mean)) / (n - 1)
        return Gaussian(mean + middle, _factor(covariance))

    @cached_property
    def _moments(self) -> tuple[Floats, Floats, Floats]:
        """The mean of all (d,); by group, the sum (g, d) of what rows differ from it, and of its products (g, d, d)."""
        middle = self.rows.mean(0)
        parts = [self.rows[self.group == one] - middle for one in range(self.groups)]
        return middle, np.array([part.sum(0) for part in parts]), np.array([part.T @ part for part in parts])


def gaussian(rows: Floats) -> Gaussian:
    """Mean and covariance of rows (n, d), at least two."""
    return Cloud(rows, np.zeros(len(rows), dtype=np.int64), 1).gaussian(np.ones(1, dtype=np.bool_))


def point(mean: Floats) -> Gaussian:
    """The Gaussian that is one place (d,)."""
    return Gaussian(mean, np.zeros((1, len(mean))))


def frechet(a: Gaussian, b: Gaussian) -> float:
    """The (squared) distance; 0 for equals, up to rounding."""
    apart = float(np.square(a.mean - b.mean).sum())
    spread = float(np.square(a.factor).sum() + np.square(b.factor).sum())
    shared = float(linalg.svdvals(a.factor @ b.factor.T).sum())
    return max(0.0, apart + spread - 2 * shared)


def _factor(covariance: Floats) -> Floats:
    """F (d, d) with FᵀF = covariance; by eigenvalues where it has no full rank."""
    try:
        return np.linalg.cholesky(covariance).T
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(covariance)
        return np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
