"""Sound and frames of one clip, by ffmpeg: each stream is decoded once, and no further than it is asked for.

The static build of imageio-ffmpeg has no ffprobe: what a file holds is learnt by decoding it. Frames come as PPM, which
says its own size, so that turned and odd-sized pictures need no second look.
"""

import math
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import ffmpeg
import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from s2f.media.failures import Failure, tidy

FULL_SCALE = 32768  # of 16 bits
PATIENCE_S = 300  # for one clip's sound or frames; a file that takes longer is taken for broken

# What a video site serves. Playlists are not among them: one could name any other file.
FORMATS = "mov,matroska,mpeg,mpegvideo,mpegts,avi,flv,asf,ogg,wav,mp3,aac,flac"


@dataclass(frozen=True)
class Section:
    """Part of a video file, in seconds from its start."""

    path: Path
    start_s: float
    end_s: float

    @property
    def seconds(self) -> float:
        """How long it should be."""
        return self.end_s - self.start_s


def read_sound(section: Section, sample_rate: int, seconds: float, min_seconds: float) -> NDArray[np.float32]:
    """The section's first `seconds` of sound: mono float32 (n,) in [−1, 1], of 16 bits.

    Raises:
        Failure: corrupt, no_audio, or too_short if less than `min_seconds` could be decoded.
    """
    output = ffmpeg.output(_input(section)["a:0"], "pipe:", format="s16le", acodec="pcm_s16le", ac=1, ar=sample_rate)
    wanted = round(min(section.seconds, max(seconds, min_seconds)) * sample_rate)
    with _running(output) as (process, words):
        raw = _stdout(process).read(2 * wanted)  # not ffmpeg's -t: it counts what an AAC decoder throws away
        if len(raw) < 2 * wanted:
            process.wait()
        if not raw and (process.returncode or words()):
            raise _failure(words(), section, "no_audio")
        samples = (np.frombuffer(raw, "<i2") / np.float32(FULL_SCALE)).astype(np.float32)
        if len(samples) < min_seconds * sample_rate:
            found = f"{len(samples) / sample_rate:.2f} s of sound, {min_seconds:g} s are the least"
            if process.returncode or words():
                raise Failure("corrupt", f"{found}: {_tidy(words(), section)}")
            raise Failure("too_short", found)
    return samples[: round(seconds * sample_rate)]


def read_frames(section: Section, fps: float, seconds: float) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """(seconds into the section, uint8 (h, w, 3) RGB), `fps` frames a second of its first `seconds`.

    Decoding goes on while frames are taken, and ends when the caller stops.

    Raises:
        Failure: corrupt or no_video, before the first frame.
    """
    # Capital V: a song's cover picture is no video. start_time: the first frame stands for a late start.
    frames = _input(section)["V:0"].filter("fps", fps=fps, start_time=0)
    output = ffmpeg.output(frames, "pipe:", format="image2pipe", vcodec="ppm", pix_fmt="rgb24")
    most = math.ceil(min(section.seconds, seconds) * fps)
    with _running(output) as (process, words):
        for index in range(most):
            frame = _read_ppm(_stdout(process))
            if frame is None:
                break
            yield index / fps, frame
        if frame is None and index == 0:
            process.wait()
            raise _failure(words(), section, "no_video")


def _input(section: Section) -> Any:
    # "file:" and an absolute path: a name such as -x.mp4 is neither an option nor a protocol.
    return ffmpeg.input(
        f"file:{section.path.absolute()}",
        ss=f"{section.start_s:.3f}",
        protocol_whitelist="file,pipe",
        format_whitelist=FORMATS,
        threads=1,  # other workers use the other cores
    )


@contextmanager
def _running(output: Any) -> Iterator[tuple[subprocess.Popen[bytes], Any]]:
    """ffmpeg at work, its standard output piped, and a function that gives its words; killed when the block ends."""
    command = ffmpeg.compile(output, cmd=[imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-v", "error"])
    with tempfile.TemporaryFile() as stderr:  # a pipe could fill up while standard output is read
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr)
        watch = threading.Timer(PATIENCE_S, process.kill)
        watch.start()

        def words() -> str:
            stderr.seek(0)
            return stderr.read(10_000).decode(errors="replace")

        try:
            yield process, words
        finally:
            watch.cancel()
            process.kill()
            _stdout(process).close()
            process.wait()


def _stdout(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdout is None:
        raise ValueError("ffmpeg was started without a pipe")
    return process.stdout


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
    return tidy("\n".join(words.splitlines()[:4]).replace(str(section.path.absolute()), section.path.name))
