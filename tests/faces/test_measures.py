"""Measures against heads whose measures are known, in any pose, by either landmarker."""

import numpy as np
import pytest

from s2f.faces import points68
from s2f.faces.anthropometry import MEASURES, POINTS
from s2f.faces.landmarks import FaceMesh, frontalise, mean_face
from s2f.faces.measures import measure, measure_dlib, measure_frontal

# A face seen from the front, made by hand: x to the right, y down; outer eye corners 10 apart.
BY_HAND = {
    "n": (0, 0), "sn": (0, 6), "al_r": (-2, 5), "al_l": (2, 5), "sbal_r": (-1, 6), "sbal_l": (1, 6),
    "ls": (0, 8), "cph_r": (-1, 7.5), "cph_l": (1, 8.5), "sto": (0, 9), "li": (0, 11), "ch_r": (-3, 9), "ch_l": (3, 9),
    "gn": (0, 15), "go_r": (-6, 10), "go_l": (6, 10), "zy_r": (-7.5, 3), "zy_l": (7.5, 3),
    "en_r": (-2, 0), "en_l": (2, 0), "ex_r": (-5, 0), "ex_l": (5, 0),
}  # fmt: skip


STRETCHES = (
    "nose_height", "lip_height", "chin", "upper_red", "lower_red", "nose_width", "mouth_width", "jaw_width",
    "cheek_width", "eye_gap", "brow_width",
)  # fmt: skip
POSES = [(30, 0, 0), (-30, 0, 0), (0, 30, 0), (0, -30, 0), (0, 0, 30), (0, 0, -30), (20, -20, 20), (0, 0, 0)]


@pytest.fixture(params=["mesh", "dlib"])
def landmarker(request):
    return request.param


@pytest.fixture
def by_hand(landmarker):
    """Landmarks, (478 or 68, 2), of the face above."""
    points = np.zeros((478 if landmarker == "mesh" else 68, 2))
    for name, place in BY_HAND.items():
        points[list(getattr(POINTS[name], landmarker))] = place
    return points


@pytest.fixture(scope="module")
def head(portrait):
    return FaceMesh().landmarks(portrait(2)).astype(np.float64)


@pytest.fixture(scope="module")
def heads(known_head):
    """The mean face, and a dozen whose every part is up to a fifth longer or broader, or less so."""
    rng = np.random.default_rng(0)
    stretched = [{name: rng.uniform(0.8, 1.2) for name in STRETCHES} for _ in range(12)]
    return [known_head(), *(known_head(brow_rise=rng.uniform(-0.03, 0.03), **one) for one in stretched)]


def taken(landmarker, turn, mesh, points):
    """Measures of a head after a turn, in a picture of its own scale; the 68 points are flat there."""
    if landmarker == "mesh":
        return measure(3.7 * mesh @ turn.T + [10, -20, 30])
    return measure_dlib((41.0 * points @ turn.T)[:, :2] + [300, 200])


@pytest.mark.parametrize("pose", POSES, ids=str)
def test_turned_heads_keep_their_known_measures(heads, rotation, landmarker, pose):
    for mesh, points, known in heads:
        assert taken(landmarker, rotation(*pose), mesh, points) == pytest.approx(known[landmarker], rel=0.02)


def test_the_heads_are_what_was_asked_for(known_head):
    mean, other = known_head()[2], known_head(nose_width=1.2, jaw_width=0.9, nose_height=1.1, upper_red=0.8)[2]
    for by in ("mesh", "dlib"):
        ratio = {name: other[by][name] / mean[by][name] for name in MEASURES}
        assert ratio["nose_width"] == pytest.approx(1.2) and ratio["jaw_width"] == pytest.approx(0.9)
        assert ratio["nose_height"] == pytest.approx(1.1, rel=0.01)
        assert ratio["nasal_index"] == pytest.approx(1.2 / 1.1, rel=0.01)
        assert ratio["vermilion_height_index"] == pytest.approx(0.8, rel=0.01)
        assert ratio["intercanthal_index"] == pytest.approx(1)


@pytest.mark.parametrize("depth", [0.95, 1.05])
def test_68_points_of_a_flatter_or_deeper_head_are_at_most_little_off(known_head, rotation, depth):
    _, points, known = known_head(depth)
    for pose in POSES:
        assert taken("dlib", rotation(*pose), None, points) == pytest.approx(known["dlib"], rel=0.025)
    assert taken("dlib", rotation(15), None, points) == pytest.approx(known["dlib"], rel=0.006)


def test_a_face_made_by_hand_has_the_measures_it_was_made_with(by_hand, landmarker):
    assert measure_frontal(by_hand, landmarker) == pytest.approx(
        {
            "upper_lip_height": 3 / 10,
            "lateral_upper_lip_height": (1.5 + 2.5) / 2 / 10,
            "jaw_width": 12 / 10,
            "nose_height": 6 / 10,
            "nose_width": 4 / 10,
            "labio_oral_region": 6 / 10,
            "mandibular_index": 6 / 12,
            "intercanthal_index": 4 / 10,
            "nasal_index": 4 / 6,
            "vermilion_height_index": 1 / 2,
            "mouth_face_width_index": 6 / 15,
        }
    )


def test_nothing_to_divide_by_is_not_a_number(by_hand, landmarker):
    mouth, lower_lip = (list(getattr(POINTS[name], landmarker)) for name in ("sto", "li"))
    by_hand[lower_lip] = by_hand[mouth].mean(0)  # a lower lip of no height
    measures = measure_frontal(by_hand, landmarker)
    assert np.isnan(measures.pop("vermilion_height_index"))
    assert np.isfinite(list(measures.values())).all()


@pytest.mark.parametrize("pose", POSES, ids=str)
def test_turning_and_scaling_a_mesh_changes_no_measure(head, rotation, pose):
    moved = 3.7 * head @ rotation(*pose).T + [10, -20, 30]
    assert measure(moved) == pytest.approx(measure(head), rel=1e-6)


def test_a_mesh_with_left_and_right_exchanged_measures_the_same(head):
    # Mirror by swapping right and left indices where they are known: the mean face's and the measures' own.
    mirrored = head * [-1, 1, 1]
    indices, points = mean_face()
    at = {tuple(np.round(point, 6)): index for index, point in zip(indices, points, strict=True)}
    pairs = {(index, at[(-x + 0.0, y, z)]) for (x, y, z), index in at.items()}
    pairs |= {(POINTS[name].mesh[0], POINTS[name[:-1] + "l"].mesh[0]) for name in POINTS if name.endswith("_r")}
    for one, other in pairs:
        mirrored[one], mirrored[other] = head[other] * [-1, 1, 1], head[one] * [-1, 1, 1]
    assert measure(mirrored) == pytest.approx(measure(head), rel=1e-9)


def test_68_points_with_left_and_right_exchanged_measure_the_same(head):
    points = points68.of_mesh(head)[:, :2]
    assert measure_dlib(points68.mirrored(points)) == pytest.approx(measure_dlib(points), rel=1e-5)


def test_points_of_one_name_are_a_right_and_a_left(head, landmarker):
    points = head if landmarker == "mesh" else points68.of_mesh(head)
    for name in POINTS:
        if name.endswith("_r"):
            right, left = (points[getattr(POINTS[name[:-1] + side], landmarker)[0]] for side in "rl")
            assert right[0] < left[0] and abs(right[1] - left[1]) < 0.15 * (left[0] - right[0]) + 3


def test_a_flat_copy_of_a_mesh_measures_like_the_mesh(portrait):
    mesh = FaceMesh()
    faces = [mesh.landmarks(portrait(seed)) for seed in range(20)]
    solid = np.array(
        [list(measure_frontal(points68.of_mesh(frontalise(face))[:, :2], "dlib").values()) for face in faces]
    )
    flat = np.array([list(measure_dlib(points68.of_mesh(face)[:, :2]).values()) for face in faces])
    for index, name in enumerate(MEASURES):
        assert np.corrcoef(solid[:, index], flat[:, index])[0, 1] > 0.95, name


def test_a_drawn_picture_and_its_mirror_image_measure_alike(portrait):
    mesh = FaceMesh()
    pictures = [portrait(seed) for seed in range(20)]
    pairs = [[list(measure(mesh.landmarks(view)).values()) for view in (one, one[:, ::-1])] for one in pictures]
    apart = np.median(np.abs(np.divide(*np.moveaxis(pairs, 1, 0)) - 1), axis=0)
    for name, median in zip(MEASURES, apart, strict=True):
        assert median < (0.08 if name == "vermilion_height_index" else 0.03), name  # lips are a few pixels high
