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


def test_who_asks_among_the_same_gender_has_a_table_of_its_own() -> None:
    def recall(value: float) -> dict[str, Any]:
        row = {"value": value, "low": 0.0, "high": 0.9, "n": 9, "chance": 0.125, "shuffled_p": 0.034}
        row["shuffled"] = {"value": 0.1, "low": 0.05, "high": 0.2}
        return {"gallery": 8.0, "at_1": row, "at_5": row | {"shuffled": None, "shuffled_p": None}}

    ask = {"recall": recall(0.2), "recall_same_gender": recall(0.4)}
    content = {"voice": ask, "by_guidance": {"2": ask}}
    voice, face, fifth, _ = tables.retrieval(content).rows
    shuffled = "0.100 [0.050, 0.200]"
    assert voice == ["the voice", "1", "0.20 [0.00, 0.90]", "0.125", shuffled, ".034", "8", "9"]
    assert face[:2] == ["face, w = 2", "1"] and fifth[:6] == ["the voice", "5", "0.20 [0.00, 0.90]", "0.125", "–", "–"]
    assert tables.retrieval(content, "recall_same_gender").rows[0][2] == "0.40 [0.00, 0.90]"


def test_likeness_has_the_p_that_its_card_goes_by() -> None:
    one = {"own": {"value": 0.2, "low": 0.1, "high": 0.3, "n": 9}, "other": {"value": 0.0, "low": -0.1, "high": 0.1}}
    row = {"cosine": {"raw": one | {"p": 0.034}, "centred": one}, "detected": {"value": None}}
    row |= {"no_face": 0, "several_faces": 1, "pictures": 18}
    [cells] = tables.likeness({"by_guidance": {"2": row}, "same_person": {"value": None}}).rows
    assert cells[2] == "0.000 [−0.100, 0.100], p = .034" and cells[4] == "0.000 [−0.100, 0.100]"


def test_one_n_stands_for_numbers_that_share_it_and_a_range_for_others() -> None:
    assert tables.counted([{"n": 9}, {"n": 9}]) == "9" and tables.counted([{"n": 12}, {"n": 9}, {}]) == "9 to 12"
    assert tables.counted([{}]) == "–"
