import io

import numpy as np
import pytest
import torch
from PIL import Image
from ruamel.yaml import YAML

from s2f.dataset.schemas import PORTRAITS, SPECTROGRAM_SHAPE, SPEECH_FACES
from s2f.dataset.shards import shard_name, write_shard
from s2f.params.diffusion import DiffusionParams
from s2f.params.face_decoder import FaceDecoderConfig
from s2f.params.matching import MatchingParams
from s2f.params.speech_encoder import SpeechEncoderConfig
from s2f.params.super_resolution import SuperResolutionConfig
from s2f.params.training import TrainingParams
from s2f.training.matching import Matching

UNET = {
    "base_channels": 8,
    "channel_multiples": (1, 2),
    "blocks": (1, 1),
    "attention_at": (2,),
    "heads": 2,
    "groups": 4,
    "embedding": 512,
    "condition_tokens": 3,
    "condition_dropout": 0.1,
    "prediction": "v",
}
SPECTROGRAM = {"sample_rate": 16000, "clip_seconds": 6.0, "window": 400, "hop": 160, "fft": 512, "compression": 0.3}
MATCHING = {"crop_frames": 0, "contrastive_weight": 0.0, "temperature": 0.07, "start_from": None}
KINDS = ("speech_encoder", "face_decoder", "super_resolution")


@pytest.fixture(scope="session")
def decoder_config():
    return FaceDecoderConfig(
        attributes=(),
        attribute_dropout=0.5,
        image_px=8,
        position_map=True,
        shortcut_ridge=0.1,
        **UNET | {"prediction": "x0"},
    )


@pytest.fixture(scope="session")
def enlarger_config():
    return SuperResolutionConfig(
        low_px=8, image_px=16, max_noise_level=0.3, shortcut=True, **UNET | {"prediction": "x0"}
    )


@pytest.fixture(scope="session")
def encoder_config():
    return SpeechEncoderConfig(architecture="speech2face", layers=0, width=1 / 64, embedding=512)


@pytest.fixture(scope="session")
def diffusion():
    return DiffusionParams(steps=100, schedule="cosine")


@pytest.fixture(scope="session")
def training_params():
    """A run of 20 steps; intervals, validations and checkpoints out of step with each other."""
    return TrainingParams(
        steps=20,
        batch=4,
        micro_batch=0,
        learning_rate=1e-2,
        warmup_epochs=1.0,
        warmup_from=0.1,
        decay=0.9,
        decay_steps=7,
        betas=(0.9, 0.999),
        weight_decay=0.01,
        clip_norm=1.0,
        ema=0.9,
        precision="fp32",
        compile=False,
        validate_steps=8,
        validation_batches=2,
        checkpoint_steps=5,
    )


@pytest.fixture(scope="session")
def write_params(encoder_config, decoder_config, enlarger_config, diffusion, training_params):
    """A function that writes a params file of the tiny models: one step each, or what `changes` say where they fit."""
    training = training_params.model_copy(update={"steps": 1})
    sections = {
        "diffusion": diffusion,
        "speech_encoder": encoder_config,
        "face_decoder": decoder_config,
        "super_resolution": enlarger_config,
    } | {f"{name}_training": training for name in KINDS}
    denoising = {"min_snr_gamma": 0.0, "recompute": False, "shard": False, "show_steps": 8}

    def write(path, **changes):
        content = {name: section.model_dump(mode="json") for name, section in sections.items()}
        content["speech_encoder_training"] |= MATCHING
        content["face_decoder_training"] |= denoising
        content["super_resolution_training"] |= denoising | {"crop_px": 8}
        for name in KINDS:
            section = content[f"{name}_training"]
            section |= {key: value for key, value in changes.items() if key in section}
        content |= {"seed": 7, "spectrogram": SPECTROGRAM}
        with path.open("w") as file:
            YAML().dump(content, file)
        return path

    return write


@pytest.fixture
def params(tmp_path, write_params):
    """A params file of the tiny models, one step each."""
    return write_params(tmp_path / "params.yaml")


@pytest.fixture
def matching(training_params):
    """The encoder's objective; keys of its section may be others."""
    return lambda **changes: Matching(MatchingParams(**training_params.model_dump(), **MATCHING | changes))


@pytest.fixture(scope="session")
def portraits(tmp_path_factory):
    """Twenty pictures of 16 pixels, six more for validation; each a smooth pattern its embedding decides."""
    folder = tmp_path_factory.mktemp("portraits")
    rng = np.random.default_rng(0)
    rows = []
    for index in range(26):
        embedding = rng.standard_normal(512).astype(np.float32)
        embedding /= np.linalg.norm(embedding)
        x, y = np.meshgrid(np.linspace(-1, 1, 16), np.linspace(-1, 1, 16))
        planes = [embedding[i] + embedding[i + 3] * x + embedding[i + 6] * y for i in range(3)]
        picture = np.tanh(30 * np.stack(planes))
        file = io.BytesIO()
        Image.fromarray((picture.transpose(1, 2, 0) * 127 + 128).astype(np.uint8)).save(file, format="PNG")
        rows.append(
            dict.fromkeys(PORTRAITS.names)
            | {"image_id": str(index), "face": {"bytes": file.getvalue(), "path": None}, "embedding": embedding}
        )
    write_shard(rows[:20], PORTRAITS, folder / "train" / shard_name(0))
    write_shard(rows[20:], PORTRAITS, folder / "validation" / shard_name(0))
    return folder


@pytest.fixture(scope="session")
def speech_faces(tmp_path_factory):
    """Eight pairs, two more for validation: noise beside random unit vectors."""
    folder = tmp_path_factory.mktemp("speech_faces")
    rng = np.random.default_rng(0)
    rows = []
    for index in range(10):
        embedding = rng.standard_normal(512).astype(np.float32)
        bands = rng.standard_normal((1, *SPECTROGRAM_SHAPE[1:])) + 0.1 * rng.standard_normal(SPECTROGRAM_SHAPE)
        rows.append(
            dict.fromkeys(SPEECH_FACES.names)
            | {
                "clip_id": str(index),
                "embedding": embedding / np.linalg.norm(embedding),
                "spectrogram": bands.astype(np.float16),
            }
        )
    write_shard(rows[:8], SPEECH_FACES, folder / "train" / shard_name(0))
    write_shard(rows[8:], SPEECH_FACES, folder / "validation" / shard_name(0))
    return folder


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Tiny networks: threads cost more than they give, and one sums in one order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
