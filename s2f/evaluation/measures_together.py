"""The eleven craniofacial measures as one headline: their mean r, of all voices or some, and of two runs side by side.

A report's card counts how many measures correlate beyond chance. No paired test fits a count: it jumps by one where an
r crosses a bound. The mean of the measures' r moves with every one of them. Each r is that of the mean of a voice's
samples, as in a report's table, true faces turned too far left out. People are drawn, shuffled, and their answers
exchanged, for all measures at once (otherwise as s2f/evaluation/differences.py does it), so measures that go together
are no news twice.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s2f.evaluation.correlations import pearson, standard
from s2f.evaluation.differences import TINY, scored
from s2f.evaluation.headlines import Study
from s2f.evaluation.people import draw_people, persons, toss_coins
from s2f.evaluation.scores import Score, mean_of_samples
from s2f.evaluation.shuffling import by_luck, derangements, shuffled_mean_correlations
from s2f.evaluation.statistics import FEWEST_DRAWN, Estimate, Floats, Plan, from_draws, holm, too_few, unavailable
from s2f.evaluation.tables import take
from s2f.params.evaluation import MEASURES

Which = NDArray[np.bool_]  # (m,): some of the measures
NOBODY = "no voice has a measure on both its faces, the true one not turned too far"
NOT_ALL = "no measure has an r on all sides that are compared"
SCATTERED = "no measure is known of nearly all who have one"
NEARLY_ALL = 0.9  # of the voices that have any measure
UNLIKE = 3  # people whose value is not the commonest one: without any of them 5 % of draws have no r, of one 37 %


@dataclass(frozen=True)
class Measured:
    """Every measure of n voices' generated and true faces (m, n), both NaN where either is, and whose voices they are.

    `people` (n,) are whole numbers, the same for voices of one person.
    """

    generated: Floats
    true: Floats
    people: NDArray[np.int64]

    @staticmethod
    def of(study: Study, places: NDArray[np.int64], max_yaw_degrees: float) -> "Measured":
        """The mean over the pictures at `places` (n, k) beside the true face, if that is turned no further."""
        frontal = np.abs(take(study.true.yaw_degrees, study.voices.true)) <= max_yaw_degrees
        none = [np.full(len(side.ids), np.nan) for side in (study.generated, study.true)]
        drawn = [mean_of_samples(take(study.generated.measures.get(name, none[0]), places)) for name in MEASURES]
        true = [take(study.true.measures.get(name, none[1]), study.voices.true) for name in MEASURES]
        known = np.isfinite(drawn) & np.isfinite(true) & frontal
        return Measured(np.array(drawn), np.array(true), study.voices.people).where(known)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which measures of whom there are (m, n)."""
        return np.isfinite(self.true)

    def where(self, known: NDArray[np.bool_]) -> "Measured":
        """Nothing but these (m, n)."""
        return replace(self, generated=np.where(known, self.generated, np.nan), true=np.where(known, self.true, np.nan))

    def of_voices(self, voices: NDArray[np.bool_]) -> "Measured":
        """These voices (n,) alone."""
        return Measured(self.generated[:, voices], self.true[:, voices], self.people[voices])

    def of_measures(self, used: Which) -> "Measured":
        """These measures alone, and the voices that have all of them."""
        return Measured(self.generated[used], self.true[used], self.people).of_voices(self.known[used].all(0))

    def correlations(self, confidence: float) -> list[Estimate]:
        """Each measure's r."""
        pairs = zip(self.generated, self.true, self.known, strict=True)
        return [pearson(x[known], y[known], confidence, self.people[known]) for x, y, known in pairs]

    def usable(self, confidence: float) -> Which:
        """Which measures have an r, of so many people that they can be drawn, and of nearly all who have any."""
        drawable = [one.value is not None for one in self._drawable(confidence)]
        return np.array(drawable) & (self.known.sum(1) >= NEARLY_ALL * self.known.any(0).sum())

    def why_none(self, confidence: float) -> Estimate:
        """Why none that is asked for is usable: what is said of the one that most voices have."""
        if not self.known.any():
            return unavailable(NOBODY)
        if self.usable(confidence).any():
            return unavailable(NOT_ALL)
        commonest = max(self._drawable(confidence), key=lambda one: one.n)
        return commonest if commonest.value is None else unavailable(SCATTERED, commonest.n)

    def _drawable(self, confidence: float) -> list[Estimate]:
        """Each measure's r, if people can be drawn from it: ten or more, of whom three are not as all the others."""
        found = []
        for r, x, y in zip(self.correlations(confidence), self.generated, self.true, strict=True):
            few = r.value is not None and (r.people or 0) < FEWEST_DRAWN
            alike = max(np.unique(side[np.isfinite(side)], return_counts=True)[1].max(initial=0) for side in (x, y))
            if few:
                r = too_few(r.people or 0, r.n, FEWEST_DRAWN)
            elif r.value is not None and r.n - alike < UNLIKE:
                r = unavailable(f"on one side {alike} of {r.n} are the same", r.n)
            found.append(r)
        return found

    def scores(self) -> list[Score]:
        """Measure by measure."""
        return [Score(x[:, None], y) for x, y in zip(self.generated, self.true, strict=True)]


def mean_r(measured: Measured, used: Which, plan: Plan) -> Estimate:
    """The mean r of the measures that are `used`, of the voices that have all of them."""
    if not used.any():
        return measured.why_none(plan.confidence)
    some = measured.of_measures(used)
    person, count = persons(some.people)
    scores, n = some.scores(), len(person)
    if count < FEWEST_DRAWN:
        return too_few(count, n, FEWEST_DRAWN)
    draws = np.concatenate([_mean_r(scores, weights[:, person]) for weights in draw_people(count, plan)])
    return from_draws(float(_mean_r(scores, np.ones((1, n)))[0]), draws, plan, n, count)


def shuffled_mean_r(observed: Estimate, measured: Measured, used: Which, plan: Plan) -> Estimate:
    """The same with other people's true faces, with luck's p of `observed`; where that is none, so is this."""
    if observed.value is None:
        return observed
    some = measured.of_measures(used)
    orders = derangements(some.people, plan.resamples, plan.seed)
    values = None if orders is None else shuffled_mean_correlations(some.generated, some.true, orders)
    return by_luck(observed.value, values, observed.n, plan.confidence)


def compare_measures(a: Measured, b: Measured, plan: Plan) -> dict[str, Any]:
    """A row of the comparison, as JSON content; the difference is b less a, of the same voices.

    A measure without an r on either side is left out of both: `measures` says how many count, of how many, and how
    many of each side's are beyond chance, which is no difference that is tested.
    """
    of_a, of_b, known = a.known.any(0), b.known.any(0), a.known & b.known
    a, b = a.where(known), b.where(known)
    used = a.usable(plan.confidence) & b.usable(plan.confidence)
    same = all(np.array_equal(*both, equal_nan=True) for both in ((a.generated, b.generated), (a.true, b.true)))
    one, other, difference = _estimates(a, b, used, plan)
    beyond = {f"beyond_chance_{name}": _beyond_chance(side, plan.confidence) for name, side in (("a", a), ("b", b))}
    return {
        "a": one.as_json(),
        "b": other.as_json(),
        "difference": difference.as_json() | {"same": same},
        "only_a": int((of_a & ~of_b).sum()),
        "only_b": int((of_b & ~of_a).sum()),
        "measures": {"used": int(used.sum()), "of": len(MEASURES), **beyond},
    }


def _beyond_chance(measured: Measured, confidence: float) -> int:
    """As a report's card counts them."""
    rows = measured.correlations(confidence)
    return sum(
        p is not None and p <= 1 - confidence and (row.value or 0) > 0
        for row, p in zip(rows, holm([row.p for row in rows]), strict=True)
    )


def _estimates(a: Measured, b: Measured, used: Which, plan: Plan) -> list[Estimate]:
    """Mean r of both, and b less a."""
    if not used.any():
        sides = (side for side in (a, b) if not side.usable(plan.confidence).any())
        return [next((side.why_none(plan.confidence) for side in sides), unavailable(NOT_ALL))] * 3
    a, b = a.of_measures(used), b.of_measures(used)
    person, count = persons(a.people)
    ours, theirs, n = a.scores(), b.scores(), len(person)
    if count < FEWEST_DRAWN:
        return [too_few(count, n, FEWEST_DRAWN)] * 3
    drawn = [
        (_mean_r(ours, w), _mean_r(theirs, w)) for w in (weights[:, person] for weights in draw_people(count, plan))
    ]
    draws_a, draws_b = (np.concatenate(draws) for draws in zip(*drawn, strict=True))
    mean_a, mean_b = (float(_mean_r(one, np.ones((1, n)))[0]) for one in (ours, theirs))
    luck = np.concatenate([_exchanged(ours, theirs, coins[:, person]) for coins in toss_coins(count, plan)])
    p = float((1 + (np.abs(luck) >= abs(mean_b - mean_a) - TINY).sum()) / (1 + len(luck)))
    return [
        from_draws(mean_a, draws_a, plan, n, count),
        from_draws(mean_b, draws_b, plan, n, count),
        from_draws(mean_b - mean_a, draws_b - draws_a, plan, n, count, p),
    ]


def _mean_r(scores: list[Score], weights: NDArray[np.generic]) -> Floats:
    """The mean (b,) of the measures' r under each row of weights (b, n)."""
    return np.mean([scored(score, weights) for score in scores], axis=0)


def _exchanged(a: list[Score], b: list[Score], swap: NDArray[np.bool_]) -> Floats:
    """The difference (b,) when the two sides' answers change places where `swap` (b, n) says so.

    Each side's measures are exchanged as its own standard scores: else the side that spreads them more would rule.
    """
    both = [_one_below_the_other(*pair) for pair in zip(a, b, strict=True)]
    stay, go = ~swap, swap
    return np.nan_to_num(_mean_r(both, np.hstack([go, stay])) - _mean_r(both, np.hstack([stay, go])))


def _one_below_the_other(a: Score, b: Score) -> Score:
    """Rows of a, then rows of b, of which weights may choose."""
    assert a.truth is not None and b.truth is not None
    values = np.concatenate([standard(one.values, one.kept) for one in (a, b)])
    return Score(values, np.concatenate([standard(a.truth, a.kept), standard(b.truth, b.kept)]))
