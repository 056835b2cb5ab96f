"""Drawn faces: MediaPipe finds them, and nobody's picture is needed."""

import numpy as np
import onnx
import pytest

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
