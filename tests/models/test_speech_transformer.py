import pytest
import torch
from safetensors.torch import save_file

from s2f.audio.torchaudio_import import torchaudio_part
from s2f.models.encoders import make_encoder
from s2f.models.speech_encoder import SpeechEncoder
from s2f.models.speech_transformer import SpeechTransformer
from s2f.params.speech_encoder import SHORTEST, SpeechEncoderConfig
from s2f.runtime import InputError
from s2f.training.front_weights import start_front


def config(architecture="wavlm", width=1 / 12, layers=2, embedding=7):
    return SpeechEncoderConfig(architecture=architecture, width=width, layers=layers, embedding=embedding)


@pytest.fixture(params=["hubert", "wavlm"])
def model(request):
    torch.manual_seed(0)
    return make_encoder(config(request.param)).eval()


@pytest.mark.parametrize("frames", [SHORTEST, 598])
def test_spectrograms_of_any_length_become_embeddings(model, frames):
    heard = torch.randn(2, frames, 257, 2, generator=torch.Generator().manual_seed(0)).half()
    assert model(heard).shape == (2, 7)
    assert isinstance(model, SpeechTransformer) and model.kind == "speech_encoder"


def test_rows_do_not_see_each_other_and_loudness_does_not_count(model):
    heard = torch.randn(3, 300, 257, 2, generator=torch.Generator().manual_seed(0))
    whole = model(heard)
    torch.testing.assert_close(model(heard[1:2]), whole[1:2], rtol=1e-3, atol=1e-5)
    louder = heard * 2**0.3  # twice the waveform, compressed
    torch.testing.assert_close(model(louder), whole, rtol=1e-2, atol=1e-3)


def test_training_draws_no_random_numbers_and_skips_no_layer(model):
    heard = torch.randn(2, 300, 257, 2, generator=torch.Generator().manual_seed(0))
    before = torch.get_rng_state()
    model.train()(heard).square().mean().backward()
    assert torch.equal(torch.get_rng_state(), before)
    assert {name for name, parameter in model.named_parameters() if parameter.grad is None} <= {
        "front.encoder.transformer.pos_conv_embed.conv.bias"
    }


@pytest.mark.parametrize("architecture", ["hubert", "wavlm"])
def test_width_one_is_torchaudio_s_base_size_and_takes_its_weights(architecture):
    with torch.device("meta"):
        ours = make_encoder(config(architecture, 1.0, 12)).front
        theirs = getattr(torchaudio_part("models"), f"{architecture}_base")()
    assert {name: tensor.shape for name, tensor in ours.state_dict().items()} == {
        name: tensor.shape for name, tensor in theirs.state_dict().items()
    }


def test_a_front_starts_from_a_file_of_its_own_names(model, tmp_path):
    other = make_encoder(model.config)
    save_file(other.front.state_dict(), tmp_path / "front.safetensors")
    start_front(model, tmp_path / "front.safetensors")
    for one, two in zip(model.front.state_dict().values(), other.front.state_dict().values(), strict=True):
        assert torch.equal(one, two)


def test_weights_that_do_not_fit_are_one_sentence(model, tmp_path):
    path = tmp_path / "front.safetensors"
    path.write_bytes(b"a pickle")
    with pytest.raises(InputError, match="not a safetensors file; pickled weights are never read"):
        start_front(model, path)
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(
        InputError, match=r"tensor '.*' is no such tensor there and \(.*\) in the model; allowed: weights of"
    ):
        start_front(model, path)
    save_file(make_encoder(config("hubert", 1 / 6)).front.state_dict(), path)
    with pytest.raises(InputError, match="allowed: weights of the same architecture, width and layers"):
        start_front(model, path)
    with pytest.raises(InputError, match="speech2face starts from nothing; allowed: null, or hubert or wavlm"):
        start_front(SpeechEncoder(config("speech2face", 1 / 64, 0)), path)


def test_layers_belong_to_transformers_alone():
    with pytest.raises(ValueError, match="layers 3 does not fit speech2face; allowed: 0 for speech2face"):
        config("speech2face", layers=3)
    with pytest.raises(ValueError, match="layers 0 does not fit wavlm"):
        config("wavlm", layers=0)
