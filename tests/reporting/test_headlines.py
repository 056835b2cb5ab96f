from typing import Any

import pytest

from s2f.reporting.headlines import (
    FAINT,
    FEWEST,
    GOOD,
    NOTHING,
    UNKNOWN,
    _enlarging,
    compared_card,
    detected_card,
    found_card,
    measures_card,
    verdict,
)


def estimate(value: float, low: float, high: float, n: int = 100) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "n": n}


@pytest.mark.parametrize(
    ("row", "chance", "p", "kind"),
    [
        (estimate(0.9, 0.8, 0.95), 0.5, 0.001, GOOD),
        (estimate(0.58, 0.52, 0.64), 0.5, 0.2, FAINT),  # luck reaches it
        (estimate(0.58, 0.52, 0.64), 0.5, None, FAINT),  # nobody asked luck
        (estimate(0.55, 0.4, 0.7), 0.5, 0.01, FAINT),
        (estimate(0.9, 0.8, 0.95, FEWEST - 1), 0.5, 0.001, FAINT),
        (estimate(0.9, 0.8, 0.95, 160) | {"people": FEWEST - 1}, 0.5, 0.001, FAINT),  # clips are no people
        (estimate(0.9, 0.8, 0.95, 160) | {"people": FEWEST}, 0.5, 0.001, GOOD),
        (estimate(0.15, -0.05, 0.35), -0.16, 0.01, FAINT),  # above the mean of the shuffles is not above 0
        (estimate(0.2, 0.1, 0.3), 0.5, 1.0, NOTHING),
        (estimate(0.9, 0.8, 0.95), None, 0.001, UNKNOWN),
    ],
)
def test_only_what_is_beyond_luck_is_called_above_chance(
    row: dict[str, Any], chance: float | None, p: float | None, kind: str
) -> None:
    assert verdict(row, chance, p, 0.95)[0] == kind


@pytest.mark.parametrize(("p_holm", "kind", "value"), [(0.01, GOOD, "1 of 2"), (0.06, FAINT, "0 of 2")])
def test_measures_are_counted_by_the_luck_of_all_eleven(p_holm: float, kind: str, value: str) -> None:
    rows = {"a": {"r": 0.3, "p_holm": p_holm, "n": 90}, "b": {"r": -0.4, "p_holm": 0.001, "n": 80}}
    card = measures_card({"measures": rows, "confidence": 0.95})
    assert (card.kind, card.value, card.n) == (kind, value, 90)
    assert card.control == ("a; " if kind == GOOD else "") + "luck alone finds any in 1 of 40 tables"


@pytest.mark.parametrize("count", [{"n": 6}, {"n": 60, "people": 6}])
def test_of_six_people_no_card_is_sure(count: dict[str, int]) -> None:
    measures = measures_card({"measures": {"a": {"r": 0.99, "p_holm": 0.001} | count}, "confidence": 0.95})
    assert (measures.value, measures.kind) == ("1 of 1", FAINT) and "fewer than 20 people" in measures.verdict
    faces = detected_card(estimate(1.0, 0.6, 1.0) | count)
    assert (faces.value, faces.kind, faces.verdict) == ("1.00", FAINT, "fewer than 20 people are too few to say")


def test_where_nothing_has_a_measure_the_card_says_why() -> None:
    rows = {"a": {"r": None, "p_holm": None, "n": 0, "reason": "not available: nobody"}}
    card = measures_card({"measures": rows, "confidence": 0.95})
    assert (card.kind, card.verdict, card.value) == (UNKNOWN, "not available: nobody", "–")


@pytest.mark.parametrize(
    ("low", "high", "n", "kind"), [(0.1, 0.3, 64, GOOD), (-0.3, -0.1, 64, NOTHING), (0.1, 0.3, 5, FAINT)]
)
def test_enlarging_is_judged_against_bicubic(low: float, high: float, n: int, kind: str) -> None:
    card = _enlarging(enlarged(estimate((low + high) / 2, low, high, n), 0, 0))
    assert card.kind == kind and "bicubic" in card.verdict


def enlarged(row: dict[str, Any], ours: int, bicubic: int) -> dict[str, Any]:
    lost = {"super_resolution": ours, "bicubic": bicubic}
    return {"cosine": row, "bicubic_cosine": row, "difference": row, "portraits": 100, "lost": lost}


@pytest.mark.parametrize(
    ("ours", "bicubic", "kind", "says"),
    [
        (0, 0, GOOD, "clearly nearer than bicubic"),
        (5, 0, GOOD, "where both still show a face"),
        (6, 0, FAINT, "where both still show a face"),
        (6, 6, GOOD, "where both still show a face"),
    ],
)
def test_faces_that_enlarging_lost_stand_on_the_card_and_count_in_its_verdict(
    ours: int, bicubic: int, kind: str, says: str
) -> None:
    card = _enlarging(enlarged(estimate(0.2, 0.1, 0.3, 64), ours, bicubic))
    assert (card.kind, says in card.verdict) == (kind, True)
    said = f"of 100 portraits with a face {ours} have none when enlarged by us, {bicubic} bicubically"
    assert (said in card.control) == (ours + bicubic > 0)


def test_the_bar_of_enlarging_is_as_wide_as_its_interval_needs() -> None:
    ends = [_enlarging(enlarged(estimate(0.0, low, 0.01), 0, 0)).ends for low in (-0.02, -0.1, -0.3, -2.4)]
    assert ends == [("−0.1", "0.1"), ("−0.1", "0.1"), ("−0.5", "0.5"), ("−2", "2")]


def test_finding_is_held_against_the_higher_of_chance_and_shuffled_pairs() -> None:
    row = estimate(0.2, 0.1, 0.3)
    control = row | {"chance": 0.05, "shuffled": {"value": 0.15}, "shuffled_p": 0.01}
    assert found_card("found", row, control, 0.95).kind == FAINT
    assert found_card("found", row, control | {"shuffled": {"value": 0.05}}, 0.95).kind == GOOD


def test_a_card_says_how_many_people_its_rows_are_of() -> None:
    row = estimate(0.9, 0.8, 0.95, 160)
    counts = [compared_card("t", one, 0.5, (GOOD, ""), "", (0.0, 1.0)).count for one in (row, row | {"people": 20})]
    assert counts == ["160", "160 of 20 people"]


def test_a_card_places_its_number_on_its_scale() -> None:
    card = compared_card("t", estimate(0.9, 0.8, 0.95), 0.5, (GOOD, "words"), "", (0.0, 1.0))
    assert (card.low, card.at, card.high, card.chance) == (0.8, 0.9, 0.95, 0.5)
    assert card.ends == ("0", "1")
    assert compared_card("t", estimate(0.9, 0.8, 0.95), 0.5, (GOOD, "words"), "", (-0.4, 1.0)).ends == ("−0.4", "1")


def test_a_missing_number_has_a_reason_and_no_bar() -> None:
    row = {"value": None, "low": None, "high": None, "n": 2, "reason": "not available: only 2 pairs"}
    card = compared_card("t", row, 0.5, verdict(row, 0.5, None, 0.95), "", (0.0, 1.0))
    assert (card.value, card.kind, card.verdict, card.at) == ("–", UNKNOWN, "not available: only 2 pairs", None)
