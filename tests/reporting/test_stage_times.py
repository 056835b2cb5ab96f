"""What stages took, in the pipeline's order, and when that is no sum."""

import json

import pytest

from s2f.reporting.stage_times import duration, ended_on, read_times, stages_of, times

ONE = {"seconds": 90.0, "processor_seconds": 180.0, "peak_mib": 1234, "ended": "2026-01-02T10:00:00+00:00"}
HERE = {"processor": "Intel(R) Xeon(R) CPU @ 2.20GHz", "cores": 2, "machine": "x86_64"}


def test_stages_stand_in_the_pipelines_order_with_their_sum() -> None:
    noted = {"b": ONE | HERE | {"ended": "2026-01-01"}, "a": ONE | HERE, "gone": ONE | HERE}
    table = times(noted, ["a", "b"])
    assert [row[0] for row in table.rows] == ["a", "b", "all"]
    assert table.rows[0][1:] == [
        "1 min 30 s", "3 min 0 s", "1,234 MiB", "Intel Xeon CPU @ 2.20GHz, 2 cores", "2026-01-02 10:00"
    ]  # fmt: skip
    assert table.rows[2][1] == "3 min 0 s" and len(table.notes) == 1


def test_without_a_pipeline_stages_stand_as_they_ended() -> None:
    assert [row[0] for row in times({"a": ONE, "b": ONE | {"ended": "2026-01-01"}}, []).rows] == ["b", "a", "all"]
    assert times({}, ["a"]).rows == []


@pytest.mark.parametrize(
    ("other", "cell", "words", "why"),
    [
        (None, 1, "not noted", "a stage was not noted"),
        ({"found_finished": True}, 1, "1 min 30 s, read: it had finished before", "a training had finished before"),
        ({"cores": 8}, 4, "elsewhere: Intel Xeon CPU @ 2.20GHz, 8 cores", "not all ran on one machine"),
        ({"processor": "Other"}, 4, "elsewhere: Other, 2 cores", "not all ran on one machine"),
    ],
)
def test_what_makes_no_sum_is_marked_and_said(other, cell, words, why) -> None:
    noted = {"a": ONE | HERE} | ({} if other is None else {"b": ONE | HERE | {"ended": "2026-01-01"} | other})
    table = times(noted, ["a", "b"])
    assert [row[0] for row in table.rows] == ["a", "b"]
    assert table.rows[1][cell] == words and "elsewhere" not in table.rows[0][4]
    assert why in table.notes[1]


def test_notes_from_before_processors_were_noted_are_read_and_not_marked() -> None:
    table = times({"a": ONE | {"machine": "x86_64", "cores": 1}, "b": ONE | HERE, "c": ONE}, ["a", "b", "c"])
    assert [row[4] for row in table.rows[:3]] == ["x86_64, 1 core", "Intel Xeon CPU @ 2.20GHz, 2 cores", "–"]
    assert table.rows[-1][0] == "all"


def test_broken_notes_and_that_of_the_report_itself_are_left_out(tmp_path) -> None:
    contents = {"a": json.dumps(ONE), "report": json.dumps(ONE), "broken": "{", "old": "{}", "list": "[1]"}
    contents["words"] = json.dumps(ONE | {"seconds": "long"})
    for name, content in contents.items():
        (tmp_path / f"{name}.json").write_text(content)
    assert list(read_times(tmp_path)) == ["a"] and ended_on(read_times(tmp_path)) == "2026-01-02"
    assert read_times(tmp_path / "none") == {} and ended_on({}) is None


def test_the_pipelines_stages_are_named_in_their_files_order(tmp_path) -> None:
    (tmp_path / "first.yaml").write_text("stages: {z: {cmd: x}}\n")
    (tmp_path / "second.yaml").write_text("stages: {b: {}, a: {}, report: {}}\n")
    (tmp_path / "broken.yaml").write_text("stages: [")
    names = ("first.yaml", "second.yaml", "broken.yaml", "none.yaml")
    assert stages_of(tmp_path / name for name in names) == ["z", "b", "a"]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (59.4, "59 s"), (3599, "59 min 59 s"), (7260, "2 h 1 min")]
)
def test_durations_are_in_words(seconds, words) -> None:
    assert duration(seconds) == words
