"""Speech in and out of files: decoded by ffmpeg to mono float32, stored by libsndfile as FLAC.

Samples are 16-bit inside, so that what is read, stored as FLAC and decoded again is the same to the last bit.
"""

import io
from pathlib import Path

import ffmpeg
import numpy as np
import soundfile
from numpy.typing import NDArray

from s2f.decoding import FULL_SCALE, decoding, media_input
from s2f.runtime import InputError

PIECE = 2**20  # bytes of what is passed over at a time


def read_speech(
    path: Path | str, sample_rate: int, seconds: float | None = None, name: str | None = None, start: float = 0.0
) -> NDArray[np.float32]:
    """Mono samples in [−1, 1], float32 (n,), of any sound or video file: `seconds` from `start` on, or all of them.

    `name` is what the file is called if it cannot be used: its path, if not given.

    Raises:
        InputError: the file is missing, unreadable, without sound, or over before `start`.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{name or path}: no such file; name a sound or video file.")
    return _decode(path, name or str(path), sample_rate, seconds, start)


def decode_speech(content: bytes, sample_rate: int) -> NDArray[np.float32]:
    """Mono samples in [−1, 1], float32 (n,), of an encoded sound such as `encode_flac` makes.

    Raises:
        InputError: the bytes are unreadable or without sound.
    """
    return _decode(None, "speech", sample_rate, content=content)


def encode_flac(speech: NDArray[np.floating], sample_rate: int) -> bytes:
    """FLAC of mono samples in [−1, 1]: 16 bits, no date inside, so the same speech is the same bytes.

    Raises:
        InputError: there is no speech at all.
    """
    _check_not_empty(speech)
    samples = (np.asarray(speech, np.float64) * FULL_SCALE).round().clip(-FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    content = io.BytesIO()
    soundfile.write(content, samples, sample_rate, format="FLAC", subtype="PCM_16")
    return content.getvalue()


def fit(speech: NDArray[np.float32], samples: int) -> NDArray[np.float32]:
    """The first `samples` of speech, repeated from its start if it is shorter.

    Raises:
        InputError: there is no speech at all.
    """
    _check_not_empty(speech)
    return np.resize(speech, samples)


def _check_not_empty(speech: NDArray[np.floating]) -> None:
    if len(speech) == 0:
        raise InputError("speech holds no samples; at least one is needed.")


def _decode(
    path: Path | None,
    name: str,
    sample_rate: int,
    seconds: float | None = None,
    start: float = 0.0,
    content: bytes = b"",
) -> NDArray[np.float32]:
    output = ffmpeg.output(media_input(path).audio, "pipe:", format="s16le", acodec="pcm_s16le", ac=1, ar=sample_rate)
    wanted = -1 if seconds is None else 2 * round(seconds * sample_rate)  # bytes
    before = 2 * round(start * sample_rate)
    with decoding(output, content) as decoder:
        while before and (passed := len(decoder.output.read(min(before, PIECE)))):
            before -= passed
        raw = decoder.output.read(wanted)  # not ffmpeg's -t: it counts what an AAC decoder throws away
        if len(raw) != wanted and decoder.end() != 0:
            raise InputError(f"{name}: {_reason(decoder.words())}")
    if len(raw) < 2 and start:
        raise InputError(f"{name}: over before {start:g} s; begin earlier.")
    if len(raw) < 2:
        raise InputError(f"{name}: holds no sound; name a file that does.")
    return (np.frombuffer(raw, "<i2") / np.float32(FULL_SCALE)).astype(np.float32)


def _reason(words: str) -> str:
    if "matches no streams" in words:
        return "holds no sound; name a file that does."
    last = words.strip().splitlines()[-1] if words.strip() else "no reason given"
    return f"ffmpeg cannot read it ({last}); name an intact sound or video file."
