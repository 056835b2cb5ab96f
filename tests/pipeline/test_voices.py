from pathlib import Path

import numpy as np
import pytest
import torch

from s2f.params.spectrogram import PAPER
from s2f.pipeline.voices import waveforms
from s2f.runtime import InputError

RATE = 16_000


def tone(seconds: float = 2.0, rate: int = RATE) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * 220 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def test_a_voice_is_cut_or_repeated_to_six_seconds() -> None:
    short, long = waveforms(tone(2.0), RATE, PAPER), waveforms(tone(9.0), RATE, PAPER)
    assert short.shape == long.shape == (1, 6 * RATE)
    torch.testing.assert_close(short[0, 2 * RATE : 4 * RATE], short[0, : 2 * RATE])
    torch.testing.assert_close(long[0], torch.from_numpy(tone(6.0)))


def test_arrays_tensors_and_batches_of_them_are_the_same_voices() -> None:
    one, other = tone(), tone() / 2
    expected = waveforms([one, other], RATE, PAPER)
    assert expected.shape == (2, 6 * RATE)
    for voices in (np.stack([one, other]), torch.from_numpy(np.stack([one, other])), [one, torch.from_numpy(other)]):
        assert torch.equal(waveforms(voices, RATE, PAPER), expected)


def test_integers_are_of_full_scale_and_other_rates_are_resampled() -> None:
    expected = waveforms(tone(), RATE, PAPER)
    whole = (tone() * 32768).astype(np.int16)
    torch.testing.assert_close(waveforms(whole, RATE, PAPER), expected, rtol=0, atol=1e-4)
    fast = waveforms(tone(2.0, 48_000), 48_000, PAPER)
    torch.testing.assert_close(fast[0, 500:30_000], expected[0, 500:30_000], rtol=0, atol=5e-3)


@pytest.mark.parametrize(
    ("voices", "rate", "sentence"),
    [
        (tone(), None, "voice 0: sample_rate None; allowed: that of the samples, in Hz"),
        (tone() * 20_000, RATE, r"voice 0: samples reach \d+; allowed: floats in"),
        (np.full(RATE, np.nan), RATE, "voice 0: samples reach nan; allowed"),
        (np.zeros((96_000, 2)), RATE, r"samples of shape \(96000, 2\); allowed: .*; average stereo channels first"),
        (np.zeros(1), RATE, r"voice 0: 0\.00 s of sound; allowed: 1 s or more"),
        (np.zeros((1, 2, 3)), RATE, r"samples of shape \(1, 2, 3\); allowed: \(n,\) for a voice"),
        ([tone(), np.zeros(0)], RATE, r"voice 1: 0\.00 s of sound; allowed: 1 s or more"),
        (np.zeros(RATE, np.complex64), RATE, "samples of type complex64; allowed: floats"),
        ([], RATE, "no voice was given"),
        ("nowhere.wav", None, r"nowhere\.wav: no such file"),
        ([Path("nowhere.wav")], RATE, r"nowhere\.wav: no such file"),
    ],
)
def test_what_is_no_sound_is_one_sentence(voices, rate, sentence) -> None:
    with pytest.raises(InputError, match=sentence):
        waveforms(voices, rate, PAPER)
