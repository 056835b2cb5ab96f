from typing import Any

import pytest

from s2f.reporting import tables
from s2f.reporting.sources import Funnel


@pytest.mark.parametrize(
    ("value", "text"), [(0.1234, "0.12"), (-0.05, "−0.05"), (-0.001, "0.00"), (1.0, "1.00"), (None, "–")]
)
def test_numbers_have_two_digits_and_no_negative_zero(value: float | None, text: str) -> None:
    assert tables.number(value) == text


def test_an_estimate_without_a_value_shows_its_reason_and_no_number() -> None:
    assert tables.estimate({"value": 0.5, "low": -0.1, "high": 0.9}) == "0.50 [−0.10, 0.90]"
    assert tables.estimate({"value": None, "low": None, "high": None, "reason": "not available: no rows"}) == (
        "not available: no rows"
    )


@pytest.mark.parametrize(("p", "text"), [(0.0, "<.001"), (0.0004, "<.001"), (0.0341, ".034"), (1.0, "1"), (None, "–")])
def test_p_values_as_in_print(p: float | None, text: str) -> None:
    assert tables.p_value(p) == text


def test_the_funnel_adds_up() -> None:
    table = tables.funnel("Clips", Funnel(tried=8, ok=6, by_reason={"no_face": 2}, by_split={"test": 6}))
    assert table.rows == [["ok", "6", "75.0%"], ["no face", "2", "25.0%"]]
    assert table.notes == ["8 tried. Kept: test 6."]


def test_an_empty_funnel_divides_by_nothing() -> None:
    assert tables.funnel("Clips", Funnel()).rows == [["ok", "0", "0.0%"]]


def measure(low: float | None, p_holm: float | None, tied: bool = False, free: bool = False) -> dict[str, Any]:
    return {"low": low, "p_holm": p_holm, "tied": tied, "free": free}


def test_what_a_law_claims_is_said_to_be_found_or_not() -> None:
    measures = {
        "jaw_width": measure(0.2, 0.001, tied=True),
        "nose_width": measure(-0.1, 0.4, tied=True),
        "nasal_index": measure(None, None, tied=True),
        "nose_height": measure(0.01, 0.3, free=True),
        "upper_lip_height": measure(-0.2, 1.0, free=True),
        "mandibular_index": measure(0.3, 0.001),
    }
    tied, free, neither = tables.law_notes({"measures": measures, "confidence": 0.95})
    assert "above 0: 1 of 3 (jaw width); beyond chance after Holm's correction: 1;" in tied
    assert "above 0: 1 of 2 (nose height); beyond chance after Holm's correction: 0; by luck alone 0.1" in free
    assert "neither" in neither
    marks = [tables.claim(row) for row in measures.values()]
    assert marks == [" (tied)", " (tied)", " (tied)", " (free)", " (free)", ""]


def craniofacial(**more: Any) -> dict[str, Any]:
    row = {"r": 0.5, "low": 0.2, "high": 0.7, "p": 0.01, "p_holm": 0.02, "n": 20, "tied": False, "free": False}
    row |= {"random_r": 0.0, "random_low": -0.3, "random_high": 0.3, "single": {"value": 0.4, "low": 0.1, "high": 0.6}}
    about = {"guidance": "1", "samples": 4, "max_yaw_degrees": 30.0, "turned_away": 2, "turned_away_share": 0.1}
    return about | {"without_mesh": 1, "confidence": 0.95, "measures": {"jaw_width": row}} | more


def test_dlib_has_a_table_of_its_own_or_a_sentence() -> None:
    reason = {"reason": "not available: no picture was measured so; name a file"}
    alone, both = craniofacial(dlib=reason), craniofacial(dlib=craniofacial(guidance="3"))
    assert tables.craniofacial_by_dlib(alone) is None
    said = [note for note in tables.craniofacial(alone).notes if "dlib's 68" in note]
    assert len(said) == 1 and "not available: no picture" in said[0]
    second = tables.craniofacial_by_dlib(both)
    assert second is not None and "dlib's 68 points" in second.caption
    assert second.rows == tables.craniofacial(both).rows
    assert any("lifted to a mean face's depth" in note for note in second.notes)
    assert "w = 3" in second.notes[0]
    assert not any("not available" in note for note in tables.craniofacial(both).notes)


def test_the_definitions_are_printed_with_points_certainty_and_source() -> None:
    table = tables.definitions()
    assert len(table.rows) == 11 and {len(row) for row in table.rows} == {len(table.head)}
    row = next(row for row in table.rows if row[0] == "mouth-face width index")
    assert row == [
        "mouth-face width index",
        "(ch–ch)/(zy–zy)",
        "(61–291)/(234–454)",
        "low",
        "(48–54)/(2–14)",
        "low",
        "Farkas 1994",
    ]


def test_without_a_law_nothing_is_claimed() -> None:
    assert tables.law_notes({"measures": {"jaw_width": measure(0.2, 0.001)}, "confidence": 0.95}) == []
