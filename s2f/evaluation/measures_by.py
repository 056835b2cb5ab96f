"""The craniofacial headline, the mean r of the eleven measures, at every w and by group, as the other headlines are."""

from typing import Any

import numpy as np

from s2f.evaluation.differences import apart
from s2f.evaluation.groups import correct_groups, members
from s2f.evaluation.headlines import Study
from s2f.evaluation.measures_together import Measured, compare_measures, mean_r
from s2f.evaluation.statistics import Plan, correct
from s2f.evaluation.tables import guidance_name


def evaluate_mean_r(study: Study, guidance: float, max_yaw_degrees: float, plan: Plan) -> dict[str, Any]:
    """Of every w beside `guidance` on the same voices, and there of every group beside all others, as JSON content."""
    places, people = study.voices.generated, study.voices.people
    measured = {w: Measured.of(study, rows, max_yaw_degrees) for w, rows in places.items()}
    reference = next((one for w, one in measured.items() if np.isclose(w, guidance)), None)
    surer = plan.for_tests(len(measured) - 1)
    by_guidance = {}
    for w, one in measured.items():
        row = mean_r(one, one.has_r(people, plan.confidence), people, plan).as_json()
        if reference is not None and one is not reference:
            row |= {"difference": compare_measures(reference, one, people, surer)["difference"]}
        by_guidance[guidance_name(w)] = row
    correct(row["difference"] for row in by_guidance.values() if "difference" in row)
    return {"by_guidance": by_guidance, "groups": [] if reference is None else _by_group(reference, study, plan)}


def _by_group(measured: Measured, study: Study, plan: Plan) -> list[dict[str, Any]]:
    """The mean r inside each group, and less that of all other voices, of measures that have an r on both sides."""
    people, rows = study.voices.people, []
    groups = members(study.true, study.voices.true)
    for (by, name), member in groups.items():
        sides = [(measured.of_voices(side), people[side]) for side in (member, ~member)]
        used = np.all([one.has_r(who, plan.confidence) for one, who in sides], axis=0)
        ours, theirs = (mean_r(one, used, who, plan) for one, who in sides)
        difference = apart(ours, theirs, plan.confidence, study.voices.independent).as_json()
        rows.append({"by": by, "group": name, **ours.as_json(), "measures": int(used.sum()), "difference": difference})
    correct_groups([{"mean_r": row} for row in rows], list(groups.values()))
    return rows
