"""A predictor trained on drawn faces (tests/conftest.py) finds them again; a file that is none is one sentence."""

import logging

import dlib
import numpy as np
import pytest

from s2f.faces import points68
from s2f.faces.anthropometry import MEASURES
from s2f.faces.detect import FaceDetector
from s2f.faces.dlib_landmarks import DlibLandmarks
from s2f.faces.landmarks import FaceMesh
from s2f.faces.measures import measure, measure_dlib
from s2f.runtime import InputError, file_sha256

FACES = 40
BOX = np.array([80.0, 86.0, 177.0, 183.0])  # MediaPipe's in these portraits


@pytest.fixture(scope="module")
def landmarks(predictor):
    return DlibLandmarks(str(predictor))


@pytest.fixture(scope="module")
def seen(portrait, landmarks):
    """Of portraits that the predictor was not trained on: the pictures, their meshes and dlib's points."""
    mesh, detector = FaceMesh(), FaceDetector(0.5)
    pictures = [portrait(seed) for seed in range(FACES)]
    points = [landmarks.landmarks(picture, detector.detect(picture)[0].box) for picture in pictures]
    return pictures, [mesh.landmarks(picture) for picture in pictures], points


def values(measures):
    return np.array([list(one.values()) for one in measures])


def test_points_lie_where_the_mesh_has_them(seen):
    _, meshes, points = seen
    apart = []
    for mesh, found in zip(meshes, points, strict=True):
        assert found.shape == (68, 2)
        true = points68.of_mesh(mesh)[:, :2]
        apart.append(np.linalg.norm(found - true, axis=1).mean() / np.linalg.norm(true[36] - true[45]))
    assert np.mean(apart) < 0.02 and np.max(apart) < 0.05


def test_measures_go_with_those_on_the_mesh(seen):
    _, meshes, points = seen
    by_mesh, by_dlib = values(map(measure, meshes)), values(map(measure_dlib, points))
    # Lips are a few pixels high, and chins differ little: there the little trees' errors count.
    least = dict.fromkeys(MEASURES, 0.7) | {"mandibular_index": 0.3, "vermilion_height_index": 0.1}
    for index, name in enumerate(MEASURES):
        assert np.corrcoef(by_mesh[:, index], by_dlib[:, index])[0, 1] > least[name], name
        assert by_dlib[:, index].mean() == pytest.approx(by_mesh[:, index].mean(), rel=0.06), name


def test_a_drawn_picture_and_its_mirror_image_measure_alike(seen, landmarks):
    pictures, _, points = seen
    mirrored = [landmarks.landmarks(one[:, ::-1], BOX) for one in pictures]
    one, other = values(map(measure_dlib, points)), values(map(measure_dlib, mirrored))
    for name, apart in zip(MEASURES, np.median(np.abs(other / one - 1), axis=0), strict=True):
        assert apart < (0.08 if name == "vermilion_height_index" else 0.03), name


def test_a_face_that_dlibs_detector_does_not_see_is_framed_by_mediapipes_box(portrait, landmarks):
    picture = portrait(1)
    small = np.full((160, 160, 3), 90, np.uint8)
    small[40:104, 40:104] = picture[::4, ::4]  # 64 pixels: below what the detector finds
    assert not list(dlib.get_frontal_face_detector()(small, 0))
    found = landmarks.landmarks(small, 40 + BOX / 4)
    usual = landmarks.landmarks(picture, BOX)
    apart = np.linalg.norm(found - (40 + (usual - 1.5) / 4), axis=1).mean()
    assert apart < 0.08 * np.linalg.norm(usual[36] - usual[45]) / 4


def test_of_two_faces_the_one_in_the_box_is_taken(portrait, landmarks):
    pair = np.hstack([portrait(1), portrait(2)])
    for shift, seed in ((0, 1), (256, 2)):
        alone = landmarks.landmarks(portrait(seed), BOX)
        found = landmarks.landmarks(pair, BOX + np.array([shift, 0, shift, 0])) - [shift, 0]
        assert np.linalg.norm(found - alone, axis=1).mean() < 3


def test_points_scale_with_the_picture(portrait, landmarks):
    large = portrait(3, size=512)
    apart = landmarks.landmarks(large, 2 * BOX) / 2 - landmarks.landmarks(large[::2, ::2], BOX)
    assert np.linalg.norm(apart, axis=1).mean() < 2.5


def test_the_file_is_named_and_its_licence_told_once(tmp_path, predictor, caplog):
    copy = tmp_path / "other_68.dat"
    copy.write_bytes(predictor.read_bytes())
    with caplog.at_level(logging.WARNING):
        both = [DlibLandmarks(str(copy)) for _ in range(2)]
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 1 and "other_68.dat" in told[0] and "non-commercial research only" in told[0]
    assert both[0].name == "dlib 20.0.1, other_68.dat" and both[0].sha256 == file_sha256(predictor)
    assert DlibLandmarks(str(predictor), both[0].sha256).sha256 == both[0].sha256


def small_predictor(path, points):
    """The least that dlib trains: two grey pictures, one tree."""
    box, rng = dlib.rectangle(8, 8, 56, 56), np.random.default_rng(0)
    shape = [dlib.full_object_detection(box, [dlib.point(int(x), int(y)) for x, y in rng.integers(8, 56, (points, 2))])]
    options = dlib.shape_predictor_training_options()
    options.tree_depth, options.cascade_depth, options.num_trees_per_cascade_level = 1, 1, 1
    options.oversampling_amount = 2
    pictures = [rng.integers(0, 255, (64, 64), np.uint8) for _ in range(2)]
    dlib.train_shape_predictor(pictures, [shape, shape], options).save(str(path))


@pytest.mark.parametrize(
    ("name", "sha256", "words"),
    [
        ("gone.dat", None, r"gone\.dat: no such file; allowed: a dlib shape predictor of 68 points"),
        ("five.dat", None, r"five\.dat: it finds 5 points; allowed: dlib's 68"),
        ("text.dat", None, r"text\.dat: dlib cannot load it as a shape predictor \("),
        ("cut.dat", None, r"cut\.dat: dlib cannot load it as a shape predictor \("),
        ("empty.dat", None, r"empty\.dat: dlib cannot load it as a shape predictor \("),
        ("five.dat", "0" * 64, r"five\.dat: its sha256 is [0-9a-f]{64}, params ask for 0{64}; get the right file"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path, predictor, name, sha256, words):
    small_predictor(tmp_path / "five.dat", 5)
    (tmp_path / "text.dat").write_text("no predictor at all\n" * 99)
    (tmp_path / "cut.dat").write_bytes(predictor.read_bytes()[:5000])
    (tmp_path / "empty.dat").touch()
    with pytest.raises(InputError, match=words) as error:
        DlibLandmarks(str(tmp_path / name), sha256)
    assert "\n" not in str(error.value)
