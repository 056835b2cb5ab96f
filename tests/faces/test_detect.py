import numpy as np
import pytest

from s2f.faces.align import resize
from s2f.faces.detect import Face, FaceDetector, merge, overlap


@pytest.fixture(scope="module")
def detector():
    return FaceDetector(0.5)


def face(left, top, right, bottom, score=0.9):
    return Face(np.array([left, top, right, bottom], np.float32), score, np.zeros((6, 2), np.float32))


def test_overlap_is_the_share_of_the_smaller_box():
    big, half, apart = (np.array(box, float) for box in ([0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]))
    assert overlap(big, half) == overlap(half, big) == 0.5
    assert overlap(big, np.array([2, 2, 4, 4])) == 1
    assert overlap(big, apart) == 0
    assert overlap(big, np.array([3, 3, 3, 3])) == 0


def test_of_overlapping_boxes_the_first_stays():
    one, inside, beside = face(0, 0, 10, 10), face(4, 4, 12, 12, score=0.99), face(9, 0, 19, 10)
    assert merge([one, inside, beside]) == [one, beside]


def test_one_face_is_found_where_it_is(portrait, detector):
    for seed in range(4):
        (found,) = detector.detect(portrait(seed, x=0.4, y=0.5, unit=0.3))
        left, top, right, bottom = found.box
        assert left < 0.4 * 256 < right and top < 0.5 * 256 < bottom
        assert 0.5 <= found.score <= 1 and found.keypoints.shape == (6, 2)
        right_eye, left_eye, nose, mouth = found.keypoints[:4]
        assert right_eye[0] < nose[0] < left_eye[0]
        assert max(right_eye[1], left_eye[1]) < nose[1] < mouth[1]


def test_small_pictures_enlarged_are_found(portrait, detector):
    found = [len(detector.detect(resize(resize(portrait(seed), 32), 128))) for seed in range(8)]
    assert found.count(1) >= 7


def test_two_faces_are_two_the_larger_first(portrait, detector):
    picture = np.hstack([portrait(1, unit=0.3), portrait(2, unit=0.42)])
    one, other = detector.detect(picture)
    assert one.box[0] > 256 > other.box[2] and one.area > other.area


def test_no_face_is_an_empty_list(detector):
    assert detector.detect(np.zeros((64, 80, 3), np.uint8)) == []
    assert detector.detect(np.random.default_rng(0).integers(0, 255, (120, 90, 3), dtype=np.uint8)) == []


def test_a_mirrored_view_of_the_picture_is_read_as_it_looks(portrait, detector):
    mirrored = portrait(3, x=0.35)[:, ::-1]  # negative strides
    (found,) = detector.detect(mirrored)
    assert found.box[0] < 0.65 * 256 < found.box[2]


def test_the_same_picture_gives_the_same_answer(portrait, detector):
    picture = portrait(5)
    one, other = detector.detect(picture)[0], FaceDetector(0.5).detect(picture)[0]
    assert np.array_equal(one.box, other.box) and np.array_equal(one.keypoints, other.keypoints)
