import numpy as np
import pytest
import torch

from s2f.audio.spectrogram import CompressedSpectrogram
from s2f.params.spectrogram import SpectrogramParams

PARAMS = SpectrogramParams(sample_rate=16_000, clip_seconds=6.0, window=400, hop=160, fft=512, compression=0.3)


def by_hand(speech, compression=0.3):
    """The paper's definition in NumPy: frames of 400 every 160, periodic Hann, zeros behind, rfft of 512."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    starts = range(0, len(speech) - 400 + 1, 160)
    spectrum = np.array([np.fft.rfft(speech[start : start + 400] * hann, n=512) for start in starts])
    parts = np.stack([spectrum.real, spectrum.imag], axis=-1)
    return np.sign(parts) * np.abs(parts) ** compression


def noise():
    return np.random.default_rng(3).normal(0, 0.1, 96_000)


def chirp():
    seconds = np.arange(96_000) / 16_000
    return 0.5 * np.sin(2 * np.pi * (100 * seconds + 600 * seconds**2))


@pytest.mark.parametrize("speech", [noise(), chirp()], ids=["noise", "chirp"])
def test_it_equals_an_independent_computation_in_numpy(speech):
    ours = CompressedSpectrogram(PARAMS)(torch.from_numpy(speech)).numpy()
    assert ours.shape == (598, 257, 2) == PARAMS.shape
    np.testing.assert_allclose(ours, by_hand(speech), atol=1e-3, rtol=1e-5)


def test_phases_are_those_of_frames_that_begin_where_they_begin():
    speech = noise()
    ours = CompressedSpectrogram(PARAMS)(torch.from_numpy(speech)).numpy().astype(np.float64)
    spectrum = np.sign(ours) * np.abs(ours) ** (1 / 0.3)
    expected = by_hand(speech, compression=1)
    ours_complex, theirs = (parts[..., 0] + 1j * parts[..., 1] for parts in (spectrum, expected))
    turned = np.angle(ours_complex * theirs.conj())[np.abs(theirs) > 0.1]
    assert np.abs(turned).max() < 1e-3


def test_real_and_imaginary_parts_are_compressed_apart():
    layer = CompressedSpectrogram(PARAMS)
    louder = layer(torch.from_numpy(noise() * 10)) / layer(torch.from_numpy(noise()))
    assert torch.allclose(louder[:100, 10:100], torch.tensor(10**0.3), rtol=0.02)


def test_a_batch_is_its_rows_and_silence_is_nothing():
    layer = CompressedSpectrogram(PARAMS)
    speech = torch.from_numpy(np.stack([noise(), chirp(), np.zeros(96_000)]))
    together = layer(speech)
    assert together.dtype == torch.float32
    torch.testing.assert_close(together, torch.stack([layer(row) for row in speech]), atol=1e-3, rtol=0)
    assert not together[2].any()
