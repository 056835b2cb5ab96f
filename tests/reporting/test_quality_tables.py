from typing import Any

from s2f.reporting import quality_tables


def known(value: float, reach: float = 0.1, **more: Any) -> dict[str, Any]:
    return {"value": value, "low": value - reach, "high": value + reach, "n": 150, "people": 140} | more


def missing(reason: str) -> dict[str, Any]:
    return {"value": None, "low": None, "high": None, "n": 150, "reason": f"not available: {reason}"}


def enlarged(**differences: float) -> dict[str, Any]:
    """ours, bicubic and difference of each measure: bicubic's are 10."""
    content: dict[str, Any] = {
        name: {"super_resolution": known(10 + by), "bicubic": known(10.0), "difference": known(by)}
        for name, by in differences.items()
    }
    cosines = {"cosine": known(0.9), "bicubic_cosine": known(0.8), "difference": known(0.1), "other_cosine": known(0.0)}
    lost = {"super_resolution": 2, "bicubic": 1}
    return content | cosines | {"n": 97, "portraits": 100, "lost": lost, "found": {"portrait": {"no_face": 4}}}


def distance(**corrected: Any) -> dict[str, Any]:
    frechet = known(0.8) | {"a_side": 75, "halves": known(0.3, 0.02), "corrected": corrected}
    return {"distance": {"frechet": frechet, "kernel": known(0.5, p=0.0004), "left_out": 3}}


BASELINE = {"a_side": 75, "frechet": known(0.3, 0.02), "one_face": known(1.02, 0.01), "kernel": known(0.0, 0.03)}


def test_a_distance_stands_beside_the_halves_of_true_faces_and_its_n() -> None:
    content = {"true_faces_halves": BASELINE, "by_guidance": {"1": distance(**known(0.55))}}
    table = quality_tables.distances(content)
    assert dict(zip(table.head[:5], table.rows[0], strict=False)) == {
        "w": "1",
        "Fréchet": "0.800 [0.700, 0.900]",
        "halves of true faces": "0.300 [0.280, 0.320]",
        "Fréchet without bias": "0.550 [0.450, 0.650]",
        "faces a side": "75",
    }
    assert table.rows[0][5:] == ["0.5000 [0.4000, 0.6000]", "0.0000 [−0.0300, 0.0300]", "<.001", "150", "3"]
    assert any("One mean face for everybody would be at 1.020" in note for note in table.notes)


def test_a_missing_correction_is_a_dash_and_its_reason_one_note() -> None:
    content = {"true_faces_halves": BASELINE, "by_guidance": {w: distance(**missing("too few")) for w in "01"}}
    table = quality_tables.distances(content)
    assert [row[3] for row in table.rows] == ["–", "–"]
    assert table.notes[-1] == "Fréchet without bias is not available: too few."


def test_without_distances_the_table_says_why_and_shows_no_number() -> None:
    nothing = missing("only 3 people, at least 20 are needed")
    row = {"distance": {"frechet": nothing, "kernel": nothing, "left_out": 0}}
    baseline = {"a_side": 1, "frechet": nothing, "one_face": nothing, "kernel": nothing}
    table = quality_tables.distances({"true_faces_halves": baseline, "by_guidance": {"1": row}})
    assert table.rows[0][1] == table.rows[0][5] == "not available: only 3 people, at least 20 are needed"


def test_enlarging_has_a_row_for_each_way_and_a_direction_for_each_column() -> None:
    table = quality_tables.super_resolution(enlarged(psnr_db=2.0, ssim=0.5, colour_shift=-1.0))
    assert [row[0] for row in table.rows] == [
        "super-resolution (ours)",
        "bicubic",
        "difference, picture by picture",
        "another person's portrait",
    ]
    assert table.rows[2][1:4] == ["2.00 [1.90, 2.10]", "0.500 [0.400, 0.600]", "−1.00 [−1.10, −0.90]"]
    assert [row[4] for row in table.rows] == ["150"] * 3 + ["–"]
    assert [row[6] for row in table.rows] == ["97"] * 4
    assert [name.rsplit("(")[-1] for name in table.head[1:4]] == ["higher is better)", "higher)", "lower)"]
    assert not any("more than bicubic" in note or "loses" in note for note in table.notes)


def test_what_bicubic_does_better_is_said_and_only_beyond_doubt() -> None:
    notes = quality_tables.super_resolution(enlarged(psnr_db=-2.0, ssim=-0.5, colour_shift=1.0)).notes
    assert notes[:2] == [
        "Super-resolution shifts colours more than bicubic: ΔE 11.00 against 10.00.",
        "Super-resolution loses PSNR to bicubic: 8.00 dB against 10.00.",
    ]
    doubtful = quality_tables.super_resolution(enlarged(psnr_db=-0.05, ssim=0.0, colour_shift=0.05)).notes
    assert not any(note.startswith("Super-resolution") for note in doubtful)
