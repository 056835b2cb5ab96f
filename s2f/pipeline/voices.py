"""Voices as callers have them, files, arrays, tensors, one or many, made what the speech encoder takes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from s2f.audio.speech import fit, read_speech
from s2f.audio.torchaudio_import import torchaudio_part
from s2f.audio.voice import MIN_SECONDS
from s2f.params.spectrogram import SpectrogramParams
from s2f.runtime import InputError

Voice = str | Path | NDArray[np.generic] | Tensor
LOUDEST = 2.0  # of float samples: a little clipping is common, integers kept as floats are a mistake


def waveforms(voices: Voice | Sequence[Voice], sample_rate: int | None, heard: SpectrogramParams) -> Tensor:
    """(b, samples) float32 in [−1, 1] at the encoder's rate, each cut or repeated to its length.

    A file is a voice, and so is an array or tensor (n,); (b, n) is b voices, a sequence one for each item. Arrays need
    their `sample_rate` in Hz; integers are of full scale, as in WAV files.

    Raises:
        InputError: a file cannot be read, or an array is no sound.
    """
    if isinstance(voices, str | Path):
        voices = [voices]
    elif isinstance(voices, np.ndarray | Tensor):
        voices = list(_rows(voices, sample_rate))
    if not len(voices):
        raise InputError("no voice was given; allowed: a file, samples (n,), or several of either.")
    found = [_one(voice, f"voice {index}", sample_rate, heard) for index, voice in enumerate(voices)]
    return torch.from_numpy(np.stack([fit(one, heard.samples) for one in found]))


def _rows(array: NDArray[np.generic] | Tensor, sample_rate: int | None) -> NDArray[np.generic] | Tensor:
    """(b, n). What files give as (n, channels) is no batch of people who say two samples each."""
    if array.ndim not in (1, 2) or (array.ndim == 2 and array.shape[1] < MIN_SECONDS * (sample_rate or 0)):
        raise InputError(
            f"samples of shape {tuple(array.shape)}; allowed: (n,) for a voice, (b, n) for several, each of "
            f"{MIN_SECONDS:g} s or more; average stereo channels first."
        )
    return array[None] if array.ndim == 1 else array


def _one(voice: Voice, name: str, sample_rate: int | None, heard: SpectrogramParams) -> NDArray[np.float32]:
    if isinstance(voice, str | Path):
        return _long_enough(read_speech(voice, heard.sample_rate, heard.clip_seconds), heard.sample_rate, str(voice))
    if sample_rate is None or sample_rate < 1:
        raise InputError(f"{name}: sample_rate {sample_rate}; allowed: that of the samples, in Hz.")
    samples: Any = voice.detach().cpu().numpy() if isinstance(voice, Tensor) else np.asarray(voice)
    if samples.ndim != 1:
        raise InputError(f"{name}: samples of shape {samples.shape}; allowed: (n,), mono.")
    _long_enough(samples, sample_rate, name)
    if np.issubdtype(samples.dtype, np.integer):
        samples = samples / -float(np.iinfo(samples.dtype).min or -1)
    elif not np.issubdtype(samples.dtype, np.floating):
        raise InputError(f"{name}: samples of type {samples.dtype}; allowed: floats in [−1, 1] or signed integers.")
    loudest = float(np.abs(samples).max())
    if not loudest <= LOUDEST:
        raise InputError(f"{name}: samples reach {loudest:g}; allowed: floats in [−1, 1], or integers of full scale.")
    speech = torch.from_numpy(np.ascontiguousarray(samples[: round(heard.clip_seconds * sample_rate)], np.float32))
    if sample_rate != heard.sample_rate:
        speech = torchaudio_part("functional").resample(speech, sample_rate, heard.sample_rate)
    return speech.clamp(-1, 1).numpy()


def _long_enough(samples: NDArray[Any], sample_rate: int, name: str) -> NDArray[Any]:
    seconds = len(samples) / sample_rate
    if seconds < MIN_SECONDS:
        raise InputError(f"{name}: {seconds:.2f} s of sound; allowed: {MIN_SECONDS:g} s or more.")
    return samples
