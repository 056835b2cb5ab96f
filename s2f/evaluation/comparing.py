"""Two runs beside each other: is one better than the other, headline by headline, beyond luck?

The voices that both have are paired, with as many samples of each as both have, and own faces are looked for in one and
the same gallery; so the numbers may differ from those that either run's report has of all its voices.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s2f.evaluation.differences import paired_difference
from s2f.evaluation.embeddings import GAINS
from s2f.evaluation.groups import FEWEST
from s2f.evaluation.headlines import FACE_FINDS, HEADLINES, VOICE_FINDS, headline_scores
from s2f.evaluation.measures_together import Measured, compare_measures
from s2f.evaluation.runs import Run, other_rulers
from s2f.evaluation.scores import Score, estimate
from s2f.evaluation.statistics import Plan, correct
from s2f.evaluation.tables import guidance_name, number_people

MEASURES_R, ENLARGING = "measures_r", "enlarging_cosine_gain"
COMPARED = (*HEADLINES, MEASURES_R, ENLARGING)
BETTER, WORSE, SAME, UNCLEAR, FEW, UNKNOWN = VERDICTS = ("better", "worse", "same", "unclear", "few", "unknown")


def compare_runs(a: Run, b: Run, first: int, plan: Plan, max_yaw_degrees: float = 90.0) -> dict[str, Any]:
    """`b` less `a`, as JSON content: each headline of both with intervals, the difference, its p and a verdict.

    Found means among the `first` of the gallery; of true faces turned further no measure counts. Who is one person is
    as `b` says. No headline is called better or worse unless the interval and the p corrected for all headlines agree,
    and 20 people or more were compared. Both sides' intervals come from the plan's own draws, as in a report of the
    same voices; differences, and what no report has, take more.
    """
    ids = _common(a.study.voices.ids, b.study.voices.ids)
    portraits = _common(a.pictures["portrait"].ids, b.pictures["portrait"].ids)
    people = b.study.voices.people[b.rows(ids)]
    rows = _headlines(a, b, ids, people, first, plan)
    rows |= {MEASURES_R: _measures(a, b, ids, people, max_yaw_degrees, plan.for_tests(len(COMPARED)))}
    rows |= {ENLARGING: _enlarging(a, b, portraits, plan)}
    correct(row["difference"] for row in rows.values())
    for row in rows.values():
        row["verdict"] = verdict(row["difference"], 1 - plan.confidence)
    return {
        "a": _about(a),
        "b": _about(b),
        "confidence": plan.confidence,
        "found_among": first,
        "samples": min(a.places.shape[1], b.places.shape[1]),
        "voices": _counted(ids, a.study.voices.ids, b.study.voices.ids) | {"people": len(np.unique(people))},
        "portraits": _counted(portraits, a.pictures["portrait"].ids, b.pictures["portrait"].ids),
        "other_rulers": other_rulers(a, b, ids, portraits),
        "headlines": rows,
        "verdicts": {kind: [name for name, row in rows.items() if row["verdict"] == kind] for kind in VERDICTS},
    }


def verdict(difference: dict[str, Any], level: float) -> str:
    """What may be said of a difference."""
    if difference["value"] is None:
        return UNKNOWN
    if difference["same"]:
        return SAME
    if difference["people"] < FEWEST:
        return FEW
    if difference["p_holm"] > level or difference["low"] <= 0 <= difference["high"]:
        return UNCLEAR
    return BETTER if difference["value"] > 0 else WORSE


def _headlines(
    a: Run, b: Run, ids: list[str], people: NDArray[np.int64], first: int, plan: Plan
) -> dict[str, dict[str, Any]]:
    samples = min(a.places.shape[1], b.places.shape[1])

    def scores(run: Run, kept: NDArray[np.bool_]) -> dict[str, Score]:
        names = [one for one, here in zip(ids, kept, strict=True) if here]
        study = run.of(names, samples, people[kept])
        return headline_scores(study, study.voices.generated[run.guidance], first)

    everybody = np.ones(len(ids), dtype=np.bool_)
    before, after = scores(a, everybody), scores(b, everybody)
    rows = {name: _row(before[name], after[name], people, plan) for name in HEADLINES}
    for name in (FACE_FINDS, VOICE_FINDS):
        both = before[name].kept & after[name].kept
        if not both.all():  # whom one side cannot ask for is in nobody's gallery
            narrow = _row(scores(a, both)[name], scores(b, both)[name], people[both], plan)
            rows[name] |= {key: narrow[key] for key in ("a", "b", "difference")}
    return rows


def _measures(
    a: Run, b: Run, ids: list[str], people: NDArray[np.int64], max_yaw_degrees: float, plan: Plan
) -> dict[str, Any]:
    samples = min(a.places.shape[1], b.places.shape[1])
    studies = [(run, run.of(ids, samples, people)) for run in (a, b)]
    before, after = (Measured.of(one, one.voices.generated[run.guidance], max_yaw_degrees) for run, one in studies)
    return compare_measures(before, after, plan)


def _enlarging(a: Run, b: Run, portraits: list[str], plan: Plan) -> dict[str, Any]:
    before, after = (Score(run.cosine_gains(portraits)[:, None], bounds=GAINS) for run in (a, b))
    return _row(before, after, number_people(portraits, b.portrayed), plan)


def _row(a: Score, b: Score, people: NDArray[np.int64], plan: Plan) -> dict[str, Any]:
    """Both sides of what both can be asked for, the difference, and how many rows one side alone has."""
    both = a.kept & b.kept
    same = np.array_equal(a.of(both).values, b.of(both).values, equal_nan=True)
    return {
        "a": estimate(a.of(both), people[both], plan).as_json(),
        "b": estimate(b.of(both), people[both], plan).as_json(),
        "difference": paired_difference(b, a, people, plan.for_tests(len(COMPARED))).as_json()
        | {"same": same},  # voice by voice
        "only_a": int((a.kept & ~b.kept).sum()),
        "only_b": int((b.kept & ~a.kept).sum()),
    }


def _common(one: Iterable[str], other: Iterable[str]) -> list[str]:
    return sorted({*one} & {*other})


def _counted(both: list[str], a: list[str], b: list[str]) -> dict[str, int]:
    return {"both": len(both), "only_a": len(a) - len(both), "only_b": len(b) - len(both)}


def _about(run: Run) -> dict[str, Any]:
    voices = run.study.voices
    return {
        "name": run.name,
        "guidance": guidance_name(run.guidance),
        "samples": run.places.shape[1],
        "voices": len(voices.ids),
        "people": voices.independent,
    }
