import numpy as np
import pytest

from s2f.faces import landmarks, points68
from s2f.faces.landmarks import FaceMesh


def test_every_point_has_one_place(portrait):
    at = [*points68.MIDDLE, *(point for pair in points68.SIDES for point in pair)]
    assert sorted(at) == list(range(68))
    mesh = [index for indices, _ in points68.MIDDLE.values() for index in indices]
    mesh += [index for left, right, _ in points68.SIDES.values() for index in left + right]
    assert len(set(mesh)) == len(mesh)


def test_the_mean_face_is_symmetric_and_that_of_landmarks():
    mean = points68.mean_face()
    np.testing.assert_allclose(points68.mirrored(mean), mean, atol=1e-12)
    indices, places = landmarks.mean_face()
    known = dict(zip(indices.tolist(), places, strict=True))
    shared = [
        (index[0], point) for point, (index, _) in points68.MIDDLE.items() if len(index) == 1 and index[0] in known
    ]
    shared += [(left[0], pair[0]) for pair, (left, _, _) in points68.SIDES.items() if left[0] in known]
    assert len(shared) == 5
    for index, point in shared:
        assert mean[point] == pytest.approx(known[index], abs=0.005)
    assert mean[45, 0] - mean[36, 0] == 1


def test_the_mean_face_is_that_of_drawn_faces(portrait):
    mesh = FaceMesh()
    frontal = [points68.of_mesh(landmarks.frontalise(mesh.landmarks(portrait(seed)))) for seed in range(12)]
    scaled = [(points - points[27]) / np.linalg.norm(points[36, :2] - points[45, :2]) for points in frontal]
    apart = np.mean(scaled, axis=0) - points68.mean_face()
    assert np.sqrt(np.square(apart).sum(1).mean()) < 0.04


def test_the_parts_of_a_drawn_face_are_where_they_belong(portrait):
    points = points68.of_mesh(FaceMesh().landmarks(portrait(3)))[:, :2]
    centre = {name: points[getattr(points68, name)].mean(0) for name in ("JAW", "BROWS", "NOSE", "EYES", "LIPS")}
    assert centre["BROWS"][1] < centre["EYES"][1] < centre["NOSE"][1] < centre["LIPS"][1] < points[8, 1]
    assert np.ptp([place[0] for place in centre.values()]) < 5
    assert (np.diff(points[points68.JAW, 0]) > 0).all()  # from the picture's left to its right


def test_mirroring_twice_is_nothing():
    points = np.random.default_rng(0).normal(size=(68, 3))
    assert np.array_equal(points68.mirrored(points68.mirrored(points)), points)
    assert points68.mirrored(points)[0] == pytest.approx(points[16] * [-1, 1, 1])
