"""Age and gender: do generated faces look as old, and of the same sex, as the speaker's true face?

As in the paper, the truth is the judge's estimate of the true face; where labels are known, they are a second truth,
and the judge itself is measured against them: that is the ceiling. Each w, against either truth, also stands beside
shuffled pairs.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s2f.evaluation.shuffling import chance, derangements, luck, shuffled_agreement, shuffled_correlations
from s2f.evaluation.statistics import Estimate, Floats, Plan, holm, mean_correlation, pearson, proportion, unavailable
from s2f.evaluation.tables import MALE, Pictures, Voices, faces_found, guidance_name, mean_of_samples, take

BANDS = (20, 30, 40, 50, 60, 70)  # years with which a new band begins: the groups whose confusion is counted
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
        "majority_accuracy": _majority(take(true.male, voices.true)),
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


def _found(pictures: Pictures, places: NDArray[np.int64], plan: Plan) -> dict[str, int]:
    """What was found in the pictures at `places`; a face that the judge did not see is 'not_judged'."""
    faces, face_px, age = (take(one, places).ravel() for one in (pictures.faces, pictures.face_px, pictures.age))
    return faces_found(faces, face_px, plan.tiny_face_px) | {"not_judged": int(((faces > 0) & ~np.isfinite(age)).sum())}


def _against(rows: _Rows, plan: Plan) -> dict[str, Any]:
    """One sample at a time as in the paper, and the mean of the samples."""
    return {
        "age_r": _age_r_of_one(rows, plan).as_json(),
        "age_r_mean": _age_r(rows, mean_of_samples(rows.age), plan).as_json(),
        "gender_accuracy": _accuracy(rows, rows.male, plan).as_json(),
        "gender_accuracy_mean": _accuracy(rows, mean_of_samples(rows.male)[:, None], plan).as_json(),
    }


def _age_r_of_one(rows: _Rows, plan: Plan) -> Estimate:
    """r of one sample, averaged over the samples; its interval is that of the people behind the pairs that exist."""
    people = len(np.unique(rows.people[_paired(rows.true_age, rows.age)]))
    return mean_correlation([_age_r(rows, age, plan) for age in rows.age.T], people, plan.confidence)


def _paired(truth: Floats, estimates: Floats) -> NDArray[np.bool_]:
    """Voices (n,) with a truth (n,) and an estimate of at least one sample (n, k)."""
    return np.isfinite(truth) & np.isfinite(estimates).any(1)


def _age_r(rows: _Rows, age: Floats, plan: Plan) -> Estimate:
    kept = np.isfinite(rows.true_age) & np.isfinite(age)
    return pearson(age[kept], rows.true_age[kept], plan.confidence, len(np.unique(rows.people[kept])))


def _accuracy(rows: _Rows, male: Floats, plan: Plan) -> Estimate:
    """Share of voices with the right gender, averaged over the samples (n, k) in which a face was found."""
    kept = _paired(rows.true_male, male)
    if not kept.any():
        return unavailable("no voice has a judged true face and a judged generated one")
    yes = _share_of_men(male[kept])
    share = float(np.where(rows.true_male[kept] >= MALE, yes, 1 - yes).mean())
    return proportion(share, int(kept.sum()), plan.confidence, len(np.unique(rows.people[kept])))


def _share_of_men(male: Floats) -> Floats:
    """Of each voice's judged samples (n, k), at least one of each, the share that shows a man (n,)."""
    found = np.isfinite(male)
    return ((male >= MALE) & found).sum(1) / found.sum(1)


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
    observed = _age_r_of_one(rows, plan)
    if observed.value is None:
        return observed, None
    kept = _paired(rows.true_age, rows.age)
    orders = derangements(rows.people[kept], plan.resamples, plan.seed)
    values = None if orders is None else shuffled_correlations(rows.age[kept], rows.true_age[kept], orders)
    return chance(values, int(kept.sum()), plan.confidence), luck(observed.value, values)


def _shuffled_gender(rows: _Rows, plan: Plan) -> tuple[Estimate, float | None]:
    observed, kept = _accuracy(rows, rows.male, plan), _paired(rows.true_male, rows.male)
    orders = derangements(rows.people[kept], plan.resamples, plan.seed)
    truth = rows.true_male[kept] >= MALE
    values = None if orders is None else shuffled_agreement(_share_of_men(rows.male[kept]), truth, orders)
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
        proportion(float(right.mean()), len(right), plan.confidence, len(np.unique(voices.people[sexed])))
        if len(right)
        else unavailable("no labels")
    )
    r = pearson(age[kept], label[kept], plan.confidence, len(np.unique(voices.people[kept])))
    return {
        "age_r": (r if kept.any() else unavailable("no labels")).as_json(),
        "age_error_years": float(np.round(np.abs(age - label)[kept].mean(), 3)) if kept.any() else None,
        "gender_accuracy": accuracy.as_json(),
    }


def _majority(male: Floats) -> float | None:
    """The accuracy of always answering with the commoner gender."""
    known = male[np.isfinite(male)]
    share = float((known >= MALE).mean()) if len(known) else None
    return None if share is None else round(max(share, 1 - share), 6)
