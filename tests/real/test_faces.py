"""Real faces and real weights in ../shared/data, against what is known of them: skipped where that folder is missing.

Bounds lie somewhat below what was measured on all of the data (`../shared/data/README.md`), as small parts vary.
"""

import csv
import functools
import zipfile
from pathlib import Path

import cv2
import dlib
import numpy as np
import pytest
from mediapipe.modules.face_geometry.protos.geometry_pipeline_metadata_pb2 import GeometryPipelineMetadata
from scipy.spatial.transform import Rotation

from s2f.faces import lifting, points68
from s2f.faces.align import align, crop_square, similarity
from s2f.faces.anthropometry import MEASURES
from s2f.faces.arcface import FaceEmbedder
from s2f.faces.attributes import AgeGenderJudge
from s2f.faces.detect import FaceDetector
from s2f.faces.dlib_landmarks import FRAME
from s2f.faces.images import decode_image
from s2f.faces.landmarks import FaceMesh, frontalise, mean_face, pose, yaw_degrees
from s2f.faces.measures import measure, measure_dlib, measure_frontal

DATA = Path(__file__).parents[2].parent / "shared" / "data"
FACES, WEIGHTS = DATA / "faces", DATA / "models"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"real data is not there: {DATA}")


def rows(name):
    with (FACES / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@functools.cache
def picture(folder, file):
    return decode_image((FACES / folder / file).read_bytes(), file)


@pytest.fixture(scope="module")
def detector():
    return FaceDetector(0.5)


@pytest.fixture(scope="module")
def mesh():
    return FaceMesh()


@functools.cache
def adults():
    """Every fifth of UTKFace's pictures of people from 16 years up."""
    return [row for row in rows("utk200") if int(row["age"]) >= 16][::5]


def test_the_union_of_both_ranges_finds_exactly_one_face(detector):
    for folder, files, share in [
        ("scut350", [row["file"] for row in rows("scut350")[::8]], 1.0),
        ("utk200", [row["file"] for row in adults()[:60]], 0.95),
    ]:
        counts = [len(detector.detect(picture(folder, file))) for file in files]
        assert counts.count(1) / len(counts) >= share, folder


def test_one_person_is_nearer_to_themselves_than_to_anyone(detector):
    embedder = FaceEmbedder(str(WEIGHTS / "edgeface_xs_q_dequant_512d.onnx"))
    people: dict[str, list[str]] = {}
    for row in rows("ffhq_like_512"):
        if row["person"]:
            people.setdefault(row["person"], []).append(row["file"])
    pairs = [files[:2] for files in people.values() if len(files) > 1][:40]
    embeddings = []
    for file in (file for pair in pairs for file in pair):
        image = picture("ffhq_like_512", file)
        embeddings.append(embedder.embed([align(image, detector.detect(image)[0].keypoints)])[0])
    cosine = np.array(embeddings[::2]) @ np.array(embeddings[1::2]).T
    same, others = np.diag(cosine), cosine[~np.eye(len(pairs), dtype=bool)]
    assert (cosine.argmax(1) == np.arange(len(pairs))).all()
    assert same.mean() > 0.84 and abs(others.mean()) < 0.08


def test_the_judge_of_2018_tells_age_and_gender_of_adults(detector):
    judge = AgeGenderJudge(str(WEIGHTS / "insightface_genderage_2018.onnx"))
    truth, judged = [], []
    for row in adults():
        image = picture("utk200", row["file"])
        if faces := detector.detect(image):
            truth.append((int(row["age"]), row["gender"] == "male"))
            judged += judge.judge([(image, faces[0])])
    (ages, males), (years, probabilities) = np.array(truth, float).T, np.array(judged).T
    assert len(truth) > 150
    assert ((probabilities > 0.5) == males).mean() > 0.84
    assert np.corrcoef(ages, years)[0, 1] > 0.75 and np.abs(ages - years).mean() < 11


def test_a_picture_and_its_mirror_image_measure_alike(detector, mesh):
    pairs = []
    for row in rows("scut350")[::10]:
        image = picture("scut350", row["file"])
        crop = crop_square(image, detector.detect(image)[0].box, 2.0, 256)
        faces = [mesh.landmarks(view) for view in (crop, crop[:, ::-1])]
        assert abs(yaw_degrees(faces[0]) + yaw_degrees(faces[1])) < 8
        pairs.append([[measure(face)[name] for name in MEASURES] for face in faces])
    values = np.array(pairs)  # (faces, 2, measures)
    for index, name in enumerate(MEASURES):
        one, other = values[:, 0, index], values[:, 1, index]
        assert np.corrcoef(one, other)[0, 1] > 0.7, name
        assert np.abs(one / other - 1).mean() < 0.1, name


def test_measures_agree_with_landmarks_set_by_hand(detector, mesh):
    # SCUT-FBP5500's 86 points: 42 and 54 inner, 46 and 50 outer eye corners, 73 and 79 mouth corners, 64 and 68 nose
    # wings, 60 and 72 the nose's root, 66 its base, 8 and 14 the jaw at the mouth's height.
    ours, theirs = [], []
    for row in rows("scut350")[::5]:
        image = picture("scut350", row["file"])
        points = np.frombuffer((FACES / "scut350" / row["file"]).with_suffix(".pts").read_bytes(), "<f4")
        points = points[-172:].reshape(86, 2).astype(float)

        def between(one, other, points=points):
            return np.linalg.norm(points[one] - points[other]) / np.linalg.norm(points[46] - points[50])

        landmarks = mesh.landmarks(crop_square(image, detector.detect(image)[0].box, 2.0, 256))
        ours.append(measure(landmarks))
        root = np.linalg.norm((points[60] + points[72]) / 2 - points[66]) / np.linalg.norm(points[46] - points[50])
        theirs.append(
            {
                "jaw_width": between(8, 14),
                "nose_width": between(64, 68),
                "nose_height": root,
                "labio_oral_region": between(73, 79),
                "intercanthal_index": between(42, 54),
            }
        )
    for name, least in [
        ("jaw_width", 0.7),
        ("labio_oral_region", 0.65),
        ("nose_height", 0.5),
        ("nose_width", 0.3),
        ("intercanthal_index", 0.25),
    ]:
        mine, hand = [np.array([face[name] for face in faces]) for faces in (ours, theirs)]
        assert np.corrcoef(mine, hand)[0, 1] > least, name
        assert np.abs(mine.mean() / hand.mean() - 1) < 0.08, name


def canonical_face():
    """MediaPipe's own canonical face (468, 3), x right, y down, z away; its wheel lacks it, its Tasks bundle has it."""
    with zipfile.ZipFile(WEIGHTS / "face_landmarker_v2_with_blendshapes.task") as bundle:
        content = bundle.read("geometry_pipeline_metadata_landmarks.binarypb")
    metadata = GeometryPipelineMetadata.FromString(content)
    vertices = np.array(metadata.canonical_mesh.vertex_buffer).reshape(-1, 5)[:, :3]
    return vertices * [1, -1, -1]


def test_the_mean_face_drawn_here_is_near_mediapipes_own():
    canonical = canonical_face()
    rotation = pose(canonical)
    assert np.degrees(np.arccos((np.trace(rotation) - 1) / 2)) < 4
    indices, mean = mean_face()
    transform = similarity(canonical[indices], mean)
    apart = canonical[indices] @ transform[:, :3].T + transform[:, 3] - mean
    assert np.sqrt(np.square(apart).sum(1).mean()) < 0.05  # of the outer eye corners' distance


@pytest.mark.parametrize("degrees", [-30, 30])
def test_the_canonical_face_measures_the_same_however_it_is_turned(degrees):
    canonical, angle = canonical_face(), np.radians(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    straight = measure(canonical)
    assert straight["intercanthal_index"] == pytest.approx(1.86 / 4.45, rel=0.01)  # its own coordinates
    for turn in (
        np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]]),
        np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]]),
    ):
        assert measure(canonical @ turn.T * 7) == pytest.approx(straight, rel=0.02)


def test_moving_heads_keep_their_measures(detector, mesh):
    """Frames of one video differ less than people do: the measures are of the person, not of the moment.

    Not so for the nose's width and the lips': they move with speech, and the mesh guesses them when the head turns.
    """
    bony = ("jaw_width", "nose_height", "intercanthal_index")
    within, means = [], []
    for path in sorted((DATA / "talking_heads" / "videos").iterdir())[::4]:
        faces = [face for frame in frames(path, 3) if (face := first_mesh(frame, detector, mesh)) is not None]
        values = [[measure(face)[name] for name in bony] for face in faces if abs(yaw_degrees(face)) < 30]
        if len(values) > 1:
            within.append(np.var(values, axis=0, ddof=1))
            means.append(np.mean(values, axis=0))
    assert len(means) >= 10
    ratio = np.sqrt(np.mean(within, axis=0)) / np.std(means, axis=0, ddof=1)
    assert (ratio < 0.8).all(), dict(zip(bony, ratio.round(2), strict=True))


def frames(path, count):
    """`count` RGB frames of a video, a second apart."""
    video = cv2.VideoCapture(str(path))
    for index in range(count):
        video.set(cv2.CAP_PROP_POS_MSEC, 1000.0 * index)
        read, frame = video.read()
        if read:
            yield np.ascontiguousarray(frame[..., ::-1])
    video.release()


def first_mesh(image, detector, mesh):
    faces = detector.detect(image)
    return mesh.landmarks(crop_square(image, faces[0].box, 2.0, 256)) if faces else None


@functools.cache
def photographed():
    """Meshes of every third of the photographs that are taken from the front, as (n, 478, 3)."""
    mesh, detector = FaceMesh(), FaceDetector(0.5)
    found = []
    for folder in ("scut350", "ffhq_like_512"):
        for row in rows(folder)[::3]:
            image = picture(folder, row["file"])
            if faces := detector.detect(image):
                found.append(mesh.landmarks(crop_square(image, faces[0].box, 2.0, 256)))
    return np.array([one for one in found if one is not None])


@pytest.mark.parametrize("most", [0, 30])
def test_68_flat_points_of_real_heads_measure_like_the_solid_ones(most):
    """The mesh gives heads with depth; their points, seen flat in any pose up to `most` degrees, are lifted again."""
    rng, meshes = np.random.default_rng(0), photographed()
    solid, lifted, yaw = [], [], []
    for mesh in meshes:
        front = points68.of_mesh(frontalise(mesh))
        turn = Rotation.from_euler("ZYX", most * rng.uniform(-1, 1, 3), degrees=True).as_matrix()
        flat = points68.of_mesh(mesh)[:, :2] if not most else (front @ turn.T)[:, :2]
        forward = pose(mesh).T[:, 2] if not most else turn[:, 2]
        yaw.append(lifting.yaw_degrees(flat) - np.degrees(np.arctan2(-forward[0], forward[2])))
        solid.append(list(measure_frontal(front[:, :2], "dlib").values()))
        lifted.append(list(measure_dlib(flat).values()))
    assert np.std(yaw) < 2.5 and abs(np.mean(yaw)) < 1
    solid, lifted = np.array(solid), np.array(lifted)
    for index, name in enumerate(MEASURES):
        assert np.corrcoef(solid[:, index], lifted[:, index])[0, 1] > 0.85, name
        assert np.median(np.abs(lifted[:, index] / solid[:, index] - 1)) < 0.06, name


def test_dlibs_detector_frames_photographs_as_the_fallback_does(detector):
    frontal, sides, offs = dlib.get_frontal_face_detector(), [], []
    for row in rows("scut350")[::5]:
        image = picture("scut350", row["file"])
        crop = crop_square(image, detector.detect(image)[0].box, 2.0, 256)
        (found,) = frontal(crop, 0)
        sides.append(found.width() / 128)  # the crop's middle half is MediaPipe's box
        offs.append([(found.left() + found.right()) / 2 - 128, (found.top() + found.bottom()) / 2 - 128])
    assert np.mean(sides) == pytest.approx(FRAME, abs=0.04) and np.std(sides) < 0.08
    assert np.abs(np.mean(offs, axis=0)).max() < 6 and np.std(offs, axis=0).max() < 10
