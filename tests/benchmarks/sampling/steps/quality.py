"""How near drawn faces come to true ones, and whether another way of drawing them is worse than luck makes it.

Every face is found and embedded as the report's are. Ways are compared on the same subjects and the same noise: for
the cosine by the paired test of the report (s2f/evaluation/differences.py), for the Fréchet distance to the true faces
by exchanging two ways' faces, person by person: what that alone does to the difference is luck's reach.
"""

from dataclasses import dataclass

import numpy as np

from s2f.evaluation.differences import paired_difference
from s2f.evaluation.frechet import frechet, gaussian
from s2f.evaluation.people import persons, toss_coins
from s2f.evaluation.scores import Score, estimate
from s2f.evaluation.statistics import Estimate, Plan
from s2f.faces.align import align

PLAN = Plan(confidence=0.95, resamples=2000, seed=0)
EXCHANGES = Plan(confidence=0.95, resamples=400, seed=0)  # each takes two singular value decompositions


@dataclass(frozen=True)
class Truth:
    """What drawn faces are compared with: embeddings (n, 512), and whose they are (n,), whole numbers."""

    embeddings: np.ndarray
    people: np.ndarray


def embed(pictures, count, detector, embedder):
    """(n, 512) of `count` uint8 pictures (h, w, 3), NaN where no face is found, and how many faces each shows (n,)."""
    embeddings, found = np.full((count, 512), np.nan), np.zeros(count, int)
    for index, picture in enumerate(pictures):
        faces = detector.detect(picture)
        found[index] = len(faces)
        if faces:
            embeddings[index] = embedder.embed([align(picture, faces[0].keypoints)])[0]
    return embeddings, found


def cosines(embeddings, truth):
    """Score of the drawn face's cosine to the true one."""
    return Score((embeddings * truth.embeddings).sum(1)[:, None], bounds=(-1.0, 1.0))


def cosine(embeddings, truth):
    """Its mean with an interval."""
    return estimate(cosines(embeddings, truth), truth.people, PLAN)


def cosine_apart(embeddings, others, truth):
    """Its mean less that of others' faces for the same subjects, with interval and p."""
    return paired_difference(cosines(embeddings, truth), cosines(others, truth), truth.people, PLAN)


def distance(embeddings, truth):
    """Fréchet distance to the true faces of the subjects whose face was found."""
    found = np.isfinite(embeddings[:, 0])
    return frechet(gaussian(embeddings[found]), gaussian(truth.embeddings[found]))


def distance_apart(embeddings, others, truth):
    """The distance less that of others' faces; low and high are luck's reach, p the share of exchanges as far apart."""
    found = np.isfinite(embeddings[:, 0]) & np.isfinite(others[:, 0])
    ours, theirs, true = embeddings[found], others[found], gaussian(truth.embeddings[found])
    person, count = persons(truth.people[found])

    def apart(swap):
        swap = swap[:, None]
        one, other = np.where(swap, theirs, ours), np.where(swap, ours, theirs)
        return frechet(gaussian(one), true) - frechet(gaussian(other), true)

    observed = apart(np.zeros(len(ours), bool))
    luck = np.array([apart(coins[person]) for block in toss_coins(count, EXCHANGES) for coins in block])
    low, high = np.quantile(luck, [0.5 - PLAN.confidence / 2, 0.5 + PLAN.confidence / 2])
    p = (1 + (np.abs(luck) >= abs(observed)).sum()) / (1 + len(luck))
    return Estimate(observed, float(low), float(high), float(p), len(ours), people=count)
