"""Bad items are bad, each in its own way."""

import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from s2f.faces.detect import FaceDetector
from s2f.sample.bad import BAD_CLIPS, BAD_PICTURES, draw_bad_clip, draw_bad_picture
from s2f.sample.clips import HEIGHT, WIDTH, Clip
from s2f.sample.espeak import Espeak


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Clip]]:
    """Kinds once each: where it is, and its row."""
    folder, espeak = tmp_path_factory.mktemp("bad"), Espeak()
    clips = {}
    for kind in BAD_CLIPS.keys() - {"silent_film", "sound_only", "short_file"}:  # their streams: test_clips.py
        (row,) = draw_bad_clip(kind, folder / f"{kind}.mp4", np.random.default_rng(5), espeak)
        clips[kind] = folder / f"{kind}.mp4", row
    return clips


def first_frame(path: Path, at: float) -> np.ndarray:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-ss", str(at), "-i", f"file:{path}", "-frames:v", "1"]
    raw = subprocess.run([*command, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(HEIGHT, WIDTH, 3)


@pytest.mark.parametrize(("kind", "faces"), [("two_faces", 2), ("empty_room", 0), ("wrong_centre", 1)])
def test_faces_are_as_many_as_the_kind_says(kind: str, faces: int, drawn: dict) -> None:
    path, row = drawn[kind]
    found = FaceDetector(0.5).detect(first_frame(path, row.start))
    assert len(found) == faces
    if kind == "wrong_centre":
        left, top, right, bottom = found[0].box
        away = np.hypot((left + right) / 2 - row.x * WIDTH, (top + bottom) / 2 - row.y * HEIGHT)
        assert away > 0.3 * np.hypot(WIDTH, HEIGHT)


def test_files_are_missing_short_or_broken(drawn: dict) -> None:
    assert not drawn["missing"][0].exists()
    assert drawn["short_row"][1].end - drawn["short_row"][1].start < 1
    for kind, words in {"garbled": "Invalid data", "truncated": "moov atom not found"}.items():
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", f"file:{drawn[kind][0]}", "-f", "null", "-"]
        assert words in subprocess.run(command, capture_output=True, text=True, check=False).stderr


@pytest.mark.parametrize(("kind", "faces"), [("two_faces", 2), ("empty_room", 0)])
def test_bad_pictures_hold_two_faces_or_none(kind: str, faces: int) -> None:
    picture = draw_bad_picture(kind, 192, np.random.default_rng(6))
    assert picture is not None
    assert len(FaceDetector(0.5).detect(picture)) == faces


def test_a_garbled_picture_is_no_picture() -> None:
    assert "garbled" in BAD_PICTURES
    assert draw_bad_picture("garbled", 192, np.random.default_rng(6)) is None
