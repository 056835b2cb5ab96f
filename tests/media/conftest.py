"""Tiny real media: short films made by ffmpeg, drawn faces. The corpus' and the flows' tests use them too."""

import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from s2f.sample.canvas import Pose
from s2f.sample.law import draw_identity, look_of
from s2f.sample.portrait import draw_portrait
from s2f.sample.scene import draw_scene


def write_film(path: Path, *pictures: np.ndarray, seconds: float = 2.0, sound: bool = True, hertz: int = 200) -> Path:
    """A film that shows each picture (uint8 (h, w, 3), even sizes) for an equal part of `seconds`, over a tone.

    No picture: sound alone.
    """
    fps = 10
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y"]
    frames = b""
    if pictures:
        height, width = pictures[0].shape[:2]
        command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(fps), "-i", "pipe:"]
        shown = np.repeat(np.arange(len(pictures)), -(-round(seconds * fps) // len(pictures)))[: round(seconds * fps)]
        frames = b"".join(pictures[index].tobytes() for index in shown)
    if sound:
        command += ["-f", "lavfi", "-i", f"sine=f={hertz}:r=16000:d={seconds}"]
    command += ["-pix_fmt", "yuv420p", "-preset", "ultrafast", "-t", str(seconds), str(path)]
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(command, input=frames, check=True)
    return path


def draw_face(seed: int = 1, size: int = 160, unit: float = 0.3) -> np.ndarray:
    """A drawn face in the middle, uint8 (size, size, 3); `unit`, about half its height, is a fraction of the size."""
    rng = np.random.default_rng(seed)
    pose = Pose((0.5 * size, 0.47 * size), unit * size)
    return draw_portrait(look_of(draw_identity(rng)), draw_scene(rng), size, size, pose)


@pytest.fixture(scope="session")
def film():
    return write_film


@pytest.fixture(scope="session")
def face():
    return draw_face


@pytest.fixture(scope="session")
def wall():
    """A picture without a face."""
    return np.full((160, 160, 3), 90, np.uint8)


@pytest.fixture(scope="session")
def two_faces():
    return np.concatenate([draw_face(1), draw_face(2)], axis=1)
