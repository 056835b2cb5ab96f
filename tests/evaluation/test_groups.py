import json

import numpy as np
import pytest

from s2f.evaluation.groups import BAND_NAMES, by_group, evaluate_headlines, members
from s2f.evaluation.headlines import HEADLINES, VOICE_FINDS, Study, headline_scores
from s2f.evaluation.scores import Score
from s2f.evaluation.tables import take


@pytest.fixture
def study(make_study, load):
    """A function that changes a study's rows and gives the study; voices are heard as their true faces' embeddings."""

    def _study(voices=60, weights=(0.0, 1.0), noise=0.5, change=lambda rows: None, person=None):
        rows = make_study(voices, 2, weights, noise)
        change(rows)
        pictures, lined_up = load(rows, person)
        heard = {row["id"]: np.asarray(row["embedding"], np.float32) for row in rows if row["source"] == "true"}
        return Study(pictures["true"], pictures["generated"], lined_up, heard)

    return _study


def evaluate(study, plan, guidance=1.0):
    result = evaluate_headlines(study, guidance, 10, plan)
    json.dumps(result, allow_nan=False)
    return result


def test_perfect_faces_have_perfect_headlines_in_every_group(study, plan) -> None:
    result = evaluate(study(voices=400, noise=0.0), plan)
    assert tuple(result["headlines"]) == HEADLINES
    for row in (result["headlines"], *(group["headlines"] for group in result["groups"])):
        for name in row:
            assert row[name]["value"] == pytest.approx(1, abs=1e-5), name
    assert {group["by"] for group in result["groups"] if "age_r" not in group["headlines"]} == {"age"}


def test_every_voice_is_in_one_gender_and_one_band(study) -> None:
    one = study()
    groups = members(one.true, one.voices.true)
    assert list(groups) == [("gender", "women"), ("gender", "men"), *(("age", name) for name in BAND_NAMES)]
    for by in ("gender", "age"):
        assert np.array_equal(sum(member for kind, member in groups.items() if kind[0] == by), np.ones(60))
    label = dict(zip(one.true.ids, one.true.label_age, strict=True))
    old = [label[name] for name, there in zip(one.voices.ids, groups["age", "60 and over"], strict=True) if there]
    assert old and min(old) >= 60


def test_where_there_is_no_label_the_judge_says_the_group_and_where_there_is_neither_nobody(study) -> None:
    def unlabel(rows):
        for row in rows:
            if row["source"] == "true":
                row.update(label_age=None, label_gender=None)
        rows[0].update(age=None, male=None)

    one = study(change=unlabel)
    groups = members(one.true, one.voices.true)
    first = one.voices.ids.index("v0000")
    assert not any(member[first] for member in groups.values())
    judged = one.true.male[one.voices.true] >= 0.5
    assert np.array_equal(groups["gender", "men"], judged)


def test_a_group_whose_gender_is_always_wrong_is_worse_than_the_others(study, plan) -> None:
    def mistake(rows):
        men = {row["id"] for row in rows if row["source"] == "true" and row["male"] >= 0.5}
        for row in rows:
            if row["source"] == "generated" and row["id"] in men:
                row["male"] = 0.1

    rows = {group["group"]: group for group in evaluate(study(noise=0.0, change=mistake), plan)["groups"]}
    men = rows["men"]["headlines"]["gender_accuracy"]
    assert men["value"] == 0 and men["difference"]["high"] < -0.8 and men["difference"]["p_holm"] < 0.05
    assert rows["women"]["headlines"]["gender_accuracy"]["difference"]["low"] > 0.8
    assert rows["men"]["headlines"]["age_r"]["difference"]["p_holm"] > 0.05
    assert rows["men"]["headlines"]["gender_accuracy"]["chance"] == 0.0  # nobody is drawn as a man
    assert rows["women"]["headlines"]["gender_accuracy"]["chance"] == 1.0
    assert rows["men"]["voices"] + rows["women"]["voices"] == 60


def test_men_beside_women_and_women_beside_men_are_one_test(study, plan) -> None:
    rng = np.random.default_rng(0)
    score = Score(rng.normal(size=(60, 1)))
    women = np.arange(60) < 25
    old = np.arange(60) % 3 == 0
    groups = {("gender", "women"): women, ("gender", "men"): ~women, ("age", "60 and over"): old}
    rows = by_group({"cosine": score}, groups, np.arange(60), plan)
    first, second, third = (row["headlines"]["cosine"]["difference"] for row in rows)
    assert first["p"] == pytest.approx(second["p"]) and first["p_holm"] == second["p_holm"]
    twice = pytest.approx(min(1.0, 2 * min(first["p"], third["p"])), rel=1e-3)  # of two tests, not three
    assert min(first["p_holm"], third["p_holm"]) == twice


def test_chance_of_likeness_is_that_of_other_peoples_faces(study) -> None:
    people = {f"v{one:04d}": f"p{one // 2}" for one in range(60)}  # two clips of each
    one = study(person=people)
    score = headline_scores(one, one.voices.generated[1.0], 10)["cosine"]
    faces = take(one.generated.embedding, one.voices.generated[1.0]).astype(np.float64).mean(1)
    products = one.truth @ faces.T
    others = one.voices.people[:, None] != one.voices.people[None]
    by_hand = [row[other].mean() for row, other in zip(products, others, strict=True)]
    assert score.chance == pytest.approx(np.array(by_hand))


def test_every_w_stands_beside_the_reference_and_what_hears_alone_stands_once(study, plan) -> None:
    def spoil(rows):
        rng = np.random.default_rng(0)
        for row in rows:
            if row["source"] == "generated" and row["guidance"] == 0.0:
                row["age"] = 40 + 10 * rng.normal()

    result = evaluate(study(change=spoil), plan)
    assert list(result["by_guidance"]) == ["0", "1"]
    assert all("difference" not in row for row in result["by_guidance"]["1"].values())
    age = result["by_guidance"]["0"]["age_r"]["difference"]
    assert age["high"] < -0.4 and age["p"] < 0.01 and age["p_holm"] >= age["p"] and age["people"] == 60
    assert VOICE_FINDS not in result["by_guidance"]["0"] and VOICE_FINDS in result["headlines"]


def test_a_hit_is_among_the_first_of_the_whole_gallery(study) -> None:
    one = study(noise=40.0)
    found = {k: headline_scores(one, one.voices.generated[1.0], k)["recall_by_face"] for k in (1, 10, 59, 60)}
    assert found[1].values.mean() < found[10].values.mean() < found[59].values.mean()
    assert np.isnan(found[60].values).all() and found[60].reason == "everybody is among the first 60 of 60"


def undetected(rows):
    for row in rows:
        if row["source"] == "generated":
            row.update(faces=0, age=None, male=None, embedding=None, measures=None)


def not_a_number(rows):
    for row in rows:
        row.update(age=float("nan"), male=float("nan"), embedding=[float("nan")] * 512, faces=None)


@pytest.mark.parametrize("change", [undetected, not_a_number])
def test_degenerate_faces_give_reasons_and_no_numbers(change, study, plan) -> None:
    result = evaluate(study(voices=12, change=change), plan)
    rows = [result["headlines"], *(group["headlines"] for group in result["groups"]), *result["by_guidance"].values()]
    numbers = {name for row in rows for name, one in row.items() if one["value"] is not None}
    assert numbers <= {"one_face", "recall_by_voice"}
    for row in rows:
        for one in row.values():
            assert one["value"] is not None or one["reason"].startswith("not available: ")


def test_without_the_reference_weight_or_any_voice_nothing_is_claimed(study, plan) -> None:
    assert evaluate(study(), plan, guidance=7.0)["headlines"] == {}
    assert evaluate(study(voices=0), plan)["by_guidance"] == {}


def test_one_face_for_everybody_is_a_reason_and_no_headline(study, plan) -> None:
    def collapse(rows):
        for row in rows:
            if row["source"] == "generated":
                row.update(embedding=rows[0]["embedding"], age=40.0, male=0.7)

    result = evaluate(study(change=collapse), plan)
    says = {
        "gender_accuracy": "every generated face is judged the same",
        "age_r": "one side is the same everywhere",
        "cosine": "all generated faces have one and the same embedding",
        "recall_by_face": "all queries are the same",
    }
    for row in (result["headlines"], *(group["headlines"] for group in result["groups"] if group["people"] > 4)):
        for name, reason in says.items():
            if name in row:
                assert row[name]["value"] is None and reason in row[name]["reason"], name
    assert result["headlines"][VOICE_FINDS]["value"] == pytest.approx(1)


def test_the_chance_of_being_found_is_that_of_each_voices_own_gallery(study, plan) -> None:
    person = {f"v{index:04d}": "one" for index in range(30)}
    one = evaluate(study(person=person), plan)
    expected = (30 * 10 / 31 + 30 * 10 / 60) / 60
    men, women = (row for row in one["groups"] if row["by"] == "gender")
    chances = [row["headlines"]["recall_by_face"]["chance"] * row["voices"] for row in (men, women)]
    assert sum(chances) / 60 == pytest.approx(expected, abs=1e-3)
