import json
import subprocess

import pytest

from s2f.reporting.previous import Previous, read_previous
from s2f.reporting.this_run import changes, duration, times

METRICS = {"age_r": 0.5, "age_r_margin": 0.1, "voices": 80, "cosine": None, "cosine_margin": None}
PARAMS = {"seed": 1, "generation": {"guidance": [0, 1], "steps": 8}}


@pytest.fixture
def repository(tmp_path):
    """A git repository with one commit of both files; a function that runs git in it."""

    def git(*command):
        identity = ("-c", "user.name=s2f", "-c", "user.email=s2f@localhost")
        subprocess.run(["git", *identity, *command], cwd=tmp_path, check=True, capture_output=True)

    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "metrics.json").write_text(json.dumps(METRICS))
    (tmp_path / "params.yaml").write_text("seed: 1\ngeneration: {guidance: [0, 1], steps: 8}\n")
    git("init")
    git("add", ".")
    git("commit", "-m", "first")
    return tmp_path


def read(folder):
    return read_previous(folder / "reports" / "metrics.json", folder / "params.yaml")


def test_the_previous_run_is_what_git_has_whatever_lies_in_the_folder(repository) -> None:
    (repository / "reports" / "metrics.json").unlink()  # DVC removes it before the stage runs
    (repository / "params.yaml").write_text("seed: 2\n")
    previous = read(repository)
    assert (previous.metrics, previous.params) == (METRICS, PARAMS)
    assert len(previous.revision) >= 7 and previous.date.startswith("20")


@pytest.mark.parametrize("content", ["{", "[1]", ""])
def test_what_git_has_and_cannot_be_read_is_no_previous_run(repository, content) -> None:
    (repository / "reports" / "metrics.json").write_text(content)
    subprocess.run(
        ["git", "-c", "user.name=s2f", "-c", "user.email=s2f@localhost", "commit", "-qam", "x"],
        cwd=repository,
        check=True,
    )
    assert read(repository) is None


def test_without_git_there_is_no_previous_run_and_the_page_says_so(tmp_path) -> None:
    (tmp_path / "reports").mkdir()
    assert read(tmp_path) is None
    [table] = changes(None, METRICS, PARAMS)
    assert table.rows == [] and table.notes == ["There is no earlier run to compare with."]


def test_only_what_changed_is_listed_with_its_margin() -> None:
    before = Previous("abc1234", "2026-01-02", METRICS | {"age_r": 0.45, "cosine": 0.2}, PARAMS | {"seed": 7})
    numbers, settings = changes(before, METRICS, PARAMS | {"evaluation": {"confidence": 0.95}})
    assert "abc1234 of 2026-01-02" in numbers.caption
    assert numbers.rows == [["age r", "0.450", "0.500", "0.050", "0.100"], ["cosine", "0.200", "–", "–", "–"]]
    assert settings.rows == [["seed", "7", "1"], ["evaluation.confidence", "–", "0.95"]]


def test_the_same_run_again_changed_nothing() -> None:
    tables = changes(Previous("abc1234", "2026-01-02", METRICS, PARAMS), METRICS, PARAMS)
    assert [(table.rows, table.notes) for table in tables] == [([], ["Nothing changed."])] * 2


def test_stages_stand_in_the_order_they_ran_with_their_sum_and_broken_notes_are_left_out(tmp_path) -> None:
    for name, ended, seconds in (("report_faces", "2026-01-02T10:00:00+00:00", 3.0), ("a_first", "2026-01-01", 90.0)):
        one = {"seconds": seconds, "processor_seconds": 2 * seconds, "peak_mib": 1234, "ended": ended}
        (tmp_path / f"{name}.json").write_text(json.dumps(one))
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "old.json").write_text("{}")
    rows = times(tmp_path).rows
    assert [row[0] for row in rows] == ["a first", "report faces", "all"]
    assert rows[0][1:4] == ["1 min 30 s", "3 min 0 s", "1,234 MiB"]
    assert rows[2][1] == "1 min 33 s" and rows[1][4] == "2026-01-02 10:00"
    assert times(tmp_path / "none").rows == []


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (59.4, "59 s"), (3599, "59 min 59 s"), (7260, "2 h 1 min")]
)
def test_durations_are_in_words(seconds, words) -> None:
    assert duration(seconds) == words
