"""Talking heads as files: real H.264 and AAC, the same bytes twice, a mouth that follows the sound."""

import re
import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from s2f.audio.speech import read_speech
from s2f.sample.canvas import Pose
from s2f.sample.clips import FPS, HEIGHT, SHORTEST, WIDTH, draw_speaker, film, mouth_loudness, write_mp4
from s2f.sample.espeak import SAMPLE_RATE, Espeak
from s2f.sample.law import draw_identity, look_of
from s2f.sample.scene import draw_scene


def streams(path: Path) -> str:
    """What ffmpeg says of a file."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", f"file:{path}"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def test_a_speaker_with_two_clips_is_one_video_and_two_rows(tmp_path: Path) -> None:
    contents = []
    for name in ("-one", "two"):
        path = tmp_path / f"{name}.mp4"
        person = draw_identity(np.random.default_rng(1))
        first, second = draw_speaker(person, 2, path, np.random.default_rng(2), Espeak())
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]
    assert first.end - first.start >= SHORTEST
    assert second.start > first.end + 0.2
    assert 0 < first.x < 1
    assert 0 < first.y < 1
    about = streams(path)
    assert "h264" in about
    assert "aac" in about
    assert f"{WIDTH}x{HEIGHT}" in about
    hours, minutes, seconds = (float(part) for part in re.search(r"Duration: (\d+):(\d+):([\d.]+)", about).groups())
    assert 3600 * hours + 60 * minutes + seconds > second.end
    speech = read_speech(path, 16000)
    gap = speech[int((first.end + 0.1) * 16000) : int((second.start - 0.05) * 16000)]
    said = speech[int(second.start * 16000) : int(second.end * 16000)]
    assert np.sqrt(np.mean(said**2)) > 3 * np.sqrt(np.mean(gap**2))


def test_the_mouth_follows_the_sound() -> None:
    rng = np.random.default_rng(3)
    look, scene, pose = look_of(draw_identity(rng)), draw_scene(rng), Pose((160, 110), 80.0)
    quiet, loud = film([look], [pose], scene, np.array([0.0, 1.6]))
    assert np.abs(quiet.astype(int) - loud).max() > 60
    silence = film([look], [pose], scene, np.zeros(2))
    assert np.array_equal(silence[0], quiet)
    assert mouth_loudness(np.zeros(SAMPLE_RATE, np.float32)).tolist() == [0] * FPS


def test_a_stream_can_be_left_out(tmp_path: Path) -> None:
    frames = np.full((12, HEIGHT, WIDTH, 3), 90, np.uint8)
    sound = 0.1 * np.ones(SAMPLE_RATE, np.float32)
    write_mp4(tmp_path / "seen.mp4", frames, None)
    write_mp4(tmp_path / "heard.mp4", None, sound)
    assert "Audio" not in streams(tmp_path / "seen.mp4")
    assert "Video" not in streams(tmp_path / "heard.mp4")
    assert "Audio: aac" in streams(tmp_path / "heard.mp4")
