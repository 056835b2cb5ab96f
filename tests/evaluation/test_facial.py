import json
from dataclasses import replace

import numpy as np
import pytest

from s2f.evaluation.facial import evaluate_facial


def evaluate(pictures, voices, plan):
    result = evaluate_facial(pictures["true"], pictures["generated"], voices, plan)
    json.dumps(result, allow_nan=False)
    return result


def test_faces_that_copy_the_truth_are_perfect_and_their_shuffles_at_chance(make_study, load, plan) -> None:
    result = evaluate(*load(make_study(80, 2, (0.0, 2.0), noise=0.0)), plan)
    assert list(result["guidance"]) == ["0", "2"]
    for name in ("0", "2"):
        found, shuffled = result["guidance"][name], result["shuffled"][name]
        for key in ("age_r", "age_r_mean", "gender_accuracy", "gender_accuracy_mean"):
            assert found[key]["value"] == pytest.approx(1)
            assert found[key]["n"] == 80
        assert found["labels"]["age_r"]["value"] == pytest.approx(1)
        assert abs(shuffled["age_r"]["value"]) < 0.05
        assert 0.45 < shuffled["gender_accuracy"]["value"] < 0.55
        assert {"age_r", "age_r_mean", "age_spearman", "age_r_within_gender"} < set(shuffled)
        for key in set(shuffled) - {"labels"}:
            assert shuffled[key]["p"] < 0.01
            assert shuffled[key]["p_holm"] == pytest.approx(2 * shuffled[key]["p"], rel=1e-3)  # of two w
        assert found["age_confusion"]["counts"] == np.diag(np.diag(found["age_confusion"]["counts"])).tolist()
    assert result["judge"]["age_error_years"]["value"] == pytest.approx(0, abs=1e-3)


def test_years_that_are_stretched_keep_their_order_and_not_their_distance(make_study, load, plan) -> None:
    rows = make_study(80, 2, (0.0,), noise=0.0)
    for one in rows:
        if one["source"] == "generated":
            one["age"] = 40 + 2 * (one["age"] - 40) + 5
    found = evaluate(*load(rows), plan)["guidance"]["0"]
    assert found["age_r"]["value"] == pytest.approx(1)
    assert found["age_slope"]["value"] == pytest.approx(2, abs=1e-4)
    ages = np.array([one["age"] for one in rows if one["source"] == "true"])
    assert found["age_error_years"]["value"] == pytest.approx(np.abs(ages - 40 + 5).mean(), abs=1e-3)
    by_one = np.abs(ages - np.median(ages)).mean()
    assert found["age_error_of_one_age"]["value"] == pytest.approx(by_one, abs=1e-3)


def test_years_off_stand_beside_those_from_other_peoples_ages(make_study, load, plan) -> None:
    pictures, voices = load(make_study(80, 2, (0.0,), noise=0.0))
    ages = pictures["true"].age
    apart = np.abs(ages[:, None] - ages[None])
    by_hand = apart.sum() / (80 * 79)  # everybody beside everybody else
    shuffled = evaluate(pictures, voices, plan)["shuffled"]["0"]["age_error_years"]
    assert shuffled["value"] == pytest.approx(by_hand, rel=0.01)
    assert shuffled["low"] < by_hand < shuffled["high"] and shuffled["p"] < 0.01
    far = make_study(80, 2, (0.0,), noise=0.0)
    for one in far:
        if one["source"] == "generated":
            one["age"] = 80 - one["age"]  # the old are drawn young
    assert evaluate(*load(far), plan)["shuffled"]["0"]["age_error_years"]["p"] > 0.9


def test_faces_that_know_nothing_are_at_chance(make_study, load, plan) -> None:
    found = evaluate(*load(make_study(200, 1, (0.0,), noise=1e3)), plan)["guidance"]["0"]
    assert found["age_r"]["low"] < 0 < found["age_r"]["high"]
    assert found["gender_accuracy"]["low"] < 0.5 < found["gender_accuracy"]["high"]


def test_the_mean_of_samples_is_less_noisy_than_one(make_study, load, plan) -> None:
    found = evaluate(*load(make_study(300, 4, (0.0,), noise=1.5)), plan)["guidance"]["0"]
    assert found["age_r_mean"]["value"] > found["age_r"]["value"] + 0.1
    assert found["age_r"]["n"] == 300  # samples are no voices


def test_undetected_faces_are_counted_and_left_out(make_study, load, plan) -> None:
    rows = make_study(30, 1, (0.0,), noise=0.0)
    for one in [one for one in rows if one["source"] == "generated"][:7]:
        one.update(faces=0, age=None, male=None, embedding=None, measures=None, yaw_degrees=None)
    rows[-1]["faces"] = 3
    found = evaluate(*load(rows), plan)["guidance"]["0"]
    assert (found["no_face"], found["several_faces"], found["pictures"]) == (7, 1, 30)
    assert found["age_r"]["n"] == found["gender_accuracy"]["n"] == 23
    assert sum(found["confusion"].values()) == 23


def test_tiny_faces_and_those_the_judge_did_not_see_are_counted_and_the_tiny_ones_judged(
    make_study, load, plan
) -> None:
    rows = make_study(30, 1, (0.0,), noise=0.0)
    true, drawn = ([one for one in rows if one["source"] == source] for source in ("true", "generated"))
    for index, one in enumerate(drawn):
        one["face_px"] = 20.0 + index
    for one in (*drawn[-2:], true[0]):
        one.update(age=None, male=None)
    true[1]["face_px"] = 31.0
    result = evaluate(*load(rows), replace(plan, tiny_face_px=32))
    found = result["guidance"]["0"]
    assert (found["no_face"], found["tiny_face"], found["not_judged"], found["pictures"]) == (0, 12, 2, 30)
    assert found["age_r"]["n"] == 27
    assert result["tiny_face_px"] == 32 and result["without_true_face"] == 1
    assert (result["true_faces"]["tiny_face"], result["true_faces"]["not_judged"]) == (1, 1)


def test_confusion_is_counted_by_hand(make_row, load, plan) -> None:
    true, drawn = [0.9, 0.9, 0.9, 0.1], [0.9, 0.2, 0.6, 0.7]
    rows = [make_row("true", f"v{i}", male=p, age=30.0) for i, p in enumerate(true)]
    rows += [make_row("generated", f"v{i}", male=p, age=30.0 + i, guidance=0.0, sample=0) for i, p in enumerate(drawn)]
    result = evaluate(*load(rows), plan)
    assert result["guidance"]["0"]["confusion"] == {"f_as_f": 0, "f_as_m": 1, "m_as_f": 1, "m_as_m": 2}
    assert result["guidance"]["0"]["gender_accuracy"]["value"] == 0.5
    assert (result["majority_accuracy"]["value"], result["majority_accuracy"]["n"]) == (0.75, 4)
    rows[5]["male"] = None  # whoever has no answer is not asked for the commoner gender either
    result = evaluate(*load(rows), plan)
    assert result["guidance"]["0"]["gender_accuracy"]["n"] == result["majority_accuracy"]["n"] == 3
    assert result["majority_accuracy"]["value"] == pytest.approx(2 / 3)


def test_years_are_counted_by_band_of_the_true_and_the_generated_face(make_row, load, plan) -> None:
    true, drawn = [19.9, 20.0, 75.0, None], [25.0, 29.9, 69.0, 40.0]
    rows = [make_row("true", f"v{i}", age=age) for i, age in enumerate(true)]
    rows += [make_row("generated", f"v{i}", age=age, guidance=0.0, sample=0) for i, age in enumerate(drawn)]
    found = evaluate(*load(rows), plan)["guidance"]["0"]["age_confusion"]
    assert found["bands"] == ["under 20", "20–29", "30–39", "40–49", "50–59", "60–69", "70+"]
    places = {(int(i), int(j)): found["counts"][i][j] for i, j in zip(*np.nonzero(found["counts"]), strict=True)}
    assert places == {(0, 1): 1, (1, 1): 1, (6, 5): 1}


def test_labels_have_a_shuffled_control_of_their_own(make_study, load, plan) -> None:
    rows = make_study(60, 2, (0.0,), noise=0.0)
    for one in rows:  # the judge is blind to age and sex, the labels are not
        if one["source"] == "true":
            one.update(age=40.0, male=0.9)
    shuffled = evaluate(*load(rows), plan)["shuffled"]["0"]
    assert abs(shuffled["labels"]["age_r"]["value"]) < 0.06
    assert shuffled["labels"]["age_r"]["p_holm"] < 0.01 and shuffled["labels"]["gender_accuracy"]["p_holm"] < 0.01
    assert shuffled["age_r"]["value"] is shuffled["age_r"]["p_holm"] is None
    assert shuffled["gender_accuracy"]["p"] == 1.0  # everybody a man: no order does worse


def test_the_judge_on_true_faces_has_a_shuffled_control_too(make_study, load, plan) -> None:
    judge = evaluate(*load(make_study(60, 1, (0.0,), noise=0.0)), plan)["judge"]
    assert abs(judge["shuffled"]["age_r"]["value"]) < 0.06 and judge["shuffled"]["age_r"]["p"] < 0.01
    assert 0.4 < judge["shuffled"]["gender_accuracy"]["value"] < 0.6
    assert judge["shuffled"]["age_error_years"]["value"] > 5 > judge["age_error_years"]["value"]


def all_undetected(rows):
    for one in rows:
        if one["source"] == "generated":
            one.update(faces=0, age=None, male=None, embedding=None, measures=None)


def constant(rows):
    for one in rows:
        if one["source"] == "generated":
            one.update(age=33.3)


def without_truth(rows):
    rows[:] = [one for one in rows if one["source"] == "generated"]


def not_a_number(rows):
    for one in rows:
        one.update(age=float("nan"), male=float("nan"))


@pytest.mark.parametrize("harm", [all_undetected, constant, without_truth, not_a_number])
def test_degenerate_faces_give_a_reason_and_no_number(harm, make_study, load, plan) -> None:
    rows = make_study(12, 2, (0.0,), noise=0.5)
    harm(rows)
    result = evaluate(*load(rows), plan)
    for found in (result["guidance"]["0"]["age_r"], result["shuffled"]["0"]["age_r"]):
        assert found["value"] is None
        assert found["reason"].startswith("not available: ")


def test_one_answer_for_every_face_is_no_gender_accuracy(make_study, load, plan) -> None:
    rows = make_study(30, 2, (0.0,), noise=0.5)
    for one in rows:
        if one["source"] == "generated":
            one.update(male=0.8)
    result = evaluate(*load(rows), plan)
    for found in (result["guidance"]["0"], result["guidance"]["0"]["labels"]):
        assert found["gender_accuracy"]["reason"] == "not available: every generated face is judged the same"
        assert found["gender_accuracy"]["value"] is found["gender_accuracy_mean"]["value"] is None
    assert result["shuffled"]["0"]["gender_accuracy"]["value"] is None
    rows[-1]["male"] = 0.81  # drawn twice, and still men all: that is an answer, and no better than the share of men
    found = evaluate(*load(rows), plan)
    assert found["guidance"]["0"]["gender_accuracy"]["value"] == pytest.approx(
        found["shuffled"]["0"]["gender_accuracy"]["value"]
    )


def test_a_single_voice_gives_a_reason(make_study, load, plan) -> None:
    result = evaluate(*load(make_study(1, 1, (0.0,), noise=0.0)), plan)
    assert "only 1" in result["guidance"]["0"]["age_r"]["reason"]
    assert result["shuffled"]["0"]["gender_accuracy"]["value"] is None


def test_without_labels_the_ceiling_is_not_available(make_study, load, plan) -> None:
    rows = make_study(12, 1, (0.0,), noise=0.0)
    for one in rows:
        one.update(label_age=None, label_gender=None)
    judge = evaluate(*load(rows), plan)["judge"]
    for key in ("age_r", "age_error_years", "gender_accuracy"):
        assert judge[key]["reason"] == "not available: no labels"


def test_the_same_rows_give_the_same_result(make_study, load, plan) -> None:
    rows = make_study(20, 2, (0.0,), noise=1.0)
    first = evaluate(*load(rows), plan)
    order = np.random.default_rng(0).permutation(len(rows))
    assert evaluate(*load([rows[index] for index in order]), plan) == first


def test_the_true_band_is_beside_its_luck_and_one_voice_or_one_age_has_none(make_study, load, plan) -> None:
    def band(voices, change=lambda row: None):
        rows = make_study(voices, 2, (0.0,), noise=0.0)
        for one in rows:
            change(one)
        result = evaluate(*load(rows), plan)
        return result["guidance"]["0"]["age_band"], result["shuffled"]["0"]["age_band"]

    many, luck = band(80)
    assert many["value"] == 1 and 0.9 < many["low"] < 1
    assert 0.1 < luck["low"] < luck["value"] < luck["high"] < 0.5 and luck["p_holm"] < 0.01
    assert [one["reason"] for one in band(1)] == ["not available: only 1 person, at least 2 are needed"] * 2
    alike = band(80, lambda row: row.update(age=41.0) if row["source"] == "generated" else None)
    assert [one["reason"] for one in alike] == ["not available: every generated face is judged the same"] * 2
    nobody, _ = band(80, lambda row: row.update(age=None) if row["source"] == "generated" else None)
    assert nobody["reason"] == "not available: no voice has both a true value and a generated one"
