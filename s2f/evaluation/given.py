"""Faces that somebody else made, judged as our own are: pictures alone, with neither voices, corpus nor guidance.

All generated pictures are of one weight. It is drawn up as w = 0, which nobody reads: in the results it is called
`given`.
"""

from typing import Any

import numpy as np

from s2f.evaluation.craniofacial import NO_DLIB, by_dlib, evaluate_craniofacial
from s2f.evaluation.facial import evaluate_facial
from s2f.evaluation.groups import evaluate_headlines
from s2f.evaluation.headlines import VOICE_FINDS, Study
from s2f.evaluation.identity import evaluate_identity
from s2f.evaluation.statistics import Plan
from s2f.evaluation.tables import Pictures, Voices, line_up
from s2f.params.evaluation import MEASURES, EvaluationParams

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
    for row in identity["by_guidance"].values():
        if row["cosine"]["centred"]["own"]["value"] is None:  # all faces of one side are one and the same
            row["cosine"]["raw"] = row["cosine"]["centred"]
    for content in (identity, headlines):
        content |= {"guidance": GIVEN, "by_guidance": _given(content["by_guidance"])}
    return {
        "facial": facial | {key: _given(facial[key]) for key in ("guidance", "shuffled")},
        "craniofacial": _measures(true, generated, voices, section, plan),
        "identity": identity | {"without_embedding": _without_embedding(true, generated)},
        "headlines": headlines,
    }


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
