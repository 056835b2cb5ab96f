"""The first stage, run as DVC runs it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from s2f.runtime import file_sha256

ROOT = Path(__file__).parents[2]
Edit = Callable[[str, str], Path]


def check(params: Path, out: Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "s2f.stages.check_params", "--out", str(out), "--params", str(params)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


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


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("face_models.arcface", "models/w600k_r50.onnx", "arcface: no such file (found 'models/w600k_"),
        ("face_models.age_gender", "genderage.onnx", "face_models.age_gender: no such file"),
        ("face_models.age_gender_sha256", "0" * 64, f"age_gender_sha256: {'0' * 64} is not that of s2f/sample/pack"),
        (
            "face_models.dlib_predictor",
            "gone.dat",
            "dlib_predictor: no such file (found 'gone.dat'); allowed: a dlib shape",
        ),
        ("face_models.dlib_predictor_sha256", "0" * 64, "dlib_predictor_sha256 without a dlib_predictor; allowed"),
        ("speech_faces.url", "ftp://x/{youtube_id}", "speech_faces.url: scheme 'ftp' of ftp://x/{youtube_id}; allowed"),
        (
            "speech_faces.url",
            "http://{youtube_id}/x",
            "the host of http://{youtube_id}/x; allowed: one that is written",
        ),
        ("fetching.cookies", "gone.txt", "fetching.cookies: gone.txt cannot be read"),
        ("speech_faces.url", "{source}/{youtube_id}.mp4", "allowed: file, http, https"),
    ],
)
def test_what_params_name_must_be_there(edited: Edit, tmp_path: Path, key: str, value: str, words: str) -> None:
    path = edited(key, value)
    done = check(path, tmp_path / "ok")
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {path}: ") and done.stderr.count("\n") == 1
    assert words in done.stderr
    assert not (tmp_path / "ok").exists()


def test_the_right_sha256_and_a_packs_name_pass(edited: Edit, tmp_path: Path) -> None:
    path = edited("face_models.age_gender_sha256", file_sha256(ROOT / "s2f/sample/pack/genderage.onnx"))
    assert check(path, tmp_path / "ok").returncode == 0
    assert check(edited("face_models.arcface", "buffalo_l"), tmp_path / "ok").returncode == 0


def test_inafaceanalyzer_must_be_set_up_and_have_its_weights(edited: Edit, tmp_path: Path) -> None:
    path = edited("face_models.age_gender", "inaFaceAnalyzer")
    path.write_text(path.read_text().replace("s2f/sample/pack", str(ROOT / "s2f/sample/pack")))
    key = f"error: {path}: face_models.age_gender"

    def says(*words: str) -> None:
        done = check(path, tmp_path / "ok", tmp_path)
        assert done.returncode == (2 if words else 0), done.stderr
        assert done.stderr.count("\n") == bool(words) and all(word in done.stderr for word in words)

    says(f"{key}: inaFaceAnalyzer has no environment here", "run `make judge`")
    (tmp_path / ".judge").mkdir()
    (tmp_path / ".judge" / "installed").touch()
    says(f"{key}: inaFaceAnalyzer is installed in .judge, but never had its weights; run `make judge`")
    (tmp_path / ".judge" / "ready").write_text('{"version": "0.6.3", "weights": {"resnet.h5": "%s"}}' % ("1" * 64))
    says()
    path.write_text(path.read_text().replace("age_gender:", f"age_gender_sha256: '{'2' * 64}', age_gender:"))
    says(f"{key}_sha256: {'2' * 64} is not that of inaFaceAnalyzer's weights; allowed: {'1' * 64}, or null")


def test_a_predictor_that_is_there_passes_and_must_be_the_right_one(edited: Edit, tmp_path: Path) -> None:
    file = tmp_path / "68.dat"
    file.write_bytes(b"whether dlib can use it, the measuring stage sees")
    path = edited("face_models.dlib_predictor", str(file))
    assert check(path, tmp_path / "ok").returncode == 0
    right = path.read_text()
    path.write_text(right.replace("dlib_predictor:", f"dlib_predictor_sha256: '{'0' * 64}', dlib_predictor:"))
    done = check(path, tmp_path / "not ok")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert f"dlib_predictor_sha256: {'0' * 64} is not that of {file}; allowed: {file_sha256(file)}" in done.stderr


def test_weights_to_start_from_must_be_there(edited: Edit, tmp_path: Path) -> None:
    path = edited("speech_encoder_training.start_from", "gone.safetensors")
    text = path.read_text().replace("architecture: speech2face", "architecture: wavlm", 1)
    path.write_text(text.replace("layers: 0", "layers: 2", 1))
    done = check(path, tmp_path / "ok")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "start_from: no such file (found 'gone.safetensors'); allowed: a safetensors file, or null" in done.stderr


def test_compiling_needs_a_compiler(edited: Edit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = edited("face_decoder_training.compile", True)
    monkeypatch.setenv("CXX", sys.executable)
    assert check(path, tmp_path / "ok").returncode == 0
    monkeypatch.setenv("CXX", "no-such-compiler")
    done = check(path, tmp_path / "ok")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "compile true needs a C++ compiler, and there is no no-such-compiler here; allowed: false" in done.stderr
