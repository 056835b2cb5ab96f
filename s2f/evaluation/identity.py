"""Whose face is it? Likeness of embeddings, retrieval among the true faces, variety, and distances.

A mean face scores a cosine above that of nobody, so every cosine stands beside the same number for other people's
faces, and embeddings are centred (each side by its own mean) before anything is ranked.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from s2f.evaluation.distances import evaluate_distances
from s2f.evaluation.embeddings import COSINES, Embeddings, mean_embedding, no_cosine, normalise
from s2f.evaluation.pictures import MALE, Pictures
from s2f.evaluation.retrieval import recall
from s2f.evaluation.scores import NOBODY, estimate, one_face
from s2f.evaluation.shuffling import chance, derangements, luck, shuffled_cosines
from s2f.evaluation.statistics import Floats, Plan, mean, unavailable
from s2f.evaluation.tables import Voices, faces_found, guidance_name, known_male, take
from s2f.evaluation.variety import other_clips, variety


def evaluate_identity(
    true: Pictures,
    generated: Pictures,
    voices: Voices,
    heard: dict[str, NDArray[np.float32]],
    guidance: float,
    recall_at: tuple[int, ...],
    plan: Plan,
) -> dict[str, Any]:
    """All about identity, as JSON content; `guidance` is the headline's w, `heard` the voices' embeddings by id."""
    truth = take(true.embedding, voices.true).astype(np.float64)
    missing = np.full(truth.shape[-1:], np.nan, dtype=np.float32)
    voice = np.array([heard.get(one, missing) for one in voices.ids], dtype=np.float64).reshape(-1, truth.shape[-1])
    male = known_male(true, voices.true)
    kept = np.isfinite(truth[:, 0]) & np.isfinite(voice[:, 0])
    sexed = kept & np.isfinite(male)  # a true face without label and judge has no gender to keep to
    found = faces_found(generated.faces, generated.face_px, plan.tiny_face_px)
    drawn = ((guidance_name(w), take(generated.embedding, places)) for w, places in voices.generated.items())
    halves, distances = evaluate_distances(truth, drawn, voices.people, plan)
    weights = {
        guidance_name(w): _one_weight(truth, male, generated, places, voices, recall_at, plan)
        | {"distance": distances[guidance_name(w)]}
        for w, places in voices.generated.items()
    }
    return {
        "voices": len(voices.ids),
        "people": voices.independent,
        "without_true_face": int((~np.isfinite(truth[:, 0])).sum()),
        "guidance": guidance_name(guidance),
        "detected": _detected(generated.faces, np.hstack(list(voices.generated.values())), voices, plan),
        **found,
        "voice": {
            "cosine": _likeness(normalise(voice[kept])[:, None], truth[kept], voices.people[kept], plan, "voices"),
            "recall": recall(voice[kept], truth[kept], voices.people[kept], recall_at, plan),
            "recall_same_gender": recall(
                voice[sexed], truth[sexed], voices.people[sexed], recall_at, plan, strata=male[sexed] >= MALE
            ),
        },
        "true_faces_halves": halves,
        "same_person": other_clips(truth, voices.people, plan).as_json(),
        "by_guidance": weights,
    }


def _one_weight(
    truth: Embeddings,
    male: Floats,
    generated: Pictures,
    places: NDArray[np.int64],
    voices: Voices,
    at: tuple[int, ...],
    plan: Plan,
) -> dict[str, Any]:
    """Faces of one w: cosine, retrieval by the mean of the samples, and variety."""
    faces = take(generated.embedding, places).astype(np.float64)  # (n, k, 512)
    found = faces_found(
        take(generated.faces, places).ravel(), take(generated.face_px, places).ravel(), plan.tiny_face_px
    )
    known = np.isfinite(truth[:, 0]) & np.isfinite(faces[:, :, 0]).any(1)
    sexed = known & np.isfinite(male)
    people = voices.people[known]
    centre = mean_embedding(faces)
    return {
        "detected": _detected(generated.faces, places, voices, plan),
        **found,
        "cosine": _likeness(faces[known], truth[known], people, plan),
        "recall": recall(centre[known], truth[known], people, at, plan),
        "recall_same_gender": recall(
            centre[sexed], truth[sexed], voices.people[sexed], at, plan, strata=male[sexed] >= MALE
        ),
        "variety": variety(faces, truth, voices.people, plan),
    }


def _detected(faces: Floats, places: NDArray[np.int64], voices: Voices, plan: Plan) -> dict[str, Any]:
    """The share of pictures at `places` (n, k) with exactly one face, each voice counting once."""
    return estimate(one_face(take(faces, places)), voices.people, plan).as_json()


def _likeness(
    faces: Embeddings, truth: Embeddings, people: NDArray[np.int64], plan: Plan, asks: str = "generated faces"
) -> dict[str, Any]:
    """Mean cosine of faces (n, k, 512) with their own true face (n, 512), and with other people's; raw and centred."""
    reason = no_cosine(faces[np.isfinite(faces[:, :, 0])], truth, asks) if len(truth) else NOBODY
    if reason:  # what resembles everybody alike resembles nobody
        nothing = unavailable(reason, len(truth)).as_json()
        return {name: {"own": nothing, "other": nothing} for name in ("raw", "centred")}
    content: dict[str, Any] = {}
    for name, (a, b) in (("raw", (faces, truth)), ("centred", (_centred(faces), _centred(truth)))):
        a = mean_embedding(a)
        own = np.einsum("nd,nd->n", a, b)
        content[name] = {"own": mean(own, people, plan, COSINES).as_json()} | other_people(a, b, own, people, plan)
    return content


def other_people(a: Embeddings, b: Embeddings, own: Floats, people: NDArray[np.int64], plan: Plan) -> dict[str, Any]:
    """The shuffled control of a mean cosine `own` (n,) of a (n, 512) with b (n, 512): 'other', and its 'p'."""
    orders = derangements(people, plan.resamples, plan.seed)
    values = None if orders is None else shuffled_cosines(a.astype(np.float32), b.astype(np.float32), orders)
    observed = float(own.mean()) if len(own) else None
    return {"other": chance(values, len(a), plan.confidence).as_json(), "p": luck(observed, values)}


def _centred(vectors: Embeddings) -> Embeddings:
    """Vectors (…, 512) less their mean, of unit length; zero where they are the mean."""
    return normalise(vectors - np.nanmean(vectors.reshape(-1, vectors.shape[-1]), 0))
