import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from s2f.dataset.batches import Batches
from s2f.diffusion.schedule import Schedule
from s2f.models.face_decoder import FaceDecoder
from s2f.models.super_resolution import SuperResolution
from s2f.training.denoising import shrink, to_float
from s2f.training.showing import Showing, lines
from s2f.training.shown_enlargements import ShownEnlargements
from s2f.training.shown_faces import ShownFaces


@pytest.fixture
def validation(portraits):
    return Batches(portraits / "validation", ("face", "embedding"), 4, 0)


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)))


def test_lines_lie_below_each_other_and_rows_side_by_side():
    first, second = torch.zeros(2, 3, 4, 5), torch.ones(2, 3, 4, 5)
    first[1] = 0.5
    picture = lines(first, second)
    assert picture.shape == (3, 8, 10)
    assert picture[0, :4, :5].max() == 0 and picture[0, :4, 5:].min() == 0.5 and picture[0, 4:].min() == 1


def test_the_decoder_shows_true_faces_above_three_lines_of_drawn_ones(validation, decoder_config, diffusion):
    torch.manual_seed(0)
    model = FaceDecoder(decoder_config).train()
    showing = Showing(ShownFaces(Schedule(diffusion), 5), 1)
    one, other = (showing.picture(model, validation, torch.device("cpu")) for _ in range(2))
    assert one == other
    assert model.training
    picture = pixels(one)
    assert picture.shape == (4 * 8, 4 * 8, 3)
    true = lines(shrink(to_float(next(validation.iterate())["face"]), 8))
    assert np.abs(picture[:8].astype(int) - ((true + 1) * 127.5).permute(1, 2, 0).numpy()).max() <= 0.5
    assert picture[8:].std() > 0


def test_an_enlarger_shows_true_small_and_enlarged(validation, enlarger_config, diffusion):
    torch.manual_seed(0)
    model = SuperResolution(enlarger_config)
    showing = Showing(ShownEnlargements(Schedule(diffusion), 5), 1)
    picture = pixels(showing.picture(model, validation, torch.device("cpu")))
    assert picture.shape == (3 * 16, 4 * 16, 3)
    small = picture[16:32]
    assert (small[::2] == small[1::2]).all() and (small[:, ::2] == small[:, 1::2]).all()


def test_a_perfect_denoiser_shows_the_true_faces(validation, decoder_config, diffusion):
    batch = next(validation.iterate())
    truth = shrink(to_float(batch["face"]), 8)

    class Knows(nn.Module):
        config = decoder_config

        def forward(self, x_t, t, embedding):
            return truth[: len(x_t)] if len(x_t) == len(truth) else truth.repeat(2, 1, 1, 1)

    picture = ShownFaces(Schedule(diffusion), 5)(Knows(), batch)
    for line in range(1, 4):
        torch.testing.assert_close(picture[:, line * 8 : line * 8 + 8], picture[:, :8], rtol=0, atol=1e-4)
