import json

import numpy as np
import pytest

from s2f.evaluation.identity import evaluate_identity


def evaluate(pictures, voices, plan, heard=None):
    if heard is None:  # the encoder that knows the true face
        heard = dict(zip(pictures["true"].ids, pictures["true"].embedding, strict=True))
    result = evaluate_identity(pictures["true"], pictures["generated"], voices, heard, 0.0, (1, 5, 10), plan)
    json.dumps(result, allow_nan=False)
    return result


def test_copied_faces_are_found_first_and_others_are_not_alike(make_study, load, plan) -> None:
    result = evaluate(*load(make_study(60, 2, (0.0, 1.0), noise=0.0)), plan)
    for weight in result["by_guidance"].values():
        assert weight["cosine"]["raw"]["own"]["value"] == pytest.approx(1, abs=1e-5)
        assert weight["cosine"]["raw"]["other"]["value"] > 0.1  # faces share a part: that is why it is shown
        assert abs(weight["cosine"]["centred"]["other"]["value"]) < 0.03
        assert weight["recall"]["at_1"]["value"] == 1.0
        assert weight["detected"]["value"] == 1.0
    assert result["voice"]["recall"]["at_10"]["chance"] == pytest.approx(1 / 6, abs=1e-6)
    assert result["voice"]["recall"]["at_10"]["value"] == 1.0


def test_unrelated_faces_are_at_chance(make_study, load, plan) -> None:
    result = evaluate(*load(make_study(150, 1, (0.0,), noise=1e4)), plan)
    cosine, recall = result["by_guidance"]["0"]["cosine"]["centred"], result["by_guidance"]["0"]["recall"]["at_10"]
    assert cosine["other"]["low"] <= cosine["own"]["value"] <= cosine["other"]["high"]
    assert recall["low"] <= recall["chance"] <= recall["high"]


def test_variety_tells_copies_from_differences(make_study, load, plan) -> None:
    variety = evaluate(*load(make_study(30, 3, (0.0,), noise=0.0)), plan)["by_guidance"]["0"]["variety"]
    assert variety["within_voice"]["value"] == pytest.approx(0, abs=1e-5)
    drawn, true = variety["between_people"], variety["between_true_faces"]
    assert drawn["value"] == pytest.approx(true["value"], abs=1e-4) and drawn["n"] == drawn["people"] == 30
    assert drawn["low"] < drawn["value"] < drawn["high"]
    rng = np.random.default_rng(0)
    a = rng.normal(size=(30, 512))
    a /= np.linalg.norm(a, axis=1, keepdims=True)
    likeness = a @ a.T
    rows = make_study(30, 1, (0.0,), noise=0.0)
    for one in rows:
        one["embedding"] = a[int(one["id"][1:])].tolist()
    variety = evaluate(*load(rows), plan)["by_guidance"]["0"]["variety"]
    by_hand = 1 - likeness[~np.eye(30, dtype=bool)].mean()
    assert variety["between_people"]["value"] == pytest.approx(by_hand, abs=1e-4)
    assert variety["within_voice"]["reason"] == "not available: no voice has two samples with a face"


def test_two_clips_of_one_person_say_what_likeness_could_reach(make_study, load, plan) -> None:
    rows = make_study(30, 1, (0.0,), noise=0.0)
    person = {f"v{one:04d}": f"p{min(one // 2, 5)}" for one in range(12)}  # six people with two, the others with one
    pictures, voices = load(rows, person)
    truth = pictures["true"].embedding.astype(np.float64)
    pairs = [truth[at] @ truth[at + 1] for at in range(0, 12, 2)]
    found = evaluate(pictures, voices, plan)["same_person"]
    assert found["value"] == pytest.approx(np.mean(pairs), abs=1e-5)
    assert (found["n"], found["people"]) == (12, 6)
    alone = evaluate(*load(rows), plan)["same_person"]
    assert alone["reason"] == "not available: nobody has two pictures with a face"


def test_one_face_for_everybody_is_seen_and_has_no_rank(make_study, load, plan) -> None:
    rows = make_study(20, 2, (0.0,), noise=0.5)
    for one in rows:
        if one["source"] == "generated":
            one["embedding"] = rows[0]["embedding"]
    weight = evaluate(*load(rows), plan)["by_guidance"]["0"]
    assert weight["variety"]["between_people"]["value"] == pytest.approx(0, abs=1e-5)
    assert weight["cosine"]["centred"]["own"]["value"] is None
    assert weight["recall"]["at_10"]["reason"].startswith("not available: ")


def test_nothing_detected_or_heard_is_a_reason(make_study, load, plan) -> None:
    rows = make_study(12, 1, (0.0,), noise=0.0)
    for one in rows:
        if one["source"] == "generated":
            one.update(faces=0, embedding=None, age=None, male=None, measures=None)
    result = evaluate(*load(rows), plan, heard={})
    assert result["detected"]["value"] == 0.0
    assert result["no_face"] == 12
    weight = result["by_guidance"]["0"]
    for found in (weight["cosine"]["raw"]["own"], weight["recall"]["at_1"], result["voice"]["recall"]["at_1"]):
        assert found["value"] is None
        assert found["reason"].startswith("not available: ")


def test_a_true_face_without_a_gender_is_in_neither_half(make_study, load, plan) -> None:
    rows = make_study(40, 1, (0.0,), noise=0.0)
    for one in [one for one in rows if one["source"] == "true"][:6]:
        one.update(male=None, label_gender=None)
    voice = evaluate(*load(rows), plan)["voice"]
    assert voice["recall"]["at_1"]["n"] == 40
    assert voice["recall_same_gender"]["at_1"]["n"] == 34
    assert voice["recall_same_gender"]["gallery"] < 34
    assert voice["recall_same_gender"]["at_1"]["shuffled"]["value"] < 0.2


def test_every_w_has_its_distances_and_the_halves_of_the_true_faces_stand_once_above(make_study, load, plan) -> None:
    result = evaluate(*load(make_study(60, 2, (0.0, 1.0), noise=0.5)), plan)
    assert result["true_faces_halves"]["kernel"]["n"] == 60
    for weight in result["by_guidance"].values():
        assert set(weight["distance"]) == {"frechet", "kernel", "left_out"}
        assert (weight["distance"]["kernel"]["n"], weight["distance"]["left_out"]) == (60, 0)


def test_one_embedding_for_everybody_has_no_cosine_raw_or_centred(make_study, load, plan) -> None:
    rows = make_study(40, 1, (0.0,), noise=0.0)
    one = next(row["embedding"] for row in rows if row["source"] == "generated")
    for row in rows:
        if row["source"] == "generated":
            row["embedding"] = one
    cosine = evaluate(*load(rows), plan, heard={})["by_guidance"]["0"]["cosine"]
    assert all(cosine[key][whose]["value"] is None for key in ("raw", "centred") for whose in ("own", "other"))


def test_the_same_gender_is_the_labels_where_there_is_one(make_study, load, plan) -> None:
    rows = make_study(40, 1, (0.0,), noise=0.0)
    men = sum(one["label_gender"] == "m" for one in rows if one["source"] == "true")
    for one in rows:
        if one["source"] == "true":
            one["male"] = 0.9  # the judge takes all for men
    gallery = evaluate(*load(rows), plan)["voice"]["recall_same_gender"]["gallery"]
    assert gallery == pytest.approx((men**2 + (40 - men) ** 2) / 40, abs=0.01)
