import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from s2f.models.face_decoder import FaceDecoder
from s2f.models.weights import load_weights, save_weights
from s2f.pipeline import SpeechToFacePipeline, check_voice, from_pixels, to_pixels
from s2f.runtime import InputError

RATE = 16_000


@pytest.fixture(scope="module")
def pipeline(tiny_models: Path) -> SpeechToFacePipeline:
    return SpeechToFacePipeline.from_models(tiny_models, device="cpu")


@pytest.fixture(scope="module")
def speech(pipeline: SpeechToFacePipeline) -> torch.Tensor:
    return 0.1 * torch.randn(3, pipeline.spectrogram.samples, generator=torch.Generator().manual_seed(0))


def test_voices_become_faces_of_the_models_sizes(pipeline: SpeechToFacePipeline, speech: torch.Tensor) -> None:
    faces = pipeline(speech, seeds=[1, 2, 3], steps=4)
    assert faces.embedding.shape == (3, 512)
    assert faces.small.shape == (3, 3, 8, 8)
    assert faces.face.shape == (3, 3, 16, 16)
    for pictures in (faces.small, faces.face):
        assert pictures.isfinite().all() and pictures.abs().max() <= 1


def test_heard_embeddings_have_unit_length(pipeline: SpeechToFacePipeline, speech: torch.Tensor) -> None:
    torch.testing.assert_close(pipeline.encode(speech).norm(dim=1), torch.ones(3))


def test_a_face_depends_on_its_own_voice_and_seed_alone(pipeline: SpeechToFacePipeline, speech: torch.Tensor) -> None:
    together = pipeline(speech, seeds=[1, 2, 3], guidance=torch.tensor([0.0, 2.0, -1.0]), steps=4)
    alone = pipeline(speech[1:2], seeds=[2], guidance=2.0, steps=4)
    torch.testing.assert_close(together.face[1:2], alone.face, rtol=0, atol=1e-3)
    again = pipeline(speech[1:2], seeds=[3], guidance=2.0, steps=4)
    assert not torch.allclose(again.face, alone.face, atol=0.05)


def test_the_low_faces_noise_is_at_most_what_training_knew(pipeline: SpeechToFacePipeline) -> None:
    small, embedding = torch.zeros(1, 3, 8, 8), torch.zeros(1, 512)
    strong = [pipeline.enlarge(small, embedding, [0], noise_level=level) for level in (0.3, 0.9)]
    assert torch.equal(*strong)
    assert not torch.equal(pipeline.enlarge(small, embedding, [0], noise_level=0.0), strong[0])


def test_the_voice_is_held_and_the_age_changed(pipeline: SpeechToFacePipeline, speech: torch.Tensor) -> None:
    torch.manual_seed(0)
    config = pipeline.decoder.config.model_copy(update={"attributes": ("age", "gender")})
    parts = (pipeline.super_resolution, pipeline.spectrogram, pipeline.schedule, "cpu")
    knowing = SpeechToFacePipeline(pipeline.encoder, FaceDecoder(config), *parts)
    faces = {age: knowing(speech, [1, 2, 3], 2.0, 4, age=age) for age in (None, 20.0, 70.0)}
    assert torch.equal(faces[20.0].embedding, faces[70.0].embedding)
    assert not torch.allclose(faces[20.0].small, faces[70.0].small, atol=1e-3)
    assert not torch.allclose(faces[20.0].small, faces[None].small, atol=1e-3)
    assert all(face.small.isfinite().all() for face in faces.values())
    with pytest.raises(
        InputError, match=r"knows no age; allowed: one trained with face_decoder.attributes \[age\], or"
    ):
        pipeline(speech, [1, 2, 3], age=40.0)
    for age in (float("nan"), -1.0, 1e9):
        with pytest.raises(InputError, match="is no person's; allowed: 0 to 120 years, or none"):
            knowing.known(age, None)
    with pytest.raises(InputError, match="gender 'female' is not known; allowed: f, m, or none"):
        knowing.known(None, "female")


def test_weights_are_named_by_their_hash(pipeline: SpeechToFacePipeline) -> None:
    assert {name: len(digest) for name, digest in pipeline.weights.items()} == {
        "speech_encoder": 64,
        "face_decoder": 64,
        "super_resolution": 64,
    }


def test_a_model_in_the_wrong_folder_is_refused(tiny_models: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_models, tmp_path / "models")
    wrong = tmp_path / "models" / "face_decoder" / "weights.safetensors"
    shutil.copy(tiny_models / "speech_encoder" / "weights.safetensors", wrong)
    with pytest.raises(InputError, match="holds a speech_encoder; a face_decoder is needed"):
        SpeechToFacePipeline.from_models(tmp_path / "models")


def test_models_trained_against_different_noise_are_refused(tiny_models: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_models, tmp_path / "models")
    path = tmp_path / "models" / "super_resolution" / "weights.safetensors"
    save_weights(load_weights(path), path, diffusion={"steps": 60, "schedule": "cosine"})
    with pytest.raises(InputError, match="different noise"):
        SpeechToFacePipeline.from_models(tmp_path / "models")


def test_a_missing_model_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        SpeechToFacePipeline.from_models(tmp_path)


def test_silence_and_a_moment_are_no_voice() -> None:
    voice = 0.1 * np.sin(np.arange(2 * RATE, dtype=np.float32) / 10)
    check_voice(voice, RATE, "voice")
    with pytest.raises(InputError, match=r"voice: silent"):
        check_voice(voice / 1000, RATE, "voice")
    with pytest.raises(InputError, match=r"silent"):
        check_voice(np.zeros_like(voice), RATE, "voice")
    with pytest.raises(InputError, match=r"voice: 0.50 s of sound; at least 1 s"):
        check_voice(voice[: RATE // 2], RATE, "voice")


def test_one_word_in_a_quiet_recording_is_a_voice() -> None:
    speech = np.zeros(6 * RATE, np.float32)
    speech[RATE : RATE + RATE // 2] = 0.02
    check_voice(speech, RATE, "voice")


def test_pixels_survive_the_round_trip() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 5, 4, 3), np.uint8)
    assert np.array_equal(to_pixels(from_pixels(pixels)), pixels)
    assert from_pixels(pixels).shape == (2, 3, 5, 4)
