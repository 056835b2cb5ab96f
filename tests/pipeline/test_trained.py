import shutil
from pathlib import Path

import pytest

from s2f.models.weights import load_weights, save_weights
from s2f.pipeline.trained import read_trained
from s2f.runtime import InputError


def test_weights_are_named_by_their_hash(tiny_models: Path) -> None:
    assert {name: len(digest) for name, digest in read_trained(tiny_models).sha256.items()} == {
        "speech_encoder": 64,
        "face_decoder": 64,
        "super_resolution": 64,
    }


def test_a_model_in_the_wrong_folder_is_refused(tiny_models: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_models, tmp_path / "models")
    wrong = tmp_path / "models" / "face_decoder" / "weights.safetensors"
    shutil.copy(tiny_models / "speech_encoder" / "weights.safetensors", wrong)
    with pytest.raises(InputError, match="holds a speech_encoder; a face_decoder is needed"):
        read_trained(tmp_path / "models")


def test_models_trained_against_different_noise_are_refused(tiny_models: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_models, tmp_path / "models")
    path = tmp_path / "models" / "super_resolution" / "weights.safetensors"
    save_weights(load_weights(path), path, diffusion={"steps": 60, "schedule": "cosine"})
    with pytest.raises(InputError, match="different noise"):
        read_trained(tmp_path / "models")


def test_a_missing_model_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_trained(tmp_path)
