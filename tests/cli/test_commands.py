import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from s2f.audio.speech import encode_flac
from s2f.cli.generate import distinct_stems
from s2f.cli.main import main
from s2f.dataset.schemas import LEDGER
from s2f.dataset.shards import write_shard
from s2f.runtime import file_sha256

RATE = 16_000
PARAMS = Path(__file__).parents[2] / "params.yaml"


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    """The command's exit code."""
    monkeypatch.setattr(sys, "argv", ["s2f", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def write_voice(path: Path, seconds: float = 2.0, loudness: float = 0.1) -> Path:
    noise = np.random.default_rng(0).normal(size=round(seconds * RATE))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_flac(loudness * noise.clip(-3, 3), RATE))
    return path


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    return write_voice(tmp_path / "voice.flac")


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


def test_a_voice_becomes_pictures_and_what_made_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], voice: Path, tiny_models: Path, tmp_path: Path
) -> None:
    out = tmp_path / "faces"
    words = ["generate", voice, "--out", out, "--models", tiny_models, "--samples", 3, "--steps", 4, "--guidance", 2]
    assert run(monkeypatch, *words) == 0
    assert "never an identification" in " ".join(capsys.readouterr().out.split())
    about = json.loads((out / "voice.json").read_text())
    assert [picture["file"] for picture in about["pictures"]] == ["voice_0.png", "voice_1.png", "voice_2.png"]
    assert len({picture["seed"] for picture in about["pictures"]}) == 3
    assert (about["guidance"], about["steps"], about["seed"], about["input"]) == (2, 4, 0, "voice.flac")
    assert about["models"] == {
        path.parent.name: file_sha256(path) for path in tiny_models.glob("*/weights.safetensors")
    }
    assert "never an identification" in about["statement"]
    pictures = [np.asarray(Image.open(out / f"voice_{number}.png")) for number in range(3)]
    assert {picture.shape for picture in pictures} == {(16, 16, 3)}
    assert not np.array_equal(pictures[0], pictures[1])


def test_a_seed_draws_the_same_faces_again(
    monkeypatch: pytest.MonkeyPatch, voice: Path, tiny_models: Path, tmp_path: Path
) -> None:
    def draw(name: str, seed: int) -> bytes:
        words = ["--models", tiny_models, "--samples", 1, "--steps", 2, "--seed", seed]
        assert run(monkeypatch, "generate", voice, "--out", tmp_path / name, *words) == 0
        return (tmp_path / name / "voice_0.png").read_bytes()

    assert draw("first", 1) == draw("again", 1) != draw("other", 2)


def test_voices_of_one_name_do_not_overwrite_each_other() -> None:
    paths = [Path("a/x.wav"), Path("b/x.mp3"), Path("x-2.wav"), Path("y.wav")]
    assert distinct_stems(paths) == ["x", "x-2", "x-2-2", "y"]


@pytest.mark.parametrize(
    ("seconds", "loudness", "sentence"),
    [(0.5, 0.1, "at least 1 s are needed"), (2.0, 0.0, "silent"), (2.0, 0.0005, "silent")],
)
def test_what_is_no_voice_is_refused(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tiny_models: Path,
    tmp_path: Path,
    seconds: float,
    loudness: float,
    sentence: str,
) -> None:
    bad = write_voice(tmp_path / "bad.flac", seconds, loudness)
    assert run(monkeypatch, "generate", bad, "--out", tmp_path / "faces", "--models", tiny_models) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1
    assert "bad.flac" in error and sentence in error
    assert not (tmp_path / "faces").exists()


def test_an_unreadable_file_stops_before_any_picture(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], voice: Path, tiny_models: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no film")
    assert run(monkeypatch, "generate", voice, bad, "--out", tmp_path / "faces", "--models", tiny_models) == 2
    assert "bad.mp4" in capsys.readouterr().err
    assert not (tmp_path / "faces").exists()


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/nowhere"])
def test_pictures_without_a_folder_are_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    voice: Path,
    tiny_models: Path,
    tmp_path: Path,
    place: str,
) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert run(monkeypatch, "generate", voice, "--out", tmp_path / place, "--models", tiny_models) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and place in error and "Traceback" not in error and error.count("\n") == 1
    assert (tmp_path / "file").read_text() == "not a folder"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--models", "{folder}"], "no such file"),
        (["--models", "{models}", "--steps", 51], "allowed: 1 to 50"),
        (["--models", "{models}", "--guidance", "nan"], "guidance"),
        (
            ["--models", "{models}", "--age", 40],
            "knows no age; allowed: one trained with face_decoder.attributes [age]",
        ),
        (["--models", "{models}", "--gender", "f"], "knows no gender"),
    ],
)
def test_impossible_options_are_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    voice: Path,
    tiny_models: Path,
    tmp_path: Path,
    words: list[object],
    sentence: str,
) -> None:
    filled = [str(word).format(folder=tmp_path, models=tiny_models) for word in words]
    assert run(monkeypatch, "generate", voice, "--out", tmp_path / "faces", *filled) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and sentence in error


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
