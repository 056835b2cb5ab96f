from typing import Any

from s2f.reporting.facial_tables import age_confusion, ages, ages_by_luck, ages_otherwise, confusion, genders

GENDER = {"f_as_f": 3, "f_as_m": 1, "m_as_f": 0, "m_as_m": 4}
NOBODY = dict.fromkeys(GENDER, 0)


def test_what_was_not_found_or_tiny_is_counted_beside_what_was_judged() -> None:
    numbers = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 9}
    found = {"pictures": 30, "no_face": 1, "several_faces": 2, "tiny_face": 3, "not_judged": 4}
    keys = ("gender_accuracy", "gender_accuracy_mean")
    shuffled = dict.fromkeys(keys, numbers | {"p": 0.002, "p_holm": 0.01})
    content = {"samples": 2, "people": 8, "tiny_face_px": 32, "true_faces": found}
    content |= {"guidance": {"1": dict.fromkeys(keys, numbers) | found}, "shuffled": {"1": shuffled}}
    table = genders(content | {"majority_accuracy": {"value": None}})
    assert table.rows[0][4] == ".010" and table.rows[0][-2] == "0.50 [0.40, 0.60], p = .010"
    assert (table.head[-1], table.rows[0][-1]) == ("no face, several, tiny, not judged", "1, 2, 3, 4 of 30")
    assert "under 32 px" in table.notes[-1] and "Of the true faces: 1, 2, 3, 4 of 30." in table.notes[-1]


def test_years_stand_beside_the_papers_with_what_noise_and_gender_make_of_them() -> None:
    keys = ("age_r", "age_r_mean", "age_r_unattenuated", "age_spearman", "age_r_within_gender")
    values = {key: {"value": index / 10, "low": 0.0, "high": 0.9, "n": 9} for index, key in enumerate(keys)}
    values |= {key: {"value": 2.0, "low": 1.0, "high": 3.0, "n": 9} for key in ("age_error_years", "age_slope")}
    shuffled = {
        key: {"value": 0.0, "low": -0.1, "high": 0.1, "n": 9, "p_holm": 0.034} for key in (*keys, "age_error_years")
    }
    values |= {
        "age_reliability": {"value": 0.9, "low": 0.8, "high": 1.0, "n": 9},
        "age_error_of_one_age": {"value": None},
    }
    content = {"samples": 2, "people": 8, "guidance": {"3": values}, "shuffled": {"3": shuffled}}
    [row] = ages(content).rows
    years = ["2.0 [1.0, 3.0]", "0.0 [−0.1, 0.1], p = .034", "2.00 [1.00, 3.00]"]
    assert row == ["3", "0.00 [0.00, 0.90]", "0.24", "0.00 [−0.10, 0.10]", ".034", "9", *years]
    middle, steady = "0.10 [0.00, 0.90]", "0.90 [0.80, 1.00]"
    assert ages_otherwise(content).rows == [
        ["3", middle, steady, *(f"0.{index}0 [0.00, 0.90]" for index in (2, 3, 4)), "9"]
    ]
    assert ages_by_luck(content).rows == [["3", *["0.00 [−0.10, 0.10], p = .034"] * 3, "9"]]


def test_what_one_age_for_all_would_come_to_has_its_n() -> None:
    estimate = {"value": 2.0, "low": 1.0, "high": 3.0, "n": 9, "p_holm": None}
    keys = ("age_r", "age_error_years", "age_slope", "age_error_of_one_age")
    row = dict.fromkeys(keys, estimate)
    table = ages({"samples": 2, "people": 8, "guidance": {"3": row}, "shuffled": {"3": row}})
    assert table.notes[-1] == "Always answering the true ages' median is 2.0 [1.0, 3.0] years off, N = 9."


def banded(matrix: dict[str, Any], band: dict[str, Any], luck: dict[str, Any]) -> dict[str, Any]:
    return {"guidance": {"1": {"age_confusion": matrix, "age_band": band}}, "shuffled": {"1": {"age_band": luck}}}


def test_bands_of_age_stand_with_their_sums_and_what_luck_would_give() -> None:
    matrix = {"bands": ["0–19", "20–29"], "counts": [[3, 1], [0, 4]]}
    band, luck = {"value": 0.875, "low": 0.5, "high": 0.98, "n": 4}, {"value": 0.5, "low": 0.25, "high": 0.75}
    table = age_confusion(banded(matrix, band, luck | {"p": 0.01, "p_holm": 0.03}), "1")
    assert table.head == ["true age", "0–19", "20–29", "N"]
    assert table.rows == [["0–19", "3", "1", "4"], ["20–29", "0", "4", "4"], ["N", "3", "5", "8"]]
    assert table.notes[1] == (
        "In the true face's band: 0.88 [0.50, 0.98], N = 4; shuffled pairs reach 0.50 [0.25, 0.75], p = .030, "
        "corrected for all w."
    )
    none = {"value": None, "n": 4, "reason": "not available: every generated face is judged the same"}
    assert age_confusion(banded(matrix, none, none), "1").notes[1] == (
        "In the true face's band: not available: every generated face is judged the same, N = 4."
    )


def test_a_w_without_faces_has_an_empty_matrix() -> None:
    table = age_confusion({"guidance": {}}, "1")
    assert table.rows == [["N", "0"]] and len(table.notes) == 1


def test_a_band_nobody_is_in_is_left_out_with_a_note() -> None:
    matrix = {"bands": ["0–19", "20–29", "30–39"], "counts": [[0, 0, 0], [2, 0, 1], [0, 0, 3]]}
    band = {"value": 0.5, "low": 0.2, "high": 0.8, "n": 3}
    table = age_confusion(banded(matrix, band, {"value": None}), "1")
    assert table.head == ["true age", "0–19", "30–39", "N"]
    assert table.rows == [["20–29", "2", "1", "3"], ["30–39", "0", "3", "3"], ["N", "2", "4", "6"]]
    assert "In the true face's band: 0.50" in table.notes[1]
    assert table.notes[2] == "Left out as empty: no true face is judged 0–19; no generated face is judged 20–29."


def test_gender_is_counted_against_labels_where_there_are_some() -> None:
    def table(labelled: dict[str, int]) -> list[list[str]]:
        return confusion({"guidance": {"0": {"confusion": GENDER, "labels": {"confusion": labelled}}}}).rows

    assert table(NOBODY) == [["0", "judged", "3", "1", "0", "4", "8"]]
    assert table(GENDER | {"m_as_f": 1})[1] == ["0", "labelled", "3", "1", "1", "4", "9"]
