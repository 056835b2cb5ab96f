import importlib
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from ruamel.yaml import YAML
from safetensors import safe_open
from safetensors.torch import load_file

from s2f.code import code_sha256
from s2f.models.face_decoder import FaceDecoder
from s2f.models.weights import load_weights
from s2f.runtime import InputError
from s2f.stages import train_face_decoder, train_speech_encoder, train_super_resolution
from s2f.training.checkpoint import NAME
from s2f.training.launch import Places, launch

STAGES = {
    "speech_encoder": train_speech_encoder,
    "face_decoder": train_face_decoder,
    "super_resolution": train_super_resolution,
}


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_trains_its_model_and_writes_what_generation_needs(name, params, portraits, speech_faces, tmp_path):
    data = speech_faces if name == "speech_encoder" else portraits
    out, checkpoints = tmp_path / "models" / name, tmp_path / "checkpoints" / name
    STAGES[name].main(data, out, checkpoints, params)
    model = load_weights(out / "weights.safetensors")
    assert model.kind == name
    assert len((out / "history.csv").read_text().splitlines()) == 2
    if name == "speech_encoder":
        assert model.about["spectrogram"]["hop"] == 160
    else:
        assert model.about["diffusion"] == {"steps": 100, "schedule": "cosine"}
    assert len(model.about["dataset"]) == 64


def test_too_small_a_dataset_is_one_sentence(params, speech_faces, tmp_path):
    text = params.read_text().replace("batch: 4", "batch: 64")
    params.write_text(text)
    with pytest.raises(InputError, match="8 rows are fewer than one batch; allowed: batch ≤ 8"):
        train_speech_encoder.main(speech_faces, tmp_path / "out", tmp_path / "checkpoints", params)


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def through(tmp_path_factory, write_params, portraits):
    """What a face decoder's run of sixty steps leaves that nothing stopped."""
    folder = tmp_path_factory.mktemp("through")
    params = write_params(folder / "params.yaml", steps=60)
    train_face_decoder.main(portraits, folder / "out", folder / "checkpoints", params)
    return contents(folder / "out")


def test_a_training_process_that_is_killed_goes_on_to_the_same_bytes(
    through, write_params, portraits, tmp_path, caplog
):
    params = write_params(tmp_path / "params.yaml", steps=60)
    out, checkpoints = tmp_path / "out", tmp_path / "checkpoints"
    options = {"--data": portraits, "--out": out, "--checkpoints": checkpoints, "--params": params}
    command = [
        sys.executable,
        "-m",
        "s2f.stages.train_face_decoder",
        *(str(word) for pair in options.items() for word in pair),
    ]
    with subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, stderr=subprocess.PIPE) as process:
        while not list(checkpoints.glob(f"*/{NAME}")) and process.poll() is None:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        _, words = process.communicate()
    assert process.returncode == -signal.SIGKILL, words.decode()
    assert not (out / "weights.safetensors").exists()
    with caplog.at_level("INFO"):
        train_face_decoder.main(portraits, out, checkpoints, params)
    assert "resuming after step" in caplog.text
    assert contents(out) == through


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_training_process_that_is_told_to_end_saves_and_goes_on_to_the_same_bytes(
    number, through, write_params, portraits, tmp_path
):
    params = write_params(tmp_path / "params.yaml", steps=60, checkpoint_steps=50)
    out, checkpoints = tmp_path / "out", tmp_path / "checkpoints"
    places = ["--data", portraits, "--out", out, "--checkpoints", checkpoints, "--params", params]
    command = [sys.executable, "-m", "s2f.stages.train_face_decoder", *map(str, places)]
    with subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, stderr=subprocess.PIPE) as process:
        while not (out / "history.csv").exists() and process.poll() is None:
            time.sleep(0.002)
        process.send_signal(number)
        _, words = process.communicate()
    assert process.returncode == 128 + number, words.decode()
    assert f"stopped: {number.name} was received" in words.decode()
    (checkpoint,) = checkpoints.glob(f"*/{NAME}")
    with safe_open(checkpoint, framework="pt") as file:
        assert 8 <= int(file.metadata()["step"]) < 50  # it had not been due
    train_face_decoder.main(portraits, out, checkpoints, params)
    assert contents(out) == through


@pytest.mark.parametrize(
    ("key", "value", "goes_on"),
    [("micro_batch", 2, True), ("recompute", True, True), ("validation_batches", 2, True), ("ema", 0.5, False)],
)
def test_half_a_run_goes_on_however_it_is_computed(key, value, goes_on, params, portraits, tmp_path, caplog):
    yaml = YAML(typ="safe")
    content = yaml.load(params.read_text())
    content["face_decoder_training"] |= {"steps": 3}
    yaml.dump(content, params)
    train_face_decoder.main(portraits, tmp_path / "out", tmp_path / "checkpoints", params)
    content["face_decoder_training"] |= {key: value}
    yaml.dump(content, params)
    with caplog.at_level("INFO"):
        train_face_decoder.main(portraits, tmp_path / "out", tmp_path / "checkpoints", params)
    assert ("resuming after step 3 of 3" in caplog.text) == goes_on


def test_a_longer_run_goes_on_from_a_shorter_one_and_every_run_keeps_its_own(params, portraits, tmp_path, caplog):
    def learn(name, **changes):
        yaml = YAML(typ="safe")
        content = yaml.load(params.read_text())
        content["face_decoder_training"] |= changes
        yaml.dump(content, params)
        caplog.clear()
        with caplog.at_level("INFO"):
            train_face_decoder.main(portraits, tmp_path / name, tmp_path / f"{name}-checkpoints", params)
        return load_file(tmp_path / name / "weights.safetensors")

    through = learn("through", steps=9, validate_steps=3, show_steps=3)
    short = learn("run", steps=6)
    long = learn("run", steps=9)
    assert "resuming after step 6 of 9" in caplog.text
    assert contents(tmp_path / "run") == contents(tmp_path / "through")
    assert all(torch.equal(long[name], through[name]) for name in through)
    learn("run", ema=0.5)
    assert "resuming" not in caplog.text and "also holds the states of 2 other runs, " in caplog.text
    again = learn("run", ema=0.9, steps=6)
    assert "resuming after step 6 of 6" in caplog.text
    assert all(torch.equal(again[name], short[name]) for name in short)


LESSON = """
import torch

from s2f.training.losses import Losses


class Lesson:
    calls = 0

    def __call__(self, model, batch, draws):
        Lesson.calls += 1
        if Lesson.calls == 8:
            raise KeyboardInterrupt
        loss = 2 * sum(parameter.square().sum() for parameter in model.parameters())
        return Losses(loss, loss.detach() * torch.ones(len(batch["face"])))
"""


@pytest.mark.parametrize(
    ("becomes", "words"),
    [("loss = 3 *", "also holds another run's state"), ("# Twice.\n        loss = 2 *", "after step 5")],
)
def test_half_a_run_goes_on_unless_its_code_means_something_else(
    becomes, words, decoder_config, training_params, portraits, tmp_path, monkeypatch, caplog
):
    def learn(name):
        code_sha256.cache_clear()  # one process stands for several
        importlib.invalidate_caches()
        lesson = importlib.reload(importlib.import_module("lesson_of_a_test"))
        places = Places(portraits, tmp_path / name, tmp_path / f"{name}-checkpoints")
        lesson.Lesson.calls = 0 if name == "half" and not places.checkpoints.exists() else 100
        launch(FaceDecoder, decoder_config, lesson.Lesson(), ("face",), training_params, 3, places)

    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # two edits within a second look alike to Python's cache
    (tmp_path / "lesson_of_a_test.py").write_text(LESSON)
    with pytest.raises(KeyboardInterrupt):
        learn("half")
    (tmp_path / "lesson_of_a_test.py").write_text(LESSON.replace("loss = 2 *", becomes))
    with caplog.at_level("INFO"):
        learn("half")
    assert words in caplog.text
    learn("through")
    assert contents(tmp_path / "half") == contents(tmp_path / "through")
