"""Speech in and out of files: decoded by ffmpeg (its static build from imageio-ffmpeg) to mono float32.

Samples are 16-bit inside, so that what is read, stored as FLAC and decoded again is the same to the last bit.
"""

import tempfile
from pathlib import Path

import ffmpeg
import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from s2f.runtime import InputError

FULL_SCALE = 32768  # of 16 bits
SHORTEST_FLAC = 16  # samples: the format's smallest block
MOST_PRIMING_SECONDS = 0.2  # AAC's is 0.05 to 0.13 s


def read_speech(path: Path | str, sample_rate: int, seconds: float | None = None) -> NDArray[np.float32]:
    """Mono samples in [−1, 1], float32 (n,), of any sound or video file; the first `seconds`, or all.

    Raises:
        InputError: the file is missing, unreadable, or without sound.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file; name a sound or video file.")
    # "file:" keeps a name such as -x.mp4 or a:b.wav from being read as an option or a protocol.
    return _decode(f"file:{path}", sample_rate, str(path), seconds=seconds)


def decode_speech(content: bytes, sample_rate: int) -> NDArray[np.float32]:
    """Mono samples in [−1, 1], float32 (n,), of an encoded sound such as `encode_flac` makes.

    Raises:
        InputError: the bytes are unreadable or without sound.
    """
    return _decode("pipe:", sample_rate, "speech", content=content)


def encode_flac(speech: NDArray[np.floating], sample_rate: int) -> bytes:
    """FLAC of mono samples in [−1, 1]: 16 bits, no date or encoder inside, so the same speech is the same bytes.

    Raises:
        InputError: fewer samples than FLAC can hold.
    """
    if len(speech) < SHORTEST_FLAC:
        raise InputError(f"speech holds {len(speech)} samples; FLAC needs at least {SHORTEST_FLAC}.")
    samples = (np.asarray(speech, np.float64) * FULL_SCALE).round().clip(-FULL_SCALE, FULL_SCALE - 1).astype("<i2")
    raw = ffmpeg.input("pipe:", format="s16le", ac=1, ar=sample_rate)
    with tempfile.TemporaryDirectory() as folder:
        # To a file: into a pipe the header could not be completed, and players would not know the length.
        target = Path(folder, "speech.flac")
        options = {"map_metadata": -1, "fflags": "+bitexact", "flags:a": "+bitexact", "threads": 1}
        _run(ffmpeg.output(raw, str(target), acodec="flac", **options), samples.tobytes())
        return target.read_bytes()


def fit(speech: NDArray[np.float32], samples: int) -> NDArray[np.float32]:
    """The first `samples` of speech, repeated from its start if it is shorter.

    Raises:
        InputError: there is no speech at all.
    """
    if len(speech) == 0:
        raise InputError("speech holds no samples; at least one is needed.")
    return np.resize(speech, samples)


def _decode(
    source: str, sample_rate: int, name: str, seconds: float | None = None, content: bytes | None = None
) -> NDArray[np.float32]:
    # Local files alone: a crafted playlist must not fetch anything.
    options: dict[str, object] = {"protocol_whitelist": "file,pipe", "threads": 1}
    sound = ffmpeg.input(source, **options).audio
    # ffmpeg's own limit loses some codecs' priming samples: it decodes a little more, and samples are counted below.
    limit = {} if seconds is None else {"t": seconds + MOST_PRIMING_SECONDS}
    output = ffmpeg.output(sound, "pipe:", format="s16le", acodec="pcm_s16le", ac=1, ar=sample_rate, **limit)
    try:
        raw = _run(output, content)
    except ffmpeg.Error as error:
        raise InputError(f"{name}: {_reason(error.stderr)}") from None
    if len(raw) < 2:
        raise InputError(f"{name}: holds no sound; name a file that does.")
    wanted = None if seconds is None else round(seconds * sample_rate)
    return (np.frombuffer(raw, "<i2")[:wanted] / np.float32(FULL_SCALE)).astype(np.float32)


def _run(stream: ffmpeg.nodes.OutputStream, content: bytes | None) -> bytes:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error"]
    stream = stream if content is not None else stream.global_args("-nostdin")
    out, _ = ffmpeg.run(stream, cmd=command, input=content, capture_stdout=True, capture_stderr=True)
    return out


def _reason(stderr: bytes) -> str:
    text = stderr.decode(errors="replace").strip()
    if "matches no streams" in text:
        return "holds no sound; name a file that does."
    last = text.splitlines()[-1] if text else "no reason given"
    return f"ffmpeg cannot read it ({last}); name an intact sound or video file."
