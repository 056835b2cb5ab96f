import json
import os
import time

import pytest

from s2f.timing import found_finished, processor, timed, usable_cores


@pytest.fixture
def as_stage(tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setenv("DVC_STAGE", "s2f/sample/dvc.yaml:draw_sample")
    monkeypatch.delenv("RANK", raising=False)
    return tmp_path / "data" / "times" / "draw_sample.json"


def test_a_stage_notes_what_it_took(as_stage) -> None:
    with timed():
        time.sleep(0.05)
    taken = json.loads(as_stage.read_text())
    assert 0.05 <= taken["seconds"] < 5
    assert taken["processor_seconds"] > 0 and taken["peak_mib"] > 10
    assert taken["ended"].endswith("+00:00")


def test_a_stage_that_fails_notes_nothing(as_stage) -> None:
    with pytest.raises(ValueError, match="broken"), timed():
        raise ValueError("broken")
    assert not as_stage.exists()


def test_only_the_first_of_several_processes_notes_it(as_stage, monkeypatch) -> None:
    monkeypatch.setenv("RANK", "1")
    with timed():
        pass
    assert not as_stage.exists()


def test_outside_of_a_stage_nothing_is_noted(as_stage, monkeypatch) -> None:
    monkeypatch.delenv("DVC_STAGE")
    with timed():
        pass
    assert not as_stage.parent.exists()


def test_where_a_stage_ran_is_noted(as_stage) -> None:
    with timed():
        pass
    taken = json.loads(as_stage.read_text())
    assert taken["processor"] == processor() and taken["cores"] == usable_cores() >= 1


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this platform binds no process to a core")
def test_only_cores_that_may_be_used_are_counted() -> None:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert usable_cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)


def test_a_processor_has_the_name_that_linux_gives_it_or_the_platforms(tmp_path) -> None:
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: A: fast one\nmodel name\t: another\n")
    assert processor(tmp_path / "cpuinfo") == "A: fast one"
    assert processor(tmp_path / "none")


def test_work_that_had_finished_before_is_noted_as_read_once(as_stage) -> None:
    with timed():
        found_finished()
    assert json.loads(as_stage.read_text())["found_finished"] is True
    with timed():
        pass
    assert "found_finished" not in json.loads(as_stage.read_text())
