import pytest
import torch

from s2f.models.attributes import Attributes
from s2f.models.face_decoder import FaceDecoder
from s2f.params.face_decoder import FaceDecoderConfig

NAN = torch.nan


@pytest.fixture
def decoder(decoder_config, settle):
    torch.manual_seed(0)
    return settle(FaceDecoder(decoder_config.model_copy(update={"attributes": ("age", "gender")})))


def inputs(rows=3):
    generator = torch.Generator().manual_seed(0)
    embedding = torch.nn.functional.normalize(torch.randn(rows, 512, generator=generator), dim=1)
    return torch.randn(rows, 3, 16, 16, generator=generator), torch.tensor([3, 50, 90])[:rows], embedding


def with_known(embedding, *values):
    return torch.cat([embedding, torch.tensor([values] * len(embedding))], dim=1)


def test_every_attribute_is_a_token_of_its_own_and_unknown_ones_are_learned():
    torch.manual_seed(0)
    attributes = Attributes(("age", "gender"), token=8, vector=4)
    tokens, vector = attributes(torch.tensor([[30.0, 1.0], [NAN, 1.0], [30.0, NAN], [NAN, NAN]]))
    assert tokens.shape == (4, 2, 8) and vector.shape == (4, 4)
    assert torch.equal(tokens[1, 0], attributes.null["age"]) and torch.equal(tokens[2, 1], attributes.null["gender"])
    assert torch.equal(tokens[0, 1], tokens[1, 1]) and torch.equal(tokens[0, 0], tokens[2, 0])
    assert not torch.equal(tokens[0, 0], tokens[1, 0])


def test_gradients_reach_both_and_none_is_lost_to_what_is_not_known():
    torch.manual_seed(0)
    attributes = Attributes(("age",), token=8, vector=4)
    tokens, vector = attributes(torch.tensor([[30.0], [NAN]]))
    (tokens.sum() + vector.sum()).backward()
    for parameter in attributes.parameters():
        assert torch.isfinite(parameter.grad).all() and parameter.grad.abs().max() > 0


def test_another_age_draws_another_face_and_no_age_is_what_is_not_known(decoder):
    x_t, t, embedding = inputs()
    young, old = (decoder(x_t, t, with_known(embedding, age, NAN)) for age in (20.0, 70.0))
    assert not torch.allclose(young, old, atol=1e-4)
    torch.testing.assert_close(decoder(x_t, t, embedding), decoder(x_t, t, with_known(embedding, NAN, NAN)))


def test_a_decoder_without_them_has_no_weight_more(decoder_config):
    names = FaceDecoder(decoder_config).state_dict().keys()
    assert not [name for name in names if name.startswith("attributes")]


def test_attributes_are_named_once(decoder_config):
    with pytest.raises(ValueError, match=r"attributes \['age', 'age'\] holds one twice; allowed: each once"):
        FaceDecoderConfig(**decoder_config.model_dump() | {"attributes": ("age", "age")})
