"""Faces to train and to judge the sample's pack on: identities that the sample itself does not contain.

For training, faces are drawn straight at the size they are needed in, and placed as the detector would: by its mean
keypoints and box for drawn faces plus its deviations, both measured on a few hundred real detections first. For judging
(`detected_faces`), whole portraits take the real path through MediaPipe.
"""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from s2f.faces.align import align
from s2f.faces.attributes import crop_box
from s2f.faces.detect import FaceDetector
from s2f.runtime import derive_seed
from s2f.sample.canvas import Pose
from s2f.sample.law import Identity, draw_identity, look_of
from s2f.sample.portrait import draw_portrait
from s2f.sample.scene import draw_pose, draw_scene

CLOSE_PX, CLOSE_UNIT = 152, 88.0  # a picture that holds what both networks see
PORTRAIT_PX = 192
PACK_SEED = 2023  # other people than the sample's
WORST_PX = 28  # generated faces are hardly smaller than this over the aligned square


@dataclass(frozen=True)
class Habits:
    """How the detector sees drawn faces: per detection, keypoints (n, 6, 2) and boxes (n, 4) in face coordinates."""

    keypoints: np.ndarray
    boxes: np.ndarray


def person(index: int) -> Identity:
    """One of the pack's own people."""
    return draw_identity(np.random.default_rng(derive_seed(PACK_SEED, "pack person", index)))


def detector_habits(count: int) -> Habits:
    """Detect `count` drawn portraits and express what was found in face coordinates."""
    detector, keypoints, boxes = FaceDetector(0.5), [], []
    for index in range(count):
        rng = np.random.default_rng(derive_seed(PACK_SEED, "pack habits", index))
        image, pose = _portrait(draw_identity(rng), rng)
        faces = detector.detect(image)
        if len(faces) == 1:
            keypoints.append(_to_face(pose, faces[0].keypoints))
            boxes.append(_to_face(pose, faces[0].box.reshape(2, 2)).reshape(4))
    return Habits(np.stack(keypoints), np.stack(boxes))


def close_faces(people: list[int], each: int, seed: int, habits: Habits) -> tuple[np.ndarray, np.ndarray]:
    """`each` pictures of every person: aligned uint8 (n, 112, 112, 3) and boxed uint8 (n, 96, 96, 3)."""
    aligned, boxed = [], []
    for index in people:
        look = look_of(person(index))
        for picture in range(each):
            rng = np.random.default_rng(derive_seed(seed, "pack picture", index, picture))
            near = draw_pose(rng, CLOSE_PX, CLOSE_PX, (0.5, 0.5), 0.0)
            pose = Pose((CLOSE_PX / 2, CLOSE_PX * 0.46), CLOSE_UNIT, near.roll, near.turn)
            mouth = max(0.0, float(rng.uniform(-1, 1)))
            image = worsen(draw_portrait(look, draw_scene(rng), CLOSE_PX, CLOSE_PX, pose, mouth), rng)
            seen = int(rng.integers(len(habits.boxes)))
            aligned.append(align(image, _to_pixels(pose, habits.keypoints[seen])))
            boxed.append(crop_box(image, _to_pixels(pose, habits.boxes[seen].reshape(2, 2)).reshape(4)))
    return np.stack(aligned), np.stack(boxed)


def detected_faces(people: list[int], seed: int, worse: bool) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """As `close_faces` but through the detector, one picture each; and whose the ones with exactly one face are."""
    detector, aligned, boxed, found = FaceDetector(0.5), [], [], []
    for index in people:
        rng = np.random.default_rng(derive_seed(seed, "pack test", index))
        image, _ = _portrait(person(index), rng)
        image = worsen(image, rng) if worse else image
        faces = detector.detect(image)
        if len(faces) == 1:
            aligned.append(align(image, faces[0].keypoints))
            boxed.append(crop_box(image, faces[0].box))
            found.append(index)
    return np.stack(aligned), np.stack(boxed), found


def worsen(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Most pictures a little worse: fewer pixels, blur, JPEG's blocks. Generated and enlarged faces look like that."""
    picture, side = Image.fromarray(image), image.shape[0]
    if rng.random() < 0.6:
        small = int(np.exp(rng.uniform(np.log(WORST_PX * side / 112), np.log(side))))
        way = Image.Resampling.BICUBIC if rng.random() < 0.7 else Image.Resampling.BILINEAR
        picture = picture.resize((small, small), Image.Resampling.BOX).resize((side, side), way)
    if rng.random() < 0.3:
        picture = picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 1.2))))
    if rng.random() < 0.4:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=int(rng.integers(40, 95)))
        picture = Image.open(buffer)
    return np.asarray(picture)


def _portrait(who: Identity, rng: np.random.Generator) -> tuple[np.ndarray, Pose]:
    pose = draw_pose(rng, PORTRAIT_PX, PORTRAIT_PX, (0.34, 0.46), 0.04)
    mouth = max(0.0, float(rng.uniform(-1, 1)))
    return draw_portrait(look_of(who), draw_scene(rng), PORTRAIT_PX, PORTRAIT_PX, pose, mouth), pose


def _to_face(pose: Pose, pixels: np.ndarray) -> np.ndarray:
    """Pixels (n, 2) → face coordinates; roll is undone."""
    cos, sin = np.cos(pose.roll), np.sin(pose.roll)
    return (pixels - np.array(pose.centre)) / pose.unit_px @ np.array([[cos, -sin], [sin, cos]])


def _to_pixels(pose: Pose, points: np.ndarray) -> np.ndarray:
    return np.stack([pose.to_pixels(x, y) for x, y in points])
