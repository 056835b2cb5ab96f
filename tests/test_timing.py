import json
import time

import pytest

from s2f.timing import timed


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
