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


def few(people):
    return f"not available: only {people} people, at least 10 are needed"


def test_copied_faces_have_a_mean_r_of_one_at_every_w_and_in_every_group(studied, plan) -> None:
    result = evaluate(studied(voices=400, noise=0.0), plan)
    assert all(row["value"] == pytest.approx(1) for row in result["by_guidance"].values())
    assert "difference" in result["by_guidance"]["0"] and "difference" not in result["by_guidance"]["1"]
    assert all(row["shuffled"]["p_holm"] < 0.02 for row in result["by_guidance"].values())
    groups = {row["group"]: row for row in result["groups"]}
    assert list(groups) == ["women", "men", "under 30", "30–44", "45–59", "60 and over"]
    assert groups.pop("60 and over")["reason"] == few(6)
    for row in groups.values():
        assert row["value"] == pytest.approx(1) and row["measures"] == 3
        assert row["difference"]["value"] == 0 and row["difference"]["p_holm"] > 0.05
        assert -0.2 < row["shuffled"]["value"] < 0.2 and row["shuffled"]["p_holm"] < 0.05


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


def test_every_w_counts_the_same_measures_and_a_group_those_that_its_others_have(studied, plan) -> None:
    def lose(rows):
        for row in rows:
            named = dict(row["measures"])
            if row["source"] == "generated" and row["guidance"] == 0.0:
                del named["jaw_width"]
            if row["source"] == "true" and row["label_gender"] == "m":
                named["nose_width"] = 1.0
            row["measures"] = list(named.items())

    result = evaluate(studied(voices=160, change=lose), plan)
    assert [row["measures"] for row in result["by_guidance"].values()] == [2, 2]
    assert [row["measures"] for row in result["groups"][:2]] == [2, 2]


def test_weights_that_share_no_measure_have_a_reason_and_no_number(studied, plan) -> None:
    def part(rows):
        for row in rows:
            if row["source"] == "generated":
                kept = slice(0, 1) if row["guidance"] == 0.0 else slice(1, 3)
                row["measures"] = row["measures"][kept]

    result = evaluate(studied(change=part), plan)
    why = "not available: no measure has an r on all sides that are compared"
    for row in result["by_guidance"].values():
        assert (row["value"], row["reason"], row["measures"], row["shuffled"]["reason"]) == (None, why, 0, why)
    assert result["by_guidance"]["0"]["difference"]["reason"] == why
    assert result["groups"][0]["measures"] == 2  # w = 1 alone


@pytest.mark.parametrize(
    ("change", "whole", "group"),
    [
        ({"measures": [("jaw_width", 1.0)]}, "one side is the same everywhere", None),
        ({"yaw_degrees": 40.0}, "no voice has a measure on both its faces, the true one not turned too far", None),
        ({"measures": None}, "no voice has a measure on both its faces, the true one not turned too far", None),
        (
            {"label_gender": "f"},
            None,
            "of the others, no voice has a measure on both its faces, the true one not turned too far",
        ),
    ],
)
def test_the_reason_is_the_true_one(studied, plan, change, whole, group) -> None:
    def apply(rows):
        for row in rows:
            if row["source"] == "true":
                row.update(change)

    result = evaluate(studied(change=apply), plan)
    for row in result["by_guidance"].values():
        assert row.get("reason") == (whole and f"not available: {whole}")
        assert row["shuffled"].get("reason") == row.get("reason")
    women = result["groups"][0]
    assert (women["value"] is None) == (group is None)
    assert women["difference"]["reason"] == f"not available: {group or whole}"


def test_few_people_are_a_sentence(studied, plan) -> None:
    def label(rows):
        for row in rows:
            row["label_gender"] = "f" if row["id"] < "v0005" else "m"

    result = evaluate(studied(voices=12, change=label), plan)
    assert [row["value"] is None for row in result["by_guidance"].values()] == [False, False]
    for row, people in zip(result["groups"][:2], (5, 7), strict=True):
        assert row["reason"] == row["difference"]["reason"] == few(people) and row["measures"] == 0
    assert evaluate(studied(), plan, guidance=7.0)["groups"] == []
