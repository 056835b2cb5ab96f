"""The eleven craniofacial measures as one headline: their mean r, of all voices or some, and of two runs side by side.

A report's card counts how many measures correlate beyond chance. No paired test fits a count: it jumps by one where an
r crosses a bound. The mean of the measures' r moves with every one of them. Each r is that of the mean of a voice's
samples, as in a report's table, true faces turned too far left out. People are drawn, and their answers exchanged, for
all measures at once (otherwise as s2f/evaluation/differences.py does it), so measures that go together are no news
twice.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s2f.evaluation.correlations import pearson
from s2f.evaluation.differences import TINY, scored
from s2f.evaluation.headlines import Study
from s2f.evaluation.people import draw_people, persons, toss_coins
from s2f.evaluation.scores import Score, mean_of_samples
from s2f.evaluation.statistics import FEWEST_DRAWN, Estimate, Floats, Plan, counted, holm, tails, unavailable
from s2f.evaluation.tables import take
from s2f.params.evaluation import MEASURES

NOBODY = "no voice has a measure on all its faces"


@dataclass(frozen=True)
class Measured:
    """Every measure of n voices' generated and true faces (m, n); both are NaN where either is."""

    generated: Floats
    true: Floats

    @staticmethod
    def of(study: Study, places: NDArray[np.int64], max_yaw_degrees: float) -> "Measured":
        """The mean over the pictures at `places` (n, k) beside the true face, if that is turned no further."""
        frontal = np.abs(take(study.true.yaw_degrees, study.voices.true)) <= max_yaw_degrees
        none = [np.full(len(side.ids), np.nan) for side in (study.generated, study.true)]
        drawn = [mean_of_samples(take(study.generated.measures.get(name, none[0]), places)) for name in MEASURES]
        true = [take(study.true.measures.get(name, none[1]), study.voices.true) for name in MEASURES]
        return Measured(np.array(drawn), np.array(true)).where(np.isfinite(drawn) & np.isfinite(true) & frontal)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which measures of whom there are (m, n)."""
        return np.isfinite(self.true)

    def where(self, known: NDArray[np.bool_]) -> "Measured":
        """Nothing but these (m, n)."""
        return Measured(np.where(known, self.generated, np.nan), np.where(known, self.true, np.nan))

    def of_voices(self, voices: NDArray[np.bool_]) -> "Measured":
        """These voices (n,) alone."""
        return Measured(self.generated[:, voices], self.true[:, voices])

    def has_r(self, people: NDArray[np.int64], confidence: float) -> NDArray[np.bool_]:
        """Which measures have an r (m,)."""
        return np.array([one.value is not None for one in self.correlations(people, confidence)])

    def correlations(self, people: NDArray[np.int64], confidence: float) -> list[Estimate]:
        """Each measure's r."""
        pairs = zip(self.generated, self.true, self.known, strict=True)
        return [pearson(x[known], y[known], confidence, people[known]) for x, y, known in pairs]

    def scores(self, used: NDArray[np.bool_], voices: NDArray[np.bool_]) -> list[Score]:
        """Those of some measures (m,) and voices (n,)."""
        return [Score(x[voices, None], y[voices]) for x, y in zip(self.generated[used], self.true[used], strict=True)]


def mean_r(measured: Measured, used: NDArray[np.bool_], people: NDArray[np.int64], plan: Plan) -> Estimate:
    """The mean r of the measures that are `used` (m,)."""
    if not used.any():
        return unavailable(NOBODY)
    voices = measured.known[used].any(0)
    person, count = persons(people[voices])
    if count < FEWEST_DRAWN:
        return _too_few(count, int(voices.sum()))
    scores = measured.scores(used, voices)
    draws = np.concatenate([_mean_r(scores, weights[:, person]) for weights in draw_people(count, plan)])
    low, high = np.quantile(draws[np.isfinite(draws)], tails(plan.confidence, count))
    value = float(_mean_r(scores, np.ones((1, len(person))))[0])
    return Estimate(value, float(low), float(high), None, len(person), people=count)


def compare_measures(a: Measured, b: Measured, people: NDArray[np.int64], plan: Plan) -> dict[str, Any]:
    """A row of the comparison, as JSON content; the difference is b less a.

    A measure without an r on either side is left out of both: `measures` says how many count, of how many, and how
    many of each side's are beyond chance, which is no difference that is tested.
    """
    of_a, of_b, known = a.known.any(0), b.known.any(0), a.known & b.known
    a, b = a.where(known), b.where(known)
    found = {side: one.correlations(people, plan.confidence) for side, one in (("a", a), ("b", b))}
    used = np.array([None not in (one.value, other.value) for one, other in zip(found["a"], found["b"], strict=True)])
    voices = known[used].any(0)
    counted = {f"beyond_chance_{side}": _beyond_chance(rows, plan.confidence) for side, rows in found.items()}
    same = all(np.array_equal(*both, equal_nan=True) for both in ((a.generated, b.generated), (a.true, b.true)))
    one, other, difference = _estimates(a.scores(used, voices), b.scores(used, voices), people[voices], plan)
    return {
        "a": one.as_json(),
        "b": other.as_json(),
        "difference": difference.as_json() | {"same": same},
        "only_a": int((of_a & ~of_b).sum()),
        "only_b": int((of_b & ~of_a).sum()),
        "measures": {"used": int(used.sum()), "of": len(MEASURES), **counted},
    }


def _beyond_chance(rows: list[Estimate], confidence: float) -> int:
    """As a report's card counts them."""
    return sum(
        p is not None and p <= 1 - confidence and (row.value or 0) > 0
        for row, p in zip(rows, holm([row.p for row in rows]), strict=True)
    )


def _estimates(a: list[Score], b: list[Score], people: NDArray[np.int64], plan: Plan) -> list[Estimate]:
    """Mean r of both, and b less a."""
    person, count = persons(people)
    if count < FEWEST_DRAWN:
        return [_too_few(count, len(people))] * 3
    drawn = [(_mean_r(a, w), _mean_r(b, w)) for w in (weights[:, person] for weights in draw_people(count, plan))]
    draws_a, draws_b = (np.concatenate(draws) for draws in zip(*drawn, strict=True))
    everybody = np.ones((1, len(people)))
    mean_a, mean_b = (float(_mean_r(one, everybody)[0]) for one in (a, b))
    luck = np.concatenate([_exchanged(a, b, coins[:, person]) for coins in toss_coins(count, plan)])
    p = float((1 + (np.abs(luck) >= abs(mean_b - mean_a) - TINY).sum()) / (1 + len(luck)))

    def estimate(value: float, draws: Floats, p: float | None = None) -> Estimate:
        low, high = np.quantile(draws[np.isfinite(draws)], tails(plan.confidence, count))
        return Estimate(value, float(low), float(high), p, len(people), people=count)

    return [estimate(mean_a, draws_a), estimate(mean_b, draws_b), estimate(mean_b - mean_a, draws_b - draws_a, p)]


def _too_few(people: int, n: int) -> Estimate:
    if not n:
        return unavailable(NOBODY)
    return unavailable(f"{counted(people, 'person', 'people')}, at least {FEWEST_DRAWN} are needed", n)


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
    values = np.concatenate([_standard(a.values), _standard(b.values)])
    return Score(values, np.concatenate([_standard(a.truth), _standard(b.truth)]))


def _standard(values: Floats) -> Floats:
    return (values - np.nanmean(values)) / np.nanstd(values)
