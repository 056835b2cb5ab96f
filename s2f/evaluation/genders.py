"""Are generated faces of the true one's gender, as the judge sees both?"""

import numpy as np
from numpy.typing import NDArray

from s2f.evaluation.agreement import Agreement
from s2f.evaluation.people import mean_of_others
from s2f.evaluation.pictures import MALE
from s2f.evaluation.scores import JUDGED_THE_SAME, NOBODY, Score, estimate, mean_of_samples
from s2f.evaluation.shuffling import by_luck, derangements, shuffled_agreement
from s2f.evaluation.statistics import Estimate, Floats, Plan, proportion, unavailable

SAME = 1e-3  # probabilities that differ by less are one answer


def evaluate_genders(male: Floats, truth: Floats, people: NDArray[np.int64], plan: Plan) -> Agreement:
    """Of the samples' probabilities of a man (n, k) and the true ones (n,), each sample and all together ('_mean')."""
    asked = {"gender_accuracy": male, "gender_accuracy_mean": mean_of_samples(male)[:, None]}
    found = {name: estimate(right_gender(truth, one), people, plan) for name, one in asked.items()}
    shuffled = {name: _shuffled(found[name], one, truth, people, plan) for name, one in asked.items()}
    return Agreement(found, shuffled)


def right_gender(truth: Floats, male: Floats, people: NDArray[np.int64] | None = None) -> Score:
    """Of the samples' probabilities of a man (n, k): on the true face's side (n,) or not; with people (n,) its chance.

    One and the same probability for every picture answers nothing: what it scores is the share of men, or of women.
    """
    known = np.isfinite(truth)[:, None] & np.isfinite(male)
    several = people is None or len(np.unique(people[known.any(1)])) > 1  # of one person, that is said instead
    if several and known.sum() > 1 and np.ptp(male[known]) <= SAME:
        return Score(np.full(male.shape, np.nan), share=True, reason=JUDGED_THE_SAME)
    right = np.where(known, (male >= MALE) == (truth >= MALE)[:, None], np.nan)
    if people is None:
        return Score(right, share=True)
    others = mean_of_others(men_drawn(male), people)
    return Score(right, share=True, chance=np.where(truth >= MALE, others, 1 - others))


def _shuffled(observed: Estimate, male: Floats, truth: Floats, people: NDArray[np.int64], plan: Plan) -> Estimate:
    """The share of right answers with other people's true faces."""
    if observed.value is None:
        return observed
    kept = right_gender(truth, male).kept
    orders = derangements(people[kept], plan.resamples, plan.seed)
    men = men_drawn(male[kept])
    shares, sought = np.stack([1 - men, men], 1), (truth[kept] >= MALE).astype(np.int64)
    values = None if orders is None else shuffled_agreement(shares, sought, orders)
    return by_luck(observed.value, values, int(kept.sum()), plan.confidence)


def men_drawn(male: Floats) -> Floats:
    """Of each voice's samples (n, k) that were judged, the share (n,) that is a man's; NaN where none was."""
    return mean_of_samples(np.where(np.isfinite(male), male >= MALE, np.nan))


def confusion(truth: Floats, male: Floats) -> dict[str, int]:
    """Counts of generated pictures (n, k): 'm_as_f' is a man's voice with a woman's face."""
    pairs = np.isfinite(truth)[:, None] & np.isfinite(male)
    is_male = np.broadcast_to((truth >= MALE)[:, None], male.shape)
    return {
        f"{a}_as_{b}": int((pairs & (is_male == (a == "m")) & ((male >= MALE) == (b == "m"))).sum())
        for a in "fm"
        for b in "fm"
    }


def majority(male: Floats, people: NDArray[np.int64], plan: Plan) -> Estimate:
    """The accuracy of always answering with the commoner gender of the true faces (n,), NaN where none is asked for."""
    known = np.isfinite(male)
    if not known.any():
        return unavailable(NOBODY)
    share = float((male[known] >= MALE).mean())
    return proportion(max(share, 1 - share), int(known.sum()), plan.confidence, people[known])
