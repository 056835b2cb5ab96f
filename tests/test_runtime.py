import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from s2f.runtime import derive_seed, file_sha256, replace_file


def test_a_derived_seed_depends_on_every_name() -> None:
    seeds = [
        derive_seed(*names)
        for names in ((7, "a", 1), (8, "a", 1), (7, "b", 1), (7, "a", 2), (7, "a1"), (7, "a", "1", ""))
    ]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_derived_seed_is_the_same_everywhere() -> None:
    assert derive_seed(7, "face", "abc_00000000", 3) == derive_seed(7, "face", "abc_00000000", 3)
    program = "from s2f.runtime import derive_seed; print(derive_seed(7, 'face', 3))"
    elsewhere = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(elsewhere.stdout) == derive_seed(7, "face", 3)


def test_file_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"voice")
    assert file_sha256(tmp_path / "x") == hashlib.sha256(b"voice").hexdigest()


def test_a_command_ends_bad_input_with_a_sentence_and_2(tmp_path: Path) -> None:
    program = tmp_path / "command.py"
    program.write_text(
        "from pathlib import Path\n"
        "from s2f.runtime import InputError, run_command\n"
        "def main(out: Path, params: Path = Path('p')) -> None:\n"
        "    raise InputError(f'{out}: not a folder; allowed: a folder')\n"
        "run_command(main)\n"
    )
    done = subprocess.run([sys.executable, str(program), "--out", "x"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "error: x: not a folder; allowed: a folder\n")
    program.write_text(program.read_text().replace("raise InputError", "out.write_bytes(b'') or print"))
    command = [sys.executable, str(program), "--out", "/proc/nowhere/x"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "error: /proc/nowhere/x: No such file or directory.\n")
    program.write_text(program.read_text().replace("out.write_bytes(b'') or print", "raise KeyboardInterrupt or print"))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 130 and done.stderr.startswith("stopped: SIGINT was received; nothing that was finished")
    helped = subprocess.run([sys.executable, str(program), "--help"], capture_output=True, text=True, check=True)
    assert "--out" in helped.stdout and "--params" in helped.stdout


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, b"old")
    with pytest.raises(TypeError):
        replace_file(path, "not bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
