import numpy as np
import pytest

from s2f.faces.landmarks import FaceMesh, mean_face
from s2f.faces.measures import MEASURES, POINTS, TABLE, measure, measure_frontal

# A face seen from the front, made by hand: x to the right, y down; outer eye corners 10 apart.
BY_HAND = {
    "n": (0, 0), "sn": (0, 6), "al_r": (-2, 5), "al_l": (2, 5), "sbal_r": (-1, 6), "sbal_l": (1, 6),
    "ls": (0, 8), "cph_r": (-1, 7.5), "cph_l": (1, 8.5), "sto": (0, 9), "li": (0, 11), "ch_r": (-3, 9), "ch_l": (3, 9),
    "gn": (0, 15), "go_r": (-6, 10), "go_l": (6, 10), "zy_r": (-7.5, 3), "zy_l": (7.5, 3),
    "en_r": (-2, 0), "en_l": (2, 0), "ex_r": (-5, 0), "ex_l": (5, 0),
}  # fmt: skip


@pytest.fixture
def by_hand():
    """Landmarks (478, 2) of the face above."""
    points = np.zeros((478, 2))
    for name, place in BY_HAND.items():
        points[list(POINTS[name])] = place
    return points


@pytest.fixture(scope="module")
def head(portrait):
    return FaceMesh().landmarks(portrait(2)).astype(np.float64)


def rotation(degrees, axis):
    angle = np.radians(degrees)
    matrix = np.eye(3)
    one, other = [(1, 2), (2, 0), (0, 1)][axis]
    matrix[one, one] = matrix[other, other] = np.cos(angle)
    matrix[one, other], matrix[other, one] = -np.sin(angle), np.sin(angle)
    return matrix


def test_there_are_the_papers_eleven():
    assert MEASURES == (
        "upper_lip_height",
        "lateral_upper_lip_height",
        "jaw_width",
        "nose_height",
        "nose_width",
        "labio_oral_region",
        "mandibular_index",
        "intercanthal_index",
        "nasal_index",
        "vermilion_height_index",
        "mouth_face_width_index",
    )
    assert {entry.certainty for entry in TABLE.values()} == {"high", "medium", "low"}


def test_a_face_made_by_hand_has_the_measures_it_was_made_with(by_hand):
    assert measure_frontal(by_hand) == pytest.approx(
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


def test_nothing_to_divide_by_is_not_a_number(by_hand):
    by_hand[17] = by_hand[[13, 14]].mean(0)  # a lower lip of no height
    measures = measure_frontal(by_hand)
    assert np.isnan(measures.pop("vermilion_height_index"))
    assert np.isfinite(list(measures.values())).all()


@pytest.mark.parametrize("axis", [0, 1, 2], ids=["pitch", "yaw", "roll"])
@pytest.mark.parametrize("degrees", [-30, -15, 30])
def test_turning_and_scaling_the_head_changes_no_measure(head, axis, degrees):
    moved = 3.7 * head @ rotation(degrees, axis).T + [10, -20, 30]
    assert measure(moved) == pytest.approx(measure(head), rel=1e-6)


def test_a_mirrored_face_measures_the_same(head):
    # Mirror by swapping right and left indices where they are known: the mean face's and the measures' own.
    mirrored = head * [-1, 1, 1]
    indices, points = mean_face()
    at = {tuple(np.round(point, 6)): index for index, point in zip(indices, points, strict=True)}
    pairs = {(index, at[(-x + 0.0, y, z)]) for (x, y, z), index in at.items()}
    pairs |= {(POINTS[name][0], POINTS[name[:-1] + "l"][0]) for name in POINTS if name.endswith("_r")}
    for one, other in pairs:
        mirrored[one], mirrored[other] = head[other] * [-1, 1, 1], head[one] * [-1, 1, 1]
    assert measure(mirrored) == pytest.approx(measure(head), rel=1e-9)


def test_points_of_one_name_are_a_right_and_a_left(head):
    for name in POINTS:
        if name.endswith("_r"):
            right, left = head[POINTS[name][0]], head[POINTS[name[:-1] + "l"][0]]
            assert right[0] < left[0] and abs(right[1] - left[1]) < 0.15 * (left[0] - right[0]) + 3
