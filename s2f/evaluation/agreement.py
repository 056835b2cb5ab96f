"""Does a number read off generated faces, years or a width of the jaw, go with that of the true face?

r is asked for in every way that tells something else: of one sample, as the paper reports it; of the mean of a voice's
samples, since one diffusion sample adds noise of its own; of endless samples, once that noise is known; of ranks; and
inside each gender. Beside each stands what shuffled pairs reach.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from s2f.evaluation.correlations import inside_groups, pearson, spearman, within
from s2f.evaluation.pictures import MALE
from s2f.evaluation.reliability import reliability, unattenuated
from s2f.evaluation.scores import Score, estimate, mean_of_samples
from s2f.evaluation.shuffling import shuffled_r
from s2f.evaluation.statistics import Estimate, Floats, Plan, unavailable


@dataclass(frozen=True)
class Agreement:
    """What was found, and what shuffled pairs reach with luck's p, both by name."""

    found: dict[str, Estimate]
    shuffled: dict[str, Estimate]

    def __or__(self, other: "Agreement") -> "Agreement":
        return Agreement(self.found | other.found, self.shuffled | other.shuffled)

    def as_json(self) -> dict[str, Any]:
        """What was found, by name."""
        return {name: one.as_json() for name, one in self.found.items()}

    def shuffled_as_json(self) -> dict[str, Any]:
        """What shuffled pairs reach, by name."""
        return {name: one.as_json() for name, one in self.shuffled.items()}


def agreement(values: Floats, truth: Floats, male: Floats, people: NDArray[np.int64], plan: Plan) -> Agreement:
    """Of samples (n, k) with the true values (n,), both NaN where there is none; `male` (n,) is the true gender.

    Found: 'single', 'mean', 'reliability', 'unattenuated', 'spearman', 'within_gender'; shuffled: all but the two about
    sampling. Ranks and genders take the mean of a voice's samples; inside genders pairs are shuffled there, too.
    """
    score = Score(values, truth)
    kept = score.kept
    if not kept.any():
        nothing = unavailable(score.reason)
        names = ("single", "mean", "spearman", "within_gender")
        return Agreement(dict.fromkeys((*names, "reliability", "unattenuated"), nothing), dict.fromkeys(names, nothing))
    values, truth, male, people = values[kept], truth[kept], male[kept], people[kept]
    middle, sexed = mean_of_samples(values), np.isfinite(male)
    men = male[sexed] >= MALE
    pairs = middle[sexed], truth[sexed], men.astype(np.int64)
    single = estimate(score.of(kept), people, plan)
    steady = reliability(values, people, plan.confidence)
    found = {
        "single": single,
        "mean": pearson(middle, truth, plan.confidence, people),
        "reliability": steady,
        "unattenuated": unattenuated(single, steady),
        "spearman": spearman(middle, truth, plan.confidence, people),
        "within_gender": within(*pairs, plan.confidence, people[sexed])
        if sexed.any()
        else unavailable("no true face has a gender"),
    }
    ranks = stats.rankdata(middle)[:, None], stats.rankdata(truth)
    shuffled = {
        "single": shuffled_r(found["single"], values, truth, people, plan),
        "mean": shuffled_r(found["mean"], middle[:, None], truth, people, plan),
        "spearman": shuffled_r(found["spearman"], *ranks, people, plan),
    }
    if found["within_gender"].value is None:
        return Agreement(found, shuffled | {"within_gender": found["within_gender"]})
    inner, true = inside_groups(*pairs)
    inside = shuffled_r(found["within_gender"], inner[:, None], true, people[sexed], plan, men)
    return Agreement(found, shuffled | {"within_gender": inside})
