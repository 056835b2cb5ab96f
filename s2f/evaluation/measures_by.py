"""The craniofacial headline, the mean r of the eleven measures, at every w and by group, as the other headlines are."""

from typing import Any

import numpy as np

from s2f.evaluation.differences import apart
from s2f.evaluation.groups import correct_groups, members
from s2f.evaluation.headlines import Study
from s2f.evaluation.measures_together import NOT_ALL, Measured, Which, compare_measures, mean_r, shuffled_mean_r
from s2f.evaluation.statistics import Estimate, Plan, correct, unavailable
from s2f.evaluation.tables import guidance_name
from s2f.params.evaluation import MEASURES

OF_THE_OTHERS = "of the others, "  # opens a reason that is not the group's own


def evaluate_mean_r(study: Study, guidance: float, max_yaw_degrees: float, plan: Plan) -> dict[str, Any]:
    """Of every w beside `guidance` on the same voices, and there of every group beside all others, as JSON content."""
    measured = {w: Measured.of(study, rows, max_yaw_degrees) for w, rows in study.voices.generated.items()}
    reference = next((one for w, one in measured.items() if np.isclose(w, guidance)), None)
    used, surer = _by_all(list(measured.values()), plan.confidence), plan.for_tests(len(measured) - 1)
    by_guidance = {}
    for w, one in measured.items():
        own = used & one.usable(plan.confidence)
        row = _row(mean_r(one, own, plan), one, own, plan)
        if reference is not None and one is not reference:
            a, b = (side.where(side.known & used[:, None]) for side in (reference, one))
            difference = compare_measures(a, b, surer)["difference"] if used.any() else unavailable(NOT_ALL).as_json()
            row |= {"difference": difference}
        by_guidance[guidance_name(w)] = row
    correct(row["difference"] for row in by_guidance.values() if "difference" in row)
    correct(row["shuffled"] for row in by_guidance.values())
    return {"by_guidance": by_guidance, "groups": [] if reference is None else _by_group(reference, study, plan)}


def _by_all(measured: list[Measured], confidence: float) -> Which:
    """The measures that are usable at every w that has any, so that the w stand beside each other; all if none has."""
    usable = [one.usable(confidence) for one in measured]
    return np.all([np.ones(len(MEASURES), np.bool_), *(one for one in usable if one.any())], axis=0)


def _row(found: Estimate, measured: Measured, used: Which, plan: Plan) -> dict[str, Any]:
    shuffled = shuffled_mean_r(found, measured, used, plan)
    return {**found.as_json(), "measures": int(used.sum()), "shuffled": shuffled.as_json()}


def _by_group(measured: Measured, study: Study, plan: Plan) -> list[dict[str, Any]]:
    """The mean r inside each group, and less that of all other voices, of measures that are usable on both sides.

    A group beside which there is nobody to compare has its own mean r all the same.
    """
    rows, groups = [], members(study.true, study.voices.true)
    for (by, name), member in groups.items():
        ours, others = measured.of_voices(member), measured.of_voices(~member)
        own, theirs = (side.usable(plan.confidence) for side in (ours, others))
        both = own & theirs
        used = both if both.any() else own
        found = mean_r(ours, used, plan)
        beside = mean_r(others, both, plan)
        if not theirs.any():
            beside = unavailable(OF_THE_OTHERS + beside.why, beside.n)
        difference = apart(found, beside, plan.confidence, study.voices.independent)
        row = _row(found, ours, used, plan)
        rows.append({"by": by, "group": name, **row, "difference": difference.as_json()})
    correct_groups([{"mean_r": row} for row in rows], list(groups.values()))
    correct(row["shuffled"] for row in rows)
    return rows
