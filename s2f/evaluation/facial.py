"""Age and gender: do generated faces look as old, and of the same sex, as the speaker's true face?

As in the paper, the truth is the judge's estimate of the true face; where labels are known, they are a second truth,
and the judge itself is measured against them: that is the ceiling. Every number, against either truth, also stands
beside what shuffled pairs reach.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from s2f.evaluation.ages import age_confusion, evaluate_ages
from s2f.evaluation.agreement import Agreement
from s2f.evaluation.genders import confusion, evaluate_genders, majority
from s2f.evaluation.pictures import Pictures
from s2f.evaluation.statistics import Floats, Plan, correct, unavailable
from s2f.evaluation.tables import Voices, faces_found, guidance_name, take


def evaluate_facial(true: Pictures, generated: Pictures, voices: Voices, plan: Plan) -> dict[str, Any]:
    """Everything the report says about age and gender, as JSON content; keys of the weights are names of w."""
    judged = take(true.age, voices.true), take(true.male, voices.true)
    labelled = take(true.label_age, voices.true), take(true.label_male, voices.true)
    guidance, shuffled, answered = {}, {}, np.zeros(len(voices.ids), np.bool_)
    for w, places in voices.generated.items():
        drawn = take(generated.age, places), take(generated.male, places)
        answered |= np.isfinite(drawn[1]).any(1)
        ours, by_label = (_against(truth, drawn, voices.people, plan) for truth in (judged, labelled))
        labels = by_label.as_json() | {"confusion": confusion(labelled[1], drawn[1])}
        guidance[guidance_name(w)] = {
            **ours.as_json(),
            "confusion": confusion(judged[1], drawn[1]),
            "age_confusion": age_confusion(judged[0], drawn[0]),
            "labels": labels,
            **_found(generated, places, plan),
        }
        shuffled[guidance_name(w)] = ours.shuffled_as_json() | {"labels": by_label.shuffled_as_json()}
    _correct(list(shuffled.values()))
    _correct([row["labels"] for row in shuffled.values()])
    return {
        "voices": len(voices.ids),
        "people": voices.independent,
        "samples": max((places.shape[1] for places in voices.generated.values()), default=0),
        "without_true_face": int((~np.isfinite(judged[0])).sum()),
        "tiny_face_px": plan.tiny_face_px,
        "true_faces": _found(true, voices.true, plan),
        "judge": judge_against_labels(true, voices, plan),
        "majority_accuracy": majority(np.where(answered, judged[1], np.nan), voices.people, plan).as_json(),
        "guidance": guidance,
        "shuffled": shuffled,
    }


def _against(
    truth: tuple[Floats, Floats], drawn: tuple[Floats, Floats], people: NDArray[np.int64], plan: Plan
) -> Agreement:
    """Age and gender (n,) that are taken for true, and those of the samples (n, k)."""
    return evaluate_ages(drawn[0], *truth, people, plan) | evaluate_genders(drawn[1], truth[1], people, plan)


def _found(pictures: Pictures, places: NDArray[np.int64], plan: Plan) -> dict[str, int]:
    """What was found in the pictures at `places`; a face that the judge did not see is 'not_judged'."""
    faces, face_px, age = (take(one, places).ravel() for one in (pictures.faces, pictures.face_px, pictures.age))
    return faces_found(faces, face_px, plan.tiny_face_px) | {"not_judged": int(((faces > 0) & ~np.isfinite(age)).sum())}


def _correct(weights: list[dict[str, Any]]) -> None:
    """To luck's p of each number at each w, what it is worth when the best of all w is chosen."""
    for name in weights[0] if weights else ():
        if name != "labels":
            correct(row[name] for row in weights)


def judge_against_labels(true: Pictures, voices: Voices, plan: Plan) -> dict[str, Any]:
    """The judge on the true faces against their labels: no generated face can be judged better than this."""
    age, male = take(true.age, voices.true), take(true.male, voices.true)
    label_age, label_male = take(true.label_age, voices.true), take(true.label_male, voices.true)
    labelled = {"age": np.isfinite(age) & np.isfinite(label_age), "gender": np.isfinite(male) & np.isfinite(label_male)}
    both = evaluate_ages(age[:, None], label_age, label_male, voices.people, plan)
    both |= evaluate_genders(male[:, None], label_male, voices.people, plan)
    names = ("age_r", "age_error_years", "gender_accuracy")
    nothing = unavailable("no labels")
    found, shuffled = (
        {name: one[name] if labelled[name.split("_")[0]].any() else nothing for name in names}
        for one in (both.found, both.shuffled)
    )
    known = Agreement(found, shuffled)
    return known.as_json() | {"shuffled": known.shuffled_as_json()}
