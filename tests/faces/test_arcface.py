import hashlib

import numpy as np
import pytest

from s2f.faces.arcface import BATCH, FaceEmbedder
from s2f.runtime import InputError


def faces(count):
    return np.random.default_rng(0).integers(0, 256, (count, 112, 112, 3), dtype=np.uint8)


@pytest.fixture
def weights():
    return np.random.default_rng(1).normal(size=(512, 3)), np.random.default_rng(2).normal(size=512)


@pytest.fixture
def embedder(tmp_path, network, weights):
    return FaceEmbedder(network(tmp_path / "arcface.onnx", 112, *weights))


def test_an_embedding_is_the_network_on_scaled_rgb_at_unit_length(embedder, weights):
    matrix, bias = weights
    colours = (faces(3).mean((1, 2)) - 127.5) / 127.5
    expected = colours @ matrix.T + bias
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(embedder.embed(faces(3)), expected, atol=1e-5)


def test_a_batch_is_its_faces(embedder):
    many = faces(BATCH + 3)
    together = embedder.embed(list(many))
    assert together.shape == (BATCH + 3, 512) and together.dtype == np.float32
    np.testing.assert_allclose(together, np.concatenate([embedder.embed(face[None]) for face in many]), atol=1e-6)


def test_no_faces_are_no_embeddings(embedder):
    assert embedder.embed([]).shape == (0, 512)


def test_it_knows_its_weights(embedder, tmp_path):
    digest = hashlib.sha256((tmp_path / "arcface.onnx").read_bytes()).hexdigest()
    assert embedder.sha256 == digest and embedder.name.endswith("arcface.onnx")
    FaceEmbedder(embedder.name, digest)
    with pytest.raises(InputError, match=f"its sha256 is {digest}"):
        FaceEmbedder(embedder.name, "0" * 64)


def test_weights_that_cannot_serve_are_one_sentence(tmp_path, network):
    (tmp_path / "broken.onnx").write_bytes(b"not a network")
    network(tmp_path / "narrow.onnx", 112, np.ones((128, 3)), np.ones(128))
    network(tmp_path / "odd.onnx", 50, np.ones((512, 3)), np.ones(512))
    network(tmp_path / "small.onnx", 96, np.ones((3, 3)), np.ones(3))
    for name, reason in [
        ("none.onnx", "no such file"),
        ("broken.onnx", "cannot load it"),
        ("narrow.onnx", "to 128"),
        ("odd.onnx", "does not know"),
        ("small.onnx", "96"),
    ]:
        with pytest.raises(InputError, match=reason) as caught:
            FaceEmbedder(str(tmp_path / name))
        assert name in str(caught.value) and "\n" not in str(caught.value)
