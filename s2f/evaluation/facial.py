"""Age and gender: do generated faces look as old, and of the same sex, as the speaker's true face?

As in the paper, the truth is the judge's estimate of the true face; where labels are known, they are a second truth,
and the judge itself is measured against them: that is the ceiling. Each w, against either truth, also stands beside
shuffled pairs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s2f.evaluation.reliability import reliability, unattenuated
from s2f.evaluation.scores import Score, estimate, mean_of_samples
from s2f.evaluation.shuffling import chance, derangements, luck, shuffled_agreement, shuffled_correlations
from s2f.evaluation.statistics import (
    Estimate,
    Floats,
    Plan,
    holm,
    mean,
    pearson,
    proportion,
    slope,
    spearman,
    unavailable,
    within,
)
from s2f.evaluation.tables import MALE, Pictures, Voices, faces_found, guidance_name, take

BANDS = (20, 30, 40, 50, 60, 70)  # years with which a new band begins: the groups whose confusion is counted
SAME = 1e-3  # probabilities that differ by less are one answer
JUDGED_THE_SAME = "every generated face is judged the same"
BAND_NAMES = (f"0–{BANDS[0] - 1}", *(f"{low}–{high - 1}" for low, high in pairwise(BANDS)), f"{BANDS[-1]}+")


def evaluate_facial(true: Pictures, generated: Pictures, voices: Voices, plan: Plan) -> dict[str, Any]:
    """Everything the report says about age and gender, as JSON content; keys of the weights are names of w."""
    guidance, shuffled = {}, {}
    for w, places in voices.generated.items():
        rows = _Rows.of(true, generated, voices, places)
        name, labelled = guidance_name(w), rows.labelled()
        guidance[name] = _against(rows, plan) | {
            "confusion": _confusion(rows.true_male, rows.male),
            "age_confusion": _age_confusion(rows.true_age, rows.age),
            "labels": _against(labelled, plan) | {"confusion": _confusion(rows.label_male, rows.male)},
            **_found(generated, places, plan),
        }
        shuffled[name] = _shuffled(rows, plan) | {"labels": _shuffled(labelled, plan)}
    _correct(list(shuffled.values()))
    _correct([row["labels"] for row in shuffled.values()])
    samples = max((places.shape[1] for places in voices.generated.values()), default=0)
    return {
        "voices": len(voices.ids),
        "people": voices.independent,
        "samples": samples,
        "without_true_face": int((~np.isfinite(take(true.age, voices.true))).sum()),
        "tiny_face_px": plan.tiny_face_px,
        "true_faces": _found(true, voices.true, plan),
        "judge": judge_against_labels(true, voices, plan),
        "majority_accuracy": _majority(take(true.male, voices.true), voices.people, plan).as_json(),
        "guidance": guidance,
        "shuffled": shuffled,
    }


@dataclass(frozen=True)
class _Rows:
    """Estimates of one w: voices down (n,), samples across (n, k)."""

    people: NDArray[np.int64]
    true_age: Floats
    true_male: Floats
    label_age: Floats
    label_male: Floats
    age: Floats
    male: Floats

    @staticmethod
    def of(true: Pictures, generated: Pictures, voices: Voices, places: NDArray[np.int64]) -> "_Rows":
        return _Rows(
            people=voices.people,
            true_age=take(true.age, voices.true),
            true_male=take(true.male, voices.true),
            label_age=take(true.label_age, voices.true),
            label_male=take(true.label_male, voices.true),
            age=take(generated.age, places),
            male=take(generated.male, places),
        )

    def labelled(self) -> "_Rows":
        """The same with the labels as truth."""
        return _Rows(self.people, self.label_age, self.label_male, self.label_age, self.label_male, self.age, self.male)

    @property
    def age_score(self) -> Score:
        """r of the years."""
        return Score(self.age, self.true_age)

    @property
    def gender_score(self) -> Score:
        """Whether each sample's gender is right."""
        return right_gender(self.true_male, self.male)


def right_gender(truth: Floats, male: Floats) -> Score:
    """Of the samples' probabilities of a man (n, k): on the true face's side (n,) or not.

    One and the same probability for every picture answers nothing: what it scores is the share of men, or of women.
    """
    known = np.isfinite(truth)[:, None] & np.isfinite(male)
    if known.sum() > 1 and np.ptp(male[known]) <= SAME:
        return Score(np.full(male.shape, np.nan), share=True, reason=JUDGED_THE_SAME)
    return Score(np.where(known, (male >= MALE) == (truth >= MALE)[:, None], np.nan), share=True)


def _found(pictures: Pictures, places: NDArray[np.int64], plan: Plan) -> dict[str, int]:
    """What was found in the pictures at `places`; a face that the judge did not see is 'not_judged'."""
    faces, face_px, age = (take(one, places).ravel() for one in (pictures.faces, pictures.face_px, pictures.age))
    return faces_found(faces, face_px, plan.tiny_face_px) | {"not_judged": int(((faces > 0) & ~np.isfinite(age)).sum())}


def _against(rows: _Rows, plan: Plan) -> dict[str, Any]:
    """One sample at a time as in the paper, the mean of the samples, and what lies between the two."""
    age, mean_age = rows.age_score, Score(mean_of_samples(rows.age)[:, None], rows.true_age)
    mean_gender = right_gender(rows.true_male, mean_of_samples(rows.male)[:, None])
    r = estimate(age, rows.people, plan)
    steady = reliability(rows.age[age.kept], rows.people[age.kept], plan.confidence)
    return {
        "age_r": r.as_json(),
        "age_r_mean": estimate(mean_age, rows.people, plan).as_json(),
        "age_reliability": steady.as_json(),
        "age_r_unattenuated": unattenuated(r, steady).as_json(),
        "age_spearman": _of_mean_age(rows, plan, spearman).as_json(),
        "age_r_within_gender": _age_within_gender(rows, plan).as_json(),
        "age_error_years": estimate(_years_off(rows), rows.people, plan).as_json(),
        "age_slope": _of_mean_age(rows, plan, slope).as_json(),
        "gender_accuracy": estimate(rows.gender_score, rows.people, plan).as_json(),
        "gender_accuracy_mean": estimate(mean_gender, rows.people, plan).as_json(),
    }


def _years_off(rows: _Rows) -> Score:
    """How far each sample's years (n, k) are from the true ones."""
    return Score(np.abs(rows.age - rows.true_age[:, None]))


def _of_mean_age(rows: _Rows, plan: Plan, statistic: Callable[..., Estimate]) -> Estimate:
    age = mean_of_samples(rows.age)
    kept = np.isfinite(rows.true_age) & np.isfinite(age)
    return statistic(age[kept], rows.true_age[kept], plan.confidence, rows.people[kept])


def _age_within_gender(rows: _Rows, plan: Plan) -> Estimate:
    age = mean_of_samples(rows.age)
    kept = np.isfinite(rows.true_age) & np.isfinite(age) & np.isfinite(rows.true_male)
    gender = (rows.true_male[kept] >= MALE).astype(np.int64)
    return within(age[kept], rows.true_age[kept], gender, plan.confidence, rows.people[kept])


def _confusion(truth: Floats, male: Floats) -> dict[str, int]:
    """Counts of generated pictures (n, k): 'm_as_f' is a man's voice with a woman's face."""
    pairs = np.isfinite(truth)[:, None] & np.isfinite(male)
    is_male = np.broadcast_to((truth >= MALE)[:, None], male.shape)
    return {
        f"{a}_as_{b}": int((pairs & (is_male == (a == "m")) & ((male >= MALE) == (b == "m"))).sum())
        for a in "fm"
        for b in "fm"
    }


def _age_confusion(truth: Floats, age: Floats) -> dict[str, Any]:
    """Counts of generated pictures (n, k) by band of the true age (down) and of the generated face's (across)."""
    counts = np.zeros((len(BAND_NAMES), len(BAND_NAMES)), dtype=np.int64)
    pairs = np.isfinite(truth)[:, None] & np.isfinite(age)
    down = np.broadcast_to(truth[:, None], age.shape)[pairs]
    np.add.at(counts, (np.digitize(down, BANDS), np.digitize(age[pairs], BANDS)), 1)
    return {"bands": list(BAND_NAMES), "counts": counts.tolist()}


def _shuffled(rows: _Rows, plan: Plan) -> dict[str, Any]:
    """The two numbers of one sample when every voice is given other people's true faces, and the luck ours would be."""
    age, age_p = _shuffled_age(rows, plan)
    gender, gender_p = _shuffled_gender(rows, plan)
    return {"age_r": age.as_json(), "age_p": age_p, "gender_accuracy": gender.as_json(), "gender_p": gender_p}


def _shuffled_age(rows: _Rows, plan: Plan) -> tuple[Estimate, float | None]:
    observed, kept = estimate(rows.age_score, rows.people, plan), rows.age_score.kept
    if observed.value is None:
        return observed, None
    orders = derangements(rows.people[kept], plan.resamples, plan.seed)
    values = None if orders is None else shuffled_correlations(rows.age[kept], rows.true_age[kept], orders)
    return chance(values, int(kept.sum()), plan.confidence), luck(observed.value, values)


def _shuffled_gender(rows: _Rows, plan: Plan) -> tuple[Estimate, float | None]:
    observed, kept = estimate(rows.gender_score, rows.people, plan), rows.gender_score.kept
    orders = derangements(rows.people[kept], plan.resamples, plan.seed)
    truth, male = rows.true_male[kept] >= MALE, rows.male[kept]
    men = mean_of_samples(np.where(np.isfinite(male), male >= MALE, np.nan))
    values = None if orders is None else shuffled_agreement(men, truth, orders)
    return chance(values, int(kept.sum()), plan.confidence), luck(observed.value, values)


def _correct(rows: list[dict[str, Any]]) -> None:
    """To each w's luck, what it is worth when the best of all w is chosen (Holm)."""
    for key in ("age_p", "gender_p"):
        for row, p in zip(rows, holm([row[key] for row in rows]), strict=True):
            row[f"{key}_holm"] = p


def judge_against_labels(true: Pictures, voices: Voices, plan: Plan) -> dict[str, Any]:
    """The judge on the true faces against their labels: no generated face can be judged better than this."""
    age, label = take(true.age, voices.true), take(true.label_age, voices.true)
    kept = np.isfinite(age) & np.isfinite(label)
    male, label_male = take(true.male, voices.true), take(true.label_male, voices.true)
    sexed = np.isfinite(male) & np.isfinite(label_male)
    right = (male[sexed] >= MALE) == (label_male[sexed] >= MALE)
    accuracy = (
        proportion(float(right.mean()), len(right), plan.confidence, voices.people[sexed])
        if len(right)
        else unavailable("no labels")
    )
    r = pearson(age[kept], label[kept], plan.confidence, voices.people[kept])
    error = mean(np.abs(age - label)[kept], voices.people[kept], plan)
    return {
        "age_r": (r if kept.any() else unavailable("no labels")).as_json(),
        "age_error_years": (error if kept.any() else unavailable("no labels")).as_json(),
        "gender_accuracy": accuracy.as_json(),
    }


def _majority(male: Floats, people: NDArray[np.int64], plan: Plan) -> Estimate:
    """The accuracy of always answering with the commoner gender."""
    known = np.isfinite(male)
    if not known.any():
        return unavailable("no true face was judged")
    share = float((male[known] >= MALE).mean())
    return proportion(max(share, 1 - share), int(known.sum()), plan.confidence, people[known])
