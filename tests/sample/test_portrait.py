"""Drawn portraits: found by MediaPipe, the same twice, and talking with the mouth alone."""

import numpy as np

from s2f.faces.detect import FaceDetector
from s2f.sample.canvas import Pose
from s2f.sample.law import draw_identity, look_of
from s2f.sample.portrait import draw_portrait
from s2f.sample.proportions import mouth_line
from s2f.sample.scene import draw_pose, draw_scene


def test_the_detector_finds_exactly_one_face_in_95_of_100() -> None:
    rng, detector = np.random.default_rng(21), FaceDetector(0.5)
    alone = 0
    for _ in range(100):
        pose = draw_pose(rng, 160, 160, (0.36, 0.46), 0.04)
        alone += len(detector.detect(draw_portrait(look_of(draw_identity(rng)), draw_scene(rng), 160, 160, pose))) == 1
    assert alone >= 95


def test_the_same_person_in_the_same_scene_is_the_same_picture() -> None:
    pictures = []
    for _ in range(2):
        rng = np.random.default_rng(3)
        pictures.append(draw_portrait(look_of(draw_identity(rng)), draw_scene(rng), 64, 80, Pose((40, 30), 30.0)))
    assert pictures[0].shape == (64, 80, 3)
    assert np.array_equal(pictures[0], pictures[1])


def test_an_opening_mouth_changes_the_mouth_alone() -> None:
    rng = np.random.default_rng(4)
    look, scene, pose = look_of(draw_identity(rng)), draw_scene(rng), Pose((64, 60), 60.0)
    closed, opened = (draw_portrait(look, scene, 128, 128, pose, mouth).astype(int) for mouth in (0.0, 1.0))
    rows, columns, _ = np.nonzero(closed != opened)
    assert len(rows) > 50
    y = (rows - 60) / 60
    assert y.min() > mouth_line(look) - 0.2
    assert y.max() < mouth_line(look) + 0.25
    assert np.abs(columns - 64).max() < 0.35 * 60


def test_scenes_do_not_depend_on_the_person() -> None:
    rng = np.random.default_rng(5)
    scene, pose = draw_scene(rng), Pose((64, 70), 40.0)
    pictures = [draw_portrait(look_of(draw_identity(rng)), scene, 128, 128, pose) for _ in range(2)]
    assert np.array_equal(pictures[0][:, :8], pictures[1][:, :8])
