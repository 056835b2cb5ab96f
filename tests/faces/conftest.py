"""Drawn faces: MediaPipe finds them, and nobody's picture is needed."""

import numpy as np
import onnx
import pytest

from s2f.faces import landmarks, points68
from s2f.sample.canvas import Pose
from s2f.sample.law import draw_identity, look_of
from s2f.sample.portrait import draw_portrait
from s2f.sample.scene import draw_scene


def draw(seed, size=256, x=0.5, y=0.47, unit=0.42, roll=0.0):
    """A drawn portrait, uint8 (size, size, 3); x, y and unit are fractions of the picture."""
    rng = np.random.default_rng(seed)
    pose = Pose((x * size, y * size), unit * size, roll)
    return draw_portrait(look_of(draw_identity(rng)), draw_scene(rng), size, size, pose)


@pytest.fixture(scope="session")
def portrait():
    return draw


def write_network(path, pixels, weights, bias):
    """An ONNX file of the least network that has the right ends: mean colour (r, g, b), then one linear layer.

    `weights` is (outputs, 3), `bias` (outputs,); the input is (n, 3, pixels, pixels).
    """
    tensor, value = onnx.numpy_helper.from_array, onnx.helper.make_tensor_value_info
    nodes = [
        onnx.helper.make_node("GlobalAveragePool", ["data"], ["pooled"]),
        onnx.helper.make_node("Flatten", ["pooled"], ["colour"]),
        onnx.helper.make_node("Gemm", ["colour", "weights", "bias"], ["out"], transB=1),
    ]
    graph = onnx.helper.make_graph(
        nodes,
        "least",
        [value("data", onnx.TensorProto.FLOAT, ["n", 3, pixels, pixels])],
        [value("out", onnx.TensorProto.FLOAT, ["n", len(bias)])],
        [tensor(np.asarray(weights, np.float32), "weights"), tensor(np.asarray(bias, np.float32), "bias")],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)
    return str(path)


@pytest.fixture(scope="session")
def network():
    return write_network


# Mesh points of the mean face that are a nose's, and move with it.
NOSE_OF_MESH = (168, 6, 197, 195, 5, 4, 2, 129, 358, 97, 326)


def build_head(depth=1.0, **factors):
    """A head of known measures: the mean face, parts of it longer or broader by factors; `depth` stretches z.

    Returns its mesh (478, 3), where it is known, its 68 points (68, 3), and the eleven measures by landmarker, each
    taken here from the head's own coordinates by the plain definition.
    """
    f = dict.fromkeys(("nose_height", "lip_height", "chin", "upper_red", "lower_red"), 1.0)
    f |= dict.fromkeys(("nose_width", "mouth_width", "jaw_width", "cheek_width", "eye_gap", "brow_width"), 1.0)
    assert not set(factors) - set(f) - {"brow_rise"}
    f |= {"brow_rise": 0.0} | factors
    mean = points68.mean_face()
    parts = [("jaw", 0, 17), ("brows", 17, 27), ("nose", 27, 36), ("eyes", 36, 48), ("lips", 48, 68)]
    points = np.concatenate([_stretch(mean[start:end], part, f) for part, start, end in parts])
    mesh = np.zeros((478, 3))
    indices, places = landmarks.mean_face()
    mesh[indices] = places
    mesh[list(NOSE_OF_MESH)] = _stretch(mesh[list(NOSE_OF_MESH)], "nose", f)
    for at, (index, _) in points68.MIDDLE.items():
        mesh[list(index)] = points[at] if len(index) == 1 else mesh[list(index)]
    for (at_left, at_right), (left, right, _) in points68.SIDES.items():
        mesh[list(left)], mesh[list(right)] = points[at_left], points[at_right]
    mesh[:, 2] *= depth
    points[:, 2] *= depth
    return mesh, points, {"mesh": _known(mesh, MESH), "dlib": _known(points, DLIB)}


def _stretch(points, part, f):
    moved = points.copy()
    x, y = points[:, 0], points[:, 1]
    nose_base, mouth = 0.548, 0.7745  # the mean face's
    if part in ("jaw", "nose", "lips"):
        above, lip, below = np.clip(y, 0, nose_base), np.clip(y - nose_base, 0, mouth - nose_base), y - mouth
        moved[:, 1] = np.minimum(y, 0) + f["nose_height"] * above + f["lip_height"] * lip
        red = np.where(below < 0, f["upper_red"], f["lower_red"])
        moved[:, 1] += np.clip(below, 0, None) * f["chin"]
        if part == "lips":  # about their own line, which comes down with all that is above
            line = f["nose_height"] * nose_base + f["lip_height"] * (mouth - nose_base)
            moved[:, 1] = line + np.where(np.abs(below) > 0.01, red, 1) * below
    if part == "jaw":
        moved[:, 0] = x * np.interp(y, [0.363, 0.844], [f["cheek_width"], f["jaw_width"]])
    if part == "eyes":
        outwards = np.clip((np.abs(x) - 0.183) / (0.5 - 0.183), 0, 1)
        moved[:, 0] = np.sign(x) * (np.abs(x) * outwards + np.abs(x) * f["eye_gap"] * (1 - outwards))
    for name in ("nose", "lips", "brows"):
        key = {"nose": "nose_width", "lips": "mouth_width", "brows": "brow_width"}[name]
        moved[:, 0] *= f[key] if part == name else 1
    moved[:, 1] += f["brow_rise"] if part == "brows" else 0
    return moved


# The plain definitions, point by point.
MESH = {
    "n": 168, "sn": 2, "sbal": (97, 326), "cph": (37, 267), "al": (129, 358), "go": (172, 397), "zy": (234, 454),
    "ch": (61, 291), "en": (133, 362), "ex": (33, 263), "ls": 0, "li": 17, "gn": 152, "lips": (13, 14),
}  # fmt: skip
DLIB = {
    "n": 27, "sn": 33, "sbal": (32, 34), "cph": (50, 52), "al": (31, 35), "go": (4, 12), "zy": (2, 14),
    "ch": (48, 54), "en": (39, 42), "ex": (36, 45), "ls": 51, "li": 57, "gn": 8, "lips": (62, 66),
}  # fmt: skip


def _known(head, at):
    flat = head[:, :2]
    sto = flat[list(at["lips"])].mean(0)

    def across(name):
        return np.linalg.norm(np.subtract(*flat[list(at[name])]))

    def apart(one, other):
        return np.linalg.norm((sto if one == "sto" else flat[at[one]]) - (sto if other == "sto" else flat[at[other]]))

    lateral = [np.linalg.norm(flat[a] - flat[b]) for a, b in zip(at["sbal"], at["cph"], strict=True)]
    return {
        "upper_lip_height": apart("sn", "sto") / across("ex"),
        "lateral_upper_lip_height": np.mean(lateral) / across("ex"),
        "jaw_width": across("go") / across("ex"),
        "nose_height": apart("n", "sn") / across("ex"),
        "nose_width": across("al") / across("ex"),
        "labio_oral_region": across("ch") / across("ex"),
        "mandibular_index": apart("sto", "gn") / across("go"),
        "intercanthal_index": across("en") / across("ex"),
        "nasal_index": across("al") / apart("n", "sn"),
        "vermilion_height_index": apart("ls", "sto") / apart("sto", "li"),
        "mouth_face_width_index": across("ch") / across("zy"),
    }


@pytest.fixture(scope="session")
def known_head():
    return build_head


def rotation_by(yaw=0.0, pitch=0.0, roll=0.0):
    """By degrees; positive yaw turns a face to the picture's right."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


@pytest.fixture(scope="session")
def rotation():
    return rotation_by
