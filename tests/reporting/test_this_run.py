import json
import subprocess

import pytest

from s2f.reporting.previous import Previous, read_previous, read_revision
from s2f.reporting.this_run import changes, facts

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
    assert changes(None, METRICS, PARAMS) == (["There is no earlier run to compare with."], [])
    assert read_revision(tmp_path, tmp_path / "reports") is None


def test_only_what_changed_is_listed_with_its_margin() -> None:
    before = Previous("abc1234", "2026-01-02", METRICS | {"age_r": 0.45, "cosine": 0.2}, PARAMS | {"seed": 7})
    said, [numbers, settings] = changes(before, METRICS, PARAMS | {"evaluation": {"confidence": 0.95}})
    assert "abc1234 of 2026-01-02" in numbers.caption
    assert "`" not in "".join(numbers.notes)  # the page shows Markdown's marks as they are
    assert numbers.rows == [["age r", "0.450", "0.500", "0.050", "0.100"], ["cosine", "0.200", "–", "–", "–"]]
    assert said == []
    assert settings.rows == [["seed", "7", "1"], ["evaluation.confidence", "–", "0.95"]]


def test_what_did_not_change_is_one_sentence() -> None:
    before = Previous("abc1234", "2026-01-02", METRICS, PARAMS)
    assert changes(before, METRICS, PARAMS) == (
        ["No headline changed and no parameter changed since revision abc1234 of 2026-01-02."],
        [],
    )
    said, [settings] = changes(before, METRICS, PARAMS | {"seed": 2})
    assert said == ["No headline changed since revision abc1234 of 2026-01-02."]
    assert settings.rows == [["seed", "1", "2"]]


def test_the_revision_says_whether_files_differ_but_for_what_the_run_itself_writes(repository) -> None:
    def now():
        return read_revision(repository, repository / "reports")

    (repository / "dvc.lock").write_text("a")
    for command in (("add", "dvc.lock"), ("commit", "-m", "x")):
        identity = ("-c", "user.name=s2f", "-c", "user.email=s2f@localhost")
        subprocess.run(["git", *identity, *command], cwd=repository, check=True, capture_output=True)
    clean = now()
    assert clean == read(repository).revision
    (repository / "reports" / "metrics.json").unlink()
    (repository / "dvc.lock").write_text("b")
    (repository / "new.txt").write_text("nobody asked for it")
    assert now() == clean
    (repository / "params.yaml").write_text("seed: 2\n")
    assert now() == f"{clean} with changes"


@pytest.mark.parametrize(
    ("ended", "revision", "words"),
    [("2026-01-02", "abc with changes", "2026-01-02, revision abc with changes"), (None, "abc", "revision abc"),
     ("2026-01-02", None, "2026-01-02"), (None, None, "")],
)  # fmt: skip
def test_of_the_run_only_what_is_known_is_said(ended, revision, words) -> None:
    assert facts(ended, revision) == words
