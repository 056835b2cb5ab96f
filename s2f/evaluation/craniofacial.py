"""Eleven distances and indices of the face: does the generated face's go with the true face's?

Both faces are measured the same way (turned to the front, scale-free: s2f/faces/measures.py), on MediaPipe's mesh and,
where a predictor file was named, once more on dlib's 68 points; each landmarker has its own result. The headline
takes the mean of a voice's samples, since one diffusion sample adds noise of its own to r; r of a single sample, as the
paper reports, stands beside it. Voices whose true face is turned too far, by the mesh, are left out and counted. No
outlier is removed: what the landmarker said is what is compared.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from s2f.evaluation.reliability import reliability, unattenuated
from s2f.evaluation.scores import mean_of_samples
from s2f.evaluation.shuffling import chance, derangements, luck, shuffled_correlations
from s2f.evaluation.statistics import (
    Estimate,
    Floats,
    Plan,
    holm,
    mean_correlation,
    pearson,
    spearman,
    unavailable,
    within,
)
from s2f.evaluation.tables import MALE, Pictures, Voices, guidance_name, take

NOBODY = "no voice has this measure on both its faces"
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
        rows[name] = _row(x[frontal], y[frontal], voices.people[frontal], plan)
        rows[name] |= _beside(x[frontal], y[frontal], male[frontal], voices.people[frontal], plan)
        rows[name] |= {"tied": name in tied, "free": name in free}
    corrected = holm([row["p"] for row in rows.values()])
    for row, p in zip(rows.values(), corrected, strict=True):
        row["p_holm"] = None if p is None else float(f"{p:.4g}")
    turned = int((meshed & ~frontal).sum())
    return {
        "guidance": guidance_name(guidance),
        "confidence": plan.confidence,
        "voices": len(voices.ids),
        "people": voices.independent,
        "samples": places.shape[1],
        "max_yaw_degrees": max_yaw_degrees,
        "without_mesh": int((~meshed).sum()),
        "turned_away": turned,
        "turned_away_share": round(turned / meshed.sum(), 6) if meshed.any() else None,
        "outliers_removed": 0,
        "measures": rows,
    }


def _row(x: Floats, y: Floats, people: np.ndarray, plan: Plan) -> dict[str, Any]:
    """One measure: x (n, k) of the generated faces, y (n,) of the true ones."""
    mean = mean_of_samples(x)
    r = _correlate(mean, y, people, plan)
    singles = [_correlate(x[:, one], y, people, plan) for one in range(x.shape[1])]
    either = np.isfinite(x).any(1) & np.isfinite(y)
    single = mean_correlation(singles, people[either], plan.confidence)
    steady = reliability(x[either], people[either], plan.confidence)
    shuffled, p = _shuffled(r, mean, y, people, plan)
    content: dict[str, Any] = {"r": r.value, "low": r.low, "high": r.high, "p": r.p, "n": r.n}
    content |= {"random_r": shuffled.value, "random_low": shuffled.low, "random_high": shuffled.high, "random_p": p}
    content = {key: float(f"{value:.5g}") if isinstance(value, float) else value for key, value in content.items()}
    content |= {"reason": r.reason} if r.reason else {}
    more = {"single": single, "reliability": steady, "unattenuated": unattenuated(single, steady)}
    return content | {name: found.as_json() for name, found in more.items()}


def _beside(x: Floats, y: Floats, male: Floats, people: np.ndarray, plan: Plan) -> dict[str, Any]:
    """r of the ranks, and what is left of r inside each gender: men have larger jaws, drawn or not."""
    mean = mean_of_samples(x)
    kept = np.isfinite(mean) & np.isfinite(y)
    sexed = kept & np.isfinite(male)
    ranks = inside = unavailable(NOBODY)
    if kept.any():
        ranks = spearman(mean[kept], y[kept], plan.confidence, people[kept])
    if sexed.any():
        gender = (male[sexed] >= MALE).astype(np.int64)
        inside = within(mean[sexed], y[sexed], gender, plan.confidence, people[sexed])
    return {"spearman": ranks.as_json(), "within_gender": inside.as_json()}


def _correlate(x: Floats, y: Floats, people: np.ndarray, plan: Plan) -> Estimate:
    kept = np.isfinite(x) & np.isfinite(y)
    if not kept.any():
        return unavailable(NOBODY)
    return pearson(x[kept], y[kept], plan.confidence, people[kept])


def _shuffled(
    observed: Estimate, x: Floats, y: Floats, people: np.ndarray, plan: Plan
) -> tuple[Estimate, float | None]:
    """Random pairs: r of the generated measures with other people's, and the share of shuffles that reach ours."""
    if observed.value is None:
        return unavailable("there is nothing to shuffle"), None
    kept = np.isfinite(x) & np.isfinite(y)
    orders = derangements(people[kept], plan.resamples, plan.seed)
    values = None if orders is None else shuffled_correlations(x[kept, None], y[kept], orders)
    return chance(values, int(kept.sum()), plan.confidence), luck(observed.value, values)
