import pytest
import torch
from torch.nn import functional

from s2f.models.face_decoder import FaceDecoder


def arguments(rows=4):
    generator = torch.Generator().manual_seed(0)
    x_t = torch.randn(rows, 3, 16, 16, generator=generator)
    t = torch.randint(2000, (rows,), generator=generator)
    return x_t, t, functional.normalize(torch.randn(rows, 512, generator=generator))


def test_the_prediction_has_the_picture_s_shape(decoder_config):
    output = FaceDecoder(decoder_config)(*arguments())
    assert output.shape == (4, 3, 16, 16)


@torch.no_grad()
def test_step_and_embedding_change_the_prediction(decoder_config, settle):
    model = settle(FaceDecoder(decoder_config))
    x_t, t, embedding = arguments()
    output = model(x_t, t, embedding)
    assert (model(x_t, (t + 500) % 2000, embedding) - output).abs().max() > 1e-2
    assert (model(x_t, t, -embedding) - output).abs().max() > 1e-2


@torch.no_grad()
def test_cross_attention_alone_carries_the_embedding_too(decoder_config, settle):
    model = settle(FaceDecoder(decoder_config.model_copy(update={"embedding_map": False})))
    for layer in (model.condition.vector[0], model.condition.vector[2]):
        torch.nn.init.zeros_(layer.weight)  # closes the way through the step's vector
    x_t, t, embedding = arguments()
    assert (model(x_t, t, -embedding) - model(x_t, t, embedding)).abs().max() > 1e-3


@torch.no_grad()
def test_zero_vectors_are_the_unconditional_model_whatever_else_is_in_the_batch(decoder_config, settle):
    model = settle(FaceDecoder(decoder_config))
    x_t, t, embedding = arguments()
    mixed = embedding.clone()
    mixed[::2] = 0
    output, null = model(x_t, t, mixed), model(x_t, t, torch.zeros_like(embedding))
    torch.testing.assert_close(output[::2], null[::2])
    torch.testing.assert_close(output[1::2], model(x_t, t, embedding)[1::2])


@torch.no_grad()
def test_a_batch_of_four_equals_four_batches_of_one(decoder_config, settle):
    model = settle(FaceDecoder(decoder_config))
    x_t, t, embedding = arguments()
    rows = [model(x_t[i : i + 1], t[i : i + 1], embedding[i : i + 1]) for i in range(4)]
    torch.testing.assert_close(model(x_t, t, embedding), torch.cat(rows), rtol=1e-4, atol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("with_map", [True, False])
def test_only_the_position_map_tells_one_place_from_another(decoder_config, with_map):
    """Far from the borders, which padding gives away, a picture without features looks the same everywhere."""
    model = FaceDecoder(decoder_config.model_copy(update={"image_px": 64, "position_map": with_map}))
    x = model.first(torch.zeros(1, 3, 64, 64))
    x = x if model.position_map is None else x + model.position_map
    inner = x[0, :, 16:48, 16:48]
    assert (inner.std(dim=(1, 2)).max() > 0.1) == with_map


@torch.no_grad()
def test_the_embedding_map_is_linear_and_nothing_but_its_offset_for_the_null_condition(decoder_config):
    model = FaceDecoder(decoder_config)
    maps = []
    model.embedding_map.register_forward_hook(lambda _, __, output: maps.append(output - model.embedding_map.bias))
    x_t, t, embedding = arguments()
    for given in (embedding, embedding.flip(0), embedding + embedding.flip(0), torch.zeros_like(embedding)):
        model(x_t, t, given)
    torch.testing.assert_close(maps[0] + maps[1], maps[2], rtol=1e-3, atol=1e-4)
    assert maps[3].abs().max() == 0
    assert maps[0].std() > 0.1
