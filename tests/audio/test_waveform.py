import pytest
import torch

from s2f.audio.spectrogram import CompressedSpectrogram
from s2f.audio.waveform import Waveform
from s2f.params.spectrogram import PAPER

EDGE = 200  # samples at both ends, under the rise of one window


def decibels_below(signal, error):
    return (10 * torch.log10(signal.square().mean() / error.square().mean())).item()


@pytest.mark.parametrize(("stored", "least"), [(torch.float32, 120), (torch.float16, 60)])
def test_sound_comes_back_from_what_the_corpus_stores(stored, least):
    generator = torch.Generator().manual_seed(0)
    speech = 0.1 * torch.randn(2, 96_000, generator=generator) * torch.linspace(0, 1, 96_000)
    heard = CompressedSpectrogram(PAPER)(speech).to(stored)
    again = Waveform(PAPER)(heard)
    assert again.shape == (2, 95_920)  # 598 frames
    whole = speech[:, EDGE : 95_920 - EDGE]
    assert decibels_below(whole, again[:, EDGE:-EDGE] - whole) > least


def test_a_crop_of_frames_is_the_sound_of_those_frames():
    speech = torch.sin(torch.arange(96_000) * 0.05)[None]
    heard = CompressedSpectrogram(PAPER)(speech)
    part = Waveform(PAPER)(heard[:, 100:400])
    first = 100 * PAPER.hop
    torch.testing.assert_close(
        part[:, EDGE:-EDGE], speech[:, first + EDGE : first + part.shape[1] - EDGE], rtol=0, atol=1e-4
    )


def test_silence_stays_silent_and_ends_do_not_burst():
    assert Waveform(PAPER)(torch.zeros(1, 598, 257, 2)).abs().max() == 0
    heard = CompressedSpectrogram(PAPER)(0.1 * torch.ones(1, 96_000)).half()
    assert Waveform(PAPER)(heard).abs().max() < 0.2
