"""A small corpus to build: films and pictures from the media tests, and the least network that embeds a face."""

import runpy
from pathlib import Path

import numpy as np
import onnx
import pytest

MEDIA = runpy.run_path(str(Path(__file__).parents[1] / "media" / "conftest.py"))
film, face, wall, two_faces = (MEDIA[name] for name in ("film", "face", "wall", "two_faces"))


def write_embedder(path: Path) -> Path:
    """An ONNX file that embeds an aligned face by 512 fixed mixtures of its colours, 4×4 places of them."""
    tensor, value = onnx.numpy_helper.from_array, onnx.helper.make_tensor_value_info
    weights = np.random.default_rng(0).normal(size=(48, 512)).astype(np.float32)
    nodes = [
        onnx.helper.make_node("AveragePool", ["data"], ["pooled"], kernel_shape=[28, 28], strides=[28, 28]),
        onnx.helper.make_node("Flatten", ["pooled"], ["colours"]),
        onnx.helper.make_node("MatMul", ["colours", "weights"], ["out"]),
    ]
    ends = [value("data", 1, ["n", 3, 112, 112])], [value("out", 1, ["n", 512])]
    graph = onnx.helper.make_graph(nodes, "least", *ends, [tensor(weights, "weights")])
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8), path)
    return path


@pytest.fixture(scope="session")
def embedder(tmp_path_factory):
    return write_embedder(tmp_path_factory.mktemp("network") / "least.onnx")


@pytest.fixture(scope="session")
def film_folder(tmp_path_factory, film, face, wall, two_faces):
    """Films in `videos`, each for one way to end; their list and labels are the tests' own."""
    folder = tmp_path_factory.mktemp("films")
    videos = folder / "videos"
    film(videos / "-good.mp4", face(1), seconds=2.0)
    film(videos / "later.mp4", wall, face(2), seconds=2.0)
    film(videos / "crowd.mp4", two_faces)
    film(videos / "room.mp4", wall)
    film(videos / "silent.mp4", face(3), sound=False)
    film(videos / "unseen.mp4")
    (videos / "broken.mp4").write_bytes(b"\0" * 4000)
    return folder
