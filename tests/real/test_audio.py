"""Real sound files of every kind in ../shared/data: skipped where that folder is missing."""

from pathlib import Path

import numpy as np
import pytest
import torch

from s2f.audio.spectrogram import CompressedSpectrogram
from s2f.audio.speech import decode_speech, encode_flac, fit, read_speech
from s2f.params.spectrogram import SpectrogramParams

DATA = Path(__file__).parents[2].parent / "shared" / "data"
PARAMS = SpectrogramParams(sample_rate=16_000, clip_seconds=6.0, window=400, hop=160, fft=512, compression=0.3)

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"real data is not there: {DATA}")


def videos(folder, count):
    """A few files of a folder, spread over all of them."""
    paths = sorted((DATA / folder / "videos").iterdir())
    return paths[:: max(1, len(paths) // count)][:count]


@pytest.mark.parametrize("folder", ["avspeech", "voxceleb", "talking_heads"])
def test_real_clips_are_heard_stored_and_turned_into_spectrograms(folder):
    layer = CompressedSpectrogram(PARAMS)
    for path in videos(folder, 6):
        speech = read_speech(path, 16_000, seconds=6.0)
        assert 0.5 * 16_000 < len(speech) <= 96_000, path.name
        assert 1e-4 < np.sqrt(np.square(speech).mean()) < 0.7, path.name
        assert np.array_equal(decode_speech(encode_flac(speech, 16_000), 16_000), speech)
        spectrogram = layer(torch.from_numpy(fit(speech, PARAMS.samples)))
        assert spectrogram.shape == PARAMS.shape and spectrogram.isfinite().all()
        assert torch.isfinite(spectrogram.half()).all()


def test_every_container_and_codec_is_read():
    paths = sorted((DATA / "talking_heads" / "videos").iterdir())
    for suffix in {path.suffix for path in paths}:
        path = next(path for path in paths if path.suffix == suffix)
        assert len(read_speech(path, 16_000, seconds=2.0)) > 8_000, path.name
