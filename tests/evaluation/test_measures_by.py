import json

import numpy as np
import pytest

from s2f.evaluation.headlines import Study
from s2f.evaluation.measures_by import evaluate_mean_r


@pytest.fixture
def studied(make_study, load):
    def _studied(voices=80, noise=0.5, change=lambda rows: None):
        rows = make_study(voices, 2, (0.0, 1.0), noise)
        change(rows)
        pictures, lined_up = load(rows)
        return Study(pictures["true"], pictures["generated"], lined_up, {})

    return _studied


def evaluate(study, plan, guidance=1.0):
    result = evaluate_mean_r(study, guidance, 30.0, plan)
    json.dumps(result, allow_nan=False)
    return result


def test_copied_faces_have_a_mean_r_of_one_at_every_w_and_in_every_group(studied, plan) -> None:
    result = evaluate(studied(voices=400, noise=0.0), plan)
    assert all(row["value"] == pytest.approx(1) for row in result["by_guidance"].values())
    assert "difference" in result["by_guidance"]["0"] and "difference" not in result["by_guidance"]["1"]
    assert len(result["groups"]) == 6
    for row in result["groups"][:4]:
        assert row["value"] == pytest.approx(1) and row["measures"] > 0
        assert row["difference"]["value"] == 0 and row["difference"]["p_holm"] > 0.05


def test_a_group_and_a_w_whose_measures_are_other_peoples_are_worse(studied, plan) -> None:
    rng = np.random.default_rng(0)

    def mistake(rows):
        true = {row["id"]: row for row in rows if row["source"] == "true"}
        for row in rows:
            if row["source"] == "generated" and (row["guidance"] == 0.0 or true[row["id"]]["label_gender"] == "m"):
                row["measures"] = [(name, float(rng.normal())) for name, _ in row["measures"]]

    result = evaluate(studied(voices=160, change=mistake), plan)
    groups = {row["group"]: row for row in result["groups"]}
    assert groups["men"]["high"] < groups["women"]["low"]
    assert groups["men"]["difference"]["high"] < -0.3 and groups["men"]["difference"]["p_holm"] < 0.01
    worse = result["by_guidance"]["0"]["difference"]
    assert worse["high"] < 0 and worse["p_holm"] < 0.05


def test_few_people_are_a_sentence(studied, plan) -> None:
    result = evaluate(studied(voices=12), plan)
    few = [row for row in result["groups"] if row["value"] is None]
    assert few and all("at least 10 are needed" in row["reason"] or "no voice" in row["reason"] for row in few)
    assert evaluate(studied(), plan, guidance=7.0)["groups"] == []
