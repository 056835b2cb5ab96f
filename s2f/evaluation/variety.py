"""How different generated faces are: within one voice, between voices, and as against true faces.

A model that has collapsed draws one mean face for everybody, which scores well in many a table: it resembles everyone a
little. Variety, one minus the mean cosine of two faces, shows it.
"""

import numpy as np
from numpy.typing import NDArray

from s2f.evaluation.embeddings import COSINES, Embeddings, mean_embedding
from s2f.evaluation.people import draw_people, persons
from s2f.evaluation.statistics import Estimate, Floats, Plan, counted, mean, tails, unavailable

VARIETIES = (0.0, 2.0)  # bounds of one
FEWEST = 6  # people: of fewer, nearly all draws are of the same pairs


def variety(
    faces: Embeddings, truth: Embeddings, people: NDArray[np.int64], plan: Plan
) -> dict[str, dict[str, object]]:
    """Of faces (n, k, 512) and true ones (n, 512): within a voice's samples, between people, between true faces."""
    return {
        "within_voice": _within(faces, people, plan).as_json(),
        "between_people": between(mean_embedding(faces), people, plan).as_json(),
        "between_true_faces": between(truth, people, plan).as_json(),
    }


def other_clips(truth: Embeddings, people: NDArray[np.int64], plan: Plan) -> Estimate:
    """Mean cosine of true faces (n, 512) with those of the same person's other clips: what likeness could reach."""
    kept = np.isfinite(truth[:, 0])
    vectors, (person, count) = truth[kept], persons(people[kept])
    rows, sums = np.bincount(person, minlength=count), np.zeros((count, truth.shape[1]))
    np.add.at(sums, person, vectors)
    several = rows[person] > 1
    if not several.any():
        return unavailable("nobody has two pictures with a face")
    others = (np.einsum("nd,nd->n", vectors, sums[person]) - np.square(vectors).sum(1))[several]
    return mean(others / (rows[person][several] - 1), person[several], plan, COSINES)


def _within(faces: Embeddings, people: NDArray[np.int64], plan: Plan) -> Estimate:
    """Over pairs of samples of one voice: from sums, since |Σ x|² = Σ |x|² + 2 Σ pairs."""
    found = np.isfinite(faces[:, :, 0])
    count = found.sum(1)
    several = count >= 2
    if not several.any():
        return unavailable("no voice has two samples with a face")
    unit = np.where(found[:, :, None], faces, 0.0)[several]
    pairs = (np.square(unit.sum(1)).sum(1) - np.square(unit).sum((1, 2))) / (count * (count - 1))[several]
    return mean(1 - pairs, people[several], plan, VARIETIES)


def between(vectors: Embeddings, people: NDArray[np.int64], plan: Plan) -> Estimate:
    """Over pairs of rows (n, 512) of different people; the interval draws people with replacement.

    Somebody drawn twice makes no pair with themselves.
    """
    kept = np.isfinite(vectors[:, 0])
    n = int(kept.sum())
    person, count = persons(people[kept])
    if count < FEWEST:
        return unavailable(f"faces of {counted(count, 'person', 'people')}, at least {FEWEST} are needed", n)
    sums = np.zeros((count, vectors.shape[1]))
    np.add.at(sums, person, vectors[kept])
    rows = np.bincount(person).astype(np.float64)
    own = np.square(sums).sum(1)
    draws = np.concatenate([_over_pairs(times, sums, own, rows) for times in draw_people(count, plan)])
    low, high = np.quantile(draws[np.isfinite(draws)], tails(plan.confidence, count))
    value = float(_over_pairs(np.ones((1, count)), sums, own, rows)[0])
    return Estimate(value, float(low), float(high), None, n, people=count)


def _over_pairs(times: Floats, sums: Embeddings, own: Floats, rows: Floats) -> Floats:
    """One minus the mean product (b,), a person counting as often as `times` (b, people) says."""
    products = np.square(times @ sums).sum(1) - np.square(times) @ own
    pairs = np.square(times @ rows) - np.square(times) @ np.square(rows)
    alike: Floats = np.full(len(times), np.nan)
    np.divide(products, pairs, out=alike, where=pairs > 0)
    return 1 - alike
