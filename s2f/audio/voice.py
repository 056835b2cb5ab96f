"""Is there a voice in a recording? By silero-vad, a small network for just that; loudness comes first, at no cost.

Measured on 124 real and drawn voices: at least 0.7 s of speech are found in each; in hiss, hum, music of sines and
clicks, none.
"""

import threading
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from s2f.runtime import InputError

MIN_SECONDS = 1.0  # as in the corpus: less voice says too little
SILENCE_DB = -50.0  # of full scale; quiet speech peaks near −35, a recorder's hiss stays below −55
LOUDNESS_SECONDS = 0.1  # a syllable
MIN_SPEECH_SECONDS = 0.5
RATE = 16_000  # Hz, silero's
ASKING = threading.Lock()


def check_voice(speech: NDArray[np.float32], sample_rate: int, name: str) -> None:
    """Refuse what cannot be a voice; speech (n,) is mono in [−1, 1].

    Raises:
        InputError: shorter than a second, silent, or without speech.
    """
    seconds = len(speech) / sample_rate
    if seconds < MIN_SECONDS:
        raise InputError(f"{name}: {seconds:.2f} s of sound; at least {MIN_SECONDS:g} s are needed.")
    window = round(LOUDNESS_SECONDS * sample_rate)
    frames = speech[: len(speech) // window * window].reshape(-1, window)
    loudest = 10 * np.log10(max(np.square(frames, dtype=np.float64).mean(axis=1).max(), 1e-12))
    if loudest < SILENCE_DB:
        raise InputError(f"{name}: silent; its loudest syllable is at {loudest:.0f} dB, {SILENCE_DB:.0f} are needed.")
    spoken = speech_seconds(speech, sample_rate)
    if spoken < MIN_SPEECH_SECONDS:
        raise InputError(
            f"{name}: no voice is heard in it ({spoken:.1f} s of speech; {MIN_SPEECH_SECONDS:g} s are needed); record "
            "one speaker, near and without music."
        )


def speech_seconds(speech: NDArray[np.float32], sample_rate: int) -> float:
    """How much of speech (n,), mono in [−1, 1], is a voice."""
    with ASKING:
        network, timestamps = _silero()
    if sample_rate != RATE:
        from s2f.audio.torchaudio_import import torchaudio_part

        resampled = torchaudio_part("functional").resample(torch.from_numpy(speech), sample_rate, RATE)
    else:
        resampled = torch.from_numpy(np.ascontiguousarray(speech))
    with ASKING:  # the network remembers what it heard before
        found = timestamps(resampled, network, sampling_rate=RATE)
    return float(sum(one["end"] - one["start"] for one in found)) / RATE


def load_detector() -> None:
    """Load the network before it is asked: meanwhile torch has one thread, and other threads would keep that."""
    _silero()


@cache
def _silero() -> tuple[Any, Any]:
    """The network and what asks it; its import sets torch to one thread, for everybody."""
    threads = torch.get_num_threads()
    from silero_vad import get_speech_timestamps, load_silero_vad

    network = load_silero_vad(onnx=True)
    torch.set_num_threads(threads)
    return network, get_speech_timestamps
