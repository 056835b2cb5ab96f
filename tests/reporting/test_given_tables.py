from typing import Any

import pytest

from s2f.reporting.given_headlines import held_against, recall_control
from s2f.reporting.given_tables import _distances, without
from s2f.reporting.tables import Table


def estimate(value: float, **more: Any) -> dict[str, Any]:
    return {"value": value, "low": value - 0.1, "high": value + 0.1, "n": 40, **more}


def test_columns_are_left_out_by_their_head() -> None:
    table = Table("t", ["a", "w", "b", "w"], [["1", "2", "3", "4"]], ["note"])
    assert without(table, "w", "elsewhere") == Table("t", ["a", "b"], [["1", "3"]], ["note"])


def test_distances_stand_beside_halves_of_the_true_faces() -> None:
    halves = {"true_faces_halves": {"frechet": estimate(9), "kernel": estimate(0.2)}}
    frechet = estimate(1.25, halves=estimate(1.1), corrected={"value": None, "reason": "too few"})
    table = _distances(halves, {"frechet": frechet, "kernel": estimate(0.5, p=0.02), "left_out": 3})
    assert table.rows == [
        ["Fréchet", "1.250 [1.150, 1.350]", "1.100 [1.000, 1.200]", "–", "40"],
        ["Fréchet without bias", "too few", "–", "–", "40"],
        ["kernel", "0.5000 [0.4000, 0.6000]", "0.2000 [0.1000, 0.3000]", ".020", "40"],
    ]
    nothing = {"value": None, "n": 4, "reason": "only 4 people"}
    table = _distances(halves, {"frechet": nothing, "kernel": nothing, "left_out": 3})
    assert [row[1] for row in table.rows] == ["only 4 people"] * 2 and "3" in table.notes[-1]


@pytest.mark.parametrize(
    ("row", "value"),
    [
        ({"chance": 0.1, "shuffled": {"value": 0.2}}, 0.2),
        ({"chance": 0.3, "shuffled": {"value": 0.2}}, 0.3),
        ({"chance": 0.3, "shuffled": None}, 0.3),
        ({"chance": 1.0, "shuffled": {"value": 1.0}}, None),
        ({"chance": None, "shuffled": None}, None),
        ({"chance": 0.33, "shuffled": {"value": 1.0}, "people": 3}, 0.33),  # who can be shuffled in two ways alone
    ],
)
def test_recall_is_held_against_the_higher_chance_and_is_no_number_where_nobody_can_be_missed(
    row: dict[str, Any], value: float | None
) -> None:
    control = recall_control({"gallery": 7.0, "at_10": {"n": 40} | row}, 10)
    assert control["value"] == value
    shown = held_against(estimate(1.0), control)
    assert (shown["value"] is None) == (value is None)
    if value is None:
        assert shown["reason"].endswith("everybody is among the first 10 of 7")
