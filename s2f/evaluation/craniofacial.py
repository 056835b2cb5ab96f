"""Eleven distances and indices of the face: does the generated face's go with the true face's?

Both faces are measured the same way (turned to the front, scale-free: s2f/faces/measures.py), on MediaPipe's mesh and,
where a predictor file was named, once more on dlib's 68 points; each landmarker has its own result. The headline
takes the mean of a voice's samples. Voices whose true face is turned too far, by the mesh, are left out and counted. No
outlier is removed: what the landmarker said is what is compared.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s2f.evaluation.agreement import agreement
from s2f.evaluation.pictures import Pictures
from s2f.evaluation.statistics import Floats, Plan, correct
from s2f.evaluation.tables import Voices, guidance_name, take

NO_DLIB = (
    "not available: no picture was measured so; name a predictor file as face_models.dlib_predictor, such as "
    "shape_predictor_68_face_landmarks.dat, which dlib.net publishes for non-commercial research"
)


def by_dlib(pictures: Pictures) -> Pictures:
    """The same pictures with dlib's measures in the place of the mesh's."""
    return replace(pictures, measures=pictures.measures_dlib)


def evaluate_craniofacial(
    true: Pictures,
    generated: Pictures,
    voices: Voices,
    guidance: float,
    max_yaw_degrees: float,
    names: tuple[str, ...],
    tied: tuple[str, ...],
    free: tuple[str, ...],
    plan: Plan,
) -> dict[str, Any]:
    """One row per measure in `names`, as JSON content.

    `tied` are those that the corpus's law puts into the voice, `free` those that it keeps out of it.
    """
    places = next((rows for w, rows in voices.generated.items() if np.isclose(w, guidance)), None)
    if places is None:
        places = np.full((len(voices.ids), 1), -1)
    yaw, male = take(true.yaw_degrees, voices.true), take(true.male, voices.true)
    meshed = np.isfinite(yaw)
    frontal = meshed & (np.abs(yaw) <= max_yaw_degrees)
    rows = {}
    for name in names:
        x = take(generated.measures[name], places) if name in generated.measures else np.full(places.shape, np.nan)
        y = take(true.measures[name], voices.true) if name in true.measures else np.full(len(voices.ids), np.nan)
        rows[name] = _row(x[frontal], y[frontal], male[frontal], voices.people[frontal], plan)
        rows[name] |= {"tied": name in tied, "free": name in free}
    correct(rows.values())
    turned = int((meshed & ~frontal).sum())
    return {
        "guidance": guidance_name(guidance),
        "confidence": plan.confidence,
        "voices": len(voices.ids),
        "people": voices.independent,
        "samples": places.shape[1],
        "max_yaw_degrees": max_yaw_degrees,
        "without_mesh": int((~meshed).sum()),
        "generated": places.size,
        "generated_without_mesh": int((~np.isfinite(take(generated.yaw_degrees, places))).sum()),
        "turned_away": turned,
        "turned_away_share": round(turned / meshed.sum(), 6) if meshed.any() else None,
        "outliers_removed": 0,
        "measures": rows,
    }


def _row(x: Floats, y: Floats, male: Floats, people: NDArray[np.int64], plan: Plan) -> dict[str, Any]:
    """One measure: x (n, k) of the generated faces, y (n,) of the true ones; r is that of the mean of the samples."""
    both = agreement(x, y, male, people, plan)
    found = both.as_json()
    r = found.pop("mean")
    return {"r": r.pop("value"), "p": None, **r, **found, "shuffled": both.shuffled_as_json()}
