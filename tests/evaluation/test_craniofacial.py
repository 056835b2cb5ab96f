import json

import numpy as np
import pytest

from s2f.evaluation.craniofacial import by_dlib, evaluate_craniofacial

NAMES = ("jaw_width", "nose_width", "nasal_index")


def evaluate(pictures, voices, plan, guidance=0.0, names=NAMES):
    result = evaluate_craniofacial(
        pictures["true"], pictures["generated"], voices, guidance, 30.0, names, ("jaw_width",), ("nose_width",), plan
    )
    json.dumps(result, allow_nan=False)
    return result


def test_copied_faces_correlate_perfectly_and_random_pairs_do_not(make_study, load, plan) -> None:
    result = evaluate(*load(make_study(80, 2, (0.0,), noise=0.0)), plan)
    for name, row in result["measures"].items():
        assert row["r"] == pytest.approx(1)
        luck = row["shuffled"]["mean"]
        assert abs(luck["value"]) < 0.06
        assert luck["low"] < 0 < luck["high"]
        assert (row["tied"], row["free"]) == (name == "jaw_width", name == "nose_width")
        assert row["n"] == 80
        for shuffled in row["shuffled"].values():
            assert abs(shuffled["value"]) < 0.06 and shuffled["low"] < 0 < shuffled["high"] and shuffled["p"] < 0.01


def test_a_planted_correlation_is_inside_its_interval(make_study, load, plan) -> None:
    # r = 1 / sqrt(1 + noise²) by construction
    result = evaluate(*load(make_study(500, 1, (0.0,), noise=3.0, seed=2)), plan)
    inside = [row["low"] <= 0.3162 <= row["high"] for row in result["measures"].values()]
    assert sum(inside) >= 2


def test_turned_true_faces_are_left_out_and_counted(make_study, load, plan) -> None:
    rows = make_study(20, 1, (0.0,), noise=0.0)
    true = [one for one in rows if one["source"] == "true"]
    for index in range(5):
        true[index].update(yaw_degrees=-31.0, measures=[(name, 1e6) for name in NAMES])
    true[5].update(yaw_degrees=None, measures=None)
    result = evaluate(*load(rows), plan)
    assert (result["turned_away"], result["without_mesh"]) == (5, 1)
    assert result["generated_without_mesh"] == 0
    assert result["turned_away_share"] == pytest.approx(5 / 19, abs=1e-6)
    assert all(row["n"] == 14 and row["r"] == pytest.approx(1) for row in result["measures"].values())


def test_each_landmarker_has_its_own_result_and_the_meshs_pose_filter(make_study, load, plan) -> None:
    rows = make_study(60, 1, (0.0,), noise=0.0)
    rng = np.random.default_rng(0)
    for one in rows:  # dlib sees another face each time, but for its jaw
        seen = dict(one["measures"]) | {"nose_width": rng.normal(), "nasal_index": rng.normal()}
        one["measures_dlib"] = list(seen.items())
    rows[0]["yaw_degrees"] = 31.0
    pictures, voices = load(rows)
    by_mesh = evaluate(pictures, voices, plan)
    other = evaluate({name: by_dlib(one) for name, one in pictures.items()}, voices, plan)
    assert by_mesh["turned_away"] == other["turned_away"] == 1
    assert by_mesh["measures"]["jaw_width"]["r"] == other["measures"]["jaw_width"]["r"] == pytest.approx(1)
    assert by_mesh["measures"]["nose_width"]["r"] == pytest.approx(1)
    assert abs(other["measures"]["nose_width"]["r"]) < 0.4
    assert other["measures"]["nose_width"]["n"] == 59


def test_what_only_a_gender_has_is_no_correlation_within_it(make_study, load, plan) -> None:
    rows = make_study(300, 2, (0.0,), noise=0.0)
    rng = np.random.default_rng(0)
    for one in rows:
        names = dict(one["measures"])
        names["jaw_width"] = (3.0 if one["male"] >= 0.5 else 0.0) + rng.normal()
        one["measures"] = list(names.items())
    row = evaluate(*load(rows), plan)["measures"]["jaw_width"]
    assert row["low"] > 0.5
    assert row["within_gender"]["low"] < 0 < row["within_gender"]["high"]
    assert row["reliability"]["value"] == pytest.approx(9 / 4 / (9 / 4 + 1), abs=0.06)  # 3 apart, half of each
    assert row["single"]["value"] < row["r"] < row["unattenuated"]["value"]
    assert row["spearman"]["low"] > 0.4


def test_the_mean_of_samples_stands_beside_one_sample(make_study, load, plan) -> None:
    row = evaluate(*load(make_study(300, 4, (0.0,), noise=1.5)), plan)["measures"]["jaw_width"]
    assert row["r"] > row["single"]["value"] + 0.1


@pytest.mark.parametrize("guidance", [0.0, 9.0])
def test_a_measure_or_weight_that_nobody_has_gives_a_reason(guidance, make_study, load, plan) -> None:
    result = evaluate(*load(make_study(10, 1, (0.0,), noise=0.0)), plan, guidance, (*NAMES, "ear_width"))
    row = result["measures"]["ear_width"]
    assert row["r"] is row["low"] is row["p"] is row["p_holm"] is row["shuffled"]["mean"]["value"] is None
    assert row["reason"].startswith("not available: ")


def test_p_values_are_corrected_over_the_table(make_study, load, plan) -> None:
    rows = evaluate(*load(make_study(60, 1, (0.0,), noise=4.0)), plan)["measures"].values()
    assert all(row["p_holm"] >= row["p"] for row in rows)
    assert max(row["p_holm"] / row["p"] for row in rows) <= 3 + 1e-3
