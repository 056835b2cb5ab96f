from typing import Any

from s2f.reporting.group_tables import by_guidance, enlarging, groups
from s2f.reporting.headlines import HEADLINE_NAMES


def row(value: float, below: float = 0.0, p_holm: float = 1.0) -> dict[str, Any]:
    difference = {"value": -below, "low": -below - 0.05, "high": -below + 0.05, "p_holm": p_holm, "n": 90}
    return {"value": value, "low": value - 0.1, "high": value + 0.1, "n": 40, "difference": difference}


def group(name: str, people: int, **headlines: dict[str, Any]) -> dict[str, Any]:
    rows = dict.fromkeys(HEADLINE_NAMES) | {one: row(0.5) for one in HEADLINE_NAMES} | headlines
    return {"by": "gender", "group": name, "voices": 2 * people, "people": people, "headlines": rows}


def content(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"guidance": "1", "confidence": 0.95, "found_among": 10, "groups": list(rows)} | more


def test_a_group_that_does_worse_is_marked_and_said_in_a_sentence() -> None:
    table = groups(content(group("women", 40), group("men", 50, age_r=row(0.3, below=0.2, p_holm=0.01))))
    assert table.rows[1][3] == "0.30 [0.20, 0.40] ▼" and "▼" not in "".join(table.rows[0])
    assert "Works less well for men: age r 0.30 [0.20, 0.40], 0.20 below the others (p = .010)." in table.notes


def test_neither_luck_nor_an_interval_alone_is_called_worse() -> None:
    unsure = group("men", 50, age_r=row(0.3, below=0.2, p_holm=0.06), cosine=row(0.3, below=0.02, p_holm=0.01))
    table = groups(content(unsure, group("women", 40)))
    assert "▼" not in str(table.rows)
    assert "No group of enough people does worse than the others beyond chance." in table.notes


def test_chance_stands_in_the_cells_where_groups_differ_in_it_else_once_in_a_note() -> None:
    cells = [
        {"gender_accuracy": row(0.8) | {"chance": at}, "recall_by_face": row(0.3) | {"chance": 0.07}}
        for at in (0.4, 0.6)
    ]
    table = groups(content(group("women", 40, **cells[0]), group("men", 50, **cells[1])))
    assert [one[2] for one in table.rows] == ["0.80 [0.70, 0.90] (0.40)", "0.80 [0.70, 0.90] (0.60)"]
    assert table.rows[0][5] == "0.30 [0.20, 0.40]"
    assert "Chance that is the same for every group: 0.07 (own face found)." in table.notes


def test_of_a_small_group_only_its_size_is_said() -> None:
    table = groups(content(group("men", 50), group("women", 7, age_r=row(0.1, below=0.4, p_holm=0.001))))
    assert "Too few people to say anything of: women (7)." in table.notes
    assert not any("Works less well" in note for note in table.notes)
    assert any(note.startswith("No group of enough people") for note in table.notes)


def test_what_a_group_is_not_asked_is_a_dash() -> None:
    one = group("under 30", 30) | {"by": "age"}
    del one["headlines"]["age_r"]
    table = groups(content(one))
    assert table.rows[0][3] == "–"
    assert "Age r is – in bands of age, for inside a band there is little age to correlate with." in table.notes


def test_why_a_number_is_missing_stands_in_a_note_and_not_in_the_cell() -> None:
    missing = {"value": None, "n": 2, "reason": "not available: only 2 pairs"}
    table = groups(content(group("women", 2, age_r=missing)))
    assert table.rows[0][3] == "–"
    assert "– elsewhere: age r of women is not available: only 2 pairs." in table.notes


def test_a_band_nobody_is_in_is_named_and_has_no_row() -> None:
    table = groups(content(group("under 30", 0), group("60 and over", 40)))
    assert [row[0] for row in table.rows] == ["gender: 60 and over"]
    assert "Nobody is under 30." in table.notes and not any("Too few" in note for note in table.notes)


def test_how_small_a_difference_could_have_been_seen_is_told_by_the_narrowest_interval() -> None:
    wide = row(0.5) | {"difference": {"value": 0.0, "low": -0.3, "high": 0.3}}
    table = groups(content(group("women", 40, age_r=wide), group("men", 50), group("few", 7, cosine=row(0.5))))
    assert "smaller than about 0.05 (gender accuracy), 0.05 (age r), 0.050 (cosine)" in table.notes[-1]
    only = groups(content(group("women", 40, age_r=wide)))
    assert "0.30 (age r)" in only.notes[-1]
    assert not any("could not be seen" in note for note in groups(content(group("few", 7))).notes)


def test_enlarging_has_groups_of_its_own() -> None:
    one = {"by": "age", "group": "60 and over", "voices": 30, "people": 25}
    one["headlines"] = {"enlarging_cosine_gain": row(0.012, below=0.1, p_holm=0.002)}
    table = enlarging(content(enlarging_groups=[one]))
    assert table.rows == [["age: 60 and over", "40 of 25", "0.012 [−0.088, 0.112] ▼"]]
    assert "gain in cosine 0.012 [−0.088, 0.112], 0.100 below the others (p = .002)" in table.notes[0]


def test_every_other_w_stands_beside_the_reference_with_its_p() -> None:
    names = [name for name in HEADLINE_NAMES if name != "recall_by_voice"]
    other = {name: row(0.5, below=0.1, p_holm=0.03) for name in names}
    table = by_guidance(content(by_guidance={"1": {}, "4": other}))
    assert [line[0] for line in table.rows] == ["4"]
    assert table.rows[0][1] == "−0.10 [−0.15, −0.05], p = .030"
    assert (table.head[-1], table.rows[0][-1]) == ("N", "90")
