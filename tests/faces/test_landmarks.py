import numpy as np
import pytest

from s2f.faces.landmarks import FaceMesh, frontalise, mean_face, squared, yaw_degrees


@pytest.fixture(scope="module")
def mesh():
    return FaceMesh()


@pytest.fixture(scope="module")
def head(portrait, mesh):
    """A drawn face's mesh, in the frontal pose."""
    return frontalise(mesh.landmarks(portrait(2)))


def turn(yaw=0.0, pitch=0.0, roll=0.0):
    """Rotation by degrees; positive yaw turns a face to the picture's right."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def test_a_drawn_face_is_meshed_where_it_is(portrait, mesh):
    points = mesh.landmarks(portrait(2, x=0.4, y=0.5, unit=0.35))
    assert points.shape == (478, 3) and points.dtype == np.float32
    right_eye, left_eye, nose, chin = points[33], points[263], points[4], points[152]
    assert right_eye[0] < nose[0] < left_eye[0] and right_eye[1] < nose[1] < chin[1]
    # The drawing's outer eye corners lie 0.57 units apart about the middle.
    assert left_eye[0] - right_eye[0] == pytest.approx(0.57 * 0.35 * 256, rel=0.15)
    assert (left_eye[0] + right_eye[0]) / 2 == pytest.approx(0.4 * 256, abs=6)
    assert nose[2] < right_eye[2]  # the nose is nearer


def test_landmarks_stay_on_the_face_in_a_picture_that_is_not_square(portrait, mesh):
    tilted = portrait(2, roll=0.4)
    wide = np.hstack([tilted, np.full((256, 200, 3), 90, np.uint8)])
    difference = mesh.landmarks(wide)[:, :2] - mesh.landmarks(tilted)[:, :2]
    assert np.abs(difference).max() < 8


def test_no_face_is_no_mesh(mesh):
    assert mesh.landmarks(np.zeros((100, 100, 3), np.uint8)) is None


def test_a_square_is_filled_up_in_black_and_nothing_moves():
    image = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) + 1
    assert np.array_equal(squared(image)[:2], image) and not squared(image)[2].any()
    assert squared(image).shape == (3, 3, 3)


def test_the_mean_face_is_symmetric_and_looks_ahead():
    indices, points = mean_face()
    assert len(set(indices.tolist())) == len(indices) == len(points)
    assert abs(points[:, 0].sum()) < 1e-12
    everywhere = np.zeros((478, 3))
    everywhere[indices] = points
    assert yaw_degrees(everywhere) == pytest.approx(0, abs=1e-9)


def test_the_mean_face_is_that_of_drawn_faces(portrait, mesh):
    meshes = [mesh.landmarks(portrait(seed)) for seed in range(12)]
    frontal = [frontalise(points) / np.linalg.norm(points[33, :2] - points[263, :2]) for points in meshes]
    indices, mean = mean_face()
    found = np.mean([points - points[168] for points in frontal], axis=0)[indices]
    assert np.sqrt(np.square(found - mean).sum(1).mean()) < 0.04


@pytest.mark.parametrize("yaw", [-30, -10, 0, 20, 30])
def test_yaw_is_read_from_a_turned_head(head, yaw):
    own = yaw_degrees(head)
    assert own == pytest.approx(0, abs=1e-6)
    assert yaw_degrees(head @ turn(yaw).T) == pytest.approx(yaw, abs=1e-6)
    assert yaw_degrees(head @ turn(yaw, pitch=15).T * 3 + 100) == pytest.approx(yaw, abs=1)


@pytest.mark.parametrize("angles", [(30, 0, 0), (-30, 0, 0), (0, 30, 0), (0, -30, 0), (25, -20, 30)])
def test_a_turned_head_comes_back_to_the_front(head, angles):
    turned = (head - head.mean(0)) @ turn(*angles).T
    np.testing.assert_allclose(frontalise(turned), head - head.mean(0), atol=1e-6)


def test_a_mirrored_face_turns_the_other_way(portrait, mesh):
    pictures = [portrait(seed) for seed in range(6)]
    yaws = [yaw_degrees(mesh.landmarks(picture)) for picture in pictures]
    mirrored = [yaw_degrees(mesh.landmarks(picture[:, ::-1])) for picture in pictures]
    assert np.abs(np.add(yaws, mirrored)).mean() < 2
