"""Deliberately bad items, and the reason under which each must end in the ledger."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from s2f.sample.canvas import Canvas, Pose
from s2f.sample.clips import HEIGHT, SWAY_PX, WIDTH, Clip, film, listed, mouth_loudness, place, talk, write_mp4
from s2f.sample.espeak import Espeak
from s2f.sample.law import draw_identity, look_of
from s2f.sample.portrait import develop, draw_background, draw_head, draw_mouth
from s2f.sample.scene import draw_pose, draw_scene

# Kind of a bad clip → its reason. `removed` is what a file that is not there must end as.
BAD_CLIPS = {
    "two_faces": "multiple_faces",
    "empty_room": "no_face",
    "silent_film": "no_audio",
    "sound_only": "no_video",
    "short_row": "too_short",
    "short_file": "too_short",
    "garbled": "corrupt",
    "truncated": "corrupt",
    "missing": "removed",
    "wrong_centre": "face_off_centre",
}
BAD_CLIPS_EACH = 2

# Likewise for pictures.
BAD_PICTURES = {"two_faces": "multiple_faces", "empty_room": "no_face", "garbled": "corrupt"}
BAD_PICTURES_EACH = 2


def draw_bad_clip(kind: str, path: Path, rng: np.random.Generator, espeak: Espeak) -> list[Clip]:
    """Write a video that is bad in its own way (or none), and return its row."""
    person = draw_identity(rng)
    speech, marks = talk(person, 1, rng, espeak)
    if kind == "short_file":
        speech = speech[: len(speech) // 20]
    looks, scene, poses = [look_of(person)], draw_scene(rng), [place(rng)]
    if kind == "two_faces":
        looks.append(look_of(draw_identity(rng)))
        poses = _side_by_side(HEIGHT + 2 * SWAY_PX, WIDTH + 2 * SWAY_PX)
    if kind == "wrong_centre":
        poses = [Pose((0.30 * WIDTH, 0.55 * HEIGHT), 0.3 * HEIGHT)]
    clips = listed(poses[0], marks, rng)
    if kind == "empty_room":
        looks, poses = [], []
    if kind == "wrong_centre":
        clips = [Clip(clip.start, clip.end, 0.92, 0.12) for clip in clips]
    if kind == "short_row":
        clips = [Clip(clip.start, round(clip.start + 0.6, 6), clip.x, clip.y) for clip in clips]
    if kind != "missing":
        frames = None if kind == "sound_only" else film(looks, poses, scene, mouth_loudness(speech))
        write_mp4(path, frames, None if kind == "silent_film" else speech)
    if kind == "truncated":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])  # the index stands at the end
    if kind == "garbled":
        path.write_bytes(rng.bytes(path.stat().st_size))
    return clips


def draw_bad_picture(kind: str, size: int, rng: np.random.Generator) -> np.ndarray | None:
    """A picture, uint8 (size, size, 3), that holds no or two faces; None for bytes that are no picture."""
    poses: dict[str, Callable[[], list[Pose]]] = {
        "two_faces": lambda: _side_by_side(size, size),
        "empty_room": list,
    }
    if kind not in poses:
        return None
    scene = draw_scene(rng)
    canvas = Canvas(size, size, draw_pose(rng, size, size, (0.4, 0.4), 0.0))
    draw_background(canvas, scene)
    for pose in poses[kind]():
        look, canvas.pose = look_of(draw_identity(rng)), pose
        draw_head(canvas, look, scene)
        draw_mouth(canvas, look, scene, 0.0)
    return develop(canvas.image, scene, rng)


def _side_by_side(height: int, width: int) -> list[Pose]:
    unit = 0.20 * width
    return [Pose((share * width, 0.45 * height), unit) for share in (0.27, 0.75)]
