import re
import subprocess
import sys
from pathlib import Path

import pytest

from s2f.cli.main import main
from s2f.dataset.schemas import LEDGER
from s2f.dataset.shards import write_shard

PARAMS = Path(__file__).parents[2] / "params.yaml"


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    """The command's exit code."""
    monkeypatch.setattr(sys, "argv", ["s2f", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def test_help_teaches(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--help") == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert sum(line.startswith("s2f ") for line in lines) == 7
    assert "statistical guess, never an identification" in " ".join(lines)


def test_the_command_that_draws_says_what_a_drawing_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "generate", "--help") == 0
    assert "statistical guess, never an identification" in " ".join(capsys.readouterr().out.split())


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, s2f.cli.main; print({'torch', 'diffusers', 'duckdb', 'pyarrow', 'pydantic'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


def test_models_prints_every_models_size(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    params = tmp_path / "params.yaml"
    params.write_text(re.sub(r"width: [\d.]+", "width: 1.0", PARAMS.read_text()))
    assert run(monkeypatch, "models", "--params", params) == 0
    printed = capsys.readouterr().out
    assert "133,379,328" in printed
    assert all(name in printed for name in ("speech_encoder", "face_decoder", "super_resolution"))


def test_corpus_status_counts_by_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    row = {"id": "a", "status": "permanent", "reason": "removed", "message": "gone", "attempts": 1, "split": "train"}
    row |= {"shard": 0, "item": "", "tools": "{}"}
    kept = row | {"id": "b", "status": "ok", "reason": None, "message": None}
    write_shard([row, kept], LEDGER, tmp_path / "ledger" / "speech_faces" / "00000.parquet")
    assert run(monkeypatch, "corpus", "status", "--data", tmp_path) == 0
    printed = capsys.readouterr().out
    assert "speech_faces" in printed and "removed" in printed
    assert run(monkeypatch, "corpus", "status", "--data", tmp_path / "nowhere") == 2
    assert "no corpus was built" in capsys.readouterr().err


def test_params_check_says_yes_or_why_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(monkeypatch, "params", "check", PARAMS) == 0
    assert "fits" in capsys.readouterr().out
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(PARAMS.read_text().replace("sampler: dpmsolver++", "sampler: magic"))
    assert run(monkeypatch, "params", "check", wrong) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and "generation.sampler" in error and "'magic'" in error
    wrong.write_text(re.sub(r"age_gender: \S+", "age_gender: nowhere.onnx", PARAMS.read_text()))
    assert run(monkeypatch, "params", "check", wrong) == 2
    assert "face_models.age_gender: no such file (found 'nowhere.onnx')" in capsys.readouterr().err
