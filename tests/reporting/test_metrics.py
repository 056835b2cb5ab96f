from types import SimpleNamespace
from typing import Any

from s2f.reporting.headlines import HEADLINE_NAMES
from s2f.reporting.metrics import build_metrics


def known(value: float) -> dict[str, Any]:
    return {"value": value, "low": value - 0.1, "high": value + 0.1, "n": 90}


def measure(r: float | None, p_holm: float | None) -> dict[str, Any]:
    return {"r": r, "p_holm": p_holm, "n": 90}


def metrics(*measures: dict[str, Any]) -> dict[str, Any]:
    headlines = {name: known(0.5) for name in HEADLINE_NAMES}
    results: Any = SimpleNamespace(
        headlines={"headlines": headlines, "found_among": 10, "voices": 90},
        identity={"super_resolution": {"difference": {"value": None}}},
        craniofacial={"measures": {str(place): one for place, one in enumerate(measures)}, "confidence": 0.95},
        corpus=SimpleNamespace(ok=80),
        portraits=SimpleNamespace(ok=70),
    )
    return build_metrics(results)


def test_a_measure_that_runs_against_the_true_faces_is_not_counted() -> None:
    found = metrics(measure(0.4, 0.001), measure(-0.4, 0.001), measure(0.2, 0.06), measure(None, None))
    assert found["measures_beyond_chance"] == 1


def test_a_number_has_half_its_intervals_width_beside_it_or_both_are_null() -> None:
    found = metrics()
    assert (found["recall_at_10_by_face"], found["recall_at_10_by_face_margin"]) == (0.5, 0.1)
    assert found["enlarging_cosine_gain"] is found["enlarging_cosine_gain_margin"] is None
    assert (found["voices"], found["clips_kept"], found["portraits_kept"]) == (90, 80, 70)
