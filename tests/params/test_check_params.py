"""The first stage, run as DVC runs it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def check(params: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "s2f.stages.check_params", "--out", str(out), "--params", str(params)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_good_params_pass(tmp_path: Path) -> None:
    done = check(ROOT / "params.yaml", tmp_path / "data" / "ok")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data" / "ok").is_file()


def test_bad_params_are_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    bad = tmp_path / "params.yaml"
    bad.write_text((ROOT / "params.yaml").read_text().replace("guidance:", "guidence:"))
    done = check(bad, tmp_path / "ok")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert "generation.guidence: no such parameter" in done.stderr
    assert not (tmp_path / "ok").exists()
