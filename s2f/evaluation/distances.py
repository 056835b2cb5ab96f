"""Do generated faces, all together, look like true ones? Fréchet and kernel distance of their embeddings.

Estimated from few faces a Fréchet distance is too large, by about c/N, and c depends on who draws (Chong & Forsyth
2020, "Effectively unbiased FID and Inception Score and where to find them", CVPR). So like is held against like: people
are cut into halves, many times, and one half's true faces stand against the other half's generated ones, beside the
same against the other half's true ones. Both times there are as many faces on a side, and nobody is on both.

Where that is not enough, it is said. If one mean face for everybody were nearer to true faces than true faces are to
each other, the distance would rank N and not faces, and there is none. Where true faces are hardly apart for their
number, the jackknife takes the c/N off, too: `corrected`. Of known Gaussians the interval of `value` holds what such
studies find on average 92 to 100 times in 100, and their true distance hardly ever; that of `corrected` holds the true
one 92 to 100 times in 100 (tests/evaluation/test_distances.py). Less variety than true faces have may come out *below*
their halves: that is no praise.

The kernel distance needs none of this: it is unbiased, 0 is no difference at every N.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from s2f.evaluation.embeddings import all_alike, normalise
from s2f.evaluation.frechet import Cloud, frechet, point
from s2f.evaluation.kernel_distance import Rows, Sums, fold, of_one, of_two
from s2f.evaluation.shuffling import luck
from s2f.evaluation.statistics import Estimate, Floats, Plan, unavailable

GROUPS = 20  # of people: halves are made of them, and one is left out at a time
SPLITS = 40  # into halves
EXCHANGES = 1000  # of true and generated faces, at most: p is no smaller than one in so many
STEADY = 1 / 7  # of the mean face's distance: below it the halves' bias is c/N; some four faces a side and dimension

Halves = NDArray[np.bool_]  # (SPLITS, GROUPS), half of each row True


@dataclass(frozen=True)
class Pairs:
    """Voices with a true face and a generated one (n, d), and the group that each voice's person is in (n,)."""

    true: Floats
    generated: Floats
    people: NDArray[np.int64]
    group: NDArray[np.int64]


@dataclass(frozen=True)
class Alone:
    """True faces, and how far their halves are from each other (SPLITS,), and from each other's mean face (SPLITS,)."""

    cloud: Cloud
    apart: Floats
    one_face: Floats


def evaluate_distances(
    truth: Floats, faces: Iterable[tuple[str, NDArray[Any]]], people: NDArray[np.int64], plan: Plan
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Of true faces (n, d) and generated ones (n, k, d), w by w: the baseline of halves, and by w both distances.

    One sample at a time, averaged over the samples; a voice without a true face, or without a face in this sample, is
    left out of it and counted. People are what intervals and p draw, leave out or exchange: with all their samples.
    """
    known = np.isfinite(truth[:, 0])
    truth, people = truth[known], people[known]
    group, halves = divide(people, plan.seed)
    seen: dict[bytes, Alone] = {}  # nearly always every face is found, and all samples have the same true faces

    def alone(kept: NDArray[np.bool_]) -> Alone:
        return seen.get(kept.tobytes()) or seen.setdefault(kept.tobytes(), _alone(truth[kept], group[kept], halves))

    by_guidance = {}
    for w, drawn in faces:
        samples = np.moveaxis(drawn[known], 1, 0)  # (k, n, d)
        found = np.isfinite(samples[:, :, 0])
        pairs = [
            Pairs(truth[kept], sample[kept].astype(np.float64), people[kept], group[kept])
            for sample, kept in zip(samples, found, strict=True)
        ]
        reason = _refusal(pairs, halves)
        content = {"frechet": _nothing(reason, pairs), "kernel": _nothing(reason, pairs)}
        if reason is None:
            content["frechet"] = _frechet(pairs, [alone(kept) for kept in found], halves, plan)
            content["kernel"] = _kernel(pairs, people, plan).as_json()
        by_guidance[w] = content | {"left_out": int(drawn.shape[0] * drawn.shape[1] - found.sum())}
    reason = _refusal([Pairs(truth, truth, people, group)], halves)
    kernel = None if reason else fold(of_one(_unit(truth)), people, group, GROUPS)
    return _true_halves(reason, None if reason else alone(known[known]), kernel, halves, len(truth), plan), by_guidance


def divide(people: NDArray[np.int64], seed: int) -> tuple[NDArray[np.int64], Halves]:
    """The group (n,) of everybody, GROUPS with as many people each as can be, and random halves of the groups."""
    rng = np.random.default_rng(seed)
    names, person = np.unique(people, return_inverse=True)
    group = rng.permutation(np.arange(len(names)) % GROUPS)
    halves = np.tile(np.arange(GROUPS) < GROUPS // 2, (SPLITS, 1))
    return group[person], rng.permuted(halves, axis=1)


def _refusal(samples: list[Pairs], halves: Halves) -> str | None:
    """Why these have no distance, or None."""
    if not samples:
        return "no samples"
    fewest = min(_people(pairs) for pairs in samples)
    if fewest < GROUPS:
        return f"only {fewest} {'person' if fewest == 1 else 'people'}, at least {GROUPS} are needed"
    sides = [side for pairs in samples for side in (pairs.true, pairs.generated)]
    if any(all_alike(side) for side in sides):
        return "all faces of one side are the same"
    sizes = [np.bincount(pairs.group, minlength=GROUPS) for pairs in samples]
    if min(int(size[half].sum() - size.max()) for size in sizes for half in (*halves, *~halves)) < 2:
        return "the faces that were found are not of enough people for halves"
    return None


def _people(pairs: Pairs) -> int:
    return len(np.unique(pairs.people))


def _nothing(reason: str | None, samples: list[Pairs]) -> dict[str, Any]:
    return unavailable(reason or "", min((len(pairs.people) for pairs in samples), default=0)).as_json()


def _alone(rows: Floats, group: NDArray[np.int64], halves: Halves) -> Alone:
    cloud = Cloud(rows, group, GROUPS)
    found = []
    for half in halves:
        one, other = cloud.gaussian(half), cloud.gaussian(~half)
        found.append((frechet(one, other), frechet(one, point(other.mean))))
    apart, from_one_face = np.array(found).T
    return Alone(cloud, apart, from_one_face)


def _middle(values: Floats, n: int, plan: Plan) -> dict[str, Any]:
    """Mean and middle of what the halves of n faces gave: the reach of luck."""
    low, high = np.quantile(values, [0.5 - plan.confidence / 2, 0.5 + plan.confidence / 2])
    return Estimate(float(values.mean()), float(low), float(high), None, n).as_json()


def _true_halves(
    reason: str | None, alone: Alone | None, kernel: Sums | None, halves: Halves, n: int, plan: Plan
) -> dict[str, Any]:
    """The baseline of all true faces; `one_face` is how far one half is from the other half's mean face."""
    if alone is None or kernel is None:
        nothing = unavailable(reason or "", n).as_json()
        return {"a_side": n // 2, "frechet": nothing, "one_face": nothing, "kernel": nothing}
    return {
        "a_side": n // 2,
        "frechet": _middle(alone.apart, n, plan),
        "one_face": _middle(alone.one_face, n, plan),
        "kernel": _middle(np.array([kernel.apart(half) for half in halves]), n, plan),
    }


def _frechet(samples: list[Pairs], alone: list[Alone], halves: Halves, plan: Plan) -> dict[str, Any]:
    """The distance with as many faces as a half has, that of the same people's true halves, and that without bias."""
    n, people = min(len(pairs.people) for pairs in samples), min(_people(pairs) for pairs in samples)
    apart = np.mean([one.apart for one in alone], axis=0)
    one_face = float(np.mean([one.one_face.mean() for one in alone]))
    content: dict[str, Any] = {"a_side": n // 2, "halves": _middle(apart, n, plan)}
    if apart.mean() >= one_face:
        reason = f"with {n // 2} faces a side, one mean face for everybody would be nearer ({one_face:.2f})"
        nothing = unavailable(f"{reason} than true faces to each other ({apart.mean():.2f})", n).as_json()
        return nothing | {"corrected": nothing} | content
    drawn = [Cloud(pairs.generated, pairs.group, GROUPS) for pairs in samples]
    clouds = [(one.cloud, other) for one, other in zip(alone, drawn, strict=True)]
    value = float(np.mean([_crossed(*both, half) for both in clouds for half in halves]))
    error, bias = _error_and_bias(clouds, halves[0])
    reach = float(error * stats.t.ppf(0.5 + plan.confidence / 2, GROUPS - 2))
    found = Estimate(value, max(0.0, value - reach), value + reach, None, n, people=people)
    freed = value - bias
    free = Estimate(freed, freed - reach, freed + reach, None, n, people=people)
    if apart.mean() > STEADY * one_face:
        free = unavailable(f"{n // 2} faces a side are too few to tell the distance from its bias", n)
    return found.as_json() | {"corrected": free.as_json()} | content


def _crossed(true: Cloud, drawn: Cloud, half: NDArray[np.bool_]) -> float:
    """Distance of one half's true faces from the other's generated ones, the mean of both ways round."""
    one = frechet(true.gaussian(half), drawn.gaussian(~half))
    return (one + frechet(true.gaussian(~half), drawn.gaussian(half))) / 2


def _error_and_bias(clouds: list[tuple[Cloud, Cloud]], half: NDArray[np.bool_]) -> tuple[float, float]:
    """Of the mean over the samples, by leaving out a group of people at a time.

    Each half is a stratum of its own, for to leave out a tenth of one side is not to leave out a twentieth of both
    (Shao & Tu 1995, "The jackknife and bootstrap", chapter 6).
    """
    whole = float(np.mean([_crossed(*both, half) for both in clouds]))
    without = np.mean([_without(*both, half) for both in clouds], axis=0)
    square, bias = 0.0, 0.0
    for part in (without[half], without[~half]):
        square += (len(part) - 1) / len(part) * float(np.square(part - part.mean()).sum())
        bias += (len(part) - 1) * float(part.mean() - whole)
    return float(np.sqrt(square)), bias


def _without(true: Cloud, drawn: Cloud, half: NDArray[np.bool_]) -> Floats:
    """Of the groups (GROUPS,) each: the distance of these halves without its people."""
    found = np.empty(GROUPS)
    one, other = (true.gaussian(half), drawn.gaussian(~half)), (true.gaussian(~half), drawn.gaussian(half))
    for group in range(GROUPS):
        rest = np.arange(GROUPS) != group
        if half[group]:
            pair = (true.gaussian(half & rest), one[1]), (other[0], drawn.gaussian(half & rest))
        else:
            pair = (one[0], drawn.gaussian(~half & rest)), (true.gaussian(~half & rest), other[1])
        found[group] = np.mean([frechet(*sides) for sides in pair])
    return found


def _kernel(samples: list[Pairs], everybody: NDArray[np.int64], plan: Plan) -> Estimate:
    """Mean over the samples, interval by leaving out a group of people at a time, p by exchanging.

    Under the null, which face of a person is the true one is a toss: p is the share of tosses, a person's faces all
    together, that set the two further apart. With several samples this is the wild bootstrap of the same pairs, exact
    as N grows (Leucht & Neumann 2013, "Dependent wild bootstrap for degenerate U- and V-statistics", J. Multivariate
    Analysis 117).
    """
    rng = np.random.default_rng(plan.seed)
    names = np.unique(everybody)
    tosses = rng.choice(np.array([-1, 1], dtype=np.int8), (min(plan.resamples, EXCHANGES) + 1, len(names)))
    tosses[0] = 1  # as it is
    everyone = np.ones(GROUPS, dtype=np.bool_)
    values, without, tossed = [], [], []
    for pairs in samples:
        signs = tosses[:, np.searchsorted(names, pairs.people)]
        two = of_two(_unit(pairs.true), _unit(pairs.generated))
        sums = fold(two, pairs.people, pairs.group, GROUPS, signs)
        values.append(sums.mean(everyone))
        without.append([sums.mean(np.arange(GROUPS) != group) for group in range(GROUPS)])
        tossed.append(sums.signed / sums.count.sum())
    value, left = float(np.mean(values)), np.mean(without, axis=0)
    error = np.sqrt((GROUPS - 1) / GROUPS * np.square(left - left.mean()).sum())
    reach = float(error * stats.t.ppf(0.5 + plan.confidence / 2, GROUPS - 1))
    observed, *others = np.mean(tossed, axis=0)
    n, people = min(len(pairs.people) for pairs in samples), min(_people(pairs) for pairs in samples)
    return Estimate(value, value - reach, value + reach, luck(observed, others), n, people=people)


def _unit(rows: Floats) -> Rows:
    return normalise(rows).astype(np.float32)
