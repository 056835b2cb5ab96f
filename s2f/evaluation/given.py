"""Faces that somebody else made, judged as our own are: pictures alone, with neither voices, corpus nor guidance.

All generated pictures are of one weight. It is drawn up as w = 0, which nobody reads: in the results it is called
`given`.
"""

from typing import Any

import numpy as np

from s2f.evaluation import measures_together
from s2f.evaluation.craniofacial import NO_DLIB, by_dlib, evaluate_craniofacial
from s2f.evaluation.facial import evaluate_facial
from s2f.evaluation.groups import evaluate_headlines
from s2f.evaluation.headlines import VOICE_FINDS, Study
from s2f.evaluation.identity import evaluate_identity
from s2f.evaluation.measures_by import OF_THE_OTHERS, evaluate_mean_r
from s2f.evaluation.pictures import Pictures
from s2f.evaluation.statistics import NOT_AVAILABLE, Plan
from s2f.evaluation.tables import Voices, line_up
from s2f.params.evaluation import MEASURES, EvaluationParams

# Reasons that speak of voices, or of what else there is none of here, in words for pictures. A number has one reason.
NOBODY = "nobody has both a true value and a generated one"
REASONS = {
    "no voice has both a true value and a generated one": NOBODY,
    "a gallery of 0 ranks nothing": NOBODY,
    "only 0 pairs, at least 4 are needed": NOBODY,
    measures_together.NOBODY: "nobody has a measure on both faces, the true one not turned too far",
    "no voice has two samples with a face": "nobody has two generated pictures with a face",
    "one sample a voice": "one picture of each",
    "samples of one voice agree no more than those of two": "pictures of one person agree no more than those of two",
}
W = 0.0  # what the generated pictures' rows say
GIVEN = "given"  # what the results say instead


def evaluate_given(
    true: Pictures, generated: Pictures, person: dict[str, str], section: EvaluationParams, plan: Plan
) -> dict[str, dict[str, Any]]:
    """The results facial, craniofacial, identity and headlines, as JSON content in the form that the stages' have.

    `person` maps a name to who is seen. No measure is tied to anything: whoever made the pictures knows of no law.
    """
    voices = line_up(true, generated, person)
    study = Study(true, generated, voices, heard={})
    facial = evaluate_facial(true, generated, voices, plan)
    identity = evaluate_identity(true, generated, voices, {}, W, section.recall_at, plan)
    headlines = evaluate_headlines(study, W, section.headline_recall, plan)
    del identity["voice"]
    for row in (headlines, *headlines["groups"]):
        del row["headlines"][VOICE_FINDS]
    headlines |= {"mean_r": evaluate_mean_r(study, W, section.max_yaw_degrees, plan)}
    for content in (identity, headlines, headlines["mean_r"]):
        content |= {"guidance": GIVEN, "by_guidance": _given(content["by_guidance"])}
    results = {
        "facial": facial | {key: _given(facial[key]) for key in ("guidance", "shuffled")},
        "craniofacial": _measures(true, generated, voices, section, plan),
        "identity": identity | {"without_embedding": _without_embedding(true, generated)},
        "headlines": headlines,
    }
    return {name: _of_pictures(content) for name, content in results.items()}


def _of_pictures(content: Any) -> Any:
    """The same content, its reasons in words for pictures."""
    if isinstance(content, dict):
        return {key: _reason(value) if key == "reason" else _of_pictures(value) for key, value in content.items()}
    return [_of_pictures(one) for one in content] if isinstance(content, list) else content


def _reason(said: str) -> str:
    start, why = "", said
    for opening in (NOT_AVAILABLE, OF_THE_OTHERS):
        if why.startswith(opening):
            start, why = start + opening, why.removeprefix(opening)
    return start + REASONS.get(why, why)


def _given(by_w: dict[str, Any]) -> dict[str, Any]:
    (row,) = by_w.values()
    return {GIVEN: row}


def _measures(
    true: Pictures, generated: Pictures, voices: Voices, section: EvaluationParams, plan: Plan
) -> dict[str, Any]:
    def evaluate(true: Pictures, generated: Pictures) -> dict[str, Any]:
        found = evaluate_craniofacial(true, generated, voices, W, section.max_yaw_degrees, MEASURES, (), (), plan)
        return found | {"guidance": GIVEN}

    seen = true.measures_dlib or generated.measures_dlib
    dlib = evaluate(by_dlib(true), by_dlib(generated)) if seen else {"reason": NO_DLIB}
    return evaluate(true, generated) | {"dlib": dlib}


def _without_embedding(true: Pictures, generated: Pictures) -> dict[str, int]:
    """Pictures in which a face was found, of which the network made no numbers."""
    sides = {"true": true, "generated": generated}
    return {name: int(((side.faces > 0) & ~np.isfinite(side.embedding).all(1)).sum()) for name, side in sides.items()}
