"""What a headline is made of, voice by voice, so that it can be taken of some voices only, or of the same ones twice.

A score that is a share (right gender, own face found) or a mean (cosine) counts each voice once, however many of its
samples showed a face; one with a truth (age) is Pearson's r of one sample, averaged over the samples.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from s2f.evaluation.correlations import of_one_sample
from s2f.evaluation.statistics import Estimate, Floats, Plan, mean, proportion, unavailable

NOBODY = "no voice has both a true value and a generated one"
JUDGED_THE_SAME = "every generated face is judged the same"


@dataclass(frozen=True)
class Score:
    """`values` (n, k): what the k samples of each of n voices scored, NaN where there is nothing to score."""

    values: Floats
    truth: Floats | None = None  # (n,): the score is r with it
    share: bool = False  # values are right or wrong, 1 or 0
    chance: Floats | None = None  # (n,): what another person's faces would score with each voice, on average
    reason: str = NOBODY  # why there are no values, where there are none
    bounds: tuple[float, float] = (-np.inf, np.inf)  # what no value, and so no mean, is beyond

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Voices (n,) that have something to score."""
        known = np.isfinite(self.values).any(1)
        return known if self.truth is None else known & np.isfinite(self.truth)

    @property
    def by_voice(self) -> Floats:
        """Each voice's mean (n,) over the samples that have a value; NaN where none has."""
        return mean_of_samples(self.values)

    def of(self, voices: NDArray[np.generic]) -> "Score":
        """The same of these voices alone: a mask (n,), or indices."""
        truth, chance = (None if one is None else one[voices] for one in (self.truth, self.chance))
        return replace(self, values=self.values[voices], truth=truth, chance=chance)


def estimate(score: Score, people: NDArray[np.int64], plan: Plan) -> Estimate:
    """The headline itself with its interval; `people` (n,) says whose voices are one person's."""
    kept = score.kept
    if not kept.any():
        return unavailable(score.reason)
    who = people[kept]
    if score.truth is not None:
        return of_one_sample(score.values[kept], score.truth[kept], plan.confidence, who)
    values = score.by_voice[kept]
    if score.share:
        return proportion(float(values.mean()), len(values), plan.confidence, who, _answers(score.values[kept]))
    return mean(values, who, plan, score.bounds)


def _answers(values: Floats) -> float:
    """As how many answers, right or wrong, a voice's samples (n, k) count: one where they agree, up to all of them.

    Independent ones differ less from voice to voice than one does. Where nearly all are right, or wrong, few voices
    tell; so four more are counted whose samples agree, two of them right and two wrong (after Agresti & Coull 1998).
    """
    by_voice, samples = np.append(mean_of_samples(values), [1, 1, 0, 0]), float(np.isfinite(values).sum(1).mean())
    share, spread = float(by_voice.mean()), float(by_voice.var())
    return min(samples, max(1.0, share * (1 - share) / spread))


def one_face(faces: Floats) -> Score:
    """Whether pictures (n, k) show exactly one face, of how many were found; NaN where none was looked for."""
    return Score(np.where(np.isfinite(faces), faces == 1, np.nan), share=True)


def mean_of_samples(values: Floats) -> Floats:
    """Mean (n,) of what was found among the samples (n, k); NaN where nothing was."""
    found = np.isfinite(values)
    total = np.where(found, values, 0.0).sum(1)
    return np.divide(total, found.sum(1), out=np.full(len(values), np.nan), where=found.any(1))
