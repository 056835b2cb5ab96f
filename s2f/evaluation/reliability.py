"""How much a single diffusion sample blurs r: samples of one voice differ, and what differs goes with nothing.

Reliability is the share of the spread between single samples that lies between voices: the intraclass correlation of a
one-way random model, ICC(1) (McGraw & Wong 1996, "Forming inferences about some intraclass correlation coefficients").
r divided by its root is what the mean of endlessly many samples would reach (Spearman 1904).
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from s2f.evaluation.statistics import FEWEST_PAIRS, Estimate, Floats, unavailable, weigh

LEAST = 0.05  # reliability below which there is nothing to divide by


def reliability(values: Floats, people: NDArray[np.int64], confidence: float) -> Estimate:
    """ICC(1) of samples (n, k) with its interval; voices that lack a sample are left out.

    The interval counts as many voices as people's are worth.
    """
    complete = np.isfinite(values).all(1)
    values, weight = values[complete], weigh(int(complete.sum()), people[complete])
    (n, k), sure = values.shape, weight.people
    if k < 2:
        return unavailable("one sample a voice", n)
    if weight.rows < FEWEST_PAIRS:
        return unavailable(f"only {sure} {'person' if sure == 1 else 'people'} with all samples", n)
    between = k * values.mean(1).var(ddof=1)
    within = values.var(axis=1, ddof=1).mean()
    if between + within <= 1e-18 * max(1.0, float(np.square(values).mean())):
        return unavailable("one side is the same everywhere", n)
    if within == 0:
        return Estimate(1.0, 1.0, 1.0, None, n, people=sure)
    ratio, free = between / within, (weight.rows - 1, weight.rows * (k - 1))
    tail = 0.5 + confidence / 2
    low, high = ratio / stats.f.ppf(tail, *free), ratio * stats.f.ppf(tail, *free[::-1])
    return Estimate(_icc(ratio, k), _icc(low, k), _icc(high, k), None, n, people=sure)


def _icc(ratio: float, k: int) -> float:
    return float((ratio - 1) / (ratio + k - 1))


def unattenuated(r: Estimate, reliability: Estimate) -> Estimate:
    """r of a single sample as it would be of endlessly many; its interval takes the reliability as known."""
    if r.value is None or r.low is None or r.high is None:
        return r
    if reliability.value is None:
        return unavailable(reliability.why, r.n)
    if reliability.value < LEAST:
        return unavailable("samples of one voice agree no more than those of two", r.n)
    value, low, high = (one / math.sqrt(reliability.value) for one in (r.value, r.low, r.high))
    if abs(value) > 1:
        return unavailable("the samples are less reliable than r needs them to be", r.n)
    low, high = max(-1.0, low), min(1.0, high)
    return Estimate(value, low, high, None, r.n, people=r.people)
