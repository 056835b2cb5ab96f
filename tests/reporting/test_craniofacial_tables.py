from typing import Any

from s2f.reporting import craniofacial_tables


def measure(low: float | None, p_holm: float | None, tied: bool = False, free: bool = False) -> dict[str, Any]:
    high = None if low is None else low + 0.3
    return {"low": low, "high": high, "p_holm": p_holm, "tied": tied, "free": free}


def test_what_a_law_claims_is_said_to_be_found_or_not() -> None:
    measures = {
        "jaw_width": measure(0.2, 0.001, tied=True),
        "nose_width": measure(-0.1, 0.4, tied=True),
        "nasal_index": measure(None, None, tied=True),
        "nose_height": measure(0.01, 0.3, free=True),
        "upper_lip_height": measure(-0.2, 1.0, free=True),
        "mandibular_index": measure(0.3, 0.001),
    }
    tied, free, neither = craniofacial_tables.law_notes({"measures": measures, "confidence": 0.95})
    assert "above 0: 1 of 3 (jaw width); beyond chance after Holm's correction: 1;" in tied
    assert "above 0: 1 of 2 (nose height); beyond chance after Holm's correction: 0; by luck alone 0.1" in free
    assert "neither" in neither
    marks = [craniofacial_tables.claim(row) for row in measures.values()]
    assert marks == [" (tied)", " (tied)", " (tied)", " (free)", " (free)", ""]


def craniofacial(**more: Any) -> dict[str, Any]:
    row = {"r": 0.5, "low": 0.2, "high": 0.7, "p": 0.01, "p_holm": 0.02, "n": 20, "tied": False, "free": False}
    row |= {
        "shuffled": {"mean": {"value": 0.0, "low": -0.3, "high": 0.3, "p": 0.2}},
        "single": {"value": 0.4, "low": 0.1, "high": 0.6},
    }
    other = {"value": 0.3, "low": 0, "high": 1}
    row |= dict.fromkeys(("spearman", "within_gender", "reliability", "unattenuated"), other)
    row["single"]["n"] = 19
    about = {"guidance": "1", "samples": 4, "max_yaw_degrees": 30.0, "turned_away": 2, "turned_away_share": 0.1}
    return (
        about
        | {
            "without_mesh": 1,
            "generated": 9,
            "generated_without_mesh": 3,
            "confidence": 0.95,
            "measures": {"jaw_width": row},
        }
        | more
    )


def test_dlib_has_a_table_of_its_own_or_a_sentence() -> None:
    reason = {"reason": "not available: no picture was measured so; name a file"}
    alone, both = craniofacial(dlib=reason), craniofacial(dlib=craniofacial(guidance="3"))
    assert list(craniofacial_tables.by_landmarker(alone)) == ["mesh"]
    said = [note for note in craniofacial_tables.craniofacial(alone).notes if "dlib's 68" in note]
    assert len(said) == 1 and "not available: no picture" in said[0]
    measured = craniofacial_tables.by_landmarker(both)
    second = craniofacial_tables.craniofacial(measured["dlib"], "dlib")
    assert list(measured) == ["mesh", "dlib"] and "dlib's 68 points" in second.caption
    assert "dlib's 68 points" in craniofacial_tables.beside_r(measured["dlib"], "dlib").caption
    assert second.rows == craniofacial_tables.craniofacial(both).rows
    assert any("lifted to a mean face's depth" in note for note in second.notes)
    assert "w = 3" in second.notes[0]
    assert not any("not available" in note for note in craniofacial_tables.craniofacial(both).notes)


def test_the_definitions_are_printed_with_points_certainty_and_source() -> None:
    table = craniofacial_tables.definitions()
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


def test_what_runs_against_the_law_is_named() -> None:
    row = {"tied": False, "free": True, "low": -0.4, "high": -0.1, "p_holm": 0.04}
    notes = craniofacial_tables.law_notes({"measures": {"vermilion_height_index": row}, "confidence": 0.95})
    assert notes[0].endswith("would be above 0. Below 0 beyond chance: vermilion height index.")


def test_without_a_law_nothing_is_claimed() -> None:
    assert craniofacial_tables.law_notes({"measures": {"jaw_width": measure(0.2, 0.001)}, "confidence": 0.95}) == []


def test_ranks_gender_and_noise_stand_beside_every_r() -> None:
    table = craniofacial_tables.beside_r(craniofacial())
    assert table.head[1:] == ["Spearman", "within gender", "one sample", "reliability", "endless samples", "N"]
    other = "0.30 [0.00, 1.00]"
    assert table.rows == [["jaw width", other, other, "0.40 [0.10, 0.60]", other, other, "19"]]


def test_the_mean_r_stands_by_w_and_by_group() -> None:
    luck = {"value": 0.0, "low": -0.05, "high": 0.05, "p": 0.01, "p_holm": 0.02}
    row = {"value": 0.2, "low": 0.1, "high": 0.3, "n": 9, "measures": 7, "shuffled": luck}
    apart = {"difference": {"value": -0.1, "low": -0.2, "high": 0.0, "p_holm": 0.04}}
    alone = {"difference": {"value": None, "reason": "not available: of the others, only 3 people"}}
    nothing = {"value": None, "n": 0, "reason": "not available: nobody", "measures": 0, "shuffled": {"value": None}}
    groups = [{"by": "gender", "group": "men", **row, **alone}, {"by": "gender", "group": "women", **nothing, **alone}]
    table = craniofacial_tables.together({"by_guidance": {"0": row | apart, "1": row}, "groups": groups}, "1")
    names = ["w = 0", "w = 1", "w = 1, gender: men", "w = 1, gender: women"]
    assert [cells[0] for cells in table.rows] == names
    own = ["0.20 [0.10, 0.30]", "0.00 [−0.05, 0.05], p = .020", "7"]
    assert table.rows[0][1:] == [*own, "−0.10 [−0.20, 0.00]", ".040", "9"]
    assert table.rows[1][1:] == [*own, "–", "–", "9"]
    assert table.rows[3][1:] == ["not available: nobody", "–", "0", "–", "–", "0"]
    assert table.notes[2:] == ["Difference of w = 1, gender: men: not available: of the others, only 3 people."]
