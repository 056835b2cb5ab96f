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
    model = settle(FaceDecoder(decoder_config.model_copy(update={"shortcut_ridge": 0.0})))
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
    model = FaceDecoder(
        decoder_config.model_copy(update={"image_px": 64, "position_map": with_map, "shortcut_ridge": 0.0})
    )
    x = model.first(torch.zeros(1, 3, 64, 64))
    x = x if model.position_map is None else x + model.position_map
    inner = x[0, :, 16:48, 16:48]
    assert (inner.std(dim=(1, 2)).max() > 0.1) == with_map


def silence(model):
    """Of the prediction only the shortcut is left."""
    for parameter in model.head.parameters():
        torch.nn.init.zeros_(parameter)
    return model


@torch.no_grad()
@pytest.mark.parametrize(("bias", "share"), [(-40.0, 0.0), (0.0, 0.5), (40.0, 1.0)])
def test_the_shortcut_goes_from_the_linear_face_to_the_noisy_one(decoder_config, bias, share):
    model = silence(FaceDecoder(decoder_config))
    torch.nn.init.zeros_(model.shortcut.share.weight)
    model.shortcut.share.bias.fill_(bias)
    x_t, t, embedding = arguments()
    drawn = model.linear_face(embedding)
    torch.testing.assert_close(model(x_t, t, embedding), drawn + share * (x_t - drawn), rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_before_training_the_prediction_is_nearly_the_linear_face(decoder_config):
    model = FaceDecoder(decoder_config)
    x_t, t, embedding = arguments()
    drawn = model.linear_face(embedding)
    far = (model(x_t, t, embedding) - drawn).square().mean()
    assert 0 < far < 0.02 * (x_t - drawn).square().mean()


@torch.no_grad()
def test_the_linear_face_is_linear_and_the_null_condition_s_its_own(decoder_config, settle):
    face = settle(FaceDecoder(decoder_config)).linear_face
    _, _, embedding = arguments()
    offset = face.linear.bias.view_as(face.null)
    one, other = face(embedding) - offset, face(embedding.flip(0)) - offset
    torch.testing.assert_close(face(embedding + embedding.flip(0)) - offset, one + other, rtol=1e-3, atol=1e-4)
    assert one.std() > 0.1
    torch.testing.assert_close(face(torch.zeros_like(embedding)), face.null.expand(4, -1, -1, -1))
    assert (face.null - offset).abs().max() > 0.1


@torch.no_grad()
def test_without_a_shortcut_the_network_alone_predicts(decoder_config):
    model = silence(FaceDecoder(decoder_config.model_copy(update={"shortcut_ridge": 0.0})))
    assert model(*arguments()).abs().max() == 0
