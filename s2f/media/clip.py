"""Sound and frames of one clip, by ffmpeg: each stream is decoded once, and no further than it is asked for.

The static build of imageio-ffmpeg has no ffprobe: what a file holds is learnt by decoding it. Frames come as PPM, which
says its own size, so that turned and odd-sized pictures need no second look.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import ffmpeg
import numpy as np
from numpy.typing import NDArray

from s2f.decoding import FULL_SCALE, decoding, media_input
from s2f.media.failures import Failure, tidy

LONGEST_SIDE = 1920  # px of a frame; larger ones are scaled down, so that a frame is 11 MB at most


@dataclass(frozen=True)
class Section:
    """Part of a video file, in seconds from its start."""

    path: Path
    start_s: float
    end_s: float
    sound_path: Path | None = None  # where its sound lies apart

    @property
    def seconds(self) -> float:
        """How long it should be."""
        return self.end_s - self.start_s


def read_sound(section: Section, sample_rate: int, seconds: float, min_seconds: float) -> NDArray[np.float32]:
    """The section's first `seconds` of sound: mono float32 (n,) in [−1, 1], of 16 bits.

    Raises:
        Failure: corrupt, no_audio, or too_short if less than `min_seconds` could be decoded.
    """
    sound = _input(section, section.sound_path or section.path)["a:0"]
    output = ffmpeg.output(sound, "pipe:", format="s16le", acodec="pcm_s16le", ac=1, ar=sample_rate)
    wanted = round(min(section.seconds, max(seconds, min_seconds)) * sample_rate)
    with decoding(output) as decoder:
        raw = decoder.output.read(2 * wanted)  # not ffmpeg's -t: it counts what an AAC decoder throws away
        whole = len(raw) == 2 * wanted or (decoder.end() == 0 and not decoder.words())
        if not raw and not whole:
            raise _failure(decoder.words(), section, "no_audio")
        samples = (np.frombuffer(raw, "<i2") / np.float32(FULL_SCALE)).astype(np.float32)
        if len(samples) < min_seconds * sample_rate:
            found = f"{len(samples) / sample_rate:.2f} s of sound, {min_seconds:g} s are the least"
            if not whole:
                raise Failure("corrupt", f"{found}: {_tidy(decoder.words(), section)}")
            raise Failure("too_short", found)
    return samples[: round(seconds * sample_rate)]


def read_frames(section: Section, fps: float, seconds: float) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """(seconds into the section, uint8 (h, w, 3) RGB), `fps` frames a second of its first `seconds`.

    A frame with a side above LONGEST_SIDE comes smaller.

    Decoding goes on while frames are taken, and ends when the caller stops.

    Raises:
        Failure: corrupt or no_video, before the first frame.
    """
    # Capital V: a song's cover picture is no video. start_time: the first frame stands for a late start.
    frames = _input(section, section.path)["V:0"].filter("fps", fps=fps, start_time=0)
    width, height = (f"min({side},{LONGEST_SIDE})" for side in ("iw", "ih"))
    frames = frames.filter("scale", w=width, h=height, force_original_aspect_ratio="decrease")
    output = ffmpeg.output(frames, "pipe:", format="image2pipe", vcodec="ppm", pix_fmt="rgb24")
    most = math.ceil(min(section.seconds, seconds) * fps)
    with decoding(output) as decoder:
        for index in range(most):
            frame = _read_ppm(decoder.output)
            if frame is None:
                break
            yield index / fps, frame
        if frame is None and index == 0:
            decoder.end()
            raise _failure(decoder.words(), section, "no_video")


def _input(section: Section, path: Path) -> Any:
    return media_input(path, ss=f"{section.start_s:.3f}")


def _read_ppm(stream: IO[bytes]) -> NDArray[np.uint8] | None:
    """The next picture of a stream of PPMs as ffmpeg writes them (P6, size, 255: a line each), None at its end."""
    if stream.readline() != b"P6\n":
        return None
    width, height = (int(number) for number in stream.readline().split())
    stream.readline()
    content = stream.read(width * height * 3)
    if len(content) < width * height * 3:
        return None
    return np.frombuffer(content, np.uint8).reshape(height, width, 3)


def _failure(words: str, section: Section, absent: str) -> Failure:
    missing = not words.strip() or re.search(r"matches no streams|does not contain any stream", words)
    return Failure(absent if missing else "corrupt", _tidy(words, section) or "ffmpeg found nothing to decode")


def _tidy(words: str, section: Section) -> str:
    """ffmpeg's first lines, without the folder the file lay in."""
    words = "\n".join(words.splitlines()[:4])
    for path in (section.path, section.sound_path or section.path):
        words = words.replace(str(path.absolute()), path.name)
    return tidy(words)
