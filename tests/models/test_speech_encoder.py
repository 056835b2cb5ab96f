import pytest
import torch

from s2f.models.speech_encoder import SpeechEncoder
from s2f.params.speech_encoder import SHORTEST, SpeechEncoderConfig


def test_width_one_is_the_published_network():
    with torch.device("meta"):
        model = SpeechEncoder(SpeechEncoderConfig(architecture="speech2face", layers=0, width=1.0, embedding=512))
        x = torch.zeros(1, 598, 257, 2)
    assert sum(parameter.numel() for parameter in model.parameters()) == 133_379_328
    running = sum(b.numel() for name, b in model.named_buffers() if "running" in name)
    assert 133_379_328 + running == 133_383_936
    assert model.convolutions(x.permute(0, 3, 1, 2)).shape == (1, 512, 6, 57)


def test_with_4096_outputs_it_is_speech2face():
    with torch.device("meta"):
        model = SpeechEncoder(SpeechEncoderConfig(architecture="speech2face", layers=0, width=1.0, embedding=4096))
    running = sum(b.numel() for name, b in model.named_buffers() if "running" in name)
    assert sum(parameter.numel() for parameter in model.parameters()) + running == 148_067_584


@pytest.mark.parametrize("frames", [598, SHORTEST])
def test_a_narrow_one_takes_clips_of_any_length(frames):
    model = SpeechEncoder(SpeechEncoderConfig(architecture="speech2face", layers=0, width=1 / 32, embedding=7)).eval()
    spectrogram = torch.randn(2, frames, 257, 2).half()
    embedding = model(spectrogram)
    assert embedding.shape == (2, 7)
    assert embedding.dtype == torch.float32


def test_the_shortest_clip_leaves_one_frame():
    model = SpeechEncoder(SpeechEncoderConfig(architecture="speech2face", layers=0, width=1 / 64, embedding=7)).eval()
    assert model.convolutions(torch.zeros(1, 2, SHORTEST, 257)).shape[2] == 1
    with pytest.raises(RuntimeError):
        model(torch.zeros(1, SHORTEST - 1, 257, 2))


def test_pooling_halves_time_only_and_the_last_layers_stride_both():
    model = SpeechEncoder(SpeechEncoderConfig(architecture="speech2face", layers=0, width=1 / 64, embedding=7)).eval()
    assert model.convolutions(torch.zeros(1, 2, 598, 257)).shape[2:] == (6, 57)
