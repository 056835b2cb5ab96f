"""Every headline by gender and by age, each group beside all the others: does it work less well for some?

A group is what the label says, or the judge where there is no label. Few people in a group tell little: how few is said
with every number.
"""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s2f.evaluation.differences import group_difference, paired_difference
from s2f.evaluation.embeddings import GAINS
from s2f.evaluation.enlarging import cosine_gains
from s2f.evaluation.headlines import AGE, VOICE_FINDS, Study, headline_scores
from s2f.evaluation.pictures import MALE, Pictures
from s2f.evaluation.scores import Score, estimate
from s2f.evaluation.statistics import Plan, correct
from s2f.evaluation.tables import bands_of, guidance_name, known_age, known_male, number_people

BANDS = (30, 45, 60)  # years with which a new band begins; narrower ones would hold too few people to say anything
BAND_NAMES = (f"under {BANDS[0]}", *(f"{low}–{high - 1}" for low, high in pairwise(BANDS)), f"{BANDS[-1]} and over")
ENLARGING = "enlarging_cosine_gain"
FEWEST = 20  # people from which a number of a group is more than an anecdote
Members = dict[tuple[str, str], NDArray[np.bool_]]


def evaluate_headlines(study: Study, guidance: float, first: int, plan: Plan) -> dict[str, Any]:
    """The headlines at `guidance` by group, and of every w beside that one, as JSON content."""
    scores = {w: headline_scores(study, places, first) for w, places in study.voices.generated.items()}
    reference = next((one for w, one in scores.items() if np.isclose(w, guidance)), {})
    people = study.voices.people
    return {
        "guidance": guidance_name(guidance),
        "confidence": plan.confidence,
        "voices": len(study.voices.ids),
        "people": study.voices.independent,
        "found_among": first,
        "headlines": {name: estimate(score, people, plan).as_json() for name, score in reference.items()},
        "by_guidance": by_guidance(scores, reference, people, plan),
        "groups": by_group(reference, members(study.true, study.voices.true), people, plan),
    }


def by_guidance(
    scores: dict[float, dict[str, Score]], reference: dict[str, Score], people: NDArray[np.int64], plan: Plan
) -> dict[str, Any]:
    """Each w's headlines and how they differ from the reference's on the same voices, p corrected for all of them."""
    rows: dict[str, Any] = {}
    surer = plan.for_tests((len(scores) - 1) * (len(reference) - 1))
    for w, own in scores.items():
        compared = own is not reference and reference
        rows[guidance_name(w)] = {
            name: estimate(score, people, plan).as_json()
            | ({"difference": paired_difference(score, reference[name], people, surer).as_json()} if compared else {})
            for name, score in own.items()
            if name != VOICE_FINDS  # the same at every w
        }
    correct(row["difference"] for one in rows.values() for row in one.values() if "difference" in row)
    return rows


def by_group(scores: dict[str, Score], groups: Members, people: NDArray[np.int64], plan: Plan) -> list[dict[str, Any]]:
    """Each group's headlines and how they differ from those of all other voices, p corrected for all of them."""
    rows: list[dict[str, Any]] = []
    for (by, name), member in groups.items():
        headlines = {
            key: _cell(score, member, people, plan)
            for key, score in scores.items()
            if (by, key) != ("age", AGE)  # inside a band there is little age to correlate with
        }
        count = {"voices": int(member.sum()), "people": len(np.unique(people[member]))}
        rows.append({"by": by, "group": name, **count, "headlines": headlines})
    correct_groups([row["headlines"] for row in rows], list(groups.values()))
    return rows


def _cell(score: Score, member: NDArray[np.bool_], people: NDArray[np.int64], plan: Plan) -> dict[str, Any]:
    """One headline of one group, beside its own chance: a model that draws men alone is always right of men."""
    ours = score.of(member)
    chances = np.empty(0) if ours.chance is None else ours.chance[ours.kept]
    known = len(chances) > 0 and bool(np.isfinite(chances).all())  # for one person alone there are no others' faces
    return estimate(ours, people[member], plan).as_json() | {
        "chance": round(float(chances.mean()), 6) if known else None,
        "difference": group_difference(score, member, people, plan).as_json(),
    }


def correct_groups(rows: list[dict[str, Any]], members: list[NDArray[np.bool_]]) -> None:
    """To each difference its p corrected for all; men beside women is women beside men, one test and not two."""
    others = [
        next((rows[before] for before in range(row) if np.array_equal(members[before], ~member)), None)
        for row, member in enumerate(members)
    ]
    pairs = list(zip(rows, others, strict=True))
    correct(cell["difference"] for row, other in pairs if other is None for cell in row.values())
    for row, other in pairs:
        if other is not None:
            for key, cell in row.items():
                cell["difference"]["p_holm"] = other[key]["difference"]["p_holm"]


def enlarging_by_group(pictures: dict[str, Pictures], person: dict[str, str], plan: Plan) -> list[dict[str, Any]]:
    """Super-resolution's gain in cosine on bicubic, by group of portraits; `person` says who is on which."""
    portrait = pictures["portrait"]
    gain = Score(cosine_gains(pictures, portrait.ids)[:, None], bounds=GAINS)
    groups = members(portrait, np.arange(len(portrait.ids)))
    return by_group({ENLARGING: gain}, groups, number_people(portrait.ids, person), plan)


def members(true: Pictures, places: NDArray[np.int64]) -> Members:
    """Of the true faces at `places` (n,), who is in each group by (kind, name); one without label and judge in none."""
    male, age = known_male(true, places), known_age(true, places)
    groups: Members = {("gender", "women"): male < MALE, ("gender", "men"): male >= MALE}
    band = bands_of(age, BANDS)
    return groups | {("age", name): band == index for index, name in enumerate(BAND_NAMES)}
