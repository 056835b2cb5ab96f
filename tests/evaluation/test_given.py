"""Faces that somebody else made, as measured pictures. The whole command: tests/cli/test_evaluate.py."""

import json
from pathlib import Path

import pytest

from s2f.evaluation.given import GIVEN, evaluate_given
from s2f.params.base import read_section
from s2f.params.evaluation import EvaluationParams

SECTION = read_section(Path(__file__).parents[2] / "params.yaml", "evaluation", EvaluationParams)


@pytest.fixture
def evaluate(make_study, load, plan):
    """A function: results of a study whose rows were changed."""

    def _evaluate(change=lambda rows: None, voices=30, noise=0.5, person=None):
        rows = make_study(voices, 2, (0.0,), noise)
        change(rows)
        pictures, _ = load(rows)
        results = evaluate_given(pictures["true"], pictures["generated"], person or {}, SECTION, plan)
        json.dumps(results, allow_nan=False)
        return results

    return _evaluate


def keys_and_words(content):
    if isinstance(content, dict):
        return {*content, *(one for value in content.values() for one in keys_and_words(value))}
    if isinstance(content, list):
        return {one for value in content for one in keys_and_words(value)}
    return {content} if isinstance(content, str) else set()


def test_nothing_is_said_of_guidance_voices_or_a_law(evaluate) -> None:
    results = evaluate()
    assert list(results) == ["facial", "craniofacial", "identity", "headlines"]
    assert "0" not in keys_and_words(results)
    assert {"recall_by_voice", "voice"} & keys_and_words(results) == set()
    assert list(results["identity"]["by_guidance"]) == list(results["facial"]["shuffled"]) == [GIVEN]
    assert {one["guidance"] for name, one in results.items() if name != "facial"} == {GIVEN}
    assert not any(row["tied"] or row["free"] for row in results["craniofacial"]["measures"].values())


def reasons(content):
    if isinstance(content, dict):
        own = {content["reason"]} if content.get("reason") else set()
        return own.union(*(reasons(value) for value in content.values()))
    return set().union(*(reasons(value) for value in content)) if isinstance(content, list) else set()


@pytest.mark.parametrize(
    "change",
    [
        {"label_gender": "f"},
        {"label_gender": "f", "yaw_degrees": 60.0},
        {"faces": 0, "embedding": None, "age": None, "male": None, "yaw_degrees": None, "measures": None},
        {"age": 30.0, "male": 0.9, "measures": [("jaw_width", 1.0)]},
    ],
)
@pytest.mark.parametrize("side", ["true", "generated"])
def test_no_reason_speaks_of_voices(evaluate, change, side) -> None:
    said = reasons(evaluate(lambda rows: [row.update(change) for row in rows if row["source"] == side]))
    assert said and not [one for one in said if "voice" in one]


def test_pictures_of_one_person_count_as_one(evaluate) -> None:
    results = evaluate(person={f"v{index:04d}": f"person {index // 3}" for index in range(30)})
    for content in (results["facial"], results["headlines"], results["identity"]):
        assert (content["voices"], content["people"]) == (30, 10)


def test_faces_that_are_all_the_same_have_no_cosine_at_all(evaluate) -> None:
    def collapse(rows):
        for row in rows:
            if row["source"] == "generated":
                row.update(embedding=rows[0]["embedding"])

    cosine = evaluate(collapse)["identity"]["by_guidance"][GIVEN]["cosine"]
    assert cosine["raw"]["own"]["value"] is None and "the same" in cosine["raw"]["own"]["reason"]


def test_embeddings_that_are_no_numbers_are_counted(evaluate) -> None:
    def spoil(rows):
        for row in rows[:5]:  # a true face and its two generated ones, then again
            row.update(embedding=[float("nan")] * 512)
        rows[5].update(faces=0, embedding=None)

    assert evaluate(spoil)["identity"]["without_embedding"] == {"true": 2, "generated": 3}


def test_faces_are_judged_by_dlib_too_where_it_looked(evaluate) -> None:
    assert "reason" in evaluate()["craniofacial"]["dlib"]

    def look(rows):
        for row in rows:
            row["measures_dlib"] = row["measures"]

    dlib = evaluate(look, noise=0.1)["craniofacial"]["dlib"]
    assert dlib["measures"]["jaw_width"]["r"] > 0.9 and dlib["guidance"] == GIVEN
