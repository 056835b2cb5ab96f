import pytest

from s2f.reporting.headlines import FAINT, GOOD, NOTHING, UNKNOWN, _card

CHANCE = {"value": 0.5, "low": 0.4, "high": 0.6}


@pytest.mark.parametrize(
    ("value", "low", "high", "kind"),
    [(0.9, 0.8, 0.95, GOOD), (0.58, 0.52, 0.64, FAINT), (0.55, 0.4, 0.7, FAINT), (0.2, 0.1, 0.3, NOTHING)],
)
def test_only_what_is_beyond_luck_is_called_above_chance(value: float, low: float, high: float, kind: str) -> None:
    card = _card("t", {"value": value, "low": low, "high": high, "n": 9}, CHANCE, "", "", (0.0, 1.0))
    assert card.kind == kind
    assert (card.low, card.at, card.high, card.chance) == (low, value, high, 0.5)


def test_a_missing_number_has_a_reason_and_no_bar() -> None:
    row = {"value": None, "low": None, "high": None, "n": 2, "reason": "not available: only 2 pairs"}
    card = _card("t", row, CHANCE, "", "", (0.0, 1.0))
    assert (card.value, card.kind, card.verdict, card.at) == ("–", UNKNOWN, "not available: only 2 pairs", None)


def test_without_a_control_nothing_is_called_good() -> None:
    row = {"value": 0.9, "low": 0.8, "high": 0.95, "n": 9}
    card = _card("t", row, {"value": None, "low": None, "high": None}, "", "", (0.0, 1.0))
    assert card.kind == UNKNOWN
