import numpy as np
import pytest

from s2f.faces import points68
from s2f.faces.lifting import frontalise, pose, stretches, yaw_degrees


def flat(head, turn, scale=41.0):
    return (scale * head @ turn.T)[:, :2] + [300, 200]


@pytest.mark.parametrize(
    "angles", [(0, 0, 0), (30, 0, 0), (-30, 0, 0), (0, 30, 0), (0, -30, 0), (25, -20, 40)], ids=str
)
def test_the_mean_face_comes_back_from_any_pose(rotation, angles):
    mean, turn = points68.mean_face(), rotation(*angles)
    points = flat(mean, turn)
    held = pose(points)
    np.testing.assert_allclose(held.rotation, turn.T, atol=1e-4)
    assert held.scale == pytest.approx(41, rel=1e-4)
    found = frontalise(points)
    np.testing.assert_allclose(found - found[27], mean[:, :2], atol=2e-4)


@pytest.mark.parametrize("yaw", [-30, -10, 0, 20, 30])
def test_yaw_is_read_from_flat_points(known_head, rotation, yaw):
    _, other, _ = known_head(nose_height=1.1, jaw_width=0.9, chin=0.9, mouth_width=1.1)
    for head in (points68.mean_face(), other):
        assert yaw_degrees(flat(head, rotation(yaw))) == pytest.approx(yaw, abs=0.5)
        assert yaw_degrees(flat(head, rotation(yaw, pitch=10), 3)) == pytest.approx(yaw, abs=1)


def test_a_long_nose_is_not_a_nod(known_head, rotation):
    for height in (0.85, 1.15):
        _, head, _ = known_head(nose_height=height)
        looks_at = pose(flat(head, np.eye(3))).rotation.T @ [0, 0, -1]
        assert np.degrees(np.arcsin(looks_at[1])) == pytest.approx(0, abs=0.3)


def test_widths_are_right_in_any_pose_whatever_the_depth(known_head, rotation):
    _, head, _ = known_head(depth=1.3, nose_width=1.1, jaw_width=0.9)
    for angles in ((30, 0, 0), (0, -30, 0), (30, 30, 30)):
        found = frontalise(flat(head, rotation(*angles)))
        for one, other in points68.SIDES:
            width = np.linalg.norm(found[one] - found[other]) / np.linalg.norm(found[36] - found[45])
            assert width == pytest.approx(head[other, 0] - head[one, 0], rel=1e-6)


def test_noise_of_a_fiftieth_costs_a_few_degrees(rotation):
    rng, turn = np.random.default_rng(0), rotation(20, 10, 0)
    points = flat(points68.mean_face(), turn)
    errors = []
    for _ in range(20):
        off = pose(points + 0.02 * 41 * rng.normal(size=(68, 2))).rotation @ turn
        errors.append(np.degrees(np.arccos(np.clip((np.trace(off) - 1) / 2, -1, 1))))
    assert np.mean(errors) < 3


def test_stretches_are_symmetric_and_leave_depth_and_outer_eye_corners(rotation):
    for stretch in stretches():
        np.testing.assert_allclose(points68.mirrored(stretch), stretch, atol=1e-12)
        assert not stretch[:, 2].any() and not stretch[[36, 45]].any() and stretch.any()


def test_points_in_one_place_are_no_face():
    assert np.isnan(frontalise(np.ones((68, 2)))).all()
    assert np.isnan(yaw_degrees(np.full((68, 2), np.nan)))
