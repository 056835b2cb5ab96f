import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from s2f.evaluation.comparing import COMPARED, ENLARGING, MEASURES_R, VERDICTS, compare_runs, verdict
from s2f.evaluation.craniofacial import evaluate_craniofacial
from s2f.evaluation.enlarging import evaluate_super_resolution
from s2f.evaluation.groups import evaluate_headlines
from s2f.evaluation.headlines import AGE, FACE_FINDS, GENDER, HEADLINES, LIKENESS, ONE_FACE, VOICE_FINDS
from s2f.evaluation.runs import read_run
from s2f.evaluation.statistics import Plan
from s2f.params.evaluation import MEASURES
from s2f.runtime import InputError

PLAN = Plan(confidence=0.95, resamples=200, seed=1)


@pytest.fixture
def run(write_run, tmp_path):
    """A function that writes a run and reads it, at w = 1 unless it is told another."""

    def _run(name="A", guidance=1, **about):
        return read_run(name, write_run(tmp_path / name, **about), guidance)

    return _run


def compared(a, b, first=10):
    content = compare_runs(a, b, first, PLAN)
    json.dumps(content, allow_nan=False)
    assert [*content["headlines"]] == [*COMPARED]
    assert sorted(name for kind in VERDICTS for name in content["verdicts"][kind]) == sorted(content["headlines"])
    return content


def test_the_same_run_twice_differs_in_nothing(run) -> None:
    one = run(noise=1.5)
    content = compared(one, one)
    assert content["verdicts"]["same"] == [*content["headlines"]]
    for row in content["headlines"].values():
        difference = row["difference"]
        assert {key: difference[key] for key in ("value", "p", "p_holm")} == {"value": 0, "p": 1, "p_holm": 1}
        assert difference["low"] <= 0 <= difference["high"]  # of a share at 0 or 1, as wide as for two systems
        assert row["a"] == row["b"]


def test_a_planted_improvement_is_found_and_the_other_way_round_it_is_a_loss(run) -> None:
    a, b = run("A", noise=1.5, blur=0.5), run("B", noise=0.3, blur=0.2, seed=1)
    better, worse = compared(a, b), compared(b, a)
    assert {AGE, LIKENESS, MEASURES_R, ENLARGING} <= set(better["verdicts"]["better"]) and not better["verdicts"][
        "worse"
    ]
    assert better["verdicts"]["better"] == worse["verdicts"]["worse"]
    for name in (AGE, LIKENESS, MEASURES_R):
        row = better["headlines"][name]
        assert row["difference"]["value"] == pytest.approx(row["b"]["value"] - row["a"]["value"], abs=2e-6)
        assert row["difference"]["p"] <= row["difference"]["p_holm"] <= 0.05


def test_runs_that_differ_by_their_seed_alone_are_seldom_told_apart(run) -> None:
    told, trials = 0, 6
    for seed in range(trials):
        content = compared(run("A", noise=1.0, seed=2 * seed), run("B", noise=1.0, seed=2 * seed + 1))
        told += bool(content["verdicts"]["better"] or content["verdicts"]["worse"])
    assert told <= 1


def test_only_voices_of_both_are_compared_and_the_others_are_counted(run) -> None:
    a, b = run("A", voices=range(40), noise=1.5), run("B", voices=range(10, 60), noise=1.5)
    content = compared(a, b)
    assert content["voices"] == {"both": 30, "only_a": 10, "only_b": 20, "people": 30}
    assert all(content["headlines"][name]["difference"]["n"] == 30 for name in HEADLINES)
    assert content["portraits"] == {"both": 30, "only_a": 0, "only_b": 0}


def only(voices):
    """A change that leaves these voices alone in the measured table."""

    def change(rows):
        rows[:] = [row for row in rows if row["id"][0] != "v" or int(row["id"][1:]) in voices]

    return change


def test_a_run_with_more_voices_has_no_larger_gallery(run) -> None:
    few, about = run("A", noise=25.0, voices=range(25)), {"noise": 25.0, "voices": range(100)}
    more = compared(few, run("B", **about), first=5)["headlines"][FACE_FINDS]
    same = compared(few, run("B", **about, change=only(range(25))), first=5)["headlines"][FACE_FINDS]
    assert more == same and 0.2 < more["b"]["value"] < 0.95


def test_voices_that_one_side_cannot_ask_for_are_in_no_gallery_and_counted(run) -> None:
    def undetected(rows):
        for row in rows:
            if row["source"] == "generated" and int(row["id"][1:]) < 12:
                row.update(faces=0, age=None, male=None, embedding=None)

    content = compared(run("A", noise=25.0, change=undetected), run("B", noise=25.0), first=5)
    for name in (GENDER, AGE, LIKENESS, FACE_FINDS):
        row = content["headlines"][name]
        counts = (row["only_a"], row["only_b"], row["a"]["n"], row["b"]["n"], row["difference"]["n"])
        assert counts == (0, 12, 28, 28, 28)
    assert content["headlines"][ONE_FACE]["difference"]["n"] == 40
    assert content["headlines"][ONE_FACE]["verdict"] == "better"
    assert content["headlines"][VOICE_FINDS]["difference"]["n"] == 40
    narrow = run("C", noise=25.0, change=only(range(12, 40)))
    assert content["headlines"][FACE_FINDS]["b"] == compared(narrow, narrow, first=5)["headlines"][FACE_FINDS]["b"]


def test_as_many_samples_count_as_both_have(run) -> None:
    def same(content):
        return {name: row["difference"] for name, row in content["headlines"].items()}

    two, four = run("A", noise=1.5), run("B", noise=1.5, samples=4)
    content = compared(two, four)
    assert content["samples"] == 2 and (content["a"]["samples"], content["b"]["samples"]) == (2, 4)

    def cut(rows):
        rows[:] = [row for row in rows if row["sample"] is None or row["sample"] < 2]

    assert same(content) == same(compared(two, run("C", noise=1.5, samples=4, change=cut)))


def test_each_side_is_taken_at_its_own_w(run) -> None:
    def spoil(rows):
        for row in rows:
            if row["guidance"] == 0:
                row["age"] = 40 + 10 * np.random.default_rng(int(row["id"][1:])).normal()

    a, b = run("A", guidance=0, change=spoil), run("A", guidance=1, change=spoil)
    content = compared(a, b)
    assert (content["a"]["guidance"], content["b"]["guidance"]) == ("0", "1")
    assert AGE in content["verdicts"]["better"] and GENDER in content["verdicts"]["unclear"]
    with pytest.raises(InputError, match=r"A: no face was drawn at w = 7; allowed: 0, 1\."):
        run(guidance=7)


def test_clips_of_one_person_are_no_new_people_and_few_people_are_said_nothing_of(run) -> None:
    person = {f"v{number:04d}": f"person {number % 19}" for number in range(40)}
    content = compared(run("A", noise=2.0, person=person), run("B", noise=0.2, person=person))
    assert content["voices"]["people"] == 19 and content["headlines"][LIKENESS]["difference"]["p_holm"] < 0.05
    assert set(content["verdicts"]["better"]) <= {ENLARGING}
    assert {AGE, LIKENESS} <= set(content["verdicts"]["few"])


@pytest.mark.parametrize(
    ("difference", "expected"),
    [
        ({"value": 0.2, "low": 0.1, "high": 0.3, "p_holm": 0.04, "people": 20}, "better"),
        ({"value": -0.2, "low": -0.3, "high": -0.1, "p_holm": 0.04, "people": 20}, "worse"),
        ({"value": 0.2, "low": 0.1, "high": 0.3, "p_holm": 0.06, "people": 20}, "unclear"),
        ({"value": 0.2, "low": -0.1, "high": 0.3, "p_holm": 0.04, "people": 20}, "unclear"),
        ({"value": 0.2, "low": 0.1, "high": 0.3, "p_holm": 0.04, "people": 19}, "few"),
        ({"value": 0.0, "low": -0.1, "high": 0.1, "p_holm": 1.0, "people": 20, "same": True}, "same"),
        ({"value": None, "low": None, "high": None, "n": 0, "reason": "not available: none"}, "unknown"),
    ],
)
def test_nothing_is_claimed_unless_interval_p_and_people_agree(difference, expected) -> None:
    assert verdict({"same": False} | difference, 0.05) == expected


def test_each_side_has_the_interval_that_its_own_report_has(run) -> None:
    a = run("A", noise=4.0)
    content = compared(a, run("B", noise=0.3))
    own = evaluate_headlines(a.study, 1, 10, PLAN)["headlines"]
    assert {name: content["headlines"][name]["a"] for name in HEADLINES} == own
    assert content["headlines"][ENLARGING]["a"] == evaluate_super_resolution(a.pictures, PLAN)["difference"]
    about, row = (a.study.true, a.study.generated, a.study.voices, 1, 90.0, MEASURES), content["headlines"][MEASURES_R]
    table = evaluate_craniofacial(*about, (), (), PLAN)["measures"].values()
    assert row["a"]["value"] == pytest.approx(np.mean([one["r"] for one in table]), abs=1e-5)
    beyond = sum(one["r"] > 0 and one["p_holm"] <= 0.05 for one in table)
    assert row["measures"] == {"used": 11, "of": 11, "beyond_chance_a": beyond, "beyond_chance_b": 11} and beyond < 11


def test_so_few_draws_that_no_p_could_be_small_are_raised(run) -> None:
    content = compare_runs(run("A", noise=2.0), run("B", noise=0.1), 10, Plan(0.99, 100, 1))
    assert LIKENESS in content["verdicts"]["better"]


def test_one_ruler_is_nothing_to_speak_of(run) -> None:
    assert compared(run("A"), run("B", noise=1.0))["other_rulers"] == {
        "unknown": [], "networks": {}, "true_faces": 0, "portraits": 0, "people": False,
    }  # fmt: skip


def test_other_rulers_are_named(run) -> None:
    def older(rows):
        for row in rows:
            if row["source"] == "true" and row["id"] in ("v0003", "v0005"):
                row["age"] += 1
            if row["source"] == "true" and row["id"] == "v0007":
                row["measures"] = row["measures"][1:]
            if row["source"] == "portrait" and row["id"] == "p0001":
                row["faces"] = 2

    networks = {
        "arcface": {"name": "arc.onnx", "sha256": "b2"},
        "mesh": {"name": "mesh", "sha256": "d4"},
        "dlib": {"name": "dlib", "sha256": "another"},
    }
    person = {"v0001": "one", "v0002": "one"}
    found = compared(run("A"), run("B", change=older, networks=networks, person=person))["other_rulers"]
    assert found == {
        "unknown": [],
        "networks": {  # no headline is taken of dlib
            "arcface": [["arc.onnx", "a1"], ["arc.onnx", "b2"]],
            "mesh": [["mesh", "c3"], ["mesh", "d4"]],
        },
        "true_faces": 3,
        "portraits": 1,
        "people": True,
    }
    renamed = {"arcface": {"name": "moved.onnx", "sha256": "a1"}, "mesh": {"name": "elsewhere", "sha256": "c3"}}
    assert not compared(run("A"), run("B", networks=renamed))["other_rulers"]["networks"]
    assert compared(run("A"), run("B", networks={}))["other_rulers"]["unknown"] == ["B"]


def test_without_a_voice_in_common_there_are_reasons_and_no_numbers(run) -> None:
    content = compared(run("A", voices=range(30)), run("B", voices=range(50, 80)))
    assert content["verdicts"]["unknown"] == [*HEADLINES, MEASURES_R]
    assert all(content["headlines"][name]["difference"]["reason"].startswith("not avail") for name in HEADLINES)


def undetected(rows):
    for row in rows:
        if row["source"] != "true":
            row.update(faces=0, age=None, male=None, embedding=None, measures=None)


def not_a_number(rows):
    for row in rows:
        row.update(age=float("nan"), male=float("nan"), embedding=[float("nan")] * 512, faces=None)
        row.update(measures=[(name, float("nan")) for name in MEASURES])


@pytest.mark.parametrize("change", [undetected, not_a_number])
@pytest.mark.parametrize("both", [True, False])
def test_faces_that_were_not_found_claim_nothing(change, both, run) -> None:
    blind = run("A", change=change)
    content = compared(blind, blind if both else run("B"))
    known = {name for name, row in content["headlines"].items() if row["verdict"] != "unknown"}
    assert known <= {ONE_FACE, VOICE_FINDS}
    assert content["other_rulers"]["true_faces"] == (40 if change is not_a_number and not both else 0)


def test_a_run_of_an_earlier_s2f_whose_table_has_fewer_columns_is_read(run, tmp_path) -> None:
    run("A")
    path = tmp_path / "A" / "measured" / "00000.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["measures_dlib", "psnr_db", "ssim", "colour_shift"]), path)
    content = compared(read_run("old", tmp_path / "A", 1), run("B"))
    assert content["voices"]["both"] == 40 and not content["verdicts"]["unknown"]


def test_what_is_missing_or_broken_is_one_sentence(run, tmp_path) -> None:
    run("A")
    (tmp_path / "A" / "measured" / "00000.parquet").write_bytes(b"no table")
    with pytest.raises(InputError, match=r"A: .* a table that cannot be read"):
        read_run("A", tmp_path / "A", 1)
    (tmp_path / "A" / "generated" / "heard").rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"A: .*generated/heard is not there; `dvc repro` makes it"):
        read_run("A", tmp_path / "A", 1)
