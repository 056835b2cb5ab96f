import math

import numpy as np
import pytest
import torch

from s2f.dataset.batches import Batches
from s2f.models.face_decoder import FaceDecoder
from s2f.training.denoising import shrink, to_float
from s2f.training.least_squares import ridge_regression, start_from_regression


def data(portraits, batch):
    """The batches of the training portraits, and all their rows as NumPy arrays: embeddings, faces of 8 px."""
    batches = Batches(portraits / "train", ("face", "embedding"), batch, seed=0)
    rows = next(Batches(portraits / "train", ("face", "embedding"), 20, seed=0).iterate())
    return batches, rows["embedding"].double().numpy(), shrink(to_float(rows["face"]), 8).flatten(1).double().numpy()


@pytest.mark.parametrize("batch", [4, 20])
def test_the_regression_is_that_of_augmented_least_squares(portraits, batch):
    """Ridge regression is ordinary least squares with a row √λ·e_i of target 0 for every weight."""
    batches, x, y = data(portraits, batch)
    weight, offset, mean = ridge_regression(batches, 8, math.sqrt(512), ridge=0.3)
    x = x * math.sqrt(512)
    centred, wanted = x - x.mean(0), y - y.mean(0)
    penalty = math.sqrt(0.3 * len(x)) * np.eye(512)
    expected, *_ = np.linalg.lstsq(
        np.vstack([centred, penalty]), np.vstack([wanted, np.zeros((512, y.shape[1]))]), rcond=None
    )
    np.testing.assert_allclose(weight, expected.T, atol=1e-6)
    np.testing.assert_allclose(offset, y.mean(0) - x.mean(0) @ expected, atol=1e-6)
    np.testing.assert_allclose(mean, y.mean(0), atol=1e-9)


def test_the_linear_face_starts_as_the_regression_and_the_null_one_as_the_mean(portraits, decoder_config):
    batches, x, y = data(portraits, 20)
    model = FaceDecoder(decoder_config.model_copy(update={"shortcut_ridge": 1e-6}))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    start_from_regression(model, batches)
    with torch.no_grad():
        drawn = model.linear_face(torch.from_numpy(x).float()).flatten(1)
        null = model.linear_face(torch.zeros(1, 512)).flatten()
    np.testing.assert_allclose(drawn, y, atol=1e-2)  # twenty rows, 512 weights each: nothing is left over
    np.testing.assert_allclose(null, y.mean(0), atol=1e-5)
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"linear_face.linear.weight", "linear_face.linear.bias", "linear_face.null"}


def test_a_model_without_a_shortcut_is_left_as_it_is(portraits, decoder_config):
    model = FaceDecoder(decoder_config.model_copy(update={"shortcut_ridge": 0.0}))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    start_from_regression(model, data(portraits, 4)[0])
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
