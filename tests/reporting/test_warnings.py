"""What is said before any number."""

from typing import Any

import pytest

from s2f.reporting.warnings import one_face_each


def weight(within: float | None, between: float | None) -> dict[str, Any]:
    def row(value: float | None) -> dict[str, Any]:
        return {"value": value, "low": 0.0, "high": 0.9, "n": 9, "reason": "not available: x"}

    return {"variety": {"within_voice": row(within), "between_people": row(between)}}


def test_faces_of_one_voice_that_hardly_differ_are_one_sentence() -> None:
    by_guidance = {"0": weight(0.01, 0.8), "1": weight(0.02, 0.8), "4": weight(0.1, 0.8)}
    [said] = one_face_each({"guidance": "1", "by_guidance": by_guidance})
    assert "hardly differ (w = 0, 1): at w = 1 their variety is 0.020 [0.000, 0.900]" in said
    assert "that between voices 0.800" in said
    [said] = one_face_each({"guidance": "4", "by_guidance": by_guidance})
    assert "at w = 0 their variety" in said


@pytest.mark.parametrize("varieties", [(0.1, 0.8), (None, 0.8), (0.0, None), (0.0, 0.0)])
def test_nothing_is_said_of_voices_whose_faces_differ_or_that_are_not_known(varieties: tuple[Any, Any]) -> None:
    assert one_face_each({"guidance": "1", "by_guidance": {"1": weight(*varieties)}}) == []
