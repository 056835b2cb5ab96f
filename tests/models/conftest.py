import pytest
import torch

from s2f.params.face_decoder import FaceDecoderConfig
from s2f.params.super_resolution import SuperResolutionConfig

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


@pytest.fixture
def decoder_config():
    return FaceDecoderConfig(
        attributes=(),
        attribute_dropout=0.5,
        image_px=16,
        position_map=True,
        shortcut_ridge=0.1,
        **UNET | {"prediction": "x0"},
    )


@pytest.fixture
def enlarger_config():
    return SuperResolutionConfig(
        low_px=8, image_px=32, max_noise_level=0.3, shortcut=True, **UNET | {"prediction": "x0"}
    )


@pytest.fixture
def settle():
    """Moves every parameter off its initial value: the null vector and the normalisations' shifts start at zero."""

    def move(model):
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
        return model.eval()

    return move
