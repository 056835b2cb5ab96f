import io
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from s2f.audio.speech import encode_flac
from s2f.cli.main import main
from s2f.cli.recordings import distinct
from s2f.runtime import file_sha256

RATE = 16_000
WEIGHTS = {
    "speech_encoder": "model.safetensors",
    "face_decoder": "diffusion_pytorch_model.safetensors",
    "super_resolution": "diffusion_pytorch_model.safetensors",
}


@pytest.fixture
def generate(monkeypatch: pytest.MonkeyPatch, tiny_pipeline: Path, tmp_path: Path):
    """A function: `s2f generate` of inputs and options into tmp_path/faces; its exit code."""

    def _generate(
        *words: object, steps: int = 2, out: Path = tmp_path / "faces", pipeline: Path = tiny_pipeline
    ) -> int:
        words = ("generate", *words, "--out", out, "--steps", steps, "--pipeline", pipeline, "--device", "cpu")
        monkeypatch.setattr(sys, "argv", ["s2f", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        return int(end.value.code or 0)

    return _generate


def write_sound(path: Path, sound: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_flac(sound, RATE))
    return path


@pytest.fixture
def voice(tmp_path: Path, spoken: np.ndarray) -> Path:
    return write_sound(tmp_path / "voice.flac", spoken)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_voice_becomes_pictures_and_what_made_them(generate, capsys, voice, tiny_pipeline, tmp_path) -> None:
    assert generate(voice, "--samples", 3, "--guidance", 2, steps=4) == 0
    assert "3 pictures in" in (said := " ".join(capsys.readouterr().out.split())) and "never an identification" in said
    out = tmp_path / "faces"
    about = json.loads((out / "voice.json").read_text())
    assert [picture["file"] for picture in about["pictures"]] == ["voice_0.png", "voice_1.png", "voice_2.png"]
    assert len({picture["seed"] for picture in about["pictures"]}) == 3
    assert about["face_decoder"] == {"sampler": "dpmsolver++", "steps": 4, "threshold": 0.0}
    assert about["super_resolution"] == {"sampler": "ddim", "steps": 4, "threshold": 0.0, "noise_level": 0.0}
    assert (about["guidance"], about["input"], about["output_size"]) == (2, str(voice), 16)
    assert (about["device"], about["torch_dtype"]) == ("cpu", "float32")
    assert about["input_sha256"] == file_sha256(voice)
    assert {name: about["models"][name] for name in WEIGHTS} == {
        name: file_sha256(tiny_pipeline / name / file) for name, file in WEIGHTS.items()
    }
    assert "never an identification" in about["statement"]
    pictures = [np.asarray(Image.open(out / f"voice_{number}.png")) for number in range(3)]
    assert {picture.shape for picture in pictures} == {(16, 16, 3)}
    assert not np.array_equal(pictures[0], pictures[1])


def test_the_same_command_gives_the_same_bytes_and_another_seed_others(generate, voice, tmp_path) -> None:
    def draw(place: str, seed: int) -> dict[str, bytes]:
        assert generate(voice, "--samples", 2, "--seed", seed, out=tmp_path / place) == 0
        return {path.name: path.read_bytes() for path in (tmp_path / place).iterdir()}

    first = draw("first", 1)
    assert draw("again", 1) == first == draw("first", 1)
    assert draw("other", 2)["voice_0.png"] != first["voice_0.png"]


def test_a_pictures_own_seed_draws_it_alone_in_place_of_what_was_there(generate, voice, tmp_path) -> None:
    assert generate(voice, "--samples", 4) == 0
    third = json.loads((tmp_path / "faces/voice.json").read_text())["pictures"][2]
    pixels = np.asarray(Image.open(tmp_path / "faces" / third["file"])).astype(int)
    assert generate(voice, "--picture-seed", third["seed"]) == 0
    assert names(tmp_path / "faces") == ["voice.json", "voice_0.png"]
    assert np.abs(np.asarray(Image.open(tmp_path / "faces/voice_0.png")) - pixels).max() <= 1


def test_nothing_is_removed_but_what_the_voices_own_record_names(generate, voice, spoken, tmp_path) -> None:
    out = tmp_path / "faces"
    longer = write_sound(tmp_path / "voice_b.flac", spoken)
    assert generate(longer, voice, "--samples", 2, "--grid") == 0
    (out / "voice_holiday.png").write_text("a picture of the user's")
    (out / "voice_7.png").write_text("another one")
    (tmp_path / "secret_0.png").write_text("outside")
    record = json.loads((out / "voice.json").read_text())
    record["pictures"] += [{"file": "../secret_0.png"}, {"file": "voice_b_0.png"}]
    (out / "voice.json").write_text(json.dumps(record))
    assert generate(voice, "--samples", 1) == 0
    kept = {"voice_b.json", "voice_b_0.png", "voice_b_1.png", "voice_b_grid.png", "voice_holiday.png", "voice_7.png"}
    assert set(names(out)) == {*kept, "voice.json", "voice_0.png"} and (tmp_path / "secret_0.png").exists()
    (out / "voice_grid.png").write_text("the user's, for the last call drew none")
    (out / "voice_1.png").write_text("likewise")
    assert generate(voice, "--samples", 1) == 0
    (out / "voice.json").write_text("no record")
    assert generate(voice, "--samples", 1) == 0
    assert {"voice_grid.png", "voice_1.png"} <= set(names(out))


def test_a_voice_may_begin_late(generate, capsys, spoken, tmp_path) -> None:
    late = write_sound(tmp_path / "late.flac", np.concatenate([np.zeros(7 * RATE, np.float32), spoken]))
    assert generate(late, "--samples", 1) == 2
    assert "late.flac, 0 to 6 s: silent" in capsys.readouterr().err
    assert generate(late, "--samples", 1, "--start", 7) == 0
    assert json.loads((tmp_path / "faces/late.json").read_text())["start_seconds"] == 7


def test_names_that_are_no_text_or_long_and_pipes_are_read_all_the_same(generate, voice, tmp_path) -> None:
    odd, long, pipe = tmp_path / "in" / "caf\udce9.flac", tmp_path / "in" / f"{'x' * 250}.flac", tmp_path / "pipe"
    odd.parent.mkdir()
    for path in (odd, long):
        shutil.copy(voice, path)
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as pool:
        pool.submit(pipe.write_bytes, voice.read_bytes())
        assert generate(odd.parent, pipe, "--samples", 1) == 0
    assert names(tmp_path / "faces") == sorted(
        f"{name}{end}" for name in ("caf\ufffd", "x" * 100, "pipe") for end in (".json", "_0.png")
    )


def test_what_is_not_given_is_the_pipelines(generate, voice, tmp_path) -> None:
    assert generate(voice, "--samples", 1) == 0
    assert json.loads((tmp_path / "faces/voice.json").read_text())["guidance"] == 1.0


def test_a_grid_shows_all_faces_of_a_voice(generate, voice, tmp_path) -> None:
    assert generate(voice, "--samples", 5, "--grid", "--output-size", "small") == 0
    grid = np.asarray(Image.open(tmp_path / "faces/voice_grid.png"))
    assert grid.shape == (2 * 8, 3 * 8, 3)
    assert np.array_equal(grid[8:, 8:16], np.asarray(Image.open(tmp_path / "faces/voice_4.png")))
    assert not grid[8:, 16:].any()


def test_a_film_a_folder_and_stdin_are_voices(
    generate, voice, spoken, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "recordings"
    film = folder / "b.mp4"
    write_sound(folder / "a.flac", spoken)
    write_sound(folder / "deeper" / "not.flac", spoken)
    (folder / ".hidden").write_text("no sound")
    colour = ["-f", "lavfi", "-i", "color=red:s=32x32:d=4"]
    words = ["-v", "error", *colour, "-i", str(voice), "-shortest", str(film)]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), *words], check=True)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(film.read_bytes())))
    assert generate(folder, "-", voice, "--samples", 1) == 0
    assert names(tmp_path / "faces") == [
        *("a.json", "a_0.png", "b.json", "b_0.png"), *("stdin.json", "stdin_0.png", "voice.json", "voice_0.png")
    ]  # fmt: skip
    from_film, from_stdin = (json.loads((tmp_path / f"faces/{name}.json").read_text()) for name in ("b", "stdin"))
    assert from_film["input_sha256"] == from_stdin["input_sha256"]


def test_voices_of_one_name_do_not_overwrite_each_other(generate, voice, spoken, tmp_path) -> None:
    other = write_sound(tmp_path / "other" / "voice.flac", spoken / 2)
    assert generate(voice, other, "--samples", 1) == 0
    assert names(tmp_path / "faces") == ["voice-2.json", "voice-2_0.png", "voice.json", "voice_0.png"]
    assert distinct(["x", "x", "x-2", "y"]) == ["x", "x-2", "x-2-2", "y"]


def no_voice(kind: str, spoken: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(0)
    return {
        "short": spoken[: RATE // 2],
        "silent": np.zeros(2 * RATE),
        "faint": spoken / 2000,
        "noise": 0.1 * rng.normal(size=3 * RATE).clip(-3, 3),
    }[kind]


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("short", "0.50 s of sound; at least 1 s are needed"),
        ("silent", "silent"),
        ("faint", "silent"),
        ("noise", "no voice is heard in it"),
    ],
)
def test_what_is_no_voice_is_refused(generate, capsys, spoken, tmp_path, kind, sentence) -> None:
    bad = write_sound(tmp_path / "bad.flac", no_voice(kind, spoken))
    assert generate(bad) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1
    assert "bad.flac" in error and sentence in error
    assert not (tmp_path / "faces").exists()


def test_of_several_inputs_the_good_ones_are_drawn_and_the_others_named(generate, capsys, voice, tmp_path) -> None:
    for name in ("film.mp4", "text.wav"):
        (tmp_path / name).write_bytes(b"no film")
    assert generate(tmp_path / "film.mp4", voice, tmp_path / "text.wav", "--samples", 1) == 3
    said = capsys.readouterr()
    assert "1 picture in" in said.out
    assert [line.startswith("error: ") for line in said.err.splitlines()] == [True, True]
    assert "film.mp4" in said.err and "text.wav" in said.err
    assert names(tmp_path / "faces") == ["voice.json", "voice_0.png"]


def test_what_is_not_there_is_refused_alone(generate, capsys, voice, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    assert generate("nowhere.wav", voice, "empty", "--samples", 1) == 3
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1].strip() for line in lines] == ["nowhere.wav", "empty"]
    assert names(tmp_path / "faces") == ["voice.json", "voice_0.png"]


def test_names_too_long_for_a_file_system_are_cut_by_bytes(generate, voice, tmp_path) -> None:
    long = tmp_path / f"{'声' * 80}.flac"
    long.write_bytes(voice.read_bytes())
    assert generate(long, voice, "--samples", 1) == 0
    assert names(tmp_path / "faces") == ["voice.json", "voice_0.png", f"{'声' * 33}.json", f"{'声' * 33}_0.png"]


def test_both_models_walk_as_they_are_asked_to(generate, voice, tmp_path) -> None:
    options = ("--threshold", 0.9, "--super-resolution-steps", 3, "--super-resolution-scheduler", "unipc")
    assert generate(voice, "--samples", 1, "--torch-dtype", "bfloat16", *options) == 0
    about = json.loads((tmp_path / "faces/voice.json").read_text())
    assert about["face_decoder"] == {"sampler": "dpmsolver++", "steps": 2, "threshold": 0.9}
    assert about["super_resolution"] == {"sampler": "unipc", "steps": 3, "threshold": 0.0, "noise_level": 0.0}
    assert (about["torch_dtype"], about["seed"]) == ("bfloat16", 0)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere.wav"], "nowhere.wav: no such file; name a sound or video file, a folder of them, or -"),
        (["{empty}"], "a folder without files"),
        (["-"], "standard input: empty"),
        (["{voice}", "--steps", "51"], "51 sampling steps; allowed: 1 to 50"),
        (["{voice}", "--guidance", "nan"], "guidance nan; allowed: numbers within ±100"),
        (["{voice}", "--output-size", "17"], "output_size 17; allowed: small (8) or full (16)"),
        (["{voice}", "--torch-dtype", "int8"], "torch_dtype int8; allowed: float32, bfloat16"),
        (["{voice}", "--start", "90"], "over before 90 s; begin earlier"),
        (["{voice}", "--age", "40"], "knows no age; allowed: one trained with face_decoder.attributes [age]"),
        (["{voice}", "--gender", "f"], "knows no gender"),
        (["{voice}", "--pipeline", "{empty}"], "model_index.json: no such file"),
    ],
)
def test_impossible_input_is_one_sentence(
    generate, capsys, voice, tmp_path, monkeypatch: pytest.MonkeyPatch, words, sentence
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    monkeypatch.chdir(tmp_path)
    words = [word.format(voice=voice, empty=tmp_path / "empty") for word in words]
    options = {"steps": int(words[words.index("--steps") + 1])} if "--steps" in words else {}
    if "--pipeline" in words:
        options["pipeline"] = tmp_path / "empty"
    words = words[:1] if set(words) & {"--steps", "--pipeline"} else words
    assert generate(*words, **options) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and sentence in error and error.count("\n") == 1
    assert not (tmp_path / "faces").exists()


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/nowhere"])
def test_pictures_without_a_folder_are_one_sentence(generate, capsys, voice, tmp_path, place) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert generate(voice, out=tmp_path / place) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and place in error and "Traceback" not in error and error.count("\n") == 1
    assert (tmp_path / "file").read_text() == "not a folder"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_completes_commands_options_and_schedulers(shell: str, tmp_path: Path) -> None:
    command = shutil.which("s2f", path=str(Path(sys.executable).parent))
    assert command is not None
    shown = subprocess.run([command, "--show-completion", shell], capture_output=True, text=True, check=False).stdout
    assert "_S2F_COMPLETE" in shown
    if shell == "bash":
        typed = "s2f generate --scheduler "
        env = os.environ | {"_S2F_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": "3"}
        found = subprocess.run([command], capture_output=True, text=True, check=False, env=env).stdout.split()
        assert {"dpmsolver++", "unipc", "analytic"} <= set(found)
