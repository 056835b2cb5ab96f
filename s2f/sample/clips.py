"""Talking heads: drawn people and their voices as short MP4 files (H.264 and AAC), and the rows that list them.

One head is painted once per video; its mouth, in a few degrees of opening, follows the loudness of the sound.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import ffmpeg
import imageio_ffmpeg
import numpy as np
from scipy.io import wavfile

from s2f.sample.canvas import Canvas, Pose
from s2f.sample.espeak import SAMPLE_RATE, Espeak
from s2f.sample.law import Identity, Look, look_of, voice_of
from s2f.sample.portrait import develop, draw_background, draw_head, draw_mouth
from s2f.sample.scene import Scene, draw_pose, draw_scene
from s2f.sample.voice import record, speak

HEIGHT, WIDTH, FPS = 240, 320, 10
SWAY_PX = 6  # how far the picture wanders
OPENINGS = np.linspace(0, 1, 5)  # of the mouth
SHORTEST, LONGEST = 3.0, 8.0  # seconds of a clip


@dataclass(frozen=True)
class Clip:
    """A row of the clip list: seconds in the video, face centre as fractions of the picture."""

    start: float
    end: float
    x: float
    y: float


def talk(person: Identity, clips: int, rng: np.random.Generator, espeak: Espeak) -> tuple[np.ndarray, list[float]]:
    """The sound track of a video with so many clips: float32 (n,), and the seconds at which speech starts and ends."""
    pieces, marks, at = [], [], 0.0
    for index in range(clips):
        if index > 0 or rng.random() < 0.3:
            pause = round(float(rng.uniform(0.3, 1.5)), 2)
            pieces.append(np.zeros(round(pause * SAMPLE_RATE), np.float32))
            at += pause
        seconds = round(float(rng.uniform(SHORTEST, LONGEST)), 2)
        pieces.append(speak(voice_of(person), seconds, rng, espeak))
        marks += [at, at + seconds]
        at += seconds
    pieces.append(np.zeros(round(0.2 * SAMPLE_RATE), np.float32))
    return np.concatenate(pieces), marks


def film(looks: list[Look], poses: list[Pose], scene: Scene, loudness: np.ndarray) -> np.ndarray:
    """Heads (none, one or more) whose mouths follow `loudness` (frames,): uint8 (frames, HEIGHT, WIDTH, 3)."""
    canvas = Canvas(HEIGHT + 2 * SWAY_PX, WIDTH + 2 * SWAY_PX, Pose((0, 0), HEIGHT))
    draw_background(canvas, scene)
    for look, pose in zip(looks, poses, strict=True):
        canvas.pose = pose
        draw_head(canvas, look, scene)
    stills, closed = [], canvas.image.copy()
    for opening in OPENINGS:
        canvas.image = closed.copy()
        for look, pose in zip(looks, poses, strict=True):
            canvas.pose = pose
            draw_mouth(canvas, look, scene, float(opening))
        stills.append(develop(canvas.image, scene, np.random.default_rng(scene.grain_seed)))
    levels = np.clip(np.round(loudness / 1.6 * (len(OPENINGS) - 1)), 0, len(OPENINGS) - 1).astype(int)
    sway = np.random.default_rng(scene.grain_seed).uniform(0, 2 * np.pi, 2)
    frames = np.empty((len(levels), HEIGHT, WIDTH, 3), np.uint8)
    for index, level in enumerate(levels):
        dx, dy = (round(SWAY_PX * (1 + np.sin(0.13 * index + phase))) for phase in sway)
        frames[index] = stills[level][dy : dy + HEIGHT, dx : dx + WIDTH]
    return frames


def place(rng: np.random.Generator) -> Pose:
    """One head, anywhere sensible in a frame with its sway margin."""
    return draw_pose(rng, HEIGHT + 2 * SWAY_PX, WIDTH + 2 * SWAY_PX, (0.30, 0.38), wander=0.14)


def listed(pose: Pose, marks: list[float], rng: np.random.Generator) -> list[Clip]:
    """Rows for the clips between `marks`, the face's centre with a small error."""
    x, y = pose.to_pixels(0, 0.1)
    clips = []
    for start, end in zip(marks[::2], marks[1::2], strict=True):
        error_x, error_y = rng.normal(0, 0.015, 2)
        clips.append(
            Clip(
                start=round(start, 6),
                end=round(end, 6),
                x=round(float((x - SWAY_PX) / WIDTH + error_x), 6),
                y=round(float((y - SWAY_PX) / HEIGHT + error_y), 6),
            )
        )
    return clips


def mouth_loudness(sound: np.ndarray) -> np.ndarray:
    """How loud the speech is at each frame, 1 on average: (frames,)."""
    hop = SAMPLE_RATE // FPS
    frames = -(-len(sound) // hop)
    padded = np.zeros(frames * hop, np.float32)
    padded[: len(sound)] = sound
    level = np.sqrt((padded.reshape(frames, hop) ** 2).mean(1))
    return level / max(float(level.mean()), 1e-6)


def draw_speaker(person: Identity, clips: int, path: Path, rng: np.random.Generator, espeak: Espeak) -> list[Clip]:
    """One person's video, written to `path`; the rows that list it."""
    speech, marks = talk(person, clips, rng, espeak)
    scene, pose = draw_scene(rng), place(rng)
    frames = film([look_of(person)], [pose], scene, mouth_loudness(speech))
    write_mp4(path, frames, record(speech, rng))
    return listed(pose, marks, rng)


def write_mp4(path: Path, frames: np.ndarray | None, sound: np.ndarray | None) -> None:
    """H.264 and AAC, either of which may be missing; the same input is the same bytes."""
    with tempfile.TemporaryDirectory() as folder:
        inputs: list = []
        options: dict[str, object] = {}
        if frames is not None:
            size = f"{frames.shape[2]}x{frames.shape[1]}"
            Path(folder, "frames").write_bytes(
                frames.data
            )  # a pipe, fed 512 bytes at a time, costs more than the codec
            raw = {"format": "rawvideo", "pix_fmt": "rgb24", "s": size, "r": FPS}
            inputs.append(ffmpeg.input(str(Path(folder, "frames")), **raw))
            options |= {"vcodec": "libx264", "preset": "superfast", "crf": 23, "pix_fmt": "yuv420p"}
        if sound is not None:
            wavfile.write(Path(folder, "sound.wav"), SAMPLE_RATE, np.round(sound * 32767).astype(np.int16))
            inputs.append(ffmpeg.input(str(Path(folder, "sound.wav"))))
            options |= {"acodec": "aac", "audio_bitrate": "64k"}
        stable = {
            "threads": 1,
            "fflags": "+bitexact",
            "flags:v": "+bitexact",
            "flags:a": "+bitexact",
            "map_metadata": -1,
        }
        output = ffmpeg.output(*inputs, f"file:{path}", **options, **stable).overwrite_output()
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-nostdin"]
        ffmpeg.run(output, cmd=command, capture_stderr=True)
