"""Three tiny models of the right kinds, as the training stages leave them."""

from pathlib import Path

import pytest
import torch

from s2f.models.face_decoder import FaceDecoder
from s2f.models.speech_encoder import SpeechEncoder
from s2f.models.super_resolution import SuperResolution
from s2f.models.weights import save_weights
from s2f.params.face_decoder import FaceDecoderConfig
from s2f.params.speech_encoder import SpeechEncoderConfig
from s2f.params.super_resolution import SuperResolutionConfig

DIFFUSION = {"steps": 50, "schedule": "cosine"}
SPECTROGRAM = {"sample_rate": 16000, "clip_seconds": 6.0, "window": 400, "hop": 160, "fft": 512, "compression": 0.3}
SHARED = {"base_channels": 8, "groups": 4, "heads": 2, "embedding": 512, "condition_tokens": 2, "prediction": "v"}


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like data/models; its faces are 8 px, 16 px enlarged."""
    torch.manual_seed(0)
    decoder = FaceDecoderConfig(
        image_px=8, channel_multiples=(1, 2), blocks=(1, 1), attention_at=(2,), condition_dropout=0.1, **SHARED
    )
    enlarging = SuperResolutionConfig(
        low_px=8,
        image_px=16,
        channel_multiples=(1, 2),
        blocks=(1, 1),
        attention_at=(2,),
        condition_dropout=0.0,
        max_noise_level=0.3,
        **SHARED,
    )
    folder = tmp_path_factory.mktemp("models")
    models = {
        "speech_encoder": (SpeechEncoder(SpeechEncoderConfig(width=0.02, embedding=512)), {"spectrogram": SPECTROGRAM}),
        "face_decoder": (FaceDecoder(decoder), {"diffusion": DIFFUSION}),
        "super_resolution": (SuperResolution(enlarging), {"diffusion": DIFFUSION}),
    }
    for name, (model, about) in models.items():
        with torch.no_grad():
            for parameter in model.parameters():  # fresh U-Nets put out zeros
                parameter += 0.1 * torch.randn_like(parameter)
        save_weights(model, folder / name / "weights.safetensors", **about)
    return folder
